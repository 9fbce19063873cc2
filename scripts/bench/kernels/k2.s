# K2: a list of 16,384 nodes of 64 bytes, linked in an order no prefetcher likes; at each node two words are copied.
        .text
        .globl  _start
_start:
        lea     nodes(%rip), %r12
        lea     copies(%rip), %r13
        xor     %ecx, %ecx
        mov     %r12, %r14
1:      imul    $12297, %rcx, %rax      # node n leads to node (12297 n + 7) mod 16384
        add     $7, %rax
        and     $16383, %rax
        shl     $6, %rax
        add     %r12, %rax
        mov     %rax, (%r14)
        mov     %rcx, 8(%r14)
        mov     %rax, 16(%r14)
        add     $64, %r14
        inc     %rcx
        cmp     $16384, %rcx
        jne     1b
        xor     %r8d, %r8d
        mov     %r12, %rsi
        mov     $ITERATIONS, %ebx
2:      mov     %r13, %rdi
        mov     $16384, %ecx
3:      mov     (%rsi), %rax
        mov     8(%rsi), %rdx
        add     %rdx, %r8
        mov     %rdx, (%rdi)
        mov     16(%rsi), %r9
        mov     %r9, 8(%rdi)
        add     $16, %rdi
        mov     %rax, %rsi
        dec     %rcx
        jnz     3b
        dec     %rbx
        jnz     2b
        mov     %r8, %rdi
        mov     $60, %eax
        syscall

        .bss
        .balign 4096
nodes:  .skip   1048576
copies: .skip   262144
