# A node is pushed onto the list before it is filled in. The push is a section and loses nothing; who looks at the list between
# the two sees a node without a value.
#
#: abi mainline-6.12
#: task pusher cpu=0
#: task reader cpu=0
#: watch head 8
#: finally check

pusher: join
        lea     nodes(%rip), %rbx
        mov     $3, %r13d
retry:  mov     CPU_ID_START(%r12), %eax
.ifdef FIXED
        movq    $7, 8(%rbx)
.endif
        arm
start:  cmp     %eax, CPU_ID(%r12)
        jne     aborted
        mov     head(%rip), %rcx
        mov     %rcx, (%rbx)
        mov     %rbx, head(%rip)        # commit
post_commit:
        movq    $7, 8(%rbx)
        add     $16, %rbx
        dec     %r13d
        jnz     retry
        leave_task
        lead_back
        describe

reader: mov     head(%rip), %rdx
        jmp     2f
1:      cmpq    $7, 8(%rdx)
        jne     fail
        mov     (%rdx), %rdx
2:      test    %rdx, %rdx
        jnz     1b
        leave_task

check:  xor     %edi, %edi
        verdict

        .bss
        .balign 64
head:   .zero   8
nodes:  .zero   16 * 3
