/*
 * Executes one instruction at a time on this processor: state in, state out, through a pipe.
 *
 * Static and not relocated, so that every address is below 2 GiB and the ways in and out can load and save all sixteen
 * registers, rsp included, without a register to point with. Layout: place.ts. Protocol: processor.ts.
 */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define DATA 0x10000000UL
#define CODE 0x20000000UL
#define PAGE 0x1000UL
#define WINDOW (DATA + PAGE - 0x80)
#define BRANCH_BYTES 0x40

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

extern void enter(void), leave(void), leave_on_signal(void);
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

static int transfer(int file, void *bytes, size_t left, int is_write) {
  for (char *at = bytes; left > 0;) {
    ssize_t moved = is_write ? write(file, at, left) : read(file, at, left);
    if (moved <= 0) return 0;
    at += moved;
    left -= moved;
  }
  return 1;
}

int main(void) {
  uint8_t *data = mmap((void *)DATA, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_FIXED_NOREPLACE | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (unsigned i = 0; i < PAGE; i++) data[2 * PAGE + i] = i * 7;
  mprotect(data + 2 * PAGE, PAGE, PROT_READ);
  uint8_t *code = mmap((void *)CODE, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_FIXED_NOREPLACE | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  uint8_t *zeros = calloc(1, 2 * PAGE);
  if (data != (uint8_t *)DATA || code != (uint8_t *)CODE || zeros == 0) return 2;
  syscall(SYS_arch_prctl, ARCH_SET_GS, WINDOW);
  exits[0] = (uint64_t)leave;
  stack_t alternate = {.ss_sp = malloc(1 << 18), .ss_size = 1 << 18};
  sigaltstack(&alternate, 0);
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
  for (int i = 0; i < 5; i++) sigaction(signals[i], &action, 0);

  for (uint32_t count; transfer(0, &count, 4, 0);) {
    struct input *inputs = malloc(count * sizeof *inputs);
    struct output *outputs = malloc(count * sizeof *outputs);
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
      out.strayed = memcmp(data, zeros, 2 * PAGE) != 0;
      outputs[i] = out;
    }
    if (!transfer(1, outputs, count * sizeof *outputs, 1)) return 1;
    free(inputs), free(outputs);
  }
  return 0;
}
