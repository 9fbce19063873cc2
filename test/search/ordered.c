/*
 * Two threads and `data`, which they share: ordered by what the first argument names; or, with a second argument, nearly.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>

long data;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_spinlock_t spin;
static pthread_barrier_t barrier;
static sem_t semaphore;
static atomic_int flag;
static int is_there;
static int is_racy;

static void use(void) { data++; }

/* One counts without the lock. */
static void mutex_both(long which)
{
  if (is_racy && which == 1) return use();
  pthread_mutex_lock(&mutex);
  use();
  pthread_mutex_unlock(&mutex);
}

/* The lock is let go before the data are taken. */
static void condition_both(long which)
{
  pthread_mutex_lock(&mutex);
  if (which == 0) {
    if (!is_racy) use();
    is_there = 1;
    pthread_cond_signal(&condition);
  } else while (!is_there) pthread_cond_wait(&condition, &mutex);
  if (!is_racy && which == 1) use();
  pthread_mutex_unlock(&mutex);
  if (is_racy) use();
}

/* The flag is set before the data are there. */
static void atomics_both(long which)
{
  if (which == 0) {
    if (!is_racy) use();
    atomic_store(&flag, 1);
    if (is_racy) use();
  } else {
    while (!atomic_load(&flag)) __builtin_ia32_pause();
    use();
  }
}

/* Both write as readers. */
static void rwlock_both(long which)
{
  (void)which;
  if (is_racy) pthread_rwlock_rdlock(&rwlock); else pthread_rwlock_wrlock(&rwlock);
  use();
  pthread_rwlock_unlock(&rwlock);
}

/* One looks without asking whether it has been done. */
static void once_both(long which)
{
  static volatile long seen;
  if (!is_racy || which == 0) pthread_once(&once, use);
  seen = data;
}

/* One does not wait. */
static void semaphore_both(long which)
{
  if (which == 0) { use(); sem_post(&semaphore); }
  else { if (!is_racy) sem_wait(&semaphore); use(); }
}

/* The lock is let go too early. */
static void spin_both(long which)
{
  (void)which;
  pthread_spin_lock(&spin);
  if (is_racy) { pthread_spin_unlock(&spin); use(); return; }
  use();
  pthread_spin_unlock(&spin);
}

/* Both come to the same side of it. */
static void barrier_both(long which)
{
  if (which == 0 || is_racy) use();
  pthread_barrier_wait(&barrier);
  if (which == 1 && !is_racy) use();
}

static const struct { const char *name; void (*both)(long); } ways[] = {
  { "mutex", mutex_both }, { "condition", condition_both }, { "atomics", atomics_both }, { "rwlock", rwlock_both }, { "once", once_both },
  { "semaphore", semaphore_both }, { "spin", spin_both }, { "barrier", barrier_both }
};

static void (*chosen)(long);

static void *thread(void *which)
{
  chosen((long)which);
  return 0;
}

int main(int argc, char **argv)
{
  for (unsigned each = 0; each < sizeof ways / sizeof *ways; each++) if (argc > 1 && strcmp(argv[1], ways[each].name) == 0) chosen = ways[each].both;
  if (chosen == 0) return 2;
  is_racy = argc > 2;
  pthread_spin_init(&spin, 0);
  pthread_barrier_init(&barrier, 0, 2);
  sem_init(&semaphore, 0, 0);
  pthread_t threads[2];
  for (long each = 0; each < 2; each++) if (pthread_create(&threads[each], 0, thread, (void *)each) != 0) return 3;
  for (long each = 0; each < 2; each++) pthread_join(threads[each], 0);
  return 0;
}
