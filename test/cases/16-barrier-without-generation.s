# A barrier that is used again: who wakes looks whether the count is back at 0. A fast thread is in the next round already, the count is 1,
# and both sleep. (The twin waits for the number of the round to change.)
#
#: cpus 2
#: repeat 2
#: task worker x2
#: watch count 8
#: finally check

        .text
unregistered:
        give_up 2
        .ifndef repeat
        .set    repeat, 2
        .endif
worker: mov     $repeat, %ebp
next:   mov     round(%rip), %ebx
        mov     $1, %eax
        lock xadd %eax, count(%rip)
        inc     %eax
        cmp     $2, %eax
        jne     wait
        movl    $0, count(%rip)
        lock incl round(%rip)
        .ifdef FIXED
        futex_wake round(%rip), 0x7fffffff
        .else
        futex_wake count(%rip), 0x7fffffff
        .endif
        jmp     through
wait:
        .ifdef FIXED
        cmp     %ebx, round(%rip)
        jne     through
        futex_wait round(%rip), %ebx
        .else
        mov     count(%rip), %eax
        test    %eax, %eax
        jz      through
        futex_wait count(%rip), %eax
        .endif
        jmp     wait
through:
        dec     %ebp
        jnz     next
        quit
check:  xor     %edi, %edi
        mov     $SYS_exit, %eax
        syscall

        .bss
        .balign 64
        .type   count, @object
        .size   count, 8
count:  .zero   4
round:  .zero   4
areas:  .zero   32
