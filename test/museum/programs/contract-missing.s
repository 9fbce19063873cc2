# The program is for one contract, the kernel keeps another: nobody looks at what the registration returns.
#
#: abi turner-v2
#: task worker x2 cpu=0
#: watch cells 4096
#: finally check

worker: find_area
        register
.ifdef FIXED
        test    %eax, %eax
        jnz     without                 # as for any kernel that has none
.endif
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
without:
        lock addq $3, cells(%rip)
        leave_task
        lead_back
        describe

check:  expect_sum 6
