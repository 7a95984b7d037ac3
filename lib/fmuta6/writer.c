/* SPDX-License-Identifier: MIT */
#include "fmuta6/fmuta6.h"

/* Records → rows, by the same tables that read them. What stands on a row is chosen so
   that reading gives the same record again. */

struct harmony_fmuta6_writer {
	harmony_context *context;
	harmony_fmuta6_options options;
	harmony_write_fn write;
	void *user;
	int file_kind; /* UNKNOWN before the first record */
	harmony__buf rows, text;
	const harmony_record *record;
};

/* A row to write: 0 is the header. */
typedef struct source {
	size_t row;
	const harmony__line *line; /* NULL: the header */
	bool own_numbers;          /* some line has an invoice number that is not the header's */
} source;

harmony_status harmony_fmuta6_writer_new(harmony_fmuta6_writer **out, harmony_context *context,
                                         const harmony_fmuta6_options *options,
                                         harmony_write_fn write, void *user, harmony_error *error)
{
	harmony_fmuta6_options own = HARMONY_FMUTA6_OPTIONS_INIT;
	harmony_fmuta6_writer *w;

	*out = NULL;
	if (!write || (options && harmony__options_copy(&own, sizeof(own), options)))
		return harmony_error_set(error, HARMONY_INVALID, NULL,
		                         "a writer needs a write callback, and options made by "
		                         "HARMONY_FMUTA6_OPTIONS_INIT");
	w = harmony__zalloc(context, sizeof(*w));
	if (!w)
		return harmony__nomem(error);
	own.delimiter = own.delimiter ? own.delimiter : ',';
	own.decimal = own.decimal ? own.decimal : '.';
	own.encoding = own.encoding ? own.encoding : HARMONY_ENCODING_UTF_8;
	w->context = context;
	w->options = own;
	w->write = write;
	w->user = user;
	harmony__buf_init(&w->rows, context, 4 * (size_t)HARMONY_MAX_ENTRY);
	harmony__buf_init(&w->text, context, 4 * (size_t)HARMONY_MAX_TEXT);
	*out = w;
	return HARMONY_OK;
}

void harmony_fmuta6_writer_free(harmony_fmuta6_writer *w)
{
	if (!w)
		return;
	harmony__buf_free(&w->rows);
	harmony__buf_free(&w->text);
	harmony__free(w->context, w);
}

/* ---- one field ------------------------------------------------------------------------- */

static void put_quoted(harmony_fmuta6_writer *w, const char *text, size_t len)
{
	harmony__buf_char(&w->rows, '"');
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"')
			harmony__buf_char(&w->rows, '"');
		harmony__buf_char(&w->rows, text[i]);
	}
	harmony__buf_char(&w->rows, '"');
}

static void put_text(harmony_fmuta6_writer *w, const harmony__value *value)
{
	harmony__buf_clear(&w->text);
	if (value && w->options.encoding == HARMONY_ENCODING_UTF_8) {
		put_quoted(w, value->t.text, value->t.len);
		return;
	}
	if (value && harmony__encode(&w->text, w->options.encoding, value->t.text, value->t.len))
		w->rows.status = w->text.status ? w->text.status : HARMONY_FORMAT;
	put_quoted(w, w->text.data, w->text.len);
}

/* Numbers and dates stand bare, unless the delimiter is one of their signs. */
static void put_bare(harmony_fmuta6_writer *w, const char *text, size_t len)
{
	if (memchr(text, w->options.delimiter, len))
		put_quoted(w, text, len);
	else
		harmony__buf_add(&w->rows, text, len);
}

static void put_decimal(harmony_fmuta6_writer *w, int64_t value, unsigned scale)
{
	char text[HARMONY_DECIMAL_SIZE];

	put_bare(w, text, harmony_decimal_format(text, value, scale, w->options.decimal));
}

/* The control date of a customer has 6 digits, where its century allows. */
static int dates_of(const harmony_fmuta6_writer *w, unsigned column, harmony_date date)
{
	const int pivot = w->options.pivot;

	if (w->options.dates == HARMONY_DATES_AUTO && w->file_kind == HARMONY_FILE_CUSTOMERS &&
	    column == 53 && date.year >= 1900 + pivot && date.year < 2000 + pivot)
		return HARMONY_DATES_DDMMYY;
	return w->options.dates;
}

static void put_date(harmony_fmuta6_writer *w, unsigned column, harmony_date date)
{
	char text[16];

	put_bare(w, text, harmony__dialect_date_format(text, date, dates_of(w, column, date)));
}

static void put_number(harmony_fmuta6_writer *w, int64_t number)
{
	char text[HARMONY_DECIMAL_SIZE];

	put_quoted(w, text, harmony_decimal_format(text, number, 0, '.'));
}

static void put_flag(harmony_fmuta6_writer *w, const harmony__value *value)
{
	put_quoted(w, value && value->number ? "J" : "N", value ? 1 : 0);
}

static void put_value(harmony_fmuta6_writer *w, unsigned column, int as, const harmony__value *value)
{
	switch (as) {
	case HARMONY__AS_AMOUNT:
		if (value)
			put_decimal(w, value->number, HARMONY_SCALE_AMOUNT);
		break;
	case HARMONY__AS_RATE:
		if (value)
			put_decimal(w, value->number, HARMONY_SCALE_RATE);
		break;
	case HARMONY__AS_QUANTITY:
		if (value)
			put_decimal(w, value->number, HARMONY_SCALE_QUANTITY);
		break;
	case HARMONY__AS_DATE:
		if (value)
			put_date(w, column, value->date);
		break;
	case HARMONY__AS_NUMBER:
	case HARMONY__AS_YEAR:
		if (value)
			put_number(w, value->number);
		else
			put_quoted(w, "", 0);
		break;
	case HARMONY__AS_FLAG:
		put_flag(w, value);
		break;
	case HARMONY__AS_REVERSAL:
		if (value)
			put_text(w, value);
		else
			put_quoted(w, "N", 1);
		break;
	default:
		put_text(w, value);
	}
}

/* ---- which value a row has ---------------------------------------------------------------- */

static const harmony__value *header_value(const harmony_record *record, harmony_field field)
{
	return harmony__has(record, field) ? &record->value[field] : NULL;
}

static const harmony__value *line_value(const harmony__line *line, harmony_field field)
{
	return field < HARMONY_LINE_FIELDS && harmony__line_has(line, field) ? &line->value[field]
	                                                                     : NULL;
}

static bool is_invoice(const harmony_record *record)
{
	return HARMONY_INVOICES & HARMONY_BIT(record->kind);
}

/* Whether a relation stands in this row's debtor (or creditor) column. */
static bool has_side(const harmony_record *record, const source *from, int as)
{
	const harmony__value *side = from->line ? line_value(from->line, HARMONY_FIELD_SIDE)
	                                        : header_value(record, HARMONY_FIELD_SIDE);
	bool purchase = record->kind == HARMONY_PURCHASE_INVOICE ||
	                (!is_invoice(record) && side && side->t.text[0] == 'p');

	return purchase == (as == HARMONY__AS_CREDITOR);
}

/* What the lines repeat of their header: the columns that tell the entry, and what falls
   back on it anyway. */
static bool repeats(const harmony_record *record, const harmony__column *column, unsigned number)
{
	return number <= 6 || column->place & HARMONY__DIFFERS ||
	       (column->place & HARMONY__INVOICE && is_invoice(record));
}

static const harmony__value *value_of(const harmony_record *record, const source *from,
                                      const harmony__column *column, unsigned number)
{
	const harmony__value *own;

	if ((column->as == HARMONY__AS_DEBTOR || column->as == HARMONY__AS_CREDITOR) &&
	    !has_side(record, from, column->as))
		return NULL;
	if (from->line) {
		own = line_value(from->line, column->field);
		return own || !repeats(record, column, number) || column->field == HARMONY_FIELD_DESCRIPTION
		               ? own
		               : header_value(record, column->field);
	}
	if (!(column->place & HARMONY__ON_HEADER))
		return NULL;
	if (column->field == HARMONY_FIELD_INVOICE_NUMBER && is_invoice(record) && !from->own_numbers)
		return NULL; /* stands on every line */
	if (column->field == HARMONY_FIELD_AMOUNT && is_invoice(record))
		return NULL; /* put_amount has the total */
	return header_value(record, column->field);
}

static bool is_negated(const harmony_fmuta6_writer *w, const harmony__column *column, int64_t value)
{
	const harmony_record *record = w->record;
	int64_t total = 0;

	if (record->kind == HARMONY_MEMORIAL)
		return w->options.memorial_sign == HARMONY_MEMORIAL_CREDIT &&
		       (column->field == HARMONY_FIELD_AMOUNT ||
		        column->field == HARMONY_FIELD_VAT_AMOUNT);
	if (record->kind != HARMONY_SALES_INVOICE ||
	    w->options.sales_sign != HARMONY_SALES_DEBIT_CREDIT)
		return false;
	if (column->field == HARMONY_FIELD_AMOUNT || column->field == HARMONY_FIELD_VAT_AMOUNT)
		return true;
	return harmony__record_total(&total, record) &&
	       ((total > 0 && value > 0) || (total < 0 && value < 0));
}

static void put_amount(harmony_fmuta6_writer *w, const source *from, const harmony__column *column,
                       const harmony__value *value)
{
	int64_t amount;

	if (!from->line && column->field == HARMONY_FIELD_AMOUNT && is_invoice(w->record)) {
		if (!harmony__record_total(&amount, w->record))
			w->rows.status = HARMONY_RANGE;
	} else if (value) {
		amount = value->number;
	} else {
		return;
	}
	if (is_negated(w, column, amount)) {
		if (amount == INT64_MIN)
			w->rows.status = HARMONY_RANGE;
		else
			amount = -amount;
	}
	if (!w->rows.status)
		put_decimal(w, amount, HARMONY_SCALE_AMOUNT);
}

static char type_letter(const harmony_record *record)
{
	const harmony__value *type = header_value(record, HARMONY_FIELD_JOURNAL_TYPE);

	switch (record->kind) {
	case HARMONY_SALES_INVOICE:
		return 'V';
	case HARMONY_PURCHASE_INVOICE:
		return 'I';
	case HARMONY_MEMORIAL:
		return 'M';
	default:
		return type && type->t.len == 1 ? type->t.text[0] : 'B';
	}
}

static void put_row(harmony_fmuta6_writer *w, const source *from)
{
	const harmony__layout *layout = &harmony__layouts[w->file_kind];
	char letter, number[HARMONY_DECIMAL_SIZE];

	for (unsigned i = 0; i < layout->count; i++) {
		const harmony__column *column = &layout->columns[i];
		const harmony__value *value = value_of(w->record, from, column, i + 1);

		if (i > 0)
			harmony__buf_char(&w->rows, w->options.delimiter);
		if (column->as == HARMONY__AS_ROW) {
			harmony__buf_add(&w->rows, number,
			                 harmony_decimal_format(number, (int64_t)from->row, 0, '.'));
		} else if (column->as == HARMONY__AS_TYPE) {
			letter = type_letter(w->record);
			put_quoted(w, &letter, 1);
		} else if (column->as == HARMONY__AS_AMOUNT) {
			put_amount(w, from, column, value);
		} else {
			put_value(w, i + 1, column->as, value);
		}
	}
	harmony__buf_str(&w->rows, "\r\n");
}

/* ---- one record --------------------------------------------------------------------------------- */

static int file_kind_of(const harmony_record *record)
{
	if (HARMONY_ENTRIES & HARMONY_BIT(record->kind))
		return HARMONY_FILE_ENTRIES;
	return record->kind == HARMONY_CUSTOMER   ? HARMONY_FILE_CUSTOMERS
	       : record->kind == HARMONY_SUPPLIER ? HARMONY_FILE_SUPPLIERS
	                                          : HARMONY_FILE_UNKNOWN;
}

/* A relation may have fields that its file has no column for. */
static void tell_left_out(const harmony_fmuta6_writer *w)
{
	const harmony__layout *layout = &harmony__layouts[w->file_kind];

	for (harmony_field field = 0; field < HARMONY_FIELD_COUNT; field++) {
		bool known = false;
		for (unsigned i = 0; i < layout->count; i++)
			known |= layout->columns[i].field == field;
		if (!known && harmony__has(w->record, field))
			harmony__log(w->context, HARMONY_LOG_WARNING,
			             "%s has no column in this file and is left out",
			             harmony__fields[field].name);
	}
}

static bool has_own_numbers(const harmony_record *record)
{
	for (size_t i = 0; i < record->line_count; i++)
		if (harmony__line_has(&record->lines[i], HARMONY_FIELD_INVOICE_NUMBER))
			return true;
	return false;
}

static void put_record(harmony_fmuta6_writer *w)
{
	source from = {.own_numbers = has_own_numbers(w->record)};
	uint64_t row = 0;

	if (w->file_kind != HARMONY_FILE_ENTRIES)
		tell_left_out(w);
	put_row(w, &from);
	for (size_t i = 0; i < w->record->line_count; i++) {
		const harmony__value *number;
		from.line = &w->record->lines[i];
		number = line_value(from.line, HARMONY_FIELD_NUMBER);
		row = number && number->number > (int64_t)row ? (uint64_t)number->number : row + 1;
		from.row = (size_t)row;
		put_row(w, &from);
	}
}

harmony_status harmony_fmuta6_writer_add(harmony_fmuta6_writer *w, const harmony_record *record,
                                         harmony_error *error)
{
	int kind = file_kind_of(record), before = w->file_kind;
	harmony_status status;

	if (!kind)
		return harmony_error_set(error, HARMONY_UNSUPPORTED,
		                         harmony_code_word(HARMONY_CODE_UNSUPPORTED_KIND),
		                         "a %s has no place in fmuta6.csv, debitr.csv or credit.csv; "
		                         "harmony import writes them, as dbopen.csv",
		                         harmony_kind_word(record->kind));
	if (w->file_kind && w->file_kind != kind)
		return harmony_error_set(error, HARMONY_UNSUPPORTED,
		                         harmony_code_word(HARMONY_CODE_UNSUPPORTED_KIND),
		                         "a %s does not belong in this file; entries, customers and "
		                         "suppliers each have a file of their own",
		                         harmony_kind_word(record->kind));
	harmony__buf_clear(&w->rows);
	if (!w->file_kind && w->options.encoding == HARMONY_ENCODING_UTF_8)
		harmony__buf_str(&w->rows, "\xEF\xBB\xBF");
	w->file_kind = kind;
	w->record = record;
	put_record(w);
	if (w->rows.status)
		w->file_kind = before; /* nothing of it is written, the byte order mark neither */
	if (w->rows.status == HARMONY_RANGE)
		return harmony_error_set(error, HARMONY_RANGE, NULL,
		                         "the amounts of the entry add up to more than one can hold");
	status = harmony__buf_check(&w->rows, "the rows of an entry", error);
	if (status)
		return status;
	status = w->write(w->rows.data, w->rows.len, w->user);
	return status ? harmony_error_set(error, status, NULL, "the rows could not be written")
	              : HARMONY_OK;
}
