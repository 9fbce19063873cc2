/** What help shows can be typed: every example of these commands runs as it stands, in the order in which it is shown. */
import { spawnSync } from "node:child_process"
import { symlinkSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { commands } from "../../src/cli/table.ts"
import { linesOf, main, root, rseqlab, scratchFolder } from "./spawned.ts"

const folder = scratchFolder()
for (const name of ["examples", "test", "recordings"]) symlinkSync(join(root, name), join(folder, name))

/** `rseqlab …` in a shell, as a reader would paste it. */
const pasted = (command: string): { readonly code: number | null; readonly said: string } => {
  const words = command.replace(/^rseqlab /, `"${process.execPath}" "${main}" `)
  const { status, stderr, stdout } = spawnSync("bash", ["-c", words], { cwd: folder, encoding: "utf8", timeout: 60_000 })
  return { code: status, said: stdout + stderr }
}

describe("help", () => {
  it.each(commands.map(({ name }) => name))("of %s begins with what it does and shows examples first", (name) => {
    const { code, stderr, stdout } = rseqlab([name, "--help"])
    assert.deepStrictEqual([code, stderr], [0, ""])
    const headings = linesOf(stdout).filter((line) => /^[A-Z][a-z]+$/.test(line))
    assert.deepStrictEqual(headings.slice(0, 2), ["Examples", "Usage"])
    for (const line of linesOf(stdout)) assert.isAtMost(line.length, 110, line)
  })

  it("names every command", () => {
    const { code, stdout } = rseqlab([])
    assert.strictEqual(code, 0)
    for (const { name } of commands) assert.match(stdout, new RegExp(`^ {2}${name} `, "m"))
  })

  it("shows nothing that does not run", () => {
    // A reader's own program, and findings of a search that has not been made, are not here.
    const isSelfContained = ({ command }: { readonly command: string }): boolean => !/ \.\/|\.rseqlab/.test(command)
    const shown = ["run", "replay", "show", "doctor"]
      .flatMap((name) => commands.find((command) => command.name === name)?.examples ?? []).filter(isSelfContained)
    assert.isAbove(shown.length, 8)
    for (const { command } of shown) {
      const { code, said } = pasted(command)
      assert.include([0, 1], code, `${command}\n${said}`)
      assert.notMatch(said, /--help\)|a mistake in rseqlab/, command)
    }
  })
})
