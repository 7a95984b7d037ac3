/* SPDX-License-Identifier: MIT */
#include "base/base.h"
#include "tests/support/sweep.h"

/* The calendar counted up day by day, which uses no arithmetic of the library's. */
static void test_every_day(void **state)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int32_t days = harmony_date_to_days((harmony_date){1, 1, 1});
	char text[11];

	assert_int_equal(days, -719162);
	for (int year = 1; year <= 9999; year++) {
		bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

		for (int month = 1; month <= 12; month++) {
			int last = lengths[month - 1] + (month == 2 && leap);

			for (int day = 1; day <= last; day++, days++) {
				harmony_date date = {(int16_t)year, (uint8_t)month, (uint8_t)day};
				harmony_date back = harmony_date_from_days(days);

				if (harmony_date_to_days(date) != days || back.year != year ||
				    back.month != month || back.day != day)
					fail_msg("%d-%d-%d is not day %d", year, month, day, days);
				harmony_date_format(text, date);
				if (harmony_date_parse(&back, text, 10) || back.year != year ||
				    back.month != month || back.day != day)
					fail_msg("%d-%d-%d does not read back", year, month, day);
			}
			if (harmony_date_valid((harmony_date){(int16_t)year, (uint8_t)month,
			                                      (uint8_t)(last + 1)}))
				fail_msg("%d-%d has a day %d", year, month, last + 1);
		}
	}
	assert_int_equal(days - 1, harmony_date_to_days((harmony_date){9999, 12, 31}));
	assert_int_equal(harmony_date_from_days(days).year, 0);
	assert_int_equal(harmony_date_from_days(-719163).year, 0);
	assert_int_equal(harmony_date_from_days(INT32_MIN).year, 0);
	assert_int_equal(harmony_date_from_days(INT32_MAX).year, 0);
}

static void test_known_days(void **state)
{
	assert_int_equal(harmony_date_to_days((harmony_date){1970, 1, 1}), 0);
	assert_int_equal(harmony_date_to_days((harmony_date){2000, 3, 1}), 11017);
	assert_int_equal(harmony_date_to_days((harmony_date){1969, 12, 31}), -1);
}

static void test_no_days(void **state)
{
	static const harmony_date none[] = {{0, 0, 0},      {2023, 2, 29}, {1900, 2, 29}, {2024, 0, 1},
	                                    {2024, 13, 1},  {2024, 1, 0},  {2024, 4, 31}, {-1, 1, 1},
	                                    {10000, 1, 1}};

	for (size_t i = 0; i < HARMONY__COUNT(none); i++)
		assert_false(harmony_date_valid(none[i]));
	assert_true(harmony_date_valid((harmony_date){2000, 2, 29}));
}

static void test_parse(void **state)
{
	static const char *const broken[] = {"",           "2024-01-1",  "2024-01-011", "2024/01/01",
	                                     "24-01-2024", "2024-1-001", "2024-01-0a",  " 2024-01-1"};
	static const char *const impossible[] = {"2023-02-29", "2024-00-10", "2024-13-01",
	                                         "0000-01-01", "2024-06-31"};
	harmony_date date = {1, 2, 3};

	for (size_t i = 0; i < HARMONY__COUNT(broken); i++)
		assert_int_equal(harmony_date_parse(&date, broken[i], strlen(broken[i])), HARMONY_FORMAT);
	for (size_t i = 0; i < HARMONY__COUNT(impossible); i++)
		assert_int_equal(harmony_date_parse(&date, impossible[i], 10), HARMONY_RANGE);
	assert_int_equal(date.day, 3); /* untouched */
}

static void test_absent(void **state)
{
	char text[11] = "x";

	harmony_date_format(text, (harmony_date){0, 0, 0});
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_day), cmocka_unit_test(test_known_days),
		cmocka_unit_test(test_no_days),   cmocka_unit_test(test_parse),
		cmocka_unit_test(test_absent),
	};

	return cmocka_run_group_tests_name("date", tests, NULL, NULL);
}
