/** The system calls of Linux that are there, whatever the contract. A contract's own calls are looked up before these. */
import { assert } from "../../base/assert.ts"
import { table } from "../../base/table.ts"
import { archPrctl } from "./arch-prctl.ts"
import { clone, clone3, setTidAddress } from "./clone.ts"
import type { AnySyscall } from "./definition.ts"
import { clockGetres, clockGettime, gettimeofday, time } from "./clock.ts"
import { exit, exitGroup } from "./exit.ts"
import { close, fcntl, ioctl, lseek, read, readv, write, writev } from "./file.ts"
import { futex } from "./futex.ts"
import { getegid, geteuid, getgid, getpgrp, getpid, getppid, gettid, getuid, uname } from "./identity.ts"
import { kill, tgkill, tkill } from "./kill.ts"
import { getrlimit, prlimit64 } from "./limits.ts"
import { madvise } from "./madvise.ts"
import { membarrier } from "./membarrier.ts"
import { execve, fork, sysinfo, vfork, wait4 } from "./missing.ts"
import { mlock, mlockall, munlock, munlockall } from "./mlock.ts"
import { brk, mmap, mprotect, mremap, munmap } from "./mmap.ts"
import { access, fstat, newfstatat, open, openat, readlink, readlinkat } from "./path.ts"
import { getrandom } from "./random.ts"
import { getRobustList, setRobustList } from "./robust-list.ts"
import { getcpu, schedGetaffinity, schedSetaffinity, schedYield } from "./scheduling.ts"
import { rtSigaction, rtSigpending, rtSigprocmask } from "./signal-action.ts"
import { pause, rtSigreturn, rtSigsuspend, rtSigtimedwait, sigaltstack } from "./signal-wait.ts"
import { clockNanosleep, nanosleep, poll, restartSyscall } from "./sleep.ts"
import { alarm, getitimer, setitimer, timerCreate, timerDelete, timerGetoverrun, timerGettime, timerSettime } from "./timer.ts"

export const syscalls = table(
  // memory
  mmap, munmap, mprotect, brk, madvise, mremap, mlock, munlock, mlockall, munlockall, membarrier,
  // tasks
  clone, clone3, setTidAddress, setRobustList, getRobustList, exit, exitGroup, archPrctl,
  schedYield, schedSetaffinity, schedGetaffinity, getcpu,
  gettid, getpid, getppid, getpgrp, getuid, geteuid, getgid, getegid, uname,
  getrlimit, prlimit64, getrandom,
  futex,
  // signals
  rtSigaction, rtSigprocmask, rtSigpending, rtSigreturn, rtSigsuspend, rtSigtimedwait, sigaltstack, pause, kill, tkill, tgkill,
  // time
  clockGettime, clockGetres, gettimeofday, time, nanosleep, clockNanosleep, poll, restartSyscall,
  getitimer, setitimer, alarm, timerCreate, timerSettime, timerGettime, timerGetoverrun, timerDelete,
  // files
  read, write, readv, writev, close, lseek, ioctl, fcntl, fstat, newfstatat, open, openat, access, readlink, readlinkat,
  // not modelled
  fork, vfork, execve, wait4, sysinfo
)
export type SyscallName = keyof typeof syscalls

const rows: ReadonlyArray<AnySyscall> = Object.values(syscalls)
const byNumber = new Map(rows.map((row) => [row.number, row]))
assert(byNumber.size === rows.length, "every call number once")

/** The row that answers calls of this number where no contract has one. */
export const syscallNumbered = (number: number): AnySyscall | undefined => byNumber.get(number)
