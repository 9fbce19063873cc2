/*
 * What a program can see of signals, waits, memory, timers and threads, as lines that name no address, no tid and no time:
 * two kernels that print the same behave the same. Freestanding; stdout must be a pipe.
 */
#include "../fixtures/bare.h"

enum {
  SYS_poll = 7, SYS_mprotect = 10, SYS_munmap = 11, SYS_brk = 12, SYS_rt_sigprocmask = 14, SYS_writev = 20, SYS_madvise = 28,
  SYS_pause = 34, SYS_nanosleep = 35, SYS_alarm = 37, SYS_setitimer = 38, SYS_kill = 62, SYS_rt_sigpending = 127,
  SYS_rt_sigtimedwait = 128, SYS_rt_sigsuspend = 130, SYS_sigaltstack = 131, SYS_arch_prctl = 158, SYS_tkill = 200,
  SYS_set_tid_address = 218, SYS_timer_create = 222, SYS_timer_settime = 223, SYS_timer_gettime = 224,
  SYS_timer_getoverrun = 225, SYS_set_robust_list = 273, SYS_get_robust_list = 274, SYS_timer_delete = 226, SYS_clock_gettime = 228, SYS_clock_nanosleep = 230, SYS_membarrier = 324
};
enum { USR1 = 10, SEGV = 11, USR2 = 12, ALRM = 14, CHLD = 17 };
enum { SIGINFO = 4, RESTORER = 0x04000000, ONSTACK = 0x08000000, RESTART = 0x10000000, NODEFER = 0x40000000 };
#define RESETHAND 0x80000000UL
#define BIT(signal) (1UL << ((signal) - 1))

struct action { void (*handler)(int, void *, void *); u64 flags; void (*restorer)(void); u64 mask; };
void restore(void);
__asm__("restore: mov $15, %eax; syscall");

static void say(const char *what, s64 value)
{
  print(what);
  print(" ");
  if (value < 0) print("-");
  print_number((u64)(value < 0 ? -value : value));
  print("\n");
}
static void say_hex(const char *what, u64 value)
{
  char digits[17];
  for (int at = 0; at < 16; at++) digits[at] = "0123456789abcdef"[value >> (60 - 4 * at) & 15];
  digits[16] = 0;
  print(what);
  print(" ");
  print(digits);
  print("\n");
}

static s64 catch_with(int signal, void (*handler)(int, void *, void *), u64 flags, u64 mask)
{
  const struct action action = { handler, flags | RESTORER, restore, mask };
  return call6(SYS_rt_sigaction, signal, (s64)&action, 0, 8, 0, 0);
}
static void set_mask(u64 mask) { call6(SYS_rt_sigprocmask, 2, (s64)&mask, 0, 8, 0, 0); }
static u64 get_mask(void)
{
  u64 mask = 0;
  call6(SYS_rt_sigprocmask, 0, 0, (s64)&mask, 8, 0, 0);
  return mask;
}
static s64 my_tid(void) { return call3(SYS_gettid, 0, 0, 0); }
static s64 raise_here(int signal) { return call3(SYS_tgkill, call3(SYS_getpid, 0, 0, 0), my_tid(), signal); }

/* ---- frames */

struct context {
  u64 flags, link, stack_start;
  u32 stack_flags, padding;
  u64 stack_bytes, registers[16], ip, eflags, selectors, error, trap, old_mask, cr2, fpstate, reserved[8], mask;
};

static volatile u64 expected_address;

static void show_frame(int signal, void *information, void *pointer)
{
  const struct context *context = pointer;
  const s32 *info = information;
  const u64 frame = (u64)pointer - 8;
  say("signal", signal);
  say("frame mod 16", (s64)(frame % 16));
  say("siginfo at", (s64)((u64)information - frame));
  say("fpstate mod 64", (s64)(context->fpstate % 64));
  say("fpstate above the frame", context->fpstate >= frame + 440);
  say("red zone kept", (s64)(context->registers[15] - context->fpstate >= 128 + 512));
  say("uc_flags", (s64)(context->flags & 6));
  say("uc_link", (s64)context->link);
  say_hex("r8", context->registers[0]);
  say_hex("r12", context->registers[4]);
  say_hex("r15", context->registers[7]);
  say_hex("eflags", context->eflags & 0x10cd5);
  say_hex("selectors", context->selectors);
  say_hex("mask", context->mask);
  say_hex("oldmask", context->old_mask);
  /* Whoever started this program may have left SS_DISABLE in the flags. */
  say("stack", (s64)(context->stack_start | (context->stack_flags & ~2U) | context->stack_bytes));
  say("si_signo", info[0]);
  say("si_errno", info[1]);
  say("si_code", info[2]);
  say("from here", info[4] == call3(SYS_getpid, 0, 0, 0));
  const u8 *image = (const u8 *)context->fpstate;
  say_hex("fcw", *(const u32 *)image & 0xffff);
  say_hex("mxcsr", *(const u32 *)(image + 24));
  say_hex("xmm5", *(const u64 *)(image + 160 + 5 * 16));
  say_hex("blocked meanwhile", get_mask());
  u64 now;
  __asm__ volatile("movq %%xmm5, %0" : "=r"(now));
  say_hex("xmm5 in the handler", now);
}

static void frames(void)
{
  print("# frames\n");
  catch_with(USR1, show_frame, SIGINFO, BIT(USR2));
  set_mask(BIT(40));
  const s64 pid = call3(SYS_getpid, 0, 0, 0), tid = my_tid();
  u64 r8, r12, r15, xmm, flags;
  __asm__ volatile("mov $0x1122334455667788, %%rax; movq %%rax, %%xmm5;"
                   "mov $0x0808, %%r8d; mov $0x1212, %%r12d; mov $0x1515, %%r15d;"
                   "mov $234, %%eax; stc; syscall; pushf; pop %4;"
                   "mov %%r8, %0; mov %%r12, %1; mov %%r15, %2; movq %%xmm5, %3"
                   : "=m"(r8), "=m"(r12), "=m"(r15), "=m"(xmm), "=&r"(flags)
                   : "D"(pid), "S"(tid), "d"(USR1)
                   : "rax", "rcx", "r8", "r11", "r12", "r15", "memory");
  say_hex("r8 after", r8);
  say_hex("r12 after", r12);
  say_hex("r15 after", r15);
  say_hex("xmm5 after", xmm);
  say_hex("carry after", flags & 1);
  say_hex("mask after", get_mask());
  set_mask(0);
}

/* ---- faults */

static void show_fault(int signal, void *information, void *pointer)
{
  struct context *context = pointer;
  const s32 *info = information;
  const u64 address = *(u64 *)(info + 4);
  say(" signal", signal);
  say(" si_code", info[2]);
  say(" trap", (s64)context->trap);
  say_hex(" error", context->error);
  say(" address", address == 0 ? 0 : address == expected_address ? 1 : address == context->ip ? 2 : 3);
  say_hex(" RF", context->eflags & 0x10000);
  /* rbx holds where to go on. */
  context->ip = context->registers[11];
}

#define FAULT(name, address, code) \
  print(name "\n"); \
  expected_address = (u64)(address); \
  __asm__ volatile("lea 1f(%%rip), %%rbx; mov %0, %%rcx; xor %%edx, %%edx; " code "; 1:" \
                   : : "r"((u64)(address)) : "rax", "rbx", "rcx", "rdx", "memory")

static const u64 constant = 5;

static void faults(void)
{
  print("# faults\n");
  static const int signals[] = { 4, 5, 7, 8, SEGV };
  for (int each = 0; each < 5; each++) catch_with(signals[each], show_fault, SIGINFO, 0);
  const u64 none = (u64)call6(SYS_mmap, 0, 4096, 0, 0x22, -1, 0);
  const u64 data = (u64)call6(SYS_mmap, 0, 4096, 3, 0x22, -1, 0);
  *(volatile u8 *)data = 0xc3;
  FAULT("read of nothing", 8, "mov (%%rcx), %%eax");
  FAULT("write to nothing", 8, "movl $1, (%%rcx)");
  FAULT("jump to nothing", 8, "jmp *%%rcx");
  FAULT("write to a constant", &constant, "movl $1, (%%rcx)");
  FAULT("read of PROT_NONE", none, "mov (%%rcx), %%eax");
  FAULT("jump to data", data, "jmp *%%rcx");
  FAULT("not canonical", 0x8000000000000000UL, "mov (%%rcx), %%eax");
  FAULT("beyond user space", 0xffffffffff000000UL, "mov (%%rcx), %%eax");
  FAULT("division", 0, "mov $1, %%eax; div %%ecx");
  FAULT("ud2", 0, "ud2");
  FAULT("int3", 0, "int3");
}

/* ---- order */

static volatile int order[16], order_count;
static void note(int signal, void *information, void *context)
{
  (void)information;
  (void)context;
  order[order_count++ & 15] = signal;
}
static void show_order(void)
{
  for (int each = 0; each < order_count; each++) say(" ran", order[each]);
  order_count = 0;
}

static void orders(void)
{
  print("# order\n");
  static const int signals[] = { 1, USR1, SEGV, USR2, 34, 40 };
  for (int each = 0; each < 6; each++) catch_with(signals[each], note, 0, 0);
  set_mask(~0UL);
  call3(SYS_kill, call3(SYS_getpid, 0, 0, 0), 1, 0);
  static const int sent[] = { 40, USR2, 34, USR1, 40, USR1, SEGV, 40 };
  for (int each = 0; each < 8; each++) raise_here(sent[each]);
  u64 pending = 0;
  call3(SYS_rt_sigpending, &pending, 8, 0);
  say_hex("pending", pending);
  set_mask(0);
  show_order();
  print("reset\n");
  catch_with(CHLD, note, RESETHAND, 0);
  raise_here(CHLD);
  raise_here(CHLD);
  show_order();
  print("timedwait\n");
  const u64 set = BIT(USR1) | BIT(40);
  const u64 zero[2] = { 0, 0 };
  s32 info[32];
  set_mask(set);
  say("nothing", call6(SYS_rt_sigtimedwait, (s64)&set, (s64)info, (s64)zero, 8, 0, 0));
  raise_here(40);
  raise_here(USR1);
  say("first", call6(SYS_rt_sigtimedwait, (s64)&set, (s64)info, (s64)zero, 8, 0, 0));
  say("si_code", info[2]);
  say("second", call6(SYS_rt_sigtimedwait, (s64)&set, 0, 0, 8, 0, 0));
  set_mask(0);
  show_order();
}

/* ---- stacks */

static u8 stack[16384] __attribute__((aligned(16)));
static void show_stack(int signal, void *information, void *pointer)
{
  (void)information;
  const struct context *context = pointer;
  struct { u64 start; u32 flags, padding; u64 bytes; } now = { 0, 0, 0, 0 };
  say(" on it", (u64)&now >= (u64)stack && (u64)&now < (u64)stack + sizeof stack);
  say(" refused", call3(SYS_sigaltstack, &now, 0, 0));
  call3(SYS_sigaltstack, 0, &now, 0);
  say_hex(" flags", now.flags);
  say(" saved start", context->stack_start == (u64)stack);
  say_hex(" saved flags", context->stack_flags);
  say(" saved bytes", (s64)context->stack_bytes);
  if (signal == USR1) raise_here(USR2);
}

static void stacks(void)
{
  print("# stacks\n");
  static const u32 kinds[] = { 0, 1, 0x80000000 };
  struct { u64 start; u32 flags, padding; u64 bytes; } wanted = { (u64)stack, 0, 0, sizeof stack }, now;
  catch_with(USR1, show_stack, ONSTACK | SIGINFO, 0);
  catch_with(USR2, show_stack, SIGINFO, 0);
  for (int each = 0; each < 3; each++) {
    wanted.flags = kinds[each];
    say_hex("kind", kinds[each]);
    say("given", call3(SYS_sigaltstack, &wanted, 0, 0));
    raise_here(USR1);
    call3(SYS_sigaltstack, 0, &now, 0);
    say_hex("after", now.flags);
  }
  wanted.flags = 2;
  say("taken", call3(SYS_sigaltstack, &wanted, &now, 0));
  call3(SYS_sigaltstack, 0, &now, 0);
  say_hex("then", now.flags);
}

/* ---- waits */

static volatile u32 word;
static void touch(int signal, void *information, void *context)
{
  (void)signal;
  (void)information;
  (void)context;
  word = 1;
}
static void in_milliseconds(u64 milliseconds)
{
  const u64 times[4] = { 0, 0, 0, milliseconds * 1000 };
  call3(SYS_setitimer, 0, times, 0);
}

static void waits(void)
{
  print("# waits\n");
  const u64 long_time[2] = { 0, 60000000 };
  u64 left[2] = { 0, 0 };
  static const u64 flags[] = { 0, RESTART };
  for (int each = 0; each < 2; each++) {
    say("restart", each);
    catch_with(ALRM, touch, flags[each], 0);
    word = 0;
    in_milliseconds(10);
    say(" futex", call6(SYS_futex, (s64)&word, 128, 0, 0, 0, 0));
    word = 0;
    in_milliseconds(10);
    say(" futex with a timeout", call6(SYS_futex, (s64)&word, 128, 0, (s64)long_time, 0, 0));
    in_milliseconds(10);
    say(" nanosleep", call3(SYS_nanosleep, long_time, left, 0));
    say(" left", left[0] == 0 && left[1] > 20000000 && left[1] < 51000000);
    in_milliseconds(10);
    left[1] = 7;
    say(" clock_nanosleep", call6(SYS_clock_nanosleep, 1, 0, (s64)long_time, (s64)left, 0, 0));
    say(" left", left[1] > 20000000);
    in_milliseconds(10);
    say(" bad place for it", call3(SYS_nanosleep, long_time, 8, 0));
    in_milliseconds(10);
    say(" pause", call3(SYS_pause, 0, 0, 0));
    in_milliseconds(10);
    say(" poll", call3(SYS_poll, 0, 0, 60));
    const u64 none = 0, usr1 = BIT(USR1), alarm_only = BIT(ALRM);
    set_mask(BIT(ALRM) | BIT(USR2));
    in_milliseconds(10);
    say(" sigsuspend", call3(SYS_rt_sigsuspend, &none, 8, 0));
    say_hex(" mask", get_mask());
    set_mask(0);
    in_milliseconds(10);
    say(" timedwait for another", call6(SYS_rt_sigtimedwait, (s64)&usr1, 0, (s64)long_time, 8, 0, 0));
    set_mask(BIT(ALRM));
    in_milliseconds(10);
    say(" timedwait for it", call6(SYS_rt_sigtimedwait, (s64)&alarm_only, 0, (s64)long_time, 8, 0, 0));
    set_mask(0);
  }
  print("ignored\n");
  catch_with(ALRM, (void (*)(int, void *, void *))1, 0, 0);
  word = 0;
  in_milliseconds(10);
  say(" futex", call6(SYS_futex, (s64)&word, 128, 0, (s64)long_time, 0, 0));
  in_milliseconds(10);
  say(" nanosleep", call3(SYS_nanosleep, long_time, 0, 0));
  say(" restart_syscall", call3(219, 0, 0, 0));
  print("pending already\n");
  catch_with(ALRM, note, 0, 0);
  set_mask(BIT(ALRM));
  raise_here(ALRM);
  const u64 none = 0;
  say(" sigsuspend", call3(SYS_rt_sigsuspend, &none, 8, 0));
  show_order();
  set_mask(0);
}

/* ---- timers */

static volatile s64 told[4];
static void tell(int signal, void *information, void *context)
{
  (void)context;
  const s32 *info = information;
  told[0] = signal;
  told[1] = info[2];
  told[2] = info[4];
  told[3] = *(s64 *)(info + 6);
}

static void timers(void)
{
  print("# timers\n");
  catch_with(41, tell, SIGINFO, 0);
  catch_with(ALRM, tell, SIGINFO, 0);
  struct { u64 value; s32 signal, notify; s32 rest[12]; } event = { 0x1234567890, 41, 0, { 0 } };
  s32 id = -1;
  say("created", call3(SYS_timer_create, 1, &event, &id));
  say("id", id);
  u64 times[4] = { 0, 0, 0, 5000000 }, left[4];
  say("armed", call6(SYS_timer_settime, id, 0, (s64)times, 0, 0, 0));
  say("paused", call3(SYS_pause, 0, 0, 0));
  say("signal", told[0]);
  say("si_code", told[1]);
  say("si_tid", told[2]);
  say_hex("si_value", (u64)told[3]);
  say("overrun", call3(SYS_timer_getoverrun, id, 0, 0));
  call3(SYS_timer_gettime, id, left, 0);
  say("left", (s64)(left[0] | left[1] | left[2] | left[3]));
  times[1] = 2000000;
  set_mask(BIT(41));
  call6(SYS_timer_settime, id, 0, (s64)times, 0, 0, 0);
  const u64 pause_time[2] = { 0, 50000000 };
  call3(SYS_nanosleep, pause_time, 0, 0);
  set_mask(0);
  say("overrun", call3(SYS_timer_getoverrun, id, 0, 0) >= 15);
  times[3] = 0;
  say("disarmed", call6(SYS_timer_settime, id, 0, (s64)times, (s64)left, 0, 0));
  say("was every", (s64)left[1]);
  call3(SYS_timer_gettime, id, left, 0);
  say("left", (s64)(left[0] | left[1] | left[2] | left[3]));
  say("deleted", call3(SYS_timer_delete, id, 0, 0));
  say("again", call3(SYS_timer_delete, id, 0, 0));
  in_milliseconds(5);
  call3(SYS_pause, 0, 0, 0);
  say("itimer's si_code", told[1]);
  say("alarm", call3(SYS_alarm, 100, 0, 0));
  say("alarm", call3(SYS_alarm, 0, 0, 0));
}

/* ---- memory */

static void memory(void)
{
  print("# memory\n");
  const u64 a = (u64)call6(SYS_mmap, 0, 6 * 4096, 3, 0x22, -1, 0);
  say("aligned", (s64)(a % 4096));
  *(volatile u64 *)(a + 4096) = 5;
  *(volatile u64 *)(a + 2 * 4096) = 6;
  say("hint in use moves", (u64)call6(SYS_mmap, (s64)a, 4096, 3, 0x22, -1, 0) != a);
  say("fixed", (u64)call6(SYS_mmap, (s64)a + 4096, 4096, 3, 0x32, -1, 0) == a + 4096);
  say("zeroed", *(volatile s64 *)(a + 4096));
  say("kept", *(volatile s64 *)(a + 2 * 4096));
  say("not over", call6(SYS_mmap, (s64)a, 4096, 3, 0x100022, -1, 0));
  say("dontneed", call3(SYS_madvise, a, 6 * 4096, 4));
  say("zeroed", *(volatile s64 *)(a + 2 * 4096));
  say("unmapped", call3(SYS_munmap, a + 3 * 4096, 4096, 0));
  say("hint", (u64)call6(SYS_mmap, (s64)a + 3 * 4096 + 17, 4096, 0, 0x22, -1, 0) == a + 3 * 4096);
  call3(SYS_munmap, a + 3 * 4096, 4096, 0);
  say("dontneed over a hole", call3(SYS_madvise, a, 6 * 4096, 4));
  say("protect over a hole", call3(SYS_mprotect, a, 6 * 4096, 1));
  catch_with(SEGV, show_fault, SIGINFO, 0);
  (void)*(volatile u8 *)a;
  FAULT("write before the hole", a, "movl $1, (%%rcx)");
  *(volatile u8 *)(a + 4 * 4096) = 1;
  const u64 end = (u64)call3(SYS_brk, 0, 0, 0);
  say("brk", (s64)((u64)call3(SYS_brk, end + 5000, 0, 0) - end));
  *(volatile u8 *)(end + 4999) = 1;
  say("brk too far", (s64)((u64)call3(SYS_brk, 1UL << 47, 0, 0) - end));
  say("brk too low", (s64)((u64)call3(SYS_brk, 4096, 0, 0) - end));
  say("brk back", (s64)((u64)call3(SYS_brk, end, 0, 0) - end));
  const struct { u64 start, bytes; } pieces[2] = { { (u64)"five\n", 5 }, { 8, 5 } };
  say("writev cut short", call3(SYS_writev, 1, pieces, 2));
  const u64 edge = (u64)call6(SYS_mmap, 0, 2 * 4096, 3, 0x22, -1, 0);
  call3(SYS_munmap, edge + 4096, 4096, 0);
  say("write cut short", call3(SYS_write, 1, edge + 4090, 10));
  say("registered for cores", call3(SYS_membarrier, 64, 0, 0));
  say("registrations", call3(SYS_membarrier, 512, 0, 0));
  say("membarrier", call3(SYS_membarrier, 8, 0, 0));
  say("registered", call3(SYS_membarrier, 16, 0, 0));
  say("membarrier", call3(SYS_membarrier, 8, 0, 0));
  say("registrations", call3(SYS_membarrier, 512, 0, 0));
}

/* ---- threads */

static volatile u32 child_word, parent_word, child_mask_is_ours, child_waits;
static volatile u64 child_base, child_stack_flags;
static u8 child_stack[16384] __attribute__((aligned(16)));

static void look_around(void)
{
  u64 base = 0;
  struct { u64 start; u32 flags, padding; u64 bytes; } now;
  call3(SYS_arch_prctl, 0x1003, &base, 0);
  child_base = base;
  child_mask_is_ours = get_mask() == BIT(USR2);
  call3(SYS_sigaltstack, 0, &now, 0);
  child_stack_flags = now.flags;
  while (child_waits) call6(SYS_futex, (s64)&child_waits, 128, 1, 0, 0, 0);
}

static void (*volatile child_does)(void) = look_around;
__attribute__((noreturn, used)) static void in_child(void)
{
  child_does();
  for (;;) call3(SYS_exit, 3, 0, 0);
}

static s64 new_thread(u64 flags)
{
  register u64 r10 __asm__("r10") = (u64)&child_word;
  register u64 r8 __asm__("r8") = 0x5550000;
  s64 result;
  __asm__ volatile("syscall; test %%rax, %%rax; jnz 1f; xor %%ebp, %%ebp; call in_child; 1:"
                   : "=a"(result)
                   : "a"(SYS_clone), "D"(flags), "S"(child_stack + sizeof child_stack), "d"(&parent_word), "r"(r10), "r"(r8)
                   : "rcx", "r11", "memory");
  return result;
}

static void threads(void)
{
  print("# threads\n");
  struct { u64 start; u32 flags, padding; u64 bytes; } wanted = { (u64)stack, 0, 0, sizeof stack };
  call3(SYS_sigaltstack, &wanted, 0, 0);
  set_mask(BIT(USR2));
  child_word = 9;
  child_waits = 1;
  /* VM FS FILES SIGHAND THREAD SYSVSEM SETTLS PARENT_SETTID CHILD_CLEARTID */
  const s64 tid = new_thread(0x3d0f00);
  say("told", tid == parent_word);
  say("not ours", tid != my_tid());
  say("signalled", call3(SYS_tgkill, call3(SYS_getpid, 0, 0, 0), tid, 0));
  say("not in that process", call3(SYS_tgkill, call3(SYS_getpid, 0, 0, 0) + 77777, tid, 0));
  child_waits = 0;
  call6(SYS_futex, (s64)&child_waits, 129, 1, 0, 0, 0);
  while (child_word != 0) call6(SYS_futex, (s64)&child_word, 0, 9, 0, 0, 0);
  say_hex("base", child_base);
  say("mask", child_mask_is_ours);
  say_hex("alternate stack", child_stack_flags);
  /* The kernel forgets it a moment after it has said so. */
  while (call3(SYS_tkill, tid, 0, 0) == 0) call3(SYS_sched_yield, 0, 0, 0);
  say("gone", call3(SYS_tkill, tid, 0, 0));
  set_mask(0);
}

/* ---- robust futexes */

enum { HELD_COUNT = 2050, OWNER_DIED = 0x40000000 };
static struct { u64 next; s64 offset; u64 pending; } robust;
static struct held { u64 next; volatile u32 word; u32 padding; } held[HELD_COUNT];

static void list_held(u32 count)
{
  robust.offset = 8;
  robust.next = (u64)&held[0];
  for (u32 at = 0; at < count; at++) {
    held[at].word = (u32)my_tid();
    held[at].next = at + 1 == count ? (u64)&robust : (u64)&held[at + 1];
  }
  call3(SYS_set_robust_list, &robust, sizeof robust, 0);
}

/* 0: nobody waits. 1: somebody does. 2: another owner. 3: inherits priority. 4: pending, too. 5: cannot be read beyond. */
static void hold_each(void)
{
  list_held(7);
  held[1].word |= 1U << 31;
  held[2].word++;
  held[2].next |= 1;
  held[3].word |= 1U << 31;
  robust.pending = (u64)&held[4];
  held[5].next = 8;
}
static void hold_many(void) { list_held(HELD_COUNT); }
static void hold_circle(void)
{
  list_held(3);
  held[2].next = (u64)&held[1];
  robust.pending = (u64)&held[3];
}
static void hold_odd(void)
{
  list_held(3);
  held[0].next += 2;
}
static void hold_pending(void)
{
  list_held(0);
  robust.next = (u64)&robust;
  robust.pending = (u64)&held[1];
}

static void die_with(const char *what, void (*holds)(void), u32 waits)
{
  print(what);
  print("\n");
  for (u32 at = 0; at < HELD_COUNT; at++) held[at] = (struct held){ 0, 0, 0 };
  robust.pending = 0;
  child_does = holds;
  child_word = 9;
  const u32 tid = (u32)new_thread(0x3d0f00);
  if (waits) for (u32 word; ((word = held[1].word) & OWNER_DIED) == 0;) call6(SYS_futex, (s64)&held[1].word, 0, word, 0, 0, 0);
  while (child_word != 0) call6(SYS_futex, (s64)&child_word, 0, 9, 0, 0, 0);
  u32 died = 0;
  for (u32 at = 0; at < HELD_COUNT; at++) died += (held[at].word & OWNER_DIED) != 0;
  say(" died", died);
  for (u32 at = 0; at < 7; at++) say_hex(" word", held[at].word == tid ? 1 : held[at].word == tid + 1 ? 2 : held[at].word);
}

static void robust_futexes(void)
{
  print("# robust futexes\n");
  u64 head = 5, bytes = 5;
  say("none yet", call3(SYS_get_robust_list, 0, &head, &bytes));
  say_hex("head", head);
  say("bytes", (s64)bytes);
  say("of another size", call3(SYS_set_robust_list, &robust, 16, 0));
  say("anywhere", call3(SYS_set_robust_list, 1UL << 62, 24, 0));
  say("told", call3(SYS_get_robust_list, 0, &head, &bytes));
  say_hex("head", head);
  say("nowhere", call3(SYS_set_robust_list, 0, 24, 0));
  die_with("each", hold_each, 1);
  die_with("more than are looked at", hold_many, 0);
  die_with("a circle", hold_circle, 0);
  die_with("no word", hold_odd, 0);
  die_with("pending and free", hold_pending, 0);
}

int main(int argc, char **argv)
{
  (void)argv;
  volatile int *volatile nowhere = (volatile int *)8;
  frames();
  faults();
  orders();
  stacks();
  waits();
  timers();
  memory();
  threads();
  robust_futexes();
  print("# the end\n");
  if (argc > 1) {
    set_mask(BIT(SEGV));
    *nowhere = 1;
  }
  call3(SYS_kill, call3(SYS_getpid, 0, 0, 0), 9, 0);
  return 1;
}
