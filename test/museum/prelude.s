# What the exhibits share. The harness puts it before every program, and `.set FIXED, 1` before the twin that is correct.
#
# A task has its area in r12 and its ordinal in r15. Each CPU has a cell of 64 bytes. `failed` is what a task says went wrong.

        .set    SYS_mmap, 9
        .set    SYS_munmap, 11
        .set    SYS_rt_sigaction, 13
        .set    SYS_rt_sigreturn, 15
        .set    SYS_sched_yield, 24
        .set    SYS_getpid, 39
        .set    SYS_exit, 60
        .set    SYS_gettid, 186
        .set    SYS_futex, 202
        .set    SYS_tgkill, 234
        .set    SYS_restartable_sequences, 323
        .set    SYS_rseq, 334
        .set    RSEQ_SIGNATURE, 0x53053053
        .set    SIGUSR1, 10
        .set    SA_RESTORER, 0x04000000
        .set    CELLS_BYTES, 64 * 64

        # struct rseq
        .set    CPU_ID_START, 0
        .set    CPU_ID, 4
        .set    RSEQ_CS, 8
        .set    AREA_BYTES, 32

        # What turner-v2 keeps of a task, in its area.
        .set    EVENT_AND_CPU, 0
        .set    POST_COMMIT, 8

        # r12: our area; r15: our ordinal, from rsi
        .macro  find_area
        mov     %rsi, %r15
        lea     areas(%rip), %r12
        shl     $6, %rsi
        add     %rsi, %r12
        .endm

        # Registers r12 as our struct rseq; eax: 0, or why not.
        .macro  register area=%r12
        mov     $SYS_rseq, %eax
        mov     \area, %rdi
        mov     $AREA_BYTES, %esi
        xor     %edx, %edx
        mov     $RSEQ_SIGNATURE, %r10d
        syscall
        .endm

        # Both. A task that cannot register fails.
        .macro  join
        find_area
        register
        test    %eax, %eax
        jnz     fail
        .endm

        # The same under turner-v2.
        .macro  join_turner
        find_area
        mov     $SYS_restartable_sequences, %eax
        xor     %edi, %edi
        lea     EVENT_AND_CPU(%r12), %rsi
        lea     POST_COMMIT(%r12), %rdx
        syscall
        test    %eax, %eax
        jnz     fail
        .endm

        # eax: the CPU we are on; rdx: its cell
        .macro  find_cell
        mov     CPU_ID_START(%r12), %eax
        mov     %eax, %edx
        shl     $6, %rdx
        lea     cells(%rip), %rcx
        add     %rcx, %rdx
        .endm

        # The store is the last instruction before the section.
        .macro  arm descriptor=descriptor
        lea     \descriptor(%rip), %rcx
        mov     %rcx, RSEQ_CS(%r12)
        .endm

        .macro  describe start=start, post_commit=post_commit, abort=aborted, descriptor=descriptor
        .pushsection __rseq_cs, "aw"
        .balign 32
\descriptor:
        .long   0, 0
        .quad   \start, \post_commit - \start, \abort
        .popsection
        .endm

        # An abort handler that leads to `to`.
        .macro  lead_back to=retry, abort=aborted, signature=RSEQ_SIGNATURE
        .pushsection __rseq_failure, "ax"
        .byte   0x0f, 0xb9, 0x3d
        .long   \signature
\abort: jmp     \to
        .popsection
        .endm

        # SIGUSR1 goes to `handler`; `sender` may begin.
        .macro  handle
        mov     $SYS_rt_sigaction, %eax
        mov     $SIGUSR1, %edi
        lea     action(%rip), %rsi
        xor     %edx, %edx
        mov     $8, %r10d
        syscall
        test    %eax, %eax
        jnz     fail
        mov     $SYS_gettid, %eax
        syscall
        mov     %eax, handling_tid(%rip)
        .pushsection .data
        .balign 8
action: .quad   handler, SA_RESTORER, restorer, 0
        .popsection
        .endm

        .macro  leave_task
        xor     %edi, %edi
        mov     $SYS_exit, %eax
        syscall
        .endm

        # Status 0 if edi is, and no task failed.
        .macro  verdict
        or      failed(%rip), %edi
        mov     $SYS_exit, %eax
        syscall
        .endm

        # The first words of all cells add up to `count`.
        .macro  expect_sum count
        xor     %eax, %eax
        xor     %ecx, %ecx
        lea     cells(%rip), %rdx
1:      add     (%rdx,%rcx), %rax
        add     $64, %ecx
        cmp     $CELLS_BYTES, %ecx
        jne     1b
        xor     %edi, %edi
        cmp     $\count, %rax
        setne   %dil
        verdict
        .endm

        # The cell of each CPU holds 0 or the CPU's number plus 1.
        .macro  expect_own_names
        xor     %edi, %edi
        xor     %ecx, %ecx
        lea     cells(%rip), %rdx
1:      inc     %ecx
        mov     (%rdx), %eax
        test    %eax, %eax
        jz      2f
        cmp     %ecx, %eax
        je      2f
        mov     $1, %edi
2:      add     $64, %rdx
        cmp     $64, %ecx
        jne     1b
        verdict
        .endm

        .bss
        .balign 4096
        .type   cells, @object
cells:  .zero   CELLS_BYTES
        .size   cells, . - cells
areas:  .zero   64 * 64
failed: .zero   4
handling_tid:
        .zero   4

        .text
        # A task of an exhibit with a handler: sends one signal to whoever handles it. It fails if he has ended, which is fine.
sender: mov     handling_tid(%rip), %r13d
        test    %r13d, %r13d
        jnz     1f
        pause
        jmp     sender
1:      mov     $SYS_getpid, %eax
        syscall
        mov     %eax, %edi
        mov     %r13d, %esi
        mov     $SIGUSR1, %edx
        mov     $SYS_tgkill, %eax
        syscall
        leave_task

fail:   movl    $1, failed(%rip)
        movl    $-1, handling_tid(%rip)
        leave_task
