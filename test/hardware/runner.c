/*
 * Executes one instruction at a time on this processor: state in, state out, through a pipe.
 *
 * Static and not relocated, so that every address is below 2 GiB and the ways in and out can load and save all sixteen
 * registers, rsp included, without a register to point with. Without the C library: its heap would lie at random in the first
 * GiB, where cases mean to reach nothing and sometimes write. Layout: place.ts. Protocol: processor.ts.
 */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <linux/mman.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>

#define DATA 0x10000000UL
#define CODE 0x20000000UL
#define PAGE 0x1000UL
#define WINDOW (DATA + PAGE - 0x80)
#define BRANCH_BYTES 0x40
/* Where the kernel maps what it chooses a place for, and the stack. */
#define HIGH 0x100000000000UL
/* Many times what the widest registers of any processor take in a signal's frame. */
#define STACK_BYTES 0x40000UL
#define SA_RESTORER 0x04000000

struct input {
  uint64_t registers[16], flags;
  uint8_t vectors[256], window[256];
  uint64_t length;
  uint8_t code[16];
};

struct output {
  uint64_t registers[16], flags;
  uint8_t vectors[256], window[256];
  uint64_t trap, error, address, ip, strayed;
};

/* No instruction: none of the processor's numbers. */
#define NO_TRAP 255

struct input in;
struct output out;
uint64_t host_rsp, exits[3];

extern void enter(void), leave(void), leave_on_signal(void), back_from_signal(void);
__asm__(
  ".intel_syntax noprefix\n"
  "enter: push rbx; push rbp; push r12; push r13; push r14; push r15; mov [host_rsp], rsp\n"
  ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n movdqu xmm\\n, [in + 136 + 16*\\n]\n .endr\n"
  "push qword ptr [in + 128]; popfq\n"
  "mov rax, [in]; mov rcx, [in + 8]; mov rdx, [in + 16]; mov rbx, [in + 24]; mov rsp, [in + 32]; mov rbp, [in + 40]\n"
  "mov rsi, [in + 48]; mov rdi, [in + 56]; mov r8, [in + 64]; mov r9, [in + 72]; mov r10, [in + 80]; mov r11, [in + 88]\n"
  "mov r12, [in + 96]; mov r13, [in + 104]; mov r14, [in + 112]; mov r15, [in + 120]\n"
  "jmp qword ptr [code_at]\n"
  "leave: mov [out], rax; mov [out + 8], rcx; mov [out + 16], rdx; mov [out + 24], rbx; mov [out + 32], rsp; mov [out + 40], rbp\n"
  "mov [out + 48], rsi; mov [out + 56], rdi; mov [out + 64], r8; mov [out + 72], r9; mov [out + 80], r10; mov [out + 88], r11\n"
  "mov [out + 96], r12; mov [out + 104], r13; mov [out + 112], r14; mov [out + 120], r15\n"
  "mov rsp, [host_rsp]; pushfq; pop qword ptr [out + 128]\n"
  ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n movdqu [out + 136 + 16*\\n], xmm\\n\n .endr\n"
  "leave_on_signal: mov rsp, [host_rsp]; cld; pop r15; pop r14; pop r13; pop r12; pop rbp; pop rbx; ret\n"
  "code_at: .quad 0x20000000\n"
  "back_from_signal: mov eax, 15; syscall\n"
  ".globl _start\n"
  "_start: and rsp, -16; call begin\n"
  ".att_syntax\n");

static void on_signal(int signal, siginfo_t *info, void *context) {
  static const int order[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
  ucontext_t *at = context;
  greg_t *saved = at->uc_mcontext.gregs;
  for (int i = 0; i < 16; i++) out.registers[i] = saved[order[i]];
  out.flags = saved[REG_EFL];
  memcpy(out.vectors, at->uc_mcontext.fpregs->_xmm, sizeof out.vectors);
  out.trap = saved[REG_TRAPNO];
  out.error = saved[REG_ERR];
  out.address = (uint64_t)info->si_addr;
  out.ip = saved[REG_RIP];
  (void)signal;
  saved[REG_RIP] = (greg_t)leave_on_signal;
  saved[REG_EFL] = 0x202;
}

/* mov qword ptr [out.ip], exit; jmp qword ptr [exits]: neither touches a flag. */
static void write_exit(uint8_t *at, uint32_t number) {
  uint32_t ip_at = (uint32_t)(uintptr_t)&out.ip, leave_at = (uint32_t)(uintptr_t)&exits[0];
  memcpy(at, "\x48\xc7\x04\x25", 4), memcpy(at + 4, &ip_at, 4), memcpy(at + 8, &number, 4);
  memcpy(at + 12, "\xff\x24\x25", 3), memcpy(at + 15, &leave_at, 4);
}

static long call(long number, long a, long b, long c, long d, long e, long f) {
  register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
  return result;
}

/* The compiler calls these two for assignments of structures. */
void *memcpy(void *to, const void *from, size_t bytes) {
  void *at = to;
  __asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(bytes) : : "memory");
  return to;
}

void *memset(void *to, int byte, size_t bytes) {
  void *at = to;
  __asm__ volatile("rep stosb" : "+D"(at), "+c"(bytes) : "a"(byte) : "memory");
  return to;
}

static int is_zero(const uint64_t *words, size_t count) {
  uint64_t any = 0;
  for (size_t i = 0; i < count; i++) any |= words[i];
  return any == 0;
}

static void *map(uint64_t at, size_t bytes, int protection) {
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | (at == 0 ? 0 : MAP_FIXED_NOREPLACE);
  return (void *)call(SYS_mmap, (long)at, (long)bytes, protection, flags, -1, 0);
}

static int transfer(int file, void *bytes, size_t left, int is_write) {
  for (char *at = bytes; left > 0;) {
    long moved = call(is_write ? SYS_write : SYS_read, file, (long)at, (long)left, 0, 0, 0);
    if (moved <= 0) return 0;
    at += moved;
    left -= (size_t)moved;
  }
  return 1;
}

/* The line of a mapping begins with its address; what is not of this list may be reached by a case. */
static int is_alone(void) {
  static char lines[1 << 14];
  long file = call(SYS_open, (long)"/proc/self/maps", 0, 0, 0, 0, 0), size = 0, moved;
  while (size < (long)sizeof lines && (moved = call(SYS_read, file, (long)lines + size, (long)sizeof lines - size, 0, 0, 0)) > 0) size += moved;
  call(SYS_close, file, 0, 0, 0, 0, 0);
  extern const char __executable_start[], _end[];
  for (long i = 0; i < size; i++) {
    uint64_t start = 0;
    for (; lines[i] != '-'; i++) start = start * 16 + (uint64_t)(lines[i] <= '9' ? lines[i] - '0' : lines[i] - 'a' + 10);
    int is_ours = (start >= (uint64_t)__executable_start && start < (uint64_t)_end) || (start >= DATA && start < DATA + 3 * PAGE) || start == CODE;
    if (start < HIGH && !is_ours) return 0;
    while (i < size && lines[i] != '\n') i++;
  }
  return size > 0;
}

struct kernel_action {
  void (*handler)(int, siginfo_t *, void *);
  unsigned long flags;
  void (*restorer)(void);
  unsigned long mask;
};

static int perform(void) {
  uint8_t *data = map(DATA, 3 * PAGE, PROT_READ | PROT_WRITE), *code = map(CODE, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
  if (data != (uint8_t *)DATA || code != (uint8_t *)CODE) return 2;
  if (!is_alone()) return 3;
  for (unsigned i = 0; i < PAGE; i++) data[2 * PAGE + i] = (uint8_t)(i * 7);
  call(SYS_mprotect, DATA + 2 * PAGE, PAGE, PROT_READ, 0, 0, 0);
  call(SYS_arch_prctl, ARCH_SET_GS, WINDOW, 0, 0, 0, 0);
  exits[0] = (uint64_t)leave;
  stack_t alternate = {.ss_sp = map(0, STACK_BYTES, PROT_READ | PROT_WRITE), .ss_size = STACK_BYTES};
  call(SYS_sigaltstack, (long)&alternate, 0, 0, 0, 0, 0);
  struct kernel_action action = {on_signal, SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTORER, back_from_signal, 0};
  static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
  for (int i = 0; i < 5; i++) call(SYS_rt_sigaction, signals[i], (long)&action, 0, sizeof action.mask, 0, 0);

  for (uint32_t count; transfer(0, &count, 4, 0);) {
    struct input *inputs = map(0, count * sizeof *inputs, PROT_READ | PROT_WRITE);
    struct output *outputs = map(0, count * sizeof *outputs, PROT_READ | PROT_WRITE);
    if (!transfer(0, inputs, count * sizeof *inputs, 0)) return 1;
    for (uint32_t i = 0; i < count; i++) {
      in = inputs[i];
      memset(data, 0, 2 * PAGE);
      memcpy((void *)WINDOW, in.window, sizeof in.window);
      memcpy(code, in.code, in.length);
      write_exit(code + in.length, 0);
      write_exit(code + in.length + BRANCH_BYTES, 1);
      out.trap = NO_TRAP, out.error = 0, out.address = 0;
      enter();
      memcpy(out.window, (void *)WINDOW, sizeof out.window);
      memset((void *)WINDOW, 0, sizeof out.window);
      out.strayed = !is_zero((uint64_t *)DATA, 2 * PAGE / 8);
      outputs[i] = out;
    }
    if (!transfer(1, outputs, count * sizeof *outputs, 1)) return 1;
    call(SYS_munmap, (long)inputs, (long)(count * sizeof *inputs), 0, 0, 0, 0);
    call(SYS_munmap, (long)outputs, (long)(count * sizeof *outputs), 0, 0, 0, 0);
  }
  return 0;
}

void begin(void) { call(SYS_exit_group, perform(), 0, 0, 0, 0, 0); }
