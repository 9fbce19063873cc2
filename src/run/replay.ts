/**
 * A recording told again, strictly: every stored deviation is met, every check holds, every entry kept comes again; the first
 * difference ends it.
 */
import { taskName } from "../base/ids.ts"
import type { AbiDefinition } from "../kernel/abi/definition.ts"
import { parseAbis } from "../kernel/abi/table.ts"
import type { Limits } from "../kernel/kernel.ts"
import type { Divergence } from "../log/divergence.ts"
import { bothLogs, type EventLog, noLog } from "../log/event.ts"
import type { Check, End, HeaderRead } from "../log/header.ts"
import type { Recording } from "../log/recording-reader.ts"
import { retell } from "../log/retelling.ts"
import { recorded, type Telling } from "../log/telling.ts"
import type { Outcome } from "../log/outcome.ts"
import { KERNEL_VERSION, OBSERVER_VERSION, quietPolicy } from "../log/version.ts"
import { misfitOf } from "../program/limits.ts"
import { programOfPlain } from "../program/plain.ts"
import { type Compared, Comparing } from "./comparing.ts"
import { type Observer, watcherOf } from "./observe.ts"
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
  const expected = misfitOf(program.value)
  if (expected !== undefined) return cannot(`the program it holds is not one: expected ${expected}`)
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
  | { readonly _tag: "Same"; readonly end: End | undefined; readonly check: Check; readonly compared: Compared }
  | { readonly _tag: "Diverged"; readonly divergence: Divergence }

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

  /** All came again so far, as if the recording had been cut here; to be asked between breaths. */
  get soFar(): ReplayResult {
    return { _tag: "Same", end: undefined, check: checkOf(this.run), compared: this.comparing.compared }
  }

  /** Of a recording that was cut: all it still has came again. What it has lost is anybody's guess. */
  private isThrough(): boolean {
    const { comparing, nextCheck, recording } = this
    return nextCheck === recording.checks.length && !comparing.isEntryLeft && comparing.deviationCount >= recording.deviationCount
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
    if (comparing.divergence === undefined) this.result = this.soFar
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

/**
 * Begins a strict replay, watched as the recording says it was, so that what was seen can be compared too; or by `observer`, and then
 * it is not. `listener` hears the entries.
 */
export const replay = (recording: Recording, local: Limits, observer?: Observer, listener: EventLog = noLog): StrictReplay | CannotReplay => {
  const spec = specOfHeader(recording.header, local)
  if ("_tag" in spec) return spec
  const { watching } = recording.header
  const watcher = observer === undefined && recording.entryCount > 0 && watching?.version === OBSERVER_VERSION ? watcherOf(spec.program, watching) : undefined
  const comparing = new Comparing(recording, watcher !== undefined)
  const telling = retell(recording.deviations, (deviation, reason) => comparing.notTaken(deviation, reason))
  const run = start(spec, recorded(telling), bothLogs(comparing.log, listener))
  if ("_tag" in run) return cannot(run.reason)
  const looking = observer ?? watcher
  if (looking !== undefined) run.observe(looking)
  return new StrictReplay(recording, run, comparing, telling)
}
