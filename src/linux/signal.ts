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
export const SIGSEGV = 11
export const SIGCHLD = 17
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
