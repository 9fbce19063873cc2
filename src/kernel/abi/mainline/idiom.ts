/**
 * rseq(2) as user libraries use it: the CPU is read before the section and compared in it, the store is its last instruction.
 *
 * Source: rseq(2) of librseq; tools/testing/selftests/rseq/rseq-x86-bits.h
 */
import { MEMBARRIER_CMD_FLAG_CPU, membarrierCommand } from "../../../linux/membarrier.ts"
import { RSEQ_FLAG_UNREGISTER, RSEQ_ORIGINAL_BYTES, RSEQ_SIG, rseqArea, SYS_RSEQ } from "../../../linux/rseq.ts"
import type { CheckedCall, Idiom, Place } from "../idiom.ts"
import type { Generation } from "./generation.ts"

const { PRIVATE_EXPEDITED_RSEQ, REGISTER_PRIVATE_EXPEDITED_RSEQ } = membarrierCommand
/** Further bits of `flags`, which nobody has given a meaning. */
const UNKNOWN_FLAG = 0x100
/** No address of user space. */
const BEYOND = 2 ** 47

const callRseq = (flags: number): string => `
        mov     $${SYS_RSEQ}, %eax
        mov     %r12, %rdi
        mov     $${RSEQ_ORIGINAL_BYTES}, %esi
        mov     $${flags}, %edx
        mov     $${RSEQ_SIG}, %r10d
        syscall
`

const add = `
rseq_retry:
        mov     ${rseqArea.cpuIdStart}(%r12), %eax
        mov     %eax, %ebx
        shl     $6, %rbx
        lea     counters(%rip), %rcx
        add     %rcx, %rbx
        lea     rseq_descriptor(%rip), %rcx
        mov     %rcx, ${rseqArea.rseqCs}(%r12)
rseq_start:
        cmp     %eax, ${rseqArea.cpuId}(%r12)
        jne     rseq_aborted
        mov     (%rbx), %rcx
        inc     %rcx
        mov     %rcx, (%rbx)
rseq_post_commit:

        .pushsection __rseq_failure, "ax"
        .byte   0x0f, 0xb9, 0x3d
        .long   ${RSEQ_SIG}
rseq_aborted:
        jmp     rseq_retry
        .popsection
        .pushsection __rseq_cs, "aw"
        .balign 32
rseq_descriptor:
        .long   0, 0
        .quad   rseq_start, rseq_post_commit - rseq_start, rseq_aborted
        .popsection
`

const rseqChecked = ({ refusesBitsBesideUnregister }: Generation, area: number): ReadonlyArray<CheckedCall> => {
  const values = { area, areaBytes: RSEQ_ORIGINAL_BYTES, flags: 0, signature: RSEQ_SIG }
  const unregister = { ...values, flags: RSEQ_FLAG_UNREGISTER }
  const isOfAnother = [["EINVAL", { area: area + RSEQ_ORIGINAL_BYTES }], ["EINVAL", { areaBytes: 2 * RSEQ_ORIGINAL_BYTES }], ["EPERM", { signature: 0 }]] as const
  return [
    {
      call: "rseq", values,
      checks: [
        ["EINVAL", { flags: UNKNOWN_FLAG }], ["EINVAL", { flags: RSEQ_FLAG_UNREGISTER }],
        ["EINVAL", { area: area + 1 }], ["EINVAL", { areaBytes: RSEQ_ORIGINAL_BYTES - 1 }], ["EFAULT", { area: BEYOND }]
      ]
    },
    { call: "rseq", values, after: values, checks: [["EINVAL", { flags: UNKNOWN_FLAG }], ...isOfAnother, ["EBUSY", {}]] },
    {
      call: "rseq", values: unregister, after: values,
      checks: refusesBitsBesideUnregister ? [["EINVAL", { flags: RSEQ_FLAG_UNREGISTER | UNKNOWN_FLAG }], ...isOfAnother] : isOfAnother
    }
  ]
}

const restart = { command: PRIVATE_EXPEDITED_RSEQ, flags: 0, cpu: 0 }
const registerToRestart = { ...restart, command: REGISTER_PRIVATE_EXPEDITED_RSEQ }
/** One more than the flag there is: any CPU, and something else. */
const badFlags = { flags: MEMBARRIER_CMD_FLAG_CPU + 1 }
const membarrierChecked: ReadonlyArray<CheckedCall> = [
  { call: "membarrier", values: restart, checks: [["EINVAL", { command: 3 }], ["EINVAL", badFlags], ["EPERM", {}]] },
  { call: "membarrier", values: restart, after: registerToRestart, checks: [["EINVAL", badFlags]] },
  { call: "membarrier", values: registerToRestart, checks: [["EINVAL", { flags: MEMBARRIER_CMD_FLAG_CPU }]] }
]

export const idiomOf = (generation: Generation): Idiom => ({
  register: callRseq(0),
  add,
  unregister: callRseq(RSEQ_FLAG_UNREGISTER),
  checked: ({ free }: Place) => [...rseqChecked(generation, free), ...(generation.hasRseqMembarrier ? membarrierChecked : [])]
})
