import { viewOf } from "../../base/bytes.ts"
import { type Address, isUserRange, taskName } from "../../base/ids.ts"
import { type Stream, stream } from "../../base/prng.ts"
import type { UserMemory } from "../../machine/machine.ts"
import type { Kernel } from "../kernel.ts"
import { pageUp } from "../memory.ts"
import type { Task } from "../state.ts"
import { defineSyscall, failed, returned } from "./definition.ts"

const GRND_NONBLOCK = 1
const GRND_RANDOM = 2
const GRND_INSECURE = 4
const WORD_BYTES = 4
/** Longer transfers are cut before their place is looked at. Source: Linux lib/iov_iter.c import_ubuf */
const MAX_RW_COUNT = 0x7fff_f000
/** A call gives no more than this: a fork that goes back draws again what it skips. */
const DRAWN_BYTES_MAX = 2 ** 20

/** Streams and how far they have been drawn: a shortcut, not a state. A task that is elsewhere in its stream begins anew. */
const drawn = new WeakMap<Kernel, Map<Task["id"], { readonly stream: Stream; wordCount: number }>>()

/** The next words of the task's own stream of chance. */
const draw = (kernel: Kernel, { id, randomWordCount }: Task, words: number): Uint8Array => {
  let streams = drawn.get(kernel)
  if (streams === undefined) drawn.set(kernel, (streams = new Map()))
  let position = streams.get(id)
  if (position === undefined || position.wordCount !== randomWordCount) {
    position = { stream: stream(kernel.seed, `guest/${taskName(id)}`), wordCount: 0 }
    streams.set(id, position)
    for (; position.wordCount < randomWordCount; position.wordCount++) position.stream.bits()
  }
  const bytes = new Uint8Array(words * WORD_BYTES)
  const view = viewOf(bytes)
  for (let word = 0; word < words; word++) view.setInt32(word * WORD_BYTES, position.stream.bits(), true)
  position.wordCount += words
  return bytes
}

/** How many bytes may be written before memory ends. */
const writableBytes = (memory: UserMemory, at: Address, lengthBytes: number): number => {
  let end = at
  while (end < at + lengthBytes && memory.allows(end, 1, "write")) end = pageUp(end + 1)
  return Math.min(end - at, lengthBytes)
}

export const getrandom = defineSyscall({
  name: "getrandom",
  parameters: { to: "address", sizeBytes: "size", flags: "u32" },
  summary: "random bytes: of the run's seed, a stream for each task",
  support: { partial: "at most 1 MiB a call" },
  errors: ["EINVAL", "EFAULT"],
  source: "getrandom(2); Linux drivers/char/random.c SYSCALL_DEFINE3(getrandom)",
  perform: (kernel, task, { flags, sizeBytes, to }) => {
    if ((flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE)) !== 0) return failed("EINVAL")
    if ((flags & (GRND_RANDOM | GRND_INSECURE)) === (GRND_RANDOM | GRND_INSECURE)) return failed("EINVAL")
    if (!isUserRange(to, Math.min(sizeBytes, MAX_RW_COUNT))) return failed("EFAULT")
    const wanted = Math.min(sizeBytes, DRAWN_BYTES_MAX)
    if (wanted === 0) return returned()
    const memory = kernel.memory(task)
    const length = writableBytes(memory, to, wanted)
    if (length === 0) return failed("EFAULT")
    const words = Math.ceil(length / WORD_BYTES)
    kernel.worked(length, "bytes")
    memory.writeBytes(to, draw(kernel, task, words).subarray(0, length))
    kernel.emit({ _tag: "RandomDrawn", task: task.id, words })
    return returned(length)
  }
})
