/** The text of a source: UTF-8, and whatever is not. */

const decoder = new TextDecoder("utf-8", { fatal: true })

/** Bytes of the UTF-8 sequence at `at`; 0: there is none. Source: Unicode 15 table 3-7, well-formed UTF-8 byte sequences */
const sequenceBytes = (bytes: Uint8Array, at: number): number => {
  const lead = bytes[at] ?? 0
  const sizeBytes = lead < 0x80 ? 1 : lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0
  const second = bytes[at + 1] ?? 0
  const [least, most] = lead === 0xe0 ? [0xa0, 0xbf] : lead === 0xed ? [0x80, 0x9f] : lead === 0xf0 ? [0x90, 0xbf] : lead === 0xf4 ? [0x80, 0x8f] : [0x80, 0xbf]
  if (sizeBytes > 1 && (second < least || second > most)) return 0
  for (let next = at + 2; next < at + sizeBytes; next += 1) if (((bytes[next] ?? 0) & 0xc0) !== 0x80) return 0
  return sizeBytes
}

/**
 * A byte that is no UTF-8 is written as the escape that means it, `\377`: in a string it stays what it was, in a comment it is nothing,
 * and elsewhere the line is refused, as it would be for any other mark.
 */
export const textOfSource = (bytes: Uint8Array): string => {
  try {
    return decoder.decode(bytes)
  } catch {
    // Some of it is no UTF-8.
  }
  const parts: Array<string> = []
  let backslashCount = 0
  let begun = 0
  for (let at = 0; at < bytes.length;) {
    const sizeBytes = sequenceBytes(bytes, at)
    if (sizeBytes === 0) {
      // Behind a backslash that escapes it, the digits alone are the escape.
      parts.push(decoder.decode(bytes.subarray(begun, at)), `${backslashCount % 2 === 0 ? "\\" : ""}${(bytes[at] ?? 0).toString(8)}`)
      begun = at + 1
    }
    backslashCount = bytes[at] === 0x5c ? backslashCount + 1 : 0
    at += Math.max(1, sizeBytes)
  }
  parts.push(decoder.decode(bytes.subarray(begun)))
  return parts.join("")
}
