/** Programs beside ours that add something where they are installed. Nothing needs them. */
import { spawnSync } from "node:child_process"

export interface Tool {
  readonly name: string
  /** What it is asked for its version. */
  readonly arguments: ReadonlyArray<string>
  /** What it would add here. */
  readonly adds: string
}

export const optionalTools: ReadonlyArray<Tool> = [
  { name: "gdb", arguments: ["-nx", "-batch", "-ex", "python print('gdb ' + gdb.VERSION)"], adds: "debugging a recording, with Python for what is shown" },
  { name: "as", arguments: ["--version"], adds: "comparing our assembler with GNU as in the tests (binutils)" },
  { name: "gcc", arguments: ["--version"], adds: "building the C fixtures; this processor as the judge of instructions" },
  { name: "babeltrace2", arguments: ["--version"], adds: "reading exported CTF timelines" },
  { name: "trace-cmd", arguments: ["--version"], adds: "comparing with ftrace recordings of a real kernel" }
]

const TIMEOUT_MS = 5_000
const VERSION_LENGTH_MAX = 40

/** The version a tool says it has, or `undefined` if it is not there or does not answer. */
export const versionOf = ({ arguments: asked, name }: Tool): string | undefined => {
  const { error, status, stderr, stdout } = spawnSync(name, asked, { encoding: "utf8", timeout: TIMEOUT_MS, stdio: ["ignore", "pipe", "pipe"] })
  if (error !== undefined || status !== 0) return undefined
  const version = /[0-9]+(\.[0-9]+)+/.exec(`${stdout}\n${stderr}`)
  return version?.[0].slice(0, VERSION_LENGTH_MAX) ?? "there"
}

/** Where we run. */
export const hostText = (): string => `node ${process.version} on ${process.platform} ${process.arch}`
