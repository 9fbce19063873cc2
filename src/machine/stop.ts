import type { Address } from "../base/ids.ts"
import type { Pending } from "../base/mark.ts"

/** An instruction that could not finish. Nothing of it has happened: ip, registers and memory are as before it. */
export type Fault =
  /** #PF. `isPresent`: the page is mapped and forbids the access. */
  | { readonly _tag: "PageFault"; readonly address: bigint; readonly access: "read" | "write" | "execute"; readonly isPresent: boolean }
  /** #SS: a non-canonical address that is reached through the stack's segment. */
  | { readonly _tag: "StackFault" }
  /** #GP: any other non-canonical address, a privileged instruction, a misaligned aligned move. */
  | { readonly _tag: "GeneralProtection" }
  /** #DE: division by zero, or a quotient that does not fit. */
  | { readonly _tag: "DivideError" }
  /** #UD: ud2, or an encoding that no processor accepts. */
  | { readonly _tag: "InvalidOpcode" }

/** Why the engine came back. The block's ip and count say where; a stop is precise to the instruction. */
export type Stop =
  /** The budget is spent; nothing else happened. */
  | { readonly _tag: "BudgetSpent" }
  /** A `syscall` instruction has retired: ip is after it, rcx and r11 are as the processor leaves them. */
  | { readonly _tag: "Call" }
  /** A PAUSE has retired. */
  | { readonly _tag: "Paused" }
  /** An `int3` has retired (#BP is a trap): ip is after it. */
  | { readonly _tag: "Breakpoint" }
  /** See Fault. Not retired. */
  | { readonly _tag: "Faulted"; readonly fault: Fault }
  /** A mark was met, before the instruction. Not retired. */
  | { readonly _tag: "Marked"; readonly pending: Pending }
  /** An instruction we do not model. Not retired. `bytes`: up to 15, from ip. */
  | { readonly _tag: "Unsupported"; readonly ip: Address; readonly bytes: Uint8Array; readonly text: string }

export const BUDGET_SPENT: Stop = { _tag: "BudgetSpent" }
export const CALL: Stop = { _tag: "Call" }
export const PAUSED: Stop = { _tag: "Paused" }
export const BREAKPOINT: Stop = { _tag: "Breakpoint" }
