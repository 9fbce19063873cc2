# A wait that a signal ends says EINTR. Who knows of no answer but 0 and EAGAIN gives up.
#
#: task waiter cpu=0
#: task waker cpu=1
#: watch flag 64
#: finally check

        .set    EINTR, 4
        .set    EAGAIN, 11

        .set    SIGURG, 23              # ignored by whoever has no handler

waiter: mov     $SYS_rt_sigaction, %eax
        mov     $SIGURG, %edi
        lea     action(%rip), %rsi
        xor     %edx, %edx
        mov     $8, %r10d
        syscall
        test    %eax, %eax
        jnz     fail
wait:   cmpl    $0, flag(%rip)
        jne     1f
        lea     flag(%rip), %rdi
        xor     %esi, %esi              # FUTEX_WAIT
        xor     %edx, %edx              # while it is 0
        xor     %r10d, %r10d
        mov     $SYS_futex, %eax
        syscall
        test    %eax, %eax
        jz      wait
        cmp     $-EAGAIN, %eax
        je      wait
.ifdef FIXED
        cmp     $-EINTR, %eax
        je      wait
.endif
        jmp     fail
1:      leave_task

handler:
        ret
restorer:
        mov     $SYS_rt_sigreturn, %eax
        syscall

waker:  movl    $1, flag(%rip)
        lea     flag(%rip), %rdi
        mov     $1, %esi                # FUTEX_WAKE
        mov     $1, %edx
        mov     $SYS_futex, %eax
        syscall
        leave_task

check:  xor     %edi, %edi
        verdict

        .data
        .balign 8
action: .quad   handler, SA_RESTORER, restorer, 0

        .bss
        .balign 64
flag:   .zero   64
