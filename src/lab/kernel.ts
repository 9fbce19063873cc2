import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { latin1OfBytes } from "../base/bytes.ts"
import type { CpuId } from "../base/ids.ts"
import type { AbiDefinition } from "../kernel/abi/definition.ts"
import { abis, combineAbis, parseAbis } from "../kernel/abi/table.ts"
import type { Limits } from "../kernel/kernel.ts"
import { defaultMenu, kindsWith, type Menu } from "../log/choice.ts"
import { quietPolicy } from "../log/version.ts"
import type { Program } from "../program/program.ts"
import { defaultLimits, type RunSpec } from "../run/start.ts"
import { didYouMean } from "../base/nearest.ts"

export class ContractRefused extends Schema.TaggedError<ContractRefused>()("ContractRefused", { problem: Schema.String }) {
  override get message(): string {
    return this.problem
  }
}

export const defaultAbi = "mainline-6.12"
export const defaultCpus: ReadonlyArray<CpuId> = [0, 1]
export const defaultSeed = "1"

/** What a program runs on. What is left out the program says (`#:` lines), and where it is silent the defaults. */
export interface KernelOptions {
  readonly cpus?: ReadonlyArray<CpuId> | undefined
  /** Names, as on the command line (`mainline-6.12,opv-v12`), or contracts of one's own. */
  readonly abi?: string | ReadonlyArray<AbiDefinition> | undefined
  readonly menu?: Partial<Menu> | undefined
  readonly limits?: Partial<Limits> | undefined
  /** Names the streams of random bytes the guest may ask for. */
  readonly seed?: string | undefined
  /** After the program's own name. */
  readonly arguments?: ReadonlyArray<string> | undefined
  /** `NAME=value`. */
  readonly env?: ReadonlyArray<string> | undefined
}

const abisOf = (abi: string | ReadonlyArray<AbiDefinition>): Effect.Effect<ReadonlyArray<AbiDefinition>, ContractRefused> =>
  Effect.suspend(() => {
    const parsed = typeof abi === "string" ? parseAbis(abi) : combineAbis(abi)
    if (parsed._tag === "Parsed") return Effect.succeed(parsed.abis)
    const unknown = typeof abi === "string" ? abi.split(",").find((name) => !Object.hasOwn(abis, name.trim())) : undefined
    const meant = unknown === undefined ? "" : didYouMean(unknown.trim(), Object.keys(abis))
    return Effect.fail(new ContractRefused({ problem: parsed.message + meant }))
  })

/** Text as the guest gets it: UTF-8, a character a byte. */
const guestText = (text: string): string => latin1OfBytes(new TextEncoder().encode(text))

const specOf = (program: Program, options: KernelOptions): Effect.Effect<RunSpec, ContractRefused> =>
  Effect.map(abisOf(options.abi ?? program.experiment.abi ?? defaultAbi), (abis) => ({
    program, abis,
    cpus: options.cpus ?? program.experiment.cpus ?? defaultCpus,
    menu: { ...defaultMenu, kinds: kindsWith(program.experiment.faults), ...options.menu },
    quiet: quietPolicy,
    limits: { ...defaultLimits, ...options.limits },
    seed: options.seed ?? defaultSeed,
    argv: [program.name, ...(options.arguments ?? [])].map(guestText),
    env: (options.env ?? []).map(guestText)
  }))

/** The simulated machine and kernel: CPUs, contracts, menu, limits. Another layer is another machine. */
export class Kernel extends Context.Service<Kernel, {
  /** Everything a run of `program` depends on, the decisions apart. */
  readonly specOf: (program: Program) => Effect.Effect<RunSpec, ContractRefused>
}>()("rseqlab/lab/Kernel") {
  static readonly layer = (options: KernelOptions = {}): Layer.Layer<Kernel> =>
    Layer.succeed(Kernel, { specOf: (program) => specOf(program, options) })
}
