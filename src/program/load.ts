import { assemble, type AssembleOptions } from "./assemble/assemble.ts"
import { describeAssemblyError } from "./assemble/problem.ts"
import { textOfSource } from "./assemble/source-text.ts"
import { describeElfError, isElf, loadElf } from "./elf.ts"
import { misfitOf } from "./limits.ts"
import type { Program } from "./program.ts"

export type ProgramLoad =
  | { readonly _tag: "Loaded"; readonly program: Program }
  /**
   * `message`: what is wrong and where; a few lines for a text. Holds text of the file, so it is
   * escaped before it is shown.
   */
  | { readonly _tag: "Refused"; readonly message: string }

/** A line end in the name of a file begins no line of the message. */
const refused = (message: string, file: string): ProgramLoad =>
  ({ _tag: "Refused", message: file.includes("\n") ? message.replaceAll(file, file.replaceAll("\n", "␤")) : message })

const fitting = (program: Program, file: string): ProgramLoad => {
  const expected = misfitOf(program)
  return expected === undefined ? { _tag: "Loaded", program } : refused(`${file}: expected ${expected}`, file)
}

/** A program from the bytes of a file: an ELF executable by its first four bytes, assembler text otherwise. */
export const loadProgram = (bytes: Uint8Array, file: string, options: AssembleOptions = {}): ProgramLoad => {
  if (isElf(bytes)) {
    const loaded = loadElf(bytes, file)
    return loaded._tag === "Loaded" ? fitting(loaded.program, file) : refused(describeElfError(loaded.error), file)
  }
  const binaryAt = bytes.indexOf(0)
  if (bytes.length === 0) {
    return refused(`${file}: expected a static ELF executable or assembler text, and it is empty`, file)
  }
  if (binaryAt !== -1) {
    return refused(`${file}: at byte ${binaryAt}: expected text; neither a static ELF executable nor assembler text`, file)
  }
  const assembly = assemble(textOfSource(bytes), file, options)
  return assembly._tag === "Assembled"
    ? fitting(assembly.program, file)
    : refused(describeAssemblyError(assembly.error), file)
}
