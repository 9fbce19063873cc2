# The section asks not to be restarted when it is only preempted. Kernels before 6.1 did as asked; later ones kill the task.
#
#: cpus 2
#: abi mainline-6.1
#: repeat 2
#: task worker cpu=0
#: task other cpu=0
#: watch counter 8
#: finally check

        .text
unregistered:
        give_up 2
        .ifndef repeat
        .set    repeat, 2
        .endif
worker: join
        mov     $repeat, %r13d
again:  arm     plus
begin:  cmpl    $0, 4(%r12)
        jne     interrupted
        mov     counter(%rip), %rcx
        inc     %rcx
        mov     %rcx, counter(%rip)     # commit: nobody else has this counter
end:    dec     %r13d
        jnz     again
out:    quit
        .ifdef FIXED
        describe plus, begin, end, interrupted, undone
        .else
        describe plus, begin, end, interrupted, undone, 1
        .endif
undone: cmpl    $0, 0(%r12)
        je      again
        mov     %r13, lost(%rip)        # we are elsewhere: not our counter
        jmp     out

other:  mov     $4, %ecx
1:      pause
        dec     %ecx
        jnz     1b
        quit

check:  xor     %edi, %edi
        mov     counter(%rip), %rax
        add     lost(%rip), %rax
        cmp     $repeat, %rax
        setne   %dil
        mov     $SYS_exit, %eax
        syscall

        .bss
        .balign 64
        .type   counter, @object
        .size   counter, 8
counter:
        .zero   8
        .balign 64
areas:  .zero   32 * 8
lost:   .zero   8
