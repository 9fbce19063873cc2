/**
 * AT&T names of instructions, as readings in Intel's names. GNU as drops, adds and renames: a name may
 * have several readings (`movq` moves an xmm register, or is `mov` of 64 bits); the operands decide.
 *
 * Source: GNU as manual, 9.16.4 i386 Instruction Naming.
 */
export interface Reading {
  /** Intel's name, in small letters. */
  readonly mnemonic: string
  /** What the suffix says of the operand in memory. */
  readonly widthBits?: number
  /** What the second suffix of `movzbl` says of the destination. */
  readonly destinationBits?: number
  /** `movabs`: a 64-bit immediate or address, nothing shorter. */
  readonly isAbsolute?: boolean
}

const suffixBits: ReadonlyMap<string, number> = new Map([["b", 8], ["w", 16], ["l", 32], ["q", 64]])

const conditionAliases: ReadonlyMap<string, string> = new Map([
  ["z", "e"], ["nz", "ne"], ["c", "b"], ["nae", "b"], ["nc", "ae"], ["nb", "ae"], ["na", "be"], ["nbe", "a"],
  ["pe", "p"], ["po", "np"], ["nge", "l"], ["nl", "ge"], ["ng", "le"], ["nle", "g"]
])

const aliases: ReadonlyMap<string, string> = new Map([
  ["cbtw", "cbw"], ["cwtl", "cwde"], ["cltq", "cdqe"], ["cwtd", "cwd"], ["cltd", "cdq"], ["cqto", "cqo"],
  ["sal", "shl"], ["pushf", "pushfq"], ["popf", "popfq"], ["ud2a", "ud2"], ["ud2b", "ud1"],
  ["movsl", "movsd"], ["stosl", "stosd"], ["lodsl", "lodsd"], ["scasl", "scasd"], ["cmpsl", "cmpsd"],
  ["loopz", "loope"], ["loopnz", "loopne"]
])

const withoutConditionAlias = (name: string): string => {
  for (const stem of ["cmov", "set", "j"]) {
    if (!name.startsWith(stem)) continue
    const condition = conditionAliases.get(name.slice(stem.length))
    if (condition !== undefined) return stem + condition
  }
  return name
}

const canonical = (name: string): string => aliases.get(name) ?? withoutConditionAlias(name)

/** `movzbl`, `movswq`, `movslq`, `movzb`, … */
const extendingMove = (name: string): Reading | undefined => {
  const parts = /^mov([sz])([bwl])([wlq]?)$/.exec(name)
  if (parts === null) return undefined
  const [, sign, from = "", to = ""] = parts
  const widthBits = suffixBits.get(from) ?? 0
  const destinationBits = suffixBits.get(to)
  if (widthBits === 32 && sign === "z") return undefined // a 32-bit move does that
  if (destinationBits !== undefined && destinationBits <= widthBits) return undefined
  const mnemonic = sign === "z" ? "movzx" : widthBits === 32 ? "movsxd" : "movsx"
  return destinationBits === undefined ? { mnemonic, widthBits } : { mnemonic, widthBits, destinationBits }
}

/** What `name` may mean, the likeliest first. A reading need not exist: the encoder knows which names do. */
export const readingsOf = (name: string): ReadonlyArray<Reading> => {
  if (name === "movabs" || name === "movabsq") return [{ mnemonic: "mov", isAbsolute: true }]
  const readings: Array<Reading> = [{ mnemonic: canonical(name) }]
  // Intel's name for the widest step is another.
  if (name === "movsx") readings.push({ mnemonic: "movsxd", widthBits: 32, destinationBits: 64 })
  // A general register of 64 bits makes it the wider move.
  if (name === "movd") readings.push({ mnemonic: "movq", widthBits: 64 })
  const extending = extendingMove(name)
  if (extending !== undefined) readings.push(extending)
  const widthBits = suffixBits.get(name.slice(-1))
  if (widthBits !== undefined) readings.push({ mnemonic: canonical(name.slice(0, -1)), widthBits })
  return readings
}

/** Whether a bare expression after `name` is where it jumps, and not a place in memory. */
export const isBranchName = (name: string): boolean => /^(j[a-z]+|callq?|loop[a-z]*)$/.test(name)
