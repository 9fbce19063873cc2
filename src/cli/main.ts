#!/usr/bin/env node
/** The process around `door`: arguments in, a code out, Ctrl-C in between. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import { endOnOutputFailure, endOnOldNode, endWithCode, leaveOnSecondInterrupt } from "../host/process.ts"
import { door } from "./door.ts"
import { exitCode } from "./exit.ts"

endOnOldNode(exitCode("usage"))
endOnOutputFailure(exitCode("usage"))
leaveOnSecondInterrupt()

NodeRuntime.runMain(door(process.argv.slice(2)), {
  disableErrorReporting: true,
  teardown: (exit) => {
    if (Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause)) console.error(Cause.pretty(exit.cause))
    endWithCode(Exit.isSuccess(exit) ? Number(exit.value) : exitCode(Cause.hasInterruptsOnly(exit.cause) ? "interrupted" : "bug"))
  }
})
