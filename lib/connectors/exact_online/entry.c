/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "connectors/exact_online/exact.h"

/* Records → the bodies of sales, purchase and general journal entries. Amounts are numbers
   with two decimals, made from integers; VAT is sent line by line, since Exact would compute
   it anew and end a cent off. */

#define MAX_BODY HARMONY_MAX_ENTRY

enum { JOURNAL_SALES = 20, JOURNAL_PURCHASE = 22, JOURNAL_GENERAL = 90 };
enum { LEDGER_DEBTORS = 20, LEDGER_CREDITORS = 22 };

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

typedef struct entry {
	harmony__draft draft;
	exact *x;
	const harmony_record *record;
	const shape *shape;
	bool beside; /* VAT is booked beside the amounts */
	harmony__json_writer w;
} entry;

static bool going_on(const entry *e)
{
	return harmony__draft_good(&e->draft);
}

/* ---- putting fields ----------------------------------------------------------------------- */

static void put_date(entry *e, const char *name, size_t row, harmony_field field)
{
	char text[11];

	if (harmony__date_text(text, e->record, row, field))
		harmony__json_put(&e->w, name, text);
}

static void put_scaled(entry *e, const char *name, size_t row, harmony_field field, unsigned scale)
{
	int64_t number;

	if (harmony__number_of(&number, e->record, row, field))
		harmony__json_put_number(&e->w, name, number, scale);
}

static void put_text(entry *e, const char *name, const char *text, size_t max, size_t row,
		     const char *field)
{
	if (*text && harmony__fits(&e->draft, text, max, row, field))
		harmony__json_put(&e->w, name, text);
}

static void put_thing(entry *e, const char *name, int table, size_t row, harmony_field field)
{
	const harmony__thing *thing;

	if (!*harmony__text_of(e->record, row, field) || !going_on(e))
		return;
	thing = harmony__need(&e->draft, table, row, field);
	if (thing)
		harmony__json_put(&e->w, name, thing->code);
}

/* ---- lines -------------------------------------------------------------------------------- */

static const exact_thing *vat_code_of(exact *x, const harmony_record *record, size_t row)
{
	const void *found = NULL;
	const char *code = harmony__text_of(record, row, HARMONY_FIELD_VAT_CODE);

	if (harmony__find_mapped(&found, &x->frame, EXACT_VAT, code, NULL) != HARMONY_OK)
		return NULL;
	return found;
}

bool exact_vat_left(exact *x, const harmony_record *record, size_t row)
{
	const exact_thing *code = harmony_record_kind(record) == HARMONY_PURCHASE_INVOICE
				      ? vat_code_of(x, record, row)
				      : NULL;
	int64_t vat = 0;

	(void)harmony__number_of(&vat, record, row, HARMONY_FIELD_VAT_AMOUNT);
	return code && code->charged && vat == 0;
}

bool exact_line_amount(int64_t *amount, exact *x, const harmony_record *record, size_t row,
		       bool beside)
{
	const exact_thing *code;
	int64_t vat;

	if (!harmony__number_of(amount, record, row, HARMONY_FIELD_AMOUNT))
		return false;
	/* Exact says of memorials that such an amount includes its VAT; of invoices nobody does. */
	if (!x->allow_inclusive || (x->net && harmony_record_kind(record) != HARMONY_MEMORIAL) ||
	    !beside || !harmony__number_of(&vat, record, row, HARMONY_FIELD_VAT_AMOUNT))
		return true;
	code = vat_code_of(x, record, row);
	return !code || code->vat_type != 'I' || harmony__add(amount, vat);
}

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
	vat = harmony__need(&e->draft, EXACT_VAT, row, HARMONY_FIELD_VAT_CODE);
	if (!vat)
		return;
	if (vat->vat_type == 'I' && !e->x->allow_inclusive) {
		harmony__refuse(
		    &e->draft, "unknown_vat_code", row, "vat_code",
		    "VAT code '%s' of Exact Online includes VAT, and our amounts exclude it; "
		    "map to a code that excludes, or set vat_inclusive = yes",
		    vat->thing.code);
		return;
	}
	if ((vat->vat_use == 'P' && e->shape->kind == HARMONY_SALES_INVOICE) ||
	    (vat->vat_use == 'S' && e->shape->kind == HARMONY_PURCHASE_INVOICE)) {
		harmony__refuse(&e->draft, "unknown_vat_code", row, "vat_code",
				"VAT code '%s' of Exact Online is for %s alone; map to one for %s",
				vat->thing.code, vat->vat_use == 'P' ? "purchases" : "sales",
				vat->vat_use == 'P' ? "sales" : "purchases");
		return;
	}
	harmony__json_put(&e->w, "VATCode", vat->thing.code);
	if (exact_vat_left(e->x, e->record, row))
		return;
	if (e->beside)
		put_scaled(e, general ? "AmountVATFC" : "VATAmountFC", row,
			   HARMONY_FIELD_VAT_AMOUNT, HARMONY_SCALE_AMOUNT);
	else
		harmony__json_put_number(&e->w, "AmountVATFC", 0, HARMONY_SCALE_AMOUNT);
}

/* A ledger account may insist on a cost centre, or take none. */
static void check_use(entry *e, size_t row, int64_t use, harmony_field field, const char *name,
		      const char *words)
{
	const char *account = harmony__text_of(e->record, row, HARMONY_FIELD_ACCOUNT);
	bool given = *harmony__text_of(e->record, row, field);

	if (use == EXACT_MANDATORY && !given)
		harmony__refuse(&e->draft, "missing_field", row, name,
				"ledger account '%s' needs a %s in Exact Online; give the line one",
				account, words);
	else if (use == EXACT_NONE && given)
		harmony__refuse(&e->draft, "vendor", row, name,
				"ledger account '%s' takes no %s in Exact Online; take it off the "
				"line, or allow it there",
				account, words);
}

static void put_account(entry *e, size_t row)
{
	const exact_thing *account =
	    harmony__need(&e->draft, EXACT_ACCOUNTS, row, HARMONY_FIELD_ACCOUNT);

	if (!account)
		return;
	harmony__json_put(&e->w, "GLAccount", account->thing.id);
	if (e->shape->party &&
	    (account->type == LEDGER_DEBTORS || account->type == LEDGER_CREDITORS))
		harmony__refuse(&e->draft, "unknown_account", row, "account",
				"'%s' is an account of debtors or creditors in Exact Online, which "
				"take no invoice lines; map to an account of revenue or cost",
				account->thing.code);
	else
		check_use(e, row, account->centre, HARMONY_FIELD_COST_CENTRE, "cost_centre",
			  "cost centre");
	if (going_on(e))
		check_use(e, row, account->unit, HARMONY_FIELD_COST_UNIT, "cost_unit", "cost unit");
}

/* The field of a whole number, when the text is one that fits into it. */
static void put_whole(entry *e, const char *name, const char *text)
{
	size_t len = strspn(text, "0123456789");

	if (len == 0 || len > 9 || text[len] != '\0')
		return;
	while (len > 1 && *text == '0') { /* JSON numbers have no leading zeros */
		text++;
		len--;
	}
	harmony__json_key(&e->w, name);
	harmony__json_raw_number(&e->w, text, len);
}

static void put_general_line(entry *e, size_t row)
{
	char key[HARMONY_KEY_SIZE];

	put_date(e, "Date", exact_dated_row(e->record, row), HARMONY_FIELD_DATE);
	if (*harmony__text_of(e->record, row, HARMONY_FIELD_PARTY)) {
		const harmony__thing *thing = harmony__need_party(&e->draft, EXACT_PARTIES, row, 0);
		if (thing)
			harmony__json_put(&e->w, "Account", thing->id);
	}
	put_whole(e, "OurRef", harmony__text_of(e->record, row, HARMONY_FIELD_INVOICE_NUMBER));
	/* The only place of a general journal entry where a key of ours stays to be found. */
	if (row == 1) {
		harmony__lasting_name(key, e->record);
		harmony__json_put(&e->w, "Notes", key);
	}
}

static void put_line(entry *e, size_t row)
{
	const char *text = harmony__text_of(e->record, row, HARMONY_FIELD_DESCRIPTION);
	int64_t amount;

	harmony__json_object(&e->w);
	put_account(e, row);
	if (going_on(e) && exact_line_amount(&amount, e->x, e->record, row, e->beside))
		harmony__json_put_number(&e->w, "AmountFC", amount, HARMONY_SCALE_AMOUNT);
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

static void put_rate(entry *e, const exact_thing *journal)
{
	int64_t rate;

	/* A rate of exactly 1 says nothing, and most journals refuse any. */
	if (!e->x->send_rate ||
	    !harmony__number_of(&rate, e->record, HARMONY_HEADER, HARMONY_FIELD_EXCHANGE_RATE) ||
	    rate == 1000000 || rate == 0)
		return;
	if (!journal->allow_rate)
		harmony__refuse(
		    &e->draft, "invalid_amount", HARMONY_HEADER, "exchange_rate",
		    "journal '%s' of Exact Online takes no exchange rates but its own; allow them "
		    "in its settings, set exchange_rate = omit, or leave the rate out",
		    journal->thing.code);
	else
		harmony__json_put_number(
		    &e->w, e->shape->kind == HARMONY_MEMORIAL ? "ExchangeRate" : "Rate", rate,
		    HARMONY_SCALE_RATE);
}

static void put_journal(entry *e)
{
	const exact_thing *journal =
	    harmony__need(&e->draft, EXACT_JOURNALS, HARMONY_HEADER, HARMONY_FIELD_JOURNAL);

	if (!journal)
		return;
	if (journal->type != e->shape->journal_type) {
		harmony__refuse(&e->draft, "unknown_journal", HARMONY_HEADER, "journal",
				"journal '%s' of Exact Online is of type %" PRId64
				", and this needs one of type %d; "
				"map the journal under [integration NAME journals]",
				journal->thing.code, journal->type, e->shape->journal_type);
		return;
	}
	for (size_t row = 1; e->shape->kind == HARMONY_MEMORIAL && !journal->allow_vat &&
			     row <= harmony_record_lines(e->record);
	     row++)
		if (*harmony__text_of(e->record, row, HARMONY_FIELD_VAT_CODE)) {
			harmony__refuse(
			    &e->draft, "unknown_vat_code", row, "vat_code",
			    "journal '%s' of Exact Online takes no VAT codes; allow them in its "
			    "settings, or take the code off the line",
			    journal->thing.code);
			return;
		}
	harmony__json_put(&e->w, e->shape->journal, journal->thing.code);
	put_rate(e, journal);
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
	harmony__lasting_name(key, e->record);
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
	const harmony__thing *thing = harmony__need_party(
	    &e->draft, EXACT_PARTIES, HARMONY_HEADER,
	    e->shape->kind == HARMONY_SALES_INVOICE ? HARMONY_CUSTOMER : HARMONY_SUPPLIER);
	int64_t blocked;

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
	/* Most files fill the column with 0.00, and most companies have no blocked account. */
	if (harmony__number_of(&blocked, record, HARMONY_HEADER, HARMONY_FIELD_BLOCKED_AMOUNT) &&
	    blocked != 0)
		harmony__json_put_number(&e->w, "GAccountAmountFC", blocked, HARMONY_SCALE_AMOUNT);
	if (e->x->send_type && harmony__sum_of(record) < 0)
		harmony__json_put_number(&e->w, "Type", e->shape->credit_type, 0);
}

static void put_header(entry *e)
{
	const char *currency = harmony__text_of(e->record, HARMONY_HEADER, HARMONY_FIELD_CURRENCY);

	put_id(e);
	if (e->x->send_number)
		put_whole(e, "EntryNumber",
			  harmony__text_of(e->record, HARMONY_HEADER, HARMONY_FIELD_ENTRY_NUMBER));
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
	entry e = {.draft = {&x->frame, record, verdict, error, HARMONY_OK},
		   .x = x,
		   .record = record,
		   .shape = shape_of(harmony_record_kind(record)),
		   .beside = harmony__vat_beside(record)};
	harmony_status written;

	/* The id is made of the division, so it must be known before the body. */
	e.draft.status = exact_ready(&x->frame, error);
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
	if (e.draft.status == HARMONY_OK && written != HARMONY_OK)
		e.draft.status = harmony_error_set(error, written, NULL,
						   "the entry's request cannot be written");
	return e.draft.status;
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

static harmony_status remember_parties(exact *x, const harmony_record *record, harmony_error *error)
{
	harmony_status status = HARMONY_OK;

	for (size_t row = 0; row <= harmony_record_lines(record) && status == HARMONY_OK; row++) {
		const char *code = harmony__text_of(record, row, HARMONY_FIELD_PARTY);
		const harmony__thing *party =
		    *code ? harmony__table_look(&x->frame.tables[EXACT_PARTIES], code) : NULL;
		if (party)
			status = exact_remember(x, code, party->row, error);
	}
	return status;
}

harmony_status exact_offer_entry(exact *x, const harmony_record *record, harmony_verdict *verdict,
				 harmony_error *error)
{
	const harmony__json *root;
	harmony__arena arena;
	harmony__buf body;
	harmony_status status;

	harmony__arena_init(&arena, x->frame.context, HARMONY__TREE_LIMIT);
	harmony__buf_init(&body, x->frame.context, MAX_BODY);
	status = exact_entry_body(x, record, &body, verdict, error);
	if (status == HARMONY_OK && verdict->outcome == HARMONY_OUTCOME_NONE)
		status = remember_parties(x, record, error);
	if (status == HARMONY_OK && verdict->outcome == HARMONY_OUTCOME_NONE)
		status = exact_send(x, "POST", exact_entry_path(harmony_record_kind(record)), &body,
				    &arena, &root, verdict, error);
	if (status == HARMONY_OK && verdict->outcome == HARMONY_OUTCOME_BOOKED)
		check_echo(record, root, verdict);
	harmony__buf_free(&body);
	harmony__arena_free(&arena);
	return status;
}
