# Who waits for a flag takes the end of his wait for the news. A wait may end for no reason.
#
#: task waiter cpu=0
#: task waker cpu=1
#: watch flag 64
#: finally check

waiter: cmpl    $0, flag(%rip)
        jne     1f
        lea     flag(%rip), %rdi
        xor     %esi, %esi              # FUTEX_WAIT
        xor     %edx, %edx              # while it is 0
        xor     %r10d, %r10d
        mov     $SYS_futex, %eax
        syscall
.ifdef FIXED
        jmp     waiter
.endif
1:      cmpl    $0, flag(%rip)
        je      fail
        leave_task

waker:  movl    $1, flag(%rip)
        lea     flag(%rip), %rdi
        mov     $1, %esi                # FUTEX_WAKE
        mov     $1, %edx
        mov     $SYS_futex, %eax
        syscall
        leave_task

check:  xor     %edi, %edi
        verdict

        .bss
        .balign 64
flag:   .zero   64
