# What stands before every case.

        .set    SYS_rt_sigaction, 13
        .set    SYS_rt_sigreturn, 15
        .set    SYS_sched_yield, 24
        .set    SYS_getpid, 39
        .set    SYS_munmap, 11
        .set    SYS_exit, 60
        .set    SYS_gettid, 186
        .set    SYS_futex, 202
        .set    SYS_exit_group, 231
        .set    SYS_tgkill, 234
        .set    SYS_membarrier, 324
        .set    SYS_rseq, 334
        .set    SYS_cpu_opv, 335
        .set    SIGNATURE, 0x53053053

        .macro  quit                    # this task is done
        xor     %edi, %edi
        mov     $SYS_exit, %eax
        syscall
        .endm

        .macro  give_up status=1        # the program has seen what must not be
        mov     $\status, %edi
        mov     $SYS_exit_group, %eax
        syscall
        .endm

        .macro  futex_wait address, value
        mov     \value, %edx
        lea     \address, %rdi
        mov     $128, %esi
        xor     %r10d, %r10d
        mov     $SYS_futex, %eax
        syscall
        .endm

        .macro  futex_wake address, count
        lea     \address, %rdi
        mov     $129, %esi
        mov     $\count, %edx
        mov     $SYS_futex, %eax
        syscall
        .endm

        .macro  join                    # r15: our ordinal; r12: our struct rseq, registered
        mov     %rsi, %r15
        shl     $5, %rsi
        lea     areas(%rip), %r12
        add     %rsi, %r12
        mov     $SYS_rseq, %eax
        mov     %r12, %rdi
        mov     $32, %esi
        xor     %edx, %edx
        mov     $SIGNATURE, %r10d
        syscall
        test    %eax, %eax
        jnz     unregistered
        .endm

        .macro  describe name, begin, end, abort, to, flags=0
        .pushsection __rseq_cs, "aw"
        .balign 32
\name:  .long   0, \flags
        .quad   \begin, \end - \begin, \abort
        .popsection
        .pushsection __rseq_failure, "ax"
        .byte   0x0f, 0xb9, 0x3d
        .long   SIGNATURE
\abort: jmp     \to
        .popsection
        .endm

        .macro  arm name, area=%r12
        lea     \name(%rip), %rcx
        mov     %rcx, 8(\area)
        .endm
