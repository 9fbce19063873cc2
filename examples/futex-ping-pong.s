# Two tasks take turns: whoever does not have the ball sleeps on it until the other throws it.
#
# The ball is a word that holds the ordinal of the task whose turn it is. FUTEX_WAIT sleeps only if the word still holds what
# the sleeper has seen, so that no throw is missed between looking and sleeping.
#
# Outcomes: status 0, always: 2 * repeat throws, by turns.
#
#: cpus 2
#: repeat 3
#: task player x2 cpu=0,1
#: watch ball 4
#: finally check

        .ifndef repeat
        .set    repeat, 3
        .endif
        .set    SYS_exit, 60
        .set    SYS_futex, 202
        .set    FUTEX_WAIT_PRIVATE, 128
        .set    FUTEX_WAKE_PRIVATE, 129

        .text
        .globl  player, check
        .type   player, @function
player:
        mov     %esi, %ebx              # our ordinal, 0 or 1
        mov     %esi, %ebp
        xor     $1, %ebp                # the other's
        mov     $repeat, %r12d
wait_for_ball:
        cmp     %ebx, ball(%rip)
        je      throw
        mov     $SYS_futex, %eax
        lea     ball(%rip), %rdi
        mov     $FUTEX_WAIT_PRIVATE, %esi
        mov     %ebp, %edx              # sleep if the other still has it
        xor     %r10d, %r10d
        syscall                         # woken, changed before, or for no reason: look again
        jmp     wait_for_ball
throw:
        incl    throws(%rip)            # only whoever has the ball gets here
        mov     %ebp, ball(%rip)
        mov     $SYS_futex, %eax
        lea     ball(%rip), %rdi
        mov     $FUTEX_WAKE_PRIVATE, %esi
        mov     $1, %edx
        syscall
        dec     %r12d
        jnz     wait_for_ball
        xor     %edi, %edi
        mov     $SYS_exit, %eax
        syscall
        .size   player, . - player

        .type   check, @function
check:
        xor     %edi, %edi
        cmpl    $2 * repeat, throws(%rip)
        setne   %dil
        mov     $SYS_exit, %eax
        syscall
        .size   check, . - check

        .bss
        .irp    cell, ball, throws
        .balign 64
        .type   \cell, @object
        .size   \cell, 4
\cell:  .zero   4
        .endr
