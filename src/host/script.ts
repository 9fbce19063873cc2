/** A program of the user's that judges runs: no shell, nothing to read, killed with all it started. */
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { clauseOf } from "./files.ts"

export type ScriptEnd =
  | { readonly _tag: "Exited"; readonly code: number }
  | { readonly _tag: "Killed"; readonly signal: string }
  | { readonly _tag: "TimedOut" }
  /** `why`: a clause. */
  | { readonly _tag: "NotStarted"; readonly why: string }

const clauses: Readonly<Record<string, string>> = { ENOENT: "there is no such program", EACCES: "it may not be executed", ENOEXEC: "it is no program: a script begins with #!" }

const whyNot = (cause: unknown): string => {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : ""
  return clauses[code] ?? clauseOf(cause)
}

const killGroup = (pid: number | undefined): void => {
  if (pid === undefined) return
  try {
    process.kill(-pid, "SIGKILL")
  } catch {
    // It has ended by itself.
  }
}

/** Runs it to its end, its output on our standard error. Interrupted or out of time, its whole process group is killed. */
export const runScript = (
  command: string, words: ReadonlyArray<string>, variables: Readonly<Record<string, string>>, timeoutMs: number
): Effect.Effect<ScriptEnd> =>
  Effect.callback<ScriptEnd>((resume) => {
    let timer: NodeJS.Timeout | undefined
    let isOver = false
    const end = (how: ScriptEnd): void => {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      resume(Effect.succeed(how))
    }
    let pid: number | undefined
    try {
      const child = spawn(command, [...words], { detached: true, shell: false, stdio: ["ignore", 2, 2], env: { ...process.env, ...variables } })
      pid = child.pid
      child.on("error", (cause) => end({ _tag: "NotStarted", why: whyNot(cause) }))
      child.on("exit", (code, signal) => {
        // What it has started and left behind goes with it.
        killGroup(pid)
        end(code === null ? { _tag: "Killed", signal: signal ?? "a signal" } : { _tag: "Exited", code })
      })
      timer = setTimeout(() => {
        killGroup(pid)
        end({ _tag: "TimedOut" })
      }, timeoutMs)
    } catch (cause) {
      end({ _tag: "NotStarted", why: whyNot(cause) })
    }
    return Effect.sync(() => {
      clearTimeout(timer)
      killGroup(pid)
    })
  })

/** A folder of its own for as long as the scope lasts. */
export const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "rseqlab-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

export const writeText = (folder: string, name: string, text: string): string => {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

/** What a module of the user's exports. Importing runs it: only what was named on the command line is imported. */
export const importModule = (file: string): Effect.Effect<{ readonly exports: Readonly<Record<string, unknown>> } | { readonly why: string }> =>
  Effect.promise(async () => {
    if (!existsSync(file)) return { why: "there is no such file" }
    try {
      return { exports: (await import(pathToFileURL(resolve(file)).href)) as Readonly<Record<string, unknown>> }
    } catch (cause) {
      return { why: cause instanceof Error ? cause.message : String(cause) }
    }
  })
