/**
 * Every fact a run can write down, in the past tense.
 *
 * A row is the type, the wire layout (fields in this order) and the documentation of an event. Append rows and fields;
 * never reorder them: a recording carries its own dictionary of both.
 */
import type { Address, Count, CpuId, TaskId } from "../base/ids.ts"

/** What a contract keeps of a task, a process or a CPU: flat, by name. Numbers are naturals below 2^53. */
export type ContractRecord = Readonly<Record<string, number | bigint | string>>

/** What a field holds, and so how it is stored. */
interface FieldTypes {
  task: TaskId
  cpu: CpuId
  /** A natural below 2^53: counts, sizes, signals, errnos, nanoseconds. */
  natural: number
  /** A guest address or any unsigned value a double holds exactly. */
  address: Address
  /** Any whole number of a double. */
  integer: number
  /** 64 bits, unsigned. */
  word64: bigint
  text: string
  bytes: Uint8Array
  cpus: ReadonlyArray<CpuId>
  /** Six call arguments, unsigned. */
  words64: ReadonlyArray<bigint>
  /** `undefined`: forgotten. */
  record: ContractRecord | undefined
}
export type FieldKind = keyof FieldTypes
export type FieldValue = FieldTypes[FieldKind]

interface EventRow {
  readonly doc: string
  readonly fields: { readonly [field: string]: FieldKind }
}
const rows = <const Rows extends { readonly [tag: string]: EventRow }>(table: Rows): Rows => table

/** What the kernel did. An event carries all its reducer needs, values read from user memory included. */
export const applied = rows({
  TaskCreated: { doc: "`child` joined `process` (its leader) and the queue of `cpu`.", fields: { task: "task", child: "task", process: "task", tid: "natural", cpu: "cpu", allowed: "cpus", clearChildTid: "address" } },
  SwitchedIn: { doc: "`task` gained `cpu`.", fields: { task: "task", cpu: "cpu" } },
  Preempted: { doc: "`task` lost its CPU while still runnable and joined the tail of its queue.", fields: { task: "task", ip: "address" } },
  Yielded: { doc: "`task` gave its CPU up and joined the tail of its queue.", fields: { task: "task" } },
  Blocked: { doc: "`task` lost its CPU and waits: `on` names for what, `key` and `value` which, until `deadline` (virtual nanoseconds; 0: for ever), inside `call`. A signal does `restart` to it; `data` is the call's.", fields: { task: "task", on: "text", key: "text", value: "natural", deadline: "natural", call: "natural", restart: "text", data: "words64" } },
  Woken: { doc: "`task` is runnable again, in the queue of `cpu`, because of `cause`.", fields: { task: "task", cpu: "cpu", cause: "text" } },
  Migrated: { doc: "`task` will next run on `to`.", fields: { task: "task", from: "cpu", to: "cpu" } },
  AffinitySet: { doc: "`task` may use the CPUs `allowed`.", fields: { task: "task", allowed: "cpus" } },
  TaskExited: { doc: "`task` ended with `status`.", fields: { task: "task", status: "natural" } },
  ProcessExiting: { doc: "All tasks of `process` are to end, with `status` or by `signal` (0: none).", fields: { process: "task", status: "natural", signal: "natural" } },
  SignalSent: { doc: "`signal` is pending for `task` (or, `isShared`, for any task of its process), sent by `sender` with siginfo `code`, `value`, `address`.", fields: { task: "task", signal: "natural", isShared: "natural", code: "integer", senderTid: "natural", address: "word64", value: "word64" } },
  SignalTaken: { doc: "`signal` is no longer pending for `task`: about to be delivered, ignored or discarded.", fields: { task: "task", signal: "natural", isShared: "natural" } },
  SignalDelivered: { doc: "`task`, interrupted at `ip`, enters `handler`; `mask` is blocked meanwhile.", fields: { task: "task", signal: "natural", ip: "address", handler: "address", mask: "word64", onAlternateStack: "natural" } },
  SignalReturned: { doc: "`task` came back from a handler to `ip`, with its mask restored.", fields: { task: "task", ip: "address", mask: "word64" } },
  CallInterrupted: { doc: "A signal ended the wait of `task` inside `call`, which had `deadline` and `data`; how it goes on is `restart` and settled on the way back to user mode.", fields: { task: "task", call: "natural", restart: "text", deadline: "natural", data: "words64" } },
  CallSettled: { doc: "The interrupted `call` of `task` failed, or (`isRestarted`) its `syscall` instruction is about to run again.", fields: { task: "task", call: "natural", isRestarted: "natural" } },
  Trapped: { doc: "`task` met exception `trap` with `error`; for a page fault `address` is what it wanted. Later signal frames show all three.", fields: { task: "task", trap: "natural", error: "natural", address: "word64" } },
  SignalMaskSwapped: { doc: "`task` blocks `mask` until its call is over, then again what it blocked before.", fields: { task: "task", mask: "word64" } },
  SignalMaskSet: { doc: "`task` blocks `mask`.", fields: { task: "task", mask: "word64" } },
  SignalActionSet: { doc: "`process` handles `signal` so.", fields: { process: "task", signal: "natural", handler: "word64", flags: "word64", restorer: "word64", mask: "word64" } },
  AlternateStackSet: { doc: "Handlers of `task` may run on this stack.", fields: { task: "task", start: "address", sizeBytes: "natural", flags: "natural" } },
  ClearChildTidSet: { doc: "At its end `task` clears this word and wakes one waiter there.", fields: { task: "task", at: "address" } },
  Mapped: { doc: "`process` mapped `[start, end)`.", fields: { process: "task", start: "address", end: "address", protection: "natural", isShared: "natural" } },
  Unmapped: { doc: "`process` unmapped `[start, end)`.", fields: { process: "task", start: "address", end: "address" } },
  Protected: { doc: "`process` changed the protection of `[start, end)`.", fields: { process: "task", start: "address", end: "address", protection: "natural" } },
  BreakSet: { doc: "The heap of `process` ends at `end`.", fields: { process: "task", end: "address" } },
  TimerArmed: { doc: "`timer` of `process` fires at `deadline` (virtual nanoseconds) and then every `interval` (0: once; deadline 0: disarmed).", fields: { process: "task", timer: "natural", deadline: "natural", interval: "natural", signal: "natural" } },
  TimerCreated: { doc: "`process` has `timer` on `clock`; it sends `signal` (0: nothing) with siginfo `code` and `value` to the task `tid` (0: to any).", fields: { process: "task", timer: "natural", clock: "natural", code: "integer", signal: "natural", value: "word64", tid: "natural" } },
  TimerFired: { doc: "`timer` of `process` went off and stands until its signal is taken.", fields: { process: "task", timer: "natural" } },
  TimerResumed: { doc: "`timer` of `process` fires next at `deadline`, after `overrunCount` times that nobody was told of.", fields: { process: "task", timer: "natural", deadline: "natural", overrunCount: "natural" } },
  TimerDeleted: { doc: "`process` no longer has `timer`.", fields: { process: "task", timer: "natural" } },
  FileClosed: { doc: "`process` closed descriptor `fd`.", fields: { process: "task", fd: "natural" } },
  RandomDrawn: { doc: "`task` was given `words` (of 4 bytes) more of its stream of chance.", fields: { task: "task", words: "natural" } },
  MembarrierRegistered: { doc: "`process` registered for what membarrier(2) `command` stands for.", fields: { process: "task", command: "natural" } },
  ClockJumped: { doc: "Virtual time moved on by `nanoseconds` without instructions: an idle wait, or a decided jump.", fields: { nanoseconds: "natural", cause: "text" } },
  KernelStepped: { doc: "A call that loops inside the kernel took `steps` more of them; they count in `now`.", fields: { task: "task", steps: "natural" } },
  InterruptSent: { doc: "An interrupt is under way to `cpu` and arrives when `task` has retired `at` instructions; `sender` waits for it.", fields: { sender: "task", cpu: "cpu", task: "task", at: "natural", why: "text" } },
  Interrupted: { doc: "The interrupt arrived.", fields: { sender: "task", cpu: "cpu", task: "task", why: "text" } },
  CallPaused: { doc: "`task` stands inside `call` at step `at`, with `data`.", fields: { task: "task", call: "natural", at: "natural", data: "words64" } },
  CallResumed: { doc: "`task` goes on from where it stood.", fields: { task: "task" } },
  ContractChanged: { doc: "What contract `abi` keeps of `of` (`task`, `process` or `cpu`) number `key` is now `record`.", fields: { abi: "text", of: "text", task: "task", cpu: "cpu", record: "record" } },
  UnknownCalled: { doc: "`task` made call `number`, which is not there, and got ENOSYS.", fields: { task: "task", number: "natural" } },
  Ended: { doc: "The run is over.", fields: { outcome: "text", status: "natural" } },
  CpuUnplugged: { doc: "`cpu` is offline: nobody runs there.", fields: { cpu: "cpu" } },
  CpuPlugged: { doc: "`cpu` is online again.", fields: { cpu: "cpu" } },
  RobustListSet: { doc: "The robust futexes that `task` holds are listed at `head` (0: nowhere).", fields: { task: "task", head: "word64" } },
  Locked: { doc: "`process` locked `[start, end)` in memory, or (`isLocked` 0) unlocked it.", fields: { process: "task", start: "address", end: "address", isLocked: "natural" } },
  FileMissed: { doc: "`task` asked for the file `path`, which Linux has and this machine has not.", fields: { task: "task", path: "text" } },
  LocksMappings: { doc: "`process` locks whatever it maps from here on, or (`isLocked` 0) no longer.", fields: { process: "task", isLocked: "natural" } }
})

/** Facts that change no kernel state: what a call was asked and said, what a contract did to a register. */
export const observed = rows({
  Called: { doc: "`task` made call `number`.", fields: { task: "task", number: "natural", arguments: "words64" } },
  Returned: { doc: "The call of `task` returned `result`.", fields: { task: "task", number: "natural", result: "integer" } },
  Written: { doc: "`task` wrote `bytes` to file descriptor `fd`.", fields: { task: "task", fd: "natural", bytes: "bytes" } },
  Faulted: { doc: "An instruction of `task` at `ip` could not finish.", fields: { task: "task", ip: "address", fault: "text", address: "word64" } },
  Aborted: { doc: "`task` was inside `[start, postCommit)` and was sent to its abort handler.", fields: { task: "task", abi: "text", cause: "text", ip: "address", start: "address", postCommit: "address", abort: "address" } },
  Operated: { doc: "Operation `operation` (`op` by name) of the cpu_opv vector of `task` was performed on `cpu`.", fields: { task: "task", cpu: "cpu", operation: "natural", op: "text", result: "integer" } },
  PageFaulted: { doc: "A page that the instruction of `task` at `ip` needs was absent; `isMajor`: the task sleeps until it is there.", fields: { task: "task", ip: "address", isMajor: "natural" } },
  Refused: { doc: "Call `number` of `task` was refused with `errno` before it began.", fields: { task: "task", number: "natural", errno: "text" } },
  OwnerDied: { doc: "`task` ended while it held the robust futex `at`, which now says so.", fields: { task: "task", at: "address" } }
})

/** What is seen by following a task's registers through every instruction. */
export const followed = rows({
  SectionPassed: { doc: "`task`, of whom no contract knows, has executed the described section at `start` to its last instruction.", fields: { task: "task", start: "address", postCommit: "address" } },
  CpuMisread: { doc: "`task` is about to read at `ip` the word `address`, in which its contract tells it the number of its CPU, and finds `value`, which is another.", fields: { task: "task", ip: "address", address: "address", value: "natural" } },
  StoreMisplaced: { doc: "`task`, in the section at `start`, which is armed, is about to store at `ip` to `address`, which it has worked out from `number`, read as that of its CPU when it was.", fields: { task: "task", ip: "address", start: "address", address: "address", number: "natural" } },
  ChangeRead: { doc: "`task`, aborted, is about to read at `ip` a register that the section at `start` had changed from `before` to `after`.", fields: { task: "task", ip: "address", start: "address", register: "text", before: "word64", after: "word64" } },
  ReliedGone: { doc: "The `what` (`area` or `descriptor`) at `address`, which the contract of `task` will look at, is no longer mapped.", fields: { task: "task", what: "text", address: "address" } }
})

/** What the engine saw for an observer who asked. Another observer sees others: nothing counts them, and they are compared with what one asked the same sees. */
export const watched = rows({
  SectionEntered: { doc: "`task` reached `start` with its critical section armed.", fields: { task: "task", start: "address", postCommit: "address" } },
  SectionLeft: { doc: "`task` left its critical section at `ip` without committing it and without being aborted; it began at `start`.", fields: { task: "task", ip: "address", start: "address" } },
  Committed: { doc: "`task` retired the last instruction of its critical section.", fields: { task: "task", postCommit: "address" } },
  Accessed: { doc: "`task` accessed a watched range. `isWrite` and `isRead`: it read, and wrote what it made of it; `isLocked`: in one bus event.", fields: { task: "task", ip: "address", address: "address", sizeBytes: "natural", isWrite: "natural", before: "word64", after: "word64", isRead: "natural", isLocked: "natural" } },
  Reached: { doc: "`task` is about to execute a marked address.", fields: { task: "task", ip: "address" } },
  SectionUnarmed: { doc: "`task`, registered, is about to execute the `start` of a described section, and has nothing armed.", fields: { task: "task", start: "address" } },
  SectionCalled: { doc: "`task` is about to make a call at `ip`, inside the section at `start`, which is armed.", fields: { task: "task", ip: "address", start: "address" } },
  Claimed: { doc: "The program claims of the words in `[start, end)` that they are `claim`, in cells of `strideBytes` (0: one); `option` says more of it, `other` is the address it is held by (0: none). They hold `value` (the first 8 bytes).", fields: { claim: "text", start: "address", end: "address", strideBytes: "natural", option: "text", other: "address", value: "word64" } },
  Found: { doc: "`task` lives, on `cpu`, where an observer of claims begins; at its end it clears the word at `clearChildTid` (0: none).", fields: { task: "task", cpu: "cpu", clearChildTid: "address" } },
  ...followed,
  KernelWordStored: { doc: "`task` is about to store at `ip` to `address`, where its contract has the kernel write for `owner`, and nobody else.", fields: { task: "task", ip: "address", address: "address", owner: "task" } }
})

export const eventRows = { ...applied, ...observed, ...watched }
export type EventTag = keyof typeof eventRows
/** The tags that change kernel state. */
export type AppliedTag = keyof typeof applied
export type ObservedTag = keyof typeof observed
export type WatchedTag = keyof typeof watched
export type EventOf<Tag extends EventTag> =
  Tag extends EventTag ? { readonly _tag: Tag } & { readonly [F in keyof (typeof eventRows)[Tag]["fields"]]: FieldTypes[(typeof eventRows)[Tag]["fields"][F] & FieldKind] } : never
export type Event = EventOf<EventTag>
export const eventTags = Object.keys(eventRows) as ReadonlyArray<EventTag>
export const isEventTag = (tag: string): tag is EventTag => Object.hasOwn(eventRows, tag)
export const isWatchedTag = (tag: string): tag is WatchedTag => Object.hasOwn(watched, tag)

/** An event and its place in the run. */
export interface Entry<E extends Event = Event> {
  /** Position in the log, from 0, without gaps. */
  readonly index: number
  /** All counts plus pauses. */
  readonly now: number
  readonly cpu: CpuId
  readonly task: TaskId
  readonly count: Count
  readonly event: E
}

/** Who keeps entries. The kernel applies events whether or not anybody does. */
export interface EventLog {
  readonly append: (now: number, cpu: CpuId, task: TaskId, count: Count, event: Event) => void
}

export const noLog: EventLog = { append: () => {} }

/** Each entry to both. */
export const bothLogs = (one: EventLog, other: EventLog): EventLog =>
  one === noLog ? other : other === noLog ? one : {
    append: (now, cpu, task, count, event) => {
      one.append(now, cpu, task, count, event)
      other.append(now, cpu, task, count, event)
    }
  }
