/** What a siginfo says. Source: sigaction(2); Linux include/uapi/asm-generic/siginfo.h */

export const SIGINFO_BYTES = 128
/** Offsets of the first fields, and of the union after them. */
export const siginfo = { signo: 0, errno: 4, code: 8, fields: 16 } as const
/** Offsets inside the union. */
export const siginfoFields = {
  kill: { pid: 16, uid: 20 },
  timer: { id: 16, overrun: 20, value: 24 },
  queue: { pid: 16, uid: 20, value: 24 },
  fault: { address: 16 }
} as const

// ---- si_code of any signal: from 1 up the kernel's, 0 and below somebody's
export const SI_KERNEL = 0x80
export const SI_USER = 0
export const SI_QUEUE = -1
export const SI_TIMER = -2
export const SI_TKILL = -6

// ---- of SIGSEGV, SIGFPE, SIGILL
export const SEGV_MAPERR = 1
export const SEGV_ACCERR = 2
export const FPE_INTDIV = 1
export const ILL_ILLOPN = 2

// ---- sigevent
export const SIGEVENT_BYTES = 64
export const sigevent = { value: 0, signo: 8, notify: 12, tid: 16 } as const
export const SIGEV_SIGNAL = 0
export const SIGEV_NONE = 1
export const SIGEV_THREAD = 2
export const SIGEV_THREAD_ID = 4
