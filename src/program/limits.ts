/**
 * What a program may hold, and what goes together in it, whoever made it: the assembler, the ELF loader, a recording, or a caller.
 * Each of them asks here; who knows the line that asks for too much says so there.
 */
import { alignUp, grouped, hex } from "../base/bits.ts"
import { type AddressRange, CPU_MAX, PAGE_BYTES, TASK_SIZE } from "../base/ids.ts"
import type { Program } from "./program.ts"
import { opposedWatch, WATCH_BYTES_MAX } from "./watch.ts"

export const STACK_BYTES_MAX = 64 * 2 ** 20
export const NAME_LENGTH_MAX = 4096
export const CPU_COUNT_MAX = 64
export const REPEAT_MAX = 1_000_000_000
/** All segments together: the highest that memory may be limited to. */
const MEMORY_BYTES_MAX = 2 ** 32

/** How many of each a program may have. */
export const programLimits = {
  segments: { max: 16_384, of: ({ segments }) => segments.length },
  symbols: { max: 1_000_000, of: ({ symbols }) => symbols.length },
  "described sections": { max: 65_536, of: ({ sections }) => sections.length },
  tasks: { max: 1024, of: ({ experiment }) => experiment.tasks.length },
  watches: { max: 16_384, of: ({ experiment }) => experiment.watches.length }
} as const satisfies Readonly<Record<string, { readonly max: number; readonly of: (program: Program) => number }>>

/** What is expected of whoever asks for more, to be read after "expected". */
export const atMost = (what: keyof typeof programLimits): string => `at most ${grouped(programLimits[what].max)} ${what}`

const isName = (name: string): boolean => name.length <= NAME_LENGTH_MAX
const isAddress = (at: number): boolean => Number.isInteger(at) && at >= 0 && at <= TASK_SIZE
const isRange = ({ end, start }: AddressRange): boolean => isAddress(start) && isAddress(end) && start < end
const isIn = (value: number, least: number, most: number): boolean => Number.isInteger(value) && value >= least && value <= most

/** What must hold, each told by the first that breaks it. */
const rules: ReadonlyArray<(program: Program) => string | undefined> = [
  ({ segments }) => {
    let taken = PAGE_BYTES
    let memoryBytes = 0
    for (const { bytes, memoryBytes: own, protection, start } of segments) {
      if (!isRange({ start, end: start + own }) || bytes.length > own || !isIn(protection, 0, 7)) return `a segment in user space that holds its bytes, not that at ${hex(start)}`
      if (start < taken) return `segments in order on pages of their own above the first, not ${hex(start)} behind ${hex(taken)}`
      taken = alignUp(start + own, PAGE_BYTES)
      memoryBytes += own
    }
    return memoryBytes <= MEMORY_BYTES_MAX ? undefined : "segments of at most 4 GiB together"
  },
  ({ end, segments }) => {
    const last = segments.at(-1)
    return isAddress(end) && (last === undefined || last.start + last.memoryBytes <= end) ? undefined : `an end behind the last segment, not ${hex(end)}`
  },
  ({ name, symbols }) => {
    const long = [{ name }, ...symbols].find((one) => !isName(one.name))
    return long === undefined ? undefined : `names of at most ${grouped(NAME_LENGTH_MAX)} characters, not ${long.name.slice(0, 40)}…`
  },
  ({ sections }) => {
    const odd = sections.find(({ end, start }) => start > end)
    return odd === undefined ? undefined : `a section whose end is behind its start, not that at ${hex(odd.start)}`
  },
  ({ experiment: { cpus } }) =>
    cpus === undefined || (isIn(cpus.length, 1, CPU_COUNT_MAX) && cpus.every((cpu) => isIn(cpu, 0, CPU_MAX)) && new Set(cpus).size === cpus.length)
      ? undefined : `1 to ${CPU_COUNT_MAX} CPUs, each once`,
  ({ experiment: { tasks } }) => {
    const odd = tasks.find(({ entry, name, stackBytes }) => !isAddress(entry) || !isName(name) || !isIn(stackBytes, 0, STACK_BYTES_MAX))
    return odd === undefined ? undefined : `a task in user space with a stack of at most ${grouped(STACK_BYTES_MAX)} bytes, not ${odd.name.slice(0, 40)}`
  },
  ({ experiment: { watches } }) => {
    const odd = watches.find((watch) => {
      const { end, name, option, other, start, strideBytes } = watch
      const sizeBytes = end - start
      return !isRange(watch) || sizeBytes > WATCH_BYTES_MAX || !isName(name) || !isName(option) || !isAddress(other)
        || !isIn(strideBytes, 0, sizeBytes) || (strideBytes > 0 && sizeBytes % strideBytes !== 0)
    })
    return odd === undefined ? undefined : `a watch of 1 to ${grouped(WATCH_BYTES_MAX)} bytes, of whole cells, not that of ${odd.name.slice(0, 40)} at ${hex(odd.start)}`
  },
  ({ experiment: { watches } }) => opposedWatch(watches)?.expected,
  ({ experiment: { repeat } }) => (repeat === undefined || isIn(repeat, 0, REPEAT_MAX) ? undefined : `at most ${grouped(REPEAT_MAX)} repetitions`)
]

/** Why `program` is none that can be run, to be read after "expected"; `undefined` if it is one. */
export const misfitOf = (program: Program): string | undefined => {
  for (const what of Object.keys(programLimits) as ReadonlyArray<keyof typeof programLimits>) {
    const { max, of } = programLimits[what]
    if (of(program) > max) return `${atMost(what)}, not ${grouped(of(program))}`
  }
  for (const rule of rules) {
    const expected = rule(program)
    if (expected !== undefined) return expected
  }
  return undefined
}
