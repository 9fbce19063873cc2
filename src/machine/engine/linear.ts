/**
 * The machine's linear memory, its views, and the vault: a second memory in which pages are kept for snapshots.
 *
 * Growing a memory detaches every view of it, so views are read from here each time and never kept.
 */
import { assert } from "../../base/assert.ts"
import { PAGE_BYTES } from "../../base/ids.ts"
import { INITIAL_BYTES, PAGE_SHIFT } from "../layout.ts"
import { nativeModule, type Native, type NativeImports } from "./wasm/native.ts"

const WASM_PAGE_BYTES = 65_536
const WASM_PAGE_COUNT_MAX = 65_536
/** The arena grows by so much at a time. */
const GROWTH_BYTES = 0x400000

/** A memory that grows by doubling up to 4 GiB. */
const growTo = (memory: WebAssembly.Memory, bytes: number): boolean => {
  const wanted = Math.ceil(bytes / WASM_PAGE_BYTES)
  const has = memory.buffer.byteLength / WASM_PAGE_BYTES
  if (wanted <= has) return true
  if (wanted > WASM_PAGE_COUNT_MAX) return false
  try {
    memory.grow(Math.min(WASM_PAGE_COUNT_MAX, Math.max(wanted, has + GROWTH_BYTES / WASM_PAGE_BYTES)) - has)
    return true
  } catch {
    return false // the host has no more
  }
}

export class Linear {
  readonly memory = new WebAssembly.Memory({ initial: INITIAL_BYTES / WASM_PAGE_BYTES })
  private readonly vaultMemory = new WebAssembly.Memory({ initial: 16 })
  readonly native: Native
  /** Who answers while a hash is made. */
  hashing: NativeImports = { unknownFrame: () => {}, sharedOrdinal: () => 0 }
  // ---- views of `memory`, replaced when it grows
  u8: Uint8Array = new Uint8Array(0)
  i32: Int32Array = new Int32Array(0)
  u32: Uint32Array = new Uint32Array(0)
  f64: Float64Array = new Float64Array(0)
  u64: BigUint64Array = new BigUint64Array(0)
  view: DataView = new DataView(new ArrayBuffer(0))
  // ---- places in the vault
  private freePlaces: Array<number> = []
  private topPlace = 0

  constructor() {
    assert(new Uint8Array(Uint16Array.of(1).buffer)[0] === 1, "the host is little-endian, as the guest is")
    this.native = new WebAssembly.Instance(nativeModule(), {
      machine: {
        memory: this.memory,
        vault: this.vaultMemory,
        unknownFrame: (frame: number) => this.hashing.unknownFrame(frame),
        sharedOrdinal: (frame: number) => this.hashing.sharedOrdinal(frame)
      }
    }).exports as unknown as Native
    this.refresh()
  }

  private refresh(): void {
    const { buffer } = this.memory
    this.u8 = new Uint8Array(buffer)
    this.i32 = new Int32Array(buffer)
    this.u32 = new Uint32Array(buffer)
    this.f64 = new Float64Array(buffer)
    this.u64 = new BigUint64Array(buffer)
    this.view = new DataView(buffer)
  }

  get pageCount(): number { return this.u8.length / PAGE_BYTES }

  /** False if the host or the address space has no more. */
  reach(bytes: number): boolean {
    if (bytes <= this.u8.length) return true
    if (!growTo(this.memory, bytes)) return false
    this.refresh()
    return true
  }

  /** Copies a page into the vault; its place there. */
  keep(page: number): number {
    const place = this.freePlaces.pop() ?? this.topPlace++
    assert(growTo(this.vaultMemory, (place + 1) * PAGE_BYTES), "snapshots fit 4 GiB of memory of the host")
    this.native.keep(place << PAGE_SHIFT, page << PAGE_SHIFT)
    return place
  }

  /** Copies a page back. */
  bringBack(place: number, page: number): void {
    this.native.bringBack(page << PAGE_SHIFT, place << PAGE_SHIFT)
  }

  dropPlace(place: number): void {
    this.freePlaces.push(place)
  }

  /** Pages in the vault. */
  get keptCount(): number { return this.topPlace - this.freePlaces.length }
}
