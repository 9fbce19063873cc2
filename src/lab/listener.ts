import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import { concatBytes } from "../base/bytes.ts"
import { type Entry, type EventLog as Log, noLog } from "../log/event.ts"

/** Hears every entry as it is made, whether or not it is kept. The run is the same without. */
export class Listener extends Context.Service<Listener, { readonly log: Log }>()("rseqlab/lab/Listener") {
  static readonly layerNone: Layer.Layer<Listener> = Layer.succeed(Listener, { log: noLog })
  static readonly layer = (log: Log): Layer.Layer<Listener> => Layer.succeed(Listener, { log })
}

/** The guest's file descriptors that lead outside. */
export type GuestStream = "stdout" | "stderr"

const STDERR_FD = 2

/** Hears what the guest writes, and nothing else. */
export const outputTo = (write: (stream: GuestStream, bytes: Uint8Array) => void): Log => ({
  append: (_now, _cpu, _task, _count, event) => {
    if (event._tag === "Written") write(event.fd === STDERR_FD ? "stderr" : "stdout", event.bytes)
  }
})

/** Keeps what the guest writes. The run's own limit on output bounds it. */
export class OutputBuffer {
  private readonly parts: Readonly<Record<GuestStream, Array<Uint8Array>>> = { stdout: [], stderr: [] }

  readonly log: Log = outputTo((stream, bytes) => void this.parts[stream].push(Uint8Array.from(bytes)))

  bytes(stream: GuestStream): Uint8Array {
    return concatBytes(this.parts[stream])
  }
}

/** Hears entries with their index, one at a time. */
export class EntryCounter implements Log {
  private index = 0
  private readonly hear: (entry: Entry) => void

  constructor(hear: (entry: Entry) => void) {
    this.hear = hear
  }

  readonly append: Log["append"] = (now, cpu, task, count, event) => {
    this.hear({ index: this.index, now, cpu, task, count, event })
    this.index += 1
  }
}
