#!/usr/bin/env node
/** The process around `door`: arguments in, a code out, signals in between. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Runtime from "effect/Runtime"
import { endOnOutputFailure, endOnOldNode, endingSignalsHere, endWithCode } from "../host/process.ts"
import { door } from "./door.ts"
import { exitCode } from "./exit.ts"

endOnOldNode(exitCode("usage"))
endOnOutputFailure(exitCode("usage"))

// A fiber that was interrupted has no result: what the command came to is put aside while it still runs.
let code = exitCode("interrupted")
const told = Effect.uninterruptible(Effect.map(door(process.argv.slice(2)), (ended) => {
  code = Number(ended)
}))

const runMain = Runtime.makeRunMain(({ fiber, teardown }) => {
  endingSignalsHere.listen(() => fiber.interruptUnsafe(fiber.id))
  fiber.addObserver((exit) => {
    endingSignalsHere.stopListening()
    teardown(exit, () => {})
  })
})

runMain(told, {
  disableErrorReporting: true,
  teardown: (exit) => {
    const isOurs = Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause)
    if (isOurs) console.error(Cause.pretty(exit.cause))
    endWithCode(isOurs ? exitCode("bug") : code)
  }
})
