# A token is seen before the section and taken in it, without a look whether it is still there: two tasks have it.
#
#: abi mainline-6.12
#: task worker x2 cpu=0
#: watch token 8
#: finally check

worker: join
retry:  mov     CPU_ID_START(%r12), %eax
        test    %eax, %eax
        jnz     done                    # it belongs to CPU 0
        mov     token(%rip), %rbx
        test    %rbx, %rbx
        jz      done
        arm
start:  cmp     %eax, CPU_ID(%r12)
        jne     aborted
.ifdef FIXED
        cmp     %rbx, token(%rip)
        jne     aborted
.endif
        movq    $0, token(%rip)         # commit
post_commit:
        lock incl taken(%rip)
done:   leave_task
        lead_back
        describe

check:  xor     %edi, %edi
        cmpl    $1, taken(%rip)
        seta    %dil
        verdict

        .data
        .balign 64
        .type   token, @object
token:  .quad   7
        .size   token, 8
taken:  .long   0
