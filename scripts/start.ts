/**
 * The main demonstration: `npm start`.
 *
 * One operation (add to the counter of this CPU) under two contracts about interrupted sequences, each with a variant that is
 * wrong in one place and passes the quiet run. A few hundred seeds tell them apart; one failure is recorded, replayed and shown.
 */
import { createHash } from "node:crypto"
import { mkdirSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type TaskId, taskName } from "../src/base/ids.ts"
import { door } from "../src/cli/door.ts"
import { programHome } from "../src/host/files.ts"
import { programFiles } from "../src/host/program-files.ts"
import { recordingFiles } from "../src/host/recording-files.ts"
import { Kernel } from "../src/lab/kernel.ts"
import { ProgramStore } from "../src/lab/program-store.ts"
import { loadRecording } from "../src/lab/recording.ts"
import { isFailure } from "../src/lab/try-strategy.ts"
import { quietDecider } from "../src/log/choice.ts"
import type { Recording } from "../src/log/recording-reader.ts"
import { printSchedule } from "../src/log/schedule.ts"
import { start } from "../src/run/start.ts"
import { type Trial, Trials } from "../src/search/trial.ts"
import { randomDecider } from "../src/strategy/random.ts"

const SEED_COUNT = 400
const programs = ["commit-sequence", "commit-sequence-bad", "commit-sequence-mainline", "commit-sequence-mainline-bad"] as const
type Name = (typeof programs)[number]

interface Failure {
  readonly seed: string
  readonly trial: Trial
}

interface Survey {
  readonly name: Name
  readonly abis: string
  readonly isQuietlyRight: boolean
  readonly failures: ReadonlyArray<Failure>
}

const fileOf = (name: Name): string => `examples/${name}.s`
const seeds = Array.from({ length: SEED_COUNT }, (_, index) => String(index + 1))

/** Runs a program quietly, and then once for every seed, from one boot. */
const survey = (name: Name) =>
  Effect.gen(function*() {
    const program = yield* ProgramStore.use((store) => store.load(fileOf(name)))
    const spec = yield* Kernel.use((kernel) => kernel.specOf(program))
    const run = start(spec, quietDecider)
    if ("_tag" in run) return yield* Effect.die(run.reason)
    const trials = new Trials(run, { detectors: [], forkAtNow: 0 })
    const isQuietlyRight = !isFailure(trials.perform(quietDecider).outcome)
    const failures: Array<Failure> = []
    for (const seed of seeds) {
      const trial = trials.perform(randomDecider(seed, {}))
      if (isFailure(trial.outcome)) failures.push({ seed, trial })
    }
    return { name, abis: spec.abis.map((abi) => abi.name).join(","), isQuietlyRight, failures } satisfies Survey
  })

const surveyLine = ({ abis, failures, isQuietlyRight, name }: Survey): string =>
  `  ${fileOf(name).padEnd(41)} ${abis.padEnd(14)} quiet run ${isQuietlyRight ? "passes" : "FAILS "}   ` +
  `${failures.length === 0 ? "no update is lost" : `${failures.length} of ${SEED_COUNT} seeds lose an update`}`

interface Loss {
  /** The load of what is stored, and the store. */
  readonly from: number
  readonly to: number
  readonly sentence: string
}

/** Where an update is lost: the last store to a counter that does not raise it, and the load it goes back to. */
const lossIn = (recording: Recording): Loss | undefined => {
  const loads = new Map<TaskId, number>()
  let loss: Loss | undefined
  for (const { event, index } of recording.entries) {
    if (event._tag !== "Accessed") continue
    if (event.isWrite === 0) loads.set(event.task, index)
    else if (event.after <= event.before) {
      const sentence = `Entry ${index}: task ${taskName(event.task)} overwrites ${event.before} with ${event.after}, counted from what it loaded before it was preempted.`
      loss = { from: loads.get(event.task) ?? index, to: index, sentence }
    }
  }
  return loss
}

const fewest = (failures: ReadonlyArray<Failure>): Failure | undefined =>
  failures.toSorted((a, b) => a.trial.schedule.length - b.trial.schedule.length)[0]

/** As if it were typed. */
const typed = (...words: ReadonlyArray<string>): Effect.Effect<number> =>
  Effect.andThen(Effect.sync(() => console.log(`\n$ rseqlab ${words.join(" ")}`)), door(words))

const say = (text: string): Effect.Effect<void> => Effect.sync(() => console.log(text))

const demonstration = Effect.gen(function*() {
  yield* say(`Two tasks on one CPU add to the counter of that CPU; a second CPU is there to migrate to. ${SEED_COUNT} seeds each:\n`)
  const surveys: Array<Survey> = []
  for (const name of programs) {
    const surveyed = yield* survey(name)
    surveys.push(surveyed)
    yield* say(surveyLine(surveyed))
  }
  const isAsExpected = surveys.every(({ failures, isQuietlyRight, name }) => isQuietlyRight && name.endsWith("-bad") === failures.length > 0)
  const failure = fewest(surveys[1]?.failures ?? [])
  if (failure === undefined) return 1

  const schedule = printSchedule(failure.trial.schedule)
  const folder = `.rseqlab/artifacts/${programHome(fileOf("commit-sequence-bad"))}`
  const file = `${folder}/fail-${createHash("sha256").update(schedule).digest("hex").slice(0, 12)}.rec`
  yield* Effect.sync(() => mkdirSync(folder, { recursive: true }))
  yield* say(`\nSeed ${failure.seed} fails with the fewest deviations from the quiet run. Recorded, replayed, and shown where the update is lost:`)
  const ran = yield* typed("run", fileOf("commit-sequence-bad"), "--seed", failure.seed, "--record", file, "--force")
  const replayed = yield* typed("replay", file)
  const loss = lossIn(yield* loadRecording(file))
  if (loss === undefined) return 1
  const shown = yield* typed("show", file, "--from", String(loss.from), "--to", String(loss.to + 1))
  yield* say([
    `\n${loss.sentence} To go on:\n`,
    `  npx rseqlab show ${file}`,
    `  npx rseqlab show ${file} --schedule`,
    `  npx rseqlab replay ${file} --schedule ''`,
    `  npx rseqlab run ${fileOf("commit-sequence")} --schedule '${schedule}'`
  ].join("\n"))
  return isAsExpected && ran === 1 && replayed === 0 && shown === 0 ? 0 : 1
})

process.exitCode = await Effect.runPromise(demonstration.pipe(Effect.provide(Layer.mergeAll(programFiles, recordingFiles, Kernel.layer()))))
