# One instruction adds to the cell and is the commit, as in the kernel selftest's rseq_addv; the CPU is not compared before it. Who is
# moved on the way there adds to a cell that another CPU is adding to: an addition without LOCK is a read and a write.
#
#: abi mainline-6.12
#: task worker x3
#: watch cells 4096
#: finally check

worker: join
        mov     $3, %r13d
retry:  find_cell
        arm
start:
.ifdef FIXED
        cmp     %eax, CPU_ID(%r12)
        jne     aborted
.endif
        addq    $1, (%rdx)              # commit
post_commit:
        dec     %r13d
        jnz     retry
        leave_task
        lead_back
        describe

check:  expect_sum 9
