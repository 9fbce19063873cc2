# The section counts down what is left to do; who is aborted after that starts again with one less.
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
.ifndef FIXED
        dec     %r13d
.endif
        mov     (%rdx), %rcx
        inc     %rcx
        mov     %rcx, (%rdx)            # commit
post_commit:
.ifdef FIXED
        dec     %r13d
.endif
        test    %r13d, %r13d
        jg      retry
        leave_task
        lead_back
        describe

check:  expect_sum 6
