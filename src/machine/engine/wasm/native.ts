/**
 * What is not executing instructions and yet for WebAssembly: copies of pages between the machine and the vault, hashes, and the
 * image of the flags. A small module of its own.
 */
import { PAGE_BYTES } from "../../../base/ids.ts"
import { DIRECTION_FLAG, FIXED_FLAGS } from "../../../x86/flag.ts"
import { statusImage } from "../../../x86/lazy-flag.ts"
import { int } from "../../../x86/value.ts"
import { block as field } from "../../layout.ts"
import { type FunctionCode, moduleBytes, signature } from "./bytes.ts"
import { CodeWriter } from "./code.ts"
import { type HashingIndices, endRange, hashEntry, hashFrame, hashSpace, stirDouble, stirWords } from "./hashing.ts"

/** Addresses are unsigned, in bytes. */
export interface Native {
  /** vault[place, place + 4096) = memory[page, page + 4096) */
  readonly keep: (place: number, page: number) => void
  /** memory[page, page + 4096) = vault[place, place + 4096) */
  readonly bringBack: (page: number, place: number) => void
  /** Stirs a double into the hash in `exchange`. */
  readonly stirDouble: (value: number) => void
  /** Stirs so many 64-bit words, from an address on. */
  readonly stirWords: (at: number, wordCount: number) => void
  /** Stirs a space: what is mapped, and what the pages hold. */
  readonly hashSpace: (space: number) => void
  /** The image of eflags of a register block. */
  readonly eflags: (block: number) => number
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

const eflags = (): FunctionCode => {
  const code = new CodeWriter(1)
  const block = code.local("i32", 0)
  const words = { result: code.let(code.load64(block, field.result)), auxiliary: code.let(code.load64(block, field.auxiliary)) }
  const direction = code.load32(block, field.direction).shl(Math.log2(DIRECTION_FLAG))
  code.emit(statusImage(words).wrap().or(direction).or(FIXED_FLAGS))
  return { name: "eflags", signature: signature(["i32"], ["i32"]), locals: code.locals, body: code.out }
}

/** What the machine answers while a hash is made. */
export interface NativeImports {
  readonly unknownFrame: (frame: number) => void
  readonly sharedOrdinal: (frame: number) => number
}

const imports = [
  { name: "unknownFrame", signature: signature(["i32"], []) },
  { name: "sharedOrdinal", signature: signature(["i32"], ["i32"]) }
]

/** Functions that call each other come first, in this order. */
const hashing = ["hashFrame", "endRange", "hashEntry"] as const
const indices: HashingIndices = {
  unknownFrame: 0,
  sharedOrdinal: 1,
  hashFrame: imports.length + hashing.indexOf("hashFrame"),
  endRange: imports.length + hashing.indexOf("endRange"),
  hashEntry: imports.length + hashing.indexOf("hashEntry")
}

let compiled: WebAssembly.Module | undefined

export const nativeModule = (): WebAssembly.Module =>
  (compiled ??= new WebAssembly.Module(moduleBytes({
    memories: ["memory", "vault"],
    imports,
    functions: [
      hashFrame(), endRange(), hashEntry(indices),
      hashSpace(indices), stirDouble(), stirWords(), eflags(), copyBetween("keep", 1, 0), copyBetween("bringBack", 0, 1)
    ]
  })))
