import { escapeTerminal } from "../format/terminal.ts"
import { escapeXml } from "../format/xml.ts"
import type { ReportedFailure, SearchReport } from "../report.ts"
import { defaultReporter, failureLines } from "./default.ts"
import { defineReporter } from "./definition.ts"

/** What strangers wrote, on one line: a reader shows attributes as they are, and some of them turn the writing direction. */
const attribute = (text: string): string => escapeXml(escapeTerminal(text))

const failureElement = (failure: ReportedFailure, report: SearchReport): string => {
  const { detector, message, name } = failure
  const body = escapeXml(failureLines(failure, report).join("\n"))
  return `  <testcase classname="${attribute(report.program)}" name="${attribute(name)}">
    <failure type="${attribute(detector)}" message="${attribute(message)}">${body}</failure>
  </testcase>`
}

/** A program is a suite; each distinct failure a case that fails, none of them one that passes. Source: the Ant JUnit format. */
export const junit = defineReporter({
  name: "junit",
  summary: "a JUnit XML document: each distinct failure a case",
  print: (report) => {
    const { failures, milliseconds, program, seed } = report
    const cases = failures.length > 0 ? failures.map((failure) => failureElement(failure, report))
      : [`  <testcase classname="${attribute(program)}" name="${attribute(`seed ${seed}`)}"><system-out>${escapeXml(defaultReporter.print(report))}</system-out></testcase>`]
    const count = Math.max(1, failures.length)
    return [
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
      `<testsuite name="${attribute(`rseqlab fuzz ${program}`)}" tests="${count}" failures="${failures.length}" errors="0" time="${(milliseconds / 1000).toFixed(3)}">`,
      ...cases,
      "</testsuite>",
      ""
    ].join("\n")
  }
})
