# An instruction stands between the store that arms and the section. Who is interrupted at it is outside: the kernel takes the
# descriptor away, and the section then runs without protection.
#
#: abi mainline-6.12
#: task worker x2 cpu=0
#: watch cells 4096
#: finally check

worker: join
        mov     $3, %r13d
retry:  find_cell
        xor     %ebx, %ebx
        arm
.ifndef FIXED
        inc     %ebx
.endif
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
