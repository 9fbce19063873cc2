/**
 * The interpreter, written from the instruction table: a loop over the records of decoded instructions, a function for what
 * is rare, and the careful twin.
 *
 *     run(block, form, context, budget)      until the budget is spent or something happens; the budget that is left
 *     rare(block, form, context, budget)     one instruction; the next record, 0 where the engine stops
 *     careful(block, form, context, budget)  the same, for any instruction, asking the machine about each access
 *     miss(context, low, high, request, budget)  the host address of an access that has no tag (`miss.ts`)
 *
 * Cases are ordered hottest first, which in WebAssembly means innermost. Each of the hottest ends with a dispatch of its own, so
 * that a processor predicts it by the instruction before; it can branch only to cases further out and takes the loop to the
 * others. How a stop is told: `exchange` in `layout.ts`.
 */
import type { AccessKind } from "../../../base/mark.ts"
import { GENERAL_ADDRESS, type Form, field, forms } from "../../../x86/form.ts"
import { type I32, type I64, int } from "../../../x86/value.ts"
import { EXCHANGE, block as blockField, exchange } from "../../layout.ts"
import { ENGINE_CODE_COUNT, type Exit, engineCode } from "../code.ts"
import { type FunctionCode, moduleBytes, signature } from "./bytes.ts"
import type { Label } from "./code.ts"
import { WasmEmitter, functionIndex, importIndex, machineImports } from "./emitter.ts"
import { isInLoop } from "./heat.ts"
import { missRoutine, missSignature } from "./miss.ts"

const routineSignature = signature(["i32", "i32", "i32", "i32"], ["i32"])
const importSignatures = { fill: routineSignature, access: missSignature, finish: signature(["i32"], ["i32"]) } as const

/** A routine that does one instruction and returns: the next record, or 0 having told where it stopped. */
abstract class OneInstruction extends WasmEmitter {
  protected go(form: I32): void {
    this.return(form)
  }

  protected leave(exit: Exit, form: I32, refund: number): void {
    this.setExit(exit)
    this.store32(int(EXCHANGE), form, exchange.form)
    this.store32(int(EXCHANGE), int(refund), exchange.refund)
    this.return(int(0))
  }

  protected refuse(exit: Exit): void {
    this.leave(exit, this.form, 1)
  }

  protected retire(exit: Exit): void {
    this.leave(exit, this.following(), 0)
  }

  /** One case a form, by code; `otherwise` for all other codes. */
  protected cases(selected: ReadonlyArray<Form>, code: I32, otherwise: () => void): void {
    const none = this.openBlock()
    const labels = selected.map(() => this.openBlock()).reverse()
    const labelOf = new Map(selected.map((form, index) => [form.code, labels[index] ?? none]))
    this.branchTable(code, Array.from({ length: ENGINE_CODE_COUNT }, (_, each) => labelOf.get(each) ?? none), none)
    for (const form of selected) {
      this.end()
      this.case(form)
    }
    this.end()
    otherwise()
    this.unreachable()
  }

}

class RareRoutine extends OneInstruction {
  protected hostOf(at: I64, sizeBytes: number, kind: AccessKind): I32 {
    return this.translate(at, sizeBytes, kind, () => this.beCareful())
  }

  private beCareful(): void {
    this.return(this.call32(functionIndex("careful"), this.block, this.form, this.context, this.budget))
  }

  write(): FunctionCode {
    const rare = forms.filter((form) => !isInLoop(form))
    // What is in the loop comes here only with a general address, and that is the careful twin's.
    this.cases(rare, this.load16(this.form, field.code), () => this.beCareful())
    return { name: "rare", signature: routineSignature, locals: this.locals, body: this.out }
  }
}

class CarefulRoutine extends OneInstruction {
  protected hostOf(at: I64, sizeBytes: number, kind: AccessKind): I32 {
    const host = this.let(this.asked(importIndex("access"), this.form, at, sizeBytes, kind))
    this.if(host.not(), () => this.refuse("Refused"))
    return host
  }

  override address(): I64 { return this.generalAddress() }

  /** Where the instruction has changed what is executable here, even the next record is of the past. */
  protected override go(form: I32): void {
    const next = this.let(form)
    this.if(this.call32(importIndex("finish"), this.budget), () => this.leave("Unresolved", next, 0))
    super.go(next)
  }

  protected override retire(exit: Exit): void {
    this.let(this.call32(importIndex("finish"), this.budget))
    super.retire(exit)
  }

  write(): FunctionCode {
    // Whoever met a mark comes here as well: `miss` has told where, and nothing has happened.
    this.if(this.load32(int(EXCHANGE), exchange.metRequest), () => this.refuse("Accessed"))
    const code = this.load16(this.form, field.code).and(GENERAL_ADDRESS - 1)
    this.cases(forms, code, () => this.refuse("Unsupported"))
    return { name: "careful", signature: routineSignature, locals: this.locals, body: this.out }
  }
}

class LoopRoutine extends WasmEmitter {
  /** Writes the dispatch that a hot case ends with; the other cases go round the loop. */
  private dispatch: (() => void) | undefined
  // ---- labels, from the outside in
  /** Behind the loop: the record to go on from and the budget are as they should be. */
  private out_ = this.openBlock()
  /** The instruction at `form` has not happened: its budget is given back. */
  private refused = this.openBlock()
  /** The next instruction: counts it, then dispatches. */
  private again = this.openLoop()
  /** Dispatches an instruction that has been counted. */
  private dispatchAgain = this.again
  private careful = this.again
  private rare = this.again

  protected hostOf(at: I64, sizeBytes: number, kind: AccessKind): I32 {
    return this.translate(at, sizeBytes, kind, () => this.branch(this.careful))
  }

  protected go(form: I32): void {
    if (form !== this.form) this.set(this.form, form)
    if (this.dispatch !== undefined) this.dispatch()
    else this.branch(this.again)
  }

  protected refuse(exit: Exit): void {
    this.setExit(exit)
    this.branch(this.refused)
  }

  protected retire(exit: Exit): void {
    this.setExit(exit)
    this.set(this.form, this.following())
    this.branch(this.out_)
  }

  private count(): void {
    this.set(this.budget, this.budget.sub(1))
    this.if(this.budget.ltS(int(0)), () => this.refuse("BudgetSpent"))
  }

  private code(): I32 { return this.load16(this.form, field.code) }

  write(): FunctionCode {
    const hot = forms.filter((form) => form.heat === "hottest")
    const inLoop = [...hot, ...forms.filter((form) => form.heat !== "hottest" && isInLoop(form))]
    this.count()
    this.dispatchAgain = this.openLoop()
    this.careful = this.openBlock()
    this.rare = this.openBlock()
    const engineLabels = [engineCode.resolve, engineCode.stub, engineCode.goto, engineCode.marked]
      .map((code) => ({ code, label: this.openBlock() }))
    const opened = [...inLoop].reverse().map((form) => ({ code: form.code, label: this.openBlock() }))
    const labelOf = new Map([...engineLabels, ...opened].map(({ code, label }) => [code, label]))
    this.branchTable(this.code(), Array.from({ length: ENGINE_CODE_COUNT }, (_, code) => labelOf.get(code) ?? this.rare), this.rare)
    for (const form of inLoop) {
      this.end()
      this.dispatch = form.heat === "hottest" ? () => this.dispatchFrom(form, hot, labelOf) : undefined
      this.case(form)
    }
    this.dispatch = undefined
    this.engineCases([...engineLabels].reverse())
    return this.finish()
  }

  /** Cases further out than `from` are still open; those inside are reached by the loop. */
  private dispatchFrom(from: Form, hot: ReadonlyArray<Form>, labelOf: ReadonlyMap<number, Label>): void {
    this.count()
    const reach = hot.map(({ code }) => (code > from.code ? labelOf.get(code) : undefined) ?? this.dispatchAgain)
    this.branchTable(this.code(), reach, this.dispatchAgain)
  }

  private engineCases(labels: ReadonlyArray<{ readonly code: number }>): void {
    for (const { code } of labels) {
      this.end()
      this.forgetTemporaries()
      if (code === engineCode.goto) {
        this.set(this.budget, this.budget.add(1)) // no instruction
        this.go(this.load32(this.form, field.displacement))
      } else this.refuse(code === engineCode.marked ? "Marked" : "Unresolved")
    }
  }

  /** Behind the cases: what is done by call, and how the loop is left. */
  private finish(): FunctionCode {
    const { block, budget, context, form } = this
    const oneBy = (name: "rare" | "careful"): void => {
      this.forgetTemporaries()
      const next = this.let(this.call32(functionIndex(name), block, form, context, budget))
      this.if(next.not(), () => {
        this.set(form, this.load32(int(EXCHANGE), exchange.form))
        this.set(budget, budget.add(this.load32(int(EXCHANGE), exchange.refund)))
        this.branch(this.out_)
      })
      this.set(form, next)
      this.branch(this.again)
    }
    this.end() // rare
    oneBy("rare")
    this.end() // careful
    oneBy("careful")
    this.end() // dispatchAgain
    this.end() // again
    this.end() // refused
    this.set(budget, budget.add(1))
    this.end() // out
    this.store32(int(EXCHANGE), form, exchange.form)
    this.storeLow(64, block, this.load64(form, field.ip), blockField.ip)
    this.emit(budget)
    return { name: "run", signature: routineSignature, locals: this.locals, body: this.out }
  }
}

/** The module's bytes. It takes no clock and no chance: equal tables give equal bytes. */
export const writeInterpreter = (): Uint8Array<ArrayBuffer> =>
  moduleBytes({
    memories: ["memory"],
    imports: machineImports.map((name) => ({ name, signature: importSignatures[name] })),
    functions: [new LoopRoutine().write(), new RareRoutine().write(), new CarefulRoutine().write(), missRoutine()]
  })
