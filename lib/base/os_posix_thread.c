/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "base/base.h"

struct harmony__monitor {
	harmony_context *context;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
};

harmony_status harmony__monitor_new(harmony__monitor **out, harmony_context *context,
				    harmony_error *error)
{
	harmony__monitor *monitor = harmony__zalloc(context, sizeof(*monitor));
	pthread_condattr_t steady;

	if (monitor == NULL)
		return harmony__nomem(error);
	monitor->context = context;
	if (pthread_condattr_init(&steady) != 0)
		goto refused;
	(void)pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	int made = pthread_cond_init(&monitor->changed, &steady);
	(void)pthread_condattr_destroy(&steady);
	if (made != 0)
		goto refused;
	if (pthread_mutex_init(&monitor->mutex, NULL) == 0) {
		*out = monitor;
		return HARMONY_OK;
	}
	(void)pthread_cond_destroy(&monitor->changed);
refused:
	harmony__free(context, monitor);
	return harmony_error_set(error, HARMONY_IO, NULL, "the system gives no lock for threads");
}

void harmony__monitor_free(harmony__monitor *monitor)
{
	if (monitor == NULL)
		return;
	(void)pthread_cond_destroy(&monitor->changed);
	(void)pthread_mutex_destroy(&monitor->mutex);
	harmony__free(monitor->context, monitor);
}

void harmony__monitor_enter(harmony__monitor *monitor)
{
	(void)pthread_mutex_lock(&monitor->mutex);
}

void harmony__monitor_leave(harmony__monitor *monitor)
{
	(void)pthread_mutex_unlock(&monitor->mutex);
}

void harmony__monitor_wait(harmony__monitor *monitor, int64_t milliseconds)
{
	struct timespec until;

	if (milliseconds <= 0)
		return;
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(milliseconds / 1000);
	until.tv_nsec += (long)(milliseconds % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	(void)pthread_cond_timedwait(&monitor->changed, &monitor->mutex, &until);
}

void harmony__monitor_wake_all(harmony__monitor *monitor)
{
	(void)pthread_cond_broadcast(&monitor->changed);
}

/* ---- threads ---- */

struct harmony__thread {
	harmony_context *context;
	pthread_t id;
	void (*run)(void *user);
	void *user;
};

static void *begin(void *user)
{
	harmony__thread *thread = user;
	thread->run(thread->user);
	return NULL;
}

harmony_status harmony__thread_start(harmony__thread **out, harmony_context *context,
				     void (*run)(void *user), void *user, harmony_error *error)
{
	harmony__thread *thread = harmony__zalloc(context, sizeof(*thread));
	sigset_t all, before;

	if (thread == NULL)
		return harmony__nomem(error);
	*thread = (harmony__thread){.context = context, .run = run, .user = user};
	/* Signals are the host's, and belong to its own threads: a new one inherits the mask. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&thread->id, NULL, begin, thread);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed == 0) {
		*out = thread;
		return HARMONY_OK;
	}
	harmony__free(context, thread);
	return harmony_error_set(error, HARMONY_IO, NULL,
				 "the system gives no thread; allow more, or use fewer workers");
}

void harmony__thread_join(harmony__thread *thread)
{
	if (thread == NULL)
		return;
	(void)pthread_join(thread->id, NULL);
	harmony__free(thread->context, thread);
}
