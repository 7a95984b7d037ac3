/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "connectors/minox/minox.h"

/* Records → batches of transaction lines. Amounts stand in two columns of which one is zero;
   they are made from integers. A batch has a UUID made from what it is, so that whatever is
   sent twice is one batch. */

/* Digits of an invoice number. It is a whole number at Minox, of which no limit is told; more
   digits than these not every reader of JSON keeps. */
#define MAX_INVOICE 15

void minox_entry_uuid(char uuid[HARMONY__UUID_SIZE], const minox *m, const harmony_record *record)
{
	char key[HARMONY_KEY_SIZE], name[HARMONY_KEY_SIZE + 64];

	(void)harmony_record_key(key, record);
	snprintf(name, sizeof(name), "minox:%s/%s/%s", m->tenant, m->administration, key);
	harmony__uuid5_url(uuid, name);
}

/* A batch under construction. */
typedef struct entry {
	harmony__draft draft;
	minox *m;
	const harmony_record *record;
	harmony_kind kind;
	const minox_thing *journal;
	const harmony__thing *party;
	int64_t year, period, invoice; /* invoice 0: none; of a memorial that of the line */
	size_t lines;                  /* of the batch so far */
	int64_t balance;               /* of the lines so far, debit minus credit, VAT included */
	bool beside;                   /* VAT is booked beside the amounts */
	harmony__json_writer w;
} entry;

static bool going_on(const entry *e)
{
	return harmony__draft_good(&e->draft);
}

static const char *text_of(const entry *e, size_t row, harmony_field field)
{
	return harmony__text_of(e->record, row, field);
}

static const void *need(entry *e, int table, size_t row, harmony_field field)
{
	return harmony__need(&e->draft, table, row, field);
}

static const harmony__thing *need_party(entry *e, size_t row, int table)
{
	return harmony__need_party(&e->draft, table, row,
				   table == MINOX_SUPPLIERS ? HARMONY_SUPPLIER : HARMONY_CUSTOMER);
}

/* ---- header ------------------------------------------------------------------------------ */

static void take_journal(entry *e)
{
	e->journal = need(e, MINOX_JOURNALS, HARMONY_HEADER, HARMONY_FIELD_JOURNAL);
	if (e->journal && e->journal->books && e->journal->books != e->kind)
		harmony__refuse(&e->draft, "unknown_journal", HARMONY_HEADER, "journal",
				"journal '%s' of Minox is one for a %s, and this is a %s; map the "
				"journal under [integration NAME journals]",
				e->journal->thing.code, harmony_kind_word(e->journal->books),
				harmony_kind_word(e->kind));
}

static int64_t period_in(const minox_year *year, harmony_date date)
{
	int64_t months = (date.year - year->start.year) * 12 + date.month - year->start.month;
	int64_t weeks = (harmony_date_to_days(date) - harmony_date_to_days(year->start)) / 28;

	if (year->periods == 13)
		return weeks < 12 ? weeks + 1 : 13;
	return year->periods > 0 && year->periods <= 12 ? months * year->periods / 12 + 1 : 0;
}

static void take_period(entry *e)
{
	harmony_date date = {0, 0, 0};
	const minox_year *year;

	(void)harmony_record_get_date(&date, e->record, HARMONY_HEADER, HARMONY_FIELD_DATE);
	year = minox_year_at(e->m, date);
	if (year) {
		e->year = year->number;
		e->period = period_in(year, date);
	}
	if (e->m->file_period) {
		(void)harmony__number_of(&e->year, e->record, HARMONY_HEADER, HARMONY_FIELD_YEAR);
		(void)harmony__number_of(&e->period, e->record, HARMONY_HEADER,
					 HARMONY_FIELD_PERIOD);
	}
	if (!e->year)
		harmony__refuse(
		    &e->draft, "period_closed", HARMONY_HEADER, "date",
		    "Minox has no fiscal year for this date; make it there, or correct the date");
}

/* A whole number without leading zeros, which another number could equal; 0: it is none. */
static int64_t whole(const char *text)
{
	harmony__cursor cursor = harmony__cursor_over(text, strlen(text));
	uint64_t value = 0;

	if (*text == '0' || harmony__cursor_digits(&cursor, MAX_INVOICE, &value) == 0 ||
	    !harmony__cursor_done(&cursor))
		return 0;
	return (int64_t)value;
}

/* Without an invoice number of its own an invoice goes by its entry number. */
static void take_invoice(entry *e)
{
	bool own = e->kind == HARMONY_PURCHASE_INVOICE && e->m->own_number;
	bool none = !*text_of(e, HARMONY_HEADER, HARMONY_FIELD_INVOICE_NUMBER);
	harmony_field field =
	    own || none ? HARMONY_FIELD_ENTRY_NUMBER : HARMONY_FIELD_INVOICE_NUMBER;
	const char *text = text_of(e, HARMONY_HEADER, field);

	if (e->kind == HARMONY_MEMORIAL)
		return;
	e->invoice = whole(text);
	if (!e->invoice)
		harmony__refuse(
		    &e->draft, strlen(text) > MAX_INVOICE ? "too_long" : "invalid_number",
		    HARMONY_HEADER, harmony_field_describe(field)->name,
		    "'%s' cannot be an invoice number at Minox: that is a whole number of at "
		    "most %d digits, without leading zeros; renumber it%s",
		    text, MAX_INVOICE,
		    e->kind == HARMONY_PURCHASE_INVOICE && !own ? ", or set purchase_number = entry"
								: "");
	if (going_on(e))
		e->party = need_party(e, HARMONY_HEADER, minox_party_table(e->kind));
}

static void take_header(entry *e)
{
	char key[HARMONY_KEY_SIZE];

	e->draft.status = minox_ready(&e->m->frame, e->draft.error);
	if (e->draft.status == HARMONY_OK && !harmony_record_key(key, e->record))
		harmony__refuse(
		    &e->draft, "missing_field", HARMONY_HEADER, "entry_number",
		    "without a number of its own this entry cannot be told from its like at "
		    "Minox, and one would replace the other; give it an entry number");
	if (going_on(e))
		take_journal(e);
	if (going_on(e))
		take_period(e);
	if (going_on(e))
		take_invoice(e);
}

/* ---- lines ---------------------------------------------------------------------------------- */

/* Minox's ids are numbers in some places and texts in others. */
static void put_id_member(entry *e, const char *id, bool number)
{
	if (number && *id && strspn(id, "0123456789") == strlen(id)) {
		harmony__json_key(&e->w, "id");
		harmony__json_raw_number(&e->w, id, strlen(id));
	} else {
		harmony__json_put(&e->w, "id", id);
	}
}

static void put_id(entry *e, const char *name, const char *id, bool number)
{
	harmony__json_key(&e->w, name);
	harmony__json_object(&e->w);
	put_id_member(e, id, number);
	harmony__json_object_end(&e->w);
}

static void put_date(entry *e, const char *name, size_t row, harmony_field field)
{
	char text[11];

	if (harmony__date_text(text, e->record, row, field))
		harmony__json_put(&e->w, name, text);
}

static void put_currency(entry *e)
{
	const char *currency = text_of(e, HARMONY_HEADER, HARMONY_FIELD_CURRENCY);
	int64_t rate;

	if (!*currency)
		return;
	harmony__json_key(&e->w, "currency");
	harmony__json_object(&e->w);
	harmony__json_put(&e->w, "id", currency);
	if (e->m->send_rate &&
	    harmony__number_of(&rate, e->record, HARMONY_HEADER, HARMONY_FIELD_EXCHANGE_RATE) &&
	    rate != 1000000 && rate != 0)
		harmony__json_put_number(&e->w, "exchange_rate", rate, HARMONY_SCALE_RATE);
	harmony__json_object_end(&e->w);
}

/* What every line of a batch repeats. */
static void put_common(entry *e, size_t row)
{
	bool dated =
	    e->kind == HARMONY_MEMORIAL && harmony_record_has(e->record, row, HARMONY_FIELD_DATE);
	int64_t number = whole(text_of(e, HARMONY_HEADER, HARMONY_FIELD_ENTRY_NUMBER));

	put_id(e, "journal", e->journal->thing.id, false);
	harmony__json_key(&e->w, "period");
	harmony__json_object(&e->w);
	if (e->period)
		harmony__json_put_number(&e->w, "id", e->period, 0);
	harmony__json_put_number(&e->w, "fiscal_year", e->year, 0);
	harmony__json_object_end(&e->w);
	put_date(e, "document_date", dated ? row : HARMONY_HEADER, HARMONY_FIELD_DATE);
	if (e->m->send_number && number)
		harmony__json_put_number(&e->w, "entry_number", number, 0);
	if (e->invoice)
		harmony__json_put_number(&e->w, "invoice_number", e->invoice, 0);
	put_currency(e);
	if (e->party && !e->m->contra) {
		put_date(e, "due_date", HARMONY_HEADER, HARMONY_FIELD_DUE_DATE);
		put_id(e, e->kind == HARMONY_SALES_INVOICE ? "customer" : "supplier", e->party->id,
		       false);
	}
}

/* Begins a line; `amount` is positive for debit. */
static void begin_line(entry *e, const char *type, const char *id, int64_t amount)
{
	harmony__json_object(&e->w);
	harmony__json_key(&e->w, "account");
	harmony__json_object(&e->w);
	harmony__json_put(&e->w, "id", id);
	harmony__json_put(&e->w, "scheme", "MINOX");
	harmony__json_put(&e->w, "type", type);
	harmony__json_object_end(&e->w);
	harmony__json_put_number(&e->w, "debit", amount > 0 ? amount : 0, HARMONY_SCALE_AMOUNT);
	harmony__json_put_number(&e->w, "credit", amount < 0 ? -amount : 0, HARMONY_SCALE_AMOUNT);
	e->balance += amount;
	e->lines++;
}

/* A line that says nothing has the description of its entry, or at least its number. */
static const char *said_of(const entry *e, size_t row)
{
	const char *text = text_of(e, row, HARMONY_FIELD_DESCRIPTION);

	if (!*text)
		text = text_of(e, HARMONY_HEADER, HARMONY_FIELD_DESCRIPTION);
	return *text ? text : text_of(e, HARMONY_HEADER, HARMONY_FIELD_ENTRY_NUMBER);
}

/* On a relation's line a number that cannot be the invoice number leads the description, the
   only place where it can stay. */
static void put_description(entry *e, size_t row, bool of_party)
{
	const char *number = of_party ? text_of(e, row, HARMONY_FIELD_INVOICE_NUMBER) : "";
	harmony__buf text;

	harmony__buf_init(&text, e->m->frame.context, 4096);
	if (*number && (!e->invoice || whole(number) != e->invoice))
		harmony__buf_printf(&text, "%s; ", number);
	harmony__buf_str(&text, said_of(e, row));
	if (e->draft.status == HARMONY_OK)
		e->draft.status = harmony__buf_check(&text, "a description", e->draft.error);
	if (going_on(e) &&
	    harmony__fits(&e->draft, text.data, e->m->description_max, row, "description"))
		harmony__json_put(&e->w, "description", text.data);
	harmony__buf_free(&text);
}

/* The relation's own line. */
static void put_contra(entry *e)
{
	int64_t total = harmony__sum_of(e->record);
	bool sales = e->kind == HARMONY_SALES_INVOICE;

	begin_line(e, sales ? "customer" : "supplier", e->party->id, sales ? total : -total);
	put_description(e, HARMONY_HEADER, true);
	put_common(e, HARMONY_HEADER);
	put_date(e, "due_date", HARMONY_HEADER, HARMONY_FIELD_DUE_DATE);
	harmony__json_object_end(&e->w);
}

/* VAT of its own line, on the account that the code books to. */
static void put_vat_line(entry *e, size_t row, const minox_thing *vat, int64_t amount)
{
	char id[HARMONY_DECIMAL_SIZE];

	harmony_decimal_format(id, vat->account, 0, '.');
	begin_line(e, "ledger_account", id, amount);
	put_description(e, row, false);
	put_common(e, row);
	harmony__json_object_end(&e->w);
}

/* A memorial's line on a collective account goes to the relation, whose account that is. */
static bool to_party(entry *e, size_t row, const harmony__thing *account, const char **type,
		     const harmony__thing **party)
{
	static const char *const types[] = {"customer", "supplier"};

	if (e->kind != HARMONY_MEMORIAL || !*text_of(e, row, HARMONY_FIELD_PARTY))
		return false;
	for (int i = 0; i < 2 && going_on(e); i++) {
		const minox_thing *journal;
		char id[HARMONY_DECIMAL_SIZE];
		e->draft.status =
		    minox_party_journal(&journal, e->m, MINOX_CUSTOMERS + i, e->draft.error);
		if (e->draft.status != HARMONY_OK)
			break;
		harmony_decimal_format(id, journal->account, 0, '.');
		if (strcmp(id, account->id) != 0)
			continue;
		*type = types[i];
		*party = need_party(e, row, MINOX_CUSTOMERS + i);
		return *party != NULL;
	}
	return false;
}

static void put_dimensions(entry *e, size_t row)
{
	const harmony__thing *thing;

	if (*text_of(e, row, HARMONY_FIELD_COST_CENTRE) && going_on(e)) {
		thing = need(e, MINOX_CENTRES, row, HARMONY_FIELD_COST_CENTRE);
		if (thing)
			put_id(e, "cost_center", thing->id, true);
	}
	if (*text_of(e, row, HARMONY_FIELD_COST_UNIT) && e->m->cost_types && going_on(e)) {
		thing = need(e, MINOX_TYPES, row, HARMONY_FIELD_COST_UNIT);
		if (thing)
			put_id(e, "cost_type", thing->id, true);
	}
}

/* The VAT code of a line that names one; `tax` is what it books. */
static const minox_thing *need_vat(entry *e, size_t row, int64_t tax)
{
	const minox_thing *vat = NULL;

	if (going_on(e) && *text_of(e, row, HARMONY_FIELD_VAT_CODE) &&
	    e->m->vat_lines != MINOX_VAT_NONE)
		vat = need(e, MINOX_VAT, row, HARMONY_FIELD_VAT_CODE);
	if (going_on(e) && tax && e->m->vat_lines == MINOX_VAT_OWN && !(vat && vat->account))
		harmony__refuse(
		    &e->draft, "unknown_vat_code", row, "vat_code",
		    "the VAT of this line needs an account of its own, and its VAT code names "
		    "none; give the code one in Minox, or set vat_lines = with");
	return vat;
}

static void put_vat(entry *e, const minox_thing *vat, int64_t amount)
{
	harmony__json_key(&e->w, "vat");
	harmony__json_object(&e->w);
	put_id_member(e, vat->thing.id, true);
	harmony__json_put_number(&e->w, "amount", amount, HARMONY_SCALE_AMOUNT);
	harmony__json_object_end(&e->w);
}

static void put_line(entry *e, size_t row)
{
	const harmony__thing *account = need(e, MINOX_ACCOUNTS, row, HARMONY_FIELD_ACCOUNT);
	const minox_thing *vat;
	const harmony__thing *party = NULL;
	const char *type = "ledger_account";
	int64_t sign = e->kind == HARMONY_SALES_INVOICE ? -1 : 1, net = 0, tax = 0, sent;
	bool own = e->m->vat_lines == MINOX_VAT_OWN;

	(void)harmony__number_of(&net, e->record, row, HARMONY_FIELD_AMOUNT);
	if (e->beside)
		(void)harmony__number_of(&tax, e->record, row, HARMONY_FIELD_VAT_AMOUNT);
	vat = need_vat(e, row, tax);
	if (going_on(e))
		(void)to_party(e, row, account, &type, &party);
	if (!going_on(e))
		return;
	sent = own || e->m->net ? net : net + tax;
	if (e->kind == HARMONY_MEMORIAL) /* of the open item that the line is about */
		e->invoice = party ? whole(text_of(e, row, HARMONY_FIELD_INVOICE_NUMBER)) : 0;
	begin_line(e, type, party ? party->id : account->id, sign * sent);
	e->balance += own ? 0 : sign * (net + tax - sent);
	put_description(e, row, party != NULL);
	put_common(e, row);
	put_dimensions(e, row);
	if (vat && !own && e->beside) /* in the column of its line */
		put_vat(e, vat, sent < 0 ? -tax : tax);
	harmony__json_object_end(&e->w);
	if (tax && own)
		put_vat_line(e, row, vat, sign * tax);
}

harmony_status minox_entry_body(minox *m, const harmony_record *record, harmony__buf *body,
				int64_t *year, harmony_verdict *verdict, harmony_error *error)
{
	entry e = {.draft = {&m->frame, record, verdict, error, HARMONY_OK},
		   .m = m,
		   .record = record,
		   .kind = harmony_record_kind(record),
		   .beside = harmony__vat_beside(record)};
	harmony_status status;

	take_header(&e);
	if (!going_on(&e))
		return e.draft.status;
	if (year)
		*year = e.year;
	harmony__json_begin(&e.w, harmony__buf_write, body);
	harmony__json_array(&e.w);
	if (e.party && m->contra)
		put_contra(&e);
	else if (e.party)
		e.balance = e.kind == HARMONY_SALES_INVOICE ? harmony__sum_of(record)
							    : -harmony__sum_of(record);
	for (size_t row = 1; row <= harmony_record_lines(record) && going_on(&e); row++)
		put_line(&e, row);
	if (!going_on(&e))
		return e.draft.status;
	harmony__json_array_end(&e.w);
	status = harmony__json_end(&e.w);
	if (status != HARMONY_OK)
		return harmony_error_set(error, status, NULL, "the entry's request");
	if (e.lines > MINOX_MAX_LINES)
		harmony__refuse(&e.draft, "too_long", HARMONY_HEADER, "lines",
				"this entry makes %zu lines in Minox, with those of the relation "
				"and of VAT, and a "
				"page of a journal takes %u; split the entry",
				e.lines, MINOX_MAX_LINES);
	else if (e.balance != 0)
		harmony__refuse(
		    &e.draft, "unbalanced", HARMONY_HEADER, "lines",
		    "debit and credit of this entry differ; let its lines and their VAT make its "
		    "total");
	return HARMONY_OK;
}

/* ---- offering ------------------------------------------------------------------------------ */

/* After a refusal, or 2xx with an error beside it: the batch is there, in part, or not at all. */
static harmony_status look_again(minox *m, const char *uuid, const harmony__buf *body,
				 harmony_verdict *verdict, harmony_error *error)
{
	harmony_verdict found = HARMONY_VERDICT_INIT;
	harmony_status status = minox_look(m, uuid, body, &found, error);

	if (status != HARMONY_OK)
		harmony__unclear(&m->frame, verdict);
	if (status != HARMONY_OK || found.outcome == HARMONY_OUTCOME_ABSENT)
		return status;
	harmony__copy_text(found.vendor, sizeof(found.vendor), verdict->vendor,
			   strlen(verdict->vendor));
	if (found.outcome == HARMONY_OUTCOME_BOOKED)
		harmony__log(m->frame.context, HARMONY_LOG_WARNING, "Minox booked %s and said: %s",
			     found.remote_id,
			     *found.vendor ? found.vendor : "that it did not, without words");
	*verdict = found;
	return HARMONY_OK;
}

/* What was put and answered is compared with the answer, where it holds lines. */
static harmony_status put_batch(minox *m, const char *uuid, const harmony__buf *body,
				harmony_verdict *verdict, harmony_error *error)
{
	char path[64];
	const harmony__json *root = NULL;
	harmony__arena arena;
	bool said = false, told = false;
	harmony_status status;

	harmony__arena_init(&arena, m->frame.context, HARMONY__TREE_LIMIT);
	snprintf(path, sizeof(path), MINOX_BATCH_PATH, uuid);
	status = minox_send(m, "PUT", path, body, &arena, &root, &said, verdict, error);
	if (status == HARMONY_OK && verdict->outcome == HARMONY_OUTCOME_REJECTED) {
		status = look_again(m, uuid, body, verdict, error);
		told = verdict->outcome == HARMONY_OUTCOME_BOOKED; /* compared just now */
	}
	if (status == HARMONY_OK && verdict->outcome == HARMONY_OUTCOME_BOOKED) {
		if (minox_lines(root) && !said)
			status = minox_compare(m, body, minox_lines(root), &told, verdict, error);
		harmony__copy_text(verdict->remote_id, sizeof(verdict->remote_id), uuid,
				   strlen(uuid));
	}
	if (status == HARMONY_OK && told)
		memcpy(m->compared, uuid, sizeof(m->compared));
	harmony__arena_free(&arena);
	return status;
}

harmony_status minox_offer_entry(minox *m, const harmony_record *record, harmony_verdict *verdict,
				 harmony_error *error)
{
	char uuid[HARMONY__UUID_SIZE];
	harmony__buf body;
	int64_t year = 0;
	harmony_status status;

	m->compared[0] = '\0';
	harmony__buf_init(&body, m->frame.context, HARMONY_MAX_ENTRY);
	status = minox_entry_body(m, record, &body, &year, verdict, error);
	if (status != HARMONY_OK || verdict->outcome != HARMONY_OUTCOME_NONE)
		goto done;
	minox_entry_uuid(uuid, m, record);
	status = minox_look_before(m, uuid, year, &body, verdict, error);
	if (status != HARMONY_OK)
		goto done;
	if (verdict->outcome != HARMONY_OUTCOME_NONE) { /* it was compared just now */
		memcpy(m->compared, uuid, sizeof(uuid));
		goto done;
	}
	status = put_batch(m, uuid, &body, verdict, error);
	if (status == HARMONY_OK && (verdict->outcome == HARMONY_OUTCOME_BOOKED ||
				     verdict->outcome == HARMONY_OUTCOME_IN_DOUBT))
		status = minox_note_batch(m, uuid, year,
					  verdict->outcome == HARMONY_OUTCOME_IN_DOUBT, error);
done:
	harmony__buf_free(&body);
	return status;
}
