/** Where a tested instruction stands and what memory it sees: the same addresses on the processor and in every engine. */

/** The instruction, followed by the way out behind it and another `BRANCH_BYTES` further. */
export const CODE = 0x2000_0000
/** How far behind the instruction a branch leads. */
export const BRANCH_BYTES = 0x40

/** Two pages to read and write, one only to read, then nothing. */
export const DATA = 0x1000_0000
export const PAGE = 0x1000
export const READ_ONLY = DATA + 2 * PAGE
export const HOLE = DATA + 3 * PAGE
/** 256 bytes across the first page boundary: what a case fills, and what is compared. All else that is writable is 0. */
export const WINDOW = DATA + PAGE - 0x80
export const WINDOW_BYTES = 256
/** What `%gs:` adds. */
export const GS_BASE = WINDOW

/** The byte at an offset of the page that is only read. */
export const readOnlyByte = (offset: number): number => (offset * 7) & 0xff

/** Anywhere, and nowhere near anything. */
export const KERNEL_ADDRESS = 0xffff_8000_0000_1000n
export const NON_CANONICAL = 0x8000_0000_0000_0000n
