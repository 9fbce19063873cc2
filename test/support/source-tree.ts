/** The project's own files, and their TypeScript as a syntax tree: for tests that judge the house rather than the guest. */
import { readdirSync, readFileSync } from "node:fs"
import { join, relative, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { parseAst } from "rolldown/parseAst"

export const root = fileURLToPath(new URL("../..", import.meta.url))

/** Neither written by us nor kept. */
const foreign = new Set([".git", ".rseqlab", "coverage", "dist", "node_modules"])

/** A node of the tree: its type, its place, and whatever else its type has. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly [property: string]: unknown
}

/** A file of ours. `path` is from the root, with `/`. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** Every file under `folders`, and the plain files of the root. In order of their paths. */
export const filesUnder = (...folders: ReadonlyArray<string>): ReadonlyArray<SourceFile> => {
  const paths: Array<string> = []
  const walk = (folder: string, isDeep: boolean): void => {
    for (const found of readdirSync(folder, { withFileTypes: true })) {
      // Also a file: in a linked work tree `.git` is one.
      if (foreign.has(found.name)) continue
      const path = join(folder, found.name)
      if (found.isFile()) paths.push(relative(root, path).split(sep).join("/"))
      else if (isDeep && found.isDirectory()) walk(path, true)
    }
  }
  walk(root, false)
  const there = new Set(readdirSync(root))
  for (const folder of folders) if (there.has(folder)) walk(join(root, folder), true)
  return paths.sort().map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }))
}

export const isTypeScript = ({ path }: SourceFile): boolean => path.endsWith(".ts")

/** Line of a place in the text, from 1. */
export const lineAt = (text: string, offset: number): number => {
  let line = 1
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) line += 1
  return line
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string"

/** All nodes of a file, parents first. */
export function* nodesOf(file: SourceFile): Generator<Node> {
  const open: Array<unknown> = [parseAst(file.text, { lang: "ts" }, file.path)]
  while (open.length > 0) {
    const value = open.pop()
    if (Array.isArray(value)) {
      for (let index = value.length - 1; index >= 0; index -= 1) open.push(value[index])
    } else if (isNode(value)) {
      yield value
      open.push(...Object.values(value).filter((child) => typeof child === "object").reverse())
    }
  }
}

/** `a.b.c` of a chain of names; `undefined` for anything else. */
export const dotted = (node: unknown): string | undefined => {
  if (!isNode(node)) return undefined
  if (node.type === "Identifier") return String(node["name"])
  if (node.type !== "MemberExpression" || node["computed"] === true) return undefined
  const before = dotted(node["object"])
  const property = dotted(node["property"])
  return before === undefined || property === undefined ? undefined : `${before}.${property}`
}

/** What a file imports or passes on, and where it says so. */
export interface Import {
  readonly from: string
  readonly names: ReadonlyArray<string>
  readonly start: number
  readonly isPassedOn: boolean
}

export const importsOf = (nodes: Iterable<Node>): ReadonlyArray<Import> => {
  const found: Array<Import> = []
  for (const node of nodes) {
    const isPassedOn = node.type === "ExportNamedDeclaration" || node.type === "ExportAllDeclaration"
    if (!isPassedOn && !["ImportDeclaration", "ImportExpression", "TSImportType"].includes(node.type)) continue
    const source = node["source"] ?? node["argument"]
    if (!isNode(source) || typeof source["value"] !== "string") continue
    const specifiers = Array.isArray(node["specifiers"]) ? node["specifiers"].filter(isNode) : []
    const names = specifiers.map((each) => dotted(each["imported"]) ?? dotted(each["local"]) ?? "*")
    found.push({ from: source["value"], names, start: node.start, isPassedOn })
  }
  return found
}
