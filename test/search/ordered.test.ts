/**
 * What the threads of a C library order is ordered, whoever names it: locks, conditions, atomics. And what they do not is a race.
 * Where there is no gcc with a static libc, nothing is searched.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { loadProgram } from "../../src/program/load.ts"
import { byName, parseWatch, placeWatch } from "../../src/program/watch.ts"
import type { Program } from "../../src/program/program.ts"
import { specOf } from "../../src/run/start.ts"
import { fuzz, type Hit } from "../../src/search/fuzz.ts"
import { defaultTargetOptions, makeTarget } from "../../src/search/target.ts"
import { abisNamed } from "../support/examples.ts"

const source = fileURLToPath(new URL("ordered.c", import.meta.url))
const folder = mkdtempSync(join(tmpdir(), "rseqlab-ordered-"))
const file = join(folder, "ordered")
const canBuild = process.platform === "linux" && process.arch === "x64" && spawnSync("gcc", ["-static", "-O2", "-o", file, source]).status === 0
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs of each. */
const RUN_COUNT = Number(process.env["RSEQLAB_ORDERED_RUNS"] ?? "40")
const ways = ["mutex", "condition", "atomics", "rwlock", "once", "semaphore", "spin", "barrier"]

describe.skipIf(!canBuild)("data that threads share (needs gcc and a static libc)", () => {
  let program: Program
  beforeAll(() => {
    const loaded = loadProgram(readFileSync(file), "ordered")
    if (loaded._tag === "Refused") throw new Error(loaded.message)
    const request = parseWatch("shared", ["data"])
    const watched = "expected" in request ? request : placeWatch(request, byName(loaded.program.symbols))
    if ("expected" in watched) throw new Error(watched.expected)
    program = { ...loaded.program, experiment: { ...loaded.program.experiment, watches: [watched] } }
  })

  const firstHit = (...argv: ReadonlyArray<string>): Hit | undefined => {
    const target = makeTarget({ ...specOf(program, abisNamed("mainline-6.12")), argv: ["ordered", ...argv] }, defaultTargetOptions)
    if ("_tag" in target) throw new Error(target.reason)
    expect(target.quiet.outcome).toEqual({ _tag: "Exited", status: 0 })
    for (const { hit } of fuzz(target, RUN_COUNT)) if (hit !== undefined) return hit
    return undefined
  }

  it.each(ways)("are ordered by %s", (way) => {
    const hit = firstHit(way)
    expect(hit?.finding.message, `run ${hit?.run}`).toBe(undefined)
  })
  it.each(ways)("race where %s is nearly right", (way) => {
    expect(firstHit(way, "racy")?.finding.detector).toBe("data-race")
  })
})
