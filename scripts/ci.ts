/** Everything CI does, in the order in which it is likely to fail: `npm run ci`. Stops at the first step that does. */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

/** The other Node: older than the one we develop with, and old enough to have another V8 and another zstd. */
const OTHER_NODE = "22"

type Step = readonly [name: string, perform: () => boolean]

const root = resolve(import.meta.dirname, "..")
const scratch = mkdtempSync(join(tmpdir(), "rseqlab-ci-"))

const runs = (command: string, words: ReadonlyArray<string>, cwd = root): boolean =>
  spawnSync(command, words, { cwd, stdio: "inherit" }).status === 0

const outputOf = (command: string, words: ReadonlyArray<string>, cwd = root): string | undefined => {
  const { status, stdout } = spawnSync(command, words, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 2 ** 28 })
  return status === 0 ? stdout : undefined
}

const treeState = (): string | undefined => outputOf("git", ["status", "--porcelain"])
const before = treeState()

/** Nightly: RSEQLAB_CAMPAIGN_RUNS=1000000. */
const campaignRuns = process.env["RSEQLAB_CAMPAIGN_RUNS"] ?? "100000"

/** The content hashes of the examples, under this Node and another. */
const isSameUnderOtherNode = (): boolean => {
  const here = outputOf("node", ["scripts/content-hashes.ts"])
  const there = outputOf("npx", ["-y", `node@${OTHER_NODE}`, "scripts/content-hashes.ts"])
  if (here !== undefined && here === there) return true
  writeFileSync(join(scratch, "here.txt"), here ?? "")
  writeFileSync(join(scratch, "there.txt"), there ?? "")
  return runs("diff", [join(scratch, "here.txt"), join(scratch, "there.txt")]) && false
}

/** What `npm pack` makes works where nothing but it is installed. */
const isInstallable = (): boolean => {
  const elsewhere = join(scratch, "elsewhere")
  if (!runs("npm", ["pack", "--pack-destination", scratch])) return false
  const archive = readdirSync(scratch).find((name) => name.endsWith(".tgz"))
  if (archive === undefined) return false
  return runs("mkdir", ["-p", elsewhere]) && runs("npm", ["init", "-y"], elsewhere)
    && runs("npm", ["install", "--no-audit", "--no-fund", join(scratch, archive)], elsewhere) && runs("npx", ["rseqlab", "doctor"], elsewhere)
}

const isTreeUnchanged = (): boolean => {
  const after = treeState()
  if (after !== before) console.error(`the steps before have changed the work tree:\n${after ?? ""}`)
  return after === before
}

const steps: ReadonlyArray<Step> = [
  ["types, lint, rooms, laws", () => runs("npm", ["run", "check"])],
  ["tests", () => runs("npm", ["test"])],
  ["the bundle", () => runs("npm", ["run", "build"])],
  ["doctor", () => runs("node", ["dist/cli.js", "doctor"])],
  [`a campaign of ${campaignRuns} runs holds its memory and its corpus`, () => runs("node", ["--expose-gc", "scripts/campaign.ts", campaignRuns])],
  ["the demonstration", () => runs("npm", ["start"])],
  [`equal content hashes under Node ${OTHER_NODE}`, isSameUnderOtherNode],
  ["the package, installed elsewhere", isInstallable],
  ["a clean work tree", isTreeUnchanged]
]

const isDone = steps.every(([name, perform]) => {
  console.log(`\n── ${name}`)
  const begun = performance.now()
  const isGood = perform()
  console.log(`── ${name}: ${isGood ? "ok" : "FAILED"} (${Math.round((performance.now() - begun) / 1000)} s)`)
  return isGood
})
rmSync(scratch, { recursive: true, force: true })
process.exitCode = isDone ? 0 : 1
