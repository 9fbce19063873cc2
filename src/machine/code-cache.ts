/**
 * Decoded instructions: where in linear memory the record of the instruction at a guest address is.
 *
 * Records belong to a *code space*: whatever is mapped executable, for ever. Threads share it, a forked space inherits it, a
 * restored one has its old number back. A space whose mapping of a decoded page changes gets a new number, so records may
 * jump to each other across pages without asking. When bytes of a frame change, what was decoded from it is forgotten: its
 * records become `resolve`, whoever may still lead to them.
 */
import { assert, known } from "../base/assert.ts"
import { PAGE_BYTES } from "../base/ids.ts"
import { INSTRUCTION_BYTES_MAX, decode } from "../x86/decode.ts"
import { FORM_BYTES, field, type Instruction, writeForm } from "../x86/form.ts"
import type { Contexts } from "./contexts.ts"
import { engineCode } from "./engine/code.ts"
import type { Linear } from "./engine/linear.ts"
import { EXCHANGE, FORMS, FORMS_END, exchange } from "./layout.ts"
import { MarkedRecords } from "./marked-records.ts"

/** So many instructions are decoded in a row, at most; each may need a stub, and the last a way on. */
const RUN_MAX = 64
const RUN_BYTES_MAX = (2 * RUN_MAX + 2) * FORM_BYTES

/** What may be executed, by space. */
export interface ExecutableMemory {
  /** The host address of the executable page at a guest address; 0 if there is none. */
  readonly executable: (space: number, at: number) => number
}

/** What has been decoded from one page of one code space. */
interface CodePage {
  readonly codeSpace: number
  readonly start: number
  readonly framePage: number
  /** Records by guest address. */
  readonly forms: Map<number, number>
  /** 1 for each byte that is part of a decoded instruction; and those bytes. */
  readonly isDecoded: Uint8Array
  readonly bytes: Uint8Array
  /** Instructions that begin on the page before and end on this one. */
  readonly straddlers: Set<number>
}

export class CodeCache {
  private readonly linear: Linear
  private readonly contexts: Contexts
  private readonly memory: ExecutableMemory
  private codeSpaceCount = 0
  /** By code space, then by start of page. */
  private codeSpaces = new Map<number, Map<number, CodePage>>()
  private byFrame = new Map<number, Array<CodePage>>()
  /** By page of linear memory: 1 where decoded bytes are. */
  private readonly codeFlags: Uint8Array
  /** Records grow upward, stubs downward. */
  private nextForm = FORMS
  private lastStub = FORMS_END
  private freeStubs: Array<number> = []
  readonly marks: MarkedRecords

  constructor(linear: Linear, contexts: Contexts, memory: ExecutableMemory, pageCountMax: number) {
    this.linear = linear
    this.contexts = contexts
    this.memory = memory
    this.codeFlags = new Uint8Array(pageCountMax)
    this.marks = new MarkedRecords(linear)
    this.writeOwn(EXCHANGE + exchange.miss, engineCode.resolve, 0)
  }

  newCodeSpace(): number { return ++this.codeSpaceCount }

  // ---- finding
  /**
   * The record of the instruction at `ip`, decoded now if need be; 0 if nothing executable is there. `from`: the record by
   * which control came; if it is a stub, the branch behind it is told where to go.
   */
  formAt(space: number, codeSpace: number, ip: number, from: number): number {
    const known = this.known(codeSpace, ip)
    if (known !== undefined) {
      this.settle(from, known)
      return known
    }
    const { codeSpaces } = this
    const decoded = this.decodeRun(space, codeSpace, ip)
    if (decoded !== 0 && codeSpaces === this.codeSpaces) this.settle(from, decoded)
    return decoded
  }

  private known(codeSpace: number, ip: number): number | undefined {
    return this.codeSpaces.get(codeSpace)?.get(ip - (ip % PAGE_BYTES))?.forms.get(ip)
  }

  /** Where an instruction that begins before `ip`'s page's end is incomplete: the first address that cannot be fetched. */
  fetchFault(space: number, ip: number): number {
    return this.memory.executable(space, ip) === 0 ? ip : ip - (ip % PAGE_BYTES) + PAGE_BYTES
  }

  /** Up to 15 bytes at `ip`, as far as they are executable. */
  bytesAt(space: number, ip: number): Uint8Array {
    const host = this.memory.executable(space, ip)
    if (host === 0) return new Uint8Array(0)
    const offset = ip % PAGE_BYTES
    const here = this.linear.u8.slice(host + offset, host + Math.min(PAGE_BYTES, offset + INSTRUCTION_BYTES_MAX))
    if (here.length === INSTRUCTION_BYTES_MAX) return here
    const next = this.memory.executable(space, ip + here.length)
    if (next === 0) return here
    const whole = new Uint8Array(INSTRUCTION_BYTES_MAX)
    whole.set(this.linear.u8.subarray(host + offset, host + PAGE_BYTES))
    whole.set(this.linear.u8.subarray(next, next + INSTRUCTION_BYTES_MAX - here.length), here.length)
    return whole
  }

  /** A stub behind a branch is used up; a stub in line becomes a way there. */
  private settle(stub: number, form: number): void {
    const { view } = this.linear
    if (view.getUint16(stub + field.code, true) !== engineCode.stub) return
    const source = view.getUint32(stub + field.immediate, true)
    if (source === stub) view.setUint16(stub + field.code, engineCode.goto, true)
    else this.freeStubs.push(stub)
    view.setUint32(source + field.displacement, form, true)
  }

  // ---- decoding
  /** Decodes on from `ip` until control surely leaves, the page ends or decoded code is met. */
  private decodeRun(space: number, codeSpace: number, ip: number): number {
    if (this.nextForm + RUN_BYTES_MAX > this.lastStub) this.clear()
    const first = this.nextForm
    const start = ip - (ip % PAGE_BYTES)
    let at = ip
    for (let count = 0; count < RUN_MAX && at < start + PAGE_BYTES; count++) {
      const met = count === 0 ? undefined : this.known(codeSpace, at)
      if (met !== undefined) {
        this.setLink(this.appendOwn(engineCode.goto, at), met)
        return first
      }
      const instruction = this.decodeOne(space, codeSpace, at)
      if (instruction === undefined) {
        if (count === 0) return 0
        break
      }
      this.append(codeSpace, instruction)
      const flow = instruction.form.row.flow ?? "next"
      if (flow !== "next" && flow !== "conditional") return first
      at += instruction.lengthBytes
      // Behind the call that exits there may be anything; behind others it is decoded when they return.
      if (instruction.form.row.name === "syscall") break
    }
    this.appendStub(at)
    return first
  }

  /** `undefined` if it cannot be fetched whole. */
  private decodeOne(space: number, codeSpace: number, ip: number): Instruction | undefined {
    const bytes = this.bytesAt(space, ip)
    if (bytes.length === 0) return undefined
    const instruction = decode(bytes, ip)
    if (instruction === "truncated") return undefined
    const end = ip + Math.max(1, instruction.lengthBytes)
    const page = this.pageOf(space, codeSpace, ip - (ip % PAGE_BYTES))
    this.noteDecoded(page, ip - page.start, Math.min(PAGE_BYTES, end - page.start))
    if (end > page.start + PAGE_BYTES) {
      const next = this.pageOf(space, codeSpace, page.start + PAGE_BYTES)
      this.noteDecoded(next, 0, end - next.start)
      next.straddlers.add(ip)
    }
    return instruction
  }

  private noteDecoded(page: CodePage, from: number, to: number): void {
    const host = page.framePage * PAGE_BYTES
    page.isDecoded.fill(1, from, to)
    page.bytes.set(this.linear.u8.subarray(host + from, host + to), from)
  }

  private pageOf(space: number, codeSpace: number, start: number): CodePage {
    let pages = this.codeSpaces.get(codeSpace)
    if (pages === undefined) this.codeSpaces.set(codeSpace, pages = new Map())
    let page = pages.get(start)
    if (page === undefined) {
      const framePage = this.memory.executable(space, start) >>> 12
      assert(framePage !== 0, "bytes were fetched from a page")
      page = {
        codeSpace, start, framePage,
        forms: new Map(), isDecoded: new Uint8Array(PAGE_BYTES), bytes: new Uint8Array(PAGE_BYTES), straddlers: new Set()
      }
      pages.set(start, page)
      const ofFrame = this.byFrame.get(framePage)
      if (ofFrame === undefined) this.byFrame.set(framePage, [page])
      else ofFrame.push(page)
      this.codeFlags[framePage] = 1
      this.contexts.revokeWrites(framePage)
    }
    return page
  }

  private append(codeSpace: number, instruction: Instruction): void {
    const at = this.nextForm
    this.nextForm += FORM_BYTES
    const { form, immediate, ip, isLocked } = instruction
    writeForm(this.linear.view, at, instruction)
    known(this.codeSpaces.get(codeSpace)?.get(ip - (ip % PAGE_BYTES)), "the page was entered before its instructions").forms.set(ip, at)
    this.marks.written(at, ip, form.row.name === "syscall", isLocked)
    if (form.shape !== "j") return
    const target = Number(BigInt.asUintN(64, immediate))
    this.setLink(at, this.known(codeSpace, target) ?? this.newStub(at, immediate))
  }

  private setLink(form: number, to: number): void {
    this.linear.view.setUint32(form + field.displacement, to, true)
  }

  private newStub(source: number, ip: bigint): number {
    const stub = this.freeStubs.pop() ?? (this.lastStub -= FORM_BYTES)
    this.writeOwn(stub, engineCode.stub, 0)
    this.linear.view.setBigInt64(stub + field.ip, ip, true)
    this.linear.view.setUint32(stub + field.immediate, source, true)
    return stub
  }

  private appendOwn(code: number, ip: number): number {
    const at = this.nextForm
    this.nextForm += FORM_BYTES
    this.writeOwn(at, code, ip)
    return at
  }

  private appendStub(ip: number): void {
    const at = this.appendOwn(engineCode.stub, ip)
    this.linear.view.setUint32(at + field.immediate, at, true)
  }

  private writeOwn(at: number, code: number, ip: number): void {
    this.linear.u8.fill(0, at, at + FORM_BYTES)
    this.linear.view.setUint16(at + field.code, code, true)
    this.linear.view.setBigInt64(at + field.ip, BigInt(ip), true)
  }

  // ---- forgetting
  /** Whether anything has been decoded from the frame: then writes to it must say so before they happen. */
  holdsCode(framePage: number): boolean { return this.codeFlags[framePage] === 1 }

  /** Bytes `[from, to)` of a frame are about to change. */
  changing(framePage: number, from: number, to: number): void {
    if (this.codeFlags[framePage] !== 1) return
    for (const page of Array.from(this.byFrame.get(framePage) ?? [])) {
      if (page.isDecoded.subarray(from, to).includes(1)) this.forget(page)
    }
  }

  /** Bytes of a frame may have changed: they are compared with what was decoded. */
  changed(framePage: number): void {
    if (this.codeFlags[framePage] !== 1) return
    const now = this.linear.u8.subarray(framePage * PAGE_BYTES, (framePage + 1) * PAGE_BYTES)
    for (const page of Array.from(this.byFrame.get(framePage) ?? [])) {
      const { bytes } = page
      if (page.isDecoded.some((isDecoded, at) => isDecoded === 1 && bytes[at] !== now[at])) this.forget(page)
    }
  }

  /** The frame is given to somebody else. */
  reused(framePage: number): void {
    if (this.codeFlags[framePage] === 1) for (const page of Array.from(this.byFrame.get(framePage) ?? [])) this.forget(page)
  }

  /** True if the mapping of `[start, end)` matters to what was decoded in a code space: the space needs another. */
  covers(codeSpace: number, start: number, end: number): boolean {
    const pages = this.codeSpaces.get(codeSpace)
    if (pages === undefined) return false
    if ((end - start) / PAGE_BYTES > pages.size) return [...pages.keys()].some((each) => start <= each && each < end)
    for (let at = start; at < end; at += PAGE_BYTES) if (pages.has(at)) return true
    return false
  }

  private forget(page: CodePage): void {
    const pages = known(this.codeSpaces.get(page.codeSpace), "a page is in its code space")
    pages.delete(page.start)
    const left = (this.byFrame.get(page.framePage) ?? []).filter((each) => each !== page)
    if (left.length > 0) this.byFrame.set(page.framePage, left)
    else {
      this.byFrame.delete(page.framePage)
      this.codeFlags[page.framePage] = 0
    }
    for (const form of page.forms.values()) this.bury(form)
    const before = pages.get(page.start - PAGE_BYTES)
    for (const ip of page.straddlers) {
      const form = before?.forms.get(ip)
      if (form !== undefined) this.bury(form)
      before?.forms.delete(ip)
    }
  }

  /** Whatever leads to the record, now or later, finds the instruction anew. */
  private bury(form: number): void {
    this.linear.view.setUint16(form + field.code, engineCode.resolve, true)
    this.marks.forget(form)
  }

  /** Forgets everything; records are written from the beginning again. No engine runs meanwhile. */
  private clear(): void {
    this.codeSpaces = new Map()
    this.byFrame = new Map()
    this.codeFlags.fill(0)
    this.nextForm = FORMS
    this.lastStub = FORMS_END
    this.freeStubs = []
    this.marks.forgetAll()
    this.contexts.clearAllTargets()
  }

  // ---- marks
  /** Which instructions are to be stopped at: those at these addresses, and system calls if so asked. */
  setMarks(addresses: ReadonlySet<number>, areCallsMarked: boolean): void {
    this.marks.replace(addresses, areCallsMarked)
    for (const pages of this.codeSpaces.values()) {
      for (const address of addresses) {
        const form = pages.get(address - (address % PAGE_BYTES))?.forms.get(address)
        if (form !== undefined) this.marks.mark(form)
      }
    }
  }
}
