/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "sync/schedule.h"

/* ---- hooks of the sync that does the work ---- */

static bool is_export(const harmony__worker *worker)
{
	return worker->result.slot == HARMONY__DUE_TAKE || worker->result.slot == HARMONY__DUE_OFFER;
}

/* An export ends by itself after the record that it is at, which is then known to be booked. */
static int on_cancelled(void *user)
{
	harmony__worker *worker = user;
	harmony_schedule *schedule = worker->schedule;
	int hurry = atomic_load(&schedule->hurry);

	atomic_store(&schedule->alive, harmony__monotonic(schedule->context));
	if (hurry == HARMONY__CANCEL)
		return 2;
	return hurry == HARMONY__EASE && !is_export(worker);
}

/* Whether an export has had its share. */
static bool on_enough(void *user)
{
	harmony__worker *worker = user;
	harmony_schedule *schedule = worker->schedule;
	int64_t now = harmony__monotonic(schedule->context);
	bool enough;

	if (worker->result.yielded)
		return true;
	if (atomic_load(&schedule->hurry) != HARMONY__GO)
		return worker->result.yielded = true;
	if (worker->began == 0)
		worker->began = now;
	if (now - worker->began < schedule->options.slice)
		return false;
	harmony__monitor_enter(schedule->monitor);
	enough = harmony__queue_presses(schedule, now) || worker->item->package->first != NULL;
	harmony__monitor_leave(schedule->monitor);
	worker->result.yielded = enough;
	return enough;
}

#define NAP INT64_C(1000)

static harmony_status on_sleep(int64_t milliseconds, void *user)
{
	harmony__worker *worker = user;
	harmony_schedule *schedule = worker->schedule;
	int64_t end = harmony__os_monotonic() + milliseconds;
	bool over = false;

	if (schedule->options.sleep != NULL)
		return schedule->options.sleep(milliseconds, schedule->options.user);
	for (int64_t left = milliseconds; left > 0 && !over; left = end - harmony__os_monotonic()) {
		atomic_store(&schedule->alive, harmony__monotonic(schedule->context));
		/* What is left of an export has its place: others have the worker meanwhile. */
		if (is_export(worker) && on_enough(worker)) {
			worker->result.rest = left;
			return HARMONY_CANCELLED;
		}
		harmony__monitor_enter(schedule->monitor);
		over = atomic_load(&schedule->hurry) != HARMONY__GO;
		if (!over)
			harmony__monitor_wait(schedule->monitor, left < NAP ? left : NAP);
		harmony__monitor_leave(schedule->monitor);
	}
	return over ? HARMONY_CANCELLED : HARMONY_OK;
}

static harmony_status on_step(const char *name, void *user)
{
	harmony__worker *worker = user;

	if (is_export(worker) && strcmp(name, "taken") == 0)
		harmony__tell_begun(worker, HARMONY_DIRECTION_EXPORT);
	if (strcmp(name, "fetched") == 0)
		worker->result.fetched = true;
	return HARMONY_OK;
}

static void on_request(int status, void *user)
{
	harmony__result *result = &((harmony__worker *)user)->result;

	result->requests++;
	result->refusals += status >= 400 && status < 500;
	result->failures += status == 0 || status >= 500;
}

/* ---- a worker ---- */

harmony_status harmony__worker_new(harmony__worker **out, harmony_schedule *schedule,
				   harmony_error *error)
{
	harmony__worker *worker = harmony__zalloc(schedule->context, sizeof(*worker));

	if (worker == NULL)
		return harmony__nomem(error);
	worker->schedule = schedule;
	harmony__buf_init(&worker->result.lines, schedule->context, 65536);
	harmony__buf_init(&worker->result.aside, schedule->context, 8192);
	*out = worker;
	return HARMONY_OK;
}

void harmony__worker_free(harmony__worker *worker)
{
	if (worker == NULL)
		return;
	harmony_store_close(worker->store);
	harmony__buf_free(&worker->result.lines);
	harmony__buf_free(&worker->result.aside);
	harmony__free(worker->schedule->context, worker);
}

static void reset(harmony__worker *worker)
{
	harmony__result *result = &worker->result;
	harmony__buf lines = result->lines, aside = result->aside;

	*result = (harmony__result){.slot = worker->item->running,
				    .why = HARMONY_ERROR_INIT,
				    .run = HARMONY_RUN_INIT,
				    .last_export = HARMONY_RUN_INIT,
				    .last_import = HARMONY_RUN_INIT,
				    .retry_in = HARMONY__NEVER,
				    .keep_in = HARMONY__NEVER};
	harmony__buf_clear(&lines);
	harmony__buf_clear(&aside);
	result->lines = lines;
	result->aside = aside;
	worker->began = 0;
}

/* The plan's sync works for this worker, with its store, until unlend. */
static void lend(harmony__worker *worker)
{
	harmony_sync_options *options = &worker->plan->sync->options;

	options->store = worker->store;
	options->sleep = on_sleep;
	options->cancelled = on_cancelled;
	options->step = on_step;
	options->request = on_request;
	options->user = worker;
	worker->plan->integration->id = 0;
	harmony__host_init(worker->plan->integration);
}

static void unlend(harmony__worker *worker)
{
	worker->plan->sync->options.store = NULL;
	harmony__host_init(worker->plan->integration);
	harmony__forget_secrets(worker->plan->integration);
}

/* ---- what the store knows ---- */

static harmony_status keep_soonest(const harmony_record_state *record, void *user)
{
	int64_t *soonest = user;

	if (record->retry_in < *soonest)
		*soonest = record->retry_in;
	return *soonest <= 0 ? HARMONY_USER : HARMONY_OK;
}

static harmony_status keep_id(const harmony_record_state *record, void *user)
{
	*(int64_t *)user = record->id;
	return HARMONY_OK;
}

static harmony_status keep_time(const harmony_event *event, void *user)
{
	*(int64_t *)user = event->at;
	return HARMONY_USER;
}

static harmony_status ask_oldest(harmony__worker *worker, int64_t integration)
{
	harmony_store *store = worker->store;
	harmony__result *result = &worker->result;
	int64_t id = 0;
	harmony_record_query query = {.struct_size = sizeof(query),
				      .integration = integration,
				      .states = HARMONY_STATES_OPEN,
				      .limit = 1};
	harmony_status status =
	    store->record_list(store->self, &query, keep_id, &id, &result->why);

	if (status == HARMONY_OK && id != 0)
		status =
		    store->event_list(store->self, id, keep_time, &result->oldest, &result->why);
	return status == HARMONY_USER ? HARMONY_OK : status;
}

static harmony_status ask_stats(harmony__worker *worker)
{
	harmony_store *store = worker->store;
	harmony__result *result = &worker->result;
	int64_t id = worker->plan->integration->id;
	harmony_record_query query = {
	    .struct_size = sizeof(query), .integration = id, .states = HARMONY_STATES_OPEN};
	harmony_status status =
	    store->record_tally(result->records, store->self, id, &result->why);

	if (status == HARMONY_OK)
		status = store->record_list(store->self, &query, keep_soonest, &result->retry_in,
					    &result->why);
	if (status == HARMONY_USER)
		status = HARMONY_OK;
	if (status == HARMONY_OK && result->retry_in != HARMONY__NEVER)
		status = ask_oldest(worker, id);
	result->stats = status == HARMONY_OK;
	return status;
}

/* ---- the jobs ---- */

/* The last run of a direction, and when the last one ended that succeeded. */
static harmony_status load_runs(harmony_run *last, int64_t *ok, harmony__worker *worker,
				int direction)
{
	harmony_error *why = &worker->result.why;
	int64_t id = worker->plan->integration->id;
	harmony_run good = HARMONY_RUN_INIT;
	harmony_status status = harmony__last_run(&good, worker->store, id, direction, 1, why);

	*ok = good.finished;
	return status == HARMONY_OK ? harmony__last_run(last, worker->store, id, direction, 0, why)
				    : status;
}

static void do_load(harmony__worker *worker)
{
	harmony__result *result = &worker->result;

	result->status = harmony__integration_id(worker->plan->integration, &result->why);
	if (result->status == HARMONY_OK)
		result->status = load_runs(&result->last_export, &result->export_ok, worker,
					   HARMONY_DIRECTION_EXPORT);
	if (result->status == HARMONY_OK)
		result->status = load_runs(&result->last_import, &result->import_ok, worker,
					   HARMONY_DIRECTION_IMPORT);
	if (result->status == HARMONY_OK)
		harmony__problem_load(worker);
}

static void do_scan(harmony__worker *worker)
{
	harmony__result *result = &worker->result;

	result->status = harmony__watch(&result->watched, worker->plan->integration,
					worker->item->folder.taken, &result->why);
}

static harmony_status name_line(const harmony_record_state *record, void *user)
{
	harmony__result *result = user;
	char line[1024];

	(void)snprintf(line, sizeof(line), "%s:%llu: %s %s: %s [%s]", record->source_file,
		       (unsigned long long)record->source_line, harmony_kind_word(record->kind),
		       record->identifier, record->message, record->code);
	harmony__tidy(line);
	(void)harmony__buf_printf(&result->lines, "%s\n", line);
	return HARMONY_OK;
}

#define NAMED 100

/* The lines that a person must look at. */
static void name_failed(harmony__worker *worker)
{
	harmony__result *result = &worker->result;
	harmony_record_query query = {.struct_size = sizeof(query),
				      .run = result->run.id,
				      .states = HARMONY_STATE_BIT(HARMONY_STATE_REJECTED) |
						HARMONY_STATE_BIT(HARMONY_STATE_IN_DOUBT),
				      .limit = NAMED};

	if (result->run.records.rejected + result->run.records.in_doubt > 0)
		(void)worker->store->record_list(worker->store->self, &query, name_line, result,
						 NULL);
}

/* What is not what it claims to be is met again only when it changed. */
static void put_aside(harmony__worker *worker)
{
	harmony__result *result = &worker->result;
	const harmony__part *part = &result->part;
	harmony_error error = HARMONY_ERROR_INIT;

	if (!part->unreadable || part->folder || part->path[0] == '\0' ||
	    (result->status != HARMONY_FORMAT && result->status != HARMONY_LIMIT &&
	     result->status != HARMONY_RANGE && result->status != HARMONY_CORRUPT))
		return;
	if (harmony__set_aside(&result->aside, worker->plan->integration, part->path,
			       &part->state, &error) == HARMONY_OK)
		return;
	harmony__buf_clear(&result->aside);
	if (error.status == HARMONY_OK)
		return; /* another file lies there now */
	harmony__log(worker->schedule->context, HARMONY_LOG_WARNING,
		     "integration %s: %s cannot be set aside: %s", worker->plan->integration->name,
		     part->path, error.message);
}

#define PROBE 10 /* records that are offered to a package that did not answer */

static void do_export(harmony__worker *worker)
{
	harmony__result *result = &worker->result;
	const harmony__item *item = worker->item;
	harmony_export_options options = HARMONY_EXPORT_OPTIONS_INIT;

	options.due_only = 1;
	result->part = (harmony__part){.unmoved = HARMONY_ERROR_INIT,
				       .files = result->slot == HARMONY__DUE_TAKE,
				       .print = item->folder.seen,
				       .portion = item->offer_failures > 0
						      ? PROBE
						      : worker->schedule->options.portion,
				       .eager = item->eager,
				       .enough = on_enough,
				       .user = worker};
	result->status =
	    harmony__export(&result->run, worker->plan->sync, worker->plan->integration->name,
			    &options, &result->part, &result->why);
	result->ran = result->status == HARMONY_OK && result->run.id != 0;
	result->yielded = result->yielded && result->ran;
	if (result->ran)
		name_failed(worker);
	else
		put_aside(worker);
}

/* When the login ends that nobody uses. */
static void ask_login(harmony__worker *worker)
{
	harmony__result *result = &worker->result;
	harmony__buf report;

	if (worker->plan->integration->connector->keep_alive == NULL)
		return;
	harmony__buf_init(&report, worker->schedule->context, HARMONY_MAX_TEXT);
	harmony__package_report(&report, worker->plan->integration);
	result->login_left = harmony__login_left(&report);
	result->login_known = true;
	harmony__buf_free(&report);
}

static void do_import(harmony__worker *worker)
{
	harmony__result *result = &worker->result;

	harmony__tell_begun(worker, HARMONY_DIRECTION_IMPORT);
	result->status =
	    harmony_sync_import(&result->run, worker->plan->sync, worker->plan->integration->name,
				NULL, &result->why);
	result->ran = result->status == HARMONY_OK;
	ask_login(worker);
}

static void do_keep(harmony__worker *worker)
{
	harmony__result *result = &worker->result;

	result->status = harmony_sync_keep_alive(&result->keep_in, worker->plan->sync,
						 worker->plan->integration->name, &result->why);
	ask_login(worker);
}

/* What every job asks is all that this one does. */
static void do_tally(harmony__worker *worker)
{
	harmony__result *result = &worker->result;
	result->status = harmony__integration_id(worker->plan->integration, &result->why);
}

static void (*const jobs[HARMONY__DUES])(harmony__worker *worker) = {
    [HARMONY__DUE_LOAD] = do_load,     [HARMONY__DUE_TAKE] = do_export,
    [HARMONY__DUE_SCAN] = do_scan,     [HARMONY__DUE_OFFER] = do_export,
    [HARMONY__DUE_IMPORT] = do_import, [HARMONY__DUE_KEEP] = do_keep,
    [HARMONY__DUE_TALLY] = do_tally};

/* A handle that failed gives that for every call: the next job has a new one. */
static void close_failed_store(harmony__worker *worker)
{
	const harmony__result *result = &worker->result;

	if (!result->part.unreadable && result->slot != HARMONY__DUE_SCAN &&
	    (result->status == HARMONY_IO || result->status == HARMONY_CORRUPT ||
	     result->status == HARMONY_RETRY)) {
		harmony_store_close(worker->store);
		worker->store = NULL;
	}
}

/* One that is none is left to the host: it cannot be trusted to close itself either. */
static harmony_status open_store(harmony__worker *worker)
{
	const harmony_schedule_options *options = &worker->schedule->options;
	harmony_store *store = NULL;
	harmony_status status = options->open_store(&store, options->user, &worker->result.why);

	if (status == HARMONY_OK)
		status = harmony_store_check(store, &worker->result.why);
	if (status == HARMONY_OK)
		worker->store = store;
	return status;
}

void harmony__job_do(harmony__worker *worker)
{
	harmony_schedule *schedule = worker->schedule;
	harmony__result *result = &worker->result;

	reset(worker);
	if (result->slot != HARMONY__DUE_SCAN && worker->store == NULL)
		result->status = open_store(worker);
	result->opened = result->status == HARMONY_OK;
	if (result->opened) {
		lend(worker);
		jobs[result->slot](worker);
		if (result->slot != HARMONY__DUE_SCAN && result->status == HARMONY_OK)
			result->status = ask_stats(worker);
		unlend(worker);
	}
	result->hurried = atomic_load(&schedule->hurry) != HARMONY__GO;
	harmony__problem_judge(result, worker->item);
}

/* ---- from begin to end ---- */

static void note_begin(harmony_schedule *schedule, harmony__item *item, int64_t late)
{
	harmony_schedule_totals *totals = &schedule->totals;
	int slot = item->running;

	schedule->busy++;
	item->state.running_since = harmony__wall(schedule->context);
	totals->scans += slot == HARMONY__DUE_SCAN;
	totals->keep_alives += slot == HARMONY__DUE_KEEP;
	if (slot != HARMONY__DUE_IMPORT)
		return;
	totals->imports++;
	totals->late_last = late;
	totals->late_max = late > totals->late_max ? late : totals->late_max;
	totals->late_10s += late > 10000;
}

static void note_run(harmony__item *item, const harmony_run *run)
{
	bool import = run->direction == HARMONY_DIRECTION_IMPORT;
	harmony_schedule_state *state = &item->state;

	*(import ? &item->last_import : &item->last_export) = *run;
	if (run->state == HARMONY_RUN_SUCCEEDED)
		*(import ? &state->last_import_ok : &state->last_export_ok) = run->finished;
	if (import)
		item->imported = run->started;
}

static void note_load(harmony__item *item, const harmony__result *result)
{
	harmony_schedule_state *state = &item->state;

	item->last_export = result->last_export;
	item->last_import = result->last_import;
	state->last_export_ok = result->export_ok;
	state->last_import_ok = result->import_ok;
	state->problems = result->problems;
	memcpy(state->problem_since, result->since, sizeof(result->since));
	item->imported = result->last_import.started;
}

static void note_end(harmony_schedule *schedule, harmony__item *item, const harmony__result *result)
{
	harmony_schedule_state *state = &item->state;

	if (result->slot == HARMONY__DUE_LOAD && result->status == HARMONY_OK)
		note_load(item, result);
	if (result->ran) {
		bool import = result->run.direction == HARMONY_DIRECTION_IMPORT;
		note_run(item, &result->run);
		schedule->totals.exports += !import;
		*(import ? &state->imports : &state->exports) += 1;
	}
	if (result->stats) {
		memcpy(state->records, result->records, sizeof(state->records));
		state->oldest_waiting = result->oldest;
	}
	if (result->login_known)
		state->login_expires = result->login_left > 0
					   ? harmony__wall(schedule->context) + result->login_left
					   : 0;
	state->requests += result->requests;
	state->refusals += result->refusals;
	state->failures += result->failures;
}

/* Told and kept while nobody else can have the integration. */
static void report(harmony__worker *worker, const harmony__news *news)
{
	harmony_schedule *schedule = worker->schedule;
	unsigned problems = worker->item->state.problems;
	int64_t since[HARMONY_PROBLEMS];

	memcpy(since, worker->item->state.problem_since, sizeof(since));
	harmony__monitor_leave(schedule->monitor);
	harmony__tell(worker, news);
	if ((news->begun | news->ended) != 0)
		harmony__problem_save(worker, problems, since);
	close_failed_store(worker);
	harmony__monitor_enter(schedule->monitor);
}

void harmony__worker_turn(harmony__worker *worker, harmony__item *item)
{
	harmony_schedule *schedule = worker->schedule;
	harmony__news news;

	worker->item = item;
	worker->plan = item->plan;
	worker->late = harmony__monotonic(schedule->context) - item->due[item->running];
	note_begin(schedule, item, worker->late);
	harmony__monitor_leave(schedule->monitor);
	harmony__job_do(worker);
	harmony__monitor_enter(schedule->monitor);
	note_end(schedule, item, &worker->result);
	harmony__problem_weigh(&news, schedule, item, &worker->result);
	report(worker, &news);
	schedule->busy--;
	item->state.running_since = 0;
	harmony__queue_settle(schedule, item, &worker->result, harmony__monotonic(schedule->context));
	if (item->gone)
		harmony__item_free(schedule, item);
	else if (item->coming != NULL)
		harmony__item_renew(schedule, item, harmony__monotonic(schedule->context));
	worker->item = NULL;
	worker->plan = NULL;
}
