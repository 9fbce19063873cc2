import { assert, describe, it } from "vitest"
import { ProgressLine } from "../../src/host/progress-line.ts"
import { hasColor, type Terminal } from "../../src/host/terminal.ts"

/** A terminal that remembers, and a clock that is moved by hand. */
const watching = (isStderrTty: boolean) => {
  const written: Array<string> = []
  const clock = { now: 0, milliseconds: () => clock.now }
  const terminal: Terminal = { isStderrTty, isStdoutTty: false, columns: 40, writeStderr: (text) => void written.push(text) }
  return { written, clock, line: new ProgressLine(terminal, clock) }
}
const advance = { work: "running x", now: 5_000_000, entryCount: 12 }

describe("progress", () => {
  it("says nothing of short work", () => {
    const { clock, line, written } = watching(true)
    for (clock.now = 0; clock.now < 1000; clock.now += 10) line.report(advance)
    assert.deepStrictEqual(written, [])
  })

  it("rewrites one line on a terminal, cut to its width, and clears it at the end", () => {
    const { clock, line, written } = watching(true)
    for (clock.now = 0; clock.now <= 3000; clock.now += 50) line.report(advance)
    line.finish()
    assert.isAbove(written.length, 5)
    const clear = "\r\u001b[K"
    for (const text of written) {
      assert.isTrue(text.startsWith(clear))
      assert.match(text.slice(clear.length), /^[^\n]{0,39}$/)
    }
    assert.strictEqual(written.at(-1), clear)
  })

  it("prints a line every 10 s elsewhere", () => {
    const { clock, line, written } = watching(false)
    for (clock.now = 0; clock.now <= 35_000; clock.now += 100) line.report(advance)
    assert.strictEqual(written.length, 3)
    assert.match(written[0] ?? "", /^rseqlab: running x: 10 s, 5,000,000 instructions \(1 M\/s\), 12 entries\n$/)
  })
})

describe("color", () => {
  it.each([
    ["the flag before NO_COLOR", "always", { NO_COLOR: "1" }, false, true],
    ["the flag before the terminal", "never", {}, true, false],
    ["NO_COLOR before FORCE_COLOR", "auto", { NO_COLOR: "1", FORCE_COLOR: "1" }, true, false],
    ["an empty NO_COLOR for none", "auto", { NO_COLOR: "" }, true, true],
    ["FORCE_COLOR before the terminal", "auto", { FORCE_COLOR: "1" }, false, true],
    ["FORCE_COLOR=0 for no", "auto", { FORCE_COLOR: "0" }, true, false],
    ["a dumb terminal for none", "auto", { TERM: "dumb" }, true, false],
    ["the terminal at last", "auto", {}, true, true]
  ] as const)("takes %s", (_claim, choice, env, isTty, expected) => {
    assert.strictEqual(hasColor(choice, env, isTty), expected)
  })
})
