/** Which forms a processor can judge, and how many cases of each. */
import { type Form, forms } from "../../src/x86/form.ts"
import { type Encoding, findEncodings } from "./encoding.ts"

/** Rows that no processor can judge here, and why. */
export const unjudged: Readonly<Record<string, string>> = {
  syscall: "it would enter the kernel",
  cpuid: "it answers for the simulated processor",
  unsupported: "it is no instruction"
}

export interface JudgedForm {
  readonly form: Form
  readonly encodings: ReadonlyArray<Encoding>
}

let found: ReadonlyMap<string, ReadonlyArray<Encoding>> | undefined

export const encodingsOf = (form: Form): ReadonlyArray<Encoding> => {
  found ??= findEncodings()
  return found.get(form.name) ?? []
}

/** Forms by row, in the order of the rows. */
export const judgedRows = (): ReadonlyMap<string, ReadonlyArray<JudgedForm>> => {
  const rows = new Map<string, Array<JudgedForm>>()
  for (const form of forms) {
    if (Object.hasOwn(unjudged, form.row.name)) continue
    const list = rows.get(form.row.name) ?? []
    rows.set(form.row.name, list)
    list.push({ form, encodings: encodingsOf(form) })
  }
  return rows
}
