import { existsSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { root } from "../support/source-tree.ts"
import { changed, textOf } from "./mutant.ts"
import { mutants } from "./table.ts"

describe("the table of mutants", () => {
  it("is long enough to mean something", () => {
    expect(mutants.length).toBeGreaterThanOrEqual(40)
  })
  it.each(mutants)("fits $file: $breaks", (mutant) => {
    expect(changed(textOf(root, mutant.file), mutant)).not.toHaveProperty("refused")
    expect(existsSync(`${root}/${mutant.test}`), mutant.test).toBe(true)
    expect(mutant.test).toMatch(/\.test\.ts$/)
  })
  it("breaks each line in one way", () => {
    const keys = mutants.map(({ after, before, file }) => `${file}\n${before}\n${after}`)
    expect(new Set(keys).size).toBe(keys.length)
  })
  it("notices a line that is gone, and one that is there twice", () => {
    const row = { file: "a.ts", before: "x()", after: "y()", test: "a.test.ts", breaks: "" }
    expect(changed("z()\n", row)).toHaveProperty("refused")
    expect(changed("  x()\nx()\n", row)).toHaveProperty("refused")
    expect(changed("  x()\nz()\n", row)).toEqual({ text: "  y()\nz()\n" })
  })
})
