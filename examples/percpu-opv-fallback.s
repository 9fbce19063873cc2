# When a restartable sequence is aborted, the kernel does the addition instead: cpu_opv as the slow path.
#
# A sequence that is aborted each time it is tried, as under a debugger that steps, would never end. cpu_opv performs a vector of
# operations on the CPU it is given, while nothing else runs there, and so cannot fail to make progress.
#
# Outcomes: status 0, always: the counters add up to 2 * repeat. Without an abort cpu_opv is never called.
#
#: cpus 2
#: abi mainline-6.12,opv-v12
#: repeat 3
#: task worker x2
#: watch counters 4096
#: finally check

        .ifndef repeat
        .set    repeat, 3
        .endif
        .set    SYS_exit, 60
        .set    SYS_rseq, 334
        .set    SYS_cpu_opv, 335
        .set    RSEQ_SIGNATURE, 0x53053053
        .set    EAGAIN, 11

        # struct rseq
        .set    CPU_ID_START, 0
        .set    CPU_ID, 4
        .set    RSEQ_CS, 8
        .set    AREA_BYTES, 32

        # struct cpu_op
        .set    OP, 0
        .set    LEN, 4
        .set    ADD_P, 8
        .set    ADD_COUNT, 16
        .set    CPU_ADD_OP, 3

        .text
        .globl  worker, check
        .type   worker, @function
worker:                                 # rsi: our ordinal
        shl     $5, %rsi
        lea     areas(%rip), %r12
        add     %rsi, %r12              # r12: our struct rseq
        lea     operations(%rip), %r14
        add     %rsi, %r14              # r14: our struct cpu_op
        mov     $SYS_rseq, %eax
        mov     %r12, %rdi
        mov     $AREA_BYTES, %esi
        xor     %edx, %edx
        mov     $RSEQ_SIGNATURE, %r10d
        syscall
        test    %eax, %eax
        jnz     unregistered
        mov     $repeat, %r13d

next:
        mov     CPU_ID_START(%r12), %ebp        # ebp: the CPU we mean
        mov     %ebp, %ebx
        shl     $6, %rbx
        lea     counters(%rip), %rcx
        add     %rcx, %rbx              # rbx: its counter
        lea     descriptor(%rip), %rcx
        mov     %rcx, RSEQ_CS(%r12)     # armed
start:
        cmp     %ebp, CPU_ID(%r12)
        jne     aborted
        mov     (%rbx), %rcx
        inc     %rcx
        mov     %rcx, (%rbx)            # commit
post_commit:
done:
        dec     %r13d
        jnz     next
        jmp     leave_task

slow:                                   # one operation, *rbx += 1, on the CPU ebp
        movl    $CPU_ADD_OP, OP(%r14)
        movl    $8, LEN(%r14)
        mov     %rbx, ADD_P(%r14)
        movq    $1, ADD_COUNT(%r14)
        mov     $SYS_cpu_opv, %eax
        mov     %r14, %rdi
        mov     $1, %esi
        mov     %ebp, %edx
        xor     %r10d, %r10d
        syscall
        cmp     $-EAGAIN, %rax
        je      slow
        test    %rax, %rax
        jz      done

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
        jmp     slow
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
operations:
        .zero   32 * 64                 # a struct cpu_op for each task
failed: .zero   4
