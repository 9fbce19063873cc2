/**
 * Where everything is in the machine's one linear memory.
 *
 * Guest bytes live in the arena alone; all that is ours lies below it, with pages between that nobody uses. Areas marked
 * *versioned* are the machine: a snapshot brings their bytes back. The rest are caches and scratch, and may be dropped.
 */
import { PAGE_BYTES } from "../base/ids.ts"
import { FORM_BYTES } from "../x86/form.ts"
import { SLOT_BYTES, SLOT_COUNT } from "../x86/register.ts"

export const PAGE_SHIFT = 12

/** Versioned: what the allocator of frames knows. */
export const CONTROL = 0x1000
/** Words of the control page, as byte offsets. */
export const control = {
  /** First free page of the arena, 0 if none. */
  freeHead: 0,
  /** First page of the arena never handed out, as a page number. */
  top: 4,
  /** Frames that hold guest bytes. */
  frameCount: 8,
  /** Pages that hold page tables. */
  tableCount: 12,
  /** Pages mapped in all spaces, as a double. */
  mappedCount: 16,
  /** First free register block, 0 if none; and the first never handed out. */
  freeBlock: 24,
  topBlock: 28,
  freeSpace: 32,
  topSpace: 36
} as const

/** What engine and machine tell each other. */
export const EXCHANGE = 0x2000
export const exchange = {
  /** Why the engine came back: an index into `exits`. */
  exit: 0,
  /** Instructions to give back to the budget: 1 where the one at `form` did not happen. */
  refund: 4,
  /** Where the engine stopped, as a form. */
  form: 8,
  /** 64 bits of hash. */
  hashLow: 16,
  hashHigh: 20,
  /** Of the mapped range that is being stirred: first page, page behind it (i64), and what its entries say (i32). */
  rangeStart: 24,
  rangeEnd: 32,
  rangeBits: 40,
  /** The budget behind the one instruction that meets no mark; `NOBODY_PASSES`: none such. */
  passBudget: 44,
  /** The access at which a mark stopped the engine: its request (0: none did) and its address. */
  metRequest: 48,
  metAddress: 52,
  /** Where the table of marked ranges ends. */
  marksEnd: 60,
  /** The form that control goes to when an indirect target is not in the table. */
  miss: 64,
  /** A read that straddles pages is put together here, a write taken apart from here: four places of 32 bytes. */
  stash: 128,
  /** Marked ranges, one after the other. */
  marks: 512
} as const
/** In `passBudget`: no budget is negative. */
export const NOBODY_PASSES = -1
/** First address and the one behind the last (i64 each), and whether reads meet it (i32). */
export const MARK_BYTES = 32
export const MARK_COUNT_MAX = 64
export const markedRange = { start: 0, end: 8, isMetByReads: 16 } as const
export const STASH_COUNT = 4
export const STASH_BYTES = 32

/** Versioned: one record a space. */
export const SPACES = 0x100000
export const SPACE_BYTES = 256
export const SPACE_COUNT_MAX = 4096
/** Fields of a space's record. The 32 entries of the highest page table come first. */
export const space = {
  root: 0,
  /** Whose decoded forms are valid here; never 0. Of a free record 0, and `next` links it. */
  codeSpace: 128,
  next: 132
} as const

/**
 * An entry of a page table: a host page and
 *
 *     5      a table                4  shared            3  mapped          2-0  protection
 */
export const entryBits = { table: 32, shared: 16, mapped: 8 } as const

/** Versioned: one register block a task. */
export const BLOCKS = 0x200000
export const BLOCK_BYTES = 1024
export const BLOCK_COUNT_MAX = 8192
/** Fields of a register block. The register file of `x86/register.ts` comes first. */
export const block = {
  file: 0,
  /** The flags, as `x86/lazy-flag.ts` keeps them. */
  result: 160,
  auxiliary: 168,
  ip: 176,
  /** Instructions retired, as a double. */
  count: 184,
  /** DF: 0 or 1. */
  direction: 192,
  /** The record of the space; 0 in a free block, where `next` links it. */
  space: 196,
  next: 200,
  vectors: 256,
  /** A write in flight: its size in bytes (0: none), address, ip and count as doubles, and its bytes. */
  flightSize: 512,
  flightAddress: 520,
  flightIp: 528,
  flightCount: 536,
  flightBytes: 544,
  flightEnd: 560
} as const

/** Versioned: 4 bytes for each page of linear memory: its reference count; of a free page, the complement of the next. */
export const PAGES = 0xa00000
const PAGE_COUNT_MAX = 2 ** 20

/** One context a space that runs: its soft TLB, and where its indirect jumps lead. */
export const CONTEXTS = 0xe00000
export const CONTEXT_COUNT = 16
export const TLB_ENTRY_COUNT = 4096
/**
 * Page tag for reads (i64), for writes (i64), host address less guest address (i32). A page with marks has none of these tags,
 * but the one of guarded pages (i64); its lowest bits say what may not be done.
 */
export const TLB_ENTRY_BYTES = 32
export const tlbEntry = { read: 0, write: 8, addend: 16, guarded: 20 } as const
/** Bits of the tag of a guarded page: its host page is not to be read, not to be written. */
export const NOT_READ = 1
export const NOT_WRITTEN = 2
export const TARGETS = TLB_ENTRY_COUNT * TLB_ENTRY_BYTES
export const TARGET_COUNT = 4096
/** Guest address (i64), form (i32). */
export const TARGET_BYTES = 16
export const target = { ip: 0, form: 8 } as const
export const CONTEXT_BYTES = TARGETS + TARGET_COUNT * TARGET_BYTES

/** Accesses to watched ranges, oldest first, 64 bytes each. */
export const RING = 0x1200000
export const RING_COUNT = 4096
export const RING_BYTES = 64

/** Decoded instructions. */
export const FORMS = 0x1300000
export const FORMS_END = 0x2300000

/** By page of linear memory, 8 bytes each: the hash of what it holds, 0 if it is not known. */
export const HASHES = 0x2400000

/** Versioned: frames of guest memory and page tables. Pages below are left unused: a stray address hits nothing. */
export const ARENA = 0x2d00000
/** Never written: what an untouched page reads as. */
export const ZERO_FRAME = ARENA
export const FIRST_FRAME = ARENA + PAGE_BYTES
/** What there is to begin with. */
export const INITIAL_BYTES = ARENA + 0x100000

export const pageCounter = (page: number): number => (PAGES >>> 2) + page

/** Every area and its length in bytes; the arena goes on as far as memory does. */
export const regions = [
  [CONTROL, PAGE_BYTES], [EXCHANGE, PAGE_BYTES], [SPACES, SPACE_BYTES * SPACE_COUNT_MAX], [BLOCKS, BLOCK_BYTES * BLOCK_COUNT_MAX],
  [PAGES, 4 * PAGE_COUNT_MAX], [CONTEXTS, CONTEXT_BYTES * CONTEXT_COUNT], [RING, RING_BYTES * RING_COUNT],
  [FORMS, FORMS_END - FORMS], [HASHES, 8 * PAGE_COUNT_MAX], [ARENA, 0]
] as const

/** True where each region ends before the next begins. Asserted once, when a machine is created. */
export const regionsAreApart = regions.every(([start, bytes], index) => start + bytes <= (regions[index + 1]?.[0] ?? Infinity)) &&
  SLOT_COUNT * SLOT_BYTES <= block.result && FORM_BYTES === 32
