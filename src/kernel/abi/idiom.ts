/**
 * How user code uses a contract, as assembly text, and what makes its calls fail. The laws over the table make their programs
 * and their calls of it, so a contract is held to its behavior by its row.
 *
 * What the text finds: in r12, 256 bytes of the task's own, zero at first and aligned so; `counters`, 64 bytes a CPU. It keeps r13
 * and the stack. Its labels are its own; what does not stand in the flow (descriptors, where an abort goes) comes by `.pushsection`.
 */
import type { Address } from "../../base/ids.ts"
import type { Errno } from "../../linux/errno.ts"
import type { InterruptionKind } from "../../log/choice.ts"

export interface Idiom {
  /** eax: 0 where the task is registered. */
  readonly register: string
  /** Adds 1 to the counter of the CPU on which the task is, and goes on behind the text: once, whatever comes between. */
  readonly add: string
  /** eax: 0 where the task is registered no more. */
  readonly unregister: string
  /** Why an addition may be lost all the same. Left out: none ever is. */
  readonly loses?: string
  /** What keeps it from ever coming back, and why. Left out: nothing does. */
  readonly hangs?: { readonly after: InterruptionKind; readonly why: string }
  /** What the calls that it brings are refused for; an empty list where it brings none. */
  readonly checked: (place: Place) => ReadonlyArray<CheckedCall>
}

/** Memory of the caller. */
export interface Place {
  /** A page to read and write, zero. */
  readonly free: Address
  /** A page of user space that is not there. */
  readonly nowhere: Address
}

type Values = Readonly<Record<string, number>>

/** A call of a contract, and its checks in the order in which the kernel makes them. */
export interface CheckedCall {
  readonly call: string
  /** By the names of its parameters. It succeeds with these, but for a check of no change. */
  readonly values: Values
  /** The same call with other values, made before. */
  readonly after?: Values
  /** 64-bit words that stand somewhere before. */
  readonly words?: ReadonlyArray<readonly [at: Address, ...words: ReadonlyArray<number>]>
  readonly checks: ReadonlyArray<readonly [errno: Errno, change: Values]>
}

/** ebp: the CPU, as the general call tells it; rbx: the counter. The first 8 bytes of the task's are used. */
export const askForCounter = `
        mov     $309, %eax              # getcpu
        mov     %r12, %rdi
        xor     %esi, %esi
        xor     %edx, %edx
        syscall
        mov     (%r12), %ebp
        mov     %ebp, %ebx
        shl     $6, %rbx
        lea     counters(%rip), %rcx
        add     %rcx, %rbx
`
/** A contract that knows no tasks. */
export const needsNoRegistration = "xor %eax, %eax"
