import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { escapeGithubMessage, escapeGithubProperty, escapeMarkdown, prefixGithubLines } from "../../../src/analysis/report/format/github.ts"
import { escapeHtml } from "../../../src/analysis/report/format/html.ts"
import { encodeJson } from "../../../src/analysis/report/format/json.ts"
import { escapeTerminal, quoteBytes } from "../../../src/analysis/report/format/terminal.ts"
import { escapeXml } from "../../../src/analysis/report/format/xml.ts"

/** Fragments that mean something to somebody, between any characters at all. */
const weapons = [
  "\u001b]52;c;QQ==\u0007", "\u009b31m", "</script>", "<!--", "]]>", "&amp;", "&#0;", "::set-output name=a::b", "a,title=b", "##[error]", "\r\n", "\u2028", "\u202e", "\ufeff", "\ud800",
  "\u0000", "%0A", "\"'`", "![a](javascript:b)", "|a|\n|-|", "@everyone", "\\x1b", "\u{e0041}", "\uffff"
]
const hostile = fc.array(fc.oneof(fc.constantFrom(...weapons), fc.string({ unit: "binary", maxLength: 8 })), { maxLength: 12 }).map((parts) => parts.join(""))
const seed = Number(process.env["RSEQLAB_SEED"] ?? 20150611)
const always = (claim: string, holds: (text: string) => unknown): void =>
  it(claim, () => {
    fc.assert(fc.property(hostile, (text) => {
      holds(text)
    }), { seed, numRuns: 2000 })
  })

const CONTROL = /\p{Cc}/u
/** XML 1.0, production 2, without the controls it only discourages. */
const XML_TEXT = /^[\u{20}-\u{7e}\u{a0}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]*$/u
const unescapeTerminal = (text: string): string =>
  text.replace(/\\(?:x([0-9a-f]{2})|u\{([0-9a-f]+)\}|(.))/g, (_, byte?: string, point?: string, short?: string) =>
    byte !== undefined || point !== undefined ? String.fromCodePoint(parseInt(byte ?? point ?? "", 16))
    : ({ n: "\n", r: "\r", t: "\t", "\\": "\\" })[short ?? ""] ?? "?")

describe("for a terminal", () => {
  always("no control, no width trick and no line end is left", (text) => expect(escapeTerminal(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u))
  always("two texts never look alike", (text) => expect(unescapeTerminal(escapeTerminal(text))).toBe(text))
  it("leaves ordinary text alone", () => expect(escapeTerminal("naïve → 日本 (1.1@57)")).toBe("naïve → 日本 (1.1@57)"))
  it("quotes bytes and says how many it left out", () => {
    expect(quoteBytes(Uint8Array.of(34, 92, 0, 255, 65), 64)).toBe("\"\\\"\\\\\\x00\\xffA\"")
    expect(quoteBytes(new Uint8Array(70).fill(65), 3)).toBe("\"AAA\"… (67 more bytes)")
  })
})

describe("for XML", () => {
  always("only characters XML 1.0 allows are left, and no markup", (text) => {
    expect(escapeXml(text)).toMatch(XML_TEXT)
    expect(escapeXml(text)).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|apos|#9|#10|#13);)/)
  })
  it("keeps line ends and quotes inside an attribute", () => expect(escapeXml("a\n\"b\"\t&")).toBe("a&#10;&quot;b&quot;&#9;&amp;"))
})

describe("for HTML", () => {
  always("no markup opens and no attribute ends", (text) => {
    expect(escapeHtml(text)).not.toMatch(/[<>"'`]|&(?!(amp|lt|gt|quot|#39|#96);)/)
    expect(escapeHtml(text).replace(/[\t\n\r]/g, "")).not.toMatch(CONTROL)
  })
})

describe("for JSON", () => {
  always("the value is the same", (text) => expect(JSON.parse(encodeJson({ [text]: [text] }))).toEqual({ [text]: [text] }))
  always("nothing in it ends a script or moves a cursor", (text) => expect(encodeJson(text)).not.toMatch(/[<>&\p{Cc}\p{Cf}\u2028\u2029]/u))
})

describe("for GitHub", () => {
  always("a message is one line, and its percent signs are its own", (text) =>
    expect(escapeGithubMessage(text)).not.toMatch(/[\r\n\u2028\u2029]|%(?!25|0A|0D)/))
  always("a property holds nothing that ends it", (text) => expect(escapeGithubProperty(text)).not.toMatch(/[\r\n:,]|%(?!25|0A|0D|3A|2C)/))
  always("no line of guest output is a command", (text) => {
    for (const line of prefixGithubLines(text).split(/[\r\n\u2028\u2029]/)) expect(line).toMatch(/^\| /)
  })
  always("nothing in a summary is active", (text) => expect(escapeMarkdown(text)).not.toMatch(/[<>*_[\]()|`~@\r\n]|^[#>\-+=\d]+[.)\s]/))
})
