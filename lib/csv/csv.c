/* SPDX-License-Identifier: MIT */
#include "csv/csv.h"

/* Bytes are collected in one buffer and split in place. The state survives the end of a
   chunk, so no byte of an ordinary row is looked at twice. Fields are noted raw while a
   row is read, and un-doubled when it is complete: the raw row must stay as it came for
   as long as it may have to be read again (a quote that never closes). */

#define BLOCK (64u * 1024u) /* taken from the caller at a time */
#define SPARE 1u            /* a byte behind the last field */

enum { AT_FIELD, IN_PLAIN, IN_QUOTED, BEHIND_QUOTE, IN_TAIL, SKIPPING };

/* A field while its row is read; offsets from the row's start. */
typedef struct raw_field {
	uint32_t start, end;
	uint32_t quoted, escaped; /* escaped: quotes must be taken out of it */
} raw_field;

struct harmony_csv {
	harmony_context *context;
	harmony_csv_options options;
	harmony_csv_row_fn row;
	void *user;
	char *buffer;
	size_t len, capacity;
	size_t start, at; /* of the current row, and what is next to be looked at */
	uint64_t offset;  /* in the input, of buffer[0] */
	uint64_t line;    /* of the current row */
	int state;
	size_t field_start;
	bool escaped;
	bool field_lines; /* the quoted field holds a line end */
	bool inner_lines; /* a field of the row does */
	size_t count;
	unsigned flags;   /* of the current row */
	bool begun;       /* byte order mark and delimiter are decided */
	bool skip_lf;     /* the row ended in CR: an LF next belongs to it */
	bool quotes_seen; /* the file quotes its texts */
	bool final, stopped, dead;
	raw_field raw[HARMONY_MAX_COLUMNS];
	harmony_csv_field fields[HARMONY_MAX_COLUMNS];
};

harmony_status harmony_csv_new(harmony_csv **out, harmony_context *context,
                               const harmony_csv_options *options, harmony_csv_row_fn row,
                               void *user, harmony_error *error)
{
	harmony_csv_options o = HARMONY_CSV_OPTIONS_INIT;
	harmony_csv *csv;

	*out = NULL;
	if (harmony__options_copy(&o, sizeof(o), options) != HARMONY_OK || !row ||
	    (o.delimiter && (o.delimiter == o.quote || o.delimiter == '\n' || o.delimiter == '\r')))
		return harmony_error_set(error, HARMONY_INVALID, NULL,
		                         "harmony_csv_new: options without _INIT, no row function, or a "
		                         "delimiter that ends rows or quotes");
	csv = harmony__zalloc(context, sizeof(*csv));
	if (!csv)
		return harmony__nomem(error);
	csv->context = context;
	csv->options = o;
	csv->row = row;
	csv->user = user;
	csv->line = 1;
	*out = csv;
	return HARMONY_OK;
}

void harmony_csv_free(harmony_csv *csv)
{
	if (!csv)
		return;
	harmony__free(csv->context, csv->buffer);
	harmony__free(csv->context, csv);
}

char harmony_csv_delimiter(const harmony_csv *csv)
{
	return csv->begun ? csv->options.delimiter : 0;
}

/* ---- a complete row ----------------------------------------------------------------- */

/* Takes the quotes out of a field, in place: pairs become one; the closing one of a field
   that goes on behind it goes, too, and what follows it is taken as it stands. */
static size_t unquote(char *text, size_t len, char quote)
{
	size_t to = 0;
	bool closed = false;

	for (size_t from = 0; from < len; from++) {
		if (text[from] == quote && !closed) {
			closed = from + 1 == len || text[from + 1] != quote;
			if (closed)
				continue;
			from++;
		}
		text[to++] = text[from];
	}
	return to;
}

static uint64_t count_lines(const char *text, size_t len)
{
	uint64_t lines = 0;

	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n' || (text[i] == '\r' && (i + 1 == len || text[i + 1] != '\n'));
	return lines;
}

static harmony_status deliver(harmony_csv *csv, size_t end, const char *reason)
{
	char *text = csv->buffer + csv->start;
	harmony_csv_row row = {.struct_size = sizeof(row), .fields = csv->fields, .count = csv->count,
	                       .line = csv->line, .offset = csv->offset + csv->start,
	                       .flags = csv->flags, .reason = reason};

	if (!harmony__is_ascii(text, end - csv->start))
		row.flags |= HARMONY_CSV_HIGH;
	if (end > csv->start && memchr(text, '\0', end - csv->start))
		row.flags |= HARMONY_CSV_NUL;
	for (size_t i = 0; i < csv->count; i++) {
		const raw_field *raw = &csv->raw[i];
		size_t len = raw->end - raw->start;
		/* A damaged row is read again from its second line: leave it as it is. */
		if (raw->escaped && !reason)
			len = unquote(text + raw->start, len, csv->options.quote);
		csv->fields[i] = (harmony_csv_field){text + raw->start, (uint32_t)len,
		                                     raw->quoted ? HARMONY_CSV_QUOTED : 0};
	}
	return csv->row(&row, csv->user);
}

static void begin_row(harmony_csv *csv, size_t at, uint64_t line)
{
	csv->start = csv->at = at;
	csv->line = line;
	csv->state = AT_FIELD;
	csv->count = 0;
	csv->flags = 0;
	csv->inner_lines = false;
}

static bool is_blank(const harmony_csv *csv)
{
	return csv->count == 1 && csv->raw[0].start == csv->raw[0].end && !csv->raw[0].quoted;
}

/* The row ends before `end`; the line end is `eol` bytes. */
static harmony_status end_row(harmony_csv *csv, size_t end, size_t eol)
{
	harmony_status status = HARMONY_OK;
	uint64_t lines = 1;

	if (csv->inner_lines)
		lines += count_lines(csv->buffer + csv->start, end - csv->start);
	if (!is_blank(csv))
		status = deliver(csv, end, NULL);
	begin_row(csv, end + eol, csv->line + lines);
	return status;
}

/* The row cannot be split: say so, and go on at the physical line behind its first one. */
static harmony_status damage(harmony_csv *csv, const char *reason)
{
	size_t end = csv->start;
	harmony_status status;

	while (end < csv->len && csv->buffer[end] != '\n' && csv->buffer[end] != '\r')
		end++;
	/* Only fields of the first line are the row's. */
	while (csv->count > 0 && csv->start + csv->raw[csv->count - 1].end > end)
		csv->count--;
	csv->flags |= HARMONY_CSV_DAMAGED;
	status = deliver(csv, end, reason);
	begin_row(csv, end, csv->line);
	csv->state = SKIPPING;
	return status;
}

/* ---- splitting ---------------------------------------------------------------------- */

static bool end_field(harmony_csv *csv, size_t end, bool quoted)
{
	if (csv->count == HARMONY_MAX_COLUMNS)
		return false;
	csv->raw[csv->count++] =
		(raw_field){(uint32_t)(csv->field_start - csv->start), (uint32_t)(end - csv->start),
	                    quoted, csv->escaped};
	csv->escaped = false;
	return true;
}

static bool is_end(const harmony_csv *csv, size_t at)
{
	char c;

	if (at >= csv->len)
		return csv->final;
	c = csv->buffer[at];
	return c == csv->options.delimiter || c == '\n' || c == '\r';
}

static bool is_numeric(const harmony_csv *csv, size_t from, size_t to)
{
	if (from == to)
		return false;
	for (; from < to; from++) {
		char c = csv->buffer[from];
		if (!(c >= '0' && c <= '9') && c != '-' && c != '+' && c != '.' && c != ',')
			return false;
	}
	return true;
}

enum { NO, YES, MORE };

/* Whether the quote at `at`, behind a number, begins a field of its own because the
   delimiter before it was forgotten (0""). */
static int is_defect(const harmony_csv *csv, size_t at)
{
	char quote = csv->options.quote;
	size_t close = at + 1;

	if (!csv->options.repair || !is_numeric(csv, csv->field_start, at))
		return NO;
	while (close < csv->len && csv->buffer[close] != quote && csv->buffer[close] != '\n' &&
	       csv->buffer[close] != '\r' && close - at < HARMONY_MAX_FIELD)
		close++;
	if (close + 1 >= csv->len && !csv->final && close - at < HARMONY_MAX_FIELD)
		return MORE; /* what is behind the quote is not here yet */
	if (close >= csv->len || csv->buffer[close] != quote || !is_end(csv, close + 1))
		return NO;
	return close == at + 1 || csv->quotes_seen ? YES : NO;
}

static harmony_status step_plain(harmony_csv *csv, bool *more);

/* A delimiter or line end at `at` ends the field there. */
static harmony_status step_end(harmony_csv *csv, size_t end, bool quoted, bool *more)
{
	size_t at = csv->at;

	if (!end_field(csv, end, quoted))
		return damage(csv, "more columns than any of these files has");
	if (at < csv->len && csv->buffer[at] == csv->options.delimiter) {
		csv->at++;
		csv->state = AT_FIELD;
		/* the field behind the delimiter exists even at the end of input */
		return HARMONY_OK;
	}
	if (at < csv->len && csv->buffer[at] == '\r')
		csv->skip_lf = true;
	return end_row(csv, at, at < csv->len);
}

static harmony_status step_field(harmony_csv *csv, bool *more)
{
	csv->field_start = csv->at;
	csv->escaped = false;
	if (csv->options.quote && csv->at < csv->len && csv->buffer[csv->at] == csv->options.quote) {
		csv->field_start = ++csv->at;
		csv->state = IN_QUOTED;
		csv->quotes_seen = true;
		return HARMONY_OK;
	}
	csv->state = IN_PLAIN;
	return step_plain(csv, more);
}

static harmony_status step_plain(harmony_csv *csv, bool *more)
{
	const char *buffer = csv->buffer;
	char delimiter = csv->options.delimiter, quote = csv->options.quote;
	size_t at = csv->at;

	for (; at < csv->len; at++) {
		char c = buffer[at];
		if (c == delimiter || c == '\n' || c == '\r')
			break;
		if (c == quote && quote) {
			int defect = is_defect(csv, at);
			csv->at = at;
			if (defect == MORE) {
				*more = true;
				return HARMONY_OK;
			}
			if (defect == YES) {
				csv->flags |= HARMONY_CSV_REPAIRED;
				if (!end_field(csv, at, false))
					return damage(csv, "more columns than any of these files has");
				csv->field_start = csv->at = at + 1;
				csv->state = IN_QUOTED;
				return HARMONY_OK;
			}
		}
	}
	csv->at = at;
	if (at - csv->field_start > HARMONY_MAX_FIELD)
		return damage(csv, "a field larger than 65536 bytes");
	if (at == csv->len && !csv->final) {
		*more = true;
		return HARMONY_OK;
	}
	return step_end(csv, at, false, more);
}

static harmony_status step_quoted(harmony_csv *csv, bool *more)
{
	char quote = csv->options.quote;
	size_t left = csv->len - csv->at;
	const char *found = left ? memchr(csv->buffer + csv->at, quote, left) : NULL;
	size_t close = found ? (size_t)(found - csv->buffer) : csv->len;

	csv->at = close;
	if (close - csv->field_start > HARMONY_MAX_FIELD)
		return damage(csv, "a quote that is not closed within 65536 bytes");
	if (!found && csv->final)
		return damage(csv, "a quote that is not closed");
	if (!found) {
		*more = true;
		return HARMONY_OK;
	}
	csv->field_lines = memchr(csv->buffer + csv->field_start, '\n', close - csv->field_start) ||
	                   memchr(csv->buffer + csv->field_start, '\r', close - csv->field_start);
	csv->inner_lines = csv->inner_lines || csv->field_lines;
	csv->at++;
	csv->state = BEHIND_QUOTE;
	return HARMONY_OK;
}

static harmony_status step_behind(harmony_csv *csv, bool *more)
{
	if (csv->at == csv->len && !csv->final) {
		*more = true;
		return HARMONY_OK;
	}
	if (is_end(csv, csv->at))
		return step_end(csv, csv->at - 1, true, more);
	/* A quote in mid-line that ends a field of several lines is the next field's opening
	   one: the first was never closed. */
	if (csv->field_lines && csv->buffer[csv->at] != csv->options.quote)
		return damage(csv, "a quote that is not closed before the next one");
	csv->escaped = true;
	csv->state = csv->buffer[csv->at] == csv->options.quote ? IN_QUOTED : IN_TAIL;
	csv->at++;
	return HARMONY_OK;
}

/* Text behind a closing quote is the field's, quotes in it included. */
static harmony_status step_tail(harmony_csv *csv, bool *more)
{
	while (csv->at < csv->len && !is_end(csv, csv->at))
		csv->at++;
	if (csv->at - csv->field_start > HARMONY_MAX_FIELD)
		return damage(csv, "a field larger than 65536 bytes");
	if (csv->at == csv->len && !csv->final) {
		*more = true;
		return HARMONY_OK;
	}
	return step_end(csv, csv->at, true, more);
}

/* To the next physical line, behind damage. */
static harmony_status step_skip(harmony_csv *csv, bool *more)
{
	while (csv->at < csv->len && csv->buffer[csv->at] != '\n' && csv->buffer[csv->at] != '\r')
		csv->at++;
	if (csv->at == csv->len) {
		csv->start = csv->at;
		*more = true;
		return HARMONY_OK;
	}
	csv->skip_lf = csv->buffer[csv->at] == '\r';
	begin_row(csv, csv->at + 1, csv->line + 1);
	return HARMONY_OK;
}

/* What stands before a row and is none of it. */
static bool before_row(harmony_csv *csv, bool *more)
{
	if (csv->at == csv->len) {
		*more = true;
		return true;
	}
	if (csv->skip_lf) {
		csv->skip_lf = false;
		if (csv->buffer[csv->at] == '\n') {
			begin_row(csv, csv->at + 1, csv->line);
			return true;
		}
	}
	if (csv->options.stop_at_eof_mark && csv->buffer[csv->at] == 0x1a) {
		csv->stopped = *more = true;
		return true;
	}
	return false;
}

static harmony_status split(harmony_csv *csv)
{
	static harmony_status (*const steps[])(harmony_csv *, bool *) = {
		[AT_FIELD] = step_field, [IN_PLAIN] = step_plain, [IN_QUOTED] = step_quoted,
		[BEHIND_QUOTE] = step_behind, [IN_TAIL] = step_tail, [SKIPPING] = step_skip};
	harmony_status status = HARMONY_OK;
	bool more = false;

	while (status == HARMONY_OK && !more) {
		bool fresh = csv->state == AT_FIELD && csv->at == csv->start && csv->count == 0;
		if (fresh && before_row(csv, &more))
			continue;
		if (csv->state == AT_FIELD && csv->at == csv->len && !csv->final)
			break;
		if (csv->at - csv->start > HARMONY_MAX_ROW && csv->state != SKIPPING)
			status = damage(csv, "a row larger than 1048576 bytes");
		else
			status = steps[csv->state](csv, &more);
	}
	return status;
}

/* ---- input ---------------------------------------------------------------------------- */

/* Drops what was handed on, and makes room for `len` bytes. */
static harmony_status take_in(harmony_csv *csv, const char *data, size_t len, harmony_error *error)
{
	if (csv->start > 0) {
		memmove(csv->buffer, csv->buffer + csv->start, csv->len - csv->start);
		csv->offset += csv->start;
		csv->len -= csv->start;
		csv->at -= csv->start;
		if (csv->field_start >= csv->start)
			csv->field_start -= csv->start;
		csv->start = 0;
	}
	if (harmony__grow(csv->context, (void **)&csv->buffer, &csv->capacity, csv->len + len + SPARE,
	                  1) != HARMONY_OK)
		return harmony__nomem(error);
	memcpy(csv->buffer + csv->len, data, len);
	csv->len += len;
	csv->buffer[csv->len] = '\0';
	return HARMONY_OK;
}

/* The delimiter of the first line that has one outside quotes; comma when none has. */
static char find_delimiter(const harmony_csv *csv, size_t from)
{
	static const char candidates[] = {',', ';', '\t'};
	size_t counts[3] = {0, 0, 0}, best = 0;
	bool quoted = false;

	for (size_t at = from; at < csv->len; at++) {
		char c = csv->buffer[at];
		if (c == csv->options.quote && c)
			quoted = !quoted;
		for (size_t i = 0; !quoted && i < 3; i++)
			counts[i] += c == candidates[i];
		if ((c == '\n' || c == '\r') && !quoted && counts[0] + counts[1] + counts[2] > 0)
			break;
	}
	for (size_t i = 1; i < 3; i++)
		if (counts[i] > counts[best])
			best = i;
	return candidates[best];
}

static harmony_status begin(harmony_csv *csv, harmony_error *error)
{
	size_t from = 0;

	if (csv->len >= 2 && (memcmp(csv->buffer, "\xff\xfe", 2) == 0 ||
	                      memcmp(csv->buffer, "\xfe\xff", 2) == 0))
		return harmony_error_set(error, HARMONY_FORMAT, NULL,
		                         "the file is UTF-16; save it as UTF-8 or Windows-1252 text");
	if (csv->len >= 3 && memcmp(csv->buffer, "\xef\xbb\xbf", 3) == 0)
		from = 3;
	if (!csv->options.delimiter)
		csv->options.delimiter = find_delimiter(csv, from);
	csv->begun = true;
	begin_row(csv, from, 1);
	return HARMONY_OK;
}

static harmony_status run(harmony_csv *csv, harmony_error *error)
{
	harmony_status status = HARMONY_OK;

	if (!csv->begun && (csv->final || csv->len >= HARMONY_DETECT_WINDOW))
		status = begin(csv, error);
	if (status == HARMONY_OK && csv->begun)
		status = split(csv);
	return status;
}

static harmony_status check_alive(const harmony_csv *csv, harmony_error *error)
{
	return csv->dead || csv->final
	           ? harmony_error_set(error, HARMONY_STATE, NULL,
	                               "this reader has ended; make a new one for another input")
	           : HARMONY_OK;
}

harmony_status harmony_csv_feed(harmony_csv *csv, const void *data, size_t len,
                                harmony_error *error)
{
	const char *at = data;
	harmony_status status = check_alive(csv, error);

	while (status == HARMONY_OK && len > 0 && !csv->stopped) {
		size_t part = len < BLOCK ? len : BLOCK;
		if (!csv->begun && part > HARMONY_DETECT_WINDOW - csv->len)
			part = HARMONY_DETECT_WINDOW - csv->len;
		status = take_in(csv, at, part, error);
		if (status == HARMONY_OK)
			status = run(csv, error);
		at += part;
		len -= part;
	}
	csv->dead = csv->dead || status != HARMONY_OK;
	return status;
}

harmony_status harmony_csv_finish(harmony_csv *csv, harmony_error *error)
{
	harmony_status status = check_alive(csv, error);

	if (status != HARMONY_OK)
		return status;
	csv->final = true;
	if (!csv->stopped && csv->buffer)
		status = run(csv, error);
	csv->dead = status != HARMONY_OK;
	return status;
}

/* ---- pull ------------------------------------------------------------------------------ */

/* The row function ends the splitting after each row; since a row's state is complete
   before its function is called, splitting simply goes on where it stopped. */
struct harmony_csv_pull {
	harmony_csv *csv;
	harmony_csv_read_fn read;
	void *user;
	harmony_csv_row row;
	bool have, ended;
	char chunk[BLOCK];
};

static harmony_status keep_row(const harmony_csv_row *row, void *user)
{
	harmony_csv_pull *pull = user;

	pull->row = *row;
	pull->have = true;
	return HARMONY_USER;
}

harmony_status harmony_csv_pull_new(harmony_csv_pull **out, harmony_context *context,
                                    const harmony_csv_options *options, harmony_csv_read_fn read,
                                    void *user, harmony_error *error)
{
	harmony_csv_pull *pull = harmony__zalloc(context, sizeof(*pull));
	harmony_status status;

	*out = NULL;
	if (!pull)
		return harmony__nomem(error);
	pull->read = read;
	pull->user = user;
	status = harmony_csv_new(&pull->csv, context, options, keep_row, pull, error);
	if (status != HARMONY_OK)
		harmony__free(context, pull);
	else
		*out = pull;
	return status;
}

void harmony_csv_pull_free(harmony_csv_pull *pull)
{
	harmony_context *context;

	if (!pull)
		return;
	context = pull->csv->context;
	harmony_csv_free(pull->csv);
	harmony__free(context, pull);
}

static harmony_status read_more(harmony_csv_pull *pull, harmony_error *error)
{
	size_t got = pull->read(pull->chunk, sizeof(pull->chunk), pull->user);

	if (got == (size_t)-1)
		return harmony_error_set(error, HARMONY_IO, NULL,
		                         "the input cannot be read on after %llu bytes",
		                         (unsigned long long)(pull->csv->offset + pull->csv->len));
	pull->csv->final = got == 0;
	return got ? take_in(pull->csv, pull->chunk, got, error) : HARMONY_OK;
}

harmony_status harmony_csv_pull_next(const harmony_csv_row **row, harmony_csv_pull *pull,
                                     harmony_error *error)
{
	harmony_csv *csv = pull->csv;
	harmony_status status = csv->dead ? check_alive(csv, error) : HARMONY_OK;

	*row = NULL;
	pull->have = false;
	while (status == HARMONY_OK && !pull->ended) {
		status = csv->buffer ? run(csv, error) : HARMONY_OK;
		if (status == HARMONY_USER && pull->have) {
			*row = &pull->row;
			return HARMONY_OK;
		}
		pull->ended = status == HARMONY_OK && (csv->final || csv->stopped);
		if (status == HARMONY_OK && !pull->ended)
			status = read_more(pull, error);
	}
	csv->dead = csv->dead || status != HARMONY_OK;
	return status;
}
