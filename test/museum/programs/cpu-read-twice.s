# The cell is found by one reading of the CPU's number and checked by another: the check is of the wrong one.
#
#: abi mainline-6.12
#: task worker x2
#: watch cells 4096
#: finally check

worker: join
        mov     $3, %r13d
retry:  find_cell
.ifndef FIXED
        mov     CPU_ID_START(%r12), %eax
.endif
        arm
start:  cmp     %eax, CPU_ID(%r12)
        jne     aborted
        mov     CPU_ID(%r12), %ecx
        inc     %ecx
        mov     %ecx, (%rdx)            # commit: our CPU signs
post_commit:
        dec     %r13d
        jnz     retry
        leave_task
        lead_back
        describe

check:  expect_own_names
