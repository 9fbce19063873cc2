/**
 * The guest programs that the interpreter is measured with. Each ends with `exit(checksum)`, so that whatever runs it can be
 * compared by exit status.
 */
import { readFileSync } from "node:fs"
import { type Program } from "../../src/program/program.ts"
import { assemble } from "../../src/program/assemble/assemble.ts"
import { stream } from "../../src/base/prng.ts"

export interface Kernel {
  readonly name: string
  readonly text: (iterations: number) => string
  /** Iterations of about a million instructions. */
  readonly iterationsPerMillion: number
}

const fromFile = (name: string, iterationsPerMillion: number): Kernel => {
  const body = readFileSync(new URL(`kernels/${name}.s`, import.meta.url), "utf8")
  return { name, iterationsPerMillion, text: (iterations) => `.set ITERATIONS, ${iterations}\n${body}` }
}

const BLOCK_COUNT = 400
const BLOCK_SEED = "bench"
const workRegisters = ["rax", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r14"]

/**
 * K4: what no loop is like. 400 short blocks of drawn arithmetic, loads and stores, each ending in a branch some way ahead that
 * depends on a stirred register.
 */
const ugly = (iterations: number): string => {
  const draw = stream(BLOCK_SEED, "ugly")
  const pick = (): string => `%${workRegisters[draw.below(workRegisters.length)] ?? "rax"}`
  const through = (access: (index: string) => string): string => {
    const index = pick()
    return `mov %rbx, ${index}\n and $0xfff8, ${index}\n ${access(index)}`
  }
  const statements: ReadonlyArray<() => string> = [
    () => `mov ${pick()}, ${pick()}`, () => `mov ${pick()}, ${pick()}`,
    () => `add ${pick()}, ${pick()}`, () => `add ${pick()}, ${pick()}`,
    () => `add $${draw.below(1000)}, ${pick()}`,
    () => `xor ${pick()}, ${pick()}`,
    () => `lea ${draw.below(100)}(${pick()},${pick()},4), ${pick()}`,
    () => `inc ${pick()}`,
    () => `imul ${pick()}, ${pick()}`,
    () => `shr $${1 + draw.below(20)}, ${pick()}`,
    () => through((index) => `mov (%r13,${index}), ${pick()}`),
    () => through((index) => `mov ${pick()}, 8(%r13,${index})`),
    () => `mov ${8 * draw.below(1000)}(%r13), ${pick()}`,
    () => `mov ${pick()}, ${8 * draw.below(1000)}(%r13)`
  ]
  const stir = "mov %rbx, %r15\n shl $13, %r15\n xor %r15, %rbx\n mov %rbx, %r15\n shr $7, %r15\n xor %r15, %rbx"
  const branches: ReadonlyArray<(target: string) => string> = [
    (target) => `test $${1 << draw.below(7)}, %bl\n je ${target}`,
    (target) => `cmp ${pick()}, ${pick()}\n jb ${target}`,
    (target) => `test $${[15, 7, 31][draw.below(3)] ?? 7}, %bl\n jne ${target}`
  ]
  const blocks = Array.from({ length: BLOCK_COUNT }, (_, number) => {
    const body = Array.from({ length: 2 + draw.below(7) }, () => statements[draw.below(statements.length)]?.() ?? "nop")
    if (draw.oneIn(3)) body.push(stir)
    const target = Math.min(BLOCK_COUNT, number + 1 + draw.below(12))
    body.push(branches[draw.below(branches.length)]?.(`block${target}`) ?? "nop")
    return `block${number}:\n ${body.join("\n ")}`
  })
  return [
    ".text", ".globl _start", "_start:", " lea memory(%rip), %r13", ` mov $${iterations}, %ecx`, " movabs $0x9e3779b97f4a7c15, %rbx",
    ...workRegisters.map((name) => ` mov $${draw.below(1_000_000)}, %${name}`),
    ...blocks,
    `block${BLOCK_COUNT}:`, " dec %rcx", " jnz block0", " mov %r8, %rdi", " xor %rbx, %rdi", " xor %rdx, %rdi", " mov $60, %eax",
    " syscall", ".bss", ".balign 4096", "memory: .skip 131072", ""
  ].join("\n")
}

export const kernels: ReadonlyArray<Kernel> = [
  fromFile("k1", 90_909),
  fromFile("k2", 6),
  fromFile("k3", 51_000),
  { name: "k4", iterationsPerMillion: 1000, text: ugly },
  fromFile("k5", 350)
]

export const kernelProgram = (kernel: Kernel, iterations: number): Program => {
  const assembly = assemble(kernel.text(iterations), `${kernel.name}.s`)
  if (assembly._tag === "Assembled") return assembly.program
  const { column, expected, file, line } = assembly.error
  throw new Error(`${file}:${line}:${column}: expected ${expected}`)
}
