/** Runs the tests as `npm test` does and ends with `N passed, N failed`, counted from vitest's own report. */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { countsOf } from "./test-counts.ts"

const folder = mkdtempSync(join(tmpdir(), "rseqlab-tests-"))
const report = join(folder, "report.json")
const { status } = spawnSync("npm", ["test", "--", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`], { stdio: "inherit" })

const reported = (): string | undefined => {
  try {
    return readFileSync(report, "utf8")
  } catch {
    return undefined
  }
}
const { failed, passed } = countsOf(reported(), status ?? 1)
rmSync(folder, { recursive: true, force: true })
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
