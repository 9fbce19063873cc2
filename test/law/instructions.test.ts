/** What every row of the instruction table owes, and every form that comes of it. */
import { describe, expect, it } from "vitest"
import { viewOf } from "../../src/base/bytes.ts"
import { decode } from "../../src/x86/decode.ts"
import {
  FORM_BYTES, GENERAL_ADDRESS, LENGTH_MASK, LOCKED_BIT, field, formNamed, forms, isGeneralAddress, writeForm
} from "../../src/x86/form.ts"
import { hottest } from "../../src/x86/instruction/hottest.ts"
import { instructionRows } from "../../src/x86/instruction/table.ts"
import { printInstruction } from "../../src/x86/print.ts"
import { caseOf } from "../hardware/case.ts"
import { Draw } from "../hardware/draw.ts"
import { sampleOf } from "../hardware/encoding.ts"
import { answersTo, engineNames } from "../hardware/engines.ts"
import { encodingsOf, unjudged } from "../hardware/judged.ts"
import { everything } from "../hardware/open.ts"
import { CODE } from "../hardware/place.ts"
import { differences } from "../hardware/result.ts"

const seed = process.env["RSEQLAB_SEED"] ?? "law"
const SAMPLES_PER_FORM = 6

/** Letters that stand for operands which are declared, one access each. */
const explicitAccesses = (access: ReadonlyArray<string>): number => access.filter((each) => each !== "push" && each !== "pop").length

describe.each(instructionRows)("instruction $name", (row) => {
  it("says where its meaning comes from, and what flags that leaves open", () => {
    expect(row.source.length).toBeGreaterThan(10)
    for (const { flags } of row.open ?? []) expect(flags.length).toBeGreaterThan(0)
  })

  it("declares an access for each letter of each shape", () => {
    for (const shape of row.shapes) {
      expect(shape).toMatch(/^(\*|[rmixvcj]{0,3})$/)
      if (shape !== "*") expect(shape.length, shape).toBe(explicitAccesses(row.access))
    }
  })

  it("may be locked if, and only if, an encoding of it may", () => {
    const encodings = forms.filter((form) => form.row === row).flatMap(encodingsOf)
    expect(encodings.some(({ prefix }) => prefix === "lock")).toBe(row.mayBeLocked ?? false)
  })
})

describe("forms", () => {
  it("are numbered densely, the hottest first, and each by one name", () => {
    expect(forms.map(({ code }) => code)).toEqual(forms.map((_, at) => at))
    expect(forms.slice(0, hottest.length).map(({ name }) => name)).toEqual(hottest)
    const heats = ["hottest", "common", "rare"]
    const ranks = forms.map(({ heat }) => heats.indexOf(heat))
    expect(ranks).toEqual([...ranks].sort((one, other) => one - other))
    for (const form of forms) expect(formNamed(form.name)).toBe(form)
  })

  it("are each reached by an encoding: no shape is dead", () => {
    expect(forms.filter((form) => encodingsOf(form).length === 0).map(({ name }) => name)).toEqual([])
  })
})

describe.each(forms)("form $name", (form) => {
  const draw = new Draw(seed, form.name)
  const samples = Array.from({ length: SAMPLES_PER_FORM }, () => sampleOf(form, encodingsOf(form), draw))

  it("is what its bytes decode to, whatever follows them", () => {
    for (const { bytes, instruction } of samples) {
      const text = printInstruction(bytes, CODE)
      expect(instruction.form.name, text).toBe(form.name)
      expect(instruction.lengthBytes, text).toBe(bytes.length)
      expect(decode(Uint8Array.of(...bytes, 0xcc, 0xcc), CODE), text).toEqual(instruction)
    }
  })

  it("survives being written as a record", () => {
    for (const { instruction } of samples) {
      const record = viewOf(new Uint8Array(2 * FORM_BYTES).fill(0xff))
      writeForm(record, FORM_BYTES, instruction)
      const at = (name: keyof typeof field): number => FORM_BYTES + field[name]
      expect(record.getUint16(at("code"), true)).toBe(form.code | (isGeneralAddress(instruction) ? GENERAL_ADDRESS : 0))
      expect([record.getUint8(at("d")), record.getUint8(at("s")), record.getUint8(at("base")), record.getUint8(at("index"))])
        .toEqual([instruction.d, instruction.s, instruction.base, instruction.index])
      expect(record.getUint8(at("tail")) & LENGTH_MASK).toBe(instruction.lengthBytes)
      expect((record.getUint8(at("tail")) & LOCKED_BIT) !== 0).toBe(instruction.isLocked)
      expect(record.getBigInt64(at("displacement"), true)).toBe(instruction.displacement)
      expect(record.getBigInt64(at("immediate"), true)).toBe(instruction.immediate)
      expect(record.getBigInt64(at("ip"), true)).toBe(BigInt(CODE))
      expect(record.getBigUint64(0, true)).toBe(0xffff_ffff_ffff_ffffn)
    }
  })

  it.skipIf(Object.hasOwn(unjudged, form.row.name))(`means the same to every engine: ${engineNames}`, () => {
    for (const [number, sample] of samples.entries()) {
      const tested = caseOf(sample, draw, number % 2 === 0)
      const [reference, ...others] = answersTo(tested, true)
      if (reference === undefined) continue
      for (const { engine, result } of others) {
        const found = differences(tested, reference.result, result, everything)
        expect(found.join("\n"), `seed ${seed}: ${printInstruction(sample.bytes, CODE)} [${engine.name}]`).toBe("")
      }
    }
  })
})
