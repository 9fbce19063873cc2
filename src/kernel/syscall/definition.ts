/**
 * A system call as a row: it reads like its manual page, and from it follow the dispatch, the argument decoding, the
 * strace text, the reference page and the laws.
 */
import { type Address, PAGE_BYTES } from "../../base/ids.ts"
import { s64, u64 } from "../../base/bits.ts"
import { type CallName, callNumber } from "../../linux/call-number.ts"
import type { Errno } from "../../linux/errno.ts"
import type { Kernel } from "../kernel.ts"
import type { Task } from "../state.ts"

/**
 * A word as a double: exact below 2^53. Above, what is within a page becomes the middle of that page, so that nothing is rounded
 * to a page's begin, nor up to 2^64.
 */
const double = (raw: bigint): number => {
  if (raw < 2n ** 53n) return Number(raw)
  const offset = raw % BigInt(PAGE_BYTES)
  return Number(offset === 0n ? raw : raw - offset + BigInt(PAGE_BYTES / 2))
}

/**
 * What a parameter is, and so how its register is read. Pointers and lengths are doubles: beyond 2^47 they are nobody's memory, and
 * whose alignment within a page counts even there is read as `exactAddress`.
 */
export const argument = {
  address: (raw: bigint): Address => double(u64(raw)),
  exactAddress: (raw: bigint): bigint => u64(raw),
  size: (raw: bigint): number => double(u64(raw)),
  u32: (raw: bigint): number => Number(raw & 0xffff_ffffn),
  i32: (raw: bigint): number => Number(raw & 0xffff_ffffn) | 0,
  i64: (raw: bigint): number => Number(s64(raw)),
  u64: (raw: bigint): bigint => u64(raw)
}
export type ArgumentKind = keyof typeof argument

export type CallResult =
  /** What rax gets. */
  | { readonly _tag: "Returned"; readonly value: number }
  | { readonly _tag: "Failed"; readonly errno: Errno }
  /** The caller lost its CPU and waits (`kernel.block`); whoever wakes it says what it gets. */
  | { readonly _tag: "Blocked" }
  /** The caller stands at a declared pause (`kernel.pause`); the row's `resume` goes on from there. */
  | { readonly _tag: "Paused" }
  /** Registers are as they should be already: exit, rt_sigreturn. */
  | { readonly _tag: "Done" }
  /** A flag or variant that is not modelled: ends the run with this sentence. */
  | { readonly _tag: "Unsupported"; readonly what: string }

export const returned = (value = 0): CallResult => ({ _tag: "Returned", value })
export const failed = (errno: Errno): CallResult => ({ _tag: "Failed", errno })
export const blocked: CallResult = { _tag: "Blocked" }
export const paused: CallResult = { _tag: "Paused" }
export const done: CallResult = { _tag: "Done" }
export const unsupported = (what: string): CallResult => ({ _tag: "Unsupported", what })

type Values<P> = { readonly [K in keyof P]: P[K] extends ArgumentKind ? ReturnType<(typeof argument)[P[K]]> : never }
export type Parameters_ = Readonly<Record<string, ArgumentKind>>

/** A point inside the call at which something may come between. */
export interface DeclaredPause {
  readonly name: string
  /** What may happen there, besides going on. */
  readonly allows: ReadonlyArray<"turn" | "preempt" | "migrate" | "signal">
}

export interface SyscallDefinition<Name extends string = string, P extends Parameters_ = Parameters_> {
  readonly name: Name
  readonly number: number
  /** In register order: rdi, rsi, rdx, r10, r8, r9. */
  readonly parameters: P
  readonly summary: string
  readonly support: "full" | { readonly partial: string }
  /** Errors in the order in which they are looked for. */
  readonly errors: ReadonlyArray<Errno>
  readonly pauses?: ReadonlyArray<DeclaredPause>
  /** Errors a healthy kernel may answer at any time: no memory, no process left, a filter. Asked as `refuse`. */
  readonly mayRefuse?: ReadonlyArray<Errno>
  readonly source: string
  readonly perform: (kernel: Kernel, task: Task, values: Values<P>) => CallResult
  /** Goes on from pause number `at` with the data it stood there with. */
  readonly resume?: (kernel: Kernel, task: Task, at: number, data: ReadonlyArray<bigint>) => CallResult
}

/** How a parameter is read from its register. */
export interface Reader {
  readonly name: string
  readonly read: (word: bigint) => number | bigint
}

/** Any row, whatever its parameters. */
export type AnySyscall = Omit<SyscallDefinition, "perform"> & {
  /** In register order. */
  readonly readers: ReadonlyArray<Reader>
  readonly perform: (kernel: Kernel, task: Task, values: Readonly<Record<string, never>>) => CallResult
}

interface DefineSyscall {
  /** A call of Linux: the number is its name's. */
  <const Name extends CallName, const P extends Parameters_>(
    definition: Omit<SyscallDefinition<Name, P>, "number">
  ): SyscallDefinition<Name, P> & AnySyscall
  /** A call that Linux does not have by that name brings its number. */
  <const Name extends string, const P extends Parameters_>(
    definition: SyscallDefinition<Name, P> & { readonly number: Name extends CallName ? never : number }
  ): SyscallDefinition<Name, P> & AnySyscall
}

export const defineSyscall = ((definition: Omit<SyscallDefinition, "number">) => ({
  number: (callNumber as Readonly<Record<string, number>>)[definition.name],
  ...definition,
  readers: Object.entries(definition.parameters).map(([name, kind]) => ({ name, read: argument[kind] }))
})) as unknown as DefineSyscall
