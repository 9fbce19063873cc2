/** rseqlab as a person runs it: a process of its own, in a folder of its own. */
import { spawn, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterAll } from "vitest"

export const root = resolve(import.meta.dirname, "../..")
const main = join(root, "src/cli/main.ts")

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Surroundings {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** The sources are stripped and compiled once, not by every process. */
const bareEnv = { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", NODE_COMPILE_CACHE: join(tmpdir(), "rseqlab-compile-cache") }

const ENDS_WITHIN_MS = 40_000

/**
 * Runs to the end. `latin1` output, so that raw bytes stay what they are. Node itself, on a crowded machine, has been seen to
 * stand still after its last line was written: such a process is said aloud and started again, once.
 */
export const rseqlab = (words: ReadonlyArray<string>, { cwd = root, env = {} }: Surroundings = {}): Ended => {
  const once = () => spawnSync(process.execPath, [main, ...words], {
    cwd, encoding: "latin1", env: { ...bareEnv, ...env }, timeout: ENDS_WITHIN_MS, killSignal: "SIGKILL", maxBuffer: 2 ** 26
  })
  let ended = once()
  if (ended.status === null) {
    console.warn(`rseqlab ${words.join(" ")} did not end within ${ENDS_WITHIN_MS} ms; started again`)
    ended = once()
  }
  return { code: ended.status, stdout: ended.stdout, stderr: ended.stderr }
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
