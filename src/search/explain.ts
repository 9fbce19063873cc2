/**
 * Why a run fails: one sentence made from data, and the evidence for it. Nothing here is free prose; every clause stands for
 * a deviation, an entry or a trial that was run.
 */
import { known } from "../base/assert.ts"
import { hex } from "../base/bits.ts"
import { type Address, type AddressRange, taskName, type TaskId } from "../base/ids.ts"
import { type Deviation, KERNEL_THREAD, kinds, optionName, quietDecider } from "../log/choice.ts"
import type { Entry, EventOf } from "../log/event.ts"
import type { Outcome } from "../log/outcome.ts"
import { placesOf, withPlaces } from "../analysis/timeline/reading.ts"
import type { Finding } from "../analysis/detect/definition.ts"
import type { Program } from "../program/program.ts"
import { watcherOf } from "../run/observe.ts"
import { start } from "../run/start.ts"
import { recorded, tell } from "../log/telling.ts"
import { printInstruction } from "../x86/print.ts"
import { type Minimized, performPlaced } from "./minimize.ts"
import { Standing } from "./place.ts"
import type { Target } from "./target.ts"

/** A write to a watched word by somebody else, while the task of the critical deviation stood still. */
export interface ForeignWrite {
  readonly task: TaskId
  readonly ip: number
  readonly address: number
  readonly before: bigint
  readonly after: bigint
  readonly entry: number
}

export interface Explanation {
  /** One sentence or a few: what happened, what changed meanwhile, what the run does without it. */
  readonly sentence: string
  readonly critical: Deviation
  readonly instruction: { readonly ip: number; readonly place: string; readonly text: string }
  /** What the contract did about it. */
  readonly reaction: EventOf<"Aborted"> | undefined
  readonly foreignWrites: ReadonlyArray<ForeignWrite>
  /** What the task then did to the same words. */
  readonly ownWrite: ForeignWrite | undefined
  /** Each deviation of the minimal schedule, and how the run ends without it. */
  readonly without: ReadonlyArray<{ readonly deviation: Deviation; readonly outcome: Outcome; readonly findings: ReadonlyArray<Finding> }>
  readonly finding: Finding
  /** Of the failing run, observations included. */
  readonly entries: ReadonlyArray<Entry>
  /** Of the run without the critical deviation. */
  readonly passingEntries: ReadonlyArray<Entry>
  /** Index into `entries` at which the critical deviation took effect. */
  readonly at: number
}

const INSTRUCTION_BYTES_MAX = 15

const bytesAt = ({ segments }: Program, at: number): Uint8Array => {
  const segment = segments.find(({ bytes, start: begin }) => begin <= at && at < begin + bytes.length)
  return segment === undefined ? new Uint8Array() : segment.bytes.subarray(at - segment.start, at - segment.start + INSTRUCTION_BYTES_MAX)
}

const outcomeText = (outcome: Outcome): string =>
  outcome._tag === "Exited" ? `exits with status ${outcome.status}`
  : outcome._tag === "Killed" ? `is killed by signal ${outcome.signal}`
  : outcome._tag === "Deadlocked" ? "deadlocks"
  : outcome._tag === "OutOfBudget" ? "does not end"
  : `ends: ${outcome._tag}`

/** What befell the task, in the words of its kind, and where. */
const befell = ({ kind, option, task }: Deviation, { place, text }: Explanation["instruction"]): string => {
  const name = `task ${taskName(task)}`
  const before = `at ${place}, before \`${text}\``
  switch (kind) {
    case "preempt":
      return option === KERNEL_THREAD ? `${name} was preempted by a kernel thread ${before}` : `${name} was preempted and task ${taskName(option as TaskId)} ran ${before}`
    case "migrate":
      return `${name} was migrated to cpu${option} ${before}`
    case "signal":
      return `${name} was sent signal ${optionName(kind, option)} ${before}`
    case "turn":
      return `cpu${option} went on while ${name} stood ${before}`
    case "split":
      return `\`${text}\` of ${name}, at ${place}, was split between its read and its write, and cpu${option} went on`
    default:
      return `of ${name} was asked ${kind}, answered ${optionName(kind, option)} instead of ${kinds[kind].quiet}, ${before}`
  }
}

interface Seen {
  readonly entries: ReadonlyArray<Entry>
  readonly ips: ReadonlyArray<number>
  /** Entries written before each deviation took effect. */
  readonly marks: ReadonlyArray<number>
}

/** A run once more, with every observation: what its recording holds. */
export const watch = ({ bounded, options }: Target, schedule: ReadonlyArray<Deviation>, watches: ReadonlyArray<AddressRange>): Seen => {
  const entries: Array<Entry> = []
  const run = start(bounded, quietDecider, {
    append: (now, cpu, task, count, event) => void entries.push({ index: entries.length, now, cpu, task, count, event })
  })
  if ("_tag" in run) return { entries: [], ips: [], marks: [] }
  const standing = new Standing(run.kernel)
  run.kernel.decider = standing.overhear(recorded(tell(schedule, () => {})))
  const ips: Array<number> = []
  const marks: Array<number> = []
  run.kernel.keep = (deviation) => {
    ips.push(standing.of(deviation))
    marks.push(entries.length)
  }
  const watcher = watcherOf(bounded.program, { watches, sections: options.sections })
  if (watcher !== undefined) run.observe(watcher)
  while (run.outcome === undefined) run.step()
  return { entries, ips, marks }
}

const isAccess = (entry: Entry): entry is Entry<EventOf<"Accessed">> => entry.event._tag === "Accessed"

const writeOf = ({ event, index }: Entry<EventOf<"Accessed">>): ForeignWrite =>
  ({ task: event.task, ip: event.ip, address: event.address, before: event.before, after: event.after, entry: index })

/** An instruction of the program: where it stands by symbol, and as text. */
export const instructionAt = (program: Program, ip: Address): Explanation["instruction"] =>
  ({ ip, place: placesOf(program)(ip), text: printInstruction(bytesAt(program, ip), ip) })

/** Explains a minimized failure. */
export const explain = (target: Target, { deviations, schedule, trial }: Minimized, finding: Finding): Explanation | undefined => {
  const { options, spec, trials } = target
  const { program } = spec
  const without = schedule.map((deviation, index) => {
    const others = deviations.filter((_, at) => at !== index)
    const { findings, outcome, schedule: taken } = performPlaced(trials, others)
    return { deviation, outcome, findings, taken }
  })
  const { entries, ips, marks } = watch(target, schedule, options.watches)
  // The last that decides: after it nothing unlucky is needed any more.
  const index = schedule.length - 1
  const critical = schedule[index]
  const at = marks[index]
  const ip = ips[index]
  if (critical === undefined || at === undefined || ip === undefined) return undefined
  const passingEntries = watch(target, known(without[index], "each was left out once").taken, options.watches).entries
  const place = placesOf(program)
  const after = entries.slice(at)
  // What was split has read at once; it goes on with its write.
  const resumed = after.find((entry) => isAccess(entry) && entry.event.task === critical.task && entry.count >= critical.count
    && (critical.kind !== "split" || entry.event.isWrite === 1))
  const standing = after.filter((entry) => resumed === undefined || entry.index < resumed.index)
  const foreignWrites = standing.filter(isAccess).filter(({ event }) => event.task !== critical.task && event.isWrite === 1).map(writeOf)
  const touched = new Set(foreignWrites.map(({ address }) => address))
  const ownWrite = after.filter(isAccess).filter(({ event }) => event.task === critical.task && event.isWrite === 1 && touched.has(event.address)).map(writeOf)[0]
  const reaction = after.map(({ event }) => event).find((event): event is EventOf<"Aborted"> => event._tag === "Aborted" && event.task === critical.task)
  const instruction = instructionAt(program, ip)

  const clauses = [befell(critical, instruction)]
  // Of several words that changed the one it then wrote over, where it did.
  const last = foreignWrites.findLast(({ address }) => ownWrite === undefined || address === ownWrite.address)
  if (last !== undefined) {
    clauses.push(`meanwhile task ${taskName(last.task)} changed ${place(last.address)} from ${hex(last.before)} to ${hex(last.after)} at ${place(last.ip)}`)
  }
  if (ownWrite !== undefined) {
    clauses.push(`task ${taskName(critical.task)} then wrote ${hex(ownWrite.after)} there, over ${hex(ownWrite.before)}, at ${place(ownWrite.ip)}`)
  }
  if (reaction !== undefined) clauses.push(`the contract sent it from ${place(reaction.ip)} to its abort handler ${place(reaction.abort)}`)
  else if (critical.kind === "split") clauses.push("the kernel noticed nothing")
  else if (options.sections.length > 0) clauses.push("no section was armed there, so the contract let it go on")
  const passing = known(without[index], "each was left out once")
  const isSilent = trial.outcome._tag === "Exited" && trial.outcome.status === 0
  const ends = isSilent
    ? `The run exits with status 0 all the same, and shows ${finding.detector}: ${withPlaces(finding.message, { place })}. Without this it ${passing.findings.length === 0 ? "shows nothing" : "shows that as well"}.`
    : `The run ${outcomeText(trial.outcome)}; without this it ${outcomeText(passing.outcome)}.`
  const sentence = `${capital(clauses.join("; "))}. ${ends}`
  return { sentence, critical, instruction, reaction, foreignWrites, ownWrite, without, finding, entries, passingEntries, at }
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)
