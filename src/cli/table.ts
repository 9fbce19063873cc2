import { run } from "./run.ts"

/** Every command. A row is a file; its own name is its key. */
export const commands = [run] as const
