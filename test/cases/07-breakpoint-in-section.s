# A probe (int3) has been put inside a section. Its handler returns at once, but every trap is a signal, and a signal aborts the section:
# it never gets behind the probe. (The twin lets cpu_opv do it after three attempts.)
#
#: cpus 2
#: abi mainline-6.12,opv-v12
#: task worker cpu=0
#: watch counter 8
#: finally check

        .text
unregistered:
        give_up 2
worker: join
        mov     $SYS_rt_sigaction, %eax
        mov     $5, %edi                # SIGTRAP
        lea     action(%rip), %rsi
        xor     %edx, %edx
        mov     $8, %r10d
        syscall
        xor     %r14d, %r14d
again:
        .ifdef FIXED
        cmp     $3, %r14d
        jae     slow
        .endif
        inc     %r14d
        mov     0(%r12), %eax
        arm     plus
begin:  cmp     %eax, 4(%r12)
        jne     interrupted
        mov     counter(%rip), %rcx
        int3                            # the probe
        inc     %rcx
        mov     %rcx, counter(%rip)     # commit
end:    quit
        describe plus, begin, end, interrupted, again

slow:   mov     0(%r12), %edx
        lea     vector(%rip), %rdi
        mov     $1, %esi
        xor     %r10d, %r10d
        mov     $SYS_cpu_opv, %eax
        syscall
        test    %rax, %rax
        jnz     slow
        quit

handler:
        ret
restorer:
        mov     $SYS_rt_sigreturn, %eax
        syscall

check:  xor     %edi, %edi
        cmpq    $1, counter(%rip)
        setne   %dil
        mov     $SYS_exit, %eax
        syscall

        .data
        .balign 8
action: .quad   handler, 0x04000000, restorer, 0
vector: .long   3, 8                    # add
        .quad   counter, 1, 0
        .bss
        .balign 64
        .type   counter, @object
        .size   counter, 8
counter:
        .zero   8
        .balign 64
areas:  .zero   32 * 8
