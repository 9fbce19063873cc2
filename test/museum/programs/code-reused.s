# Code that is made at run time is thrown away after its section has committed, and other code is written to its place. The area
# still names the descriptor: who is interrupted in the new code is sent to the abort handler of the old.
#
#: abi mainline-6.12
#: task worker cpu=0
#: task idler cpu=0
#: watch cells 4096
#: finally check

worker: join
        mov     $SYS_mmap, %eax
        xor     %edi, %edi
        mov     $4096, %esi
        mov     $7, %edx                # PROT_READ | PROT_WRITE | PROT_EXEC
        mov     $0x22, %r10d            # MAP_PRIVATE | MAP_ANONYMOUS
        mov     $-1, %r8
        xor     %r9d, %r9d
        syscall
        mov     %rax, %rbx              # rbx: where code is made
        lea     descriptor(%rip), %rcx
        mov     %rbx, 8(%rcx)           # start
        lea     aborted(%rip), %rbp

retry:  lea     section(%rip), %rsi
        call    make
        find_cell
        lea     descriptor(%rip), %rcx
        mov     %rcx, RSEQ_CS(%r12)
        call    *%rbx
.ifdef FIXED
        movq    $0, RSEQ_CS(%r12)
.endif
        lea     plain(%rip), %rsi
        call    make
        call    *%rbx
        leave_task

        # Copies 64 bytes of code from rsi.
make:   .irp    at, 0, 16, 32, 48
        movdqu  \at(%rsi), %xmm0
        movdqu  %xmm0, \at(%rbx)
        .endr
        ret

        # The section: from its first instruction to behind the store.
section:
        cmp     %eax, CPU_ID(%r12)
        jne     1f
        mov     (%rdx), %rcx
        inc     %rcx
        mov     %rcx, (%rdx)            # commit
section_end:
        ret
1:      jmp     *%rbp
        .zero   64

        # What comes to stand in its place. It is no section.
plain:  mov     $2, %ecx
1:      dec     %ecx
        jnz     1b
        nop
        nop
        ret
        .zero   64

        lead_back
        .pushsection __rseq_cs, "aw"
        .balign 32
descriptor:
        .long   0, 0
        .quad   0, section_end - section, aborted
        .popsection

idler:  leave_task

check:  expect_sum 1
