# A signal handler has a section of its own, and shares its abort handler with the code it interrupts. Who is aborted in it goes
# on as if the signal had never come, and never returns from it.
#
#: abi mainline-6.12
#: task worker cpu=0
#: task sender cpu=1
#: watch cells 4096
#: finally check

worker: join
        handle
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
        cmpl    $0, depth(%rip)         # nobody is inside the handler
        jne     fail
        leave_task
        lead_back
        describe

handler:
        incl    depth(%rip)
handler_retry:
        find_cell
        arm     handler_descriptor
handler_start:
        cmp     %eax, CPU_ID(%r12)
        jne     handler_retry
        mov     8(%rdx), %rcx
        inc     %rcx
        mov     %rcx, 8(%rdx)           # commit
handler_post_commit:
        decl    depth(%rip)
        ret
        lead_back handler_retry, handler_aborted
.ifdef FIXED
        describe handler_start, handler_post_commit, handler_aborted, handler_descriptor
.else
        describe handler_start, handler_post_commit, aborted, handler_descriptor
.endif

restorer:
        mov     $SYS_rt_sigreturn, %eax
        syscall

check:  expect_sum 3

        .bss
depth:  .zero   4
