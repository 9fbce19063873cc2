# Before a node is overwritten, membarrier restarts the sections that may be reading it. But the process has not registered for that
# command: it is refused with EPERM, and nobody looks.
#
#: cpus 2
#: abi mainline-6.12
#: task reader cpu=0
#: task owner cpu=1
#: watch link 8

        .text
unregistered:
        give_up 2
reader: join
        mov     $3, %r13d
again:  mov     0(%r12), %eax
        arm     look
begin:  cmp     %eax, 4(%r12)
        jne     interrupted
        mov     link(%rip), %rbx
        test    %rbx, %rbx
        jz      nothing
        mov     (%rbx), %rcx
        mov     %rcx, seen(%rip)        # commit
end:    cmpq    $7, seen(%rip)
        jne     1f
nothing:
        dec     %r13d
        jnz     again
        quit
1:      give_up
        describe look, begin, end, interrupted, again

owner:
        .ifdef FIXED
        mov     $SYS_membarrier, %eax
        mov     $256, %edi              # REGISTER_PRIVATE_EXPEDITED_RSEQ
        xor     %esi, %esi
        xor     %edx, %edx
        syscall
        .endif
        movq    $0, link(%rip)
        mov     $SYS_membarrier, %eax
        mov     $128, %edi              # PRIVATE_EXPEDITED_RSEQ
        xor     %esi, %esi
        xor     %edx, %edx
        syscall
        movq    $0xdead, node(%rip)     # it is ours alone now
        quit

        .data
        .balign 64
        .type   link, @object
        .size   link, 8
link:   .quad   node
        .balign 64
node:   .quad   7
        .bss
        .balign 64
areas:  .zero   32 * 8
seen:   .zero   8
