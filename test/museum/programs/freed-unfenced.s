# What a section may still be reading is given up as soon as it is no longer in the list. `membarrier` would first send whoever
# is inside a section back to its beginning.
#
#: abi mainline-6.12
#: task reader cpu=0
#: task owner cpu=1
#: watch list 8
#: finally check

        .set    SYS_membarrier, 324
        .set    PRIVATE_EXPEDITED_RSEQ, 128
        .set    REGISTER_PRIVATE_EXPEDITED_RSEQ, 256

reader: join
        mov     $3, %r13d
retry:  mov     CPU_ID_START(%r12), %eax
        arm
start:  cmp     %eax, CPU_ID(%r12)
        jne     aborted
        mov     list(%rip), %rbx
        mov     (%rbx), %rcx
        mov     %rcx, seen(%rip)        # commit: what the node holds
post_commit:
        cmpq    $0, seen(%rip)
        je      fail                    # it was given up
        dec     %r13d
        jnz     retry
        leave_task
        lead_back
        describe

owner:
.ifdef FIXED
        mov     $REGISTER_PRIVATE_EXPEDITED_RSEQ, %edi
        call    membarrier
.endif
        lea     other(%rip), %rcx
        mov     %rcx, list(%rip)
.ifdef FIXED
        mov     $PRIVATE_EXPEDITED_RSEQ, %edi
        call    membarrier
.endif
        movq    $0, node(%rip)          # nobody can have it any more
        leave_task

membarrier:
        mov     $SYS_membarrier, %eax
        xor     %esi, %esi
        xor     %edx, %edx
        syscall
        test    %eax, %eax
        jnz     fail
        ret

check:  xor     %edi, %edi
        verdict

        .data
        .balign 8
list:   .quad   node
node:   .quad   7
other:  .quad   9
seen:   .quad   0
