/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "connectors/minox/minox.h"

/* Open items, by the numbers that Minox gives relations; ours come from their list. */

/* Minox's number of a relation → our code. */
typedef struct party_code {
	harmony__thing thing;
	const char *ours;
} party_code;

typedef struct pulling {
	minox *m;
	bool sales;
	harmony__table codes;            /* Minox's numbers of relations → our codes */
	harmony__table ours;             /* the codes among them */
	harmony__table entries;          /* of the relations, where their sign is asked for */
	bool year_read[MINOX_MAX_YEARS]; /* into them */
	harmony_record *record;
	harmony_item_fn fn;
	void *user;
	harmony_error *error;
} pulling;

static harmony_status take_code(const harmony__json *row, void *user)
{
	pulling *p = user;
	const char *code = harmony__json_text(harmony__json_get(row, "externalid"), "");
	party_code *made =
	    harmony__table_put(&p->codes, harmony__json_text(harmony__json_get(row, "id"), ""));

	if (made)
		made->ours = harmony__arena_text(&p->codes.arena, code, strlen(code));
	return made && made->ours && (!*code || harmony__table_put(&p->ours, code)) ? HARMONY_OK
										    : HARMONY_NOMEM;
}

/* A relation that we did not bring has no code of ours: Minox's number stands for it, unless
   that is the code of another one (NULL). */
static const char *code_for(const pulling *p, const char *id)
{
	const party_code *found = harmony__table_look(&p->codes, id);

	if (found && *found->ours)
		return found->ours;
	return harmony__table_look(&p->ours, id) ? NULL : id;
}

/* ---- credit notes whose sign the list does not tell --------------------------------------- */

/* What a relation was booked under one invoice number, debit positive. */
typedef struct booked {
	harmony__thing thing;
	int64_t sum;
} booked;

static void key_of(harmony__buf *key, const char *account, const char *number)
{
	harmony__buf_printf(key, "%s/%s", account, number);
}

/* A payment has the invoice's number, too, in another journal than one of invoices. */
static bool of_invoices(const pulling *p, const harmony__json *row)
{
	const char *id = harmony__json_text(harmony__json_get(row, "journal", "id"), "");
	const minox_thing *journal = harmony__table_look(&p->m->frame.tables[MINOX_JOURNALS], id);
	harmony_kind kind = p->sales ? HARMONY_SALES_INVOICE : HARMONY_PURCHASE_INVOICE;

	return journal && (!journal->books || journal->books == kind);
}

static harmony_status take_booked(const harmony__json *row, void *user)
{
	pulling *p = user;
	const char *number = harmony__json_text(harmony__json_get(row, "invoice_number"), "");
	int64_t debit = 0, credit = 0;
	harmony__buf key;
	booked *made;

	if (!*number || !of_invoices(p, row))
		return HARMONY_OK;
	(void)harmony__json_amount(&debit, harmony__json_get(row, "debit"));
	(void)harmony__json_amount(&credit, harmony__json_get(row, "credit"));
	harmony__buf_init(&key, p->m->frame.context, 256);
	key_of(&key, harmony__json_text(harmony__json_get(row, "account", "id"), ""), number);
	made = key.status == HARMONY_OK ? harmony__table_put(&p->entries, key.data) : NULL;
	harmony__buf_free(&key);
	if (!made)
		return HARMONY_NOMEM;
	made->sum += debit - credit;
	return HARMONY_OK;
}

static harmony_status read_year(pulling *p, const minox_year *year)
{
	harmony_error why = HARMONY_ERROR_INIT;
	harmony__buf path;
	const void *none;
	harmony_status status =
	    harmony__find_thing(&none, &p->m->frame, MINOX_JOURNALS, "", p->error);

	if (status != HARMONY_OK)
		return status;
	harmony__buf_init(&path, p->m->frame.context, 64);
	harmony__buf_printf(&path, MINOX_YEAR_PATH, (int)year->number);
	status = harmony__buf_check(&path, "a request", p->error);
	if (status == HARMONY_OK)
		status = minox_rows(p->m, path.data, NULL, take_booked, p, &why);
	harmony__buf_free(&path);
	if (status == HARMONY_REJECTED)
		return harmony_error_set(p->error, HARMONY_CONFIG, NULL,
					 "credit_notes = positive needs the lines of %" PRId64
					 " from Minox, which it does not give: %s",
					 year->number, why.message);
	if (status != HARMONY_OK)
		harmony__error_give(p->error, &why);
	return status;
}

/* Whether an open item is a credit note, by what was booked. */
static harmony_status look_for_credit(bool *credit, pulling *p, const harmony__json *row,
				      const char *account, const char *number)
{
	harmony_date date;
	const booked *found;
	harmony__buf key;
	minox_year *year;
	harmony_status status = HARMONY_OK;

	*credit = false;
	if (!minox_date(&date, harmony__json_get(row, "invoice_date")))
		return HARMONY_OK;
	year = minox_year_at(p->m, date);
	if (year && !p->year_read[year - p->m->years]) {
		status = read_year(p, year);
		p->year_read[year - p->m->years] = true;
	}
	if (status != HARMONY_OK)
		return status;
	harmony__buf_init(&key, p->m->frame.context, 256);
	key_of(&key, account, number);
	status = harmony__buf_check(&key, "an invoice's number", p->error);
	found = status == HARMONY_OK ? harmony__table_look(&p->entries, key.data) : NULL;
	*credit = found && (p->sales ? found->sum < 0 : found->sum > 0);
	harmony__buf_free(&key);
	return status;
}

/* ---- items ------------------------------------------------------------------------------------
 */

/* NOTFOUND: it is not told. */
static harmony_status take_amount(int64_t *out, pulling *p, const harmony__json *row,
				  const char *name, const char *number, const char *id)
{
	const harmony__json *value = harmony__json_get(row, name);
	harmony_status status = harmony__json_amount(out, value);

	if (status == HARMONY_OK || status == HARMONY_NOTFOUND)
		return status;
	return harmony_error_set(p->error, HARMONY_FORMAT, NULL,
				 "the %s of invoice %s of account %s at Minox is '%s', which is no "
				 "amount in cents; report this",
				 name, number, id, harmony__json_text(value, "no number"));
}

/* Under Minox's number it would be taken for a debt of the relation whose code that is. */
static harmony_status leave_out(const pulling *p, const char *number, const char *id)
{
	harmony__log(p->m->frame.context, HARMONY_LOG_WARNING,
		     "open invoice %s of %s %s at Minox is left out: that relation has no external "
		     "id, and %s is the external id of another one; give it one of its own",
		     number, p->sales ? "customer" : "supplier", id, id);
	return HARMONY_OK;
}

static harmony_status take_item(const harmony__json *row, void *user)
{
	pulling *p = user;
	const char *id = harmony__json_text(harmony__json_get(row, "account_id"), "");
	const char *number = harmony__json_text(harmony__json_get(row, "invoice_number"), "");
	int64_t total = 0, balance = 0, sign = !p->sales && p->m->payable_negative ? -1 : 1;
	harmony__item item = {.sales = p->sales,
			      .party = code_for(p, id),
			      .number = strcmp(number, "0") != 0 ? number : "",
			      .currency =
				  harmony__json_text(harmony__json_get(row, "currency", "id"), "")};
	bool credit = false;
	harmony_status status = HARMONY_OK;

	status = take_amount(&balance, p, row, "balance", number, id);
	if (status == HARMONY_NOTFOUND)
		return harmony_error_set(
		    p->error, HARMONY_FORMAT, NULL,
		    "invoice %s of account %s at Minox has no balance; report this", number, id);
	if (status == HARMONY_OK && balance == 0)
		return HARMONY_OK;
	if (status == HARMONY_OK)
		status = take_amount(&total, p, row, "total", number, id);
	if (status == HARMONY_NOTFOUND) {
		total = balance;
		status = HARMONY_OK;
	}
	if (status == HARMONY_OK && !item.party)
		return leave_out(p, number, id);
	if (status != HARMONY_OK)
		return status;
	if (p->m->credit_positive && sign * total > 0 && *number)
		status = look_for_credit(&credit, p, row, id, number);
	if (status != HARMONY_OK)
		return status;
	item.amount = credit ? -sign * total : sign * total;
	item.outstanding = credit ? -sign * balance : sign * balance;
	(void)minox_date(&item.date, harmony__json_get(row, "invoice_date"));
	(void)minox_date(&item.due, harmony__json_get(row, "due_date"));
	return harmony__hand_on(&item, p->record, p->fn, p->user, p->error);
}

static harmony_status outstanding_side(pulling *p, harmony_error *error)
{
	const char *path = p->sales               ? "receivable?status=open"
			   : p->m->payable_status ? "payable?status=open"
						  : "payable";
	harmony_status status;

	harmony__table_init(&p->codes, p->m->frame.context, sizeof(party_code));
	harmony__table_init(&p->ours, p->m->frame.context, sizeof(harmony__thing));
	harmony__table_init(&p->entries, p->m->frame.context, sizeof(booked));
	memset(p->year_read, 0, sizeof(p->year_read));
	status = minox_rows(p->m, p->sales ? "customer" : "supplier", NULL, take_code, p, error);
	if (status == HARMONY_OK)
		status = minox_rows(p->m, path, NULL, take_item, p, error);
	if (status == HARMONY_NOMEM)
		harmony__nomem(error);
	harmony__table_free(&p->entries);
	harmony__table_free(&p->ours);
	harmony__table_free(&p->codes);
	return status;
}

harmony_status minox_outstanding(void *instance, int sides, harmony_item_fn item, void *user,
				 harmony_error *error)
{
	pulling p = {.m = instance, .fn = item, .user = user, .error = error};
	harmony_status status =
	    harmony_record_new(&p.record, p.m->frame.context, HARMONY_OUTSTANDING_ITEM, error);

	for (int side = HARMONY_SIDE_SALES; side <= HARMONY_SIDE_PURCHASE && status == HARMONY_OK;
	     side <<= 1) {
		p.sales = side == HARMONY_SIDE_SALES;
		if (sides & side)
			status = outstanding_side(&p, error);
	}
	harmony_record_free(p.record);
	return status;
}
