/** One text for equal values: fields by name, numbers of 64 bits told from others, bytes as they are. */
export const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) =>
    typeof one === "bigint" ? `${one}n`
    : one instanceof Uint8Array ? [...one]
    : typeof one === "object" && one !== null && !Array.isArray(one) ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
    : one) ?? "nothing"
