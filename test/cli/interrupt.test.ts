/** Ctrl-C, SIGTERM, SIGHUP: the first ends the work properly, the second leaves at once; work that cannot be ended properly is ended. */
import { existsSync } from "node:fs"
import { constants } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { spinning } from "./programs.ts"
import { fileIn, root, rseqlab, scratchFolder, spawned } from "./spawned.ts"

const folder = scratchFolder()
const program = fileIn(folder, "spin.s", spinning)

/** A MiB of chance, again and again. */
const drawing = `.globl _start
_start: lea b(%rip), %rdi
  mov $0x100000, %esi
  xor %edx, %edx
  mov $318, %eax
  syscall
  jmp _start
.bss
b: .skip 0x100000
`

/** Waits until `file` is there: the run has begun. */
const appears = async (file: string): Promise<void> => {
  for (let tries = 0; !existsSync(file) && tries < 600; tries += 1) await new Promise((resolve) => setTimeout(resolve, 50))
}

/** As a shell says it: 128 and its number, where a signal ended the process. */
const ending = (child: ReturnType<typeof spawned>): Promise<{ readonly code: number | null; readonly stderr: string }> =>
  new Promise((resolve) => {
    let stderr = ""
    child.stderr.on("data", (part: Buffer) => void (stderr += part.toString("latin1")))
    child.on("close", (code, signal) => resolve({ code: signal === null ? code : 128 + constants.signals[signal], stderr }))
  })

describe("the first Ctrl-C", () => {
  it("ends the run as abandoned, with a recording that is whole and replays to that point", async () => {
    const recording = join(folder, "spin.rec")
    const child = spawned(["run", program, "--max-icount", "100G", "--record", recording])
    const ended = ending(child)
    await appears(`${recording}.part`)
    await new Promise((resolve) => setTimeout(resolve, 300))
    assert.isFalse(existsSync(recording), "nothing stands under its name while the run goes on")
    child.kill("SIGINT")
    const { code, stderr } = await ended
    assert.strictEqual(code, 130, stderr)
    assert.match(stderr, /ABANDONED spin\.s: interrupted/)
    assert.isFalse(existsSync(`${recording}.part`))
    const { code: replayed, stdout } = rseqlab(["replay", recording, "--max-icount", "100G"])
    assert.match(stdout, /the same run, bit for bit/)
    assert.strictEqual(replayed, 0)
    assert.match(rseqlab(["show", recording, "--header"]).stdout, /^end +interrupted$/m)
  })

  it("ends a replay with 130 and no verdict", async () => {
    const recording = join(folder, "spin.rec")
    const child = spawned(["replay", recording, "--max-icount", "100G"])
    const ended = ending(child)
    setTimeout(() => child.kill("SIGINT"), 10)
    const { code } = await ended
    assert.include([130, null], code)
  })
})

describe("the second Ctrl-C", () => {
  it("leaves at once, and keeps what was written aside", async () => {
    const recording = join(folder, "twice.rec")
    const child = spawned(["run", program, "--max-icount", "100G", "--record", recording])
    const ended = ending(child)
    await appears(`${recording}.part`)
    child.kill("SIGINT")
    child.kill("SIGINT")
    const { code } = await ended
    assert.strictEqual(code, 130)
  })
})

describe("SIGTERM and SIGHUP", () => {
  it.each(["SIGTERM", "SIGHUP"] as const)("%s ends a run as Ctrl-C does", async (signal) => {
    const recording = join(folder, `${signal}.rec`)
    const child = spawned(["run", program, "--max-icount", "100G", "--record", recording])
    const ended = ending(child)
    await appears(`${recording}.part`)
    await new Promise((resolve) => setTimeout(resolve, 300))
    child.kill(signal)
    const { code, stderr } = await ended
    assert.strictEqual(code, 130, stderr)
    assert.match(stderr, /ABANDONED spin\.s: interrupted/)
    assert.isTrue(existsSync(recording))
  })

  // A quiet run of days is looked at before anything is searched: nothing is lost with it.
  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s ends a search whose quiet run goes on", async (signal) => {
    const child = spawned(["fuzz", program, "--max-icount", "100G"])
    const ended = ending(child)
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    child.kill(signal)
    const { code, stderr } = await ended
    assert.include([130, 128 + constants.signals[signal]], code, stderr)
  })

  it("end a run whose calls take long, whatever they do", async () => {
    const child = spawned(["run", fileIn(folder, "getrandom.s", drawing), "--max-icount", "100G"])
    const ended = ending(child)
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    child.kill("SIGTERM")
    const { code, stderr } = await ended
    assert.include([130, 128 + constants.signals.SIGTERM], code, stderr)
  })

  // While a process begins it hears nothing, but for what ends it at once.
  it.each([50, 150, 250, 350, 450, 550])("are not lost %i ms into a run", async (wait) => {
    const child = spawned(["run", program, "--max-icount", "100G", "--strategy", "pct-2"])
    const ended = ending(child)
    await new Promise((resolve) => setTimeout(resolve, wait))
    child.kill("SIGTERM")
    const { code, stderr } = await ended
    assert.include([130, 128 + constants.signals.SIGTERM], code, stderr)
  })

  it("end what goes on behind our back, by a watchdog", async () => {
    const recording = join(root, "recordings/percpu-push-bad/lost-node.rec")
    const predicate = fileIn(folder, "predicate.mjs", `export const fails = async () => {
      process.stderr.write("asked\\n")
      await new Promise((resolve) => setTimeout(resolve, 400))
      for (;;);
    }`)
    const child = spawned(["bisect", recording, "--predicate", predicate])
    const ended = ending(child)
    await new Promise<void>((resolve) => child.stderr.on("data", (part: Buffer) => {
      if (part.toString().includes("asked")) resolve()
    }))
    child.kill("SIGTERM")
    const { code, stderr } = await ended
    assert.include([130, 128 + constants.signals.SIGKILL], code, stderr)
  })
})

describe("a reader that goes away", () => {
  it("ends the writer by SIGPIPE, without a word", async () => {
    const child = spawned(["run", program, "--max-icount", "1M", "--strategy", "random", "--jsonl"])
    const ended = ending(child)
    child.stdout.once("data", () => child.stdout.destroy())
    assert.deepStrictEqual(await ended, { code: 128 + constants.signals.SIGPIPE, stderr: "" })
  })
})
