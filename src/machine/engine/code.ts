/** Codes of records that are the engine's own and no instruction: they lie behind those of the forms. */
import { forms } from "../../x86/form.ts"

export const engineCode = {
  /** The instruction at `ip` is to be found or decoded; what stands here is used up. */
  resolve: forms.length,
  /** The same, and the branch that led here (its record is in `immediate`) is then told where to go. */
  stub: forms.length + 1,
  /** Goes to the record in `displacement`; no instruction. */
  goto: forms.length + 2,
  /** An instruction with a mark on it; its own code is known to the code cache. */
  marked: forms.length + 3
} as const

export const ENGINE_CODE_COUNT = forms.length + 4

/** Why an engine comes back to the machine; in linear memory as an index. */
export const exits = [
  "BudgetSpent", "Call", "Paused", "Breakpoint", "GeneralProtection", "DivideError", "InvalidOpcode", "Unsupported",
  /** A record of the codes `resolve` or `stub`. */
  "Unresolved",
  /** A record of the code `marked`. */
  "Marked",
  /** An access that the careful path refused; the machine knows why. */
  "Refused",
  /** An access that a mark is on. */
  "Accessed"
] as const
export type Exit = (typeof exits)[number]
export const exitIndex = (exit: Exit): number => exits.indexOf(exit)
