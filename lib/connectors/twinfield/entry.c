/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "connectors/twinfield/twinfield.h"

/* Records → transactions. Values are positive and the side gives the sign; the relation's line
   comes first, then details with their VAT beside them: Twinfield books the VAT lines from
   that. Amounts are texts made from integers. */

/* What differs between the three kinds of transaction. */
typedef struct shape {
	harmony_kind kind;
	const char *total, *detail; /* sides of positive amounts; NULL: none */
	harmony_kind role;
} shape;

static const shape shapes[] = {
    {HARMONY_SALES_INVOICE, "debit", "credit", HARMONY_CUSTOMER},
    {HARMONY_PURCHASE_INVOICE, "credit", "debit", HARMONY_SUPPLIER},
    {HARMONY_MEMORIAL, NULL, "debit", 0}};

typedef struct entry {
	harmony__draft draft;
	twinfield *t;
	const shape *shape;
	harmony__xml_writer *w;
	bool prove;  /* look up what it needs */
	bool beside; /* VAT is booked beside the amounts */
	const char *rate;
	char rate_text[HARMONY_DECIMAL_SIZE];
} entry;

static const shape *shape_of(harmony_kind kind)
{
	size_t i = 0;

	while (i + 1 < HARMONY__COUNT(shapes) && shapes[i].kind != kind)
		i++;
	return &shapes[i];
}

static const char *text_of(const entry *e, size_t row, harmony_field field)
{
	return harmony__text_of(e->draft.record, row, field);
}

/* ---- what records say ---------------------------------------------------------------- */

const char *twinfield_reference(const harmony_record *record)
{
	const char *invoice =
	    harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_INVOICE_NUMBER);

	return *invoice ? invoice
			: harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_ENTRY_NUMBER);
}

void twinfield_key(char key[HARMONY__UUID_SIZE], const twinfield *t, const harmony_record *record)
{
	char own[HARMONY_KEY_SIZE], name[HARMONY_KEY_SIZE + 64];

	harmony__lasting_name(own, record);
	snprintf(name, sizeof(name), "twinfield:%s/%s", t->office, own);
	harmony__uuid5_url(key, name);
}

const char *twinfield_key_element(const twinfield *t)
{
	static const char *const names[] = {"freetext1", "freetext2", "freetext3"};

	return t->memorial_key <= TWINFIELD_KEY_FREETEXT3 ? names[t->memorial_key] : NULL;
}

size_t twinfield_key_row(const harmony_record *record)
{
	for (size_t row = 1; row <= harmony_record_lines(record); row++)
		if (!*harmony__text_of(record, row, HARMONY_FIELD_PARTY) &&
		    !*harmony__text_of(record, row, HARMONY_FIELD_INVOICE_NUMBER))
			return row;
	return 0;
}

bool twinfield_date_text(char text[9], const harmony_record *record, size_t row,
			 harmony_field field)
{
	char dashed[11];
	size_t len = 0;

	if (!harmony__date_text(dashed, record, row, field))
		return false;
	for (const char *at = dashed; *at; at++)
		if (*at != '-')
			text[len++] = *at;
	text[len] = '\0';
	return true;
}

void twinfield_day(char day[9], const harmony_record *record)
{
	day[0] = '\0';
	if (harmony_record_kind(record) == HARMONY_MEMORIAL &&
	    twinfield_date_text(day, record, 1, HARMONY_FIELD_DATE))
		return;
	(void)twinfield_date_text(day, record, HARMONY_HEADER, HARMONY_FIELD_DATE);
}

int64_t twinfield_signed(const harmony_record *record, size_t row, harmony_field field)
{
	int64_t amount = 0;

	(void)harmony__number_of(&amount, record, row, field);
	return harmony_record_kind(record) == HARMONY_SALES_INVOICE ? -amount : amount;
}

int64_t twinfield_total(const harmony_record *record)
{
	int64_t sum = harmony__sum_of(record);

	switch (harmony_record_kind(record)) {
	case HARMONY_SALES_INVOICE:
		return sum;
	case HARMONY_PURCHASE_INVOICE:
		return -sum;
	default:
		return 0;
	}
}

bool twinfield_amount(int64_t *out, const char *text)
{
	return *text && harmony__decimal(out, text, strlen(text), HARMONY_SCALE_AMOUNT, '.',
					 NULL) == HARMONY_OK;
}

bool twinfield_fits(harmony__draft *draft, const char *text, size_t max, size_t row,
		    const char *field)
{
	if (!harmony__xml_carries(text, strlen(text))) {
		harmony__refuse(draft, "invalid_text", row, field,
				"the text holds a control character, which XML and so Twinfield "
				"cannot carry; take it out");
		return false;
	}
	return harmony__fits(draft, text, max, row, field);
}

/* ---- putting ------------------------------------------------------------------------- */

static const char *other_side(const char *side)
{
	return strcmp(side, "debit") == 0 ? "credit" : "debit";
}

/* Side and value of what is positive on `side`. */
static void put_value(entry *e, const char *side, int64_t amount)
{
	harmony__xml_put(e->w, "debitcredit", amount < 0 ? other_side(side) : side);
	harmony__xml_put_number(e->w, "value", amount < 0 ? -amount : amount, HARMONY_SCALE_AMOUNT);
	harmony__xml_put(e->w, "rate", e->rate);
}

static void put_text(entry *e, const char *name, const char *text, size_t max, size_t row,
		     const char *field)
{
	if (*text && harmony__draft_good(&e->draft) &&
	    twinfield_fits(&e->draft, text, max, row, field))
		harmony__xml_put(e->w, name, text);
}

static void put_date(entry *e, const char *name, harmony_field field)
{
	char text[9];

	if (twinfield_date_text(text, e->draft.record, HARMONY_HEADER, field))
		harmony__xml_put(e->w, name, text);
}

/* The package's code of what the field names: looked up when that is asked for. */
static const char *code_of(entry *e, int table, size_t row, harmony_field field)
{
	const harmony__source *source = &e->t->frame.package->sources[table];
	const char *code = text_of(e, row, field);
	const char *mapped = harmony__mapped(&e->t->frame, source->map, code);

	if (!harmony__draft_good(&e->draft))
		return NULL;
	if (!twinfield_fits(&e->draft, mapped, 0, row, harmony_field_describe(field)->name))
		return NULL;
	if (e->prove && !harmony__need(&e->draft, table, row, field))
		return NULL;
	return mapped;
}

static void put_code(entry *e, const char *name, int table, size_t row, harmony_field field)
{
	if (*text_of(e, row, field))
		harmony__xml_put(e->w, name, code_of(e, table, row, field));
}

/* ---- relations ----------------------------------------------------------------------- */

/* An entry whose relation is in doubt waits until that is known; otherwise Twinfield is the
   one to say that it has no such relation. */
static const char *party_of(entry *e, size_t row, harmony_kind role)
{
	const char *code = text_of(e, row, HARMONY_FIELD_PARTY);
	int table = twinfield_party_table(role);

	if (!twinfield_fits(&e->draft, code, e->t->code_max, row, "party"))
		return NULL;
	if (!e->prove && !harmony__party_doubted(&e->t->frame, table, code, role))
		return code;
	return harmony__need_party(&e->draft, table, row, role) ? code : NULL;
}

/* Of a memorial's line that does not say which, a customer is tried first. */
static const char *line_party(entry *e, size_t row)
{
	const char *side = text_of(e, row, HARMONY_FIELD_SIDE);
	const char *code = text_of(e, row, HARMONY_FIELD_PARTY);
	const void *found = NULL;

	if (*side || !e->prove)
		return party_of(e, row,
				strcmp(side, "purchase") == 0 ? HARMONY_SUPPLIER
							      : HARMONY_CUSTOMER);
	e->draft.status = harmony__find_thing(&found, &e->t->frame, TWINFIELD_SUPPLIERS, code,
					      e->draft.error);
	if (e->draft.status != HARMONY_OK)
		return NULL;
	return party_of(e, row, found ? HARMONY_SUPPLIER : HARMONY_CUSTOMER);
}

/* ---- lines --------------------------------------------------------------------------- */

static void open_line(entry *e, const char *type, size_t id)
{
	static const char digits[] = "0123456789";
	char text[8] = {0};
	size_t at = sizeof(text) - 1;

	do {
		text[--at] = digits[id % 10];
		id /= 10;
	} while (id > 0 && at > 0);
	harmony__xml_open(e->w, "line");
	harmony__xml_put_attribute(e->w, "type", type);
	harmony__xml_put_attribute(e->w, "id", text + at);
}

static void put_total(entry *e)
{
	const char *account =
	    e->shape->role == HARMONY_CUSTOMER ? e->t->receivable : e->t->payable;
	const char *party = party_of(e, HARMONY_HEADER, e->shape->role);

	open_line(e, "total", 1);
	if (*account || !e->t->omit_dim1)
		harmony__xml_put(e->w, "dim1", account);
	harmony__xml_put(e->w, "dim2", party);
	put_value(e, e->shape->total, harmony__sum_of(e->draft.record));
	put_text(e, "description", text_of(e, HARMONY_HEADER, HARMONY_FIELD_DESCRIPTION),
		 e->t->description_max, HARMONY_HEADER, "description");
	harmony__xml_close(e->w);
}

/* VAT goes with its line, on the same side; what would not fit is refused, not guessed. */
static void put_vat(entry *e, size_t row, int64_t amount)
{
	const char *code = text_of(e, row, HARMONY_FIELD_VAT_CODE);
	int64_t vat = 0;

	if (e->beside) /* else it has lines of its own */
		(void)harmony__number_of(&vat, e->draft.record, row, HARMONY_FIELD_VAT_AMOUNT);
	if (!*code && vat != 0)
		harmony__refuse(&e->draft, "missing_field", row, "vat_code",
				"the line has VAT and no VAT code; give it one");
	else if ((vat < 0 && amount > 0) || (vat > 0 && amount < 0))
		harmony__refuse(&e->draft, "invalid_amount", row, "vat_amount",
				"the VAT has another sign than its line, and Twinfield books both "
				"on one side; give the VAT a line of its own");
	if (!*code || !harmony__draft_good(&e->draft))
		return;
	harmony__xml_put(e->w, "vatcode", code_of(e, TWINFIELD_VAT, row, HARMONY_FIELD_VAT_CODE));
	harmony__xml_put_number(e->w, "vatvalue", vat < 0 ? -vat : vat, HARMONY_SCALE_AMOUNT);
}

/* A relation and a cost centre have the same place. */
static void put_dimensions(entry *e, size_t row)
{
	bool memorial = e->shape->kind == HARMONY_MEMORIAL;
	bool party = memorial && *text_of(e, row, HARMONY_FIELD_PARTY);

	if (party && *text_of(e, row, HARMONY_FIELD_COST_CENTRE))
		harmony__refuse(&e->draft, "invalid_value", row, "cost_centre",
				"Twinfield has one place for relation and cost centre of a line; "
				"take one of them off, or split the line");
	else if (party)
		harmony__xml_put(e->w, "dim2", line_party(e, row));
	else
		put_code(e, "dim2", TWINFIELD_CENTRES, row, HARMONY_FIELD_COST_CENTRE);
	put_code(e, "dim3", TWINFIELD_PROJECTS, row, HARMONY_FIELD_COST_UNIT);
}

static void put_line_invoice(entry *e, size_t row)
{
	char key[HARMONY__UUID_SIZE];

	if (e->shape->kind != HARMONY_MEMORIAL)
		return;
	if (e->t->memorial_key == TWINFIELD_KEY_INVOICE &&
	    row == twinfield_key_row(e->draft.record)) {
		twinfield_key(key, e->t, e->draft.record);
		harmony__xml_put(e->w, "invoicenumber", key);
		return;
	}
	put_text(e, "invoicenumber", text_of(e, row, HARMONY_FIELD_INVOICE_NUMBER),
		 e->t->reference_max, row, "invoice_number");
}

/* A transaction has no text of its own: that of a memorial stands on the lines without one, as
   that of an invoice on the relation's line. */
static size_t text_row(const entry *e, size_t row)
{
	bool own = e->shape->total || *text_of(e, row, HARMONY_FIELD_DESCRIPTION);

	return own ? row : HARMONY_HEADER;
}

static void put_detail(entry *e, size_t row)
{
	const size_t text = text_row(e, row);
	const char *side = e->shape->detail;
	int64_t amount = 0;

	(void)harmony__number_of(&amount, e->draft.record, row, HARMONY_FIELD_AMOUNT);
	if (amount == 0) { /* VAT alone gives the side then */
		int64_t vat = 0;
		(void)harmony__number_of(&vat, e->draft.record, row, HARMONY_FIELD_VAT_AMOUNT);
		side = vat < 0 ? other_side(side) : side;
	}
	open_line(e, "detail", row + (e->shape->total != NULL));
	harmony__xml_put(e->w, "dim1",
			 code_of(e, TWINFIELD_ACCOUNTS, row, HARMONY_FIELD_ACCOUNT));
	put_dimensions(e, row);
	put_value(e, side, amount);
	put_text(e, "description", text_of(e, text, HARMONY_FIELD_DESCRIPTION),
		 e->t->description_max, text, "description");
	put_vat(e, row, amount);
	put_line_invoice(e, row);
	harmony__xml_close(e->w);
}

/* ---- header -------------------------------------------------------------------------- */

static void put_journal(entry *e)
{
	const char *code = code_of(e, TWINFIELD_JOURNALS, HARMONY_HEADER, HARMONY_FIELD_JOURNAL);
	const twinfield_thing *daybook;
	const void *found = NULL;

	if (e->prove && code)
		e->draft.status = harmony__find_thing(&found, &e->t->frame, TWINFIELD_JOURNALS,
						      code, e->draft.error);
	daybook = found;
	if (daybook && e->draft.status == HARMONY_OK && daybook->books != e->shape->kind)
		harmony__refuse(&e->draft, "unknown_journal", HARMONY_HEADER, "journal",
				"daybook '%s' of Twinfield takes no %s; map the journal under "
				"[integration NAME journals]",
				code, harmony_kind_word(e->shape->kind));
	if (harmony__draft_good(&e->draft))
		harmony__xml_put(e->w, "code", code);
}

/* One transaction has one day. */
static void check_days(entry *e, const char *day)
{
	char other[9];

	for (size_t row = 1; row <= harmony_record_lines(e->draft.record) &&
			     e->shape->kind == HARMONY_MEMORIAL;
	     row++)
		if (twinfield_date_text(other, e->draft.record, row, HARMONY_FIELD_DATE) &&
		    strcmp(other, day) != 0) {
			harmony__refuse(&e->draft, "invalid_date", row, "date",
					"the lines of this entry have different dates, and "
					"Twinfield books an entry on one; split it");
			return;
		}
}

static void put_day(entry *e)
{
	char day[9];

	twinfield_day(day, e->draft.record);
	check_days(e, day);
	if (!*day)
		return;
	harmony__xml_open(e->w, "date");
	if (e->t->silent_dates)
		harmony__xml_put_attribute(e->w, "raisewarning", "false");
	harmony__xml_add_text(e->w, day, strlen(day));
	harmony__xml_close(e->w);
}

static void put_period(entry *e)
{
	int64_t year, period;
	char text[32];

	if (!e->t->file_period ||
	    !harmony__number_of(&year, e->draft.record, HARMONY_HEADER, HARMONY_FIELD_YEAR) ||
	    !harmony__number_of(&period, e->draft.record, HARMONY_HEADER, HARMONY_FIELD_PERIOD))
		return;
	snprintf(text, sizeof(text), "%04d/%02d", (int)year, (int)period);
	harmony__xml_put(e->w, "period", text);
}

static void put_key(entry *e)
{
	const char *name = twinfield_key_element(e->t);
	char key[HARMONY__UUID_SIZE];

	if (e->shape->kind != HARMONY_MEMORIAL || !name)
		return;
	twinfield_key(key, e->t, e->draft.record);
	harmony__xml_put(e->w, name, key);
}

static void put_header(entry *e)
{
	harmony__xml_open(e->w, "header");
	harmony__xml_put(e->w, "office", e->t->office);
	put_journal(e);
	put_text(e, "currency", text_of(e, HARMONY_HEADER, HARMONY_FIELD_CURRENCY), 3,
		 HARMONY_HEADER, "currency");
	put_day(e);
	put_period(e);
	if (e->shape->total) {
		put_text(e, "invoicenumber", twinfield_reference(e->draft.record),
			 e->t->reference_max, HARMONY_HEADER, "invoice_number");
		put_text(e, "paymentreference",
			 text_of(e, HARMONY_HEADER, HARMONY_FIELD_PAYMENT_REFERENCE),
			 e->t->reference_max, HARMONY_HEADER, "payment_reference");
		put_date(e, "duedate", HARMONY_FIELD_DUE_DATE);
	}
	put_key(e);
	harmony__xml_close(e->w);
}

/* ---- the whole ----------------------------------------------------------------------- */

/* A rate of exactly 1 says nothing. */
static void take_rate(entry *e)
{
	int64_t rate;

	if (!e->t->send_rate ||
	    !harmony__number_of(&rate, e->draft.record, HARMONY_HEADER,
				HARMONY_FIELD_EXCHANGE_RATE) ||
	    rate == 0 || rate == 1000000)
		return;
	(void)harmony_decimal_format(e->rate_text, rate, HARMONY_SCALE_RATE, '.');
	e->rate = e->rate_text;
}

static void check_lines(entry *e)
{
	size_t lines = harmony_record_lines(e->draft.record) + (e->shape->total != NULL);
	int64_t sum = 0;

	if (lines > TWINFIELD_LINES)
		harmony__refuse(&e->draft, "too_long", HARMONY_HEADER, "lines",
				"the entry has %zu lines, and Twinfield takes %d with the "
				"relation's own; split it",
				lines, TWINFIELD_LINES);
	for (size_t row = 1; row <= harmony_record_lines(e->draft.record); row++) {
		sum += twinfield_signed(e->draft.record, row, HARMONY_FIELD_AMOUNT);
		if (e->beside)
			sum += twinfield_signed(e->draft.record, row, HARMONY_FIELD_VAT_AMOUNT);
	}
	if (e->shape->kind == HARMONY_MEMORIAL && sum != 0)
		harmony__refuse(&e->draft, "unbalanced", HARMONY_HEADER, "lines",
				"debit and credit of this entry differ; let them be equal, VAT "
				"included");
}

harmony_status twinfield_entry_body(twinfield *t, const harmony_record *record, bool prove,
				    harmony__xml_writer *w, harmony_verdict *verdict,
				    harmony_error *error)
{
	entry e = {.draft = {&t->frame, record, verdict, error, HARMONY_OK},
		   .t = t,
		   .shape = shape_of(harmony_record_kind(record)),
		   .w = w,
		   .prove = prove,
		   .beside = harmony__vat_beside(record)};

	check_lines(&e);
	if (!harmony__draft_good(&e.draft))
		return e.draft.status;
	take_rate(&e);
	harmony__xml_open(w, "transaction");
	harmony__xml_put_attribute(w, "destiny", t->final ? "final" : "temporary");
	harmony__xml_put_attribute(w, "raisewarning", "true");
	put_header(&e);
	harmony__xml_open(w, "lines");
	if (e.shape->total && harmony__draft_good(&e.draft))
		put_total(&e);
	for (size_t row = 1;
	     row <= harmony_record_lines(record) && harmony__draft_good(&e.draft); row++)
		put_detail(&e, row);
	harmony__xml_close(w);
	harmony__xml_close(w);
	return e.draft.status;
}

/* ---- comparing ----------------------------------------------------------------------- */

static bool is_type(const harmony__xml *line, const char *type)
{
	const char *is = harmony__xml_attribute(line, "type");

	return is && strcmp(is, type) == 0;
}

/* A line as Twinfield tells it, debit positive. */
typedef struct told_line {
	const char *account;
	int64_t value, vat;
	bool tells_vat, used;
} told_line;

/* False: it tells no value. */
static bool take_told(told_line *out, const harmony__xml *line)
{
	const char *side = harmony__xml_text(harmony__xml_child(line, "debitcredit"));
	bool credit = strcmp(side, "credit") == 0;

	*out = (told_line){.account = harmony__xml_text(harmony__xml_child(line, "dim1"))};
	if (!twinfield_amount(&out->value, harmony__xml_text(harmony__xml_child(line, "value"))))
		return false;
	out->tells_vat =
	    twinfield_amount(&out->vat, harmony__xml_text(harmony__xml_child(line, "vatvalue")));
	if (credit) {
		out->value = -out->value;
		out->vat = -out->vat;
	}
	return true;
}

/* Its details, ticked off one by one. They come in the order that they were sent in, as a rule,
   so each search begins behind the last one. */
typedef struct details {
	told_line *lines;
	size_t count, at;
} details;

enum { NO_LINE, OTHER_VAT, SAME_LINE };

/* One that tells no VAT is as good as any, when there is none that tells the same. */
static int tick_off(details *d, const char *account, int64_t amount, int64_t vat)
{
	told_line *untold = NULL;
	int found = NO_LINE;

	for (size_t i = 0; i < d->count; i++) {
		size_t at = (d->at + i) % d->count;
		told_line *line = &d->lines[at];
		if (line->used || line->value != amount || strcmp(line->account, account) != 0)
			continue;
		if (line->vat == vat) {
			line->used = true;
			d->at = at + 1;
			return SAME_LINE;
		}
		untold = !line->tells_vat && !untold ? line : untold;
		found = OTHER_VAT;
	}
	if (untold)
		untold->used = true;
	return untold ? SAME_LINE : found;
}

static void differs(harmony_verdict *verdict, const harmony_record *record, size_t row,
		    bool vat_only, int64_t meant)
{
	char want[HARMONY_DECIMAL_SIZE], field[48];

	snprintf(field, sizeof(field), "lines.%zu.%s", row, vat_only ? "vat_amount" : "amount");
	harmony_decimal_format(want, meant, HARMONY_SCALE_AMOUNT, '.');
	harmony_verdict_set(verdict, HARMONY_OUTCOME_DIFFERS, "booked_differs", field,
			    "Twinfield booked no line of %s%s on ledger account %s (debit "
			    "positive); correct the entry there",
			    want, vat_only ? " VAT" : "",
			    harmony__text_of(record, row, HARMONY_FIELD_ACCOUNT));
}

static void total_differs(harmony_verdict *verdict, int64_t is, int64_t meant)
{
	char have[HARMONY_DECIMAL_SIZE], want[HARMONY_DECIMAL_SIZE];

	harmony_decimal_format(have, is, HARMONY_SCALE_AMOUNT, '.');
	harmony_decimal_format(want, meant, HARMONY_SCALE_AMOUNT, '.');
	harmony_verdict_set(verdict, HARMONY_OUTCOME_DIFFERS, "booked_differs", "total",
			    "Twinfield booked %s where %s was meant (debit positive); correct the "
			    "entry there",
			    have, want);
}

static void compare_details(twinfield *t, const harmony_record *record, details *d,
			    harmony_verdict *verdict)
{
	bool beside = harmony__vat_beside(record);

	for (size_t row = 1; row <= harmony_record_lines(record); row++) {
		const char *account = harmony__mapped(
		    &t->frame, "accounts", harmony__text_of(record, row, HARMONY_FIELD_ACCOUNT));
		int64_t amount = twinfield_signed(record, row, HARMONY_FIELD_AMOUNT);
		int64_t vat = beside ? twinfield_signed(record, row, HARMONY_FIELD_VAT_AMOUNT) : 0;
		int found = tick_off(d, account, amount, vat);
		if (found == SAME_LINE)
			continue;
		differs(verdict, record, row, found == OTHER_VAT,
			found == OTHER_VAT ? vat : amount);
		return;
	}
}

harmony_status twinfield_compare(twinfield *t, const harmony_record *record,
				 const harmony__xml *transaction, harmony_verdict *verdict,
				 harmony_error *error)
{
	const harmony__xml *lines = harmony__xml_child(transaction, "lines");
	const harmony__xml *at = harmony__xml_child(lines, "line");
	details d = {.lines = NULL};

	if (at)
		d.lines = harmony__alloc(t->frame.context, lines->count * sizeof(*d.lines));
	if (at && !d.lines)
		return harmony__nomem(error);
	/* Where nothing is told nothing differs. */
	harmony_verdict_set(verdict, HARMONY_OUTCOME_BOOKED, NULL, NULL, "%s", "");
	for (; at && verdict->outcome == HARMONY_OUTCOME_BOOKED; at = harmony__xml_sibling(at)) {
		told_line *told = &d.lines[d.count];
		bool tells = take_told(told, at);
		if (tells && is_type(at, "total") && told->value != twinfield_total(record))
			total_differs(verdict, told->value, twinfield_total(record));
		d.count += tells && is_type(at, "detail");
	}
	if (verdict->outcome == HARMONY_OUTCOME_BOOKED)
		compare_details(t, record, &d, verdict);
	harmony__free(t->frame.context, d.lines);
	return HARMONY_OK;
}
