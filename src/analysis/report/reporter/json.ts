import { escapeTerminal } from "../format/terminal.ts"
import { encodeJson } from "../format/json.ts"
import type { ReportedFailure, SearchReport } from "../report.ts"
import { defineReporter } from "./definition.ts"

/** Changes when the meaning of a field does. */
export const REPORT_SCHEMA = 1

export const failureValue = ({ commands, evidence, fewer, lacking, message, said, saved, seen, steps, why, ...rest }: ReportedFailure): object => ({
  schema: REPORT_SCHEMA, type: "failure", ...rest, message: escapeTerminal(message), said: said.map(escapeTerminal), lacking: lacking.map(escapeTerminal), evidence, saved: saved ?? null, why: why ?? null, fewer: fewer ?? null, seen: seen.map((one) => ({ ...one, message: escapeTerminal(one.message) })), steps,
  commands: Object.fromEntries(commands)
})

const summaryValue = ({ abis, cpus, ended, failingRunCount, failures, from, lacking, milliseconds, noted, program, seed, strategies, toolVersion, unendedCount, unsupported, until, warned }: SearchReport) => ({
  schema: REPORT_SCHEMA, type: "summary", verdict: failures.length > 0 ? "failed" : "passed", program, toolVersion, seed, abi: abis, cpus,
  from, until, runCount: until - from, failingRunCount, distinctFailureCount: failures.length, strategies, unendedCount, unsupported, lacking: lacking.map(escapeTerminal), noted, warned: warned === undefined ? null : { ...warned, warnings: warned.warnings.map((one) => ({ ...one, saved: one.saved ?? null, message: escapeTerminal(one.message) })) }, ended,
  milliseconds: Math.round(milliseconds)
})

export const json = defineReporter({
  name: "json",
  summary: "one JSON document",
  print: (report) => `${encodeJson({ ...summaryValue(report), failures: report.failures.map(failureValue) }, 2)}\n`
})

export const jsonl = defineReporter({
  name: "jsonl",
  summary: "each failure as a line of JSON, then the summary",
  print: (report) => [...report.failures.map(failureValue), summaryValue(report)].map((value) => `${encodeJson(value)}\n`).join("")
})
