# A counter of all CPUs, counted up by an increment without LOCK: two bus events, and another CPU may get between.
#
# On its own CPU an instruction is not interrupted in its middle, so a counter for each CPU may be counted so. This one is
# shared. Nothing that befalls tasks between two instructions loses a count: `split` divides the instruction itself.
#
# Outcomes: counter = 2 * repeat and status 0; split, also 2 <= counter < 2 * repeat and status 1. Quiet: 0. With
# `.set FIXED, 1` before it the increment is LOCKed, and the status is 0 always.
#
#: cpus 2
#: repeat 3
#: task count x2 cpu=0,1
#: watch counter 8
#: finally check

        .ifndef repeat
        .set    repeat, 3
        .endif
        .set    SYS_exit, 60

        .text
        .globl  count, check
        .type   count, @function
count:
        mov     $repeat, %ebx
1:
.ifdef FIXED
        lock
.endif
        incq    counter(%rip)
        dec     %ebx
        jnz     1b
        xor     %edi, %edi
        mov     $SYS_exit, %eax
        syscall
        .size   count, . - count

        .type   check, @function
check:
        xor     %edi, %edi
        cmpq    $2 * repeat, counter(%rip)
        setne   %dil
        mov     $SYS_exit, %eax
        syscall
        .size   check, . - check

        .bss
        .balign 64
        .type   counter, @object
counter:
        .zero   8
        .size   counter, 8
