# A sequence that finds nothing to do is left without taking back what arms it. Later an event meets code that lies below it.
#
#: abi turner-v2
#: task worker x2 cpu=0
#: watch cells 4096
#: finally check

below:  mov     $3, %r13d               # far from any sequence
1:      xor     %ecx, %ecx
        lock incq cells(%rip)
        dec     %r13d
        jnz     1b
        leave_task

worker: join_turner
        mov     EVENT_AND_CPU(%r12), %rdx       # 0
        lea     failed_sequence(%rip), %rcx     # 1
        movq    $post_commit, POST_COMMIT(%r12) # 2, 3
        cmp     %rdx, EVENT_AND_CPU(%r12)       # 4
        jne     failed_sequence
        cmpq    $0, nothing(%rip)
        je      empty
        movq    $0, nothing(%rip)               # 5: commit
post_commit:
        movq    $0, POST_COMMIT(%r12)
        leave_task
failed_sequence:
        movq    $0, POST_COMMIT(%r12)
        jmp     below
empty:
.ifdef FIXED
        movq    $0, POST_COMMIT(%r12)
.endif
        jmp     below

check:  expect_sum 6

        .bss
nothing:
        .zero   8
