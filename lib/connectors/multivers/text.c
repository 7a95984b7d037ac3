/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "connectors/multivers/multivers.h"

#define MAX_SEGMENT 1024u

void multivers_segment(harmony__buf *path, const char *text, bool plain)
{
	harmony__buf escaped;

	harmony__buf_init(&escaped, path->context, MAX_SEGMENT);
	harmony__http_escape(&escaped, text, strlen(text));
	for (size_t i = 0; i < escaped.len; i++) {
		if (escaped.data[i] == '%' && !plain)
			harmony__buf_str(path, "!_");
		else
			harmony__buf_char(path, escaped.data[i]);
	}
	if (escaped.status != HARMONY_OK && path->status == HARMONY_OK)
		path->status = escaped.status;
	harmony__buf_free(&escaped);
}

void multivers_date_format(char text[MULTIVERS_DATE_SIZE], harmony_date date)
{
	snprintf(text, MULTIVERS_DATE_SIZE, "%02u-%02u-%04u", (unsigned)date.day % 100,
		 (unsigned)date.month % 100, (unsigned)date.year % 10000);
}

/* What may stand behind a date: nothing, or a time after a blank or a T. */
static bool ends_there(const harmony__cursor *cursor)
{
	return harmony__cursor_done(cursor) || *cursor->at == ' ' || *cursor->at == 'T';
}

static bool dutch(harmony_date *date, harmony__cursor *cursor)
{
	uint64_t day = 0, month = 0, year = 0;

	if (harmony__cursor_digits(cursor, 2, &day) == 0 || !harmony__cursor_char(cursor, '-') ||
	    harmony__cursor_digits(cursor, 2, &month) == 0 || !harmony__cursor_char(cursor, '-') ||
	    harmony__cursor_digits(cursor, 4, &year) != 4)
		return false;
	date->day = (uint8_t)day;
	date->month = (uint8_t)month;
	date->year = (int16_t)year;
	return harmony_date_valid(*date);
}

harmony_status multivers_date_parse(harmony_date *out, const char *text)
{
	size_t len = strlen(text);
	harmony__cursor cursor = harmony__cursor_over(text, len);
	harmony_date date = {0, 0, 0};

	if (!*text)
		return HARMONY_NOTFOUND;
	if (len >= 10 && strspn(text, "0123456789") == 4) {
		if (harmony_date_parse(&date, text, 10) != HARMONY_OK)
			return HARMONY_FORMAT;
		cursor = harmony__cursor_over(text + 10, len - 10);
	} else if (!dutch(&date, &cursor)) {
		return HARMONY_FORMAT;
	}
	if (!ends_there(&cursor))
		return HARMONY_FORMAT;
	*out = date;
	return HARMONY_OK;
}

void multivers_put_pair(harmony__json_writer *writer, const char *name, int64_t amount, bool own)
{
	char document[64];

	snprintf(document, sizeof(document), "%sCur", name);
	if (own)
		harmony__json_put_number(writer, name, amount, HARMONY_SCALE_AMOUNT);
	harmony__json_put_number(writer, document, amount, HARMONY_SCALE_AMOUNT);
}

bool multivers_date(harmony_date *out, const harmony__json *value)
{
	return multivers_date_parse(out, harmony__json_text(value, "")) == HARMONY_OK;
}
