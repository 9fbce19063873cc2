# A message that is published before it is whole: publish.s with two lines of the writer exchanged.
#
# Whoever finds `ready` set may load the second word before it is stored. The program itself never notices: it says which data
# are shared and which word orders them, and the detector data-race finds that nothing orders the last store and the load.
#
# Outcomes: status 0, always.
#
#: cpus 2
#: repeat 3
#: task reader cpu=0
#: task writer cpu=1
#: shared message 16
#: sync ready 4

        .ifndef repeat
        .set    repeat, 3
        .endif
        .set    SYS_exit, 60

        .text
        .globl  reader, writer
        .type   reader, @function
reader:
        mov     $repeat, %ebx
look:   cmpl    $0, ready(%rip)
        jne     take
        dec     %ebx
        jnz     look
        jmp     leave_reader
take:   mov     message(%rip), %rax
        mov     message+8(%rip), %rdx
leave_reader:
        xor     %edi, %edi
        mov     $SYS_exit, %eax
        syscall
        .size   reader, . - reader

        .type   writer, @function
writer:
        movq    $1, message(%rip)
        movl    $1, ready(%rip)         # published too early
        movq    $2, message+8(%rip)
        xor     %edi, %edi
        mov     $SYS_exit, %eax
        syscall
        .size   writer, . - writer

        .bss
        .balign 64
        .type   message, @object
message:
        .zero   16
        .size   message, . - message
        .balign 64
        .type   ready, @object
ready:  .zero   4
        .size   ready, . - ready
