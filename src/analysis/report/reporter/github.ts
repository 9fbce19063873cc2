import { escapeGithubMessage, escapeGithubProperty, prefixGithubLines } from "../format/github.ts"
import { escapeTerminal } from "../format/terminal.ts"
import { failureLines, triedLines } from "./default.ts"
import { defineReporter } from "./definition.ts"

/** GitHub shows ten annotations of a kind and step: one is spent here, and the rest stands in the log. */
export const github = defineReporter({
  name: "github",
  summary: "a GitHub annotation, and the details as lines of the log",
  print: (report) => {
    const { failures } = report
    const program = escapeTerminal(report.program)
    const [first] = failures
    if (first === undefined) return `${prefixGithubLines(triedLines(report).join("\n"))}\n`
    const title = escapeGithubProperty(`${first.detector} in ${program}`)
    const message = escapeGithubMessage(failureLines(first, report).join("\n"))
    return [
      `::error file=${escapeGithubProperty(program)},title=${title}::${message}`,
      ...failures.map((failure) => prefixGithubLines(failureLines(failure, report).join("\n"))),
      ""
    ].join("\n")
  }
})
