/**
 * The three descriptors there are: 0 an empty pipe that nobody writes to, 1 and 2 pipes whose reader takes everything at once.
 * Nothing else is ever open.
 */
import { alignDown } from "../../base/bits.ts"
import { concatBytes, viewOf } from "../../base/bytes.ts"
import { type Address, isUserRange, PAGE_BYTES } from "../../base/ids.ts"
import type { UserMemory } from "../../machine/machine.ts"
import type { Kernel } from "../kernel.ts"
import { processOf, type Task } from "../state.ts"
import { type CallResult, defineSyscall, done, failed, returned, unsupported } from "./definition.ts"

const STDIN = 0
const STDERR = 2

export const isOpen = (kernel: Kernel, task: Task, fd: number): boolean =>
  fd >= STDIN && fd <= STDERR && !processOf(kernel.state, task.process).closedFiles.includes(fd)
export const isReadable = (kernel: Kernel, task: Task, fd: number): boolean => isOpen(kernel, task, fd) && fd === STDIN
export const isWritable = (kernel: Kernel, task: Task, fd: number): boolean => isOpen(kernel, task, fd) && fd !== STDIN

/** A call moves no more than this. Source: Linux include/linux/fs.h MAX_RW_COUNT */
const MAX_RW_COUNT = 0x7fff_f000
const SSIZE_MAX = 2 ** 63
/** What a pipe takes at once: a piece of which not all can be read is not written. */
const PIPE_PIECE_BYTES = 4096

/** The bytes from `at` up to the first that cannot be read. */
const readable = (memory: UserMemory, at: Address, sizeBytes: number): Uint8Array => {
  const whole = memory.readBytes(at, sizeBytes)
  if (whole !== undefined) return whole
  const parts: Array<Uint8Array> = []
  for (let from = at; from < at + sizeBytes;) {
    const until = Math.min(alignDown(from, PAGE_BYTES) + PAGE_BYTES, at + sizeBytes)
    const part = memory.readBytes(from, until - from)
    if (part === undefined) break
    parts.push(part)
    from = until
  }
  return concatBytes(parts)
}

/** What a pipe takes of data that ends early: whole pieces. `undefined`: not one. */
const taken = (bytes: Uint8Array, wantedBytes: number): Uint8Array | undefined => {
  if (bytes.length === wantedBytes) return bytes
  const length = alignDown(bytes.length, PIPE_PIECE_BYTES)
  return length === 0 ? undefined : bytes.subarray(0, length)
}

const output = (kernel: Kernel, task: Task, fd: number, bytes: Uint8Array): CallResult => {
  if (bytes.length === 0) return returned()
  if (kernel.outputBytes + bytes.length > kernel.limits.maxOutputBytes) {
    kernel.end({ _tag: "OutOfBudget", limit: "output" })
    return done
  }
  kernel.outputBytes += bytes.length
  kernel.observe({ _tag: "Written", task: task.id, fd, bytes })
  return returned(bytes.length)
}

export const write = defineSyscall({
  name: "write",
  parameters: { fd: "u32", from: "address", sizeBytes: "size" },
  summary: "writes bytes to a descriptor",
  support: { partial: "stdout and stderr, both pipes" },
  errors: ["EBADF", "EFAULT"],
  source: "write(2); Linux fs/read_write.c vfs_write, fs/pipe.c pipe_write",
  perform: (kernel, task, { fd, from, sizeBytes }) => {
    if (!isWritable(kernel, task, fd)) return failed("EBADF")
    if (!isUserRange(from, sizeBytes)) return failed("EFAULT")
    const wanted = Math.min(sizeBytes, MAX_RW_COUNT)
    const found = readable(kernel.memory(task), from, wanted)
    kernel.worked(found.length, "bytes")
    const bytes = taken(found, wanted)
    return bytes === undefined ? failed("EFAULT") : output(kernel, task, fd, bytes)
  }
})

const IOVEC_BYTES = 16
const UIO_MAXIOV = 1024

interface Piece {
  readonly at: Address
  readonly sizeBytes: number
}

/** Source: Linux lib/iov_iter.c __import_iovec */
const vectorOf = (memory: UserMemory, at: Address, count: number): ReadonlyArray<Piece> | "EINVAL" | "EFAULT" => {
  if (count > UIO_MAXIOV) return "EINVAL"
  const bytes = count === 0 ? new Uint8Array() : memory.readBytes(at, count * IOVEC_BYTES)
  if (bytes === undefined) return "EFAULT"
  const view = viewOf(bytes)
  const pieces: Array<Piece> = []
  let room = MAX_RW_COUNT
  for (let index = 0; index < count; index++) {
    const start = Number(view.getBigUint64(index * IOVEC_BYTES, true))
    const sizeBytes = Number(view.getBigUint64(index * IOVEC_BYTES + 8, true))
    if (sizeBytes >= SSIZE_MAX) return "EINVAL"
    if (!isUserRange(start, sizeBytes)) return "EFAULT"
    pieces.push({ at: start, sizeBytes: Math.min(sizeBytes, room) })
    room -= Math.min(sizeBytes, room)
  }
  return pieces
}

export const writev = defineSyscall({
  name: "writev",
  parameters: { fd: "u64", vector: "address", pieceCount: "size" },
  summary: "writes several pieces to a descriptor, in one go",
  support: { partial: "stdout and stderr, both pipes" },
  errors: ["EBADF", "EINVAL", "EFAULT"],
  source: "readv(2); Linux fs/read_write.c do_writev, vfs_writev",
  perform: (kernel, task, { fd, pieceCount, vector }) => {
    if (!isWritable(kernel, task, Number(fd))) return failed("EBADF")
    const memory = kernel.memory(task)
    const pieces = vectorOf(memory, vector, pieceCount)
    if (pieces === "EINVAL" || pieces === "EFAULT") return failed(pieces)
    const parts: Array<Uint8Array> = []
    let gatheredBytes = 0
    for (const { at, sizeBytes } of pieces) {
      const part = readable(memory, at, sizeBytes)
      parts.push(part)
      gatheredBytes += part.length
      // The same bytes may be named a thousand times; more than there may be of them need not be gathered.
      if (part.length < sizeBytes || gatheredBytes > kernel.limits.maxOutputBytes) break
    }
    kernel.worked(gatheredBytes, "bytes")
    const bytes = taken(concatBytes(parts), pieces.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))
    return bytes === undefined ? failed("EFAULT") : output(kernel, task, Number(fd), bytes)
  }
})

export const read = defineSyscall({
  name: "read",
  parameters: { fd: "u32", to: "address", sizeBytes: "size" },
  summary: "reads bytes from a descriptor",
  support: { partial: "stdin, which is empty" },
  errors: ["EBADF", "EFAULT"],
  source: "read(2); Linux fs/read_write.c vfs_read",
  perform: (kernel, task, { fd, sizeBytes, to }) => {
    if (!isReadable(kernel, task, fd)) return failed("EBADF")
    return isUserRange(to, sizeBytes) ? returned() : failed("EFAULT")
  }
})

export const readv = defineSyscall({
  name: "readv",
  parameters: { fd: "u64", vector: "address", pieceCount: "size" },
  summary: "reads several pieces from a descriptor",
  support: { partial: "stdin, which is empty" },
  errors: ["EBADF", "EINVAL", "EFAULT"],
  source: "readv(2); Linux fs/read_write.c do_readv",
  perform: (kernel, task, { fd, pieceCount, vector }) => {
    if (!isReadable(kernel, task, Number(fd))) return failed("EBADF")
    const pieces = vectorOf(kernel.memory(task), vector, pieceCount)
    return pieces === "EINVAL" || pieces === "EFAULT" ? failed(pieces) : returned()
  }
})

export const close = defineSyscall({
  name: "close",
  parameters: { fd: "u32" },
  summary: "closes a descriptor",
  support: "full",
  errors: ["EBADF"],
  source: "close(2); Linux fs/open.c SYSCALL_DEFINE1(close)",
  perform: (kernel, task, { fd }) => {
    if (!isOpen(kernel, task, fd)) return failed("EBADF")
    kernel.emit({ _tag: "FileClosed", process: task.process, fd })
    return returned()
  }
})

/** SEEK_HOLE. */
const SEEK_MAX = 4

export const lseek = defineSyscall({
  name: "lseek",
  parameters: { fd: "u32", offset: "i64", whence: "u32" },
  summary: "moves in a file, which a pipe is not",
  support: "full",
  errors: ["EBADF", "EINVAL", "ESPIPE"],
  source: "lseek(2); Linux fs/read_write.c ksys_lseek",
  perform: (kernel, task, { fd, whence }) =>
    !isOpen(kernel, task, fd) ? failed("EBADF") : whence > SEEK_MAX ? failed("EINVAL") : failed("ESPIPE")
})

export const ioctl = defineSyscall({
  name: "ioctl",
  parameters: { fd: "u32", request: "u32", argument: "u64" },
  summary: "asks a device, which a pipe is not",
  support: { partial: "terminals' requests, all ENOTTY" },
  errors: ["EBADF", "ENOTTY"],
  source: "ioctl(2); Linux fs/ioctl.c SYSCALL_DEFINE3(ioctl)",
  perform: (kernel, task, { fd, request }) => {
    if (!isOpen(kernel, task, fd)) return failed("EBADF")
    return isTerminalRequest(request) ? failed("ENOTTY") : unsupported(`ioctl 0x${request.toString(16)} is not modelled`)
  }
})

/** FIONREAD, FIONBIO, FIONCLEX, FIOCLEX, FIOASYNC, FIOQSIZE: a pipe knows them, though their numbers stand among the terminals'. */
const pipeRequests: ReadonlySet<number> = new Set([0x541b, 0x5421, 0x5450, 0x5451, 0x5452, 0x5460])
/** TCGETS and its like. */
const isTerminalRequest = (request: number): boolean => request >>> 8 === 0x54 && !pipeRequests.has(request)

const F_GETFD = 1
const F_SETFD = 2
const F_GETFL = 3
const O_WRONLY = 1

export const fcntl = defineSyscall({
  name: "fcntl",
  parameters: { fd: "u32", command: "u32", argument: "u64" },
  summary: "flags of a descriptor",
  support: { partial: "F_GETFD, F_GETFL, and F_SETFD to no flag" },
  errors: ["EBADF"],
  source: "fcntl(2); Linux fs/fcntl.c do_fcntl",
  perform: (kernel, task, { argument, command, fd }) => {
    if (!isOpen(kernel, task, fd)) return failed("EBADF")
    if (command === F_GETFD || (command === F_SETFD && argument === 0n)) return returned()
    return command === F_GETFL ? returned(fd === STDIN ? 0 : O_WRONLY) : unsupported(`fcntl command ${command} is not modelled`)
  }
})
