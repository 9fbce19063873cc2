import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { RecordingUnwritable } from "./recording-store.ts"

/** Where findings and corpora stand, under the folder a person works in. */
export const WORK_FOLDER = ".rseqlab"

const TARGET_LENGTH_MAX = 80

/** A program's name as a folder: its ending and everything a path could be led astray by left out. */
export const targetName = (program: string): string => {
  const name = program.replace(/\.[A-Za-z0-9]{1,4}$/, "").replace(/[^A-Za-z0-9._-]/g, "_").replace(/^\.+/, "").slice(0, TARGET_LENGTH_MAX)
  return name === "" ? "program" : name
}

/** Small files of ours, by path. What cannot be read is as if it were not there; what cannot be written is said. */
export class Workspace extends Context.Service<Workspace, {
  readonly makeFolder: (folder: string) => Effect.Effect<void, RecordingUnwritable>
  /** `undefined`: not there, no regular file, or larger than `bytesMax`. */
  readonly read: (file: string, bytesMax: number) => Effect.Effect<Uint8Array | undefined>
  /** Whole or not at all, whatever happens to us or to the machine meanwhile, and whoever else writes there. */
  readonly write: (file: string, bytes: Uint8Array) => Effect.Effect<void, RecordingUnwritable>
  /** Names of all there is in a folder, ascending, but for what `write` is in the middle of; nothing where there is none. */
  readonly list: (folder: string) => Effect.Effect<ReadonlyArray<string>>
}>()("rseqlab/lab/Workspace") {
  /** Files that live as long as the layer. */
  static readonly layerMemory: Layer.Layer<Workspace> = Layer.sync(Workspace, () => {
    const files = new Map<string, Uint8Array>()
    return {
      makeFolder: () => Effect.void,
      read: (file) => Effect.sync(() => files.get(file)),
      write: (file, bytes) => Effect.sync(() => void files.set(file, bytes)),
      list: (folder) => Effect.sync(() => [...files.keys()].filter((file) => file.startsWith(`${folder}/`)).map((file) => file.slice(folder.length + 1)).sort())
    }
  })
}
