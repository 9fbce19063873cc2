# There are two CPUs, and so two cells: but the second CPU is number 5.
#
#: cpus 0,5
#: abi mainline-6.12
#: task worker x2 cpu=0
#: watch slots 384
#: finally check

        .ifdef  FIXED
        .set    SLOTS, 6
        .else
        .set    SLOTS, 2
        .endif

worker: join
        mov     $3, %r13d
retry:  mov     CPU_ID_START(%r12), %eax
        mov     %eax, %edx
        shl     $6, %rdx
        lea     slots(%rip), %rcx
        add     %rcx, %rdx
        arm
start:  cmp     %eax, CPU_ID(%r12)
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

check:  xor     %eax, %eax
        xor     %edi, %edi
        lea     slots(%rip), %rdx
1:      add     (%rdx), %rax
        add     $64, %rdx
        lea     behind(%rip), %rcx
        cmp     %rcx, %rdx
        jne     1b
        cmp     $6, %rax
        setne   %dil
        verdict

        .bss
        .balign 64
slots:  .zero   64 * SLOTS
behind: .zero   64 * 6
