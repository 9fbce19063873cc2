/** What a program wrote last, to standard output and standard error: often the most telling line there is. */
import type { Entry } from "../log/event.ts"

const STDOUT = 1
const STDERR = 2
const LINE_COUNT_MAX = 3
const LINE_LENGTH_MAX = 200
/** So much of the end is looked at. */
const TAIL_BYTES = 4096

/** At most three lines, each cut where it is long; not escaped. */
export const lastWords = (entries: ReadonlyArray<Pick<Entry, "event">>): ReadonlyArray<string> => {
  const tail = new Uint8Array(TAIL_BYTES)
  let start = TAIL_BYTES
  for (let index = entries.length - 1; index >= 0 && start > 0; index--) {
    const event = entries[index]?.event
    if (event?._tag !== "Written" || (event.fd !== STDOUT && event.fd !== STDERR)) continue
    const bytes = event.bytes.subarray(Math.max(0, event.bytes.length - start))
    start -= bytes.length
    tail.set(bytes, start)
  }
  const lines = new TextDecoder().decode(tail.subarray(start)).split("\n").filter((line) => line !== "")
  return lines.slice(-LINE_COUNT_MAX).map((line) => (line.length <= LINE_LENGTH_MAX ? line : `${line.slice(0, LINE_LENGTH_MAX)}…`))
}
