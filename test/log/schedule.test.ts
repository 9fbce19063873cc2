import { assert, describe, it } from "vitest"
import { known } from "../../src/base/assert.ts"
import { parseTask } from "../../src/base/ids.ts"
import type { Deviation } from "../../src/log/choice.ts"
import { FIRST_WAITING } from "../../src/log/choice.ts"
import { parseSchedule, placeOf, printSchedule, type TypedSchedule, without } from "../../src/log/schedule.ts"
import { forSeeds, oneOf } from "./arbitrary.ts"

const parsed = (text: string): TypedSchedule => {
  const result = parseSchedule(text)
  if (result._tag === "Malformed") throw new Error(`column ${result.column}: expected ${result.expected}, found ${result.found}`)
  return result.schedule
}
const problemOf = (text: string) => {
  const result = parseSchedule(text)
  return result._tag === "Malformed" ? result : undefined
}
const taskOf = (text: string) => known(parseTask(text), "a task")

describe("the text of a schedule", () => {
  it.each([
    ["keeps its own spelling", "1.1@57:turn=1,1.2@31:preempt=1.3,1.2@31/1:signal=USR1,1.1@90:wake=1.3", undefined],
    ["keeps places", "1@push+0x12#3:preempt=kernel,1.2@0x401020:turn=65536,1@push:migrate=2", undefined],
    ["leaves a first visit and a first arrival out", "1@57/0:turn=1,1@push#0:turn=1", "1@57:turn=1,1@push:turn=1"],
    ["writes offsets in hex", "1@push+18:turn=1,1@push+0:turn=1", "1@push+0x12:turn=1,1@push:turn=1"],
    ["takes a bare preempt", "1@57:preempt", undefined],
    ["takes signals by either name", "1@1:signal=sigusr1", "1@1:signal=USR1"],
    ["takes blanks and lines around commas", " 1@1:turn=1 ,\n1@2:turn=0\n", "1@1:turn=1,1@2:turn=0"],
    ["may be empty", "", undefined]
  ] as const)("%s", (_claim, text, printed) => assert.strictEqual(printSchedule(parsed(text)), printed ?? text))

  it("means what it says", () => {
    assert.deepStrictEqual(parsed("1.2@31/1:signal=USR1,1@push+0x12#3:preempt"), [
      { task: taskOf("1.2"), count: 31, nth: 1, kind: "signal", option: 10 },
      { task: taskOf("1"), place: { symbol: "push", offset: 0x12, arrival: 3 }, nth: 0, kind: "preempt", option: FIRST_WAITING }
    ])
  })

  it.each([
    ["turn", 1, "a task"],
    ["1.0@5:turn=1", 1, "a task"],
    ["1:turn=1", 2, "@"],
    ["1@:turn=1", 3, "a count, a symbol or an address"],
    ["1@9007199254740993:turn=1", 3, "2^53"],
    ["1@0xzz:turn=1", 3, "an address"],
    ["1@push+:turn=1", 8, "an offset"],
    ["1@push#:turn=1", 8, "arrivals"],
    ["1@57/:turn=1", 6, "visit"],
    ["1@57 turn=1", 5, ":"],
    ["1@57:spin", 6, "turn preempt"],
    ["1@57:turn", 10, "= and CPU"],
    ["1@57:turn=", 11, "CPU"],
    ["1@57:turn=1048576", 11, "CPU"],
    ["1@57:toString=1", 6, "one of"],
    ["1@57:preempt=", 14, "task or `kernel`"],
    ["1@57:refuse=toString", 13, "errno"],
    ["1@57:turn=1,", 13, "another deviation"],
    ["1@57:turn=1 1@58:turn=1", 13, "a comma"],
    ["1@57:turn=1;", 12, "a comma"]
  ] as const)("%s is refused at column %i", (text, column, expected) => {
    const problem = known(problemOf(text), `a problem in ${text}`)
    assert.strictEqual(problem.column, column)
    assert.include(problem.expected, expected)
  })

  it("ends in a schedule or a place in the text, whatever it is given", () => {
    const pieces = ["1", ".", "2", "@", "57", "/", ":", "turn", "preempt", "=", "kernel", ",", " ", "0x", "push", "+", "#", "\n", "é", "\u0000", "-1", "signal", "USR1"]
    forSeeds(20, (draw) => {
      for (let round = 0; round < 500; round += 1) {
        const text = Array.from({ length: draw.below(14) }, () => oneOf(draw, pieces)).join("")
        const result = parseSchedule(text)
        if (result._tag === "Parsed") assert.deepStrictEqual(parsed(printSchedule(result.schedule)), result.schedule)
        else assert.isTrue(result.column >= 1 && result.column <= text.length + 1, text)
      }
    })
  })

  it("has bounds", () => {
    assert.include(known(problemOf(" ".repeat(2 ** 24 + 1)), "a problem").expected, "characters")
    assert.include(known(problemOf("1@1:turn=1,".repeat(1_000_001)), "a problem").expected, "1000000 deviations")
  })

  it("does not spell a symbol it could not read again", () => {
    const symbol = { name: "std::push@GLIBC,1", at: 0x1000 }
    assert.strictEqual(printSchedule([{ task: taskOf("1"), place: placeOf(0x1004, 0, symbol), nth: 0, kind: "turn", option: 1 }]), "1@0x1004:turn=1")
  })
})

describe("a schedule without one of its deviations", () => {
  const all = parsed("1@5:turn=1,1@5/1:preempt=kernel,1@5/2:turn=1,1.1@5/1:turn=0,1@5/2:pick=idle,1@6/1:turn=1") as ReadonlyArray<Deviation>
  it.each([
    ["moves later visits at its count one forward", 0, "1@5:preempt=kernel,1@5/1:turn=1,1.1@5/1:turn=0,1@5/2:pick=idle,1@6/1:turn=1"],
    ["leaves earlier visits where they are", 1, "1@5:turn=1,1@5/1:turn=1,1.1@5/1:turn=0,1@5/2:pick=idle,1@6/1:turn=1"],
    ["moves nothing for a question", 4, "1@5:turn=1,1@5/1:preempt=kernel,1@5/2:turn=1,1.1@5/1:turn=0,1@6/1:turn=1"]
  ] as const)("%s", (_claim, index, expected) => assert.strictEqual(printSchedule(without(all, known(all[index], "a deviation"))), expected))
})
