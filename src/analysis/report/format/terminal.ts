/** Text from strangers, made fit for a terminal: what cannot be printed is spelled out, so nothing moves a cursor or sets a title. */

const short: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\" }

/**
 * C0, DEL and C1 as escapes, the backslash doubled; and what has no width or turns the writing direction, by its code point.
 * Line ends are escaped, too: one value never makes two lines.
 */
export const escapeTerminal = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\\]/gu, (character) => {
    const known = short[character]
    if (known !== undefined) return known
    const code = character.codePointAt(0) ?? 0
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`
  })

/** Bytes of the guest as one quoted word: printable ASCII as it is, the rest as escapes. At most `shownBytesMax` of them. */
export const quoteBytes = (bytes: Uint8Array, shownBytesMax = 64): string => {
  let text = ""
  for (const byte of bytes.subarray(0, shownBytesMax)) {
    const character = String.fromCharCode(byte)
    text += character === "\"" ? "\\\"" : byte < 0x80 ? escapeTerminal(character) : `\\x${byte.toString(16)}`
  }
  const hidden = bytes.length - Math.min(bytes.length, shownBytesMax)
  return hidden === 0 ? `"${text}"` : `"${text}"… (${hidden} more bytes)`
}
