/**
 * This process: how it ends, what it does when its reader goes away, and when somebody will not wait.
 *
 * `process.exit` is not the way while V8 compiles in the background: Node waits for its threads first, and one that waits for a
 * collection by the thread that is exiting waits forever. Source: nodejs/node#54918, seen with Node 24.21. A process ends when it
 * has nothing left to do, which takes V8 down in the right order, or by a signal, which takes nothing down.
 */
import { clauseOf } from "./files.ts"

const NODE_MAJOR_MIN = 22

/** An old Node has no zstd, and would say so at length. */
export const endOnOldNode = (code: number): void => {
  if (Number.parseInt(process.versions.node, 10) >= NODE_MAJOR_MIN) return
  process.stderr.write(`rseqlab: Node ${NODE_MAJOR_MIN} or newer is needed, this is ${process.versions.node}; inside a clone, npx rseqlab brings its own\n`)
  process.exit(code)
}

/** The work is done: `code` is what the process ends with, once nothing keeps it. */
export const endWithCode = (code: number): void => {
  process.exitCode = code
}

/** As if nobody had ever listened for `signal`. To a shell the code is 128 and its number. */
const endBySignal = (signal: "SIGINT" | "SIGPIPE"): void => {
  // Node ignores SIGPIPE from the start; the default comes back when the last listener goes.
  process.on(signal, () => {}).removeAllListeners(signal)
  process.kill(process.pid, signal)
}

/**
 * `rseqlab show x.rec | head`: the reader has what it wanted, so we end by SIGPIPE, without a word. Any other failure
 * (a full disk) is one line, and `failedCode`.
 */
export const endOnOutputFailure = (failedCode: number): void => {
  for (const name of ["stdout", "stderr"] as const) {
    process[name].on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") return endBySignal("SIGPIPE")
      if (name === "stdout") process.stderr.write(`rseqlab: standard output cannot be written: ${clauseOf(error)}\n`)
      process.exit(failedCode)
    })
  }
}

/** The first Ctrl-C lets the work end properly; the second leaves at once. */
export const leaveOnSecondInterrupt = (): void => {
  let isInterrupted = false
  process.on("SIGINT", () => {
    if (isInterrupted) endBySignal("SIGINT")
    isInterrupted = true
  })
}
