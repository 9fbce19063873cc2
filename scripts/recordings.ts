/** Makes the files under recordings/ again, all of them or those named: the .rec from the programs, the .txt from the .rec. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import { golden, goldenText, makeGolden, readGolden, recordingsFolder } from "../test/support/golden.ts"

const named = new Set(process.argv.slice(2))
if (named.size === 0) rmSync(recordingsFolder, { recursive: true, force: true })
for (const row of golden.filter(({ name }) => named.size === 0 || named.has(name))) {
  const bytes = makeGolden(row)
  const file = fileURLToPath(new URL(`${row.name}.rec`, recordingsFolder))
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, bytes)
  writeFileSync(file.replace(/\.rec$/, ".txt"), goldenText(readGolden(bytes)))
  console.log(`${row.name}  ${bytes.length} bytes`)
}
