/**
 * The command line as it is shipped, for the tests that start it: one bundle of these very sources, made once, which starts in
 * a third of the time that stripping and loading them takes.
 */
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import { assert } from "../../src/base/assert.ts"

/** Within node_modules, where the bundle finds what it leaves outside. */
const CACHE = "node_modules/.cache/rseqlab-cli"
/** Bundles of other sources go when they are this old: another run of the tests may still start them. */
const KEPT_MS = 3_600_000

const hashOf = (root: string): string => {
  const hash = createHash("sha256")
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts")).sort()
  for (const name of ["rolldown.config.js", "package.json", "package-lock.json", ...sources.map((source) => join("src", source))]) {
    hash.update(`${name}\0`).update(readFileSync(join(root, name)))
  }
  return hash.digest("hex").slice(0, 16)
}

const sweep = (cache: string): void => {
  for (const name of readdirSync(cache)) {
    const folder = join(cache, name)
    if (Date.now() - statSync(folder).mtimeMs > KEPT_MS) rmSync(folder, { recursive: true, force: true })
  }
}

/** The file to start. Whoever comes first makes it; two at once make it twice, and one of them is kept. */
export const bundledMain = (root: string): string => {
  const cache = join(root, CACHE)
  const folder = join(cache, hashOf(root))
  if (!existsSync(folder)) {
    mkdirSync(cache, { recursive: true })
    sweep(cache)
    const fresh = `${folder}.${process.pid}.${performance.now()}`
    const rolldown = join(root, "node_modules/rolldown/bin/cli.mjs")
    const { status, stderr } = spawnSync(process.execPath, [rolldown, "-c", "rolldown.config.js", "-d", fresh], { cwd: root, encoding: "utf8" })
    assert(status === 0, `the sources can be bundled: ${stderr}`)
    try {
      renameSync(fresh, folder)
    } catch {
      rmSync(fresh, { recursive: true, force: true })
    }
  }
  return join(folder, "cli.js")
}
