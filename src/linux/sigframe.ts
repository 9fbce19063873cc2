/**
 * The frame an x86-64 signal handler finds on its stack, as offsets in bytes from rsp at its entry.
 *
 *       0  return address: the restorer
 *       8  ucontext: flags, link, alternate stack (pointer, flags, size), registers, mask
 *     312  siginfo
 *     440  end; the fxsave image stands above, at a multiple of 64
 *
 * Source: Linux arch/x86/include/asm/sigframe.h, arch/x86/include/uapi/asm/sigcontext.h, asm-generic/ucontext.h
 */
export const SIGFRAME_BYTES = 440
export const sigframe = {
  restorer: 0,
  ucFlags: 8, ucLink: 16,
  stackStart: 24, stackFlags: 32, stackSize: 40,
  registers: 48,
  /** From the first register to `fpstate`; 64 bytes after it are reserved and never written. */
  registersEnd: 240,
  fpstate: 232,
  mask: 304,
  siginfo: 312
} as const

/** Integer registers in the order of `struct sigcontext`, by number: r8 … r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp. */
export const sigcontextRegisters = [8, 9, 10, 11, 12, 13, 14, 15, 7, 6, 5, 3, 2, 0, 1, 4] as const
/** Then, each 8 bytes, from the first register. */
export const sigcontext = { ip: 128, flags: 136, selectors: 144, error: 152, trap: 160, oldMask: 168, cr2: 176, fpstate: 184 } as const

/** cs 0x33, gs 0, fs 0, ss 0x2b, 16 bits each. */
export const USER_SELECTORS = 0x002b_0000_0000_0033n

/** The saved ss holds, and is to be restored strictly. No extended state: the processor reports no XSAVE. */
export const UC_FLAGS = 6n

/** Bytes below rsp that belong to the interrupted function. */
export const RED_ZONE_BYTES = 128
export const FRAME_ALIGNMENT_BYTES = 16

/** The fxsave image. Source: Intel SDM 1, table 10-2 */
export const FXSAVE_BYTES = 512
export const FXSAVE_ALIGNMENT_BYTES = 64
export const fxsave = { fcw: 0, fsw: 2, ftw: 4, mxcsr: 24, mxcsrMask: 28, st: 32, xmm: 160, reserved: 416 } as const
export const FCW_DEFAULT = 0x37f
export const MXCSR_DEFAULT = 0x1f80
export const MXCSR_MASK = 0xffff

/** eflags that sigreturn restores: AC, OF, DF, TF, SF, ZF, AF, PF, CF, RF. */
export const RESTORED_EFLAGS = 0x0005_0dd5
export const EFLAGS_TF = 0x100
export const EFLAGS_RF = 0x1_0000
export const EFLAGS_DF = 0x400

/** Exception numbers, as a frame's `trapno` shows them. */
export const trapNumber = { DE: 0, BP: 3, UD: 6, SS: 12, GP: 13, PF: 14 } as const
/** Bits of a page fault's error code. */
export const pageFaultError = { present: 1, write: 2, user: 4, fetch: 16 } as const
