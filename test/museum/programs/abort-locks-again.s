# The abort handler of a section leads to before the lock that is held around it. Who is aborted waits for a lock he has himself.
#
#: abi mainline-6.12
#: task worker x2 cpu=0
#: watch lock 64
#: finally check

worker: join
        mov     $3, %r13d
retry:  mov     $1, %eax
        xchg    %eax, lock(%rip)
        test    %eax, %eax
        jz      locked
        lea     lock(%rip), %rdi
        xor     %esi, %esi              # FUTEX_WAIT while it is 1
        mov     $1, %edx
        xor     %r10d, %r10d
        mov     $SYS_futex, %eax
        syscall
        jmp     retry
locked: find_cell
        arm
start:  cmp     %eax, CPU_ID(%r12)
        jne     aborted
        mov     (%rdx), %rcx
        inc     %rcx
        mov     %rcx, (%rdx)            # commit
post_commit:
        movl    $0, lock(%rip)
        lea     lock(%rip), %rdi
        mov     $1, %esi                # FUTEX_WAKE
        mov     $1, %edx
        mov     $SYS_futex, %eax
        syscall
        dec     %r13d
        jnz     retry
        leave_task
.ifdef FIXED
        lead_back locked
.else
        lead_back retry
.endif
        describe

check:  expect_sum 6

        .bss
        .balign 64
lock:   .zero   64
