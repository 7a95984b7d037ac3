/* SPDX-License-Identifier: MIT */
#include "sync/schedule.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

/* ---- the heap ---- */

static void place(harmony_schedule *schedule, harmony__item *item, size_t at)
{
	schedule->heap[at] = item;
	item->at = at;
}

static void rise(harmony_schedule *schedule, harmony__item *item)
{
	size_t at = item->at;

	while (at > 0 && schedule->heap[(at - 1) / 2]->key > item->key) {
		place(schedule, schedule->heap[(at - 1) / 2], at);
		at = (at - 1) / 2;
	}
	place(schedule, item, at);
}

static void sink(harmony_schedule *schedule, harmony__item *item)
{
	size_t at = item->at;

	for (size_t child = 2 * at + 1; child < schedule->heap_count; child = 2 * at + 1) {
		if (child + 1 < schedule->heap_count &&
		    schedule->heap[child + 1]->key < schedule->heap[child]->key)
			child++;
		if (schedule->heap[child]->key >= item->key)
			break;
		place(schedule, schedule->heap[child], at);
		at = child;
	}
	place(schedule, item, at);
}

void harmony__queue_drop(harmony_schedule *schedule, harmony__item *item)
{
	size_t at = item->at;

	if (at == HARMONY__NOWHERE)
		return;
	item->at = HARMONY__NOWHERE;
	harmony__item *last = schedule->heap[--schedule->heap_count];
	if (last == item)
		return;
	place(schedule, last, at);
	rise(schedule, last);
	sink(schedule, last);
}

/* ---- what is due ---- */

bool harmony__slot_speaks(int slot)
{
	return slot == HARMONY__DUE_TAKE || slot == HARMONY__DUE_OFFER ||
	       slot == HARMONY__DUE_IMPORT || slot == HARMONY__DUE_KEEP;
}

/* What speaks to the package and can wait for its turn: a file is taken in whether the
   package is there or not, since the ERP may write the next one over it. */
static bool can_park(int slot)
{
	return harmony__slot_speaks(slot) && slot != HARMONY__DUE_TAKE;
}

/* The slot that is due first. */
static int first_slot(const harmony__item *item)
{
	int first = -1;

	for (int slot = 0; slot < HARMONY__DUES; slot++)
		if (!(item->parked && can_park(slot)) && item->due[slot] != HARMONY__NEVER &&
		    (first < 0 || item->due[slot] < item->due[first]))
			first = slot;
	return first;
}

void harmony__queue_put(harmony_schedule *schedule, harmony__item *item)
{
	int slot = first_slot(item);

	if (slot < 0 || item->running >= 0 || item->gone) {
		harmony__queue_drop(schedule, item);
		return;
	}
	item->key = item->due[slot];
	if (item->at == HARMONY__NOWHERE)
		place(schedule, item, schedule->heap_count++);
	rise(schedule, item);
	sink(schedule, item);
}

/* ---- turns with a package ---- */

#define SILENT_MOST 3

/* How many jobs may speak to it at once. */
static unsigned turns_of(const harmony_schedule *schedule, const harmony__package *package)
{
	unsigned most = schedule->worker_count * 3 / 4;
	return package->silent >= SILENT_MOST || most < 1 ? 1 : most;
}

static void park(harmony__item *item)
{
	harmony__package *package = item->package;

	item->parked = true;
	item->next = NULL;
	if (package->last != NULL)
		package->last->next = item;
	else
		package->first = item;
	package->last = item;
}

void harmony__queue_unpark(harmony_schedule *schedule, harmony__item *item)
{
	harmony__item *before = NULL;
	harmony__item **link = &item->package->first;

	if (!item->parked)
		return;
	while (*link != item) {
		before = *link;
		link = &before->next;
	}
	*link = item->next;
	if (item->package->last == item)
		item->package->last = before;
	item->parked = false;
	item->next = NULL;
	harmony__queue_put(schedule, item);
}

static void end_turn(harmony_schedule *schedule, harmony__item *item, int answered)
{
	harmony__package *package = item->package;

	package->running--;
	if (answered > 0)
		package->silent = 0;
	else if (answered < 0 && package->silent < SILENT_MOST)
		package->silent++;
	for (unsigned i = package->running;
	     i < turns_of(schedule, package) && package->first != NULL; i++)
		harmony__queue_unpark(schedule, package->first);
}

#define SCAN_LATER INT64_C(200)

/* A look at a share that hangs must not take every worker. */
static bool may_scan(const harmony_schedule *schedule)
{
	return schedule->scanning == 0 || schedule->scanning < schedule->worker_count / 2;
}

harmony__item *harmony__queue_take(harmony_schedule *schedule, int64_t now, int64_t *wait)
{
	*wait = HARMONY__NEVER;
	if (now < schedule->held) {
		*wait = schedule->held - now;
		return NULL;
	}
	while (schedule->heap_count > 0) {
		harmony__item *item = schedule->heap[0];
		int slot = first_slot(item);

		if (item->key > now) {
			*wait = item->key - now;
			return NULL;
		}
		if (slot == HARMONY__DUE_SCAN && !may_scan(schedule)) {
			item->due[slot] = now + SCAN_LATER;
			harmony__queue_put(schedule, item);
			continue;
		}
		if (can_park(slot) &&
		    item->package->running >= turns_of(schedule, item->package)) {
			park(item);
			harmony__queue_put(schedule, item);
			continue;
		}
		item->running = slot;
		harmony__queue_drop(schedule, item);
		item->package->running += harmony__slot_speaks(slot);
		schedule->scanning += slot == HARMONY__DUE_SCAN;
		return item;
	}
	return NULL;
}

bool harmony__queue_presses(harmony_schedule *schedule, int64_t now)
{
	return schedule->idle == 0 && schedule->heap_count > 0 && schedule->heap[0]->key <= now;
}

/* ---- what is due after a job ---- */

static uint64_t hash_of(const harmony__item *item)
{
	const char *name = harmony__item_name(item);
	return harmony__hash64(name, strlen(name), 0);
}

/* What is overdue begins so far apart. */
#define SPREAD INT64_C(100)

int64_t harmony__queue_import(const harmony_schedule *schedule, const harmony__item *item,
			      int64_t now)
{
	int64_t interval = item->plan->integration->interval, wall = harmony__wall(schedule->context);
	int64_t spread = (int64_t)schedule->count * SPREAD, turn;

	if (!item->plan->imports || interval <= 0)
		return HARMONY__NEVER;
	turn = harmony__next_poll(item->plan->integration, item->imported, wall);
	if (turn > wall)
		return now + turn - wall;
	spread = spread < interval ? spread : interval;
	return now + (int64_t)(hash_of(item) % (uint64_t)(spread + 1));
}

/* 30 s, doubled up to an hour. */
static int64_t patience_after(unsigned failures)
{
	int64_t wait = 30 * SECOND;

	for (unsigned i = 1; i < failures && wait < HOUR; i++)
		wait *= 2;
	return wait < HOUR ? wait : HOUR;
}

static void after_load(harmony_schedule *schedule, harmony__item *item,
		       const harmony__result *result, int64_t now)
{
	uint64_t hash = hash_of(item);

	if (result->status != HARMONY_OK) {
		item->due[HARMONY__DUE_LOAD] = now + 10 * SECOND;
		return;
	}
	item->fresh = false;
	if (item->plan->exports)
		item->due[HARMONY__DUE_SCAN] =
		    now + (int64_t)(hash % (uint64_t)schedule->options.scan);
	item->due[HARMONY__DUE_IMPORT] = harmony__queue_import(schedule, item, now);
	if (item->plan->integration->connector->keep_alive != NULL)
		item->due[HARMONY__DUE_KEEP] = now + 30 * SECOND + (int64_t)(hash % (10 * MINUTE));
}

/* How long the files must have been as they are. */
static int64_t settled_after(const harmony__item *item, const harmony__watched *watched)
{
	int64_t stable = item->plan->integration->stable;
	return watched->companion ? 0 : watched->whole ? stable : 10 * stable;
}

#define SOON INT64_C(50)

static void after_scan(harmony_schedule *schedule, harmony__item *item,
		       const harmony__result *result, int64_t now)
{
	harmony__folder *folder = &item->folder;
	const harmony__watched *watched = &result->watched;
	int64_t next = schedule->options.scan, left;

	if (result->status != HARMONY_OK) {
		folder->seen = 0;
		item->due[HARMONY__DUE_SCAN] = now + (next > 10 * SECOND ? next : 10 * SECOND);
		return;
	}
	bool nothing = watched->print == 0 ||
		       (watched->print == folder->taken && !watched->companion) ||
		       (watched->print == folder->held && now < folder->until);
	if (watched->print != folder->held)
		folder->refusals = 0;
	if (watched->print != folder->seen) {
		folder->seen = watched->print;
		folder->since = now;
	}
	if (!nothing) {
		left = folder->since + settled_after(item, watched) - now;
		if (left <= 0) {
			item->due[HARMONY__DUE_TAKE] = now;
			return; /* the next look comes after it */
		}
		next = left < SOON ? SOON : left < next ? left : next;
	}
	item->due[HARMONY__DUE_SCAN] = now + next;
}

/* What the look at the folder is after its files were taken, or could not be. */
static void after_take(harmony_schedule *schedule, harmony__item *item,
		       const harmony__result *result, int64_t now)
{
	harmony__folder *folder = &item->folder;
	int64_t next = schedule->options.scan, wait;

	if (result->status == HARMONY_OK) {
		/* what is still there after it, files for the archive or a companion, could not
		   be taken away: tried again after a while */
		bool stay = harmony_settings_get(item->plan->integration->settings,
						 "archive_path") == NULL;
		folder->taken = stay ? result->part.print : 0;
		folder->held = stay && result->ran ? 0 : result->part.print;
		wait = patience_after(++folder->refusals);
		folder->until = now + (wait < MINUTE ? wait : MINUTE);
	} else if (result->part.unreadable && result->aside.len > 0) {
		folder->seen = folder->taken = 0; /* what is left beside it comes next */
		next = SOON;
	} else if (result->part.unreadable && !result->part.folder &&
		   result->status != HARMONY_RETRY) {
		folder->held = result->part.print;
		folder->until = now + patience_after(++folder->refusals);
	} else {
		folder->seen = result->part.unreadable ? 0 : folder->seen;
		next = 5 * SECOND;
	}
	item->due[HARMONY__DUE_SCAN] = now + next;
}

static void after_import(harmony_schedule *schedule, harmony__item *item,
			 const harmony__result *result, int64_t now)
{
	int64_t interval = item->plan->integration->interval, wait;

	if (result->ran && result->run.status == HARMONY_OK) {
		item->import_failures = 0;
	} else if (result->answered < 0 || result->status != HARMONY_OK) {
		/* sooner than at its next turn, while it does not answer */
		wait = result->status != HARMONY_OK ? 5 * SECOND
						    : 2 * patience_after(++item->import_failures);
		wait += (int64_t)(hash_of(item) % (5 * SECOND));
		item->due[HARMONY__DUE_IMPORT] = now + (wait < interval ? wait : interval);
		return;
	}
	item->due[HARMONY__DUE_IMPORT] = harmony__queue_import(schedule, item, now);
}

static void after_keep(harmony__item *item, const harmony__result *result, int64_t now)
{
	int64_t wait = 6 * HOUR;

	if (result->status != HARMONY_OK)
		wait = result->status == HARMONY_AUTH ? 10 * MINUTE : 5 * MINUTE;
	else if (result->keep_in < wait)
		wait = result->keep_in > MINUTE ? result->keep_in : MINUTE;
	item->due[HARMONY__DUE_KEEP] = now + wait;
}

static bool is_export(const harmony__result *result)
{
	return result->slot == HARMONY__DUE_TAKE || result->slot == HARMONY__DUE_OFFER;
}

/* Whether the package did its work in this job; keeps count of when it does not. */
static bool note_progress(harmony__item *item, const harmony__result *result)
{
	bool export = is_export(result);
	bool progress = result->ran && (export ? result->run.records.booked > 0
					       : result->run.status == HARMONY_OK);

	item->eager = (item->eager && !export) || (progress && item->offer_failures > 0);
	if (progress)
		item->offer_failures = 0;
	else if (export && result->ran && !result->yielded && result->run.code[0] != '\0')
		item->offer_failures++; /* down, or no login, or no more for today */
	return progress;
}

/* When what waits is offered again. */
static void next_offer(harmony__item *item, const harmony__result *result, int64_t now)
{
	bool export = is_export(result), progress = note_progress(item, result);
	int64_t wait = result->retry_in;

	if (export)
		item->resting = result->yielded ? now + result->rest : 0;
	if (result->yielded || (item->eager && wait != HARMONY__NEVER)) {
		item->due[HARMONY__DUE_OFFER] = now > item->resting ? now : item->resting;
		return;
	}
	if (!result->stats) {
		if (result->slot == HARMONY__DUE_OFFER)
			item->due[HARMONY__DUE_OFFER] = now + 10 * SECOND;
		return;
	}
	if (wait != HARMONY__NEVER && item->offer_failures > 0 &&
	    wait < patience_after(item->offer_failures))
		wait = patience_after(item->offer_failures);
	if (wait != HARMONY__NEVER && now + wait < item->resting)
		wait = item->resting - now;
	if (wait < 5 * SECOND && export && !progress) /* nothing moves: no hurry */
		wait = 5 * SECOND;
	if (wait == HARMONY__NEVER)
		item->due[HARMONY__DUE_OFFER] = HARMONY__NEVER;
	else if (export || now + wait < item->due[HARMONY__DUE_OFFER])
		item->due[HARMONY__DUE_OFFER] = now + wait;
}

#define HOLD (5 * SECOND)

/* A person mends records in another process: seen soon while that is likely, and later on
   once a minute. */
static void next_tally(harmony_schedule *schedule, harmony__item *item, int64_t now)
{
	const harmony_schedule_state *state = &item->state;
	int64_t wall = harmony__wall(schedule->context), since = wall;

	for (int i = HARMONY_PROBLEM_RECORDS; i <= HARMONY_PROBLEM_DOUBT; i++)
		if ((state->problems >> i & 1) != 0 && state->problem_since[i] < since)
			since = state->problem_since[i];
	if ((state->problems >> HARMONY_PROBLEM_RECORDS & 3) == 0)
		item->due[HARMONY__DUE_TALLY] = HARMONY__NEVER;
	else if (item->due[HARMONY__DUE_TALLY] == HARMONY__NEVER)
		item->due[HARMONY__DUE_TALLY] =
		    now + (wall - since < 10 * MINUTE ? 5 * SECOND : MINUTE);
}

void harmony__queue_hasten(harmony__item *item, int64_t now)
{
	if (item->fresh) /* its load tells what it has to do */
		return;
	if (item->hinted && item->plan->exports && item->due[HARMONY__DUE_TAKE] == HARMONY__NEVER)
		item->due[HARMONY__DUE_SCAN] = now;
	for (int slot = HARMONY__DUE_OFFER; slot <= HARMONY__DUE_KEEP && item->poked; slot++)
		if (item->due[slot] != HARMONY__NEVER)
			item->due[slot] = now;
	item->hinted = item->poked = false;
}

void harmony__queue_settle(harmony_schedule *schedule, harmony__item *item,
			   const harmony__result *result, int64_t now)
{
	int slot = item->running;

	if ((result->holds >> HARMONY_PROBLEM_STORE & 1) != 0) /* others would find the same */
		schedule->held = now + HOLD;
	schedule->scanning -= slot == HARMONY__DUE_SCAN;
	item->running = -1;
	item->due[slot] = HARMONY__NEVER;
	if (slot == HARMONY__DUE_LOAD)
		after_load(schedule, item, result, now);
	else if (slot == HARMONY__DUE_SCAN)
		after_scan(schedule, item, result, now);
	else if (slot == HARMONY__DUE_TAKE)
		after_take(schedule, item, result, now);
	else if (slot == HARMONY__DUE_IMPORT)
		after_import(schedule, item, result, now);
	else if (slot == HARMONY__DUE_KEEP)
		after_keep(item, result, now);
	if (slot != HARMONY__DUE_SCAN)
		next_offer(item, result, now);
	next_tally(schedule, item, now);
	harmony__queue_hasten(item, now);
	if (harmony__slot_speaks(slot))
		end_turn(schedule, item, result->answered);
	harmony__queue_put(schedule, item);
}
