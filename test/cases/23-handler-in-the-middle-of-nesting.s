# A tracer that may be entered again by a signal counts how deep it is, and gives each depth a slot. It counts up after it has taken the slot
# of this depth: a handler that comes in between takes the same slot. (The twin counts first.)
#
#: cpus 2
#: task tracer cpu=0
#: task interrupter cpu=1
#: watch depth 4
#: finally check

        .text
unregistered:
        give_up 2
tracer: mov     $SYS_rt_sigaction, %eax
        mov     $10, %edi
        lea     action(%rip), %rsi
        xor     %edx, %edx
        mov     $8, %r10d
        syscall
        mov     $SYS_gettid, %eax
        syscall
        mov     %eax, tid(%rip)
        mov     $1, %edi
        call    trace
        movl    $-1, tid(%rip)
        quit

        # Writes record edi: into the slot of this depth, and from there to the end of the log.
trace:  mov     depth(%rip), %eax
        .ifdef FIXED
        incl    depth(%rip)
        .endif
        lea     slots(%rip), %rdx
        mov     %edi, (%rdx,%rax,4)
        .ifndef FIXED
        incl    depth(%rip)
        .endif
        mov     (%rdx,%rax,4), %ecx
        bts     %ecx, log(%rip)         # record ecx is in the log
        decl    depth(%rip)
        ret

handler:
        mov     $2, %edi
        incl    handled(%rip)
        call    trace
        ret
restorer:
        mov     $SYS_rt_sigreturn, %eax
        syscall

interrupter:
        mov     tid(%rip), %r12d
        test    %r12d, %r12d
        jnz     1f
        pause
        jmp     interrupter
1:      mov     $SYS_getpid, %eax
        syscall
        mov     %eax, %edi
        mov     %r12d, %esi
        mov     $10, %edx
        mov     $SYS_tgkill, %eax
        syscall
        quit

check:  xor     %edi, %edi
        btl     $1, log(%rip)
        jc      1f
        inc     %edi
1:      mov     $SYS_exit, %eax
        syscall

        .data
        .balign 8
action: .quad   handler, 0x04000000, restorer, 0
        .bss
        .balign 64
        .type   depth, @object
        .size   depth, 4
depth:  .zero   4
slots:  .zero   64
log:    .zero   8
tid:    .zero   4
handled:
        .zero   4
areas:  .zero   32
