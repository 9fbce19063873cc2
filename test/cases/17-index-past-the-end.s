# A ring of four places: who takes an item counts its index up, and then brings it back to 0 if that was too far. In between the index is
# none: the interrupt (a signal) that puts items in does not see that the ring is full.
#
#: cpus 2
#: task taker cpu=0
#: task interrupter cpu=1
#: watch tail 8
#: finally check

        .text
unregistered:
        give_up 2
        .set    PLACES, 4
taker:  mov     $SYS_rt_sigaction, %eax
        mov     $10, %edi
        lea     action(%rip), %rsi
        xor     %edx, %edx
        mov     $8, %r10d
        syscall
        mov     $SYS_gettid, %eax
        syscall
        mov     %eax, tid(%rip)
        mov     $4, %ebp
take:   mov     tail(%rip), %eax
        cmp     head(%rip), %eax
        je      empty
        .ifdef FIXED
        inc     %eax
        and     $PLACES - 1, %eax
        mov     %eax, tail(%rip)
        .else
        incl    tail(%rip)
        cmpl    $PLACES, tail(%rip)
        jne     1f
        movl    $0, tail(%rip)
1:
        .endif
        incl    taken(%rip)
empty:  dec     %ebp
        jnz     take
        movl    $-1, tid(%rip)
        quit

handler:                                # puts two items in, if there is room
        mov     $2, %ecx
1:      mov     head(%rip), %eax
        inc     %eax
        and     $PLACES - 1, %eax
        cmp     tail(%rip), %eax
        je      2f                      # full
        mov     %eax, head(%rip)
        incl    given(%rip)
2:      dec     %ecx
        jnz     1b
        ret
restorer:
        mov     $SYS_rt_sigreturn, %eax
        syscall

interrupter:
        mov     tid(%rip), %r12d
        test    %r12d, %r12d
        jnz     1f
        pause
        jmp     interrupter
1:      mov     $SYS_getpid, %eax
        syscall
        mov     %eax, %edi
        mov     %r12d, %esi
        mov     $10, %edx
        mov     $SYS_tgkill, %eax
        syscall
        quit

check:  mov     head(%rip), %eax        # what is in the ring is what was put in and not taken
        sub     tail(%rip), %eax
        and     $PLACES - 1, %eax
        add     taken(%rip), %eax
        xor     %edi, %edi
        cmp     given(%rip), %eax
        setne   %dil
        mov     $SYS_exit, %eax
        syscall

        .data
        .balign 8
action: .quad   handler, 0x04000000, restorer, 0
        .balign 64
        .type   tail, @object
        .size   tail, 8
tail:   .long   3                       # three items: at 3, 0 and 1
head:   .long   2
given:  .long   3
        .bss
taken:  .zero   4
tid:    .zero   4
areas:  .zero   32
