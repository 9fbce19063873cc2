import type { SearchReport } from "../report.ts"

/** One way to tell what a search came to. */
export interface Reporter<Name extends string = string> {
  readonly name: Name
  readonly summary: string
  /** The whole text, its last line ended. */
  readonly print: (report: SearchReport) => string
}

export const defineReporter = <const Name extends string>(reporter: Reporter<Name>): Reporter<Name> => reporter
