/** Why a run fails, as data: the deviation that decides, what it met with, and what the run does without it. */
import { known } from "../base/assert.ts"
import type { Address } from "../base/ids.ts"
import type { Deviation } from "../log/choice.ts"
import type { Entry } from "../log/event.ts"
import type { Outcome } from "../log/outcome.ts"
import { withPlaces, placesOf } from "../analysis/timeline/reading.ts"
import type { Finding } from "../analysis/detect/definition.ts"
import type { Program } from "../program/program.ts"
import { decode, INSTRUCTION_BYTES_MAX } from "../x86/decode.ts"
import { printInstruction } from "../x86/print.ts"
import { type Meanwhile, meanwhile } from "./meanwhile.ts"
import { type Minimized, performPlaced } from "./minimize.ts"
import { namedBy } from "./cause.ts"
import { sentenceOf, type Told } from "./sentence.ts"
import type { Target } from "./target.ts"
import { besides, everyFinding, watch } from "./watch.ts"

export interface Explanation extends Meanwhile {
  /** A few sentences: what happened, what came of it, what the run does without it. */
  readonly sentence: string
  readonly critical: Deviation
  readonly instruction: { readonly ip: Address; readonly place: string; readonly text: string }
  /** Each deviation of the minimal schedule, and how the run ends without it. */
  readonly without: ReadonlyArray<{ readonly deviation: Deviation; readonly outcome: Outcome; readonly findings: ReadonlyArray<Finding> }>
  readonly finding: Finding
  /** What else the detectors find in the run, warnings included: `isDue` where a quiet run does not show it. */
  readonly seen: ReadonlyArray<Finding & { readonly isDue: boolean }>
  /** Of the failing run, observations included. */
  readonly entries: ReadonlyArray<Entry>
  /** Of the run without the critical deviation. */
  readonly passingEntries: ReadonlyArray<Entry>
  /** Index into `entries` at which the critical deviation took effect. */
  readonly at: number
}

const bytesAt = ({ segments }: Program, at: number): Uint8Array => {
  const segment = segments.find(({ bytes, start: begin }) => begin <= at && at < begin + bytes.length)
  return segment === undefined ? new Uint8Array() : segment.bytes.subarray(at - segment.start, at - segment.start + INSTRUCTION_BYTES_MAX)
}

/** An instruction, where it stands by symbol, and as text. `bytes`: where it is not the program's own, or may have changed. */
export const instructionAt = (program: Program, ip: Address, bytes = bytesAt(program, ip)): Explanation["instruction"] => {
  const place = placesOf(program)
  const decoded = decode(bytes, ip)
  // Where it reaches by way of its own place: the decoder knows the address.
  const reached = decoded === "truncated" ? undefined : place(Number(BigInt.asUintN(64, decoded.displacement)))
  const text = printInstruction(bytes, ip).replace(/-?(?:0x[0-9a-f]+|\d+)\(%rip\)/, (here) => (reached === undefined ? here : `${reached}(%rip)`))
  return { ip, place: place(ip), text: withPlaces(text, { place }) }
}

/** Their messages say what the outcome says. */
const isOutcome = ({ detector }: Finding): boolean => detector === "guest-failure"

/** What names the mistake, which is said first; else the finding in words, and the first of what else there is. */
const becauseOf = (finding: Finding, named: Finding | undefined, seen: Explanation["seen"]): Pick<Told, "named" | "because"> => {
  const own = isOutcome(finding) ? [] : [finding.message]
  const others = named === undefined ? [seen.find(({ isDue }) => isDue) ?? seen[0]].filter((one) => one !== undefined) : []
  return { named: named?.message, because: [...own, ...others.map(({ message }) => message)] }
}

/** Explains a minimized failure. */
export const explain = (target: Target, { deviations, schedule, trial }: Minimized, finding: Finding): Explanation | undefined => {
  const { options, spec: { program }, trials } = target
  const reading = { place: placesOf(program) }
  const without = schedule.map((deviation, index) => {
    const { findings, outcome, schedule: taken } = performPlaced(trials, deviations.filter((_, at) => at !== index))
    return { deviation, outcome, findings, taken }
  })
  const { armed, codes, entries, ips, marks } = watch(target, schedule)
  // The last that decides: after it nothing unlucky is needed any more.
  const critical = schedule.at(-1)
  const at = marks.at(-1)
  const ip = ips.at(-1)
  if (critical === undefined || at === undefined || ip === undefined) return undefined
  const passing = known(without.at(-1), "each was left out once")
  const passingEntries = watch(target, passing.taken).entries
  const usual = new Set(everyFinding(watch(target, []).entries).map(({ detector }) => detector))
  const seen = besides(finding, everyFinding(entries)).map((one) => ({ ...one, message: withPlaces(one.message, reading), isDue: !usual.has(one.detector) }))
  const around = meanwhile({ critical, ip, at, armed: armed.at(-1), about: finding.about }, entries, options.sections)
  const instruction = instructionAt(program, ip, codes.at(-1))
  const sentence = sentenceOf({
    deviations: schedule.map((deviation, index) => ({ deviation, ip: known(ips[index], "each was taken once") })),
    instruction: instruction.text, meanwhile: around, outcome: trial.outcome, without: passing,
    ...becauseOf({ ...finding, message: withPlaces(finding.message, reading) }, namedBy(finding, seen), seen)
  }, reading.place)
  return { ...around, sentence, critical, instruction, without, finding, seen, entries, passingEntries, at }
}
