/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "connectors/minox/minox.h"

/* ---- what was meant and what is there --------------------------------------------------- */

static int64_t amount_of(const harmony__json *line)
{
	int64_t debit = 0, credit = 0;

	(void)harmony__json_amount(&debit, harmony__json_get(line, "debit"));
	(void)harmony__json_amount(&credit, harmony__json_get(line, "credit"));
	return debit - credit;
}

static bool same_line(const harmony__json *meant, const harmony__json *booked)
{
	int64_t want = 0, is = 0;

	if (amount_of(meant) != amount_of(booked) ||
	    strcmp(harmony__json_text(harmony__json_get(meant, "account", "id"), ""),
		   harmony__json_text(harmony__json_get(booked, "account", "id"), "")) != 0)
		return false;
	/* VAT that Minox does not tell is not compared. */
	return harmony__json_amount(&want, harmony__json_get(meant, "vat", "amount")) !=
		   HARMONY_OK ||
	       harmony__json_amount(&is, harmony__json_get(booked, "vat", "amount")) !=
		   HARMONY_OK ||
	       want == is;
}

static bool take_off(bool *used, const harmony__json *meant, const harmony__json *lines)
{
	size_t at = 0;

	for (const harmony__json *line = lines->first; line; line = line->next, at++)
		if (!used[at] && same_line(meant, line))
			return used[at] = true;
	return false;
}

/* Lines that Minox made itself are more than was meant, and no difference. */
harmony_status minox_compare(minox *m, const harmony__buf *body, const harmony__json *lines,
			     harmony_verdict *verdict, harmony_error *error)
{
	bool *used = harmony__zalloc(m->frame.context, lines->count + 1);
	const harmony__json *meant = NULL;
	harmony__arena arena;
	harmony_status status;
	char want[HARMONY_DECIMAL_SIZE];

	if (!used)
		return harmony__nomem(error);
	harmony__arena_init(&arena, m->frame.context, HARMONY__TREE_LIMIT);
	status = harmony__json_parse(&meant, &arena, body->data, body->len, error);
	harmony_verdict_set(verdict, HARMONY_OUTCOME_BOOKED, NULL, NULL, "%s", "");
	for (const harmony__json *at = status == HARMONY_OK ? meant->first : NULL; at;
	     at = at->next) {
		if (take_off(used, at, lines))
			continue;
		harmony_decimal_format(want, amount_of(at), HARMONY_SCALE_AMOUNT, '.');
		harmony_verdict_set(
		    verdict, HARMONY_OUTCOME_DIFFERS, "booked_differs", "lines",
		    "Minox booked no line of %s on account %s as it was meant; correct the "
		    "entry there",
		    want, harmony__json_text(harmony__json_get(at, "account", "id"), ""));
		break;
	}
	harmony__arena_free(&arena);
	harmony__free(m->frame.context, used);
	return status;
}

/* ---- find ------------------------------------------------------------------------------------ */

static harmony_status find_entry(minox *m, const harmony_record *record, harmony_verdict *verdict,
				 harmony_error *error)
{
	char uuid[HARMONY__UUID_SIZE], path_of[64];
	harmony_verdict made = HARMONY_VERDICT_INIT;
	const harmony__json *root = NULL;
	harmony__arena arena;
	harmony__buf path, body;
	harmony_status status = minox_ready(&m->frame, error);

	if (status != HARMONY_OK)
		return status;
	harmony__arena_init(&arena, m->frame.context, HARMONY__TREE_LIMIT);
	harmony__buf_init(&path, m->frame.context, MINOX_MAX_PATH);
	harmony__buf_init(&body, m->frame.context, HARMONY_MAX_ENTRY);
	minox_entry_uuid(uuid, m, record);
	snprintf(path_of, sizeof(path_of), "transaction_line_batch/%s", uuid);
	status = minox_get(m, path_of, &arena, &root, error);
	harmony_verdict_set(verdict, HARMONY_OUTCOME_ABSENT, NULL, NULL, "%s", "");
	if (status != HARMONY_OK || !minox_lines(root))
		goto done;
	status = minox_entry_body(m, record, &path, &body, &made, error);
	if (status == HARMONY_OK && made.outcome == HARMONY_OUTCOME_NONE)
		status = minox_compare(m, &body, minox_lines(root), verdict, error);
	else if (status == HARMONY_OK)
		harmony_verdict_set(verdict, HARMONY_OUTCOME_BOOKED, NULL, NULL, "%s", "");
	harmony__copy_text(verdict->remote_id, sizeof(verdict->remote_id), uuid, strlen(uuid));
done:
	harmony__buf_free(&body);
	harmony__buf_free(&path);
	harmony__arena_free(&arena);
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
