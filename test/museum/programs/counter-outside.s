# The counter is read before the section and written in it: what was counted in between is lost.
#
#: abi mainline-6.12
#: task worker x2 cpu=0
#: watch cells 4096
#: finally check

worker: join
        mov     $3, %r13d
retry:  find_cell
.ifndef FIXED
        mov     (%rdx), %rbx
.endif
        arm
start:  cmp     %eax, CPU_ID(%r12)
        jne     aborted
.ifdef FIXED
        mov     (%rdx), %rbx
.endif
        inc     %rbx
        mov     %rbx, (%rdx)            # commit
post_commit:
        dec     %r13d
        jnz     retry
        leave_task
        lead_back
        describe

check:  expect_sum 6
