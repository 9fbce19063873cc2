# A descriptor is made at run time, and named before it is complete: whoever looks in between takes it for a forgery.
#
#: abi mainline-6.12
#: task worker x2 cpu=0
#: watch cells 4096
#: finally check

worker: join
        lea     descriptors(%rip), %rbx
        shl     $5, %r15
        add     %r15, %rbx              # rbx: our own
retry:  find_cell
.ifndef FIXED
        mov     %rbx, RSEQ_CS(%r12)
.endif
        lea     start(%rip), %rcx
        mov     %rcx, 8(%rbx)
        movq    $post_commit - start, 16(%rbx)
        lea     aborted(%rip), %rcx
        mov     %rcx, 24(%rbx)
        mov     %rbx, RSEQ_CS(%r12)     # armed
start:  cmp     %eax, CPU_ID(%r12)
        jne     aborted
        mov     (%rdx), %rcx
        inc     %rcx
        mov     %rcx, (%rdx)            # commit
post_commit:
        leave_task
        lead_back

check:  expect_sum 2

        .bss
        .balign 32
descriptors:
        .zero   32 * 2
