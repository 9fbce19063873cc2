# A lost update, as small as it gets: two tasks on two CPUs each count to `repeat` in one shared cell, without a lock.
#
# Between the load and the store of one task the other may store too, and one of the two updates is gone. The three
# instructions of a step are written out `repeat` times, so that the accesses to `c` are exactly the steps.
#
# Outcomes: c = 2 * repeat and status 0, or 2 <= c < 2 * repeat and status 1. Quiet: 0.
#
#: cpus 2
#: repeat 3
#: task count x2 cpu=0,1
#: watch c 4
#: finally check

        .ifndef repeat
        .set    repeat, 3
        .endif
        .set    SYS_exit, 60

        .text
        .globl  count, check
        .type   count, @function
count:
        .rept   repeat
        mov     c(%rip), %eax
        inc     %eax
        mov     %eax, c(%rip)
        .endr
        xor     %edi, %edi
        mov     $SYS_exit, %eax
        syscall
        .size   count, . - count

        .type   check, @function
check:
        xor     %edi, %edi
        cmpl    $2 * repeat, c(%rip)
        setne   %dil
        mov     $SYS_exit, %eax
        syscall
        .size   check, . - check

        .bss
        .balign 64
        .type   c, @object
c:      .zero   4
        .size   c, 4
