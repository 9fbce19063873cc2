#!/usr/bin/env node
/** The process around `door`: arguments in, a code out, Ctrl-C in between. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { endOnOutputFailure, endOnOldNode, endWithCode, leaveOnSecondInterrupt } from "../host/process.ts"
import { door } from "./door.ts"
import { exitCode } from "./exit.ts"

endOnOldNode(exitCode("usage"))
endOnOutputFailure(exitCode("usage"))
leaveOnSecondInterrupt()

// A fiber that was interrupted has no result: what the command came to is put aside while it still runs.
let code = exitCode("interrupted")
const told = Effect.uninterruptible(Effect.map(door(process.argv.slice(2)), (ended) => {
  code = Number(ended)
}))

NodeRuntime.runMain(told, {
  disableErrorReporting: true,
  teardown: (exit) => {
    const isOurs = Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause)
    if (isOurs) console.error(Cause.pretty(exit.cause))
    endWithCode(isOurs ? exitCode("bug") : code)
  }
})
