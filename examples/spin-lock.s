# A lock that spins, and a counter it protects: the step of p1.s, and no update is ever lost.
#
# Outcomes: status 0, always. A schedule that leaves the holder without a CPU makes the other task spin; PAUSE ends its turn.
#
#: cpus 2
#: repeat 3
#: task worker x2 cpu=0,1
#: watch counter 4
#: finally check

        .ifndef repeat
        .set    repeat, 3
        .endif
        .set    SYS_exit, 60

        .text
        .globl  worker, check
        .type   worker, @function
worker:
        mov     $repeat, %ebx
1:      call    acquire
        mov     counter(%rip), %eax
        inc     %eax
        mov     %eax, counter(%rip)
        call    release
        dec     %ebx
        jnz     1b
        xor     %edi, %edi
        mov     $SYS_exit, %eax
        syscall
        .size   worker, . - worker

        .type   acquire, @function
acquire:
        mov     $1, %eax
        xchg    %eax, lock_word(%rip)
        test    %eax, %eax
        jz      2f
1:      pause
        cmpl    $0, lock_word(%rip)     # read until it looks free: only the exchange writes
        jne     1b
        jmp     acquire
2:      ret
        .size   acquire, . - acquire

        .type   release, @function
release:
        movl    $0, lock_word(%rip)
        ret
        .size   release, . - release

        .type   check, @function
check:
        xor     %edi, %edi
        cmpl    $2 * repeat, counter(%rip)
        setne   %dil
        mov     $SYS_exit, %eax
        syscall
        .size   check, . - check

        .bss
        .irp    cell, lock_word, counter
        .balign 64
        .type   \cell, @object
        .size   \cell, 4
\cell:  .zero   4
        .endr
