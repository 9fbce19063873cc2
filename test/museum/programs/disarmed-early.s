# The section tidies up after itself before it commits: nothing protects the commit.
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
.ifndef FIXED
        movq    $0, RSEQ_CS(%r12)
.endif
        mov     %rcx, (%rdx)            # commit
post_commit:
        movq    $0, RSEQ_CS(%r12)
        dec     %r13d
        jnz     retry
        leave_task
        lead_back
        describe

check:  expect_sum 6
