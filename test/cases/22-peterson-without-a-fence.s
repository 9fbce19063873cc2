# Peterson's lock without a fence between writing one's own flag and reading the other's: a processor reads before its write is seen.
#
#: cpus 2
#: repeat 2
#: task worker x2 cpu=0,1
#: watch wants 8
#: finally check

        .text
unregistered:
        give_up 2
        .ifndef repeat
        .set    repeat, 2
        .endif
worker: mov     %rsi, %r8
        mov     %rsi, %r9
        xor     $1, %r9                 # the other
        lea     wants(%rip), %r10
        mov     $repeat, %ebp
next:   movb    $1, (%r10,%r8)
        mov     %r9b, turn(%rip)
        .ifdef FIXED
        mfence
        .endif
1:      cmpb    $0, (%r10,%r9)
        je      2f
        cmp     %r9b, turn(%rip)
        jne     2f
        pause
        jmp     1b
2:      mov     counter(%rip), %eax
        inc     %eax
        mov     %eax, counter(%rip)
        movb    $0, (%r10,%r8)
        dec     %ebp
        jnz     next
        quit

check:  xor     %edi, %edi
        cmpl    $2 * repeat, counter(%rip)
        setne   %dil
        mov     $SYS_exit, %eax
        syscall

        .bss
        .balign 64
        .type   wants, @object
        .size   wants, 8
wants:  .zero   4
turn:   .zero   4
counter:
        .zero   4
areas:  .zero   32
