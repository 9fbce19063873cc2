# A task is moved to another CPU while it is about to commit to the data of the old one.
#
# Two workers add to the counter of the CPU they are on, in restartable sequences. `mover` sends the first of them to CPU 1
# and back to CPU 0, whatever it is doing. A sequence that was interrupted so starts again with the counter of its new CPU; if it
# committed to the old one, it would race with whoever runs there now, without a lock.
#
# Outcomes: status 0, always: the counters add up to 2 * repeat.
#
#: cpus 2
#: abi mainline-6.12
#: repeat 3
#: task worker x2
#: task mover cpu=1
#: watch counters 4096
#: finally check

        .ifndef repeat
        .set    repeat, 3
        .endif
        .set    SYS_exit, 60
        .set    SYS_gettid, 186
        .set    SYS_sched_setaffinity, 203
        .set    SYS_rseq, 334
        .set    RSEQ_SIGNATURE, 0x53053053

        # struct rseq
        .set    CPU_ID_START, 0
        .set    CPU_ID, 4
        .set    RSEQ_CS, 8
        .set    AREA_BYTES, 32

        .text
        .globl  worker, mover, check
        .type   worker, @function
worker:                                 # rsi: our ordinal
        lea     areas(%rip), %r12
        mov     %rsi, %r14
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
        mov     $SYS_gettid, %eax
        syscall
        lea     tids(%rip), %rcx
        mov     %eax, (%rcx,%r14,4)     # from now on we may be moved
        mov     $repeat, %r13d

retry:
        mov     CPU_ID_START(%r12), %eax
        mov     %eax, %edx
        shl     $6, %rdx
        lea     counters(%rip), %rcx
        add     %rcx, %rdx              # rdx: the counter of this CPU
        lea     descriptor(%rip), %rcx
        mov     %rcx, RSEQ_CS(%r12)     # armed
start:
        cmp     %eax, CPU_ID(%r12)      # still here?
        jne     aborted
        mov     (%rdx), %rcx
        inc     %rcx
        mov     %rcx, (%rdx)            # commit
post_commit:
        dec     %r13d
        jnz     retry
        jmp     leave_task

unregistered:
        movl    $1, failed(%rip)
        lea     tids(%rip), %rcx
        movl    $-1, (%rcx,%r14,4)
leave_task:
        xor     %edi, %edi
        mov     $SYS_exit, %eax
        syscall
        .size   worker, . - worker

        .type   mover, @function
mover:
        mov     tids(%rip), %ebx        # of the first worker
        test    %ebx, %ebx
        jnz     1f
        pause
        jmp     mover
1:
        .irp    mask, 0b10, 0b01
        movq    $\mask, mask(%rip)
        mov     $SYS_sched_setaffinity, %eax    # fails if the worker has ended, which is fine
        mov     %ebx, %edi
        mov     $8, %esi
        lea     mask(%rip), %rdx
        syscall
        .endr
        jmp     leave_task
        .size   mover, . - mover

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
tids:   .zero   4 * 64
mask:   .zero   8
failed: .zero   4
