/* SPDX-License-Identifier: MIT */
#include "sync/sync.h"

/* The first run of an integration. A store that has nothing of it may be new because the old
   one was lost, or because somebody booked by other means until now: the package would get
   twice what it has. So the first and the last entry of each kind are looked up before
   anything is offered, and when one is there, so is every other entry of the run. */

typedef struct ends {
	int64_t first, last;
} ends;

typedef struct entries {
	harmony_context *context;
	ends kinds[HARMONY_KIND_LAST_ + 1];
	int64_t *ids;
	size_t count, capacity;
} entries;

static harmony_status keep_entry(const harmony_record_state *record, void *user)
{
	entries *all = user;
	ends *kind = &all->kinds[record->kind];

	if ((HARMONY_BIT(record->kind) & HARMONY_ENTRIES) == 0)
		return HARMONY_OK;
	if (harmony__grow(all->context, (void **)&all->ids, &all->capacity, all->count + 1,
			  sizeof(*all->ids)) != HARMONY_OK)
		return HARMONY_NOMEM;
	all->ids[all->count++] = record->id;
	if (kind->first == 0)
		kind->first = record->id;
	kind->last = record->id;
	return HARMONY_OK;
}

static harmony_status an_entry(const harmony_record_state *record, void *user)
{
	bool *yes = user;

	*yes = (HARMONY_BIT(record->kind) & HARMONY_ENTRIES) != 0;
	return *yes ? HARMONY_USER : HARMONY_OK;
}

static harmony_status anything_booked(bool *yes, harmony__job *job, harmony_error *error)
{
	harmony_record_query query = {.struct_size = sizeof(query),
				      .integration = job->integration->id,
				      .states = HARMONY_STATE_BIT(HARMONY_STATE_BOOKED)};
	harmony_status status =
	    job->store->record_list(job->store->self, &query, an_entry, yes, error);
	return status == HARMONY_USER ? HARMONY_OK : status;
}

/* Whether the package has this one. What it cannot tell is taken for no. */
static harmony_status probe(bool *there, harmony__job *job, int64_t id, harmony_error *error)
{
	const harmony_connector *connector = job->integration->connector;
	harmony_error why = HARMONY_ERROR_INIT;
	harmony__window window;
	harmony__entry *entry;
	harmony_status status;

	if (id == 0 || *there || job->stop != HARMONY_OK)
		return HARMONY_OK;
	harmony__window_init(&window, job->context, error);
	status = job->store->record_get(job->store->self, id, harmony__window_add, &window, error);
	entry = window.entries;
	if (status == HARMONY_OK && !entry->bad &&
	    (connector->capabilities & HARMONY_BIT(entry->kind)) != 0) {
		status = connector->find(job->integration->instance, entry->record, &entry->verdict,
					 &why);
		if (status != HARMONY_OK)
			harmony__job_stop(job, status, &why);
		*there = status == HARMONY_OK && (entry->verdict.outcome == HARMONY_OUTCOME_BOOKED ||
						  entry->verdict.outcome == HARMONY_OUTCOME_DIFFERS);
		status = HARMONY_OK;
	}
	harmony__window_free(&window);
	return status == HARMONY_OK ? harmony__step(job->sync, "probed", error) : status;
}

static harmony_status doubt_all(harmony__job *job, const entries *all, harmony_error *error)
{
	harmony_status status = job->store->begin(job->store->self, error);

	if (status != HARMONY_OK)
		return status;
	harmony__log(job->context, HARMONY_LOG_WARNING,
		     "integration %s: the package has entries of this export that the store knows "
		     "nothing of; each entry is looked up before it is offered",
		     job->integration->name);
	for (size_t i = 0; i < all->count && status == HARMONY_OK; i++) {
		harmony_record_change change = HARMONY_RECORD_CHANGE_INIT;
		change.id = all->ids[i];
		change.state = HARMONY_STATE_IN_DOUBT;
		change.event = 1;
		change.message = "the store is new, and the package has entries of this export: "
				 "looked up before it is offered";
		status = harmony__change(job, &change, error);
	}
	return harmony__settle_transaction(job, status, error);
}

harmony_status harmony__look_first(harmony__job *job, harmony_error *error)
{
	entries all = {.context = job->context};
	harmony_record_query query = {.struct_size = sizeof(query),
				      .integration = job->integration->id,
				      .claimed = job->run.id,
				      .states = HARMONY_STATE_BIT(HARMONY_STATE_NEW),
				      .in_order = 1};
	const uint32_t can = job->integration->connector->capabilities;
	bool booked = false, there = false;
	harmony_status status = HARMONY_OK;

	if ((can & HARMONY_CAN_FIND) == 0 || (can & HARMONY_CAN_REPEAT) != 0)
		return HARMONY_OK;
	status = anything_booked(&booked, job, error);
	if (status == HARMONY_OK && !booked)
		status = job->store->record_list(job->store->self, &query, keep_entry, &all, error);
	if (status == HARMONY_NOMEM)
		status = harmony__nomem(error);
	for (int kind = 0; kind <= HARMONY_KIND_LAST_ && status == HARMONY_OK; kind++) {
		const ends *of = &all.kinds[kind];
		status = probe(&there, job, of->first, error);
		if (status == HARMONY_OK && of->last != of->first)
			status = probe(&there, job, of->last, error);
	}
	if (status == HARMONY_OK && there)
		status = doubt_all(job, &all, error);
	harmony__free(job->context, all.ids);
	return status;
}
