# After an abort the number of the CPU is read again, its cell is not found again.
#
#: abi mainline-6.12
#: task worker x2
#: watch cells 4096
#: finally check

worker: join
        mov     $3, %r13d
retry:  find_cell
        jmp     enter
again:  mov     CPU_ID_START(%r12), %eax
enter:  arm
start:  cmp     %eax, CPU_ID(%r12)
        jne     aborted
        mov     CPU_ID(%r12), %ecx
        inc     %ecx
        mov     %ecx, (%rdx)            # commit: our CPU signs
post_commit:
        dec     %r13d
        jnz     retry
        leave_task
.ifdef FIXED
        lead_back retry
.else
        lead_back again
.endif
        describe

check:  expect_own_names
