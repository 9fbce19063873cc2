/**
 * Random calls, two kernels: what each of 250 calls in a row answers here it answers under Linux. Arguments are drawn from what is
 * there, what is not, and every edge between. Calls come from the rows whose answer is the kernel's alone; a table says of each other row why
 * it is not drawn. A drawn call that is not modelled, and would end the run, is drawn anew. RSEQLAB_CALLS names how many such sequences
 * are drawn; where there is no gcc, or no Linux on x86-64, none is.
 */
import { execFileSync, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "vitest"
import { type Stream, stream } from "../../src/base/prng.ts"
import { errnoName } from "../../src/linux/errno.ts"
import { mainline618 } from "../../src/kernel/abi/mainline/generation.ts"
import { mainline } from "../../src/kernel/abi/mainline/mainline.ts"
import { syscalls, type SyscallName } from "../../src/kernel/syscall/table.ts"
import { DATA, NOWHERE, READ_ONLY } from "./abi/hand.ts"
import { Guest } from "./guest.ts"

const isAble = process.platform === "linux" && process.arch === "x64" && spawnSync("gcc", ["--version"]).status === 0
const seed = process.env["RSEQLAB_SEED"] ?? "1"
const caseCount = Number(process.env["RSEQLAB_CALLS"] ?? 60)
/** Calls of a case, one after another in one process. */
const callCount = 250

const places = "where it puts things is each kernel's affair"
const ends = "it ends, stops or makes tasks: the judge is one process"
const moments = "its answer or what it leaves depends on the moment"
const numbers = "it names tasks by numbers that are others there"
const elsewhere = "what it tells or sets is the judge's own"
const unmodelled = "some of its arguments are not modelled, and end the run"
const reads = "it acts on words that are others there after calls that tell times or random bytes"
/** Why a call is not drawn. */
const incomparable: Readonly<Partial<Record<SyscallName, string>>> = {
  mmap: places, brk: places, madvise: unmodelled, mremap: unmodelled, fcntl: unmodelled, prlimit64: numbers, clone: ends, clone3: ends, exit: ends, exit_group: ends, fork: ends,
  vfork: ends, execve: ends, wait4: ends, pause: ends, rt_sigreturn: ends, rt_sigsuspend: ends, set_tid_address: numbers, get_robust_list: numbers,
  sched_setaffinity: numbers, sched_getaffinity: numbers, gettid: numbers, getpid: numbers, getppid: numbers, getpgrp: numbers, kill: numbers, tkill: numbers,
  tgkill: numbers, getuid: elsewhere, geteuid: elsewhere, getgid: elsewhere, getegid: elsewhere, arch_prctl: elsewhere, sigaltstack: elsewhere, sysinfo: elsewhere,
  clock_gettime: moments, clock_getres: elsewhere, time: moments, alarm: moments, nanosleep: moments, clock_nanosleep: moments, poll: moments,
  rt_sigtimedwait: moments, futex: moments, openat: reads, newfstatat: reads, readlinkat: reads, setitimer: reads, timer_create: reads, timer_settime: reads, rt_sigaction: reads, read: ends, write: ends, readv: ends, writev: ends
}
const incomparableCount = 55
const comparedCount = 28
/** Calls whose answer is the kernel's alone. */
const names = (Object.keys(syscalls) as ReadonlyArray<SyscallName>).filter((name) => incomparable[name] === undefined)

const FAR = 2n ** 47n
const values: ReadonlyArray<bigint> = [
  0n, 1n, 2n, 3n, 4n, 5n, 7n, 8n, 16n, 24n, 32n, 64n, 99n, 128n, 512n, 4095n, 4096n, 8192n, BigInt(DATA), BigInt(DATA + 0x100), BigInt(DATA + 0xffc), BigInt(READ_ONLY),
  BigInt(NOWHERE), FAR - 4096n, FAR, 2n ** 31n, 2n ** 32n - 1n, 2n ** 63n, 2n ** 64n - 4096n, 2n ** 64n - 1n
]
type Call = readonly [name: SyscallName, ...values: ReadonlyArray<bigint>]
const drawCall = (chance: Stream): Call => {
  const name = names[chance.below(names.length)] ?? "uname"
  const drawn = Object.keys(syscalls[name].parameters).map(() => values[chance.below(values.length)] ?? 0n)
  // All memory is the judge's, too.
  return name === "munmap" && drawn[0] === 0n ? drawCall(chance) : [name, ...drawn]
}

const newGuest = (): Guest => new Guest({ abis: [mainline(mainline618)] })

interface Case {
  readonly calls: ReadonlyArray<Call>
  readonly answers: ReadonlyArray<string>
}

/** As many calls as a case has, with what they are answered here. */
const drawCase = (chance: Stream): Case => {
  const calls: Array<Call> = []
  const answers: Array<string> = []
  let guest = newGuest()
  while (calls.length < callCount) {
    const call = drawCall(chance)
    const [name, ...list] = call
    const answer = guest.make(0, name, ...list)
    if (guest.kernel.outcome === undefined) {
      calls.push(call)
      answers.push(String(answer))
      continue
    }
    // It is not modelled and has ended the run: the guest is made again as it was before.
    guest = newGuest()
    for (const [made, ...given] of calls) guest.make(0, made, ...given)
  }
  return { calls, answers }
}

const told = ([name, ...list]: Call) => `${syscalls[name].number} ${Array.from({ length: 6 }, (_, index) => list[index] ?? 0n).join(" ")}`

const spelled = ([name, ...list]: Call) => `${name}(${list.map((value) => `0x${value.toString(16)}`).join(", ")})`

it("are drawn of every row that can be compared", () => {
  assert.lengthOf(Object.keys(incomparable), incomparableCount)
  assert.lengthOf(names, comparedCount)
})

describe.skipIf(!isAble)(`random calls, seed ${seed}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "rseqlab-calls-"))
  afterAll(() => rmSync(folder, { recursive: true }))

  it("are answered as by this machine's kernel", { timeout: 60_000 + 500 * caseCount }, () => {
    const judge = join(folder, "judge")
    execFileSync("gcc", ["-O1", "-pie", "-o", judge, new URL("judge.c", import.meta.url).pathname])
    const chance = stream(seed, "calls")
    const cases = Array.from({ length: caseCount }, () => drawCase(chance))
    const input = cases.map(({ calls }) => `${calls.map((call) => `T ${told(call)}`).join("\n")}\nE\n`).join("")
    const answers = spawnSync(judge, { input, encoding: "utf8", timeout: 600_000, maxBuffer: 2 ** 30 }).stdout.trimEnd().split("\n")
    assert.lengthOf(answers, caseCount * callCount)
    const differences = cases.flatMap(({ answers: made, calls }, index) => {
      for (const [at, got] of made.entries()) {
        const said = answers[index * callCount + at] ?? ""
        const expected = errnoName(-Number(said)) ?? said
        if (got !== expected) return [`case ${index}: ${calls.slice(Math.max(0, at - 5), at + 1).map(spelled).join("; ")} = ${got}, Linux ${expected}`]
      }
      return []
    })
    assert.deepStrictEqual(differences, [])
  })
})
