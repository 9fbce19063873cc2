/** From flags to what is searched. */
import * as Effect from "effect/Effect"
import { kindsWith } from "../log/choice.ts"
import { Kernel } from "../lab/kernel.ts"
import { didYouMean } from "../base/nearest.ts"
import { ProgramStore } from "../lab/program-store.ts"
import type { RunSpec } from "../run/start.ts"
import type { TargetOptions } from "../search/target.ts"
import { Surroundings } from "./color.ts"
import { CommandLineRefused, limitsFor } from "./experiment.ts"
import { seed as seedText } from "./flags.ts"
import type { FuzzFlags } from "./fuzz-flags.ts"
import { withWatches } from "./watch-program.ts"

type Program = RunSpec["program"]

const refuse = (problem: string): Effect.Effect<never, CommandLineRefused> => Effect.fail(new CommandLineRefused({ problem }))

const symbolNamed = (program: Program, name: string, flag: string) => {
  const symbol = program.symbols.find((one) => one.name === name)
  return symbol === undefined
    ? refuse(`--${flag}: ${program.name} has no symbol ${JSON.stringify(name.slice(0, 80))}${didYouMean(name, program.symbols.map((one) => one.name))}`)
    : Effect.succeed(symbol)
}

export const seedOf = (typed: string | undefined, byDefault: string) =>
  Effect.gen(function*() {
    const { env } = yield* Surroundings
    const fromEnv = env["RSEQLAB_SEED"] ?? ""
    if (typed !== undefined || fromEnv === "") return typed ?? byDefault
    return seedText.parse(fromEnv) ?? (yield* refuse(`RSEQLAB_SEED expects ${seedText.expected}`))
  })

/** Words after PROG: corpora before `--`, the program's own arguments behind it. */
export const dividedRest = ({ rest }: Pick<FuzzFlags, "rest">) =>
  Effect.map(Surroundings, ({ typed }) => {
    const at = typed.indexOf("--")
    const guestCount = at === -1 ? 0 : typed.length - at - 1
    return { corpora: rest.slice(0, rest.length - guestCount), guestArguments: rest.slice(rest.length - guestCount) }
  })

export interface Asked {
  readonly spec: RunSpec
  readonly options: Partial<TargetOptions>
  readonly seed: string
  readonly corpora: ReadonlyArray<string>
}

/** The spec as typed, what is watched, and the seed. */
export const askedOf = (flags: FuzzFlags, defaultSeed: string) =>
  Effect.gen(function*() {
    const { abi, alwaysWatch, cpus, faults, from, repeat, signals } = flags
    const loaded = yield* ProgramStore.use((store) => store.load(flags.program, { repeat }))
    const program = yield* withWatches(loaded, flags)
    const { corpora, guestArguments } = yield* dividedRest(flags)
    const kinds = kindsWith(faults ?? program.experiment.faults)
    const kernel = Kernel.layer({ cpus, abi, arguments: guestArguments, menu: { kinds, ...(signals === undefined ? {} : { signals }) }, limits: limitsFor(flags) })
    const spec = yield* Kernel.use((service) => service.specOf(program)).pipe(Effect.provide(kernel))
    const forkAt = from === undefined ? undefined : (yield* symbolNamed(program, from, "from")).at
    const seed = yield* seedOf(flags.seed, defaultSeed)
    const asked: Asked = { spec, options: { seed, forkAt, ...(alwaysWatch ? { isAlwaysWatched: true } : {}) }, seed, corpora }
    return asked
  })
