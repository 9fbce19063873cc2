/** Entries of page tables, and addresses as their two words. Layout of an entry: `entryBits`. */
import { entryBits } from "./layout.ts"
import { EXECUTE, READ, WRITE } from "./machine.ts"

/** The bits of an entry that name a host page. */
export const HOST_PAGE = ~4095
export const PROTECTION = READ | WRITE | EXECUTE

export const TABLE_ENTRY_COUNT = 1024
export const TOP_LEVEL = 3
export const TOP_ENTRY_COUNT = 32

const pagesOfLevel = [1, 2 ** 10, 2 ** 20, 2 ** 30]
/** How many pages an entry of a level covers. */
export const pagesIn = (level: number): number => pagesOfLevel[level] ?? 0

export const isShared = (entry: number): boolean => (entry & entryBits.shared) !== 0
/** On x86 whatever may be written or executed may be read. Source: Intel SDM 3A, 4.6; Linux, protection_map. */
export const isReadable = (entry: number): boolean => (entry & PROTECTION) !== 0
export const isWritable = (entry: number): boolean => (entry & WRITE) !== 0
export const isExecutable = (entry: number): boolean => (entry & EXECUTE) !== 0

export const lowWord = (at: number): number => at | 0
export const highWord = (at: number): number => Math.floor(at / 2 ** 32)
