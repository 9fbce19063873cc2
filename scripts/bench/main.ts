/** `npm run bench` prints the table; `-- NAME …` some of it, `-- --json` one document, `-- --list` what there is. */
import { benches } from "./benches.ts"
import { type Measured, isMet, tableText } from "./table.ts"

const words = process.argv.slice(2)
const names = words.filter((word) => !word.startsWith("--"))
const unknown = [
  ...names.filter((name) => !benches.some((bench) => bench.name === name)),
  ...words.filter((word) => word.startsWith("--") && word !== "--json" && word !== "--list")
]

if (unknown.length > 0) {
  console.error(`no bench ${unknown.join(", ")}: there are ${benches.map(({ name }) => name).join(", ")}; options are --json and --list`)
  process.exitCode = 2
} else if (words.includes("--list")) {
  for (const { name, summary } of benches) console.log(`${name.padEnd(14)}${summary}`)
} else {
  const measured: Array<Measured> = []
  for (const bench of benches.filter(({ name }) => names.length === 0 || names.includes(name))) {
    if (!words.includes("--json")) console.error(`${bench.name}: ${bench.summary}`)
    measured.push({ bench: bench.name, figures: await bench.run() })
  }
  if (words.includes("--json")) {
    const rows = measured.flatMap(({ bench, figures }) => figures.map((figure) => ({ bench, ...figure, isMet: isMet(figure) ?? null })))
    console.log(JSON.stringify({ node: process.version, rows }, null, 2))
  } else console.log(tableText(measured))
}
