# Two words that belong together are read under a sequence, which is not looked at again.
#
#: task reader cpu=0
#: task writer cpu=1
#: whole pair 16 seq=version
#: finally check

reader: mov     $2, %r13d
1:      mov     version(%rip), %eax
        test    $1, %al
        jz      2f
        pause
        jmp     1b
2:      mov     pair(%rip), %rdx
        mov     pair+8(%rip), %rcx
.ifdef FIXED
        cmp     version(%rip), %eax
        jne     1b
.endif
        dec     %r13d
        jnz     1b
        leave_task

writer: mov     $2, %r13d
1:      incl    version(%rip)           # odd: somebody writes
        incq    pair(%rip)
        incq    pair+8(%rip)
        incl    version(%rip)
        dec     %r13d
        jnz     1b
        leave_task

check:  xor     %edi, %edi
        verdict

        .bss
        .balign 64
pair:   .zero   16
version:
        .zero   4
