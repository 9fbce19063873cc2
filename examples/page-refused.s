# A page is asked for; where there is none to be had the program says so and ends. That is no failure of the program, though it ends
# with status 1: it looked at the answer.
#
# Outcomes: status 0; refused (`fuzz --faults refuse`), also 1 with a line of output. Quiet: 0. With `.set IGNORED, 1` before it the
# answer is not looked at, and the program is killed by SIGSEGV.
#
#: cpus 1

        .set    SYS_write, 1
        .set    SYS_mmap, 9
        .set    SYS_exit_group, 231
        .set    PROT_READ_WRITE, 3
        .set    MAP_PRIVATE_ANONYMOUS, 0x22

        .text
        .globl  _start
_start:
        mov     $SYS_mmap, %eax
        xor     %edi, %edi
        mov     $4096, %esi
        mov     $PROT_READ_WRITE, %edx
        mov     $MAP_PRIVATE_ANONYMOUS, %r10d
        mov     $-1, %r8
        xor     %r9d, %r9d
        syscall
        xor     %edi, %edi
.ifndef IGNORED
        test    %rax, %rax
        js      refused
.endif
        movl    $1, (%rax)
leave:  mov     $SYS_exit_group, %eax
        syscall

refused:
        mov     $SYS_write, %eax
        mov     $2, %edi
        lea     sorry(%rip), %rsi
        mov     $sorry_bytes, %edx
        syscall
        mov     $1, %edi
        jmp     leave

        .section .rodata
sorry:  .ascii  "no memory\n"
        .set    sorry_bytes, . - sorry
