/**
 * What the README, the tutorial and the how-tos show is what the commands print: every console block is run, in the order of its page, in a
 * folder of its own. `RSEQLAB_WRITE_PAGES=1` writes the pages anew.
 */
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { root, rseqlab, scratchFolder } from "./spawned.ts"

const pages = ["README.md", ...["docs/tutorial", "docs/how-to"].flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`))]

/** Times differ from machine to machine, hashes from version to version; how far a search has come is said every ten seconds. */
const steady = (text: string): string =>
  text.replace(/^rseqlab: fuzzing .* runs \(.*\/s\).*\n/gm, "").replace(/\b[0-9]+\.[0-9] s\b/g, "0.0 s").replace(/state [0-9a-f]{16} · content [0-9a-f]+/g, "state … · content …")

/** Words of a command line without a shell: quotes, one redirection, one star. */
const wordsOf = (line: string, cwd: string): { readonly words: ReadonlyArray<string>; readonly into: string | undefined } => {
  const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "")
  const at = words.indexOf(">")
  const into = at === -1 ? undefined : words[at + 1]
  const expanded = (at === -1 ? words : words.slice(0, at)).flatMap((word) => {
    if (!word.endsWith("/*.rec")) return [word]
    const folder = word.slice(0, -"/*.rec".length)
    return readdirSync(join(cwd, folder)).sort().map((name) => `${folder}/${name}`)
  })
  return { words: expanded, into }
}

const shown = (block: string, cwd: string, last: { code: number | null }): string => {
  const lines: Array<string> = []
  for (const line of block.split("\n").filter((one) => one.startsWith("$ "))) {
    lines.push(line)
    if (line === "$ echo $?") {
      lines.push(String(last.code))
      continue
    }
    const { into, words: [npx, name, ...words] } = wordsOf(line.slice(2), cwd)
    assert.deepStrictEqual([npx, name], ["npx", "rseqlab"])
    const ended = rseqlab(words, { cwd })
    last.code = ended.code
    const said = Buffer.from(`${ended.stderr}${into === undefined ? ended.stdout : ""}`, "latin1").toString("utf8")
    lines.push(...said.split("\n").filter((_, index, all) => index < all.length - 1))
  }
  return `${lines.join("\n")}\n`
}

describe.each(pages)("%s", (page) => {
  it("shows what the commands print", () => {
    const cwd = scratchFolder()
    symlinkSync(join(root, "examples"), join(cwd, "examples"))
    const text = readFileSync(join(root, page), "utf8")
    const last: { code: number | null } = { code: 0 }
    const made = text.replace(/```console\n([\s\S]*?)```/g, (_whole, block: string) => `\`\`\`console\n${steady(shown(block, cwd, last))}\`\`\``)
    if (process.env["RSEQLAB_WRITE_PAGES"] === "1") writeFileSync(join(root, page), made)
    else assert.strictEqual(made, text)
  })
})
