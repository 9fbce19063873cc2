# The commit sequence of 2015 as it stands, under the contract of today: what was right there is wrong here.
#
# There is no event counter any more, only the number of the CPU. The sum is computed before the sequence is armed; who is
# preempted in between finds himself on the same CPU, passes the comparison and overwrites the other task's additions.
# commit-sequence-mainline.s reads inside.
#
# Outcomes: status 0, or status 1 where an addition is lost. Quiet: 0.
#
#: cpus 2
#: abi mainline-6.12
#: repeat 3
#: task worker x2 cpu=0
#: watch counters 4096
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
        .globl  worker, check
        .type   worker, @function
worker:                                 # rsi: our ordinal
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
        mov     $repeat, %r13d

retry:
        mov     CPU_ID_START(%r12), %edx        # 0: the CPU alone
        mov     %edx, %ebx
        shl     $6, %rbx
        lea     counters(%rip), %rcx
        add     %rcx, %rbx              # rbx: the counter of this CPU
        mov     (%rbx), %r8
        inc     %r8                     # r8: what will be written
        lea     descriptor(%rip), %rcx  # 1: where to go is in the descriptor
        mov     %rcx, RSEQ_CS(%r12)     # 2: armed
start:
        cmp     %edx, CPU_ID(%r12)      # 4: still on that CPU?
        jne     aborted
        mov     %r8, (%rbx)             # 5: commit
post_commit:
        dec     %r13d
        jnz     retry
        jmp     leave_task

unregistered:
        movl    $1, failed(%rip)
leave_task:
        xor     %edi, %edi
        mov     $SYS_exit, %eax
        syscall
        .size   worker, . - worker

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
        xor     %eax, %eax
        xor     %ecx, %ecx
        lea     counters(%rip), %rdx
1:      add     (%rdx,%rcx), %rax
        add     $64, %ecx
        cmp     $4096, %ecx
        jne     1b
        xor     %edi, %edi
        cmp     $2 * repeat, %rax
        setne   %dil
        or      failed(%rip), %edi
        mov     $SYS_exit, %eax
        syscall
        .size   check, . - check

        .bss
        .balign 4096
        .type   counters, @object
counters:
        .zero   64 * 64                 # a cache line for each CPU
        .size   counters, . - counters
areas:  .zero   32 * 64                 # a struct rseq for each task
failed: .zero   4
