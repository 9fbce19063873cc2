/** Memory that is watched, and what is claimed of it, as flags: the words of the program's own `#:` lines, with commas. */
import type * as Command from "effect/cli/Command"
import type * as Flag from "effect/cli/Flag"
import { parseWatch, type WatchName, type WatchRequest, watchRows } from "../program/watch.ts"
import * as written from "./flags.ts"

const watchFlag = (claim: WatchName): Flag.Flag<ReadonlyArray<WatchRequest>> => {
  const { summary, typed } = watchRows[claim]
  // A flag's own text says what it expects; why a word is none of it is said where the program is known.
  return written.flagList(claim, typed, summary, {
    expected: `${typed}, as after \`#: ${claim}\` and with commas`,
    parse: (text) => {
      const request = parseWatch(claim, text.split(","))
      return "expected" in request ? undefined : request
    }
  })
}

export const watchFlags: { readonly [Name in WatchName]: Flag.Flag<ReadonlyArray<WatchRequest>> } = {
  watch: watchFlag("watch"),
  shared: watchFlag("shared"),
  sync: watchFlag("sync"),
  whole: watchFlag("whole"),
  percpu: watchFlag("percpu"),
  never: watchFlag("never"),
  balanced: watchFlag("balanced")
}
export type WatchFlags = Command.Command.Config.Infer<typeof watchFlags>
