/** A program for any contract, made of its row: two tasks of one CPU each add to the counter of the CPU they are on. */
import type { AbiDefinition } from "../../src/kernel/abi/definition.ts"
import { type RunSpec, specOf } from "../../src/run/start.ts"
import { assembleText } from "./examples.ts"

const REPEAT = 2
/** A bit of the exit status: a task was not registered, or not unregistered. The other one, 1: the sum is wrong. */
export const REFUSED = 2

/** From `handled` on, SIGUSR1 has a handler; it stands behind everything else, for contracts that know no lower bound of a section. */
const text = ({ idiom, name }: AbiDefinition): string => `
#: cpus 2
#: abi ${name}
#: repeat ${REPEAT}
#: task worker x2 cpu=0
#: finally check
        .text
        .globl  worker, check, handled
worker:                                 # rsi: our ordinal
        lea     states(%rip), %r12
        shl     $8, %rsi
        add     %rsi, %r12              # r12: our 256 bytes
        mov     $13, %eax               # rt_sigaction
        mov     $10, %edi               # SIGUSR1
        lea     action(%rip), %rsi
        xor     %edx, %edx
        mov     $8, %r10d
        syscall
handled:
        ${idiom.register}
        test    %rax, %rax
        jnz     refused
        mov     $${REPEAT}, %r13d
again:
        ${idiom.add}
        dec     %r13d
        jnz     again
        ${idiom.unregister}
        test    %rax, %rax
        jz      leave
refused:
        movl    $${REFUSED}, failed(%rip)
leave:  xor     %edi, %edi
        mov     $60, %eax               # exit
        syscall

check:
        mov     counters(%rip), %rax
        add     counters + 64(%rip), %rax
        xor     %edi, %edi
        cmp     $${2 * REPEAT}, %rax
        setne   %dil
        or      failed(%rip), %edi
        mov     $60, %eax
        syscall

        .balign 4096
        nop
handler:
        ret
restorer:
        mov     $15, %eax               # rt_sigreturn
        syscall

        .data
        .balign 8
action: .quad   handler, 0x04000000, restorer, 0
        .bss
        .balign 4096
counters:
        .zero   64 * 2
        .balign 256
states: .zero   256 * 2
failed: .zero   4
`

export const contractSpec = (row: AbiDefinition): RunSpec => specOf(assembleText(text(row), `${row.name}.s`), [row])
