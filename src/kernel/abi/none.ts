import { defineAbi } from "./definition.ts"

/** What every contract is compared with: interrupted sequences go on as if nothing had happened. */
export const none = defineAbi({
  name: "none",
  summary: "no contract: an interrupted sequence goes on where it was",
  source: "Linux before 4.18",
  calls: [],
  armed: () => undefined
})
