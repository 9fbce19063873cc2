/** The words of an explanation. Every clause stands for a deviation, an entry, a finding or a trial that was run. */
import type { Finding } from "../analysis/detect/definition.ts"
import { hex } from "../base/bits.ts"
import { type Address, taskName } from "../base/ids.ts"
import { signalName } from "../linux/signal.ts"
import { type Deviation, kinds, optionName } from "../log/choice.ts"
import type { Outcome } from "../log/outcome.ts"
import type { Meanwhile, Reaction } from "./meanwhile.ts"

export type Place = (address: Address) => string

export interface Told {
  /** Where each deviation of the minimal schedule fell, the one that decides last. */
  readonly deviations: ReadonlyArray<{ readonly deviation: Deviation; readonly ip: Address }>
  /** What the task of the last was about to execute. */
  readonly instruction: string
  readonly meanwhile: Meanwhile
  /** What a detector says that names the mistake. */
  readonly named: string | undefined
  /** What was found, and what the run shows beside it, as messages. */
  readonly because: ReadonlyArray<string>
  readonly outcome: Outcome
  readonly without: { readonly outcome: Outcome; readonly findings: ReadonlyArray<Finding> }
}

/** So many deviations before the last are told one by one. */
const EARLIER_COUNT_MAX = 3

const outcomeText = (outcome: Outcome): string => {
  switch (outcome._tag) {
    case "Exited": return `exits with status ${outcome.status}`
    case "Killed": return `is killed by SIG${signalName(outcome.signal)}`
    case "Deadlocked": return "deadlocks"
    case "OutOfBudget": return "does not end"
    case "Unsupported": return `ends at what is not supported: ${outcome.what}`
    case "Abandoned": return "is interrupted"
  }
}

/** Who, what befell it, and where. */
const befell = ({ kind, option, task }: Deviation, at: string): string => {
  const [did, besides] = kinds[kind].befell(optionName(kind, option))
  return `task ${taskName(task)} ${did} at ${at}${besides === "" ? "" : `, ${besides}`}`
}

const reactionText = (reaction: Reaction | undefined, place: Place): string | undefined => {
  switch (reaction?._tag) {
    case undefined: return undefined
    // That it was killed is said by the finding.
    case "Killed": return reaction.armed?.asks === undefined ? undefined : `the section at ${place(reaction.armed.start)} was armed with ${reaction.armed.asks}`
    case "Aborted": return `the contract sent it from ${place(reaction.event.ip)} to its abort handler ${place(reaction.event.abort)}`
    case "Unnoticed": return "the kernel noticed nothing"
    case "Unknown": return "no contract knew of it, so it went on"
    case "Overlooked": {
      const { asks, start } = reaction.armed
      return `the section ${start === 0 ? "" : `at ${place(start)} `}was armed, and the contract did not abort it${asks === undefined ? "" : `: ${asks}`}`
    }
    case "Unarmed": return `nothing was armed in the section at ${place(reaction.start)}, so the contract let it go on`
    case "Outside": return "it stood in no section, so the contract let it go on"
  }
}

/** What is less may be an address, and is told by its place if it is one of the program. */
const ADDRESS_LIMIT = 2n ** 47n

/** Who changed what meanwhile, and what became of it. */
const storesText = ({ own, stores, told }: Meanwhile, name: string, place: Place): ReadonlyArray<string> => {
  if (told === undefined) return []
  const all = stores.filter(({ address }) => address === told.address)
  const from = all[0]?.before ?? told.before
  const value = (word: bigint): string => (word < ADDRESS_LIMIT ? place(Number(word)) : hex(word))
  const change = from === told.after ? `from ${value(from)} and back` : `from ${value(from)} to ${value(told.after)}`
  const where = all.length === 1 ? `at ${place(told.ip)}` : `by ${all.length} stores, the last at ${place(told.ip)}`
  const meanwhile = `meanwhile task ${taskName(told.task)} changed ${place(told.address)} ${change} ${where}`
  return own === undefined ? [meanwhile] : [meanwhile, `task ${name} then stored ${value(own.after)} there, over ${value(own.before)}, at ${place(own.ip)}`]
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)

/** The explanation: what befell whom, what came of it, and what the run does without it. */
export const sentenceOf = ({ because, deviations, instruction, meanwhile, named, outcome, without }: Told, place: Place): string => {
  const critical = deviations.at(-1)
  if (critical === undefined) return ""
  const { later, reaction } = meanwhile
  const name = taskName(critical.deviation.task)
  const earlier = deviations.slice(0, -1)
  const told = earlier.slice(-EARLIER_COUNT_MAX).map(({ deviation, ip }) => befell(deviation, place(ip)))
  const untold = earlier.length - told.length
  const clauses = [
    befell(critical.deviation, `${place(critical.ip)}, ${critical.deviation.kind === "split" ? "in" : "before"} \`${instruction}\``),
    reactionText(reaction, place),
    later === undefined ? undefined : `at ${place(later.ip)} it was then sent to its abort handler ${place(later.abort)}`,
    ...storesText(meanwhile, name, place)
  ].filter((clause) => clause !== undefined)
  const before = told.length === 0 ? "" : `${capital(`${untold === 0 ? "" : `after ${untold} more, `}${told.join("; ")}`)}. Then `
  const first = before === "" ? capital(clauses.join("; ")) : before + clauses.join("; ")
  const passes = outcomeText(without.outcome)
  const end = outcomeText(outcome)
  const last = without.findings.length > 0 ? `The run ${end}; without this ${passes === end ? "it shows another finding" : `it ${passes}`} (${without.findings[0]?.detector ?? ""})`
    : passes === end ? `The run ${end} either way; without this it breaks no rule`
    : `The run ${end}; without this it ${passes}`
  return [...named === undefined ? [] : [capital(named)], first, ...because.map(capital), last].map((text) => `${text}.`).join(" ")
}
