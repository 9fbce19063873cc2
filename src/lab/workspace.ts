import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { hashOf } from "../log/codec.ts"
import type { RecordingUnwritable } from "./recording-store.ts"

/** Where findings and corpora stand, under the folder a person works in. */
export const WORK_FOLDER = ".rseqlab"

const NAME_LENGTH_MAX = 80
const DIGEST_LENGTH = 8

/** A part of a path as a part of a folder's name: everything that could lead astray left out. */
const plain = (part: string): string => part.replace(/[^A-Za-z0-9._-]/g, "_").replace(/^\.+/, "")

/**
 * What a program goes by in the working folder: its path from there, in one word and without its ending, so that two of one name
 * keep nothing in one place, and one that is built again is the same. One that lies elsewhere goes by its name and a digest of
 * `path`, the whole; so does one whose path is long. `path`: with `/` alone.
 */
export const homeOf = (path: string, workingFolder: string): string => {
  const isInside = path.startsWith(`${workingFolder.replace(/\/$/, "")}/`)
  const parts = (isInside ? path.slice(workingFolder.replace(/\/$/, "").length + 1) : path).split("/")
  const name = plain((parts.at(-1) ?? "").replace(/\.[A-Za-z0-9]{1,4}$/, "")) || "program"
  const whole = [...parts.slice(0, -1).map(plain), name].join("+")
  return isInside && whole.length <= NAME_LENGTH_MAX ? whole : `${name.slice(0, NAME_LENGTH_MAX)}-${hashOf(new TextEncoder().encode(path)).slice(0, DIGEST_LENGTH)}`
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
