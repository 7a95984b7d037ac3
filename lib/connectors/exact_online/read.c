/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "connectors/exact_online/exact.h"

#define MAX_PATH     4096u
#define ITEM_BUCKETS 4096u
#define DAY_MS       INT64_C(86400000)

/* "/Date(1382667872203)/": milliseconds since 1970, UTC; a suffix is no part of the day. */
static bool date_of(harmony_date *out, const harmony__json *value)
{
	const char *text = harmony__json_text(value, "");
	const char *open = strchr(text, '(');
	harmony__cursor cursor;
	uint64_t ms;
	bool before;

	if (!open)
		return harmony_date_parse(out, text, strlen(text) < 10 ? strlen(text) : 10) ==
		       HARMONY_OK;
	cursor = harmony__cursor_over(open + 1, strlen(open + 1));
	before = harmony__cursor_char(&cursor, '-');
	if (harmony__cursor_digits(&cursor, 15, &ms) == 0)
		return false;
	*out = harmony_date_from_days(before ? -(int32_t)((ms + DAY_MS - 1) / DAY_MS)
					     : (int32_t)(ms / DAY_MS));
	return harmony_date_valid(*out);
}

static bool amount_of(int64_t *out, const harmony__json *row, const char *name)
{
	return harmony__json_amount(out, harmony__json_get(row, name)) == HARMONY_OK;
}

static bool same_date(harmony_date a, harmony_date b)
{
	return a.year == b.year && a.month == b.month && a.day == b.day;
}

/* ---- find: invoices ------------------------------------------------------------------------ */

/* Entries of that relation under that reference; the one that is ours has the same journal,
   day and total. */
typedef struct invoice_search {
	exact *x;
	const harmony_record *record;
	const char *journal;
	int64_t total;
	harmony_date date;
	char id[EXACT_GUID_SIZE];    /* equal in all */
	char other[EXACT_GUID_SIZE]; /* same reference and journal, other content */
	int64_t other_total;
} invoice_search;

static harmony_status look_at_invoice(const harmony__json *row, void *user)
{
	invoice_search *s = user;
	const char *reference = exact_reference(s->record);
	const char *id = harmony__json_text(harmony__json_get(row, "EntryID"), "");
	char journal[32];
	harmony_date date = {0, 0, 0};
	int64_t total = 0;

	exact_trim(journal, sizeof(journal),
		   harmony__json_text(harmony__json_get(row, "Journal"), ""));
	if (strcmp(journal, s->journal) != 0 ||
	    (!*reference && *harmony__json_text(harmony__json_get(row, "YourRef"), "")))
		return HARMONY_OK;
	(void)date_of(&date, harmony__json_get(row, "EntryDate"));
	(void)amount_of(&total, row, "AmountFC");
	if (total == s->total && same_date(date, s->date)) {
		harmony__copy_text(s->id, sizeof(s->id), id, strlen(id));
	} else if (same_date(date, s->date) && *reference && (total < 0) == (s->total < 0)) {
		/* without a reference, or with the other sign, it is another document */
		harmony__copy_text(s->other, sizeof(s->other), id, strlen(id));
		s->other_total = total;
	}
	return HARMONY_OK;
}

static void tell_invoice(const invoice_search *s, harmony_verdict *verdict)
{
	char is[HARMONY_DECIMAL_SIZE], want[HARMONY_DECIMAL_SIZE];

	if (s->id[0]) {
		harmony_verdict_set(verdict, HARMONY_OUTCOME_BOOKED, NULL, NULL, "%s", "");
		harmony__copy_text(verdict->remote_id, sizeof(verdict->remote_id), s->id,
				   strlen(s->id));
	} else if (s->other[0]) {
		harmony_decimal_format(is, s->other_total, HARMONY_SCALE_AMOUNT, '.');
		harmony_decimal_format(want, s->total, HARMONY_SCALE_AMOUNT, '.');
		harmony_verdict_set(
		    verdict, HARMONY_OUTCOME_DIFFERS, "booked_differs", "total",
		    "Exact Online has this invoice of that day with %s where %s is meant; "
		    "correct it there",
		    is, want);
		harmony__copy_text(verdict->remote_id, sizeof(verdict->remote_id), s->other,
				   strlen(s->other));
	} else {
		harmony_verdict_set(verdict, HARMONY_OUTCOME_ABSENT, NULL, NULL, "%s", "");
	}
}

static harmony_status find_invoice(exact *x, const harmony_record *record, harmony_verdict *verdict,
				   harmony_error *error)
{
	bool sales = harmony_record_kind(record) == HARMONY_SALES_INVOICE;
	const char *journal = harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_JOURNAL);
	invoice_search s = {.x = x, .record = record, .total = harmony__sum_of(record)};
	const harmony__thing *party;
	const void *found;
	harmony__buf path;
	char day[11];
	harmony_status status;

	s.journal = harmony__mapped(&x->frame, "journals", journal);
	(void)harmony_record_get_date(&s.date, record, HARMONY_HEADER, HARMONY_FIELD_DATE);
	status = harmony__find_thing(&found, &x->frame, EXACT_PARTIES,
				     harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_PARTY),
				     error);
	if (status != HARMONY_OK)
		return status;
	party = found;
	if (!party) { /* no relation, no invoice of it */
		tell_invoice(&s, verdict);
		return HARMONY_OK;
	}
	harmony__buf_init(&path, x->frame.context, MAX_PATH);
	harmony__buf_printf(
	    &path,
	    "%s?$select=EntryID,EntryNumber,Journal,EntryDate,AmountFC,YourRef&$filter="
	    "%s%%20eq%%20guid'%s'%%20and%%20",
	    exact_entry_path(harmony_record_kind(record)), sales ? "Customer" : "Supplier",
	    party->id);
	harmony_date_format(day, s.date);
	if (*exact_reference(record)) {
		harmony__buf_str(&path, "YourRef%20eq%20");
		exact_literal(&path, exact_reference(record));
	} else {
		harmony__buf_printf(&path, "EntryDate%%20eq%%20datetime'%s'", day);
	}
	status = harmony__buf_check(&path, "a request", error);
	if (status == HARMONY_OK)
		status = exact_rows(x, path.data, NULL, look_at_invoice, &s, error);
	if (status == HARMONY_OK)
		tell_invoice(&s, verdict);
	harmony__buf_free(&path);
	return status;
}

/* ---- find: general journal entries ------------------------------------------------------------
 */

/* They have no reference. Its lines of that day are narrowed by journal, and an entry whose
   first line carries our key in its notes is the one. */
typedef struct memorial_search {
	exact *x;
	const char *key;
	char last[EXACT_GUID_SIZE]; /* entry of the last line seen, not to be asked for twice */
	char id[EXACT_GUID_SIZE];
	harmony_error *error;
} memorial_search;

static harmony_status look_at_notes(const harmony__json *row, void *user)
{
	memorial_search *s = user;
	char notes[HARMONY_KEY_SIZE + 2];

	exact_trim(notes, sizeof(notes), harmony__json_text(harmony__json_get(row, "Notes"), ""));
	if (strcmp(notes, s->key) == 0)
		harmony__copy_text(s->id, sizeof(s->id), s->last, strlen(s->last));
	return HARMONY_OK;
}

static harmony_status look_at_line(const harmony__json *row, void *user)
{
	memorial_search *s = user;
	const char *id = harmony__json_text(harmony__json_get(row, "EntryID"), "");
	harmony__buf path;
	harmony_status status;

	if (s->id[0] || !*id || strcmp(id, s->last) == 0)
		return HARMONY_OK;
	harmony__copy_text(s->last, sizeof(s->last), id, strlen(id));
	harmony__buf_init(&path, s->x->frame.context, MAX_PATH);
	harmony__buf_printf(
	    &path,
	    "generaljournalentry/GeneralJournalEntryLines?$select=ID,LineNumber,Notes"
	    "&$filter=EntryID%%20eq%%20guid'%s'",
	    id);
	status = harmony__buf_check(&path, "a request", s->error);
	if (status == HARMONY_OK)
		status = exact_rows(s->x, path.data, NULL, look_at_notes, s, s->error);
	harmony__buf_free(&path);
	return status;
}

static harmony_status find_memorial(exact *x, const harmony_record *record,
				    harmony_verdict *verdict, harmony_error *error)
{
	const char *journal = harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_JOURNAL);
	char key[HARMONY_KEY_SIZE], day[11];
	memorial_search s = {.x = x, .key = key, .error = error};
	harmony_date date = {0, 0, 0};
	harmony__buf path;
	harmony_status status;

	harmony__lasting_name(key, record);
	(void)harmony_record_get_date(&date, record, exact_dated_row(record, 1),
				      HARMONY_FIELD_DATE);
	harmony_date_format(day, date);
	harmony__buf_init(&path, x->frame.context, MAX_PATH);
	harmony__buf_str(&path,
			 "financialtransaction/TransactionLines?$select=ID,EntryID,LineNumber"
			 "&$filter=JournalCode%20eq%20");
	exact_literal(&path, harmony__mapped(&x->frame, "journals", journal));
	harmony__buf_printf(&path, "%%20and%%20Date%%20eq%%20datetime'%s'", day);
	status = harmony__buf_check(&path, "a request", error);
	if (status == HARMONY_OK)
		status = exact_rows(x, path.data, NULL, look_at_line, &s, error);
	if (status == HARMONY_OK) {
		harmony_verdict_set(verdict,
				    s.id[0] ? HARMONY_OUTCOME_BOOKED : HARMONY_OUTCOME_ABSENT, NULL,
				    NULL, "%s", "");
		harmony__copy_text(verdict->remote_id, sizeof(verdict->remote_id), s.id,
				   strlen(s.id));
	}
	harmony__buf_free(&path);
	return status;
}

/* A relation is what it is, whoever wrote it: when it is there it may be written again. The
   table is read anew, since what is in doubt came after it was. */
static harmony_status find_party(exact *x, const harmony_record *record, harmony_verdict *verdict,
				 harmony_error *error)
{
	const char *bank = harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_BANK_ACCOUNT);
	harmony_verdict made = HARMONY_VERDICT_INIT;
	const harmony__thing *thing;
	const void *found;
	harmony__buf body;
	bool changes = true, has = true;
	harmony_status status;

	x->frame.tables[EXACT_PARTIES].loaded = false;
	status = harmony__find_thing(&found, &x->frame, EXACT_PARTIES,
				     harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_CODE),
				     error);
	if (status != HARMONY_OK)
		return status;
	thing = found;
	harmony__buf_init(&body, x->frame.context, 65536);
	if (thing && thing->row)
		status = exact_party_body(x, record, thing, &body, &changes, &made, error);
	harmony__buf_free(&body);
	if (status == HARMONY_OK && thing && !changes && bank[0])
		status = exact_has_bank(&has, x, thing->id, bank, error);
	if (status != HARMONY_OK)
		return status;
	/* What cannot be made any more cannot be compared: it is offered again, and refused. */
	changes = changes || !has || made.outcome != HARMONY_OUTCOME_NONE;
	/* An update that did not arrive is offered again: it changes nothing that is equal. */
	harmony_verdict_set(verdict,
			    thing && !changes ? HARMONY_OUTCOME_BOOKED : HARMONY_OUTCOME_ABSENT,
			    NULL, NULL, "%s", "");
	if (!thing)
		return HARMONY_OK;
	harmony__copy_text(verdict->remote_id, sizeof(verdict->remote_id), thing->id,
			   strlen(thing->id));
	return exact_remember(x, thing->code, thing->row, error);
}

harmony_status exact_find(void *instance, const harmony_record *record, harmony_verdict *verdict,
			  harmony_error *error)
{
	switch (harmony_record_kind(record)) {
	case HARMONY_CUSTOMER:
	case HARMONY_SUPPLIER:
		return find_party(instance, record, verdict, error);
	case HARMONY_MEMORIAL:
		return find_memorial(instance, record, verdict, error);
	default:
		return find_invoice(instance, record, verdict, error);
	}
}

/* ---- read back --------------------------------------------------------------------------------
 */

typedef struct read_back {
	exact *x;
	const harmony_record *record;
	bool beside;  /* VAT is booked beside the amounts */
	size_t count; /* of our lines */
	bool *found;  /* one a line of ours, from 1 */
	int64_t *vat; /* what was booked on it */
	harmony_error *error;
} read_back;

static bool same_line(const read_back *back, size_t row, const char *id, int64_t booked)
{
	const char *code = harmony__text_of(back->record, row, HARMONY_FIELD_ACCOUNT);
	const harmony__thing *account;
	const void *found = NULL;
	int64_t amount = 0, sent = 0;

	(void)harmony__number_of(&amount, back->record, row, HARMONY_FIELD_AMOUNT);
	(void)exact_line_amount(&sent, back->x, back->record, row, back->beside);
	if (harmony__find_mapped(&found, &back->x->frame, EXACT_ACCOUNTS, code, NULL) != HARMONY_OK)
		return false;
	account = found;
	return account && (amount == booked || sent == booked) && strcmp(account->id, id) == 0;
}

/* Ticks off the line of ours that this one is; those that Exact made itself are none. */
static harmony_status look_at_booked(const harmony__json *row, void *user)
{
	read_back *back = user;
	const char *id = harmony__json_text(harmony__json_get(row, "GLAccount"), "");
	int64_t amount = 0;

	(void)amount_of(&amount, row, "AmountFC");
	for (size_t line = 1; line <= back->count; line++) {
		if (back->found[line] || !same_line(back, line, id, amount))
			continue;
		back->found[line] = true;
		if (!amount_of(&back->vat[line], row, "VATAmountFC"))
			(void)amount_of(&back->vat[line], row, "AmountVATFC");
		break;
	}
	return HARMONY_OK;
}

static void compare(const read_back *back, harmony_verdict *verdict)
{
	char is[HARMONY_DECIMAL_SIZE], want[HARMONY_DECIMAL_SIZE], field[32];
	int64_t amount = 0, vat = 0;

	for (size_t line = 1; line <= back->count; line++) {
		(void)harmony__number_of(&amount, back->record, line, HARMONY_FIELD_AMOUNT);
		if (back->found[line] &&
		    (!back->beside || exact_vat_left(back->x, back->record, line) ||
		     !harmony__number_of(&vat, back->record, line, HARMONY_FIELD_VAT_AMOUNT) ||
		     vat == back->vat[line]))
			continue;
		snprintf(field, sizeof(field), "lines.%zu.%s", line,
			 back->found[line] ? "vat_amount" : "amount");
		harmony_decimal_format(is, back->vat[line], HARMONY_SCALE_AMOUNT, '.');
		harmony_decimal_format(want, back->found[line] ? vat : amount, HARMONY_SCALE_AMOUNT,
				       '.');
		if (back->found[line])
			harmony_verdict_set(
			    verdict, HARMONY_OUTCOME_DIFFERS, "booked_differs", field,
			    "Exact Online booked %s VAT on line %zu where %s was meant; correct "
			    "the entry there",
			    is, line, want);
		else
			harmony_verdict_set(
			    verdict, HARMONY_OUTCOME_DIFFERS, "booked_differs", field,
			    "Exact Online booked no line of %s on ledger account %s; correct the "
			    "entry there",
			    want, harmony__text_of(back->record, line, HARMONY_FIELD_ACCOUNT));
		return;
	}
	harmony_verdict_set(verdict, HARMONY_OUTCOME_BOOKED, NULL, NULL, "%s", "");
}

static const struct {
	harmony_kind kind;
	const char *path, *vat;
} line_paths[] = {
    {HARMONY_SALES_INVOICE, "salesentry/SalesEntryLines", "VATAmountFC"},
    {HARMONY_PURCHASE_INVOICE, "purchaseentry/PurchaseEntryLines", "VATAmountFC"},
    {HARMONY_MEMORIAL, "generaljournalentry/GeneralJournalEntryLines", "AmountVATFC"}};

static harmony_status fetch_lines(read_back *back, size_t which, const char *id)
{
	harmony__buf path;
	harmony_status status;

	harmony__buf_init(&path, back->x->frame.context, MAX_PATH);
	harmony__buf_printf(
	    &path,
	    "%s?$select=ID,LineNumber,GLAccount,AmountFC,%s,VATCode&$filter=EntryID%%20eq"
	    "%%20guid'%s'",
	    line_paths[which].path, line_paths[which].vat, id);
	status = harmony__buf_check(&path, "a request", back->error);
	if (status == HARMONY_OK)
		status = exact_rows(back->x, path.data, NULL, look_at_booked, back, back->error);
	harmony__buf_free(&path);
	return status;
}

harmony_status exact_read_back(void *instance, const harmony_record *record, const char *remote_id,
			       harmony_verdict *verdict, harmony_error *error)
{
	exact *x = instance;
	read_back back = {
	    .x = x,
	    .record = record,
	    .beside = harmony__vat_beside(record),
	    .count = harmony_record_lines(record),
	    .error = error};
	harmony_kind kind = harmony_record_kind(record);
	harmony_status status;
	size_t i = 0;

	while (i < HARMONY__COUNT(line_paths) && line_paths[i].kind != kind)
		i++;
	/* One more request a booking: the setting read_back decides. The total of an invoice was
	   compared in the answer to its booking already; that of a general journal entry has
	   nothing to compare. */
	if (i == HARMONY__COUNT(line_paths) || (!x->read_lines && kind != HARMONY_MEMORIAL)) {
		harmony_verdict_set(verdict, HARMONY_OUTCOME_BOOKED, NULL, NULL, "%s", "");
		return HARMONY_OK;
	}
	back.found = harmony__zalloc(x->frame.context, (back.count + 1) * sizeof(*back.found));
	back.vat = harmony__zalloc(x->frame.context, (back.count + 1) * sizeof(*back.vat));
	status = back.found && back.vat ? fetch_lines(&back, i, remote_id) : harmony__nomem(error);
	if (status == HARMONY_OK)
		compare(&back, verdict);
	harmony__free(x->frame.context, back.found);
	harmony__free(x->frame.context, back.vat);
	return status;
}

/* ---- outstanding --------------------------------------------------------------------------------
 */

/* Rows are payment terms: an invoice in instalments, or paid in part, has several. They are
   summed by entry, relation and numbers, since an opening balance or a bank statement is one
   entry with many relations' invoices in it. */
typedef struct open_item {
	const char *key;
	const harmony__json *row; /* the first one */
	int64_t amount, outstanding;
	bool whole;              /* the amount is known */
	bool typed;              /* and its sign, being an invoice or a credit note */
	harmony_date due;        /* the first of those open, year 0: none */
	struct open_item *next;  /* in its bucket */
	struct open_item *after; /* in order of arrival */
} open_item;

typedef struct gathering {
	exact *x;
	harmony__arena arena;
	open_item *buckets[ITEM_BUCKETS];
	open_item *first, **last;
	int64_t plain; /* how many rows more say that an open invoice's AmountFC is positive */
	harmony_error *error;
} gathering;

static open_item *item_under(gathering *g, const char *key)
{
	open_item **bucket = &g->buckets[harmony__hash64(key, strlen(key), 0) % ITEM_BUCKETS];
	open_item *item = *bucket;

	while (item && strcmp(item->key, key) != 0)
		item = item->next;
	if (item)
		return item;
	item = harmony__arena_alloc(&g->arena, sizeof(*item));
	if (!item)
		return NULL;
	memset(item, 0, sizeof(*item));
	item->key = key;
	item->next = *bucket;
	*bucket = item;
	*g->last = item;
	g->last = &item->after;
	return item;
}

static const char *key_of(gathering *g, const harmony__json *row)
{
	static const char *const names[] = {"AccountCode", "YourRef", "InvoiceNumber"};
	const char *entry = harmony__json_text(harmony__json_get(row, "TransactionEntryID"), "");
	const char *key = NULL;
	harmony__buf text;

	if (!*entry)
		return harmony__json_text(harmony__json_get(row, "ID"), "");
	harmony__buf_init(&text, g->x->frame.context, 4096);
	harmony__buf_str(&text, entry);
	for (size_t i = 0; i < HARMONY__COUNT(names); i++) {
		int64_t number = 0;
		const harmony__json *value = harmony__json_get(row, names[i]);
		if (i == 2 && harmony__json_whole(&number, value) == HARMONY_OK)
			harmony__buf_printf(&text, "\n%" PRId64, number);
		else
			harmony__buf_printf(&text, "\n%s", harmony__json_text(value, ""));
	}
	if (text.status == HARMONY_OK)
		key = harmony__arena_text(&g->arena, text.data, text.len);
	harmony__buf_free(&text);
	return key;
}

/* An amount that cannot be read would make an open invoice a paid one. */
static harmony_status odd_amount(const gathering *g, const harmony__json *row, const char *name)
{
	char party[64];

	exact_trim(party, sizeof(party),
		   harmony__json_text(harmony__json_get(row, "AccountCode"), ""));
	return harmony_error_set(
	    g->error, HARMONY_FORMAT, NULL,
	    "the %s '%s' that Exact Online gives for the open item '%s' of relation %s is no "
	    "amount; nothing was taken over, report this",
	    name, harmony__json_text(harmony__json_get(row, name), ""),
	    harmony__json_text(harmony__json_get(row, "YourRef"), ""), party);
}

/* Invoices are positive and credit notes negative, whichever sign the side's rows have: the
   type of the transaction says which it is, and tells what sign open ones have here. What was
   paid too much has the other sign, so the most of them decide. */
static void first_row(gathering *g, open_item *item, const harmony__json *row, int64_t whole,
		      int64_t open)
{
	int64_t type = 0;
	bool invoice, credit;

	(void)harmony__json_whole(&type, harmony__json_get(row, "TransactionType"));
	invoice = type == 20 || type == 30;
	credit = type == 21 || type == 31;
	item->row = row;
	item->whole = whole != 0;
	item->typed = invoice || credit;
	item->amount = (invoice && whole < 0) || (credit && whole > 0) ? -whole : whole;
	if (item->typed && open != 0 && whole != 0)
		g->plain += (open > 0) == (item->amount > 0) ? 1 : -1;
}

static harmony_status gather(const harmony__json *row, void *user)
{
	gathering *g = user;
	const char *key = key_of(g, row);
	open_item *item = key ? item_under(g, key) : NULL;
	int64_t open = 0, whole = 0;
	harmony_date due;

	if (!item)
		return HARMONY_NOMEM;
	if (!amount_of(&open, row, "AmountFC"))
		return odd_amount(g, row, "AmountFC");
	if (!amount_of(&whole, row, "TransactionAmountFC") &&
	    *harmony__json_text(harmony__json_get(row, "TransactionAmountFC"), ""))
		return odd_amount(g, row, "TransactionAmountFC");
	if (!item->row)
		first_row(g, item, row, whole, open);
	if (date_of(&due, harmony__json_get(row, "DueDate")) &&
	    (!item->due.year || harmony_date_to_days(due) < harmony_date_to_days(item->due)))
		item->due = due;
	if (!harmony__add(&item->outstanding, open))
		return odd_amount(g, row, "AmountFC");
	return HARMONY_OK;
}

/* Hands on what was gathered. */
static harmony_status tell_item(exact *x, harmony_record *record, const open_item *from, int plain,
				int side, harmony_item_fn fn, void *user, harmony_error *error)
{
	static const char *const names[] = {"AccountCode", "YourRef", "Currency", "Description",
					    "PaymentReference"};
	const harmony__json *row = from->row;
	char texts[HARMONY__COUNT(names)][512], own[24] = "";
	int64_t outstanding = plain * from->outstanding, given = 0;
	harmony_status status;
	harmony__item item = {.sales = side == HARMONY_SIDE_SALES,
			      .amount = from->whole ? from->amount : outstanding,
			      .outstanding = outstanding};

	for (size_t i = 0; i < HARMONY__COUNT(names); i++)
		exact_trim(texts[i], sizeof(texts[i]),
			   harmony__json_text(harmony__json_get(row, names[i]), ""));
	/* Money that belongs to no invoice has the number 0. */
	if (harmony__json_whole(&given, harmony__json_get(row, "InvoiceNumber")) == HARMONY_OK &&
	    given)
		snprintf(own, sizeof(own), "%" PRId64, given);
	/* That of a memorial or an opening balance may have either sign. */
	if (from->whole && !from->typed && (item.amount < 0) != (outstanding < 0))
		item.amount = -item.amount;
	status = exact_recall(texts[0], sizeof(texts[0]), x, error);
	if (status != HARMONY_OK)
		return status;
	item.party = texts[0];
	item.number = *texts[1] ? texts[1] : own;
	item.currency = texts[2];
	item.description = texts[3];
	item.reference = texts[4];
	(void)date_of(&item.date, harmony__json_get(row, "InvoiceDate"));
	item.due = from->due;
	return harmony__hand_on(&item, record, fn, user, error);
}

static harmony_status hand_on(gathering *g, int side, harmony_item_fn item, void *user,
			      harmony_error *error)
{
	/* cashflow/Receivables has what a customer owes negative; for Payments that is not
	   verified, so an invoice among the rows, or the setting, decides. */
	int setting = side == HARMONY_SIDE_SALES ? 0 : g->x->payables_sign;
	int plain = setting ? setting : g->plain > 0 ? 1 : -1;
	harmony_record *record;
	harmony_status status =
	    harmony_record_new(&record, g->x->frame.context, HARMONY_OUTSTANDING_ITEM, error);

	for (const open_item *at = g->first; at && status == HARMONY_OK; at = at->after)
		if (at->outstanding != 0)
			status = tell_item(g->x, record, at, plain, side, item, user, error);
	harmony_record_free(record);
	return status;
}

#define OPEN_ROWS                                                                                  \
	"?$select=ID,AccountCode,AmountFC,Currency,Description,DueDate,InvoiceDate,InvoiceNumber," \
	"PaymentReference,Status,TransactionAmountFC,TransactionEntryID,TransactionType,YourRef"   \
	"&$filter=Status%20eq%2020%20or%20Status%20eq%2030"

static harmony_status outstanding_side(exact *x, int side, harmony_item_fn item, void *user,
				       harmony_error *error)
{
	gathering *g = harmony__zalloc(x->frame.context, sizeof(*g));
	harmony_status status;

	if (!g)
		return harmony__nomem(error);
	g->x = x;
	g->error = error;
	g->last = &g->first;
	harmony__arena_init(&g->arena, x->frame.context, 0);
	status = exact_rows(x,
			    side == HARMONY_SIDE_SALES ? "bulk/Cashflow/Receivables" OPEN_ROWS
						       : "bulk/Cashflow/Payments" OPEN_ROWS,
			    &g->arena, gather, g, error);
	if (status == HARMONY_NOMEM)
		harmony__nomem(error);
	if (status == HARMONY_OK)
		status = hand_on(g, side, item, user, error);
	harmony__arena_free(&g->arena);
	harmony__free(x->frame.context, g);
	return status;
}

harmony_status exact_outstanding(void *instance, int sides, harmony_item_fn item, void *user,
				 harmony_error *error)
{
	harmony_status status = HARMONY_OK;

	if (sides & HARMONY_SIDE_SALES)
		status = outstanding_side(instance, HARMONY_SIDE_SALES, item, user, error);
	if (status == HARMONY_OK && sides & HARMONY_SIDE_PURCHASE)
		status = outstanding_side(instance, HARMONY_SIDE_PURCHASE, item, user, error);
	return status;
}
