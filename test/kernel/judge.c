/*
 * Makes system calls as it is told and says what this machine's kernel answers.
 *
 * Input, one case after another: `W address word` puts a word into memory, `B number six-arguments` makes a call before,
 * `T number six-arguments` makes one and says at once what it got (the last one ends the case's process),
 * `C waits number six-arguments` makes the call in question, `E` ends the case. Numbers are decimal; `tid` is the caller's.
 * Output: one line a case, what rax held. Each case runs in a process of its own, whose memory and descriptors are those
 * that provocations.ts describes.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 65536, CASE_LINES_MAX = 2048 };

static long raw(long number, const uint64_t *a)
{
	register uint64_t r10 __asm__("r10") = a[3], r8 __asm__("r8") = a[4], r9 __asm__("r9") = a[5];
	long result;
	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static void map(uint64_t start, uint64_t bytes, int protection)
{
	if (mmap((void *)start, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != (void *)start)
		_exit(9);
}

static uint64_t number_in(char **at)
{
	while (**at == ' ')
		(*at)++;
	if (strncmp(*at, "tid", 3) == 0) {
		*at += 3;
		return gettid();
	}
	return strtoull(*at, at, 10);
}

static long call_in(char *at)
{
	long number = number_in(&at);
	uint64_t arguments[6];
	for (int i = 0; i < 6; i++)
		arguments[i] = number_in(&at);
	return raw(number, arguments);
}

static void set_up(void)
{
	static const unsigned char restorer[] = { 0xb8, 15, 0, 0, 0, 0x0f, 5 };
	int in[2], out[2];
	map(0x100000, 0x10000, PROT_READ | PROT_WRITE);
	map(0x400000, 0x4000, PROT_READ | PROT_WRITE);
	*(unsigned char *)0x400100 = 0xc3;
	memcpy((void *)0x400110, restorer, sizeof restorer);
	mprotect((void *)0x400000, 0x4000, PROT_READ | PROT_EXEC);
	map(0x500000, 0x1000, PROT_READ);
	if (pipe(in) || pipe(out))
		_exit(9);
	dup2(in[0], 0);
	dup2(out[1], 1);
	dup2(out[1], 2);
	close(in[1]);
	for (int fd = 3; fd < 100; fd++)
		if (fd != out[0])
			close(fd);
	dup2(out[0], 150);
	close(out[0]);
	if (chdir("/proc/self/fdinfo"))
		_exit(9);
}

static char *lines[CASE_LINES_MAX];

int main(void)
{
	static char line[LINE_MAX_BYTES];
	int count = 0;
	dup2(1, 200);
	while (fgets(line, sizeof line, stdin)) {
		if (line[0] != 'E') {
			if (count == CASE_LINES_MAX)
				return 9;
			lines[count++] = strdup(line);
			continue;
		}
		pid_t child = fork();
		if (child == 0) {
			char told[32];
			set_up();
			for (int i = 0; i < count; i++) {
				char *at = lines[i] + 1;
				if (lines[i][0] == 'W') {
					uint64_t address = number_in(&at);
					*(uint64_t *)address = number_in(&at);
				} else if (lines[i][0] == 'B') {
					call_in(at);
				} else if (lines[i][0] == 'T') {
					int length = snprintf(told, sizeof told, "%ld\n", call_in(at));
					if (write(200, told, length) != length)
						_exit(9);
					if (i + 1 == count)
						_exit(0);
				} else {
					int length = snprintf(told, sizeof told, "%ld\n", call_in(at));
					_exit(write(200, told, length) == length ? 0 : 9);
				}
			}
			_exit(9);
		}
		int status;
		waitpid(child, &status, 0);
		if (status != 0) {
			dprintf(200, "status %d\n", status);
		}
		while (count > 0)
			free(lines[--count]);
	}
	return 0;
}
