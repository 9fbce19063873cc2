/** Signals of x86-64 Linux. Source: signal(7); Linux arch/x86/include/uapi/asm/signal.h */
type Action = "terminate" | "core" | "ignore" | "stop" | "continue"

const standard: ReadonlyArray<readonly [name: string, action: Action]> = [
  ["HUP", "terminate"], ["INT", "terminate"], ["QUIT", "core"], ["ILL", "core"], ["TRAP", "core"], ["ABRT", "core"],
  ["BUS", "core"], ["FPE", "core"], ["KILL", "terminate"], ["USR1", "terminate"], ["SEGV", "core"],
  ["USR2", "terminate"], ["PIPE", "terminate"], ["ALRM", "terminate"], ["TERM", "terminate"], ["STKFLT", "terminate"],
  ["CHLD", "ignore"], ["CONT", "continue"], ["STOP", "stop"], ["TSTP", "stop"], ["TTIN", "stop"], ["TTOU", "stop"],
  ["URG", "ignore"], ["XCPU", "core"], ["XFSZ", "core"], ["VTALRM", "terminate"], ["PROF", "terminate"],
  ["WINCH", "ignore"], ["IO", "terminate"], ["PWR", "terminate"], ["SYS", "core"]
]

export const SIGILL = 4
export const SIGTRAP = 5
export const SIGBUS = 7
export const SIGFPE = 8
export const SIGKILL = 9
export const SIGUSR1 = 10
export const SIGABRT = 6
export const SIGSEGV = 11
export const SIGCHLD = 17
export const SIGALRM = 14
export const SIGCONT = 18
export const SIGSTOP = 19
export const SIGSYS = 31
export const SIGRTMIN = 32
export const SIGNAL_MAX = 64

/** The name without its SIG: `USR1`, `RTMIN+2`. */
export const signalName = (signal: number): string => {
  const row = standard[signal - 1]
  if (row !== undefined) return row[0]
  return signal === SIGRTMIN ? "RTMIN" : `RTMIN+${signal - SIGRTMIN}`
}

const numbers = new Map(Array.from({ length: SIGNAL_MAX }, (_, index) => [signalName(index + 1), index + 1]))

/** `USR1` or `SIGUSR1`, in any case. */
export const parseSignal = (text: string): number | undefined => numbers.get(text.toUpperCase().replace(/^SIG/, ""))

/** What happens where no handler is set. */
export const defaultAction = (signal: number): Action => standard[signal - 1]?.[1] ?? "terminate"

// ---- sets: bit `signal - 1`
export const bitOf = (signal: number): bigint => 1n << BigInt(signal - 1)
/** What nobody can block, catch or ignore. */
export const UNBLOCKABLE = bitOf(SIGKILL) | bitOf(SIGSTOP)
/** Signals an instruction raises: delivered before all others, so that the frame points to it. */
export const SYNCHRONOUS = [SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGSYS].reduce((set, signal) => set | bitOf(signal), 0n)
/** Bytes of the kernel's `sigset_t`. */
export const SIGSET_BYTES = 8

// ---- rt_sigprocmask
export const SIG_BLOCK = 0
export const SIG_UNBLOCK = 1
export const SIG_SETMASK = 2

// ---- handlers and flags of rt_sigaction. Source: Linux include/uapi/asm-generic/signal-defs.h
export const SIG_DFL = 0n
export const SIG_IGN = 1n
export const SA_SIGINFO = 0x4n
export const SA_RESTORER = 0x0400_0000n
export const SA_ONSTACK = 0x0800_0000n
export const SA_RESTART = 0x1000_0000n
export const SA_NODEFER = 0x4000_0000n
export const SA_RESETHAND = 0x8000_0000n
/** All flags the kernel knows; the others are cleared, so that a program can ask. */
export const SA_KNOWN = SA_SIGINFO | SA_RESTORER | SA_ONSTACK | SA_RESTART | SA_NODEFER | SA_RESETHAND | 0x0803n
/** `struct sigaction` of the kernel: handler, flags, restorer, mask. */
export const sigaction = { handler: 0, flags: 8, restorer: 16, mask: 24 } as const
export const SIGACTION_BYTES = 32

// ---- alternate stacks
export const SS_ONSTACK = 1
export const SS_DISABLE = 2
export const SS_AUTODISARM = 0x8000_0000
export const MINSIGSTKSZ = 2048
/** `stack_t`. */
export const altstack = { start: 0, flags: 8, sizeBytes: 16 } as const
export const ALTSTACK_BYTES = 24
