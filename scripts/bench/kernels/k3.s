# K3: xorshift64 feeding FNV-1a, with two branches that depend on the numbers. Registers only.
        .text
        .globl  _start
_start:
        movabs  $0x9e3779b97f4a7c15, %rbx
        movabs  $0xcbf29ce484222325, %r8
        movabs  $0x100000001b3, %r9
        xor     %r10d, %r10d
        xor     %r11d, %r11d
        mov     $ITERATIONS, %ecx
1:      mov     %rbx, %rax
        shl     $13, %rax
        xor     %rax, %rbx
        mov     %rbx, %rax
        shr     $7, %rax
        xor     %rax, %rbx
        mov     %rbx, %rax
        shl     $17, %rax
        xor     %rax, %rbx
        movzbl  %bl, %eax
        xor     %rax, %r8
        imul    %r9, %r8
        test    $1, %bl
        jz      2f
        add     %rbx, %r10
        adc     $0, %r11
2:      cmp     %r8, %rbx
        jb      3f
        inc     %r11
3:      dec     %rcx
        jnz     1b
        mov     %r8, %rdi
        xor     %r10, %rdi
        xor     %r11, %rdi
        mov     $60, %eax
        syscall
