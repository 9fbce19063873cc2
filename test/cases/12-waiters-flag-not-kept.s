# A lock holds its owner's number and a bit that says that somebody may be waiting. Whoever has waited and takes the lock must set the bit
# again: he cannot know whether others wait as well. Here he takes it without, and lets go without waking.
#
#: cpus 2
#: task worker x3
#: watch lock_word 4
#: finally check

        .text
unregistered:
        give_up 2
        .set    MAYBE_WAITERS, 0x40000000
worker: lea     1(%rsi), %ebp           # our number
        mov     %ebp, %ebx              # what we take the lock with
again:  xor     %eax, %eax
        lock cmpxchg %ebx, lock_word(%rip)
        je      locked
        test    $MAYBE_WAITERS, %eax
        jnz     1f
        mov     %eax, %edx
        or      $MAYBE_WAITERS, %edx
        lock cmpxchg %edx, lock_word(%rip)
        jne     again
        mov     %edx, %eax
1:      futex_wait lock_word(%rip), %eax
        .ifdef FIXED
        or      $MAYBE_WAITERS, %ebx
        .endif
        jmp     again
locked: incl    counter(%rip)
        xor     %eax, %eax
        xchg    %eax, lock_word(%rip)
        test    $MAYBE_WAITERS, %eax
        jz      1f
        futex_wake lock_word(%rip), 1
1:      quit

check:  xor     %edi, %edi
        cmpl    $3, counter(%rip)
        setne   %dil
        mov     $SYS_exit, %eax
        syscall

        .bss
        .balign 64
        .type   lock_word, @object
        .size   lock_word, 4
lock_word:
        .zero   4
counter:
        .zero   4
areas:  .zero   32
