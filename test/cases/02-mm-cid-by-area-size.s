# The area has 32 bytes, so there must be an mm_cid in it: the size of the area is taken for the size of what the kernel fills in.
# A kernel before 6.3 leaves the word alone, and everybody has number 0. (The twin writes -1 there first, and looks.)
#
#: cpus 2
#: abi mainline-6.1
#: repeat 2
#: task worker x2 cpu=0,1
#: watch counters 256
#: finally check

        .text
unregistered:
        give_up 2
        .ifndef repeat
        .set    repeat, 2
        .endif
worker:
        .ifdef FIXED
        mov     %rsi, %rax
        shl     $5, %rax
        lea     areas(%rip), %rcx
        movl    $-1, 24(%rcx,%rax)
        .endif
        join
        mov     $24, %r14d              # where in the area our number is
        .ifdef FIXED
        cmpl    $-1, 24(%r12)
        jne     1f
        mov     $4, %r14d
1:
        .endif
        mov     $repeat, %r13d
again:  mov     (%r12,%r14), %ebp
        mov     %ebp, %ebx
        shl     $6, %rbx
        lea     counters(%rip), %rcx
        add     %rcx, %rbx
        arm     plus
begin:  cmp     %ebp, (%r12,%r14)
        jne     interrupted
        mov     (%rbx), %rcx
        inc     %rcx
        mov     %rcx, (%rbx)            # commit
end:    dec     %r13d
        jnz     again
        quit
        describe plus, begin, end, interrupted, again

check:  xor     %edi, %edi
        mov     counters(%rip), %rax
        add     counters+64(%rip), %rax
        add     counters+128(%rip), %rax
        add     counters+192(%rip), %rax
        cmp     $2 * repeat, %rax
        setne   %dil
        mov     $SYS_exit, %eax
        syscall

        .bss
        .balign 64
        .type   counters, @object
        .size   counters, 256
counters:
        .zero   256
        .balign 32
areas:  .zero   32 * 8
