# The second task forgot to register. `cpu_id_start` is a valid CPU even so; `cpu_id` would say that nothing is registered.
#
#: abi mainline-6.12
#: task worker x2 cpu=0
#: watch cells 4096
#: finally check

        .ifdef  FIXED
        .set    COMPARED, CPU_ID
        .else
        .set    COMPARED, CPU_ID_START
        .endif

worker: find_area
        movl    $-1, CPU_ID(%r12)       # as a thread library would: not registered
        mov     $3, %r13d
        test    %r15, %r15
        jz      enrol
retry:  find_cell
        arm
start:  cmp     %eax, COMPARED(%r12)
        jne     aborted
        mov     (%rdx), %rcx
        inc     %rcx
        mov     %rcx, (%rdx)            # commit
post_commit:
        dec     %r13d
        jnz     retry
        leave_task
        lead_back reconsider
        describe

reconsider:
        cmpl    $-1, CPU_ID(%r12)
        jne     retry
enrol:  register
        test    %eax, %eax
        jz      retry
        jmp     fail

check:  expect_sum 6
