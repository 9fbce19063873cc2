# The commit sequence of the second proposal (Turner, October 2015) on a counter for each CPU, with its steps by number.
#
# The kernel keeps a pair (CPU, events on that CPU) for each task. Step 0 reads it; all that follows hangs on it. Step 4 compares
# it with the present one, and from step 2 to the commit the kernel does so itself whenever it has interrupted the task.
# So even what was read before the sequence is protected, other than under commit-sequence-mainline.s.
#
# Outcomes: status 0, always: the counters add up to 2 * repeat.
#
#: cpus 2
#: abi turner-v2
#: repeat 3
#: task worker x2 cpu=0
#: watch counters 4096
#: finally check

        .ifndef repeat
        .set    repeat, 3
        .endif
        .set    SYS_exit, 60
        .set    SYS_restartable_sequences, 323

        # What is registered for each task.
        .set    EVENT_AND_CPU, 0
        .set    POST_COMMIT, 8

        .text
        .globl  worker, check
        .type   worker, @function
worker:                                 # rsi: our ordinal
        lea     states(%rip), %r12
        shl     $6, %rsi
        add     %rsi, %r12              # r12: our state
        mov     $SYS_restartable_sequences, %eax
        xor     %edi, %edi
        lea     EVENT_AND_CPU(%r12), %rsi
        lea     POST_COMMIT(%r12), %rdx
        syscall
        test    %eax, %eax
        jnz     unregistered
        mov     $repeat, %r13d

retry:
        mov     EVENT_AND_CPU(%r12), %rdx       # 0: both halves in one load
        mov     %edx, %ebx
        shl     $6, %rbx
        lea     counters(%rip), %rcx
        add     %rcx, %rbx              # rbx: the counter of this CPU
        mov     (%rbx), %r8
        inc     %r8                     # r8: what will be written
        lea     failed_sequence(%rip), %rcx     # 1: where to go
        movq    $post_commit, POST_COMMIT(%r12) # 2: armed; 3: the pair is in rdx
        cmp     %rdx, EVENT_AND_CPU(%r12)       # 4: no event since?
        jne     failed_sequence
        mov     %r8, (%rbx)             # 5: commit
post_commit:
        movq    $0, POST_COMMIT(%r12)
        dec     %r13d
        jnz     retry
        jmp     leave_task

failed_sequence:                        # behind the sequence: the kernel knows no lower bound of it
        movq    $0, POST_COMMIT(%r12)
        jmp     retry

unregistered:
        movl    $1, failed(%rip)
leave_task:
        xor     %edi, %edi
        mov     $SYS_exit, %eax
        syscall
        .size   worker, . - worker

        .type   check, @function
check:
        xor     %eax, %eax
        xor     %ecx, %ecx
        lea     counters(%rip), %rdx
1:      add     (%rdx,%rcx), %rax
        add     $64, %ecx
        cmp     $4096, %ecx
        jne     1b
        xor     %edi, %edi
        cmp     $2 * repeat, %rax
        setne   %dil
        or      failed(%rip), %edi
        mov     $SYS_exit, %eax
        syscall
        .size   check, . - check

        .bss
        .balign 4096
        .type   counters, @object
counters:
        .zero   64 * 64                 # a cache line for each CPU
        .size   counters, . - counters
states: .zero   64 * 64                 # the pair and the pointer of each task
failed: .zero   4
