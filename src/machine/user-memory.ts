/** User memory of one space as the kernel reaches it: a walk of the page table for each page touched, and no allocation. */
import { isUserRange, PAGE_BYTES } from "../base/ids.ts"
import type { CodeCache } from "./code-cache.ts"
import type { Linear } from "./engine/linear.ts"
import { ZERO_FRAME } from "./layout.ts"
import type { UserMemory } from "./machine.ts"
import { highWord, isReadable, isWritable, lowWord } from "./page-entry.ts"
import type { Spaces } from "./spaces.ts"

/** What user memory is reached through. */
export interface MemoryAccess {
  readonly linear: Linear
  readonly spaces: Spaces
  readonly code: CodeCache
}

const offsetIn = (at: number): number => lowWord(at) & (PAGE_BYTES - 1)

export const userMemory = ({ code, linear, spaces }: MemoryAccess, space: number): UserMemory => {
  /** Host address of a readable byte, 0 if it is none. */
  const readable = (at: number): number => {
    const low = lowWord(at)
    const entry = spaces.entryAt(space, low, highWord(at))
    return isReadable(entry) ? spaces.hostOfRead(entry, ZERO_FRAME) + (low & (PAGE_BYTES - 1)) : 0
  }

  const mayWrite = (at: number): boolean => isWritable(spaces.entryAt(space, lowWord(at), highWord(at)))

  /** Host address of bytes about to be written, all on one page; 0 if they are not writable or there is no room. */
  const writable = (at: number, lengthBytes: number): number => {
    const low = lowWord(at)
    const high = highWord(at)
    const entry = spaces.entryAt(space, low, high)
    if (!isWritable(entry)) return 0
    const page = spaces.hostOfWrite(space, low, high, entry)
    if (page === 0) return 0
    const offset = low & (PAGE_BYTES - 1)
    code.changing(page >>> 12, offset, offset + lengthBytes)
    return page + offset
  }

  const isOnOnePage = (at: number, lengthBytes: number): boolean => offsetIn(at) + lengthBytes <= PAGE_BYTES

  const everyPage = (at: number, lengthBytes: number, holds: (at: number) => boolean): boolean => {
    for (let page = at - offsetIn(at); page < at + lengthBytes; page += PAGE_BYTES) if (!holds(page)) return false
    return true
  }

  const allows = (at: number, lengthBytes: number, access: "read" | "write"): boolean =>
    isUserRange(at, lengthBytes) && everyPage(at, lengthBytes, access === "read" ? (page) => readable(page) !== 0 : mayWrite)

  const readBytes = (at: number, lengthBytes: number): Uint8Array | undefined => {
    if (!allows(at, lengthBytes, "read")) return undefined
    if (isOnOnePage(at, lengthBytes)) {
      const host = readable(at)
      return linear.u8.slice(host, host + lengthBytes)
    }
    const bytes = new Uint8Array(lengthBytes)
    for (let done = 0; done < lengthBytes;) {
      const count = Math.min(lengthBytes - done, PAGE_BYTES - offsetIn(at + done))
      const host = readable(at + done)
      bytes.set(linear.u8.subarray(host, host + count), done)
      done += count
    }
    return bytes
  }

  const holds = (at: number, bytes: Uint8Array): boolean => {
    if (!isUserRange(at, bytes.length)) return false
    let host = 0
    for (let index = 0; index < bytes.length; index++, host++) {
      if (index === 0 || offsetIn(at + index) === 0) {
        host = readable(at + index)
        if (host === 0) return false
      }
      if (linear.u8[host] !== bytes[index]) return false
    }
    return true
  }

  const writeBytes = (at: number, bytes: Uint8Array): boolean => {
    if (!allows(at, bytes.length, "write")) return false
    if (bytes.length > 0 && isOnOnePage(at, bytes.length)) {
      const host = writable(at, bytes.length)
      if (host !== 0) linear.u8.set(bytes, host)
      return host !== 0
    }
    // Frames first, then bytes: where there is no room, nothing is written.
    if (!everyPage(at, bytes.length, (page) => writable(page, 0) !== 0)) return false
    for (let done = 0; done < bytes.length;) {
      const count = Math.min(bytes.length - done, PAGE_BYTES - offsetIn(at + done))
      const host = writable(at + done, count)
      linear.u8.set(bytes.subarray(done, done + count), host)
      done += count
    }
    return true
  }

  /** Across two pages, or refused. */
  const straddling = (at: number, lengthBytes: number): DataView | undefined => {
    const bytes = readBytes(at, lengthBytes)
    return bytes === undefined ? undefined : new DataView(bytes.buffer)
  }

  /** Host address of a number to be read whole; 0 where it must be put together or is refused. */
  const numberAt = (at: number, lengthBytes: number): number =>
    isUserRange(at, lengthBytes) && isOnOnePage(at, lengthBytes) ? readable(at) : 0

  const placeOf = (at: number, lengthBytes: number): number =>
    isUserRange(at, lengthBytes) && isOnOnePage(at, lengthBytes) ? writable(at, lengthBytes) : 0

  const scratch = new DataView(new ArrayBuffer(8))
  const writeScratch = (at: number, lengthBytes: number): boolean =>
    !isOnOnePage(at, lengthBytes) && writeBytes(at, new Uint8Array(scratch.buffer, 0, lengthBytes))

  return {
    read8: (at) => {
      const host = numberAt(at, 1)
      return host === 0 ? undefined : linear.u8[host]
    },
    read32: (at) => {
      const host = numberAt(at, 4)
      return host === 0 ? straddling(at, 4)?.getUint32(0, true) : linear.view.getUint32(host, true)
    },
    read64: (at) => {
      const host = numberAt(at, 8)
      return host === 0 ? straddling(at, 8)?.getBigUint64(0, true) : linear.view.getBigUint64(host, true)
    },
    readAddress: (at) => {
      const host = numberAt(at, 8)
      if (host !== 0) return linear.view.getUint32(host + 4, true) * 2 ** 32 + linear.view.getUint32(host, true)
      const bytes = straddling(at, 8)
      return bytes === undefined ? undefined : bytes.getUint32(4, true) * 2 ** 32 + bytes.getUint32(0, true)
    },
    readBytes,
    holds,
    write8: (at, value) => {
      const host = placeOf(at, 1)
      if (host === 0) return false
      linear.u8[host] = value
      return true
    },
    write32: (at, value) => {
      const host = placeOf(at, 4)
      if (host === 0) {
        scratch.setUint32(0, value, true)
        return writeScratch(at, 4)
      }
      linear.view.setUint32(host, value, true)
      return true
    },
    write64: (at, value) => {
      const host = placeOf(at, 8)
      if (host === 0) {
        scratch.setBigUint64(0, value, true)
        return writeScratch(at, 8)
      }
      linear.view.setBigUint64(host, value, true)
      return true
    },
    writeBytes,
    allows
  }
}

/** Writes whatever the protection says; false where a page is not mapped or there is no room. For loaders. */
export const loadBytes = ({ code, linear, spaces }: MemoryAccess, space: number, at: number, bytes: Uint8Array): boolean => {
  for (let done = 0; done < bytes.length;) {
    const low = lowWord(at + done)
    const high = highWord(at + done)
    const offset = low & (PAGE_BYTES - 1)
    const count = Math.min(bytes.length - done, PAGE_BYTES - offset)
    const entry = spaces.entryAt(space, low, high)
    const page = entry === 0 ? 0 : spaces.hostOfWrite(space, low, high, entry)
    if (page === 0) return false
    code.changing(page >>> 12, offset, offset + count)
    linear.u8.set(bytes.subarray(done, done + count), page + offset)
    done += count
  }
  return true
}
