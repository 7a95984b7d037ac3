/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "connectors/twinfield/twinfield.h"

#define MAX_ASK   4096u
#define MOST_READ 50 /* transactions that are read to find one */

/* ---- one transaction ----------------------------------------------------------------- */

/* `*out` is NULL when Twinfield has no such transaction. */
static harmony_status read_transaction(twinfield *t, const char *code, const char *number,
				       harmony__arena *arena, const harmony__xml **out,
				       harmony_error *error)
{
	const char *const pairs[] = {"type", "transaction", "office", t->office, "code", code,
				     "number", number, NULL};
	harmony__buf inner;
	harmony_status status;

	harmony__buf_init(&inner, t->frame.context, MAX_ASK);
	status = twinfield_ask(&inner, "read", pairs);
	status = status == HARMONY_OK
		     ? twinfield_tree(t, "a transaction", &inner, arena, out, error)
		     : harmony_error_set(error, status, NULL, "a question cannot be written");
	harmony__buf_free(&inner);
	if (status != HARMONY_OK)
		return status;
	if (*out && strcmp((*out)->name, "transactions") == 0)
		*out = harmony__xml_child(*out, "transaction");
	if (twinfield_refused(*out) ||
	    !*harmony__xml_text(harmony__xml_get(*out, "header", "number")))
		*out = NULL;
	return HARMONY_OK;
}

static void no_way(harmony_verdict *verdict)
{
	harmony_verdict_set(verdict, HARMONY_OUTCOME_IN_DOUBT, "in_doubt", "",
			    "this office of Twinfield cannot be browsed for what was booked; give "
			    "the user the right to browse, or look there, and book it by hand when "
			    "it is not there");
}

static void found_at(harmony_verdict *verdict, int outcome, const char *code, const char *number)
{
	char id[sizeof(verdict->remote_id)];

	snprintf(id, sizeof(id), "%s/%s", code, number);
	harmony__verdict_at(verdict, outcome, id);
}

/* ---- invoices ------------------------------------------------------------------------ */

typedef struct invoice_search {
	const char *journal, *party, *reference, *currency;
	char day[9];
	int64_t total;
	char number[32], other[32]; /* equal in all; of that day, with another total */
	int64_t other_total;
} invoice_search;

static bool is_or_empty(const char *cell, const char *text)
{
	return !*cell || !*text || strcmp(cell, text) == 0;
}

static harmony_status look_at_invoice(const twinfield_row *row, void *user)
{
	invoice_search *s = user;
	int64_t value;

	if (strcmp(row->code, s->journal) != 0 ||
	    strcmp(row->cells[TWINFIELD_DIM2], s->party) != 0 ||
	    strcmp(row->cells[TWINFIELD_INVOICE], s->reference) != 0 ||
	    !is_or_empty(row->cells[TWINFIELD_DATE], s->day))
		return HARMONY_OK;
	if (!twinfield_amount(&value, row->cells[TWINFIELD_VALUE]))
		return HARMONY_FORMAT;
	if (value == s->total && is_or_empty(row->cells[TWINFIELD_CURRENCY], s->currency)) {
		harmony__copy_text(s->number, sizeof(s->number), row->number, strlen(row->number));
	} else if (*s->reference && (value < 0) == (s->total < 0)) {
		/* without a number, or with the other sign, it is another document */
		harmony__copy_text(s->other, sizeof(s->other), row->number, strlen(row->number));
		s->other_total = value;
	}
	return HARMONY_OK;
}

static void tell_invoice(const invoice_search *s, harmony_verdict *verdict)
{
	char is[HARMONY_DECIMAL_SIZE], want[HARMONY_DECIMAL_SIZE];
	harmony_verdict at = HARMONY_VERDICT_INIT;

	if (s->number[0]) {
		found_at(verdict, HARMONY_OUTCOME_BOOKED, s->journal, s->number);
		return;
	}
	if (!s->other[0]) {
		harmony_verdict_set(verdict, HARMONY_OUTCOME_ABSENT, NULL, NULL, "%s", "");
		return;
	}
	found_at(&at, HARMONY_OUTCOME_DIFFERS, s->journal, s->other);
	harmony_decimal_format(is, s->other_total, HARMONY_SCALE_AMOUNT, '.');
	harmony_decimal_format(want, s->total, HARMONY_SCALE_AMOUNT, '.');
	harmony_verdict_set(verdict, HARMONY_OUTCOME_DIFFERS, "booked_differs", "total",
			    "Twinfield has this invoice of that day as %s with %s where %s is "
			    "meant (debit positive); correct it there",
			    at.remote_id, is, want);
	harmony__copy_text(verdict->remote_id, sizeof(verdict->remote_id), at.remote_id,
			   strlen(at.remote_id));
}

static harmony_status find_invoice(twinfield *t, const harmony_record *record,
				   harmony_verdict *verdict, harmony_error *error)
{
	static const uint8_t needed[] = {TWINFIELD_CODE, TWINFIELD_NUMBER, TWINFIELD_DIM2,
					 TWINFIELD_VALUE, TWINFIELD_INVOICE};
	int side = harmony_record_kind(record) == HARMONY_SALES_INVOICE ? HARMONY_SIDE_SALES
									: HARMONY_SIDE_PURCHASE;
	invoice_search s = {
	    .journal = harmony__mapped(
		&t->frame, "journals",
		harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_JOURNAL)),
	    .party = harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_PARTY),
	    .currency = harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_CURRENCY),
	    .reference = twinfield_reference(record),
	    .total = twinfield_total(record)};
	twinfield_query query = {.row = look_at_invoice, .user = &s};
	const twinfield_definition *d;
	harmony_status status = twinfield_choose(&d, t, twinfield_side_codes(t, side), needed,
						 HARMONY__COUNT(needed), error);

	if (status != HARMONY_OK)
		return status;
	if (!d) {
		no_way(verdict);
		return HARMONY_OK;
	}
	twinfield_day(s.day, record);
	query.code = d->code;
	query.equal[TWINFIELD_CODE] = s.journal;
	query.equal[TWINFIELD_DIM2] = s.party;
	query.equal[TWINFIELD_INVOICE] = *s.reference ? s.reference : NULL;
	status = twinfield_browse(t, &query, error);
	if (status == HARMONY_OK)
		tell_invoice(&s, verdict);
	return status;
}

/* ---- memorials ----------------------------------------------------------------------- */

/* Entries of that daybook and day which hold our first line are read, and the one with our key
   is it. Where entries carry none, one that is alike cannot be told from ours. */
typedef struct candidate {
	harmony__thing thing; /* by its number */
} candidate;

typedef struct memorial_search {
	twinfield *t;
	const harmony_record *record;
	const char *journal, *account;
	char day[9], key[HARMONY__UUID_SIZE];
	int64_t value; /* of our first line, debit positive */
	harmony__table candidates;
	char number[32]; /* whose key is ours */
} memorial_search;

/* The column that shows our key; what it shows is also looked for in the transaction. */
static int key_column(const twinfield *t)
{
	static const int columns[] = {TWINFIELD_FREETEXT1, TWINFIELD_FREETEXT2, TWINFIELD_FREETEXT3,
				      TWINFIELD_INVOICE};

	return t->memorial_key < TWINFIELD_KEY_NONE ? columns[t->memorial_key] : -1;
}

static harmony_status look_at_line(const twinfield_row *row, void *user)
{
	memorial_search *s = user;
	int column = key_column(s->t);
	int64_t value;

	if (strcmp(row->code, s->journal) != 0 ||
	    !is_or_empty(row->cells[TWINFIELD_DATE], s->day))
		return HARMONY_OK;
	if (column >= 0 && strcmp(row->cells[column], s->key) == 0)
		harmony__copy_text(s->number, sizeof(s->number), row->number, strlen(row->number));
	if (!twinfield_amount(&value, row->cells[TWINFIELD_VALUE]))
		return HARMONY_FORMAT;
	if (value != s->value || !is_or_empty(row->cells[TWINFIELD_DIM1], s->account))
		return HARMONY_OK;
	return harmony__table_put(&s->candidates, row->number) ? HARMONY_OK : HARMONY_NOMEM;
}

static bool has_key(const memorial_search *s, const harmony__xml *transaction)
{
	const char *name = twinfield_key_element(s->t);

	if (name)
		return strcmp(harmony__xml_text(harmony__xml_get(transaction, "header", name)),
			      s->key) == 0;
	for (const harmony__xml *at = harmony__xml_get(transaction, "lines", "line"); at;
	     at = harmony__xml_sibling(at))
		if (strcmp(harmony__xml_text(harmony__xml_child(at, "invoicenumber")), s->key) == 0)
			return true;
	return false;
}

static harmony_status read_candidates(memorial_search *s, harmony_error *error)
{
	const candidate *at = harmony__table_next(&s->candidates, NULL);
	harmony__arena arena;
	harmony_status status = HARMONY_OK;

	harmony__arena_init(&arena, s->t->frame.context, HARMONY__TREE_LIMIT);
	for (; at && !s->number[0] && status == HARMONY_OK;
	     at = harmony__table_next(&s->candidates, at)) {
		const harmony__xml *transaction;
		status = read_transaction(s->t, s->journal, at->thing.code, &arena, &transaction,
					  error);
		if (status == HARMONY_OK && transaction && has_key(s, transaction))
			harmony__copy_text(s->number, sizeof(s->number), at->thing.code,
					   strlen(at->thing.code));
		harmony__arena_reset(&arena);
	}
	harmony__arena_free(&arena);
	return status;
}

static void look_there(const memorial_search *s, bool keyless, harmony_verdict *verdict)
{
	char day[11] = "", amount[HARMONY_DECIMAL_SIZE];
	int64_t sum = 0;

	for (size_t row = 1; row <= harmony_record_lines(s->record); row++) {
		int64_t value = twinfield_signed(s->record, row, HARMONY_FIELD_AMOUNT);
		sum += value > 0 ? value : 0;
	}
	if (!harmony__date_text(day, s->record, 1, HARMONY_FIELD_DATE))
		(void)harmony__date_text(day, s->record, HARMONY_HEADER, HARMONY_FIELD_DATE);
	harmony_decimal_format(amount, sum, HARMONY_SCALE_AMOUNT, '.');
	harmony_verdict_set(verdict, HARMONY_OUTCOME_IN_DOUBT, "duplicate", "",
			    "Twinfield has %s in daybook %s on %s, of %s, and %s; see whether it is "
			    "this one, and book it by hand when it is not",
			    keyless ? "an entry like this one" : "many entries like this one",
			    s->journal, day, amount,
			    keyless ? "entries carry no key of ours (memorial_key)"
				    : "shows the key of one at a time alone");
}

static harmony_status tell_memorial(memorial_search *s, harmony_verdict *verdict,
				    harmony_error *error)
{
	bool keyless = key_column(s->t) < 0 || (s->t->memorial_key == TWINFIELD_KEY_INVOICE &&
						!twinfield_key_row(s->record));
	harmony_status status = HARMONY_OK;

	if (!s->number[0] && s->candidates.count > 0 &&
	    (keyless || s->candidates.count > MOST_READ)) {
		look_there(s, keyless, verdict);
		return HARMONY_OK;
	}
	if (!s->number[0])
		status = read_candidates(s, error);
	if (status == HARMONY_OK && s->number[0])
		found_at(verdict, HARMONY_OUTCOME_BOOKED, s->journal, s->number);
	else if (status == HARMONY_OK)
		harmony_verdict_set(verdict, HARMONY_OUTCOME_ABSENT, NULL, NULL, "%s", "");
	return status;
}

/* Books may begin in any month, so the year's neighbours are looked through, too; where periods
   cannot be asked, all of it. */
static harmony_status browse_memorials(memorial_search *s, const twinfield_definition *d,
				       harmony_error *error)
{
	twinfield_query query = {.code = d->code, .row = look_at_line, .user = s};
	harmony_error mine = HARMONY_ERROR_INIT;
	harmony__cursor cursor = harmony__cursor_over(s->day, strlen(s->day));
	uint64_t year = 0;
	harmony_status status;

	query.equal[TWINFIELD_CODE] = s->journal;
	query.equal[TWINFIELD_DATE] = s->day;
	if (d->columns[TWINFIELD_DATE] < TWINFIELD_EQUAL &&
	    harmony__cursor_digits(&cursor, 4, &year) == 4) {
		query.from = ((int)year - 1) * 100;
		query.to = ((int)year + 1) * 100 + 55;
	}
	status = twinfield_browse(s->t, &query, &mine);
	if (query.to && (status == HARMONY_RETRY || status == HARMONY_REJECTED)) {
		harmony_error_clear(&mine);
		query.from = query.to = 0;
		status = twinfield_browse(s->t, &query, &mine);
	}
	if (status != HARMONY_OK)
		harmony__error_give(error, &mine);
	return status == HARMONY_NOMEM ? harmony__nomem(error) : status;
}

static harmony_status find_memorial(twinfield *t, const harmony_record *record,
				    harmony_verdict *verdict, harmony_error *error)
{
	static const char *const codes[] = {"020", "030_1", "030_2", "030_3", NULL};
	static const uint8_t needed[] = {TWINFIELD_CODE, TWINFIELD_NUMBER, TWINFIELD_VALUE};
	memorial_search s = {
	    .t = t,
	    .record = record,
	    .journal = harmony__mapped(
		&t->frame, "journals",
		harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_JOURNAL)),
	    .account = harmony__mapped(&t->frame, "accounts",
				       harmony__text_of(record, 1, HARMONY_FIELD_ACCOUNT))};
	const twinfield_definition *d;
	harmony_status status =
	    twinfield_choose(&d, t, codes, needed, HARMONY__COUNT(needed), error);

	if (status != HARMONY_OK)
		return status;
	if (!d) {
		no_way(verdict);
		return HARMONY_OK;
	}
	s.value = twinfield_signed(record, 1, HARMONY_FIELD_AMOUNT);
	twinfield_day(s.day, record);
	twinfield_key(s.key, t, record);
	harmony__table_init(&s.candidates, t->frame.context, sizeof(candidate));
	status = browse_memorials(&s, d, error);
	if (status == HARMONY_OK)
		status = tell_memorial(&s, verdict, error);
	harmony__table_free(&s.candidates);
	return status;
}

/* ---- relations ----------------------------------------------------------------------- */

/* An update that did not arrive is offered again: it changes nothing that is equal. */
static harmony_status find_party(twinfield *t, const harmony_record *record,
				 harmony_verdict *verdict, harmony_error *error)
{
	const char *code = harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_CODE);
	harmony_verdict ignored = HARMONY_VERDICT_INIT;
	const harmony__xml *row;
	harmony__arena arena;
	harmony__buf body;
	harmony__xml_writer w;
	bool changes = true;
	harmony_status status;

	harmony__arena_init(&arena, t->frame.context, HARMONY__TREE_LIMIT);
	harmony__buf_init(&body, t->frame.context, TWINFIELD_MAX_INNER);
	harmony__xml_begin(&w, &body);
	status = twinfield_read_party(t, harmony_record_kind(record), code, &arena, &row, error);
	if (status == HARMONY_OK && row)
		status = twinfield_party_body(t, record, row, &w, &changes, &ignored, error);
	if (status == HARMONY_OK && row && !changes &&
	    ignored.outcome == HARMONY_OUTCOME_NONE)
		harmony__verdict_at(verdict, HARMONY_OUTCOME_BOOKED, code);
	else if (status == HARMONY_OK)
		harmony_verdict_set(verdict, HARMONY_OUTCOME_ABSENT, NULL, NULL, "%s", "");
	harmony__buf_free(&body);
	harmony__arena_free(&arena);
	return status;
}

harmony_status twinfield_find(void *instance, const harmony_record *record,
			      harmony_verdict *verdict, harmony_error *error)
{
	twinfield *t = instance;
	harmony_status status = *t->office ? HARMONY_OK : twinfield_ready(&t->frame, error);

	if (status != HARMONY_OK)
		return status;
	switch (harmony_record_kind(record)) {
	case HARMONY_CUSTOMER:
	case HARMONY_SUPPLIER:
		return find_party(t, record, verdict, error);
	case HARMONY_MEMORIAL:
		return find_memorial(t, record, verdict, error);
	default:
		return find_invoice(t, record, verdict, error);
	}
}

/* ---- read back ----------------------------------------------------------------------- */

/* One more request a booking: the setting read_back decides. The answer to the booking holds
   all of it, and was compared already. */
harmony_status twinfield_read_back(void *instance, const harmony_record *record,
				   const char *remote_id, harmony_verdict *verdict,
				   harmony_error *error)
{
	twinfield *t = instance;
	const char *slash = strrchr(remote_id, '/');
	const harmony__xml *transaction;
	harmony__arena arena;
	char code[64];
	harmony_status status;

	if (harmony__is_party(record) || !t->read_lines ||
	    !slash) {
		harmony_verdict_set(verdict, HARMONY_OUTCOME_BOOKED, NULL, NULL, "%s", "");
		return HARMONY_OK;
	}
	harmony__copy_text(code, sizeof(code), remote_id, (size_t)(slash - remote_id));
	harmony__arena_init(&arena, t->frame.context, HARMONY__TREE_LIMIT);
	status = read_transaction(t, code, slash + 1, &arena, &transaction, error);
	if (status == HARMONY_OK && transaction)
		status = twinfield_compare(t, record, transaction, verdict, error);
	else if (status == HARMONY_OK)
		harmony_verdict_set(verdict, HARMONY_OUTCOME_DIFFERS, "booked_differs", "",
				    "Twinfield gave the number %s, and has no such transaction; "
				    "look there, and re-offer it when it is not booked",
				    remote_id);
	harmony__arena_free(&arena);
	return status;
}
