/** Recordings whose run does not come again: told so, in a line, whatever is asked of them, and at no cost beyond their size. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, expect, it } from "vitest"
import { bisect, explain, loadProgram, minimize, openRecording, parseSchedule, record, replayUnder } from "../../src/api/index.ts"
import { concatBytes } from "../../src/base/bytes.ts"
import { childTask, rootTask } from "../../src/base/ids.ts"
import type { Deviation } from "../../src/log/choice.ts"
import { isCounted } from "../../src/log/schedule.ts"
import { createRecordingWriter } from "../../src/log/recording.ts"
import type { Recording } from "../../src/log/recording-reader.ts"
import { replay } from "../../src/run/replay.ts"
import { defaultLimits } from "../../src/run/start.ts"
import { fileIn, linesOf, root, rseqlab, scratchFolder } from "./spawned.ts"

const folder = scratchFolder()
const program = loadProgram(readFileSync(join(root, "examples/p1.s")), "p1.s")
const { recording: failing } = await record(program, { schedule: "1.1@1:turn=1" })

/** What was recorded, under another schedule: sums and hashes are right, and no run is like it. */
const saying = ({ end, header }: Recording, schedule: Iterable<Deviation>): Uint8Array => {
  const parts: Array<Uint8Array> = []
  const writer = createRecordingWriter(header, (bytes) => void parts.push(bytes), { keep: "schedule", codec: "zstd" })
  for (const deviation of schedule) writer.taken(deviation)
  if (end !== undefined) writer.end(end)
  return concatBytes(parts)
}

const counted = (text: string): ReadonlyArray<Deviation> => {
  const parsed = parseSchedule(text)
  if (parsed._tag !== "Parsed" || !isCounted(parsed.schedule)) throw new Error(text)
  return parsed.schedule
}

const BOMB_DEVIATION_COUNT = 2_000_000
function* bomb(): Generator<Deviation> {
  for (let left = BOMB_DEVIATION_COUNT; left > 0; left--) yield { task: childTask(rootTask, 1), count: 0, nth: 0, kind: "turn", option: 1 }
}

const unmet = saying(failing, counted("1.1@1:turn=1,1.1@800:turn=1"))
const bombBytes = saying(failing, bomb())
const files = { unmet: fileIn(folder, "unmet.rec", unmet), bomb: fileIn(folder, "bomb.rec", bombBytes), failing: fileIn(folder, "failing.rec", (await record(program, { schedule: "1.1@1:turn=1" })).bytes) }

/** Old space of a process that opens a small recording, and 64 MiB. */
const env = { NODE_OPTIONS: "--max-old-space-size=100" }

describe("a recording that does not replay", () => {
  const asked: ReadonlyArray<ReadonlyArray<string>> = [["explain"], ["minimize"], ["bisect"], ["bisect", files.failing], ["bisect", "--until", "counter == 1"], ["replay", "--on", join(root, "examples/p1.s")]]
  it.each([
    ["one deviation nobody meets", files.unmet, "1.1@800:turn=1 was never met", asked],
    [`${BOMB_DEVIATION_COUNT} deviations in a few bytes`, files.bomb, "1.1@0:turn=1 was never met", asked.slice(0, 1)]
  ])("is said to be so in a line, with code 5: %s", (_claim, file, why, all) => {
    for (const words of all) {
      const { code, stderr, stdout } = rseqlab([...words, file], { env })
      assert.deepStrictEqual([code, stdout], [5, ""], `${words.join(" ")}: ${stderr}`)
      assert.strictEqual(linesOf(stderr).length, 1, stderr)
      assert.include(stderr, `does not replay: ${why}`, stderr)
    }
  })

  it("rejects promises, whichever end of a bisection it is", async () => {
    const recording = openRecording(unmet)
    for (const search of [minimize(recording), explain(recording), bisect(recording), bisect(failing, { passing: recording })]) {
      await expect(search).rejects.toMatchObject({ _tag: "ReplayDiverged" })
    }
  })

  it("of another program is no passing end", async () => {
    const { recording } = await record(loadProgram(readFileSync(join(root, "examples/percpu-counter.s")), "percpu-counter.s"))
    await expect(bisect(failing, { passing: recording })).rejects.toMatchObject({ _tag: "EndsAlike" })
  })
})

describe("a schedule that is millions long in a few bytes", () => {
  it("is small", () => assert.isBelow(bombBytes.length, 100_000))

  it("is replayed strictly without being held: only what is due is looked at", () => {
    const recording = openRecording(bombBytes)
    let walked = 0
    const deviations = { *[Symbol.iterator]() {
      for (const deviation of recording.deviations) {
        walked++
        yield deviation
      }
    } }
    const replaying = replay({ ...recording, deviations, get schedule(): never { throw new Error("it is held") } }, defaultLimits)
    if ("_tag" in replaying) throw new Error(replaying.reason)
    let result = replaying.advance(1_000)
    while (result === undefined) result = replaying.advance(1_000)
    assert.strictEqual(result._tag, "Diverged")
    assert.isBelow(walked, 10)
  })

  it.each([[["replay"], 5, /DIVERGED/], [["replay", "--lenient"], 6, /at most 100,000 are told leniently/], [["show"], 0, /no entries are kept/], [["show", "--schedule"], 2, /could be read again/]] as const)(
    "costs no more than its size: %j", (words, code, said) => {
      const { code: ended, stderr, stdout } = rseqlab([...words, files.bomb], { env })
      assert.strictEqual(ended, code, stderr)
      assert.match(stdout + stderr, said)
    })

  it("rejects the promise of a lenient replay", () =>
    expect(replayUnder(openRecording(bombBytes))).rejects.toMatchObject({ _tag: "ReplayRefused" }))
})
