/** Bytes from hex digits, blanks ignored. */
export const hex = (digits: string): Uint8Array => {
  const pairs = digits.replaceAll(/\s/g, "").match(/../g) ?? []
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16))
}
