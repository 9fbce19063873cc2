/** The recordings under recordings/: what each shows, and how it is made again from the program. */
import { readFileSync } from "node:fs"
import { needsFollower } from "../../src/analysis/detect/definition.ts"
import { type DetectorName, detectors } from "../../src/analysis/detect/table.ts"
import { timelineText } from "../../src/analysis/timeline/text.ts"
import { readingFor } from "../../src/lab/showing.ts"
import { type Decider, kindNames, quietDecider, type Schedule } from "../../src/log/choice.ts"
import { readRecording, type Recording } from "../../src/log/recording-reader.ts"
import { recorded, tell } from "../../src/log/telling.ts"
import { watcherOf } from "../../src/run/observe.ts"
import { record } from "../../src/run/record.ts"
import type { RunSpec } from "../../src/run/start.ts"
import { specOf } from "../../src/run/start.ts"
import { fuzz } from "../../src/search/fuzz.ts"
import { minimize, sameFinding } from "../../src/search/minimize.ts"
import { defaultTargetOptions, makeTarget } from "../../src/search/target.ts"
import { randomDecider } from "../../src/strategy/random.ts"
import { exhibitSpec } from "../museum/exhibit.ts"
import { museum } from "../museum/table.ts"
import { abisNamed, assembleText } from "./examples.ts"

export interface Golden {
  /** Path of the program from the root, or `museum/` and the name of an exhibit. */
  readonly program: string
  /** `<program>/<what it shows>` under recordings/. */
  readonly name: string
  /** `found`: searched (with a detector of that name, watching every run, or those that campaigns have), and as few deviations as can be. */
  readonly made: { readonly by: "quiet" } | { readonly by: "random"; readonly seed: string } | { readonly by: "found"; readonly detector?: DetectorName }
  /** Ends the run after so many instructions: what never ends is still a file that can be read. */
  readonly icountMax?: number
  /** Everything is asked, faults included. */
  readonly isWithFaults?: true
}

const found = (program: string, name: string): Golden => ({ program, name, made: { by: "found" } })
const shown = (program: string, name: string, detector: DetectorName): Golden => ({ program, name, made: { by: "found", detector } })
const quiet = (program: string, name: string): Golden => ({ program, name, made: { by: "quiet" } })
const random = (program: string, name: string, seed: string): Golden => ({ program, name, made: { by: "random", seed } })

export const golden: ReadonlyArray<Golden> = [
  found("examples/percpu-push-bad.s", "percpu-push-bad/lost-node"),
  found("examples/commit-sequence-bad.s", "commit-sequence-bad/lost-update"),
  found("examples/commit-sequence-mainline-bad.s", "commit-sequence-mainline-bad/lost-update"),
  found("examples/publish-bad.s", "publish-bad/race"),
  found("examples/p1.s", "p1/lost-update"),
  found("examples/p2.s", "p2/aba"),
  found("examples/p3.s", "p3/seen-between"),
  found("examples/reorder.s", "reorder/half-seen"),
  { ...found("examples/plain-increment.s", "plain-increment/split"), isWithFaults: true },
  { ...shown("examples/page-refused.s", "page-refused/reported", "refusal-reported"), isWithFaults: true },
  random("examples/percpu-counter.s", "percpu-counter/aborts", "7"),
  random("examples/percpu-push.s", "percpu-push/aborts", "3"),
  random("examples/percpu-pop.s", "percpu-pop/aborts", "5"),
  random("examples/commit-sequence.s", "commit-sequence/aborts", "2"),
  random("examples/commit-sequence-mainline.s", "commit-sequence-mainline/aborts", "2"),
  random("examples/percpu-opv-fallback.s", "percpu-opv-fallback/vectors", "4"),
  random("examples/futex-ping-pong.s", "futex-ping-pong/waits", "1"),
  quiet("examples/signal-in-section.s", "signal-in-section/abort-before-frame"),
  quiet("examples/migrate-before-commit.s", "migrate-before-commit/quiet"),
  quiet("examples/spin-lock.s", "spin-lock/quiet"),
  quiet("examples/percpu-counter.s", "quiet/percpu-counter"),
  quiet("examples/percpu-push.s", "quiet/percpu-push"),
  quiet("examples/percpu-pop.s", "quiet/percpu-pop"),
  quiet("examples/commit-sequence.s", "quiet/commit-sequence"),
  quiet("examples/commit-sequence-mainline.s", "quiet/commit-sequence-mainline"),
  random("examples/percpu-counter.s", "quiet/percpu-counter-random", "11"),
  random("examples/percpu-push.s", "quiet/percpu-push-random", "12"),
  random("examples/spin-lock.s", "quiet/spin-lock-random", "13"),
  found("museum/lost-wake", "lost-wake/all-wait"),
  { ...found("museum/syscall-inside", "syscall-inside/never-commits"), icountMax: 1_100 },
  quiet("museum/syscall-inside", "syscall-inside/quiet"),
  found("museum/abort-inside", "abort-inside/killed"),
  shown("museum/gap-before-section", "gap-before-section/unprotected", "unprotected-section"),
  found("museum/disarmed-early", "disarmed-early/lost-update"),
  found("museum/cell-unprotected", "cell-unprotected/foreign-cell"),
  found("museum/pair-unchecked", "pair-unchecked/torn"),
  found("museum/lock-in-two-steps", "lock-in-two-steps/two-inside"),
  random("examples/publish.s", "quiet/publish-random", "4"),
  shown("museum/two-commits", "two-commits/half-done", "two-commits"),
  shown("museum/register-clobbered", "register-clobbered/counted-twice", "clobbered-register"),
  shown("museum/wrong-cpu-slot", "wrong-cpu-slot/signs-elsewhere", "wrong-cpu-commit"),
  shown("museum/cpu-id-start-scratch", "cpu-id-start-scratch/overwritten", "stale-cpu-number"),
  shown("museum/cpu-id-start-scratch", "cpu-id-start-scratch/stored", "kernel-word-stored"),
  shown("museum/stale-descriptor", "stale-descriptor/unmapped", "dangling-descriptor"),
  shown("museum/unregistered-thread", "unregistered-thread/never-registered", "unregistered-section"),
  shown("museum/contract-missing", "contract-missing/other-contract", "abi-mismatch")
]

export const recordingsFolder = new URL("../../recordings/", import.meta.url)

const specFor = ({ icountMax, isWithFaults, program: path }: Golden): RunSpec => {
  const spec = assembledSpec(path)
  return {
    ...spec,
    limits: icountMax === undefined ? spec.limits : { ...spec.limits, maxIcount: icountMax },
    menu: isWithFaults === undefined ? spec.menu : { ...spec.menu, kinds: new Set(kindNames) }
  }
}

const assembledSpec = (path: string): RunSpec => {
  const exhibit = museum.find(({ name }) => path === `museum/${name}`)
  if (exhibit !== undefined) return exhibitSpec(exhibit, "bad")
  const text = readFileSync(new URL(`../../${path}`, import.meta.url), "utf8")
  const program = assembleText(text, path.slice(path.lastIndexOf("/") + 1))
  return specOf(program, abisNamed(program.experiment.abi ?? "mainline-6.12"))
}

const search = (spec: RunSpec, name: DetectorName | undefined): { readonly spec: RunSpec; readonly schedule: Schedule } => {
  const target = makeTarget(spec, name === undefined ? defaultTargetOptions : { ...defaultTargetOptions, detectors: [detectors[name]], isAlwaysWatched: true })
  if ("_tag" in target) throw new Error(target.reason)
  for (const { trial } of fuzz(target, 5_000)) {
    const [finding] = trial.findings
    if (finding === undefined) continue
    const minimizing = minimize(target.trials, trial.schedule, sameFinding(finding), 5_000)
    let step = minimizing.next()
    while (step.done !== true) step = minimizing.next()
    if (step.value !== undefined) return { spec: target.spec, schedule: step.value.schedule }
  }
  throw new Error(`${spec.program.name}: nothing found`)
}

/** The bytes of a golden recording, made from the program. */
export const makeGolden = (row: Golden): Uint8Array => {
  const asked = specFor(row)
  const { schedule, spec } = row.made.by === "found" ? search(asked, row.made.detector) : { spec: asked, schedule: [] }
  const decider: Decider = row.made.by === "random" ? randomDecider(row.made.seed, {}) : row.made.by === "found" ? recorded(tell(schedule, () => {})) : quietDecider
  const parts: Array<Uint8Array> = []
  const isFollowing = row.made.by === "found" && row.made.detector !== undefined && needsFollower(detectors[row.made.detector])
  const watcher = watcherOf(spec.program, { isFollowing })
  const recording = record(spec, { strategy: row.made.by === "random" ? "random" : "" }, decider, (bytes) => void parts.push(bytes), { keep: "entries", codec: "none" }, watcher)
  if ("_tag" in recording) throw new Error(recording.reason)
  while (recording.outcome === undefined) recording.advance(1_000_000)
  return Buffer.concat(parts)
}

export const readGolden = (bytes: Uint8Array): Recording => {
  const read = readRecording(bytes)
  if (read._tag === "Unreadable") throw new Error(`at byte ${read.problem.at}: expected ${read.problem.expected}`)
  return read.recording
}

/** The timeline beside it. */
export const goldenText = ({ entries, header }: Recording): string =>
  timelineText([...entries], header.machine.cpus, { reading: readingFor(header), notes: [], isColored: false })
