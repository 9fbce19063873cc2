/** Runs a register block: keeps the engine going through what only the machine can do, and says why it stopped. */
import { assert } from "../base/assert.ts"
import { type Address, TASK_SIZE } from "../base/ids.ts"
import type { Pending } from "../base/mark.ts"
import { GENERAL_ADDRESS, LOCKED_BIT, field as formField, forms, mayModifyMemory } from "../x86/form.ts"
import { printInstruction } from "../x86/print.ts"
import type { CodeCache } from "./code-cache.ts"
import type { Contexts } from "./contexts.ts"
import { type Exit, engineCode, exits } from "./engine/code.ts"
import type { Linear } from "./engine/linear.ts"
import { type Interpreter, loadInterpreter } from "./engine/load.ts"
import type { History } from "./history.ts"
import { EXCHANGE, NOBODY_PASSES, block as field, exchange } from "./layout.ts"
import { MODIFIES, type SlowPath } from "./slow-path.ts"
import type { Spaces } from "./spaces.ts"
import { BREAKPOINT, BUDGET_SPENT, CALL, PAUSED, type Stop } from "./stop.ts"

const GENERAL_PROTECTION: Stop = { _tag: "Faulted", fault: { _tag: "GeneralProtection" } }
const DIVIDE_ERROR: Stop = { _tag: "Faulted", fault: { _tag: "DivideError" } }
const INVALID_OPCODE: Stop = { _tag: "Faulted", fault: { _tag: "InvalidOpcode" } }

/** What one call of the engine is asked for at most: V8 replaces no WebAssembly function while it runs. */
const ENGINE_ICOUNT_MAX = 1_000_000
/** Bits 47 and up of an address are those of its high word from here on. */
const USER_SHIFT = 15

export interface RunnerParts {
  readonly linear: Linear
  readonly history: History
  readonly spaces: Spaces
  readonly contexts: Contexts
  readonly code: CodeCache
  readonly slowPath: SlowPath
}

export class Runner {
  // A run is some tens of nanoseconds: its parts lie within reach.
  private readonly linear: Linear
  private readonly history: History
  private readonly spaces: Spaces
  private readonly contexts: Contexts
  private readonly code: CodeCache
  private readonly slowPath: SlowPath
  private readonly engine: Interpreter
  isEveryInstructionMarked = false
  /** Whether anything at all is marked: else there is no mark to pass. */
  hasMarks = false
  /** Of the budget of the run under way. */
  private left = 0
  /** Why `find` found nothing. */
  private fetchRefusal: Stop = GENERAL_PROTECTION

  constructor({ code, contexts, history, linear, slowPath, spaces }: RunnerParts) {
    this.linear = linear
    this.history = history
    this.spaces = spaces
    this.contexts = contexts
    this.code = code
    this.slowPath = slowPath
    const { access, fill, finish } = slowPath
    this.engine = loadInterpreter(linear.memory, { access, fill, finish })
  }

  run(block: number, budgetIcount: number, passMark: boolean): Stop {
    if (budgetIcount <= 0) return BUDGET_SPENT
    const { linear } = this
    this.history.touch(block >>> 12)
    const at = (block + field.count) >>> 3
    const countAtEnd = (linear.f64[at] ?? 0) + budgetIcount
    const space = this.word(block + field.space)
    this.slowPath.begin(block, space, countAtEnd)
    this.left = budgetIcount
    const stop = this.go(block, space, passMark)
    linear.f64[at] = countAtEnd - this.left
    return stop
  }

  // ---- read-modify-writes taken apart
  /** Whether the block stands before an unlocked one that would not fault. */
  maySplit(block: number): boolean {
    const { code: { marks }, linear: { u8 } } = this
    const { context, form } = this.beginOne(block)
    if (form === 0 || ((u8[form + formField.tail] ?? 0) & LOCKED_BIT) !== 0) return false
    const decoded = forms[marks.ownCodeOf(form) & ~GENERAL_ADDRESS]
    return decoded !== undefined && mayModifyMemory(decoded) && this.ask(block, form, context, true) === MODIFIES
  }

  /** The mark that such an instruction would meet. */
  markAt(block: number): Pending | undefined {
    if (!this.hasMarks) return undefined
    const { context, form } = this.beginOne(block)
    const isMarked = this.isEveryInstructionMarked || this.codeOf(form) === engineCode.marked
    const stop = isMarked ? this.executionMark(block) : this.ask(block, form, context, false)
    return stop._tag === "Marked" ? stop.pending : undefined
  }

  /** Runs such an instruction, meeting no mark. Its write stays in flight. */
  split(block: number): Stop {
    const { linear, slowPath } = this
    const { context, form, space } = this.beginOne(block)
    slowPath.modifying = "apart"
    const next = this.step(block, form, context)
    slowPath.modifying = "whole"
    if (next === 0) return this.stopOf(this.refusedExit, block, space)
    this.standAt(block, next)
    linear.f64[(block + field.count) >>> 3] = (linear.f64[(block + field.count) >>> 3] ?? 0) + 1
    return BUDGET_SPENT
  }

  /** As a run of one instruction begins. */
  private beginOne(block: number): { readonly space: number; readonly context: number; readonly form: number } {
    const { contexts, history, linear, slowPath, spaces } = this
    history.touch(block >>> 12)
    const space = this.word(block + field.space)
    slowPath.begin(block, space, (linear.f64[(block + field.count) >>> 3] ?? 0) + 1)
    this.left = 1
    const codeSpace = spaces.codeSpace(space)
    const context = contexts.of(space, codeSpace)
    return { space, context, form: this.find(block, space, codeSpace, context, 0) }
  }

  /** What an instruction with an operand in memory comes to when that is refused. */
  private ask(block: number, form: number, context: number, isPassing: boolean): Stop {
    const { slowPath } = this
    slowPath.modifying = "asked"
    const next = isPassing ? this.step(block, form, context) : this.engine.careful(block, form, context, 0)
    slowPath.modifying = "whole"
    assert(next === 0, "an instruction does not retire without its operand")
    return this.stopOf(this.refusedExit, block, this.word(block + field.space))
  }

  private get refusedExit(): Exclude<Exit, "BudgetSpent" | "Unresolved"> {
    const { exit } = this
    assert(exit !== undefined && exit !== "BudgetSpent" && exit !== "Unresolved", "the instruction was refused")
    return exit
  }

  private word(address: number): number { return this.linear.i32[address >>> 2] ?? 0 }

  private go(block: number, space: number, passMark: boolean): Stop {
    const { contexts, spaces } = this
    let isPassing = passMark && this.hasMarks
    /** The record by which control came to where none is known yet. */
    let from = 0
    for (;;) {
      if (this.left === 0) return BUDGET_SPENT
      const codeSpace = spaces.codeSpace(space)
      const context = contexts.of(space, codeSpace)
      let form = this.find(block, space, codeSpace, context, from)
      if (form === 0) return this.fetchRefusal
      let exit: Exit | undefined
      if (isPassing && (this.isEveryInstructionMarked || this.codeOf(form) === engineCode.marked)) {
        isPassing = false
        form = this.step(block, form, context)
        if (form === 0) exit = this.exit
        else if (this.left === 0 || this.isEveryInstructionMarked) this.standAt(block, form)
      }
      if (exit === undefined && this.left > 0) {
        if (this.isEveryInstructionMarked) return this.executionMark(block)
        const before = this.left
        exit = this.runEngine(block, form, context, isPassing)
        if (this.left < before) isPassing = false
      }
      switch (exit) {
        case undefined: case "BudgetSpent": from = 0; break
        case "Unresolved": from = this.word(EXCHANGE + exchange.form); break
        default: return this.stopOf(exit, block, space)
      }
    }
  }

  private get exit(): Exit | undefined { return exits[this.word(EXCHANGE + exchange.exit)] }

  private runEngine(block: number, form: number, context: number, isPassing: boolean): Exit | undefined {
    const budget = Math.min(this.left, ENGINE_ICOUNT_MAX)
    // What the engine has left says where it is; behind its budget the run may go on.
    const rest = this.left - budget
    if (isPassing) this.slowPath.passAt(budget - 1)
    this.slowPath.leavesBehind(rest)
    this.left -= budget - this.engine.run(block, form, context, budget)
    this.slowPath.leavesBehind(0)
    if (isPassing) this.slowPath.passAt(NOBODY_PASSES)
    return this.exit
  }

  /** One instruction that meets no mark; the next record, or 0 where the engine stopped. */
  private step(block: number, form: number, context: number): number {
    const { code: { marks }, slowPath } = this
    const code = marks.takeOff(form)
    slowPath.passAt(this.left - 1)
    const next = this.engine.careful(block, form, context, this.left - 1)
    slowPath.passAt(NOBODY_PASSES)
    marks.putBack(form, code)
    if (next !== 0) {
      this.left--
      return next
    }
    this.left += this.word(EXCHANGE + exchange.refund) - 1
    this.standAt(block, this.word(EXCHANGE + exchange.form))
    return 0
  }

  /** The block stands where a record says. */
  private standAt(block: number, form: number): void {
    const { i32 } = this.linear
    const to = (block + field.ip) >>> 2
    const at = (form + formField.ip) >>> 2
    i32[to] = i32[at] ?? 0
    i32[to + 1] = i32[at + 1] ?? 0
  }

  /** The record of the instruction the block stands at; 0 if there is none to be had. */
  private find(block: number, space: number, codeSpace: number, context: number, from: number): number {
    const { code, contexts } = this
    const low = this.word(block + field.ip)
    const high = this.word(block + field.ip + 4)
    const known = from === 0 ? contexts.formAt(context, low, high) : 0
    if (known !== 0 && this.codeOf(known) !== engineCode.resolve) return known
    if (high >> USER_SHIFT !== 0) return this.refuseFetch(block, space)
    const form = code.formAt(space, codeSpace, high * 2 ** 32 + (low >>> 0), from)
    if (form === 0) return this.refuseFetch(block, space)
    if (from === 0 || this.codeOf(from) === engineCode.resolve) contexts.setForm(context, low, high, form)
    return form
  }

  private codeOf(form: number): number { return this.linear.view.getUint16(form + formField.code, true) }

  /** An address that is none faults otherwise than one where nothing may be executed. */
  private refuseFetch(block: number, space: number): 0 {
    const { code, linear, spaces } = this
    const ip = linear.u64[(block + field.ip) >>> 3] ?? 0n
    const sign = this.word(block + field.ip + 4) >> USER_SHIFT
    if (sign !== 0 && sign !== -1) {
      this.fetchRefusal = GENERAL_PROTECTION
      return 0
    }
    const at = sign === 0 ? code.fetchFault(space, Number(ip)) : undefined
    const isPresent = at !== undefined && at < TASK_SIZE && spaces.protectionAt(space, at) !== undefined
    const address = at === undefined ? ip : BigInt(at)
    this.fetchRefusal = { _tag: "Faulted", fault: { _tag: "PageFault", address, access: "execute", isPresent } }
    return 0
  }

  private ipOf(block: number): Address {
    return this.word(block + field.ip + 4) * 2 ** 32 + (this.word(block + field.ip) >>> 0)
  }

  private executionMark(block: number): Stop {
    return { _tag: "Marked", pending: { _tag: "Execution", ip: this.ipOf(block) } }
  }

  private stopOf(exit: Exclude<Exit, "BudgetSpent" | "Unresolved">, block: number, space: number): Stop {
    const { code, slowPath } = this
    if (exit === "Accessed") return slowPath.met()
    const ip = this.ipOf(block)
    switch (exit) {
      case "Call": return CALL
      case "Paused": return PAUSED
      case "Breakpoint": return BREAKPOINT
      case "GeneralProtection": return GENERAL_PROTECTION
      case "DivideError": return DIVIDE_ERROR
      case "InvalidOpcode": return INVALID_OPCODE
      case "Refused": return slowPath.refusal
      case "Marked":
        return code.marks.isCallMark(this.word(EXCHANGE + exchange.form), ip)
          ? { _tag: "Marked", pending: { _tag: "Call", ip } }
          : this.executionMark(block)
      case "Unsupported": {
        const bytes = code.bytesAt(space, ip)
        return { _tag: "Unsupported", ip, bytes, text: printInstruction(bytes, ip) }
      }
    }
  }
}
