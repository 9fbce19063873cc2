/** What somebody may have meant. */

const NAME_LENGTH_MAX = 64
/** More letters apart than this is another word. */
const DISTANCE_MAX = 3

/** Letters to insert, delete, replace or swap with their neighbor. */
const distance = (a: string, b: string): number => {
  let beforeLast: ReadonlyArray<number> = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 1; row <= a.length; row += 1) {
    const next = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const isSame = a[row - 1] === b[column - 1]
      const isSwapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      next.push(Math.min(
        (last[column] ?? 0) + 1,
        (next[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped ? (beforeLast[column - 2] ?? 0) + 1 : Infinity
      ))
    }
    beforeLast = last
    last = next
  }
  return last[b.length] ?? 0
}

/** The name nearest to `typed`; of equals one of the same length, then the first. `undefined` if none is near. */
export const nearest = (typed: string, names: Iterable<string>): string | undefined => {
  if (typed.length > NAME_LENGTH_MAX) return undefined
  // A third of a short name is another name.
  const lettersMax = Math.min(DISTANCE_MAX, Math.ceil(typed.length / 3))
  let best: string | undefined
  let bestScore = Infinity
  for (const name of names) {
    if (name.length > NAME_LENGTH_MAX) continue
    const letters = distance(typed.toLowerCase(), name.toLowerCase())
    const score = letters + (name.length === typed.length ? 0 : 0.5)
    if (letters > lettersMax || score >= bestScore) continue
    best = name
    bestScore = score
  }
  return best
}

/** `; did you mean X?`, or nothing. */
export const didYouMean = (typed: string, names: Iterable<string>): string => {
  const name = nearest(typed, names)
  return name === undefined ? "" : `; did you mean ${name}?`
}
