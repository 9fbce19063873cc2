/**
 * p1, p2 and p3 as tasks that are promises, for fast-check's scheduler: the same accesses in the same order, the same check at the
 * end. Before each access a task waits to be let go on.
 */

/** Waits until the task may make its next access. */
export type Step = () => Promise<unknown>

export interface Promised {
  readonly tasks: ReadonlyArray<(step: Step) => Promise<void>>
  /** Whether the run was a good one, looked at when all tasks are done. */
  readonly isGood: () => boolean
}

/** Two tasks count to `repeat` each, without a lock. */
const lostUpdate = (repeat: number): Promised => {
  let c = 0
  const count = async (step: Step): Promise<void> => {
    for (let left = repeat; left > 0; left--) {
      await step()
      const seen = c
      await step()
      c = seen + 1
    }
  }
  return { tasks: [count, count], isGood: () => c === 2 * repeat }
}

interface Node_ {
  next: Node_ | undefined
}

/** A lock-free stack whose operations are tried once: one task pops, the other pops two and pushes the first of them back. */
const aba = (): Promised => {
  const third: Node_ = { next: undefined }
  const second: Node_ = { next: third }
  let head: Node_ | undefined = { next: second }
  const held: Array<Node_> = []

  const exchanged = (expected: Node_ | undefined, wanted: Node_ | undefined): boolean => {
    if (head !== expected) return false
    head = wanted
    return true
  }
  const pop = async (step: Step): Promise<Node_ | undefined> => {
    await step()
    const node = head
    await step()
    const next = node?.next
    await step()
    return exchanged(node, next) ? node : undefined
  }
  const alone = async (step: Step): Promise<void> => {
    const node = await pop(step)
    if (node !== undefined) held.push(node)
  }
  const thrice = async (step: Step): Promise<void> => {
    const first = (await pop(step)) ?? { next: undefined }
    const other = await pop(step)
    if (other !== undefined) held.push(other)
    await step()
    const top = head
    await step()
    first.next = top
    await step()
    if (!exchanged(top, first)) held.push(first)
  }
  return {
    tasks: [alone, thrice],
    isGood: () => {
      let nodeCount = 0
      for (let node = head; node !== undefined && nodeCount < 4; node = node.next) {
        if (held.includes(node)) return false
        nodeCount++
      }
      return nodeCount < 4
    }
  }
}

/** Stores that matter to nobody, then two that do; and reads that may come between them. */
const between = (repeat: number): Promised => {
  const seen = [0, 0]
  let x = 0
  let own = 0
  const writer = async (step: Step): Promise<void> => {
    for (let left = repeat; left > 0; left--) {
      await step()
      own++
    }
    await step()
    x = 1
    await step()
    x = 2
  }
  const reader = async (step: Step): Promise<void> => {
    for (let left = repeat; left > 0; left--) {
      await step()
      own++
    }
    await step()
    seen[0] = x
    await step()
    seen[1] = x
  }
  return { tasks: [writer, reader], isGood: () => own === 2 * repeat && !(seen[0] === 1 && seen[1] === 2) }
}

export const promised = { "p1.s": lostUpdate, "p2.s": aba, "p3.s": between } as const satisfies Record<string, (repeat: number) => Promised>
