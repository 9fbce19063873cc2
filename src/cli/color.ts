/** Color, where it helps and is wanted. It never says more than the words beside it. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Flag from "effect/cli/Flag"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import { hasColor } from "../host/terminal.ts"

export const colorFlag = GlobalFlag.Setting("color")({
  flag: Flag.Literals("color", ["auto", "always", "never"]).pipe(
    Flag.withDescription("Whether to use color; before NO_COLOR, FORCE_COLOR and the terminal"),
    Flag.withMetavar("auto|always|never"),
    Flag.withDefault("auto" as const)
  )
})

/** What of the host a command asks besides files: its environment, its terminal, what was typed. */
export class Surroundings extends Context.Service<Surroundings, {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly isStdoutTty: boolean
  readonly isStderrTty: boolean
  /** The command line, without `rseqlab`. */
  readonly typed: ReadonlyArray<string>
}>()("rseqlab/cli/Surroundings") {}

export interface Paint {
  readonly bad: (text: string) => string
  readonly good: (text: string) => string
  readonly isOn: boolean
}

const painted = (code: number, isOn: boolean) => (text: string): string => (isOn ? `\u001b[${code}m${text}\u001b[0m` : text)
const RED = 31
const GREEN = 32

export const paintFor = (stream: "stdout" | "stderr") =>
  Effect.gen(function*() {
    const choice = yield* colorFlag
    const { env, isStderrTty, isStdoutTty } = yield* Surroundings
    const isOn = hasColor(choice, env, stream === "stdout" ? isStdoutTty : isStderrTty)
    const paint: Paint = { isOn, bad: painted(RED, isOn), good: painted(GREEN, isOn) }
    return paint
  })
