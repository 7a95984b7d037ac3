/* SPDX-License-Identifier: MIT */
#include "sync/sync.h"

/* The first run of an integration. A store that has nothing of it may be new because the old
   one was lost, or because somebody booked by other means until now: the package would get
   twice what it has. So the first and the last entry of each kind are looked up before
   anything is offered, and when one is there, so is every other entry of the run. */

static bool is_entry(const harmony__row *row)
{
	return (HARMONY_BIT(row->kind) & HARMONY_ENTRIES) != 0;
}

/* Whether the package has this one, or one that may be it. What it cannot tell is taken for
   no. */
static bool says_there(const harmony_verdict *verdict)
{
	return verdict->outcome == HARMONY_OUTCOME_BOOKED ||
	       verdict->outcome == HARMONY_OUTCOME_DIFFERS ||
	       (verdict->outcome == HARMONY_OUTCOME_IN_DOUBT &&
		strcmp(verdict->code, harmony_code_word(HARMONY_CODE_DUPLICATE)) == 0);
}

static harmony_status probe(bool *there, harmony__job *job, int64_t id, harmony_error *error)
{
	const harmony_connector *connector = job->integration->connector;
	harmony_error why = HARMONY_ERROR_INIT;
	harmony__window window;
	harmony__entry *entry;
	harmony_status status;

	if (*there || job->stop != HARMONY_OK)
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
		*there = status == HARMONY_OK && says_there(&entry->verdict);
		status = HARMONY_OK;
	}
	harmony__window_free(&window);
	return status == HARMONY_OK ? harmony__step(job->sync, "probed", error) : status;
}

static harmony_status doubt_all(harmony__job *job, const harmony__rows *all, harmony_error *error)
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
		if (!is_entry(&all->list[i]))
			continue;
		change.id = all->list[i].id;
		change.state = HARMONY_STATE_IN_DOUBT;
		change.event = 1;
		change.message = "the store is new, and the package has entries of this export: "
				 "looked up before it is offered";
		status = harmony__change(job, &change, error);
	}
	return harmony__settle_transaction(job, status, error);
}

/* The first and the last entry of each kind; `all` has one kind after the other. */
static harmony_status probe_ends(bool *there, harmony__job *job, const harmony__rows *all,
				 harmony_error *error)
{
	harmony_status status = HARMONY_OK;

	for (size_t i = 0; i < all->count && status == HARMONY_OK; i++) {
		const harmony__row *row = &all->list[i];
		bool first = i == 0 || row[-1].kind != row->kind;
		bool last = i + 1 == all->count || row[1].kind != row->kind;
		if (is_entry(row) && (first || last))
			status = probe(there, job, row->id, error);
	}
	return status;
}

harmony_status harmony__look_first(harmony__job *job, harmony_error *error)
{
	harmony__rows all = {.context = job->context};
	const harmony_record_query booked = {.struct_size = sizeof(booked),
					     .integration = job->integration->id,
					     .states = HARMONY_STATE_BIT(HARMONY_STATE_BOOKED)};
	const harmony_record_query claimed = {.struct_size = sizeof(claimed),
					      .integration = job->integration->id,
					      .claimed = job->run.id,
					      .states = HARMONY_STATE_BIT(HARMONY_STATE_NEW),
					      .in_order = 1};
	const uint32_t can = job->integration->connector->capabilities;
	bool begun = false, there = false;
	harmony_status status;

	if ((can & HARMONY_CAN_FIND) == 0 || (can & HARMONY_CAN_REPEAT) != 0)
		return HARMONY_OK;
	status = harmony__any(&begun, job, &booked, HARMONY_ENTRIES, error);
	if (status == HARMONY_OK && !begun)
		status = harmony__rows_list(&all, job, &claimed, error);
	if (status == HARMONY_OK)
		status = probe_ends(&there, job, &all, error);
	if (status == HARMONY_OK && there)
		status = doubt_all(job, &all, error);
	harmony__rows_free(&all);
	return status;
}
