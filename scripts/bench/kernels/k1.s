# K1: a per-CPU counter the way rseq users write it. Eleven instructions an iteration: publish the section, compare the CPU,
# add, clear.
        .text
        .globl  _start
_start:
        lea     area(%rip), %r12
        lea     counters(%rip), %r13
        mov     $ITERATIONS, %ebx
1:      mov     (%r12), %eax            # cpu_id_start
        lea     section(%rip), %rdx
        mov     %rdx, 8(%r12)
        cmp     4(%r12), %eax           # cpu_id
        jne     3f
        mov     %rax, %rdx
        shl     $7, %rdx
        addq    $1, (%r13,%rdx)
        movq    $0, 8(%r12)
        dec     %rbx
        jnz     1b
        mov     (%r13), %rdi
2:      mov     $60, %eax
        syscall
3:      xor     %edi, %edi
        jmp     2b

        .data
        .balign 4096
area:   .quad   0, 0, 0, 0
section:
        .quad   0, 0, 0, 0
        .balign 4096
counters:
        .zero   4096
