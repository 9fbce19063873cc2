/** Small files of ours, written whole: beside their name, to the disk, then renamed. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, statSync, writeSync } from "node:fs"
import { dirname, join } from "node:path"
import { RecordingUnwritable } from "../lab/recording-store.ts"
import { Workspace } from "../lab/workspace.ts"
import { clauseOf, readWhole } from "./files.ts"

const hint = "choose another place, or make it writable"

class NotRegular extends Error {}

const attempt = (file: string, work: () => void): Effect.Effect<void, RecordingUnwritable> =>
  Effect.suspend(() => {
    try {
      work()
      return Effect.void
    } catch (cause) {
      return Effect.fail(new RecordingUnwritable({ file, why: cause instanceof NotRegular ? "it is no regular file" : clauseOf(cause), hint }))
    }
  })

/** Where a file grows: a name of this process alone. */
const partOf = (file: string): string => `${file}.${process.pid}.part`
/** What `partOf` makes of the names a corpus has: others are a stranger's, whatever they end in. */
const CORPUS_PART = /^(?:[0-9a-f]{12}|stats)\.json\.([0-9]{1,10})\.part$/

const isAlive = (processId: number): boolean => {
  try {
    process.kill(processId, 0)
    return true
  } catch (cause) {
    // Somebody else's process lives as well.
    return cause instanceof Error && "code" in cause && cause.code === "EPERM"
  }
}

/** A name is on the disk once its folder is. Where folders cannot be opened the file system sees to it by itself. */
const syncFolder = (folder: string): void => {
  let descriptor: number
  try {
    descriptor = openSync(folder, "r")
  } catch {
    return
  }
  try {
    fsyncSync(descriptor)
  } catch {
    // Not every file system can.
  } finally {
    closeSync(descriptor)
  }
}

const writeWhole = (file: string, bytes: Uint8Array): void => {
  const there = statSync(file, { throwIfNoEntry: false })
  // A device that is replaced is gone.
  if (there !== undefined && !there.isFile() && !there.isDirectory()) throw new NotRegular()
  const part = partOf(file)
  // Never written through a name that may be a link to somewhere else.
  rmSync(part, { force: true })
  try {
    const descriptor = openSync(part, "wx")
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(part, file)
    syncFolder(dirname(file))
  } catch (cause) {
    rmSync(part, { force: true })
    throw cause
  }
}

/** One part after the other: where the working folder is gone, `recursive` tries for ever. Source: nodejs/node lib/fs.js mkdirSync, libuv */
const makeWhole = (folder: string): void => {
  const isThere = (): boolean => statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true
  if (isThere()) return
  const parent = dirname(folder)
  if (parent !== folder) makeWhole(parent)
  try {
    mkdirSync(folder)
  } catch (cause) {
    // Somebody else may have made it meanwhile.
    if (!isThere()) throw cause
  }
}

const isRegular = (file: string): boolean => {
  try {
    return statSync(file).isFile()
  } catch {
    return false
  }
}

/** What processes that are gone have left half written goes: it has no name yet, and nobody will give it one. */
const withoutParts = (folder: string, names: ReadonlyArray<string>): ReadonlyArray<string> =>
  names.filter((name) => {
    const [, processId] = CORPUS_PART.exec(name) ?? []
    if (processId === undefined) return true
    const file = join(folder, name)
    if (!isAlive(Number(processId)) && isRegular(file)) rmSync(file, { force: true })
    return false
  })

export const workspaceFiles: Layer.Layer<Workspace> = Layer.succeed(Workspace, {
  makeFolder: (folder) => attempt(folder, () => makeWhole(folder)),
  read: (file, bytesMax) => Effect.sync(() => {
    // A device may never end.
    if (!isRegular(file)) return undefined
    const found = readWhole(file, bytesMax)
    return found._tag === "Read" ? found.bytes : undefined
  }),
  write: (file, bytes) => attempt(file, () => writeWhole(file, bytes)),
  list: (folder) => Effect.sync(() => {
    try {
      return withoutParts(folder, readdirSync(folder).sort())
    } catch {
      return []
    }
  })
})
