/* SPDX-License-Identifier: MIT */
/* Dates and words of a dialect: the first byte picks the format, the second the pivot.
   A date that can be read is a day, and what is written of it reads back as that day. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "csv/dialect.h"

static void must(int holds)
{
	if (!holds)
		abort();
}

static void check_date(const char *text, size_t len, int format, int pivot)
{
	harmony_date date = {0, 0, 0}, again;
	int seen = HARMONY_DATES_AUTO, known;
	char buffer[16];
	size_t size;

	if (harmony__dialect_date(&date, text, len, format, &seen, pivot) != HARMONY_OK)
		return;
	must(harmony_date_valid(date));
	must(seen != HARMONY_DATES_AUTO);
	size = harmony__dialect_date_format(buffer, date, seen);
	must(size == strlen(buffer) && size < sizeof(buffer));
	known = seen;
	must(harmony__dialect_date(&again, buffer, size, seen, &known, pivot) == HARMONY_OK);
	must(memcmp(&date, &again, sizeof(date)) == 0);
}

static void check_words(const char *text)
{
	int dates = harmony__dialect_dates(text), encoding = harmony__dialect_encoding(text);
	char delimiter = harmony__dialect_delimiter(text);

	if (dates >= 0)
		must(harmony__dialect_dates(harmony__dialect_dates_word(dates)) == dates);
	if (encoding >= 0)
		must(harmony__dialect_encoding(harmony__dialect_encoding_word(encoding)) == encoding);
	must(delimiter == '\t' || delimiter == 0 || (delimiter > ' ' && delimiter < 0x7f));
	harmony__dialect_decimal(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text;

	if (len < 2)
		return 0;
	text = malloc(len - 1);
	must(text != NULL);
	memcpy(text, data + 2, len - 2);
	text[len - 2] = '\0';
	check_date(text, len - 2, data[0] % (HARMONY_DATES_YYYY_MM_DD + 1), data[1] % 101);
	check_words(text);
	free(text);
	return 0;
}
