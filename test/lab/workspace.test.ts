import { describe, expect, it } from "vitest"
import { homeOf } from "../../src/lab/workspace.ts"

describe("what a program goes by", () => {
  it("is its path from the working folder, in one word and without its ending", () => {
    expect(homeOf("/w/p.s", "/w")).toBe("p")
    expect(homeOf("/w/examples/p.s", "/w/")).toBe("examples+p")
    expect(homeOf("/w/v1.2/p", "/w")).toBe("v1.2+p")
  })
  it("is its name and a digest where it lies elsewhere or its path is long, and never the same for two paths", () => {
    const paths = ["/w/p.s", "/w/a/p.s", "/w/b/p.s", "/w/a+p.s", "/v/p.s", "/w2/p.s", "/p.s", `/w/${"x".repeat(90)}/p.s`, `/w/${"x".repeat(91)}/p.s`]
    const homes = paths.map((path) => homeOf(path, "/w"))
    expect(new Set(homes).size).toBe(paths.length)
    for (const home of homes) expect(home).toMatch(/^[A-Za-z0-9._+-]{1,100}$/)
    expect(homeOf("/v/p.s", "/w")).toMatch(/^p-[0-9a-f]{8}$/)
  })
  it("leads nowhere else, however a path is written", () => {
    for (const path of ["/w/..", "/w/.s", "/w/$(id)/`x`.s", "/w/\u001b]0;x/p", "/w/.../..x"]) {
      expect(homeOf(path, "/w")).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._+-]*$|^\+/)
    }
  })
})
