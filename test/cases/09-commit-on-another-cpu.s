# A tracer reserves space in the buffer of its CPU, writes its record, and counts it as committed. It may have been moved meanwhile: the
# second section compares the CPU it is on now, and not the one whose buffer it adds to. (The twin compares that one, and lets cpu_opv
# add there if it is elsewhere.)
#
#: cpus 2
#: abi mainline-6.12,opv-v12
#: task tracer x2 cpu=0
#: watch buffers 128
#: finally check

        .text
unregistered:
        give_up 2
tracer: join
reserve:
        mov     0(%r12), %eax
        mov     %eax, %ebp              # whose buffer it is
        mov     %ebp, %ebx
        shl     $6, %rbx
        lea     buffers(%rip), %rcx
        add     %rcx, %rbx
        arm     reservation
begin:  cmp     %eax, 4(%r12)
        jne     interrupted
        mov     (%rbx), %rcx
        inc     %rcx
        mov     %rcx, (%rbx)            # commit: the space is ours
end:    nop                             # the record is written
        nop
count:
        .ifdef FIXED
        mov     %ebp, %eax
        .else
        mov     0(%r12), %eax
        .endif
        arm     counting
begin2: cmp     %eax, 4(%r12)
        jne     interrupted2
        mov     8(%rbx), %rcx
        inc     %rcx
        mov     %rcx, 8(%rbx)           # commit
end2:   quit
        describe reservation, begin, end, interrupted, reserve
        .ifdef FIXED
        describe counting, begin2, end2, interrupted2, elsewhere
elsewhere:
        mov     %r15, %rdi
        shl     $5, %rdi
        lea     vectors(%rip), %rcx
        add     %rcx, %rdi
        movl    $3, (%rdi)              # add
        movl    $8, 4(%rdi)
        lea     8(%rbx), %rcx
        mov     %rcx, 8(%rdi)
        movq    $1, 16(%rdi)
        mov     $1, %esi
        mov     %ebp, %edx
        xor     %r10d, %r10d
        mov     $SYS_cpu_opv, %eax
        syscall
        test    %rax, %rax
        jnz     elsewhere
        quit
        .else
        describe counting, begin2, end2, interrupted2, count
        .endif

check:  xor     %edi, %edi
        .irp    cpu, 0, 64
        mov     buffers+\cpu(%rip), %rax
        cmp     %rax, buffers+\cpu+8(%rip)
        je      1f
        inc     %edi
1:
        .endr
        mov     $SYS_exit, %eax
        syscall

        .bss
        .balign 64
        .type   buffers, @object
        .size   buffers, 128
buffers:
        .zero   128
areas:  .zero   32 * 8
vectors:
        .zero   32 * 8
