/** What a run came to, for machines. `schema` is the first field and changes when the meaning of another does. */
import type { Reading } from "../analysis/timeline/reading.ts"
import { taskName, type TaskId } from "../base/ids.ts"
import { eventRows, type Entry, type FieldKind, type FieldValue } from "../log/event.ts"
import { signalName } from "../linux/signal.ts"
import type { Outcome } from "../log/outcome.ts"
import { printDeviation, printSchedule } from "../log/schedule.ts"
import type { OutputBuffer } from "../lab/listener.ts"
import type { RunReport } from "../lab/run-program.ts"
import type { Verdict } from "./exit.ts"

export const RESULT_SCHEMA = 1

/** An outcome with names instead of numbers that only this process knows. */
export const outcomeValue = (outcome: Outcome): object => {
  switch (outcome._tag) {
    case "Killed":
      return { tag: outcome._tag, signal: signalName(outcome.signal) }
    case "Deadlocked":
      return { tag: outcome._tag, tasks: outcome.tasks.map(taskName) }
    case "Unsupported":
      return { tag: outcome._tag, what: outcome.what, ip: `0x${outcome.ip.toString(16)}`, bytes: hexText(outcome.bytes) }
    default: {
      const { _tag, ...rest } = outcome
      return { tag: _tag, ...rest }
    }
  }
}

const hexText = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")

const fieldValue = (kind: FieldKind, value: FieldValue): unknown => {
  switch (kind) {
    case "task":
      return taskName(value as TaskId)
    case "bytes":
      return value instanceof Uint8Array ? hexText(value) : value
    case "address":
      return `0x${Number(value).toString(16)}`
    default:
      return value ?? null
  }
}

/** An entry as one line of JSON Lines has it. `unlike`: fields of the events that are others where it was recorded. */
export const entryValue = ({ count, cpu, event, index, now, task }: Entry, unlike?: Reading["unlike"]): object => {
  const fields = unlike?.get(event._tag) ?? Object.entries<FieldKind>(eventRows[event._tag].fields)
  const values = event as unknown as Readonly<Record<string, FieldValue>>
  const named = fields.map(([name, kind]): [string, unknown] => [name, fieldValue(kind, values[name])])
  return { schema: RESULT_SCHEMA, entry: index, now, cpu, task: taskName(task), count, event: event._tag, fields: Object.fromEntries(named) }
}

export interface RunResult {
  readonly report: RunReport
  readonly verdict: Verdict
  readonly exitCode: number
  readonly recording: string | undefined
  readonly output: OutputBuffer | undefined
}

export const runValue = ({ exitCode, output, recording, report, verdict }: RunResult): object => {
  const { contentHash, dropped, entryCount, now, outcome, questionsDigest, schedule, seed, spec, stateHash, strategy, unknownCalls, missedFiles } = report
  const text = new TextDecoder()
  return {
    schema: RESULT_SCHEMA,
    verdict,
    exitCode,
    outcome: outcomeValue(outcome),
    program: spec.program.name,
    cpus: spec.cpus,
    abi: spec.abis.map(({ name }) => name),
    strategy,
    seed: seed ?? null,
    schedule: printSchedule(schedule),
    deviationCount: schedule.length,
    dropped: dropped.map(({ deviation, reason }) => ({ deviation: printDeviation(deviation), reason })),
    unknownCalls,
    missedFiles,
    icount: now,
    entryCount,
    stateHash,
    questionsDigest,
    recording: recording ?? null,
    contentHash: contentHash ?? null,
    ...(output === undefined ? {} : { stdout: text.decode(output.bytes("stdout")), stderr: text.decode(output.bytes("stderr")) })
  }
}
