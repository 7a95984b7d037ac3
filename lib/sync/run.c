/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "sync/sync.h"

/* ---- a set of numbers ---- */

void harmony__ids_init(harmony__ids *ids, harmony_context *context)
{
	*ids = (harmony__ids){.context = context};
}

void harmony__ids_free(harmony__ids *ids)
{
	harmony__free(ids->context, ids->slots);
	ids->slots = NULL;
	ids->count = ids->capacity = 0;
}

static int64_t *slot_of(const harmony__ids *ids, int64_t id)
{
	size_t mask = ids->capacity - 1;
	size_t at = (size_t)((uint64_t)id * UINT64_C(0x9E3779B97F4A7C15) >> 20) & mask;

	while (ids->slots[at] != 0 && ids->slots[at] != id)
		at = (at + 1) & mask;
	return &ids->slots[at];
}

harmony_status harmony__ids_add(harmony__ids *ids, int64_t id)
{
	if (2 * (ids->count + 1) > ids->capacity) {
		harmony__ids bigger = {.context = ids->context,
				       .capacity = ids->capacity > 0 ? 2 * ids->capacity : 64};
		bigger.slots = harmony__zalloc(ids->context, bigger.capacity * sizeof(int64_t));
		if (bigger.slots == NULL)
			return HARMONY_NOMEM;
		for (size_t i = 0; i < ids->capacity; i++)
			if (ids->slots[i] != 0)
				*slot_of(&bigger, ids->slots[i]) = ids->slots[i];
		bigger.count = ids->count;
		harmony__free(ids->context, ids->slots);
		*ids = bigger;
	}
	int64_t *slot = slot_of(ids, id);
	ids->count += *slot == 0;
	*slot = id;
	return HARMONY_OK;
}

bool harmony__ids_has(const harmony__ids *ids, int64_t id)
{
	return ids->capacity > 0 && *slot_of(ids, id) == id;
}

/* ---- records of a listing ---- */

harmony_status harmony__rows_add(harmony__rows *rows, harmony__row row)
{
	if (harmony__grow(rows->context, (void **)&rows->list, &rows->capacity, rows->count + 1,
			  sizeof(row)) != HARMONY_OK)
		return HARMONY_NOMEM;
	rows->list[rows->count++] = row;
	return HARMONY_OK;
}

void harmony__rows_free(harmony__rows *rows)
{
	harmony__free(rows->context, rows->list);
}

static harmony_status keep_row(const harmony_record_state *record, void *user)
{
	return harmony__rows_add(
	    user, (harmony__row){record->id, record->run, record->kind, record->state});
}

harmony_status harmony__rows_list(harmony__rows *rows, harmony__job *job,
				  const harmony_record_query *query, harmony_error *error)
{
	harmony_status status =
	    job->store->record_list(job->store->self, query, keep_row, rows, error);
	return status == HARMONY_NOMEM ? harmony__nomem(error) : status;
}

typedef struct wanted {
	unsigned kinds;
	bool found;
} wanted;

static harmony_status see_kind(const harmony_record_state *record, void *user)
{
	wanted *look = user;

	look->found = (HARMONY_BIT(record->kind) & look->kinds) != 0;
	return look->found ? HARMONY_USER : HARMONY_OK;
}

harmony_status harmony__any(bool *yes, harmony__job *job, const harmony_record_query *query,
			    unsigned kinds, harmony_error *error)
{
	wanted look = {.kinds = kinds};
	harmony_status status =
	    job->store->record_list(job->store->self, query, see_kind, &look, error);

	*yes = look.found;
	return status == HARMONY_USER ? HARMONY_OK : status;
}

/* ---- changes and transactions ---- */

harmony_status harmony__change(harmony__job *job, harmony_record_change *change,
			       harmony_error *error)
{
	change->run = job->run.id;
	return job->store->record_change(job->store->self, change, error);
}

harmony_status harmony__settle_transaction(harmony__job *job, harmony_status status,
					   harmony_error *error)
{
	if (status == HARMONY_OK)
		return job->store->commit(job->store->self, error);
	job->store->rollback(job->store->self);
	return status;
}

#define BACKOFF_FIRST INT64_C(30000)
#define BACKOFF_MOST  INT64_C(3600000)

int64_t harmony__backoff(uint32_t attempts)
{
	uint32_t random = 0;
	int64_t delay = BACKOFF_FIRST;

	for (uint32_t i = 1; i < attempts && delay < BACKOFF_MOST; i++)
		delay *= 2;
	if (delay > BACKOFF_MOST)
		delay = BACKOFF_MOST;
	(void)harmony__os_random(&random, sizeof(random)); /* no jitter is better than no wait */
	return delay - delay / 4 + (int64_t)(random % (uint32_t)(delay / 2));
}

bool harmony__job_yields(harmony__job *job)
{
	const harmony__part *part = job->part;

	if (job->stop != HARMONY_OK || part == NULL || part->enough == NULL ||
	    !part->enough(part->user))
		return false;
	job->yielded = true;
	job->stop = HARMONY_RETRY;
	(void)harmony_error_set(&job->why, HARMONY_RETRY, "yielded",
				"made way for other integrations; the rest goes on by itself");
	return true;
}

void harmony__job_stop(harmony__job *job, harmony_status status, const harmony_error *why)
{
	/* One that waited for the package's limit, and may not wait any longer. */
	if (status == HARMONY_CANCELLED && harmony__job_yields(job))
		return;
	if (job->stop != HARMONY_OK)
		return;
	/* The input is in the store by now: what fails is the package's side or the snapshot. */
	job->stop = status == HARMONY_IO ? HARMONY_RETRY : status;
	if (why != NULL && why->status != HARMONY_OK)
		job->why = *why;
	else
		(void)harmony_error_set(&job->why, status, NULL, "%s", harmony_status_text(status));
}

/* ---- what a crash left ---- */

static harmony_status keep_running(const harmony_run *run, void *user)
{
	return run->state == HARMONY_RUN_RUNNING ? harmony__ids_add(user, run->id) : HARMONY_OK;
}

static harmony_status open_records(harmony__rows *all, harmony__job *job, harmony_error *error)
{
	harmony_record_query query = {.struct_size = sizeof(query),
				      .integration = job->integration->id,
				      .states = HARMONY_STATES_OPEN};
	return harmony__rows_list(all, job, &query, error);
}

/* An offered record without verdict may have been applied: in doubt from now on. The
   others are as they were, and wait for the next run. */
static harmony_status recover_record(harmony__job *job, const harmony__row *record,
				     harmony_error *error)
{
	harmony_record_change change = HARMONY_RECORD_CHANGE_INIT;

	change.id = record->id;
	change.run = record->run;
	change.outcome = 1;
	change.state = -1;
	if (record->state == HARMONY_STATE_OFFERED) {
		change.state = HARMONY_STATE_IN_DOUBT;
		change.event = 1;
		change.code = harmony_code_word(HARMONY_CODE_IN_DOUBT);
		change.message =
		    "the program ended before the package's answer was kept; it is looked "
		    "up before it is offered again";
	} else if (record->state == HARMONY_STATE_NEW) {
		change.outcome_state = HARMONY_STATE_WAITING;
		change.message = "the run was interrupted before this record was offered";
	}
	return job->store->record_change(job->store->self, &change, error);
}

static harmony_status recover_run(harmony__job *job, int64_t id, harmony_error *error)
{
	harmony_run run = HARMONY_RUN_INIT;
	harmony_status status = job->store->run_get(&run, job->store->self, id, error);

	if (status == HARMONY_OK)
		status = job->store->run_count(&run.records, job->store->self, id, error);
	if (status != HARMONY_OK)
		return status;
	run.state = HARMONY_RUN_FAILED;
	run.finished = harmony__wall(job->context);
	run.status = run.records.in_doubt > 0 ? HARMONY_INDOUBT : HARMONY_RETRY;
	(void)harmony__copy_text(run.code, sizeof(run.code), "interrupted", 11);
	const char message[] = "the program ended in the middle of this run; the next one goes on "
			       "with what was left";
	(void)harmony__copy_text(run.message, sizeof(run.message), message, sizeof(message) - 1);
	return job->store->run_put(job->store->self, &run, error);
}

/* Far more than crashes can leave: each run ends what it finds. */
#define LOOK_BACK 64

static harmony_status recover_all(harmony__job *job, const harmony__ids *runs,
				  const harmony__rows *records, harmony_error *error)
{
	harmony_status status = job->store->begin(job->store->self, error);

	if (status != HARMONY_OK)
		return status;
	for (size_t i = 0; i < records->count && status == HARMONY_OK; i++)
		if (harmony__ids_has(runs, records->list[i].run))
			status = recover_record(job, &records->list[i], error);
	for (size_t i = 0; i < runs->capacity && status == HARMONY_OK; i++)
		if (runs->slots[i] != 0)
			status = recover_run(job, runs->slots[i], error);
	return harmony__settle_transaction(job, status, error);
}

static harmony_status recover(harmony__job *job, harmony_error *error)
{
	harmony__ids runs;
	harmony__rows records = {.context = job->context};
	harmony_status status;

	harmony__ids_init(&runs, job->context);
	status = job->store->run_list(job->store->self, job->integration->id, 0, LOOK_BACK,
				      keep_running, &runs, error);
	if (status == HARMONY_NOMEM)
		status = harmony__nomem(error);
	if (status == HARMONY_OK && runs.count > 0)
		status = open_records(&records, job, error);
	if (status == HARMONY_OK && runs.count > 0)
		status = recover_all(job, &runs, &records, error);
	harmony__ids_free(&runs);
	harmony__rows_free(&records);
	return status;
}

/* ---- begin and end ---- */

harmony_status harmony__job_open(harmony__job *job, harmony_sync *sync, const char *name,
				 int direction, harmony_error *error)
{
	harmony_error locked = HARMONY_ERROR_INIT;
	harmony_status status;

	*job = (harmony__job){.sync = sync, .run = HARMONY_RUN_INIT, .why = HARMONY_ERROR_INIT,
			      .lost_first = HARMONY_ERROR_INIT};
	status = harmony__integration_find(&job->integration, sync, name, error);
	if (status == HARMONY_OK)
		status = harmony__integration_id(job->integration, error);
	if (status != HARMONY_OK)
		return status;
	job->context = sync->context;
	job->store = sync->options.store;
	job->run.direction = direction;
	(void)harmony__copy_text(job->run.integration, sizeof(job->run.integration), name,
				 strlen(name));
	harmony__ids_init(&job->touched, job->context);
	harmony__buf_init(&job->json, job->context, HARMONY_MAX_JSON_LINE);
	status =
	    job->store->lock(&job->lock, job->store->self, job->integration->id, "run", 0, &locked);
	if (status == HARMONY_BUSY)
		return harmony_error_set(error, status, NULL,
					 "another run holds integration %s; wait until it is done",
					 name);
	if (status != HARMONY_OK)
		return harmony_error_set(error, status, NULL, "%s", locked.message);
	status = recover(job, error);
	return status == HARMONY_OK ? harmony__step(sync, "recovered", error) : status;
}

harmony_status harmony__job_begin(harmony__job *job, harmony_error *error)
{
	harmony_status status = job->store->begin(job->store->self, error);

	if (status != HARMONY_OK)
		return status;
	job->run.started = harmony__wall(job->context);
	status = job->store->run_add(job->store->self, job->integration->id, &job->run, error);
	if (status != HARMONY_OK)
		job->store->rollback(job->store->self);
	return status;
}

const char *harmony__code_of(harmony_status status)
{
	return harmony_code_word(status == HARMONY_AUTH	  ? HARMONY_CODE_AUTH_REQUIRED
				 : status == HARMONY_RATE ? HARMONY_CODE_RATE_LIMITED
							  : HARMONY_CODE_NETWORK);
}

/* A record of this run that has no end yet. */
static harmony_status leave(harmony__job *job, const harmony__row *record, harmony_error *error)
{
	harmony_record_change change = HARMONY_RECORD_CHANGE_INIT;

	change.id = record->id;
	change.outcome = 1;
	if (record->state == HARMONY_STATE_NEW) {
		change.state = HARMONY_STATE_WAITING;
		if (job->delay == 0)
			job->delay = harmony__backoff(1); /* one for all: they stay in order */
		change.retry_in = job->yielded ? 0 : job->delay;
		change.code = job->yielded ? "" : harmony__code_of(job->stop);
		change.message = job->why.message;
	}
	return harmony__change(job, &change, error);
}

/* Connection statuses that say more than the states of records do. */
static bool says_more(harmony_status status)
{
	return status != HARMONY_OK && status != HARMONY_RETRY && status != HARMONY_RATE &&
	       status != HARMONY_CANCELLED;
}

/* Lines of the files that became no record are in no count. */
static void tell_lost(harmony__job *job)
{
	harmony_run *run = &job->run;
	const harmony_error *first = &job->lost_first;
	char count[40] = "a line is";
	const char *code = first->status != HARMONY_OK
				   ? first->code
				   : harmony_code_word(HARMONY_CODE_DAMAGED_ROW);

	(void)harmony__copy_text(run->code, sizeof(run->code), code, strlen(code));
	if (job->lost > 1)
		(void)snprintf(count, sizeof(count), "%llu lines are",
			       (unsigned long long)job->lost);
	(void)snprintf(run->message, sizeof(run->message),
		       "%s no record and not taken in%s%.600s; harmony check tells all that is "
		       "wrong with a file: mend it, and export it again",
		       count, first->message[0] ? ": " : "", first->message);
}

static void classify(harmony__job *job)
{
	harmony_run *run = &job->run;
	const harmony_counts *n = &run->records;
	bool import = run->direction == HARMONY_DIRECTION_IMPORT;

	if (says_more(job->stop))
		run->status = job->stop;
	else if (n->in_doubt > 0)
		run->status = HARMONY_INDOUBT;
	else if (job->stop != HARMONY_OK)
		run->status = job->stop;
	else
		run->status = n->waiting > 0                       ? HARMONY_RETRY
			      : n->rejected > 0 || job->lost > 0 ? HARMONY_REJECTED
								   : HARMONY_OK;
	if (run->status == HARMONY_OK)
		run->state = HARMONY_RUN_SUCCEEDED;
	else
		run->state = import || n->booked + n->skipped == 0 ? HARMONY_RUN_FAILED
								   : HARMONY_RUN_PARTIAL;
	if (job->stop != HARMONY_OK) {
		(void)harmony__copy_text(run->code, sizeof(run->code), job->why.code,
					 strlen(job->why.code));
		(void)harmony__copy_text(run->message, sizeof(run->message), job->why.message,
					 strlen(job->why.message));
	} else if (job->lost > 0) {
		tell_lost(job);
	}
	run->finished = harmony__wall(job->context);
}

harmony_status harmony__job_finish(harmony__job *job, harmony_error *error)
{
	harmony__rows records = {.context = job->context};
	harmony_status status = open_records(&records, job, error);

	if (status == HARMONY_OK)
		status = job->store->begin(job->store->self, error);
	if (status == HARMONY_OK) {
		for (size_t i = 0; i < records.count && status == HARMONY_OK; i++)
			if (records.list[i].run == job->run.id)
				status = leave(job, &records.list[i], error);
		if (status == HARMONY_OK)
			status = job->store->run_count(&job->run.records, job->store->self,
						       job->run.id, error);
		classify(job);
		if (status == HARMONY_OK)
			status = job->store->run_put(job->store->self, &job->run, error);
		status = harmony__settle_transaction(job, status, error);
	}
	harmony__rows_free(&records);
	return status == HARMONY_OK ? harmony__step(job->sync, "finished", error) : status;
}

/* A store that could not write, because its disk is full or for another reason of the system,
   is worth another try; input that cannot be read is not. */
harmony_status harmony__job_status(const harmony__job *job, harmony_status status,
				   harmony_error *error)
{
	if (status != HARMONY_IO || job->unreadable)
		return status;
	if (error != NULL && error->status == HARMONY_IO) {
		const char *word = harmony_status_word(HARMONY_RETRY);
		error->status = HARMONY_RETRY;
		(void)harmony__copy_text(error->code, sizeof(error->code), word, strlen(word));
	}
	return HARMONY_RETRY;
}

void harmony__job_close(harmony__job *job)
{
	if (job->integration != NULL)
		harmony__connector_close(job->integration);
	if (job->lock != NULL)
		job->store->unlock(job->store->self, job->lock);
	if (job->context != NULL) {
		harmony__ids_free(&job->touched);
		harmony__buf_free(&job->json);
		harmony__relations_free(&job->relations);
		harmony__paths_free(&job->companions);
	}
}

/* Into a caller's struct of any version. */
void harmony__give_run(harmony_run *to, const harmony_run *from)
{
	if (to != NULL) {
		size_t size = to->struct_size != 0 && to->struct_size < sizeof(*to)
				  ? to->struct_size
				  : sizeof(*to);
		memcpy(to, from, size);
		to->struct_size = size;
	}
}
