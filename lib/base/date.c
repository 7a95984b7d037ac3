/* SPDX-License-Identifier: MIT */
#include "base/base.h"

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int harmony_date_valid(harmony_date date)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (date.year < 1 || date.year > 9999 || date.month < 1 || date.month > 12 || date.day < 1)
		return 0;
	if (date.month == 2 && is_leap(date.year))
		return date.day <= 29;
	return date.day <= days[date.month - 1];
}

harmony_status harmony_date_parse(harmony_date *out, const char *text, size_t len)
{
	harmony__cursor cursor = harmony__cursor_over(text, len);
	uint64_t year, month, day;
	harmony_date date;

	if (len != 10 || harmony__cursor_digits(&cursor, 4, &year) != 4 ||
	    !harmony__cursor_char(&cursor, '-') || harmony__cursor_digits(&cursor, 2, &month) != 2 ||
	    !harmony__cursor_char(&cursor, '-') || harmony__cursor_digits(&cursor, 2, &day) != 2)
		return HARMONY_FORMAT;
	date = (harmony_date){(int16_t)year, (uint8_t)month, (uint8_t)day};
	if (!harmony_date_valid(date))
		return HARMONY_RANGE;
	*out = date;
	return HARMONY_OK;
}

static void two_digits(char *to, unsigned value)
{
	to[0] = (char)('0' + value / 10 % 10);
	to[1] = (char)('0' + value % 10);
}

void harmony_date_format(char *buffer, harmony_date date)
{
	buffer[0] = '\0';
	if (date.year == 0)
		return;
	two_digits(buffer, (unsigned)date.year / 100);
	two_digits(buffer + 2, (unsigned)date.year % 100);
	buffer[4] = '-';
	two_digits(buffer + 5, date.month);
	buffer[7] = '-';
	two_digits(buffer + 8, date.day);
	buffer[10] = '\0';
}

/* Days from 1970, with years that begin in March so that the leap day is the last. */
int32_t harmony_date_to_days(harmony_date date)
{
	int32_t year = date.year - (date.month <= 2);
	int32_t era = year / 400, of_era = year % 400;
	int32_t month = (date.month + 9) % 12;
	int32_t of_year = (153 * month + 2) / 5 + date.day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

harmony_date harmony_date_from_days(int32_t days)
{
	int64_t shifted = (int64_t)days + 719468;
	int64_t era, of_era, year, of_year, month;
	harmony_date date;

	if (days < -719162 || days > 2932896) /* 0001-01-01 to 9999-12-31 */
		return (harmony_date){0, 0, 0};
	era = shifted / 146097;
	of_era = shifted % 146097;
	year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	of_year = of_era - (365 * year + year / 4 - year / 100);
	month = (5 * of_year + 2) / 153;
	date.day = (uint8_t)(of_year - (153 * month + 2) / 5 + 1);
	date.month = (uint8_t)(month < 10 ? month + 3 : month - 9);
	date.year = (int16_t)(year + era * 400 + (date.month <= 2));
	return date;
}

harmony_status harmony__duration(int64_t *out, const char *text)
{
	static const struct {
		char unit;
		int64_t ms;
	} units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}};
	harmony__cursor cursor = harmony__cursor_over(text, strlen(text));
	uint64_t number = 0;

	if (harmony__cursor_digits(&cursor, 7, &number) == 0)
		return HARMONY_FORMAT;
	for (size_t i = 0; i < HARMONY__COUNT(units); i++)
		if (harmony__cursor_char(&cursor, units[i].unit)) {
			*out = (int64_t)number * units[i].ms;
			return harmony__cursor_done(&cursor) ? HARMONY_OK : HARMONY_FORMAT;
		}
	return HARMONY_FORMAT;
}
