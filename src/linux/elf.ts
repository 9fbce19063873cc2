/**
 * ELF of 64 bits, little-endian: numbers and offsets. Source: elf(5); System V ABI, AMD64 supplement,
 * chapter 4.
 */

export const ELF_MAGIC = 0x464c_457f
export const ELFCLASS64 = 2
export const ELFDATA2LSB = 1
export const EM_X86_64 = 62
export const ET_EXEC = 2
export const ET_DYN = 3
export const ET_REL = 1
export const ET_CORE = 4

export const PT_LOAD = 1
export const PT_DYNAMIC = 2
export const PT_INTERP = 3
export const PT_PHDR = 6

/** Protection of a segment: bits of their own, not those of mmap. */
export const PF_X = 1
export const PF_W = 2
export const PF_R = 4

export const SHT_SYMTAB = 2
export const SHT_NOBITS = 8
export const SHF_ALLOC = 2

export const STT_OBJECT = 1
export const STT_FUNC = 2
export const STT_SECTION = 3
export const STT_FILE = 4
export const STT_TLS = 6
export const SHN_UNDEF = 0
export const SHN_ABS = 0xfff1
/** `e_phnum` of a file whose number of program headers does not fit it. */
export const PN_XNUM = 0xffff

/** Elf64_Ehdr */
export const EHDR = {
  sizeBytes: 64, magic: 0, class: 4, data: 5, version: 6, type: 16, machine: 18, entry: 24, phoff: 32, shoff: 40,
  phentsize: 54, phnum: 56, shentsize: 58, shnum: 60, shstrndx: 62
} as const

/** Elf64_Phdr */
export const PHDR = {
  sizeBytes: 56, type: 0, flags: 4, offset: 8, vaddr: 16, filesz: 32, memsz: 40, align: 48
} as const

/** Elf64_Shdr */
export const SHDR = {
  sizeBytes: 64, name: 0, type: 4, flags: 8, addr: 16, offset: 24, size: 32, link: 40, entsize: 56
} as const

/** Elf64_Sym */
export const SYM = { sizeBytes: 24, name: 0, info: 4, shndx: 6, value: 8, size: 16 } as const

/** struct rseq_cs, as user code describes a critical section. Source: Linux include/uapi/linux/rseq.h */
export const RSEQ_CS = {
  sizeBytes: 32, version: 0, flags: 4, startIp: 8, postCommitOffset: 16, abortIp: 24
} as const
