import { describe, expect, it } from "vitest"
import { known } from "../../src/base/assert.ts"
import { type Condition, type FlagName, conditions, flagBit, flagNames } from "../../src/x86/flag.ts"
import {
  type Bind, type FlagWords, arithmeticWords, conditionOf, flagOf, patchedWords, resultWords, statusImage, stepWords, wordsOfImage
} from "../../src/x86/lazy-flag.ts"
import type { Width } from "../../src/x86/register.ts"
import { type I64, type Value, long } from "../../src/x86/value.ts"
import { Draw } from "../hardware/draw.ts"

const bind: Bind = (value) => value
const numberOf = (value: Value): bigint => known(value.constant, "constants fold")
const imageOf = (words: FlagWords): number => Number(numberOf(statusImage(words)))
const widths: ReadonlyArray<Width> = [8, 16, 32, 64]

/** Every combination of the six flags, as images. */
const images = Array.from({ length: 64 }, (_, combination) =>
  flagNames.reduce((image, name, bit) => image | (((combination >> bit) & 1) << flagBit[name]), 0))

const fromImage = (image: number): FlagWords => wordsOfImage(long(BigInt(image)))
const has = (image: number, name: FlagName): boolean => ((image >> flagBit[name]) & 1) === 1

/** By the definitions: Intel SDM 1, appendix B. */
const holds = (image: number, condition: Condition): boolean => {
  const [CF, PF, ZF, SF, OF] = (["CF", "PF", "ZF", "SF", "OF"] as const).map((name) => has(image, name))
  const answers: Readonly<Record<string, boolean>> = {
    o: OF === true, b: CF === true, e: ZF === true, be: CF === true || ZF === true, s: SF === true, p: PF === true, l: SF !== OF,
    le: ZF === true || SF !== OF
  }
  const code = conditions.indexOf(condition)
  const positive = known(answers[conditions[code & ~1] ?? ""], "a condition or its negation")
  return code % 2 === 0 ? positive : !positive
}

/** The image after a sum or a difference, by counting in more bits than there are. */
const expected = (of: "sum" | "difference", width: Width, a: bigint, b: bigint, carry: bigint): number => {
  const exact = (cut: (value: bigint) => bigint): bigint => (of === "sum" ? cut(a) + cut(b) + carry : cut(a) - cut(b) - carry)
  const overflows = (cut: (value: bigint) => bigint): boolean => cut(exact(cut)) !== exact(cut)
  const result = BigInt.asUintN(width, exact((value) => value))
  const ones = (result & 0xffn).toString(2).replaceAll("0", "").length
  const flags: Readonly<Record<FlagName, boolean>> = {
    CF: overflows((value) => BigInt.asUintN(width, value)),
    AF: overflows((value) => BigInt.asUintN(4, value)),
    OF: overflows((value) => BigInt.asIntN(width, value)),
    ZF: result === 0n,
    SF: BigInt.asIntN(width, result) < 0n,
    PF: ones % 2 === 0
  }
  return flagNames.reduce((image, name) => image | (flags[name] ? 1 << flagBit[name] : 0), 0)
}

const signed = (width: Width, value: bigint): I64 => long(BigInt.asIntN(width, value))

describe("flags in two words", () => {
  it("represent every combination of the six", () => {
    for (const image of images) {
      expect(imageOf(fromImage(image))).toBe(image)
      for (const name of flagNames) expect(numberOf(flagOf(fromImage(image), name))).toBe(has(image, name) ? 1n : 0n)
    }
  })

  it("answer every condition on every combination", () => {
    for (const image of images) {
      for (const condition of conditions) {
        expect(numberOf(conditionOf(fromImage(image), condition)), `${condition} of ${image}`).toBe(holds(image, condition) ? 1n : 0n)
      }
    }
  })

  for (const width of widths) {
    it(`are those of a sum and of a difference of ${width} bits`, () => {
      const draw = new Draw("lazy-flag", `arithmetic ${width}`)
      for (let round = 0; round < 2000; round++) {
        const [a, b] = round % 2 === 0 ? [draw.edge(), draw.edge()] : [draw.any(), draw.any()]
        const carry = BigInt(draw.below(2))
        for (const of of ["sum", "difference"] as const) {
          const result = signed(width, of === "sum" ? a + b + carry : a - b - carry)
          const words = arithmeticWords(bind, of, width, result, signed(width, a), signed(width, b))
          expect(imageOf(words), `${of} of ${a} and ${b}, carry ${carry}`).toBe(expected(of, width, a, b, carry))
        }
      }
    })

    it(`keep CF over an increment and a decrement of ${width} bits`, () => {
      const draw = new Draw("lazy-flag", `step ${width}`)
      for (let round = 0; round < 500; round++) {
        const a = round % 2 === 0 ? draw.edge() : draw.any()
        const before = draw.pick(images)
        for (const of of ["increment", "decrement"] as const) {
          const result = signed(width, of === "increment" ? a + 1n : a - 1n)
          const words = stepWords(bind, of, width, result, fromImage(before).auxiliary)
          const whole = expected(of === "increment" ? "sum" : "difference", width, a, 1n, 0n)
          expect(imageOf(words), `${of} of ${a}`).toBe((whole & ~1) | (before & 1))
        }
      }
    })
  }

  it("take CF, OF and AF as given beside a result", () => {
    for (const image of images) {
      const given = { CF: long(has(image, "CF") ? 1n : 0n), OF: long(has(image, "OF") ? 1n : 0n), AF: long(has(image, "AF") ? 1n : 0n) }
      const words = resultWords(bind, long(-2n), given)
      const results = 1 << flagBit.SF
      const kept = (1 << flagBit.CF) | (1 << flagBit.OF) | (1 << flagBit.AF)
      expect(imageOf(words)).toBe(results | (image & kept))
    }
  })

  it("change only what is patched", () => {
    for (const before of images) {
      for (const after of images) {
        for (const names of [["CF"], ["OF"], ["ZF"], ["CF", "OF"], ["CF", "ZF", "SF"], flagNames] as ReadonlyArray<ReadonlyArray<FlagName>>) {
          const given = Object.fromEntries(names.map((name) => [name, long(has(after, name) ? 1n : 0n)]))
          const mask = names.reduce((bits, name) => bits | (1 << flagBit[name]), 0)
          expect(imageOf(patchedWords(bind, fromImage(before), given))).toBe((before & ~mask) | (after & mask))
        }
      }
    }
  })
})
