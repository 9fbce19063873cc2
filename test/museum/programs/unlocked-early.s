# Each CPU has a lock, which is taken in a section, rightly. The store that it protects comes behind the one that gives it back.
#
#: abi mainline-6.12
#: task worker x2 cpu=0
#: watch cells 4096
#: finally check

worker: join
        mov     $3, %r13d
retry:  find_cell                       # rdx: the lock, and behind it what it protects
        arm
start:  cmp     %eax, CPU_ID(%r12)
        jne     aborted
        cmpl    $0, (%rdx)
        jne     aborted
        movl    $1, (%rdx)              # commit: it is ours
post_commit:
        mov     8(%rdx), %rbx
        inc     %rbx
.ifdef FIXED
        mov     %rbx, 8(%rdx)
        movl    $0, (%rdx)
.else
        movl    $0, (%rdx)
        mov     %rbx, 8(%rdx)
.endif
        dec     %r13d
        jnz     retry
        leave_task
        lead_back busy
        describe

        # It may be that the other task has the lock: it shall go on.
busy:   mov     $SYS_sched_yield, %eax
        syscall
        jmp     retry

check:  xor     %eax, %eax
        xor     %ecx, %ecx
        lea     cells(%rip), %rdx
1:      add     8(%rdx,%rcx), %rax
        add     $64, %ecx
        cmp     $CELLS_BYTES, %ecx
        jne     1b
        xor     %edi, %edi
        cmp     $6, %rax
        setne   %dil
        verdict
