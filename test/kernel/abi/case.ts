/** A conformance case: what a contract owes in one situation, and where that is written down. */
import { kinds } from "../../../src/log/choice.ts"
import type { AbiDefinition } from "../../../src/kernel/abi/definition.ts"
import { abis } from "../../../src/kernel/abi/table.ts"
import { rowNamed } from "../../../src/base/table.ts"
import type { AnySyscall } from "../../../src/kernel/syscall/definition.ts"
import { syscalls } from "../../../src/kernel/syscall/table.ts"
import { Hand } from "./hand.ts"

/** Something the simulator does not have yet: a call, a kind of choice, a contract, or instructions that run. */
export type Need = `call ${string}` | `kind ${string}` | `contract ${string}`

interface CaseText {
  readonly id: string
  readonly situation: string
  readonly expected: string
  /** A key of the sources, or our reading of them. */
  readonly source: string
}
/** It runs now, or it says what it waits for. */
export type Case = CaseText & ({ readonly run: () => void } | { readonly needs: Need })

/** A call that does something: known ones that are not modelled end the run. */
const isModelled = (name: string): boolean => {
  const row = rowNamed<AnySyscall>(syscalls, name)
  return row !== undefined && new Hand({ abis: [] }).call(0, row.number) !== "Unsupported"
}

/** Whether the code has what a case waits for: then the case has to be written. */
export const has = (need: Need): boolean => {
  const [what = "", name = ""] = need.split(" ", 2)
  if (what === "call") return isModelled(name)
  if (what === "kind") return Object.hasOwn(kinds, name)
  return rowNamed<AbiDefinition>(abis, name) !== undefined
}
