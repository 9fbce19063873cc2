# Instructions stand between the store that arms and the section. Who is interrupted there is outside: the kernel takes the
# descriptor away, and the section then runs without protection.
#
#: abi mainline-6.12
#: task worker x2 cpu=0
#: watch cells 4096
#: finally check

worker: join
        mov     $3, %r13d
retry:  find_cell
.ifdef FIXED
        lea     steps(%rip), %rbx
        mov     %r13d, %edi
        and     $1, %edi
        mov     (%rbx,%rdi,8), %rdi     # rdi: what to add
        arm
.else
        arm
        lea     steps(%rip), %rbx
        mov     %r13d, %edi
        and     $1, %edi
        mov     (%rbx,%rdi,8), %rdi     # rdi: what to add
.endif
start:  cmp     %eax, CPU_ID(%r12)
        jne     aborted
        mov     (%rdx), %rcx
        mov     %rcx, %rbx
        add     %rdi, %rbx
        mov     %rbx, 8(%rdx)           # will have been written, committed or not
        mov     %rbx, (%rdx)            # commit
post_commit:
        dec     %r13d
        jnz     retry
        leave_task
        lead_back
        describe

check:  expect_sum 6

        .data
        .balign 8
steps:  .quad   1, 1
