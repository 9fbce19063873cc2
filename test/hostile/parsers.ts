/**
 * Whatever reads what comes from outside: a row each. `key` is the file and the export; what reads parts of it, or what no stranger
 * writes, is named below with its reason, so that one that is forgotten is noticed.
 */
import { readdirSync, readFileSync } from "node:fs"
import * as Effect from "effect/Effect"
import { parseTask, taskName } from "../../src/base/ids.ts"
import type { Stream } from "../../src/base/prng.ts"
import * as values from "../../src/cli/flags.ts"
import { seconds } from "../../src/cli/fuzz-flags.ts"
import { parseAbis } from "../../src/kernel/abi/table.ts"
import { CORPUS_SCHEMA, openCorpus } from "../../src/lab/corpus.ts"
import { Workspace } from "../../src/lab/workspace.ts"
import { parseSignal, signalName } from "../../src/linux/signal.ts"
import { kindNames, optionName, parseFaults, parseKind, parseOption } from "../../src/log/choice.ts"
import { unpack } from "../../src/log/codec.ts"
import { recordingLimits } from "../../src/log/limits.ts"
import { readRecording } from "../../src/log/recording-reader.ts"
import { parseSchedule, printSchedule } from "../../src/log/schedule.ts"
import { assemble } from "../../src/program/assemble/assemble.ts"
import { describeAssemblyError } from "../../src/program/assemble/problem.ts"
import { textOfSource } from "../../src/program/assemble/source-text.ts"
import { loadElf } from "../../src/program/elf.ts"
import { loadProgram } from "../../src/program/load.ts"
import type { Program } from "../../src/program/program.ts"
import { parseWatch, watchNames } from "../../src/program/watch.ts"
import { parsePredicate } from "../../src/search/predicate.ts"
import { decode } from "../../src/x86/decode.ts"
import { tinyBytes } from "../log/golden.ts"
import { byBytes, byElfNumbers, byLines, type Spoil, type Spoilable } from "./spoil.ts"

const here = (path: string): URL => new URL(path, import.meta.url)
const encoder = new TextEncoder()
const fail = (what: string): never => {
  throw new Error(what)
}

export interface Parser extends Spoilable {
  readonly key: string
  /** By default all ways go by bytes. */
  readonly spoils?: ReadonlyArray<Spoil>
  /** Whether it took it. Throws where it says something that cannot be. */
  readonly read: (bytes: Uint8Array, draw: Stream) => boolean
}

const text = (key: string, samples: ReadonlyArray<string>, words: ReadonlyArray<string>, read: (text: string, draw: Stream) => boolean): Parser =>
  ({ key, samples: samples.map((sample) => encoder.encode(sample)), words, read: (bytes, draw) => read(new TextDecoder().decode(bytes), draw) })

/** A flag's value; one that was taken says what it expects to nobody. */
const value = <A>(key: string, samples: ReadonlyArray<string>, { expected, parse }: values.Written<A>, holds: (value: A) => boolean = () => true): Parser =>
  text(key, samples, ["0", "1", "-1", "64", "65", "999999999999999999999", "1e9", "0x10", ",", "=", "/", "K", "M", "G", "T", "none", "all"], (typed) => {
    const read = parse(typed)
    if (read !== undefined && !holds(read)) fail(`${JSON.stringify(typed)} is taken as ${JSON.stringify(read)}, against: ${expected}`)
    return read !== undefined
  })
const isNatural = (number: number): boolean => Number.isSafeInteger(number) && number >= 0

const sources = (folder: string, ending: string): ReadonlyArray<Uint8Array> =>
  readdirSync(here(folder)).filter((name) => name.endsWith(ending)).map((name) => new Uint8Array(readFileSync(here(`${folder}${name}`))))
const examples = [...sources("../../examples/", ".s"), ...sources("../program/", ".s")]
const annotated = [
  "#: cpus 0,1\n#: abi mainline-6.12\n#: task w x2 cpu=0,1\n#: repeat 3\n#: watch counter 8\n#: finally w\n#: faults wait\n",
  "#: task w\n#: percpu cells 8 x4\n#: never counter\n#: shared cells 32\n#: sync counter 8\n"
].map((lines) => `${lines}.text\nw: nop\n.data\ncounter: .quad 0\ncells: .zero 32\n`)
const symbols: Program["symbols"] = [{ name: "counter", at: 0x402000, sizeBytes: 64, kind: "object" }, { name: "head", at: 0x402040, sizeBytes: 8, kind: "object" }]

/** All that an assembly may be: a program whose parts hold together, or a place in the text. */
const assembled = (source: string): boolean => {
  const assembly = assemble(source, "hostile.s")
  if (assembly._tag === "Assembled") return checkSegments(assembly.program)
  const { column, expected, line, source: shown } = assembly.error
  if (line < 1 || column < 1 || column > shown.length + 2 || expected === "a program") fail(`a problem at ${line}:${column} of ${JSON.stringify(shown.slice(0, 80))}`)
  if (!describeAssemblyError(assembly.error).includes("expected ")) fail("a problem says what was expected")
  return false
}

const checkSegments = ({ segments }: Program): true => {
  for (const [index, { bytes, memoryBytes, start }] of segments.entries()) {
    const next = segments[index + 1]
    if (bytes.length > memoryBytes || (next !== undefined && start + memoryBytes > next.start)) fail("segments hold their bytes, in order and apart")
  }
  return true
}

/** A label may stand behind everything; the entry of a file may not. */
const isEntered = ({ entry, segments }: Program): true =>
  segments.some(({ memoryBytes, start }) => start <= entry && entry < start + memoryBytes) || fail("the entry lies in a segment")

const view = {
  read: (address: bigint, sizeBytes: number) => (address % 3n === 0n ? undefined : BigInt.asUintN(8 * sizeBytes, address * 0x9e37_79b9n)),
  register: () => 7n, eventCount: () => 3n, now: () => 11n, taskCount: () => 2n
}

const corpusEntry = JSON.stringify({ schema: CORPUS_SCHEMA, program: "p", schedule: "1.1@57:turn=1", features: ["a", "b"], campaign: { key: "k", run: 3, schedule: "1.1@57:turn=1" } })
const corpusStats = JSON.stringify({ schema: CORPUS_SCHEMA, key: "k", nextRun: 9, kept: "0", pending: [{ run: 1, strategy: "random", schedule: "1.1@57:turn=1" }], failing: 1 })

/** A corpus of one file: its text decides what is opened. */
const corpusOpens = (name: string) => (json: string): boolean =>
  Effect.runSync(Effect.provide(Effect.gen(function*() {
    const workspace = yield* Workspace
    yield* workspace.write(`c/${name}`, encoder.encode(json))
    const { entries, isOther, nextRun, pending } = yield* openCorpus(["c"], "k")
    if (!isNatural(nextRun)) fail(`a campaign goes on at run ${nextRun}`)
    return entries.length > 0 || pending.length > 0 || !isOther
  }), Workspace.layerMemory))

const scheduleWords = ["1", "1.1", "@", ":", "=", "/", "#", "+", ",", " ", "\n", "0x401000", "push+0x12#3", "57", "99999999999999999999", "none", "kernel", ...kindNames]
const json = ["{", "}", "[", "]", ":", ",", "\"", "null", "true", "-1", "1e999", "\\u0000", "__proto__", "run", "schedule", "pending"]

export const parsers: ReadonlyArray<Parser> = [
  text("log/schedule.ts parseSchedule", ["1.1@57:turn=1,1.2@31/1:signal=USR1,1@push+0x12#3:preempt=kernel", "1.1@400:preempt=1.2,1@0x401000:migrate=1\n,1.3@3:split", ""], scheduleWords, (typed) => {
    const parsed = parseSchedule(typed)
    if (parsed._tag === "Malformed") return parsed.column >= 1 && parsed.column <= typed.length + 1 ? false : fail(`column ${parsed.column}`)
    const printed = printSchedule(parsed.schedule)
    const again = parseSchedule(printed)
    return again._tag === "Parsed" && printSchedule(again.schedule) === printed ? true : fail(`${JSON.stringify(printed)} is read as something else`)
  }),
  text("log/choice.ts parseOption", ["1", "1.2", "USR1", "kernel", "none", "RTMIN+2", "4096", "-1"], scheduleWords, (typed) =>
    kindNames.filter((kind) => {
      const option = parseOption(kind, typed)
      if (option !== undefined && parseOption(kind, optionName(kind, option)) !== option) fail(`${kind}=${typed} is printed as ${optionName(kind, option)}, which is another`)
      return option !== undefined
    }).length > 0),
  text("log/choice.ts parseKind", kindNames, ["toString", "__proto__", "constructor"], (typed) => parseKind(typed) !== undefined),
  text("log/choice.ts parseFaults", ["wait", "refuse,wait", "plug, evict"], ["toString", "all", ",,"], (typed) => parseFaults(typed) !== undefined),
  text("base/ids.ts parseTask", ["1", "1.2", "1.2.33"], [".", "0", "01", "9999999", "2"], (typed) => {
    const task = parseTask(typed)
    return task === undefined || taskName(task) === typed ? task !== undefined : fail(`${typed} is ${taskName(task)}`)
  }),
  text("linux/signal.ts parseSignal", ["USR1", "SIGALRM", "rtmin+2", "RTMIN", "SIGSEGV"], ["SIG", "RT", "toString", "+", "64", "ı"], (typed) => {
    const signal = parseSignal(typed)
    return signal === undefined || parseSignal(signalName(signal)) === signal ? signal !== undefined : fail(`${typed} is ${signalName(signal)}`)
  }),
  text("kernel/abi/table.ts parseAbis", ["mainline-6.12", "mainline-6.12,opv-v12", "none", "turner-v2"], ["opv-v12", ",", " ", "toString", "__proto__"], (typed) => parseAbis(typed)._tag === "Parsed"),
  text("program/watch.ts parseWatch", ["counter 8", "counter 16 x4 by=mm_cid locked", "head 8 seq=head", "head"], ["x0", "x9999999", "seq=", "by=", "0x100000", "0x100001", "locked", "counter"], (typed, draw) =>
    !("expected" in parseWatch(watchNames[draw.below(watchNames.length)] ?? "watch", typed.split(/[ ,]/)))),
  text("search/predicate.ts parsePredicate", ["u64(head) == 0 && event(Aborted) > 2", "1.1.rax == 0x10 || !(now < 100) && tasks >= 2", "i8(counter + 4*2) & 3 != -1"],
    ["(", ")", "((((((((", "!", "-", "u64", "event", "==", "&&", "||", "1.1.rip", "1.1.xyz", "99999999999999999999", "0x", "now", "*"], (typed) => {
      const parsed = parsePredicate(typed, { symbols })
      if (parsed._tag === "Malformed") return parsed.column >= 1 && parsed.column <= typed.length + 1 ? false : fail(`column ${parsed.column}`)
      return typeof parsed.predicate(view) === "boolean" || fail("a predicate answers yes or no")
    }),
  value("cli/flags.ts cpus", ["2", "0,2,65536", "1, 3"], values.cpus, (cpus) => cpus.length > 0 && cpus.every(isNatural) && new Set(cpus).size === cpus.length),
  value("cli/flags.ts seed", ["1", "abc"], values.seed, (seed) => seed.length <= 64),
  value("cli/flags.ts quantity", ["1", "20k", "3M", "1T"], values.quantity("instructions"), (count) => isNatural(count) && count > 0),
  value("cli/flags.ts byteSize", ["512K", "64M", "1G", "4096"], values.byteSize, (bytes) => isNatural(bytes) && bytes > 0),
  value("cli/flags.ts natural", ["0", "17"], values.natural, isNatural),
  value("cli/flags.ts rate", ["turn=1/100", "preempt=0", "split=1/3"], values.rate, ({ oneIn }) => isNatural(oneIn)),
  value("cli/flags.ts signals", ["USR1,ALRM", "RTMIN+2"], values.signals, (all) => all.every((signal) => signal >= 1 && signal <= 64)),
  value("cli/flags.ts menuKinds", ["turn,preempt", "none"], values.menuKinds),
  value("cli/flags.ts faults", ["wait", "all", "refuse,plug"], values.faults),
  value("cli/flags.ts variable", ["HOME", "_x1"], values.variable, (name) => !name.includes("=") && !name.includes("\0")),
  value("cli/fuzz-flags.ts seconds", ["1", "0.5", "60"], seconds, (time) => Number.isFinite(time) && time > 0),
  { ...text("program/assemble/assemble.ts assemble", examples.map(textOfSource), ["(", ")", ",", "$", "%", "\"", "'", "\\", ":", ";", "#", "#:", "/*", "*/", "//", "<<", "1b", "1f", "0x", "\\@", "\\()", "\t", "\r\n", "\u{1f600}",
    "99999999999999999999999", ".rept 100000\n", ".endr\n", ".macro m a:vararg\n", ".endm\n", "m", ".if 1\n", ".else\n", ".endif\n", ".irp x,1,2\n", ".zero 0x7fffffff\n", ".balign 65536\n", ".org 1000\n", "%rip", "(%rax,%rax,8)", "lock", "rep"], assembled), spoils: [byBytes, byLines, byLines] },
  text("program/assemble/experiment.ts readAnnotations", annotated, ["#:", "cpus", "abi", "task", "repeat", "faults", "finally", "watch", "percpu", "never", "x2", "cpu=0,1", "stack=", "arg=", "999999999999", "-1", "counter", "w", "\n#: ", ...watchNames], assembled),
  { key: "program/load.ts loadProgram", samples: examples, words: ["\u00ff", "\0", "\"", "\\", "\n", "\ufeff"], read: (bytes) => {
    const load = loadProgram(bytes, "hostile.s")
    return load._tag === "Loaded" ? checkSegments(load.program) : load.message.includes("expected ") ? false : fail(load.message)
  } },
  { key: "program/elf.ts loadElf", samples: sources("../fixtures/", ".elf"), spoils: [byBytes, byElfNumbers, byElfNumbers], words: ["\x7fELF", "\0\0\0\0\0\0\0\0", "\0\0\0\0\0\0\0\x7f"], read: (bytes) => {
    const loaded = loadElf(bytes, "hostile.elf")
    return loaded._tag === "Loaded" ? checkSegments(loaded.program) && isEntered(loaded.program) : false
  } },
  { key: "log/codec.ts unpack", samples: [Uint8Array.of(0x93, 1, 0xa1, 0x61, 0xc4, 2, 1, 2), Uint8Array.of(0x92, 0xcf, 0, 0x20, 0, 0, 0, 0, 0, 0, 0x91, 0xc0)], words: ["\u0091", "\u00dd", "\u00c7", "\u00ff"], read: (bytes) => "value" in unpack(bytes, recordingLimits) },
  { key: "log/recording-reader.ts readRecording", samples: [tinyBytes()], words: ["\0", "\u00c9"], read: (bytes) => {
    const read = readRecording(bytes)
    return read._tag === "Read" ? [...read.recording.entries].length === read.recording.entryCount && read.recording.status === "clean" : false
  } },
  text("lab/corpus.ts openCorpus", [corpusEntry], json, corpusOpens("0123456789ab.json")),
  text("lab/corpus.ts openCorpus (stats)", [corpusStats], json, corpusOpens("stats.json")),
  { key: "x86/decode.ts decode", samples: [Uint8Array.of(0xf0, 0x48, 0x0f, 0xb1, 0x0d, 1, 2, 3, 4, 0x90), Uint8Array.of(0x66, 0x0f, 0x6f, 0x44, 0x24, 0x10), Uint8Array.of(0xc5, 0xfd, 0x6f, 0x00)], words: ["f", "H", "\x0f", "\u00f0"], read: (bytes) => {
    const instruction = decode(bytes, 0x401000)
    if (instruction === "truncated") return false
    return instruction.lengthBytes >= 1 && instruction.lengthBytes <= 15 ? true : fail(`an instruction of ${instruction.lengthBytes} bytes`)
  } }
]

/** Read by one of the rows above, as a part of it. */
export const parts: Readonly<Record<string, string>> = {
  "program/assemble/lines.ts readLines": "assemble", "program/assemble/expression.ts readExpression": "assemble", "program/assemble/instruction.ts assembleInstruction": "assemble",
  "program/assemble/macro.ts readMacro": "assemble", "program/assemble/macro.ts readArguments": "assemble", "program/assemble/macro.ts readArgument": "assemble",
  "program/elf/sections.ts readSections": "loadElf", "program/elf/sections.ts readSymbols": "loadElf",
  "log/codec.ts walk": "unpack", "log/codec.ts decodeFrame": "readRecording", "base/plain.ts shaped": "readRecording",
  "lab/recording.ts loadRecording": "readRecording", "api/simulate.ts openRecording": "readRecording", "api/simulate.ts assemble": "loadProgram", "api/simulate.ts loadProgram": "loadProgram", "cli/experiment.ts loadProgram": "loadProgram",
  "lab/decider.ts readSchedule": "parseSchedule", "lab/search-recording.ts openSearch": "readRecording", "cli/search-recording.ts openTarget": "readRecording"
}

/** No stranger's text: what the guest says in its memory (the law of random calls), what we made ourselves, words that only look alike. */
export const others: ReadonlyArray<string> = [
  "kernel/syscall/file.ts read", "kernel/syscall/path.ts open",
  "kernel/clock.ts readClock", "kernel/clock.ts readTimespec", "kernel/clock.ts readTimeval", "kernel/frame.ts readFrame", "kernel/abi/opv/vector.ts readVector",
  "machine/engine/wasm/code.ts loadOf", "machine/engine/load.ts loadInterpreter", "machine/create.ts assembleMachine", "machine/user-memory.ts loadBytes",
  "host/files.ts readWhole"
]
