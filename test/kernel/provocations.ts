/**
 * For each errno that a row lists, a call that gets it: judged by the simulated kernel, and by the one this machine runs.
 *
 * The process has: 64 KiB to read and write at DATA, a page to read at READ_ONLY, nothing at NOWHERE; empty pipes as descriptors.
 */
import type { Errno } from "../../src/linux/errno.ts"
import type { SyscallName } from "../../src/kernel/syscall/table.ts"
import { DATA, NOWHERE, READ_ONLY } from "./abi/hand.ts"
import { HANDLER, RESTORER } from "./guest.ts"

/** `tid`: the caller's; it is its process's leader. */
export type Argument = number | bigint | "tid"

export interface Provocation {
  readonly call: SyscallName
  readonly errno: Errno
  readonly arguments: ReadonlyArray<Argument>
  /** 64-bit words that stand somewhere before. */
  readonly words?: ReadonlyArray<readonly [at: number, ...words: ReadonlyArray<number | bigint>]>
  /** Calls made before. */
  readonly before?: ReadonlyArray<readonly [call: SyscallName, ...arguments: ReadonlyArray<Argument>]>
  /** The call waits, and its result is what the interrupted registers hold once SIGALRM has come. */
  readonly waits?: boolean
  /** Why another kernel may answer otherwise. */
  readonly onlyHere?: string
}

const ALRM = 14
const TIMES = DATA + 0x100
const ACTION = DATA + 0x200
const SET = DATA + 0x300
const FAR = 2 ** 47
const LAST_PAGE = 2n ** 64n - 4096n
const row = (call: SyscallName, errno: Errno, ...args: ReadonlyArray<Argument>): Provocation => ({ call, errno, arguments: args })

/** SIGALRM with a handler in 10 ms. */
const alarmed = {
  words: [[ACTION, HANDLER, 0x0400_0000, RESTORER, 0], [TIMES, 0, 0, 0, 10_000], [TIMES + 32, 5, 0], [SET, 0]],
  before: [["rt_sigaction", ALRM, ACTION, 0, 8], ["setitimer", 0, TIMES, 0]],
  waits: true
} as const
const interrupted = (call: SyscallName, ...args: ReadonlyArray<Argument>): Provocation => ({ ...row(call, "EINTR", ...args), ...alarmed })

const PRIVATE_ANONYMOUS = 0x22
/** Above the heap, to be read: none of the program's own. */
const MAPPED = 0x80_0000
const mappedToRead = { before: [["mmap", MAPPED, 4096, 1, PRIVATE_ANONYMOUS | 0x10, -1, 0]] } as const
const PATH = DATA + 0x1000
const words = <const W extends Provocation["words"]>(list: W) => ({ words: list })
const badTime = words([[TIMES, 0, 1_000_000_000, 0, 1_000_000_000]])
const relative = words([[PATH, 0x78]])
const longPath = words([[PATH, ...Array.from({ length: 513 }, () => 0x7878_7878_7878_7878n)]])

export const provocations: ReadonlyArray<Provocation> = [
  // memory
  row("mmap", "EINVAL", 0, 4096, 3, PRIVATE_ANONYMOUS, -1, 1),
  row("mmap", "EINVAL", 0, 0, 3, PRIVATE_ANONYMOUS, -1, 0),
  row("mmap", "EINVAL", 0, 4096, 3, 0x20, -1, 0),
  row("mmap", "EINVAL", DATA + 1, 4096, 3, PRIVATE_ANONYMOUS | 0x10, -1, 0),
  row("mmap", "EBADF", 0, 4096, 3, 2, 77, 0),
  row("mmap", "EBADF", 0, 0, 3, 2, 77, 0),
  row("mmap", "ENOMEM", 0, FAR, 3, PRIVATE_ANONYMOUS, -1, 0),
  row("mmap", "ENOMEM", FAR - 4096, 4096, 3, PRIVATE_ANONYMOUS | 0x10, -1, 0),
  row("mmap", "EEXIST", DATA, 4096, 3, PRIVATE_ANONYMOUS | 0x10_0000, -1, 0),
  row("mmap", "ENODEV", 0, 4096, 1, 2, 0, 0),
  row("mmap", "EACCES", 0, 4096, 1, 2, 1, 0),
  row("mmap", "EACCES", 0, 4096, 3, 1, 0, 0),
  row("mmap", "EINVAL", 0, 4096, 1, 0, 0, 0),
  row("mmap", "EOPNOTSUPP", 0, 4096, 1, 3 | 0x100_0000, 0, 0),
  row("munmap", "EINVAL", DATA + 1, 4096),
  row("munmap", "EINVAL", DATA, 0),
  row("munmap", "EINVAL", FAR, 4096),
  row("mprotect", "EINVAL", DATA + 1, 4096, 1),
  row("mprotect", "EINVAL", DATA, 4096, 0x100),
  row("mprotect", "EINVAL", DATA, 4096, 0x0300_0000),
  row("mprotect", "EINVAL", 2n ** 64n - 1n, 0, 1),
  row("mprotect", "EINVAL", 2n ** 63n - 1n, 4096, 1),
  row("madvise", "EINVAL", 2n ** 64n - 1n, 0, 4),
  row("mprotect", "ENOMEM", NOWHERE, 4096, 1),
  row("mprotect", "ENOMEM", DATA, 0x10_0000, 3),
  row("mprotect", "ENOMEM", LAST_PAGE, 8192, 0x100),
  row("madvise", "EINVAL", DATA, 4096, 77),
  row("madvise", "EINVAL", DATA + 1, 4096, 4),
  row("madvise", "EINVAL", LAST_PAGE, 8192, 4),
  row("madvise", "ENOMEM", NOWHERE, 4096, 4),
  row("mlock", "ENOMEM", NOWHERE, 4096),
  row("mlock", "EINVAL", LAST_PAGE, 8192),
  row("munlock", "ENOMEM", NOWHERE, 4096),
  row("munlock", "EINVAL", LAST_PAGE, 8192),
  { ...row("mlock", "ENOMEM", MAPPED, 4096), before: [["mmap", MAPPED, 4096, 0, PRIVATE_ANONYMOUS | 0x10, -1, 0]] },
  { ...row("madvise", "EINVAL", MAPPED, 4096, 4), before: [...mappedToRead.before, ["mlock", MAPPED, 4096]] },
  { ...row("madvise", "EINVAL", MAPPED, 4096, 8), before: [["mlockall", 2], ...mappedToRead.before] },
  { ...row("madvise", "EINVAL", MAPPED, 4096, 8), before: [["mmap", MAPPED, 4096, 1, 0x31, -1, 0]] },
  row("mlockall", "EINVAL", 0),
  row("mlockall", "EINVAL", 4),
  row("mlockall", "EINVAL", 8),
  row("membarrier", "EINVAL", 3, 0, 0),
  row("membarrier", "EINVAL", 0, 1, 0),
  row("membarrier", "EPERM", 8, 0, 0),
  row("membarrier", "EPERM", 32, 0, 0),
  // tasks
  row("clone", "EINVAL", 0x1_0000, 0, 0, 0, 0),
  row("clone", "EINVAL", 0x1_0800, 0, 0, 0, 0),
  row("clone", "EINVAL", 0x2_0200, 0, 0, 0, 0),
  row("clone", "EPERM", 0x8_0000 | 0x1_0f00, DATA + 0x8000, 0, 0, 2n ** 63n),
  { ...row("clone3", "ENOSYS", 0, 0), onlyHere: "it has been there since 5.3" },
  row("set_robust_list", "EINVAL", DATA, 8),
  row("get_robust_list", "ESRCH", 99_999_999, NOWHERE, NOWHERE),
  row("get_robust_list", "EFAULT", 0, NOWHERE, DATA),
  row("get_robust_list", "EFAULT", 0, DATA, READ_ONLY),
  row("arch_prctl", "EPERM", 0x1002, 2n ** 63n),
  row("arch_prctl", "EPERM", 0x1001, 2n ** 63n),
  row("arch_prctl", "EFAULT", 0x1003, NOWHERE),
  row("arch_prctl", "EINVAL", 0x7777, 0),
  row("sched_setaffinity", "EFAULT", 0, 8, NOWHERE),
  { ...row("sched_setaffinity", "ESRCH", 99_999_999, 8, SET), ...words([[SET, 1]]) },
  { ...row("sched_setaffinity", "EINVAL", 0, 8, SET), ...words([[SET, 0]]) },
  row("sched_setaffinity", "EINVAL", 0, 0, FAR),
  row("sched_getaffinity", "EINVAL", 0, 12, SET),
  row("sched_getaffinity", "EINVAL", 0, 0, SET),
  row("sched_getaffinity", "ESRCH", 99_999_999, 128, NOWHERE),
  row("sched_getaffinity", "EFAULT", 0, 128, NOWHERE),
  row("getcpu", "EFAULT", NOWHERE, 0, 0),
  row("getcpu", "EFAULT", 0, READ_ONLY, 0),
  row("uname", "EFAULT", NOWHERE),
  row("getrlimit", "EINVAL", 16, NOWHERE),
  row("getrlimit", "EFAULT", 3, NOWHERE),
  row("prlimit64", "EFAULT", 99_999_999, 99, NOWHERE, 0),
  row("prlimit64", "ESRCH", 99_999_999, 99, 0, 0),
  row("prlimit64", "EINVAL", 0, 99, 0, 0),
  row("prlimit64", "EFAULT", 0, 3, 0, NOWHERE),
  row("getrandom", "EINVAL", NOWHERE, 8, 8),
  row("getrandom", "EINVAL", NOWHERE, 8, 6),
  row("getrandom", "EFAULT", NOWHERE, 8, 0),
  row("futex", "EFAULT", DATA, 0, 0, NOWHERE, 0, 0),
  row("futex", "EFAULT", NOWHERE, 128, 0, 0, 0, 0),
  row("futex", "EFAULT", NOWHERE, 1, 1, 0, 0, 0),
  { ...row("futex", "EFAULT", MAPPED, 0, 7, 0, 0, 0), ...mappedToRead },
  { ...row("futex", "EFAULT", MAPPED, 1, 1, 0, 0, 0), ...mappedToRead },
  row("futex", "EAGAIN", READ_ONLY, 128, 7, 0, 0, 0),
  row("futex", "EINVAL", DATA + 1, 128, 0, 0, 0, 0),
  row("futex", "EINVAL", DATA + 1, 129, 1, 0, 0, 0),
  row("futex", "EINVAL", 2n ** 64n - 1n, 128, 0, 0, 0, 0),
  row("futex", "EINVAL", 2n ** 64n - 1n, 129, 1, 0, 0, 0),
  row("futex", "EFAULT", 2n ** 64n - 4n, 129, 1, 0, 0, 0),
  row("futex", "EINVAL", DATA, 137, 0, 0, 0, 0),
  row("futex", "EINVAL", DATA, 138, 1, 0, 0, 0),
  { ...row("futex", "EINVAL", DATA, 0, 0, TIMES, 0, 0), ...badTime },
  row("futex", "ENOSYS", DATA, 99, 0, 0, 0, 0),
  row("futex", "ENOSYS", DATA, 256, 0, 0, 0, 0),
  row("futex", "ENOSYS", DATA, 257, 1, 0, 0, 0),
  row("futex", "EAGAIN", DATA, 128, 7, 0, 0, 0),
  { ...row("futex", "ETIMEDOUT", DATA, 128, 0, TIMES, 0, 0), ...words([[TIMES, 0, 0]]) },
  { ...row("futex", "ETIMEDOUT", DATA, 137 | 256, 0, TIMES, 0, 0xffff_ffff), ...words([[TIMES, 1, 0]]) },
  interrupted("futex", DATA, 128, 0, 0, 0, 0),
  interrupted("futex", DATA, 128, 0, TIMES + 32, 0, 0),
  // signals
  row("rt_sigaction", "EINVAL", 10, NOWHERE, 0, 4),
  row("rt_sigaction", "EFAULT", 99, NOWHERE, 0, 8),
  row("rt_sigaction", "EINVAL", 0, 0, 0, 8),
  row("rt_sigaction", "EINVAL", 65, 0, 0, 8),
  row("rt_sigaction", "EINVAL", 9, ACTION, 0, 8),
  row("rt_sigaction", "EFAULT", 10, 0, NOWHERE, 8),
  row("rt_sigprocmask", "EINVAL", 0, NOWHERE, 0, 4),
  row("rt_sigprocmask", "EFAULT", 9, NOWHERE, 0, 8),
  row("rt_sigprocmask", "EINVAL", 9, SET, NOWHERE, 8),
  row("rt_sigprocmask", "EFAULT", 0, 0, NOWHERE, 8),
  row("rt_sigpending", "EINVAL", NOWHERE, 16),
  row("rt_sigpending", "EFAULT", NOWHERE, 8),
  row("rt_sigsuspend", "EINVAL", SET, 4),
  row("rt_sigsuspend", "EFAULT", NOWHERE, 8),
  interrupted("rt_sigsuspend", SET, 8),
  interrupted("pause"),
  row("rt_sigtimedwait", "EINVAL", NOWHERE, 0, 0, 4),
  row("rt_sigtimedwait", "EFAULT", NOWHERE, 0, 0, 8),
  row("rt_sigtimedwait", "EFAULT", SET, 0, NOWHERE, 8),
  { ...row("rt_sigtimedwait", "EINVAL", SET, 0, TIMES, 8), ...badTime },
  { ...row("rt_sigtimedwait", "EAGAIN", SET, 0, TIMES, 8), ...words([[TIMES, 0, 0]]) },
  interrupted("rt_sigtimedwait", SET, 0, 0, 8),
  row("sigaltstack", "EFAULT", NOWHERE, 0),
  row("sigaltstack", "EFAULT", 0, NOWHERE),
  { ...row("sigaltstack", "EINVAL", SET, 0), ...words([[SET, DATA, 5, 8192]]) },
  { ...row("sigaltstack", "ENOMEM", SET, 0), ...words([[SET, DATA, 0, 2047]]) },
  {
    ...row("sigaltstack", "EPERM", SET, 0), ...words([[SET, 0x20_0000, 0, 0x1_0000]]), before: [["sigaltstack", SET, 0]],
    onlyHere: "its stack is elsewhere"
  },
  row("kill", "ESRCH", 99_999_999, 99),
  row("kill", "EINVAL", "tid", 65),
  row("tkill", "EINVAL", 0, 99),
  row("tkill", "ESRCH", 99_999_999, 99),
  row("tkill", "EINVAL", "tid", 65),
  row("tgkill", "EINVAL", 0, "tid", 0),
  row("tgkill", "ESRCH", 99_999_999, "tid", 0),
  row("tgkill", "EINVAL", "tid", "tid", 65),
  // time
  row("clock_gettime", "EINVAL", 10, NOWHERE),
  row("clock_gettime", "EFAULT", 1, NOWHERE),
  row("clock_getres", "EINVAL", 12, NOWHERE),
  row("clock_getres", "EFAULT", 1, NOWHERE),
  row("gettimeofday", "EFAULT", NOWHERE, 0),
  row("gettimeofday", "EFAULT", 0, NOWHERE),
  row("time", "EFAULT", NOWHERE),
  row("nanosleep", "EFAULT", NOWHERE, 0),
  { ...row("nanosleep", "EINVAL", TIMES, 0), ...badTime },
  interrupted("nanosleep", TIMES + 32, 0),
  row("clock_nanosleep", "EINVAL", 10, 0, NOWHERE, 0),
  row("clock_nanosleep", "EOPNOTSUPP", 4, 0, NOWHERE, 0),
  row("clock_nanosleep", "EOPNOTSUPP", 6, 0, NOWHERE, 0),
  row("clock_nanosleep", "EFAULT", 1, 0, NOWHERE, 0),
  { ...row("clock_nanosleep", "EINVAL", 1, 0, TIMES, 0), ...badTime },
  interrupted("clock_nanosleep", 1, 0, TIMES + 32, 0),
  { ...row("poll", "EINVAL", NOWHERE, 0x1000_0000, 0), onlyHere: "its limit on descriptors is another" },
  row("poll", "EFAULT", NOWHERE, 1, 0),
  row("poll", "EFAULT", FAR, 0, 0),
  interrupted("poll", 0, 0, -1),
  row("restart_syscall", "EINTR"),
  row("getitimer", "EINVAL", 3, NOWHERE),
  row("getitimer", "EFAULT", 0, NOWHERE),
  row("setitimer", "EFAULT", 9, NOWHERE, 0),
  { ...row("setitimer", "EINVAL", 0, TIMES, 0), ...words([[TIMES, 0, 0, 0, 1_000_000]]) },
  { ...row("setitimer", "EINVAL", 3, TIMES, 0), ...words([[TIMES, 0, 0, 0, 0]]) },
  row("timer_create", "EFAULT", 99, NOWHERE, DATA),
  row("timer_create", "EINVAL", 10, 0, NOWHERE),
  row("timer_create", "EOPNOTSUPP", 4, 0, NOWHERE),
  { ...row("timer_create", "EINVAL", 1, SET, NOWHERE), ...words([[SET, 0, 65]]) },
  { ...row("timer_create", "EINVAL", 1, SET, NOWHERE), ...words([[SET, 0, 10n | (7n << 32n)]]) },
  row("timer_create", "EFAULT", 1, 0, NOWHERE),
  row("timer_settime", "EINVAL", 5, 0, 0, 0),
  row("timer_settime", "EFAULT", 5, 0, NOWHERE, 0),
  { ...row("timer_settime", "EINVAL", 0, 0, TIMES, 0), ...badTime, before: [["timer_create", 1, 0, SET]] },
  row("timer_settime", "EINVAL", 5, 0, TIMES, 0),
  row("timer_gettime", "EINVAL", 5, NOWHERE),
  { ...row("timer_gettime", "EFAULT", 0, NOWHERE), before: [["timer_create", 1, 0, SET]] },
  row("timer_getoverrun", "EINVAL", 5),
  row("timer_delete", "EINVAL", 5),
  // files
  row("read", "EBADF", 99, DATA, 8),
  row("read", "EBADF", 1, DATA, 8),
  row("read", "EFAULT", 0, FAR, 8),
  row("read", "EFAULT", 0, DATA, 2n ** 63n),
  row("write", "EBADF", 99, DATA, 8),
  row("write", "EBADF", 0, DATA, 8),
  row("write", "EFAULT", 1, NOWHERE, 8),
  row("write", "EFAULT", 1, DATA, 2n ** 63n),
  row("readv", "EBADF", 1, DATA, 1),
  row("readv", "EINVAL", 0, DATA, 1025),
  row("readv", "EFAULT", 0, NOWHERE, 1),
  { ...row("readv", "EINVAL", 0, SET, 1), ...words([[SET, DATA, 2n ** 63n]]) },
  row("writev", "EBADF", 0, DATA, 1),
  row("writev", "EINVAL", 1, DATA, 1025),
  row("writev", "EFAULT", 1, NOWHERE, 1),
  { ...row("writev", "EFAULT", 1, SET, 1), ...words([[SET, NOWHERE, 8]]) },
  { ...row("writev", "EINVAL", 1, SET, 1), ...words([[SET, DATA, 2n ** 63n]]) },
  row("close", "EBADF", 99),
  { ...row("close", "EBADF", 1), before: [["close", 1]] },
  row("lseek", "EBADF", 99, 0, 0),
  row("lseek", "EINVAL", 0, 0, 5),
  row("lseek", "ESPIPE", 0, 0, 0),
  row("ioctl", "EBADF", 99, 0x5413, DATA),
  row("ioctl", "ENOTTY", 1, 0x5413, DATA),
  row("ioctl", "ENOTTY", 1, 0x5401, DATA),
  row("fcntl", "EBADF", 99, 1, 0),
  row("fstat", "EBADF", 99, NOWHERE),
  row("fstat", "EFAULT", 0, NOWHERE),
  { ...row("newfstatat", "EBADF", 99, SET, DATA, 0x1000), ...words([[SET, 0]]) },
  { ...row("newfstatat", "EFAULT", 0, SET, NOWHERE, 0x1000), ...words([[SET, 0]]) },
  row("newfstatat", "EFAULT", -100, NOWHERE, DATA, 0),
  row("newfstatat", "EINVAL", -100, NOWHERE, DATA, 1),
  { ...row("newfstatat", "ENOENT", -100, SET, DATA, 0), ...words([[SET, 0]]) },
  { ...row("newfstatat", "ENOTDIR", 0, PATH, DATA, 0), ...relative },
  { ...row("newfstatat", "EBADF", 99, PATH, DATA, 0), ...relative },
  { ...row("newfstatat", "ENAMETOOLONG", -100, PATH, DATA, 0), ...longPath },
  row("newfstatat", "EINVAL", 0, NOWHERE, DATA, 0x1001),
  { ...row("readlinkat", "EBADF", 99, SET, DATA, 8), ...words([[SET, 0]]) },
  { ...row("readlinkat", "ENOENT", 0, SET, DATA, 8), ...words([[SET, 0]]) },
  row("open", "EINVAL", NOWHERE, 0x40_0000, 0),
  row("openat", "EINVAL", -100, NOWHERE, 0x41_0000, 0),
  row("openat", "EFAULT", -100, NOWHERE, 0x60_0000, 0),
  row("open", "EFAULT", NOWHERE, 0, 0),
  { ...row("open", "ENOENT", PATH, 0, 0), ...relative },
  { ...row("open", "ENAMETOOLONG", PATH, 0, 0), ...longPath },
  row("openat", "EFAULT", -100, NOWHERE, 0, 0),
  { ...row("openat", "ENOENT", -100, PATH, 0, 0), ...relative },
  { ...row("openat", "ENAMETOOLONG", -100, PATH, 0, 0), ...longPath },
  { ...row("openat", "EBADF", 99, PATH, 0, 0), ...relative },
  { ...row("openat", "ENOTDIR", 0, PATH, 0, 0), ...relative },
  row("access", "EINVAL", NOWHERE, 8),
  row("access", "EFAULT", NOWHERE, 0),
  { ...row("access", "ENOENT", PATH, 0), ...relative },
  { ...row("access", "ENAMETOOLONG", PATH, 0), ...longPath },
  row("readlink", "EINVAL", NOWHERE, DATA, 0),
  row("readlink", "EFAULT", NOWHERE, DATA, 8),
  { ...row("readlink", "ENOENT", PATH, DATA, 8), ...relative },
  { ...row("readlink", "ENAMETOOLONG", PATH, DATA, 8), ...longPath },
  row("readlinkat", "EINVAL", -100, NOWHERE, DATA, 0),
  row("readlinkat", "EFAULT", -100, NOWHERE, DATA, 8),
  { ...row("readlinkat", "ENOENT", -100, PATH, DATA, 8), ...relative },
  { ...row("readlinkat", "ENAMETOOLONG", -100, PATH, DATA, 8), ...longPath },
  { ...row("readlinkat", "EBADF", 99, PATH, DATA, 8), ...relative },
  { ...row("readlinkat", "ENOTDIR", 0, PATH, DATA, 8), ...relative }
]

/** An errno that a row lists and no single call can provoke, and why. */
export const unprovoked: Readonly<Partial<Record<SyscallName, Partial<Record<Errno, string>>>>> = {
  munmap: { ENOMEM: "needs as many mappings as there may be: test/kernel/memory.test.ts makes them" },
  tkill: { EAGAIN: "needs a full queue of realtime signals: test/kernel/signal-pending.test.ts fills one" },
  tgkill: { EAGAIN: "needs a full queue of realtime signals: test/kernel/signal-pending.test.ts fills one" }
}
