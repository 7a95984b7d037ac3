/* SPDX-License-Identifier: MIT */
/* Amounts and dates from any text: what is read can be written, and reads back as itself. The
   first byte picks the scale. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <harmony/harmony.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds)
		abort();
}

/* Written with either sign it reads back, with that sign only. */
static void check_written(int64_t value, unsigned scale, char sign)
{
	char text[HARMONY_DECIMAL_SIZE], again[HARMONY_DECIMAL_SIZE];
	size_t len = harmony_decimal_format(text, value, scale, sign);
	int64_t back;

	must(len < sizeof(text) && strlen(text) == len);
	must(harmony_decimal_parse(&back, text, len, scale, sign) == HARMONY_OK && back == value);
	must(harmony_decimal_parse(&back, text, len, scale, 0) == HARMONY_OK && back == value);
	must(harmony_decimal_format(again, back, scale, sign) == len && !strcmp(again, text));
	if (scale)
		must(harmony_decimal_parse(&back, text, len, scale, sign == '.' ? ',' : '.') ==
		     HARMONY_FORMAT);
}

static void check_decimal(const char *text, size_t len, unsigned scale)
{
	int64_t any = 1, point = 2, comma = 3, finer;
	harmony_status status = harmony_decimal_parse(&any, text, len, scale, 0);
	harmony_status by_point = harmony_decimal_parse(&point, text, len, scale, '.');
	harmony_status by_comma = harmony_decimal_parse(&comma, text, len, scale, ',');

	/* Either sign is taken when none is asked for, and no third reading exists. */
	must(status == by_point || status == by_comma);
	must(by_point == status || by_point == HARMONY_FORMAT);
	must(by_comma == status || by_comma == HARMONY_FORMAT);
	if (status != HARMONY_OK) {
		must(any == 1);
		return;
	}
	must(by_point != HARMONY_OK || point == any);
	must(by_comma != HARMONY_OK || comma == any);
	check_written(any, scale, '.');
	check_written(any, scale, ',');
	/* A finer scale holds the same number, or says that it cannot. */
	if (scale < 9) {
		status = harmony_decimal_parse(&finer, text, len, scale + 1, 0);
		must(status == HARMONY_RANGE || (status == HARMONY_OK && finer == any * 10));
	}
}

static void check_date(const char *text, size_t len)
{
	harmony_date date, back;
	char written[11];

	if (harmony_date_parse(&date, text, len) != HARMONY_OK)
		return;
	must(harmony_date_valid(date));
	harmony_date_format(written, date);
	must(len == 10 && memcmp(written, text, 10) == 0);
	back = harmony_date_from_days(harmony_date_to_days(date));
	must(back.year == date.year && back.month == date.month && back.day == date.day);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int32_t days = 0;
	harmony_date date;

	if (size == 0)
		return 0;
	check_decimal((const char *)data + 1, size - 1, data[0] % 10);
	check_date((const char *)data + 1, size - 1);
	memcpy(&days, data, size < sizeof(days) ? size : sizeof(days));
	date = harmony_date_from_days(days);
	if (harmony_date_valid(date))
		must(harmony_date_to_days(date) == days);
	return 0;
}
