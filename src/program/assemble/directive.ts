/**
 * Directives by name: what each does to the unit. Those that make statements (`.macro`, `.rept`, `.if`)
 * are in `expand.ts`.
 */
import { align, fill, numbers, org, skip, strings, type Directive } from "./data.ts"
import type { Cursor } from "./cursor.ts"
import type { Place } from "./problem.ts"
import type { Unit } from "./unit.ts"

/** No byte and no symbol of ours hangs on it. */
const ignored: Directive = () => true

const toSection = (name: string): Directive => (unit, cursor) => {
  if (!cursor.isAtEnd()) return cursor.expected("no subsection: sections have one part here")
  unit.enter(name, undefined, undefined)
  return true
}

const SECTION_NAME = /"[^"]+"|[^\s,"]+/y
const FLAGS = /"([A-Za-z?]*)"/y
const TYPE = /[@%]([a-z_]+)/y

/** `.section NAME, "flags", @type`; what follows (entry size, group) is for linkers. */
const section: Directive = (unit, cursor) => {
  const name = cursor.match(SECTION_NAME)?.[0].replaceAll("\"", "")
  if (name === undefined) return cursor.expected("the name of a section")
  if (cursor.isAtEnd()) {
    unit.enter(name, undefined, undefined)
    return true
  }
  if (!cursor.take(",")) return cursor.expected("`,`")
  const flags = cursor.match(FLAGS)?.[1]
  if (flags === undefined) return cursor.expected("flags in quotes, such as \"ax\"")
  let hasBytes: boolean | undefined
  if (cursor.take(",")) {
    const at = cursor.at()
    const type = cursor.match(TYPE)?.[1]
    if (type === undefined) return cursor.expected("@progbits or @nobits", at)
    hasBytes = type !== "nobits"
  }
  unit.enter(name, flags, hasBytes)
  return true
}

const pushSection: Directive = (unit, cursor) => {
  unit.push()
  return section(unit, cursor)
}

const popSection: Directive = (unit, cursor) => unit.pop() ?? cursor.expected("a .pushsection before it", 0)

const symbolName = (cursor: Cursor): string | undefined => cursor.word() ?? cursor.expected("a symbol")

const comma = (cursor: Cursor): true | undefined => (cursor.take(",") ? true : cursor.expected("`,`"))

/** `.set NAME, VALUE` */
const set: Directive = (unit, cursor) => {
  const place = cursor.place()
  const name = symbolName(cursor)
  if (name === undefined || comma(cursor) === undefined) return undefined
  return assign(unit, cursor, name, place)
}

/** The value and the end of `.set NAME, VALUE` or `NAME = VALUE`. */
export const assign = (unit: Unit, cursor: Cursor, name: string, place: Place): true | undefined => {
  const value = unit.expression(cursor)
  if (value === undefined || cursor.end() === undefined) return undefined
  return unit.assign(name, value, place)
}

const size: Directive = (unit, cursor) => {
  const name = symbolName(cursor)
  if (name === undefined || comma(cursor) === undefined) return undefined
  const value = unit.expression(cursor)
  if (value === undefined || cursor.end() === undefined) return undefined
  unit.symbol(name).size = value
  return true
}

const types: Readonly<Record<string, "function" | "object" | "other">> = {
  function: "function", object: "object", notype: "other"
}

const type: Directive = (unit, cursor) => {
  const name = symbolName(cursor)
  if (name === undefined || comma(cursor) === undefined) return undefined
  const at = cursor.at()
  const written = cursor.match(TYPE)?.[1] ?? ""
  const kind = Object.hasOwn(types, written) ? types[written] : undefined
  if (kind === undefined) return cursor.expected("@function, @object or @notype", at)
  unit.symbol(name).type = kind
  return cursor.end()
}

/** `.comm NAME, SIZE, ALIGNMENT`: zeros in .bss. */
const common: Directive = (unit, cursor) => {
  const place = cursor.place()
  const name = symbolName(cursor)
  if (name === undefined || comma(cursor) === undefined) return undefined
  const bytes = unit.expression(cursor)
  if (bytes === undefined) return undefined
  unit.push()
  unit.enter(".bss", undefined, undefined)
  if (cursor.take(",") && align(false)(unit, cursor) === undefined) return undefined
  if (unit.label(name, place) === undefined) return undefined
  Object.assign(unit.symbol(name), { size: bytes, type: "object" })
  const zero = Uint8Array.of(0)
  unit.append({ _tag: "Space", until: "count", expression: bytes, unit: zero, place, sizeBytes: 0, offset: 0 })
  unit.pop()
  return cursor.end()
}

const refused = (why: string): Directive => (_unit, cursor) => cursor.expected(why, 0)

/** For linkers and debuggers: a program is one text, so every name is seen everywhere. */
const forOthers = [
  ".globl", ".global", ".local", ".weak", ".hidden", ".protected", ".internal",
  ".file", ".loc", ".ident", ".att_syntax", ".code64", ".arch", ".addrsig", ".addrsig_sym"
]

const directives: ReadonlyMap<string, Directive> = new Map<string, Directive>([
  [".text", toSection(".text")],
  [".data", toSection(".data")],
  [".bss", toSection(".bss")],
  [".rodata", toSection(".rodata")],
  [".section", section],
  [".pushsection", pushSection],
  [".popsection", popSection],
  [".previous", (unit) => unit.swap()],
  [".byte", numbers(1)],
  [".short", numbers(2)],
  [".word", numbers(2)],
  [".value", numbers(2)],
  [".hword", numbers(2)],
  [".2byte", numbers(2)],
  [".long", numbers(4)],
  [".int", numbers(4)],
  [".4byte", numbers(4)],
  [".quad", numbers(8)],
  [".8byte", numbers(8)],
  [".ascii", strings(false)],
  [".asciz", strings(true)],
  [".string", strings(true)],
  [".skip", skip],
  [".space", skip],
  [".zero", skip],
  [".fill", fill],
  [".org", org],
  [".align", align(false)],
  [".balign", align(false)],
  [".p2align", align(true)],
  [".set", set],
  [".equ", set],
  [".size", size],
  [".type", type],
  [".comm", common],
  [".lcomm", common],
  ...forOthers.map((name): [string, Directive] => [name, ignored]),
  [".incbin", refused("no file of this computer: a program is one text")],
  [".include", refused("no file of this computer: a program is one text")],
  [".intel_syntax", refused("AT&T syntax")]
])

/** The directive of that name, if we have it. Unwinding tables (`.cfi_…`) are for debuggers. */
export const directiveNamed = (name: string): Directive | undefined =>
  name.startsWith(".cfi_") ? ignored : directives.get(name)
