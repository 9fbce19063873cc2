# A vector compares before it stores. Where the comparison fails, cpu_opv answers with the operation's place and stores nothing:
# no error, and so it is taken for done.
#
#: abi mainline-6.12,opv-v12
#: task worker x2
#: watch cells 4096
#: finally check

        .set    SYS_cpu_opv, 335
        .set    CPU_COMPARE_EQ_OP, 0
        .set    CPU_MEMCPY_OP, 2

worker: join
        mov     %r15, %rbx
        shl     $7, %rbx
        lea     vectors(%rip), %rcx
        add     %rcx, %rbx              # rbx: two operations, what was seen, what is to be
        mov     $3, %r13d
retry:  find_cell
        mov     %eax, %ebp
        mov     (%rdx), %rcx
        mov     %rcx, 64(%rbx)
        inc     %rcx
        mov     %rcx, 72(%rbx)
        lea     64(%rbx), %rcx
        movl    $CPU_COMPARE_EQ_OP, (%rbx)
        movl    $8, 4(%rbx)
        mov     %rdx, 8(%rbx)
        mov     %rcx, 16(%rbx)
        lea     72(%rbx), %rcx
        movl    $CPU_MEMCPY_OP, 32(%rbx)
        movl    $8, 36(%rbx)
        mov     %rdx, 40(%rbx)
        mov     %rcx, 48(%rbx)
        mov     $SYS_cpu_opv, %eax
        mov     %rbx, %rdi
        mov     $2, %esi
        mov     %ebp, %edx
        xor     %r10d, %r10d
        syscall
        test    %rax, %rax
.ifdef FIXED
        jnz     retry
.else
        js      retry
.endif
        dec     %r13d
        jnz     retry
        leave_task

check:  expect_sum 6

        .bss
        .balign 64
vectors:
        .zero   128 * 4
