/** What speaks to the system, what does nothing, and what is refused. */
import { DIRECTION_FLAG, FIXED_FLAGS, STATUS_FLAGS } from "../flag.ts"
import { R11, RAX, RBX, RCX, RDX } from "../register.ts"
import { type I64, int, long, select } from "../value.ts"
import { cpuidLeaves } from "./cpuid.ts"
import { defineInstruction } from "./definition.ts"
import { flagsImage, setFlagsImage } from "./image.ts"

const syscall = defineInstruction({
  name: "syscall",
  access: [],
  shapes: [""],
  widths: [64],
  source: "Intel SDM 2B, SYSCALL: rcx takes the address behind it, r11 the flags",
  body: (e) => {
    e.register(RCX, 64).write(e.next())
    e.register(R11, 64).write(flagsImage(e, STATUS_FLAGS | DIRECTION_FLAG).or(BigInt(FIXED_FLAGS)))
    e.retireAndStop("Call")
  }
})

const pause = defineInstruction({
  name: "pause",
  access: [],
  shapes: [""],
  widths: [64],
  source: "Intel SDM 2B, PAUSE",
  body: (e) => e.retireAndStop("Paused")
})

const int3 = defineInstruction({
  name: "int3",
  access: [],
  shapes: [""],
  widths: [64],
  isRare: true,
  source: "Intel SDM 2A, INT3: a trap, so the address behind it is reported",
  body: (e) => e.retireAndStop("Breakpoint")
})

const nop = defineInstruction({
  name: "nop",
  mnemonics: [
    "nop", "endbr64", "endbr32", "prefetcht0", "prefetcht1", "prefetcht2", "prefetchnta", "prefetchw", "prefetchwt1",
    "prefetch", "mfence", "lfence", "sfence", "cldemote", "reservednop", "rdsspd", "rdsspq"
  ],
  access: [],
  shapes: ["*"],
  widths: [64],
  // Memory is sequentially consistent, so a fence has nothing to do; without CET, RDSSP is a NOP.
  source: "Intel SDM 2B, NOP, ENDBR64, PREFETCHh, MFENCE, RDSSPD/RDSSPQ",
  body: () => {}
})

const cpuid = defineInstruction({
  name: "cpuid",
  access: [],
  shapes: [""],
  widths: [64],
  isRare: true,
  source: "Intel SDM 2A, CPUID; the answers are those of cpuid.ts",
  body: (e) => {
    const leaf = e.let(e.register(RAX, 32).read().unsigned(32))
    const answer = (register: "eax" | "ebx" | "ecx" | "edx"): I64 =>
      e.let(cpuidLeaves.reduce((rest, row) => select(leaf.eq(row.leaf), long(row[register]), rest), long(0n)))
    const answers = [answer("eax"), answer("ebx"), answer("ecx"), answer("edx")]
    for (const [at, register] of [RAX, RBX, RCX, RDX].entries()) e.register(register, 32).write(answers[at] ?? long(0n))
  }
})

/** Bits of ah: the flags of the low byte of eflags. */
const AH_FLAGS = STATUS_FLAGS & 0xff

const lahf = defineInstruction({
  name: "lahf",
  access: [],
  shapes: [""],
  widths: [64],
  isRare: true,
  source: "Intel SDM 2A, LAHF",
  body: (e) => {
    const high = flagsImage(e, AH_FLAGS).or(BigInt(FIXED_FLAGS & 0xff)).shl(8n)
    const accumulator = e.register(RAX, 16)
    accumulator.write(accumulator.read().unsigned(8).or(high))
  }
})

const sahf = defineInstruction({
  name: "sahf",
  access: [],
  shapes: [""],
  widths: [64],
  isRare: true,
  source: "Intel SDM 2B, SAHF",
  body: (e) => setFlagsImage(e, e.let(e.register(RAX, 64).read().shrU(8n)), AH_FLAGS)
})

const carry = <const Name extends string>(name: Name, change: (carry: I64) => I64) => defineInstruction({
  name,
  access: [],
  shapes: [""],
  widths: [64],
  isRare: true,
  source: "Intel SDM 2, CLC, STC, CMC",
  body: (e) => e.patchFlags({ CF: e.let(change(e.flag("CF"))) })
})

const direction = <const Name extends string>(name: Name, value: bigint) => defineInstruction({
  name,
  access: [],
  shapes: [""],
  widths: [64],
  isRare: true,
  source: "Intel SDM 2, CLD, STD",
  body: (e) => e.setDirection(long(value))
})

const undefinedInstruction = defineInstruction({
  name: "ud",
  mnemonics: ["ud0", "ud1", "ud2"],
  access: [],
  shapes: ["*"],
  widths: [64],
  flow: "stop",
  isRare: true,
  source: "Intel SDM 2B, UD; the decoder gives this form to encodings that no processor accepts",
  body: (e) => e.stopIf(int(1), "InvalidOpcode")
})

const privileged = defineInstruction({
  name: "privileged",
  mnemonics: [
    "hlt", "cli", "sti", "in", "out", "insb", "insw", "insd", "outsb", "outsw", "outsd",
    "lldt", "ltr", "lgdt", "lidt", "lmsw", "invlpg", "swapgs", "clts", "sysret", "sysretq", "sysexit", "sysexitq", "invd", "wbinvd", "rdmsr", "wrmsr"
  ],
  access: [],
  shapes: ["*"],
  widths: [64],
  flow: "stop",
  isRare: true,
  source: "Intel SDM 3A, 5.9; the decoder adds moves of control and debug registers",
  body: (e) => e.stopIf(int(1), "GeneralProtection")
})

const unsupported = defineInstruction({
  name: "unsupported",
  mnemonics: [],
  access: [],
  shapes: ["*"],
  widths: [64],
  mayBeLocked: true,
  flow: "stop",
  isRare: true,
  source: "Everything that no other row models: the documented stop",
  body: (e) => e.stopIf(int(1), "Unsupported")
})

export const system = [
  syscall, pause, int3, nop, cpuid, lahf, sahf,
  carry("clc", () => long(0n)), carry("stc", () => long(1n)), carry("cmc", (flag) => flag.xor(1n)),
  direction("cld", 0n), direction("std", 1n),
  undefinedInstruction, privileged, unsupported
]
