import { readdirSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { stream } from "../../src/base/prng.ts"
import { assemble, type AssembleOptions, type Assembly } from "../../src/program/assemble/assemble.ts"
import { describeAssemblyError } from "../../src/program/assemble/problem.ts"
import type { Program } from "../../src/program/program.ts"
import { hasBinutils, linkedByBinutils } from "./support/gnu-as.ts"

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8")
const examples = readdirSync(new URL("../../examples", import.meta.url)).filter((name) => name.endsWith(".s"))

const programOf = (text: string, options: AssembleOptions = {}): Program => {
  const assembly = assemble(text, "test.s", options)
  if (assembly._tag === "AssemblyFailed") expect.fail(describeAssemblyError(assembly.error))
  return assembly.program
}

const hexOf = (text: string, section = ".text"): string => {
  const assembly = assemble(`_start:\n${text}`, "test.s")
  if (assembly._tag === "AssemblyFailed") expect.fail(describeAssemblyError(assembly.error))
  return Buffer.from(assembly.sections.find(({ name }) => name === section)?.bytes ?? []).toString("hex")
}

/** By section, where ours and binutils' differ. */
const differences = (text: string): ReadonlyArray<unknown> => {
  const assembly = assemble(text, "test.s")
  if (assembly._tag === "AssemblyFailed") expect.fail(describeAssemblyError(assembly.error))
  const theirs = linkedByBinutils(text, assembly.sections)
  return assembly.sections.flatMap(({ bytes, name, sizeBytes }) => {
    const ours = bytes.length === 0 ? new Uint8Array(sizeBytes) : bytes
    const other = theirs.get(name) ?? new Uint8Array()
    const at = ours.findIndex((byte, index) => byte !== other[index])
    return at === -1 && ours.length === other.length ? [] : [{ name, at, ours: ours.slice(at, at + 16), theirs: other.slice(at, at + 16) }]
  })
}

describe.runIf(hasBinutils)("beside GNU as and ld", () => {
  it.each(examples)("gives examples/%s the same bytes", (name) => {
    expect(differences(read(`../../examples/${name}`))).toEqual([])
  })

  it("gives every directive the same bytes", () => {
    expect(differences(read("directives.s"))).toEqual([])
  })

  it("gives jumps the same sizes, however they hang on each other", { timeout: 120_000 }, () => {
    for (let seed = 0; seed < 40; seed += 1) {
      const chance = stream(String(seed), "jumps")
      const labels = 3 + chance.below(40)
      const lines = Array.from({ length: 4 * labels }, () => {
        switch (chance.below(6)) {
          case 0: return `.p2align ${chance.below(6)}`
          case 1: return `.skip ${chance.below(60)}, 0x90`
          case 2: return "lea l0(%rip), %rax"
          default: return `${["jmp", "je", "jae", "call"][chance.below(4)]} l${chance.below(labels)}`
        }
      })
      for (let label = 0; label < labels; label += 1) lines.splice(chance.below(lines.length), 0, `l${label}:`)
      expect({ seed, different: differences(`_start:\n${lines.join("\n")}\n`) }).toEqual({ seed, different: [] })
    }
  })

  it("pads code with the same no-operations", () => {
    const lines = Array.from({ length: 66 }, (_, bytes) => `.balign 128; .skip ${bytes}, 0x90; .balign 64`)
    expect(differences(`_start:\n${lines.join("\n")}\n`)).toEqual([])
  })
})

describe("assembling", () => {
  it("needs no definition before a use", () => {
    expect(hexOf("mov $later, %eax\n.set later, 7")).toBe("b807000000")
  })

  it("keeps the value that a symbol had where it was read", () => {
    expect(hexOf(".set n, 1\n.byte n\n.set n, 2\n.byte n")).toBe("0102")
  })

  it("takes the short jump at 127 bytes and the long one at 128", () => {
    expect(hexOf("jmp 1f\n.skip 127\n1:").slice(0, 4)).toBe("eb7f")
    expect(hexOf("jmp 1f\n.skip 128\n1:").slice(0, 4)).toBe("e980")
  })

  it("numbers macro calls, so that their labels differ", () => {
    expect(hexOf(".macro hop\njmp .Lhop\\@\n.Lhop\\@:\n.endm\nhop\nhop")).toBe("eb00eb00")
  })

  it("puts code, constants, data and zeros on pages of their own, each with its protection", () => {
    const program = programOf("_start: ret\n.section .rodata\n.byte 1\n.data\n.byte 2\n.bss\n.zero 3")
    expect(program.segments.map(({ bytes, memoryBytes, protection, start }) => [start, bytes.length, memoryBytes, protection])).toEqual([
      [0x401000, 1, 1, 5], [0x402000, 1, 1, 1], [0x403000, 1, 1, 3], [0x404000, 0, 3, 3]
    ])
    expect(program.end).toBe(0x405000)
  })

  it("leaves sections that are not allocated out of the program", () => {
    expect(programOf("_start: ret\n.section .comment\n.byte 1").segments).toHaveLength(1)
  })

  it("tells the critical sections that are described", () => {
    const program = programOf(read("../../examples/percpu-counter.s"))
    const at = (name: string): number => program.symbols.find((symbol) => symbol.name === name)?.at ?? 0
    expect(program.sections).toEqual([{ descriptor: at("descriptor"), start: at("start"), end: at("post_commit"), abort: at("aborted") }])
  })

  it("finds descriptors through the array of pointers too, each once", () => {
    const text = "_start: 1: nop\n2: ret\n.section __rseq_cs, \"aw\"\n3: .long 0, 0\n.quad 1b, 2b - 1b, 2b\n.section __rseq_cs_ptr_array, \"aw\"\n.quad 3b, 3b, 4f\n.data\n4: .long 0, 0\n.quad 2b, 1, 1b"
    expect(programOf(text).sections).toHaveLength(2)
  })

  it("gives symbols size and kind, by address, without those that begin .L", () => {
    const { symbols } = programOf("_start: ret\n.Lhidden: ret\nf: nop\n.type f, @function\n.size f, . - f")
    expect(symbols).toEqual([
      { name: "_start", at: 0x401000, sizeBytes: 0, kind: "other" },
      { name: "f", at: 0x401002, sizeBytes: 1, kind: "function" }
    ])
  })
})

describe("lines that begin #:", () => {
  it.each<readonly [string, ReadonlyArray<string>]>([
    ["#: faults refuse,wait", ["refuse", "wait"]], ["#: faults plug", ["plug"]], ["#: faults", ["wait", "refuse", "evict", "affinity", "plug"]]
  ])("%s asks for these", (line, faults) => {
    expect(programOf(`${line}\n_start: nop`).experiment.faults).toEqual(faults)
  })

  it("say what the experiment is", () => {
    const { experiment } = programOf("#: cpus 0,2,5\n#: abi mainline-6.12,opv-v12\n#: task w x2 cpu=0,2 arg=3,cell stack=4096\n#: task w\n#: repeat 4\n  #: watch cell 8\n#: finally w\nw: ret\n.bss\ncell: .zero 8")
    expect(experiment).toEqual({
      cpus: [0, 2, 5],
      abi: "mainline-6.12,opv-v12",
      tasks: [
        { entry: 0x401000, name: "w", cpu: 0, argument: 3n, stackBytes: 4096 },
        { entry: 0x401000, name: "w", cpu: 2, argument: 0x402000n, stackBytes: 4096 },
        { entry: 0x401000, name: "w", cpu: undefined, argument: 0n, stackBytes: 16384 }
      ],
      watches: [{ name: "cell", start: 0x402000, end: 0x402008, claim: "watch", strideBytes: 0, option: "", other: 0 }],
      finallyEntry: 0x401000,
      repeat: 4,
      faults: []
    })
  })

  it("define the number of repetitions, which an option replaces", () => {
    const text = "#: repeat 2\n_start: .rept repeat\nnop\n.endr\n.ifndef repeat\n.set repeat, 9\n.endif"
    expect(programOf(text).segments[0]?.bytes).toHaveLength(2)
    expect(programOf(text, { repeat: 5 }).segments[0]?.bytes).toHaveLength(5)
    expect(programOf(text, { repeat: 5 }).experiment.repeat).toBe(5)
  })

  it("make a start needless", () => {
    expect(programOf("#: task work\nnop\nwork: ret").entry).toBe(0x401001)
  })
})

/** About a second where nothing else runs; for ever, without the limits. */
const SLOW_MS = 30_000

const failure = (assembly: Assembly): string =>
  assembly._tag === "Assembled" ? "assembled" : `${assembly.error.line}:${assembly.error.column}: ${assembly.error.expected}`

describe("a problem", () => {
  it.each([
    ["an unknown instruction", "_start:\n  moov %eax, %ebx", "2:3: an instruction"],
    ["an unknown directive", ".nonsense", "1:1: a directive we know"],
    ["an unknown register", "mov %rax, %rxx", "1:11: a register, such as %rax"],
    ["operands that do not go together", "mov %eax, %rbx", "1:5: operands that mov takes"],
    ["an undefined symbol", "_start: nop\n mov nowhere, %eax", "2:6: a definition of nowhere"],
    ["a label defined twice", "a:\na:", "2:1: a label that is not defined yet; a is"],
    ["a number that does not fit", ".byte 256", "1:7: a number of 8 bits"],
    ["a jump too far", "_start: jrcxz a\n.skip 1000\na:", "1:15: a value of 8 bits, relative to the next instruction"],
    ["an unclosed repetition", "nop\n.rept 3", "2:1: .endr for this .rept"],
    ["an unclosed condition", ".if 1\nnop", "1:1: .endif for this condition"],
    ["a mistake in a macro, with the call", ".macro m\n bad\n.endm\n m", "2:2: an instruction"],
    ["a definition in a circle", ".set a, b\n.set b, a\n_start: .quad a", "3:15: a definition of a that does not hang on itself"],
    ["a division by zero", "_start: .quad 1 / (a - a)\na:", "1:15: a divisor other than 0"],
    ["a fault that is none", "#: faults refuse,split\n_start: nop", "1:11: faults of wait,refuse,evict,affinity,plug, or nothing for all"],
    ["a contract named twice", "#: abi none\n#: task w\n#: abi mainline-6.12\nw:", "3:4: one line #: abi, and there was one before"],
    ["an unknown word after #:", "#: task w\n#: tasks w\nw:", "2:4: one of cpus, abi, task, repeat, faults, finally, watch, shared, sync, whole, percpu, never, balanced after #:"],
    ["a task that is no label", "#: task w\n_start: nop", "1:9: a label of the program; w is none"],
    ["no beginning", "nop", "1:1: a label _start or a line `#: task LABEL`"],
    ["bytes in .bss", ".bss\n.byte 1", "2:7: zeros only: .bss holds no bytes"],
    ["a file of this computer", ".incbin \"/etc/passwd\"", "1:1: no file of this computer: a program is one text"],
    ["text that is not closed", ".ascii \"abc", "1:8: a string in double quotes"],
    ["something behind the end", "_start: ret $1, $2 nop", "1:20: `,` or the end of the statement"]
  ])("names the place: %s", (_claim, text, expected) => {
    expect(failure(assemble(text, "test.s"))).toBe(expected)
  })

  it.each([
    ["itself", ".macro m a\n nop\n m \\a\n.endm\n_start: m 1", "t.s:5:9", "m", 3],
    ["one that calls it", ".macro a\n b\n.endm\n.macro b\n a\n.endm\n_start:\n\ta", "t.s:8:2", "a", 5]
  ])("of a macro that calls %s is told in three lines, at the call in the text", (_whom, text, place, macro, line) => {
    const assembly = assemble(text, "t.s")
    if (assembly._tag !== "AssemblyFailed") throw new Error("it never ends")
    const said = describeAssemblyError(assembly.error).split("\n")
    expect(said).toHaveLength(3)
    expect(said[0]).toBe(`${place}: expected macros and repetitions at most 64 deep; ${macro} is called again and again, last at line ${line}`)
  })

  it("deep in macros is shown with a few of them", () => {
    const assembly = assemble(".macro m n\n.if \\n\n m (\\n-1)\n.else\n bad\n.endif\n.endm\n_start: m 40", "t.s")
    if (assembly._tag !== "AssemblyFailed") throw new Error("bad is no instruction")
    expect(describeAssemblyError(assembly.error).split("\n").slice(3)).toEqual([
      "  in macro m, called at t.s:3", "  in macro m, called at t.s:3", "  in 38 more macros", "  in macro m, called at t.s:8"
    ])
  })

  it("is shown under the line, and in the macro it came from", () => {
    const assembly = assemble("_start:\n.macro twice x\n\tmov \\x, %ecx ; bad \\x\n.endm\n\ttwice %eax", "dir/test.s")
    expect(assembly._tag === "AssemblyFailed" && describeAssemblyError(assembly.error)).toBe([
      "dir/test.s:3:2: expected an instruction",
      "   bad %eax",
      "   ^",
      "  in macro twice, called at dir/test.s:5"
    ].join("\n"))
  })

  it.each([
    ["a billion repetitions", ".rept 1e9\n.endr"],
    ["a billion repetitions of nothing", ".rept 1000000000\n.endr"],
    ["a million million zeros", ".zero 1000000000000"],
    ["zeros beyond any number", ".zero 0xffffffffffffffff"],
    ["zeros in pieces", ".rept 40000\n.zero 4000\n.endr"],
    ["an alignment of a terabyte", ".balign 1 << 40"],
    ["an alignment by exponent", ".p2align 62"],
    ["a place far away", ".org 1 << 60"],
    ["a macro that calls itself", ".macro m\nm\n.endm\nm"],
    ["a macro that calls itself twice", ".macro m n\n.if \\n\nm (\\n-1)\nm (\\n-1)\n.endif\n.endm\nm 60"],
    ["repetitions in repetitions", ".rept 1000\n.rept 1000\n.rept 1000\nnop\n.endr\n.endr\n.endr"],
    ["an argument that doubles", `.macro m a:vararg\nm \\a \\a\n.endm\nm ${"x".repeat(1000)}`],
    ["parentheses", `.quad ${"(".repeat(5000)}`],
    ["signs", `.quad ${"-".repeat(5000)}1`],
    ["operators", `.quad ${"1+".repeat(5000)}1`],
    ["definitions on definitions", `_start:\n${Array.from({ length: 5000 }, (_, n) => `.set a${n}, a${n + 1} + a${n + 1}`).join("\n")}\n.set a5000, _start\n.quad a0`],
    ["conditions in conditions", ".if 1\n".repeat(5000)],
    ["a line of a megabyte", "a".repeat(1_000_000)],
    ["ten thousand tasks", "#: task w x9999\nw:"],
    ["a stack of a gigabyte", "#: task w stack=1000000000\nw:"],
    ["sizes that chase each other", "_start: .skip (b - _start) + 1\nb:"]
  ])("ends %s quickly", (_claim, text) => {
    const begun = performance.now()
    const assembly = assemble(text, "test.s")
    expect(assembly._tag).toBe("AssemblyFailed")
    expect(performance.now() - begun).toBeLessThan(SLOW_MS)
  })
})
