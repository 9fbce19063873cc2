# The way back from an abort leads behind the reading of the CPU. Who has been moved compares with the old number for ever; it
# gives up after a hundred tries, and does without.
#
#: abi mainline-6.12
#: task worker x2
#: watch cells 4096
#: finally check

worker: join
        mov     $3, %r13d
        mov     $100, %r14d
next:
.ifdef FIXED
retry:  find_cell
.else
        find_cell
retry:
.endif
        dec     %r14d
        jz      fail
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
        lead_back
        describe

check:  expect_sum 6
