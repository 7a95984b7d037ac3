/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "connectors/multivers/multivers.h"
#include "net/http.h"

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
static bool is_behind_date(const harmony__cursor *cursor)
{
	return harmony__cursor_done(cursor) || *cursor->at == ' ' || *cursor->at == 'T';
}

harmony_status multivers_date_parse(harmony_date *out, const char *text)
{
	harmony__cursor cursor = harmony__cursor_over(text, strlen(text));
	uint64_t day = 0, month = 0, year = 0;
	unsigned digits;
	harmony_date date = {0, 0, 0};

	if (!*text)
		return HARMONY_NOTFOUND;
	digits = harmony__cursor_digits(&cursor, 4, &day);
	if (digits == 4) {
		if (strlen(text) < 10 || harmony_date_parse(&date, text, 10) != HARMONY_OK)
			return HARMONY_FORMAT;
		cursor = harmony__cursor_over(text + 10, strlen(text + 10));
	} else if (digits >= 1 && digits <= 2 && harmony__cursor_char(&cursor, '-') &&
	           harmony__cursor_digits(&cursor, 2, &month) > 0 &&
	           harmony__cursor_char(&cursor, '-') && harmony__cursor_digits(&cursor, 4, &year) == 4) {
		date.day = (uint8_t)day;
		date.month = (uint8_t)month;
		date.year = (int16_t)year;
	}
	if (!is_behind_date(&cursor) || !harmony_date_valid(date))
		return HARMONY_FORMAT;
	*out = date;
	return HARMONY_OK;
}

void multivers_put_pair(harmony__json_writer *writer, const char *name, int64_t amount)
{
	char document[64];

	snprintf(document, sizeof(document), "%sCur", name);
	harmony__json_put_number(writer, name, amount, HARMONY_SCALE_AMOUNT);
	harmony__json_put_number(writer, document, amount, HARMONY_SCALE_AMOUNT);
}
