/** What every contract does, on programs and calls made of its row. */
import { assert, describe, it } from "vitest"
import type { AbiDefinition } from "../../src/kernel/abi/definition.ts"
import { abis } from "../../src/kernel/abi/table.ts"
import { oneRegion } from "../kernel/abi/one-region.ts"
import { interrupted, quietly, randomly, refusing } from "../kernel/abi/behavior.ts"

const SEED_COUNT = 10

describe.each(Object.values(abis))("contract $name", (row) => {
  it("counts right when nothing comes between", () => assert.deepStrictEqual(quietly(row), []))
  it("interrupted before each instruction, aborts where it is armed and loses nothing it does not say it loses", () => assert.deepStrictEqual(interrupted(row), []))
  it("interrupted often, loses nothing it does not say it loses", () => assert.deepStrictEqual(randomly(row, SEED_COUNT), []))
  it("refuses what its row says, first things first, and nothing else", () => assert.deepStrictEqual(refusing(row), []))
})

// ---- the laws, on contracts that the table does not have

const laws: ReadonlyArray<(row: AbiDefinition) => ReadonlyArray<string>> = [quietly, refusing, interrupted, (row) => randomly(row, SEED_COUNT)]
const sound = abis["mainline-6.12"]
const turner = abis["turner-v2"]
const { idiom } = sound

const without = (row: AbiDefinition, moment: "onScheduleOut" | "onScheduleIn"): AbiDefinition => ({ ...row, [moment]: () => {} })

describe("the laws of a contract", () => {
  it("hold on one that nobody wrote a test for", () => assert.deepStrictEqual(laws.flatMap((law) => law(oneRegion())), []))

  it.each<readonly [string, AbiDefinition, string]>([
    ["says that nothing is armed", { ...sound, armed: () => undefined }, "aborted, and not armed"],
    ["says that everything is armed", { ...sound, armed: () => ({ start: 0, end: 1 }) }, "armed, and goes on"],
    ["does not hear that its task lost the CPU", without(sound, "onScheduleOut"), "armed, and goes on"],
    ["loses what is added, and does not say so", without(turner, "onScheduleIn"), "loses an addition"],
    ["aborts to where the task was", { ...sound, onUserReturn: (kernel, task, registers, memory) => {
      const ip = registers.ip()
      sound.onUserReturn?.(kernel, task, registers, memory)
      registers.setIp(ip)
    } }, "loses an addition"],
    ["forgets signals", oneRegion({ forgetsSignals: true }), "signal, before"],
    ["makes its checks in another order than its row says", oneRegion({ checksLater: true }), "gives EFAULT, not EINVAL"],
    ["names its checks in another order than it makes them", { ...sound, idiom: { ...idiom, checked: (place) => idiom.checked(place).map((one) => ({ ...one, checks: one.checks.toReversed() })) } }, "gives EINVAL, not EFAULT"],
    ["lists an errno that nothing provokes", { ...sound, idiom: { ...idiom, checked: () => [] } }, "rseq is provoked to EBUSY by nothing"],
    ["lists too few", { ...sound, calls: sound.calls.map((call) => ({ ...call, errors: ["EINVAL", "EPERM", "EBUSY"] })) }, "rseq does not list EFAULT"],
    ["provokes a call that it does not bring", { ...abis["mainline-4.18"], idiom }, "mainline-4.18 has no call membarrier"],
    ["declares a loss that never comes", { ...sound, idiom: { ...idiom, loses: "so it is said" } }, "loses nothing, and its row says: so it is said"],
    ["declares a hang that never comes", { ...sound, idiom: { ...idiom, hangs: { after: "migrate", why: "so it is said" } } }, "always ends, and its row says: so it is said"],
    ["is registered in vain", { ...sound, idiom: { ...idiom, register: "mov $1, %eax" } }, "is refused its registration"],
    ["adds twice", { ...sound, idiom: { ...idiom, add: "lock incq counters(%rip)\nlock incq counters(%rip)" } }, "loses an addition"]
  ])("do not hold on one that %s", (_what, row, expected) =>
    assert.isTrue(laws.some((law) => law(row).some((complaint) => complaint.includes(expected))), expected))
})
