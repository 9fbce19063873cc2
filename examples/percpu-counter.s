# A counter for each CPU, and no lock: two tasks add to the counter of whatever CPU they are on, in a restartable sequence.
#
# Load, add and store are three instructions, as in p1.s. Whoever is interrupted between them, by a preemption, a migration or
# a signal, goes on at `aborted` instead of storing a stale sum, and tries again with the CPU he is on then.
#
# Outcomes: status 0, always: the counters add up to 2 * repeat. CPUs below 64.
#
#: cpus 2
#: abi mainline-6.12
#: repeat 3
#: task worker x2
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
leave_task:
        xor     %edi, %edi
        mov     $SYS_exit, %eax
        syscall
        .size   worker, . - worker

        .pushsection __rseq_failure, "ax"
        .byte   0x0f, 0xb9, 0x3d        # ud1: the signature is no place to run into
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
