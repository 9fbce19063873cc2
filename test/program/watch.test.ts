/** What is said of data, by `#:` lines, flags and the names of symbols; and what is refused, with what was expected instead. */
import { describe, expect, it } from "vitest"
import { assemble } from "../../src/program/assemble/assemble.ts"
import type { ProgramSymbol } from "../../src/program/program.ts"
import { byName, opposedWatch, parseWatch, placeWatch, type Watch, watchedAs, type WatchName, watchesOf } from "../../src/program/watch.ts"
import { assembleText } from "../support/examples.ts"

const symbol = (name: string, at: number, sizeBytes: number, kind: ProgramSymbol["kind"] = "object"): ProgramSymbol => ({ name, at, sizeBytes, kind })
const symbols = [symbol("cells", 0x1000, 256), symbol("bare", 0x2000, 0, "other"), symbol("pair", 0x3000, 16), symbol("version", 0x3040, 4)]

/** As a flag would say it: the range, or what was expected. */
const said = (claim: WatchName, text: string): Watch | string => {
  const request = parseWatch(claim, text.split(","))
  if ("expected" in request) return request.expected
  const watched = placeWatch(request, byName(symbols))
  return "expected" in watched ? watched.expected : watched
}

describe("a claim", () => {
  it.each<readonly [WatchName, string, Partial<Watch>]>([
    ["watch", "bare,24", { start: 0x2000, end: 0x2018, strideBytes: 0 }],
    ["watch", "cells,512", { start: 0x1000, end: 0x1200 }],
    ["shared", "pair", { name: "pair", claim: "shared", start: 0x3000, end: 0x3010 }],
    ["shared", "pair,0x8", { end: 0x3008 }],
    ["percpu", "cells,64", { start: 0x1000, end: 0x1100, strideBytes: 64, option: "" }],
    ["percpu", "cells,64,x2,locked,by=mm_cid", { end: 0x1080, option: "by=mm_cid locked" }],
    ["percpu", "bare,8,by=cpu_id,x4", { end: 0x2020, option: "" }],
    ["whole", "pair,16,seq=version", { end: 0x3010, other: 0x3040 }],
    ["never", "version", { end: 0x3044 }]
  ])("%s %s is placed", (claim, text, expected) => {
    expect(said(claim, text)).toMatchObject(expected)
  })

  it.each<readonly [WatchName, string, RegExp]>([
    ["shared", "", /^the name of a symbol$/],
    ["shared", "cell", /^a symbol of the program; cell is none; did you mean cells\?$/],
    ["whole", "pair,16,seq=versoin", /^a symbol of the program; versoin is none; did you mean version\?$/],
    ["shared", "bare", /^how many bytes: bare has no size of its own$/],
    ["shared", "pair,0", /^a size of 1 to 1048576 bytes, not 0$/],
    ["shared", "pair,1048577", /^a size of 1 to 1048576 bytes/],
    ["shared", "pair,17", /^what lies in pair: it has 16 bytes, not 17$/],
    ["shared", "pair,16,locked", /^a size in bytes; not locked$/],
    ["percpu", "cells", /^how many bytes one cell has, such as 64$/],
    ["percpu", "cells,64,by=node", /^bytes of one cell, x4, by=mm_cid, locked; not by=node$/],
    ["percpu", "cells,64,x0", /not x0$/],
    ["percpu", "cells,64,x5", /^what lies in cells: it has 256 bytes, not 320$/],
    ["percpu", "cells,512", /^how many cells, such as x4: cells has 256 bytes$/],
    ["percpu", "bare,64", /^how many cells, such as x4: bare has no size of its own$/],
    ["percpu", "bare,1048576,x4096", /^at most 1048576 bytes in user space/]
  ])("%s %s is refused", (claim, text, expected) => {
    expect(said(claim, text)).toMatch(expected)
  })

  it("does not contradict another of the same memory", () => {
    const all = (...lines: ReadonlyArray<readonly [WatchName, string]>): number | undefined =>
      opposedWatch(lines.map(([claim, text]) => said(claim, text) as Watch))?.index
    expect(all(["watch", "pair"], ["shared", "pair"], ["watch", "pair,8"])).toBe(undefined)
    expect(all(["percpu", "cells,64"], ["shared", "cells"])).toBe(undefined)
    expect(all(["shared", "pair"], ["shared", "pair,8"])).toBe(1)
    expect(all(["sync", "pair"], ["never", "pair,8"], ["shared", "pair,4"])).toBe(2)
    expect(all(["whole", "pair"], ["sync", "pair,8"])).toBe(1)
  })

  it("in a line of the program is refused where it stands", () => {
    const refusal = (line: string): string => {
      const assembly = assemble(`${line}\n_start: ret\n.bss\ncell: .zero 8\nlock: .zero 4`, "a.s")
      return assembly._tag === "AssemblyFailed" ? `${assembly.error.line}:${assembly.error.column}: ${assembly.error.expected}` : "assembled"
    }
    expect(refusal("#: shared cell 8")).toBe("assembled")
    expect(refusal("#: shared cel 8")).toBe("1:11: a symbol of the program; cel is none; did you mean cell?")
    expect(refusal("#: percpu cell 4")).toBe("1:11: how many cells, such as x4: cell has no size of its own")
    expect(refusal("#: whole cell 8 sequence=lock")).toMatch(/^1:10: a size in bytes, seq=NAME; not sequence=lock$/)
    expect(refusal("#: sync cell 8\n#: shared cell 4")).toBe("2:11: memory of its own: shared cell overlaps sync cell")
  })

  it("is made by the name of a word, and not by that of a function", () => {
    const program = assembleText(`
#: watch other 8
_start: ret
        .type   rseqlab_never_code, @function
rseqlab_never_code: ret
        .bss
other:  .zero   8
rseqlab_never_seen: .zero 8
        .type   rseqlab_balanced_count, @object
        .size   rseqlab_balanced_count, 4
rseqlab_balanced_count: .zero 4
`, "named.s")
    expect(watchesOf(program).map(({ claim, end, name, start }) => `${claim} ${name} ${end - start}`))
      .toEqual(["watch other 8", "never rseqlab_never_seen 8", "balanced rseqlab_balanced_count 4"])
  })

  it("is made of another build as well, where its symbols are", () => {
    const text = (padding: number, lines = ""): string => `${lines}_start: ret\n.bss\n.zero ${padding}\n.balign 8\npair: .zero 16\nversion: .zero 4`
    const program = assembleText(text(0), "one.s")
    const request = parseWatch("whole", ["pair", "16", "seq=version"])
    if ("expected" in request) throw new Error(request.expected)
    const watched = placeWatch(request, byName(program.symbols))
    if ("expected" in watched) throw new Error(watched.expected)
    const from = { ...program, experiment: { ...program.experiment, watches: [watched] } }
    const at = (build: typeof program, name: string): number | undefined => build.symbols.find((one) => one.name === name)?.at
    const to = assembleText(text(40), "two.s")
    expect(watchedAs(from, to).experiment.watches).toEqual([{ ...watched, start: at(to, "pair"), end: (at(to, "pair") ?? 0) + 16, other: at(to, "version") }])
    const own = assembleText(text(40, "#: whole pair 8\n"), "three.s")
    expect(watchedAs(from, own)).toBe(own)
    expect(watchedAs(from, assembleText("_start: ret\n.bss\npair: .zero 16", "four.s")).experiment.watches).toEqual([])
  })
})
