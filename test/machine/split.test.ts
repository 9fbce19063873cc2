/** Read-modify-writes taken apart: first the read, and later the write, come to the same as both at once. */
import { describe, expect, it } from "vitest"
import { READ, WRITE } from "../../src/machine/machine.ts"
import { decode } from "../../src/x86/decode.ts"
import { forms, mayModifyMemory } from "../../src/x86/form.ts"
import { anotherTask, type Guest, guestOf } from "./support/guest.ts"

const modifying = [
  "incb cell", "incw cell", "incl cell", "incq cell", "decl cell", "negq cell", "notl cell",
  "addl $7, cell", "addq %rbx, cell", "adcl %ebx, cell", "subw $3, cell", "sbbq %rbx, cell", "andl $0xf, cell", "orb $1, cell", "xorq %rbx, cell",
  "shll $3, cell", "shrq %cl, cell", "sarl $1, cell", "rolw $4, cell", "rcrl $1, cell", "shldl $5, %ebx, cell",
  "rorl $1, cell", "rclb %cl, cell", "shrdq %cl, %rbx, cell",
  "btsl $3, cell", "btsl %ecx, cell", "btrl $3, cell", "btrw %cx, cell", "btcq $9, cell", "btcq %rcx, cell", "xaddl %ebx, cell", "cmpxchgl %ebx, cell", "cmpxchg8b cell", "cmpxchg16b cell",
  "incl 4094(%rdi)", "xaddq %rbx, 4091(%rdi)"
]
const otherwise = ["lock incl cell", "lock xaddl %ebx, cell", "xchgl %ebx, cell", "incl %ebx", "movl $1, cell", "cmpl $1, cell", "btl $3, cell", "btl %ebx, cell", "leaq cell, %rdi", "pushq cell", "popq cell", "nop", "incl fixed"]

const textOf = (instruction: string): string => `
        .text
_start: ${instruction}
        nop
fixed:  .long   1
other:  movl    $0x55, cell
        incl    4094(%rdi)
        syscall
        .data
        .balign 4096
page:   .zero   64
cell:   .quad   0x8070605040302010, 0x1112131415161718
        .zero   5000
`

/** Flags set, registers with something in them, at the instruction. */
const standing = (instruction: string): Guest => {
  const guest = guestOf(textOf(instruction))
  const { at, registers } = guest
  registers.setEflags(0x8d5)
  registers.set(0, 0x40302010n)
  registers.set(1, 5n)
  registers.set(2, 0x80706050n)
  registers.set(3, 0x0123_4567_89ab_cd03n)
  registers.setNumber(7, at("page"))
  return guest
}

const hashOf = ({ block, machine }: Guest): string => machine.hash([block], { withCounts: true })

describe("a read-modify-write", () => {
  it.each(modifying)("%s is the same in two", (instruction) => {
    const whole = standing(instruction)
    expect(whole.machine.run(whole.block, 1, false)._tag).toBe("BudgetSpent")
    const guest = standing(instruction)
    const { at, block, machine, memory } = guest
    const before = memory.readBytes(at("page"), 5_000)
    expect(machine.maySplit(block)).toBe(true)
    expect(machine.isInFlight(block)).toBe(false)
    expect(machine.split(block)._tag).toBe("BudgetSpent")
    expect(machine.isInFlight(block)).toBe(true)
    expect(memory.readBytes(at("page"), 5_000)).toEqual(before)
    const between = hashOf(guest)
    machine.land(block)
    expect(machine.isInFlight(block)).toBe(false)
    expect(hashOf(guest)).toBe(hashOf(whole))
    expect(between).not.toBe(hashOf(guest))
  })

  it("is said of every form that modifies memory", () => {
    const shown = modifying.map((instruction) => {
      const { at, memory } = standing(instruction)
      const decoded = decode(memory.readBytes(at("_start"), 15) ?? new Uint8Array(), at("_start"))
      return decoded === "truncated" ? "" : decoded.form.row.name
    })
    const rows = new Set(forms.filter(mayModifyMemory).map(({ row: { name } }) => name))
    expect(new Set([...shown, "xchg"])).toEqual(rows)
  })
})

describe("what may not be split", () => {
  it.each(otherwise)("%s", (instruction) => {
    const guest = standing(instruction)
    const before = hashOf(guest)
    expect(guest.machine.maySplit(guest.block)).toBe(false)
    expect(hashOf(guest)).toBe(before)
  })
  it("an instruction whose page may only be read", () => {
    const guest = standing("incl cell")
    const start = guest.at("page")
    guest.machine.protect(guest.space, { start, end: start + 4096 }, READ)
    expect(guest.machine.maySplit(guest.block)).toBe(false)
    guest.machine.protect(guest.space, { start, end: start + 4096 }, READ | WRITE)
    expect(guest.machine.maySplit(guest.block)).toBe(true)
  })
})

describe("a write in flight", () => {
  it("loses what was written meanwhile", () => {
    const guest = standing("addl $1, cell")
    const { at, block, machine, memory } = guest
    machine.split(block)
    const other = anotherTask(guest, "other")
    machine.run(other, 1, false)
    expect(memory.read32(at("cell"))).toBe(0x55)
    machine.land(block)
    expect(memory.read32(at("cell"))).toBe(0x40302011)
  })

  it("is in a snapshot, and comes back with it", () => {
    const guest = standing("addl $1, cell")
    const { at, block, machine, memory } = guest
    machine.split(block)
    const snapshot = machine.snapshot()
    const hash = hashOf(guest)
    machine.land(block)
    const landed = hashOf(guest)
    for (let time = 0; time < 2; time++) {
      machine.restore(snapshot)
      expect([machine.isInFlight(block), hashOf(guest), memory.read32(at("cell"))]).toEqual([true, hash, 0x40302010])
      machine.land(block)
      expect(hashOf(guest)).toBe(landed)
    }
  })

  it("is seen as a read, and as a write when it lands", () => {
    const guest = standing("addl $1, cell")
    const { at, block, machine } = guest
    machine.setWatches([{ start: at("cell"), end: at("cell") + 4 }])
    machine.split(block)
    const access = { block, count: 0, ip: at("_start"), address: at("cell"), sizeBytes: 4, isLocked: false }
    expect(machine.drainWatches()).toEqual([{ ...access, isRead: true, isWrite: false, before: 0x40302010n, after: 0x40302010n }])
    machine.run(anotherTask(guest, "other"), 1, false)
    machine.drainWatches()
    machine.land(block)
    expect(machine.drainWatches()).toEqual([{ ...access, isRead: false, isWrite: true, before: 0x55n, after: 0x40302011n }])
  })

  it("meets no mark, which is told beforehand", () => {
    const guest = standing("addl $1, cell")
    const { at, block, machine } = guest
    expect(machine.markAt(block)).toBeUndefined()
    machine.setMarks([{ _tag: "Accessed", start: at("cell"), end: at("cell") + 1, by: "write" }])
    expect(machine.markAt(block)).toMatchObject({ _tag: "Access", address: at("cell"), kind: "modify" })
    for (const mark of [{ _tag: "Executed", at: at("_start") }, { _tag: "EveryInstruction" }] as const) {
      machine.setMarks([mark])
      expect(machine.markAt(block)).toEqual({ _tag: "Execution", ip: at("_start") })
    }
    expect(machine.maySplit(block)).toBe(true)
    expect(machine.split(block)._tag).toBe("BudgetSpent")
  })

  it("that changes code is executed once it has landed, and not before", () => {
    // The immediate of `mov $1, %eax` at `patched` is incremented.
    const guest = guestOf(`
        .text
_start: incl    patched + 1
patched: mov    $1, %eax
        syscall
`, { protection: 7 })
    const { at, block, machine, registers } = guest
    machine.split(block)
    const reader = anotherTask(guest, "patched")
    machine.run(reader, 10, false)
    machine.land(block)
    machine.run(block, 10, false)
    expect([machine.registers(reader).number(0), registers.number(0)]).toEqual([1, 2])
    expect(at("patched")).toBeGreaterThan(0)
  })
})
