# ABA on a lock-free stack of three nodes, 1 -> 2 -> 3. Every operation is tried once: read the head, read or write a
# successor, compare and exchange the head.
#
# `alone` pops one node. `thrice` pops two and pushes the first of them back. If `alone` has read head = 1 and its
# successor 2, and then `thrice` does all of its work, head is 1 again: the exchange succeeds, and makes a node the head that
# `thrice` holds. An access to the stack is a step: three and nine of them.
#
# Outcomes: status 0, or status 1 where a node is on the stack and held by a task at the same time. Quiet: 0.
#
#: cpus 2
#: task alone cpu=0
#: task thrice cpu=1
#: watch head 40
#: finally check

        .set    SYS_exit, 60

        # Pops into \node, or 0 if the head has changed meanwhile. Uses rax, rdx.
        .macro  pop node
        mov     head(%rip), %rax
        mov     (%rax), %rdx
        xor     %ecx, %ecx
        lock cmpxchg %rdx, head(%rip)
        cmove   %rax, %rcx
        mov     %rcx, \node
        .endm

        .text
        .globl  alone, thrice, check
        .type   alone, @function
alone:
        pop     %r8
        mov     %r8, held+0(%rip)
        jmp     leave_task
        .size   alone, . - alone

        .type   thrice, @function
thrice:
        pop     %r8
        pop     %r9
        mov     %r9, held+8(%rip)
        test    %r8, %r8                # nothing popped: push a node of our own instead
        lea     spare(%rip), %rcx
        cmovz   %rcx, %r8
        mov     head(%rip), %rax
        mov     %rax, (%r8)
        lock cmpxchg %r8, head(%rip)
        mov     $0, %ecx
        cmovne  %r8, %rcx               # not pushed: still held
        mov     %rcx, held+16(%rip)
        .size   thrice, . - thrice

leave_task:
        xor     %edi, %edi
        mov     $SYS_exit, %eax
        syscall

        .type   check, @function
check:
        mov     head(%rip), %rax
        xor     %edi, %edi
        mov     $4, %ecx                # no more nodes than that
1:      test    %rax, %rax
        jz      3f
        .irp    cell, 0, 8, 16
        cmp     %rax, held+\cell(%rip)
        je      2f
        .endr
        mov     (%rax), %rax
        dec     %ecx
        jnz     1b
2:      mov     $1, %edi
3:      mov     $SYS_exit, %eax
        syscall
        .size   check, . - check

        .data
        .balign 64
        .type   head, @object
head:   .quad   first
first:  .quad   second
second: .quad   third
third:  .quad   0
spare:  .quad   0
        .size   head, . - head

        .bss
        .balign 64
        .type   held, @object
held:   .zero   24                      # by alone; by thrice: the second it popped, the first if not pushed back
        .size   held, 24
