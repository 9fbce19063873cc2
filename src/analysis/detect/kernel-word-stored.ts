import { type Address, taskName } from "../../base/ids.ts"
import { hex } from "../../base/bits.ts"
import { defineDetector } from "./definition.ts"

export const kernelWordStored = defineDetector({
  name: "kernel-word-stored",
  rule: "what the kernel alone writes for a registered task, no program stores to",
  severity: "warning",
  canary: "cpu-id-start-scratch/stored",
  watches: ["KernelWordStored"],
  page: "The numbers of the CPU, the node and the concurrency id in a registered area are the kernel's: who stores there finds something else at the next event, and a kernel that "
    + "checks what it wrote kills the task for it (rseq with debugging on, 7.0 and later). The arming word and the flags are the program's. The evidence is the store, each place told once. "
    + "An area that is not registered yet, or no more, is memory like any other.",
  start: () => new Set<Address>(),
  observe: (told, { event: { address, ip, owner, task }, index }) => {
    if (told.has(ip)) return undefined
    told.add(ip)
    return { message: `task ${taskName(task)} stores to ${hex(address)}, which the kernel alone writes for ${owner === task ? "it" : `task ${taskName(owner)}`}`, evidence: [index], about: address }
  }
})
