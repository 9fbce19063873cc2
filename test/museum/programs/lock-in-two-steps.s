# A lock is seen free and taken by two instructions. The program counts who is inside and writes down that it was more than one.
#
#: task worker x2 cpu=0,1
#: watch lock_word 4
#: finally check

worker: mov     $2, %r13d
enter:
.ifdef FIXED
        mov     $1, %eax
        xchg    %eax, lock_word(%rip)
        test    %eax, %eax
        jz      inside
.else
        cmpl    $0, lock_word(%rip)
        movl    $1, lock_word(%rip)
        je      inside
.endif
        pause
        jmp     enter
inside: lock incl insiders(%rip)
        cmpl    $1, insiders(%rip)
        je      1f
        movq    $1, rseqlab_never_two_inside(%rip)
1:      lock decl insiders(%rip)
        movl    $0, lock_word(%rip)
        dec     %r13d
        jnz     enter
        leave_task

check:  xor     %edi, %edi
        verdict

        .bss
        .balign 64
lock_word:
        .zero   4
        .balign 64
insiders:
        .zero   4
        .balign 64
rseqlab_never_two_inside:
        .zero   8
