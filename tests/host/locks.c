// SPDX-License-Identifier: GPL-2.0-or-later
// Known waits: a writer that waits MS for a lock that another thread holds, N times, and as many
// attempts that do not wait. Prints its process id, and how long each wait took and the other
// thread slept meanwhile, in microseconds.
//
//   locks MS N        ends when its input does
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static sem_t held, done;
static int ms, n;
static long slept; // under the lock

static long now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void *holder(void *arg)
{
    int i;

    for (i = 0; i < n; i++) {
        long begin;

        pthread_rwlock_rdlock(&lock);
        sem_post(&held);
        begin = now();
        usleep((useconds_t)ms * 1000);
        slept = now() - begin;
        pthread_rwlock_unlock(&lock);
        sem_wait(&done);
    }
    return arg;
}

__attribute__((noinline)) static void wait_for_lock(void)
{
    long begin = now();

    if (pthread_rwlock_trywrlock(&lock) == 0)
        exit(1);
    if (pthread_rwlock_wrlock(&lock))
        exit(1);
    printf("%ld %ld\n", now() - begin, slept);
    pthread_rwlock_unlock(&lock);
}

int main(int argc, char **argv)
{
    pthread_t t;
    int i;

    if (argc < 3)
        return 2;
    ms = atoi(argv[1]);
    n = atoi(argv[2]);
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("%d\n", getpid());
    sem_init(&held, 0, 0);
    sem_init(&done, 0, 0);
    if (pthread_create(&t, NULL, holder, NULL))
        return 1;
    for (i = 0; i < n; i++) {
        sem_wait(&held);
        wait_for_lock();
        sem_post(&done);
    }
    pthread_join(t, NULL);
    while (getchar() != EOF)
        ;
    return 0;
}
