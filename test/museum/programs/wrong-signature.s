# The abort handler is signed with another word than the task registered: the kernel takes it for a forgery and kills.
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
        mov     %rcx, (%rdx)            # commit
post_commit:
        dec     %r13d
        jnz     retry
        leave_task
.ifdef FIXED
        lead_back
.else
        lead_back signature=0x53053054
.endif
        describe

check:  expect_sum 6
