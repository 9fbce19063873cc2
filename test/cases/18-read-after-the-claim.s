# A thief claims an item by counting the top up, and reads the item afterwards. The owner sees room and puts another in its place.
#
#: cpus 2
#: task thief cpu=0
#: task owner cpu=1
#: watch top 16

        .text
unregistered:
        give_up 2
        .set    PLACES, 2
thief:  mov     $4, %ebp
steal:  mov     top(%rip), %rax
        cmp     bottom(%rip), %rax
        jge     none
        mov     %rax, %rdx
        and     $PLACES - 1, %edx
        lea     places(%rip), %rsi
        .ifdef FIXED
        mov     (%rsi,%rdx,8), %rbx
        .endif
        lea     1(%rax), %rcx
        lock cmpxchg %rcx, top(%rip)
        jne     none
        .ifndef FIXED
        mov     (%rsi,%rdx,8), %rbx
        .endif
        cmp     %rcx, %rbx              # item n stands at place n - 1
        jne     1f
none:   dec     %ebp
        jnz     steal
        quit
1:      give_up

owner:  mov     $6, %ebp
push:   mov     bottom(%rip), %rax
        mov     %rax, %rcx
        sub     top(%rip), %rcx
        cmp     $PLACES, %rcx
        jge     1f
        mov     %rax, %rdx
        and     $PLACES - 1, %edx
        lea     places(%rip), %rsi
        inc     %rax
        mov     %rax, (%rsi,%rdx,8)
        mov     %rax, bottom(%rip)
1:      dec     %ebp
        jnz     push
        quit

        .bss
        .balign 64
        .type   top, @object
        .size   top, 16
top:    .zero   8
bottom: .zero   8
places: .zero   8 * PLACES
areas:  .zero   32
