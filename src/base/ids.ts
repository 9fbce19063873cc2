import { assert, known } from "./assert.ts"

/** Guest virtual address in bytes. User space is 47 bits wide, so a double holds it exactly. */
export type Address = number
/** Instructions one task has retired. */
export type Count = number
/** A CPU's own number, below 2^20; numbers may have holes. */
export type CpuId = number
export const CPU_MAX: CpuId = 2 ** 20 - 1

/**
 * A task, interned: inside one process a small number, everywhere else its descent (`1`; its second child `1.2`).
 * The number depends on what this process has met before: nothing is sorted by it, stored as it or printed as it.
 */
export type TaskId = number & { readonly TaskId: unique symbol }

const names: Array<string> = []
const idOf = new Map<string, TaskId>()
const childrenOf: Array<Array<TaskId>> = []

const intern = (name: string): TaskId => {
  const met = idOf.get(name)
  if (met !== undefined) return met
  const id = names.length as TaskId
  names.push(name)
  idOf.set(name, id)
  return id
}

/** The first task of a run. */
export const rootTask = intern("1")

/** The descent of a task: digits joined by dots. */
export const taskName = (task: TaskId): string => known(names[task], "a task id comes from this process")

/** The `ordinal`-th child of `parent`, counted from 1. */
export const childTask = (parent: TaskId, ordinal: number): TaskId => {
  assert(ordinal >= 1, "children are counted from 1")
  const children = (childrenOf[parent] ??= [])
  return (children[ordinal] ??= intern(`${taskName(parent)}.${ordinal}`))
}

const TASK_NAME_LENGTH_MAX = 200

/** A descent as text. `undefined` if it is none. */
export const parseTask = (text: string): TaskId | undefined =>
  text.length <= TASK_NAME_LENGTH_MAX && /^1(\.[1-9][0-9]{0,6})*$/.test(text) ? intern(text) : undefined

/** User space ends here: 47 bits less the guard page, as on Linux. */
export const TASK_SIZE: Address = 0x7fff_ffff_f000

export const PAGE_BYTES = 4096

/** Whether all bytes lie where user memory may be, mapped or not. Source: Linux arch/x86/include/asm/uaccess_64.h access_ok */
export const isUserRange = (at: Address, lengthBytes: number): boolean => at >= 0 && lengthBytes >= 0 && at + lengthBytes <= TASK_SIZE

/** A half-open range of guest addresses. */
export interface AddressRange {
  readonly start: Address
  readonly end: Address
}

export const contains = ({ end, start }: AddressRange, at: Address): boolean => start <= at && at < end
