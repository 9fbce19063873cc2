/**
 * Command lines that nobody would type, over files of every sort: each ends with a code that is documented, in time, and never with
 * 70. Long form: RSEQLAB_COMMAND_LINES=500.
 */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { stream, type Stream } from "../../src/base/prng.ts"
import { exits } from "../../src/cli/exit.ts"
import { linesOf, root, rseqlab, scratchFolder } from "../cli/spawned.ts"
import { oneOf } from "../log/arbitrary.ts"
import { contentsOf, mutated, resealed, revalued } from "../support/resign.ts"

const seed = process.env["RSEQLAB_SEED"] ?? "1"
const lineCount = Number(process.env["RSEQLAB_COMMAND_LINES"] ?? 6)
const commands = ["run", "fuzz", "replay", "show", "explain", "minimize", "bisect"] as const

const folder = scratchFolder()
const goldens = (readdirSync(join(root, "recordings"), { recursive: true }) as ReadonlyArray<string>).filter((name) => name.endsWith(".rec")).sort()
const examples = readdirSync(join(root, "examples")).filter((name) => name.endsWith(".s")).sort()

const SORT_COUNT = 9

/** What a word may lead to: a program, a recording, something spoilt, something else altogether. Never a place outside the folder that is written to. */
const fileOf = (draw: Stream, index: number, sort = draw.below(SORT_COUNT)): string => {
  const at = join(folder, `file${index}`)
  const golden = (): Uint8Array => new Uint8Array(readFileSync(join(root, "recordings", oneOf(draw, goldens))))
  switch (sort) {
    case 0: case 1: copyFileSync(join(root, "examples", oneOf(draw, examples)), `${at}.s`); return `${at}.s`
    case 2: case 3: writeFileSync(`${at}.rec`, golden()); return `${at}.rec`
    case 4: writeFileSync(`${at}.rec`, resealed(revalued(draw, contentsOf(golden())))); return `${at}.rec`
    case 5: writeFileSync(`${at}.rec`, resealed(mutated(draw, contentsOf(golden())))); return `${at}.rec`
    case 6: writeFileSync(at, Uint8Array.from({ length: draw.below(300) }, () => draw.below(256))); return at
    case 7: mkdirSync(at, { recursive: true }); return at
    default: return oneOf(draw, [`${at}.missing`, "", "-", "/dev/zero", "/proc/self/mem", `${at}/\u001b[2J`])
  }
}

const values = ["0", "1", "2", "-1", "17", "1k", "100k", "9999999999999999999", "0x10", "all", "none", "wait", "USR1", "turn=1/3", "turn,preempt", "1.1@1:turn=1", "1.1@main:preempt", "mainline-6.12", "opv-v12,none", "u64(head) == 0", "random", "quiet", "head,8", "counter", "json=out.json,junit=out.xml", "default", "x".repeat(5000), "\u00ff", "="]

/** Most often of a sort that the command takes, good or spoilt. */
const sortFor = (draw: Stream, command: string): number | undefined =>
  draw.oneIn(4) ? undefined : command === "run" || command === "fuzz" ? 0 : oneOf(draw, [2, 4, 4, 5])

/** Flags as the help of the command names them. */
const flagsOf = new Map<string, ReadonlyArray<string>>()
const flagOf = (draw: Stream, command: string): string => {
  const known = flagsOf.get(command) ?? [...rseqlab([command, "--help"]).stdout.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, name = ""]) => name)
  flagsOf.set(command, known)
  expect(known.length).toBeGreaterThan(0)
  return oneOf(draw, known)
}

/** Asked of whatever runs, so that nothing runs for long; `--run CMD` would start a program. */
const bounded: Readonly<Record<(typeof commands)[number], ReadonlyArray<string>>> = {
  run: ["--max-icount", "200k"], fuzz: ["--max-icount", "200k", "--runs", "3"], replay: [], show: [], explain: [], minimize: [], bisect: []
}

const lineOf = (draw: Stream, index: number): ReadonlyArray<string> => {
  const command = oneOf(draw, commands)
  const words: Array<string> = []
  for (let left = draw.oneIn(2) ? 0 : draw.below(3); left > 0; left -= 1) {
    const flag = flagOf(draw, command)
    if (flag === "--run" || flag === "--jobs") continue
    words.push(flag)
    if (!draw.oneIn(3)) words.push(draw.oneIn(5) ? fileOf(draw, 100 * index + left) : oneOf(draw, values))
  }
  words.splice(draw.below(words.length + 1), 0, fileOf(draw, 100 * index, sortFor(draw, command)))
  if (draw.oneIn(6)) words.push("--", oneOf(draw, values))
  return [command, ...bounded[command], ...words]
}

describe("a command line that nobody would type", () => {
  it("ends with a code that is documented, and not by a mistake of ours", { timeout: 3_600_000 }, () => {
    const seen = new Map<string, number>()
    for (let index = 0; index < lineCount; index += 1) {
      const words = lineOf(stream(seed, `line/${index}`), index)
      const again = `seed ${seed}, line ${index}: rseqlab ${words.map((word) => JSON.stringify(word.slice(0, 200))).join(" ")}`
      const { code, stderr } = rseqlab(words, { cwd: folder })
      const exit = Object.values(exits).find((row) => row.code === code)
      // A guest has its own status, under `run`.
      expect(code !== null && code !== exits.bug.code && (exit !== undefined || words[0] === "run"), `${again}\nended with ${code}:\n${stderr.slice(0, 2_000)}`).toBe(true)
      expect(linesOf(stderr).length, `${again}\n${stderr.slice(0, 2_000)}`).toBeLessThan(100)
      seen.set(exit?.name ?? "guest", (seen.get(exit?.name ?? "guest") ?? 0) + 1)
    }
    console.log(`command lines: seed ${seed}, ${[...seen].map(([name, times]) => `${name} ${times}`).join(", ")}`)
  })
})
