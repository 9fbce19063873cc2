/**
 * Breaks the source one line at a time, in a copy of the tree, and expects the named test to notice: the check that makes the
 * others hard to fool. `npm run mutants`, or `npm run mutants -- WORD` for the rows whose file, test or claim has the word.
 *
 * Ends with 0 if every mutant was noticed, 1 if one survived, 2 if a row no longer fits its file or its test fails by itself.
 */
import { spawnSync } from "node:child_process"
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { stripVTControlCharacters } from "node:util"
import { root } from "../support/source-tree.ts"
import { changed, type Mutant, textOf } from "./mutant.ts"
import { mutants } from "./table.ts"

const copied = [
  "docs", "examples", "package-lock.json", "package.json", "recordings", "rolldown.config.js", "scripts", "src", "test", "tsconfig.json",
  "vitest.config.ts"
]
const TEST_TIMEOUT_MS = 180_000

const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** A copy of the tree that shares the installed packages. */
const copyOfTree = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "rseqlab-mutants-"))
  for (const name of copied) if (existsSync(join(root, name))) cpSync(join(root, name), join(folder, name), { recursive: true })
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "dir")
  return folder
}

/** `hung` is a way of noticing: a loop that no longer ends. */
const verdictOf = (folder: string, { only, test }: Pick<Mutant, "only" | "test">): "passed" | "failed" | "hung" => {
  const names = only === undefined ? [] : ["-t", only]
  const { error, status, stdout } = spawnSync(
    process.execPath, [join(folder, "node_modules/vitest/vitest.mjs"), "run", test, ...names, "--bail=1", "--reporter=dot"],
    { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], timeout: TEST_TIMEOUT_MS, killSignal: "SIGKILL" })
  // Where `only` names no test all are left out, and that passes.
  if (status === 0 && !/Tests .*\d passed/.test(stripVTControlCharacters(stdout))) return "failed"
  return status === 0 ? "passed" : status === null && error !== undefined ? "hung" : "failed"
}

const wanted = process.argv.slice(2)
const isWanted = ({ breaks, file, test }: Mutant): boolean => wanted.every((word) => `${file} ${test} ${breaks}`.includes(word))

/** Tests by file and names. */
const testOf = ({ only, test }: Mutant): string => (only === undefined ? test : `${test} -t "${only}"`)

const main = (): number => {
  const rows = mutants.filter(isWanted)
  const folder = copyOfTree()
  const survivors: Array<Mutant> = []
  const refused: Array<string> = []
  const isSound = new Map<string, boolean>()
  let triedCount = 0
  /** Whether the row's test passes while nothing is changed; tried once. */
  const hasSoundTest = (row: Mutant): boolean => {
    const met = isSound.get(testOf(row))
    if (met !== undefined) return met
    const sound = verdictOf(folder, row) === "passed"
    isSound.set(testOf(row), sound)
    if (!sound) refused.push(`${testOf(row)}: fails although nothing is changed`)
    return sound
  }
  try {
    for (const [index, row] of rows.entries()) {
      const original = textOf(folder, row.file)
      const result = changed(original, row)
      if ("refused" in result) {
        refused.push(result.refused)
        continue
      }
      if (!hasSoundTest(row)) continue
      triedCount += 1
      writeFileSync(join(folder, row.file), result.text)
      const verdict = verdictOf(folder, row)
      writeFileSync(join(folder, row.file), original)
      if (verdict === "passed") survivors.push(row)
      say(`${String(index + 1).padStart(3)}/${rows.length}  ${verdict === "passed" ? "SURVIVED" : verdict === "hung" ? "hung    " : "noticed "}  ${row.file}: ${row.breaks}`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }

  say("")
  for (const row of survivors) say(`survived  ${row.file}: ${row.breaks}\n  - ${row.before}\n  + ${row.after}\n  ${testOf(row)} did not notice`)
  for (const sentence of refused) say(`refused   ${sentence}`)
  say(`${triedCount - survivors.length} of ${triedCount} mutants noticed, ${rows.length - triedCount} rows not tried`)
  return refused.length > 0 ? 2 : survivors.length > 0 ? 1 : 0
}

process.exitCode = main()
