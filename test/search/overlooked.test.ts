/** A section that asks its contract to overlook what befalls it is told as that, and not as if it had not been armed. */
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { specOf } from "../../src/run/start.ts"
import { understand } from "../../src/search/failure.ts"
import { abisNamed, assembleText } from "../support/examples.ts"
import { firstHit, searchTarget } from "../support/saved.ts"

const RUN_MAX = 2000
const NO_RESTART_ON_PREEMPT = 1

const text = readFileSync(new URL("../../examples/percpu-push.s", import.meta.url), "utf8")
const overlooking = text.replace("descriptor:\n        .long   0, 0", `descriptor:\n        .long   0, ${NO_RESTART_ON_PREEMPT}`)

const sentenceUnder = (abi: string): string | undefined => {
  const target = searchTarget(specOf(assembleText(overlooking, "overlooking.s"), abisNamed(abi)))
  const hit = firstHit(target, RUN_MAX)
  if (hit === undefined) throw new Error(`not found in ${RUN_MAX} runs`)
  const steps = understand(target, hit.trial.schedule, hit.finding, 0)
  let step = steps.next()
  while (step.done !== true) step = steps.next()
  return step.value?.explanation?.sentence
}

describe("a section with a flag that names an event", () => {
  it("was armed, and the contract did not abort it", () => {
    expect(overlooking).not.toBe(text)
    const sentence = sentenceUnder("mainline-4.18")
    expect(sentence).toContain("the section at start was armed, and the contract did not abort it: flags=1")
    expect(sentence).not.toContain("nothing was armed")
  })
  it("is told with its flag where the kernel kills for it", () => {
    expect(sentenceUnder("mainline-6.1")).toContain("the section at start was armed with flags=1")
  })
})
