/** Every engine there is, and what all of them answer to a case. */
import type { Case } from "./case.ts"
import type { Engine } from "./engine.ts"
import { openMachineEngine } from "./machine-engine.ts"
import { referenceEngine, touchesCode } from "./reference-engine.ts"
import type { Result } from "./result.ts"

const fastEngine = openMachineEngine("machine", false)
/** The way on which every access is looked at: generated from the same rows, and slower. */
const carefulEngine = openMachineEngine("machine, carefully", true)

export const engineNames = [referenceEngine, fastEngine, carefulEngine].map(({ name }) => name).join(", ")

export interface Answer {
  readonly engine: Engine
  readonly result: Result
}

/** The reference's answer first; none where a case says nothing. `isThorough`: the careful way, too. */
export const answersTo = (tested: Case, isThorough: boolean): ReadonlyArray<Answer> => {
  const result = referenceEngine.run(tested)
  if (touchesCode(result)) return []
  const others = isThorough ? [fastEngine, carefulEngine] : [fastEngine]
  return [{ engine: referenceEngine, result }, ...others.map((engine) => ({ engine, result: engine.run(tested) }))]
}
