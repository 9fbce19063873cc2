# A lock-free list for each CPU: two tasks on one CPU push nodes onto its list in a restartable sequence.
#
# The head is read inside the sequence, so that an interruption between reading it and storing the new one leads to `aborted`.
# The store of the successor goes to our own node and may happen twice. percpu-push-bad.s shows what happens otherwise.
#
# Outcomes: status 0, always: every node is on a list once.
#
#: cpus 2
#: abi mainline-6.12
#: repeat 3
#: task pusher x2 cpu=0
#: watch heads 4096
#: finally check

        .ifndef repeat
        .set    repeat, 3
        .endif
        .set    SYS_exit, 60
        .set    SYS_rseq, 334
        .set    RSEQ_SIGNATURE, 0x53053053

        # struct rseq
        .set    CPU_ID_START, 0
        .set    CPU_ID, 4
        .set    RSEQ_CS, 8
        .set    AREA_BYTES, 32

        .text
        .globl  pusher, check
        .type   pusher, @function
pusher:                                 # rsi: our ordinal
        lea     areas(%rip), %r12
        imul    $repeat * 8, %rsi, %rbx
        lea     nodes(%rip), %rax
        add     %rax, %rbx              # rbx: the next of our own nodes
        shl     $5, %rsi
        add     %rsi, %r12              # r12: our struct rseq
        mov     $SYS_rseq, %eax
        mov     %r12, %rdi
        mov     $AREA_BYTES, %esi
        xor     %edx, %edx
        mov     $RSEQ_SIGNATURE, %r10d
        syscall
        test    %eax, %eax
        jnz     unregistered
        mov     $repeat, %r13d

retry:
        mov     CPU_ID_START(%r12), %eax
        mov     %eax, %edx
        shl     $6, %rdx
        lea     heads(%rip), %rcx
        add     %rcx, %rdx              # rdx: the head of this CPU's list
        lea     descriptor(%rip), %rcx
        mov     %rcx, RSEQ_CS(%r12)     # armed
start:
        cmp     %eax, CPU_ID(%r12)
        jne     aborted
        mov     (%rdx), %rcx
        mov     %rcx, (%rbx)            # our node's successor
        mov     %rbx, (%rdx)            # commit
post_commit:
        add     $8, %rbx
        dec     %r13d
        jnz     retry
        jmp     leave_task

unregistered:
        movl    $1, failed(%rip)
leave_task:
        xor     %edi, %edi
        mov     $SYS_exit, %eax
        syscall
        .size   pusher, . - pusher

        .pushsection __rseq_failure, "ax"
        .byte   0x0f, 0xb9, 0x3d
        .long   RSEQ_SIGNATURE
aborted:
        jmp     retry
        .popsection

        .pushsection __rseq_cs, "aw"
        .balign 32
descriptor:
        .long   0, 0
        .quad   start, post_commit - start, aborted
        .popsection

        # Walks all lists and counts; a list with a loop has more nodes than there are.
        .type   check, @function
check:
        xor     %eax, %eax
        xor     %ecx, %ecx
1:      lea     heads(%rip), %rdx
        mov     (%rdx,%rcx), %rdx
2:      test    %rdx, %rdx
        jz      3f
        mov     (%rdx), %rdx
        inc     %eax
        cmp     $2 * repeat, %eax
        jbe     2b
3:      add     $64, %ecx
        cmp     $4096, %ecx
        jne     1b
        xor     %edi, %edi
        cmp     $2 * repeat, %eax
        setne   %dil
        or      failed(%rip), %edi
        mov     $SYS_exit, %eax
        syscall
        .size   check, . - check

        .bss
        .balign 4096
        .type   heads, @object
heads:  .zero   64 * 64                 # a cache line for each CPU
        .size   heads, . - heads
areas:  .zero   32 * 64                 # a struct rseq for each task
nodes:  .zero   8 * 2 * repeat          # each a successor and nothing else
failed: .zero   4
