/** Reading files that may not be there, may be something else, or may be far too large. */
import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from "node:fs"
import { basename, dirname, join, resolve } from "node:path"
import { nearest } from "../base/nearest.ts"
import { homeOf } from "../lab/workspace.ts"

export type FileRead =
  | { readonly _tag: "Read"; readonly bytes: Uint8Array }
  | { readonly _tag: "Missing" }
  /** `why`: a clause. */
  | { readonly _tag: "Unreadable"; readonly why: string }

const clauses: Readonly<Record<string, string>> = {
  EACCES: "permission is denied", EPERM: "permission is denied", EISDIR: "it is a folder", ELOOP: "its links go in a circle",
  ENAMETOOLONG: "its name is too long", ENOTDIR: "a part of its path is no folder", ENOENT: "its folder is not there",
  EEXIST: "a file stands where its folder would be", EROFS: "its file system is read-only", ENOSPC: "its disk is full",
  EDQUOT: "the quota is used up", EMFILE: "too many files are open",
  EFBIG: "it would be larger than the file system allows", EIO: "its disk reports an error", ETXTBSY: "it is running"
}

const codeOf = (cause: unknown): string => (cause instanceof Error && "code" in cause ? String(cause.code) : "")

/** What a failure of the file system means, as a clause. */
export const clauseOf = (cause: unknown): string => {
  const code = codeOf(cause)
  if (Object.hasOwn(clauses, code)) return clauses[code] ?? code
  return cause instanceof Error && cause.message.includes("null bytes") ? "its name holds a zero byte" : `the system says ${code === "" ? String(cause) : code}`
}

/** Whether two names lead to one file that is there. */
export const isSameFile = (one: string, other: string): boolean => {
  try {
    const [a, b] = [statSync(one, { bigint: true }), statSync(other, { bigint: true })]
    return a.ino === b.ino && a.dev === b.dev
  } catch {
    return false
  }
}

/** What a program's file goes by among what is kept in the working folder. */
export const programHome = (file: string, workingFolder = process.cwd()): string =>
  homeOf(resolve(workingFolder, file).replaceAll("\\", "/"), workingFolder.replaceAll("\\", "/"))

const limitText = (bytesMax: number): string => `it is larger than ${bytesMax / 2 ** 20} MiB`
const CHUNK_BYTES = 1 << 20

/**
 * A regular file, whole; at most `bytesMax`. A device is refused, since it may have no end, and a named pipe: opening it waits for a
 * writer, and meanwhile not even Ctrl-C is heard.
 */
export const readWhole = (file: string, bytesMax: number): FileRead => {
  let descriptor: number | undefined
  try {
    const there = statSync(file)
    if (there.isFIFO()) return { _tag: "Unreadable", why: "it is a pipe" }
    if (there.isCharacterDevice() || there.isBlockDevice()) return { _tag: "Unreadable", why: "it is a device" }
    descriptor = openSync(file, "r")
    const found = fstatSync(descriptor)
    const { size } = found
    if (found.isDirectory()) return { _tag: "Unreadable", why: "it is a folder" }
    if (size > bytesMax) return { _tag: "Unreadable", why: limitText(bytesMax) }
    const parts: Array<Uint8Array> = []
    let total = 0
    for (;;) {
      const part = new Uint8Array(total === 0 && size > 0 ? size + 1 : CHUNK_BYTES)
      const readBytes = readSync(descriptor, part)
      if (readBytes === 0) return { _tag: "Read", bytes: Buffer.concat(parts) }
      total += readBytes
      if (total > bytesMax) return { _tag: "Unreadable", why: limitText(bytesMax) }
      parts.push(part.subarray(0, readBytes))
    }
  } catch (cause) {
    return codeOf(cause) === "ENOENT" ? { _tag: "Missing" } : { _tag: "Unreadable", why: clauseOf(cause) }
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

/** Somebody has deleted the folder we work in: nothing can be made in it, and its path is nobody's. */
export const isWorkingFolderGone = (): boolean => {
  try {
    return !statSync(process.cwd()).isDirectory()
  } catch {
    return true
  }
}

const SEARCHED_NAME_COUNT_MAX = 2_000

/** The file beside `file` whose name is nearest to it: one that begins so, or one a few letters away. */
export const nearestFile = (file: string): string | undefined => {
  try {
    const folder = dirname(file)
    const names = readdirSync(folder).sort().slice(0, SEARCHED_NAME_COUNT_MAX)
    const typed = basename(file)
    const name = names.find((one) => one.startsWith(`${typed}.`)) ?? nearest(typed, names)
    return name === undefined ? undefined : file.includes("/") ? join(folder, name) : name
  } catch {
    return undefined
  }
}
