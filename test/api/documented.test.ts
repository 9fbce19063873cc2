/** What docs/api.md shows is run as it stands there. */
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { afterAll, assert, describe, it } from "vitest"

const root = resolve(import.meta.dirname, "../..")
// Inside the tree, so that packages are found as a reader's program finds them.
const folder = mkdtempSync(join(root, "node_modules/.documented-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const examples = [...readFileSync(join(root, "docs/api.md"), "utf8").matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = ""]) => code)
const doors: Readonly<Record<string, string>> = { "rseqlab/effect": "src/api/effect.ts", rseqlab: "src/api/index.ts" }
const source = (code: string): string => code.replace(/from "(rseqlab(?:\/effect)?)"/g, (_whole, door: string) =>
  `from ${JSON.stringify(pathToFileURL(join(root, doors[door] ?? "")).href)}`)

const output = (index: number): string => {
  const file = join(folder, `example-${index}.mjs`)
  writeFileSync(file, source(examples[index] ?? ""))
  return execFileSync(process.execPath, [file], { cwd: root, encoding: "utf8" })
}

describe("docs/api.md", () => {
  it("shows a run, its failure, and the failure again", () => {
    const [quiet = "", schedule = "", same = "", ...timeline] = output(0).split("\n")
    assert.strictEqual(quiet, "exit status 0")
    assert.match(schedule, /^1\.[12]@\d+:\w+/)
    assert.strictEqual(same, "Same")
    assert.match(timeline[0] ?? "", /^entry +now +cpu0 +cpu1$/)
    assert.match(timeline.join("\n"), /run ends +Exited 1/)
  })

  it("shows a search, its failure bisected and minimized", () => {
    const [found = "", why = "", bisected = "", proof] = output(1).trim().split("\n")
    assert.match(found, /^\d+ guest-failure 1\.1@retry\+0x17:preempt=1\.2$/)
    assert.match(why, /^Task 1\.1 was preempted .* without this it exits with status 0\.$/)
    assert.match(bisected, /^1\.1@retry\+0x17:preempt=1\.2 mov %rcx, \(%rbx\) mov %rcx, 8\(%r12\) \d+$/)
    assert.strictEqual(proof, "minimum")
  })

  it("shows the same experiment under two contracts", () => {
    const lines = output(2).trim().split("\n")
    assert.match(lines[0] ?? "", /^turner-v2 \{ _tag: 'Exited', status: 0 \}$/)
    // The other contract has no such call, and the program says so with its status.
    assert.match(lines[1] ?? "", /^mainline-6\.12 \{ _tag: 'Exited', status: 1 \}$/)
  })

  it("has no example that is not run here", () => {
    assert.strictEqual(examples.length, 3)
  })
})
