# Two values that belong together, written one after the other without a lock.
#
# Each `setter` stores a = 1, then b = 9. `checker` reads a, then b, and expects to find both old or both new. One checker
# beside many setters is the harder the more setters there are: `x2 cpu=0,1` may be any number.
#
# Outcomes: status 0, or status 1 where the checker saw (0, 9) or (1, 0). Quiet: 0.
#
#: cpus 3
#: task setter x2 cpu=0,1
#: task checker cpu=2
#: watch a 4
#: watch b 4
#: finally check

        .set    SYS_exit, 60

        .text
        .globl  setter, checker, check
        .type   setter, @function
setter:
        movl    $1, a(%rip)
        movl    $9, b(%rip)
        jmp     leave_task
        .size   setter, . - setter

        .type   checker, @function
checker:
        mov     a(%rip), %eax
        mov     b(%rip), %edx
        mov     %eax, seen+0(%rip)
        mov     %edx, seen+4(%rip)
        .size   checker, . - checker

leave_task:
        xor     %edi, %edi
        mov     $SYS_exit, %eax
        syscall

        .type   check, @function
check:
        mov     seen+0(%rip), %eax
        lea     (%rax,%rax,8), %eax     # 0 goes with 0, 1 with 9
        xor     %edi, %edi
        cmp     %eax, seen+4(%rip)
        setne   %dil
        mov     $SYS_exit, %eax
        syscall
        .size   check, . - check

        .bss
        .irp    cell, a, b
        .balign 64
        .type   \cell, @object
        .size   \cell, 4
\cell:  .zero   4
        .endr
        .balign 64
        .type   seen, @object
seen:   .zero   8
        .size   seen, 8
