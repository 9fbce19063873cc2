/** Programs drawn from a seed: arithmetic, memory across pages, calls, loops, strings, and now and then a store into the program itself. */
import type { Stream } from "../../../src/base/prng.ts"
import { pick } from "./law.ts"

const wide = ["rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13"]
const narrow = ["eax", "ecx", "edx", "esi", "edi", "r8d", "r9d", "r10d", "r11d", "r12d", "r13d"]
const bytes = ["al", "cl", "dl", "ah", "ch", "dh", "r8b", "r13b"]
const conditions = ["e", "ne", "b", "ae", "be", "a", "l", "ge", "le", "g", "s", "ns", "o", "no", "p", "np"]
const binary = ["add", "sub", "and", "or", "xor", "cmp", "adc", "sbb", "mov", "test"]
const unary = ["inc", "dec", "neg", "not"]

/** rbx stands in the middle of `data`, which two pages meet in; rbp in a page of its own. */
const place = (draw: Stream): string =>
  draw.oneIn(3) ? `${draw.below(4000)}(%rbp)` : `${draw.below(64) - 36}(%rbx)`

const statement = (draw: Stream, number: number): string => {
  const register = () => pick(draw, wide)
  switch (draw.below(19)) {
    case 0: case 1: return `${pick(draw, binary)} %${register()}, %${register()}`
    case 2: return `${pick(draw, binary)}l $${draw.bits()}, %${pick(draw, narrow)}`
    case 3: return `${pick(draw, binary)} %${pick(draw, bytes.slice(0, 6))}, %${pick(draw, bytes.slice(0, 6))}`
    case 4: case 5: return `${pick(draw, binary)} %${register()}, ${place(draw)}`
    case 6: return `${pick(draw, binary.filter((name) => name !== "test"))} ${place(draw)}, %${pick(draw, narrow)}`
    case 7: return `${pick(draw, unary)}${pick(draw, ["b", "w", "l", "q"])} ${place(draw)}`
    case 8: return `${pick(draw, ["shl", "shr", "sar", "rol", "ror"])} $${draw.below(70)}, %${register()}`
    case 9: return `imul ${place(draw)}, %${register()}`
    case 10: return `set${pick(draw, conditions)} ${place(draw)}`
    case 11: return `cmov${pick(draw, conditions)} %${register()}, %${register()}`
    case 12: return `push %${register()}\n pop %${register()}`
    case 13: return `lock ${pick(draw, ["xadd", "cmpxchg"])} %${register()}, ${place(draw)}`
    case 14: return `lea ${draw.below(60) - 32}(%rbx), %rdi\n mov $${draw.below(5)}, %ecx\n rep ${pick(draw, ["stosb", "stosl", "stosq"])}`
    case 15: return `lea ${draw.below(60) - 32}(%rbx), %rsi\n lea ${draw.below(60) - 32}(%rbx), %rdi\n mov $${draw.below(5)}, %ecx\n rep ${pick(draw, ["movsb", "movsw", "movsq"])}`
    case 16: return `movdqu ${place(draw)}, %xmm${draw.below(4)}\n paddd %xmm${draw.below(4)}, %xmm1\n movdqu %xmm1, ${place(draw)}`
    case 17: return `call leaf${draw.below(3)}`
    default: return selfModifying(draw, number)
  }
}

/** The byte that is added there is another one from now on. */
const selfModifying = (draw: Stream, number: number): string =>
  draw.oneIn(2)
    ? `incb changed${number}+2(%rip)\nchanged${number}: add $1, %${pick(draw, ["eax", "ecx", "edx"])}`
    : `movb $${draw.below(120)}, changed${number}+2(%rip)\nchanged${number}: sub $1, %${pick(draw, ["eax", "ecx", "edx"])}`

/** Blocks in a ring, each left by a branch that depends on the flags; it never ends by itself. */
export const drawnProgram = (draw: Stream): string => {
  const blockCount = 6
  const lines = [".text", ".globl _start", "_start:", " lea middle(%rip), %rbx", " lea page(%rip), %rbp"]
  let number = 0
  for (let block = 0; block < blockCount; block++) {
    lines.push(`block${block}:`)
    for (let count = 3 + draw.below(8); count > 0; count--) lines.push(` ${statement(draw, number++)}`)
    lines.push(` j${pick(draw, conditions)} block${draw.below(blockCount)}`)
  }
  lines.push(" jmp block0", "leaf0: ret", "leaf1: add $3, %rax", " ret", "leaf2: push %rbx", " lea leaf1(%rip), %r13", " call *%r13", " pop %rbx", " ret")
  lines.push(".data", ".balign 4096", "page: .skip 4096", ".skip 4000", ".balign 4096", "middle: .skip 4096", ".skip 4096", "")
  return lines.join("\n")
}
