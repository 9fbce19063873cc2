/**
 * A recording told again, strictly: every stored deviation is met, every check holds, every entry kept comes again; the first
 * difference ends it.
 */
import { taskName } from "../base/ids.ts"
import type { AbiDefinition } from "../kernel/abi/definition.ts"
import { parseAbis } from "../kernel/abi/table.ts"
import type { Limits } from "../kernel/kernel.ts"
import type { Deviation } from "../log/choice.ts"
import { type Divergence, equalEntries } from "../log/divergence.ts"
import { bothLogs, type Entry, type EventLog, type EventTag, noLog, watched } from "../log/event.ts"
import type { Check, End, HeaderRead } from "../log/header.ts"
import type { Recording } from "../log/recording-reader.ts"
import { retell } from "../log/retelling.ts"
import { type DropReason, recorded, type Telling } from "../log/telling.ts"
import type { Outcome } from "../log/outcome.ts"
import { KERNEL_VERSION, quietPolicy } from "../log/version.ts"
import { programOfPlain } from "../program/plain.ts"
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

/** How far a replay was held against its recording: all of it, or all that a cut one still has. */
export interface Compared {
  /** Up to this instruction. */
  readonly now: number
  readonly entryCount: number
  readonly deviationCount: number
  readonly checkCount: number
}

/** How a strict replay came out. */
export type ReplayResult =
  /** The same run, bit for bit, as far as the recording goes. `end`: how it ended; a cut recording has none. */
  | { readonly _tag: "Same"; readonly end: End | undefined; readonly check: Check; readonly compared: Compared }
  | { readonly _tag: "Diverged"; readonly divergence: Divergence }

const BEFORE_COUNT = 3
const watchedTags: ReadonlySet<string> = new Set(Object.keys(watched))
const isWatched = (tag: EventTag): boolean => watchedTags.has(tag)

/** The last few entries, oldest first when they are asked for. */
class LastEntries {
  private readonly ring: Array<Entry> = []
  private count = 0

  push(entry: Entry): void {
    this.ring[this.count++ % BEFORE_COUNT] = entry
  }

  get all(): ReadonlyArray<Entry> {
    const oldest = this.count % BEFORE_COUNT
    return this.count < BEFORE_COUNT ? [...this.ring] : [...this.ring.slice(oldest), ...this.ring.slice(0, oldest)]
  }
}

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
    run.kernel.hearTaken((deviation) => comparing.took(deviation, run.kernel.now))
  }

  /** Runs on for about so many instructions; the result once there is one. */
  advance(breathIcount: number): ReplayResult | undefined {
    const { run } = this
    const until = run.kernel.now + breathIcount
    while (this.result === undefined && run.kernel.now < until) {
      const check = this.recording.checks[this.nextCheck]
      const stop = check?.now ?? this.recording.end?.now
      if (run.outcome === undefined && stop !== undefined && run.kernel.now < stop) {
        run.advance(Math.min(stop - run.kernel.now, until - run.kernel.now))
      } else if (run.outcome === undefined && stop === undefined && !this.isThrough()) {
        run.step()
      } else if (check !== undefined && run.outcome === undefined) {
        this.nextCheck++
        this.compareCheck(check)
      } else this.finish()
      this.result ??= this.comparing.divergence === undefined ? undefined : { _tag: "Diverged", divergence: this.comparing.divergence }
      if (this.result === undefined && run.outcome !== undefined) this.finish()
    }
    return this.result
  }

  /** Of a recording that was cut: all it still has came again. What it has lost is anybody's guess. */
  private isThrough(): boolean {
    const { comparing, nextCheck, recording } = this
    return nextCheck === recording.checks.length && !comparing.isEntryLeft && comparing.compared.deviationCount >= recording.deviationCount
  }

  private finish(): void {
    const { comparing, recording, run } = this
    const { end } = recording
    if (end === undefined) return this.finishCut()
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
    if (comparing.divergence === undefined) this.result = { _tag: "Same", end, check: checkOf(run), compared: comparing.compared }
  }

  /** Either all that is left came again, or the run is over too soon. */
  private finishCut(): void {
    const { comparing, nextCheck, recording, run } = this
    if (run.outcome !== undefined) {
      comparing.finish()
      this.telling.finish()
      const check = recording.checks[nextCheck]
      if (check !== undefined) comparing.differ({ at: check.now, what: "now", recorded: String(check.now), replayed: `over at ${run.kernel.now}` })
    }
    if (comparing.divergence === undefined) this.result = { _tag: "Same", end: undefined, check: checkOf(run), compared: comparing.compared }
  }

  private compareCheck(check: Check): void {
    const now = checkOf(this.run)
    for (const what of ["now", "entryCount", "questionsDigest", "stateHash"] as const) {
      if (check[what] !== now[what]) return this.comparing.differ({ at: check.now, what, recorded: String(check[what]), replayed: String(now[what]) })
    }
    this.comparing.checked(check.now)
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
  }
}

/** Holds the entries of a replay against those recorded, as they come. */
class Comparing {
  divergence: Divergence | undefined
  readonly compared = { now: 0, entryCount: 0, deviationCount: 0, checkCount: 0 }
  /** Taken last. */
  private last: Deviation | undefined
  private readonly expected: Iterator<Entry> | undefined
  /** What comes behind the last entry kept was lost, and differs from nothing. */
  private readonly isCut: boolean
  /** The next that is compared. */
  private recorded: Entry | undefined
  private readonly before = new LastEntries()
  private index = 0

  constructor({ end, entries, entryCount, unlike }: Recording) {
    this.expected = entryCount > 0 && unlike.length === 0 ? entries[Symbol.iterator]() : undefined
    this.isCut = end === undefined
    this.recorded = this.nextExpected()
  }

  get isEntryLeft(): boolean {
    return this.recorded !== undefined
  }

  took(deviation: Deviation, now: number): void {
    this.last = deviation
    this.compared.deviationCount++
    this.compared.now = Math.max(this.compared.now, now)
  }

  checked(now: number): void {
    this.compared.checkCount++
    this.compared.now = Math.max(this.compared.now, now)
  }

  readonly log: EventLog = {
    append: (now, cpu, task, count, event) => {
      if (isWatched(event._tag) || this.divergence !== undefined) return
      const replayed: Entry = { index: this.index++, now, cpu, task, count, event }
      const { recorded } = this
      if (this.expected !== undefined && (recorded === undefined ? !this.isCut : !equalEntries(recorded, replayed))) {
        this.divergence = { _tag: "EntryDiffers", before: this.before.all, recorded, replayed, last: this.last }
        return
      }
      if (recorded !== undefined) {
        this.compared.entryCount++
        this.compared.now = Math.max(this.compared.now, now)
        this.recorded = this.nextExpected()
      }
      this.before.push(replayed)
    }
  }

  /** Nothing recorded may be left over. */
  finish(): void {
    const { recorded } = this
    if (recorded !== undefined && this.divergence === undefined) {
      this.divergence = { _tag: "EntryDiffers", before: this.before.all, recorded, replayed: undefined, last: this.last }
    }
  }

  differ(difference: { readonly at: number; readonly what: string; readonly recorded: string; readonly replayed: string }): void {
    this.divergence ??= { _tag: "CheckDiffers", before: this.before.all, last: this.last, ...difference }
  }

  notTaken(deviation: Deviation, reason: DropReason): void {
    this.divergence ??= { _tag: "NotTaken", before: this.before.all, deviation, reason }
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
  const telling = retell(recording.deviations, (deviation, reason) => comparing.notTaken(deviation, reason))
  const run = start(spec, recorded(telling), bothLogs(comparing.log, listener))
  if ("_tag" in run) return cannot(run.reason)
  if (observer !== undefined) run.observe(observer)
  return new StrictReplay(recording, run, comparing, telling)
}
