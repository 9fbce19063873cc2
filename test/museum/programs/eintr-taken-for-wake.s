# Who waits takes any return for the wake he waits for. A signal interrupts the wait, and he goes on without what he waited for.
#
#: task waiter cpu=0
#: task waker cpu=1
#: task sender cpu=1
#: watch flag 64
#: finally check

waiter: handle
again:  mov     number(%rip), %edx
        cmpl    $0, flag(%rip)
        jne     ready
        lea     number(%rip), %rdi
        xor     %esi, %esi              # FUTEX_WAIT
        xor     %r10d, %r10d
        mov     $SYS_futex, %eax
        syscall
.ifdef FIXED
        jmp     again
.endif
ready:  cmpl    $7, value(%rip)
        jne     fail
        leave_task

handler:
        ret
restorer:
        mov     $SYS_rt_sigreturn, %eax
        syscall

waker:  movl    $7, value(%rip)
        movl    $1, flag(%rip)
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
value:  .zero   4
        .zero   52
