# A list for each CPU: the head is read before the section, which stores the node without a look whether that head is still there.
#
#: abi mainline-6.12
#: task pusher x2 cpu=0
#: watch cells 4096
#: finally check

pusher: join
        mov     $3, %r13d
        lea     nodes(%rip), %rbx
        imul    $24, %r15, %r15
        add     %r15, %rbx              # rbx: the next of our own nodes
retry:  find_cell
        mov     (%rdx), %rdi
        mov     %rdi, (%rbx)
        arm
start:  cmp     %eax, CPU_ID(%r12)
        jne     aborted
.ifdef FIXED
        cmp     %rdi, (%rdx)
        jne     aborted
.endif
        mov     %rbx, (%rdx)            # commit
post_commit:
        add     $8, %rbx
        dec     %r13d
        jnz     retry
        leave_task
        lead_back
        describe

check:  xor     %edi, %edi
        lea     cells(%rip), %rdx
1:      mov     (%rdx), %rax
2:      test    %rax, %rax
        jz      3f
        mov     (%rax), %rax
        inc     %edi
        cmp     $6, %edi
        jbe     2b
3:      add     $64, %rdx
        lea     cells+CELLS_BYTES(%rip), %rcx
        cmp     %rcx, %rdx
        jne     1b
        sub     $6, %edi                # nodes that are missing, or a loop
        setne   %dil
        movzbl  %dil, %edi
        verdict

        .bss
        .balign 64
nodes:  .zero   8 * 6
