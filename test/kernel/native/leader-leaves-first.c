/* The first thread ends before the other, each with a status of its own: the process ends with the last one's, since Linux 6.0. */
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void *stay(void *nothing)
{
  nanosleep(&(struct timespec){ 0, 20000000 }, NULL);
  syscall(SYS_exit, 7);
  return nothing;
}

int main(void)
{
  pthread_t other;
  pthread_create(&other, NULL, stay, NULL);
  syscall(SYS_exit, 3);
}
