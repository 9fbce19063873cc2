# The cell of a CPU is found and written without a section: in between the task may be moved.
#
#: abi mainline-6.12
#: task worker x2
#: percpu cells 64
#: finally check

worker: join
        mov     $3, %r13d
retry:  find_cell
.ifdef FIXED
        arm
.endif
start:  cmp     %eax, CPU_ID(%r12)
        jne     retry
        mov     (%rdx), %rcx
        inc     %rcx
        mov     %rcx, (%rdx)            # commit
post_commit:
        dec     %r13d
        jnz     retry
        leave_task
.ifdef FIXED
        lead_back retry
        describe
.endif

check:  xor     %edi, %edi
        verdict
