import { assemble, type AssembleOptions } from "./assemble/assemble.ts"
import { describeAssemblyError } from "./assemble/problem.ts"
import { describeElfError, isElf, loadElf } from "./elf.ts"
import type { Program } from "./program.ts"

export type ProgramLoad =
  | { readonly _tag: "Loaded"; readonly program: Program }
  /**
   * `message`: what is wrong and where; a few lines for a text. Holds text of the file, so it is
   * escaped before it is shown.
   */
  | { readonly _tag: "Refused"; readonly message: string }

/** A program from the bytes of a file: an ELF executable by its first four bytes, assembler text otherwise. */
export const loadProgram = (bytes: Uint8Array, file: string, options: AssembleOptions = {}): ProgramLoad => {
  if (isElf(bytes)) {
    const loaded = loadElf(bytes, file)
    return loaded._tag === "Loaded" ? loaded : { _tag: "Refused", message: describeElfError(loaded.error) }
  }
  const binaryAt = bytes.indexOf(0)
  if (bytes.length === 0) {
    return {
      _tag: "Refused",
      message: `${file}: expected a static ELF executable or assembler text, and it is empty`
    }
  }
  if (binaryAt !== -1) {
    return {
      _tag: "Refused",
      message: `${file}: at byte ${binaryAt}: expected text; neither a static ELF executable nor assembler text`
    }
  }
  const assembly = assemble(new TextDecoder().decode(bytes), file, options)
  return assembly._tag === "Assembled"
    ? { _tag: "Loaded", program: assembly.program }
    : { _tag: "Refused", message: describeAssemblyError(assembly.error) }
}
