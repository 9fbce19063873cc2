/** What a bench is, and how the table of them prints. One file a bench, each listed once in `benches.ts`. */

/** One number that was measured, and what it is to be held against. */
export interface Figure {
  /** What of the bench: a kernel's name, a size. Empty for the whole. */
  readonly of: string
  /** `undefined`: not measured here, and `note` says why. */
  readonly value: number | undefined
  readonly unit: string
  /** Something else that was measured in the same run, and how many times as much (or as fast) this is. */
  readonly baseline?: { readonly name: string; readonly ratio: number }
  /** `atLeast` or `atMost` so much: of the value, or of the ratio where the unit is `x`. */
  readonly target?: { readonly atLeast: number } | { readonly atMost: number }
  readonly note?: string
}

export interface Bench {
  readonly name: string
  readonly summary: string
  readonly run: () => ReadonlyArray<Figure> | Promise<ReadonlyArray<Figure>>
}

export interface Measured {
  readonly bench: string
  readonly figures: ReadonlyArray<Figure>
}

export const isMet = ({ target, value }: Figure): boolean | undefined =>
  target === undefined || value === undefined
    ? undefined
    : "atLeast" in target ? value >= target.atLeast : value <= target.atMost

/** Three significant digits, or the whole number where it has more. */
export const numberText = (value: number): string => {
  if (value === 0) return "0"
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))
  return value.toFixed(Math.min(digits, 6)).replace(/\B(?=(\d{3})+(?!\d))/g, (_, __, at: number, whole: string) => (whole.slice(0, at).includes(".") ? "" : ","))
}

const targetText = ({ target, unit }: Figure): string =>
  target === undefined ? "" : "atLeast" in target ? `>= ${numberText(target.atLeast)} ${unit}` : `<= ${numberText(target.atMost)} ${unit}`

const rowOf = (bench: string, figure: Figure): ReadonlyArray<string> => {
  const { baseline, note, of, unit, value } = figure
  const met = isMet(figure)
  return [
    of === "" ? bench : `${bench} ${of}`,
    value === undefined ? "-" : numberText(value),
    unit,
    baseline === undefined ? "" : `${numberText(baseline.ratio)} x ${baseline.name}`,
    [targetText(figure), met === undefined ? "" : met ? "met" : "MISSED", note ?? ""].filter((text) => text !== "").join("  ")
  ]
}

const heading = ["bench", "figure", "unit", "against", "target"]

/** Columns, the numbers to the right. */
export const tableText = (measured: ReadonlyArray<Measured>): string => {
  const rows = [heading, ...measured.flatMap(({ bench, figures }) => figures.map((figure) => rowOf(bench, figure)))]
  const widths = heading.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) => row.map((cell, column) => (column === 1 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0))).join("  ").trimEnd())
    .join("\n")
}
