/** A broken promise of ours: never the guest's fault, never the user's. */
export class SimulatorBug extends Error {
  override readonly name = "SimulatorBug"
}

/** Holds always, in every build. `promise` is a sentence that was true until now. */
export function assert(condition: boolean, promise: string): asserts condition {
  if (!condition) throw new SimulatorBug(promise)
}

/** For the end of a `switch` over a union: a forgotten case does not compile. */
export const unreachable = (value: never): never => {
  throw new SimulatorBug(`no such case: ${String(value)}`)
}

/** The value, where a promise says it is there. */
export const known = <T>(value: T | undefined, promise: string): T => {
  assert(value !== undefined, promise)
  return value
}
