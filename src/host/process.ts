/** This process: what it does when its reader goes away, and when somebody will not wait. */
import { clauseOf } from "./files.ts"

const CLOSED_PIPE_CODE = 128 + 13

const NODE_MAJOR_MIN = 22

/** An old Node has no zstd, and would say so at length. */
export const endOnOldNode = (code: number): void => {
  if (Number.parseInt(process.versions.node, 10) >= NODE_MAJOR_MIN) return
  process.stderr.write(`rseqlab: Node ${NODE_MAJOR_MIN} or newer is needed, this is ${process.versions.node}; inside a clone, npx rseqlab brings its own\n`)
  process.exit(code)
}

/**
 * `rseqlab show x.rec | head`: the reader has what it wanted, so we end as if by SIGPIPE, without a word. Any other failure
 * (a full disk) is one line, and `failedCode`.
 */
export const endOnOutputFailure = (failedCode: number): void => {
  for (const name of ["stdout", "stderr"] as const) {
    process[name].on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(CLOSED_PIPE_CODE)
      if (name === "stdout") process.stderr.write(`rseqlab: standard output cannot be written: ${clauseOf(error)}\n`)
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
