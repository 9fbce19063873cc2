/**
 * Which forms have a case of their own in the loop, and which a call away. It decides nothing but speed.
 *
 * A loop of some 400 cases is at full speed after 0.2 s, one of 1000 after half a second, and until then five times slower; a
 * call costs 1.6 ns an instruction. So: what compilers emit all the time is in the loop, in the widths they emit it in.
 */
import type { Form } from "../../../x86/form.ts"

/** Rows whose 8-bit forms are as common as the others. */
const byteRows: ReadonlySet<string> = new Set(["mov", "add", "sub", "cmp", "and", "or", "xor", "test"])
const vectorRows: ReadonlySet<string> = new Set(["movdqa", "movdqu", "pxor"])
const seldom: ReadonlySet<string> = new Set(["bt", "bts", "btr", "btc", "mul", "imulWide", "div", "idiv"])
/** Rows whose forms with memory first are worth it; of the others they are rarer than the rest. */
const memoryRows: ReadonlySet<string> = new Set([
  "add", "sub", "and", "or", "xor", "inc", "dec", "cmp", "test", "mov", "cmpxchg", "xadd", "xchg"
])
/** Rows without explicit operands that are common. */
const plainRows: ReadonlySet<string> = new Set(["cdqe", "cdq", "cqo", "syscall", "nop", "leave", "rep movs", "rep stos"])

export const isInLoop = ({ heat, row, shape, width }: Form): boolean => {
  if (heat === "hottest") return true
  if (heat === "rare" || seldom.has(row.name)) return false
  if (width === 128) return vectorRows.has(row.name)
  if (width === 16) return false
  if (width === 8) return byteRows.has(row.name) || row.name.startsWith("set") || plainRows.has(row.name)
  if (shape.startsWith("m") && shape !== "m" && !memoryRows.has(row.name)) return false
  return row.access.length > 0 || row.flow !== undefined || plainRows.has(row.name)
}
