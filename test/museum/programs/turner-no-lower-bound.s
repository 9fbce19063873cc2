# A handler lies below the sequence. A signal between the commit and the store that ends the sequence leaves it armed: whoever
# interrupts the handler then finds it below the commit, with another rdx, and sends it away for good.
#
#: abi turner-v2
#: task worker cpu=0
#: task sender cpu=1
#: watch cells 4096
#: finally check

        .macro  handlers
handler:
        incl    depth(%rip)
        decl    depth(%rip)
        ret
restorer:
        mov     $SYS_rt_sigreturn, %eax
        syscall
        .endm

.ifndef FIXED
        handlers
.endif

worker: join_turner
        handle
        mov     $3, %r13d
retry:  mov     EVENT_AND_CPU(%r12), %rdx       # 0
        mov     %edx, %ebx
        shl     $6, %rbx
        lea     cells(%rip), %rcx
        add     %rcx, %rbx
        mov     (%rbx), %r8
        inc     %r8
        lea     failed_sequence(%rip), %rcx     # 1
        movq    $post_commit, POST_COMMIT(%r12) # 2, 3
        cmp     %rdx, EVENT_AND_CPU(%r12)       # 4
        jne     failed_sequence
        mov     %r8, (%rbx)                     # 5: commit
post_commit:
        movq    $0, POST_COMMIT(%r12)
        dec     %r13d
        jnz     retry
        cmpl    $0, depth(%rip)         # nobody is inside the handler
        jne     fail
        leave_task
failed_sequence:
        movq    $0, POST_COMMIT(%r12)
        jmp     retry

.ifdef FIXED
        handlers
.endif

check:  expect_sum 3

        .bss
depth:  .zero   4
