# A lock for CPU 0, taken in a section that does not look again whether it is free: two tasks hold it.
#
#: abi mainline-6.12
#: task worker x2 cpu=0
#: watch lock_word 64
#: finally check

worker: join
        mov     $2, %r13d
retry:  mov     CPU_ID_START(%r12), %eax
        test    %eax, %eax
        jnz     done                    # the lock belongs to CPU 0
        cmpl    $0, lock_word(%rip)
        jne     busy
        arm
start:  cmp     %eax, CPU_ID(%r12)
        jne     aborted
.ifdef FIXED
        cmpl    $0, lock_word(%rip)
        jne     aborted
.endif
        movl    $1, lock_word(%rip)     # commit: ours
post_commit:
        incl    holders(%rip)
        cmpl    $1, holders(%rip)
        jne     fail
        decl    holders(%rip)
        movl    $0, lock_word(%rip)
        dec     %r13d
        jnz     retry
done:   leave_task
busy:   mov     $SYS_sched_yield, %eax
        syscall
        jmp     retry
        lead_back
        describe

check:  xor     %edi, %edi
        verdict

        .bss
        .balign 64
lock_word:
        .zero   4
holders:
        .zero   4
