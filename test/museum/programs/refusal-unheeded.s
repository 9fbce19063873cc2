# A page is asked for, and used whatever the answer. There may be none to be had.
#
#: task worker cpu=0
#: finally check

worker: mov     $SYS_mmap, %eax
        xor     %edi, %edi
        mov     $4096, %esi
        mov     $3, %edx                # PROT_READ | PROT_WRITE
        mov     $0x22, %r10d            # MAP_PRIVATE | MAP_ANONYMOUS
        mov     $-1, %r8
        xor     %r9d, %r9d
        syscall
.ifdef FIXED
        test    %rax, %rax
        js      1f
.endif
        movl    $1, (%rax)
1:      leave_task

check:  xor     %edi, %edi
        verdict
