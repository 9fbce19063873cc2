import { describe, expect, it } from "vitest"
import { stream } from "../../src/base/prng.ts"
import { type Asking, ddmin, exhaustSmaller, halve, isolate } from "../../src/search/ddmin.ts"

/** Runs a search against a known truth, counting questions. */
const answer = <T, R>(asking: Asking<T, R>, fails: (subset: ReadonlyArray<T>) => boolean): { readonly result: R; readonly asked: number } => {
  let asked = 0
  let step = asking.next()
  while (step.done !== true) {
    asked++
    step = asking.next(fails(step.value))
  }
  return { result: step.value, asked }
}

const answerIsolating = <T>(items: ReadonlyArray<T>, judge: (subset: ReadonlyArray<T>) => boolean | "skip") => {
  const asking = isolate(items)
  let asked = 0
  let step = asking.next()
  while (step.done !== true) {
    asked++
    step = asking.next(judge(step.value))
  }
  return { result: step.value, asked }
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

describe("ddmin", () => {
  it("leaves exactly the items a failure needs, whichever they are", () => {
    for (let seed = 0; seed < 300; seed++) {
      const chance = stream(String(seed), "ddmin")
      const items = numbers(1 + chance.below(100))
      const needed = items.filter(() => chance.oneIn(20))
      const { result } = answer(ddmin(items), (subset) => needed.every((item) => subset.includes(item)))
      expect(result, `seed ${seed}`).toEqual(needed)
    }
  })

  it("is 1-minimal where failures are not monotonic", () => {
    for (let seed = 0; seed < 200; seed++) {
      const chance = stream(String(seed), "parity")
      const items = numbers(2 + chance.below(30))
      const fails = (subset: ReadonlyArray<number>) => subset.length % 2 === items.length % 2 && subset.includes(0)
      const { result } = answer(ddmin(items), fails)
      expect(fails(result), `seed ${seed}`).toBe(true)
      for (const item of result) expect(fails(result.filter((other) => other !== item)), `seed ${seed}, without ${item}`).toBe(false)
    }
  })

  it("asks few questions where two of a hundred matter", () => {
    const { asked, result } = answer(ddmin(numbers(100)), (subset) => subset.includes(17) && subset.includes(83))
    expect(result).toEqual([17, 83])
    expect(asked).toBeLessThan(120)
  })

  it("keeps the order of the items", () => {
    const { result } = answer(ddmin(["c", "a", "b", "x"]), (subset) => ["c", "a", "b"].every((item) => subset.includes(item)))
    expect(result).toEqual(["c", "a", "b"])
  })
})

describe("exhausting smaller subsets", () => {
  it("finds a smaller failure that ddmin cannot reach", () => {
    const fails = (subset: ReadonlyArray<number>) => subset.length === 1 && subset[0] === 2
    expect(answer(exhaustSmaller([1, 2, 3]), fails).result).toEqual([2])
  })

  it("proves a minimum by asking about every smaller subset once", () => {
    const asked: Array<string> = []
    const { result } = answer(exhaustSmaller([1, 2, 3]), (subset) => {
      asked.push(subset.join())
      return false
    })
    expect(result).toBeUndefined()
    expect(asked).toEqual(["", "1", "2", "3", "1,2", "1,3", "2,3"])
  })
})

describe("isolating", () => {
  it("ends one item apart, in a logarithm of questions", () => {
    for (let critical = 0; critical < 200; critical++) {
      const { asked, result } = answerIsolating(numbers(200), (subset) => subset.includes(critical))
      expect(result?.item).toBe(critical)
      expect(result?.failing).toEqual([...result?.passing ?? [], critical])
      expect(asked).toBeLessThanOrEqual(8)
    }
  })
})

describe("isolating where some cannot be judged", () => {
  it("asks about a neighbour instead, and finds the item all the same", () => {
    for (let critical = 0; critical < 60; critical++) {
      const unjudged = (length: number) => length % 3 === 1 && length !== critical && length !== critical + 1
      const { result } = answerIsolating(numbers(60), (subset) => (unjudged(subset.length) ? "skip" : subset.includes(critical)))
      expect(result?.item, `critical ${critical}`).toBe(critical)
    }
  })

  it("has no answer where nothing between the ends can be judged", () => {
    expect(answerIsolating(numbers(20), () => "skip").result).toBeUndefined()
  })
})

describe("halving", () => {
  it("finds the edge from either side", () => {
    for (const [passes, fails, edge] of [[0, 1000, 613], [1000, 0, 613], [5, 6, 6], [6, 5, 5]] as const) {
      const halving = halve(passes, fails)
      let step = halving.next()
      while (step.done !== true) step = halving.next(passes < fails ? step.value >= edge : step.value <= edge)
      expect(step.value).toEqual({ passes: passes < fails ? edge - 1 : edge + 1, fails: edge })
    }
  })
})
