/**
 * Tables of names a recording gathers as it goes: tasks by descent, texts, shapes of deviations. A row refers to a name by its
 * place in the table; each chunk brings what is new since the chunk before it.
 */
import { known } from "../base/assert.ts"
import { type TaskId, taskName } from "../base/ids.ts"
import { type Deviation, type Kind, kindIndex, kindNames, type Option } from "./choice.ts"
import type { FieldKind } from "./event.ts"

/** A deviation without its key's numbers: to whom, what, and which option. */
export interface Shape {
  readonly task: TaskId
  readonly kind: Kind
  readonly option: Option
}

/** A table that grows. */
class GrowingTable<Row> {
  protected readonly rows: Array<Row> = []
  private givenCount = 0

  protected add(row: Row): number {
    this.rows.push(row)
    return this.rows.length - 1
  }

  /** The rows added since the last call. */
  fresh(): ReadonlyArray<Row> {
    const fresh = this.rows.slice(this.givenCount)
    this.givenCount = this.rows.length
    return fresh
  }
}

export class TaskTable extends GrowingTable<string> {
  /** By interned id; with holes. */
  private readonly indexes: Array<number | undefined> = []

  indexOf(task: TaskId): number {
    return this.indexes[task] ?? (this.indexes[task] = this.add(taskName(task)))
  }
}

export class TextTable extends GrowingTable<string> {
  private readonly indexes = new Map<string, number>()

  indexOf(text: string): number {
    const met = this.indexes.get(text)
    if (met !== undefined) return met
    const index = this.add(text)
    this.indexes.set(text, index)
    return index
  }
}

export class ShapeTable extends GrowingTable<Shape> {
  /** By task and kind, with holes; in it by option. */
  private readonly indexes: Array<Map<Option, number> | undefined> = []

  indexOf({ kind, option, task }: Deviation): number {
    const options = (this.indexes[task * kindNames.length + kindIndex[kind]] ??= new Map<Option, number>())
    const met = options.get(option)
    if (met !== undefined) return met
    const index = this.add({ task, kind, option })
    options.set(option, index)
    return index
  }
}

/** The tables as a reader has gathered them. They only grow, so a place that was good once stays good. */
export interface Names {
  readonly tasks: Array<TaskId>
  readonly texts: Array<string>
  readonly shapes: Array<Shape>
  /** The recording's own dictionaries. */
  readonly kinds: ReadonlyArray<string>
  readonly events: ReadonlyArray<DictionaryRow>
}

/** An event as a recording describes it: its name, then each field's name and what it holds. */
export interface DictionaryRow {
  readonly tag: string
  readonly fields: ReadonlyArray<readonly [field: string, holds: FieldKind]>
}

export const nameAt = <T>(table: ReadonlyArray<T>, index: number): T => known(table[index], "a place in a table, checked when its chunk was read")
