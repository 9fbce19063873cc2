import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { loadProgram } from "../program/load.ts"
import type { Program } from "../program/program.ts"

export class ProgramMissing extends Schema.TaggedError<ProgramMissing>()("ProgramMissing", {
  file: Schema.String,
  /** A file of nearly that name, if there is one. */
  nearest: Schema.UndefinedOr(Schema.String)
}) {
  override get message(): string {
    const hint = this.nearest === undefined ? "name a GNU-as text (.s) or a static x86-64 ELF" : `did you mean ${this.nearest}?`
    return `no program at ${this.file}; ${hint}`
  }
}

export class ProgramUnreadable extends Schema.TaggedError<ProgramUnreadable>()("ProgramUnreadable", {
  file: Schema.String,
  /** A clause: `it is a directory`. */
  why: Schema.String
}) {
  override get message(): string {
    return `${this.file} cannot be read: ${this.why}; name a GNU-as text (.s) or a static x86-64 ELF`
  }
}

/** Text that does not assemble, or a file that is no program of ours. */
export class ProgramRefused extends Schema.TaggedError<ProgramRefused>()("ProgramRefused", {
  /** Place and expectation; for a text three lines and one for each macro. */
  problem: Schema.String
}) {
  override get message(): string {
    return this.problem
  }
}

export interface ProgramOptions {
  /** Replaces the number of the program's `#: repeat`. */
  readonly repeat?: number | undefined
}

/** Longest program file read at all. */
export const PROGRAM_BYTES_MAX = 64 * 2 ** 20

/** Programs by file name. */
export class ProgramStore extends Context.Service<ProgramStore, {
  readonly load: (file: string, options?: ProgramOptions) => Effect.Effect<Program, ProgramMissing | ProgramUnreadable | ProgramRefused>
}>()("rseqlab/lab/ProgramStore") {
  /** Programs from texts and executables held in memory, by name. */
  static readonly layerMemory = (files: Readonly<Record<string, string | Uint8Array>>): Layer.Layer<ProgramStore> =>
    Layer.succeed(ProgramStore, {
      load: (file, options) => {
        const content = Object.hasOwn(files, file) ? files[file] : undefined
        if (content === undefined) return Effect.fail(new ProgramMissing({ file, nearest: undefined }))
        return programOf(typeof content === "string" ? new TextEncoder().encode(content) : content, file, options)
      }
    })
}

/** The program that a file's bytes are: an ELF executable or assembler text. */
export const programOf = (bytes: Uint8Array, file: string, options: ProgramOptions = {}): Effect.Effect<Program, ProgramRefused> =>
  Effect.suspend(() => {
    const loaded = loadProgram(bytes, file, options)
    return loaded._tag === "Loaded" ? Effect.succeed(loaded.program) : Effect.fail(new ProgramRefused({ problem: loaded.message }))
  })
