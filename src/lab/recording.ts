/** Recordings read, and what is said where they cannot be. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Damage } from "../log/codec.ts"
import { type Recording, readRecording } from "../log/recording-reader.ts"
import { FORMAT_VERSION } from "../log/version.ts"
import { type RecordingMissing, RecordingStore, type RecordingUnreadable } from "./recording-store.ts"

const sentences: Readonly<Record<Damage["_tag"], string>> = {
  NotARecording: "this is no recording",
  Truncated: "it is cut short",
  Corrupt: "it is damaged",
  Newer: `it is of a newer format than ${FORMAT_VERSION}, which this version reads; a newer rseqlab opens it`,
  TooLarge: "it asks for more than is read here"
}

/** Where a recording is damaged, as a clause. */
export const damageText = ({ _tag, at, expected }: Damage): string => `${sentences[_tag]}: at byte ${at}: expected ${expected}`

export class RecordingDamaged extends Schema.TaggedError<RecordingDamaged>()("RecordingDamaged", {
  file: Schema.String,
  problem: Schema.String
}) {
  override get message(): string {
    return `${this.file} cannot be used: ${this.problem}`
  }
}

/** The recording of that name. What is cut or damaged behind a good beginning still opens, and says so. */
export const loadRecording = (file: string): Effect.Effect<Recording, RecordingMissing | RecordingUnreadable | RecordingDamaged, RecordingStore> =>
  Effect.gen(function*() {
    const bytes = yield* RecordingStore.use((store) => store.read(file))
    const read = readRecording(bytes)
    return read._tag === "Read" ? read.recording : yield* new RecordingDamaged({ file, problem: damageText(read.problem) })
  })
