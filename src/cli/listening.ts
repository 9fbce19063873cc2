/** What a person or a program hears of a run while it goes on. */
import { RawOutput } from "../host/guest-output.ts"
import { EntryCounter, OutputBuffer } from "../lab/listener.ts"
import type { EventLog } from "../log/event.ts"
import { entryValue } from "./result.ts"
import type { RunFlags } from "./run-flags.ts"
import { toJson } from "./say.ts"

export interface Listening {
  readonly log: EventLog
  /** What the guest wrote, where it does not go out raw. */
  readonly output: OutputBuffer | undefined
  /** The run is over: rseqlab has the floor. */
  readonly finish: () => void
}

const silent = (): void => {}

/** Raw output, or output kept for the JSON document, or entries as lines of JSON. */
export const listeningFor = ({ json, jsonl }: Pick<RunFlags, "json" | "jsonl">): Listening => {
  if (json) {
    const output = new OutputBuffer()
    return { log: output.log, output, finish: silent }
  }
  if (jsonl) {
    const log = new EntryCounter((entry) => void process.stdout.write(`${toJson(entryValue(entry))}\n`))
    return { log, output: undefined, finish: silent }
  }
  const raw = new RawOutput()
  return { log: raw.log, output: undefined, finish: () => raw.finishLine() }
}
