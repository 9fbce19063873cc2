import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { RecordingUnwritable } from "../lab/recording-store.ts"
import { Workspace } from "../lab/workspace.ts"
import { clauseOf, readWhole } from "./files.ts"

const hint = "choose another place, or make it writable"

const attempt = (file: string, work: () => void): Effect.Effect<void, RecordingUnwritable> =>
  Effect.suspend(() => {
    try {
      work()
      return Effect.void
    } catch (cause) {
      return Effect.fail(new RecordingUnwritable({ file, why: clauseOf(cause), hint }))
    }
  })

export const workspaceFiles: Layer.Layer<Workspace> = Layer.succeed(Workspace, {
  makeFolder: (folder) => attempt(folder, () => void mkdirSync(folder, { recursive: true })),
  read: (file, bytesMax) => Effect.sync(() => {
    const found = readWhole(file, bytesMax)
    return found._tag === "Read" ? found.bytes : undefined
  }),
  write: (file, bytes) => attempt(file, () => {
    const part = `${file}.part`
    rmSync(part, { force: true })
    writeFileSync(part, bytes, { flag: "wx" })
    renameSync(part, file)
  }),
  list: (folder) => Effect.sync(() => {
    try {
      return readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile()).map(({ name }) => name).sort()
    } catch {
      return []
    }
  })
})
