import { assert, describe, it } from "vitest"
import { kindNames, type Option, optionName, parseOption, pauseAnswer, type PauseAnswer, pauseOption } from "../../src/log/choice.ts"
import { parseSchedule, type PlacedDeviation, printSchedule, type TypedSchedule } from "../../src/log/schedule.ts"
import { deviationOf, forSeeds, natural, oneOf, task, typedOption } from "../log/arbitrary.ts"

const again = (schedule: TypedSchedule): TypedSchedule | undefined => {
  const result = parseSchedule(printSchedule(schedule))
  return result._tag === "Parsed" ? result.schedule : undefined
}

describe.each(kindNames)("choice %s", (kind) => {
  it("spells every option so that it can be read again", () =>
    forSeeds(200, (draw) => {
      const option: Option = typedOption(draw, kind)
      assert.strictEqual(parseOption(kind, optionName(kind, option)), option)
    }))

  it("survives being printed, by count", () =>
    forSeeds(200, (draw) => {
      const schedule = Array.from({ length: 1 + draw.below(4) }, () => ({ ...deviationOf(draw, kind), option: typedOption(draw, kind) }))
      assert.deepStrictEqual(again(schedule), schedule)
    }))

  it("survives being printed, by place", () =>
    forSeeds(200, (draw) => {
      const placed: PlacedDeviation = {
        task: task(draw),
        place: { symbol: oneOf(draw, [undefined, "push", "_start", ".Lloop$1", "x"]), offset: natural(draw) % 2 ** 47, arrival: natural(draw) },
        nth: natural(draw), kind, option: typedOption(draw, kind)
      }
      assert.deepStrictEqual(again([placed]), [placed])
    }))
})

describe("what happens at a pause", () => {
  it("is an option of its own, which says what it is", () =>
    forSeeds(200, (draw) => {
      const of = oneOf(draw, [0, 1, 31, 64, draw.below(1 << 20)])
      const answer = oneOf<PauseAnswer>(draw, [{ is: "go-on" }, { is: "preempt" }, { is: "turn", of }, { is: "migrate", of }, { is: "signal", of: 1 + (of % 64) }])
      const option = pauseOption(answer)
      assert.deepStrictEqual(pauseAnswer(option), answer)
      assert.match(optionName("pause", option), new RegExp(`^${answer.is}(:|$)`))
    }))
})
