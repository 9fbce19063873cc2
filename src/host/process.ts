/** This process: what it does when its reader goes away, and when somebody will not wait. */

const CLOSED_PIPE_CODE = 128 + 13

/**
 * `rseqlab show x.rec | head`: the reader has what it wanted, so we end as if by SIGPIPE, without a word. Any other failure
 * (a full disk) is one line, and `failedCode`.
 */
export const endOnOutputFailure = (failedCode: number): void => {
  for (const name of ["stdout", "stderr"] as const) {
    process[name].on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(CLOSED_PIPE_CODE)
      if (name === "stdout") process.stderr.write(`rseqlab: standard output cannot be written: ${error.code ?? error.message}\n`)
      process.exit(failedCode)
    })
  }
}

/** The first Ctrl-C lets the work end properly; the second leaves at once, with `code`. */
export const leaveOnSecondInterrupt = (code: number): void => {
  let isInterrupted = false
  process.on("SIGINT", () => {
    if (isInterrupted) process.exit(code)
    isInterrupted = true
  })
}
