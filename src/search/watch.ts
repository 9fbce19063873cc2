/** A run once more, with everything that can be observed of it: what its recording holds, and what explaining it reads. */
import { type AnyDetector, detect, type Finding, findingKey } from "../analysis/detect/definition.ts"
import { detectors } from "../analysis/detect/table.ts"
import type { Address } from "../base/ids.ts"
import type { ArmedSection } from "../kernel/abi/definition.ts"
import { kinds, quietDecider, type Schedule } from "../log/choice.ts"
import type { Entry } from "../log/event.ts"
import { recorded, tell } from "../log/telling.ts"
import { type Watcher, watcherOf } from "../run/observe.ts"
import { start } from "../run/start.ts"
import { INSTRUCTION_BYTES_MAX } from "../x86/decode.ts"
import { Standing } from "./place.ts"
import type { Target } from "./target.ts"

/** Sees all there is to see, at the price of a slow run. `undefined`: there is nothing to watch. */
export const wholeWatcher = ({ bounded: { program }, options: { sections }, shown }: Pick<Target, "bounded" | "options" | "shown">): Watcher | undefined =>
  watcherOf(program, { watches: shown, sections, isFollowing: true })

export interface Watched {
  readonly entries: ReadonlyArray<Entry>
  /** Where the task of each deviation stood. */
  readonly ips: ReadonlyArray<Address>
  /** The section that a contract called armed there, before it took effect. A question finds its task in the kernel. */
  readonly armed: ReadonlyArray<ArmedSection | undefined>
  /** The code there, as far as it could be read. */
  readonly codes: ReadonlyArray<Uint8Array>
  /** Entries written before each deviation took effect. */
  readonly marks: ReadonlyArray<number>
}

/** The bytes of an instruction and some more, up to where memory ends. */
const codeAt = (read: (count: number) => Uint8Array | undefined): Uint8Array => {
  for (let count = INSTRUCTION_BYTES_MAX; count > 0; count--) {
    const bytes = read(count)
    if (bytes !== undefined) return bytes
  }
  return new Uint8Array()
}

/** What the first row that answers says. */
const firstOf = <Row, Answer>(rows: ReadonlyArray<Row>, ask: (row: Row) => Answer | undefined): Answer | undefined => {
  for (const row of rows) {
    const answer = ask(row)
    if (answer !== undefined) return answer
  }
  return undefined
}

/** The run of a schedule, watched. */
export const watch = (target: Pick<Target, "bounded" | "options" | "shown" | "trials">, schedule: Schedule): Watched => {
  const entries: Array<Entry> = []
  const run = start({ ...target.bounded, limits: target.trials.limitsFor(schedule) }, quietDecider, {
    append: (now, cpu, task, count, event) => void entries.push({ index: entries.length, now, cpu, task, count, event })
  })
  if ("_tag" in run) return { entries: [], ips: [], armed: [], codes: [], marks: [] }
  const standing = new Standing(run.kernel)
  run.kernel.decider = standing.overhear(recorded(tell(schedule, () => {})))
  const ips: Array<Address> = []
  const armed: Array<ArmedSection | undefined> = []
  const codes: Array<Uint8Array> = []
  const marks: Array<number> = []
  const { kernel } = run
  kernel.hearTaken((deviation) => {
    const ip = standing.of(deviation)
    ips.push(ip)
    const isAsked = kinds[deviation.kind].is === "question"
    // Whoever a question is about may not be there yet: where a new thread goes is asked before it is made.
    const task = kernel.current(isAsked ? kernel.task : deviation.task)
    const memory = kernel.memory(task)
    armed.push(isAsked ? undefined : firstOf(kernel.abis, (abi) => abi.armed(kernel.state, task, kernel.registers(task), memory)))
    codes.push(codeAt((count) => memory.readBytes(ip, count)))
    marks.push(entries.length)
  })
  const watcher = wholeWatcher(target)
  if (watcher !== undefined) run.observe(watcher)
  while (run.outcome === undefined) run.step()
  return { entries, ips, armed, codes, marks }
}

const everyDetector: ReadonlyArray<AnyDetector> = Object.values(detectors)

/** Whatever any detector finds in a log, each once, in its order. */
export const everyFinding = (entries: Iterable<Entry>): ReadonlyArray<Finding> => {
  const met = new Map<string, Finding>()
  for (const finding of detect(everyDetector, entries)) if (!met.has(findingKey(finding))) met.set(findingKey(finding), finding)
  return [...met.values()]
}

/** What else was found beside `finding`: how the program ended is no news. */
export const besides = (finding: Finding, findings: ReadonlyArray<Finding>): ReadonlyArray<Finding> =>
  findings.filter((one) => findingKey(one) !== findingKey(finding) && one.detector !== "guest-failure")
