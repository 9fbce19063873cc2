/** Bytes of a WebAssembly module: a growing buffer that knows LEB128, and the module's sections. Nothing here knows x86. */
import { assert } from "../../../base/assert.ts"
import type { ValueType } from "../../../x86/value.ts"

/** Types that cross the border of a function; only parameters are doubles. */
export type BorderType = ValueType | "f64"
export const typeCode = { i32: 0x7f, i64: 0x7e, v128: 0x7b, f64: 0x7c } as const satisfies Record<BorderType, number>

export class Bytes {
  private data: Uint8Array<ArrayBuffer> = new Uint8Array(4096)
  private lengthBytes = 0

  get length(): number { return this.lengthBytes }

  /** What has been written; a copy. */
  get written(): Uint8Array<ArrayBuffer> { return this.data.slice(0, this.lengthBytes) }

  byte(value: number): this {
    if (this.lengthBytes === this.data.length) this.grow(1)
    this.data[this.lengthBytes++] = value
    return this
  }

  bytes(values: ArrayLike<number>): this {
    if (this.lengthBytes + values.length > this.data.length) this.grow(values.length)
    this.data.set(values, this.lengthBytes)
    this.lengthBytes += values.length
    return this
  }

  /** Unsigned LEB128 of 32 bits. */
  unsigned(value: number): this {
    let rest = value >>> 0
    while (rest > 127) {
      this.byte((rest & 127) | 128)
      rest >>>= 7
    }
    return this.byte(rest)
  }

  /** Signed LEB128 of 32 bits. */
  signed32(value: number): this {
    let rest = value | 0
    for (;;) {
      const low = rest & 127
      rest >>= 7
      if ((rest === 0 && (low & 64) === 0) || (rest === -1 && (low & 64) !== 0)) return this.byte(low)
      this.byte(low | 128)
    }
  }

  /** Signed LEB128 of 64 bits. */
  signed64(value: bigint): this {
    if (value === BigInt.asIntN(32, value)) return this.signed32(Number(value))
    let rest = BigInt.asIntN(64, value)
    for (;;) {
      const low = Number(rest & 127n)
      rest >>= 7n
      if ((rest === 0n && (low & 64) === 0) || (rest === -1n && (low & 64) !== 0)) return this.byte(low)
      this.byte(low | 128)
    }
  }

  append(other: Bytes): this {
    return this.bytes(other.data.subarray(0, other.lengthBytes))
  }

  /** A name: its length, then ASCII. */
  text(value: string): this {
    this.unsigned(value.length)
    for (let at = 0; at < value.length; at++) {
      const code = value.charCodeAt(at)
      assert(code < 128, "names in a module are ASCII")
      this.byte(code)
    }
    return this
  }

  private grow(byBytes: number): void {
    const grown = new Uint8Array(Math.max(this.data.length * 2, this.lengthBytes + byBytes))
    grown.set(this.data)
    this.data = grown
  }
}

export interface Signature {
  readonly parameters: ReadonlyArray<BorderType>
  readonly results: ReadonlyArray<BorderType>
}

export const signature = (parameters: Signature["parameters"], results: Signature["results"]): Signature => ({ parameters, results })

export interface FunctionImport {
  readonly name: string
  readonly signature: Signature
}

export interface FunctionCode {
  readonly name: string
  readonly signature: Signature
  /** Types of the locals behind the parameters. */
  readonly locals: ReadonlyArray<ValueType>
  /** The body, without its last `end`. */
  readonly body: Bytes
}

export interface ModuleDescription {
  /** Names of the memories, imported in this order. */
  readonly memories: ReadonlyArray<string>
  /** Functions imported; they have the first indices. */
  readonly imports: ReadonlyArray<FunctionImport>
  /** Functions defined; all are exported. */
  readonly functions: ReadonlyArray<FunctionCode>
}

/** Everything imported comes from the one import object of this name. */
export const IMPORTS = "machine"

/** A module as bytes. Source: WebAssembly Core 2.0, 5.5. */
export const moduleBytes = ({ functions, imports, memories }: ModuleDescription): Uint8Array<ArrayBuffer> => {
  const out = new Bytes().bytes([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])
  const section = (id: number, count: number, fill: (body: Bytes) => void): void => {
    const body = new Bytes().unsigned(count)
    fill(body)
    out.byte(id).unsigned(body.length).append(body)
  }
  const signatures = [...imports, ...functions].map((each) => each.signature)
  section(1, signatures.length, (body) => {
    for (const { parameters, results } of signatures) {
      body.byte(0x60).unsigned(parameters.length).bytes(parameters.map((type) => typeCode[type]))
      body.unsigned(results.length).bytes(results.map((type) => typeCode[type]))
    }
  })
  section(2, memories.length + imports.length, (body) => {
    for (const memory of memories) body.text(IMPORTS).text(memory).byte(2).byte(0).unsigned(1)
    imports.forEach(({ name }, index) => body.text(IMPORTS).text(name).byte(0).unsigned(index))
  })
  section(3, functions.length, (body) => {
    for (let index = 0; index < functions.length; index++) body.unsigned(imports.length + index)
  })
  section(7, functions.length, (body) => {
    functions.forEach(({ name }, index) => body.text(name).byte(0).unsigned(imports.length + index))
  })
  section(10, functions.length, (body) => {
    for (const { body: code, locals } of functions) {
      const whole = localDeclarations(locals).append(code).byte(0x0b)
      body.unsigned(whole.length).append(whole)
    }
  })
  return out.written
}

/** Runs of equal types. */
const localDeclarations = (locals: ReadonlyArray<ValueType>): Bytes => {
  const runs: Array<{ type: ValueType; count: number }> = []
  for (const type of locals) {
    const last = runs.at(-1)
    if (last?.type === type) last.count++
    else runs.push({ type, count: 1 })
  }
  const out = new Bytes().unsigned(runs.length)
  for (const { count, type } of runs) out.unsigned(count).byte(typeCode[type])
  return out
}
