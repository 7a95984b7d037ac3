/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "sync/sync.h"

/* ---- records out of the store ---- */

void harmony__window_init(harmony__window *window, harmony_context *context, harmony_error *error)
{
	*window = (harmony__window){.context = context, .error = error};
}

void harmony__window_clear(harmony__window *window)
{
	for (size_t i = 0; i < window->count; i++)
		harmony_record_free(window->entries[i].record);
	window->count = 0;
}

void harmony__window_free(harmony__window *window)
{
	harmony__window_clear(window);
	harmony_jsonl_free(window->reader);
	harmony__free(window->context, window->entries);
	*window = (harmony__window){.context = window->context};
}

/* A record of the line that was fed last. */
static harmony_status keep_record(const harmony_record *record, const harmony_diagnostic *failures,
				  size_t count, void *user)
{
	harmony__window *window = user;
	harmony__entry *entry = &window->entries[window->count - 1];
	char path[48];

	if (count > 0) {
		entry->bad = true;
		harmony__field_path(path, sizeof(path), &failures[0]);
		harmony_verdict_set(&entry->verdict, HARMONY_OUTCOME_REJECTED,
				    harmony_code_word(failures[0].code), path, "%s",
				    failures[0].message);
	}
	return harmony_record_copy(&entry->record, record, window->error);
}

/* What came out of the store must be what went in: the hash of its fields tells. */
static harmony_status verify(const harmony__window *window, const harmony__entry *entry)
{
	uint8_t hash[HARMONY_HASH_SIZE];
	harmony_status status =
	    entry->record != NULL ? harmony_record_hash(hash, entry->record) : HARMONY_CORRUPT;

	if (status == HARMONY_OK && memcmp(hash, entry->hash, sizeof(hash)) == 0)
		return HARMONY_OK;
	if (status != HARMONY_OK && status != HARMONY_CORRUPT)
		return status;
	return harmony_error_set(
	    window->error, HARMONY_CORRUPT, NULL,
	    "record %lld of the store is damaged: its fields are not those that "
	    "were stored; restore a copy of the store",
	    (long long)entry->id);
}

harmony_status harmony__window_add(const harmony_record_state *state, void *user)
{
	harmony__window *window = user;
	harmony__entry *entry;
	harmony_status status = HARMONY_OK;

	if (harmony__grow(window->context, (void **)&window->entries, &window->capacity,
			  window->count + 1, sizeof(*entry)) != HARMONY_OK)
		return harmony__nomem(window->error);
	entry = &window->entries[window->count++];
	*entry = (harmony__entry){.id = state->id,
				  .kind = state->kind,
				  .state = state->state,
				  .owner = state->owner,
				  .applied = state->applied,
				  .attempts = state->attempts,
				  .verdict = HARMONY_VERDICT_INIT};
	memcpy(entry->hash, state->hash, sizeof(entry->hash));
	(void)harmony__copy_text(entry->key, sizeof(entry->key), state->key, strlen(state->key));
	(void)harmony__copy_text(entry->code, sizeof(entry->code), state->code,
				 strlen(state->code));
	if (window->reader == NULL)
		status = harmony_jsonl_new(&window->reader, window->context, "the store",
					   keep_record, NULL, window, window->error);
	if (status == HARMONY_OK)
		status =
		    harmony_jsonl_feed(window->reader, state->json, state->json_len, window->error);
	if (status == HARMONY_OK)
		status = harmony_jsonl_feed(window->reader, "\n", 1, window->error);
	return status == HARMONY_OK ? verify(window, entry) : status;
}

/* ---- leftovers ---- */

/* What may be in the package already comes first, then masters before entries. */
static harmony_status find_leftovers(harmony__rows *all, harmony__job *job, int due,
				     harmony_error *error)
{
	static const int states[] = {HARMONY_STATE_IN_DOUBT, HARMONY_STATE_OFFERED,
				     HARMONY_STATE_NEW, HARMONY_STATE_WAITING};
	size_t most = job->part != NULL ? job->part->portion : 0;
	harmony_status status = HARMONY_OK;

	for (size_t i = 0; i < HARMONY__COUNT(states) && status == HARMONY_OK; i++) {
		harmony_record_query query = {.struct_size = sizeof(query),
					      .integration = job->integration->id,
					      .states = HARMONY_STATE_BIT(states[i]),
					      .limit = most > 0 ? most - all->count : 0,
					      .in_order = 1,
					      .due = due};
		status = harmony__rows_list(all, job, &query, error);
		if (most > 0 && all->count >= most)
			break;
	}
	return status;
}

harmony_status harmony__claim_leftovers(harmony__job *job, int due, harmony_error *error)
{
	harmony__rows all = {.context = job->context};
	harmony_status status = find_leftovers(&all, job, due, error);

	for (size_t i = 0; i < all.count && status == HARMONY_OK; i++) {
		harmony_record_change change = HARMONY_RECORD_CHANGE_INIT;
		change.id = all.list[i].id;
		change.claim = 1;
		if (all.list[i].state == HARMONY_STATE_WAITING)
			change.state = HARMONY_STATE_NEW;
		else if (all.list[i].run == job->run.id)
			continue;
		status = harmony__change(job, &change, error);
	}
	harmony__rows_free(&all);
	return status;
}

/* How long a service leaves a record in doubt alone: the package may be at work on it still, and
   each look costs a request. A run that a person starts looks at once. */
#define FIRST_LOOK INT64_C(60000)
#define NEXT_LOOK  INT64_C(600000)

/* ---- verdicts into the store ---- */

static const char *endpoint_of(const harmony__entry *entry)
{
	return harmony_kind_word(entry->kind);
}

static harmony_status put_waiting(harmony__job *job, const harmony__entry *entry,
				  harmony_record_change *change, harmony_error *error)
{
	const harmony_verdict *verdict = &entry->verdict;

	change->state = HARMONY_STATE_WAITING;
	change->imposed = verdict->retry_after > 0;
	change->retry_in =
	    change->imposed ? verdict->retry_after : harmony__backoff(entry->attempts + 1);
	if (verdict->code[0] == '\0')
		change->code = harmony_code_word(HARMONY_CODE_NETWORK);
	return harmony__change(job, change, error);
}

/* Writes what the package (or the check before it) said of an entry. */
static harmony_status put_verdict(harmony__job *job, harmony__entry *entry, bool refused,
				  harmony_error *error)
{
	const harmony_verdict *verdict = &entry->verdict;
	harmony_record_change change = HARMONY_RECORD_CHANGE_INIT;
	harmony_status status = HARMONY_OK;

	entry->done = true;
	job->done++;
	change.id = entry->id;
	change.event = change.outcome = 1;
	change.code = verdict->code;
	change.field = verdict->field;
	change.message = verdict->message;
	change.vendor = verdict->vendor;
	change.remote_id = verdict->remote_id[0] != '\0' ? verdict->remote_id : NULL;
	switch (verdict->outcome) {
	case HARMONY_OUTCOME_BOOKED:
		change.state = HARMONY_STATE_BOOKED;
		change.applied = 1;
		break;
	case HARMONY_OUTCOME_DIFFERS:
		change.state = HARMONY_STATE_REJECTED;
		change.applied = 1;
		change.code = harmony_code_word(HARMONY_CODE_BOOKED_DIFFERS);
		break;
	case HARMONY_OUTCOME_REJECTED:
		change.state = HARMONY_STATE_REJECTED;
		if (verdict->code[0] == '\0')
			change.code = harmony_code_word(HARMONY_CODE_VENDOR);
		if (refused)
			status = job->store->refusal_add(job->store->self, job->integration->id,
							 endpoint_of(entry), error);
		break;
	case HARMONY_OUTCOME_WAITING:
		return put_waiting(job, entry, &change, error);
	default:
		change.state = HARMONY_STATE_IN_DOUBT;
		change.retry_in = FIRST_LOOK;
		change.code = harmony_code_word(HARMONY_CODE_IN_DOUBT);
		if (verdict->message[0] == '\0')
			change.message =
			    "sent, and no answer came; it is looked up before it is offered again";
		break;
	}
	return status == HARMONY_OK ? harmony__change(job, &change, error) : status;
}

/* ---- a record that does not own its key ---- */

typedef struct rival {
	int64_t id;
	int state, applied;
	uint8_t hash[HARMONY_HASH_SIZE];
	bool here;
} rival;

static harmony_status keep_rival(const harmony_record_state *record, void *user)
{
	rival *out = user;

	*out = (rival){record->id, record->state, record->applied, {0}, true};
	memcpy(out->hash, record->hash, sizeof(out->hash));
	return HARMONY_OK;
}

static harmony_status end_entry(harmony__job *job, harmony__entry *entry, int state, int code,
				const char *message, harmony_error *error)
{
	harmony_record_change change = HARMONY_RECORD_CHANGE_INIT;

	entry->done = true;
	job->done++;
	change.id = entry->id;
	change.state = state;
	change.outcome = 1;
	change.event = 1;
	change.code = code >= 0 ? harmony_code_word(code) : NULL;
	change.message = message;
	if (state == HARMONY_STATE_WAITING)
		change.retry_in = harmony__backoff(entry->attempts + 1);
	return harmony__change(job, &change, error);
}

/* It takes the place of the owner, which the package does not have. */
static harmony_status take_over(harmony__job *job, harmony__entry *entry, const rival *owner,
				harmony_error *error)
{
	harmony_record_change change = HARMONY_RECORD_CHANGE_INIT;
	harmony_status status = HARMONY_OK;

	if (owner->here) {
		change.id = owner->id;
		change.state = HARMONY_STATE_REJECTED;
		change.owner = 0;
		change.event = change.outcome = 1;
		change.code = harmony_code_word(HARMONY_CODE_DUPLICATE);
		change.message =
		    "a newer version of this entry took its place before it was booked";
		status = harmony__change(job, &change, error);
	}
	change = (harmony_record_change)HARMONY_RECORD_CHANGE_INIT;
	change.id = entry->id;
	change.state = HARMONY_STATE_NEW;
	change.owner = 1;
	if (status == HARMONY_OK)
		status = harmony__change(job, &change, error);
	entry->owner = 1;
	return status;
}

static harmony_status end_changed(harmony__job *job, harmony__entry *entry, int64_t booked,
				  harmony_error *error)
{
	char field[48], message[512];
	harmony_status status = harmony__tell_change(field, sizeof(field), message, sizeof(message),
						     job, booked, entry->record, error);

	return status != HARMONY_OK
		   ? status
		   : end_entry(job, entry, HARMONY_STATE_REJECTED,
			       HARMONY_CODE_CHANGED_AFTER_BOOKING, message, error);
}

/* Decides again about a record beside the owner of its key: the owner may have moved on. */
static harmony_status settle(harmony__job *job, harmony__entry *entry, harmony_error *error)
{
	rival owner = {0};
	int same = 0;
	harmony_status status = job->store->record_find(
	    job->store->self, job->integration->id, entry->key, NULL, 1, keep_rival, &owner, error);

	if (status == HARMONY_NOTFOUND)
		return take_over(job, entry, &owner, error);
	if (status == HARMONY_OK)
		status = job->store->record_received(&same, job->store->self, owner.id, entry->hash,
						     error);
	if (status != HARMONY_OK)
		return status;
	same = same || memcmp(owner.hash, entry->hash, sizeof(owner.hash)) == 0;
	if (owner.state == HARMONY_STATE_BOOKED && same)
		return end_entry(job, entry, HARMONY_STATE_SKIPPED, -1, "", error);
	if (owner.applied || owner.state == HARMONY_STATE_BOOKED)
		return end_changed(job, entry, owner.id, error);
	if (owner.state == HARMONY_STATE_IN_DOUBT || owner.state == HARMONY_STATE_OFFERED)
		return end_entry(
		    job, entry, HARMONY_STATE_WAITING, HARMONY_CODE_IN_DOUBT,
		    "an earlier version of this entry may be booked; it is looked up first", error);
	if (owner.state == HARMONY_STATE_REJECTED ||
	    strcmp(entry->code, harmony_code_word(HARMONY_CODE_DUPLICATE)) != 0)
		return take_over(job, entry, &owner, error);
	return end_entry(
	    job, entry, HARMONY_STATE_REJECTED, HARMONY_CODE_DUPLICATE,
	    "another entry with this number is still to be booked; give this one a number "
	    "of its own: edit entry_number",
	    error);
}

/* ---- before it is sent ---- */

/* Everything that can be told without the package. */
static harmony_status prepare(harmony__job *job, harmony__entry *entry, harmony_error *error)
{
	const harmony_connector *connector = job->integration->connector;
	harmony_status status = HARMONY_OK;

	if (!entry->owner)
		status = settle(job, entry, error);
	if (status != HARMONY_OK || entry->done)
		return status;
	if (entry->bad)
		return put_verdict(job, entry, false, error);
	if ((connector->capabilities & HARMONY_BIT(entry->kind)) != 0)
		return HARMONY_OK;
	harmony_verdict_set(
	    &entry->verdict, HARMONY_OUTCOME_REJECTED,
	    harmony_code_word(HARMONY_CODE_UNSUPPORTED_KIND), "",
	    "%s takes no %s; book it there by hand, or leave its journal out of the export",
	    connector->long_name != NULL ? connector->long_name : connector->name,
	    harmony_kind_word(entry->kind));
	return put_verdict(job, entry, false, error);
}

#define BUDGET_PERCENT 80u

/* How many records of this kind may be refused before the package's allowance comes near. */
static harmony_status budget_left(uint32_t *left, int64_t *relief, harmony__job *job,
				  const harmony__entry *entry, harmony_error *error)
{
	const harmony_connector *connector = job->integration->connector;
	uint32_t allowed = connector->refusals_allowed * BUDGET_PERCENT / 100, used = 0;
	harmony_status status;

	*left = UINT32_MAX;
	*relief = 0;
	if (connector->refusals_allowed == 0)
		return HARMONY_OK;
	if (allowed == 0)
		allowed = 1;
	status = job->store->refusal_count(&used, relief, job->store->self, job->integration->id,
					   endpoint_of(entry), connector->refusals_window, error);
	*left = used < allowed ? allowed - used : 0;
	return status;
}

static harmony_status park(harmony__job *job, harmony__entry *entry, int64_t relief,
			   harmony_error *error)
{
	harmony_verdict_set(
	    &entry->verdict, HARMONY_OUTCOME_WAITING, harmony_code_word(HARMONY_CODE_RATE_LIMITED),
	    "",
	    "%s refused so many records that more refusals would close it for an hour or "
	    "so; correct the rejected ones, this one is offered again by itself",
	    job->integration->connector->name);
	entry->verdict.retry_after = relief > 0 ? relief : 1;
	return put_verdict(job, entry, false, error);
}

/* The run's relations had their turn: whether this entry has to wait for one of its own. */
static harmony_status wait_for_relation(bool *waits, harmony__job *job, harmony__entry *entry,
					harmony_error *error)
{
	char field[48] = "party";
	const char *code;
	size_t row;
	harmony_status status = harmony__relation_open(&code, &row, job, entry->record, error);

	*waits = status == HARMONY_OK && code != NULL;
	if (!*waits)
		return status;
	if (row > 0)
		(void)snprintf(field, sizeof(field), "lines.%zu.party", row);
	harmony_verdict_set(&entry->verdict, HARMONY_OUTCOME_WAITING,
			    harmony_code_word(HARMONY_CODE_UNKNOWN_PARTY), field,
			    "relation %s is not in the package yet, or not surely; it goes first, and "
			    "this follows by itself",
			    code);
	return put_verdict(job, entry, false, error);
}

/* ---- sending ---- */

typedef struct batch {
	harmony__entry **entries;
	const harmony_record **records;
	harmony_verdict *verdicts;
	size_t count;
} batch;

static size_t batch_max(const harmony_connector *connector)
{
	bool can = (connector->capabilities & HARMONY_CAN_BATCH) != 0;
	return can && connector->batch_max > 1 ? connector->batch_max : 1;
}

/* The next records of one kind that may go together; marks them offered. */
static harmony_status fill_batch(batch *out, harmony__job *job, harmony__window *window,
				 harmony_error *error)
{
	size_t max = batch_max(job->integration->connector);
	harmony_kind kind = 0;
	harmony_status status = HARMONY_OK;

	out->count = 0;
	for (size_t i = 0; i < window->count && out->count < max && status == HARMONY_OK; i++) {
		harmony__entry *entry = &window->entries[i];
		uint32_t left;
		int64_t relief;
		bool waits = false;
		if (entry->done || (kind != 0 && entry->kind != kind))
			continue;
		status = wait_for_relation(&waits, job, entry, error);
		if (status != HARMONY_OK || waits)
			continue;
		if (kind == 0) {
			status = budget_left(&left, &relief, job, entry, error);
			if (status == HARMONY_OK && left == 0) {
				status = park(job, entry, relief, error);
				continue;
			}
			kind = entry->kind;
			max = left < max ? left : max;
		}
		harmony_record_change change = HARMONY_RECORD_CHANGE_INIT;
		change.id = entry->id;
		change.state = HARMONY_STATE_OFFERED;
		if (status == HARMONY_OK)
			status = harmony__change(job, &change, error);
		out->entries[out->count] = entry;
		out->records[out->count] = entry->record;
		out->verdicts[out->count++] = (harmony_verdict)HARMONY_VERDICT_INIT;
	}
	return status;
}

#define SILENT_MOST 3 /* offers without an answer, after which the package is left alone */

/* A status of the connection: what has no verdict was not sent, unless nobody knows. */
static void read_status(harmony__job *job, batch *sent, harmony_status status,
			const harmony_error *why)
{
	bool doubt = false;

	for (size_t i = 0; i < sent->count; i++) {
		harmony_verdict *verdict = &sent->verdicts[i];
		if (verdict->outcome == HARMONY_OUTCOME_NONE && status != HARMONY_OK &&
		    status != HARMONY_INDOUBT) {
			harmony_verdict_set(verdict, HARMONY_OUTCOME_WAITING,
					    harmony__code_of(status), "", "%s", why->message);
			harmony__copy_text(verdict->vendor, sizeof(verdict->vendor), why->vendor,
					   strlen(why->vendor));
		} else if (verdict->outcome == HARMONY_OUTCOME_NONE && why->message[0] != '\0') {
			harmony_verdict_set(verdict, HARMONY_OUTCOME_IN_DOUBT,
					    harmony_code_word(HARMONY_CODE_IN_DOUBT), "", "%s",
					    why->message);
		}
		doubt = doubt || verdict->outcome == HARMONY_OUTCOME_NONE ||
			verdict->outcome == HARMONY_OUTCOME_IN_DOUBT;
		sent->entries[i]->verdict = *verdict;
	}
	job->silent = doubt ? job->silent + 1 : 0;
	if (status != HARMONY_OK && status != HARMONY_INDOUBT)
		harmony__job_stop(job, status, why);
	else if (job->silent >= SILENT_MOST) {
		harmony_error silent = HARMONY_ERROR_INIT;
		(void)harmony_error_set(
		    &silent, HARMONY_RETRY, harmony_code_word(HARMONY_CODE_NETWORK),
		    "%s did not answer %d times in a row; the rest waits until it does",
		    job->integration->connector->name, SILENT_MOST);
		harmony__job_stop(job, HARMONY_RETRY, &silent);
	}
}

/* Fetches what was booked; a difference is the verdict then. What cannot be fetched is
   booked all the same. */
static void read_back(harmony__job *job, harmony__entry *entry)
{
	const harmony_connector *connector = job->integration->connector;
	harmony_verdict seen = HARMONY_VERDICT_INIT;
	harmony_error why = HARMONY_ERROR_INIT;
	harmony_status status;

	if ((connector->capabilities & HARMONY_CAN_READ_BACK) == 0 ||
	    connector->read_back == NULL || entry->verdict.outcome != HARMONY_OUTCOME_BOOKED ||
	    job->stop != HARMONY_OK)
		return;
	status = connector->read_back(job->integration->instance, entry->record,
				      entry->verdict.remote_id, &seen, &why);
	if (status == HARMONY_OK && seen.outcome == HARMONY_OUTCOME_DIFFERS) {
		(void)harmony__copy_text(seen.remote_id, sizeof(seen.remote_id),
					 entry->verdict.remote_id,
					 strlen(entry->verdict.remote_id));
		entry->verdict = seen;
	} else if (status != HARMONY_OK) {
		harmony__log(job->context, HARMONY_LOG_WARNING,
			     "integration %s: %s is booked, and could not be read back: %s",
			     job->integration->name, entry->key, why.message);
		if (status != HARMONY_INDOUBT)
			harmony__job_stop(job, status, &why);
	}
}

static void tell_progress(harmony__job *job)
{
	if (job->sync->options.progress != NULL)
		job->sync->options.progress(HARMONY_PHASE_OFFER, job->integration->name, job->done,
					    job->work, job->sync->options.user);
}

/* Commits what was marked offered, sends it, and begins the transaction that takes the
   verdicts (and the marks of the batch after it). */
static harmony_status send_batch(harmony__job *job, batch *out, harmony_error *error)
{
	harmony_error why = HARMONY_ERROR_INIT;
	harmony_status status = job->store->commit(job->store->self, error);

	if (status == HARMONY_OK)
		status = harmony__step(job->sync, "offered", error);
	if (status != HARMONY_OK)
		return status;
	status = job->integration->connector->offer(job->integration->instance, out->records,
						    out->count, out->verdicts, &why);
	read_status(job, out, status, &why);
	status = harmony__step(job->sync, "sent", error);
	for (size_t i = 0; i < out->count && status == HARMONY_OK; i++)
		read_back(job, out->entries[i]);
	if (status == HARMONY_OK)
		status = job->store->begin(job->store->self, error);
	for (size_t i = 0; i < out->count && status == HARMONY_OK; i++)
		status = put_verdict(job, out->entries[i], true, error);
	tell_progress(job);
	return status;
}

/* Between two records: the host wants to stop, or others wait for their turn. */
static void make_way(harmony__job *job)
{
	if (harmony__cancelled(job->sync))
		harmony__job_stop(job, HARMONY_CANCELLED, NULL);
	(void)harmony__job_yields(job);
}

/* Sends a window of records, within a transaction that the caller began. */
static harmony_status send_window(harmony__job *job, harmony__window *window, batch *out,
				  harmony_error *error)
{
	harmony_status status = HARMONY_OK;

	for (size_t i = 0; i < window->count && status == HARMONY_OK; i++)
		status = prepare(job, &window->entries[i], error);
	while (status == HARMONY_OK && job->stop == HARMONY_OK) {
		make_way(job);
		if (job->stop != HARMONY_OK)
			break;
		status = fill_batch(out, job, window, error);
		if (status != HARMONY_OK || out->count == 0)
			break;
		status = send_batch(job, out, error);
	}
	return status;
}

#define WINDOW 256

static harmony_status batch_init(batch *out, harmony__job *job, harmony_error *error)
{
	size_t max = batch_max(job->integration->connector);

	*out = (batch){0};
	out->entries = harmony__alloc(job->context, max * sizeof(*out->entries));
	out->records = harmony__alloc(job->context, max * sizeof(*out->records));
	out->verdicts = harmony__alloc(job->context, max * sizeof(*out->verdicts));
	return out->entries != NULL && out->records != NULL && out->verdicts != NULL
		   ? HARMONY_OK
		   : harmony__nomem(error);
}

static void batch_free(batch *out, harmony__job *job)
{
	harmony__free(job->context, out->entries);
	harmony__free(job->context, (void *)out->records);
	harmony__free(job->context, out->verdicts);
}

harmony_status harmony__offer(harmony__job *job, harmony_error *error)
{
	harmony__window window;
	batch out;
	size_t max = batch_max(job->integration->connector);
	/* Whole batches only: a remnant at the end of each window costs requests. */
	harmony_record_query query = {.struct_size = sizeof(query),
				      .integration = job->integration->id,
				      .claimed = job->run.id,
				      .states = HARMONY_STATE_BIT(HARMONY_STATE_NEW),
				      .limit = max > WINDOW ? max : WINDOW / max * max,
				      .with_json = 1,
				      .in_order = 1};
	harmony_status status = batch_init(&out, job, error);

	harmony__window_init(&window, job->context, error);
	while (status == HARMONY_OK && job->stop == HARMONY_OK) {
		harmony__window_clear(&window);
		status = job->store->record_list(job->store->self, &query, harmony__window_add,
						 &window, error);
		if (status != HARMONY_OK || window.count == 0)
			break;
		status = job->store->begin(job->store->self, error);
		if (status == HARMONY_OK)
			status = harmony__settle_transaction(
			    job, send_window(job, &window, &out, error), error);
		if (status == HARMONY_OK)
			status = harmony__step(job->sync, "answered", error);
	}
	harmony__window_free(&window);
	batch_free(&out, job);
	return status;
}

/* ---- in doubt ---- */

/* What the package says of a record that may have been applied. */
static harmony_status put_found(harmony__job *job, harmony__entry *entry, harmony_error *error)
{
	bool party = (HARMONY_BIT(entry->kind) & HARMONY_PARTIES) != 0;
	int outcome = entry->verdict.outcome;
	harmony_record_change change = HARMONY_RECORD_CHANGE_INIT;

	if (outcome == HARMONY_OUTCOME_BOOKED || (outcome == HARMONY_OUTCOME_DIFFERS && !party))
		return put_verdict(job, entry, false, error);
	change.id = entry->id;
	if (outcome == HARMONY_OUTCOME_ABSENT || outcome == HARMONY_OUTCOME_DIFFERS) {
		change.state = HARMONY_STATE_NEW;
		change.event = 1;
		change.applied = outcome == HARMONY_OUTCOME_ABSENT ? 0 : -1;
		change.message = outcome == HARMONY_OUTCOME_ABSENT
				     ? "looked up: the package does not have it; offered again"
				     : "looked up: the package has another version of it; updated";
		return harmony__change(job, &change, error);
	}
	change.state = HARMONY_STATE_IN_DOUBT;
	change.retry_in = NEXT_LOOK;
	change.event = change.outcome = 1;
	change.code = harmony_code_word(HARMONY_CODE_IN_DOUBT);
	change.field = entry->verdict.field;
	change.vendor = entry->verdict.vendor;
	change.message =
	    entry->verdict.message[0] != '\0'
		? entry->verdict.message
		: "the package cannot tell whether it has this record; look there, and book "
		  "it by hand when it is not there: it is not sent a second time";
	return harmony__change(job, &change, error);
}

static harmony_status resolve_entry(harmony__job *job, harmony__entry *entry, harmony_error *error)
{
	const harmony_connector *connector = job->integration->connector;
	harmony_error why = HARMONY_ERROR_INIT;
	harmony_status status = HARMONY_OK;

	entry->verdict = (harmony_verdict)HARMONY_VERDICT_INIT;
	if ((connector->capabilities & HARMONY_CAN_FIND) != 0)
		status = connector->find(job->integration->instance, entry->record, &entry->verdict,
					 &why);
	if (status != HARMONY_OK) {
		harmony__job_stop(job, status, &why);
		return HARMONY_OK;
	}
	status = harmony__step(job->sync, "looked up", error);
	if (status == HARMONY_OK)
		status = job->store->begin(job->store->self, error);
	if (status == HARMONY_OK)
		status = harmony__settle_transaction(job, put_found(job, entry, error), error);
	return status;
}

harmony_status harmony__resolve(harmony__job *job, harmony_error *error)
{
	harmony__window window;
	harmony_record_query query = {.struct_size = sizeof(query),
				      .integration = job->integration->id,
				      .claimed = job->run.id,
				      .states = HARMONY_STATE_BIT(HARMONY_STATE_IN_DOUBT),
				      .limit = WINDOW,
				      .with_json = 1};
	harmony_status status = HARMONY_OK;

	harmony__window_init(&window, job->context, error);
	while (status == HARMONY_OK && job->stop == HARMONY_OK) {
		harmony__window_clear(&window);
		status = job->store->record_list(job->store->self, &query, harmony__window_add,
						 &window, error);
		if (status != HARMONY_OK || window.count == 0)
			break;
		query.after = window.entries[window.count - 1].id;
		for (size_t i = 0;
		     i < window.count && status == HARMONY_OK && job->stop == HARMONY_OK; i++) {
			status = resolve_entry(job, &window.entries[i], error);
			make_way(job);
		}
	}
	harmony__window_free(&window);
	return status == HARMONY_OK ? harmony__step(job->sync, "resolved", error) : status;
}
