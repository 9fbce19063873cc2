# A task gives the memory of its area back before it ends, and has not unregistered it. The kernel writes to it once more.
#
#: abi mainline-6.12
#: task worker x2 cpu=0
#: watch cells 4096
#: finally check

        .set    RSEQ_FLAG_UNREGISTER, 1

worker: mov     $SYS_mmap, %eax
        xor     %edi, %edi
        mov     $4096, %esi
        mov     $3, %edx                # PROT_READ | PROT_WRITE
        mov     $0x22, %r10d            # MAP_PRIVATE | MAP_ANONYMOUS
        mov     $-1, %r8
        xor     %r9d, %r9d
        syscall
        mov     %rax, %r12
        register
        test    %eax, %eax
        jnz     fail
retry:  find_cell
        arm
start:  cmp     %eax, CPU_ID(%r12)
        jne     aborted
        mov     (%rdx), %rcx
        inc     %rcx
        mov     %rcx, (%rdx)            # commit
post_commit:
.ifdef FIXED
        mov     $SYS_rseq, %eax
        mov     %r12, %rdi
        mov     $AREA_BYTES, %esi
        mov     $RSEQ_FLAG_UNREGISTER, %edx
        mov     $RSEQ_SIGNATURE, %r10d
        syscall
        test    %eax, %eax
        jnz     fail
.endif
        mov     $SYS_munmap, %eax
        mov     %r12, %rdi
        mov     $4096, %esi
        syscall
        leave_task
        lead_back
        describe

check:  expect_sum 2
