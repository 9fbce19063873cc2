# The descriptor lies in memory that is unmapped after the commit, and the area still names it: whatever interrupts the task
# next finds nothing there, and kills.
#
#: abi mainline-6.12
#: task worker x2 cpu=0
#: watch cells 4096
#: finally check

worker: join
        mov     $SYS_mmap, %eax
        xor     %edi, %edi
        mov     $4096, %esi
        mov     $3, %edx                # PROT_READ | PROT_WRITE
        mov     $0x22, %r10d            # MAP_PRIVATE | MAP_ANONYMOUS
        mov     $-1, %r8
        xor     %r9d, %r9d
        syscall
        mov     %rax, %rbx
        movdqa  descriptor(%rip), %xmm0
        movdqa  %xmm0, (%rbx)
        movdqa  descriptor+16(%rip), %xmm0
        movdqa  %xmm0, 16(%rbx)
retry:  find_cell
        mov     %rbx, RSEQ_CS(%r12)     # armed
start:  cmp     %eax, CPU_ID(%r12)
        jne     aborted
        mov     (%rdx), %rcx
        inc     %rcx
        mov     %rcx, (%rdx)            # commit
post_commit:
.ifdef FIXED
        movq    $0, RSEQ_CS(%r12)
.endif
        mov     $SYS_munmap, %eax
        mov     %rbx, %rdi
        mov     $4096, %esi
        syscall
        leave_task
        lead_back
        describe

check:  expect_sum 2
