/** The interpreter as a WebAssembly module: compiled once a process, from packaged bytes or from the instruction table. */
import { writeInterpreter } from "./wasm/interpreter.ts"

/** The engine's routines. All arguments are addresses in linear memory, but for the budget. What they tell: `exchange`. */
export interface Interpreter {
  /** Runs from a record on; the budget that is left. */
  readonly run: (block: number, form: number, context: number, budgetIcount: number) => number
  /** One instruction, asking the machine about each access; the next record, or 0. */
  readonly careful: (block: number, form: number, context: number, budgetIcount: number) => number
}

/** What the engine asks of the machine. An address is two words; requests are as `requestOf` packs them. */
export interface InterpreterImports {
  /** Host address of a simple access, now in the TLB; 0 where it must be done carefully; `LOOK_AGAIN`: the page is guarded. */
  readonly fill: (context: number, low: number, high: number, request: number) => number
  /** Host address of any access that may go on; 0 where the instruction stops. */
  readonly access: (form: number, low: number, high: number, request: number, budget: number) => number
  /** The instruction has retired; the budget behind it. 1 where the records the engine has are no longer valid. */
  readonly finish: (budget: number) => number
}

let compiled: WebAssembly.Module | undefined
let packaged: () => Uint8Array<ArrayBuffer> | undefined = () => undefined

/**
 * Uses bytes that `writeInterpreter` has given when the product was packaged: it saves 50 ms a process. They are asked for when
 * the first machine is made; `undefined`: there are none, as when the sources run.
 */
export const usePackagedInterpreter = (bytes: () => Uint8Array<ArrayBuffer> | undefined): void => {
  packaged = bytes
}

export const loadInterpreter = (memory: WebAssembly.Memory, imports: InterpreterImports): Interpreter => {
  compiled ??= new WebAssembly.Module(packaged() ?? writeInterpreter())
  return new WebAssembly.Instance(compiled, { machine: { memory, ...imports } }).exports as unknown as Interpreter
}
