/** The house rules a machine can check: who may import whom, what may be used where, and what is said nowhere. */
import { posix } from "node:path"
import { describe, expect, it } from "vitest"
import { dotted, filesUnder, importsOf, isTypeScript, lineAt, type Node, nodesOf, type SourceFile } from "./support/source-tree.ts"

/** Who may import whom. A room not named on the right is out of reach. */
const mayImport: Readonly<Record<string, ReadonlyArray<string>>> = {
  base: [],
  linux: ["base"],
  x86: ["base"],
  log: ["base", "linux"],
  program: ["base", "linux", "x86", "log/choice"], // `#:` lines name faults
  strategy: ["base", "log"],
  machine: ["base", "x86"],
  kernel: ["base", "linux", "x86/register", "log", "program", "machine"],
  run: ["base", "linux", "x86", "log", "program", "machine", "kernel"],
  "analysis/detect": ["base", "linux", "log"],
  "analysis/report/format": ["base"], // escapes: whoever prints what strangers wrote needs them
  "analysis/timeline": ["base", "linux", "log", "program", "analysis/report/format"],
  "analysis/report": ["base", "linux", "x86", "log", "program", "analysis/detect", "analysis/timeline"],
  search: ["base", "linux", "x86", "log", "program", "strategy", "kernel/abi", "run", "analysis/detect", "analysis/timeline"],
  lab: ["base", "linux", "log", "program", "strategy", "machine", "kernel", "run", "search", "analysis"],
  host: ["base", "linux", "log", "program", "strategy", "run", "search", "analysis", "lab"],
  api: ["base", "log", "program", "strategy", "kernel/abi", "run", "search", "analysis", "lab", "host"],
  cli: ["base", "linux", "log", "program/watch", "strategy", "run", "search", "analysis", "lab", "host"]
}

/** Where a package or a global is at home. `node:*` stands for all that are not named. */
const mayUse: Readonly<Record<string, ReadonlyArray<string>>> = {
  effect: ["lab", "host", "api", "cli"], // but for Schema, which may decode anywhere
  "@effect/platform-node": ["host", "api", "cli"],
  "iced-x86": ["x86/decode", "x86/encode", "x86/print"], // its objects are Wasm handles: they never leave
  seedrandom: ["base/prng"],
  msgpackr: ["log/codec"],
  "node:zlib": ["log/codec"], // crc32, zstd…Sync: pure functions
  "node:crypto": ["log/codec"], // hash: a pure function
  "node:*": ["host", "api", "cli"],
  WebAssembly: ["machine/engine"],
  "clocks, chance and the host": ["host", "api", "cli"],
  "async functions": ["host", "api", "cli"]
}

/** But for tables of cases, which have no logic. */
const LINE_COUNT_MAX = 450

// ---- what a rule is

interface Problem {
  readonly offset: number
  readonly sentence: string
}
interface Rule {
  readonly claim: string
  readonly concerns: (file: SourceFile) => boolean
  readonly problems: (file: SourceFile) => Iterable<Problem>
  /** A file that breaks it: path, text, and the line it is to be blamed for. */
  readonly broken: readonly [path: string, text: string, line: number]
}

const judge = ({ concerns, problems }: Rule, files: ReadonlyArray<SourceFile>): ReadonlyArray<string> =>
  files.filter(concerns).flatMap((file) =>
    [...problems(file)].map(({ offset, sentence }) => `${file.path}:${lineAt(file.text, offset)}: ${sentence}`))

// ---- rooms

const isSource = (file: SourceFile): boolean => file.path.startsWith("src/") && isTypeScript(file)
/** `src/analysis/detect/table.ts` → `analysis/detect/table`. */
const place = (path: string): string => path.replace(/^src\//, "").replace(/\.ts$/, "")
const isUnder = (inner: string, outer: string): boolean => inner === outer || inner.startsWith(`${outer}/`)
const rooms = Object.keys(mayImport).sort((a, b) => b.length - a.length) // a room inside a room comes first
const roomOf = (path: string): string | undefined => rooms.find((room) => isUnder(place(path), room))
const isAtHome = (path: string, what: string): boolean => (mayUse[what] ?? []).some((room) => isUnder(place(path), room))
/** `@scope/name/deep` → `@scope/name`. */
const packageOf = (specifier: string): string => specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/")

const importProblem = (file: SourceFile, from: string, names: ReadonlyArray<string>): string | undefined => {
  const room = roomOf(file.path)
  if (room === undefined) return "is in no room: a folder under src needs a row in `mayImport`"
  if (from.startsWith(".")) {
    const target = place(posix.join(posix.dirname(file.path), from))
    if (!from.endsWith(".ts")) return `imports ${from}: the file's whole name is wanted, with .ts`
    if (isUnder(target, room)) return undefined
    return mayImport[room]?.some((allowed) => isUnder(target, allowed)) ? undefined : `${room} may not import ${target}`
  }
  if (from === "effect/Schema" || (from === "effect" && names.every((name) => name === "Schema"))) return undefined
  const row = Object.hasOwn(mayUse, from) ? from : from.startsWith("node:") ? "node:*" : packageOf(from)
  return isAtHome(file.path, row) || (from.startsWith("node:") && isAtHome(file.path, "node:*")) ? undefined : `${room} may not use ${from}`
}

// ---- words and constructs

const processMembers = new Set([
  "argv", "chdir", "cpuUsage", "cwd", "emit", "env", "execArgv", "exit", "exitCode", "hrtime", "kill", "memoryUsage", "nextTick", "off", "on",
  "once", "pid", "platform", "resourceUsage", "stderr", "stdin", "stdout", "uptime", "version", "versions"
])
const hostNames = new Set([
  "Intl", "clearTimeout", "crypto", "fetch", "navigator", "performance", "queueMicrotask", "setImmediate", "setInterval", "setTimeout"
])
/** Their last bit is the engine's affair, or chance's. `log2` is exact for powers of two, and asked of nothing else. */
const unsteady = /^Math\.(random|a?(sin|cos|tan)h?|atan2|cbrt|exp|expm1|hypot|log|log1p|log10|pow)$/

/** Names a file gives to things of its own. */
const ownNames = (file: SourceFile): ReadonlySet<string> => {
  const names = new Set<string>()
  for (const node of nodesOf(file)) {
    const name = dotted(node["id"]) ?? dotted(node["local"])
    if (name !== undefined && /Declarat|ImportSpecifier/.test(node.type)) names.add(name)
  }
  return names
}

const hostUse = (node: Node, own: ReadonlySet<string>): string | undefined => {
  switch (node.type) {
    case "MemberExpression": {
      const name = dotted(node) ?? ""
      const [object = "", member = ""] = name.split(".")
      if (unsteady.test(name) || name.startsWith("Date.") || (hostNames.has(object) && !own.has(object))) return name
      if (object === "process" && processMembers.has(member)) return name
      return member.startsWith("toLocale") || dotted(node["property"])?.startsWith("toLocale") === true ? "toLocale" : undefined
    }
    case "NewExpression":
    case "CallExpression": {
      const name = dotted(node["callee"]) ?? ""
      return name === "Date" || (hostNames.has(name) && !own.has(name)) ? name : undefined
    }
    default:
      return undefined
  }
}

const constructs: Readonly<Record<string, string>> = {
  ExportDefaultDeclaration: "default exports have no name of their own",
  TSEnumDeclaration: "an enum is not a type: use a union of words, or a table",
  TSModuleDeclaration: "a namespace is a file",
  TSParameterProperty: "parameter properties are compiled, and we only strip types",
  TSExportAssignment: "default exports have no name of their own",
  Decorator: "decorators are compiled, and we only strip types"
}
const silent: Readonly<Record<string, string>> = {
  TSAnyKeyword: "`any` is a check silenced",
  TSNonNullExpression: "`!` is a check silenced: use `known`, or handle what is missing"
}

function* matches(file: SourceFile, pattern: RegExp, sentence: (found: string) => string): Generator<Problem> {
  for (const match of file.text.matchAll(pattern)) yield { offset: match.index, sentence: sentence(match[0].trim()) }
}

function* foundIn(file: SourceFile, sentenceOf: (node: Node) => string | undefined): Generator<Problem> {
  for (const node of nodesOf(file)) {
    const sentence = sentenceOf(node)
    if (sentence !== undefined) yield { offset: node.start, sentence }
  }
}

/** The rule book may name what it forbids. */
const isOther = (file: SourceFile): boolean => file.path !== "test/architecture.test.ts" && file.path !== "package-lock.json"
const isText = (file: SourceFile): boolean => isOther(file) && /\.(ts|js|json|md|s|S|c|h|txt|sh|yml)$/.test(file.path)

const isStatement = /(Statement|Declaration|PropertyDefinition)$/

/** How a statement or a text is not written. Two statements on a line have a semicolon between them. */
const lineProblem = (node: Node, { text }: SourceFile): string | undefined => {
  const end = Number(node["end"])
  if (node.type === "Literal" && text[node.start] === "'" && !text.slice(node.start, end).includes("\"")) return "quotes with '"
  return node.type !== "EmptyStatement" && isStatement.test(node.type) && text.slice(end - 1, end + 1) === ";\n" ? "ends its line with ;" : undefined
}

const rules: ReadonlyArray<Rule> = [
  {
    claim: "files have the shape that .editorconfig tells editors",
    concerns: isText,
    * problems(file) {
      yield* matches(file, /\r|[ \t]+$/gm, () => "has white space at a line's end")
      if (!file.path.endsWith(".c")) yield* matches(file, /\t/g, () => "has a tab")
      yield* matches(file, /\n\n$(?![^])/g, () => "ends with an empty line")
      if (file.text !== "" && !file.text.endsWith("\n")) yield { offset: file.text.length - 1, sentence: "does not end its last line" }
    },
    broken: ["docs/a.md", "One.\n\nTwo. \n", 3]
  },
  {
    claim: "TypeScript has no semicolons at a line's end, single quotes, trailing commas, odd indents or two empty lines",
    concerns: (file) => /^(src|test|scripts)\//.test(file.path) && isTypeScript(file),
    * problems(file) {
      yield* foundIn(file, (node) => lineProblem(node, file))
      yield* matches(file, /,(?=\n\s*[\]})])/g, () => "has a comma behind the last")
      yield* matches(file, /^(  )* (?![ *])/gm, () => "is indented by an odd number")
      yield* matches(file, /\n\n(?=\n)/g, () => "has two empty lines")
    },
    broken: ["src/base/a.ts", "const a = 1\nconst b = [a];\n", 2]
  },
  {
    claim: "imports go downwards only, and every package has its room",
    concerns: isSource,
    * problems(file) {
      for (const { from, names, start } of importsOf(nodesOf(file))) {
        const sentence = importProblem(file, from, names)
        if (sentence !== undefined) yield { offset: start, sentence }
      }
    },
    broken: ["src/analysis/detect/deadlock.ts", "import { a } from \"../../log/event.ts\"\nimport { decode } from \"../../x86/decode.ts\"\n", 2]
  },
  {
    claim: "no barrels inside: an import names the file it wants",
    concerns: (file) => isSource(file) && !isUnder(place(file.path), "api"),
    * problems(file) {
      for (const { from, isPassedOn, start } of importsOf(nodesOf(file))) {
        if (isPassedOn) yield { offset: start, sentence: `passes on ${from}: only api/ does` }
      }
      if (file.path.endsWith("/index.ts")) yield { offset: 0, sentence: "is named index.ts: say what it holds" }
    },
    broken: ["src/log/all.ts", "\nexport { taskName } from \"../base/ids.ts\"\n", 2]
  },
  {
    claim: "the host's clocks, chance, locale and environment stay out of the guest",
    concerns: (file) => isSource(file) && !isAtHome(file.path, "clocks, chance and the host"),
    problems: (file) => {
      const own = ownNames(file)
      return foundIn(file, (node) => {
        const name = hostUse(node, own)
        return name === undefined ? undefined : `uses ${name}: nothing may vary that is not a choice`
      })
    },
    broken: ["src/run/a.ts", "const fetch = (process: Process) => process.taskCount\nfetch(process)\nDate.now()\n", 3]
  },
  {
    claim: "below host/ everything is synchronous",
    concerns: (file) => isSource(file) && !isAtHome(file.path, "async functions"),
    problems: (file) => foundIn(file, (node) =>
      node["async"] === true || node.type === "AwaitExpression" || (node["await"] === true && node.type === "ForOfStatement") ? "is asynchronous" : undefined),
    broken: ["src/lab/pool.ts", "\n\nconst wait = async () => {}\n", 3]
  },
  {
    claim: "WebAssembly is used by the engine alone",
    concerns: (file) => isSource(file) && !isAtHome(file.path, "WebAssembly"),
    problems: (file) => foundIn(file, (node) => (node.type === "Identifier" && node["name"] === "WebAssembly" ? "uses WebAssembly" : undefined)),
    broken: ["src/run/run.ts", "new WebAssembly.Memory({ initial: 1 })", 1]
  },
  {
    claim: "no default exports, enums, namespaces, parameter properties or decorators",
    concerns: (file) => isTypeScript(file) && file.path.includes("/"),
    problems: (file) => foundIn(file, (node) => constructs[node.type]),
    broken: ["test/a.test.ts", "class A {\n  constructor(private readonly b: number) {}\n}", 2]
  },
  {
    claim: "no check is silenced",
    concerns: isSource,
    * problems(file) {
      yield* foundIn(file, (node) => silent[node.type])
      yield* matches(file, /@ts-(ignore|nocheck|expect-error)|(oxlint|eslint)-disable\S*/g, (found) => `${found} silences a check`)
    },
    broken: ["src/base/a.ts", "// @ts-ignore\n", 1]
  },
  {
    claim: "files are named in kebab-case, after what they hold",
    concerns: (file) => /^(src|test|scripts)\//.test(file.path) && isTypeScript(file),
    * problems(file) {
      if (!/^([a-z0-9]+(-[a-z0-9]+)*\/)*[a-z0-9]+(-[a-z0-9]+)*(\.test|\.cases)?\.ts$/.test(file.path)) yield { offset: 0, sentence: "is not kebab-case" }
      if (/\b(utils?|helpers?|common|core|misc|manager|info)(\.test)?(\.ts|\/)/.test(file.path)) yield { offset: 0, sentence: "has a name for what was not decided" }
    },
    broken: ["src/base/helpers.ts", "", 1]
  },
  {
    claim: `files are read in one sitting: at most ${LINE_COUNT_MAX} lines`,
    concerns: (file) => /^(src|test|scripts)\//.test(file.path) && isTypeScript(file) && !file.path.endsWith(".cases.ts"),
    * problems(file) {
      const lineCount = file.text.split("\n").length - 1
      if (lineCount > LINE_COUNT_MAX) yield { offset: file.text.length - 1, sentence: `has ${lineCount} lines` }
    },
    broken: ["src/base/long.ts", "\n".repeat(LINE_COUNT_MAX + 1), LINE_COUNT_MAX + 1]
  },
  {
    claim: "nothing is left to do later",
    concerns: isText,
    problems: (file) => matches(file, /\b(TODO|FIXME|XXX|HACK)\b/g, (found) => `says ${found}`),
    broken: ["docs/architecture.md", "One.\nTODO: two.\n", 2]
  },
  {
    claim: "the project speaks of itself alone",
    concerns: isText,
    problems: (file) => matches(
      file,
      /\b(agents?|assistants?|colleagues?|teammates?|LLMs?|AI|as requested|work in progress|WIP)\b|\b(issue|ticket|station|phase) #?\d+|(?<!\.)\bprototypes?\b(?! of\b)/g,
      (found) => `says “${found}”: files speak of the project, not of how it is made`),
    broken: ["src/base/a.ts", "\n/** As in issue 12. */\n", 2]
  },
  {
    claim: "no path of a machine and no registry is written down",
    concerns: isOther,
    problems: (file) => matches(
      file, /(?<![\w.])\/(work|root|Users|home\/[a-z]+)\/\w+|\bregistry\.[a-z]+\.[a-z]+|\b(artifactory|jfrog)\b/g, (found) => `names ${found}`),
    broken: ["test/fixtures/hello.elf", "\u007fELF\n/work/main/test", 2]
  }
]

const files = filesUnder("src", "test", "scripts", "docs", "examples", "recordings", ".github", ".githooks")

describe("the house", () => {
  it("is read", () => {
    expect(files.filter(isSource).length).toBeGreaterThan(50)
  })
  for (const rule of rules) {
    it(rule.claim, () => {
      const [path, text, line] = rule.broken
      const blamed = judge(rule, [{ path, text }])
      expect(blamed.map((problem) => problem.split(": ")[0]), "the rule notices its own broken sample").toEqual([`${path}:${line}`])
      expect(judge(rule, files)).toEqual([])
    })
  }
  it("has a map that names every room there is", () => {
    const map = files.find(({ path }) => path === "src/README.md")?.text ?? ""
    const inhabited = new Set(files.filter(isSource).map(({ path }) => roomOf(path)?.replace(/\/format$/, "")))
    expect([...inhabited].filter((room) => !map.includes(`\`${room}/\``))).toEqual([])
  })
  it("dates its releases, the latest first, and is at the latest", () => {
    const log = files.find(({ path }) => path === "CHANGELOG.md")?.text ?? ""
    const manifest = files.find(({ path }) => path === "package.json")?.text ?? ""
    const [first = "", ...sections] = [...log.matchAll(/^## (.*)$/gm)].map(([, title = ""]) => title)
    const released = first === "Unreleased" ? sections : [first, ...sections]
    expect(released.filter((title) => !/^\d+\.\d+\.\d+ · \d{4}-\d{2}-\d{2}$/.test(title))).toEqual([])
    expect(released[0]?.split(" ")[0]).toBe(/"version": "(.*)"/.exec(manifest)?.[1])
    const dates = released.map((title) => title.split(" · ")[1] ?? "")
    expect(dates).toEqual(dates.toSorted().reverse())
  })
  it("numbers its decisions one after another", () => {
    const decisions = files.filter(({ path }) => path.startsWith("docs/adr/"))
    const numbers = decisions.map((_, index) => String(index + 1).padStart(4, "0"))
    expect(decisions.map(({ path }) => path.slice("docs/adr/".length, "docs/adr/0000".length))).toEqual(numbers)
    expect(decisions.map(({ text }) => /^# (\d{4}) /.exec(text)?.[1])).toEqual(numbers)
  })
  it("lists every room of src", () => {
    const inhabited = new Set(files.filter(isSource).map(({ path }) => roomOf(path) ?? path))
    expect([...inhabited].filter((room) => !Object.hasOwn(mayImport, room))).toEqual([])
  })
})
