# K5: calls. Strings a byte at a time through partial registers, recursion, a jump through a register.
        .text
        .globl  _start
_start:
        mov     $ITERATIONS, %ebx
        xor     %r15d, %r15d
1:      lea     copy(%rip), %rdi
        lea     text(%rip), %rsi
        call    upper
        lea     copy(%rip), %rdi
        call    length
        add     %rax, %r15
        lea     copy(%rip), %rdi
        lea     text(%rip), %rsi
        call    compare
        add     %rax, %r15
        mov     $7, %edi
        call    fibonacci
        add     %rax, %r15
        lea     hash(%rip), %rax
        lea     text(%rip), %rdi
        call    *%rax
        xor     %rax, %r15
        dec     %rbx
        jnz     1b
        mov     %r15, %rdi
        mov     $60, %eax
        syscall

# Copies the string at rsi to rdi in capitals.
upper:
        push    %rbp
        mov     %rsp, %rbp
1:      movzbl  (%rsi), %eax
        mov     %al, %dl
        sub     $'a', %dl
        cmp     $25, %dl
        ja      2f
        and     $0xdf, %al
2:      mov     %al, (%rdi)
        inc     %rsi
        inc     %rdi
        test    %al, %al
        jne     1b
        pop     %rbp
        ret

# Length of the string at rdi.
length:
        mov     %rdi, %rax
1:      cmpb    $0, (%rax)
        je      2f
        add     $1, %rax
        jmp     1b
2:      sub     %rdi, %rax
        ret

# Compares the strings at rdi and rsi, small letters or capitals.
compare:
1:      movzbl  (%rdi), %eax
        movzbl  (%rsi), %edx
        inc     %rdi
        inc     %rsi
        or      $0x20, %al
        or      $0x20, %dl
        cmp     %al, %dl
        jne     2f
        test    $0xdf, %al
        jne     1b
2:      sub     %edx, %eax
        cltq
        ret

# The edi-th Fibonacci number, the slow way.
fibonacci:
        cmp     $1, %edi
        jg      1f
        mov     %edi, %eax
        ret
1:      push    %rbx
        push    %rdi
        sub     $8, %rsp
        dec     %edi
        call    fibonacci
        mov     %eax, %ebx
        mov     8(%rsp), %edi
        sub     $2, %edi
        call    fibonacci
        add     %ebx, %eax
        add     $8, %rsp
        pop     %rdi
        pop     %rbx
        ret

# A hash of the string at rdi.
hash:
        push    %r12
        mov     $5381, %r12d
1:      movsbl  (%rdi), %ecx
        test    %cl, %cl
        sete    %dl
        je      2f
        imul    $33, %r12d, %r12d
        add     %ecx, %r12d
        rol     $3, %r12d
        inc     %rdi
        jmp     1b
2:      mov     %r12d, %eax
        pop     %r12
        ret

        .data
text:   .asciz  "The Quick brown Fox jumps over the lazy dog, 0123456789"
        .bss
copy:   .skip   128
