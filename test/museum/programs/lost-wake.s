# Who waits looks at the flag, then reads the number he waits on. A wake in between is for nobody, and he waits for ever.
#
#: task waiter cpu=0
#: task waker cpu=1
#: watch flag 64
#: finally check

waiter:
.ifdef FIXED
        mov     number(%rip), %edx
        cmpl    $0, flag(%rip)
        jne     1f
.else
        cmpl    $0, flag(%rip)
        jne     1f
        mov     number(%rip), %edx
.endif
        lea     number(%rip), %rdi
        xor     %esi, %esi              # FUTEX_WAIT
        xor     %r10d, %r10d
        mov     $SYS_futex, %eax
        syscall
        jmp     waiter
1:      leave_task

waker:  movl    $1, flag(%rip)
        lock incl number(%rip)
        lea     number(%rip), %rdi
        mov     $1, %esi                # FUTEX_WAKE
        mov     $1, %edx
        mov     $SYS_futex, %eax
        syscall
        leave_task

check:  xor     %edi, %edi
        verdict

        .bss
        .balign 64
flag:   .zero   4
number: .zero   4
        .zero   56
