/**
 * The state hash, as code: one 64-bit word in `exchange`, into which registers, mappings and frames are stirred.
 *
 * A space is walked in the order of its addresses, a table of 1024 entries in some 200 steps. What is stirred is what a program
 * could find out: ranges of equal protection, and for each page that is not all zeros where it is and a hash of its bytes.
 */
import { PAGE_BYTES } from "../../../base/ids.ts"
import { int, long, type I32, type I64 } from "../../../x86/value.ts"
import { EXCHANGE, HASHES, entryBits, exchange } from "../../layout.ts"
import { type FunctionCode, signature } from "./bytes.ts"
import { CodeWriter } from "./code.ts"

const TABLE_ENTRY_BITS = 10
const TOP_LEVEL = 3
const TOP_ENTRY_COUNT = 32
/** Entries looked at together. */
const STRIDE_BYTES = 16

/** Kept for a frame of zeros; 0 is for one that is not known. */
const HASH_OF_ZEROS = 1n
const LEAST_HASH = 2n

/** Odd 64-bit constants with no pattern. Source: the golden ratio; Stafford, variant 13 of MurmurHash3's finalizer. */
const MIX_1 = 0x9e3779b97f4a7c15n
const MIX_2 = 0xbf58476d1ce4e5b9n
const MIX_3 = 0x94d049bb133111ebn

/** Every bit of the result depends on every bit of the word. */
const avalanche = (code: CodeWriter, word: I64): I64 => {
  const first = code.let(word)
  const second = code.let(first.xor(first.shrU(30n)).mul(MIX_2))
  const third = code.let(second.xor(second.shrU(27n)).mul(MIX_3))
  return third.xor(third.shrU(31n))
}

const scratch = int(EXCHANGE)

/** One more word. */
const stir = (code: CodeWriter, word: I64): void => {
  const next = avalanche(code, code.load64(scratch, exchange.hashLow).mul(MIX_1).add(word.mul(MIX_3)).add(1n))
  code.storeLow(64, scratch, next, exchange.hashLow)
}

/** stirDouble(f64): it holds every address and count, and only its bits are used. */
export const stirDouble = (): FunctionCode => {
  const code = new CodeWriter(1)
  const bits = code.variable("i64")
  code.out.byte(0x20).unsigned(0).byte(0xbd) // i64.reinterpret_f64
  code.setToTop(bits)
  stir(code, bits)
  return { name: "stirDouble", signature: signature(["f64"], []), locals: code.locals, body: code.out }
}

/** stirWords(at, count): 64-bit words from an address on. */
export const stirWords = (): FunctionCode => {
  const code = new CodeWriter(2)
  const at = code.local("i32", 0)
  const left = code.local("i32", 1)
  const again = code.openLoop()
  stir(code, code.load64(at, 0))
  code.set(at, at.add(8))
  code.set(left, left.sub(1))
  code.branchIf(left, again)
  code.end()
  return { name: "stirWords", signature: signature(["i32", "i32"], []), locals: code.locals, body: code.out }
}

/** Where the hash of a frame is kept, by its host address. */
const hashPlace = (frame: I32): I32 => frame.shrU(9)

/**
 * hashFrame(frame): keeps the hash of a frame's bytes. Four lanes of multiply and add over its 512 words: what is moved about inside
 * a frame changes it.
 */
export const hashFrame = (): FunctionCode => {
  const code = new CodeWriter(1)
  const frame = code.local("i32", 0)
  const at = code.variable("i32")
  const any = code.variable("i64")
  const lanes = [code.variable("i64"), code.variable("i64"), code.variable("i64"), code.variable("i64")] as const
  code.set(at, frame)
  code.set(any, long(0n))
  lanes.forEach((lane, index) => code.set(lane, long(MIX_1 * BigInt(index + 1))))
  const again = code.openLoop()
  lanes.forEach((lane, index) => {
    const word = code.let(code.load64(at, 8 * index))
    const stirred = code.let(lane.xor(word).mul(MIX_2))
    code.set(lane, stirred.xor(stirred.shrU(29n)))
    code.set(any, any.or(word))
  })
  code.set(at, at.add(32))
  code.branchIf(at.ne(frame.add(PAGE_BYTES)), again)
  code.end()
  const [a, b, c, d] = lanes
  const whole = code.let(avalanche(code, a.add(b.mul(MIX_1)).xor(c.mul(MIX_3).add(d.mul(MIX_2)))))
  const kept = code.variable("i64")
  code.set(kept, whole)
  code.if(whole.ltU(LEAST_HASH), () => code.set(kept, long(LEAST_HASH)))
  code.if(any.isZero(), () => code.set(kept, long(HASH_OF_ZEROS)))
  code.storeLow(64, hashPlace(frame), kept, HASHES)
  return { name: "hashFrame", signature: signature(["i32"], []), locals: code.locals, body: code.out }
}

/** Indices of the functions that call each other, and of what the machine answers. */
export interface HashingIndices {
  /** The frame's hash is not known: its writes are to be noticed from now on. */
  readonly unknownFrame: number
  /** Which of the shared frames met so far this is. */
  readonly sharedOrdinal: number
  readonly hashFrame: number
  readonly endRange: number
  readonly hashEntry: number
}

/** Of the range that is under way: pages as 64 bits, the entry's lower bits; 0 bits: none is. */
const range = { start: exchange.rangeStart, end: exchange.rangeEnd, bits: exchange.rangeBits } as const

/** endRange(): stirs the range under way, if there is one. */
export const endRange = (): FunctionCode => {
  const code = new CodeWriter(0)
  const bits = code.let(code.load32(scratch, range.bits))
  code.if(bits, () => {
    stir(code, code.load64(scratch, range.start))
    stir(code, code.load64(scratch, range.end))
    stir(code, bits.extend())
    code.store32(scratch, int(0), range.bits)
  })
  return { name: "endRange", signature: signature([], []), locals: code.locals, body: code.out }
}

/** hashEntry(entry, level, page): a page-table entry that covers 1024^level pages from a page on. */
export const hashEntry = (index: HashingIndices): FunctionCode => {
  const code = new CodeWriter(3)
  const entry = code.local("i32", 0)
  const level = code.local("i32", 1)
  const page = code.local("i64", 2)
  const shift = code.let(level.shl(3).add(level.shl(1)).extend()) // ten bits a level
  code.if(entry.and(entryBits.table), () => hashTable(code, index, { entry, level, page, shift }), () => {
    hashLeaf(code, index, { entry, page, pages: code.let(long(1n).shl(shift)) })
  })
  return { name: "hashEntry", signature: signature(["i32", "i32", "i64"], []), locals: code.locals, body: code.out }
}

/** Visits what is there: most entries of most tables are 0, and four are seen at a glance. */
const hashTable = (
  code: CodeWriter,
  index: HashingIndices,
  { entry, level, page, shift }: { readonly entry: I32; readonly level: I32; readonly page: I64; readonly shift: I64 }
): void => {
  const table = code.let(entry.and(-PAGE_BYTES))
  const offset = code.variable("i32")
  code.set(offset, int(0))
  const again = code.openLoop()
  const stride = code.let(table.add(offset))
  code.if(code.load64(stride, 0).or(code.load64(stride, 8)).ne(0n), () => {
    for (let at = 0; at < STRIDE_BYTES; at += 4) {
      const below = code.let(code.load32(stride, at))
      const number = offset.add(at).shrU(2).extend()
      code.if(below, () => code.call(index.hashEntry, below, level.sub(1), page.add(number.shl(shift.sub(BigInt(TABLE_ENTRY_BITS))))))
    }
  })
  code.set(offset, offset.add(STRIDE_BYTES))
  code.branchIf(offset.ne(PAGE_BYTES), again)
  code.end()
}

const hashLeaf = (
  code: CodeWriter, index: HashingIndices, { entry, page, pages }: { readonly entry: I32; readonly page: I64; readonly pages: I64 }
): void => {
  const bits = code.let(entry.and(PAGE_BYTES - 1))
  const goesOn = bits.eq(code.load32(scratch, range.bits)).and(page.eq(code.load64(scratch, range.end)))
  code.if(goesOn.not(), () => {
    code.call(index.endRange)
    code.storeLow(64, scratch, page, range.start)
    code.store32(scratch, bits, range.bits)
  })
  code.storeLow(64, scratch, page.add(pages), range.end)
  const frame = code.let(entry.and(-PAGE_BYTES))
  code.if(frame, () => {
    code.if(bits.and(entryBits.shared), () => {
      stir(code, page)
      stir(code, code.call32(index.sharedOrdinal, frame).extend())
    })
    code.if(code.load64(hashPlace(frame), HASHES).isZero(), () => {
      code.call(index.unknownFrame, frame)
      code.call(index.hashFrame, frame)
    })
    const hash = code.let(code.load64(hashPlace(frame), HASHES))
    code.if(hash.ne(HASH_OF_ZEROS), () => {
      stir(code, page)
      stir(code, hash)
    })
  })
}

/** hashSpace(space): the whole of an address space. */
export const hashSpace = (index: HashingIndices): FunctionCode => {
  const code = new CodeWriter(1)
  const space = code.local("i32", 0)
  for (let number = 0; number < TOP_ENTRY_COUNT; number++) {
    const entry = code.let(code.load32(space, 4 * number))
    const page = BigInt(number) << BigInt(TABLE_ENTRY_BITS * TOP_LEVEL)
    code.if(entry, () => code.call(index.hashEntry, entry, int(TOP_LEVEL), long(page)))
  }
  code.call(index.endRange)
  return { name: "hashSpace", signature: signature(["i32"], []), locals: code.locals, body: code.out }
}
