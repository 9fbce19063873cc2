# A signal arrives while a task is in a restartable sequence, and its handler does what the sequence does.
#
# `worker` adds to a counter in sequences of three instructions; its handler for SIGUSR1 adds to the same counter. The kernel
# sends the interrupted sequence to `aborted` before it enters the handler, so that what the handler adds is never
# overwritten. `sender`, on another CPU, sends two signals; where they land is a matter of turns.
#
# Outcomes: status 0: the counter holds repeat, and one for each signal that was handled (0, 1 or 2: a signal that is already
# waiting is not sent twice, and none reaches a task that has ended). A worker moved off CPU 0 for good tries for ever.
#
#: cpus 2
#: abi mainline-6.12
#: repeat 3
#: task worker cpu=0
#: task sender cpu=1
#: watch counter 8
#: finally check

        .ifndef repeat
        .set    repeat, 3
        .endif
        .set    SYS_rt_sigaction, 13
        .set    SYS_rt_sigreturn, 15
        .set    SYS_getpid, 39
        .set    SYS_exit, 60
        .set    SYS_gettid, 186
        .set    SYS_tgkill, 234
        .set    SYS_rseq, 334
        .set    RSEQ_SIGNATURE, 0x53053053
        .set    SIGUSR1, 10
        .set    SA_RESTORER, 0x04000000

        # struct rseq
        .set    CPU_ID, 4
        .set    RSEQ_CS, 8
        .set    AREA_BYTES, 32

        .text
        .globl  worker, sender, check
        .type   worker, @function
worker:
        lea     area(%rip), %r12        # r12: our struct rseq
        mov     $SYS_rseq, %eax
        mov     %r12, %rdi
        mov     $AREA_BYTES, %esi
        xor     %edx, %edx
        mov     $RSEQ_SIGNATURE, %r10d
        syscall
        test    %eax, %eax
        jnz     unregistered
        mov     $SYS_rt_sigaction, %eax
        mov     $SIGUSR1, %edi
        lea     action(%rip), %rsi
        xor     %edx, %edx
        mov     $8, %r10d
        syscall
        test    %eax, %eax
        jnz     unregistered
        mov     $SYS_gettid, %eax
        syscall
        mov     %eax, tid_of_worker(%rip)       # from now on signals may come
        mov     $repeat, %r13d

retry:
        lea     descriptor(%rip), %rcx
        mov     %rcx, RSEQ_CS(%r12)     # armed
start:
        cmpl    $0, CPU_ID(%r12)
        jne     aborted
        mov     counter(%rip), %rcx
        inc     %rcx
        mov     %rcx, counter(%rip)     # commit
post_commit:
        dec     %r13d
        jnz     retry
        jmp     leave_task

unregistered:
        movl    $1, failed(%rip)
        movl    $-1, tid_of_worker(%rip)
leave_task:
        xor     %edi, %edi
        mov     $SYS_exit, %eax
        syscall
        .size   worker, . - worker

        .type   handler, @function
handler:                                # the kernel keeps every register for us
        incq    counter(%rip)
        incq    handled(%rip)
        ret
        .size   handler, . - handler

restorer:
        mov     $SYS_rt_sigreturn, %eax
        syscall

        .type   sender, @function
sender:
        mov     tid_of_worker(%rip), %r12d
        test    %r12d, %r12d
        jnz     1f
        pause
        jmp     sender
1:      mov     $SYS_getpid, %eax
        syscall
        mov     %eax, %ebx
        .rept   2
        mov     $SYS_tgkill, %eax       # fails if the worker has ended, which is fine
        mov     %ebx, %edi
        mov     %r12d, %esi
        mov     $SIGUSR1, %edx
        syscall
        .endr
        jmp     leave_task
        .size   sender, . - sender

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
        mov     handled(%rip), %rax
        add     $repeat, %rax
        xor     %edi, %edi
        cmp     %rax, counter(%rip)
        setne   %dil
        or      failed(%rip), %edi
        mov     $SYS_exit, %eax
        syscall
        .size   check, . - check

        .data
        .balign 8
action: .quad   handler, SA_RESTORER, restorer, 0

        .bss
        .balign 64
        .type   counter, @object
counter:
        .zero   8
        .size   counter, 8
handled:
        .zero   8
        .balign 64
area:   .zero   32
tid_of_worker:
        .zero   4
failed: .zero   4
