/**
 * This process: how it ends, what it does when its reader goes away, and when somebody will not wait.
 *
 * `process.exit` is not the way while V8 compiles in the background: Node waits for its threads first, and one that waits for a
 * collection by the thread that is exiting waits forever. Source: nodejs/node#54918, seen with Node 24.21. A process ends when it
 * has nothing left to do, which takes V8 down in the right order, or by a signal, which takes nothing down.
 */
import * as Effect from "effect/Effect"
import { Worker } from "node:worker_threads"
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

/** Ctrl-C, `kill`, a terminal that is closed. */
const endingSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const
type EndingSignal = (typeof endingSignals)[number]

/** As if nobody had ever listened for `signal`. To a shell the code is 128 and its number. */
const endBySignal = (signal: EndingSignal | "SIGPIPE"): void => {
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

/** Work that takes longer than this keeps somebody waiting. */
const LONG_MS = 700
/** Work that has begun to end and does not come back for so long is ended. */
const BREATH_MS_MAX = 2_000
const BEAT_MS = 100

/** In a thread of its own: nobody has touched the word for so long. SIGKILL, for a signal that is listened to would wait like the first. */
const WATCHDOG = `
const { workerData: { beat, breathMsMax } } = require("node:worker_threads")
while (Atomics.wait(beat, 0, Atomics.load(beat, 0), breathMsMax) !== "timed-out");
process.kill(process.pid, "SIGKILL")
`

const watchOver = (): void => {
  const beat = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  setInterval(() => {
    Atomics.add(beat, 0, 1)
    Atomics.notify(beat, 0)
  }, BEAT_MS).unref()
  new Worker(WATCHDOG, { eval: true, workerData: { beat, breathMsMax: BREATH_MS_MAX } }).unref()
}

/** Timers, then whatever has arrived, then what was asked for immediately. Source: libuv, the I/O loop */
const loopTurn = Effect.callback<void>((resume) => void setTimeout(() => void setImmediate(() => resume(Effect.void)), 0))

/** Signals that end us, and whether we listen. While we do not, they end the process at once. */
class EndingSignals {
  private listener: ((signal: EndingSignal) => void) | undefined
  /** What has begun our end. */
  private heard: EndingSignal | undefined
  /** How long work took that nobody could be heard during: the next may take as long, and of the first nobody knows. */
  private lastMs = Infinity

  /** The first signal lets the work end properly: `end` begins that. The second leaves at once. */
  listen(end: () => void): void {
    this.listener = (signal) => {
      if (this.heard !== undefined) return endBySignal(signal)
      this.heard = signal
      watchOver()
      end()
    }
    this.heed()
  }

  stopListening(): void {
    this.ignore()
    this.listener = undefined
  }

  /** Work that does not come back before it is done. Where it may take long a signal is not kept waiting: it ends the process. */
  readonly unheard = <A>(work: () => A): Effect.Effect<A> => {
    const isLong = this.lastMs > LONG_MS
    // What was sent before is heard before: whoever stops listening is no longer told of it.
    const turn = isLong ? loopTurn : Effect.void
    return Effect.andThen(turn, Effect.sync(() => this.perform(work, isLong)))
  }

  private perform<A>(work: () => A, isLong: boolean): A {
    if (isLong && this.heard !== undefined) endBySignal(this.heard)
    if (isLong) this.ignore()
    const began = performance.now()
    try {
      return work()
    } finally {
      this.lastMs = performance.now() - began
      if (isLong) this.heed()
    }
  }

  private heed(): void {
    if (this.listener !== undefined) for (const signal of endingSignals) process.on(signal, this.listener)
  }

  private ignore(): void {
    if (this.listener !== undefined) for (const signal of endingSignals) process.off(signal, this.listener)
  }
}

/** Of this process. */
export const endingSignalsHere = new EndingSignals()
