# A message and the word that says it is there: who writes fills the message first, who reads looks at the word first.
#
# The message is shared: `writer` stores to it, `reader` loads it. What orders the two is `ready`, a word that orders: its store
# comes after the message's, and whoever finds it set finds the message whole. The reader looks a few times and goes on without.
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
        movq    $2, message+8(%rip)
        movl    $1, ready(%rip)         # published
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
