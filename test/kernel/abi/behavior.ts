/** What a contract owes beyond its metadata, as complaints: none where it holds. What is run and called is made of the row alone. */
import { known } from "../../../src/base/assert.ts"
import { errno } from "../../../src/linux/errno.ts"
import { SIGUSR1 } from "../../../src/linux/signal.ts"
import { hex } from "../../../src/base/bits.ts"
import { stream } from "../../../src/base/prng.ts"
import { type InterruptionKind, FIRST_WAITING, kindNames, KERNEL_THREAD, MAJOR, type Option, quietDecider } from "../../../src/log/choice.ts"
import type { AbiDefinition } from "../../../src/kernel/abi/definition.ts"
import type { CheckedCall } from "../../../src/kernel/abi/idiom.ts"
import type { AnySyscall } from "../../../src/kernel/syscall/definition.ts"
import { randomDecider } from "../../../src/strategy/random.ts"
import { contractSpec, REFUSED } from "../../support/contract-program.ts"
import { DATA, Hand, NOWHERE } from "./hand.ts"
import { Subject } from "./subject.ts"

type Complaints = ReadonlyArray<string>

// ---- interruptions

/** Whatever takes the CPU away, and a signal: each ends a section that is armed. */
const interruptions: ReadonlyArray<readonly [InterruptionKind, Option]> = [
  ["preempt", FIRST_WAITING],
  ["preempt", KERNEL_THREAD],
  ["migrate", 1],
  ["signal", SIGUSR1],
  ["evict", MAJOR],
  ["affinity", 1],
  ["unplug", 0]
]

/** Far more than any run needs that ends. */
const ICOUNT_MAX = 50_000

const subjectOf = (row: AbiDefinition): Subject => {
  const spec = contractSpec(row)
  return new Subject({ ...spec, limits: { ...spec.limits, maxIcount: ICOUNT_MAX }, menu: { ...spec.menu, kinds: new Set(kindNames) } })
}

type Ending = "well" | "loses an addition" | "never ends" | "is refused its registration" | "ends badly"

const endingOf = ({ run: { outcome } }: Subject): Ending => {
  if (outcome?._tag === "OutOfBudget") return "never ends"
  if (outcome?._tag !== "Exited") return "ends badly"
  if (outcome.status === 0) return "well"
  return (outcome.status & REFUSED) === 0 ? "loses an addition" : "is refused its registration"
}
/** What its row says of it. */
const isDeclared = (ending: Ending, { idiom: { hangs, loses } }: AbiDefinition, kind?: InterruptionKind): boolean =>
  ending === "well" || (ending === "loses an addition" && loses !== undefined) || (ending === "never ends" && hangs !== undefined && hangs.after === kind)

/** Undisturbed. */
export const quietly = (row: AbiDefinition): Complaints => {
  const subject = subjectOf(row)
  subject.again(quietDecider)
  const ending = endingOf(subject)
  return ending === "well" ? [] : [ending]
}

/** Interrupted once, before each of its instructions in turn. */
export const interrupted = (row: AbiDefinition): Complaints => {
  const subject = subjectOf(row)
  const complaints: Array<string> = []
  const boundaries = subject.boundaries()
  const handledFrom = boundaries.find(({ ip }) => ip === subject.at("handled"))?.count ?? 0
  const met = new Set<Ending>()
  for (const { count, ip, isArmed } of boundaries) {
    for (const [kind, option] of interruptions) {
      if (kind === "signal" && count < handledFrom) continue
      const isAborted = subject.interruptAt(count, kind, option).length === 1
      const ending = endingOf(subject)
      met.add(ending)
      const where = `1.1@${count}:${kind}, before ${hex(ip)}`
      if (isAborted !== isArmed) complaints.push(`${where}: ${isArmed ? "armed, and goes on" : "aborted, and not armed"}`)
      if (!isDeclared(ending, row, kind)) complaints.push(`${where}: ${ending}`)
    }
  }
  const { hangs, loses } = row.idiom
  if (loses !== undefined && !met.has("loses an addition")) complaints.push(`loses nothing, and its row says: ${loses}`)
  if (hangs !== undefined && !met.has("never ends")) complaints.push(`always ends, and its row says: ${hangs.why}`)
  return complaints
}

/** Interrupted often, and inside its calls. */
export const randomly = (row: AbiDefinition, seedCount: number): Complaints => {
  const subject = subjectOf(row)
  const complaints: Array<string> = []
  for (let seed = 0; seed < seedCount; seed++) {
    subject.again(randomDecider(String(seed), { turn: 10, preempt: 8, migrate: 12, signal: 0, pause: 3, arrive: 2, refuse: 0, wait: 0, evict: 0, affinity: 0, unplug: 0, plug: 0 }))
    const ending = endingOf(subject)
    if (!isDeclared(ending, row)) complaints.push(`seed ${seed}: ${ending}`)
  }
  return complaints
}

// ---- refusals

const PLACE = { free: DATA + 0x1000, nowhere: NOWHERE } as const
type Values = CheckedCall["values"]

const answer = (row: AbiDefinition, call: AnySyscall, { after, words = [] }: CheckedCall, values: Values): string | number => {
  const hand = new Hand({ abis: [row] })
  for (const [at, ...list] of words) for (const [index, word] of list.entries()) hand.memory.write64(at + 8 * index, BigInt(word))
  const make = (given: Values) => hand.call(0, call.number, ...Object.keys(call.parameters).map((name) => given[name] ?? 0))
  if (after !== undefined) make(after)
  return make(values)
}
const spelled = (name: string, values: Values, after?: Values): string =>
  `${name}(${Object.entries(values).map(([key, value]) => `${key}: ${value}`).join(", ")})${after === undefined ? "" : " the second time"}`

/** Each check by itself, and each two that can fail together: the one that comes first answers. */
const checkedCall = (row: AbiDefinition, call: AnySyscall, one: CheckedCall): Complaints => {
  const complaints: Array<string> = []
  const expect = (expected: string | undefined, change: Values): void => {
    const values = { ...one.values, ...change }
    const given = answer(row, call, one, values)
    const isGiven = expected === undefined ? typeof given === "number" : given === expected
    if (!isGiven) complaints.push(`${spelled(call.name, values, one.after)} gives ${given}, not ${expected ?? "a result"}`)
  }
  if (one.checks.every(([, change]) => Object.keys(change).length > 0)) expect(undefined, {})
  for (const [index, [first, change]] of one.checks.entries()) {
    expect(first, change)
    for (const [, later] of one.checks.slice(index + 1)) if (Object.keys(later).every((name) => !Object.hasOwn(change, name))) expect(first, { ...change, ...later })
  }
  return complaints
}

const DRAWN_COUNT = 200
const corners: ReadonlyArray<number> = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 2 ** 47, NOWHERE, PLACE.free]

/** Values that the row names and corners, in any mixture: what is answered is listed. */
const drawnCall = (row: AbiDefinition, call: AnySyscall, checked: ReadonlyArray<CheckedCall>): Complaints => {
  const complaints = new Set<string>()
  const chance = stream(row.name, call.name)
  const pick = <T>(list: ReadonlyArray<T>): T => known(list[chance.below(list.length)], "an index below the length")
  for (let drawn = 0; drawn < DRAWN_COUNT; drawn++) {
    const one = pick(checked)
    const values = Object.fromEntries(Object.keys(call.parameters).map((name) => {
      const named = checked.flatMap(({ checks, values: good }) => [good, ...checks.map(([, change]) => change)].flatMap((given) => given[name] ?? []))
      return [name, pick([...named, ...corners])]
    }))
    const given = answer(row, call, one, values)
    if (typeof given === "string" && given in errno && !call.errors.some((error) => error === given)) complaints.add(`${spelled(call.name, values, one.after)} gives ${given}, which ${call.name} does not list`)
  }
  return [...complaints]
}

/** Every errno that a call lists is met, in the order of the checks, and no other. */
export const refusing = (row: AbiDefinition): Complaints => {
  const checked = row.idiom.checked(PLACE)
  const strays = checked.filter((one) => !row.calls.some(({ name }) => name === one.call)).map(({ call }) => `${row.name} has no call ${call}`)
  return [...strays, ...row.calls.flatMap((call) => {
    const ours = checked.filter((one) => one.call === call.name)
    const provoked = new Set(ours.flatMap(({ checks }) => checks.map(([error]) => error)))
    return [
      ...call.errors.filter((error) => !provoked.has(error)).map((error) => `${call.name} is provoked to ${error} by nothing`),
      ...[...provoked].filter((error) => !call.errors.includes(error)).map((error) => `${call.name} does not list ${error}`),
      ...ours.flatMap((one) => checkedCall(row, call, one)),
      ...(ours.length === 0 ? [] : drawnCall(row, call, ours))
    ]
  })]
}
