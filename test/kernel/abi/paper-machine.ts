/** A machine that runs nothing: registers and pages as plain values, for kernels that are entered by hand. */
import { type BlockId, EXECUTE, type Machine, type Protection, READ, type Registers, type SpaceId, type UserMemory, WRITE } from "../../../src/machine/machine.ts"
import { known } from "../../../src/base/assert.ts"
import { viewOf } from "../../../src/base/bytes.ts"
import { type AddressRange, PAGE_BYTES } from "../../../src/base/ids.ts"

interface Page {
  protection: Protection
  readonly isShared: boolean
  readonly bytes: Uint8Array
}
type Pages = Map<number, Page>

const pageOf = (at: number): number => Math.floor(at / PAGE_BYTES)

/** Every write that took effect, for tests that ask how something was written. */
export interface Write {
  readonly at: number
  readonly lengthBytes: number
}

const memoryOf = (pages: Pages, writes: Array<Write>): UserMemory => {
  const allows = (at: number, lengthBytes: number, access: Protection): boolean => {
    if (!(at >= 0)) return false
    for (let page = pageOf(at); page <= pageOf(at + lengthBytes - 1); page++) {
      if (((pages.get(page)?.protection ?? 0) & access) === 0) return false
    }
    return true
  }
  const byteAt = (at: number): { bytes: Uint8Array; offset: number } =>
    ({ bytes: known(pages.get(pageOf(at)), "the page was asked for").bytes, offset: at % PAGE_BYTES })
  const readBytes = (at: number, lengthBytes: number): Uint8Array | undefined =>
    allows(at, lengthBytes, READ)
      ? Uint8Array.from({ length: lengthBytes }, (_, index) => { const { bytes, offset } = byteAt(at + index); return known(bytes[offset], "inside the page") })
      : undefined
  const writeBytes = (at: number, source: Uint8Array): boolean => {
    if (!allows(at, source.length, WRITE)) return false
    for (const [index, byte] of source.entries()) {
      const { bytes, offset } = byteAt(at + index)
      bytes[offset] = byte
    }
    writes.push({ at, lengthBytes: source.length })
    return true
  }
  const read = <T>(at: number, lengthBytes: number, get: (view: DataView) => T): T | undefined => {
    const bytes = readBytes(at, lengthBytes)
    return bytes === undefined ? undefined : get(viewOf(bytes))
  }
  const write = (at: number, lengthBytes: number, set: (view: DataView) => void): boolean => {
    const bytes = new Uint8Array(lengthBytes)
    set(viewOf(bytes))
    return writeBytes(at, bytes)
  }
  return {
    read8: (at) => read(at, 1, (view) => view.getUint8(0)),
    read32: (at) => read(at, 4, (view) => view.getUint32(0, true)),
    read64: (at) => read(at, 8, (view) => view.getBigUint64(0, true)),
    readAddress: (at) => read(at, 8, (view) => Number(view.getBigUint64(0, true))),
    readBytes,
    holds: (at, bytes) => readBytes(at, bytes.length)?.every((byte, index) => byte === bytes[index]) === true,
    write8: (at, value) => write(at, 1, (view) => view.setUint8(0, value)),
    write32: (at, value) => write(at, 4, (view) => view.setUint32(0, value, true)),
    write64: (at, value) => write(at, 8, (view) => view.setBigUint64(0, value, true)),
    writeBytes,
    allows: (at, lengthBytes, access) => allows(at, lengthBytes, access === "read" ? READ : WRITE)
  }
}

const newRegisters = (): Registers => {
  const values = Array.from({ length: 16 }, () => 0n)
  const vectors = Array.from({ length: 16 }, () => new Uint8Array(16))
  let ip = 0n
  let eflags = 0x202
  let count = 0
  let fsBase = 0n
  let gsBase = 0n
  return {
    get: (register) => known(values[register], "there are 16"),
    set: (register, value) => { values[register] = BigInt.asUintN(64, value) },
    number: (register) => Number(known(values[register], "there are 16")),
    setNumber: (register, value) => { values[register] = BigInt(value) },
    ip: () => Number(ip),
    setIp: (at) => { ip = BigInt(at) },
    ipExact: () => ip,
    setIpExact: (at) => { ip = at },
    eflags: () => eflags,
    setEflags: (next) => { eflags = next },
    fsBase: () => fsBase,
    setFsBase: (base) => { fsBase = base },
    gsBase: () => gsBase,
    setGsBase: (base) => { gsBase = base },
    count: () => count,
    setCount: (next) => { count = next },
    xmm: (register) => known(vectors[register], "there are 16").slice(),
    setXmm: (register, bytes) => known(vectors[register], "there are 16").set(bytes),
    vectors: () => Uint8Array.from(vectors.flatMap((vector) => [...vector])),
    setVectors: (bytes) => vectors.forEach((vector, register) => vector.set(bytes.subarray(16 * register, 16 * register + 16)))
  }
}

const never = (what: string) => (): never => { throw new Error(`a machine on paper does not ${what}`) }

export interface PaperMachine extends Machine {
  readonly writes: Array<Write>
}

export const paperMachine = (): PaperMachine => {
  const blocks: Array<Registers> = []
  const spaces: Array<{ pages: Pages; memory: UserMemory }> = []
  const writes: Array<Write> = []
  const pagesOf = (space: SpaceId): Pages => known(spaces[space], "the space was made").pages
  const eachPage = ({ end, start }: AddressRange, act: (page: number) => void): void => {
    for (let page = pageOf(start); page < pageOf(end); page++) act(page)
  }
  const addSpace = (pages: Pages): SpaceId => spaces.push({ pages, memory: memoryOf(pages, writes) }) - 1 as SpaceId
  return {
    writes,
    newBlock: () => blocks.push(newRegisters()) - 1 as BlockId,
    freeBlock: () => {},
    registers: (block) => known(blocks[block], "the block was made"),
    copyRegisters: (from, to) => {
      const source = known(blocks[from], "the block was made")
      const target = known(blocks[to], "the block was made")
      for (let register = 0; register < 16; register++) target.set(register, source.get(register))
      target.setIpExact(source.ipExact())
      target.setEflags(source.eflags())
      target.setFsBase(source.fsBase())
      target.setGsBase(source.gsBase())
      for (let register = 0; register < 16; register++) target.setXmm(register, source.xmm(register))
    },
    setSpace: () => {},
    newSpace: () => addSpace(new Map()),
    forkSpace: (space) => addSpace(new Map([...pagesOf(space)].map(([at, page]) => [at, page.isShared ? page : { ...page, bytes: page.bytes.slice() }]))),
    freeSpace: () => {},
    map: (space, range, protection, isShared) => {
      eachPage(range, (page) => pagesOf(space).set(page, { protection, isShared, bytes: new Uint8Array(PAGE_BYTES) }))
      return true
    },
    unmap: (space, range) => eachPage(range, (page) => pagesOf(space).delete(page)),
    protect: (space, range, protection) => {
      eachPage(range, (page) => { known(pagesOf(space).get(page), "the page is mapped").protection = protection })
      return true
    },
    protectionAt: (space, at) => pagesOf(space).get(pageOf(at))?.protection,
    mappings: never("list mappings"),
    memory: (space) => known(spaces[space], "the space was made").memory,
    load: (space, at, bytes) => {
      for (const [index, byte] of bytes.entries()) known(pagesOf(space).get(pageOf(at + index)), "the page is mapped").bytes[(at + index) % PAGE_BYTES] = byte
      return true
    },
    isExhausted: () => false,
    memoryBytes: () => 0,
    run: never("run"),
    maySplit: never("maySplit"),
    markAt: never("markAt"),
    split: never("split"),
    isInFlight: () => false,
    land: () => {},
    setMarks: () => {},
    setWatches: () => {},
    drainWatches: () => [],
    snapshot: never("fork"),
    restore: never("fork"),
    release: never("fork"),
    hash: never("hash")
  }
}

export const READ_WRITE = READ | WRITE
export const READ_EXECUTE = READ | EXECUTE
