import * as Layer from "effect/Layer"
import { programFiles } from "../host/program-files.ts"
import { usePackaged } from "../host/packaged.ts"
import { progressLayer } from "../host/progress-line.ts"
import { recordingFiles } from "../host/recording-files.ts"
import { hostTerminal } from "../host/terminal.ts"
import { wallClock } from "../host/wall-clock.ts"

usePackaged()

/** Files, terminal and clock of this machine. */
export const hostLayer = Layer.mergeAll(programFiles, recordingFiles, progressLayer(hostTerminal, wallClock))
