/** A program of the user's that judges runs: no shell, nothing to read, killed with all it started. */
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { clauseOf, nearestFile } from "./files.ts"

export type ScriptEnd =
  | { readonly _tag: "Exited"; readonly code: number }
  | { readonly _tag: "Killed"; readonly signal: string }
  | { readonly _tag: "TimedOut" }
  /** `why`: a clause. */
  | { readonly _tag: "NotStarted"; readonly why: string }

const missingWhy = (command: string): string =>
  command.includes("/") ? (existsSync(command) ? "its first line names an interpreter that is not there" : "there is no such program")
  : `there is no such program in PATH${existsSync(command) ? `; a file here is named ./${command}` : ""}`

/** As clauses: `it is a directory`. */
const clauses: Readonly<Record<string, (command: string) => string>> = {
  ENOENT: missingWhy,
  EACCES: (command) => (existsSync(command) && statSync(command).isDirectory() ? "it is a directory" : "it may not be executed; chmod +x allows it"),
  ENOEXEC: () => "it is no program: a script begins with #!"
}

const whyNot = (cause: unknown, command: string): string => {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : ""
  return Object.hasOwn(clauses, code) ? clauses[code]?.(command) ?? code : clauseOf(cause)
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
      child.on("error", (cause) => end({ _tag: "NotStarted", why: whyNot(cause, command) }))
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
      end({ _tag: "NotStarted", why: whyNot(cause, command) })
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

const didYouMeanFile = (file: string): string => {
  const near = nearestFile(file)
  return near === undefined ? "" : `; did you mean ${near}?`
}

/** What a module of the user's exports. Importing runs it: only what was named on the command line is imported. */
export const importModule = (file: string): Effect.Effect<{ readonly exports: Readonly<Record<string, unknown>> } | { readonly why: string }> =>
  Effect.promise(async () => {
    if (!existsSync(file)) return { why: `there is no such file${didYouMeanFile(file)}` }
    const there = statSync(file)
    if (there.isDirectory()) return { why: "it is a directory" }
    // Importing reads to the end, and nobody is heard meanwhile.
    if (!there.isFile()) return { why: "it is no regular file" }
    try {
      return { exports: (await import(pathToFileURL(resolve(file)).href)) as Readonly<Record<string, unknown>> }
    } catch (cause) {
      return { why: cause instanceof Error ? cause.message : String(cause) }
    }
  })

/** What a function of the user's answers, or the promise it gives resolves to, in time. `why`: a clause of its own. */
export const askModule = (
  ask: () => unknown, timeoutMs: number
): Effect.Effect<{ readonly _tag: "Said"; readonly value: unknown } | { readonly _tag: "Threw"; readonly why: string } | { readonly _tag: "TimedOut" }> =>
  Effect.promise(async () => {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<{ readonly _tag: "TimedOut" }>((resolve) => {
      timer = setTimeout(() => resolve({ _tag: "TimedOut" }), timeoutMs)
    })
    const said = async () => {
      try {
        return { _tag: "Said" as const, value: await ask() }
      } catch (cause) {
        return { _tag: "Threw" as const, why: cause instanceof Error ? cause.message : String(cause) }
      }
    }
    try {
      return await Promise.race([said(), late])
    } finally {
      clearTimeout(timer)
    }
  })
