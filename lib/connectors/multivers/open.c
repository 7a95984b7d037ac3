/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "connectors/multivers/multivers.h"

/* Open invoices by fiscal year. A request says which by its state: 0 any, 1 open, 2 paid; an
   answer has a state of its own: 0 open, 1 settled, 2 overdue. Whether a request could mean the
   latter is not verified, so it is found out: where state 1 brings nothing with a balance, the
   other two are asked for, too. The balance alone says what is open. */

#define MEMO "invoice_state" /* "1": state 1 was seen to be the open ones */

typedef struct pulling {
	multivers *m;
	int table;
	bool sales;
	bool open_seen;      /* something with a balance came */
	harmony__table seen; /* each invoice once, whatever list it comes in */
	harmony_record *item;
	harmony_item_fn fn;
	void *user;
	harmony_error *error;
} pulling;

/* ---- one item -------------------------------------------------------------------------------- */

/* Credit notes have their sign, or their type tells: the invoice has it, and no view of it. */
static harmony_status is_credit(bool *credit, pulling *p, const char *id)
{
	const harmony__json *root;
	harmony__arena arena;
	harmony__buf path;
	int64_t type = 0;
	harmony_status status;

	*credit = false;
	if (!p->m->balance_positive || !*id)
		return HARMONY_OK;
	harmony__arena_init(&arena, p->m->frame.context, HARMONY__TREE_LIMIT);
	harmony__buf_init(&path, p->m->frame.context, 1024);
	harmony__buf_printf(&path, "%sInvoice/", multivers_party_name(p->table));
	multivers_segment(&path, id, p->m->plain_escape);
	status = harmony__buf_check(&path, "a request", p->error);
	if (status == HARMONY_OK)
		status = multivers_get(p->m, path.data, "an open invoice", &arena, &root, p->error);
	if (status == HARMONY_OK &&
	    harmony__json_whole(&type, harmony__json_get(root, "invoiceType")) != HARMONY_OK)
		status = harmony_error_set(p->error, HARMONY_FORMAT, NULL,
					   "Multivers does not say whether invoice %s is a credit "
					   "note; set credit_balance = negative if its balance is",
					   id);
	*credit = type == 2 || type == 3;
	harmony__buf_free(&path);
	harmony__arena_free(&arena);
	return status;
}

/* The number that the record was offered with; money in advance belongs to no invoice. */
static const char *number_of(const pulling *p, const harmony__json *row)
{
	const char *id = harmony__json_text(harmony__json_get(row, "invoiceId"), "");
	const char *reference = harmony__json_text(harmony__json_get(row, "invoiceReference"), "");

	if (harmony__json_flag(harmony__json_get(row, "isAdvance"), false))
		return "";
	return *reference && !(p->sales && p->m->by_invoice) ? reference : id;
}

/* One that is written as nobody has seen yet is left out, and told. */
static void take_date(harmony_date *date, const pulling *p, const harmony__json *row,
		      const char *name)
{
	const char *text = harmony__json_text(harmony__json_get(row, name), "");

	if (multivers_date_parse(date, text) != HARMONY_OK && *text)
		harmony__log(p->m->frame.context, HARMONY_LOG_WARNING,
			     "invoice %s at Multivers has `%s` as its %s, which is no date that is "
			     "known; it is left out: report this",
			     harmony__json_text(harmony__json_get(row, "invoiceId"), ""), text,
			     name);
}

static harmony_status hand_on(pulling *p, const harmony__json *row, int64_t total, int64_t balance)
{
	const char *currency = harmony__json_text(harmony__json_get(row, "currencyId"), "");
	harmony__item item = {
	    .sales = p->sales,
	    .party = harmony__json_text(
		harmony__json_get(row, p->sales ? "customerId" : "supplierId"), ""),
	    .number = number_of(p, row),
	    .currency = *currency ? currency : "EUR",
	    .reference = harmony__json_text(harmony__json_get(row, "paymentReference"), ""),
	    .amount = total,
	    .outstanding = balance};

	take_date(&item.date, p, row, "invoiceDate");
	take_date(&item.due, p, row, "invoiceExpirationDate");
	return harmony__hand_on(&item, p->item, p->fn, p->user, p->error);
}

static bool amount_of(int64_t *out, const harmony__json *row, const char *document, const char *own)
{
	return harmony__json_amount(out, harmony__json_get(row, document)) == HARMONY_OK ||
	       harmony__json_amount(out, harmony__json_get(row, own)) == HARMONY_OK;
}

static harmony_status take_item(const harmony__json *row, void *user)
{
	pulling *p = user;
	const char *id = harmony__json_text(harmony__json_get(row, "invoiceId"), "");
	int64_t total = 0, balance = 0, sign = !p->sales && p->m->payables_negative ? -1 : 1;
	bool credit;
	harmony_status status;

	if (!amount_of(&balance, row, "invoiceBalanceCur", "invoiceBalance"))
		return harmony_error_set(p->error, HARMONY_FORMAT, NULL,
					 "invoice %s at Multivers has no balance; report this", id);
	if (balance == 0 || (*id && harmony__table_look(&p->seen, id)))
		return HARMONY_OK;
	if (*id && !harmony__table_put(&p->seen, id))
		return harmony__nomem(p->error);
	p->open_seen = true;
	if (!amount_of(&total, row, "invoiceAmountCur", "invoiceAmount"))
		total = balance;
	status = is_credit(&credit, p, id);
	if (credit)
		sign = -sign;
	return status == HARMONY_OK ? hand_on(p, row, sign * total, sign * balance) : status;
}

/* ---- lists --------------------------------------------------------------------------------------
 */

/* Of every fiscal year; those are asked for anew each time, since a new one may have begun. */
static harmony_status take_state(pulling *p, int state)
{
	const harmony__table *years = &p->m->frame.tables[MULTIVERS_YEARS];
	harmony_status status = HARMONY_OK;

	for (const multivers_thing *at = harmony__table_next(years, NULL);
	     at && status == HARMONY_OK; at = harmony__table_next(years, at)) {
		char path[96];
		snprintf(path, sizeof(path), "%sInvoiceInfoList/ByFiscalYear/%" PRId64 "/%d",
			 multivers_party_name(p->table), at->number, state);
		status = multivers_list(p->m, path, "InvoiceId", "open invoices", NULL, take_item,
					p, p->error);
	}
	return status;
}

static harmony_status take_side(pulling *p, bool *known)
{
	const harmony_host *host = p->m->frame.host;
	harmony_status status;

	p->open_seen = false;
	harmony__table_init(&p->seen, p->m->frame.context, sizeof(harmony__thing));
	status = take_state(p, 1);
	if (status == HARMONY_OK && p->open_seen && !*known) {
		status = host->memo_save(MEMO, "1", 1, host->user, p->error);
		*known = status == HARMONY_OK;
	} else if (status == HARMONY_OK && !*known) {
		status = take_state(p, 0);
		if (status == HARMONY_OK)
			status = take_state(p, 2);
	}
	harmony__table_free(&p->seen);
	return status;
}

static harmony_status load_known(bool *known, multivers *m, harmony_error *error)
{
	const harmony_host *host = m->frame.host;
	char data[16];
	size_t len = sizeof(data);
	harmony_status status = host->memo_load(data, &len, MEMO, host->user, NULL);

	*known = status == HARMONY_OK && len == 1 && data[0] == '1';
	return status == HARMONY_OK || status == HARMONY_NOTFOUND
		   ? HARMONY_OK
		   : harmony_error_set(error, status, NULL,
				       "what is known of lists cannot be read");
}

harmony_status multivers_outstanding(void *instance, int sides, harmony_item_fn item, void *user,
				     harmony_error *error)
{
	pulling p = {.m = instance, .fn = item, .user = user, .error = error};
	const void *none;
	bool known;
	harmony_status status = load_known(&known, p.m, error);

	p.m->frame.tables[MULTIVERS_YEARS].loaded = false;
	if (status == HARMONY_OK)
		status = harmony__find_thing(&none, &p.m->frame, MULTIVERS_YEARS, "", error);
	/* Nothing is open of no year, and each administration has one. */
	if (status == HARMONY_OK && !harmony__table_next(&p.m->frame.tables[MULTIVERS_YEARS], NULL))
		status = harmony_error_set(
		    error, HARMONY_CONFIG, NULL,
		    "Multivers shows this login no fiscal year of `administration` = %s, so that "
		    "nobody knows what is open; give its user the right to see them",
		    p.m->administration);
	if (status == HARMONY_OK)
		status = harmony_record_new(&p.item, p.m->frame.context, HARMONY_OUTSTANDING_ITEM,
					    error);
	for (int side = HARMONY_SIDE_SALES; side <= HARMONY_SIDE_PURCHASE && status == HARMONY_OK;
	     side <<= 1) {
		p.sales = side == HARMONY_SIDE_SALES;
		p.table = p.sales ? MULTIVERS_CUSTOMERS : MULTIVERS_SUPPLIERS;
		if (sides & side)
			status = take_side(&p, &known);
	}
	harmony_record_free(p.item);
	return status;
}
