/* Every directive and every way of writing things down, for comparing bytes with GNU as. */
        .file   "directives.s"
        .globl  _start
        .set    width, 8
height = 4                              # another way to say it
        .equ    area, width * height

        .text
_start: nop; nop # two statements on a line
// at the beginning of a line, this is a comment too
        .p2align 4
        mov     $area, %eax
        mov     $(width + 1) << 2 | 1, %ecx
        mov     $-width, %rdx
        mov     $'a', %al
        mov     $'\n', %bl
        mov     $~0, %rsi
        mov     $0x7f & ~0xf, %edi
        mov     $10 - 2 * 3, %eax
        mov     $7 / 2 + 7 % 4, %eax
        mov     $table, %rax
        mov     $table + 4, %eax
        movl    $table_end - table, table(%rip)
        movabs  $table, %r11
        movabs  table, %rax
        lea     table(%rip), %rax
        lea     table+8(,%rbx,4), %rax
        mov     table(%rbx), %eax
        mov     table, %eax
        cmpb    $1, table+1(%rip)
        testl   $0x1000, flags(%rip)
        push    $table
        add     $(2f - 1f), %eax
1:      jmp     1f
        jmp     1b
2:      je      1b
        call    far_away
        call    _start
        call    *table(%rip)
        jmp     *table(,%rax,8)
1:      jmp     2b
        loop    1b
        jrcxz   1b
        jmp     far_away@PLT

        .balign 32, 0xcc
        ret
        .balign 8
        ret
        .p2align 4,,3
        ret
        .p2align 4,,15
        ret
        .align  2
        .rept   3
        inc     %eax
        .endr
        .skip   200, 0x90
        jmp     1b
        jne     1b
far_away:
        ret

        .macro  save first, second=%rbx, count:req
        .rept   \count
        push    \first
        push    \second
        .endr
.Lsaved\@:
        jmp     .Lsaved\@
        .endm
        save    %rax, count=2
        save    %rcx, %rdx, 1
        save    first=%r8 count=1

        .macro  each name:vararg
        .irp    value, \name
        .long   \value
        .endr
        .endm

        .macro  countdown n
        .if     \n
        .byte   \n
        countdown (\n - 1)
        .endif
        .endm

        .data
table:  .quad   _start, table, 0x1122334455667788
        .long   table_end - table, -1, . - table
1:      .int    1f - 1b
1:      .short  1, -2, 0xffff
        .word   3
        .value  4
        .byte   1, 2, 'x', -1, 255
        .2byte  5
        .4byte  6
        .8byte  7
table_end:
        .ascii  "no zero", "two\n\t\"quoted\"\\ \101\x42"
        .asciz  "zero"
        .string "also; # not a comment // nor this"
        .fill   3, 2, 0x1234
        .fill   2
        .zero   5
        .space  3, 7
        .org    . + 4
        .balign 16
        each    1, 2, 3
        countdown 4
        .ifdef  width
        .byte   1
        .else
        .byte   2
        .endif
        .ifndef width
        .byte   3
        .elseif area == 32
        .byte   4
        .else
        .byte   5
        .endif
        .if     area > 31 && height != 5 || 0
        .byte   6
        .endif
        .set    counter, 0
        .rept   4
        .byte   counter
        .set    counter, counter + 1
        .endr
        .size   table, . - table
        .type   table, @object

        .section .rodata
        .ascii  "constant"
        .section .rodata.more, "a", @progbits
        .quad   far_away
        .pushsection .other, "ax"
        nop
        .balign 4
        jmp     far_away
        .previous
        .byte   9
        .popsection
        .long   flags
        .section .note.GNU-stack, "", @progbits

        .bss
        .balign 64
flags:  .skip   100
        .text
        lock; incl flags(%rip)
        rep; stosb
        repne scasb
        .cfi_startproc
        hlt
        .cfi_endproc
        .ident  "ours"
