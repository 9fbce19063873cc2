import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { concatBytes } from "../base/bytes.ts"

export class RecordingMissing extends Schema.TaggedError<RecordingMissing>()("RecordingMissing", {
  file: Schema.String,
  /** A file of nearly that name, if there is one. */
  nearest: Schema.UndefinedOr(Schema.String)
}) {
  override get message(): string {
    const hint = this.nearest === undefined ? "`rseqlab run PROG --record FILE` makes one" : `did you mean ${this.nearest}?`
    return `no recording at ${this.file}; ${hint}`
  }
}

export class RecordingUnreadable extends Schema.TaggedError<RecordingUnreadable>()("RecordingUnreadable", {
  file: Schema.String,
  /** A clause: `it is larger than 1 GiB`. */
  why: Schema.String
}) {
  override get message(): string {
    return `${this.file} cannot be read: ${this.why}; name a file that \`rseqlab run PROG --record FILE\` has made`
  }
}

export class RecordingExists extends Schema.TaggedError<RecordingExists>()("RecordingExists", { file: Schema.String }) {
  override get message(): string {
    return `${this.file} is there already; choose another name, or --force to replace it`
  }
}

export class RecordingUnwritable extends Schema.TaggedError<RecordingUnwritable>()("RecordingUnwritable", {
  file: Schema.String,
  /** A clause: `its folder is not there`. */
  why: Schema.String,
  hint: Schema.String
}) {
  override get message(): string {
    return `${this.file} cannot be written: ${this.why}; ${this.hint}`
  }
}

/** A recording being written. Whoever writes goes on at full speed; what went wrong is asked for at breaths. */
export interface RecordingSink {
  readonly append: (bytes: Uint8Array) => void
  /** Why the bytes so far are not all there, if they are not. */
  readonly failure: () => RecordingUnwritable | undefined
  /** Everything is written: from now on the recording stands under its own name. */
  readonly seal: Effect.Effect<void, RecordingUnwritable>
  /** There was no run: nothing is kept. */
  readonly discard: Effect.Effect<void>
}

/** Recordings by name, as bytes. */
export class RecordingStore extends Context.Service<RecordingStore, {
  readonly read: (file: string) => Effect.Effect<Uint8Array, RecordingMissing | RecordingUnreadable>
  /** A new recording. Until it is sealed nothing stands under its name; unsealed at the end of the scope, what is there is kept aside. */
  readonly create: (file: string, options: { readonly mayReplace: boolean }) => Effect.Effect<RecordingSink, RecordingExists | RecordingUnwritable, Scope.Scope>
  /** `name` itself if it is a recording; all recordings under it, in the order of their names, if it is a folder. */
  readonly list: (name: string) => Effect.Effect<ReadonlyArray<string>, RecordingMissing | RecordingUnreadable>
}>()("rseqlab/lab/RecordingStore") {
  /** Recordings that live as long as the layer. */
  static readonly layerMemory: Layer.Layer<RecordingStore> = Layer.sync(RecordingStore, () => {
    const recordings = new Map<string, Uint8Array>()
    return {
      read: (file) => Effect.suspend(() => {
        const bytes = recordings.get(file)
        return bytes === undefined ? Effect.fail(new RecordingMissing({ file, nearest: undefined })) : Effect.succeed(bytes)
      }),
      create: (file, { mayReplace }) => Effect.suspend(() => {
        if (recordings.has(file) && !mayReplace) return Effect.fail(new RecordingExists({ file }))
        const parts: Array<Uint8Array> = []
        return Effect.succeed<RecordingSink>({
          append: (bytes) => void parts.push(Uint8Array.from(bytes)),
          failure: () => undefined,
          seal: Effect.sync(() => void recordings.set(file, concatBytes(parts))),
          discard: Effect.void
        })
      }),
      list: (name) => Effect.sync(() => [...recordings.keys()].filter((file) => file === name || file.startsWith(`${name}/`)).sort())
    }
  })
}
