/* SPDX-License-Identifier: MIT */
#include "dbopen/dbopen.h"

#include "csv/dialect.h"

/* An item as it will stand in the file, with what it is sorted by. */
typedef struct dbopen_row {
	int side;
	const char *party, *invoice; /* NUL-ended, in the arena like the bytes */
	int32_t day;                 /* YYYYMMDD, 0 when absent */
	const char *bytes;
	size_t len;
} dbopen_row;

struct harmony_dbopen_writer {
	harmony_context *context;
	harmony_dbopen_options options;
	harmony__arena arena; /* rows and their sort keys */
	harmony__buf row;     /* the row that is being made */
	harmony__buf clean;   /* a text without control characters */
	harmony__buf field;   /* the same in the code page */
	dbopen_row **rows;
	size_t count, capacity;
	size_t counts[2]; /* sales, purchase */
	bool sorted;
};

/* What of an item is written. */
typedef struct dbopen_item {
	const harmony_record *record;
	int side;
	int64_t amount, paid, outstanding;
} dbopen_item;

static void default_dialect(harmony_dbopen_options *options)
{
	if (!options->delimiter)
		options->delimiter = ',';
	if (!options->decimal)
		options->decimal = '.';
	if (!options->dates)
		options->dates = HARMONY_DATES_DDMMYYYY;
	if (!options->encoding)
		options->encoding = HARMONY_ENCODING_WINDOWS_1252;
	if (options->column_count == 0)
		while (options->column_count < HARMONY_DBOPEN_COLUMNS) {
			options->columns[options->column_count] = (uint8_t)options->column_count;
			options->column_count++;
		}
}

harmony_status harmony_dbopen_writer_new(harmony_dbopen_writer **out, harmony_context *context,
                                         const harmony_dbopen_options *options,
                                         harmony_error *error)
{
	harmony_dbopen_options copy;
	if (out)
		*out = NULL;
	if (!out || !context)
		return harmony_error_set(error, HARMONY_INVALID, NULL,
		                         "a dbopen writer needs a context and a place for the handle");
	harmony_status status = harmony__dbopen_options(&copy, options, error);
	if (status != HARMONY_OK)
		return status;
	harmony_dbopen_writer *writer = harmony__zalloc(context, sizeof *writer);
	if (!writer)
		return harmony__nomem(error);
	writer->context = context;
	writer->options = copy;
	default_dialect(&writer->options);
	harmony__arena_init(&writer->arena, context, 0);
	harmony__buf_init(&writer->row, context, HARMONY_MAX_ROW);
	harmony__buf_init(&writer->clean, context, HARMONY_MAX_ROW);
	harmony__buf_init(&writer->field, context, HARMONY_MAX_ROW);
	*out = writer;
	return HARMONY_OK;
}

void harmony_dbopen_writer_free(harmony_dbopen_writer *writer)
{
	if (!writer)
		return;
	harmony__buf_free(&writer->field);
	harmony__buf_free(&writer->clean);
	harmony__buf_free(&writer->row);
	harmony__arena_free(&writer->arena);
	harmony__free(writer->context, writer->rows);
	harmony__free(writer->context, writer);
}

/* ---- a field --------------------------------------------------------------------- */

/* Whether a field without quotes would read back as something else: it holds the
   delimiter or a quote, spaces that a reader trims, a first byte that could be taken
   for a byte order mark, or nothing on a row that would then be blank. */
static bool ambiguous(const harmony_dbopen_options *options, const char *text, size_t len)
{
	if (len == 0)
		return options->column_count == 1;
	return text[0] == ' ' || text[len - 1] == ' ' || (unsigned char)text[0] >= 0x80 ||
	       memchr(text, options->delimiter, len) || memchr(text, '"', len);
}

static void add_field(harmony_dbopen_writer *writer, size_t index, const char *text, size_t len,
                      bool is_text)
{
	const harmony_dbopen_options *options = &writer->options;
	harmony__buf *row = &writer->row;
	bool quoted = options->quote == HARMONY_QUOTE_ALL ||
	              (options->quote == HARMONY_QUOTE_TEXT && is_text) ||
	              ambiguous(options, text, len);
	if (index > 0)
		harmony__buf_char(row, options->delimiter);
	if (!quoted) {
		harmony__buf_add(row, text, len);
		return;
	}
	harmony__buf_char(row, '"');
	for (const char *quote; (quote = memchr(text, '"', len)); ) {
		size_t part = (size_t)(quote - text) + 1;
		harmony__buf_add(row, text, part);
		harmony__buf_char(row, '"');
		text += part;
		len -= part;
	}
	harmony__buf_add(row, text, len);
	harmony__buf_char(row, '"');
}

/* The bytes at `text` that a row of one line cannot hold: C0, DEL, C1 (among them
   U+0085), the line and paragraph separators, and the byte order mark. 0 for none. */
static size_t control_length(const unsigned char *text, size_t len)
{
	if (text[0] < 0x20 || text[0] == 0x7f)
		return 1;
	if (len >= 2 && text[0] == 0xc2 && text[1] < 0xa0)
		return 2;
	if (len >= 3 && text[0] == 0xe2 && text[1] == 0x80 && (text[2] == 0xa8 || text[2] == 0xa9))
		return 3;
	if (len >= 3 && text[0] == 0xef && text[1] == 0xbb && text[2] == 0xbf)
		return 3;
	return 0;
}

/* Control characters become a space each, so that no text breaks a row. */
static void clean_text(harmony__buf *out, const char *text, size_t len)
{
	size_t from = 0;
	for (size_t i = 0; i < len; ) {
		size_t control = control_length((const unsigned char *)text + i, len - i);
		if (control == 0) {
			i++;
			continue;
		}
		harmony__buf_add(out, text + from, i - from);
		harmony__buf_char(out, ' ');
		i += control;
		from = i;
	}
	harmony__buf_add(out, text + from, len - from);
}

/* Cut after the code page, where a likeness may be longer than its character. */
static size_t cut(const harmony__buf *field, int encoding, unsigned width)
{
	if (width == 0)
		return field->len;
	if (encoding == HARMONY_ENCODING_UTF_8)
		return harmony__utf8_cut(field->data, field->len, width);
	return field->len < width ? field->len : width;
}

/* The text as the file holds it, into writer->field. */
static harmony_status encode_text(harmony_dbopen_writer *writer, const char *text)
{
	harmony__buf_clear(&writer->clean);
	harmony__buf_clear(&writer->field);
	clean_text(&writer->clean, text, strlen(text));
	if (writer->clean.status != HARMONY_OK || writer->clean.len == 0)
		return writer->clean.status;
	return harmony__encode(&writer->field, writer->options.encoding, writer->clean.data,
	                       writer->clean.len);
}

static harmony_status add_text(harmony_dbopen_writer *writer, size_t index, const char *text,
                               unsigned width)
{
	harmony_status status = encode_text(writer, text);
	if (status != HARMONY_OK)
		return status;
	size_t len = writer->field.len > 0 ? cut(&writer->field, writer->options.encoding, width) : 0;
	add_field(writer, index, len > 0 ? writer->field.data : "", len, true);
	return HARMONY_OK;
}

/* A year that the format does not hold would read back as another one. */
static harmony_status add_date(harmony_dbopen_writer *writer, size_t index, harmony_date date,
                               const char *word, harmony_error *error)
{
	char text[16], iso[16];
	harmony_date back = {0, 0, 0};
	size_t len = harmony__dialect_date_format(text, date, writer->options.dates);
	harmony_status status = harmony__dialect_date(&back, text, len, writer->options.dates, NULL,
	                                              HARMONY__DBOPEN_PIVOT);
	if (status != HARMONY_OK || memcmp(&back, &date, sizeof date) != 0) {
		harmony_date_format(iso, date);
		return harmony_error_set(error, HARMONY_RANGE,
		                         harmony_code_word(HARMONY_CODE_INVALID_DATE),
		                         "%s: %s does not fit dates written as %s; choose dbopen.dates "
		                         "with a year of four digits",
		                         word, iso, harmony__dialect_dates_word(writer->options.dates));
	}
	add_field(writer, index, text, len, false);
	return HARMONY_OK;
}

/* ---- an item ----------------------------------------------------------------------- */

static harmony_status refuse(harmony_error *error, harmony_status status, int code,
                             const harmony_record *record, const char *why)
{
	const char *party = "", *invoice = "";
	(void)harmony_record_get_text(&party, record, HARMONY_HEADER, HARMONY_FIELD_PARTY);
	(void)harmony_record_get_text(&invoice, record, HARMONY_HEADER, HARMONY_FIELD_INVOICE_NUMBER);
	return harmony_error_set(error, status, harmony_code_word(code),
	                         "outstanding item of relation \"%s\", invoice \"%s\": %s", party,
	                         invoice, why);
}

/* The three amounts, so that outstanding = amount - paid. */
static harmony_status item_amounts(dbopen_item *item, harmony_error *error)
{
	const harmony_record *record = item->record;
	bool fits = true;
	bool amount = harmony_record_get_number(&item->amount, record, HARMONY_HEADER,
	                                        HARMONY_FIELD_AMOUNT) == HARMONY_OK;
	bool paid = harmony_record_get_number(&item->paid, record, HARMONY_HEADER,
	                                      HARMONY_FIELD_PAID) == HARMONY_OK;
	bool open = harmony_record_get_number(&item->outstanding, record, HARMONY_HEADER,
	                                      HARMONY_FIELD_OUTSTANDING) == HARMONY_OK;
	if (!open && !(amount && paid))
		return refuse(error, HARMONY_INVALID, HARMONY_CODE_MISSING_FIELD, record,
		              "nothing says what is open; give outstanding, or amount and paid");
	if (!open)
		fits = harmony__subtract(&item->outstanding, item->amount, item->paid);
	if (!amount) {
		item->amount = item->outstanding;
		if (paid)
			fits = harmony__add(&item->amount, item->paid);
	}
	if (!fits || !harmony__subtract(&item->paid, item->amount, item->outstanding))
		return refuse(error, HARMONY_RANGE, HARMONY_CODE_INVALID_AMOUNT, record,
		              "the amounts do not fit 64 bits; correct the item");
	return HARMONY_OK;
}

static harmony_status item_side(dbopen_item *item, harmony_error *error)
{
	const char *side = NULL;
	if (harmony_record_get_text(&side, item->record, HARMONY_HEADER, HARMONY_FIELD_SIDE) !=
	    HARMONY_OK)
		return refuse(error, HARMONY_INVALID, HARMONY_CODE_MISSING_FIELD, item->record,
		              "the side is missing; set it to sales or purchase");
	if (strcmp(side, "sales") == 0)
		item->side = HARMONY_SIDE_SALES;
	else if (strcmp(side, "purchase") == 0)
		item->side = HARMONY_SIDE_PURCHASE;
	else
		return refuse(error, HARMONY_INVALID, HARMONY_CODE_INVALID_VALUE, item->record,
		              "the side must be sales or purchase");
	return HARMONY_OK;
}

static harmony_status add_column(harmony_dbopen_writer *writer, size_t index,
                                 const dbopen_item *item, harmony_error *error)
{
	int number = writer->options.columns[index];
	const harmony__dbopen_column *column = &harmony__dbopen_columns[number];
	char text[HARMONY_DECIMAL_SIZE];
	const char *value = "";
	harmony_date date;
	switch (column->type) {
	case HARMONY_TYPE_AMOUNT: {
		int64_t amount = number == HARMONY_DBOPEN_INVOICEAMOUNT ? item->amount
		                 : number == HARMONY_DBOPEN_PAID        ? item->paid
		                                                        : item->outstanding;
		size_t len = harmony_decimal_format(text, amount, HARMONY_SCALE_AMOUNT,
		                                    writer->options.decimal);
		add_field(writer, index, text, len, false);
		return HARMONY_OK;
	}
	case HARMONY_TYPE_DATE:
		if (harmony_record_get_date(&date, item->record, HARMONY_HEADER, column->field) ==
		    HARMONY_OK)
			return add_date(writer, index, date, column->word, error);
		add_field(writer, index, "", 0, false);
		return HARMONY_OK;
	default:
		if (number == HARMONY_DBOPEN_TYPE)
			value = item->side == HARMONY_SIDE_SALES ? "D" : "C";
		else
			(void)harmony_record_get_text(&value, item->record, HARMONY_HEADER, column->field);
		return add_text(writer, index, value, column->width);
	}
}

static harmony_status make_row(harmony_dbopen_writer *writer, const dbopen_item *item,
                               harmony_error *error)
{
	harmony__buf_clear(&writer->row);
	for (size_t i = 0; i < writer->options.column_count; i++) {
		harmony_status status = add_column(writer, i, item, error);
		if (status == HARMONY_NOMEM)
			return harmony__nomem(error);
		if (status != HARMONY_OK)
			return harmony_error_set(error, status, NULL,
			                         "a row of dbopen.csv would be over %u bytes; shorten its texts",
			                         HARMONY_MAX_ROW);
	}
	harmony__buf_str(&writer->row, "\r\n");
	return harmony__buf_check(&writer->row, "a row of dbopen.csv", error);
}

/* A text as the file holds it, in the arena; NULL on failure. Rows are sorted by what
   stands in the file, so that what is read and written again keeps its order. */
static const char *sort_key(harmony_dbopen_writer *writer, const char *text)
{
	if (encode_text(writer, text) != HARMONY_OK)
		return NULL;
	return harmony__arena_text(&writer->arena, writer->field.len > 0 ? writer->field.data : "",
	                           writer->field.len);
}

/* Copies what make_row left behind, and the sort keys, into the arena. */
static harmony_status keep_row(harmony_dbopen_writer *writer, const dbopen_item *item,
                               const char *party, const char *invoice, harmony_error *error)
{
	harmony_date date = {0, 0, 0};
	dbopen_row *row;
	void *rows = writer->rows;
	harmony_status status = harmony__grow(writer->context, &rows, &writer->capacity,
	                                      writer->count + 1, sizeof(dbopen_row *));
	writer->rows = rows;
	if (status != HARMONY_OK || !(row = harmony__arena_alloc(&writer->arena, sizeof *row)))
		return harmony__nomem(error);
	(void)harmony_record_get_date(&date, item->record, HARMONY_HEADER, HARMONY_FIELD_DATE);
	row->side = item->side;
	row->day = date.year * 10000 + date.month * 100 + date.day;
	row->len = writer->row.len;
	row->party = sort_key(writer, party);
	row->invoice = sort_key(writer, invoice);
	row->bytes = harmony__arena_text(&writer->arena, writer->row.data, writer->row.len);
	if (!row->party || !row->invoice || !row->bytes)
		return harmony__nomem(error);
	writer->rows[writer->count++] = row;
	writer->counts[item->side == HARMONY_SIDE_PURCHASE]++;
	writer->sorted = false;
	return HARMONY_OK;
}

harmony_status harmony_dbopen_writer_add(harmony_dbopen_writer *writer, const harmony_record *item,
                                         harmony_error *error)
{
	if (!writer || !item)
		return harmony_error_set(error, HARMONY_INVALID, NULL, "no writer or no item");
	if (harmony_record_kind(item) != HARMONY_OUTSTANDING_ITEM)
		return harmony_error_set(error, HARMONY_INVALID,
		                         harmony_code_word(HARMONY_CODE_UNSUPPORTED_KIND),
		                         "dbopen.csv holds outstanding items only, and this is a %s",
		                         harmony_kind_word(harmony_record_kind(item)));
	dbopen_item made = {.record = item};
	const char *party = "", *invoice = "";
	(void)harmony_record_get_text(&party, item, HARMONY_HEADER, HARMONY_FIELD_PARTY);
	(void)harmony_record_get_text(&invoice, item, HARMONY_HEADER, HARMONY_FIELD_INVOICE_NUMBER);
	harmony_status status = item_side(&made, error);
	if (status == HARMONY_OK)
		status = item_amounts(&made, error);
	if (status != HARMONY_OK)
		return status;
	if (!(made.side & writer->options.sides) || made.outstanding == 0)
		return HARMONY_OK;
	if (!*party)
		return refuse(error, HARMONY_INVALID, HARMONY_CODE_MISSING_FIELD, item,
		              "the relation is missing; set party to its code");
	if (!*invoice) {
		harmony__log(writer->context, HARMONY_LOG_WARNING,
		             "dbopen.csv: an unallocated amount of relation \"%s\" is left out: it has no "
		             "invoice number",
		             party);
		return HARMONY_OK;
	}
	status = make_row(writer, &made, error);
	return status == HARMONY_OK ? keep_row(writer, &made, party, invoice, error) : status;
}

size_t harmony_dbopen_writer_count(const harmony_dbopen_writer *writer, int side)
{
	return (side & HARMONY_SIDE_SALES ? writer->counts[0] : 0) +
	       (side & HARMONY_SIDE_PURCHASE ? writer->counts[1] : 0);
}

/* ---- the order ------------------------------------------------------------------------ */

/* A whole order: rows that are equal in it are equal bytes. */
static int compare(const dbopen_row *a, const dbopen_row *b)
{
	int order = a->side - b->side;
	if (order == 0)
		order = strcmp(a->party, b->party);
	if (order == 0)
		order = strcmp(a->invoice, b->invoice);
	if (order == 0)
		order = (a->day > b->day) - (a->day < b->day);
	if (order == 0)
		order = memcmp(a->bytes, b->bytes, a->len < b->len ? a->len : b->len);
	return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

static void merge(dbopen_row **to, dbopen_row **from, size_t low, size_t middle, size_t high)
{
	size_t left = low, right = middle;
	for (size_t i = low; i < high; i++)
		to[i] = right >= high || (left < middle && compare(from[left], from[right]) <= 0)
		            ? from[left++]
		            : from[right++];
}

/* A merge sort, since the C library's qsort may allocate behind our back. */
static harmony_status sort_rows(harmony_dbopen_writer *writer, harmony_error *error)
{
	size_t count = writer->count;
	if (writer->sorted || count < 2)
		return HARMONY_OK;
	dbopen_row **other = harmony__alloc(writer->context, count * sizeof(dbopen_row *));
	if (!other)
		return harmony__nomem(error);
	dbopen_row **from = writer->rows, **to = other;
	for (size_t width = 1; width < count; width *= 2) {
		for (size_t low = 0; low < count; low += 2 * width) {
			size_t middle = low + width < count ? low + width : count;
			size_t high = low + 2 * width < count ? low + 2 * width : count;
			merge(to, from, low, middle, high);
		}
		dbopen_row **swap = from;
		from = to;
		to = swap;
	}
	if (from != writer->rows)
		memcpy(writer->rows, from, count * sizeof(dbopen_row *));
	harmony__free(writer->context, other);
	writer->sorted = true;
	return HARMONY_OK;
}

/* ---- the snapshot ------------------------------------------------------------------------ */

static harmony_status add_titles(harmony_dbopen_writer *writer)
{
	harmony__buf_clear(&writer->row);
	for (size_t i = 0; i < writer->options.column_count; i++) {
		const char *word = harmony__dbopen_columns[writer->options.columns[i]].word;
		add_field(writer, i, word, strlen(word), true);
	}
	return harmony__buf_str(&writer->row, "\r\n");
}

static harmony_status render(harmony_dbopen_writer *writer, harmony__buf *out, harmony_error *error)
{
	harmony_status status = sort_rows(writer, error);
	if (status != HARMONY_OK)
		return status;
	if (writer->options.header == HARMONY_TITLES_YES) {
		if (add_titles(writer) != HARMONY_OK)
			return harmony__nomem(error);
		harmony__buf_add(out, writer->row.data, writer->row.len);
	}
	for (size_t i = 0; i < writer->count; i++)
		harmony__buf_add(out, writer->rows[i]->bytes, writer->rows[i]->len);
	return harmony__buf_check(out, "dbopen.csv", error);
}

harmony_status harmony_dbopen_writer_write(harmony_dbopen_writer *writer, harmony_write_fn write,
                                           void *user, harmony_error *error)
{
	harmony__buf out;
	if (!writer || !write)
		return harmony_error_set(error, HARMONY_INVALID, NULL, "no writer or no callback");
	harmony__buf_init(&out, writer->context, HARMONY_MAX_INTAKE);
	harmony_status status = render(writer, &out, error);
	if (status == HARMONY_OK && out.len > 0) {
		status = write(out.data, out.len, user);
		if (status != HARMONY_OK)
			(void)harmony_error_set(error, status, NULL,
			                        "the host ended the writing of dbopen.csv");
	}
	harmony__buf_free(&out);
	return status;
}

/* Whether the file at `path` holds these bytes already. HARMONY_NOTFOUND: it does not;
   HARMONY_NOMEM. A file that cannot be read is one that differs. */
static harmony_status same_file(const harmony__buf *bytes, const harmony__file_info *info,
                                const char *path, harmony_context *context)
{
	harmony__buf old;
	if (!info->regular || info->size != bytes->len)
		return HARMONY_NOTFOUND;
	if (bytes->len == 0)
		return HARMONY_OK;
	harmony__buf_init(&old, context, bytes->len + 1);
	harmony_status status = harmony__file_load(&old, path, NULL);
	if (status != HARMONY_NOMEM)
		status = status == HARMONY_OK && old.len == bytes->len &&
		                 memcmp(old.data, bytes->data, old.len) == 0
		             ? HARMONY_OK
		             : HARMONY_NOTFOUND;
	harmony__buf_free(&old);
	return status;
}

harmony_status harmony_dbopen_writer_save(harmony_dbopen_writer *writer, const char *path,
                                          int *changed, harmony_error *error)
{
	harmony__buf out;
	harmony__file_info info;
	unsigned mode = 0644;
	if (!writer || !path || !*path)
		return harmony_error_set(error, HARMONY_INVALID, NULL, "no writer or no path");
	harmony__buf_init(&out, writer->context, HARMONY_MAX_INTAKE);
	harmony_status status = render(writer, &out, error);
	if (status != HARMONY_OK)
		goto done;
	status = harmony__file_stat(&info, path, NULL);
	if (status == HARMONY_OK) {
		mode = info.mode & 0777;
		status = same_file(&out, &info, path, writer->context);
	}
	if (changed)
		*changed = status != HARMONY_OK;
	if (status == HARMONY_NOMEM)
		status = harmony__nomem(error);
	else if (status != HARMONY_OK)
		status = harmony__file_replace(path, out.len > 0 ? out.data : "", out.len, mode,
		                               writer->context, error);
	if (changed && status != HARMONY_OK)
		*changed = 0;
done:
	harmony__buf_free(&out);
	return status;
}
