/** Signal frames, byte for byte: written below the interrupted stack, read back by rt_sigreturn. */
import { alignDown, wordOf } from "../base/bits.ts"
import { viewOf } from "../base/bytes.ts"
import type { Address } from "../base/ids.ts"
import { TASK_SIZE } from "../base/ids.ts"
import { SI_KERNEL } from "../linux/siginfo.ts"
import {
  EFLAGS_RF, EFLAGS_TF, FCW_DEFAULT, FRAME_ALIGNMENT_BYTES, fxsave, FXSAVE_ALIGNMENT_BYTES, FXSAVE_BYTES, MXCSR_DEFAULT, MXCSR_MASK,
  RED_ZONE_BYTES, RESTORED_EFLAGS, sigcontext, sigcontextRegisters, sigframe, SIGFRAME_BYTES, trapNumber, UC_FLAGS, USER_SELECTORS
} from "../linux/sigframe.ts"
import { bitOf, SA_ONSTACK, SA_RESTORER, SA_SIGINFO, SIGSEGV, SIGSET_BYTES, SYNCHRONOUS } from "../linux/signal.ts"
import type { Registers } from "../machine/machine.ts"
import { isOnAlternateStack, isWithin, setAlternateStack } from "./altstack.ts"
import type { Kernel } from "./kernel.ts"
import { siginfoBytes } from "./pending.ts"
import type { PendingSignal, SignalAction, Task } from "./state.ts"
import { RSP } from "../x86/register.ts"

const VECTORS_BYTES = 16 * 16
const NO_VECTORS = new Uint8Array(VECTORS_BYTES)

export interface Frame {
  readonly at: Address
  readonly ucontext: Address
  readonly siginfo: Address
  readonly isOnAlternateStack: boolean
}

/** A handler begins with empty vector registers. */
export const clearVectors = (registers: Registers): void => {
  registers.setVectors(NO_VECTORS)
}

/**
 * Where the frame goes. `undefined`: it would leave the alternate stack.
 *
 * Source: Linux arch/x86/kernel/signal.c get_sigframe
 */
const place = (task: Task, rsp: Address, action: SignalAction): { at: Address; image: Address; isOnAlternateStack: boolean } | undefined => {
  const wasOn = isOnAlternateStack(task, rsp)
  let sp = rsp - RED_ZONE_BYTES
  const enters = (action.flags & SA_ONSTACK) !== 0n && task.alternateStack.sizeBytes > 0 && !isOnAlternateStack(task, sp)
  if (enters) sp = task.alternateStack.start + task.alternateStack.sizeBytes
  const image = alignDown(sp - FXSAVE_BYTES, FXSAVE_ALIGNMENT_BYTES)
  // As after a call: rsp is 8 below a multiple of 16 where a function begins.
  const at = alignDown(image - SIGFRAME_BYTES, FRAME_ALIGNMENT_BYTES) - 8
  if ((wasOn || enters) && !isWithin(task, at)) return undefined
  return { at, image, isOnAlternateStack: wasOn || enters }
}

/**
 * Writes the frame of a handler about to be entered; registers are as they will be restored. `undefined`: it cannot be.
 *
 * Source: Linux arch/x86/kernel/signal_64.c x64_setup_rt_frame
 */
export const writeFrame = (kernel: Kernel, task: Task, sent: PendingSignal, action: SignalAction, overrunCount: number): Frame | undefined => {
  if ((action.flags & SA_RESTORER) === 0n) return undefined
  const registers = kernel.registers(task)
  const memory = kernel.memory(task)
  const placed = place(task, registers.number(RSP), action)
  if (placed === undefined || placed.at < 0 || placed.image + FXSAVE_BYTES > TASK_SIZE) return undefined
  const { at, image } = placed
  if (!memory.writeBytes(image, vectorImage(registers))) return undefined

  const bytes = new Uint8Array(SIGFRAME_BYTES)
  const view = viewOf(bytes)
  const put = (offset: number, value: bigint) => view.setBigUint64(offset, value, true)
  const mask = task.savedMask ?? task.blockedSignals
  put(sigframe.restorer, action.restorer)
  put(sigframe.ucFlags, UC_FLAGS)
  put(sigframe.stackStart, wordOf(task.alternateStack.start))
  put(sigframe.stackSize, wordOf(task.alternateStack.sizeBytes))
  view.setUint32(sigframe.stackFlags, task.alternateStack.flags, true)
  for (const [index, register] of sigcontextRegisters.entries()) put(sigframe.registers + 8 * index, registers.get(register))
  const saved = (offset: number, value: bigint) => put(sigframe.registers + offset, value)
  saved(sigcontext.ip, registers.ipExact())
  saved(sigcontext.flags, BigInt(registers.eflags() | (isFault(task, sent) ? EFLAGS_RF : 0)))
  saved(sigcontext.selectors, USER_SELECTORS)
  saved(sigcontext.error, BigInt(task.trap.error))
  saved(sigcontext.trap, BigInt(task.trap.number))
  saved(sigcontext.oldMask, mask)
  saved(sigcontext.cr2, task.trap.address)
  saved(sigcontext.fpstate, BigInt(image))
  put(sigframe.mask, mask)
  if ((action.flags & SA_SIGINFO) !== 0n) bytes.set(siginfoBytes(sent, overrunCount), sigframe.siginfo)

  // Padding, the reserved words and a siginfo that nobody asked for keep what the stack held.
  const parts: ReadonlyArray<readonly [start: number, end: number]> = [
    [sigframe.restorer, sigframe.stackFlags + 4],
    [sigframe.stackSize, sigframe.registersEnd],
    [sigframe.mask, (action.flags & SA_SIGINFO) !== 0n ? SIGFRAME_BYTES : sigframe.siginfo]
  ]
  if (!parts.every(([start, end]) => memory.writeBytes(at + start, bytes.subarray(start, end)))) return undefined
  return { at, ucontext: at + sigframe.ucFlags, siginfo: at + sigframe.siginfo, isOnAlternateStack: placed.isOnAlternateStack }
}

/** The processor sets RF in the flags it saves for a fault, so that a breakpoint there is not met again. */
const isFault = ({ trap }: Task, { code, signal }: PendingSignal): boolean =>
  code > 0 && (SYNCHRONOUS & bitOf(signal)) !== 0n && (code !== SI_KERNEL || (signal === SIGSEGV && trap.number === trapNumber.GP))

/** An fxsave image with empty vector registers. */
const emptyImage = ((): Uint8Array => {
  const bytes = new Uint8Array(FXSAVE_BYTES)
  const view = viewOf(bytes)
  view.setUint16(fxsave.fcw, FCW_DEFAULT, true)
  view.setUint32(fxsave.mxcsr, MXCSR_DEFAULT, true)
  view.setUint32(fxsave.mxcsrMask, MXCSR_MASK, true)
  return bytes
})()

const vectorImage = (registers: Registers): Uint8Array => {
  const bytes = emptyImage.slice()
  bytes.set(registers.vectors(), fxsave.xmm)
  return bytes
}

export type Restored =
  | { readonly _tag: "Restored"; readonly mask: bigint }
  /** The frame cannot be read, or says what no processor accepts. */
  | { readonly _tag: "Bad" }
  | { readonly _tag: "Unsupported"; readonly what: string }
const BAD: Restored = { _tag: "Bad" }

/** Registers and alternate stack from the frame that `rsp` stands 8 bytes into, as the restorer finds it. */
export const readFrame = (kernel: Kernel, task: Task): Restored => {
  const registers = kernel.registers(task)
  const memory = kernel.memory(task)
  const sp = registers.number(RSP)
  const at = sp - 8
  const bytes = at < 0 ? undefined : memory.readBytes(at, sigframe.mask + SIGSET_BYTES)
  if (bytes === undefined) return BAD
  const view = viewOf(bytes)
  const word = (offset: number) => view.getBigUint64(offset, true)
  const saved = (offset: number) => word(sigframe.registers + offset)

  // Whatever is wrong with the stack but its address is overlooked. Source: Linux kernel/signal.c restore_altstack
  setAlternateStack(kernel, task, {
    start: Number(word(sigframe.stackStart)), flags: view.getUint32(sigframe.stackFlags, true), sizeBytes: Number(word(sigframe.stackSize))
  }, sp)
  const image = Number(saved(sigcontext.fpstate))
  const vectors = image === 0 ? undefined : readVectors(memory.readBytes(image, FXSAVE_BYTES), image)
  if (vectors !== undefined && "_tag" in vectors) return vectors
  const savedFlags = Number(saved(sigcontext.flags) & 0xffff_ffffn)
  if ((savedFlags & EFLAGS_TF) !== 0) return { _tag: "Unsupported", what: "a handler set the trap flag, which is not modelled" }
  for (const [index, register] of sigcontextRegisters.entries()) registers.set(register, word(sigframe.registers + 8 * index))
  registers.setIpExact(saved(sigcontext.ip))
  registers.setEflags((registers.eflags() & ~RESTORED_EFLAGS) | (savedFlags & RESTORED_EFLAGS & ~EFLAGS_RF))
  if (vectors === undefined) clearVectors(registers)
  else registers.setVectors(vectors)
  return { _tag: "Restored", mask: word(sigframe.mask) }
}

/** The xmm registers of an fxsave image. x87 and MXCSR are not modelled, so they must be as they were. */
const readVectors = (bytes: Uint8Array | undefined, at: Address): Uint8Array | Restored => {
  if (bytes === undefined || at % 16 !== 0) return BAD
  const view = viewOf(bytes)
  const mxcsr = view.getUint32(fxsave.mxcsr, true)
  if ((mxcsr & ~MXCSR_MASK) !== 0) return BAD
  const isUnused = view.getUint16(fxsave.fcw, true) === FCW_DEFAULT && view.getUint8(fxsave.ftw) === 0 && mxcsr === MXCSR_DEFAULT
  if (!isUnused) return { _tag: "Unsupported", what: "a handler changed the saved x87 or MXCSR state, which is not modelled" }
  return bytes.subarray(fxsave.xmm, fxsave.xmm + VECTORS_BYTES)
}
