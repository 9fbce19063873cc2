import { describe, expect, it } from "vitest"
import { rootTask } from "../../src/base/ids.ts"
import type { Event } from "../../src/log/event.ts"
import { lastWords } from "../../src/search/last-words.ts"

const written = (text: string, fd = 1): { readonly event: Event } => ({ event: { _tag: "Written", task: rootTask, fd, bytes: new TextEncoder().encode(text) } })

describe("the last words of a program", () => {
  it("are the last three lines of both streams, in their order, the last of them ended or not", () => {
    expect(lastWords([])).toEqual([])
    expect(lastWords([written("one\ntwo\n"), written("thr", 2), written("not of ours\n", 5), written("ee\n\nfour")])).toEqual(["two", "three", "four"])
  })
  it("are cut, of a long line and of a long output", () => {
    expect(lastWords([written("x".repeat(10_000))])).toEqual([`${"x".repeat(200)}…`])
    expect(lastWords([written("lost\n"), written("y".repeat(5_000)), written("\nend\n")])).toEqual([`${"y".repeat(200)}…`, "end"])
  })
})
