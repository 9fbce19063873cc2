/** Puts the machine together. `createMachine` is all that other rooms need to know of this room. */
import { assert, known } from "../base/assert.ts"
import { type AddressRange, PAGE_BYTES } from "../base/ids.ts"
import type { Mark } from "../base/mark.ts"
import { CodeCache } from "./code-cache.ts"
import { Contexts } from "./contexts.ts"
import { Linear } from "./engine/linear.ts"
import { EntryChanges } from "./entry-changes.ts"
import { Frames } from "./frames.ts"
import { Guards, markSetOf, NO_MARKS, sameMark } from "./guards.ts"
import { FrameHashes } from "./hash.ts"
import { InFlight } from "./in-flight.ts"
import { History, type Version } from "./history.ts"
import { ARENA, BLOCKS, BLOCK_BYTES, BLOCK_COUNT_MAX, ZERO_FRAME, block as field, control, regionsAreApart } from "./layout.ts"
import type { BlockId, Machine, MachineOptions, MachineSnapshot, Registers, SpaceId, UserMemory } from "./machine.ts"
import { highWord, isExecutable, lowWord } from "./page-entry.ts"
import { registersOf } from "./registers.ts"
import { Runner } from "./run.ts"
import { SlowPath } from "./slow-path.ts"
import { Spaces } from "./spaces.ts"
import { stateHash } from "./state-hash.ts"
import { loadBytes, userMemory } from "./user-memory.ts"
import { WatchRing } from "./watches.ts"

/** Page tables for all that may be mapped, and those above them. */
const TABLE_COUNT_MAX = 2 ** 16 + 2 ** 10

assert(regionsAreApart, "the areas of linear memory do not overlap")

/** The pages of more are dropped from the TLBs by dropping all. */
const FEW_RANGES = 64

export const createMachine = (options: MachineOptions): Machine => assembleMachine(options).machine

/** The machine and the memory it lives in: for tests that look at what no contract shows. */
export const assembleMachine = ({ maxMemoryBytes }: MachineOptions): { readonly machine: Machine; readonly linear: Linear } => {
  const pageCountMax = Math.min(2 ** 20, ARENA / PAGE_BYTES + Math.ceil(maxMemoryBytes / PAGE_BYTES) + TABLE_COUNT_MAX)
  const linear = new Linear()
  const contexts = new Contexts(linear, pageCountMax)
  const hashes = new FrameHashes(linear, contexts)
  const changes = new EntryChanges()
  let haveMappingsMoved = false
  const history = new History(linear, {
    settled: (page) => contexts.revokeWrites(page),
    reverted: (page) => {
      contexts.revokeWrites(page)
      hashes.forget(page)
      code.changed(page)
      haveMappingsMoved ||= frames.saysWhatIsMapped(page)
    },
    arrived: (isFar) => {
      // Nearby, each change of an entry is on the list; from afar come changes that nobody has listed.
      if (isFar && haveMappingsMoved) contexts.releaseAll()
      changes.dropFrom(contexts)
      haveMappingsMoved = false
    }
  }, pageCountMax)
  const frames = new Frames(linear, history, maxMemoryBytes, pageCountMax)
  const spaces = new Spaces(linear, history, frames, contexts, hashes, changes)
  const executable = (space: number, at: number): number => {
    const entry = spaces.entryAt(space, lowWord(at), highWord(at))
    return isExecutable(entry) ? spaces.hostOfRead(entry, ZERO_FRAME) : 0
  }
  const code = new CodeCache(linear, contexts, { executable }, pageCountMax)
  spaces.attach(code)
  const guards = new Guards(linear)
  const watches = new WatchRing(linear)
  const memories = new Map<number, UserMemory>()
  const access = { linear, spaces, code }
  const memory = (space: number): UserMemory => {
    let made = memories.get(space)
    if (made === undefined) memories.set(space, made = userMemory(access, space))
    return made
  }
  const inFlight = new InFlight({ linear, history, guards, watches, memory })
  const slowPath = new SlowPath({ linear, spaces, contexts, code, guards, watches, inFlight })
  const runner = new Runner({ linear, history, spaces, contexts, code, slowPath })
  frames.setControl(control.topBlock, BLOCKS)

  // ---- register blocks
  const blocks = new Map<number, Registers>()
  const newBlock = (space: SpaceId): BlockId => {
    const free = frames.control(control.freeBlock)
    const block = free !== 0 ? free : frames.control(control.topBlock)
    if (free !== 0) frames.setControl(control.freeBlock, linear.i32[(free + field.next) >>> 2] ?? 0)
    else {
      assert(block < BLOCKS + BLOCK_BYTES * BLOCK_COUNT_MAX, `there are at most ${BLOCK_COUNT_MAX} register blocks`)
      frames.setControl(control.topBlock, block + BLOCK_BYTES)
    }
    history.touch(block >>> 12)
    linear.i32.fill(0, block >>> 2, (block + BLOCK_BYTES) >>> 2)
    linear.i32[(block + field.space) >>> 2] = space
    registers(block as BlockId).setEflags(0)
    return block as BlockId
  }
  const freeBlock = (block: BlockId): void => {
    history.touch(block >>> 12)
    linear.i32[(block + field.space) >>> 2] = 0
    linear.i32[(block + field.next) >>> 2] = frames.control(control.freeBlock)
    frames.setControl(control.freeBlock, block)
  }
  const registers = (block: BlockId): Registers => {
    let made = blocks.get(block)
    if (made === undefined) blocks.set(block, made = registersOf(linear, history, block))
    return made
  }
  const copyRegisters = (from: BlockId, to: BlockId): void => {
    history.touch(to >>> 12)
    const space = linear.i32[(to + field.space) >>> 2] ?? 0
    linear.u8.copyWithin(to, from, from + BLOCK_BYTES)
    linear.i32[(to + field.space) >>> 2] = space
    linear.f64[(to + field.count) >>> 3] = 0
    linear.i32[(to + field.flightSize) >>> 2] = 0
  }
  const setSpace = (block: BlockId, space: SpaceId): void => {
    history.touch(block >>> 12)
    linear.i32[(block + field.space) >>> 2] = space
  }

  // ---- marks and watches
  let marks: ReadonlyArray<Mark> = []
  /** Those of `marks` that are about a place. */
  let placedMarks: ReadonlyArray<Mark> = []
  let markSet = NO_MARKS
  const dropTags = (ranges: ReadonlyArray<AddressRange>): void => {
    if (ranges.length > FEW_RANGES) contexts.dropAll()
    else for (const { end, start } of ranges) contexts.dropRange(start, end)
  }
  const setMarks = (wanted: ReadonlyArray<Mark>): void => {
    if (wanted === marks) return
    marks = wanted
    runner.hasMarks = wanted.length > 0
    const placed = wanted.filter(({ _tag }) => _tag !== "EveryInstruction")
    runner.isEveryInstructionMarked = placed.length < wanted.length
    const isSame = placed.length === placedMarks.length && placed.every((mark, index) => sameMark(mark, known(placedMarks[index], "as many marks")))
    placedMarks = placed
    if (isSame) return
    const before = markSet
    markSet = markSetOf(placed)
    guards.setMarks(markSet)
    for (const { any, writes } of [before, markSet]) {
      dropTags(any)
      dropTags(writes)
    }
    if (before.executed.size + markSet.executed.size > 0 || before.areCallsMarked !== markSet.areCallsMarked) {
      code.setMarks(markSet.executed, markSet.areCallsMarked)
    }
  }
  const setWatches = (ranges: ReadonlyArray<AddressRange>, areLockedToo = false): void => {
    guards.setWatches([...ranges], areLockedToo)
    code.marks.askLocked(areLockedToo)
    dropTags(ranges)
  }

  const machine: Machine = {
    newBlock,
    freeBlock,
    registers,
    copyRegisters,
    setSpace,
    newSpace: () => spaces.create(code.newCodeSpace()) as SpaceId,
    forkSpace: (space) => spaces.fork(space) as SpaceId,
    freeSpace: (space) => spaces.destroy(space),
    map: (space, range, protection, isShared) => spaces.map(space, range, protection, isShared),
    unmap: (space, range) => spaces.unmap(space, range),
    protect: (space, range, protection) => spaces.protect(space, range, protection),
    protectionAt: (space, at) => spaces.protectionAt(space, at),
    mappings: (space) => spaces.mappings(space),
    memory,
    load: (space, at, bytes) => loadBytes(access, space, at, bytes),
    memoryBytes: () => frames.frameCount * PAGE_BYTES,
    isExhausted: () => frames.isExhausted,
    run: (block, budgetIcount, passMark) => runner.run(block, budgetIcount, passMark),
    maySplit: (block) => runner.maySplit(block),
    markAt: (block) => runner.markAt(block),
    split: (block) => runner.split(block),
    isInFlight: (block) => inFlight.isThere(block),
    land: (block) => inFlight.land(block),
    setMarks,
    setWatches,
    drainWatches: () => watches.drain(),
    snapshot: () => {
      const version = history.snapshot()
      changes.forget()
      return version as unknown as MachineSnapshot
    },
    restore: (snapshot) => {
      history.restore(snapshot as unknown as Version)
      frames.isExhausted = false
    },
    release: (snapshot) => history.release(snapshot as unknown as Version),
    hash: (ofBlocks, options) => stateHash(linear, hashes, ofBlocks, options.withCounts)
  }
  return { machine, linear }
}
