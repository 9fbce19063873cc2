import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { referenceFolder, referencePages } from "../scripts/reference.ts"
import { filesUnder } from "./support/source-tree.ts"

const rootUrl = new URL("..", import.meta.url)

describe("docs/reference", () => {
  const pages = referencePages()
  it.each([...pages])("%s is what the tables say now (npm run docs)", (name, text) => {
    expect(readFileSync(new URL(name, referenceFolder), "utf8")).toBe(text)
  })
  it("holds no page without a table", () => {
    expect(readdirSync(referenceFolder).sort()).toEqual([...pages.keys()].sort())
  })
})

describe("docs/adding.md", () => {
  const read = (path: string): string => readFileSync(new URL(path, rootUrl), "utf8")
  const lines = read("docs/adding.md").split("\n")
  const shown: Array<readonly [file: string, lines: Array<string>]> = []
  for (const line of lines) {
    if (line.startsWith("+++ ")) shown.push([line.slice(4), []])
    else if (line.startsWith("+")) shown[shown.length - 1]?.[1].push(line.slice(1).trim())
  }
  it("shows a row of each table", () => {
    expect(shown.length).toBeGreaterThanOrEqual(12)
  })
  it.each(shown)("shows lines of %s that are there, in their order", (file, wanted) => {
    let rest = read(file).split("\n").map((line) => line.trim())
    for (const line of wanted) {
      expect(rest, `${file}: ${line}`).toContain(line)
      rest = rest.slice(rest.indexOf(line) + 1)
    }
  })
})

describe("pages", () => {
  const pages = filesUnder("docs", "src").filter(({ path }) => path.endsWith(".md"))
  it.each(pages)("$path leads to what is there", ({ path, text }) => {
    const links = [...text.matchAll(/\]\(([^)#\s]+)\)/g)].map(([, link = ""]) => link).filter((link) => !/^[a-z]+:/.test(link))
    const files = [...text.matchAll(/`((?:src|test|scripts|examples|docs)\/[\w./-]+)`/g)].map(([, file = ""]) => file)
    const lost = [
      ...links.filter((link) => !existsSync(new URL(link, new URL(path, rootUrl)))),
      ...files.filter((file) => !existsSync(new URL(file, rootUrl)))
    ]
    expect(lost).toEqual([])
  })
})

/** Commands of the `console` blocks of a page, and what they print; a line `…` stands for any lines. */
const sessionOf = (text: string): ReadonlyArray<{ readonly command: string; readonly printed: ReadonlyArray<string> }> => {
  const steps: Array<{ readonly command: string; readonly printed: Array<string> }> = []
  for (const [, block = ""] of text.matchAll(/```console\n([^]*?)```/g)) {
    for (const line of block.trimEnd().split("\n")) {
      if (line.startsWith("$ ")) steps.push({ command: line.slice(2), printed: [] })
      else steps[steps.length - 1]?.printed.push(line)
    }
  }
  return steps
}

describe("README.md", () => {
  const here = fileURLToPath(rootUrl)
  let folder = ""
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "rseqlab-session-"))
    symlinkSync(join(here, "examples"), join(folder, "examples"))
  })
  afterAll(() => rmSync(folder, { recursive: true }))
  const steps = sessionOf(readFileSync(join(here, "README.md"), "utf8"))

  it("shows a session", () => {
    expect(steps.length).toBeGreaterThanOrEqual(4)
  })
  it.each(steps)("prints what it says: $command", ({ command, printed }) => {
    const words = command.split(" ")
    expect(words.slice(0, 2)).toEqual(["npx", "rseqlab"])
    const { stderr, stdout } = spawnSync(process.execPath, [join(here, "src/cli/main.ts"), ...words.slice(2)], { cwd: folder, encoding: "utf8" })
    const lines = `${stdout}${stderr}`.trimEnd().split("\n")
    const cut = printed.indexOf("…")
    expect(cut < 0 ? lines : lines.slice(0, cut)).toEqual(cut < 0 ? printed : printed.slice(0, cut))
  })
})
