/** What is done to whole pages: copies between the machine and the vault, and hashes. A small module of its own. */
import { EXCHANGE, exchange } from "../../layout.ts"
import { type I64, int, long } from "../../../x86/value.ts"
import { type FunctionCode, moduleBytes, signature } from "./bytes.ts"
import { CodeWriter } from "./code.ts"

/** Addresses are unsigned, in bytes. */
export interface Native {
  /** vault[place, place + 4096) = memory[page, page + 4096) */
  readonly keep: (place: number, page: number) => void
  /** memory[page, page + 4096) = vault[place, place + 4096) */
  readonly bringBack: (page: number, place: number) => void
  /** Hashes a page into `exchange.hashLow`, `hashHigh`. */
  readonly hashPage: (page: number) => void
  /** Stirs a double into the hash in `exchange.hashLow`, `hashHigh`. */
  readonly stir: (value: number) => void
  /** Stirs so many 64-bit words from an address on into the same hash. */
  readonly stirWords: (at: number, wordCount: number) => void
  /** 1 if every byte of the page is 0. */
  readonly isZero: (page: number) => number
}

const PAGE_BYTES = 4096

/** Odd 64-bit constants with no pattern: the fractional digits of the golden ratio and of square roots. */
const MIX_1 = 0x9e3779b97f4a7c15n
const MIX_2 = 0xbf58476d1ce4e5b9n
const MIX_3 = 0x94d049bb133111ebn

/** Every bit of the result depends on every bit of the word. Source: Stafford's variant 13 of MurmurHash3's finalizer. */
const avalanche = (code: CodeWriter, word: I64): I64 => {
  const first = code.let(word)
  const second = code.let(first.xor(first.shrU(30n)).mul(MIX_2))
  const third = code.let(second.xor(second.shrU(27n)).mul(MIX_3))
  return third.xor(third.shrU(31n))
}

/** memory.copy between two memories. Source: WebAssembly 3.0, multiple memories. */
const copyBetween = (name: string, to: number, from: number): FunctionCode => {
  const code = new CodeWriter(2)
  code.emit(code.local("i32", 0))
  code.emit(code.local("i32", 1))
  code.emit(int(PAGE_BYTES))
  code.out.bytes([0xfc, 10, to, from])
  return { name, signature: signature(["i32", "i32"], []), locals: code.locals, body: code.out }
}

/**
 * Four lanes of multiply and add over the page's 512 words, each word with the place it stands at: bytes moved about inside
 * a page change the hash.
 */
const hashPage = (): FunctionCode => {
  const code = new CodeWriter(1)
  const page = code.local("i32", 0)
  const at = code.variable("i32")
  const lanes = [code.variable("i64"), code.variable("i64"), code.variable("i64"), code.variable("i64")]
  code.set(at, page)
  lanes.forEach((lane, index) => code.set(lane, long(MIX_1 * BigInt(index + 1))))
  const again = code.openLoop()
  lanes.forEach((lane, index) => {
    const stirred = code.let(lane.xor(code.load64(at, 8 * index)).mul(MIX_2))
    code.set(lane, stirred.xor(stirred.shrU(29n)))
  })
  code.set(at, at.add(32))
  code.branchIf(at.ne(page.add(PAGE_BYTES)), again)
  code.end()
  const [a, b, c, d] = lanes as [I64, I64, I64, I64]
  const joined = a.add(b.mul(MIX_1)).xor(c.mul(MIX_3).add(d.mul(MIX_2)))
  const hash = avalanche(code, joined)
  code.storeLow(64, int(EXCHANGE), hash, exchange.hashLow)
  return { name: "hashPage", signature: signature(["i32"], []), locals: code.locals, body: code.out }
}

/** One more word of the hash in `exchange`. */
const stirOne = (code: CodeWriter, word: I64): void => {
  const hash = code.load64(int(EXCHANGE), exchange.hashLow)
  const next = avalanche(code, hash.mul(MIX_1).add(word.mul(MIX_3)).add(1n))
  code.storeLow(64, int(EXCHANGE), next, exchange.hashLow)
}

const stirWords = (): FunctionCode => {
  const code = new CodeWriter(2)
  const at = code.local("i32", 0)
  const left = code.local("i32", 1)
  const again = code.openLoop()
  stirOne(code, code.load64(at, 0))
  code.set(at, at.add(8))
  code.set(left, left.sub(1))
  code.branchIf(left, again)
  code.end()
  return { name: "stirWords", signature: signature(["i32", "i32"], []), locals: code.locals, body: code.out }
}

/** The parameter is a double, which holds every address and count; only its bits are used. */
const stir = (): FunctionCode => {
  const code = new CodeWriter(1)
  const bits = code.variable("i64")
  code.out.byte(0x20).unsigned(0).byte(0xbd) // i64.reinterpret_f64
  code.out.byte(0x21).unsigned(bits.node.kind === "local" ? bits.node.index : 0)
  stirOne(code, bits)
  return { name: "stir", signature: signature(["f64"], []), locals: code.locals, body: code.out }
}

const isZero = (): FunctionCode => {
  const code = new CodeWriter(1)
  const page = code.local("i32", 0)
  const at = code.variable("i32")
  code.set(at, page)
  const again = code.openLoop()
  const words = [0, 8, 16, 24].map((offset) => code.load64(at, offset))
  code.if(words.reduce((all, word) => all.or(word)).ne(0n), () => code.return(int(0)))
  code.set(at, at.add(32))
  code.branchIf(at.ne(page.add(PAGE_BYTES)), again)
  code.end()
  code.emit(int(1))
  return { name: "isZero", signature: signature(["i32"], ["i32"]), locals: code.locals, body: code.out }
}

let compiled: WebAssembly.Module | undefined

export const nativeModule = (): WebAssembly.Module =>
  (compiled ??= new WebAssembly.Module(moduleBytes({
    memories: ["memory", "vault"],
    imports: [],
    functions: [copyBetween("keep", 1, 0), copyBetween("bringBack", 0, 1), hashPage(), stir(), stirWords(), isZero()]
  })))
