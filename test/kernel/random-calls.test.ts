/**
 * Random calls, two kernels: what a call answers here after a few others it answers under Linux. Arguments are drawn from what is
 * there, what is not, and every edge between. RSEQLAB_CALLS names how many are drawn; where there is no gcc, or no Linux on x86-64, none is.
 */
import { execFileSync, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "vitest"
import { type Stream, stream } from "../../src/base/prng.ts"
import { errnoName } from "../../src/linux/errno.ts"
import { syscalls, type SyscallName } from "../../src/kernel/syscall/table.ts"
import { DATA, NOWHERE, READ_ONLY } from "./abi/hand.ts"
import { Guest } from "./guest.ts"

const isAble = process.platform === "linux" && process.arch === "x64" && spawnSync("gcc", ["--version"]).status === 0
const seed = process.env["RSEQLAB_SEED"] ?? "1"
const caseCount = Number(process.env["RSEQLAB_CALLS"] ?? 250)

/** Calls whose answer depends neither on the machine nor on who started the test: sigaltstack's does, and that of calls that name a task by its number, and that of alarm clocks. */
const names = [
  "mlock", "munlock", "mlockall", "munlockall", "membarrier", "set_robust_list", "rt_sigprocmask", "rt_sigpending",
  "getitimer", "timer_gettime", "timer_getoverrun", "timer_delete", "close", "lseek", "fstat", "readlink", "access",
  "uname", "getcpu"
] as const satisfies ReadonlyArray<SyscallName>

const FAR = 2n ** 47n
const values: ReadonlyArray<bigint> = [
  0n, 1n, 2n, 3n, 4n, 5n, 7n, 8n, 16n, 24n, 32n, 64n, 99n, 128n, 512n, 4095n, 4096n, 8192n, BigInt(DATA), BigInt(DATA + 0x100), BigInt(DATA + 0xffc), BigInt(READ_ONLY),
  BigInt(NOWHERE), FAR - 4096n, FAR, 2n ** 31n, 2n ** 32n - 1n, 2n ** 63n, 2n ** 64n - 4096n, 2n ** 64n - 1n
]
type Call = readonly [name: SyscallName, ...values: ReadonlyArray<bigint>]
const drawCall = (chance: Stream): Call => {
  const name = names[chance.below(names.length)] ?? "uname"
  return [name, ...Object.keys(syscalls[name].parameters).map(() => values[chance.below(values.length)] ?? 0n)]
}
const told = ([name, ...list]: Call) => `${syscalls[name].number} ${Array.from({ length: 6 }, (_, index) => list[index] ?? 0n).join(" ")}`

describe.skipIf(!isAble)(`random calls, seed ${seed}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "rseqlab-calls-"))
  afterAll(() => rmSync(folder, { recursive: true }))

  it("are answered as by this machine's kernel", () => {
    const judge = join(folder, "judge")
    execFileSync("gcc", ["-O1", "-pie", "-o", judge, new URL("judge.c", import.meta.url).pathname])
    const chance = stream(seed, "calls")
    const cases = Array.from({ length: caseCount }, () => Array.from({ length: 1 + chance.below(6) }, () => drawCall(chance)))
    const input = cases.map((calls) => `${calls.map((call, at) => `${at + 1 === calls.length ? "C" : "B"} ${told(call)}`).join("\n")}\nE\n`).join("")
    const answers = spawnSync(judge, { input, encoding: "utf8", timeout: 120_000, maxBuffer: 2 ** 26 }).stdout.trimEnd().split("\n")
    const differences = cases.flatMap((calls, index) => {
      const guest = new Guest()
      const got = calls.map(([name, ...list]) => guest.make(0, name, ...list)).at(-1)
      // What is not modelled ends the run, and says so.
      if (guest.kernel.outcome !== undefined) return []
      const said = answers[index] ?? ""
      const expected = errnoName(-Number(said)) ?? said
      return String(got) === expected ? [] : [`${calls.map(([name, ...list]) => `${name}(${list.map((value) => `0x${value.toString(16)}`).join(", ")})`).join("; ")} = ${got}, Linux ${expected}`]
    })
    assert.deepStrictEqual(differences, [])
  })
})
