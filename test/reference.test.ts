import { existsSync, readdirSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
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
