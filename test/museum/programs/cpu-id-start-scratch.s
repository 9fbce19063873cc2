# A value is kept for a moment in `cpu_id_start`. That word is the kernel's: it is written whenever the task comes back.
#
#: abi mainline-6.12
#: task worker x2 cpu=0
#: watch cells 4096
#: finally check

worker: join
        mov     $3, %r13d
again:  mov     %r13d, %ebx
.ifdef FIXED
        mov     %ebx, -8(%rsp)
.else
        mov     %ebx, CPU_ID_START(%r12)
.endif
        lea     cells(%rip), %rdx
        mov     $7, %ebx
        lock add %rbx, (%rdx)           # needs the register
.ifdef FIXED
        mov     -8(%rsp), %ebx
.else
        mov     CPU_ID_START(%r12), %ebx
.endif
        cmp     %r13d, %ebx
        jne     fail
        dec     %r13d
        jnz     again
        leave_task

check:  expect_sum 42
