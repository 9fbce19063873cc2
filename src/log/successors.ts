/**
 * What comes next, told by what came last: its rank among those that came after the same before, the latest first. In a schedule
 * an answer mostly settles which few can follow it, so ranks are small where the things themselves are many.
 */

/** So many successors are remembered of each; the others are told by number, after the ranks. */
const RANK_COUNT = 32

export class Successors {
  /** Of each number that came last, latest first; of the beginning at 0, of n at n + 1. With holes. */
  private readonly lists: Array<Array<number> | undefined> = []
  private last = -1

  /** The rank of `number`, or `RANK_COUNT + number`. */
  encode(number: number): number {
    const list = this.after()
    const rank = list.indexOf(number)
    moveToFront(list, rank, number)
    this.last = number
    return rank >= 0 ? rank : RANK_COUNT + number
  }

  /** What `encode` gave `code` for; -1 for a rank nobody has. */
  decode(code: number): number {
    const list = this.after()
    const number = code < RANK_COUNT ? (list[code] ?? -1) : code - RANK_COUNT
    if (number < 0) return -1
    moveToFront(list, code < RANK_COUNT ? code : -1, number)
    this.last = number
    return number
  }

  private after(): Array<number> {
    return (this.lists[this.last + 1] ??= [])
  }
}

/** `rank` -1: it was not there. */
const moveToFront = (list: Array<number>, rank: number, number: number): void => {
  let at = rank >= 0 ? rank : Math.min(list.length, RANK_COUNT - 1)
  for (; at > 0; at -= 1) list[at] = list[at - 1] ?? 0
  list[0] = number
}
