# Who has been aborted twice gives up on sections and adds as best he can, which is not good enough.
#
#: abi mainline-6.12
#: task worker x2 cpu=0
#: watch cells 4096
#: finally check

worker: join
        mov     $3, %r13d
next:   mov     $1, %ebx                # attempts that are left
retry:  find_cell
.ifndef FIXED
        dec     %ebx
        js      fallback
.endif
        arm
start:  cmp     %eax, CPU_ID(%r12)
        jne     aborted
        mov     (%rdx), %rcx
        inc     %rcx
        mov     %rcx, (%rdx)            # commit
post_commit:
        dec     %r13d
        jnz     next
        leave_task
fallback:
        mov     (%rdx), %rcx
        inc     %rcx
        mov     %rcx, (%rdx)
        dec     %r13d
        jnz     next
        leave_task
        lead_back
        describe

check:  expect_sum 6
