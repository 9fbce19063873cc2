/** Every contract there is, by name, and how several are put in force together. */
import { rowNamed, table } from "../../base/table.ts"
import { syscallNumbered } from "../syscall/table.ts"
import type { AbiDefinition } from "./definition.ts"
import { mainline418, mainline510, mainline55, mainline61, mainline612, mainline614, mainline618, mainline63 } from "./mainline/generation.ts"
import { mainline } from "./mainline/mainline.ts"
import { none } from "./none.ts"
import { opvV12 } from "./opv/opv.ts"
import { turnerV2 } from "./turner-v2.ts"

export const abis = table(
  none,
  turnerV2,
  opvV12,
  mainline(mainline418),
  mainline(mainline55),
  mainline(mainline510),
  mainline(mainline61),
  mainline(mainline63),
  mainline(mainline612),
  mainline(mainline614),
  mainline(mainline618)
)
export type AbiName = keyof typeof abis

export type ParsedAbis =
  | { readonly _tag: "Parsed"; readonly abis: ReadonlyArray<AbiDefinition> }
  /** `message`: what was wrong, and what to type instead. */
  | { readonly _tag: "Refused"; readonly message: string }

const refused = (message: string): ParsedAbis => ({ _tag: "Refused", message })

/** Why two contracts cannot be in force together: a call number means one thing. */
const clash = (one: AbiDefinition, other: AbiDefinition): string | undefined => {
  for (const call of one.calls) {
    const rival = other.calls.find(({ number }) => number === call.number)
    if (rival !== undefined) return `${one.name} and ${other.name} both bring call ${call.number} (${call.name}, ${rival.name}); name one of them`
  }
  return undefined
}

/** Why a contract cannot be in force: it answers calls of the general table and does not say so, or says so of others. */
const unsaid = ({ calls, name, shadows = [] }: AbiDefinition): string | undefined => {
  const hidden = calls.flatMap(({ number }) => syscallNumbered(number) ?? [])
  const silent = hidden.find((call) => !shadows.some((shadow) => shadow === call.name))
  if (silent !== undefined) return `${name} answers call ${silent.number} (${silent.name}) in place of the general one, and its row does not say so`
  const idle = shadows.find((shadow) => !hidden.some((call) => call.name === shadow))
  return idle === undefined ? undefined : `${name} says that it answers ${idle} in place of the general call, and has none of its number`
}

/** Contracts in force together, in the order of their moments. */
export const combineAbis = (rows: ReadonlyArray<AbiDefinition>): ParsedAbis => {
  for (const [index, row] of rows.entries()) {
    const message = unsaid(row)
    if (message !== undefined) return refused(message)
    for (const earlier of rows.slice(0, index)) {
      if (earlier.name === row.name) return refused(`${row.name} is named twice; once is enough`)
      const message = clash(earlier, row)
      if (message !== undefined) return refused(message)
    }
  }
  return { _tag: "Parsed", abis: rows }
}

/** `mainline-6.12` or `mainline-6.12,opv-v12`. */
export const parseAbis = (text: string): ParsedAbis => {
  const rows: Array<AbiDefinition> = []
  for (const part of text.split(",")) {
    const name = part.trim()
    const row = rowNamed<AbiDefinition>(abis, name)
    if (row === undefined) return refused(`no contract is named "${name}"; there are ${Object.keys(abis).join(", ")}`)
    rows.push(row)
  }
  return combineAbis(rows)
}
