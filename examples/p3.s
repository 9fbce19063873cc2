# A bug that needs three things in one order, among steps that matter to nobody.
#
# `writer` stores `repeat` times to a cell of its own, then x = 1, then x = 2. `reader` stores `repeat` times to a cell of
# its own, then reads x twice. Only if the first read comes between the two stores, and the second after both, it sees 1, 2.
#
# Outcomes: status 0, or status 1 where the reader saw 1 and then 2. Quiet: 0.
#
#: cpus 2
#: repeat 5
#: task writer cpu=0
#: task reader cpu=1
#: watch x 4
#: watch own_of_writer 4
#: watch own_of_reader 4
#: finally check

        .ifndef repeat
        .set    repeat, 5
        .endif
        .set    SYS_exit, 60

        .text
        .globl  writer, reader, check
        .type   writer, @function
writer:
        .rept   repeat
        movl    $1, own_of_writer(%rip)
        .endr
        movl    $1, x(%rip)
        movl    $2, x(%rip)
        jmp     leave_task
        .size   writer, . - writer

        .type   reader, @function
reader:
        .rept   repeat
        movl    $1, own_of_reader(%rip)
        .endr
        mov     x(%rip), %eax
        mov     x(%rip), %edx
        mov     %eax, seen+0(%rip)
        mov     %edx, seen+4(%rip)
        .size   reader, . - reader

leave_task:
        xor     %edi, %edi
        mov     $SYS_exit, %eax
        syscall

        .type   check, @function
check:
        movabs  $0x200000001, %rax      # 1, then 2
        xor     %edi, %edi
        cmp     %rax, seen(%rip)
        sete    %dil
        mov     $SYS_exit, %eax
        syscall
        .size   check, . - check

        .bss
        .irp    cell, x, own_of_writer, own_of_reader
        .balign 64
        .type   \cell, @object
        .size   \cell, 4
\cell:  .zero   4
        .endr
        .balign 64
        .type   seen, @object
seen:   .zero   8
        .size   seen, 8
