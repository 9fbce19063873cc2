import { escapeTerminal } from "../format/terminal.ts"
import { encodeJson } from "../format/json.ts"
import type { ReportedFailure, SearchReport } from "../report.ts"
import { defineReporter } from "./definition.ts"

const levels = { error: "error", warning: "warning", note: "note" } as const

/** One thread flow a task; the place in the run is the entry's number. */
const threadFlows = ({ steps }: ReportedFailure, uri: string) => {
  const tasks = [...new Set(steps.map(({ task }) => task))].sort()
  return tasks.map((task) => ({
    id: task,
    locations: steps.filter((step) => step.task === task).map(({ entry, isEssential, text }) => ({
      executionOrder: entry,
      importance: isEssential ? "essential" : "unimportant",
      location: { physicalLocation: { artifactLocation: { uri } }, message: { text: escapeTerminal(text) } }
    }))
  }))
}

const resultOf = (failure: ReportedFailure, uri: string) => ({
  ruleId: failure.detector,
  level: levels[failure.severity],
  message: { text: escapeTerminal(failure.why === undefined ? failure.message : `${failure.message}. ${failure.why}`) },
  locations: [{ physicalLocation: { artifactLocation: { uri } } }],
  partialFingerprints: { "rseqlab/v1": failure.name },
  ...(failure.steps.length === 0 ? {} : { codeFlows: [{ threadFlows: threadFlows(failure, uri) }] }),
  properties: { schedule: failure.schedule, placed: failure.placed, run: failure.run, recording: failure.saved ?? null, alsoSeen: failure.seen.map(({ detector, message }) => `${detector}: ${escapeTerminal(message)}`) }
})

/** Source: OASIS, Static Analysis Results Interchange Format 2.1.0, 3.27 result, 3.36 codeFlow, 3.38 threadFlowLocation. */
export const sarif = defineReporter({
  name: "sarif",
  summary: "a SARIF 2.1.0 document: each distinct failure a result, its run a code flow",
  print: (report: SearchReport) => {
    const { failures, program, seed, toolVersion } = report
    // Half a surrogate has no encoding.
    const uri = encodeURIComponent(program.toWellFormed())
    const rules = [...new Map(failures.map(({ detector, rule }) => [detector, { id: detector, shortDescription: { text: rule } }])).values()]
    return `${encodeJson({
      $schema: "https://json.schemastore.org/sarif-2.1.0.json",
      version: "2.1.0",
      runs: [{
        tool: { driver: { name: "rseqlab", version: toolVersion, rules } },
        properties: { seed },
        results: failures.map((failure) => resultOf(failure, uri))
      }]
    }, 2)}\n`
  }
})
