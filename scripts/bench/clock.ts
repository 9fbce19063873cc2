/** Time that this thread has spent computing: other programs on the machine do not count, nor does the compiler's thread. */

/** Milliseconds. The kernel counts it in ticks of some milliseconds, so what is measured must take longer. */
export const threadMs = (): number => {
  const { system, user } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** How long `work` takes, in nanoseconds a piece: repeated, after a warm-up, until `leastMs` have passed; the best of some tries. */
export const nanosecondsEach = (work: (pieces: number) => void, options: { readonly leastMs?: number; readonly tries?: number } = {}): number => {
  const leastMs = options.leastMs ?? 120
  work(1000)
  let pieces = 1000
  for (;;) {
    const began = threadMs()
    work(pieces)
    const tookMs = threadMs() - began
    if (tookMs >= leastMs) break
    pieces *= tookMs < leastMs / 8 ? 4 : 2
  }
  let best = Infinity
  for (let tries = 0; tries < (options.tries ?? 3); tries++) {
    const began = threadMs()
    work(pieces)
    best = Math.min(best, threadMs() - began)
  }
  return (best * 1e6) / pieces
}

export const geometricMean = (values: ReadonlyArray<number>): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)

export const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[sorted.length >> 1] ?? 0
}
