# The thread library has registered its area; a second library registers its own, is refused, and uses it all the same.
#
#: abi mainline-6.12
#: task worker x2 cpu=0
#: watch cells 4096
#: finally check

worker: join                            # the thread library
        lea     32(%r12), %rbx
        register %rbx
.ifdef FIXED
        test    %eax, %eax
        jnz     1f                      # somebody else's it is
.endif
        mov     %rbx, %r12
1:      mov     $3, %r13d
retry:  find_cell
        arm
start:  cmp     %eax, CPU_ID(%r12)
        jne     aborted
        mov     (%rdx), %rcx
        inc     %rcx
        mov     %rcx, (%rdx)            # commit
post_commit:
        dec     %r13d
        jnz     retry
        leave_task
        lead_back
        describe

check:  expect_sum 6
