/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "connectors/minox/minox.h"

/* ---- find ------------------------------------------------------------------------------------ */

static harmony_status find_entry(minox *m, const harmony_record *record, harmony_verdict *verdict,
				 harmony_error *error)
{
	char uuid[HARMONY__UUID_SIZE];
	harmony_verdict made = HARMONY_VERDICT_INIT;
	harmony__buf body;
	harmony_status status = minox_ready(&m->frame, error);

	if (status != HARMONY_OK)
		return status;
	harmony__buf_init(&body, m->frame.context, HARMONY_MAX_ENTRY);
	minox_entry_uuid(uuid, m, record);
	status = minox_entry_body(m, record, &body, NULL, &made, error);
	if (made.outcome != HARMONY_OUTCOME_NONE)
		harmony__buf_clear(&body);
	if (status == HARMONY_OK)
		status = minox_look(m, uuid, &body, verdict, error);
	harmony__buf_free(&body);
	return status;
}

/* A relation is what it is, whoever wrote it. An update that did not arrive is absent: it is
   offered again, and changes nothing that is equal. */
static harmony_status find_party(minox *m, const harmony_record *record, harmony_verdict *verdict,
				 harmony_error *error)
{
	int table = minox_party_table(harmony_record_kind(record));
	const char *code = harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_CODE);
	harmony_verdict made = HARMONY_VERDICT_INIT;
	const harmony__thing *thing;
	const void *found = NULL;
	harmony__buf body;
	bool changes = true;
	harmony_status status = minox_forget(m, table, code, error);

	if (status == HARMONY_OK)
		status = harmony__find_thing(&found, &m->frame, table, code, error);
	if (status != HARMONY_OK)
		return status;
	thing = found;
	harmony__buf_init(&body, m->frame.context, HARMONY_MAX_ENTRY);
	if (thing)
		status = minox_party_body(m, record, thing, &body, &changes, &made, error);
	harmony__buf_free(&body);
	/* What cannot be made any more cannot be compared: it is offered again, and refused. */
	changes = changes || made.outcome != HARMONY_OUTCOME_NONE;
	harmony__verdict_at(verdict,
			    thing && !changes ? HARMONY_OUTCOME_BOOKED : HARMONY_OUTCOME_ABSENT,
			    thing ? thing->id : "");
	return status;
}

harmony_status minox_find(void *instance, const harmony_record *record, harmony_verdict *verdict,
			  harmony_error *error)
{
	if (harmony__is_party(record))
		return find_party(instance, record, verdict, error);
	return find_entry(instance, record, verdict, error);
}

harmony_status minox_read_back(void *instance, const harmony_record *record, const char *remote_id,
			       harmony_verdict *verdict, harmony_error *error)
{
	minox *m = instance;
	harmony_status status;

	/* One more request a booking, unless the answer to it was compared already. */
	if (harmony__is_party(record) || (!m->fetch_lines && strcmp(remote_id, m->compared) == 0)) {
		harmony__verdict_at(verdict, HARMONY_OUTCOME_BOOKED, remote_id);
		return HARMONY_OK;
	}
	status = find_entry(m, record, verdict, error);
	if (status == HARMONY_OK && verdict->outcome == HARMONY_OUTCOME_ABSENT)
		harmony_verdict_set(
		    verdict, HARMONY_OUTCOME_DIFFERS, "booked_differs", "lines",
		    "Minox said that it booked this, and holds no lines of it; look there");
	return status;
}
