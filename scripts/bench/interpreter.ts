/** Instructions a second: the kernels, steady and from a cold start. */
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { geometricMean, median, threadMs } from "./clock.ts"
import { type Guest, exitStatus, load } from "./guest.ts"
import { type Kernel, kernelProgram, kernels } from "./kernels.ts"
import { isInstalled, runNatively } from "./native.ts"
import type { Bench, Figure } from "./table.ts"

const MILLIONS = 160
/** Long enough for the thread's clock, which counts in ticks. */
const LAP_ICOUNT = 20_000_000
const QEMU = "qemu-x86_64"
const QEMU_MILLIONS = 20
/** A processor is through with the others' share before its clock has ticked. */
const NATIVE_MILLIONS = 2400
const FIRST_MS = 100

interface Steady {
  readonly mips: number
  readonly status: number
  readonly icount: number
}

/** The second half of the run: by then V8 has compiled what it will. */
const steadyOf = (kernel: Kernel): Steady => {
  const guest = load(kernelProgram(kernel, kernel.iterationsPerMillion * MILLIONS))
  const registers = guest.machine.registers(guest.block)
  const laps: Array<number> = []
  for (;;) {
    const before = registers.count()
    const began = threadMs()
    const status = exitStatus(guest, guest.machine.run(guest.block, LAP_ICOUNT, false))
    if (status !== undefined) return { mips: median(laps.slice(laps.length >> 1)), status, icount: registers.count() }
    laps.push((registers.count() - before) / (threadMs() - began) / 1000)
  }
}

/** Of another program that runs kernels: instructions a second, without what it takes to start it. */
const elsewhere = (kernel: Kernel, command: ReadonlyArray<string>, millions: number, steady: Steady): number | undefined => {
  const timeOf = (iterations: number): number | undefined => {
    const runs = [1, 2, 3].map(() => runNatively(kernelProgram(kernel, iterations), command)?.ms)
    return runs.includes(undefined) ? undefined : Math.min(...runs.map((ms) => ms ?? 0))
  }
  const least = timeOf(1)
  const most = timeOf(kernel.iterationsPerMillion * millions)
  if (least === undefined || most === undefined) return undefined
  return (steady.icount * (millions / MILLIONS)) / (most - least) / 1000
}

/** In a process of its own: what the first milliseconds of running bring, the compiling of the engine's functions included. */
const firstMips = (): ReadonlyArray<number> => {
  const { stdout } = spawnSync(process.execPath, [fileURLToPath(import.meta.url)], { encoding: "utf8" })
  return JSON.parse(stdout) as ReadonlyArray<number>
}

/** Run as a program of its own: prints the MIPS of the first 100 ms of each kernel. Only the first is really cold. */
const printFirst = (): void => {
  const rates = kernels.map((kernel) => {
    const guest: Guest = load(kernelProgram(kernel, kernel.iterationsPerMillion * MILLIONS))
    const registers = guest.machine.registers(guest.block)
    const began = threadMs()
    while (threadMs() - began < FIRST_MS) exitStatus(guest, guest.machine.run(guest.block, 50_000, false))
    return registers.count() / (threadMs() - began) / 1000
  })
  process.stdout.write(JSON.stringify(rates))
}
if (process.argv[1] === fileURLToPath(import.meta.url)) printFirst()

const isNativeHere = process.platform === "linux" && process.arch === "x64"

export const interpreter: Bench = {
  name: "interpreter",
  summary: "instructions a second over five kernels, against this processor and qemu-user one instruction at a time",
  run: () => {
    const steady = kernels.map(steadyOf)
    const native = kernels.map((kernel, index) => {
      const found = steady[index]
      return isNativeHere && found !== undefined ? elsewhere(kernel, [], NATIVE_MILLIONS, found) : undefined
    })
    const single: Array<number> = []
    if (isInstalled(QEMU)) {
      kernels.forEach((kernel, index) => {
        const found = steady[index]
        const mips = found === undefined ? undefined : elsewhere(kernel, [QEMU, "-singlestep"], QEMU_MILLIONS, found)
        if (mips !== undefined) single.push(mips)
      })
    }
    const mean = geometricMean(steady.map(({ mips }) => mips))
    const figures: Array<Figure> = kernels.map(({ name }, index) => {
      const against = native[index]
      const value = steady[index]?.mips ?? 0
      return { of: name, value, unit: "MIPS", ...(against === undefined ? {} : { baseline: { name: "this processor", ratio: value / against } }) }
    })
    figures.push({ of: "mean", value: mean, unit: "MIPS", target: { atLeast: 250 } })
    figures.push({ of: "first 100 ms", value: firstMips()[0] ?? 0, unit: "MIPS", target: { atLeast: 100 }, note: "k1, in a process of its own" })
    figures.push(single.length < kernels.length
      ? { of: "over qemu -singlestep", value: undefined, unit: "x", target: { atLeast: 3 }, note: `skipped: no ${QEMU} here` }
      : { of: "over qemu -singlestep", value: mean / geometricMean(single), unit: "x", target: { atLeast: 3 } })
    return figures
  }
}
