import * as Effect from "effect/Effect"
import type { BisectFlags } from "./bisect.ts"
import { abisOf } from "./bisect-abi.ts"
import { byFinding, byModule, byScript } from "./bisect-judges.ts"
import { pairOf } from "./bisect-pair.ts"
import { untilOf } from "./bisect-until.ts"
import { Surroundings } from "./color.ts"
import { endWith } from "./ending.ts"
import { CommandLineRefused } from "./experiment.ts"
import { hostLayer } from "./host-layer.ts"
import { print, printJson } from "./say.ts"
import { isSameSource, type Opened, scheduleThere } from "../lab/search-recording.ts"
import { openTarget } from "./search-recording.ts"

const MODES = ["until", "run", "predicate", "abi"] as const

/** The recordings that are named, and what stands after `--`. */
const divided = ({ recordings }: BisectFlags) =>
  Effect.map(Surroundings, ({ typed }) => {
    const at = typed.indexOf("--")
    const behind = at === -1 ? 0 : typed.length - at - 1
    return { files: recordings.slice(0, recordings.length - behind), after: recordings.slice(recordings.length - behind) }
  })

const openEnds = (files: ReadonlyArray<string>, flags: BisectFlags) =>
  Effect.gen(function*() {
    const [first, second, ...more] = files
    if (first === undefined || more.length > 0) return yield* new CommandLineRefused({ problem: "bisect expects FAIL, or PASS and FAIL" })
    const failing = yield* openTarget(second ?? first, flags)
    if (second === undefined) return { failing, passing: undefined }
    const passing = yield* openTarget(first, flags)
    if (!isSameSource(passing, failing)) {
      return yield* new CommandLineRefused({ problem: `${first} and ${second} hold different programs; \`rseqlab replay ${second} --on PROG\` tells a schedule to another build` })
    }
    return { failing, passing }
  })

/** Between two runs, judged by whoever is asked to. */
const pairwise = (flags: BisectFlags, failing: Opened, passing: Opened | undefined, words: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const { predicate, run, timeout } = flags
    const { target } = failing
    const judge = yield* run !== undefined ? byScript(target, run, words, timeout)
      : predicate !== undefined ? byModule(predicate, timeout)
      : byFinding(failing)
    const { lines, value } = yield* pairOf(target, passing === undefined ? [] : scheduleThere(passing, target), failing.recording.schedule, judge)
    return { lines, value: { ...value, judge: judge.name } }
  })

const perform = Effect.fnUntraced(function*(flags: BisectFlags) {
  const { after, files } = yield* divided(flags)
  const modes = MODES.filter((mode) => flags[mode] !== undefined)
  if (modes.length > 1) return yield* new CommandLineRefused({ problem: `${modes.map((mode) => `--${mode}`).join(" and ")} each judge in their own way; name one of them` })
  if (flags.run === undefined && after.length > 0) return yield* new CommandLineRefused({ problem: "what stands after -- is for --run CMD, and no command is named" })
  if (flags.timeout !== undefined && flags.run === undefined && flags.predicate === undefined) return yield* new CommandLineRefused({ problem: "--timeout is for --run CMD and --predicate MODULE, and neither is named" })
  const { abi, until } = flags
  const { failing, passing } = yield* openEnds(files, flags)
  if (passing !== undefined && (until ?? abi) !== undefined) return yield* new CommandLineRefused({ problem: `--${until === undefined ? "abi" : "until"} looks at one run; name one recording` })
  const { lines, value } = yield* until !== undefined ? untilOf(failing, until)
    : abi !== undefined ? abisOf(failing, abi)
    : pairwise(flags, failing, passing, after)
  if (flags.json) yield* printJson(value)
  else yield* print(lines.join("\n"))
  yield* endWith("passed")
})

export const handle = (flags: BisectFlags) => Effect.scoped(Effect.provide(perform(flags), hostLayer))
