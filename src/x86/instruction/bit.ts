/** Single bits: tested, changed, searched. */
import type { Emitter, Place } from "../emitter.ts"
import type { Width } from "../register.ts"
import { type I64, long } from "../value.ts"
import { defineInstruction, wideWidths } from "./definition.ts"

const openAfterTest = [{ flags: ["OF", "SF", "AF", "PF"], when: "always" }] as const
const SOURCE = "Intel SDM 2A, BT, BTC, BTR, BTS: CF is the bit, ZF stays, the others are undefined; here they stay"

/** What becomes of the bit. */
type Change = (value: I64, mask: I64) => I64

/** CF takes the bit; the place takes the change, if there is one. */
const testBit = (e: Emitter, width: Width, place: Place, offset: I64, change: Change | undefined): void => {
  const value = place.read()
  const position = e.let(offset.and(BigInt(width - 1)))
  if (change !== undefined) place.write(change(value, e.let(long(1n).shl(position))))
  e.patchFlags({ CF: value.bit(position) })
}

/** A bit of a register, or of memory by a number: the offset is taken modulo the width. */
const bitTest = <const Name extends string>(name: Name, change: Change | undefined) => defineInstruction({
  name,
  access: [change === undefined ? "read" : "modify", "read"],
  shapes: ["rr", "ri", "mi"],
  widths: wideWidths,
  mayBeLocked: change !== undefined,
  open: openAfterTest,
  source: SOURCE,
  body: (e, width, { destination, source }) => testBit(e, width, destination, source.read(), change)
})

/** A bit of a string of bits in memory: a register counts bits from the address, downwards too. */
const bitStringTest = <const Name extends string>(name: Name, mnemonic: string, change: Change | undefined) => defineInstruction({
  name,
  mnemonics: [mnemonic],
  access: ["address", "read"],
  shapes: ["mr"],
  widths: wideWidths,
  mayBeLocked: change !== undefined,
  isRare: true,
  open: openAfterTest,
  source: `${SOURCE}; 3.1.1.9 of 2A for bit strings`,
  body: (e, width, { source }) => {
    const offset = source.read()
    const word = offset.shrS(BigInt(Math.log2(width)))
    const at = e.let(e.address().add(word.shl(BigInt(Math.log2(width / 8)))))
    testBit(e, width, e.memory(at, width, change === undefined ? "read" : "modify"), offset, change)
  }
})

const set: Change = (value, mask) => value.or(mask)
const reset: Change = (value, mask) => value.and(mask.not())
const complement: Change = (value, mask) => value.xor(mask)

const scan = <const Name extends string>(name: Name, find: (value: I64) => I64) => defineInstruction({
  name,
  access: ["modify", "read"],
  shapes: ["rr", "rm"],
  widths: wideWidths,
  isRare: true,
  open: [{ flags: ["CF", "PF", "AF", "SF", "OF"], when: "always" }],
  openResult: "source is 0",
  source: "Intel SDM 2A, BSF, BSR: of 0 the destination is undefined, here it stays; all flags but ZF are undefined",
  body: (e, width, { destination, source }) => {
    const value = e.let(source.read().unsigned(width))
    const isNone = e.let(value.isZero())
    e.if(isNone, () => {}, () => destination.write(find(value)))
    e.patchFlags({ ZF: isNone.extend() })
  }
})

export const bits = [
  bitTest("bt", undefined), bitTest("bts", set), bitTest("btr", reset), bitTest("btc", complement),
  bitStringTest("btString", "bt", undefined), bitStringTest("btsString", "bts", set),
  bitStringTest("btrString", "btr", reset), bitStringTest("btcString", "btc", complement),
  scan("bsf", (value) => value.trailingZeros()),
  scan("bsr", (value) => long(63n).sub(value.leadingZeros()))
]
