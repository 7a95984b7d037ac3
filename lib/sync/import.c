/* SPDX-License-Identifier: MIT */
#include "sync/sync.h"

int64_t harmony__next_poll(const harmony__integration *integration, int64_t last, int64_t now)
{
	int64_t interval = integration->interval, phase, turn;

	/* A clock that ran ahead, and was set back, does not put off what is due. */
	if (last == 0 || last > now)
		return now;
	/* the integration's own place in the interval; one that is just over is not met again */
	phase = (int64_t)(harmony__hash64(integration->name, strlen(integration->name), 0) %
			  (uint64_t)interval);
	turn = last + interval / 8 - phase;
	turn = (turn / interval + (turn % interval > 0)) * interval + phase;
	return turn > now ? turn : now;
}

typedef struct fetch {
	harmony__job *job;
	harmony_dbopen_writer *writer;
	uint64_t items;
	harmony_error *error;
} fetch;

static harmony_status take_item(const harmony_record *item, void *user)
{
	fetch *into = user;
	harmony_sync *sync = into->job->sync;

	if (harmony__cancelled(sync))
		return HARMONY_CANCELLED;
	into->items++;
	if (sync->options.progress != NULL)
		sync->options.progress(HARMONY_PHASE_FETCH, into->job->integration->name,
				       into->items, 0, sync->options.user);
	return harmony_dbopen_writer_add(into->writer, item, into->error);
}

/* Everything or an error; the file is renewed only by everything. */
static harmony_status fetch_and_save(harmony__job *job, const char *path, harmony_error *why)
{
	harmony__integration *integration = job->integration;
	fetch into = {.job = job, .error = why};
	int changed = 0;
	harmony_status status =
	    harmony_dbopen_writer_new(&into.writer, job->context, &integration->dbopen, why);

	if (status == HARMONY_OK)
		status = harmony__connector_open(integration, why);
	if (status == HARMONY_OK)
		status = integration->connector->outstanding(
		    integration->instance, integration->dbopen.sides, take_item, &into, why);
	if (status == HARMONY_OK)
		status = harmony__step(job->sync, "fetched", why);
	if (status == HARMONY_OK)
		status = harmony_dbopen_writer_save(into.writer, path, &changed, why);
	if (status == HARMONY_OK) {
		job->run.sales = harmony_dbopen_writer_count(into.writer, HARMONY_SIDE_SALES);
		job->run.purchase = harmony_dbopen_writer_count(into.writer, HARMONY_SIDE_PURCHASE);
		(void)harmony__copy_text(job->run.file, sizeof(job->run.file), path, strlen(path));
	}
	harmony_dbopen_writer_free(into.writer);
	return status;
}

static harmony_status start(harmony__job *job, harmony_error *error)
{
	harmony_status status = harmony__job_begin(job, error);
	return status == HARMONY_OK ? harmony__settle_transaction(job, HARMONY_OK, error) : status;
}

/* An import every half hour is of no use for ever. */
static harmony_status forget_old(const harmony__job *job, harmony_error *error)
{
	harmony_store *store = job->store;
	int64_t before = harmony__wall(job->context) - job->integration->history;

	if (store->struct_size <= offsetof(harmony_store, run_forget))
		return HARMONY_OK;
	return store->run_forget(store->self, job->integration->id, before, error);
}

harmony_status harmony_sync_import(harmony_run *run, harmony_sync *sync, const char *name,
				   const char *path, harmony_error *error)
{
	harmony_error why = HARMONY_ERROR_INIT;
	harmony__buf target;
	harmony__job job;
	const char *setting;
	harmony_status status =
	    harmony__job_open(&job, sync, name, HARMONY_DIRECTION_IMPORT, error);

	if (status != HARMONY_OK) {
		harmony__job_close(&job);
		return status;
	}
	harmony__buf_init(&target, job.context, 4096);
	setting = harmony_settings_get(job.integration->settings, "import_path");
	if (path != NULL)
		(void)harmony__buf_str(&target, path);
	else if (setting != NULL)
		status = harmony__path(&target, sync, setting, error);
	else
		status = harmony_error_set(
		    error, HARMONY_CONFIG, NULL,
		    "integration %s: import_path is not set; set it, or name the file", name);
	if (status == HARMONY_OK)
		status = harmony__buf_check(&target, "the path of the snapshot", error);
	if (status == HARMONY_OK)
		status = forget_old(&job, error);
	if (status == HARMONY_OK)
		status = start(&job, error);
	if (status == HARMONY_OK) {
		status = fetch_and_save(&job, target.data, &why);
		if (status != HARMONY_OK)
			harmony__job_stop(&job, status, &why);
		status = harmony__job_finish(&job, error);
	}
	status = harmony__job_status(&job, status, error);
	if (status == HARMONY_OK)
		harmony__give_run(run, &job.run);
	harmony__buf_free(&target);
	harmony__job_close(&job);
	return harmony__answer(status, error);
}
