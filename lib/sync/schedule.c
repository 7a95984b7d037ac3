/* SPDX-License-Identifier: MIT */
#include "sync/schedule.h"

/* ---- the handle ---- */

static bool good_options(const harmony_schedule_options *options)
{
	return options->open_store != NULL && options->workers >= 1 && options->workers <= 64 &&
	       options->scan > 0 && options->slice > 0 && options->portion > 0;
}

harmony_status harmony_schedule_new(harmony_schedule **out, harmony_context *context,
				    const harmony_schedule_options *options, harmony_error *error)
{
	harmony_schedule_options copy = HARMONY_SCHEDULE_OPTIONS_INIT;
	harmony_schedule *schedule;
	harmony_status status = HARMONY_OK;

	if (out != NULL)
		*out = NULL;
	if (out == NULL || context == NULL || options == NULL ||
	    harmony__options_copy(&copy, sizeof(copy), options) != HARMONY_OK || !good_options(&copy))
		return harmony_error_set(error, HARMONY_INVALID, NULL,
					 "harmony_schedule_new needs a context, options made by _INIT "
					 "with open_store, 1 to 64 workers, and numbers above 0");
	schedule = harmony__zalloc(context, sizeof(*schedule));
	if (schedule == NULL)
		return harmony__nomem(error);
	schedule->context = context;
	schedule->options = copy;
	schedule->totals = (harmony_schedule_totals)HARMONY_SCHEDULE_TOTALS_INIT;
	atomic_init(&schedule->hurry, HARMONY__GO);
	atomic_init(&schedule->alive, harmony__monotonic(context));
	if ((copy.folder != NULL && (schedule->folder = harmony__strdup(context, copy.folder)) == NULL) ||
	    (copy.who != NULL && (schedule->who = harmony__strdup(context, copy.who)) == NULL))
		status = harmony__nomem(error);
	if (status == HARMONY_OK)
		status = harmony__monitor_new(&schedule->monitor, context, error);
	if (status == HARMONY_OK)
		status = harmony__monitor_new(&schedule->telling, context, error);
	if (status != HARMONY_OK) {
		harmony_schedule_free(schedule);
		return status;
	}
	*out = schedule;
	return HARMONY_OK;
}

static void plan_free(harmony_context *context, harmony__plan *plan)
{
	if (plan == NULL)
		return;
	harmony_sync_free(plan->sync);
	harmony__free(context, plan);
}

static void drop_pending(harmony_schedule *schedule)
{
	for (size_t i = 0; i < schedule->pending_count; i++)
		plan_free(schedule->context, schedule->pending[i]);
	schedule->pending_count = 0;
}

void harmony__item_free(harmony_schedule *schedule, harmony__item *item)
{
	if (item == NULL)
		return;
	plan_free(schedule->context, item->plan);
	plan_free(schedule->context, item->coming);
	harmony__free(schedule->context, item);
}

#define PATIENCE  INT64_C(10000)
#define LAST_PATIENCE INT64_C(600000) /* a request is over by then, whatever the package does */

void harmony_schedule_free(harmony_schedule *schedule)
{
	harmony__package *package;

	if (schedule == NULL)
		return;
	if (harmony_schedule_stop(schedule, PATIENCE, NULL) != HARMONY_OK &&
	    harmony_schedule_stop(schedule, LAST_PATIENCE, NULL) != HARMONY_OK)
		return; /* a thread that has hold of it is worse than memory that is not freed */
	harmony__worker_free(schedule->own);
	drop_pending(schedule);
	harmony__free(schedule->context, schedule->pending);
	for (size_t i = 0; i < schedule->count; i++)
		harmony__item_free(schedule, schedule->items[i]);
	harmony__free(schedule->context, schedule->items);
	harmony__free(schedule->context, schedule->table);
	harmony__free(schedule->context, schedule->heap);
	while ((package = schedule->packages) != NULL) {
		schedule->packages = package->next;
		harmony__free(schedule->context, package->key);
		harmony__free(schedule->context, package);
	}
	harmony__monitor_free(schedule->monitor);
	harmony__monitor_free(schedule->telling);
	harmony__free(schedule->context, schedule->folder);
	harmony__free(schedule->context, schedule->who);
	harmony__free(schedule->context, schedule);
}

/* ---- by name ---- */

const char *harmony__item_name(const harmony__item *item)
{
	return item->plan->integration->name;
}

/* The item of that name, or the free place for one. */
static harmony__item **place_of(harmony__item **table, size_t size, const char *name)
{
	size_t at = (size_t)harmony__hash64(name, strlen(name), 1) & (size - 1);

	while (table[at] != NULL && strcmp(harmony__item_name(table[at]), name) != 0)
		at = (at + 1) & (size - 1);
	return &table[at];
}

harmony__item *harmony__item_find(const harmony_schedule *schedule, const char *name)
{
	return schedule->table_size > 0 ? *place_of(schedule->table, schedule->table_size, name)
					: NULL;
}

/* ---- a new set ---- */

void harmony_schedule_begin(harmony_schedule *schedule)
{
	if (schedule == NULL)
		return;
	harmony__monitor_enter(schedule->monitor);
	drop_pending(schedule);
	schedule->beginning = true;
	schedule->failed = false;
	harmony__monitor_leave(schedule->monitor);
}

static harmony_status plan_new(harmony__plan **out, harmony_schedule *schedule, const char *name,
			       const harmony_settings *settings, const harmony_connector *connector,
			       harmony_error *error)
{
	harmony_sync_options options = HARMONY_SYNC_OPTIONS_INIT;
	harmony__plan *plan = harmony__zalloc(schedule->context, sizeof(*plan));
	harmony_status status;

	if (plan == NULL)
		return harmony__nomem(error);
	options.folder = schedule->folder;
	options.who = schedule->who;
	status = harmony_sync_new(&plan->sync, schedule->context, &options, error);
	if (status == HARMONY_OK)
		status = harmony_sync_add(plan->sync, name, settings, connector, error);
	if (status != HARMONY_OK) {
		plan_free(schedule->context, plan);
		return status;
	}
	plan->integration = plan->sync->integrations[0];
	plan->given = connector;
	plan->exports = harmony_settings_get(settings, "export_path") != NULL;
	plan->imports = harmony_settings_get(settings, "import_path") != NULL;
	*out = plan;
	return HARMONY_OK;
}

static bool is_pending(const harmony_schedule *schedule, const char *name)
{
	for (size_t i = 0; i < schedule->pending_count; i++)
		if (strcmp(schedule->pending[i]->integration->name, name) == 0)
			return true;
	return false;
}

harmony_status harmony_schedule_add(harmony_schedule *schedule, const char *name,
				    const harmony_settings *settings,
				    const harmony_connector *connector, harmony_error *error)
{
	harmony__plan *plan = NULL;
	harmony_status status;

	if (schedule == NULL)
		return harmony_error_set(error, HARMONY_INVALID, NULL, "there is no schedule");
	status = plan_new(&plan, schedule, name, settings, connector, error);
	harmony__monitor_enter(schedule->monitor);
	if (status == HARMONY_OK && !schedule->beginning)
		status = harmony_error_set(error, HARMONY_STATE, NULL,
					   "harmony_schedule_begin comes before add");
	else if (status == HARMONY_OK && is_pending(schedule, name))
		status = harmony_error_set(error, HARMONY_EXISTS, NULL,
					   "integration %s was added before", name);
	if (status == HARMONY_OK &&
	    harmony__grow(schedule->context, (void **)&schedule->pending,
			  &schedule->pending_capacity, schedule->pending_count + 1,
			  sizeof(schedule->pending[0])) != HARMONY_OK)
		status = harmony__nomem(error);
	if (status == HARMONY_OK)
		schedule->pending[schedule->pending_count++] = plan;
	else
		schedule->failed = true;
	harmony__monitor_leave(schedule->monitor);
	if (status != HARMONY_OK)
		plan_free(schedule->context, plan);
	return status;
}

/* ---- taking effect ---- */

static harmony_status package_of(harmony__package **out, harmony_schedule *schedule,
				 const harmony__plan *plan)
{
	harmony__integration *integration = plan->integration;
	const char *url = harmony_settings_get(integration->settings, "url");
	harmony__package *package;
	harmony__buf key;
	harmony_status status = HARMONY_OK;

	harmony__buf_init(&key, schedule->context, 8192);
	(void)harmony__buf_printf(&key, "%s %s", integration->connector->name,
				  url != NULL ? url : "");
	if (key.status != HARMONY_OK) {
		harmony__buf_free(&key);
		return HARMONY_NOMEM;
	}
	for (package = schedule->packages; package != NULL; package = package->next)
		if (strcmp(package->key, key.data) == 0)
			break;
	if (package == NULL) {
		package = harmony__zalloc(schedule->context, sizeof(*package));
		if (package != NULL)
			package->key = harmony__strdup(schedule->context, key.data);
		if (package == NULL || package->key == NULL) {
			harmony__free(schedule->context, package);
			status = HARMONY_NOMEM;
		} else {
			package->next = schedule->packages;
			schedule->packages = package;
		}
	}
	harmony__buf_free(&key);
	*out = package;
	return status;
}

static bool same_settings(const harmony_settings *a, const harmony_settings *b)
{
	const char *key, *value, *other;
	size_t i, j = 0;

	for (i = 0; harmony_settings_at(a, i, &key, &value); i++)
		if ((other = harmony_settings_get(b, key)) == NULL || strcmp(other, value) != 0)
			return false;
	while (harmony_settings_at(b, j, &key, &value))
		j++;
	return i == j;
}

static bool same_plan(const harmony__plan *a, const harmony__plan *b)
{
	return a->given == b->given &&
	       strcmp(a->integration->connector->name, b->integration->connector->name) == 0 &&
	       same_settings(a->integration->settings, b->integration->settings);
}

static harmony__item *item_new(harmony_schedule *schedule, harmony__plan *plan, int64_t now)
{
	harmony__item *item = harmony__zalloc(schedule->context, sizeof(*item));

	if (item == NULL)
		return NULL;
	item->plan = plan;
	item->package = plan->package;
	item->at = HARMONY__NOWHERE;
	item->running = -1;
	item->fresh = true;
	item->state.struct_size = sizeof(item->state);
	item->last_export = (harmony_run)HARMONY_RUN_INIT;
	item->last_import = (harmony_run)HARMONY_RUN_INIT;
	for (int slot = 0; slot < HARMONY__DUES; slot++)
		item->due[slot] = HARMONY__NEVER;
	item->due[HARMONY__DUE_LOAD] = now;
	return item;
}

/* The due times that follow from the configuration; what the store says of the rest stays. */
void harmony__item_renew(harmony_schedule *schedule, harmony__item *item, int64_t now)
{
	plan_free(schedule->context, item->plan);
	item->plan = item->coming;
	item->coming = NULL;
	harmony__queue_unpark(schedule, item);
	item->package = item->plan->package;
	if (item->fresh) /* its load tells */
		return;
	item->folder = (harmony__folder){0};
	item->due[HARMONY__DUE_TAKE] = HARMONY__NEVER;
	item->due[HARMONY__DUE_SCAN] = item->plan->exports ? now : HARMONY__NEVER;
	item->due[HARMONY__DUE_IMPORT] = harmony__queue_import(schedule, item, now);
	item->due[HARMONY__DUE_KEEP] = item->plan->integration->connector->keep_alive != NULL
					   ? now + 1000
					   : HARMONY__NEVER;
	if (item->due[HARMONY__DUE_OFFER] != HARMONY__NEVER) /* what was wrong may be mended */
		item->due[HARMONY__DUE_OFFER] = now;
	item->import_failures = item->offer_failures = 0;
	harmony__queue_put(schedule, item);
}

/* The next set, complete before anything of it takes effect. */
typedef struct next_set {
	harmony__item **items, **table, **heap;
	size_t count, table_size;
} next_set;

static harmony_status prepare(next_set *next, harmony_schedule *schedule, int64_t now)
{
	size_t count = schedule->pending_count, size = 16;
	harmony_context *context = schedule->context;

	while (size < 2 * count)
		size *= 2;
	*next = (next_set){.table_size = size};
	next->items = harmony__zalloc(context, (count + 1) * sizeof(next->items[0]));
	next->heap = harmony__zalloc(context, (count + 1) * sizeof(next->heap[0]));
	next->table = harmony__zalloc(context, size * sizeof(next->table[0]));
	if (next->items == NULL || next->heap == NULL || next->table == NULL)
		return HARMONY_NOMEM;
	for (size_t i = 0; i < count; i++) {
		harmony__plan *plan = schedule->pending[i];
		if (package_of(&plan->package, schedule, plan) != HARMONY_OK)
			return HARMONY_NOMEM;
		next->items[i] = harmony__item_find(schedule, plan->integration->name);
		if (next->items[i] == NULL)
			next->items[i] = item_new(schedule, plan, now);
		if (next->items[i] == NULL)
			return HARMONY_NOMEM;
		next->count++;
	}
	return HARMONY_OK;
}

static void next_free(next_set *next, harmony_schedule *schedule, bool items)
{
	harmony_context *context = schedule->context;

	for (size_t i = 0; items && i < next->count; i++)
		if (next->items[i]->plan == schedule->pending[i]) /* new ones; the plan is pending's */
			harmony__free(context, next->items[i]);
	harmony__free(context, next->items);
	harmony__free(context, next->table);
	harmony__free(context, next->heap);
}

/* An integration that is there already. */
static void adopt(harmony_schedule *schedule, harmony__item *item, harmony__plan *plan, int64_t now)
{
	if (same_plan(item->coming != NULL ? item->coming : item->plan, plan)) {
		plan_free(schedule->context, plan);
		return;
	}
	plan_free(schedule->context, item->coming);
	item->coming = plan;
	if (item->running < 0)
		harmony__item_renew(schedule, item, now);
}

static void retire(harmony_schedule *schedule, harmony__item *item)
{
	harmony__queue_unpark(schedule, item);
	harmony__queue_drop(schedule, item);
	item->gone = true;
	if (item->running < 0)
		harmony__item_free(schedule, item);
}

/* Nothing in here can fail. */
static void commit(harmony_schedule *schedule, next_set *next, int64_t now)
{
	harmony__item **old = schedule->items, **old_table = schedule->table,
		      **old_heap = schedule->heap;
	size_t old_count = schedule->count;

	for (size_t i = 0; i < next->count; i++) {
		const char *name = harmony__item_name(next->items[i]);
		*place_of(next->table, next->table_size, name) = next->items[i];
	}
	for (size_t i = 0; i < old_count; i++)
		if (*place_of(next->table, next->table_size, harmony__item_name(old[i])) == NULL)
			retire(schedule, old[i]);
	for (size_t i = 0; i < schedule->heap_count; i++)
		next->heap[i] = old_heap[i];
	schedule->items = next->items;
	schedule->count = next->count;
	schedule->table = next->table;
	schedule->table_size = next->table_size;
	schedule->heap = next->heap;
	for (size_t i = 0; i < next->count; i++) {
		harmony__item *item = next->items[i];
		if (item->plan == schedule->pending[i])
			harmony__queue_put(schedule, item);
		else
			adopt(schedule, item, schedule->pending[i], now);
	}
	schedule->pending_count = 0;
	schedule->beginning = false;
	next->items = old;
	next->table = old_table;
	next->heap = old_heap;
}

harmony_status harmony_schedule_apply(harmony_schedule *schedule, harmony_error *error)
{
	next_set next = {0};
	int64_t now;
	harmony_status status = HARMONY_OK;

	if (schedule == NULL)
		return harmony_error_set(error, HARMONY_INVALID, NULL, "there is no schedule");
	now = harmony__monotonic(schedule->context);
	harmony__monitor_enter(schedule->monitor);
	if (!schedule->beginning || schedule->failed)
		status = harmony_error_set(error, HARMONY_STATE, NULL,
					   "apply comes after begin, and when every add succeeded");
	if (status == HARMONY_OK && (status = prepare(&next, schedule, now)) != HARMONY_OK)
		status = harmony__nomem(error);
	if (status == HARMONY_OK)
		commit(schedule, &next, now);
	next_free(&next, schedule, status != HARMONY_OK);
	harmony__monitor_wake_all(schedule->monitor);
	harmony__monitor_leave(schedule->monitor);
	return status;
}

/* ---- sooner ---- */

static void hurry(harmony_schedule *schedule, harmony__item *item, bool poke, int64_t now)
{
	item->hinted = true;
	item->poked = item->poked || poke;
	if (item->running >= 0) /* seen when its job ends */
		return;
	harmony__queue_hasten(item, now);
	harmony__queue_put(schedule, item);
}

static harmony_status hurry_named(harmony_schedule *schedule, const char *name, bool poke)
{
	harmony__item *item;
	int64_t now;

	if (schedule == NULL)
		return HARMONY_INVALID;
	now = harmony__monotonic(schedule->context);
	harmony__monitor_enter(schedule->monitor);
	item = name != NULL ? harmony__item_find(schedule, name) : NULL;
	if (item != NULL)
		hurry(schedule, item, poke, now);
	for (size_t i = 0; name == NULL && i < schedule->count; i++)
		hurry(schedule, schedule->items[i], poke, now);
	harmony__monitor_wake_all(schedule->monitor);
	harmony__monitor_leave(schedule->monitor);
	return name == NULL || item != NULL ? HARMONY_OK : HARMONY_NOTFOUND;
}

harmony_status harmony_schedule_hint(harmony_schedule *schedule, const char *name)
{
	return hurry_named(schedule, name, false);
}

harmony_status harmony_schedule_poke(harmony_schedule *schedule, const char *name)
{
	return hurry_named(schedule, name, true);
}

/* ---- told ---- */

static void fill_totals(harmony_schedule_totals *to, harmony_schedule *schedule)
{
	int64_t now = harmony__monotonic(schedule->context);
	harmony_schedule_totals now_so = schedule->totals;

	now_so.integrations = schedule->count;
	now_so.workers = schedule->worker_count;
	now_so.busy = schedule->busy;
	for (size_t i = 0; i < schedule->count; i++)
		now_so.due += schedule->items[i]->running < 0 &&
			      (schedule->items[i]->parked || schedule->items[i]->key <= now);
	now_so.alive = now - atomic_load(&schedule->alive);
	size_t size = to->struct_size < sizeof(now_so) ? to->struct_size : sizeof(now_so);
	now_so.struct_size = size;
	memcpy(to, &now_so, size);
}

/* A monotonic time as UTC ms. */
static int64_t wall_of(const harmony_schedule *schedule, int64_t due)
{
	return due == HARMONY__NEVER ? 0
				     : due - harmony__monotonic(schedule->context) +
					   harmony__wall(schedule->context);
}

/* One integration, with what its state points to. */
typedef struct told {
	harmony_schedule_state state;
	harmony_run last_export, last_import;
	char name[HARMONY_NAME_SIZE];
} told;

/* The n-th integration as it stands now; false behind the last. */
static bool copy_state(told *out, harmony_schedule *schedule, size_t n)
{
	harmony_schedule_state *state = &out->state;
	harmony__item *item;
	bool there;

	harmony__monitor_enter(schedule->monitor);
	there = n < schedule->count;
	if (there) {
		item = schedule->items[n];
		*state = item->state;
		out->last_export = item->last_export;
		out->last_import = item->last_import;
		(void)harmony__copy_text(out->name, sizeof(out->name), harmony__item_name(item),
					 strlen(harmony__item_name(item)));
		state->last_export = &out->last_export;
		state->last_import = &out->last_import;
		state->name = out->name;
		state->connector = item->plan->integration->connector->name;
		state->interval = item->plan->integration->interval;
		state->next_import = wall_of(schedule, item->due[HARMONY__DUE_IMPORT]);
		state->next_scan = wall_of(schedule, item->due[HARMONY__DUE_SCAN]);
	}
	harmony__monitor_leave(schedule->monitor);
	return there;
}

harmony_status harmony_schedule_snapshot(harmony_schedule_totals *totals,
					 harmony_schedule *schedule, harmony_schedule_state_fn fn,
					 void *user)
{
	told one;
	harmony_status status = HARMONY_OK;

	if (schedule == NULL || (totals != NULL && totals->struct_size == 0))
		return HARMONY_INVALID;
	if (totals != NULL) {
		harmony__monitor_enter(schedule->monitor);
		fill_totals(totals, schedule);
		harmony__monitor_leave(schedule->monitor);
	}
	for (size_t n = 0; fn != NULL && status == HARMONY_OK; n++) {
		if (!copy_state(&one, schedule, n))
			break;
		status = fn(&one.state, user);
	}
	return status;
}
