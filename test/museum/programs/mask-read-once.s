# The cells are added up of those CPUs that a task might use when it asked. It is moved to another meanwhile, and what it counts
# there is missed: no update is lost, and still the sum is wrong.
#
#: abi mainline-6.12
#: task worker cpu=0
#: task mover cpu=1
#: watch cells 4096
#: finally check

        .set    SYS_sched_setaffinity, 203
        .set    SYS_sched_getaffinity, 204

worker: join
        mov     $SYS_sched_setaffinity, %eax
        xor     %edi, %edi
        mov     $8, %esi
        lea     first(%rip), %rdx
        syscall
        mov     $SYS_sched_getaffinity, %eax
        xor     %edi, %edi
        mov     $8, %esi
        lea     mask(%rip), %rdx
        syscall
        mov     $SYS_gettid, %eax
        syscall
        mov     %eax, handling_tid(%rip)
        mov     $3, %r13d
retry:  find_cell
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

mover:  mov     handling_tid(%rip), %edi
        test    %edi, %edi
        jnz     1f
        pause
        jmp     mover
1:      mov     $SYS_sched_setaffinity, %eax
        mov     $8, %esi
        lea     second(%rip), %rdx
        syscall                         # ESRCH where the worker has ended: there is nobody to move
        leave_task

check:  xor     %eax, %eax
        xor     %ecx, %ecx
        lea     cells(%rip), %rdx
.ifdef FIXED
        movq    $-1, mask(%rip)
.endif
1:      bt      %ecx, mask(%rip)
        jnc     2f
        add     (%rdx), %rax
2:      add     $64, %rdx
        inc     %ecx
        cmp     $64, %ecx
        jne     1b
        xor     %edi, %edi
        cmp     $3, %rax
        setne   %dil
        verdict

        .data
        .balign 8
first:  .quad   1
second: .quad   2
mask:   .quad   0
