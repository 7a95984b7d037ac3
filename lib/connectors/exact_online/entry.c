/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "connectors/exact_online/exact.h"

/* Records → the bodies of sales, purchase and general journal entries. Amounts are numbers
   with two decimals, made from integers; VAT is sent line by line, since Exact would compute
   it anew and end a cent off. */

#define MAX_BODY HARMONY_MAX_ENTRY

enum { JOURNAL_SALES = 20, JOURNAL_PURCHASE = 22, JOURNAL_GENERAL = 90 };

/* What differs between the three kinds of entry. */
typedef struct shape {
	harmony_kind kind;
	int journal_type;
	const char *path, *lines, *journal, *party;
	int credit_type; /* Exact's type of a credit note */
} shape;

static const shape shapes[] = {
    {HARMONY_SALES_INVOICE, JOURNAL_SALES, "salesentry/SalesEntries", "SalesEntryLines", "Journal",
     "Customer", 21},
    {HARMONY_PURCHASE_INVOICE, JOURNAL_PURCHASE, "purchaseentry/PurchaseEntries",
     "PurchaseEntryLines", "Journal", "Supplier", 31},
    {HARMONY_MEMORIAL, JOURNAL_GENERAL, "generaljournalentry/GeneralJournalEntries",
     "GeneralJournalEntryLines", "JournalCode", NULL, 0}};

static const shape *shape_of(harmony_kind kind)
{
	for (size_t i = 0; i < HARMONY__COUNT(shapes); i++)
		if (shapes[i].kind == kind)
			return &shapes[i];
	return NULL;
}

const char *exact_entry_path(harmony_kind kind)
{
	const shape *s = shape_of(kind);

	return s ? s->path : NULL;
}

const char *exact_reference(const harmony_record *record)
{
	const char *invoice =
	    harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_INVOICE_NUMBER);

	return *invoice ? invoice
			: harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_ENTRY_NUMBER);
}

/* An entry under construction. `verdict` gets an outcome at the first thing that Exact does
   not have; the body is then not sent. */
typedef struct entry {
	exact *x;
	const harmony_record *record;
	const shape *shape;
	harmony__json_writer w;
	harmony_verdict *verdict;
	harmony_error *error;
	harmony_status status;
} entry;

static bool going_on(const entry *e)
{
	return e->status == HARMONY_OK && e->verdict->outcome == HARMONY_OUTCOME_NONE;
}

HARMONY__PRINTF(5, 6)
static void refuse(entry *e, const char *code, size_t row, const char *field, const char *format,
		   ...)
{
	char message[512], path[48];
	harmony__buf name;
	va_list args;
	harmony_error scratch = HARMONY_ERROR_INIT;

	va_start(args, format);
	harmony__error_v(&scratch, HARMONY_REJECTED, NULL, format, args);
	va_end(args);
	harmony__copy_text(message, sizeof(message), scratch.message, strlen(scratch.message));
	harmony__buf_init(&name, e->x->context, sizeof(path));
	if (row)
		harmony__buf_printf(&name, "lines.%zu.%s", row, field);
	else
		harmony__buf_str(&name, field);
	harmony_verdict_set(e->verdict, HARMONY_OUTCOME_REJECTED, code,
			    name.data ? name.data : field, "%s", message);
	harmony__buf_free(&name);
}

/* ---- looking things up ------------------------------------------------------------------- */

static const struct {
	const char *code, *what, *section;
} kinds_of_thing[EXACT_TABLES] = {
    [EXACT_ACCOUNTS] = {"unknown_account", "ledger account", "accounts"},
    [EXACT_JOURNALS] = {"unknown_journal", "journal", "journals"},
    [EXACT_VAT] = {"unknown_vat_code", "VAT code", "vat"},
    [EXACT_PAYMENT_CONDITIONS] = {"unknown_payment_condition", "payment condition",
				  "payment_conditions"},
    [EXACT_COST_CENTRES] = {"unknown_cost_centre", "cost centre", "cost_centres"},
    [EXACT_COST_UNITS] = {"unknown_cost_unit", "cost unit", "cost_units"}};

/* The thing under the file's code; refuses the entry when there is none or it is blocked. */
static const exact_thing *need(entry *e, int table, const char *code, size_t row, const char *field)
{
	const exact_thing *thing = NULL;

	e->status = exact_find_mapped(&thing, e->x, table, code, e->error);
	if (e->status != HARMONY_OK)
		return NULL;
	if (!thing)
		refuse(e, kinds_of_thing[table].code, row, field,
		       "Exact Online has no %s '%s'; map it under [integration NAME %s], or make "
		       "it there",
		       kinds_of_thing[table].what, code, kinds_of_thing[table].section);
	else if (thing->blocked)
		refuse(e, kinds_of_thing[table].code, row, field,
		       "the %s '%s' is blocked in Exact Online; unblock it there, or map to "
		       "another one",
		       kinds_of_thing[table].what, thing->code);
	return going_on(e) ? thing : NULL;
}

/* The relation in the role that the entry needs (0: any). One whose own offer is in doubt
   keeps the entry waiting. */
static const exact_thing *need_party(entry *e, const char *code, size_t row, harmony_kind role)
{
	const exact_thing *thing = NULL;

	e->status = exact_find_thing(&thing, e->x, EXACT_PARTIES, code, e->error);
	if (e->status != HARMONY_OK)
		return NULL;
	if (thing && (!role || thing->roles & HARMONY_BIT(role)))
		return thing;
	if (exact_party_doubted(e->x, code, role))
		harmony_verdict_set(
		    e->verdict, HARMONY_OUTCOME_WAITING, "network", "party",
		    "relation '%s' was sent to Exact Online and not answered; this entry is "
		    "offered once it is there",
		    code);
	else if (thing)
		refuse(e, "unknown_party", row, "party",
		       "relation '%s' is no %s in Exact Online; export it as one (%s) with the "
		       "entry, or "
		       "make it one there",
		       code, harmony_kind_word(role),
		       role == HARMONY_CUSTOMER ? "debitr.csv" : "credit.csv");
	else
		refuse(e, "unknown_party", row, "party",
		       "Exact Online has no relation '%s'; export the relations (debitr.csv, "
		       "credit.csv) "
		       "with the entries, or make it there",
		       code);
	return NULL;
}

/* ---- putting fields ----------------------------------------------------------------------- */

static void put_date(entry *e, const char *name, size_t row, harmony_field field)
{
	harmony_date date;
	char text[11];

	if (harmony_record_get_date(&date, e->record, row, field) != HARMONY_OK)
		return;
	harmony_date_format(text, date);
	harmony__json_put(&e->w, name, text);
}

static void put_scaled(entry *e, const char *name, size_t row, harmony_field field, unsigned scale)
{
	int64_t number;

	if (harmony__number_of(&number, e->record, row, field))
		harmony__json_put_number(&e->w, name, number, scale);
}

/* A text of at most `max` characters: longer ones are refused, never cut. */
static void put_text(entry *e, const char *name, const char *text, size_t max, size_t row,
		     const char *field)
{
	if (!*text)
		return;
	if (harmony__utf8_length(text, strlen(text)) > max) {
		refuse(e, "too_long", row, field,
		       "'%s' is longer than the %zu characters that Exact Online takes; shorten it",
		       text, max);
		return;
	}
	harmony__json_put(&e->w, name, text);
}

static void put_thing(entry *e, const char *name, int table, size_t row, harmony_field field)
{
	const char *code = harmony__text_of(e->record, row, field);
	const exact_thing *thing;

	if (!*code || !going_on(e))
		return;
	thing = need(e, table, code, row, harmony_field_describe(field)->name);
	if (thing)
		harmony__json_put(&e->w, name, thing->code);
}

/* ---- lines -------------------------------------------------------------------------------- */

/* Without a code the ledger account's own would count, and add VAT that nobody meant. */
static void put_vat(entry *e, size_t row)
{
	bool general = e->shape->kind == HARMONY_MEMORIAL;
	const char *code = harmony__text_of(e->record, row, HARMONY_FIELD_VAT_CODE);
	const exact_thing *vat;

	if (!*code && (general || e->x->empty_vat))
		harmony__json_put(&e->w, "VATCode", "");
	if (!*code || !going_on(e))
		return;
	vat = need(e, EXACT_VAT, code, row, "vat_code");
	if (!vat)
		return;
	if (vat->vat_type == 'I' && !e->x->allow_inclusive) {
		refuse(e, "unknown_vat_code", row, "vat_code",
		       "VAT code '%s' of Exact Online includes VAT, and our amounts exclude it; "
		       "map to a "
		       "code that excludes, or set vat_inclusive = yes",
		       vat->code);
		return;
	}
	harmony__json_put(&e->w, "VATCode", vat->code);
	if (harmony__vat_beside(e->record))
		put_scaled(e, general ? "AmountVATFC" : "VATAmountFC", row,
			   HARMONY_FIELD_VAT_AMOUNT, HARMONY_SCALE_AMOUNT);
	else
		harmony__json_put_number(&e->w, "AmountVATFC", 0, HARMONY_SCALE_AMOUNT);
}

static void put_account(entry *e, size_t row)
{
	const char *code = harmony__text_of(e->record, row, HARMONY_FIELD_ACCOUNT);
	const exact_thing *account = need(e, EXACT_ACCOUNTS, code, row, "account");

	if (!account)
		return;
	harmony__json_put(&e->w, "GLAccount", account->id);
	if (account->needs_centre && !*harmony__text_of(e->record, row, HARMONY_FIELD_COST_CENTRE))
		refuse(e, "missing_field", row, "cost_centre",
		       "ledger account '%s' needs a cost centre in Exact Online; give the line one",
		       code);
	else if (account->needs_unit && !*harmony__text_of(e->record, row, HARMONY_FIELD_COST_UNIT))
		refuse(e, "missing_field", row, "cost_unit",
		       "ledger account '%s' needs a cost unit in Exact Online; give the line one",
		       code);
}

static void put_general_line(entry *e, size_t row)
{
	char key[HARMONY_KEY_SIZE];
	const char *code = harmony__text_of(e->record, row, HARMONY_FIELD_PARTY);

	put_date(e, "Date", exact_dated_row(e->record, row), HARMONY_FIELD_DATE);
	if (*code) {
		const exact_thing *thing = need_party(e, code, row, 0);
		if (thing)
			harmony__json_put(&e->w, "Account", thing->id);
	}
	/* The only place of a general journal entry where a key of ours stays to be found. */
	if (row == 1) {
		exact_key(key, e->record);
		harmony__json_put(&e->w, "Notes", key);
	}
}

static void put_line(entry *e, size_t row)
{
	const char *text = harmony__text_of(e->record, row, HARMONY_FIELD_DESCRIPTION);

	harmony__json_object(&e->w);
	put_account(e, row);
	put_scaled(e, "AmountFC", row, HARMONY_FIELD_AMOUNT, HARMONY_SCALE_AMOUNT);
	put_vat(e, row);
	put_text(e, "Description", text, e->x->description_max, row, "description");
	put_thing(e, "CostCenter", EXACT_COST_CENTRES, row, HARMONY_FIELD_COST_CENTRE);
	put_thing(e, "CostUnit", EXACT_COST_UNITS, row, HARMONY_FIELD_COST_UNIT);
	put_scaled(e, "Quantity", row, HARMONY_FIELD_QUANTITY, HARMONY_SCALE_QUANTITY);
	if (e->shape->kind == HARMONY_MEMORIAL && going_on(e))
		put_general_line(e, row);
	harmony__json_object_end(&e->w);
}

/* ---- header -------------------------------------------------------------------------------- */

static void put_journal(entry *e)
{
	const char *code = harmony__text_of(e->record, HARMONY_HEADER, HARMONY_FIELD_JOURNAL);
	const exact_thing *journal = need(e, EXACT_JOURNALS, code, HARMONY_HEADER, "journal");
	int64_t rate;

	if (!journal)
		return;
	if (journal->type != e->shape->journal_type) {
		refuse(e, "unknown_journal", HARMONY_HEADER, "journal",
		       "journal '%s' of Exact Online is of type %" PRId64
		       ", and this needs one of type %d; "
		       "map the journal under [integration NAME journals]",
		       journal->code, journal->type, e->shape->journal_type);
		return;
	}
	for (size_t row = 1; e->shape->kind == HARMONY_MEMORIAL && !journal->allow_vat &&
			     row <= harmony_record_lines(e->record);
	     row++)
		if (*harmony__text_of(e->record, row, HARMONY_FIELD_VAT_CODE)) {
			refuse(e, "unknown_vat_code", row, "vat_code",
			       "journal '%s' of Exact Online takes no VAT codes; allow them in its "
			       "settings, "
			       "or take the code off the line",
			       journal->code);
			return;
		}
	harmony__json_put(&e->w, e->shape->journal, journal->code);
	/* A rate of exactly 1 says nothing, and most journals refuse any. */
	if (!harmony__number_of(&rate, e->record, HARMONY_HEADER, HARMONY_FIELD_EXCHANGE_RATE) ||
	    rate == 1000000 || rate == 0)
		return;
	if (!journal->allow_rate)
		refuse(e, "invalid_amount", HARMONY_HEADER, "exchange_rate",
		       "journal '%s' of Exact Online takes no exchange rates but its own; allow "
		       "them in its "
		       "settings, or leave the rate out",
		       journal->code);
	else
		harmony__json_put_number(
		    &e->w, e->shape->kind == HARMONY_MEMORIAL ? "ExchangeRate" : "Rate", rate,
		    HARMONY_SCALE_RATE);
}

static void put_period(entry *e)
{
	bool general = e->shape->kind == HARMONY_MEMORIAL;

	if (!e->x->file_period)
		return;
	put_scaled(e, general ? "FinancialYear" : "ReportingYear", HARMONY_HEADER,
		   HARMONY_FIELD_YEAR, 0);
	put_scaled(e, general ? "FinancialPeriod" : "ReportingPeriod", HARMONY_HEADER,
		   HARMONY_FIELD_PERIOD, 0);
}

/* A number of ours as Exact's, when the setting wants it and it is one. */
static void put_number(entry *e)
{
	const char *text = harmony__text_of(e->record, HARMONY_HEADER, HARMONY_FIELD_ENTRY_NUMBER);
	size_t len = strspn(text, "0123456789");

	if (!e->x->send_number || len == 0 || len > 9 || text[len] != '\0')
		return;
	while (len > 1 && *text == '0') { /* JSON numbers have no leading zeros */
		text++;
		len--;
	}
	harmony__json_key(&e->w, "EntryNumber");
	harmony__json_raw_number(&e->w, text, len);
}

/* An EntryID of our own: a UUID of version 8 from the natural key, so that a repetition
   would collide, where Exact honours it. */
static void put_id(entry *e)
{
	static const char hex[] = "0123456789abcdef";
	char key[HARMONY_KEY_SIZE], id[EXACT_GUID_SIZE];
	uint8_t hash[32];
	harmony__sha256 sha;
	size_t at = 0;

	if (!e->x->send_id)
		return;
	exact_key(key, e->record);
	harmony__sha256_init(&sha);
	harmony__sha256_add(&sha, e->x->division, strlen(e->x->division));
	harmony__sha256_add(&sha, "\n", 1);
	harmony__sha256_add(&sha, key, strlen(key));
	harmony__sha256_end(&sha, hash);
	hash[6] = (uint8_t)((hash[6] & 0x0f) | 0x80);
	hash[8] = (uint8_t)((hash[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			id[at++] = '-';
		id[at++] = hex[hash[i] >> 4];
		id[at++] = hex[hash[i] & 15];
	}
	id[at] = '\0';
	harmony__json_put(&e->w, "EntryID", id);
}

static void put_invoice(entry *e)
{
	const harmony_record *record = e->record;
	const char *party = harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_PARTY);
	const exact_thing *thing = need_party(
	    e, party, HARMONY_HEADER,
	    e->shape->kind == HARMONY_SALES_INVOICE ? HARMONY_CUSTOMER : HARMONY_SUPPLIER);

	if (!thing)
		return;
	harmony__json_put(&e->w, e->shape->party, thing->id);
	put_date(e, "EntryDate", HARMONY_HEADER, HARMONY_FIELD_DATE);
	put_date(e, "DueDate", HARMONY_HEADER, HARMONY_FIELD_DUE_DATE);
	put_text(e, "Description",
		 harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_DESCRIPTION),
		 e->x->description_max, HARMONY_HEADER, "description");
	put_text(e, "YourRef", exact_reference(record), e->x->reference_max, HARMONY_HEADER,
		 "invoice_number");
	put_text(e, "PaymentReference",
		 harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_PAYMENT_REFERENCE),
		 e->x->reference_max, HARMONY_HEADER, "payment_reference");
	put_scaled(e, "GAccountAmountFC", HARMONY_HEADER, HARMONY_FIELD_BLOCKED_AMOUNT,
		   HARMONY_SCALE_AMOUNT);
	if (e->x->send_type && harmony__sum_of(record) < 0)
		harmony__json_put_number(&e->w, "Type", e->shape->credit_type, 0);
}

static void put_header(entry *e)
{
	const char *currency = harmony__text_of(e->record, HARMONY_HEADER, HARMONY_FIELD_CURRENCY);

	put_id(e);
	put_number(e);
	put_journal(e);
	if (going_on(e) && e->shape->party)
		put_invoice(e);
	if (*currency)
		harmony__json_put(&e->w, "Currency", currency);
	put_period(e);
}

harmony_status exact_entry_body(exact *x, const harmony_record *record, harmony__buf *body,
				harmony_verdict *verdict, harmony_error *error)
{
	entry e = {.x = x,
		   .record = record,
		   .shape = shape_of(harmony_record_kind(record)),
		   .verdict = verdict,
		   .error = error};
	harmony_status written;

	/* The id is made of the division, so it must be known before the body. */
	e.status = exact_division(x, error);
	harmony__json_begin(&e.w, harmony__buf_write, body);
	harmony__json_object(&e.w);
	if (going_on(&e))
		put_header(&e);
	harmony__json_key(&e.w, e.shape->lines);
	harmony__json_array(&e.w);
	for (size_t row = 1; row <= harmony_record_lines(record) && going_on(&e); row++)
		put_line(&e, row);
	harmony__json_array_end(&e.w);
	harmony__json_object_end(&e.w);
	written = harmony__json_end(&e.w);
	if (e.status == HARMONY_OK && written != HARMONY_OK)
		e.status = harmony_error_set(error, written, NULL,
					     "the entry's request cannot be written");
	return e.status;
}

/* ---- offering -------------------------------------------------------------------------------- */

/* Exact answers with the entry it made. A total that is not ours means that lines or VAT were
   dropped or computed anew. */
static void check_echo(const harmony_record *record, const harmony__json *root,
		       harmony_verdict *verdict)
{
	const harmony__json *d = harmony__json_get(root, "d");
	const char *id = harmony__json_text(harmony__json_get(d, "EntryID"), "");
	int64_t total, meant = harmony__sum_of(record);
	char is[HARMONY_DECIMAL_SIZE], want[HARMONY_DECIMAL_SIZE];

	if (!*id) {
		harmony_verdict_set(
		    verdict, HARMONY_OUTCOME_IN_DOUBT, "in_doubt", "",
		    "Exact Online took the entry and did not say under which number; it is "
		    "looked up");
		return;
	}
	harmony__copy_text(verdict->remote_id, sizeof(verdict->remote_id), id, strlen(id));
	if (harmony_record_kind(record) == HARMONY_MEMORIAL ||
	    harmony__json_amount(&total, harmony__json_get(d, "AmountFC")) != HARMONY_OK ||
	    total == meant)
		return;
	harmony_decimal_format(is, total, HARMONY_SCALE_AMOUNT, '.');
	harmony_decimal_format(want, meant, HARMONY_SCALE_AMOUNT, '.');
	harmony_verdict_set(
	    verdict, HARMONY_OUTCOME_DIFFERS, "booked_differs", "total",
	    "Exact Online booked %s where %s was meant; correct the entry there (lines "
	    "dropped, or VAT computed anew)",
	    is, want);
}

harmony_status exact_offer_entry(exact *x, const harmony_record *record, harmony_verdict *verdict,
				 harmony_error *error)
{
	const harmony__json *root;
	harmony__arena arena;
	harmony__buf body;
	harmony_status status;

	harmony__arena_init(&arena, x->context, EXACT_TREE_LIMIT);
	harmony__buf_init(&body, x->context, MAX_BODY);
	status = exact_entry_body(x, record, &body, verdict, error);
	if (status == HARMONY_OK && verdict->outcome == HARMONY_OUTCOME_NONE)
		status = exact_send(x, "POST", exact_entry_path(harmony_record_kind(record)), &body,
				    &arena, &root, verdict, error);
	if (status == HARMONY_OK && verdict->outcome == HARMONY_OUTCOME_BOOKED)
		check_echo(record, root, verdict);
	harmony__buf_free(&body);
	harmony__arena_free(&arena);
	return status;
}
