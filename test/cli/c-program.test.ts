/** The how-to about C programs: what it shows is built by this machine's compiler, and searched. */
import { spawnSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { root, rseqlab, scratchFolder } from "./spawned.ts"

const page = readFileSync(join(root, "docs/how-to/search-a-c-program.md"), "utf8")
const [, source = ""] = /```c\n([\s\S]*?)```/.exec(page) ?? []
const [, command = ""] = /`(gcc [^`]+)`/.exec(page) ?? []
const compiler = spawnSync("gcc", ["--version"]).status === 0

describe("docs/how-to/search-a-c-program.md", () => {
  it.skipIf(!compiler)("shows a program whose lost update is found (needs gcc and a static libc)", () => {
    const cwd = scratchFolder()
    writeFileSync(join(cwd, "lost.c"), source)
    const [gcc = "", ...words] = command.split(" ")
    const built = spawnSync(gcc, words, { cwd, encoding: "utf8" })
    expect(built.stderr, "the compiler").toBe("")

    const quiet = rseqlab(["run", "./lost"], { cwd })
    expect([quiet.code, quiet.stderr]).toEqual([0, expect.stringContaining("passed lost: exit status 0")])

    const found = rseqlab(["fuzz", "./lost"], { cwd })
    expect(found.code, found.stdout + found.stderr).toBe(1)
    expect(found.stderr).toMatch(/watching what tasks share in a quiet run: .*\bcounter\b/)
    const told = found.stdout.replace(/\s+/g, " ")
    expect(told).toMatch(/FOUND guest-failure in lost .* 1 deviation \(minimum\)/)
    expect(told).toMatch(/meanwhile task 1\.[12] changed counter from 0x[0-9a-f]+ to 0x[0-9a-f]+ at work\+0x/)
    expect(told).toMatch(/then wrote 0x[0-9a-f]+ there, over 0x[0-9a-f]+, at work\+0x/)
  })
})
