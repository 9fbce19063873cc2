# A CPU's number is kept in a byte, and compared as one. CPU 256 is taken for CPU 0: two CPUs share a cell.
#
#: cpus 0,256
#: abi mainline-6.12
#: task worker cpu=0
#: task worker cpu=256
#: watch own 16448
#: finally check

worker: join
        mov     $3, %r13d
retry:
.ifdef FIXED
        mov     CPU_ID_START(%r12), %eax
.else
        movzbl  CPU_ID_START(%r12), %eax
.endif
        mov     %eax, %edx
        shl     $6, %rdx
        lea     own(%rip), %rcx
        add     %rcx, %rdx
        arm
start:
.ifdef FIXED
        cmp     %eax, CPU_ID(%r12)
.else
        cmp     %al, CPU_ID(%r12)
.endif
        jne     aborted
        mov     (%rdx), %rcx
        inc     %rcx
        mov     %rcx, (%rdx)            # commit
post_commit:
        dec     %r13d
        jnz     retry
        leave_task
        lead_back
        describe

check:  mov     own(%rip), %rax
        add     own+64*256(%rip), %rax
        xor     %edi, %edi
        cmp     $6, %rax
        setne   %dil
        verdict

        .bss
        .balign 64
own:    .zero   64 * 257
