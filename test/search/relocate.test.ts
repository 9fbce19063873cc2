/** Where a deviation is told in another build: at its place, at the same instruction, or at its count. */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import type { TaskId } from "../../src/base/ids.ts"
import type { Deviation } from "../../src/log/choice.ts"
import { placeOf, printDeviation } from "../../src/log/schedule.ts"
import { loadProgram } from "../../src/program/load.ts"
import type { Program } from "../../src/program/program.ts"
import { symbolBefore } from "../../src/search/place.ts"
import { addressThere, type Relocated, relocate } from "../../src/search/relocate.ts"
import { instructionAt } from "../../src/search/explain.ts"
import { assembleText, example } from "../support/examples.ts"

const bad = readFileSync(new URL("../../examples/percpu-push-bad.s", import.meta.url), "utf8")
const COUNT = 21

/** A deviation at an address of `from`, told to `to`. */
const told = (from: Program, to: Program, address: number): Relocated => {
  const counted: Deviation = { task: 1 as TaskId, count: COUNT, nth: 0, kind: "turn", option: 1 }
  const { count: _, ...rest } = counted
  const place = placeOf(address, 0, symbolBefore(from, address))
  const [relocated] = relocate(from, to, [{ address, deviation: { ...rest, place } }], [counted])
  if (relocated === undefined) throw new Error("one for one")
  return relocated
}

const textAt = (program: Program, address: number): string => instructionAt(program, address).text

describe("a deviation at retry+0x17, before an instruction of the arming", () => {
  const from = example("percpu-push-bad.s")
  const at = (from.symbols.find(({ name }) => name === "retry")?.at ?? 0) + 0x17
  const here = textAt(from, at)

  it.each<readonly [build: string, text: string, by: Relocated["by"], as: RegExp]>([
    ["the same build", bad, "place", /@retry\+0x17:/],
    ["a label of another name", bad.replaceAll("retry", "again"), "instruction", /@again\+0x17:/],
    ["an instruction more before it", bad.replace("retry:", "retry: nop"), "instruction", /@retry\+0x18:/],
    ["an instruction more before it, and another name", bad.replaceAll("retry", "again").replace("again:", "again: mov %r9, %r9"), "instruction", /@again\+0x1a:/],
    ["a function more before it all", bad.replace("        .text\n", "        .text\nextra: mov %rcx, (%rbx)\n ret\n"), "place", /@retry\+0x17:/],
    ["a label more before it", bad.replace("        mov     %rcx, (%rbx)", "linked:\n        mov     %rcx, (%rbx)"), "place", /@retry\+0x17:/],
    ["another instruction there", bad.replaceAll("retry", "again").replace(/mov {5}%rcx, \(%rbx\)/, "movnti %rcx, (%rbx)"), "count", /@21:/]
  ])("is told by what stands there in a build with %s", (_, text, by, as) => {
    const to = assembleText(text, "another.s")
    const relocated = told(from, to, at)
    expect([relocated.by, printDeviation(relocated.deviation)]).toEqual([by, expect.stringMatching(as)])
  })

  it("is before the same instruction, wherever that is by now", () => {
    expect(here).toMatch(/^mov %rcx, \(%rbx\)/)
  })

  it("is about a section that is there under another name", () => {
    const start = from.symbols.find(({ name }) => name === "start")?.at ?? 0
    const to = assembleText(bad.replaceAll(/\bstart\b/g, "begin").replace("retry:", "retry: nop"), "another.s")
    expect(addressThere(from, to)(start)).toBe(to.symbols.find(({ name }) => name === "begin")?.at)
  })

  it("is told by place, and lost there, where the other program is no build of this one", () => {
    expect(told(from, example("p1.s"), at).by).toBe("place")
  })
})

describe("every instruction of a program", () => {
  it("is found in the same program, and in one that has moved as a whole", () => {
    const from = example("percpu-push-bad.s")
    const to = assembleText(bad.replace("        .text\n", "        .text\nextra: .fill 100, 1, 0x90\n ret\n"), "moved.s")
    const start = from.segments.find(({ protection }) => (protection & 4) !== 0)?.start ?? 0
    for (const { at } of from.symbols.filter((symbol) => symbol.at >= start && symbol.at < start + 200)) {
      expect(told(from, from, at).by).toBe("place")
      expect(told(from, to, at).by).toBe("place")
    }
  })
})

const source = (extra: string, line: string): string => `
#include <pthread.h>
static int counter;
${extra}
static void *work(void *unused)
{
  ${line}
  for (int each = 0; each < 3; each++) counter++;
  return unused;
}
int main(void)
{
  pthread_t threads[2];
  for (int each = 0; each < 2; each++) pthread_create(&threads[each], 0, work, 0);
  for (int each = 0; each < 2; each++) pthread_join(threads[each], 0);
  return counter != 6;
}
`
const folder = mkdtempSync(join(tmpdir(), "rseqlab-relocate-"))
afterAll(() => rmSync(folder, { recursive: true }))

const built = (name: string, text: string): Program | undefined => {
  writeFileSync(join(folder, `${name}.c`), text)
  if (spawnSync("gcc", ["-static", "-O0", "-o", join(folder, name), join(folder, `${name}.c`)]).status !== 0) return undefined
  const loaded = loadProgram(readFileSync(join(folder, name)), name)
  return loaded._tag === "Refused" ? undefined : loaded.program
}
const before = process.platform === "linux" && process.arch === "x64" ? built("before", source("", "")) : undefined

describe.skipIf(before === undefined)("an executable (needs gcc and a static libc)", () => {
  if (before === undefined) return
  const work = before.symbols.find(({ name }) => name === "work")?.at ?? 0
  /** The store of the counter. */
  const at = Array.from({ length: 64 }, (_, offset) => work + offset).find((address) => textAt(before, address).startsWith("mov %eax, counter(%rip)")) ?? 0

  it.each<readonly [build: string, text: string, by: Relocated["by"]]>([
    ["nothing new", source("", ""), "place"],
    ["a function more", source("int more(int n) { return n * 3; }", ""), "place"],
    ["an instruction more", source("", "__asm__ volatile(\"nop\");"), "instruction"],
    ["a function more and instructions more", source("int more(int n) { return n * 3; }", "volatile int far = 70000; (void)far;"), "instruction"]
  ])("of a build with %s is told at the same store", (name, text, by) => {
    const to = built(name.replaceAll(" ", "-"), text)
    if (to === undefined) throw new Error("it builds")
    const { deviation, ...relocated } = told(before, to, at)
    expect(relocated.by).toBe(by)
    if (!("place" in deviation)) throw new Error("by count")
    const symbol = to.symbols.find((one) => one.name === deviation.place.symbol)
    expect(textAt(to, (symbol?.at ?? 0) + deviation.place.offset)).toMatch(/^mov %eax, counter\(%rip\)/)
  })
})
