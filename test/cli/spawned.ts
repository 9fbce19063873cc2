/** rseqlab as a person runs it: a process of its own, in a folder of its own. */
import { spawn, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { threadId } from "node:worker_threads"
import { afterAll } from "vitest"
import { bundledMain } from "./bundle.ts"
import { watchOver } from "./stuck.ts"

export const root = resolve(import.meta.dirname, "../..")
export const main = bundledMain(root)

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Surroundings {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Compiled once, not by every process. */
const bareEnv = { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", NODE_COMPILE_CACHE: join(tmpdir(), "rseqlab-compile-cache") }

const ENDS_WITHIN_MS = 50_000
const LOOKED_AT_AFTER_S = 25

const watched = watchOver(join(tmpdir(), `rseqlab-stuck-${process.pid}-${threadId}.txt`), LOOKED_AT_AFTER_S)

/** Runs to the end. `latin1` output, so that raw bytes stay what they are. One that does not end is told with what it waits for. */
export const rseqlab = (words: ReadonlyArray<string>, { cwd = root, env = {} }: Surroundings = {}): Ended => {
  watched.begin()
  const { signal, status, stderr, stdout } = spawnSync(process.execPath, [main, ...words], {
    cwd, encoding: "latin1", env: { ...bareEnv, ...env }, timeout: ENDS_WITHIN_MS, killSignal: "SIGKILL", maxBuffer: 2 ** 26
  })
  const seen = watched.seen()
  if (signal === "SIGKILL") throw new Error(`rseqlab ${words.join(" ")} did not end within ${ENDS_WITHIN_MS} ms; it said ${stdout}${stderr}\n${seen}`)
  return { code: status, stdout, stderr }
}

export const spawned = (words: ReadonlyArray<string>, { cwd = root, env = {} }: Surroundings = {}) =>
  spawn(process.execPath, [main, ...words], { cwd, env: { ...bareEnv, ...env }, stdio: ["ignore", "pipe", "pipe"] })

/** A folder that is gone when the file's tests are done. */
export const scratchFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "rseqlab-cli-"))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Writes a file into `folder`; its path. */
export const fileIn = (folder: string, name: string, content: string | Uint8Array): string => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

export const linesOf = (text: string): ReadonlyArray<string> => text.split("\n").filter((line) => line !== "")
