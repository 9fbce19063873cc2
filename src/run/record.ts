/** A run written down as it goes: the same loop, with a writer listening. */
import type { Decider } from "../log/choice.ts"
import { KERNEL_VERSION, TOOL_VERSION } from "../log/version.ts"
import { bothLogs, type EventLog, noLog } from "../log/event.ts"
import type { Check, Header, Watching } from "../log/header.ts"
import type { Outcome } from "../log/outcome.ts"
import { createRecordingWriter, type RecordingOptions, type RecordingWriter, refusedProgram } from "../log/recording.ts"
import type { BootFailure } from "../kernel/boot.ts"
import { misfitOf } from "../program/limits.ts"
import { plainOfProgram } from "../program/plain.ts"
import type { Observer } from "./observe.ts"
import type { Run } from "./run.ts"
import { type RunSpec, start } from "./start.ts"

/** Check frames stand at the first boundary after each so many instructions. */
export const CHECK_ICOUNT = 4 * 2 ** 20

/** How the run stands: what a replay must meet. */
export const checkOf = (run: Run): Check => ({
  now: run.kernel.now,
  entryCount: run.kernel.entryCount,
  stateHash: run.hash(),
  questionsDigest: run.kernel.questionDigest
})

/** What a recording says of the run besides its spec. */
export interface Origin {
  /** The strategy as it was typed; "" where there was none. */
  readonly strategy: string
}

/** `watching`: who makes the watched entries that are kept. */
export const headerOf = ({ abis, argv, cpus, env, limits, menu, program, quiet, seed }: RunSpec, { strategy }: Origin, watching?: Watching): Header => ({
  toolVersion: TOOL_VERSION,
  kernelVersion: KERNEL_VERSION,
  policy: quiet,
  program: { name: program.name, value: plainOfProgram(program) },
  machine: {
    cpus, memoryBytesMax: limits.maxMemoryBytes, icountMax: limits.maxIcount, taskCountMax: limits.maxTasks, outputBytesMax: limits.maxOutputBytes
  },
  abis: abis.map(({ name }) => name),
  argv, env, menu, strategy, seed, watching
})

/** A run and its writer. `advance` it to the end, or end it before. */
export class RecordedRun {
  readonly run: Run
  private readonly writer: RecordingWriter
  private nextCheck = CHECK_ICOUNT
  private isClosed = false

  constructor(run: Run, writer: RecordingWriter) {
    this.run = run
    this.writer = writer
    run.kernel.hearTaken((deviation) => writer.taken(deviation))
  }

  get outcome(): Outcome | undefined {
    return this.run.outcome
  }

  /** Runs on for about so many instructions; writes whatever falls due. At the end the recording is whole. */
  advance(breathIcount: number): Outcome | undefined {
    const { kernel } = this.run
    const until = kernel.now + breathIcount
    while (this.run.outcome === undefined && kernel.now < until) {
      this.run.advance(Math.min(until, this.nextCheck) - kernel.now)
      if (this.run.outcome === undefined && kernel.now >= this.nextCheck) {
        this.writer.check(checkOf(this.run))
        this.nextCheck = kernel.now - (kernel.now % CHECK_ICOUNT) + CHECK_ICOUNT
      }
    }
    if (this.run.outcome !== undefined) this.close(this.run.outcome)
    return this.run.outcome
  }

  /** Ends the run here, from outside: the recording is whole and says so. */
  abandon(): void {
    this.run.kernel.end({ _tag: "Abandoned" })
    this.close({ _tag: "Abandoned" })
  }

  /** Equal for equal runs. */
  contentHash(): string {
    return this.writer.contentHash()
  }

  private close(outcome: Outcome): void {
    if (this.isClosed) return
    this.isClosed = true
    this.writer.end({ ...checkOf(this.run), outcome })
  }
}

/** What nobody could read again is not written. */
const unrecordable = ({ program }: RunSpec): BootFailure | undefined => {
  const misfit = misfitOf(program)
  if (misfit !== undefined) return { _tag: "BootFailed", reason: `it is no program: expected ${misfit}` }
  const expected = refusedProgram(plainOfProgram(program))
  return expected === undefined ? undefined : { _tag: "BootFailed", reason: `it cannot be recorded: a recording holds ${expected}` }
}

/** Boots under `decider`, recording into `sink` from the first event on. `listener` hears the entries, too. */
export const record = (
  spec: RunSpec, origin: Origin, decider: Decider, sink: (bytes: Uint8Array) => void, options: RecordingOptions, observer?: Observer,
  listener: EventLog = noLog
): RecordedRun | BootFailure => {
  const refused = unrecordable(spec)
  if (refused !== undefined) return refused
  const writer = createRecordingWriter(headerOf(spec, origin, options.keep === "entries" ? observer?.asked : undefined), sink, options)
  const run = start(spec, decider, bothLogs(writer.log, listener))
  if ("_tag" in run) return run
  if (observer !== undefined) run.observe(observer)
  return new RecordedRun(run, writer)
}
