/* A thread ends while it holds a robust mutex: the next to lock it is told, makes it consistent, and the one after is told nothing. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t lock;
static pthread_barrier_t both;

static void *hold(void *waits)
{
  pthread_mutex_lock(&lock);
  if (waits) pthread_barrier_wait(&both);
  return NULL;
}

static void *wait_for_it(void *result)
{
  *(int *)result = pthread_mutex_lock(&lock);
  pthread_mutex_consistent(&lock);
  pthread_mutex_unlock(&lock);
  return NULL;
}

int main(void)
{
  pthread_mutexattr_t robust;
  pthread_mutexattr_init(&robust);
  pthread_mutexattr_setrobust(&robust, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&lock, &robust);
  pthread_barrier_init(&both, NULL, 2);
  pthread_t holder, waiter;

  pthread_create(&holder, NULL, hold, NULL);
  pthread_join(holder, NULL);
  printf("found dead: %d\n", pthread_mutex_lock(&lock) == EOWNERDEAD);
  printf("consistent: %d\n", pthread_mutex_consistent(&lock));
  pthread_mutex_unlock(&lock);

  int result = -1;
  pthread_create(&holder, NULL, hold, &both);
  pthread_barrier_wait(&both);
  pthread_create(&waiter, NULL, wait_for_it, &result);
  pthread_join(holder, NULL);
  pthread_join(waiter, NULL);
  printf("died meanwhile: %d\n", result == EOWNERDEAD);
  printf("again: %d\n", pthread_mutex_lock(&lock));
  return 0;
}
