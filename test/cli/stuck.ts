/**
 * Looks at a process that does not end, while it stands still: what each of its threads waits for, and where gdb is, their stacks.
 * A thread of its own, because whoever waits for the process waits synchronously.
 */
import { spawnSync } from "node:child_process"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { isMainThread, Worker, workerData } from "node:worker_threads"

interface Watch {
  /** When a process was begun, in whole seconds of `performance`; 0 where none is. */
  readonly since: Int32Array
  readonly file: string
  readonly afterSeconds: number
}

const POLL_MS = 1_000

const textOf = (path: string): string => {
  try {
    return readFileSync(path, "utf8").replaceAll("\0", " ").trim()
  } catch (error) {
    return String(error)
  }
}

const namesIn = (path: string): ReadonlyArray<string> => {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

/** Of every child there is: a test that waits has one. */
const stateOfChildren = (): string => {
  const children = namesIn("/proc/self/task").flatMap((task) => textOf(`/proc/self/task/${task}/children`).split(" ")).filter((pid) => /^\d+$/.test(pid))
  return children.map((pid) => [
    `process ${pid}: ${textOf(`/proc/${pid}/cmdline`)}`,
    ...namesIn(`/proc/${pid}/task`).map((task) => {
      const at = `/proc/${pid}/task/${task}`
      return `  ${task} ${textOf(`${at}/comm`)}: ${/^State:\s*(.*)$/m.exec(textOf(`${at}/status`))?.[1]}, in ${textOf(`${at}/wchan`)}, call ${textOf(`${at}/syscall`)}`
    }),
    spawnSync("gdb", ["-p", pid, "-batch", "-ex", "thread apply all bt 30"], { encoding: "utf8", timeout: 20_000 }).stdout ?? "no gdb"
  ].join("\n")).join("\n")
}

const watch = ({ afterSeconds, file, since }: Watch): void => {
  let told = 0
  setInterval(() => {
    const begun = Atomics.load(since, 0)
    if (begun === 0 || begun === told || performance.timeOrigin / 1000 + performance.now() / 1000 - begun < afterSeconds) return
    told = begun
    writeFileSync(file, stateOfChildren())
  }, POLL_MS)
}

if (!isMainThread && (workerData as Partial<Watch> | null)?.since instanceof Int32Array) watch(workerData as Watch)

/** A watch over what is begun synchronously: `begin` it, and `end` gives what was seen, if it took so long that one looked. */
export const watchOver = (file: string, afterSeconds: number): { readonly begin: () => void; readonly seen: () => string } => {
  const since = new Int32Array(new SharedArrayBuffer(4))
  const workerData: Watch = { since, file, afterSeconds }
  new Worker(new URL(import.meta.url), { workerData, stdout: false }).unref()
  return {
    begin: () => void Atomics.store(since, 0, Math.round((performance.timeOrigin + performance.now()) / 1000)),
    seen: () => {
      Atomics.store(since, 0, 0)
      return textOf(file)
    }
  }
}
