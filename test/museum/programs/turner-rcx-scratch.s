# rcx says where to go on an event; a sequence that needs a register takes it.
#
#: abi turner-v2
#: task worker x2 cpu=0
#: watch cells 4096
#: finally check


worker: join_turner
        mov     $3, %r13d
retry:  mov     EVENT_AND_CPU(%r12), %rdx       # 0
        mov     %edx, %ebx
        shl     $6, %rbx
        lea     cells(%rip), %rcx
        add     %rcx, %rbx
        lea     failed_sequence(%rip), %rcx     # 1
        movq    $post_commit, POST_COMMIT(%r12) # 2, 3
        cmp     %rdx, EVENT_AND_CPU(%r12)       # 4
        jne     failed_sequence
.ifdef FIXED
        mov     (%rbx), %r8
        inc     %r8
        mov     %r8, (%rbx)                     # 5: commit
.else
        mov     (%rbx), %rcx
        inc     %rcx
        mov     %rcx, (%rbx)                    # 5: commit
.endif
post_commit:
        movq    $0, POST_COMMIT(%r12)
        dec     %r13d
        jnz     retry
        leave_task
failed_sequence:
        movq    $0, POST_COMMIT(%r12)
        jmp     retry

check:  expect_sum 6
