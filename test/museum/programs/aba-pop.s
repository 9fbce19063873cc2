# A pop from the list of CPU 0: the successor is read before the section, the section compares the head and nothing else. Another
# task pops two nodes and pushes the first again: the head is the same, its successor is in use.
#
#: abi mainline-6.12
#: task popper cpu=0
#: task churner cpu=0
#: watch head 8
#: finally check

popper: join
retry:  mov     CPU_ID_START(%r12), %eax
        test    %eax, %eax
        jnz     done                    # the list belongs to CPU 0
        mov     head(%rip), %rbx
        test    %rbx, %rbx
        jz      done
.ifndef FIXED
        mov     (%rbx), %rdi
.endif
        arm
start:  cmp     %eax, CPU_ID(%r12)
        jne     aborted
        cmp     %rbx, head(%rip)
        jne     aborted
.ifdef FIXED
        mov     (%rbx), %rdi
.endif
        mov     %rdi, head(%rip)        # commit
post_commit:
        lock incl 8(%rbx)               # ours
done:   leave_task
        lead_back
        describe

        # Pops two nodes and pushes the first of them again, each in a section.
churner:
        join
        .irp    node, r8, r9
retry_\node:
        mov     CPU_ID_START(%r12), %eax
        test    %eax, %eax
        jnz     done
        arm     descriptor_\node
start_\node:
        cmp     %eax, CPU_ID(%r12)
        jne     aborted_\node
        mov     head(%rip), %\node
        test    %\node, %\node
        jz      done
        mov     (%\node), %rcx
        mov     %rcx, head(%rip)        # commit
post_commit_\node:
        lock incl 8(%\node)             # ours
        lead_back retry_\node, aborted_\node
        describe start_\node, post_commit_\node, aborted_\node, descriptor_\node
        .endr
        lock decl 8(%r8)
retry_push:
        mov     CPU_ID_START(%r12), %eax
        test    %eax, %eax
        jnz     done                    # nobody's then
        arm     descriptor_push
start_push:
        cmp     %eax, CPU_ID(%r12)
        jne     aborted_push
        mov     head(%rip), %rcx
        mov     %rcx, (%r8)
        mov     %r8, head(%rip)         # commit
post_commit_push:
        leave_task
        lead_back retry_push, aborted_push
        describe start_push, post_commit_push, aborted_push, descriptor_push

        # A node has one owner, and is in the list only if it has none.
check:  xor     %edi, %edi
        mov     head(%rip), %rax
1:      test    %rax, %rax
        jz      2f
        incl    8(%rax)
        mov     (%rax), %rax
        jmp     1b
2:      .irp    node, first, second, third
        cmpl    $1, \node+8(%rip)
        seta    %al
        or      %al, %dil
        .endr
        verdict

        .data
        .balign 64
        .type   head, @object
head:   .quad   first
        .size   head, 8
        .balign 64
first:  .quad   second, 0
second: .quad   third, 0
third:  .quad   0, 0
