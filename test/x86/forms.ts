/** Lines of AT&T text that between them name every kind of operand and every choice of encoding. Accepted or not is not said. */

const general = {
  b: ["%al", "%cl", "%bl", "%ah", "%dh", "%spl", "%dil", "%r8b", "%r15b"],
  w: ["%ax", "%cx", "%sp", "%r9w"],
  l: ["%eax", "%ebx", "%esp", "%edi", "%r8d", "%r13d"],
  q: ["%rax", "%rcx", "%rsp", "%rbp", "%rsi", "%r8", "%r12", "%r13"]
} as const
type Suffix = keyof typeof general
const suffixes: ReadonlyArray<Suffix> = ["b", "w", "l", "q"]

/** Addresses: every ModRM and SIB shape, every size of displacement. */
export const memories: ReadonlyArray<string> = [
  "(%rax)", "(%rsp)", "(%rbp)", "(%r12)", "(%r13)", "8(%rax)", "-128(%rbx)", "127(%rsp)", "128(%rdi)", "-129(%r13)", "0(%rcx)",
  "0x7fffffff(%rax)", "-0x80000000(%r14)", "(%rax,%rbx)", "(%rax,%rbx,2)", "(%r8,%r9,4)", "16(%rsp,%rax,8)", "(%rbp,%rcx,1)",
  "1000(%r13,%r14,8)", "(,%rax,4)", "8(,%r12,8)", "(,%rbx)", "0x1234", "-8", "4(%rip)", "%fs:0", "%fs:8(%rax)", "%gs:0x10",
  "%fs:(%rbx,%rcx,2)", "%ds:(%rax)", "%cs:4(%rax)", "%ss:(%rsp)", "(%eax)", "4(%r8d,%ecx,2)"
]
const fewMemories = ["(%rax)", "8(%rsp)", "1000(%r13,%r14,8)", "%fs:8", "0x1234", "(%r12)"]

const bitsOf = { b: 8, w: 16, l: 32, q: 64 } as const
const values = [0n, 1n, -1n, 127n, 128n, -128n, -129n, 255n, 256n, 0x7fffn, 0xffffn, 0xff80n, -0x8000n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn,
  -0x8000_0000n, 0xffff_ff80n, 0x1_0000_0000n, 0x1234_5678_9abc_def0n]
const negative = ["$0xffffffffffffffff", "$0xffffffffffffff80"]
/** Values that fit so many bits, with or without sign. What does not fit GNU as cuts off, at times without a word; we refuse it. */
const immediatesOf = (suffix: Suffix): ReadonlyArray<string> => [
  ...values.filter((value) => value >= -(1n << BigInt(bitsOf[suffix] - 1)) && value < 1n << BigInt(bitsOf[suffix])).map((value) => `$${value}`),
  ...negative
]

const xmm = ["%xmm0", "%xmm5", "%xmm8", "%xmm15"]

const pairs = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): Array<string> => a.flatMap((x) => b.map((y) => `${x},${y}`))

const conditions = ["o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g", "z", "nz", "c", "nc", "nae", "nb", "na", "nbe", "pe", "po", "nge", "nl", "ng", "nle"]

function* integerLines(): Generator<string> {
  for (const name of ["add", "or", "adc", "sbb", "and", "sub", "xor", "cmp", "mov", "test"]) {
    for (const suffix of suffixes) {
      for (const register of general[suffix]) {
        for (const immediate of immediatesOf(suffix)) yield* [`${name} ${immediate},${register}`, `${name}${suffix} ${immediate},${register}`]
        for (const memory of fewMemories) yield* [`${name} ${memory},${register}`, `${name} ${register},${memory}`]
      }
      for (const pair of pairs(general[suffix], general[suffix])) yield `${name} ${pair}`
      for (const immediate of immediatesOf(suffix)) yield* fewMemories.map((memory) => `${name}${suffix} ${immediate},${memory}`)
    }
  }
  for (const memory of memories) {
    yield* [`mov ${memory},%rax`, `mov %cl,${memory}`, `movl $1,${memory}`, `lea ${memory},%r9`, `addw $300,${memory}`, `lock incl ${memory}`, `call *${memory}`, `movups ${memory},%xmm9`]
  }
  for (const name of ["xchg", "xadd", "cmpxchg", "bt", "bts", "btr", "btc", "bsf", "bsr", "imul", "cmove", "cmovnel", "cmovaeq", "movnti", "ud1"]) {
    for (const suffix of suffixes) {
      yield* pairs(general[suffix], general[suffix]).map((pair) => `${name} ${pair}`)
      yield* pairs(general[suffix], fewMemories).map((pair) => `${name} ${pair}`)
      yield* pairs(fewMemories, general[suffix]).map((pair) => `${name} ${pair}`)
    }
  }
  for (const name of ["inc", "dec", "neg", "not", "mul", "imul", "div", "idiv", "shl", "sal", "shr", "sar", "rol", "ror", "rcl", "rcr", "push", "pop", "bswap", "nop"]) {
    for (const suffix of suffixes) {
      yield* general[suffix].flatMap((register) => [`${name} ${register}`, `${name}${suffix} ${register}`])
      yield* fewMemories.flatMap((memory) => [`${name}${suffix} ${memory}`, `${name} ${memory}`])
    }
  }
  for (const name of ["shl", "shr", "sar", "rol", "ror", "rcl", "rcr"]) {
    for (const suffix of suffixes) {
      for (const count of ["$0", "$1", "$2", "$31", "$63", "%cl"]) {
        yield* general[suffix].map((register) => `${name} ${count},${register}`)
        yield* fewMemories.map((memory) => `${name}${suffix} ${count},${memory}`)
      }
    }
  }
  for (const suffix of suffixes) {
    for (const immediate of immediatesOf(suffix)) {
      yield* pairs(general[suffix], general[suffix].slice(0, 2)).map((pair) => `imul ${immediate},${pair}`)
      yield* general[suffix].map((register) => `imul ${immediate},${register}`)
    }
    yield* immediatesOf("b").map((immediate) => `bt${suffix} ${immediate},(%rax)`)
    for (const pair of pairs(general[suffix], general[suffix].slice(0, 3))) yield* [`shld $3,${pair}`, `shrd %cl,${pair}`]
  }
  for (const immediate of immediatesOf("q")) yield* [`push ${immediate}`, `pushq ${immediate}`, ...general.q.map((register) => `movabs ${immediate},${register}`)]
  for (const immediate of immediatesOf("w")) yield* [`pushw ${immediate}`, `ret ${immediate}`, `enter ${immediate},$0`]
  for (const immediate of immediatesOf("b")) yield `int ${immediate}`
  for (const from of ["b", "w", "l"] as const) {
    for (const to of ["w", "l", "q"] as const) {
      for (const register of general[to]) {
        for (const source of [...general[from], ...fewMemories]) yield* [`movz${from}${to} ${source},${register}`, `movs${from}${to} ${source},${register}`]
        // Nothing is extended by a move to the same width.
        if (bitsOf[from] < bitsOf[to]) for (const source of general[from]) yield* [`movzx ${source},${register}`, `movsx ${source},${register}`, `movz${from} ${source},${register}`]
      }
    }
  }
  for (const condition of conditions) yield* [`set${condition} %al`, `set${condition} 8(%rsp)`, `cmov${condition} %rax,%r9`, `cmov${condition} (%rax),%ecx`, `set${condition} %r8b`]
}

function* otherLines(): Generator<string> {
  yield* ["nop", "ret", "retq", "leave", "leaveq", "pause", "rep nop", "syscall", "cpuid", "rdtsc", "rdtscp", "ud2", "int3", "hlt", "endbr64", "mfence", "lfence", "sfence",
    "cltq", "cqto", "cltd", "cwtl", "cbtw", "cwtd", "cdqe", "cqo", "cdq", "cwde", "pushf", "popf", "pushfq", "popfq", "lahf", "sahf", "cld", "std", "clc", "stc", "cmc",
    "nopw 0(%rax,%rax,1)", "nopl 0(%rax)", "nopl 8(%rax,%rax,1)", "nopw %cs:512(%rax,%rax,1)", "nopq (%rbx)", "cmpxchg8b (%rax)", "cmpxchg16b 8(%r9)", "lock cmpxchg16b (%rdi)",
    "movabs 8(%rbx),%al", "mov 0x123456789a,%eax", "mov 0x123456789a(%rbx),%eax", "movabs %fs:0x1122334455667788,%al", "movabs 0x1122334455667788,%al", "movabs 0x1122334455667788,%rax", "movabs %eax,0x1122334455667788", "jmp *%rax", "jmp *%r11", "call *%rdx", "call *(%r8)", "jmp *8(%rip)",
    "callq *%rax", "jmpq *16(%rsp)", "ud1 4(%rip),%edi", "ud1l (%rax),%ecx", "push %fs", "pop %gs", "mov %fs,%eax", "mov %ds,%ax", "mov %eax,%ds", "rdfsbase %rax", "wrfsbase %rcx",
    "rdgsbase %r9", "prefetcht0 (%rax)", "clflush (%rbx)", "fxsave (%rax)", "fxrstor 512(%rsp)", "ldmxcsr (%rax)", "stmxcsr 4(%rsp)", "emms", "lzcnt %eax,%ebx", "tzcnt (%rax),%rcx", "popcnt %rdx,%rcx",
    "crc32b %al,%ecx", "crc32q (%rax),%rcx", "crc32l %edx,%eax", "xgetbv", "swapgs", "xchg %ax,%ax", "xchg %eax,%eax", "xchg %r8,%rax", "xchg %rax,%r8"]
  for (const name of ["movs", "stos", "lods", "cmps", "scas"]) {
    for (const suffix of suffixes) yield* [`${name}${suffix}`, `rep ${name}${suffix}`, `repne ${name}${suffix}`, `repz ${name}${suffix}`]
  }
  yield* ["lock incl %eax", "lock add (%rax),%eax", "lock mov %eax,(%rax)", "lock cmpl $1,(%rax)", "lock xchg %eax,(%rcx)", "lock xchg (%rcx),%eax", "rep ret"]
  yield* ["rep stosq %rax,%es:(%rdi)", "stosb %al,%es:(%rdi)", "movsb (%rsi),(%rdi)", "movsq %ds:(%rsi),%es:(%rdi)", "lodsb %fs:(%rsi),%al", "movsl %fs:(%rsi),(%rdi)"]
  for (const name of ["lock add", "lock or", "lock sub", "lock xadd", "lock cmpxchg", "lock bts", "xchg"]) {
    for (const suffix of ["w", "l", "q"] as const) yield* fewMemories.map((memory) => `${name}${suffix} ${general[suffix][1]},${memory}`)
  }
}

function* vectorLines(): Generator<string> {
  const plain = ["movaps", "movups", "movapd", "movupd", "movdqa", "movdqu", "pxor", "por", "pand", "pandn", "paddb", "paddw", "paddd", "paddq", "psubb", "psubd", "psubq", "pcmpeqb", "pcmpeqw", "pcmpeqd", "pcmpgtb",
    "pminub", "pmaxub", "punpcklbw", "punpcklwd", "punpckldq", "punpcklqdq", "punpckhbw", "punpckhwd", "punpckhdq", "punpckhqdq", "packuswb", "packssdw", "psllq", "psrlq", "pslld", "psrad", "xorps", "andps", "orps", "xorpd",
    "addsd", "subss", "mulpd", "divsd", "sqrtsd", "ucomisd", "comiss", "cvtss2sd", "cvtsd2ss", "cvtdq2pd", "unpcklps", "movss", "movsd", "movq", "movd", "movhps", "movlpd", "movhpd", "movlps", "pmuludq", "pshufb", "movntdq", "movntps", "maxsd"]
  for (const name of plain) {
    yield* pairs(xmm, xmm).map((pair) => `${name} ${pair}`)
    yield* pairs(xmm, fewMemories).map((pair) => `${name} ${pair}`)
    yield* pairs(fewMemories, xmm).map((pair) => `${name} ${pair}`)
  }
  for (const name of ["pshufd", "pshuflw", "pshufhw", "shufps", "shufpd", "palignr", "cmpps", "cmpsd"]) yield* pairs(xmm, xmm).map((pair) => `${name} $27,${pair}`)
  for (const name of ["psllq", "psrlq", "pslldq", "psrldq", "psraw", "psrld"]) yield* xmm.map((register) => `${name} $8,${register}`)
  for (const register of xmm) {
    yield* ["%eax", "%r9d", "%rax", "%r10"].flatMap((other) => [`movd ${other},${register}`, `movd ${register},${other}`, `movq ${other},${register}`, `movq ${register},${other}`, `pmovmskb ${register},${other}`, `movmskps ${register},${other}`,
      `cvtsi2sd ${other},${register}`, `cvttsd2si ${register},${other}`, `cvtsi2ss ${other},${register}`, `pextrw $1,${register},${other}`, `pinsrw $1,${other},${register}`])
    yield* [`cvtsi2sdl (%rax),${register}`, `cvtsi2sdq (%rax),${register}`, `pinsrw $2,(%rax),${register}`, `movq %mm1,%mm2`, `movd %mm1,%eax`, `cvtsi2sd (%rax),${register}`]
  }
}

export const forms: ReadonlyArray<string> = [...new Set([...integerLines(), ...otherLines(), ...vectorLines()])]
