/** Labels at the beginning of a statement: `name:` and `1:`. */
import type { Cursor } from "./cursor.ts"
import type { Place } from "./problem.ts"
import type { Unit } from "./unit.ts"

const LABEL = /([A-Za-z_.$\u0080-\uffff][A-Za-z0-9_.$\u0080-\uffff]*|[0-9]{1,9}):/y

/** Moves over the labels; `each` is told the name and the place of every one, and ends it by `undefined`. */
const overLabels = (
  cursor: Cursor,
  each: (name: string, place: Place) => true | undefined
): true | undefined => {
  for (;;) {
    const place = cursor.place()
    const name = cursor.match(LABEL)?.[1]
    if (name === undefined) return true
    if (each(name, place) === undefined) return undefined
  }
}

export const skipLabels = (cursor: Cursor): void => {
  overLabels(cursor, () => true)
}

/** Gives the labels the present place of the unit. `undefined` after a problem. */
export const defineLabels = (unit: Unit, cursor: Cursor): true | undefined =>
  overLabels(cursor, (name, place) => {
    if (!/^[0-9]/.test(name)) return unit.label(name, place)
    unit.localLabel(name)
    return true
  })
