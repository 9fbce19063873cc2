/**
 * Programs that nobody wrote: bytes, instructions and calls drawn at random, with tasks, sections and claims as random as they. A run of
 * one ends with an outcome, never by an exception, and its recording replays, to the last entry. Long form: RSEQLAB_GUESTS=5000.
 */
import { describe, expect, it } from "vitest"
import { concatBytes, viewOf } from "../../src/base/bytes.ts"
import { stream, type Stream } from "../../src/base/prng.ts"
import { abis } from "../../src/kernel/abi/table.ts"
import { syscalls } from "../../src/kernel/syscall/table.ts"
import { kindNames } from "../../src/log/choice.ts"
import { NO_EXPERIMENT, type Program, type TaskRequest } from "../../src/program/program.ts"
import { watchNames } from "../../src/program/watch.ts"
import { watcherOf } from "../../src/run/observe.ts"
import { record } from "../../src/run/record.ts"
import { type RunSpec, specOf } from "../../src/run/start.ts"
import { randomDecider } from "../../src/strategy/random.ts"
import { forms } from "../../src/x86/form.ts"
import { Draw } from "../hardware/draw.ts"
import { sampleOf } from "../hardware/encoding.ts"
import { encodingsOf } from "../hardware/judged.ts"
import { CODE, DATA, HOLE, PAGE, WINDOW } from "../hardware/place.ts"
import { oneOf } from "../log/arbitrary.ts"
import { judge, lastDifference } from "./judged.ts"

const seed = process.env["RSEQLAB_SEED"] ?? "1"
const guestCount = Number(process.env["RSEQLAB_GUESTS"] ?? 16)
const SLOW_MS = 60_000
const SPARE = HOLE
const [READ, WRITE, EXECUTE] = [1, 2, 4]

const contracts = Object.values(abis)
const numbers = [...Object.values(syscalls), ...contracts.flatMap(({ calls }) => calls)].map(({ number }) => number)

/** `mov $value, %reg`, for 64 bits. */
const load = (register: number, value: bigint): Uint8Array => {
  const bytes = new Uint8Array(10)
  bytes.set([register >= 8 ? 0x49 : 0x48, 0xb8 | (register & 7)])
  viewOf(bytes).setBigUint64(2, BigInt.asUintN(64, value), true)
  return bytes
}
const [RAX, RDX, RSI, RDI, R8, R9, R10] = [0, 2, 6, 7, 8, 9, 10]

const argument = (draw: Stream): bigint =>
  BigInt(draw.oneIn(3) ? oneOf(draw, [0, 1, 2, 3, 8, 16, 32, 64, -1, -100, PAGE, 2 ** 31, 2 ** 32, 0x7fff_ffff_f000, 0x53053053, 0x10000, 0x11, 0x3d0f00]) : draw.oneIn(3) ? draw.below(300) : DATA + 8 * draw.below(2 * PAGE / 8))

const callOf = (draw: Stream): Uint8Array =>
  concatBytes([...[RDI, RSI, RDX, R10, R8, R9].map((register) => load(register, argument(draw))), load(RAX, BigInt(draw.oneIn(20) ? draw.below(600) : oneOf(draw, numbers))), Uint8Array.of(0x0f, 0x05)])

const usual = forms.filter(({ row }) => (row.flow ?? "next") !== "stop")
const instructionOf = (draw: Draw): Uint8Array => {
  const form = draw.pick(draw.oneIn(60) ? forms : usual)
  return sampleOf(form, encodingsOf(form), draw).bytes
}

const codeOf = (draw: Stream, name: string): Uint8Array => {
  const chance = new Draw(seed, name)
  const bytes = (): Uint8Array => Uint8Array.from({ length: 1 + draw.below(20) }, () => draw.below(256))
  const pieces = Array.from({ length: 5 + draw.below(60) }, () =>
    draw.oneIn(3) ? concatBytes([load(oneOf(draw, [0, 1, 2, 3, 5, 6, 7, 8, 12]), draw.oneIn(3) ? argument(draw) : BigInt(WINDOW + draw.below(256))), instructionOf(chance)])
    : draw.oneIn(2) ? callOf(draw)
    // Back a little, forth a little, or through a register.
    : draw.oneIn(4) ? oneOf(draw, [Uint8Array.of(0x75, 0x80 + draw.below(128)), Uint8Array.of(0xeb, draw.below(2) === 0 ? 0xc0 : draw.below(64)), concatBytes([load(RDI, BigInt(draw.below(3))), load(RAX, 60n), Uint8Array.of(0x0f, 0x05)]), Uint8Array.of(0xf3, 0x90), Uint8Array.of(0xf0, 0x48, 0xff, 0x04, 0x25, 0, 0, 0, 0x10)])
    : draw.oneIn(6) ? bytes() : instructionOf(chance))
  // Most registers lead to memory that is there.
  const registers = [0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15].map((register) => load(register, BigInt(WINDOW + draw.below(256))))
  return concatBytes([...registers, ...pieces]).slice(0, PAGE)
}

const guestOf = (draw: Stream, name: string): Program => {
  const code = draw.oneIn(6) ? Uint8Array.from({ length: 1 + draw.below(400) }, () => draw.below(256)) : codeOf(draw, name)
  const data = new Uint8Array(2 * PAGE)
  const view = viewOf(data)
  // Descriptors of sections among them: version, flags, start, length, abort.
  for (let at = 0; at + 8 <= data.length; at += 8) view.setBigUint64(at, draw.oneIn(2) ? argument(draw) : draw.oneIn(2) ? BigInt(CODE + draw.below(code.length)) : 0n, true)
  const entryIn = (): number => CODE + (draw.below(5) > 0 ? 0 : draw.below(code.length))
  const tasks = Array.from({ length: draw.oneIn(3) ? 0 : 1 + draw.below(4) }, (_, index): TaskRequest =>
    ({ entry: entryIn(), name: `t${index}`, cpu: draw.oneIn(2) ? undefined : 0, argument: argument(draw) & 0xffff_ffffn, stackBytes: 4096 << draw.below(4) }))
  const sections = Array.from({ length: draw.below(3) }, (_, index) => {
    const start = entryIn()
    return { descriptor: DATA + 32 * index, start, end: start + 1 + draw.below(40), abort: entryIn() }
  })
  const watches = Array.from({ length: draw.below(3) }, (_, index) => {
    const claim = oneOf(draw, watchNames)
    const start = DATA + 256 * index
    return { name: `w${index}`, start, end: start + 8 * (1 + draw.below(8)), claim, strideBytes: claim === "percpu" ? 8 : 0, option: "", other: 0 }
  })
  return {
    name: "guest", entry: entryIn(), headers: undefined, end: CODE + PAGE, text: undefined, symbols: [],
    segments: [
      { start: DATA, bytes: data, memoryBytes: data.length, protection: READ | WRITE | (draw.oneIn(6) ? EXECUTE : 0) },
      { start: SPARE, bytes: new Uint8Array(0), memoryBytes: PAGE, protection: draw.below(8) },
      { start: CODE, bytes: code, memoryBytes: PAGE, protection: READ | EXECUTE | (draw.oneIn(4) ? WRITE : 0) }
    ],
    sections,
    experiment: { ...NO_EXPERIMENT, tasks, watches, finallyEntry: tasks.length > 0 && draw.oneIn(2) ? entryIn() : undefined }
  }
}

describe("a program that nobody wrote", () => {
  it("ends with an outcome, and its recording replays", { timeout: 3_600_000 }, () => {
    const seen = new Map<string, number>()
    const chosen = process.env["RSEQLAB_GUEST"]
    for (let index = chosen === undefined ? 0 : Number(chosen); index < (chosen === undefined ? guestCount : Number(chosen) + 1); index += 1) {
      const draw = stream(seed, `guest/${index}`)
      const base = specOf(guestOf(draw, `guest/${index}`), draw.oneIn(3) ? [abis.none] : [oneOf(draw, contracts)])
      const spec: RunSpec = {
        ...base, cpus: draw.oneIn(2) ? [0, 1] : [0, 2, 5], menu: { ...base.menu, kinds: draw.oneIn(2) ? base.menu.kinds : new Set(kindNames), signals: draw.oneIn(2) ? [] : [10, 14] },
        limits: { maxIcount: 20_000, maxMemoryBytes: 8 * 2 ** 20, maxTasks: 40, maxOutputBytes: 100_000 }, seed: String(index)
      }
      const again = `seed ${seed}, guest ${index}; again with: RSEQLAB_SEED=${seed} RSEQLAB_GUEST=${index} npx vitest run test/hostile/guests.test.ts`
      const begun = performance.now()
      try {
        const parts: Array<Uint8Array> = []
        const run = record(spec, { strategy: "random" }, randomDecider(String(index), {}), (bytes) => void parts.push(bytes), { keep: "entries", codec: "none" }, watcherOf(spec.program, { isFollowing: draw.oneIn(3) }))
        if ("_tag" in run) throw new Error(run.reason)
        while (run.outcome === undefined) run.advance(1_000 + draw.below(5_000))
        const { _tag: ended } = run.outcome
        seen.set(ended, (seen.get(ended) ?? 0) + 1)
        const judged = judge(concatBytes(parts))
        // Where nothing is watched nobody looks, and nothing is left.
        if (judged !== "same") throw new Error([`the replay is ${judged}`, ...lastDifference].join("\n"))
      } catch (cause) {
        throw new Error(`${again}\n${cause instanceof Error ? cause.message : String(cause)}`, { cause })
      }
      expect(performance.now() - begun, again).toBeLessThan(SLOW_MS)
    }
    console.log(`guests: seed ${seed}, ${[...seen].map(([ended, times]) => `${ended} ${times}`).join(", ")}`)
    if (guestCount >= 300) expect(seen.size).toBeGreaterThan(2)
  })
})
