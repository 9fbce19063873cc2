/** Section headers and the table of symbols: for people and tools, nothing runs by them. */
import { TASK_SIZE } from "../../base/ids.ts"
import * as ELF from "../../linux/elf.ts"
import { atMost, programLimits } from "../limits.ts"
import type { ProgramSymbol } from "../program.ts"
import type { Reader } from "./reader.ts"

export interface SectionHeader {
  readonly name: string
  readonly type: number
  readonly isAllocated: boolean
  readonly start: number
  readonly offset: number
  readonly sizeBytes: number
  readonly link: number
  readonly at: number
}

const SECTION_COUNT_MAX = 65_535
/** Of all symbols together: a table may name one long string a million times. */
const NAMES_LENGTH_MAX = 32 * 1024 * 1024

/** All of them, or none where the file has none. `undefined` after a problem. */
export const readSections = (reader: Reader): ReadonlyArray<SectionHeader> | undefined => {
  const { EHDR, SHDR } = ELF
  const at = reader.u64(EHDR.shoff)
  const count = reader.u16(EHDR.shnum)
  if (at === 0 || count === 0) return []
  if (reader.u16(EHDR.shentsize) !== SHDR.sizeBytes) {
    return reader.expected(EHDR.shentsize, `section headers of ${SHDR.sizeBytes} bytes`)
  }
  if (count > SECTION_COUNT_MAX || !reader.holds(at, count, SHDR.sizeBytes)) {
    return reader.expected(EHDR.shoff, `${count} section headers inside the file`)
  }
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

const kinds: ReadonlyMap<number, ProgramSymbol["kind"]> = new Map([
  [ELF.STT_FUNC, "function"],
  [ELF.STT_OBJECT, "object"]
])
/** Symbols that name no place of the program. */
const placeless: ReadonlySet<number> = new Set([ELF.STT_SECTION, ELF.STT_FILE, ELF.STT_TLS])

/** Symbols that name a place, by address, then by name. */
export const readSymbols = (
  reader: Reader,
  sections: ReadonlyArray<SectionHeader>
): ReadonlyArray<ProgramSymbol> | undefined => {
  const { SYM } = ELF
  const table = sections.find(({ type }) => type === ELF.SHT_SYMTAB)
  if (table === undefined) return []
  const names = sections[table.link]
  if (names === undefined || !reader.holds(names.offset, 1, names.sizeBytes)) {
    return reader.expected(table.at, "the names of the symbols inside the file")
  }
  if (!reader.holds(table.offset, 1, table.sizeBytes)) {
    return reader.expected(table.at, "the table of symbols inside the file")
  }
  const count = Math.floor(table.sizeBytes / SYM.sizeBytes)
  if (count > programLimits.symbols.max) return reader.expected(table.at, atMost("symbols"))
  const symbols: Array<ProgramSymbol> = []
  let namesLength = 0
  for (let index = 1; index < count; index += 1) {
    const at = table.offset + index * SYM.sizeBytes
    const type = reader.u8(at + SYM.info) & 0xf
    const section = reader.u16(at + SYM.shndx)
    const value = reader.u64(at + SYM.value)
    const isPlace = section !== ELF.SHN_UNDEF && section !== ELF.SHN_ABS && value < TASK_SIZE
    if (placeless.has(type) || !isPlace) continue
    const name = nameIn(reader, names.offset, names.offset + names.sizeBytes, reader.u32(at + SYM.name))
    if (name === "") continue
    namesLength += name.length
    if (namesLength > NAMES_LENGTH_MAX) {
      return reader.expected(table.at, "symbols with names of at most 32 MiB together")
    }
    const sizeBytes = reader.u64(at + SYM.size)
    symbols.push({
      name, at: value, sizeBytes: sizeBytes < TASK_SIZE ? sizeBytes : 0,
      kind: kinds.get(type) ?? "other"
    })
  }
  return symbols.toSorted((a, b) => a.at - b.at || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}
