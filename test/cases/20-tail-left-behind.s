# A queue of Michael and Scott: who takes the first node gives the old dummy back although the tail still points to it (the pusher that is to
# move the tail is late). The next pusher follows the tail to memory that is gone. (The twin moves the tail on first.)
#
#: cpus 2
#: task pusher cpu=0
#: task popper cpu=1
#: task follower cpu=1
#: watch queue 16

        .text
unregistered:
        give_up 2
        # rbx: a new node, at the end of the queue
        .macro  push_node
1:      mov     queue+8(%rip), %rdx     # the tail
        mov     (%rdx), %rax
        test    %rax, %rax
        jnz     2f
        lock cmpxchg %rbx, (%rdx)
        jne     1b
        mov     %rdx, %rax
        lock cmpxchg %rbx, queue+8(%rip)
        jmp     3f
2:      mov     %rax, %rcx              # the tail is behind: help
        mov     %rdx, %rax
        lock cmpxchg %rcx, queue+8(%rip)
        jmp     1b
3:
        .endm

pusher: lea     node(%rip), %rbx
        push_node
        quit

        # Takes one node, if there is one, and gives the page of the old dummy back.
popper: mov     $8, %ebp
again:  mov     queue(%rip), %rax
        mov     (%rax), %rcx
        test    %rcx, %rcx
        jnz     1f
        pause
        dec     %ebp
        jnz     again
        movl    $1, over(%rip)
        quit
1:
        .ifdef FIXED
        mov     %rax, %rdx
        cmp     queue+8(%rip), %rax
        jne     2f
        lock cmpxchg %rcx, queue+8(%rip)
        mov     %rdx, %rax
2:
        .endif
        lock cmpxchg %rcx, queue(%rip)
        jne     again
        lea     dummy(%rip), %rdi
        mov     $4096, %esi
        mov     $SYS_munmap, %eax
        syscall
        movl    $1, over(%rip)
        quit

        # Comes after that, so it may hold nothing that was given back.
follower:
        cmpl    $0, over(%rip)
        jne     1f
        pause
        jmp     follower
1:      lea     node+64(%rip), %rbx
        push_node
        quit

        .data
        .balign 64
        .type   queue, @object
        .size   queue, 16
queue:  .quad   dummy, dummy
        .bss
        .balign 4096
dummy:  .zero   4096
node:   .zero   4096
over:   .zero   4
areas:  .zero   32
