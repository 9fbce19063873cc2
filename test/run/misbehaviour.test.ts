/**
 * Programs that do what they must not: each ends in the signal Linux sends, or in a stop that says which limit or which gap it met;
 * never in a failure of ours. Each does so again in a replay.
 */
import { assert, describe, expect, it } from "vitest"
import { assemble, openRecording, record, replay } from "../../src/api/index.ts"

const SIGILL = 4
const SIGTRAP = 5
const SIGSEGV = 11
const SIGFPE = 8
const SIGKILL = 9

const killed = (signal: number) => ({ _tag: "Killed", signal })
const limit = (name: "icount" | "memory" | "tasks" | "output") => ({ _tag: "OutOfBudget", limit: name })
const exited = (status: number) => ({ _tag: "Exited", status })

const exit = `
        mov     $60, %eax
        syscall
`
/** A call on the page of `_start`. */
const codePage = (call: number, protection: number): string => `
        lea     _start(%rip), %rdi
        and     $-4096, %rdi
        mov     $4096, %esi
        mov     $${protection}, %edx
        mov     $${call}, %eax
        syscall
`
const MPROTECT = 10
const MUNMAP = 11

/** From here on a handler that only returns answers `signal`; 64 bytes of stack are free to use. */
const handled = (signal: number, flags: string): string => `
        sub     $64, %rsp
        lea     handler(%rip), %rax
        mov     %rax, (%rsp)
        movq    $${flags}, 8(%rsp)
        lea     restorer(%rip), %rax
        mov     %rax, 16(%rsp)
        movq    $0, 24(%rsp)
        mov     $13, %eax
        mov     $${signal}, %edi
        mov     %rsp, %rsi
        xor     %edx, %edx
        mov     $8, %r10d
        syscall
`
const handler = `
handler: ret
restorer: mov   $15, %eax
        syscall
`
const RESTORER = "0x04000000"
const RESTORER_AND_NODEFER = "0x44000000"

const programs: ReadonlyArray<readonly [claim: string, text: string, outcome: object]> = [
  ["jumps to nowhere", "_start: mov $0x123456789a, %rax\n jmp *%rax", killed(SIGSEGV)],
  ["jumps to an address that is no address", "_start: movabs $0x8000000000000000, %rax\n jmp *%rax", killed(SIGSEGV)],
  ["writes where the kernel would be", "_start: mov $-8, %rax\n mov %rbx, (%rax)", killed(SIGSEGV)],
  ["reads over the end of the address space", "_start: mov $-1, %rax\n mov (%rax), %rbx", killed(SIGSEGV)],
  ["calls itself for ever", "_start: call _start", killed(SIGSEGV)],
  ["pushes for ever", "_start: push %rax\n jmp _start", killed(SIGSEGV)],
  ["executes data", "_start: lea d(%rip), %rax\n jmp *%rax\n.data\nd: .byte 0x90, 0xc3", killed(SIGSEGV)],
  ["writes over its own code", "_start: movb $0x90, _start(%rip)", killed(SIGSEGV)],
  ["changes its own code 1,000 times, where it may", `_start: ${codePage(MPROTECT, 7)}
        mov     $1000, %ecx
1:      incb    changed+1(%rip)
changed: mov    $0, %al
        dec     %ecx
        jnz     1b
        movzbl  %al, %edi
        ${exit}`, exited(1000 % 256)],
  ["unmaps its own code", `_start: ${codePage(MUNMAP, 0)}\n nop`, killed(SIGSEGV)],
  ["unmaps everything", "_start: xor %edi, %edi\n movabs $0x7ffffffff000, %rsi\n mov $11, %eax\n syscall\n nop", killed(SIGSEGV)],
  ["unmaps its own stack", `_start: mov %rsp, %rdi
        and     $-4096, %rdi
        mov     $4096, %esi
        mov     $11, %eax
        syscall
        push    %rax`, killed(SIGSEGV)],
  ["is signalled without a stack", `_start: ${handled(11, RESTORER)} xor %esp, %esp\n mov (%rsp), %rax\n${handler}`, killed(SIGSEGV)],
  ["faults again after each handled fault", `_start: ${handled(11, RESTORER)} xor %eax, %eax\n mov (%rax), %rax\n${handler}`, limit("icount")],
  ["returns from no signal", "_start: mov $15, %eax\n syscall", killed(SIGSEGV)],
  ["loops for ever", "_start: jmp _start", limit("icount")],
  ["makes threads for ever", `_start: mov $56, %eax
        mov     $0x50f00, %edi
        lea     -4096(%rsp), %rsi
        xor     %edx, %edx
        xor     %r10d, %r10d
        xor     %r8d, %r8d
        syscall
        jmp     _start`, limit("tasks")],
  ["makes processes for ever", "_start: mov $57, %eax\n syscall\n jmp _start", { _tag: "Unsupported" }],
  ["writes for ever", "_start: mov $1, %eax\n mov $1, %edi\n lea b(%rip), %rsi\n mov $65536, %edx\n syscall\n jmp _start\n.data\nb: .zero 65536", limit("output")],
  ["writes more than there is", `_start: mov $1, %eax\n mov $1, %edi\n lea _start(%rip), %rsi\n mov $0x7fffffffffff, %rdx\n syscall
        neg     %eax
        mov     %eax, %edi
        ${exit}`, exited(14)],
  ["has a timer fire every microsecond", `_start: ${handled(14, RESTORER_AND_NODEFER)}
        movq    $0, (%rsp)
        movq    $1, 8(%rsp)
        movq    $0, 16(%rsp)
        movq    $1, 24(%rsp)
        mov     $38, %eax
        xor     %edi, %edi
        mov     %rsp, %rsi
        xor     %edx, %edx
        syscall
1:      jmp     1b
${handler}`, limit("icount")],
  ["takes all memory", `_start: xor %edi, %edi
        mov     $0x100000, %esi
        mov     $3, %edx
        mov     $0x22, %r10d
        mov     $-1, %r8
        xor     %r9d, %r9d
        mov     $9, %eax
        syscall
        mov     %rax, %rdi
        mov     $0x20000, %ecx
        rep stosq
        jmp     _start`, limit("memory")],
  ["fills from its data to the end of the world", "_start: mov $-1, %rcx\n lea b(%rip), %rdi\n rep stosb\n.data\nb: .byte 0", killed(SIGSEGV)],
  ["halts the processor", "_start: hlt", killed(SIGSEGV)],
  ["divides by zero", "_start: xor %ecx, %ecx\n div %ecx", killed(SIGFPE)],
  ["meets a breakpoint nobody set", "_start: int3", killed(SIGTRAP)],
  ["has an instruction of 17 bytes", `_start: .byte ${"0x66, ".repeat(16)}0x90`, killed(SIGILL)],
  ["interrupts as another architecture does", "_start: mov $1, %eax\n int $0x80", { _tag: "Unsupported" }],
  ["kills itself", "_start: mov $39, %eax\n syscall\n mov %eax, %edi\n mov $62, %eax\n mov $9, %esi\n syscall\n ud2", killed(SIGKILL)],
  ["registers a sequence where the kernel would be", `_start: mov $334, %eax
        movabs  $0xffff800000000000, %rdi
        mov     $32, %esi
        xor     %edx, %edx
        mov     $0x53053053, %r10d
        syscall
        neg     %eax
        mov     %eax, %edi
        ${exit}`, exited(14)],
  ["has the kernel write where there is no room", `_start: lea room(%rip), %rbx
1:      mov     %rbx, %rdi
        mov     $8, %esi
        xor     %edx, %edx
        mov     $318, %eax
        syscall
        cmp     $8, %rax
        jne     2f
        add     $4096, %rbx
        jmp     1b
2:      mov     $1, %edi
        ${exit}
        .bss
room:   .zero   0x1000000`, { _tag: "OutOfBudget", limit: "memory" }],
  ["has signal frames where there is no room", `_start: lea action(%rip), %rsi
        mov     $10, %edi
        xor     %edx, %edx
        mov     $8, %r10d
        mov     $13, %eax
        syscall
        mov     $1, %ebx
1:      mov     %rbx, %rdi
        mov     $39, %eax
        syscall
        mov     %eax, %edi
        lea     room(%rip), %rsp
        mov     %rbx, %rax
        shl     $12, %rax
        add     %rax, %rsp
        mov     $10, %esi
        mov     $62, %eax
        syscall
        inc     %rbx
        jmp     1b
handler: ret
restorer: mov   $15, %eax
        syscall
        .data
action: .quad   handler, 0x04000000, restorer, 0
        .bss
        .balign 4096
room:   .zero   0x1000000`, { _tag: "OutOfBudget", limit: "memory" }],
  ["sleeps until the end of time", `_start: sub $16, %rsp
        movabs  $0x7fffffffffffffff, %rax
        mov     %rax, (%rsp)
        movq    $0, 8(%rsp)
        mov     %rsp, %rdi
        xor     %esi, %esi
        mov     $35, %eax
        syscall
        ud2`, { _tag: "Deadlocked" }]
]

const limits = { maxMemoryBytes: 12 * 2 ** 20, maxTasks: 64, maxOutputBytes: 2 ** 20 }
/** Enough to fill a stack of 8 MiB; and for what never ends, enough to see that. */
const MAX_ICOUNT = 3_000_000
const ENDLESS_ICOUNT = 20_000

describe("a program that", () => {
  it.each(programs)("%s ends as documented, and again in a replay", async (_claim, text, outcome) => {
    const isEndless = "limit" in outcome && outcome.limit === "icount"
    const made = await record(assemble(text, "guest.s"), { limits: { ...limits, maxIcount: isEndless ? ENDLESS_ICOUNT : MAX_ICOUNT } })
    expect(made.outcome).toMatchObject(outcome)
    assert.strictEqual((await replay(openRecording(made.bytes)))._tag, "Same")
  })
})
