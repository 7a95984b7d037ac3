/* SPDX-License-Identifier: MIT */
#include "sync/schedule.h"

/* ---- workers ---- */

#define LONGEST INT64_C(1000) /* ms that a worker waits before it shows that it is alive */

static void tick(harmony_schedule *schedule, int64_t now)
{
	atomic_store(&schedule->alive, now);
}

static void work(void *user)
{
	harmony__worker *worker = user;
	harmony_schedule *schedule = worker->schedule;

	harmony__monitor_enter(schedule->monitor);
	while (atomic_load(&schedule->hurry) == HARMONY__GO) {
		int64_t wait, now = harmony__monotonic(schedule->context);
		harmony__item *item = harmony__queue_take(schedule, now, &wait);
		tick(schedule, now);
		if (item != NULL) {
			if (schedule->idle > 0 && schedule->heap_count > 0 &&
			    schedule->heap[0]->key <= now)
				harmony__monitor_wake_all(schedule->monitor);
			harmony__worker_turn(worker, item);
			continue;
		}
		schedule->idle++;
		harmony__monitor_wait(schedule->monitor, wait < LONGEST ? wait : LONGEST);
		schedule->idle--;
	}
	schedule->worker_count--;
	harmony__monitor_wake_all(schedule->monitor);
	harmony__monitor_leave(schedule->monitor);
}

static void join_all(harmony_schedule *schedule)
{
	for (unsigned i = 0; schedule->workers != NULL && i < schedule->options.workers; i++) {
		harmony__worker *worker = schedule->workers[i];
		if (worker != NULL)
			harmony__thread_join(worker->thread);
		harmony__worker_free(worker);
	}
	harmony__free(schedule->context, schedule->workers);
	schedule->workers = NULL;
}

harmony_status harmony_schedule_start(harmony_schedule *schedule, harmony_error *error)
{
	unsigned count;
	harmony_status status = HARMONY_OK;

	if (schedule == NULL)
		return harmony_error_set(error, HARMONY_INVALID, NULL, "there is no schedule");
	if (schedule->workers != NULL)
		return harmony_error_set(error, HARMONY_STATE, NULL, "the schedule runs already");
	count = schedule->options.workers;
	schedule->workers =
	    harmony__zalloc(schedule->context, count * sizeof(schedule->workers[0]));
	if (schedule->workers == NULL)
		return harmony__nomem(error);
	harmony__worker_free(schedule->own);
	schedule->own = NULL;
	atomic_store(&schedule->hurry, HARMONY__GO);
	for (unsigned i = 0; i < count && status == HARMONY_OK; i++) {
		status = harmony__worker_new(&schedule->workers[i], schedule, error);
		if (status != HARMONY_OK)
			break;
		harmony__monitor_enter(schedule->monitor);
		schedule->worker_count++;
		status = harmony__thread_start(&schedule->workers[i]->thread, schedule->context,
					       work, schedule->workers[i], error);
		if (status != HARMONY_OK)
			schedule->worker_count--;
		harmony__monitor_leave(schedule->monitor);
	}
	if (status != HARMONY_OK) {
		atomic_store(&schedule->hurry, HARMONY__CANCEL);
		join_all(schedule);
	}
	return status;
}

/* Waits until no worker is at work, for so long at the most. */
static bool wait_for_all(harmony_schedule *schedule, int64_t patience)
{
	int64_t end = harmony__os_monotonic() + patience;

	for (int64_t left = patience; schedule->worker_count > 0 && left > 0;
	     left = end - harmony__os_monotonic())
		harmony__monitor_wait(schedule->monitor, left);
	return schedule->worker_count == 0;
}

harmony_status harmony_schedule_stop(harmony_schedule *schedule, int64_t patience,
				     harmony_error *error)
{
	bool over;

	if (schedule == NULL || schedule->workers == NULL)
		return HARMONY_OK;
	harmony__monitor_enter(schedule->monitor);
	if (atomic_load(&schedule->hurry) == HARMONY__GO) /* not a second call */
		atomic_store(&schedule->hurry, HARMONY__EASE);
	harmony__monitor_wake_all(schedule->monitor);
	over = wait_for_all(schedule, patience / 2);
	if (!over) {
		atomic_store(&schedule->hurry, HARMONY__CANCEL);
		over = wait_for_all(schedule, patience - patience / 2);
	}
	harmony__monitor_leave(schedule->monitor);
	if (!over)
		return harmony_error_set(error, HARMONY_BUSY, NULL,
					 "a job is not over after %lld ms: it waits for an answer of "
					 "its package; the process can be ended, what was sent is "
					 "looked up at the next start",
					 (long long)patience);
	join_all(schedule);
	return HARMONY_OK;
}

/* ---- the host's own loop ---- */

int64_t harmony_schedule_next_due(harmony_schedule *schedule)
{
	int64_t now, next = HARMONY__NEVER;

	if (schedule == NULL)
		return next;
	now = harmony__monotonic(schedule->context);
	harmony__monitor_enter(schedule->monitor);
	if (schedule->heap_count > 0) {
		next = schedule->heap[0]->key > schedule->held ? schedule->heap[0]->key
							       : schedule->held;
		next = next > now ? next - now : 0;
	}
	harmony__monitor_leave(schedule->monitor);
	return next;
}

harmony_status harmony_schedule_step(int *did, harmony_schedule *schedule, harmony_error *error)
{
	harmony__item *item;
	int64_t wait, now;
	harmony_status status = HARMONY_OK;

	if (did != NULL)
		*did = 0;
	if (schedule == NULL)
		return harmony_error_set(error, HARMONY_INVALID, NULL, "there is no schedule");
	if (schedule->workers != NULL)
		return harmony_error_set(error, HARMONY_STATE, NULL,
					 "workers run this schedule; stop them before step");
	if (schedule->own == NULL)
		status = harmony__worker_new(&schedule->own, schedule, error);
	if (status != HARMONY_OK)
		return status;
	atomic_store(&schedule->hurry, HARMONY__GO);
	now = harmony__monotonic(schedule->context);
	harmony__monitor_enter(schedule->monitor);
	tick(schedule, now);
	item = harmony__queue_take(schedule, now, &wait);
	if (item != NULL)
		harmony__worker_turn(schedule->own, item);
	harmony__monitor_leave(schedule->monitor);
	if (did != NULL)
		*did = item != NULL;
	return HARMONY_OK;
}
