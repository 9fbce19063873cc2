/**
 * What the kernel and the loop may do with the simulated hardware. Register blocks, address spaces, frames; no policy.
 *
 * The machine knows no task and no CPU: a register block is a task's, a CPU is whoever runs one. Everything lives in one
 * linear memory (`layout.ts`), so a snapshot is a few references and a restore touches what was dirtied since.
 */
import type { Address, AddressRange, Count } from "../base/ids.ts"
import type { Mark, Pending } from "../base/mark.ts"
import type { Stop } from "./stop.ts"

/** A register block, by its place. */
export type BlockId = number & { readonly BlockId: unique symbol }
/** An address space, by its place. */
export type SpaceId = number & { readonly SpaceId: unique symbol }

/** `rwx` bits, as PROT_READ 1, PROT_WRITE 2, PROT_EXEC 4. */
export type Protection = number
export const READ = 1
export const WRITE = 2
export const EXECUTE = 4

/** One register block. Integer registers by number (rax 0, rcx 1, rdx 2, rbx 3, rsp 4, rbp 5, rsi 6, rdi 7, r8 … r15). */
export interface Registers {
  /** Unsigned 64 bits. */
  readonly get: (register: number) => bigint
  readonly set: (register: number, value: bigint) => void
  /** The same as a double: exact below 2^53, beyond every user address otherwise. For addresses, lengths and small arguments. */
  readonly number: (register: number) => number
  readonly setNumber: (register: number, value: number) => void
  /** The instruction pointer as a double; `ipExact` where all 64 bits count. */
  readonly ip: () => Address
  readonly setIp: (ip: Address) => void
  readonly ipExact: () => bigint
  readonly setIpExact: (ip: bigint) => void
  /** The image of eflags, all six status flags exact; IF and bit 1 are set. DF is kept. */
  readonly eflags: () => number
  readonly setEflags: (eflags: number) => void
  readonly fsBase: () => bigint
  readonly setFsBase: (base: bigint) => void
  readonly gsBase: () => bigint
  readonly setGsBase: (base: bigint) => void
  /** Instructions retired. */
  readonly count: () => Count
  readonly setCount: (count: Count) => void
  /** 16 bytes of xmm0 … xmm15; a copy. */
  readonly xmm: (register: number) => Uint8Array
  readonly setXmm: (register: number, bytes: Uint8Array) => void
  /** All of them, one after the other: 256 bytes; a copy. */
  readonly vectors: () => Uint8Array
  readonly setVectors: (bytes: Uint8Array) => void
}

/** User memory of one address space, as the kernel reaches it: permissions hold, and a refusal changes nothing. */
export interface UserMemory {
  /** Little-endian, unsigned, unaligned allowed; `undefined` where a byte is not readable. */
  readonly read8: (at: Address) => number | undefined
  readonly read32: (at: Address) => number | undefined
  readonly read64: (at: Address) => bigint | undefined
  /** 64 bits as a double: exact below 2^53, above every user address otherwise. */
  readonly readAddress: (at: Address) => number | undefined
  readonly readBytes: (at: Address, lengthBytes: number) => Uint8Array | undefined
  /** Whether these bytes stand there and may be read: what is read again and again is compared, not copied. */
  readonly holds: (at: Address, bytes: Uint8Array) => boolean
  /** False where a byte is not writable; then nothing is written. */
  readonly write8: (at: Address, value: number) => boolean
  readonly write32: (at: Address, value: number) => boolean
  readonly write64: (at: Address, value: bigint) => boolean
  readonly writeBytes: (at: Address, bytes: Uint8Array) => boolean
  /** Whether all bytes may be accessed so, without touching them. */
  readonly allows: (at: Address, lengthBytes: number, access: "read" | "write") => boolean
}

/** An access to a watched range, as the ring delivers it. Values are the low 8 bytes at most. */
export interface WatchedAccess {
  readonly block: BlockId
  readonly count: Count
  readonly ip: Address
  readonly address: Address
  readonly sizeBytes: number
  /** Both: it reads, and writes what it made of it. */
  readonly isRead: boolean
  readonly isWrite: boolean
  /** Nobody comes between: a LOCK prefix, or an exchange with memory. */
  readonly isLocked: boolean
  readonly before: bigint
  readonly after: bigint
}

/** The whole machine at one moment. Opaque; costs nothing until something is changed. Released when no longer needed. */
export interface MachineSnapshot {
  readonly MachineSnapshot: unique symbol
}

export interface MachineOptions {
  /** Frames of guest memory there may be, all spaces together, in bytes. */
  readonly maxMemoryBytes: number
}

export interface Machine {
  // ---- register blocks: one a task
  readonly newBlock: (space: SpaceId) => BlockId
  readonly freeBlock: (block: BlockId) => void
  /** The same object for the same block, always. */
  readonly registers: (block: BlockId) => Registers
  /** Copies every register but the count, which starts at 0. */
  readonly copyRegisters: (from: BlockId, to: BlockId) => void
  readonly setSpace: (block: BlockId, space: SpaceId) => void

  // ---- address spaces
  readonly newSpace: () => SpaceId
  /** A space with the same bytes: private pages copied on write, pages mapped shared stay shared. */
  readonly forkSpace: (space: SpaceId) => SpaceId
  readonly freeSpace: (space: SpaceId) => void
  /** Maps zeroed pages over `[start, end)` (page-aligned), replacing what was there. False when `maxMemoryBytes` is reached; then nothing changed. Frames come lazily: an untouched page costs none. */
  readonly map: (space: SpaceId, range: AddressRange, protection: Protection, isShared: boolean) => boolean
  readonly unmap: (space: SpaceId, range: AddressRange) => void
  /** False if a page of the range is not mapped; the pages before it have changed, as on Linux. */
  readonly protect: (space: SpaceId, range: AddressRange, protection: Protection) => boolean
  readonly protectionAt: (space: SpaceId, at: Address) => Protection | undefined
  /** Mapped ranges in ascending order, neighbours with equal protection joined. */
  readonly mappings: (space: SpaceId) => ReadonlyArray<AddressRange & { readonly protection: Protection; readonly isShared: boolean }>
  /** The same object for the same space, always. */
  readonly memory: (space: SpaceId) => UserMemory
  /** Writes whatever the protection says: for loaders. The pages must be mapped. False when `maxMemoryBytes` is reached. */
  readonly load: (space: SpaceId, at: Address, bytes: Uint8Array) => boolean
  /** What the frames in use hold, in bytes. */
  readonly memoryBytes: () => number
  /** A page that may be written was refused its frame since the last restore: `maxMemoryBytes` is reached. */
  readonly isExhausted: () => boolean

  // ---- running
  /**
   * Runs the block for at most `budgetIcount` instructions. An instruction (one REP iteration) is retired wholly or not at all.
   * `passMark`: the first instruction meets no mark; so one goes on from where a mark stopped.
   */
  readonly run: (block: BlockId, budgetIcount: number, passMark: boolean) => Stop
  // ---- read-modify-writes taken apart
  /** Whether the block stands before an unlocked read-modify-write of memory that would not fault. */
  readonly maySplit: (block: BlockId) => boolean
  /** The mark that this instruction would meet. Not to be kept. */
  readonly markAt: (block: BlockId) => Pending | undefined
  /**
   * Runs this instruction, meeting no mark: it reads and retires, and its write is in flight. Until that has landed the block does
   * not run, and the mappings of its space stay as they are. A fault where memory has run out, or `BudgetSpent`.
   */
  readonly split: (block: BlockId) => Stop
  readonly isInFlight: (block: BlockId) => boolean
  /** Does the write that is in flight, if any. */
  readonly land: (block: BlockId) => void

  /** Marks for all blocks, replacing those before. Free where nothing is marked. */
  readonly setMarks: (marks: ReadonlyArray<Mark>) => void
  /**
   * Ranges whose accesses are written to the ring, replacing those before. `areLockedToo`: and all LOCKed accesses, wherever they
   * are; what was once accessed so is a watched range from then on.
   */
  readonly setWatches: (ranges: ReadonlyArray<AddressRange>, areLockedToo?: boolean) => void
  /** Takes what the ring holds, oldest first. The run stops (`BudgetSpent` with budget left is never seen outside) when it is full. */
  readonly drainWatches: () => ReadonlyArray<WatchedAccess>

  // ---- forks
  readonly snapshot: () => MachineSnapshot
  /** Back to a snapshot, in place, whatever happened since; it stays valid. */
  readonly restore: (snapshot: MachineSnapshot) => void
  readonly release: (snapshot: MachineSnapshot) => void
  /** 64 bits over registers (flags exact), counts if asked, mappings and bytes; equal states have equal hashes however they came about, on every machine. 16 hex digits. `blocks` names which and in what order. */
  readonly hash: (blocks: ReadonlyArray<BlockId>, options: { readonly withCounts: boolean }) => string
}
