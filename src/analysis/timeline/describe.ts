/**
 * Entries as sentences: who, what it did, and what more there is to say. One reading an event; leaving one out does not compile.
 *
 * Everything here is safe to print on a terminal: what the guest or a program's author chose is escaped.
 */
import { grouped, hex } from "../../base/bits.ts"
import { type Address, type CpuId, type TaskId, taskName } from "../../base/ids.ts"
import { signalName } from "../../linux/signal.ts"
import type { ContractRecord, Entry, Event, EventOf, EventTag, FieldKind, FieldValue } from "../../log/event.ts"
import type { DictionaryRow } from "../../log/names.ts"
import { escapeTerminal, quoteBytes } from "../report/format/terminal.ts"
import { plainReading, type Reading } from "./reading.ts"
import { callName, callResult, callText, cpuList, nanoseconds, protection, record, signalSet } from "./words.ts"

/** What an event says: a subject, a verb, and the rest of the sentence. */
export interface Sentence {
  /** `undefined`: nobody; the machine itself. */
  readonly task: TaskId | undefined
  /** In the column of its CPU; short. */
  readonly verb: string
  /** To the right of all columns. */
  readonly detail: string
  /** Whose column it belongs to, where that is not the CPU the entry stands at. */
  readonly cpu?: CpuId
}

type Readings = { readonly [Tag in EventTag]: (event: EventOf<Tag>, reading: Reading) => Sentence }

const range = (start: Address, end: Address, { place }: Reading): string => `[${place(start)}, ${place(end)})`
const plainRange = (start: Address, end: Address): string => `[${hex(start)}, ${hex(end)})`
/** 0 and 1 are SIG_DFL and SIG_IGN. */
const handlerName = (handler: bigint, { place }: Reading): string =>
  handler === 0n ? "by default" : handler === 1n ? "by ignoring it" : `with ${handler < 2n ** 47n ? place(Number(handler)) : hex(handler)}`
const keptText = (abi: string, of: string, kept: string): string => `${escapeTerminal(abi)}${of === "process" ? ", for its process" : ""}: ${kept}`
const streams: Readonly<Record<number, string>> = { 0: "stdin", 1: "stdout", 2: "stderr" }

const readings: Readings = {
  TaskCreated: ({ allowed, child, cpu, process, task, tid }) =>
    ({ task: child, cpu, verb: "is created", detail: `by ${taskName(task)}, tid ${tid}, in process ${taskName(process)}, may use ${cpuList(allowed)}` }),
  SwitchedIn: ({ cpu, task }) => ({ task, cpu, verb: "runs", detail: "" }),
  Preempted: ({ ip, task }, { place }) => ({ task, verb: "is preempted", detail: `at ${place(ip)}` }),
  Yielded: ({ task }) => ({ task, verb: "yields", detail: "" }),
  Blocked: ({ call, deadline, key, on, task, value }, reading) => ({
    task, verb: "waits",
    detail: `on ${escapeTerminal(on)} ${escapeTerminal(key)} (${value})${call === 0 ? "" : ` in ${callName(call, reading)}`}${deadline === 0 ? "" : `, until ${nanoseconds(deadline)}`}`
  }),
  Woken: ({ cause, cpu, task }) => ({ task, cpu, verb: "wakes", detail: `by ${escapeTerminal(cause)}` }),
  Migrated: ({ from, task, to }) => ({ task, cpu: to, verb: "arrives", detail: `from cpu${from}` }),
  AffinitySet: ({ allowed, task }) => ({ task, verb: "is bound", detail: `to ${cpuList(allowed)}` }),
  TaskExited: ({ status, task }) => ({ task, verb: "ends", detail: `with status ${status}` }),
  ProcessExiting: ({ process, signal, status }) =>
    ({ task: process, verb: "is to end", detail: signal === 0 ? `the whole process, with status ${status}` : `the whole process, by SIG${signalName(signal)}` }),
  SignalSent: ({ address, code, isShared, senderTid, signal, task }) => ({
    task, verb: `is sent ${signalName(signal)}`,
    detail: `${senderTid === 0 ? "from outside or by the kernel" : `by tid ${senderTid}`}, code ${code}${isShared === 1 ? ", to the whole process" : ""}${address === 0n ? "" : `, address ${hex(address)}`}`
  }),
  SignalTaken: ({ isShared, signal, task }) => ({ task, verb: `takes ${signalName(signal)}`, detail: isShared === 1 ? "sent to the whole process" : "" }),
  SignalDelivered: ({ handler, ip, mask, onAlternateStack, signal, task }, { place }) => ({
    task, verb: `handles ${signalName(signal)}`,
    detail: `${place(ip)} → ${place(handler)}, blocking ${signalSet(mask)}${onAlternateStack === 1 ? ", on its alternate stack" : ""}`
  }),
  SignalReturned: ({ ip, mask, task }, { place }) => ({ task, verb: "is back", detail: `at ${place(ip)}, blocking ${signalSet(mask)}` }),
  CallInterrupted: ({ call, restart, task }, reading) => ({ task, verb: "is interrupted", detail: `in ${callName(call, reading)}, ${escapeTerminal(restart)}` }),
  CallSettled: ({ call, isRestarted, task }, reading) =>
    ({ task, verb: isRestarted === 1 ? "calls again" : "gives up", detail: `${callName(call, reading)}, interrupted` }),
  Trapped: ({ address, error, task, trap }) =>
    ({ task, verb: "traps", detail: `exception ${trap}, error ${error}${address === 0n ? "" : `, address ${hex(address)}`}` }),
  SignalMaskSwapped: ({ mask, task }) => ({ task, verb: "blocks", detail: `${signalSet(mask)} until its call is over` }),
  SignalMaskSet: ({ mask, task }) => ({ task, verb: "blocks", detail: signalSet(mask) }),
  SignalActionSet: ({ flags, handler, mask, process, signal }, reading) =>
    ({ task: process, verb: "will handle", detail: `${signalName(signal)} ${handlerName(handler, reading)}, flags ${hex(flags)}, blocking ${signalSet(mask)}` }),
  AlternateStackSet: ({ flags, sizeBytes, start, task }) =>
    ({ task, verb: "has a stack", detail: `${plainRange(start, start + sizeBytes)} for its handlers, flags ${hex(flags)}` }),
  ClearChildTidSet: ({ at, task }, { place }) => ({ task, verb: "will clear", detail: `${place(at)} at its end` }),
  RobustListSet: ({ head, task }) => ({ task, verb: "lists locks", detail: `at ${hex(head)}` }),
  Mapped: ({ end, isShared, process, protection: bits, start }) =>
    ({ task: process, verb: "maps", detail: `${plainRange(start, end)} ${protection(bits)}${isShared === 1 ? " shared" : ""}` }),
  Unmapped: ({ end, process, start }) => ({ task: process, verb: "unmaps", detail: plainRange(start, end) }),
  Protected: ({ end, process, protection: bits, start }) => ({ task: process, verb: "protects", detail: `${plainRange(start, end)} ${protection(bits)}` }),
  Locked: ({ end, isLocked, process, start }) => ({ task: process, verb: isLocked === 1 ? "locks" : "unlocks", detail: plainRange(start, end) }),
  FileMissed: ({ path, task }) => ({ task, verb: "misses", detail: escapeTerminal(path) }),
  LocksMappings: ({ isLocked, process }) => ({ task: process, verb: isLocked === 1 ? "will lock" : "won't lock", detail: "what it maps" }),
  BreakSet: ({ end, process }) => ({ task: process, verb: "has a heap", detail: `to ${hex(end)}` }),
  TimerArmed: ({ deadline, interval, process, signal, timer }) => ({
    task: process, verb: deadline === 0 ? "disarms" : "arms",
    detail: `timer ${timer}${deadline === 0 ? "" : ` for ${nanoseconds(deadline)}${interval === 0 ? "" : `, then every ${nanoseconds(interval)}`}, ${signalName(signal)}`}`
  }),
  TimerFired: ({ process, timer }) => ({ task: process, verb: "is due", detail: `timer ${timer}` }),
  TimerCreated: ({ clock, process, signal, tid, timer }) => ({
    task: process, verb: "has timer",
    detail: `${timer} on clock ${clock}, ${signal === 0 ? "which tells nobody" : `${signalName(signal)} to ${tid === 0 ? "its process" : `tid ${tid}`}`}`
  }),
  TimerResumed: ({ deadline, overrunCount, process, timer }) =>
    ({ task: process, verb: "arms again", detail: `timer ${timer} for ${nanoseconds(deadline)}, overrun ${overrunCount}` }),
  TimerDeleted: ({ process, timer }) => ({ task: process, verb: "drops", detail: `timer ${timer}` }),
  FileClosed: ({ fd, process }) => ({ task: process, verb: "closes", detail: streams[fd] ?? `fd ${fd}` }),
  RandomDrawn: ({ task, words }) => ({ task, verb: "draws", detail: `${4 * words} bytes of chance` }),
  MembarrierRegistered: ({ command, process }) => ({ task: process, verb: "registers", detail: `for membarrier command ${command}` }),
  ClockJumped: ({ cause, nanoseconds: passed }) => ({ task: undefined, verb: "time passes", detail: `${nanoseconds(passed)}, ${escapeTerminal(cause)}` }),
  KernelStepped: ({ steps, task }) => ({ task, verb: "is in its call", detail: `for ${grouped(steps)} more steps` }),
  InterruptSent: ({ at, cpu, sender, task, why }) =>
    ({ task: sender, verb: "interrupts", detail: `cpu${cpu}, where ${taskName(task)} notices at count ${at}: ${escapeTerminal(why)}` }),
  Interrupted: ({ cpu, sender, task, why }) => ({ task, cpu, verb: "is interrupted", detail: `by ${taskName(sender)}: ${escapeTerminal(why)}` }),
  CallPaused: ({ at, call, data, task }, reading) =>
    ({ task, verb: "pauses", detail: `in ${callName(call, reading)} at step ${at}${data.length === 0 ? "" : `, with ${data.map(hex).join(" ")}`}` }),
  CallResumed: ({ task }) => ({ task, verb: "goes on", detail: "" }),
  ContractChanged: ({ abi, cpu, of, record: kept, task }) => ({
    task: of === "cpu" ? undefined : task, verb: of === "cpu" ? `cpu${cpu} keeps` : "keeps",
    detail: keptText(abi, of, kept === undefined ? "nothing any more" : record(kept))
  }),
  UnknownCalled: ({ number, task }) => ({ task, verb: "is refused", detail: `call ${number}, which is not there` }),
  CpuUnplugged: ({ cpu }) => ({ task: undefined, cpu, verb: "goes offline", detail: "" }),
  CpuPlugged: ({ cpu }) => ({ task: undefined, cpu, verb: "comes online", detail: "" }),
  Ended: ({ outcome, status }) => ({ task: undefined, verb: "run ends", detail: `${escapeTerminal(outcome)} ${status}` }),

  Called: ({ arguments: words, number, task }, reading) => ({ task, verb: "calls", detail: callText(number, words, reading) }),
  Returned: ({ number, result, task }, reading) => ({ task, verb: "gets", detail: `${callName(number, reading)} = ${callResult(result)}` }),
  Written: ({ bytes, fd, task }) => ({ task, verb: "writes", detail: `${quoteBytes(bytes)} to ${streams[fd] ?? `fd ${fd}`}` }),
  Faulted: ({ address, fault, ip, task }, { place }) =>
    ({ task, verb: "faults", detail: `at ${place(ip)}: ${escapeTerminal(fault)}${fault === "PageFault" ? ` at ${hex(address)}` : ""}` }),
  Aborted: ({ abi, abort, cause, ip, postCommit, start, task }, reading) => ({
    task, verb: "aborts",
    detail: `${reading.place(ip)} → ${reading.place(abort)}, ${escapeTerminal(cause)} in ${range(start, postCommit, reading)} (${escapeTerminal(abi)})`
  }),
  Operated: ({ cpu, op, operation, result, task }) =>
    ({ task, cpu, verb: "operates", detail: `#${operation} ${escapeTerminal(op)} = ${callResult(result)}` }),
  PageFaulted: ({ ip, isMajor, task }, { place }) => ({ task, verb: "misses a page", detail: `at ${place(ip)}${isMajor === 1 ? ", which is fetched" : ""}` }),
  Refused: ({ errno, number, task }, reading) => ({ task, verb: "is refused", detail: `${callName(number, reading)} = ${escapeTerminal(errno)}` }),
  OwnerDied: ({ at, task }, { place }) => ({ task, verb: "dies owning", detail: place(at) }),
  SectionEntered: ({ postCommit, start, task }, reading) => ({ task, verb: "enters", detail: range(start, postCommit, reading) }),
  SectionLeft: ({ ip, task }, { place }) => ({ task, verb: "leaves", detail: `at ${place(ip)}, neither committed nor aborted` }),
  Committed: ({ postCommit, task }, { place }) => ({ task, verb: "commits", detail: `before ${place(postCommit)}` }),
  Accessed: ({ address, after, before, ip, isLocked, isWrite, sizeBytes, task }, { place }) => ({
    task, verb: isWrite === 1 ? "stores" : "loads",
    detail: `${place(address)} (${sizeBytes}): ${isWrite === 1 ? `${hex(before)} → ${hex(after)}` : hex(before)}, at ${place(ip)}${isLocked === 1 ? ", locked" : ""}`
  }),
  Reached: ({ ip, task }, { place }) => ({ task, verb: "reaches", detail: place(ip) }),
  SectionUnarmed: ({ start, task }, { place }) => ({ task, verb: "is unprotected", detail: `in the section at ${place(start)}` }),
  KernelWordStored: ({ address, ip, owner, task }, { place }) =>
    ({ task, verb: "oversteps", detail: `stores to ${place(address)}, which the kernel writes for ${taskName(owner)}, at ${place(ip)}` }),
  SectionCalled: ({ ip, start, task }, { place }) => ({ task, verb: "makes a call", detail: `inside the section at ${place(start)}, at ${place(ip)}` }),
  Claimed: ({ claim, end, option, start, strideBytes }, reading) => ({
    task: undefined, verb: "is claimed",
    detail: `${range(start, end, reading)} ${[escapeTerminal(claim), ...(strideBytes === 0 ? [] : [`every ${strideBytes} bytes`]), ...(option === "" ? [] : [escapeTerminal(option)])].join(", ")}`
  }),
  Found: ({ cpu, task }) => ({ task, cpu, verb: "is there", detail: "" }),
  SectionPassed: ({ start, task }, { place }) => ({ task, verb: "has run", detail: `the section at ${place(start)}, which no contract knows of` }),
  CpuMisread: ({ ip, task, value }, { place }) => ({ task, verb: "misreads", detail: `the number of its CPU as ${value}, at ${place(ip)}` }),
  StoreMisplaced: ({ address, ip, number, task }, { place }) =>
    ({ task, verb: "misplaces", detail: `a store to ${place(address)}, found by the number ${number}, at ${place(ip)}` }),
  ChangeRead: ({ after, before, ip, register, start, task }, { place }) => ({
    task, verb: "uses a change",
    detail: `of ${escapeTerminal(register)} by the section at ${place(start)}, ${hex(before)} → ${hex(after)}, at ${place(ip)}`
  }),
  ReliedGone: ({ address, task, what }, { place }) => ({ task, verb: "is left without", detail: `the ${escapeTerminal(what)} at ${place(address)}` })
}

/** The sentence of an event. */
export const sentenceOf = (event: Event, reading: Reading = plainReading): Sentence => {
  const unlike = reading.unlike?.get(event._tag)
  return unlike === undefined ? (readings[event._tag] as (event: Event, reading: Reading) => Sentence)(event, reading) : unlikeSentence(event, unlike)
}

/** An event that is not known here is told by the names of its fields. */
const unlikeSentence = (event: Event, fields: DictionaryRow["fields"]): Sentence => {
  const values = event as unknown as Readonly<Record<string, FieldValue>>
  const [subject] = fields.find(([, holds]) => holds === "task") ?? []
  const told = fields.flatMap(([name, holds]) => (name === subject ? [] : [`${escapeTerminal(name)}=${valueText(holds, values[name])}`]))
  return { task: subject === undefined ? undefined : values[subject] as TaskId, verb: escapeTerminal(event._tag), detail: told.join(" ") }
}

const valueText = (holds: FieldKind, value: FieldValue): string =>
  holds === "task" ? taskName(value as TaskId)
  : holds === "address" || holds === "word64" ? hex(value as number | bigint)
  : value instanceof Uint8Array ? quoteBytes(value)
  : Array.isArray(value) ? `[${value.join(" ")}]`
  : typeof value === "object" ? `{${record(value as ContractRecord)}}`
  : escapeTerminal(String(value ?? "none"))

/** What each contract keeps of whom, as far as a log was read: by contract and task, process or CPU. */
export type Kept = Map<string, ContractRecord>

/** Reads on by one event; what was kept before of the one it is about. */
export const remember = (kept: Kept, event: Event, { unlike }: Reading): ContractRecord | undefined => {
  if (event._tag !== "ContractChanged" || unlike?.has(event._tag) === true) return undefined
  const key = `${event.abi} ${event.of} ${event.of === "cpu" ? event.cpu : taskName(event.task)}`
  const before = kept.get(key)
  if (event.record === undefined) kept.delete(key)
  else kept.set(key, event.record)
  return before
}

/** The sentence of an event whose predecessors `kept` remembers: of what a contract keeps, only what has changed since. */
export const sentenceAfter = (kept: Kept, event: Event, reading: Reading): Sentence => {
  const sentence = sentenceOf(event, reading)
  const before = remember(kept, event, reading)
  if (event._tag !== "ContractChanged" || before === undefined || event.record === undefined) return sentence
  const changes = Object.entries(event.record).filter(([name, value]) => before[name] !== value)
  return { ...sentence, detail: keptText(event.abi, event.of, record(Object.fromEntries(changes))) }
}

/** An entry on one line, with its place in the run: `42  now 1,223  cpu0  1.1@31 is preempted at push+0x12`. */
export const describe = (entry: Entry, reading: Reading = plainReading): string => {
  const { cpu, detail, task, verb } = sentenceOf(entry.event, reading)
  const subject = task === undefined ? "" : `${taskName(task)}${task === entry.task ? `@${entry.count}` : ""} `
  return `${entry.index}  now ${grouped(entry.now)}  cpu${cpu ?? entry.cpu}  ${subject}${verb}${detail === "" ? "" : ` ${detail}`}`
}
