/* SPDX-License-Identifier: MIT */
#include "csv/scan.h"

/* Rows are split where the caller's bytes stand; only a row that is cut off at the end of
   a feed is collected in `carry`, and rows whose quotes must be taken out are copied to
   `scratch`. Whatever is decided depends on the bytes alone, never on how they came.

   A damaged row ends at its first line end, and what is behind that is read again: a
   forgotten quote costs one line, not the file. Hostile input could have each line read
   again for each line before it, so when more was read again than was read at all (and
   four rows of the largest size), the quotes of the lines that were looked at already
   must close on their line, which settles each of them at once. */

enum { BEGIN, ROWS, SKIP, DONE };

/* Appended to the carry at a time: what most likely completes its row, so that reading goes
   on in the caller's bytes soon. */
#define PIECE 512u
#define REREAD_FREE (4 * (uint64_t)HARMONY_MAX_ROW)

/* What is fed and not yet taken. */
typedef struct feed {
	const char *data;
	size_t len;
	bool final;
} feed;

static bool can_delimit(char delimiter, char quote)
{
	return delimiter != quote && delimiter != '\n' && delimiter != '\r' && delimiter != 0x1a;
}

static harmony_status check_options(const harmony_csv_options *o, harmony_error *error)
{
	const char *wrong = NULL;

	if (o->scan < HARMONY_CSV_SCAN_AUTO || o->scan > HARMONY__CSV_SCAN_PORTABLE)
		wrong = "scan is none of HARMONY_CSV_SCAN_*";
	else if (o->delimiter && !can_delimit(o->delimiter, o->quote))
		wrong = "the delimiter is also a quote, a line end or ^Z";
	else if (o->quote && !can_delimit(o->quote, '\0'))
		wrong = "the quote is also a line end or ^Z";
	return wrong ? harmony_error_set(error, HARMONY_INVALID, NULL, "harmony_csv_new: %s", wrong)
	             : HARMONY_OK;
}

harmony_status harmony_csv_new(harmony_csv **out, harmony_context *context,
                               const harmony_csv_options *options, harmony_csv_row_fn row,
                               void *user, harmony_error *error)
{
	harmony_csv_options o = HARMONY_CSV_OPTIONS_INIT;
	harmony_csv *csv;

	*out = NULL;
	if (harmony__options_copy(&o, sizeof(o), options) != HARMONY_OK || !row)
		return harmony_error_set(error, HARMONY_INVALID, NULL,
		                         "harmony_csv_new: start the options with their _INIT macro, "
		                         "and give a function that takes the rows");
	if (check_options(&o, error) != HARMONY_OK)
		return HARMONY_INVALID;
	csv = harmony__zalloc(context, sizeof(*csv));
	if (!csv)
		return harmony__nomem(error);
	csv->context = context;
	csv->options = o;
	csv->row_fn = row;
	csv->user = user;
	csv->block = harmony__csv_block(o.scan);
	csv->line = 1;
	csv->row.struct_size = sizeof(csv->row);
	csv->row.fields = csv->fields;
	harmony__buf_init(&csv->carry, context, HARMONY_MAX_ROW + 2 * HARMONY_DETECT_WINDOW);
	harmony__buf_init(&csv->scratch, context, HARMONY_MAX_ROW + HARMONY_DETECT_WINDOW);
	*out = csv;
	return HARMONY_OK;
}

void harmony_csv_free(harmony_csv *csv)
{
	if (!csv)
		return;
	harmony__buf_free(&csv->carry);
	harmony__buf_free(&csv->scratch);
	harmony__free(csv->context, csv);
}

char harmony_csv_delimiter(const harmony_csv *csv)
{
	return csv->phase == BEGIN ? 0 : csv->options.delimiter;
}

/* ---- the beginning ------------------------------------------------------------------ */

/* How a candidate would split the window: columns of most rows alike, and how many. */
typedef struct split_guess {
	size_t columns, rows; /* the width that was met most, and how often */
	size_t all;           /* rows of any width */
	uint32_t widths[HARMONY_MAX_COLUMNS + 1];
} split_guess;

static void guess_row(split_guess *guess, size_t columns)
{
	if (columns < 2 || columns > HARMONY_MAX_COLUMNS)
		return;
	guess->all++;
	if (++guess->widths[columns] > guess->rows) {
		guess->rows = guess->widths[columns];
		guess->columns = columns;
	}
}

/* Counts the columns of each whole row; of a window with one cut row, that one. */
static size_t guess_score(const char *data, size_t len, char delimiter, const harmony_csv *csv)
{
	split_guess guess = {0, 0, 0, {0}};
	size_t columns = 1;
	bool inside = false, fresh = true;
	char quote = csv->options.quote;

	for (size_t i = 0; i < len; i++) {
		char c = data[i];
		bool line = (c == '\n' || c == '\r') && !inside, was = inside;
		if (quote && c == quote && (inside || fresh))
			inside = !inside;
		else if (!inside && c == delimiter)
			columns++;
		/* behind a closing quote another one opens again: "" */
		fresh = !inside && (c == delimiter || line || was);
		if (!line)
			continue;
		guess_row(&guess, columns);
		columns = 1;
		if (i + 1 < len && data[i + 1] == 0x1a && csv->options.stop_at_eof_mark)
			break;
	}
	if (guess.rows == 0)
		guess_row(&guess, columns);
	return guess.rows ? guess.rows * guess.rows * (guess.columns - 1) * 16 / guess.all : 0;
}

/* The delimiter that makes the most columns in rows of equal width, and few others. Comma comes
   last among equals, since it is the decimal sign, too; and is it when nothing is. */
static char find_delimiter(const harmony_csv *csv, const char *data, size_t len)
{
	static const char candidates[] = {';', '\t', '|', ','};
	char best = ',';
	size_t most = 0;

	for (size_t i = 0; i < sizeof(candidates); i++) {
		size_t score = candidates[i] == csv->options.quote
		                       ? 0
		                       : guess_score(data, len, candidates[i], csv);
		if (score > most) {
			most = score;
			best = candidates[i];
		}
	}
	return best;
}

static bool begins_with(const char *data, size_t len, const char *mark, size_t size)
{
	return len >= size && memcmp(data, mark, size) == 0;
}

/* Byte order mark and delimiter, when enough is here to tell. */
static harmony_status begin(harmony_csv *csv, const char *data, size_t len, bool final, size_t *used,
                            harmony_error *error)
{
	size_t need = csv->options.delimiter ? 3 : HARMONY_DETECT_WINDOW;
	size_t mark = begins_with(data, len, "\xef\xbb\xbf", 3) ? 3 : 0;

	if (len < need && !final)
		return HARMONY_OK;
	if (begins_with(data, len, "\xff\xfe", 2) || begins_with(data, len, "\xfe\xff", 2))
		return harmony_error_set(error, HARMONY_FORMAT, NULL,
		                         "the file is UTF-16 text (it begins with a UTF-16 byte order "
		                         "mark), which cannot be read; save it as CSV in UTF-8, or in "
		                         "the Windows or DOS code page, and offer that");
	if (!csv->options.delimiter)
		csv->options.delimiter = find_delimiter(
			csv, data + mark,
			(len < HARMONY_DETECT_WINDOW ? len : HARMONY_DETECT_WINDOW) - mark);
	csv->class[(unsigned char)csv->options.delimiter] = HARMONY__CSV_DELIMITER;
	csv->class['\n'] = csv->class['\r'] = HARMONY__CSV_EOL;
	if (csv->options.quote)
		csv->class[(unsigned char)csv->options.quote] = HARMONY__CSV_QUOTE;
	csv->offset = *used = mark;
	csv->phase = ROWS;
	return HARMONY_OK;
}

/* ---- a row of the scalar scanner -------------------------------------------------------- */

/* Takes the quotes out of a field, in place, from behind its opening one: pairs become
   one, the closing one goes, and what follows that is taken as it stands. */
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

harmony_status harmony__csv_unescape(harmony_csv *csv, const char *data, size_t len, size_t count)
{
	char quote = csv->options.quote, *copy;

	harmony__buf_clear(&csv->scratch);
	if (harmony__buf_add(&csv->scratch, data, len) != HARMONY_OK)
		return csv->scratch.status;
	copy = csv->scratch.data;
	for (size_t i = 0; i < count; i++) {
		harmony_csv_field *field = &csv->fields[i];
		char *text = copy + (field->text - data);

		field->text = text;
		if (field->flags & HARMONY_CSV_QUOTED && memchr(text, quote, field->len))
			field->len = (uint32_t)unquote(text, field->len, quote);
	}
	return HARMONY_OK;
}

static unsigned byte_flags(const char *data, size_t len)
{
	return (harmony__is_ascii(data, len) ? 0 : HARMONY_CSV_HIGH) |
	       (memchr(data, '\0', len) ? HARMONY_CSV_NUL : 0);
}

/* Hands on the marked fields; they lie in data[0..len). */
static harmony_status put_marks(harmony_csv *csv, const char *data, size_t len, unsigned flags,
                                const char *reason)
{
	const harmony__csv_scan *s = &csv->scan;
	char *text = NULL;

	if (len > 0)
		flags |= byte_flags(data, len);
	if (s->repaired)
		flags |= HARMONY_CSV_REPAIRED;
	if (!s->clean) {
		harmony__buf_clear(&csv->scratch);
		if (harmony__buf_add(&csv->scratch, data, len) != HARMONY_OK)
			return csv->scratch.status;
		data = text = csv->scratch.data;
	}
	for (uint32_t i = 0; i < s->count; i++) {
		const harmony__csv_mark *mark = &csv->marks[i];
		size_t field = mark->len;
		if (mark->flags & HARMONY__CSV_ESCAPED && text)
			field = unquote(text + mark->at, field, csv->options.quote);
		csv->fields[i] = (harmony_csv_field){data + mark->at, (uint32_t)field,
		                                     mark->flags & HARMONY_CSV_QUOTED};
	}
	return harmony__csv_deliver(csv, s->count, flags, reason);
}

/* A line ended at data[at]; the next row begins behind it. */
static size_t next_row(harmony_csv *csv, const char *data, size_t at, uint64_t lines)
{
	csv->skip_lf = data[at] == '\r';
	csv->line += lines;
	csv->offset += at + 1;
	csv->scan = (harmony__csv_scan){0};
	return at + 1;
}

static harmony_status whole_row(harmony_csv *csv, const char *data, size_t len, size_t *used)
{
	size_t end = csv->scan.at;
	harmony_status status = put_marks(csv, data, end, 0, NULL);

	csv->quotes_seen = csv->quotes_seen || csv->scan.quoted;
	if (end < len)
		*used = next_row(csv, data, end, csv->scan.lines + 1);
	else
		*used = len;
	if (end == len)
		csv->phase = DONE;
	return status;
}

/* Reading goes on at data[end], a line end that was looked beyond, up to scan.at. */
static void read_again(harmony_csv *csv, size_t end)
{
	uint64_t reached = csv->offset + csv->scan.at;

	csv->reread += csv->scan.at - end;
	if (csv->reread > reached + REREAD_FREE && reached > csv->single_until)
		csv->single_until = reached;
}

/* Only fields of the first line are the damaged row's. */
static harmony_status broken_row(harmony_csv *csv, const char *data, size_t *used,
                                 const char *reason)
{
	harmony__csv_scan *s = &csv->scan;
	size_t end = s->broken ? s->first_line : s->at, len = 0;
	harmony_status status;

	while (s->count > 0 && csv->marks[s->count - 1].at + csv->marks[s->count - 1].len > end)
		s->count--;
	if (s->count > 0)
		len = csv->marks[s->count - 1].at + csv->marks[s->count - 1].len;
	status = put_marks(csv, data, len, HARMONY_CSV_DAMAGED, reason);
	if (s->broken) {
		read_again(csv, end);
		*used = next_row(csv, data, end, 1);
	} else {
		csv->phase = SKIP;
		csv->offset += *used = s->at;
		*s = (harmony__csv_scan){0};
	}
	return status;
}

static harmony_status scalar_row(harmony_csv *csv, const char *data, size_t len, bool final,
                                 size_t *used)
{
	const char *reason = NULL;

	if (csv->scan.at == 0 && csv->class[(unsigned char)data[0]] & HARMONY__CSV_EOL) {
		*used = next_row(csv, data, 0, 1); /* a blank line */
		return HARMONY_OK;
	}
	switch (harmony__csv_scan_row(csv, data, len, final, &reason)) {
	case HARMONY__CSV_ROW:
		return whole_row(csv, data, len, used);
	case HARMONY__CSV_BROKEN:
		return broken_row(csv, data, used, reason);
	default:
		return HARMONY_OK;
	}
}

/* ---- windows ----------------------------------------------------------------------------- */

/* To the next line, behind a damaged row that was too long to be kept. */
static size_t skip_line(harmony_csv *csv, const char *data, size_t len)
{
	size_t at = 0;

	while (at < len && !(csv->class[(unsigned char)data[at]] & HARMONY__CSV_EOL))
		at++;
	if (at == len) {
		csv->offset += len;
		return len;
	}
	csv->phase = ROWS;
	return next_row(csv, data, at, 1);
}

/* One stride: rows by the block scanner, or one by the scalar one. Nothing is used when
   the row is cut off. */
static harmony_status stride(harmony_csv *csv, const char *data, size_t len, bool final,
                             size_t *used)
{
	harmony_status status = HARMONY_OK;

	if (csv->scan.at > 0)
		return scalar_row(csv, data, len, final, used);
	if (csv->skip_lf) {
		csv->skip_lf = false;
		*used = data[0] == '\n';
		csv->offset += *used;
		if (*used)
			return HARMONY_OK;
	}
	if (data[0] == 0x1a && csv->options.stop_at_eof_mark) {
		csv->phase = DONE;
		*used = len;
		return HARMONY_OK;
	}
	if (csv->block)
		*used = csv->block(csv, data, len, &status);
	return *used || status != HARMONY_OK ? status : scalar_row(csv, data, len, final, used);
}

/* Splits data[0..len), which begins with the row at hand. `*used`: the bytes done with. */
static harmony_status split(harmony_csv *csv, const char *data, size_t len, bool final, size_t *used,
                            harmony_error *error)
{
	harmony_status status = HARMONY_OK;
	size_t step = 0;

	*used = 0;
	if (csv->phase == BEGIN) {
		status = begin(csv, data, len, final, used, error);
		if (csv->phase == BEGIN)
			return status;
	}
	while (status == HARMONY_OK && *used < len) {
		step = 0;
		if (csv->phase == DONE)
			step = len - *used;
		else if (csv->phase == SKIP)
			step = skip_line(csv, data + *used, len - *used);
		else
			status = stride(csv, data + *used, len - *used, final, &step);
		*used += step;
		if (step == 0)
			break; /* cut off */
	}
	return status;
}

/* ---- input ---------------------------------------------------------------------------------- */

static void take(feed *in, size_t len)
{
	in->data = len ? in->data + len : in->data;
	in->len -= len;
}

static harmony_status carry_on(harmony_csv *csv, const feed *in, size_t len, harmony_error *error)
{
	if (len == 0)
		return HARMONY_OK;
	harmony__buf_drop(&csv->carry, csv->carry_at);
	csv->carry_at = 0;
	return harmony__buf_add(&csv->carry, in->data, len) == HARMONY_OK ? HARMONY_OK
	                                                                  : harmony__nomem(error);
}

/* The carry, with as much of the feed as makes it whole rows; then the feed goes on where
   it stands. */
static harmony_status run_carry(harmony_csv *csv, feed *in, harmony_error *error)
{
	size_t old = csv->carry.len - csv->carry_at;
	size_t most = csv->phase == BEGIN ? HARMONY_DETECT_WINDOW : PIECE;
	size_t piece = in->len < most ? in->len : most, used;
	harmony_status status = carry_on(csv, in, piece, error);

	if (status != HARMONY_OK)
		return status;
	status = split(csv, csv->carry.data + csv->carry_at, csv->carry.len - csv->carry_at,
	               in->final && piece == in->len, &used, error);
	if (used >= old) {
		take(in, used - old);
		csv->carry_at = csv->carry.len; /* not cleared: a row may point to it */
	} else {
		take(in, piece);
		csv->carry_at += used;
	}
	return status;
}

static harmony_status run(harmony_csv *csv, feed *in, harmony_error *error)
{
	harmony_status status = HARMONY_OK;

	while (status == HARMONY_OK && csv->phase != DONE) {
		bool carried = csv->carry_at < csv->carry.len;
		if (carried) {
			size_t before = csv->carry.len - csv->carry_at;
			status = run_carry(csv, in, error);
			if (in->len == 0 && (!in->final || csv->carry.len - csv->carry_at == before))
				break;
		} else if (in->len > 0) {
			size_t used;
			status = split(csv, in->data, in->len, false, &used, error);
			take(in, used);
			if (status != HARMONY_OK)
				break;
			status = carry_on(csv, in, in->len, error);
			take(in, in->len);
			break;
		} else {
			break;
		}
	}
	return status;
}

static harmony_status check_alive(const harmony_csv *csv, harmony_error *error)
{
	return csv->dead || csv->ended
	               ? harmony_error_set(error, HARMONY_STATE, NULL,
	                                   "this reader has ended; make a new one for another input")
	               : HARMONY_OK;
}

static harmony_status drive(harmony_csv *csv, const void *data, size_t len, bool final,
                            harmony_error *error)
{
	feed in = {data, len, final};
	harmony_status status = check_alive(csv, error);

	if (status != HARMONY_OK)
		return status;
	csv->ended = final;
	status = run(csv, &in, error);
	csv->dead = status != HARMONY_OK;
	if (status == HARMONY_NOMEM)
		return harmony__nomem(error);
	return status == HARMONY_OK
	               ? status
	               : harmony_error_set(error, status, NULL,
	                                   "the receiver of the rows ended the reading near line %llu",
	                                   (unsigned long long)csv->line);
}

harmony_status harmony_csv_feed(harmony_csv *csv, const void *data, size_t len, harmony_error *error)
{
	return drive(csv, data, len, false, error);
}

harmony_status harmony_csv_finish(harmony_csv *csv, harmony_error *error)
{
	return drive(csv, NULL, 0, true, error);
}

/* ---- pull ------------------------------------------------------------------------------------- */

/* The row function ends the splitting after each row; since a row's state is complete when
   its function returns, splitting goes on where it stopped. */
struct harmony_csv_pull {
	harmony_csv *csv;
	harmony_read_fn read;
	void *user;
	feed in;
	bool have;
	char chunk[HARMONY_DETECT_WINDOW];
};

static harmony_status keep_row(const harmony_csv_row *row, void *user)
{
	harmony_csv_pull *pull = user;

	pull->have = true;
	return HARMONY_USER;
}

harmony_status harmony_csv_pull_new(harmony_csv_pull **out, harmony_context *context,
                                    const harmony_csv_options *options, harmony_read_fn read,
                                    void *user, harmony_error *error)
{
	harmony_csv_pull *pull;
	harmony_status status;

	*out = NULL;
	if (!read)
		return harmony_error_set(error, HARMONY_INVALID, NULL, "a read callback is needed");
	pull = harmony__zalloc(context, sizeof(*pull));
	if (!pull)
		return harmony__nomem(error);
	pull->read = read;
	pull->user = user;
	status = harmony_csv_new(&pull->csv, context, options, keep_row, pull, error);
	if (status == HARMONY_OK)
		*out = pull;
	else
		harmony__free(context, pull);
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

/* After it returned OK, everything that was fed is split. */
static harmony_status read_more(harmony_csv_pull *pull, harmony_error *error)
{
	size_t got = pull->read(pull->chunk, sizeof(pull->chunk), pull->user);

	if (got == (size_t)-1)
		return harmony_error_set(error, HARMONY_IO, NULL,
		                         "the input cannot be read on behind line %llu",
		                         (unsigned long long)pull->csv->line);
	pull->in = (feed){pull->chunk, got, got == 0};
	pull->csv->ended = got == 0;
	return HARMONY_OK;
}

harmony_status harmony_csv_pull_next(const harmony_csv_row **row, harmony_csv_pull *pull,
                                     harmony_error *error)
{
	harmony_csv *csv = pull->csv;
	harmony_status status = HARMONY_OK;

	*row = NULL;
	if (csv->dead)
		return check_alive(csv, error);
	for (pull->have = false; status == HARMONY_OK;) {
		status = run(csv, &pull->in, error);
		if (pull->have) {
			*row = &csv->row;
			return HARMONY_OK;
		}
		if (status != HARMONY_OK || csv->ended || csv->phase == DONE)
			break;
		status = read_more(pull, error);
	}
	csv->dead = status != HARMONY_OK;
	return status == HARMONY_NOMEM ? harmony__nomem(error) : status;
}
