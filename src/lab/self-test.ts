/** Whether this build, on this machine, does what every other does: an arithmetic the guest checks itself, and a run made twice. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { strategies } from "../strategy/table.ts"
import { Decider } from "./decider.ts"
import { EventLog } from "./event-log.ts"
import { Kernel } from "./kernel.ts"
import { Listener } from "./listener.ts"
import { ProgramStore } from "./program-store.ts"
import { Progress } from "./progress.ts"
import { loadRecording } from "./recording.ts"
import { RecordingStore } from "./recording-store.ts"
import { replayRecording } from "./replay-recording.ts"
import { runProgram } from "./run-program.ts"

/** What two tasks add up to, whatever the interleaving; a test computes it again in JavaScript. */
const SUM = "0x31a60ccdb68b7fa8"

/** Runs under `doctor`, and is its own judge. */
export const selfTestProgram = `#: cpus 2
#: abi mainline-6.12
#: task worker x2 cpu=0,1
#: finally check
        .text
worker: mov     $1000, %ecx
        mov     $0x9e3779b97f4a7c15, %r8
        xor     %r9d, %r9d
1:      mov     %rcx, %rax
        imul    %r8, %rax
        ror     $13, %rax
        add     %rax, %r9
        adc     $0, %r9
        bswap   %r8
        xor     %r9, %r8
        mov     %r9, %rax
        shr     $1, %rax
        xor     %edx, %edx
        div     %rcx
        add     %rdx, %r9
        dec     %ecx
        jnz     1b
        lock add %r9, sum(%rip)
        xor     %edi, %edi
        mov     $60, %eax
        syscall

check:  mov     $${SUM}, %rax
        xor     %edi, %edi
        cmp     %rax, sum(%rip)
        setne   %dil
        mov     $60, %eax
        syscall

        .bss
        .balign 8
sum:    .zero   8
`
const FILE = "self-test.s"

export interface SelfTest {
  readonly name: string
  readonly isPassed: boolean
  /** What was seen. */
  readonly result: string
}

const services = Layer.mergeAll(ProgramStore.layerMemory({ [FILE]: selfTestProgram }), RecordingStore.layerMemory, Progress.layerNone, Listener.layerNone, Kernel.layer())

const recorded = (seed: string, file: string) =>
  Effect.gen(function*() {
    const loaded = yield* ProgramStore.use((store) => store.load(FILE))
    return yield* runProgram(loaded).pipe(
      Effect.provide(Layer.merge(Decider.layerSeeded(strategies.random, { seed }), EventLog.layerRecording(file))))
  })

const engineTest = Effect.gen(function*() {
  const { now, outcome, stateHash } = yield* recorded("engine", "engine.rec")
  const isPassed = outcome._tag === "Exited" && outcome.status === 0
  return { name: "engine", isPassed, result: isPassed ? `${now} instructions, state ${stateHash}` : `the sum is not ${SUM}` }
})

const determinismTest = Effect.gen(function*() {
  const [one, other] = [yield* recorded("determinism", "one.rec"), yield* recorded("determinism", "other.rec")]
  const replayed = yield* Effect.flatMap(loadRecording("one.rec"), (recording) => replayRecording(recording, "one.rec"))
  const isPassed = one.contentHash === other.contentHash && replayed._tag === "Same"
  const seen = `${one.schedule.length} deviations, content ${one.contentHash?.slice(0, 16)}`
  return { name: "determinism", isPassed, result: isPassed ? `twice and replayed: ${seen}` : `${seen} and ${other.contentHash?.slice(0, 16)}; replay: ${replayed._tag}` }
})

/** Both tests. A failure to run at all is a mistake of ours. */
export const selfTests: Effect.Effect<ReadonlyArray<SelfTest>> = Effect.all([engineTest, determinismTest]).pipe(Effect.provide(services), Effect.orDie)
