/**
 * Everything that could go another way: the whole nondeterminism of the project is this file.
 *
 * An *interruption* may befall the task that runs, at any boundary between two of its instructions; a *question* is asked
 * by the kernel inside an entry. Every choice has a quiet answer; a schedule stores the others.
 */
import { type Address, childTask, type Count, type CpuId, rootTask, type TaskId } from "../base/ids.ts"
import type { Mark, Pending } from "../base/mark.ts"
import { rowNamed, table } from "../base/table.ts"
import { type Family, only, optionOf, things, valueOf, type Vocabulary, vocabulary } from "./vocabulary.ts"

/**
 * An option by its own name, never a position in a list: lists change under editing. Inside one process it is a number: a
 * CPU, a signal, an errno, an interned `TaskId` or a word of its kind's row. Schedules on disk and as text hold names only.
 */
export type Option = number

const cpus = only("CPU")
const signals = only("signal")
const naturals = only("number")

/** `preempt=kernel`: to a kernel thread and straight back. */
export const KERNEL_THREAD: Option = -1
/** `preempt` without an option: the first task waiting on that CPU, or a kernel thread if none does. Never stored; no other word of any kind is this number. */
export const FIRST_WAITING: Option = -3_000_000
/** `pick=idle`: the CPU takes nobody. */
export const IDLE: Option = -1
/** `wait=sleep`, the quiet one. */
export const SLEEP: Option = -1
/** `wait=spurious`: returns at once as if woken. */
export const SPURIOUS: Option = -2
/** `wait=signal`: interrupted at once. */
export const INTERRUPTED: Option = -3
/** `pause=go-on`, the quiet one. */
export const GO_ON: Option = -1

/** `evict=minor`: the page is found at once. `evict=major`: it is fetched, and the task sleeps meanwhile. */
export const MINOR: Option = -1
export const MAJOR: Option = -2
/** `affinity=all`: every CPU there is; a number: that CPU alone. */
export const ALL_CPUS: Option = -1

const PAUSE_PREEMPT: Option = -2
/** What may happen to a thing at a pause. */
const pauseFamilies = {
  signal: { sort: "signal", prefix: "signal:", below: -10_000_000 },
  migrate: { sort: "CPU", prefix: "migrate:", below: -1_000 },
  turn: { sort: "CPU", prefix: "turn:" }
} as const satisfies Readonly<Record<string, Family>>
const pauses = vocabulary("what happens", { "go-on": GO_ON, preempt: PAUSE_PREEMPT }, ...Object.values(pauseFamilies))

/** What happens at a pause: nothing, the caller loses its CPU, or something with a CPU or a signal. */
export type PauseAnswer =
  | { readonly is: "go-on" | "preempt" }
  | { readonly is: keyof typeof pauseFamilies; readonly of: number }

/** The answer as an option, and back: no one else knows how they lie among the numbers. */
export const pauseOption = (answer: PauseAnswer): Option =>
  ("of" in answer ? optionOf(pauseFamilies[answer.is], answer.of) : answer.is === "preempt" ? PAUSE_PREEMPT : GO_ON)
export const pauseAnswer = (option: Option): PauseAnswer => {
  if (option === GO_ON) return { is: "go-on" }
  if (option === PAUSE_PREEMPT) return { is: "preempt" }
  const is = option >= 0 ? "turn" : option <= pauseFamilies.signal.below ? "signal" : "migrate"
  return { is, of: valueOf(pauseFamilies[is], option) }
}

/** What may be asked for: CPUs that come back have gone before. */
export type FaultName = "refuse" | "wait" | "evict" | "affinity" | "plug"

/** A kind of choice: one row is its place in text, menus, recordings and the reference. Append rows; never reorder them. */
interface KindRow<Name extends string, Is extends "interruption" | "question"> {
  readonly name: Name
  readonly is: Is
  readonly asked: string
  readonly options: Vocabulary
  readonly quiet: string
  readonly effect: string
  /** What a task did that it befell, and what there is to add behind where that was; of the option as text. */
  readonly befell: (option: string) => readonly [did: string, besides: string]
  /** What records the effect; empty where the kernel notices nothing. */
  readonly events: ReadonlyArray<string>
  /** `random` deviates once in so many chances: boundaries for interruptions, questions asked for the others. */
  readonly oneIn: number
  /** A correct program may fail on it for reasons its author need not care about: asked on request only, which has this name. */
  readonly fault?: FaultName
}

const interruption = <const Name extends string>(row: Omit<KindRow<Name, "interruption">, "is">): KindRow<Name, "interruption"> =>
  ({ ...row, is: "interruption" })
const question = <const Name extends string>(row: Omit<KindRow<Name, "question">, "is">): KindRow<Name, "question"> =>
  ({ ...row, is: "question" })

export const kinds = table(
  interruption({ name: "turn", asked: "another CPU has a task", options: cpus, quiet: "none", effect: "that CPU has the turn; the kernel notices nothing", befell: (cpu) => ["stood still", `while cpu${cpu} went on`], events: [], oneIn: 30 }),
  interruption({ name: "preempt", asked: "always", options: vocabulary("task or `kernel`", { kernel: KERNEL_THREAD, "": FIRST_WAITING }, things("task")), quiet: "none", effect: "context switch to that task, this one to the tail; `kernel`: to a kernel thread and straight back", befell: (task) => ["was preempted", task === "kernel" ? "in favor of a kernel thread" : `in favor of task ${task}`], events: ["Preempted", "SwitchedIn"], oneIn: 40 }),
  interruption({ name: "migrate", asked: "another allowed CPU is online", options: cpus, quiet: "none", effect: "as `preempt`, then it joins that CPU's queue", befell: (cpu) => [`was migrated to cpu${cpu}`, ""], events: ["Preempted", "Migrated"], oneIn: 80 }),
  interruption({ name: "signal", asked: "signals are on the menu", options: signals, quiet: "none", effect: "sent from outside; delivered on this return to user mode unless blocked", befell: (signal) => [`was sent SIG${signal}`, ""], events: ["SignalSent", "SignalDelivered"], oneIn: 120 }),
  question({ name: "pick", asked: "a task leaves a CPU; subject: it", options: vocabulary("task or `idle`", { idle: IDLE }, things("task")), quiet: "head of the queue", effect: "gets the CPU", befell: (task) => ["gave up its CPU", task === "idle" ? "which nobody took" : `which task ${task} took`], events: ["SwitchedIn"], oneIn: 8 }),
  question({ name: "place", asked: "a task becomes runnable; subject: it", options: cpus, quiet: "last or emptiest CPU", effect: "joins that queue", befell: (cpu) => [`was put on cpu${cpu}`, ""], events: ["Woken", "TaskCreated"], oneIn: 8 }),
  question({ name: "wake", asked: "fewer wakes than waiters; subject: the waker", options: only("task"), quiet: "longest waiting", effect: "is woken", befell: (task) => [`woke task ${task}`, "out of turn"], events: ["Woken"], oneIn: 4 }),
  question({ name: "arrive", asked: "an interrupt is sent to a CPU in user mode; subject: its task", options: naturals, quiet: "0", effect: "arrives after so many more of its instructions", befell: (icount) => [`noticed an interrupt ${icount} instructions late`, ""], events: ["Interrupted"], oneIn: 2 }),
  question({ name: "wait", asked: "a wait begins; subject: the waiter", options: vocabulary("word", { sleep: SLEEP, spurious: SPURIOUS, signal: INTERRUPTED }), quiet: "sleep", effect: "returns at once as the call's row says", befell: (word) => [word === "spurious" ? "woke for no reason" : "was interrupted in its wait", ""], events: ["Blocked", "Woken", "SignalSent"], oneIn: 8, fault: "wait" }),
  question({ name: "clock", asked: "a clock is read", options: naturals, quiet: "0 (as counted)", effect: "time steps by so many nanoseconds first", befell: (nanoseconds) => [`found the clock ${nanoseconds} ns on`, ""], events: ["ClockJumped"], oneIn: 8 }),
  question({ name: "pause", asked: "a declared pause of a call; subject: the caller", options: pauses, quiet: "go-on", effect: "happens inside the call", befell: (what) => ["paused inside its call", `where this happened: ${what}`], events: ["Preempted", "Migrated", "SignalSent"], oneIn: 4 }),
  question({ name: "refuse", asked: "the call's row has `mayRefuse`", options: vocabulary("`go-on` or errno", { "go-on": GO_ON }, things("errno")), quiet: "go-on", effect: "the call fails with it", befell: (errno) => [`was refused its call with ${errno}`, ""], events: ["Refused"], oneIn: 20, fault: "refuse" }),
  interruption({ name: "evict", asked: "always", options: vocabulary("`minor` or `major`", { minor: MINOR, major: MAJOR }), quiet: "none", effect: "a page that the next instruction needs, if only its own, is absent; `major` sleeps until it is there", befell: (how) => ["missed a page", how === "major" ? "and slept until it was there" : "which was there at once"], events: ["PageFaulted"], oneIn: 40, fault: "evict" }),
  interruption({ name: "affinity", asked: "more CPUs than one", options: vocabulary("CPU or `all`", { all: ALL_CPUS }, things("CPU")), quiet: "none", effect: "the task may use that CPU alone, or all, as if said from outside", befell: (cpu) => [cpu === "all" ? "was let onto every CPU" : `was bound to cpu${cpu}`, ""], events: ["AffinitySet"], oneIn: 150, fault: "affinity" }),
  interruption({ name: "unplug", asked: "two CPUs or more are online", options: cpus, quiet: "none", effect: "that CPU goes offline; its tasks move to others they may use", befell: (cpu) => ["was running", `when cpu${cpu} went offline`], events: ["CpuUnplugged", "Migrated"], oneIn: 200, fault: "plug" }),
  interruption({ name: "plug", asked: "a CPU is offline", options: cpus, quiet: "none", effect: "that CPU is online again", befell: (cpu) => ["was running", `when cpu${cpu} came online`], events: ["CpuPlugged"], oneIn: 20, fault: "plug" }),
  interruption({ name: "split", asked: "before an unlocked read-modify-write of memory, if another CPU has a task", options: cpus, quiet: "none", effect: "it reads; that CPU has the turn; it writes before its task or its mappings are touched again; the kernel notices nothing", befell: (cpu) => ["was stopped between a read and its write", `while cpu${cpu} went on`], events: [], oneIn: 20 })
)

export type Kind = keyof typeof kinds
type KindsThat<Is> = { [K in Kind]: (typeof kinds)[K]["is"] extends Is ? K : never }[Kind]
/** What may befall the task that runs, at any boundary between two of its instructions. */
export type InterruptionKind = KindsThat<"interruption">
/** What the kernel may be asked in the middle of an entry. The first option is the quiet one. */
export type QuestionKind = KindsThat<"question">

export const kindNames = Object.keys(kinds) as ReadonlyArray<Kind>
export const interruptionKinds = kindNames.filter((kind): kind is InterruptionKind => kinds[kind].is === "interruption")
export const questionKinds = kindNames.filter((kind): kind is QuestionKind => kinds[kind].is === "question")
const rows: { readonly [K in Kind]: KindRow<string, "interruption" | "question"> } = kinds
/** Asked on request only. */
export const isFault = (kind: Kind): boolean => rows[kind].fault !== undefined
export const faultNames = [...new Set(kindNames.flatMap((kind) => rows[kind].fault ?? []))]
const isFaultName = (text: string): text is FaultName => faultNames.some((name) => name === text)
/** `refuse,wait`: each once; `undefined` if a word is none. */
export const parseFaults = (text: string): ReadonlyArray<FaultName> | undefined => {
  const words = [...new Set(text.split(",").map((word) => word.trim()))]
  return words.every(isFaultName) ? words : undefined
}
/** A kind's place in the table: for counters inside one process. */
export const kindIndex: Readonly<Record<Kind, number>> = Object.fromEntries(kindNames.map((kind, index) => [kind, index])) as Record<Kind, number>

export const parseKind = (text: string): Kind | undefined => rowNamed<{ readonly name: Kind }>(kinds, text)?.name
export const optionName = (kind: Kind, option: Option): string => kinds[kind].options.print(option)
export const parseOption = (kind: Kind, text: string): Option | undefined => kinds[kind].options.parse(text)

/**
 * A stretch about to run: `task`, in user mode, on the CPU that has the turn. Nothing else in the machine moves until it
 * ends, so what is on offer is the same at each of its boundaries and one answer covers them all. The object is reused.
 */
export interface Stretch {
  readonly task: TaskId
  readonly cpu: CpuId
  /** Instructions `task` has retired: the first boundary of the stretch. */
  readonly from: Count
  /** Where the turn, the slice or a timer ends the stretch anyway; `from` where it has come so far, and a marked place is there. */
  readonly until: Count
  /** Stretches of `task` that have ended at `from`; 0 at any boundary reached in passing. */
  readonly visit: number
  /** What is about to happen, where a mark of this decider stopped the engine: an access, an executed address, a call. */
  readonly pending: Pending | undefined
  /**
   * The options of `kind`, quiet left out; empty where the kind is not on the menu. Not to be kept. Which instruction stands
   * behind a boundary is known of `from` alone: ahead, or where `at` is left out, `split` is on offer and may prove void.
   */
  readonly options: (kind: InterruptionKind, at?: Count) => ReadonlyArray<Option>
}

/**
 * Takes effect at `at`, `from <= at <= until`. Void, and not recorded, if the stretch ends before, for whatever reason. A
 * `split` is void, too, where no such instruction stands behind `at`: the decider is asked again from there.
 */
export interface Interruption {
  readonly at: Count
  readonly kind: InterruptionKind
  readonly option: Option
}

/** Asked inside a kernel entry, only where there are two options or more. The object is reused. */
export interface Question {
  readonly kind: QuestionKind
  readonly task: TaskId
  readonly count: Count
  /** Where the task stands in its program. */
  readonly ip: Address
  /** How many of this kind were asked of this task at this count before. */
  readonly nth: number
  readonly options: ReadonlyArray<Option>
}

/** Answers a run. */
export interface Decider {
  /** Where the engine comes back before executing, to ask again. Read at the start of every stretch; replace it, never change it. */
  readonly marks: ReadonlyArray<Mark>
  readonly interrupt: (stretch: Stretch) => Interruption | "nothing" | "halt"
  readonly choose: (question: Question) => Option
  /** An answer that was not quiet has taken effect: an interruption may be answered and void. */
  readonly taken?: ((deviation: Deviation) => void) | undefined
}

/** One answer that was not quiet, and where it fell. */
export interface Deviation {
  readonly task: TaskId
  readonly count: Count
  /** The visit of an interruption; for a question, the how-manieth of its kind at `count`. */
  readonly nth: number
  readonly kind: Kind
  readonly option: Option
}

/** The deviations of a run, in the order of the run. Empty is the quiet run; its length is its cost. */
export type Schedule = ReadonlyArray<Deviation>

/** What may be asked at all. Part of the header: what is not on it is never asked, in the run as in every replay. */
export interface Menu {
  readonly kinds: ReadonlySet<Kind>
  /** Signals that may be sent from outside. */
  readonly signals: ReadonlyArray<number>
  /** An interrupt arrives at most so many instructions late. */
  readonly arriveIcountMax: number
  /** Steps a read clock may take, in nanoseconds, the quiet 0 left out. */
  readonly clockSteps: ReadonlyArray<number>
}

/** What is asked by default, and these faults. */
export const kindsWith = (faults: ReadonlyArray<FaultName>): Menu["kinds"] =>
  new Set(kindNames.filter((kind) => rows[kind].fault === undefined || faults.includes(rows[kind].fault)))

/** What `run` asks by default: nothing a correct program could fail on for reasons its author need not care about. */
export const defaultMenu: Menu = {
  kinds: kindsWith([]),
  signals: [],
  arriveIcountMax: 16,
  clockSteps: [1_000_000]
}

export const nothingOnMenu: Menu = { kinds: new Set(), signals: [], arriveIcountMax: 0, clockSteps: [] }

/** The quiet run: the empty schedule. */
export const quietDecider: Decider = {
  marks: [],
  interrupt: () => "nothing",
  choose: ({ options }) => options[0] ?? 0
}

/** The first tasks a program may have, interned in their order so that ids are small. */
export const firstTasks = [rootTask, childTask(rootTask, 1), childTask(rootTask, 2)] as const
