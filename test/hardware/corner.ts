/** What operands drawn at random reach too seldom: the stack pointer as operand and base, one register twice, high bytes beside their own register. */
import { assert } from "../../src/base/assert.ts"
import { assemble } from "../../src/program/assemble/assemble.ts"
import { decode } from "../../src/x86/decode.ts"
import type { Sample } from "./encoding.ts"
import { CODE } from "./place.ts"

export const cornerTexts: ReadonlyArray<string> = [
  "push %rsp", "pop %rsp", "push (%rsp)", "pop (%rsp)", "pop 8(%rsp)", "pop -16(%rsp)", "push 8(%rsp)", "pushw %sp", "popw %sp", "popw (%rsp)",
  "pushw -2(%rsp)", "mov (%rsp), %rsp", "mov %rsp, (%rsp)", "xchg %rsp, (%rsp)", "xchg %rsp, %rsp", "call *%rsp", "call *(%rsp)", "call *8(%rsp)",
  "jmp *(%rsp)", "leave", "lea (%rsp,%rax), %rsp", "sub %rsp, %rsp", "inc %rsp", "neg %rsp", "add %rsp, (%rsp)", "adc (%rsp), %rsp",
  "cmovne %esp, %esp", "mov (%esp), %eax", "lock xadd %rsp, (%rsp)",
  "xadd %rax, %rax", "xadd %eax, %eax", "xadd %ah, %al", "xchg %eax, %eax", "xchg %al, %ah", "xchg %rax, (%rax)", "xadd %al, %ah",
  "add %ah, %al", "add %al, %ah", "mov %al, %ah", "mov %ah, %al", "imul %ah", "mul %ah", "div %ah", "idiv %ah", "movzx %ah, %eax",
  "movsx %ch, %esi", "cmpxchg %rcx, %rax", "cmpxchg %ecx, %eax", "cmpxchg %al, %ah", "cmpxchg %ah, %al", "cmpxchg %rax, %rcx",
  "cmpxchg %rax, %rax", "cmpxchg %eax, (%rax)", "lock cmpxchg8b (%rdx)", "lock cmpxchg16b (%rax)", "cmpxchg16b (%rbx)",
  "imul %rax, %rax", "imul $3, %rax, %rax", "sbb %eax, %eax", "sbb %al, %al", "mul %rdx", "div %rdx", "div %rax", "idiv %rdx", "idiv %rax",
  "shl %cl, %cl", "shl %cl, %ch", "ror %cl, %ecx", "rcl %cl, %rcx", "sar %cl, %cx", "shld %cl, %ecx, %ecx", "shrd %cl, %rax, %rcx",
  "shl $0, %eax", "shl $32, %eax", "shl $64, %rax", "shlq $0, (%rax)", "shld $0, %eax, %ebx", "rol $8, %al", "rcr $9, %al", "rcl $17, %ax",
  "sete %ah", "bsf %eax, %eax", "bsr %rcx, %rcx", "bt %rax, (%rax)", "bts %eax, %eax", "btc %rcx, (%rcx)", "btr %ax, %ax",
  "lea -1(%rax,%rcx,8), %eax", "lea 5(%eax,%ecx,4), %rax", "lea (%rax,%rax), %rax", "bswap %esp", "cwde", "cbw", "cwd", "cqo",
  "rep movsb", "rep stosq", "std", "cld", "lahf", "sahf", "pushf", "cmc",
  "movd %eax, %xmm0", "movq %xmm0, %rax", "movq %xmm1, %xmm1", "pxor %xmm3, %xmm3", "pandn %xmm2, %xmm2", "psubb %xmm5, %xmm5",
  "movhlps %xmm1, %xmm1", "movlhps %xmm1, %xmm1", "movss %xmm4, %xmm4", "shufps $0x1b, %xmm7, %xmm7", "psllq %xmm6, %xmm6",
  "punpcklbw %xmm1, %xmm1", "packuswb %xmm9, %xmm9", "pshufd $0, %xmm1, %xmm1", "pslldq $16, %xmm1", "psrldq $255, %xmm1"
]

const LABEL = "corner"

/** The corners as instructions, assembled by us. */
export const corners = (): ReadonlyArray<Sample> => {
  const text = cornerTexts.map((line, number) => `${LABEL}${number}:\n  ${line}`).join("\n")
  const assembled = assemble(`.globl _start\n.text\n_start:\n${text}\n${LABEL}${cornerTexts.length}:\n  nop\n`, "corners.s")
  assert(assembled._tag === "Assembled", `the corners assemble: ${JSON.stringify(assembled).slice(0, 500)}`)
  const { segments, symbols } = assembled.program
  const at = new Map(symbols.map((symbol) => [symbol.name, symbol.at]))
  return cornerTexts.map((line, number) => {
    const start = at.get(`${LABEL}${number}`)
    const end = at.get(`${LABEL}${number + 1}`)
    const segment = segments.find((each) => start !== undefined && each.start <= start && start < each.start + each.bytes.length)
    assert(start !== undefined && end !== undefined && segment !== undefined, `${line} is somewhere`)
    const bytes = segment.bytes.slice(start - segment.start, end - segment.start)
    const instruction = decode(bytes, CODE)
    assert(instruction !== "truncated", `${line} is whole`)
    return { bytes, instruction }
  })
}
