# A section calls a function that has one of its own. The area names one descriptor: after the call nothing protects the outer one.
#
#: abi mainline-6.12
#: task worker x2 cpu=0
#: watch cells 4096
#: finally check

worker: join
        mov     $3, %r13d
retry:
.ifdef FIXED
        call    count_call
.endif
        find_cell
        arm
start:  cmp     %eax, CPU_ID(%r12)
        jne     aborted
        mov     (%rdx), %rbx
.ifndef FIXED
        call    count_call
.endif
        inc     %rbx
        mov     %rbx, (%rdx)            # commit
post_commit:
        dec     %r13d
        jnz     retry
        leave_task
        lead_back
        describe

count_call:
        find_cell
        arm     inner_descriptor
inner_start:
        cmp     %eax, CPU_ID(%r12)
        jne     inner_aborted
        incq    8(%rdx)                 # commit
inner_post_commit:
        ret
        lead_back count_call, inner_aborted
        describe inner_start, inner_post_commit, inner_aborted, inner_descriptor

check:  expect_sum 6
