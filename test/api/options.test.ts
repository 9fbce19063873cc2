/** Callers without a type checker: a wrong option is a typed error that names it, and nothing is run. */
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { assemble, bisect, fuzz, loadProgram, minimize, observe, OptionRefused, openRecording, record, replay, replayUnder, run } from "../../src/api/index.ts"
import { type OptionName, optionsOf } from "../../src/api/options.ts"

const text = "#: task w\nw: xor %edi, %edi\n mov $60, %eax\n syscall\n"
const program = assemble(text)
const recording = openRecording(new Uint8Array(readFileSync(new URL("../../recordings/quiet/percpu-counter.rec", import.meta.url))))

/** Whoever takes options, by what they are called in the table. */
const takers: Readonly<Record<keyof typeof optionsOf, ReadonlyArray<readonly [name: string, call: (options: never) => unknown]>>> = {
  program: [["assemble", (options) => assemble(text, "a.s", options)], ["loadProgram", (options) => loadProgram(new TextEncoder().encode(text), "a.s", options)]],
  run: [["run", (options) => run(program, options)], ["observe", (options) => observe(program, options)], ["record", (options) => record(program, options)]],
  replay: [["replay", (options) => replay(recording, options)], ["replayUnder", (options) => replayUnder(recording, undefined, options)]],
  fuzz: [["fuzz", (options) => fuzz(program, options)]],
  minimize: [["minimize", (options) => minimize(recording, options)]],
  bisect: [["bisect", (options) => bisect(recording, options)]]
}

/** Of each option what it cannot be. */
const wrong: Readonly<Record<OptionName, ReadonlyArray<unknown>>> = {
  cpus: [2, "0,1", [], [0, 0], [-1], [1.5], [1e9], ["0"], null], abi: [7, ["none"], null], menu: [[], { kinds: ["turn"] }, 1],
  limits: [5, { maxIcount: "7" }, { maxIcount: Number.NaN }, { maxIcount: -1 }, { maxSteps: 5 }], seed: [7, "x".repeat(65), null], arguments: ["a b", [1], ["a\0b"]],
  env: [{ A: "b" }, [undefined]], strategy: ["randomly", 3, {}, null], rates: [1, { preempt: 0.5 }, { preempt: "1" }, { pre: 3 }, []], schedule: [5, {}, [1]], decider: [{}, "quiet"],
  signal: [{}, true], runs: ["10", -1, 1.5, Number.NaN, Infinity], isKeptGoing: [1, "yes"], proofRunsMax: ["5", -1], passing: [{}, "a.rec"], judge: ["passes", {}],
  repeat: [0, -1, "3", 1.5], listener: [{}, () => {}], taken: [{}, 1]
}

const settled = async (call: () => unknown): Promise<unknown> => {
  try {
    return await call()
  } catch (error) {
    return error
  }
}

describe.each(Object.entries(takers))("options of %s", (taker, calls) => {
  it.each(calls)("are looked at by %s", async (_name, call) => {
    const names: ReadonlyArray<OptionName> = optionsOf[taker as keyof typeof optionsOf]
    for (const name of names) {
      for (const value of wrong[name]) {
        const error = await settled(() => call({ [name]: value } as never))
        expect(error, `${name}: ${String(value)}`).toBeInstanceOf(OptionRefused)
        expect(error).toMatchObject({ option: name })
      }
      expect(await settled(() => call({ [name]: undefined } as never)), name).not.toBeInstanceOf(OptionRefused)
    }
    for (const value of [null, 5, "fast", []]) expect(await settled(() => call(value as never))).toBeInstanceOf(OptionRefused)
    expect(String(await settled(() => call({ sed: "1" } as never)))).toMatch(/option sed: expected one of /)
  })
})

it("a schedule to replay under is looked at, too", async () => {
  expect(await settled(() => replayUnder(recording, 5 as never))).toBeInstanceOf(OptionRefused)
})
