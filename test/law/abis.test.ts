/** What every contract owes: the conformance cases, the table, and the table proved on a contract that keeps state everywhere. */
import { assert, describe, it } from "vitest"
import { abis, combineAbis, parseAbis } from "../../src/kernel/abi/table.ts"
import { type Case, has } from "../kernel/abi/case.ts"
import { cpuOpvCases } from "../kernel/abi/cpu-opv.cases.ts"
import { fixupCases, fixupCasesOf } from "../kernel/abi/mainline-fixup.cases.ts"
import { membarrierCases } from "../kernel/abi/mainline-membarrier.cases.ts"
import { lifeCases, registrationCases } from "../kernel/abi/mainline-registration.cases.ts"
import { turnerV2Cases } from "../kernel/abi/turner-v2.cases.ts"

const families: Readonly<Record<string, ReadonlyArray<Case>>> = {
  "turner-v2": turnerV2Cases,
  ...Object.fromEntries(([abis["mainline-6.1"], abis["mainline-6.3"], abis["mainline-6.12"], abis["mainline-6.14"], abis["mainline-6.18"]]).map((abi) => [abi.name, fixupCasesOf(abi)])),
  mainline: [...registrationCases, ...fixupCases, ...lifeCases, ...membarrierCases],
  cpu_opv: cpuOpvCases
}

for (const [family, cases] of Object.entries(families)) {
  describe(`conformance of ${family}`, () => {
    for (const one of cases) {
      if ("run" in one) it(`${one.id}: ${one.situation} → ${one.expected}`, one.run)
      else it(`${one.id} still waits for ${one.needs}`, () => assert.isFalse(has(one.needs), `there is ${one.needs} now: write ${one.id} (${one.situation} → ${one.expected})`))
    }

    it("has every case once, with a source", () => {
      assert.strictEqual(new Set(cases.map(({ id }) => id)).size, cases.length)
      assert.isTrue(cases.every(({ source }) => source !== ""))
    })
  })
}

it("says how many cases are open, by what they wait for", () => {
  const all = Object.values(families).flat()
  const open = new Map<string, number>()
  for (const one of all) if ("needs" in one) open.set(one.needs, (open.get(one.needs) ?? 0) + 1)
  const openCount = [...open.values()].reduce((sum, count) => sum + count, 0)
  console.log(`contract cases: ${all.length - openCount} run, ${openCount} open: ${[...open].map(([need, count]) => `${need} ×${count}`).join(", ")}`)
  assert.isBelow(openCount, all.length)
})

describe.each(Object.values(abis))("contract $name", ({ calls, name, source, summary }) => {
  it("says what it is and where that is written down", () => {
    assert.isNotEmpty(summary)
    assert.isNotEmpty(source)
    for (const call of calls) assert.isNotEmpty(call.source)
  })

  it("is found by its name", () => assert.deepStrictEqual(parseAbis(name), { _tag: "Parsed", abis: [abis[name]] }))

  it("brings calls of different numbers, with their errors named once each", () => {
    assert.strictEqual(new Set(calls.map(({ number }) => number)).size, calls.length)
    for (const { errors } of calls) assert.strictEqual(new Set(errors).size, errors.length)
  })

  it("can go on from every pause it declares", () => {
    for (const { pauses = [], resume } of calls) assert.isTrue(pauses.length === 0 || resume !== undefined)
  })
})

describe("contracts together", () => {
  it("are refused where one answers a call of the general table and does not say so, or says so in vain", () => {
    const { shadows, ...silent } = abis["mainline-6.12"]
    assert.deepStrictEqual(shadows, ["membarrier"])
    for (const [row, message] of [
      [silent, "mainline-6.12 answers call 324 (membarrier) in place of the general one, and its row does not say so"],
      [{ ...abis.none, shadows: ["futex"] as const }, "none says that it answers futex in place of the general call, and has none of its number"]
    ] as const) assert.deepStrictEqual(combineAbis([row]), { _tag: "Refused", message })
  })

  it("keep the order in which they are named", () => {
    const parsed = parseAbis("opv-v12, mainline-6.12")
    assert.deepStrictEqual(parsed._tag === "Parsed" ? parsed.abis.map(({ name }) => name) : parsed, ["opv-v12", "mainline-6.12"])
  })

  it.each([
    ["two that bring the same call", "mainline-6.1,mainline-6.12", "both bring call 334"],
    ["one named twice", "none,none", "named twice"],
    ["one that is not there", "mainline-9.9", "no contract is named"],
    ["nothing", "", "no contract is named"],
    ["a name every object has", "constructor", "no contract is named"]
  ])("are refused: %s", (_what, text, message) => {
    const parsed = parseAbis(text)
    assert.strictEqual(parsed._tag, "Refused")
    assert.include(parsed._tag === "Refused" ? parsed.message : "", message)
  })
})
