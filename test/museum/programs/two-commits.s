# Two counters are to be equal and are raised by two stores. The twin keeps both in one word.
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
.ifdef FIXED
        mov     (%rdx), %rcx
        mov     $1 << 32 | 1, %rbx
        add     %rbx, %rcx
        mov     %rcx, (%rdx)            # commit
.else
        incl    (%rdx)                  # commit
        incl    4(%rdx)                 # commit
.endif
post_commit:
        dec     %r13d
        jnz     retry
        leave_task
        lead_back
        describe

check:  xor     %edi, %edi
        lea     cells(%rip), %rdx
1:      mov     (%rdx), %ecx
        cmp     4(%rdx), %ecx
        je      2f
        mov     $1, %edi
2:      add     $64, %rdx
        lea     cells+CELLS_BYTES(%rip), %rcx
        cmp     %rcx, %rdx
        jne     1b
        verdict
