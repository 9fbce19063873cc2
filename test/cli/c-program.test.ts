/** The how-to about C programs: what it shows is built by this machine's compiler, and searched. */
import { spawnSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { root, rseqlab, scratchFolder } from "./spawned.ts"

const page = readFileSync(join(root, "docs/how-to/search-a-c-program.md"), "utf8")
/** Programs of the page, each with the command that builds it. */
const sources = [...page.matchAll(/```c\n([\s\S]*?)```/g)].map(([, source = ""]) => source)
const commands = [...page.matchAll(/`(gcc [^`]+)`/g)].map(([, command = ""]) => command)
const canBuild = spawnSync("gcc", ["-x", "c", "-static", "-o", "/dev/null", "-"], { input: "#include <sys/rseq.h>\nint main(void) { return 0; }\n" }).status === 0

/** Builds the program number `index`, runs it quietly, and searches it. */
const searched = (index: number, command = commands[index] ?? "") => {
  const cwd = scratchFolder()
  const [gcc = "", ...words] = command.split(" ")
  writeFileSync(join(cwd, words.at(-1) ?? ""), sources[index] ?? "")
  expect(spawnSync(gcc, words, { cwd, encoding: "utf8" }).stderr, "the compiler").toBe("")
  const program = `./${words.at(-2) ?? ""}`
  const quiet = rseqlab(["run", program], { cwd })
  expect([quiet.code, quiet.stderr]).toEqual([0, expect.stringContaining(`passed ${program.slice(2)}: exit status 0`)])
  const { code, stderr, stdout } = rseqlab(["fuzz", program], { cwd })
  expect(code, stdout + stderr).toBe(1)
  return { stderr, told: stdout.replace(/\s+/g, " ") }
}

describe("docs/how-to/search-a-c-program.md", () => {
  it("shows two programs and how they are built", () => {
    expect([sources.length, commands.length]).toEqual([2, 2])
  })

  it.skipIf(!canBuild)("shows a program whose lost update is found (needs gcc and a static glibc)", () => {
    const { stderr, told } = searched(0)
    expect(stderr).toMatch(/watching what tasks share in a quiet run: .*\bcounter\b/)
    expect(told).toMatch(/FOUND guest-failure in lost .* 1 deviation \(minimum\)/)
    expect(told).toMatch(/meanwhile task 1\.[12] changed counter from 0x[0-9a-f]+ to 0x[0-9a-f]+ .*at work\+0x/)
    expect(told).toMatch(/then stored 0x[0-9a-f]+ there, over 0x[0-9a-f]+, at work\+0x/)
  })

  it.skipIf(!canBuild)("tells the truth about optimisation: an addition in memory is divided (needs gcc and a static glibc)", () => {
    const { told } = searched(0, (commands[0] ?? "").replace("-O0", "-O2"))
    expect(told).toMatch(/FOUND guest-failure in lost .* 1 deviation \(minimum\)/)
    expect(told).toMatch(/was stopped between a read and its write at work\S*, in `addl? \$3, counter\(%rip\)`, while cpu[01] went on; .*over 0x3, at work/)
  })

  it.skipIf(!canBuild)("shows a sequence that takes effect before its end (needs gcc and a static glibc)", () => {
    const { told } = searched(1)
    expect(told).toMatch(/FOUND guest-failure in twice .* 1 deviation \(minimum\)/)
    expect(told).toMatch(/was preempted at work\+0x[0-9a-f]+, before `nop`, .* the contract sent it from work\+0x[0-9a-f]+ to its abort handler/)
    expect(told).toMatch(/also seen two-commits: task 1\.1 was aborted in the section at work\+0x[0-9a-f]+ after it had stored to counters/)
  })
})
