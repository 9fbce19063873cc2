/** What vitest's JSON report comes to. */

export interface Counts {
  readonly passed: number
  readonly failed: number
}

interface Report {
  readonly testResults: ReadonlyArray<{
    readonly status: string
    readonly assertionResults: ReadonlyArray<{ readonly status: string }>
  }>
}

const isReport = (value: unknown): value is Report =>
  typeof value === "object" && value !== null && "testResults" in value && Array.isArray(value.testResults)

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * A test that neither passed nor was left out on purpose has failed. A file that failed without a failing test in it (it did not
 * load) counts as one; so does a run that ended badly with nothing to show for it, or that left no report.
 */
export const countsOf = (text: string | undefined, status: number): Counts => {
  const report = text === undefined ? undefined : parsed(text)
  if (!isReport(report)) return { passed: 0, failed: 1 }
  let passed = 0
  let failed = 0
  for (const { assertionResults, status: fileStatus } of report.testResults) {
    const before = failed
    for (const test of assertionResults) {
      if (test.status === "passed") passed += 1
      else if (test.status !== "pending" && test.status !== "skipped" && test.status !== "todo" && test.status !== "disabled") failed += 1
    }
    if (fileStatus === "failed" && failed === before) failed += 1
  }
  return { passed, failed: failed === 0 && (status !== 0 || passed === 0) ? 1 : failed }
}
