/* SPDX-License-Identifier: MIT */
/* Every allocation of a schedule fails once: it mends itself, and in the end all is booked and
   nothing twice. Or it fails for good: nothing leaks, nothing is lost, and the next start does
   the work. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../support/sweep.h"

#include "../../support/packages.h"

static const char folder[] = "harmony-schedule-sweep";
static const char file[] = "harmony-schedule-sweep/fmuta6.csv";
static int64_t passed;
static harmony_context *of_store;

static int64_t clock_wall(void *user)
{
	(void)user;
	return INT64_C(1700000000000) + passed;
}

static int64_t clock_monotonic(void *user)
{
	(void)user;
	return INT64_C(5000000) + passed;
}

static harmony_status clock_sleep(int64_t milliseconds, void *user)
{
	(void)user;
	passed += milliseconds;
	return HARMONY_OK;
}

static harmony_status open_store(harmony_store **out, void *user, harmony_error *error)
{
	harmony_store_options options = HARMONY_STORE_OPTIONS_INIT;
	(void)user;
	options.path = "harmony-schedule-sweep/harmony.db";
	return harmony_store_open(out, of_store, &options, error);
}

static void begin_anew(void)
{
	assert_int_equal(system("rm -rf harmony-schedule-sweep"), 0);
	assert_int_equal(mkdir(folder, 0700), 0);
	packages_reset();
	FILE *out = fopen(file, "we");
	assert_non_null(out);
	for (int i = 1; i <= 3; i++)
		fprintf(out,
			"{\"kind\":\"sales_invoice\",\"journal\":\"70\",\"year\":2024,\"entry_number\":"
			"\"%d\",\"party\":\"1001\",\"date\":\"2024-01-15\",\"total\":\"1.00\",\"lines\":"
			"[{\"number\":1,\"account\":\"%s\",\"amount\":\"1.00\"}]}\n",
			i, i == 2 ? "BAD" : "8000");
	fclose(out);
}

static harmony_status fill(harmony_schedule *schedule, harmony_context *context)
{
	static const char *const pairs[][2] = {{"administration", "0"},
					       {"export_path", "fmuta6.csv"},
					       {"archive_path", "done"},
					       {"import_path", "dbopen.csv"}};
	harmony_settings *list = NULL;
	harmony_status status = harmony_settings_new(&list, context, NULL);

	for (size_t i = 0; i < 4 && status == HARMONY_OK; i++)
		status = harmony_settings_set(list, pairs[i][0], pairs[i][1], NULL);
	harmony_schedule_begin(schedule);
	if (status == HARMONY_OK)
		status = harmony_schedule_add(schedule, "bakery", list, &package_connector, NULL);
	if (status == HARMONY_OK)
		status = harmony_schedule_apply(schedule, NULL);
	harmony_settings_free(list);
	return status;
}

/* Two hours of service, as far as they go. */
static harmony_status serve(harmony_context *context)
{
	harmony_schedule_options options = HARMONY_SCHEDULE_OPTIONS_INIT;
	harmony_schedule *schedule = NULL;
	int64_t next, end = passed + INT64_C(7200000);
	harmony_status status;

	of_store = context;
	options.open_store = open_store;
	options.folder = folder;
	options.scan = 600000;
	options.sleep = clock_sleep;
	status = harmony_schedule_new(&schedule, context, &options, NULL);
	if (status == HARMONY_OK)
		status = fill(schedule, context);
	while (status == HARMONY_OK &&
	       (next = harmony_schedule_next_due(schedule)) != INT64_MAX && passed + next <= end) {
		passed += next;
		status = harmony_schedule_step(NULL, schedule, NULL);
	}
	harmony_schedule_free(schedule);
	return status;
}

static void all_is_booked(void)
{
	assert_int_equal(packages[0].booked[1], 1);
	assert_int_equal(packages[0].booked[2], 0);
	assert_int_equal(packages[0].booked[3], 1);
	assert_int_equal(access(file, F_OK), -1);
	assert_int_equal(access("harmony-schedule-sweep/dbopen.csv", F_OK), 0);
}

static bool fails_at(long k, bool for_good)
{
	sweep s = {.fail_at = -1};
	const harmony_allocator allocator = {sizeof(allocator), sweep_resize, &s};
	const harmony_clock clock = {sizeof(clock), clock_wall, clock_monotonic, NULL};
	harmony_context_options options = HARMONY_CONTEXT_OPTIONS_INIT;
	harmony_context *context;

	options.allocator = &allocator;
	options.clock = &clock;
	begin_anew();
	assert_int_equal(harmony_context_new(&context, &options, NULL), HARMONY_OK);
	s.fail_at = s.calls + k;
	s.for_good = for_good;
	harmony_status status = serve(context);
	s.fail_at = -1;
	if (status == HARMONY_OK && !for_good)
		all_is_booked();
	if (s.failed) /* the next start */
		assert_int_equal(serve(context), HARMONY_OK);
	all_is_booked();
	harmony_context_free(context);
	assert_int_equal(s.live, 0);
	return s.failed;
}

static void mends_itself(void **state)
{
	long once = 0, for_good = 0;

	(void)state;
	while (fails_at(once, false))
		once++;
	while (fails_at(for_good, true)) /* the first ones of each part are like the others */
		for_good += for_good < 100 ? 1 : 7;
	print_message("%ld allocations\n", once);
	assert_true(once > 100);
	assert_int_equal(system("rm -rf harmony-schedule-sweep"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(mends_itself)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
