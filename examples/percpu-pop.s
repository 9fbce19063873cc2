# Popping from a lock-free list of a CPU, without the ABA of p2.s: two tasks on one CPU empty a list in restartable sequences.
#
# Head and successor are both read inside the sequence. An interruption between reading the successor and making it the head,
# long enough for others to pop and push, leads to `aborted`; no compare-and-exchange is needed, and none would help.
#
# Outcomes: status 0: every node is popped once. A popper that is moved to another CPU for good tries for ever: the list is
# that of CPU 0.
#
#: cpus 2
#: abi mainline-6.12
#: repeat 3
#: task popper x2 cpu=0
#: watch head 8
#: finally check

        .ifndef repeat
        .set    repeat, 3
        .endif
        .set    SYS_exit, 60
        .set    SYS_rseq, 334
        .set    RSEQ_SIGNATURE, 0x53053053

        # struct rseq
        .set    CPU_ID, 4
        .set    RSEQ_CS, 8
        .set    AREA_BYTES, 32

        # struct node
        .set    NEXT, 0
        .set    POPPED, 8
        .set    NODE_BYTES, 16

        .text
        .globl  popper, check
        .type   popper, @function
popper:                                 # rsi: our ordinal
        lea     areas(%rip), %r12
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

retry:
        lea     descriptor(%rip), %rcx
        mov     %rcx, RSEQ_CS(%r12)     # armed
start:
        cmpl    $0, CPU_ID(%r12)        # the list is that of CPU 0
        jne     aborted
        mov     head(%rip), %rbx
        test    %rbx, %rbx
        jz      leave_task              # empty: leaving the sequence without a commit is fine
        mov     NEXT(%rbx), %rcx
        mov     %rcx, head(%rip)        # commit
post_commit:
        incl    POPPED(%rbx)            # ours alone now
        jmp     retry

unregistered:
        movl    $1, failed(%rip)
leave_task:
        xor     %edi, %edi
        mov     $SYS_exit, %eax
        syscall
        .size   popper, . - popper

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

        .type   check, @function
check:
        mov     failed(%rip), %edi
        lea     nodes(%rip), %rdx
        mov     $2 * repeat, %ecx
1:      cmpl    $1, POPPED(%rdx)
        je      2f
        mov     $1, %edi
2:      add     $NODE_BYTES, %rdx
        dec     %ecx
        jnz     1b
        mov     $SYS_exit, %eax
        syscall
        .size   check, . - check

        .data
        .balign 64
        .type   head, @object
head:   .quad   nodes
        .size   head, 8
        .balign 64
nodes:
        .rept   2 * repeat - 1
        .quad   . + NODE_BYTES, 0
        .endr
        .quad   0, 0

        .bss
        .balign 64
areas:  .zero   32 * 64                 # a struct rseq for each task
failed: .zero   4
