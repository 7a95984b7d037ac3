/* SPDX-License-Identifier: MIT */
#include "dbopen/dbopen.h"

#include "csv/dialect.h"

#define MAX_FAILURES 32 /* of one row; more than its columns can have */
#define MAX_RAW 200     /* bytes of raw text in a diagnostic */

struct harmony_dbopen_reader {
	harmony_context *context;
	harmony_dbopen_options options;
	char *file;
	harmony_record_fn record_fn;
	harmony_diagnostic_fn diagnostic_fn;
	void *user;
	harmony_csv *csv;
	harmony_record *record;
	harmony__arena arena; /* texts of the row's diagnostics */
	harmony__buf text;    /* a decoded field */
	harmony__buf window;  /* the first bytes, until the encoding is decided */
	bool decided;         /* the window was looked at, or need not be */
	bool begun;           /* a row was seen: titles or not is known */
	bool dead;            /* after an error, or finished */
	bool side_told;
	int encoding; /* 0: only ASCII so far */
	int dates;    /* the dialect seen, for the next date */
	char last;    /* byte of the input */
	size_t width; /* fields in a row; 0 while two widths are possible */
	signed char columns[HARMONY_MAX_COLUMNS]; /* HARMONY_DBOPEN_* by place, -1: unknown */
	const harmony_csv_row *row;
	uint64_t line; /* of the last row */
	harmony_diagnostic failures[MAX_FAILURES];
	size_t failure_count;
	harmony_error *error; /* of the call that runs */
};

/* ---- diagnostics ------------------------------------------------------------------ */

/* What a finding is about; `place` counts the fields of the row from 0, -1: the row. */
typedef struct finding {
	int severity, code;
	int place;
	harmony_field field;
	const char *name, *raw;
} finding;

static harmony_status report(harmony_dbopen_reader *reader, const finding *what,
                             const char *message)
{
	harmony_diagnostic diagnostic = {.struct_size = sizeof diagnostic,
	                                 .severity = what->severity,
	                                 .code = what->code,
	                                 .file = reader->file,
	                                 .line = reader->line,
	                                 .column = (uint32_t)(what->place + 1),
	                                 .field = what->field,
	                                 .row = HARMONY_HEADER};
	diagnostic.name = harmony__arena_text(&reader->arena, what->name, strlen(what->name));
	diagnostic.raw = harmony__arena_text(&reader->arena, what->raw, strlen(what->raw));
	diagnostic.message = harmony__arena_text(&reader->arena, message, strlen(message));
	if (!diagnostic.name || !diagnostic.raw || !diagnostic.message)
		return harmony__nomem(reader->error);
	if (what->severity == HARMONY_FAILURE && reader->failure_count < MAX_FAILURES)
		reader->failures[reader->failure_count++] = diagnostic;
	return reader->diagnostic_fn ? reader->diagnostic_fn(&diagnostic, reader->user) : HARMONY_OK;
}

static harmony_status reportf(harmony_dbopen_reader *reader, const finding *what,
                              const char *format, ...) HARMONY__PRINTF(3, 4);

static harmony_status reportf(harmony_dbopen_reader *reader, const finding *what,
                              const char *format, ...)
{
	harmony_error text = HARMONY_ERROR_INIT; /* for its message's size and cut */
	va_list args;
	va_start(args, format);
	(void)harmony__error_v(&text, HARMONY_FORMAT, NULL, format, args);
	va_end(args);
	return report(reader, what, text.message);
}

/* The raw bytes of a field as a text that can be shown. */
static void show_raw(char *to, size_t size, const char *text, size_t len)
{
	size_t used = 0;
	bool utf8 = harmony__is_utf8(text, len);
	if (utf8) {
		used = harmony__copy_text(to, size, text, len);
	} else {
		for (; used < len && used + 1 < size; used++)
			to[used] = (unsigned char)text[used] < 0x80 ? text[used] : '?';
		to[used] = '\0';
	}
	for (size_t i = 0; i < used; i++)
		if (to[i] == '\0')
			to[i] = ' ';
}

static bool failed(const harmony_dbopen_reader *reader, harmony_field field)
{
	for (size_t i = 0; i < reader->failure_count; i++)
		if (reader->failures[i].field == field)
			return true;
	return false;
}

/* The place of a column in the file, -1 when it is not there. */
static int place_of(const harmony_dbopen_reader *reader, int column)
{
	for (size_t i = 0; i < reader->width && i < HARMONY_MAX_COLUMNS; i++)
		if (reader->columns[i] == column)
			return (int)i;
	return -1;
}

/* ---- a field ------------------------------------------------------------------------ */

/* A field of the row on its way into the record. */
typedef struct input {
	int place, column;
	const char *text;
	size_t len;
} input;

static harmony_status field_failure(harmony_dbopen_reader *reader, const input *in, int code,
                                    const char *why)
{
	char raw[MAX_RAW + 1];
	const harmony__dbopen_column *column = &harmony__dbopen_columns[in->column];
	show_raw(raw, sizeof raw, in->text, in->len);
	finding what = {HARMONY_FAILURE, code, in->place, column->field, column->word, raw};
	return reportf(reader, &what, "%s: \"%s\" %s", column->word, raw, why);
}

/* Decodes into reader->text where the field is more than ASCII. HARMONY_FORMAT: cannot. */
static harmony_status decode(harmony_dbopen_reader *reader, input *in)
{
	size_t bad = 0;
	if (harmony__is_ascii(in->text, in->len))
		return HARMONY_OK;
	if (!reader->encoding)
		reader->encoding = harmony__guess_encoding(in->text, in->len);
	harmony__buf_clear(&reader->text);
	harmony_status status = harmony__decode(&reader->text, reader->encoding, in->text, in->len,
	                                        &bad);
	if (status == HARMONY_OK)
		status = reader->text.status;
	if (status == HARMONY_OK) {
		in->text = reader->text.data;
		in->len = reader->text.len;
	}
	return status;
}

static harmony_status read_text(harmony_dbopen_reader *reader, const input *in)
{
	harmony_status status =
	    harmony_record_set_text(reader->record, HARMONY_HEADER,
	                            harmony__dbopen_columns[in->column].field, in->text, in->len, NULL);
	if (status == HARMONY_LIMIT)
		return field_failure(reader, in, HARMONY_CODE_TOO_LONG, "is too long; shorten it");
	if (status == HARMONY_INVALID)
		return field_failure(reader, in, HARMONY_CODE_INVALID_TEXT,
		                     "holds a NUL, which no text can; take it away");
	return status;
}

static harmony_status read_type(harmony_dbopen_reader *reader, const input *in)
{
	const char *side = NULL;
	if (in->len == 1 && (*in->text == 'D' || *in->text == 'd'))
		side = "sales";
	else if (in->len == 1 && (*in->text == 'C' || *in->text == 'c'))
		side = "purchase";
	else
		return field_failure(reader, in, HARMONY_CODE_INVALID_VALUE,
		                     "is no type; write D (customer) or C (supplier)");
	return harmony_record_set_text(reader->record, HARMONY_HEADER, HARMONY_FIELD_SIDE, side,
	                               strlen(side), NULL);
}

static harmony_status read_amount(harmony_dbopen_reader *reader, const input *in)
{
	int64_t value = 0;
	harmony_status status = harmony__decimal(&value, in->text, in->len, HARMONY_SCALE_AMOUNT,
	                                         reader->options.decimal, NULL);
	if (status == HARMONY_RANGE)
		return field_failure(reader, in, HARMONY_CODE_INVALID_AMOUNT,
		                     "has more than two decimals or is too large; correct it");
	if (status != HARMONY_OK)
		return field_failure(reader, in, HARMONY_CODE_INVALID_AMOUNT,
		                     "is not an amount; write it without thousands separators, as "
		                     "1234.56, or set dbopen.decimal to the file's sign");
	return harmony_record_set_number(reader->record, HARMONY_HEADER,
	                                 harmony__dbopen_columns[in->column].field, value, NULL);
}

static harmony_status read_date(harmony_dbopen_reader *reader, const input *in)
{
	harmony_date date = {0, 0, 0};
	harmony_status status =
	    harmony__dialect_date(&date, in->text, in->len, reader->options.dates, &reader->dates,
	                          HARMONY__DBOPEN_PIVOT);
	if (status == HARMONY_RANGE)
		return field_failure(reader, in, HARMONY_CODE_INVALID_DATE,
		                     "is not a day of the calendar; correct it");
	if (status == HARMONY_STATE)
		return field_failure(reader, in, HARMONY_CODE_INVALID_DATE,
		                     "can be read as two dates; set dbopen.dates to how they are written");
	if (status != HARMONY_OK)
		return field_failure(reader, in, HARMONY_CODE_INVALID_DATE,
		                     "is not a date; correct it, or set dbopen.dates to how they are "
		                     "written");
	return harmony_record_set_date(reader->record, HARMONY_HEADER,
	                               harmony__dbopen_columns[in->column].field, date, NULL);
}

static void trim(input *in)
{
	while (in->len > 0 && in->text[0] == ' ') {
		in->text++;
		in->len--;
	}
	while (in->len > 0 && in->text[in->len - 1] == ' ')
		in->len--;
}

static harmony_status read_field(harmony_dbopen_reader *reader, int place)
{
	const harmony_csv_field *field = &reader->row->fields[place];
	input in = {place, reader->columns[place], field->text, field->len};
	if (in.column < 0)
		return HARMONY_OK;
	int type = harmony__dbopen_columns[in.column].type;
	if (type != HARMONY_TYPE_TEXT || !(field->flags & HARMONY_CSV_QUOTED))
		trim(&in);
	if (in.len == 0)
		return HARMONY_OK; /* absent: the format cannot tell it from empty */
	harmony_status status = decode(reader, &in);
	if (status == HARMONY_FORMAT)
		return field_failure(reader, &in, HARMONY_CODE_INVALID_TEXT,
		                     "holds bytes that are no text in the file's encoding; set "
		                     "dbopen.encoding to the right one");
	if (status == HARMONY_LIMIT)
		return field_failure(reader, &in, HARMONY_CODE_TOO_LONG, "is too long; shorten it");
	if (status != HARMONY_OK)
		return status;
	if (in.column == HARMONY_DBOPEN_TYPE)
		return read_type(reader, &in);
	if (type == HARMONY_TYPE_AMOUNT)
		return read_amount(reader, &in);
	if (type == HARMONY_TYPE_DATE)
		return read_date(reader, &in);
	return read_text(reader, &in);
}

/* ---- a whole item --------------------------------------------------------------------- */

/* A file without the column holds one side: the one of the options, else sales. */
static harmony_status default_side(harmony_dbopen_reader *reader)
{
	bool purchase = reader->options.sides == HARMONY_SIDE_PURCHASE;
	const char *side = purchase ? "purchase" : "sales";
	if (place_of(reader, HARMONY_DBOPEN_TYPE) >= 0)
		return HARMONY_OK;
	if (reader->options.sides == HARMONY_SIDES && !reader->side_told) {
		finding what = {HARMONY_WARNING, HARMONY_CODE_MISSING_FIELD, -1, HARMONY_FIELD_SIDE,
		                "type", ""};
		reader->side_told = true;
		harmony_status status =
		    report(reader, &what, "type: the file has no such column, so every item is read as "
		                          "sales; set dbopen.sides to the side that it holds");
		if (status != HARMONY_OK)
			return status;
	}
	return harmony_record_set_text(reader->record, HARMONY_HEADER, HARMONY_FIELD_SIDE, side,
	                               strlen(side), NULL);
}

static bool amount_of(const harmony_dbopen_reader *reader, harmony_field field, int64_t *out)
{
	return harmony_record_get_number(out, reader->record, HARMONY_HEADER, field) == HARMONY_OK;
}

/* Outstanding is amount - paid where it does not stand there. */
static harmony_status make_outstanding(harmony_dbopen_reader *reader)
{
	int64_t amount, paid, outstanding;
	if (!amount_of(reader, HARMONY_FIELD_AMOUNT, &amount) ||
	    !amount_of(reader, HARMONY_FIELD_PAID, &paid) ||
	    amount_of(reader, HARMONY_FIELD_OUTSTANDING, &outstanding) ||
	    failed(reader, HARMONY_FIELD_OUTSTANDING))
		return HARMONY_OK;
	if (harmony__subtract(&outstanding, amount, paid))
		return harmony_record_set_number(reader->record, HARMONY_HEADER,
		                                 HARMONY_FIELD_OUTSTANDING, outstanding, NULL);
	finding what = {HARMONY_FAILURE, HARMONY_CODE_INVALID_AMOUNT,
	                place_of(reader, HARMONY_DBOPEN_OUTSTANDING), HARMONY_FIELD_OUTSTANDING,
	                "outstanding", ""};
	return report(reader, &what, "outstanding: invoiceamount less paid is too large; correct them");
}

/* What the record's own validation finds gets its place in the file. */
static harmony_status on_finding(const harmony_diagnostic *diagnostic, void *user)
{
	harmony_dbopen_reader *reader = user;
	harmony_field field = diagnostic->field;
	finding what = {diagnostic->severity, diagnostic->code, -1, field,
	                diagnostic->name ? diagnostic->name : "", diagnostic->raw ? diagnostic->raw : ""};
	if (field >= 0 && failed(reader, field))
		return HARMONY_OK; /* said already, with the raw text */
	if (field == HARMONY_FIELD_OUTSTANDING &&
	    (failed(reader, HARMONY_FIELD_AMOUNT) || failed(reader, HARMONY_FIELD_PAID)))
		return HARMONY_OK; /* would follow from them */
	for (int i = 0; i < HARMONY_DBOPEN_COLUMNS; i++)
		if (harmony__dbopen_columns[i].field == field) {
			what.name = harmony__dbopen_columns[i].word;
			what.place = place_of(reader, i);
		}
	return report(reader, &what, diagnostic->message);
}

static harmony_status read_item(harmony_dbopen_reader *reader)
{
	harmony_status status = HARMONY_OK;
	for (size_t i = 0; i < reader->row->count && status == HARMONY_OK; i++)
		status = read_field(reader, (int)i);
	if (status == HARMONY_OK)
		status = default_side(reader);
	if (status == HARMONY_OK)
		status = make_outstanding(reader);
	if (status == HARMONY_OK) {
		status = harmony_record_validate(reader->record, on_finding, reader);
		if (status == HARMONY_REJECTED)
			status = HARMONY_OK; /* the failures say so */
	}
	return status;
}

/* ---- rows -------------------------------------------------------------------------------- */

/* Whether the first row names columns rather than being an item: at least two words
   are known, and at least half of them. */
static bool is_titles(const harmony_dbopen_reader *reader)
{
	size_t known = 0;
	if (reader->options.header != HARMONY_TITLES_AUTO)
		return reader->options.header == HARMONY_TITLES_YES;
	for (size_t i = 0; i < reader->row->count; i++) {
		input in = {.text = reader->row->fields[i].text, .len = reader->row->fields[i].len};
		trim(&in);
		known += harmony__dbopen_column_find(in.text, in.len) >= 0;
	}
	return known >= 2 && 2 * known >= reader->row->count;
}

static harmony_status title_warning(harmony_dbopen_reader *reader, const input *in, bool twice)
{
	char raw[MAX_RAW + 1];
	show_raw(raw, sizeof raw, in->text, in->len);
	const char *near = twice ? NULL : harmony__dbopen_column_nearest(raw);
	finding what = {HARMONY_WARNING, HARMONY_CODE_INVALID_VALUE, in->place, -1, raw, raw};
	if (near)
		return reportf(reader, &what,
		               "the column \"%s\" is not known and is left out; did you mean \"%s\"?", raw,
		               near);
	return reportf(reader, &what,
	               twice ? "the column \"%s\" stands there twice; the first one is read"
	                     : "the column \"%s\" is not known and is left out",
	               raw);
}

static harmony_status map_titles(harmony_dbopen_reader *reader)
{
	harmony_status status = HARMONY_OK;
	reader->width = reader->row->count;
	for (size_t i = 0; i < reader->width && status == HARMONY_OK; i++) {
		input in = {(int)i, -1, reader->row->fields[i].text, reader->row->fields[i].len};
		trim(&in);
		int column = harmony__dbopen_column_find(in.text, in.len);
		bool twice = column >= 0 && place_of(reader, column) >= 0;
		if (column < 0 || twice)
			status = title_warning(reader, &in, twice);
		else
			reader->columns[i] = (signed char)column;
	}
	return status;
}

/* Columns by their place: those of the options, or the default layout. */
static void map_places(harmony_dbopen_reader *reader)
{
	const harmony_dbopen_options *options = &reader->options;
	reader->width = options->column_count;
	for (int i = 0; i < HARMONY_DBOPEN_COLUMNS; i++)
		reader->columns[i] =
		    (signed char)(options->column_count == 0           ? i
		                  : (size_t)i < options->column_count ? options->columns[i]
		                                                      : -1);
}

/* A row of another width has lost or gained a field somewhere: none of them is sure. */
static harmony_status check_width(harmony_dbopen_reader *reader, bool *right)
{
	size_t count = reader->row->count;
	if (reader->width == 0 && (count == HARMONY_DBOPEN_COLUMNS || count == HARMONY__DBOPEN_PREFIX))
		reader->width = count;
	*right = count == reader->width;
	if (*right)
		return HARMONY_OK;
	char raw[MAX_RAW + 1];
	finding what = {HARMONY_FAILURE, HARMONY_CODE_DAMAGED_ROW, -1, -1, "", raw};
	show_raw(raw, sizeof raw, count > 0 ? reader->row->fields[0].text : "",
	         count > 0 ? reader->row->fields[0].len : 0);
	if (reader->width == 0)
		return reportf(reader, &what,
		               "the row has %zu fields where dbopen.csv has %d or %d; correct it, or set "
		               "dbopen.columns and dbopen.delimiter to the file's layout",
		               count, HARMONY_DBOPEN_COLUMNS, HARMONY__DBOPEN_PREFIX);
	return reportf(reader, &what,
	               "the row has %zu fields where the file has %zu; correct it, or have the file "
	               "made again",
	               count, reader->width);
}

static harmony_status damaged(harmony_dbopen_reader *reader)
{
	char raw[MAX_RAW + 1] = "";
	finding what = {HARMONY_FAILURE, HARMONY_CODE_DAMAGED_ROW, -1, -1, "", raw};
	if (reader->row->count > 0)
		show_raw(raw, sizeof raw, reader->row->fields[0].text, reader->row->fields[0].len);
	return reportf(reader, &what, "the row cannot be split into fields: %s; correct it",
	               reader->row->reason ? reader->row->reason : "it is damaged");
}

static harmony_status read_row(harmony_dbopen_reader *reader)
{
	bool right = false;
	if (reader->row->flags & HARMONY_CSV_DAMAGED)
		return damaged(reader);
	harmony_status status = check_width(reader, &right);
	return status == HARMONY_OK && right ? read_item(reader) : status;
}

static harmony_status on_row(const harmony_csv_row *row, void *user)
{
	harmony_dbopen_reader *reader = user;
	reader->row = row;
	reader->line = row->line;
	reader->failure_count = 0;
	harmony__arena_reset(&reader->arena);
	if (!reader->begun && !(row->flags & HARMONY_CSV_DAMAGED)) {
		reader->begun = true;
		if (is_titles(reader))
			return map_titles(reader);
		map_places(reader);
	}
	harmony_status status = harmony_record_reset(reader->record, HARMONY_OUTSTANDING_ITEM);
	if (status == HARMONY_OK)
		status = harmony_record_set_source(reader->record, reader->file, row->line, reader->error);
	if (status == HARMONY_OK)
		status = read_row(reader);
	if (status == HARMONY_OK)
		status = reader->record_fn(reader->record, reader->failures, reader->failure_count,
		                           reader->user);
	return status;
}

/* ---- the handle ---------------------------------------------------------------------------- */

harmony_status harmony_dbopen_reader_new(harmony_dbopen_reader **out, harmony_context *context,
                                         const harmony_dbopen_options *options, const char *file,
                                         harmony_record_fn record, harmony_diagnostic_fn diagnostic,
                                         void *user, harmony_error *error)
{
	harmony_csv_options csv = HARMONY_CSV_OPTIONS_INIT;
	harmony_dbopen_options copy;
	if (out)
		*out = NULL;
	if (!out || !context || !record)
		return harmony_error_set(error, HARMONY_INVALID, NULL,
		                         "a dbopen reader needs a context, a record callback and a place "
		                         "for the handle");
	harmony_status status = harmony__dbopen_options(&copy, options, error);
	if (status != HARMONY_OK)
		return status;
	harmony_dbopen_reader *reader = harmony__zalloc(context, sizeof *reader);
	if (!reader)
		return harmony__nomem(error);
	reader->context = context;
	reader->options = copy;
	reader->record_fn = record;
	reader->diagnostic_fn = diagnostic;
	reader->user = user;
	reader->encoding = copy.encoding;
	reader->decided = copy.encoding != HARMONY_ENCODING_AUTO;
	memset(reader->columns, -1, sizeof reader->columns);
	harmony__arena_init(&reader->arena, context, 0);
	harmony__buf_init(&reader->text, context, HARMONY_MAX_ROW);
	harmony__buf_init(&reader->window, context, HARMONY_DETECT_WINDOW);
	csv.delimiter = copy.delimiter;
	reader->file = harmony__strdup(context, file ? file : "");
	status = reader->file ? harmony_record_new(&reader->record, context, HARMONY_OUTSTANDING_ITEM,
	                                           error)
	                      : harmony__nomem(error);
	if (status == HARMONY_OK)
		status = harmony_csv_new(&reader->csv, context, &csv, on_row, reader, error);
	if (status != HARMONY_OK)
		harmony_dbopen_reader_free(reader);
	else
		*out = reader;
	return status;
}

void harmony_dbopen_reader_free(harmony_dbopen_reader *reader)
{
	if (!reader)
		return;
	harmony_csv_free(reader->csv);
	harmony_record_free(reader->record);
	harmony__buf_free(&reader->window);
	harmony__buf_free(&reader->text);
	harmony__arena_free(&reader->arena);
	harmony__free(reader->context, reader->file);
	harmony__free(reader->context, reader);
}

/* The encoding is told by the first bytes together: a single name says too little. */
static harmony_status decide(harmony_dbopen_reader *reader)
{
	harmony__buf *window = &reader->window;
	size_t len = window->len;
	reader->decided = true;
	if (len == 0)
		return HARMONY_OK;
	if (len >= 3 && memcmp(window->data, "\xef\xbb\xbf", 3) == 0) {
		reader->encoding = HARMONY_ENCODING_UTF_8;
	} else {
		/* the window may end within a character */
		while (len == HARMONY_DETECT_WINDOW && (unsigned char)window->data[len - 1] >= 0x80 &&
		       window->len - len < 3)
			len--;
		reader->encoding = harmony__guess_encoding(window->data, len);
	}
	harmony_status status = harmony_csv_feed(reader->csv, window->data, window->len, reader->error);
	harmony__buf_free(window);
	return status;
}

/* An error ends the handle; its cause is said when nothing below did. */
static harmony_status settle(harmony_dbopen_reader *reader, harmony_status status)
{
	if (status != HARMONY_OK) {
		reader->dead = true;
		(void)harmony_error_set(reader->error, status, NULL, "%s: reading was ended: %s",
		                        reader->file, harmony_status_text(status));
	}
	reader->error = NULL;
	return status;
}

static harmony_status begin_call(harmony_dbopen_reader *reader, harmony_error *error)
{
	if (!reader)
		return harmony_error_set(error, HARMONY_INVALID, NULL, "no dbopen reader");
	if (reader->dead)
		return harmony_error_set(error, HARMONY_STATE, NULL,
		                         "%s: this reader has ended; make a new one", reader->file);
	reader->error = error;
	return HARMONY_OK;
}

harmony_status harmony_dbopen_reader_feed(harmony_dbopen_reader *reader, const void *data,
                                          size_t len, harmony_error *error)
{
	const char *bytes = data;
	harmony_status status = begin_call(reader, error);
	if (status != HARMONY_OK || len == 0)
		return status;
	for (size_t i = len; i > 0; i--)
		if (bytes[i - 1] != 0x1a) { /* an end mark of old DOS */
			reader->last = bytes[i - 1];
			break;
		}
	if (!reader->decided) {
		size_t room = HARMONY_DETECT_WINDOW - reader->window.len;
		size_t part = len < room ? len : room;
		status = harmony__buf_add(&reader->window, bytes, part);
		if (status == HARMONY_OK && part == room)
			status = decide(reader);
		bytes += part;
		len -= part;
	}
	if (status == HARMONY_OK && len > 0)
		status = harmony_csv_feed(reader->csv, bytes, len, error);
	return settle(reader, status);
}

harmony_status harmony_dbopen_reader_finish(harmony_dbopen_reader *reader, harmony_error *error)
{
	harmony_status status = begin_call(reader, error);
	if (status != HARMONY_OK)
		return status;
	if (!reader->decided)
		status = decide(reader);
	if (status == HARMONY_OK)
		status = harmony_csv_finish(reader->csv, error);
	if (status == HARMONY_OK && reader->line > 0 && reader->last != '\n' && reader->last != '\r') {
		finding what = {HARMONY_WARNING, HARMONY_CODE_DAMAGED_ROW, -1, -1, "", ""};
		harmony__arena_reset(&reader->arena);
		status = report(reader, &what, "the last row has no line end: the file may have been cut; "
		                               "compare it with its source");
	}
	status = settle(reader, status);
	reader->dead = true;
	return status;
}
