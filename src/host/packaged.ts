/** What the build has put beside us. The sources, run as they are, have nothing there and make it themselves. */
import { readFileSync } from "node:fs"
import { packagedInterpreter } from "../lab/packaged.ts"

/** Lets machines use the interpreter that was packaged with this build. Cheap: it is read when the first machine is made. */
export const usePackaged = (): void =>
  packagedInterpreter(() => {
    try {
      return Uint8Array.from(readFileSync(new URL("./interpreter.wasm", import.meta.url)))
    } catch {
      return undefined
    }
  })
