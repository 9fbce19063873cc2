import { assert, describe, it } from "vitest"
import { callNumber } from "../../src/linux/call-number.ts"
import { errno, type Errno, errnoName } from "../../src/linux/errno.ts"
import { sigcontextRegisters, sigframe } from "../../src/linux/sigframe.ts"
import { type AnySyscall, argument } from "../../src/kernel/syscall/definition.ts"
import { syscalls } from "../../src/kernel/syscall/table.ts"
import { RSP } from "../../src/x86/register.ts"
import { Guest } from "../kernel/guest.ts"
import { type Argument, type Provocation, provocations, unprovoked } from "../kernel/provocations.ts"

const rows: ReadonlyArray<AnySyscall> = Object.values(syscalls)
const RAX = sigcontextRegisters.indexOf(0)

/** What the simulated kernel answers. */
const answer = ({ arguments: values, before = [], call, waits = false, words = [] }: Provocation): string | number => {
  const guest = new Guest()
  const number = (value: Argument) => (value === "tid" ? 1000 : value)
  for (const [at, ...list] of words) guest.words(at, ...list)
  for (const [name, ...list] of before) guest.make(0, name, ...list.map(number))
  const result = guest.make(0, call, ...values.map(number))
  assert.strictEqual(guest.kernel.outcome, undefined, "the run goes on")
  if (!waits) return result
  assert.strictEqual(result, "waits")
  guest.wait()
  const saved = guest.word(guest.registers(0).number(RSP) + sigframe.registers + 8 * RAX)
  return errnoName(Number(-BigInt.asIntN(64, saved))) ?? Number(saved)
}

describe("the table of calls", () => {
  it.each(rows.map((row) => [row.name, row] as const))("%s has the number Linux gives it", (name, { number }) => {
    assert.strictEqual((callNumber as Readonly<Record<string, number>>)[name], number)
  })

  it("has every number once", () => {
    assert.strictEqual(new Set(rows.map(({ number }) => number)).size, rows.length)
  })

  it("answers ENOSYS to a number that is not there, and counts it", () => {
    const guest = new Guest()
    assert.strictEqual(guest.call(0, 9999), "ENOSYS")
    assert.strictEqual(guest.call(0, 9999), "ENOSYS")
    assert.deepStrictEqual([...guest.kernel.state.unknownCalls], [[9999, 2]])
  })
})

describe.each(rows.map((row) => [row.name, row] as const))("call %s", (name, row) => {
  it("has at most six parameters, a summary and a source", () => {
    assert.isAtMost(Object.keys(row.parameters).length, 6)
    assert.isNotEmpty(row.summary)
    assert.match(row.source, /\(2\)/)
  })

  it("lists no errno twice", () => {
    assert.strictEqual(new Set(row.errors).size, row.errors.length)
  })

  it.each(row.errors.map((error) => [error] as const))("can be provoked to %s", (error) => {
    const excuse = (unprovoked as Readonly<Record<string, Partial<Record<Errno, string>>>>)[name]?.[error]
    const isProvoked = provocations.some((one) => one.call === name && one.errno === error)
    assert.isTrue(isProvoked !== (excuse !== undefined), "a provocation, or else a reason why there is none")
  })
})

describe("an errno", () => {
  const spelled = (values: ReadonlyArray<Argument>) => values.map((value) => (typeof value === "string" ? value : `0x${value.toString(16)}`)).join(", ")
  it.each(provocations.map((one) => [`${one.call}(${spelled(one.arguments)})`, one.errno, one] as const))("%s fails with %s", (_call, expected, one) => {
    const row: AnySyscall = syscalls[one.call]
    assert.include(row.errors, expected, "the row lists what it fails with")
    assert.strictEqual(answer(one), expected)
  })
})

describe("arguments", () => {
  const all = 2n ** 64n - 1n
  it.each([
    ["u32", 0x1_8000_0001n, 0x8000_0001],
    ["u32", all, 0xffff_ffff],
    ["i32", 0x1_8000_0001n, -0x7fff_ffff],
    ["i32", all, -1],
    ["i32", 0xffff_ffff_0000_0005n, 5],
    ["i64", all, -1],
    ["u64", all, all],
    ["address", 0x7fff_ffff_f000n, 0x7fff_ffff_f000],
    ["size", 2n ** 63n, 2 ** 63]
  ] as const)("of kind %s read %s as %s", (kind, raw, value) => {
    assert.strictEqual(argument[kind](raw), value)
  })

  it("are cut to what the kernel declares: only 32 bits of a descriptor count", () => {
    const guest = new Guest()
    assert.strictEqual(guest.make(0, "close", 0x7_0000_0001n), 0)
    assert.strictEqual(guest.make(0, "close", 1), "EBADF")
  })
})

it("knows every errno a row lists", () => {
  for (const row of rows) for (const error of row.errors) assert.property(errno, error)
})
