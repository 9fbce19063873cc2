import { usePackagedInterpreter } from "../machine/engine/load.ts"

/** Machines made from now on take their interpreter from `bytes`, where there are any, instead of writing it anew. */
export const packagedInterpreter = (bytes: () => Uint8Array<ArrayBuffer> | undefined): void => usePackagedInterpreter(bytes)
