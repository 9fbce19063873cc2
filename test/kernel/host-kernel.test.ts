/**
 * The kernel of this machine as judge: it is asked every provocation, and answers as the rows say. Where there is no gcc, or
 * no Linux on x86-64, nothing is asked.
 */
import { execFileSync, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { errnoName } from "../../src/linux/errno.ts"
import { syscalls } from "../../src/kernel/syscall/table.ts"
import { type Argument, type Provocation, provocations } from "./provocations.ts"

const isAble = process.platform === "linux" && process.arch === "x64" && spawnSync("gcc", ["--version"]).status === 0

const spell = (value: Argument): string => (value === "tid" ? "tid" : String(BigInt.asUintN(64, BigInt(value))))
const sixOf = (values: ReadonlyArray<Argument>): string => Array.from({ length: 6 }, (_, index) => spell(values[index] ?? 0)).join(" ")

const told = ({ arguments: values, before = [], call, words = [] }: Provocation): string => [
  ...words.flatMap(([at, ...list]) => list.map((word, index) => `W ${at + 8 * index} ${spell(word)}`)),
  ...before.map(([name, ...list]) => `B ${syscalls[name].number} ${sixOf(list)}`),
  `C ${syscalls[call].number} ${sixOf(values)}`,
  "E"
].join("\n")

describe.skipIf(!isAble)("this machine's kernel", () => {
  const asked = provocations.filter(({ onlyHere }) => onlyHere === undefined)
  const folder = mkdtempSync(join(tmpdir(), "rseqlab-judge-"))
  let answers: ReadonlyArray<string> = []

  beforeAll(() => {
    const judge = join(folder, "judge")
    execFileSync("gcc", ["-O1", "-pie", "-o", judge, new URL("judge.c", import.meta.url).pathname])
    const { stdout } = spawnSync(judge, { input: `${asked.map(told).join("\n")}\n`, encoding: "utf8", timeout: 30_000 })
    answers = stdout.trimEnd().split("\n")
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it("answers every call", () => assert.strictEqual(answers.length, asked.length))

  const spelled = (values: ReadonlyArray<Argument>) => values.map((value) => (value === "tid" ? value : `0x${value.toString(16)}`)).join(", ")
  it.each(asked.map((one, index) => [`${one.call}(${spelled(one.arguments)})`, one.errno, index] as const))("%s fails with %s", (_call, expected, index) => {
    const answer = answers[index] ?? ""
    assert.strictEqual(errnoName(-Number(answer)) ?? answer, expected)
  })
})
