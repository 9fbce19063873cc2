/** From the shell's point of view: how long the built command takes, and what it holds at most. */
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { Bench, Figure } from "./table.ts"

const root = fileURLToPath(new URL("../../", import.meta.url))
const TRIES = 5

/** Says at its end how much memory the process held at most, in KiB, and the microseconds it computed, on all its threads. */
const witness = "data:text/javascript," +
  'process.on("exit",()=>{const{maxRSS,userCPUTime,systemCPUTime}=process.resourceUsage();' +
  'process.stderr.write("\\nwitness "+maxRSS+" "+(userCPUTime+systemCPUTime)+"\\n")})'

const cases = [
  { of: "--version", words: ["--version"], mostMs: 250 },
  { of: "run examples/p1.s", words: ["run", "examples/p1.s"], mostMs: 400 }
] as const

interface Measured {
  readonly ms: number
  readonly computedMs: number
  readonly peakMib: number
}

const measured = (words: ReadonlyArray<string>): Measured => {
  let [ms, computedMs, peakMib] = [Infinity, Infinity, 0]
  for (let tries = 0; tries < TRIES; tries++) {
    const from = performance.now()
    const { status, stderr } = spawnSync(process.execPath, ["--import", witness, "dist/cli.js", ...words], { cwd: root, encoding: "utf8" })
    ms = Math.min(ms, performance.now() - from)
    const [, kib, microseconds] = /witness (\d+) (\d+)/.exec(stderr) ?? []
    if (status !== 0 || kib === undefined) throw new Error(`rseqlab ${words.join(" ")} ended with ${status}: ${stderr}`)
    computedMs = Math.min(computedMs, Number(microseconds) / 1000)
    peakMib = Math.max(peakMib, Number(kib) / 1024)
  }
  return { ms, computedMs, peakMib }
}

export const startUp: Bench = {
  name: "start-up",
  summary: "dist/cli.js from beginning to end, the best of five by the clock on the wall, and the most memory it held",
  run: () => cases.flatMap(({ mostMs, of, words }): ReadonlyArray<Figure> => {
    const [time, memory] = [{ of, unit: "ms", target: { atMost: mostMs } }, { of: `${of} peak`, unit: "MiB", target: { atMost: 200 } }]
    if (!existsSync(`${root}dist/cli.js`)) return [{ ...time, value: undefined, note: "skipped: npm run build makes dist/" }]
    const { computedMs, ms, peakMib } = measured(words)
    return [{ ...time, value: ms, note: `${computedMs.toFixed(0)} ms of CPU time` }, { ...memory, value: peakMib }]
  })
}
