/**
 * A static ELF64 executable to a program. The file is anybody's: every number in it is checked before it
 * is used, and what cannot be loaded ends in one typed error. Section headers serve people only (symbols,
 * described critical sections).
 */
import { alignDown, alignUp, hex } from "../base/bits.ts"
import { viewOf } from "../base/bytes.ts"
import { contains, PAGE_BYTES, TASK_SIZE, type Address } from "../base/ids.ts"
import * as ELF from "../linux/elf.ts"
import { describedSections } from "./described.ts"
import { newReader, type ElfError, type Reader } from "./elf/reader.ts"
import { readSections, readSymbols } from "./elf/sections.ts"
import { atMost, programLimits } from "./limits.ts"
import { NO_EXPERIMENT, type Program, type Segment } from "./program.ts"

export type ElfLoad =
  | { readonly _tag: "Loaded"; readonly program: Program }
  | { readonly _tag: "ElfRefused"; readonly error: ElfError }

/** One line. Not escaped for a terminal. */
export const describeElfError = ({ at, expected, file }: ElfError): string =>
  `${file}: at byte ${hex(at)}: expected ${expected}`

const LINK_IT = "link it with -static -no-pie"

const FILE_BYTES_MAX = 256 * 1024 * 1024
/** PROT_EXEC */
const EXECUTE = 4
const MEMORY_BYTES_MAX = 2 ** 32

const protectionOf = (flags: number): number =>
  (flags & ELF.PF_R ? 1 : 0) | (flags & ELF.PF_W ? 2 : 0) | (flags & ELF.PF_X ? 4 : 0)

export const isElf = (bytes: Uint8Array): boolean =>
  bytes.length >= 4 && viewOf(bytes).getUint32(0, true) === ELF.ELF_MAGIC

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
  const code = segments.loaded.find((segment) => contains(rangeOf(segment), entry))
  if (code === undefined || (code.protection & EXECUTE) === 0) {
    return reader.expected(ELF.EHDR.entry, `an entry point inside an executable segment, not ${hex(entry)}`)
  }
  const last = segments.loaded.at(-1)
  return {
    name: file.slice(file.lastIndexOf("/") + 1),
    segments: segments.loaded,
    symbols,
    sections: describedSections(sections.filter(({ isAllocated }) => isAllocated), segments.loaded),
    entry,
    headers: segments.headers,
    experiment: NO_EXPERIMENT,
    end: last === undefined ? 0 : alignUp(rangeOf(last).end, PAGE_BYTES),
    text: undefined
  }
}

const rangeOf = ({ memoryBytes, start }: Segment): { readonly start: Address; readonly end: Address } =>
  ({ start, end: start + memoryBytes })

/** What the first 64 bytes must say. */
const checkHeader = (reader: Reader): true | undefined => {
  const { EHDR } = ELF
  if (reader.lengthBytes > FILE_BYTES_MAX) return reader.expected(0, "a file of at most 256 MiB")
  if (reader.lengthBytes < EHDR.sizeBytes) {
    return reader.expected(reader.lengthBytes, `an ELF header of ${EHDR.sizeBytes} bytes`)
  }
  const machine = reader.u16(EHDR.machine)
  const type = reader.u16(EHDR.type)
  const checks: ReadonlyArray<readonly [at: number, holds: boolean, expected: string]> = [
    [EHDR.magic, reader.u32(EHDR.magic) === ELF.ELF_MAGIC, "the four bytes 7f 45 4c 46 of an ELF file"],
    [EHDR.class, reader.u8(EHDR.class) === ELF.ELFCLASS64, "an ELF file of 64 bits"],
    [EHDR.data, reader.u8(EHDR.data) === ELF.ELFDATA2LSB, "a little-endian ELF file"],
    [EHDR.machine, machine === ELF.EM_X86_64, `a program for x86-64 (machine ${ELF.EM_X86_64}), not ${machine}`],
    [EHDR.type, type !== ELF.ET_DYN, `a static executable at fixed addresses, not a position-independent one: ${LINK_IT}`],
    [EHDR.type, type !== ELF.ET_REL, "a linked program, not an object file"],
    [EHDR.type, type !== ELF.ET_CORE, "a program, not the core dump of one"],
    [EHDR.type, type === ELF.ET_EXEC, `an executable (type ${ELF.ET_EXEC}), not type ${type}`]
  ]
  const failed = checks.find(([, holds]) => !holds)
  return failed === undefined ? true : reader.expected(failed[0], failed[2])
}

const readSegments = (
  reader: Reader
): { readonly loaded: ReadonlyArray<Segment>; readonly headers: Program["headers"] } | undefined => {
  const { EHDR, PHDR } = ELF
  const at = reader.u64(EHDR.phoff)
  const count = reader.u16(EHDR.phnum)
  if (count === 0 || count === ELF.PN_XNUM) return reader.expected(EHDR.phnum, "1 to 65,534 program headers")
  if (reader.u16(EHDR.phentsize) !== PHDR.sizeBytes) {
    return reader.expected(EHDR.phentsize, `program headers of ${PHDR.sizeBytes} bytes`)
  }
  if (!reader.holds(at, count, PHDR.sizeBytes)) {
    return reader.expected(EHDR.phoff, `${count} program headers inside the file`)
  }

  const loaded: Array<Segment> = []
  let headersAt: Address | undefined
  for (let index = 0; index < count; index += 1) {
    const header = at + index * PHDR.sizeBytes
    const type = reader.u32(header + PHDR.type)
    if (type === ELF.PT_INTERP || type === ELF.PT_DYNAMIC) {
      return reader.expected(header, `a static executable, not one that needs a dynamic linker: ${LINK_IT}`)
    }
    if (type === ELF.PT_PHDR) headersAt = reader.u64(header + PHDR.vaddr)
    if (type !== ELF.PT_LOAD) continue
    const segment = readSegment(reader, header)
    if (segment === undefined) return undefined
    const offset = reader.u64(header + PHDR.offset)
    // Without a PT_PHDR, they are wherever the segment that holds them puts them.
    const isHeld = offset <= at && at + count * PHDR.sizeBytes <= offset + segment.bytes.length
    if (isHeld) headersAt ??= segment.start + (at - offset)
    if (segment.memoryBytes > 0 && loaded.push(segment) > programLimits.segments.max) {
      return reader.expected(header, atMost("segments"))
    }
  }
  if (loaded.length === 0) return reader.expected(at, "a segment to load")
  const ascending = loaded.toSorted((a, b) => a.start - b.start)
  for (const [index, segment] of ascending.entries()) {
    const before = ascending[index - 1]
    const taken = before === undefined ? 0 : alignUp(rangeOf(before).end, PAGE_BYTES)
    if (taken > alignDown(segment.start, PAGE_BYTES)) {
      return reader.expected(at, `segments on pages of their own, not two on that of ${hex(segment.start)}`)
    }
  }
  const memoryBytes = ascending.reduce((sum, segment) => sum + segment.memoryBytes, 0)
  if (memoryBytes > MEMORY_BYTES_MAX) return reader.expected(at, "segments of at most 4 GiB together")
  const headers = headersAt === undefined || headersAt >= TASK_SIZE
    ? undefined
    : { at: headersAt, sizeBytes: PHDR.sizeBytes, count }
  return { loaded: ascending, headers }
}

const readSegment = (reader: Reader, header: number): Segment | undefined => {
  const { PHDR } = ELF
  const offset = reader.u64(header + PHDR.offset)
  const start = reader.u64(header + PHDR.vaddr)
  const fileBytes = reader.u64(header + PHDR.filesz)
  const memoryBytes = reader.u64(header + PHDR.memsz)
  if (!reader.holds(offset, 1, fileBytes)) {
    return reader.expected(header + PHDR.offset, "the bytes of the segment inside the file")
  }
  if (fileBytes > memoryBytes) {
    return reader.expected(header + PHDR.memsz, "a segment no smaller in memory than in the file")
  }
  if (memoryBytes > 0 && (start < PAGE_BYTES || start + memoryBytes > TASK_SIZE)) {
    return reader.expected(header + PHDR.vaddr, "a segment in user space, above the first page")
  }
  if (memoryBytes > 0 && (start - offset) % PAGE_BYTES !== 0) {
    return reader.expected(header + PHDR.vaddr, "an address and an offset that are equal modulo the page size")
  }
  return {
    start, bytes: reader.bytes(offset, offset + fileBytes), memoryBytes,
    protection: protectionOf(reader.u32(header + PHDR.flags))
  }
}
