import { defineAbi } from "./definition.ts"
import { askForCounter, needsNoRegistration } from "./idiom.ts"

/** What every contract is compared with: interrupted sequences go on as if nothing had happened. */
export const none = defineAbi({
  name: "none",
  summary: "no contract: an interrupted sequence goes on where it was",
  source: "Linux before 4.18",
  calls: [],
  idiom: {
    register: needsNoRegistration,
    add: `${askForCounter}
        mov     (%rbx), %rcx
        inc     %rcx
        mov     %rcx, (%rbx)
    `,
    unregister: needsNoRegistration,
    loses: "nobody notices what comes between the load and the store",
    checked: () => []
  },
  armed: () => undefined
})
