# The section is described one instruction too short: the commit is not in it.
#
#: abi mainline-6.12
#: task worker x2 cpu=0
#: watch cells 4096
#: finally check

worker: join
        mov     $3, %r13d
retry:  find_cell
        arm
start:  cmp     %eax, CPU_ID(%r12)
        jne     aborted
        mov     (%rdx), %rcx
        inc     %rcx
commit: mov     %rcx, (%rdx)
post_commit:
        dec     %r13d
        jnz     retry
        leave_task
        lead_back
.ifdef FIXED
        describe
.else
        describe post_commit=commit
.endif

check:  expect_sum 6
