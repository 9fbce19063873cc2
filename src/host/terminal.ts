/** What is known of the person's terminal. */
export interface Terminal {
  readonly isStderrTty: boolean
  readonly isStdoutTty: boolean
  readonly columns: number
  readonly writeStderr: (text: string) => void
}

export const hostTerminal: Terminal = {
  get isStderrTty() { return process.stderr.isTTY === true },
  get isStdoutTty() { return process.stdout.isTTY === true },
  get columns() { return process.stderr.columns ?? 80 },
  writeStderr: (text) => void process.stderr.write(text)
}

export type ColorChoice = "auto" | "always" | "never"

/** Who says whether there is color, in this order: the flag, NO_COLOR, FORCE_COLOR, the terminal. Source: no-color.org. */
export const hasColor = (choice: ColorChoice, env: Readonly<Record<string, string | undefined>>, isTty: boolean): boolean => {
  if (choice !== "auto") return choice === "always"
  if ((env["NO_COLOR"] ?? "") !== "") return false
  const forced = env["FORCE_COLOR"] ?? ""
  if (forced !== "") return forced !== "0"
  return isTty && env["TERM"] !== "dumb"
}
