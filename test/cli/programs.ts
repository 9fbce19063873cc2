/** Programs that end in every way a run can end. */

/** Never ends by itself. */
export const spinning = "_start: jmp _start\n"

/** Waits on a futex that nobody wakes. */
export const waiting = `
_start: lea word(%rip), %rdi
        xor %esi, %esi
        xor %edx, %edx
        xor %r10d, %r10d
        mov $202, %eax
        syscall
        .bss
word:   .zero 4
`

/** Executes what no processor accepts. */
export const dyingOfSigill = "_start: ud2\n"

/** Reads what is not mapped. */
export const dyingOfSigsegv = "_start: mov 8, %rax\n"

/** An x87 load: real, and not modelled. */
export const unmodelled = "_start: .byte 0xd9, 0xe8\n"

/** A call that is not there, twice, then status 0. */
export const callingWhatIsNotThere = `
_start: mov $999, %eax
        syscall
        mov $999, %eax
        syscall
        xor %edi, %edi
        mov $60, %eax
        syscall
`

/** memfd_create, then status 1, as of a program that cannot go on without it. */
export const failingForWantOfACall = `
_start: mov $319, %eax
        syscall
        mov $1, %edi
        mov $231, %eax
        syscall
`

/** Two tasks add to a word without a lock. A lost update is told by status 1: after memfd_create, or the call is made before all that, or both. */
export const losingAnUpdate = ({ after, before }: { readonly after: boolean; readonly before: boolean }): string => `
#: task adder
#: task adder
#: finally check
        .data
total:  .quad 0
        .text
adder:  ${before ? "mov $319, %eax\n syscall" : ""}
        mov total(%rip), %rax
        inc %rax
        mov %rax, total(%rip)
        xor %edi, %edi
        mov $60, %eax
        syscall
check:  xor %edi, %edi
        cmpq $2, total(%rip)
        je 1f
        ${after ? "mov $319, %eax\n syscall" : ""}
        mov $1, %edi
1:      mov $231, %eax
        syscall
`

/** Opens /dev/null, then status 0. */
export const openingADevice = `
_start: lea path(%rip), %rdi
        xor %esi, %esi
        mov $2, %eax
        syscall
        xor %edi, %edi
        mov $231, %eax
        syscall
        .data
path:   .asciz "/dev/null"
`

/** Writes bytes that would set a terminal's title, to both streams; the second without a line end. Status 5. */
export const shouting = `
_start: mov $1, %edi
        lea text(%rip), %rsi
        mov $size, %edx
        mov $1, %eax
        syscall
        mov $2, %edi
        lea text(%rip), %rsi
        mov $size - 1, %edx
        mov $1, %eax
        syscall
        mov $5, %edi
        mov $60, %eax
        syscall
        .data
text:   .ascii "\\033]0;x\\007\\377ok\\n"
        .set size, . - text
`
export const SHOUT = "\u001b]0;x\u0007\u00ffok\n"
