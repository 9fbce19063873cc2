/** cpu_opv as user code calls it: the CPU is asked for, and a vector of one addition performed there, wherever the caller is by then. */
import { CPU_OP_VEC_LEN_MAX, cpuOp, cpuOpNames, SYS_CPU_OPV } from "../../../linux/cpu-opv.ts"
import { errno } from "../../../linux/errno.ts"
import { askForCounter, type Idiom, needsNoRegistration } from "../idiom.ts"

/** Where the task's own bytes hold its vector. */
const VECTOR = 32
const LENGTH_BYTES = 8
const ADD = cpuOpNames.indexOf("ADD")
/** The first two fields of an operation, as one word. */
const head = (op: number): number => op + LENGTH_BYTES * 2 ** 32
/** No address of user space. */
const BEYOND = 2 ** 47
const NO_CPU = 99

export const opvIdiom: Idiom = {
  register: needsNoRegistration,
  add: `${askForCounter}
opv_retry:
        movl    $${ADD}, ${VECTOR + cpuOp.op}(%r12)
        movl    $${LENGTH_BYTES}, ${VECTOR + cpuOp.length}(%r12)
        mov     %rbx, ${VECTOR + cpuOp.a}(%r12)
        movq    $1, ${VECTOR + cpuOp.b}(%r12)
        mov     $${SYS_CPU_OPV}, %eax
        lea     ${VECTOR}(%r12), %rdi
        mov     $1, %esi
        mov     %ebp, %edx
        xor     %r10d, %r10d
        syscall
        cmp     $-${errno.EAGAIN}, %rax
        je      opv_retry
  `,
  unregister: needsNoRegistration,
  hangs: { after: "affinity", why: "the call waits for ever for an online CPU that the caller may not use any more" },
  checked: ({ free, nowhere }) => {
    const [good, badOp, unmapped, expected, target] = [free, free + 64, free + 128, free + 192, free + 256] as const
    return [{
      call: "cpu_opv",
      values: { vector: good, operationCount: 1, cpu: 0, flags: 0 },
      words: [
        [good, head(ADD), target, 1, 0],
        [badOp, head(cpuOpNames.length), target, 1, 0],
        [unmapped, head(ADD), nowhere, 1, 0],
        [expected, head(ADD), nowhere, 1, 1]
      ],
      checks: [
        ["EINVAL", { flags: 1 }], ["EINVAL", { cpu: -1 }], ["EINVAL", { operationCount: -1 }], ["EINVAL", { operationCount: CPU_OP_VEC_LEN_MAX + 1 }],
        ["EFAULT", { vector: BEYOND }], ["EFAULT", { vector: nowhere }], ["EINVAL", { vector: badOp }],
        ["EFAULT", { vector: unmapped }], ["EAGAIN", { vector: expected }], ["EINVAL", { cpu: NO_CPU }]
      ]
    }]
  }
}
