import * as Effect from "effect/Effect"
import { grouped } from "../base/bits.ts"
import { escapeTerminal, quoteBytes } from "../analysis/report/format/terminal.ts"
import { type Kept, remember } from "../analysis/timeline/describe.ts"
import { entryList } from "../analysis/report/reporter/default.ts"
import { wrap } from "../analysis/report/wrap.ts"
import { withPlaces, type Reading } from "../analysis/timeline/reading.ts"
import { timeline, windowAround } from "../analysis/timeline/text.ts"
import { type Deviation, kinds } from "../log/choice.ts"
import { SCHEDULE_DEVIATION_COUNT_MAX } from "../log/limits.ts"
import { signalName } from "../linux/signal.ts"
import type { Recording } from "../log/recording-reader.ts"
import { printSchedule } from "../log/schedule.ts"
import { damageText, loadRecording } from "../lab/recording.ts"
import { deviationPlaces, knownEntries, passages, readingFor } from "../lab/showing.ts"
import { everyFinding } from "../search/watch.ts"
import { outcomeSentence } from "../lab/outcome-sentence.ts"
import { paintFor } from "./color.ts"
import { CommandLineRefused } from "./experiment.ts"
import { entryValue } from "./result.ts"
import { escapeLines, print, say, toJson } from "./say.ts"
import { hostLayer } from "./host-layer.ts"
import type { ShowFlags } from "./show.ts"

const COLUMNS = 100

/** `name  value`, aligned. */
const rows = (pairs: ReadonlyArray<readonly [name: string, value: string]>): string => {
  const width = Math.max(...pairs.map(([name]) => name.length))
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n")
}

const endText = ({ end, header: { machine: { icountMax, memoryBytesMax, outputBytesMax, taskCountMax } } }: Recording): string =>
  end === undefined ? "none: it was cut"
    : escapeTerminal(outcomeSentence(end.outcome, { maxIcount: icountMax, maxMemoryBytes: memoryBytesMax, maxTasks: taskCountMax, maxOutputBytes: outputBytesMax }))

const headerText = (recording: Recording): string => {
  const { deviationCount, end, entryCount, header } = recording
  const { abis, argv, env, formatVersion, kernelVersion, machine, menu, policy, program, programBytes, programHash, seed, strategy, toolVersion } = header
  const words = (texts: ReadonlyArray<string>): string => (texts.length === 0 ? "none" : texts.map(escapeTerminal).join(" "))
  return rows([
    ["made by", `rseqlab ${escapeTerminal(toolVersion)}, format ${formatVersion}, kernel ${kernelVersion}`],
    ["program", `${escapeTerminal(program.name)}, ${grouped(programBytes)} bytes, hash ${escapeTerminal(programHash)}`],
    ["arguments", words(argv)],
    ["environment", words(env)],
    ["contracts", words(abis)],
    ["cpus", machine.cpus.join(",")],
    ["limits", `${grouped(machine.icountMax)} instructions, ${grouped(machine.memoryBytesMax)} bytes of memory, ${grouped(machine.taskCountMax)} tasks, ${grouped(machine.outputBytesMax)} bytes of output`],
    ["quiet policy", `${policy.number}: turns of ${grouped(policy.turnIcount)}, slices of ${grouped(policy.sliceIcount)} instructions`],
    ["menu", `${Object.keys(kinds).filter((kind) => [...menu.kinds].some((one) => one === kind)).join(" ")}; signals ${words(menu.signals.map(signalName))}`],
    ["strategy", strategy === "" ? "none" : escapeTerminal(strategy)],
    ["seed", escapeTerminal(seed)],
    ["deviations", grouped(deviationCount)],
    ["entries", grouped(entryCount)],
    ["instructions", end === undefined ? "not known" : grouped(end.now)],
    ["end", endText(recording)],
    ["state hash", end?.stateHash ?? "not known"],
    ["content hash", recording.contentHash]
  ])
}

const inputsText = ({ header: { env }, inputs }: Recording): string => {
  const lines = env.map((variable) => `environment  ${quoteBytes(new TextEncoder().encode(variable))}`)
  for (const { bytes, offset, source } of inputs) lines.push(`${escapeTerminal(source)}  ${grouped(offset)}  ${grouped(bytes.length)} bytes  ${quoteBytes(bytes)}`)
  return lines.length === 0 ? "nothing came from the host" : lines.join("\n")
}

const windowOf = ({ around, from, to }: ShowFlags): { readonly start: number; readonly end: number } =>
  around !== undefined ? windowAround(around) : { start: from ?? 0, end: to === undefined ? Infinity : to + 1 }

/** What detectors say of the whole log, where one of the entries that show it is in the window. */
const findingLines = (recording: Recording, reading: Reading, start: number, end: number): ReadonlyArray<string> =>
  everyFinding(knownEntries(recording)).filter(({ evidence }) => evidence.some((index) => start <= index && index < end))
    .flatMap(({ detector, evidence, message, severity }) => wrap(`${severity}: ${escapeTerminal(withPlaces(message, reading))}, ${entryList(evidence)}`, COLUMNS, `${detector}  `))

/** So many deviations are printed at once. */
const PRINTED_DEVIATION_COUNT = 4096

/** What `--schedule` reads again. */
const scheduleText = function*({ deviations }: Recording): Generator<string> {
  let some: Array<Deviation> = []
  for (const deviation of deviations) {
    some.push(deviation)
    if (some.length < PRINTED_DEVIATION_COUNT) continue
    yield printSchedule(some)
    some = []
  }
  if (some.length > 0) yield printSchedule(some)
}

const showSchedule = (recording: Recording) =>
  recording.deviationCount > SCHEDULE_DEVIATION_COUNT_MAX
    ? new CommandLineRefused({ problem: `it holds ${grouped(recording.deviationCount)} deviations; as text at most ${grouped(SCHEDULE_DEVIATION_COUNT_MAX)} could be read again` })
    : print([...scheduleText(recording)].join(","))

const showEntries = (recording: Recording, flags: ShowFlags) =>
  Effect.gen(function*() {
    const { end, start } = windowOf(flags)
    if (recording.entryCount === 0) return yield* say(recording.end === undefined ? "no entry is whole" : "no entries are kept (--keep schedule)")
    if (start >= recording.entryCount) return yield* new CommandLineRefused({ problem: `entries 0 to ${recording.entryCount - 1} are there` })
    const paint = yield* paintFor("stdout")
    const placed = flags.jsonl ? [] : yield* deviationPlaces(recording, end)
    const reading = readingFor(recording.header)
    let isFirst = true
    const kept: Kept = new Map()
    for (const { entries, notes } of passages(recording, placed, start, end, ({ event }) => void remember(kept, event, reading))) {
      const lines = flags.jsonl ? entries.map((entry) => toJson(entryValue(entry, reading.unlike)))
        : [...timeline(entries, recording.header.machine.cpus, { reading, notes, isColored: paint.isOn, kept })].slice(isFirst ? 0 : 1)
      yield* print(lines.join("\n"))
      isFirst = false
    }
    const lines = flags.jsonl ? [] : findingLines(recording, reading, start, end)
    if (lines.length > 0) yield* print(["", ...lines].join("\n"))
  })

const perform = Effect.fnUntraced(function*(flags: ShowFlags) {
  const asked = [flags.inputs, flags.header, flags.schedule].filter(Boolean).length
  if (asked > 1) return yield* new CommandLineRefused({ problem: "--inputs, --header and --schedule each show something else; name one of them" })
  if (flags.around !== undefined && (flags.from !== undefined || flags.to !== undefined)) {
    return yield* new CommandLineRefused({ problem: "--around is a window of its own; leave out --from and --to" })
  }
  if (flags.from !== undefined && flags.to !== undefined && flags.to < flags.from) {
    return yield* new CommandLineRefused({ problem: `--from ${flags.from} comes after --to ${flags.to}` })
  }
  const recording = yield* loadRecording(flags.recording)
  if (flags.header) yield* print(headerText(recording))
  else if (flags.inputs) yield* print(inputsText(recording))
  else if (flags.schedule) yield* showSchedule(recording)
  else yield* showEntries(recording, flags)
  if (recording.status !== "clean" && recording.damage !== undefined) {
    yield* say(`${escapeTerminal(flags.recording)} is good up to byte ${grouped(recording.validBytes)}; ${escapeLines(damageText(recording.damage))}`)
  }
})

export const handle = (flags: ShowFlags) => Effect.provide(perform(flags), hostLayer)
