# The section calls sched_yield. With nobody else on the CPU nothing happens; else the call switches away, and whoever comes
# back is aborted: two tasks on one CPU never commit.
#
#: abi mainline-6.12
#: task worker x2 cpu=0,1
#: watch cells 4096
#: finally check

worker: join
        mov     $3, %r13d
retry:
.ifdef FIXED
        mov     $SYS_sched_yield, %eax
        syscall
.endif
        find_cell
        mov     %eax, %ebx
        arm
start:  cmp     %ebx, CPU_ID(%r12)
        jne     aborted
        mov     (%rdx), %rdi
        inc     %rdi
.ifndef FIXED
        mov     $SYS_sched_yield, %eax
        syscall
.endif
        mov     %rdi, (%rdx)            # commit
post_commit:
        dec     %r13d
        jnz     retry
        leave_task
        lead_back
        describe

check:  expect_sum 6
