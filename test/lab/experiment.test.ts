/** An experiment is a program over services: another contract, decider or log is another layer. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { assert, describe, expect, it } from "vitest"
import { Decider } from "../../src/lab/decider.ts"
import { EntryBuffer, EventLog } from "../../src/lab/event-log.ts"
import { Kernel } from "../../src/lab/kernel.ts"
import { Listener } from "../../src/lab/listener.ts"
import { ProgramStore } from "../../src/lab/program-store.ts"
import { Progress } from "../../src/lab/progress.ts"
import { loadRecording } from "../../src/lab/recording.ts"
import { RecordingStore } from "../../src/lab/recording-store.ts"
import { replayLeniently, replayRecording } from "../../src/lab/replay-recording.ts"
import { runProgram } from "../../src/lab/run-program.ts"
import { selfTestProgram, selfTests } from "../../src/lab/self-test.ts"
import { tryStrategy } from "../../src/lab/try-strategy.ts"
import { strategyFor } from "../../src/lab/decider.ts"
import { printSchedule } from "../../src/log/schedule.ts"
import { strategies } from "../../src/strategy/table.ts"

const example = (name: string): string => readFileSync(join(import.meta.dirname, "../../examples", name), "utf8")
const files = { "p1.s": example("p1.s"), "commit.s": example("commit-sequence.s"), "spin.s": "_start: jmp _start\n" }
const shared = Layer.mergeAll(ProgramStore.layerMemory(files), RecordingStore.layerMemory, Progress.layerNone, Listener.layerNone)
type Layers = Layer.Layer<Kernel | Decider | EventLog, unknown, RecordingStore>

const layers = (change: { readonly kernel?: Layer.Layer<Kernel>; readonly decider?: Layer.Layer<Decider, unknown>; readonly log?: Layer.Layer<EventLog, never, RecordingStore> } = {}): Layers =>
  Layer.mergeAll(change.kernel ?? Kernel.layer(), change.decider ?? Decider.layerQuiet, change.log ?? EventLog.layerNone)

const experiment = (name: keyof typeof files) => Effect.flatMap(ProgramStore.use((store) => store.load(name)), runProgram)
const performed = <A, E>(effect: Effect.Effect<A, E, ProgramStore | RecordingStore | Progress | Listener>) => Effect.runPromise(Effect.provide(effect, shared))
const outcomeUnder = (name: keyof typeof files, change: Parameters<typeof layers>[0]) =>
  performed(Effect.provide(experiment(name), layers(change)))

describe("an experiment", () => {
  it("is another one under another contract", async () => {
    assert.deepStrictEqual((await outcomeUnder("commit.s", {})).outcome, { _tag: "Exited", status: 0 })
    assert.deepStrictEqual((await outcomeUnder("commit.s", { kernel: Kernel.layer({ abi: "mainline-6.12" }) })).outcome, { _tag: "Exited", status: 1 })
  })

  it("is another one under another decider", async () => {
    assert.deepStrictEqual((await outcomeUnder("p1.s", {})).outcome, { _tag: "Exited", status: 0 })
    const scripted = await outcomeUnder("p1.s", { decider: Decider.layerScripted("1.1@1:turn=1") })
    assert.deepStrictEqual([scripted.outcome, printSchedule(scripted.schedule)], [{ _tag: "Exited", status: 1 }, "1.1@1:turn=1"])
    const again = await outcomeUnder("p1.s", { decider: Decider.layerRecorded(scripted.schedule) })
    assert.strictEqual(again.stateHash, scripted.stateHash)
  })

  it("is the same run whoever listens and whatever is kept", async () => {
    const decider = Decider.layerSeeded(strategies.random, { seed: "7" })
    const buffer = new EntryBuffer()
    const runs = [
      await outcomeUnder("commit.s", { decider }),
      await outcomeUnder("commit.s", { decider, log: EventLog.layerMemory(buffer) }),
      await outcomeUnder("commit.s", { decider, log: EventLog.layerRecording("kept.rec") }),
      await outcomeUnder("commit.s", { decider, log: EventLog.layerRecording("lean.rec", { keep: "schedule" }) })
    ]
    for (const { questionsDigest, schedule, stateHash } of runs) {
      assert.deepStrictEqual([stateHash, questionsDigest, printSchedule(schedule)], [runs[0]?.stateHash, runs[0]?.questionsDigest, printSchedule(runs[0]?.schedule ?? [])])
    }
    assert.deepStrictEqual(buffer.entries.map(({ index }) => index), buffer.entries.map((_, index) => index))
  })

  it("lists what a schedule could not do", async () => {
    const { dropped } = await outcomeUnder("p1.s", { decider: Decider.layerScripted("1.1@500:preempt,1.2@nowhere:turn=0") })
    assert.deepStrictEqual(dropped.map(({ reason }) => reason), ["never met", "never met"])
  })

  it("refuses a recording that is there already, and replaces it where that is allowed", async () => {
    const twice = (mayReplace: boolean) => Effect.provide(Effect.andThen(
      Effect.provide(experiment("p1.s"), layers({ log: EventLog.layerRecording("x.rec", { mayReplace }) })),
      Effect.provide(experiment("p1.s"), layers({ log: EventLog.layerRecording("x.rec", { mayReplace }) }))), shared)
    await expect(Effect.runPromise(twice(false))).rejects.toThrow(/there already/)
    await expect(Effect.runPromise(twice(true))).resolves.toMatchObject({ outcome: { _tag: "Exited" } })
  })

  it("ends properly when it is interrupted: its recording is whole and replays to that point", async () => {
    const interrupted = Effect.gen(function*() {
      const kernel = Kernel.layer({ limits: { maxIcount: 1e12 } })
      const fiber = yield* Effect.forkChild(Effect.provide(experiment("spin.s"), layers({ kernel, log: EventLog.layerRecording("spin.rec") })))
      yield* Effect.sleep(50)
      yield* Fiber.interrupt(fiber)
      const recording = yield* loadRecording("spin.rec")
      const replayed = yield* replayRecording(recording, "spin.rec", { limits: { maxIcount: 1e12 } })
      return { status: recording.status, outcome: recording.end?.outcome._tag, replayed: replayed._tag }
    })
    assert.deepStrictEqual(await performed(interrupted), { status: "clean", outcome: "Abandoned", replayed: "Same" })
  })

  it("tells a recording's program another schedule, and keeps what was realised", async () => {
    const retold = Effect.gen(function*() {
      yield* Effect.provide(experiment("p1.s"), layers({ decider: Decider.layerScripted("1.1@1:turn=1"), log: EventLog.layerRecording("told.rec") }))
      const recording = yield* loadRecording("told.rec")
      return [yield* replayLeniently(recording, "told.rec"), yield* replayLeniently(recording, "told.rec", [])] as const
    })
    const [same, quiet] = await performed(retold)
    assert.deepStrictEqual([same.outcome, quiet.outcome], [{ _tag: "Exited", status: 1 }, { _tag: "Exited", status: 0 }])
    assert.deepStrictEqual([printSchedule(same.schedule), quiet.schedule], ["1.1@1:turn=1", []])
  })

  it("tries the runs of a strategy until one fails, and says how many there were", async () => {
    const tried = (repeat: string) => Effect.gen(function*() {
      const program = yield* ProgramStore.use((store) => store.load("p1.s"))
      const spec = yield* Kernel.use((kernel) => kernel.specOf(program))
      return yield* tryStrategy(spec, strategyFor(strategies["one-deviation"], spec), 10_000, (outcome) => outcome._tag === repeat)
    })
    const none = await performed(Effect.provide(tried("Killed"), layers()))
    assert.isUndefined(none.found)
    assert.isAbove(none.runCount, 10)
  })
})

describe("the self-tests", () => {
  it("pass", async () => {
    for (const { isPassed, name, result } of await Effect.runPromise(selfTests)) assert.isTrue(isPassed, `${name}: ${result}`)
  })

  it("expect the sum that arithmetic gives", () => {
    const word = (value: bigint): bigint => BigInt.asUintN(64, value)
    const swapped = (value: bigint): bigint => Array.from({ length: 8 }, (_, byte) => BigInt(byte) * 8n)
      .reduce((sum, shift) => (sum << 8n) | ((value >> shift) & 255n), 0n)
    let mixer = 0x9e37_79b9_7f4a_7c15n
    let sum = 0n
    for (let left = 1000n; left > 0n; left -= 1n) {
      const product = word(left * mixer)
      const whole = sum + word((product >> 13n) | (product << 51n))
      sum = word(whole) + (whole >> 64n)
      mixer = swapped(mixer) ^ sum
      sum = word(sum + (sum >> 1n) % left)
    }
    expect(selfTestProgram).toContain(`$0x${word(2n * sum).toString(16)},`)
  })
})
