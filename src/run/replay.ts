/**
 * A recording told again. Strict: every stored deviation is met, every check holds, every entry kept comes again; the first
 * difference ends it. Lenient: what does not apply is dropped and listed, and what was taken instead is a schedule that
 * replays strictly.
 */
import { assert } from "../base/assert.ts"
import { taskName } from "../base/ids.ts"
import type { AbiDefinition } from "../kernel/abi/definition.ts"
import { parseAbis } from "../kernel/abi/table.ts"
import type { BootFailure } from "../kernel/boot.ts"
import type { Limits } from "../kernel/kernel.ts"
import type { Decider, Deviation, Schedule } from "../log/choice.ts"
import { type Divergence, equalEntries } from "../log/divergence.ts"
import { bothLogs, type Entry, type EventLog, type EventTag, noLog, watched } from "../log/event.ts"
import type { Check, End, HeaderRead } from "../log/header.ts"
import { type DropTyped, type LocatedDeviation, tellTyped } from "../log/placed.ts"
import { isPlaced, type PlacedDeviation, type TypedSchedule } from "../log/schedule.ts"
import type { Recording } from "../log/recording-reader.ts"
import { type DropReason, recorded, tell, type Telling } from "../log/telling.ts"
import type { Outcome } from "../log/outcome.ts"
import { KERNEL_VERSION, quietPolicy } from "../log/version.ts"
import { programOfPlain } from "../program/plain.ts"
import type { Program } from "../program/program.ts"
import type { Observer } from "./observe.ts"
import { checkOf } from "./record.ts"
import type { Run } from "./run.ts"
import { type RunSpec, start } from "./start.ts"

/** Why a recording cannot be replayed here, as a sentence that says what would help. */
export interface CannotReplay {
  readonly _tag: "CannotReplay"
  readonly reason: string
}
const cannot = (reason: string): CannotReplay => ({ _tag: "CannotReplay", reason })

const limitFlags = { maxIcount: "--max-icount", maxMemoryBytes: "--max-memory", maxTasks: "--max-tasks", maxOutputBytes: "--max-output" } as const

/** What the recorded run was a function of. Local limits beat the header's: asking for more is refused. */
export const specOfHeader = (header: HeaderRead, local: Limits): RunSpec | CannotReplay => {
  if (header.kernelVersion !== KERNEL_VERSION) {
    return cannot(`it was made by kernel version ${header.kernelVersion}, this is ${KERNEL_VERSION}; it can be shown, not replayed`)
  }
  if (header.policy.number !== quietPolicy.number) {
    return cannot(`it was made under quiet policy ${header.policy.number}, this is ${quietPolicy.number}; it can be shown, not replayed`)
  }
  const program = programOfPlain(header.program.value)
  if (program._tag === "Misshapen") return cannot(`the program it holds is not one: ${program.problem.path}: expected ${program.problem.expected}`)
  const abis = parseAbis(header.abis.join(","))
  if (abis._tag === "Refused") return cannot(abis.message)
  const { machine } = header
  const limits: Limits = {
    maxIcount: machine.icountMax, maxMemoryBytes: machine.memoryBytesMax, maxTasks: machine.taskCountMax, maxOutputBytes: machine.outputBytesMax
  }
  for (const limit of ["maxIcount", "maxMemoryBytes", "maxTasks", "maxOutputBytes"] as const) {
    if (limits[limit] > local[limit]) return cannot(`it asks for ${limits[limit]} under ${limitFlags[limit]}, ${local[limit]} are allowed here; pass ${limitFlags[limit]} ${limits[limit]} to allow it`)
  }
  return {
    program: program.value, abis: abis.abis as ReadonlyArray<AbiDefinition>, cpus: machine.cpus, menu: header.menu, quiet: header.policy, limits,
    seed: header.seed, argv: header.argv, env: header.env
  }
}

/** How a strict replay came out. */
export type ReplayResult =
  /** The same run, bit for bit, as far as the recording goes. `end`: how it ended; a cut recording has none. */
  | { readonly _tag: "Same"; readonly end: End | undefined; readonly check: Check }
  | { readonly _tag: "Diverged"; readonly divergence: Divergence }

const BEFORE_COUNT = 3
const isWatched = (tag: EventTag): boolean => Object.hasOwn(watched, tag)

export class StrictReplay {
  readonly run: Run
  private readonly recording: Recording
  private readonly comparing: Comparing
  private readonly telling: Telling
  private nextCheck = 0
  private result: ReplayResult | undefined

  constructor(recording: Recording, run: Run, comparing: Comparing, telling: Telling) {
    this.recording = recording
    this.run = run
    this.comparing = comparing
    this.telling = telling
    run.kernel.keep = (deviation) => {
      comparing.last = deviation
    }
  }

  /** Runs on for about so many instructions; the result once there is one. */
  advance(breathIcount: number): ReplayResult | undefined {
    const { run } = this
    const until = run.kernel.now + breathIcount
    while (this.result === undefined && run.kernel.now < until) {
      const check = this.recording.checks[this.nextCheck]
      const stop = check?.now ?? (this.recording.end ?? this.lastMoment()).now
      if (run.outcome === undefined && run.kernel.now < stop) {
        run.advance(Math.min(stop - run.kernel.now, until - run.kernel.now))
      } else if (check !== undefined && run.outcome === undefined) {
        this.nextCheck++
        this.compareCheck(check)
      } else this.finish()
      this.result ??= this.comparing.divergence === undefined ? undefined : { _tag: "Diverged", divergence: this.comparing.divergence }
      if (this.result === undefined && run.outcome !== undefined) this.finish()
    }
    return this.result
  }

  /** A recording that was cut says how the run stood at its last check, and nothing of what came after. */
  private lastMoment(): { readonly now: number } {
    return this.recording.checks[this.recording.checks.length - 1] ?? { now: 0 }
  }

  private finish(): void {
    const { comparing, recording, run } = this
    const { end } = recording
    if (end === undefined) {
      this.result = { _tag: "Same", end: undefined, check: checkOf(run) }
      return
    }
    // Whoever ended the recorded run from outside did it at this boundary.
    if (end.outcome._tag === "Abandoned" && run.outcome === undefined) run.kernel.end({ _tag: "Abandoned" })
    if (run.outcome === undefined) {
      // Its last stretches took no time: the run goes on until it ends as the recorded one did.
      run.step()
      if (run.kernel.now > end.now) comparing.differ({ at: end.now, what: "the end of the run", recorded: end.outcome._tag, replayed: "it runs on" })
      return
    }
    comparing.finish()
    this.telling.finish()
    if (comparing.divergence !== undefined) return
    const [recorded, replayed] = [outcomeText(end.outcome), outcomeText(run.outcome)]
    if (recorded !== replayed) comparing.differ({ at: end.now, what: "the outcome", recorded, replayed })
    else this.compareCheck(end)
    if (comparing.divergence === undefined) this.result = { _tag: "Same", end, check: checkOf(run) }
  }

  private compareCheck(check: Check): void {
    const now = checkOf(this.run)
    for (const what of ["now", "entryCount", "questionsDigest", "stateHash"] as const) {
      if (check[what] !== now[what]) return this.comparing.differ({ at: check.now, what, recorded: String(check[what]), replayed: String(now[what]) })
    }
  }
}

/** All of an outcome as one text; tasks by name. */
const outcomeText = (outcome: Outcome): string => {
  switch (outcome._tag) {
    case "Exited":
      return `Exited ${outcome.status}`
    case "Killed":
      return `Killed ${outcome.signal}`
    case "Deadlocked":
      return `Deadlocked ${outcome.tasks.map(taskName).join(" ")}`
    case "OutOfBudget":
      return `OutOfBudget ${outcome.limit}`
    case "Unsupported":
      return `Unsupported ${outcome.what} at ${outcome.ip}: ${outcome.bytes.join(" ")}`
    case "Abandoned":
      return "Abandoned"
    case "Diverged":
      return `Diverged ${outcome.difference}`
  }
}

/** Holds the entries of a replay against those recorded, as they come. */
class Comparing {
  divergence: Divergence | undefined
  /** Taken last. */
  last: Deviation | undefined
  private readonly expected: Iterator<Entry> | undefined
  private readonly before: Array<Entry> = []
  private index = 0

  constructor(recording: Recording) {
    this.expected = recording.entryCount > 0 && recording.unlike.length === 0 ? recording.entries[Symbol.iterator]() : undefined
  }

  readonly log: EventLog = {
    append: (now, cpu, task, count, event) => {
      if (isWatched(event._tag) || this.divergence !== undefined) return
      const replayed: Entry = { index: this.index++, now, cpu, task, count, event }
      const recorded = this.nextExpected()
      if (this.expected !== undefined && (recorded === undefined || !equalEntries(recorded, replayed))) {
        this.divergence = { _tag: "EntryDiffers", before: [...this.before], recorded, replayed, last: this.last }
        return
      }
      this.before.push(replayed)
      if (this.before.length > BEFORE_COUNT) this.before.shift()
    }
  }

  /** Nothing recorded may be left over. */
  finish(): void {
    const recorded = this.nextExpected()
    if (recorded !== undefined && this.divergence === undefined) {
      this.divergence = { _tag: "EntryDiffers", before: [...this.before], recorded, replayed: undefined, last: this.last }
    }
  }

  differ(difference: { readonly at: number; readonly what: string; readonly recorded: string; readonly replayed: string }): void {
    this.divergence ??= { _tag: "CheckDiffers", before: [...this.before], last: this.last, ...difference }
  }

  notTaken(deviation: Deviation, reason: DropReason): void {
    this.divergence ??= { _tag: "NotTaken", before: [...this.before], deviation, reason }
  }

  private nextExpected(): Entry | undefined {
    for (;;) {
      const next = this.expected?.next()
      if (next === undefined || next.done === true) return undefined
      if (!isWatched(next.value.event._tag)) return next.value
    }
  }
}

/** Begins a strict replay. `listener` hears the entries, too. */
export const replay = (recording: Recording, local: Limits, observer?: Observer, listener: EventLog = noLog): StrictReplay | CannotReplay => {
  const spec = specOfHeader(recording.header, local)
  if ("_tag" in spec) return spec
  const comparing = new Comparing(recording)
  const telling = tell(recording.schedule, (deviation, reason) => comparing.notTaken(deviation, reason))
  const run = start(spec, recorded(telling), bothLogs(comparing.log, listener))
  if ("_tag" in run) return cannot(run.reason)
  if (observer !== undefined) run.observe(observer)
  return new StrictReplay(recording, run, comparing, telling)
}

/** What a lenient telling came to. */
export interface Lenient {
  readonly run: Run
  readonly dropped: ReadonlyArray<{ readonly deviation: Deviation | PlacedDeviation; readonly reason: DropReason }>
  /** Replays strictly; only it is kept. */
  readonly realised: Schedule
}

/** The address of a place, if the program has the symbol. */
export const addressOf = (program: Program, { place }: PlacedDeviation): number | undefined => {
  if (place.symbol === undefined) return place.offset
  const symbol = program.symbols.find(({ name }) => name === place.symbol)
  return symbol === undefined ? undefined : symbol.at + place.offset
}

/** A decider that tells a typed schedule to `program`, dropping what does not apply. Call `finish` when the run is over. */
export const tellLeniently = (program: Program, schedule: TypedSchedule, drop: DropTyped): Decider & { readonly finish: () => void } => {
  const located: Array<LocatedDeviation> = []
  const kept: Array<Deviation | PlacedDeviation> = []
  const lost: Array<PlacedDeviation> = []
  for (const deviation of schedule) {
    if (!isPlaced(deviation)) {
      kept.push(deviation)
      continue
    }
    const address = addressOf(program, deviation)
    if (address === undefined) lost.push(deviation)
    else {
      kept.push(deviation)
      located.push({ deviation, address })
    }
  }
  const telling = tellTyped(kept, located, drop)
  return {
    ...telling,
    finish: () => {
      for (const deviation of lost) drop(deviation, "never met")
      telling.finish()
    }
  }
}

/** Runs `spec` to its end under a typed schedule. */
export const runLeniently = (spec: RunSpec, schedule: TypedSchedule, log?: EventLog): Lenient | BootFailure => {
  const dropped: Array<Lenient["dropped"][number]> = []
  const realised: Array<Deviation> = []
  const decider = tellLeniently(spec.program, schedule, (deviation, reason) => void dropped.push({ deviation, reason }))
  const run = start(spec, decider, log)
  if ("_tag" in run) return run
  run.kernel.keep = (deviation) => void realised.push(deviation)
  while (run.outcome === undefined) run.step()
  decider.finish()
  assert(run.outcome !== undefined, "a run ends in an outcome")
  return { run, dropped, realised }
}
