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
	harmony__verdict_at(verdict,
			    thing && !changes ? HARMONY_OUTCOME_BOOKED : HARMONY_OUTCOME_ABSENT,
			    thing ? thing->id : "");
	return status;
}

harmony_status minox_find(void *instance, const harmony_record *record, harmony_verdict *verdict,
			  harmony_error *error)
{
	if (HARMONY_BIT(harmony_record_kind(record)) & HARMONY_PARTIES)
		return find_party(instance, record, verdict, error);
	return find_entry(instance, record, verdict, error);
}

harmony_status minox_read_back(void *instance, const harmony_record *record, const char *remote_id,
			       harmony_verdict *verdict, harmony_error *error)
{
	minox *m = instance;
	harmony_status status;

	/* One more request a booking, unless the answer to it was compared already. */
	if (HARMONY_BIT(harmony_record_kind(record)) & HARMONY_PARTIES ||
	    (!m->fetch_lines && strcmp(remote_id, m->compared) == 0)) {
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

/* ---- outstanding ------------------------------------------------------------------------------
 */

/* Minox's number of a relation → our code. */
typedef struct party_code {
	harmony__thing thing;
	const char *ours;
} party_code;

static harmony_status take_code(const harmony__json *row, void *user)
{
	const char *code = harmony__json_text(harmony__json_get(row, "externalid"), "");
	party_code *made =
	    harmony__table_put(user, harmony__json_text(harmony__json_get(row, "id"), ""));

	if (made)
		made->ours =
		    harmony__arena_text(&((harmony__table *)user)->arena, code, strlen(code));
	return made && made->ours ? HARMONY_OK : HARMONY_NOMEM;
}

/* A relation that we did not bring has no code of ours: Minox's number stands for it. */
static const char *code_for(const harmony__table *codes, const char *id)
{
	const party_code *found = harmony__table_look(codes, id);

	return found && *found->ours ? found->ours : id;
}

typedef struct pulling {
	minox *m;
	bool sales;
	harmony__table codes;
	harmony_record *item;
	harmony_item_fn fn;
	void *user;
	harmony_error *error;
} pulling;

static harmony_status set_text(pulling *p, harmony_field field, const char *text)
{
	return *text ? harmony_record_set_text(p->item, HARMONY_HEADER, field, text, strlen(text),
					       p->error)
		     : HARMONY_OK;
}

static void set_date(pulling *p, harmony_field field, const harmony__json *value)
{
	harmony_date date;

	if (minox_date(&date, value))
		(void)harmony_record_set_date(p->item, HARMONY_HEADER, field, date, NULL);
}

static harmony_status take_item(const harmony__json *row, void *user)
{
	pulling *p = user;
	const char *id = harmony__json_text(harmony__json_get(row, "account_id"), "");
	const char *number = harmony__json_text(harmony__json_get(row, "invoice_number"), "");
	int64_t total = 0, balance = 0, sign = !p->sales && p->m->payable_negative ? -1 : 1;
	harmony_status status;

	if (harmony__json_amount(&balance, harmony__json_get(row, "balance")) != HARMONY_OK)
		return harmony_error_set(
		    p->error, HARMONY_FORMAT, NULL,
		    "invoice %s of account %s at Minox has no balance; report this", number, id);
	if (balance == 0)
		return HARMONY_OK;
	if (harmony__json_amount(&total, harmony__json_get(row, "total")) != HARMONY_OK)
		total = balance;
	status = harmony_record_reset(p->item, HARMONY_OUTSTANDING_ITEM);
	if (status == HARMONY_OK)
		status = set_text(p, HARMONY_FIELD_SIDE, p->sales ? "sales" : "purchase");
	if (status == HARMONY_OK)
		status = set_text(p, HARMONY_FIELD_PARTY, code_for(&p->codes, id));
	if (status == HARMONY_OK && strcmp(number, "0") != 0)
		status = set_text(p, HARMONY_FIELD_INVOICE_NUMBER, number);
	if (status == HARMONY_OK)
		status = set_text(p, HARMONY_FIELD_CURRENCY,
				  harmony__json_text(harmony__json_get(row, "currency", "id"), ""));
	if (status != HARMONY_OK)
		return status;
	set_date(p, HARMONY_FIELD_DATE, harmony__json_get(row, "invoice_date"));
	set_date(p, HARMONY_FIELD_DUE_DATE, harmony__json_get(row, "due_date"));
	(void)harmony_record_set_number(p->item, HARMONY_HEADER, HARMONY_FIELD_AMOUNT, sign * total,
					NULL);
	(void)harmony_record_set_number(p->item, HARMONY_HEADER, HARMONY_FIELD_PAID,
					sign * (total - balance), NULL);
	status = harmony_record_set_number(p->item, HARMONY_HEADER, HARMONY_FIELD_OUTSTANDING,
					   sign * balance, p->error);
	return status == HARMONY_OK ? p->fn(p->item, p->user) : status;
}

static harmony_status outstanding_side(pulling *p, harmony_error *error)
{
	const char *path = p->sales               ? "receivable?status=open"
			   : p->m->payable_status ? "payable?status=open"
						  : "payable";
	harmony_status status;

	harmony__table_init(&p->codes, p->m->frame.context, sizeof(party_code));
	status =
	    minox_rows(p->m, p->sales ? "customer" : "supplier", NULL, take_code, &p->codes, error);
	if (status == HARMONY_OK)
		status = minox_rows(p->m, path, NULL, take_item, p, error);
	if (status == HARMONY_NOMEM)
		harmony__nomem(error);
	harmony__table_free(&p->codes);
	return status;
}

harmony_status minox_outstanding(void *instance, int sides, harmony_item_fn item, void *user,
				 harmony_error *error)
{
	pulling p = {.m = instance, .fn = item, .user = user, .error = error};
	harmony_status status =
	    harmony_record_new(&p.item, p.m->frame.context, HARMONY_OUTSTANDING_ITEM, error);

	for (int side = HARMONY_SIDE_SALES; side <= HARMONY_SIDE_PURCHASE && status == HARMONY_OK;
	     side <<= 1) {
		p.sales = side == HARMONY_SIDE_SALES;
		if (sides & side)
			status = outstanding_side(&p, error);
	}
	harmony_record_free(p.item);
	return status;
}
