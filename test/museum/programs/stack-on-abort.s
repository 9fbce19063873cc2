# The section pushes a register; the abort path does not take it from the stack again, and the function returns to a counter.
#
#: abi mainline-6.12
#: task worker x2 cpu=0
#: watch cells 4096
#: finally check

worker: join
        mov     $3, %r13d
1:      call    add_one
        dec     %r13d
        jnz     1b
        leave_task

add_one:
        mov     %rsp, %rbp
retry:
.ifdef FIXED
        mov     %rbp, %rsp
.endif
        find_cell
        arm
start:  cmp     %eax, CPU_ID(%r12)
        jne     aborted
        push    %rbx
        mov     (%rdx), %rbx
        inc     %rbx
        mov     %rbx, (%rdx)            # commit
post_commit:
        pop     %rbx
        ret
        lead_back
        describe

check:  expect_sum 6
