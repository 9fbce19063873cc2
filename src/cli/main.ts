#!/usr/bin/env node
/** The process around `door`: arguments in, a code out, Ctrl-C in between. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import { endOnOutputFailure, endOnOldNode, leaveOnSecondInterrupt } from "../host/process.ts"
import { door } from "./door.ts"
import { exitCode } from "./exit.ts"

endOnOldNode(exitCode("usage"))
endOnOutputFailure(exitCode("usage"))
leaveOnSecondInterrupt(exitCode("interrupted"))

NodeRuntime.runMain(door(process.argv.slice(2)), {
  disableErrorReporting: true,
  teardown: (exit, onExit) => {
    if (Exit.isSuccess(exit)) return onExit(Number(exit.value))
    if (Cause.hasInterruptsOnly(exit.cause)) return onExit(exitCode("interrupted"))
    console.error(Cause.pretty(exit.cause))
    onExit(exitCode("bug"))
  }
})
