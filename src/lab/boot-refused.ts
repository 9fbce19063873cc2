import * as Schema from "effect/Schema"

export class BootRefused extends Schema.TaggedError<BootRefused>()("BootRefused", {
  program: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `${this.program} cannot be started: ${this.reason}`
  }
}
