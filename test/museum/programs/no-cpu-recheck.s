# The CPU is looked up before the section and never again: who is moved in between works on another CPU's cell.
#
#: abi mainline-6.12
#: task worker x2
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
