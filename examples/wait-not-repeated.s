# Who waits for a flag takes the end of his wait for the news. A futex wait may end for no reason, and does where `wait` is asked
# (`fuzz --faults wait`).
#
# Outcomes: status 0; woken for no reason, also 1. Quiet: 0. With `.set FIXED, 1` before it the flag is looked at again, and the
# status is 0 always.
#
#: cpus 2
#: task waiter cpu=0
#: task waker cpu=1
#: watch flag 4
#: finally check

        .set    SYS_exit, 60
        .set    SYS_futex, 202
        .set    FUTEX_WAIT, 0
        .set    FUTEX_WAKE, 1

        .text
        .globl  waiter, waker, check
        .type   waiter, @function
waiter:
        cmpl    $0, flag(%rip)
        jne     1f
        lea     flag(%rip), %rdi
        mov     $FUTEX_WAIT, %esi
        xor     %edx, %edx              # while it is 0
        xor     %r10d, %r10d
        mov     $SYS_futex, %eax
        syscall
.ifdef FIXED
        jmp     waiter
.endif
        cmpl    $0, flag(%rip)
        jne     1f
        movl    $1, failed(%rip)
1:      xor     %edi, %edi
        mov     $SYS_exit, %eax
        syscall
        .size   waiter, . - waiter

        .type   waker, @function
waker:
        movl    $1, flag(%rip)
        lea     flag(%rip), %rdi
        mov     $FUTEX_WAKE, %esi
        mov     $1, %edx
        mov     $SYS_futex, %eax
        syscall
        xor     %edi, %edi
        mov     $SYS_exit, %eax
        syscall
        .size   waker, . - waker

        .type   check, @function
check:
        mov     failed(%rip), %edi
        mov     $SYS_exit, %eax
        syscall
        .size   check, . - check

        .bss
        .balign 64
        .type   flag, @object
flag:   .zero   4
        .size   flag, 4
        .balign 64
        .type   failed, @object
failed: .zero   4
        .size   failed, 4
