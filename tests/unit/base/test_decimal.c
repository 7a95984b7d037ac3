/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/base.h"
#include "tests/support/sweep.h"

static void reads(const char *text, unsigned scale, char sign, int64_t expected)
{
	int64_t value = 77;

	if (harmony_decimal_parse(&value, text, strlen(text), scale, sign) != HARMONY_OK)
		fail_msg("'%s' was refused", text);
	assert_int_equal(value, expected);
}

static void refuses(const char *text, unsigned scale, char sign, harmony_status expected)
{
	int64_t value = 77;
	harmony_status status = harmony_decimal_parse(&value, text, strlen(text), scale, sign);

	if (status != expected)
		fail_msg("'%s': %s, not %s", text, harmony_status_word(status),
		         harmony_status_word(expected));
	assert_int_equal(value, 77); /* untouched */
}

static void test_plain(void **state)
{
	reads("0", 2, 0, 0);
	reads("12", 2, 0, 1200);
	reads("12.3", 2, 0, 1230);
	reads("12,34", 2, 0, 1234);
	reads("12.", 2, 0, 1200);
	reads(".5", 2, 0, 50);
	reads("0001.10", 2, 0, 110);
	reads("1.5000", 2, 0, 150); /* zeros are no decimals too many */
	reads("1.123456", 6, '.', 1123456);
	reads("7", 0, 0, 7);
	reads("7.0", 0, 0, 7);
	reads("000000000000000000000000000000000001", 2, 0, 100);
}

static void test_signs(void **state)
{
	reads("-1", 2, 0, -100);
	reads("+1", 2, 0, 100);
	reads("1-", 2, 0, -100);
	reads("1+", 2, 0, 100);
	reads("  -12.50  ", 2, 0, -1250);
	reads("\t12.50- ", 2, 0, -1250);
	reads("-0.00", 2, 0, 0);
	refuses("--1", 2, 0, HARMONY_FORMAT);
	refuses("-1-", 2, 0, HARMONY_FORMAT);
	refuses("1--", 2, 0, HARMONY_FORMAT);
	refuses("+-1", 2, 0, HARMONY_FORMAT);
}

static void test_decimal_sign(void **state)
{
	char met = '?';
	int64_t value;

	refuses("1,5", 2, '.', HARMONY_FORMAT);
	refuses("1.5", 2, ',', HARMONY_FORMAT);
	reads("1,5", 2, ',', 150);
	refuses("1.234,56", 2, 0, HARMONY_FORMAT); /* no thousands separators, ever */
	refuses("1,234.56", 2, '.', HARMONY_FORMAT);
	assert_int_equal(harmony__decimal(&value, "12", 2, 2, 0, &met), HARMONY_OK);
	assert_int_equal(met, '?');
	assert_int_equal(harmony__decimal(&value, "1,2", 3, 2, 0, &met), HARMONY_OK);
	assert_int_equal(met, ',');
}

static void test_no_number(void **state)
{
	static const char *const texts[] = {"",    " ",    "-",   "+",   ".",   ",",    "-.",
	                                    "1e5", "0x10", "1 2", "NaN", "inf", "1.2.3", "12a",
	                                    "\xc2\xa0\x31"};

	for (size_t i = 0; i < HARMONY__COUNT(texts); i++)
		refuses(texts[i], 2, 0, HARMONY_FORMAT);
	refuses("99999999999999999999x", 2, 0, HARMONY_FORMAT); /* no number before too large */
}

static void test_range(void **state)
{
	reads("92233720368547758.07", 2, 0, INT64_MAX);
	reads("-92233720368547758.08", 2, 0, INT64_MIN);
	reads("92233720368547758.08-", 2, 0, INT64_MIN);
	refuses("92233720368547758.08", 2, 0, HARMONY_RANGE);
	refuses("-92233720368547758.09", 2, 0, HARMONY_RANGE);
	refuses("92233720368547759", 2, 0, HARMONY_RANGE);
	refuses("184467440737095516.16", 2, 0, HARMONY_RANGE); /* 2^64 */
	refuses("184467440737095517.23", 2, 0, HARMONY_RANGE);
	refuses("100000000000000000000", 0, 0, HARMONY_RANGE);
	reads("9223372036854775807", 0, 0, INT64_MAX);
	reads("-9223372036854775808", 0, 0, INT64_MIN);
	reads("9223372036.854775807", 9, 0, INT64_MAX);
	refuses("9223372036.854775808", 9, 0, HARMONY_RANGE);
	refuses("9223372037", 9, 0, HARMONY_RANGE);
	refuses("1.005", 2, 0, HARMONY_RANGE); /* never rounded */
	refuses("0.0000001", 6, 0, HARMONY_RANGE);
	refuses("1.0010", 2, 0, HARMONY_RANGE);
	assert_int_not_equal(harmony_decimal_parse(&(int64_t){0}, "1", 1, 10, 0), HARMONY_OK);
}

/* Every power of two and of ten and their neighbours, at every scale, both ways. */
static void round_trip(int64_t value, unsigned scale)
{
	char text[HARMONY_DECIMAL_SIZE];
	size_t len = harmony_decimal_format(text, value, scale, '.');
	int64_t back = !value;

	assert_int_equal(strlen(text), len);
	assert_int_equal(harmony_decimal_parse(&back, text, len, scale, '.'), HARMONY_OK);
	assert_true(back == value);
}

static void test_round_trips(void **state)
{
	for (unsigned scale = 0; scale <= 9; scale++) {
		round_trip(INT64_MIN, scale);
		round_trip(INT64_MAX, scale);
		for (unsigned bit = 0; bit < 63; bit++) {
			int64_t power = INT64_C(1) << bit;

			for (int64_t near = -2; near <= 2; near++) {
				round_trip(power - near - 1, scale);
				round_trip(-power + near, scale);
			}
		}
		for (int64_t power = 1; power < INT64_MAX / 10; power *= 10) {
			round_trip(power - 1, scale);
			round_trip(-power, scale);
		}
	}
}

/* Every amount near the lengths at which it is read another way, with either sign. */
static void test_common_amounts(void **state)
{
	static const int64_t around[] = {0, 1000, 10000, 100000, 1000000, 10000000, 100000000};

	for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++)
		for (int64_t cents = around[i] - 20000; cents < around[i] + 20000; cents++) {
			char text[HARMONY_DECIMAL_SIZE], sign = ".,"[cents & 1];
			int64_t value = 1;
			size_t len = harmony_decimal_format(text, cents, 2, sign);

			assert_int_equal(harmony_decimal_parse(&value, text, len, 2, cents & 2 ? 0 : sign),
			                 HARMONY_OK);
			assert_int_equal(value, cents);
		}
}

/* Any other byte at any place makes it no amount, unless it is a sign or a space at an end. */
static void test_odd_bytes(void **state)
{
	for (size_t at = 0; at < 8; at++)
		for (int c = 0; c < 256; c++) {
			char text[] = "12345.67";
			int64_t value;
			bool end = at == 0 || at == 7, digit = c >= '0' && c <= '9';
			bool number = digit || (c == '.' && at == 5) ||
			              (end && c != 0 && strchr(" \t+-", c));

			text[at] = (char)c;
			assert_int_equal(harmony_decimal_parse(&value, text, 8, 2, '.') == HARMONY_OK,
			                 number);
		}
}

static void test_format(void **state)
{
	char text[HARMONY_DECIMAL_SIZE];

	assert_int_equal(harmony_decimal_format(text, -5, 2, ','), 5);
	assert_string_equal(text, "-0,05");
	harmony_decimal_format(text, 0, 2, '.');
	assert_string_equal(text, "0.00");
	harmony_decimal_format(text, 42, 0, '.');
	assert_string_equal(text, "42");
	harmony_decimal_format(text, INT64_MIN, 2, '.');
	assert_string_equal(text, "-92233720368547758.08");
}

static void test_add(void **state)
{
	int64_t sum = INT64_MAX - 1;

	assert_true(harmony__add(&sum, 1));
	assert_true(sum == INT64_MAX);
	assert_false(harmony__add(&sum, 1));
	assert_true(sum == INT64_MAX);
	sum = INT64_MIN + 1;
	assert_true(harmony__add(&sum, -1));
	assert_false(harmony__add(&sum, -1));
	assert_true(sum == INT64_MIN);
	assert_true(harmony__add(&sum, INT64_MAX));
	assert_true(sum == -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),       cmocka_unit_test(test_signs),
		cmocka_unit_test(test_decimal_sign), cmocka_unit_test(test_no_number),
		cmocka_unit_test(test_range),       cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_common_amounts), cmocka_unit_test(test_odd_bytes),
		cmocka_unit_test(test_format),      cmocka_unit_test(test_add),
	};

	return cmocka_run_group_tests_name("decimal", tests, NULL, NULL);
}
