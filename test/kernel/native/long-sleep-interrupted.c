/* What is left of a sleep, of any length, is what was asked for, less what has passed. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <time.h>

static void handle(int signal) { (void)signal; }

int main(void)
{
  signal(SIGALRM, handle);
  const long seconds[] = { 100, 4500000, 5000000, 1000000000, 9223372036, 0x7fffffffffffffff };
  for (int each = 0; each < 6; each++) {
    const struct itimerval soon = { { 0, 0 }, { 0, 10000 } };
    struct timespec left = { -1, -1 };
    setitimer(ITIMER_REAL, &soon, NULL);
    errno = 0;
    const int result = nanosleep(&(struct timespec){ seconds[each], 0 }, &left);
    const long most = seconds[each] > 9223372036 ? 9223372036 : seconds[each];
    printf("%d %d %d\n", result, errno == EINTR, left.tv_sec <= most && left.tv_sec >= most - 5 - (most > 9000000000 ? 100000000 : 0) && left.tv_nsec >= 0);
  }
  return 0;
}
