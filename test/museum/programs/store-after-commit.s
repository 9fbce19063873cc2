# What is committed is noted a second time behind the section, where nothing protects it: the note falls behind.
#
#: abi mainline-6.12
#: task worker x2 cpu=0
#: watch cells 4096
#: finally check

worker: join
        mov     $3, %r13d
retry:  find_cell
        arm
start:  cmp     %eax, CPU_ID(%r12)
        jne     aborted
        mov     (%rdx), %rcx
        inc     %rcx
.ifdef FIXED
        movq    %rcx, %xmm0
        punpcklqdq %xmm0, %xmm0
        movdqa  %xmm0, (%rdx)           # commit: both at once
post_commit:
.else
        mov     %rcx, (%rdx)            # commit
post_commit:
        mov     %rcx, 8(%rdx)
.endif
        dec     %r13d
        jnz     retry
        leave_task
        lead_back
        describe

check:  xor     %edi, %edi
        lea     cells(%rip), %rdx
1:      mov     (%rdx), %rcx
        cmp     %rcx, 8(%rdx)
        jae     2f
        mov     $1, %edi
2:      add     $64, %rdx
        lea     cells+CELLS_BYTES(%rip), %rcx
        cmp     %rcx, %rdx
        jne     1b
        verdict
