# A log for each CPU: the number of records is raised before the record is written. Who is aborted in between leaves a hole.
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
        mov     (%rdx), %rcx            # records so far
        inc     %rcx
.ifdef FIXED
        movq    $1, (%rdx,%rcx,8)
        mov     %rcx, (%rdx)            # commit
.else
        mov     %rcx, (%rdx)            # commit
        movq    $1, (%rdx,%rcx,8)
.endif
post_commit:
        dec     %r13d
        jnz     retry
        leave_task
        lead_back
        describe

check:  xor     %edi, %edi
        lea     cells(%rip), %rdx
1:      mov     (%rdx), %rcx
2:      test    %rcx, %rcx
        jz      3f
        cmpq    $1, (%rdx,%rcx,8)
        lea     -1(%rcx), %rcx
        je      2b
        mov     $1, %edi
3:      add     $64, %rdx
        lea     cells+CELLS_BYTES(%rip), %rcx
        cmp     %rcx, %rdx
        jne     1b
        verdict
