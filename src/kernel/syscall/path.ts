/** What descriptors and paths are. The descriptors are pipes; there are no files, so every path leads nowhere. */
import { viewOf } from "../../base/bytes.ts"
import type { Address } from "../../base/ids.ts"
import type { Errno } from "../../linux/errno.ts"
import { S_IFIFO, stat, STAT_BYTES } from "../../linux/stat.ts"
import type { UserMemory } from "../../machine/machine.ts"
import type { Kernel } from "../kernel.ts"
import type { Task } from "../state.ts"
import { type CallResult, defineSyscall, failed, returned } from "./definition.ts"
import { isOpen } from "./file.ts"

/** A pipe of root's, one inode each. */
const statBytes = (fd: number): Uint8Array => {
  const bytes = new Uint8Array(STAT_BYTES)
  const view = viewOf(bytes)
  view.setBigUint64(stat.device, 14n, true)
  view.setBigUint64(stat.inode, BigInt(fd + 1), true)
  view.setBigUint64(stat.linkCount, 1n, true)
  view.setUint32(stat.mode, S_IFIFO | 0o600, true)
  view.setBigUint64(stat.blockBytes, 4096n, true)
  return bytes
}

const tellStat = (kernel: Kernel, task: Task, fd: number, to: Address): CallResult =>
  !isOpen(kernel, task, fd) ? failed("EBADF") : kernel.memory(task).writeBytes(to, statBytes(fd)) ? returned() : failed("EFAULT")

export const fstat = defineSyscall({
  name: "fstat",
  parameters: { fd: "u32", to: "address" },
  summary: "what a descriptor is: a pipe",
  support: { partial: "all times are 0" },
  errors: ["EBADF", "EFAULT"],
  source: "fstat(2); Linux fs/stat.c SYSCALL_DEFINE2(newfstat)",
  perform: (kernel, task, { fd, to }) => tellStat(kernel, task, fd, to)
})

const AT_FDCWD = -100
const AT_EMPTY_PATH = 0x1000
const AT_STAT_FLAGS = 0x100 | 0x800 | AT_EMPTY_PATH | 0x6000
const PATH_BYTES_MAX = 4096

type PathFound = { readonly path: string } | { readonly errno: Errno }

/** A path from user memory. Source: Linux fs/namei.c getname_flags */
const pathAt = (memory: UserMemory, at: Address): PathFound => {
  let path = ""
  for (let index = 0; index < PATH_BYTES_MAX; index++) {
    const byte = memory.read8(at + index)
    if (byte === undefined) return { errno: "EFAULT" }
    if (byte === 0) return { path }
    path += String.fromCharCode(byte)
  }
  return { errno: "ENAMETOOLONG" }
}

/** Where Linux shows itself: what is not there is the simulated machine's doing. */
const ofLinux = /^\/(?:dev|proc|sys)(?:\/|$)/
/** More are not told. */
const MISSED_FILE_COUNT_MAX = 32

const noteMissed = (kernel: Kernel, task: Task, path: string): void => {
  const { missedFiles } = kernel.state
  if (missedFiles.length < MISSED_FILE_COUNT_MAX && !missedFiles.includes(path)) kernel.emit({ _tag: "FileMissed", task: task.id, path })
}

/** Every path leads nowhere; this is the errno on the way. One that may be empty then means the descriptor. */
const lookUp = (kernel: Kernel, task: Task, directory: number, at: Address, mayBeEmpty = false): CallResult => {
  const found = pathAt(kernel.memory(task), at)
  if ("errno" in found) return failed(found.errno)
  if (ofLinux.test(found.path)) noteMissed(kernel, task, found.path)
  if ((found.path === "" && !mayBeEmpty) || found.path.startsWith("/") || directory === AT_FDCWD) return failed("ENOENT")
  if (!isOpen(kernel, task, directory)) return failed("EBADF")
  return failed(found.path === "" ? "ENOENT" : "ENOTDIR")
}

const O_ACCMODE = 3
const O_CREAT = 0x40
const O_DIRECTORY = 0x1_0000
const O_PATH = 0x20_0000
const O_TMPFILE = 0x40_0000

/** Flags that belong together. Source: Linux fs/open.c build_open_how, build_open_flags (O_DIRECTORY with O_CREAT: since 6.4) */
const areOpenFlags = (flags: number): boolean => {
  const has = (flag: number) => (flags & flag) !== 0
  if (has(O_PATH)) return true
  if (has(O_DIRECTORY) && has(O_CREAT)) return false
  return !has(O_TMPFILE) || (has(O_DIRECTORY) && has(O_ACCMODE))
}

export const newfstatat = defineSyscall({
  name: "newfstatat",
  parameters: { directory: "i32", path: "address", to: "address", flags: "i32" },
  summary: "what a path, or with an empty one a descriptor, is",
  support: { partial: "descriptors 0 to 2; there are no files" },
  errors: ["EINVAL", "EFAULT", "ENAMETOOLONG", "ENOENT", "EBADF", "ENOTDIR"],
  source: "stat(2); Linux fs/stat.c vfs_fstatat",
  perform: (kernel, task, { directory, flags, path, to }) => {
    if ((flags & AT_EMPTY_PATH) !== 0 && directory >= 0) {
      const first = path === 0 ? 0 : kernel.memory(task).read8(path)
      if (first === 0) return tellStat(kernel, task, directory, to)
    }
    if ((flags & ~AT_STAT_FLAGS) !== 0) return failed("EINVAL")
    return lookUp(kernel, task, directory, path)
  }
})

const noFiles = { partial: "there are no files: every path leads nowhere" } as const

export const open = defineSyscall({
  name: "open",
  parameters: { path: "address", flags: "i32", mode: "u32" },
  summary: "opens a file",
  support: noFiles,
  errors: ["EINVAL", "EFAULT", "ENAMETOOLONG", "ENOENT"],
  source: "open(2); Linux fs/open.c do_sys_openat2",
  perform: (kernel, task, { flags, path }) => (areOpenFlags(flags) ? lookUp(kernel, task, AT_FDCWD, path) : failed("EINVAL"))
})

export const openat = defineSyscall({
  name: "openat",
  parameters: { directory: "i32", path: "address", flags: "i32", mode: "u32" },
  summary: "opens a file",
  support: noFiles,
  errors: ["EINVAL", "EFAULT", "ENAMETOOLONG", "ENOENT", "EBADF", "ENOTDIR"],
  source: "open(2); Linux fs/open.c do_sys_openat2",
  perform: (kernel, task, { directory, flags, path }) => (areOpenFlags(flags) ? lookUp(kernel, task, directory, path) : failed("EINVAL"))
})

export const access = defineSyscall({
  name: "access",
  parameters: { path: "address", mode: "i32" },
  summary: "whether a file may be used",
  support: noFiles,
  errors: ["EINVAL", "EFAULT", "ENAMETOOLONG", "ENOENT"],
  source: "access(2); Linux fs/open.c do_faccessat",
  perform: (kernel, task, { mode, path }) => ((mode & ~7) !== 0 ? failed("EINVAL") : lookUp(kernel, task, AT_FDCWD, path))
})

export const readlink = defineSyscall({
  name: "readlink",
  parameters: { path: "address", to: "address", sizeBytes: "i32" },
  summary: "where a symbolic link leads",
  support: noFiles,
  errors: ["EINVAL", "EFAULT", "ENAMETOOLONG", "ENOENT"],
  source: "readlink(2); Linux fs/stat.c do_readlinkat",
  perform: (kernel, task, { path, sizeBytes }) => (sizeBytes <= 0 ? failed("EINVAL") : lookUp(kernel, task, AT_FDCWD, path))
})

export const readlinkat = defineSyscall({
  name: "readlinkat",
  parameters: { directory: "i32", path: "address", to: "address", sizeBytes: "i32" },
  summary: "where a symbolic link leads",
  support: noFiles,
  errors: ["EINVAL", "EFAULT", "ENAMETOOLONG", "ENOENT", "EBADF", "ENOTDIR"],
  source: "readlink(2); Linux fs/stat.c do_readlinkat",
  perform: (kernel, task, { directory, path, sizeBytes }) => (sizeBytes <= 0 ? failed("EINVAL") : lookUp(kernel, task, directory, path, true))
})
