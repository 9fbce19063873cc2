/** The guest's output, raw, to ours. */
import { outputTo } from "../lab/listener.ts"
import type { EventLog } from "../log/event.ts"

const LINE_FEED = 10

/** Passes on what the guest writes, and knows whether a line of it stands unfinished on standard error. */
export class RawOutput {
  private isInLine = false

  readonly log: EventLog = outputTo((stream, bytes) => {
    process[stream].write(Uint8Array.from(bytes))
    // On a terminal the two streams share their lines.
    if (stream === "stderr" || process.stdout.isTTY) this.isInLine = bytes.length > 0 ? bytes[bytes.length - 1] !== LINE_FEED : this.isInLine
  })

  /** Whoever writes next begins a line of its own. */
  finishLine(): void {
    if (this.isInLine) process.stderr.write("\n")
    this.isInLine = false
  }
}
