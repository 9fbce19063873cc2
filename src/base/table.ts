import { assert } from "./assert.ts"

export interface Named {
  readonly name: string
}

/** Rows by name. `keyof` it for the union of names, and `Object.values` it for a loop over all. */
export type Table<Rows extends ReadonlyArray<Named>> = { readonly [Row in Rows[number] as Row["name"]]: Row }

/** A registry. List a row once; its own name is its key. */
export const table = <const Rows extends ReadonlyArray<Named>>(...rows: Rows): Table<Rows> => {
  const names = rows.map((row) => row.name)
  assert(new Set(names).size === names.length, `every name once: ${names.join(", ")}`)
  return Object.freeze(Object.fromEntries(rows.map((row) => [row.name, row]))) as Table<Rows>
}

/** The row of that name, if there is one: for names that come from outside. */
export const rowNamed = <T extends Named>(rows: { readonly [name: string]: T }, name: string): T | undefined =>
  Object.hasOwn(rows, name) ? rows[name] : undefined
