/**
 * A static ELF64 executable to a program. The file is anybody's: every number in it is checked before it is used, and what
 * cannot be loaded ends in one typed error. Section headers serve people only (symbols, described critical sections).
 */
import { alignDown, alignUp, hex } from "../base/bits.ts"
import { latin1OfBytes, viewOf } from "../base/bytes.ts"
import { contains, TASK_SIZE, type Address } from "../base/ids.ts"
import * as ELF from "../linux/elf.ts"
import { describedSections } from "./described.ts"
import { NO_EXPERIMENT, type Program, type ProgramSymbol, type Segment } from "./program.ts"

/** Why a file could not be loaded, and where in it. */
export interface ElfError {
  readonly file: string
  /** Bytes into the file. */
  readonly at: number
  /** Reads on from "expected". */
  readonly expected: string
}

export type ElfLoad =
  | { readonly _tag: "Loaded"; readonly program: Program }
  | { readonly _tag: "ElfRefused"; readonly error: ElfError }

/** One line. Not escaped for a terminal. */
export const describeElfError = ({ at, expected, file }: ElfError): string => `${file}: at byte ${hex(at)}: expected ${expected}`

const PAGE_BYTES = 4096
const FILE_BYTES_MAX = 256 * 1024 * 1024
const SEGMENT_COUNT_MAX = 64
const SECTION_COUNT_MAX = 65_535
const MEMORY_BYTES_MAX = 2 ** 32
const SYMBOL_COUNT_MAX = 1_000_000
const NAME_LENGTH_MAX = 1024
/** Of all symbols together: a table may name one long string a million times. */
const NAMES_LENGTH_MAX = 32 * 1024 * 1024

const protectionOf = (flags: number): number => (flags & ELF.PF_R ? 1 : 0) | (flags & ELF.PF_W ? 2 : 0) | (flags & ELF.PF_X ? 4 : 0)

interface SectionHeader {
  readonly name: string
  readonly type: number
  readonly isAllocated: boolean
  readonly start: number
  readonly offset: number
  readonly sizeBytes: number
  readonly link: number
  readonly at: number
}

/** Numbers of a file, and its first problem. `undefined` after one. */
interface Reader {
  readonly lengthBytes: number
  readonly u8: (at: number) => number
  readonly u16: (at: number) => number
  readonly u32: (at: number) => number
  /** As a double: exact below 2^53; what is larger is larger than anything that is allowed. */
  readonly u64: (at: number) => number
  /** Text up to a zero, at most so long. */
  readonly text: (at: number, end: number) => string
  readonly bytes: (start: number, end: number) => Uint8Array
  readonly expected: (at: number, what: string) => undefined
  /** Whether `count` rows of `rowBytes` lie inside the file. */
  readonly holds: (at: number, count: number, rowBytes: number) => boolean
  readonly error: () => ElfError | undefined
}

const newReader = (bytes: Uint8Array, file: string): Reader => {
  const view = viewOf(bytes)
  let error: ElfError | undefined
  return {
    lengthBytes: bytes.length,
    u8: (at) => view.getUint8(at),
    u16: (at) => view.getUint16(at, true),
    u32: (at) => view.getUint32(at, true),
    u64: (at) => Number(view.getBigUint64(at, true)),
    text: (at, end) => {
      const limit = Math.min(end, at + NAME_LENGTH_MAX)
      const zero = bytes.subarray(at, limit).indexOf(0)
      return latin1OfBytes(bytes.subarray(at, zero === -1 ? limit : at + zero))
    },
    bytes: (start, end) => bytes.subarray(start, end),
    expected: (at, what) => {
      error ??= { file, at, expected: what }
      return undefined
    },
    holds: (at, count, rowBytes) => at <= bytes.length && count * rowBytes <= bytes.length - at,
    error: () => error
  }
}

export const isElf = (bytes: Uint8Array): boolean => bytes.length >= 4 && viewOf(bytes).getUint32(0, true) === ELF.ELF_MAGIC

/** `file`: for messages, and for the program's name. The program shares its bytes with `bytes`. */
export const loadElf = (bytes: Uint8Array, file: string): ElfLoad => {
  const reader = newReader(bytes, file)
  const program = load(reader, file)
  if (program !== undefined) return { _tag: "Loaded", program }
  return { _tag: "ElfRefused", error: reader.error() ?? { file, at: 0, expected: "an ELF file" } }
}

const load = (reader: Reader, file: string): Program | undefined => {
  if (checkHeader(reader) === undefined) return undefined
  const segments = readSegments(reader)
  if (segments === undefined) return undefined
  const sections = readSections(reader)
  if (sections === undefined) return undefined
  const symbols = readSymbols(reader, sections)
  if (symbols === undefined) return undefined
  const entry = reader.u64(ELF.EHDR.entry)
  const isCode = segments.loaded.some((segment) => (segment.protection & 4) !== 0 && contains(rangeOf(segment), entry))
  if (!isCode) return reader.expected(ELF.EHDR.entry, `an entry point inside an executable segment, not ${hex(entry)}`)
  const last = segments.loaded.at(-1)
  return {
    name: file.slice(file.lastIndexOf("/") + 1),
    segments: segments.loaded,
    symbols,
    sections: describedSections(sections.filter(({ isAllocated }) => isAllocated), segments.loaded),
    entry,
    headers: segments.headers,
    experiment: NO_EXPERIMENT,
    end: last === undefined ? 0 : alignUp(rangeOf(last).end, PAGE_BYTES)
  }
}

const rangeOf = ({ memoryBytes, start }: Segment): { readonly start: Address; readonly end: Address } => ({ start, end: start + memoryBytes })

/** What the first 64 bytes must say. */
const checkHeader = (reader: Reader): true | undefined => {
  const { EHDR } = ELF
  if (reader.lengthBytes > FILE_BYTES_MAX) return reader.expected(0, "a file of at most 256 MiB")
  if (reader.lengthBytes < EHDR.sizeBytes) return reader.expected(reader.lengthBytes, `an ELF header of ${EHDR.sizeBytes} bytes`)
  if (reader.u32(EHDR.magic) !== ELF.ELF_MAGIC) return reader.expected(0, "the four bytes 7f 45 4c 46 of an ELF file")
  if (reader.u8(EHDR.class) !== ELF.ELFCLASS64) return reader.expected(EHDR.class, "an ELF file of 64 bits")
  if (reader.u8(EHDR.data) !== ELF.ELFDATA2LSB) return reader.expected(EHDR.data, "a little-endian ELF file")
  if (reader.u16(EHDR.machine) !== ELF.EM_X86_64) return reader.expected(EHDR.machine, `a program for x86-64 (machine ${ELF.EM_X86_64}), not ${reader.u16(EHDR.machine)}`)
  const type = reader.u16(EHDR.type)
  if (type === ELF.ET_DYN) return reader.expected(EHDR.type, "a static executable at fixed addresses, not a position-independent one: link it with -static -no-pie")
  if (type === ELF.ET_REL) return reader.expected(EHDR.type, "a linked program, not an object file")
  if (type === ELF.ET_CORE) return reader.expected(EHDR.type, "a program, not the core dump of one")
  return type === ELF.ET_EXEC ? true : reader.expected(EHDR.type, `an executable (type ${ELF.ET_EXEC}), not type ${type}`)
}

const readSegments = (reader: Reader): { readonly loaded: ReadonlyArray<Segment>; readonly headers: Program["headers"] } | undefined => {
  const { EHDR, PHDR } = ELF
  const at = reader.u64(EHDR.phoff)
  const count = reader.u16(EHDR.phnum)
  if (count === 0 || count === ELF.PN_XNUM) return reader.expected(EHDR.phnum, "1 to 65,534 program headers")
  if (reader.u16(EHDR.phentsize) !== PHDR.sizeBytes) return reader.expected(EHDR.phentsize, `program headers of ${PHDR.sizeBytes} bytes`)
  if (!reader.holds(at, count, PHDR.sizeBytes)) return reader.expected(EHDR.phoff, `${count} program headers inside the file`)

  const loaded: Array<Segment> = []
  let headersAt: Address | undefined
  for (let index = 0; index < count; index += 1) {
    const header = at + index * PHDR.sizeBytes
    const type = reader.u32(header + PHDR.type)
    if (type === ELF.PT_INTERP || type === ELF.PT_DYNAMIC) {
      return reader.expected(header, "a static executable, not one that needs a dynamic linker: link it with -static -no-pie")
    }
    if (type === ELF.PT_PHDR) headersAt = reader.u64(header + PHDR.vaddr)
    if (type !== ELF.PT_LOAD) continue
    const segment = readSegment(reader, header)
    if (segment === undefined) return undefined
    const offset = reader.u64(header + PHDR.offset)
    // Without a PT_PHDR, they are wherever the segment that holds them puts them.
    if (offset <= at && at + count * PHDR.sizeBytes <= offset + segment.bytes.length) headersAt ??= segment.start + (at - offset)
    if (segment.memoryBytes > 0 && loaded.push(segment) > SEGMENT_COUNT_MAX) return reader.expected(header, `at most ${SEGMENT_COUNT_MAX} segments`)
  }
  if (loaded.length === 0) return reader.expected(at, "a segment to load")
  const ascending = loaded.toSorted((a, b) => a.start - b.start)
  for (const [index, segment] of ascending.entries()) {
    const before = ascending[index - 1]
    if (before !== undefined && alignUp(rangeOf(before).end, PAGE_BYTES) > alignDown(segment.start, PAGE_BYTES)) {
      return reader.expected(at, `segments on pages of their own, not two on that of ${hex(segment.start)}`)
    }
  }
  const memoryBytes = ascending.reduce((sum, segment) => sum + segment.memoryBytes, 0)
  if (memoryBytes > MEMORY_BYTES_MAX) return reader.expected(at, "segments of at most 4 GiB together")
  const headers = headersAt === undefined || headersAt >= TASK_SIZE ? undefined : { at: headersAt, sizeBytes: PHDR.sizeBytes, count }
  return { loaded: ascending, headers }
}

const readSegment = (reader: Reader, header: number): Segment | undefined => {
  const { PHDR } = ELF
  const offset = reader.u64(header + PHDR.offset)
  const start = reader.u64(header + PHDR.vaddr)
  const fileBytes = reader.u64(header + PHDR.filesz)
  const memoryBytes = reader.u64(header + PHDR.memsz)
  if (!reader.holds(offset, 1, fileBytes)) return reader.expected(header + PHDR.offset, "the bytes of the segment inside the file")
  if (fileBytes > memoryBytes) return reader.expected(header + PHDR.memsz, "a segment no smaller in memory than in the file")
  if (memoryBytes > 0 && (start < PAGE_BYTES || start + memoryBytes > TASK_SIZE)) return reader.expected(header + PHDR.vaddr, "a segment in user space, above the first page")
  if (memoryBytes > 0 && (start - offset) % PAGE_BYTES !== 0) return reader.expected(header + PHDR.vaddr, "an address and an offset that are equal modulo the page size")
  return { start, bytes: reader.bytes(offset, offset + fileBytes), memoryBytes, protection: protectionOf(reader.u32(header + PHDR.flags)) }
}

const readSections = (reader: Reader): ReadonlyArray<SectionHeader> | undefined => {
  const { EHDR, SHDR } = ELF
  const at = reader.u64(EHDR.shoff)
  const count = reader.u16(EHDR.shnum)
  if (at === 0 || count === 0) return []
  if (reader.u16(EHDR.shentsize) !== SHDR.sizeBytes) return reader.expected(EHDR.shentsize, `section headers of ${SHDR.sizeBytes} bytes`)
  if (count > SECTION_COUNT_MAX || !reader.holds(at, count, SHDR.sizeBytes)) return reader.expected(EHDR.shoff, `${count} section headers inside the file`)
  const raw = Array.from({ length: count }, (_, index) => at + index * SHDR.sizeBytes)
  const namesHeader = raw[reader.u16(EHDR.shstrndx)]
  if (namesHeader === undefined) return reader.expected(EHDR.shstrndx, "the number of a section")
  const names = reader.u64(namesHeader + SHDR.offset)
  const namesEnd = Math.min(names + reader.u64(namesHeader + SHDR.size), reader.lengthBytes)
  return raw.map((header) => ({
    name: nameIn(reader, names, namesEnd, reader.u32(header + SHDR.name)),
    type: reader.u32(header + SHDR.type),
    isAllocated: (reader.u32(header + SHDR.flags) & ELF.SHF_ALLOC) !== 0,
    start: reader.u64(header + SHDR.addr),
    offset: reader.u64(header + SHDR.offset),
    sizeBytes: reader.u64(header + SHDR.size),
    link: reader.u32(header + SHDR.link),
    at: header
  }))
}

/** The name at an offset into a table of names, or none. */
const nameIn = (reader: Reader, start: number, end: number, offset: number): string =>
  start + offset < end ? reader.text(start + offset, end) : ""

const kinds: ReadonlyMap<number, ProgramSymbol["kind"]> = new Map([[ELF.STT_FUNC, "function"], [ELF.STT_OBJECT, "object"]])
/** Symbols that name no place of the program. */
const placeless: ReadonlySet<number> = new Set([ELF.STT_SECTION, ELF.STT_FILE, ELF.STT_TLS])

/** Symbols that name a place, by address, then by name. */
const readSymbols = (reader: Reader, sections: ReadonlyArray<SectionHeader>): ReadonlyArray<ProgramSymbol> | undefined => {
  const { SYM } = ELF
  const table = sections.find(({ type }) => type === ELF.SHT_SYMTAB)
  if (table === undefined) return []
  const names = sections[table.link]
  if (names === undefined || !reader.holds(names.offset, 1, names.sizeBytes)) return reader.expected(table.at, "the names of the symbols inside the file")
  if (!reader.holds(table.offset, 1, table.sizeBytes)) return reader.expected(table.at, "the table of symbols inside the file")
  const count = Math.floor(table.sizeBytes / SYM.sizeBytes)
  if (count > SYMBOL_COUNT_MAX) return reader.expected(table.at, "at most 1,000,000 symbols")
  const symbols: Array<ProgramSymbol> = []
  let namesLength = 0
  for (let index = 1; index < count; index += 1) {
    const at = table.offset + index * SYM.sizeBytes
    const type = reader.u8(at + SYM.info) & 0xf
    const section = reader.u16(at + SYM.shndx)
    const value = reader.u64(at + SYM.value)
    if (placeless.has(type) || section === ELF.SHN_UNDEF || section === ELF.SHN_ABS || value >= TASK_SIZE) continue
    const name = nameIn(reader, names.offset, names.offset + names.sizeBytes, reader.u32(at + SYM.name))
    if (name === "") continue
    namesLength += name.length
    if (namesLength > NAMES_LENGTH_MAX) return reader.expected(table.at, "symbols with names of at most 32 MiB together")
    const sizeBytes = reader.u64(at + SYM.size)
    symbols.push({ name, at: value, sizeBytes: sizeBytes < TASK_SIZE ? sizeBytes : 0, kind: kinds.get(type) ?? "other" })
  }
  return symbols.toSorted((a, b) => a.at - b.at || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}
