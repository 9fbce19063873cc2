/** Recordings as files. A recording grows as `x.rec.part` and gets its name when it is whole. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { closeSync, fsyncSync, lstatSync, openSync, readdirSync, renameSync, rmSync, statSync, writeSync } from "node:fs"
import { join } from "node:path"
import { recordingLimits } from "../log/limits.ts"
import {
  RecordingExists, RecordingMissing, type RecordingSink, RecordingStore, RecordingUnreadable, RecordingUnwritable
} from "../lab/recording-store.ts"
import { clauseOf, nearestFile, readWhole } from "./files.ts"

const PART = ".part"
const hint = "choose another place, or make it writable"

const unwritable = (file: string, cause: unknown): RecordingUnwritable =>
  new RecordingUnwritable({ file, why: clauseOf(cause), hint })

/** What stands under a name now. */
const kindOf = (file: string): "nothing" | "file" | "folder" | "other" => {
  try {
    const found = statSync(file)
    return found.isFile() ? "file" : found.isDirectory() ? "folder" : "other"
  } catch {
    return "nothing"
  }
}

class PartFile implements RecordingSink {
  private readonly file: string
  private descriptor: number | undefined
  private failed: RecordingUnwritable | undefined

  constructor(file: string) {
    this.file = file
    // Never written through a name that may be a link to somewhere else.
    rmSync(file + PART, { force: true })
    this.descriptor = openSync(file + PART, "wx")
  }

  readonly append = (bytes: Uint8Array): void => {
    if (this.descriptor === undefined || this.failed !== undefined) return
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(this.descriptor, bytes, at)
    } catch (cause) {
      this.failed = unwritable(this.file, cause)
    }
  }

  readonly failure = (): RecordingUnwritable | undefined => this.failed

  readonly seal = Effect.suspend(() => {
    if (this.failed !== undefined) return Effect.fail(this.failed)
    try {
      if (this.descriptor !== undefined) fsyncSync(this.descriptor)
      this.close()
      renameSync(this.file + PART, this.file)
      return Effect.void
    } catch (cause) {
      return Effect.fail(unwritable(this.file, cause))
    }
  })

  readonly discard = Effect.sync(() => {
    this.close()
    rmSync(this.file + PART, { force: true })
  })

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor)
    this.descriptor = undefined
  }
}

const create = (file: string, { mayReplace }: { readonly mayReplace: boolean }): Effect.Effect<RecordingSink, RecordingExists | RecordingUnwritable, Scope.Scope> => {
  const open = Effect.suspend((): Effect.Effect<PartFile, RecordingExists | RecordingUnwritable> => {
    const there = kindOf(file)
    if (there === "folder" || there === "other") {
      const why = there === "folder" ? "it is a folder" : "it is no regular file"
      return Effect.fail(new RecordingUnwritable({ file, why, hint: "choose another name" }))
    }
    if (there === "file" && !mayReplace) return Effect.fail(new RecordingExists({ file }))
    try {
      return Effect.succeed(new PartFile(file))
    } catch (cause) {
      return Effect.fail(unwritable(file, cause))
    }
  })
  return Effect.acquireRelease(open, (part) => Effect.sync(() => part.close()))
}

const FOLDER_DEPTH_MAX = 16
const LISTED_COUNT_MAX = 10_000

const recordingsUnder = (folder: string, depth: number): ReadonlyArray<string> => {
  if (depth > FOLDER_DEPTH_MAX) return []
  const found: Array<string> = []
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name)
    const entry = lstatSync(path)
    if (entry.isDirectory()) found.push(...recordingsUnder(path, depth + 1))
    else if (entry.isFile() && name.endsWith(".rec")) found.push(path)
    if (found.length >= LISTED_COUNT_MAX) break
  }
  return found
}

export const recordingFiles: Layer.Layer<RecordingStore> = Layer.succeed(RecordingStore, {
  read: (file) => Effect.suspend((): Effect.Effect<Uint8Array, RecordingMissing | RecordingUnreadable> => {
    const found = readWhole(file, recordingLimits.recordingBytesMax)
    switch (found._tag) {
      case "Read":
        return Effect.succeed(found.bytes)
      case "Missing":
        return Effect.fail(new RecordingMissing({ file, nearest: nearestFile(file) }))
      case "Unreadable":
        return Effect.fail(new RecordingUnreadable({ file, why: found.why }))
    }
  }),
  create,
  list: (name) => Effect.suspend((): Effect.Effect<ReadonlyArray<string>, RecordingMissing | RecordingUnreadable> => {
    const there = kindOf(name)
    if (there === "nothing") return Effect.fail(new RecordingMissing({ file: name, nearest: nearestFile(name) }))
    if (there !== "folder") return Effect.succeed([name])
    try {
      const found = recordingsUnder(name, 0)
      return found.length > 0 ? Effect.succeed(found) : Effect.fail(new RecordingUnreadable({ file: name, why: "the folder holds no .rec file" }))
    } catch (cause) {
      return Effect.fail(new RecordingUnreadable({ file: name, why: clauseOf(cause) }))
    }
  })
})
