/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host.h"
#include "net/limits.h"

#define MINUTE 60000
#define YEARS (INT64_C(10) * 365 * 24 * 3600 * 1000)

static const harmony__limit table[] = {{"minute", MINUTE, 5, 0, false},
                                       {"day", 24 * 60 * MINUTE, 100, 0, false},
                                       {"errors", 60 * MINUTE, 10, 2, false},
                                       {NULL, 0, 0, 0, false}};
static const harmony__limit sliding[] = {{"minute", MINUTE, 25, 0, true}, {NULL, 0, 0, 0, false}};
static const char *const names[] = {"minute", "day"};

static fake f;
static harmony_host host;

static harmony__limits *make(void)
{
	harmony__limits *limits;

	assert_int_equal(harmony__limits_new(&limits, &host, "calls", table, NULL), HARMONY_OK);
	return limits;
}

static void take(harmony__limits *limits, int count)
{
	for (int i = 0; i < count; i++)
		assert_int_equal(harmony__limits_take(limits, names, 2, 10 * MINUTE, NULL), HARMONY_OK);
}

static int setup(void **state)
{
	fake_make(&f, &host);
	return 0;
}

static int teardown(void **state)
{
	harmony_context_free(host.context);
	return 0;
}

static void test_paces(void **state)
{
	harmony__limits *limits = make();

	take(limits, 5);
	assert_int_equal(f.slept, 0);
	take(limits, 1);
	assert_int_equal(f.slept, MINUTE);
	take(limits, 4);
	assert_int_equal(f.slept, MINUTE);
	harmony__limits_free(limits);
}

static void test_shared_by_processes(void **state)
{
	harmony__limits *one = make(), *other = make();

	take(one, 3);
	take(other, 2);
	assert_int_equal(f.slept, 0);
	take(one, 1);
	assert_int_equal(f.slept, MINUTE);
	harmony__limits_free(one);
	harmony__limits_free(other);
}

/* What one name gives several of is there as a whole, or it is waited for. */
static void test_several(void **state)
{
	static const char *const three[] = {"minute", "minute", "minute"};
	harmony__limits *limits = make();

	assert_int_equal(harmony__limits_take(limits, three, 3, MINUTE, NULL), HARMONY_OK);
	assert_int_equal(f.slept, 0);
	assert_int_equal(harmony__limits_take(limits, three, 3, MINUTE, NULL), HARMONY_OK);
	assert_int_equal(f.slept, MINUTE);
	take(limits, 2);
	assert_int_equal(f.slept, MINUTE);
	harmony__limits_free(limits);
}

/* In a window that slides no minute, whenever it begins, has more than is allowed; and little
   less is had than could be. Each step is another process. */
static void test_slides(void **state)
{
	enum { TAKEN = 400 };
	static int64_t at[TAKEN];
	uint32_t dice = 7;

	for (int burst = 0; burst < 2; burst++) {
		int64_t began = f.wall;
		for (int i = 0; i < TAKEN; i++) {
			harmony__limits *limits;
			assert_int_equal(
			    harmony__limits_new(&limits, &host, "sliding", sliding, NULL), HARMONY_OK);
			assert_int_equal(harmony__limits_take(limits, names, 1, 2 * MINUTE, NULL),
			                 HARMONY_OK);
			at[i] = f.wall;
			if (i >= 25)
				assert_true(at[i] - at[i - 25] >= MINUTE);
			dice = dice * 1103515245 + 12345;
			fake_pass(&f, burst ? 20 : (dice >> 16) % 6000);
			harmony__limits_free(limits);
		}
		assert_true(f.wall - began <= (TAKEN / 25 + 1) * (MINUTE + MINUTE / 12) +
		                                  TAKEN * (burst ? 20 : 6000));
		f.wall += 2 * MINUTE;
	}
	f.wall += YEARS; /* jumps grant no more than one window, and lose none */
	harmony__limits *limits;
	assert_int_equal(harmony__limits_new(&limits, &host, "sliding", sliding, NULL), HARMONY_OK);
	f.slept = 0;
	for (int i = 0; i < 25; i++)
		assert_int_equal(harmony__limits_take(limits, names, 1, MINUTE, NULL), HARMONY_OK);
	assert_int_equal(f.slept, 0);
	f.wall -= YEARS;
	assert_in_range(harmony__limits_wait(limits, "minute"), 1, MINUTE + MINUTE / 12);
	harmony__limits_free(limits);
}

/* What the package says of a window that slides is taken; a memo of before knows no parts. */
static void test_slides_and_learns(void **state)
{
	static const char before[] = "minute 25 25 1700000000000 0\n", damaged[] =
	    "minute 25 25 1700000000000 0 999999999999999999 999999999999999999 -3\n";
	harmony__limits *limits;

	assert_int_equal(fake_save("sliding", before, sizeof(before) - 1, &f, NULL), HARMONY_OK);
	assert_int_equal(harmony__limits_new(&limits, &host, "sliding", sliding, NULL), HARMONY_OK);
	assert_int_equal(harmony__limits_wait(limits, "minute"), MINUTE + MINUTE / 12);
	harmony__limits_learn(limits, "minute", 25, 1, -1);
	assert_int_equal(harmony__limits_take(limits, names, 1, 0, NULL), HARMONY_OK);
	assert_int_equal(harmony__limits_take(limits, names, 1, 0, NULL), HARMONY_RATE);
	harmony__limits_learn(limits, "minute", 50, 0, -1);
	assert_int_equal(harmony__limits_wait(limits, "minute"), MINUTE + MINUTE / 12);
	assert_int_equal(fake_save("sliding", damaged, sizeof(damaged) - 1, &f, NULL), HARMONY_OK);
	assert_int_equal(harmony__limits_wait(limits, "minute"), MINUTE + MINUTE / 12);
	harmony__limits_free(limits);
}

static void test_patience(void **state)
{
	harmony__limits *limits = make();
	harmony_error error = HARMONY_ERROR_INIT;

	take(limits, 5);
	assert_int_equal(harmony__limits_take(limits, names, 2, MINUTE / 2, &error), HARMONY_RATE);
	assert_non_null(strstr(error.message, "minute"));
	assert_non_null(strstr(error.message, "60 s"));
	assert_int_equal(f.slept, 0);
	harmony__limits_free(limits);
}

static void test_learns(void **state)
{
	harmony__limits *limits = make();

	harmony__limits_learn(limits, "minute", 60, 1, f.wall + 30000);
	take(limits, 1);
	assert_int_equal(f.slept, 0);
	take(limits, 1);
	assert_int_equal(f.slept, 30000);
	take(limits, 59); /* the new allowance stays known */
	assert_int_equal(f.slept, 30000);
	harmony__limits_free(limits);
}

static void test_blocked(void **state)
{
	harmony__limits *limits = make();

	harmony__limits_block(limits, "minute", 7000);
	assert_int_equal(harmony__limits_wait(limits, "minute"), 7000);
	take(limits, 1);
	assert_int_equal(f.slept, 7000);
	harmony__limits_free(limits);
}

/* A wall clock that jumps grants at most one more window, and blocks no longer than one. */
static void test_clock_jumps(void **state)
{
	harmony__limits *limits = make();

	take(limits, 5);
	f.wall -= YEARS;
	assert_true(harmony__limits_wait(limits, "minute") <= MINUTE);
	take(limits, 1);
	assert_true(f.slept <= MINUTE);
	take(limits, 4);
	f.wall += 2 * YEARS;
	take(limits, 5);
	f.slept = 0;
	take(limits, 1);
	assert_int_equal(f.slept, MINUTE);
	harmony__limits_block(limits, "day", YEARS);
	assert_true(harmony__limits_wait(limits, "day") <= 24 * 60 * MINUTE);
	harmony__limits_free(limits);
}

static void test_errors_per_endpoint(void **state)
{
	harmony__limits *limits = make();

	for (int i = 0; i < 8; i++) {
		assert_true(harmony__limits_may_err(limits, "SalesEntries"));
		harmony__limits_error(limits, "SalesEntries");
	}
	assert_false(harmony__limits_may_err(limits, "SalesEntries"));
	assert_true(harmony__limits_may_err(limits, "PurchaseEntries"));
	fake_pass(&f, 60 * MINUTE);
	assert_true(harmony__limits_may_err(limits, "SalesEntries"));
	harmony__limits_free(limits);
}

static void test_report(void **state)
{
	harmony__limits *limits = make();
	harmony__buf out;

	harmony__buf_init(&out, host.context, 4096);
	take(limits, 2);
	fake_pass(&f, 10000);
	assert_int_equal(harmony__limits_report(limits, &out), HARMONY_OK);
	assert_non_null(strstr(out.data, "\"minute\":{\"allowed\":5,\"remaining\":3,\"renewed_in\":50}"));
	harmony__buf_free(&out);
	harmony__limits_free(limits);
}

/* A memo that somebody damaged costs its windows' history, nothing else. */
static void test_damaged_memo(void **state)
{
	harmony__limits *limits = make();

	assert_int_equal(fake_save("calls", "minute x\n\n\xff\xff day 1 2", 20, &f, NULL), HARMONY_OK);
	take(limits, 5);
	assert_int_equal(f.slept, 0);
	harmony__limits_free(limits);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {
		TEST(test_paces),   TEST(test_shared_by_processes), TEST(test_patience),
		TEST(test_learns),  TEST(test_blocked),             TEST(test_clock_jumps),
		TEST(test_report),  TEST(test_errors_per_endpoint), TEST(test_damaged_memo),
		TEST(test_several), TEST(test_slides),              TEST(test_slides_and_learns)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
