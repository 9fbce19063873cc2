/**
 * A long campaign holds its memory flat, its corpus small and its speed: `node --expose-gc scripts/campaign.ts [RUNS [EXAMPLE]]`,
 * 100,000 of percpu-push.s by default.
 *
 * Samples memory and speed ten times, each after a collection. Fails if what is in use grows by more than a little over the second half, where
 * all that a campaign learns at its beginning has been learnt, or if the corpus takes more room than it may. Speed is runs a second of
 * CPU, and only told: whoever shares the machine slows each sample as he likes.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { workspaceFiles } from "../src/host/workspace-files.ts"
import { parseAbis } from "../src/kernel/abi/table.ts"
import { alone } from "../src/lab/batch-worker.ts"
import { campaign } from "../src/lab/campaign.ts"
import { keepingOf } from "../src/lab/keeping.ts"
import { Progress } from "../src/lab/progress.ts"
import { assemble } from "../src/program/assemble/assemble.ts"
import { specOf } from "../src/run/start.ts"
import { Kept } from "../src/search/breed.ts"
import { defaultTargetOptions, makeTarget } from "../src/search/target.ts"

const SAMPLE_COUNT = 10
const MIB = 2 ** 20
const GROWTH_MIB_MAX = 8
const CORPUS_MIB_MAX = 50

const runCount = Number(process.argv[2] ?? "100000")
const name = process.argv[3] ?? "percpu-push.s"
const file = resolve(import.meta.dirname, "../examples", name)
const { gc } = globalThis
if (gc === undefined || !Number.isInteger(runCount) || runCount < SAMPLE_COUNT) throw new Error("usage: node --expose-gc scripts/campaign.ts [RUNS [EXAMPLE]]")

const assembly = assemble(readFileSync(file, "utf8"), file)
if (assembly._tag === "AssemblyFailed") throw new Error(assembly.error.expected)
const abis = parseAbis(assembly.program.experiment.abi ?? "mainline-6.12")
if (abis._tag === "Refused") throw new Error(abis.message)
const target = makeTarget(specOf(assembly.program, abis.abis), defaultTargetOptions)
if ("_tag" in target) throw new Error(target.reason)

const folder = mkdtempSync(join(tmpdir(), "rseqlab-campaign-"))
const corpusBytes = (): number =>
  readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).blocks * 512, 0)

interface Sample {
  readonly runs: number
  readonly runsPerCpuSecond: number
  readonly heapMib: number
  readonly rssMib: number
  readonly corpusMib: number
  readonly keptCount: number
}

const clock = (): number => performance.now()
const sampled = Effect.gen(function*() {
  const kept = new Kept()
  const maker = alone(target)
  const keeping = yield* keepingOf({ target, corpus: { folder, entries: [], pending: [] }, key: "campaign", kept, clock })
  const samples: Array<Sample> = []
  for (let index = 0; index < SAMPLE_COUNT; index++) {
    const before = process.cpuUsage()
    const [from, until] = [index, index + 1].map((part) => Math.floor((runCount * part) / SAMPLE_COUNT)) as [number, number]
    const made = yield* campaign(maker, { program: name, from, until, isKeptGoing: true, kept, keep: keeping.onTheWay, clock, msMax: Infinity })
    yield* keeping.write(made, [])
    const { system, user } = process.cpuUsage(before)
    gc()
    const { arrayBuffers, heapUsed, rss } = process.memoryUsage()
    const sample = { runs: until, runsPerCpuSecond: ((until - from) * 1e6) / (user + system), heapMib: (heapUsed + arrayBuffers) / MIB, rssMib: rss / MIB, corpusMib: corpusBytes() / MIB, keptCount: kept.all.length }
    samples.push(sample)
    console.log(`${String(until).padStart(9)} runs  ${sample.heapMib.toFixed(1)} MiB in use  ${sample.rssMib.toFixed(0)} MiB resident  ${sample.keptCount} kept, ${sample.corpusMib.toFixed(1)} MiB on the disk  ${sample.runsPerCpuSecond.toFixed(0)} runs a second of CPU`)
  }
  return samples
})

const began = process.cpuUsage()
const samples = await Effect.runPromise(Effect.provide(sampled, Layer.merge(workspaceFiles, Progress.layerNone)))
const { system, user } = process.cpuUsage(began)
rmSync(folder, { recursive: true })

const [half, last] = [samples[SAMPLE_COUNT / 2 - 1], samples.at(-1)]
const growthMib = (last?.heapMib ?? 0) - (half?.heapMib ?? 0)
const isFlat = growthMib <= GROWTH_MIB_MAX
const isSmall = (last?.corpusMib ?? Infinity) <= CORPUS_MIB_MAX
const speedRatio = (last?.runsPerCpuSecond ?? 0) / (samples[0]?.runsPerCpuSecond ?? Infinity)
console.log(`${Math.round((runCount * 1e6) / (user + system))} runs a second of CPU; the second half took ${growthMib.toFixed(1)} MiB more (at most ${GROWTH_MIB_MAX}), the corpus ${last?.corpusMib.toFixed(1)} MiB (at most ${CORPUS_MIB_MAX}), the last tenth was ${speedRatio.toFixed(2)} times as fast as the first`)
process.exitCode = isFlat && isSmall ? 0 : 1
