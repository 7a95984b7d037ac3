/* SPDX-License-Identifier: MIT */
#include "csv/scan.h"

/* The meaning of a row, where it is not obvious:

   "a""b"        a"b
   "a"b"c,       ab"c: text behind the closing quote is the field's, as it stands
   a"b, 12" x    literal: a quote opens a field at its beginning only
   0"",          0 and an empty quoted field (repair): the delimiter was forgotten
   0"text",      0 and text (repair), when a quoted field was met before
   "a<eol>b"     one field, and two physical lines
   "a<eol>b"c    damage: the quote of the first line was never closed, and this one opens

   Limits count bytes as they stand in the file, quotes included. */

_Static_assert(HARMONY_MAX_ROW == 1048576 && HARMONY_MAX_FIELD == 65536 &&
                       HARMONY_MAX_COLUMNS == 256,
               "the texts below say so");
static const char row_limit[] = "a row of more than 1048576 bytes";
static const char field_limit[] = "a field of more than 65536 bytes";
static const char column_limit[] = "a row of more than 256 fields";
static const char quote_limit[] = "a quote that is not closed within 65536 bytes";
static const char quote_open[] = "a quote that is not closed before the end of the file";
static const char quote_line[] = "a quote that is not closed on its line";

enum { FIELD, PLAIN, QUOTED, BEHIND_QUOTE, TAIL };

/* What a step says besides HARMONY__CSV_*. */
enum { ON = 16, SHORT };

typedef struct input {
	harmony_csv *csv;
	harmony__csv_scan *scan;
	const unsigned char *data;
	size_t limit; /* how far a step may look */
	const char *reason;
} input;

static int broken(input *in, const char *reason)
{
	in->reason = reason;
	return HARMONY__CSV_BROKEN;
}

static bool add_field(harmony__csv_scan *s, harmony__csv_mark *marks, size_t at, size_t len,
                      uint32_t flags)
{
	if (s->count == HARMONY_MAX_COLUMNS)
		return false;
	marks[s->count++] = (harmony__csv_mark){(uint32_t)at, (uint32_t)len, flags};
	return true;
}

/* A delimiter or line end stands at scan->at: the field before it is complete. */
static int end_field(input *in)
{
	harmony__csv_scan *s = in->scan;
	bool quoted = s->state != PLAIN;
	size_t at = s->field + quoted, end = s->at - (s->state == BEHIND_QUOTE && !s->escaped);
	uint32_t flags = quoted ? HARMONY_CSV_QUOTED : 0;

	if (s->escaped)
		flags |= HARMONY__CSV_ESCAPED;
	if (!add_field(s, in->csv->marks, at, end - at, flags))
		return broken(in, column_limit);
	s->quoted = s->quoted || quoted;
	s->clean = s->clean && !s->escaped;
	s->escaped = s->literal = s->multiline = s->trial = false;
	return ON;
}

static int next_field(input *in)
{
	harmony__csv_scan *s = in->scan;
	int step = end_field(in);

	if (step != ON)
		return step;
	if (in->csv->class[in->data[s->at]] & HARMONY__CSV_EOL)
		return HARMONY__CSV_ROW;
	s->field = ++s->at;
	s->state = FIELD;
	return ON;
}

static int step_field(input *in)
{
	harmony__csv_scan *s = in->scan;

	if (s->at == in->limit)
		return SHORT;
	s->state = PLAIN;
	if (in->csv->class[in->data[s->at]] & HARMONY__CSV_QUOTE) {
		s->state = QUOTED;
		s->at++;
	}
	return ON;
}

static bool is_number(const unsigned char *at, size_t len)
{
	bool digit = false;

	for (; len > 0; at++, len--) {
		bool is_digit = *at >= '0' && *at <= '9';
		if (!is_digit && *at != '-' && *at != '+' && *at != '.' && *at != ',')
			return false;
		digit = digit || is_digit;
	}
	return digit;
}

/* A quote behind a number may open a field whose delimiter was forgotten. It is read as
   one; when that does not work out, cancel_trial takes the quote as it stands. A trial
   ends at the first quote that stands alone, so trials cost no more than the line. */
static bool begin_trial(input *in)
{
	harmony__csv_scan *s = in->scan;

	if (!in->csv->options.repair || s->literal ||
	    !is_number(in->data + s->field, s->at - s->field))
		return false;
	s->trial = true;
	s->number = s->field;
	s->field = s->at;
	s->state = QUOTED;
	return true;
}

static int cancel_trial(input *in)
{
	harmony__csv_scan *s = in->scan;

	s->at = s->field + 1;
	s->field = s->number;
	s->state = PLAIN;
	s->trial = s->escaped = false;
	s->literal = true;
	return ON;
}

/* The quoted field of a trial ends before scan->at, where a delimiter or row end is. */
static int end_trial(input *in)
{
	harmony__csv_scan *s = in->scan;
	bool empty = s->at - s->field == 2;

	if (!empty && !s->quoted && !in->csv->quotes_seen)
		return cancel_trial(in);
	if (!add_field(s, in->csv->marks, s->number, s->field - s->number, 0))
		return broken(in, column_limit);
	s->trial = false;
	s->repaired = true;
	return ON;
}

static int step_plain(input *in)
{
	harmony__csv_scan *s = in->scan;
	const uint8_t *class = in->csv->class;
	const unsigned char *data = in->data;
	size_t at = s->at, limit = in->limit;

	while (at < limit && !class[data[at]])
		at++;
	s->at = at;
	if (at == limit)
		return SHORT;
	if (class[data[at]] & HARMONY__CSV_END)
		return next_field(in);
	if (!begin_trial(in))
		s->literal = true;
	s->at++;
	return ON;
}

static int inner_line(input *in)
{
	harmony__csv_scan *s = in->scan;
	size_t at = s->at;

	if (s->trial)
		return cancel_trial(in);
	if (!s->broken)
		s->first_line = at;
	s->broken = s->multiline = true;
	if (in->csv->offset < in->csv->single_until)
		return broken(in, quote_line);
	s->lines += in->data[at] == '\r' || in->data[at - 1] != '\r'; /* CRLF is one */
	s->at++;
	return ON;
}

static int step_quoted(input *in)
{
	harmony__csv_scan *s = in->scan;
	const uint8_t *class = in->csv->class;
	const unsigned char *data = in->data;
	size_t at = s->at, limit = in->limit;

	while (at < limit && !(class[data[at]] & (HARMONY__CSV_QUOTE | HARMONY__CSV_EOL)))
		at++;
	s->at = at;
	if (at == limit)
		return SHORT;
	if (class[data[at]] & HARMONY__CSV_EOL)
		return inner_line(in);
	s->state = BEHIND_QUOTE;
	s->at++;
	return ON;
}

static int step_behind(input *in)
{
	harmony__csv_scan *s = in->scan;
	uint8_t class;

	if (s->at == in->limit)
		return SHORT;
	class = in->csv->class[in->data[s->at]];
	if (class & HARMONY__CSV_END) {
		int step = s->trial ? end_trial(in) : ON;
		return step != ON || s->state == PLAIN ? step : next_field(in);
	}
	if (class & HARMONY__CSV_QUOTE) {
		s->state = QUOTED;
	} else if (s->trial) {
		return cancel_trial(in);
	} else if (s->multiline) {
		return broken(in, quote_line);
	} else {
		s->state = TAIL;
	}
	s->escaped = true;
	s->at++;
	return ON;
}

static int step_tail(input *in)
{
	harmony__csv_scan *s = in->scan;
	const uint8_t *class = in->csv->class;
	const unsigned char *data = in->data;
	size_t at = s->at, limit = in->limit;

	while (at < limit && !(class[data[at]] & HARMONY__CSV_END))
		at++;
	s->at = at;
	return at == limit ? SHORT : next_field(in);
}

/* There is no byte to look at: a limit was passed, or the data ends. */
static int run_short(input *in, size_t len, bool final)
{
	harmony__csv_scan *s = in->scan;
	bool open = s->state == QUOTED || s->state == BEHIND_QUOTE;
	int step;

	if (s->at > s->field + HARMONY_MAX_FIELD)
		return s->trial ? cancel_trial(in) : broken(in, open ? quote_limit : field_limit);
	if (s->at > HARMONY_MAX_ROW)
		return s->trial ? cancel_trial(in) : broken(in, row_limit);
	if (!final)
		return HARMONY__CSV_MORE;
	if (s->state == QUOTED)
		return s->trial ? cancel_trial(in) : broken(in, quote_open);
	if (s->state == FIELD)
		s->state = PLAIN;
	/* A DOS editor ends the file behind the last row, with or without a new line. */
	while (in->csv->options.stop_at_eof_mark && s->at == len && s->at > s->field &&
	       in->data[s->at - 1] == 0x1a)
		len = --s->at;
	step = s->trial ? end_trial(in) : ON;
	if (step != ON || (s->state == PLAIN && s->at < len))
		return step;
	step = end_field(in);
	return step == ON ? HARMONY__CSV_ROW : step;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

int harmony__csv_scan_row(harmony_csv *csv, const char *data, size_t len, bool final,
                          const char **reason)
{
	input in = {csv, &csv->scan, (const unsigned char *)data, 0, NULL};
	int step = ON;

	if (csv->scan.at == 0)
		csv->scan.clean = true;
	while (step == ON) {
		in.limit = smaller(smaller(len, HARMONY_MAX_ROW + 1),
		                   csv->scan.field + HARMONY_MAX_FIELD + 1);
		switch (csv->scan.state) {
		case FIELD:
			step = step_field(&in);
			break;
		case PLAIN:
			step = step_plain(&in);
			break;
		case QUOTED:
			step = step_quoted(&in);
			break;
		case BEHIND_QUOTE:
			step = step_behind(&in);
			break;
		default:
			step = step_tail(&in);
		}
		if (step == SHORT)
			step = run_short(&in, len, final);
	}
	*reason = in.reason;
	return step;
}
