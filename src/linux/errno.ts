/** Error numbers of x86-64 Linux. Source: Linux include/uapi/asm-generic/errno-base.h, errno.h */
export const errno = {
  EPERM: 1, ENOENT: 2, ESRCH: 3, EINTR: 4, EIO: 5, ENXIO: 6, E2BIG: 7, ENOEXEC: 8, EBADF: 9, ECHILD: 10,
  EAGAIN: 11, ENOMEM: 12, EACCES: 13, EFAULT: 14, EBUSY: 16, EEXIST: 17, ENODEV: 19, ENOTDIR: 20, EISDIR: 21,
  EINVAL: 22, ENFILE: 23, EMFILE: 24, ENOTTY: 25, EFBIG: 27, ENOSPC: 28, ESPIPE: 29, EROFS: 30, EPIPE: 32,
  EDOM: 33, ERANGE: 34, EDEADLK: 35, ENAMETOOLONG: 36, ENOSYS: 38, EOVERFLOW: 75, EOPNOTSUPP: 95, ETIMEDOUT: 110
} as const

export type Errno = keyof typeof errno

const names = new Map<number, Errno>(Object.entries(errno).map(([name, value]) => [value, name as Errno]))

/** The name of an error number; `undefined` for numbers that stand for nothing here. */
export const errnoName = (value: number): Errno | undefined => names.get(value)
