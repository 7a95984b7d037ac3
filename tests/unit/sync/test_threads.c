/* SPDX-License-Identifier: MIT */
/* The schedule on its own threads, in real time: what must hold whichever way they run. Made
   for the thread sanitizer, too. Waits for events, and never for time alone. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../support/packages.h"

#define INTEGRATIONS 24
#define RECORDS      20

/* ---- a house ---- */

static char folder[64];
static harmony_context *context;
static harmony_schedule *schedule;
static harmony_schedule_options options;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned runs, begun[HARMONY_PROBLEMS], hangs;
static bool let_go;
static atomic_int telling; /* two events at once */
static atomic_int overlapping;

static harmony_status open_store(harmony_store **out, void *user, harmony_error *error)
{
	harmony_store_options store = HARMONY_STORE_OPTIONS_INIT;
	char path[96];

	(void)user;
	(void)snprintf(path, sizeof(path), "%s/harmony.db", folder);
	store.path = path;
	return harmony_store_open(out, context, &store, error);
}

static harmony_status see_nothing(const harmony_schedule_state *state, void *user)
{
	*(unsigned *)user += state->problems;
	return HARMONY_OK;
}

static void on_event(const harmony_schedule_event *event, void *user)
{
	unsigned sum = 0;

	(void)user;
	if (atomic_fetch_add(&telling, 1) > 0)
		atomic_fetch_add(&overlapping, 1);
	/* allowed from within an event */
	(void)harmony_schedule_snapshot(NULL, schedule, see_nothing, &sum);
	(void)harmony_schedule_hint(schedule, event->integration);
	pthread_mutex_lock(&lock);
	runs += event->type == HARMONY_SCHEDULE_RUN_ENDED;
	if (event->type == HARMONY_SCHEDULE_PROBLEM_BEGUN)
		begun[event->problem]++;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	atomic_fetch_sub(&telling, 1);
}

/* Waits until `done` says so; fails after a minute or two. */
static void wait_until(bool (*done)(void))
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 120;
	pthread_mutex_lock(&lock);
	while (!done())
		if (pthread_cond_timedwait(&changed, &lock, &end) != 0)
			break;
	bool was = done();
	pthread_mutex_unlock(&lock);
	assert_true(was);
}

static int set_up(void **state)
{
	(void)state;
	packages_reset();
	runs = hangs = 0;
	let_go = false;
	memset(begun, 0, sizeof(begun));
	atomic_store(&overlapping, 0);
	(void)snprintf(folder, sizeof(folder), "harmony-threads-XXXXXX");
	assert_non_null(mkdtemp(folder));
	assert_int_equal(harmony_context_new(&context, NULL, NULL), HARMONY_OK);
	options = (harmony_schedule_options)HARMONY_SCHEDULE_OPTIONS_INIT;
	options.open_store = open_store;
	options.folder = folder;
	options.event = on_event;
	options.scan = 200;
	options.workers = 6;
	assert_int_equal(harmony_schedule_new(&schedule, context, &options, NULL), HARMONY_OK);
	return 0;
}

static int tear_down(void **state)
{
	char command[160];

	(void)state;
	harmony_schedule_free(schedule);
	harmony_context_free(context);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static void set_of(unsigned count, const char *interval)
{
	harmony_schedule_begin(schedule);
	for (unsigned i = 0; i < count; i++) {
		harmony_settings *list;
		char name[16], text[96];
		(void)snprintf(name, sizeof(name), "i%u", i);
		assert_int_equal(harmony_settings_new(&list, context, NULL), HARMONY_OK);
		(void)snprintf(text, sizeof(text), "%u", i);
		(void)harmony_settings_set(list, "administration", text, NULL);
		(void)snprintf(text, sizeof(text), "%s/i%u", folder, i);
		(void)mkdir(text, 0700);
		(void)snprintf(text, sizeof(text), "i%u/fmuta6.csv", i);
		(void)harmony_settings_set(list, "export_path", text, NULL);
		(void)snprintf(text, sizeof(text), "i%u/done", i);
		(void)harmony_settings_set(list, "archive_path", text, NULL);
		(void)snprintf(text, sizeof(text), "i%u/dbopen.csv", i);
		if (interval != NULL)
			(void)harmony_settings_set(list, "import_path", text, NULL);
		(void)harmony_settings_set(list, "interval", interval != NULL ? interval : "1h", NULL);
		(void)harmony_settings_set(list, "stable", "0s", NULL);
		assert_int_equal(
		    harmony_schedule_add(schedule, name, list, &package_connector, NULL), HARMONY_OK);
		harmony_settings_free(list);
	}
	assert_int_equal(harmony_schedule_apply(schedule, NULL), HARMONY_OK);
}

static void drop_file(unsigned number, unsigned first, unsigned count)
{
	char path[128], temporary[140];

	(void)snprintf(path, sizeof(path), "%s/i%u/fmuta6.csv", folder, number);
	(void)snprintf(temporary, sizeof(temporary), "%s.new", path);
	FILE *out = fopen(temporary, "we");
	assert_non_null(out);
	for (unsigned i = 0; i < count; i++)
		fprintf(out,
			"{\"kind\":\"sales_invoice\",\"journal\":\"70\",\"year\":2024,\"entry_number\":"
			"\"%u\",\"party\":\"1001\",\"date\":\"2024-01-15\",\"total\":\"1.00\",\"lines\":"
			"[{\"number\":1,\"account\":\"8000\",\"amount\":\"1.00\"}]}\n",
			first + i);
	fclose(out);
	assert_int_equal(rename(temporary, path), 0);
}

static unsigned booked(unsigned number)
{
	unsigned count = 0;
	for (unsigned i = 0; i < ENTRIES_EACH; i++)
		count += atomic_load(&packages[number].booked[i]);
	return count;
}

static void nothing_twice(void)
{
	for (unsigned i = 0; i < PACKAGES; i++) {
		assert_int_equal(atomic_load(&packages[i].crowded), 0);
		for (unsigned j = 0; j < ENTRIES_EACH; j++)
			assert_true(atomic_load(&packages[i].booked[j]) <= 1);
	}
	assert_int_equal(atomic_load(&overlapping), 0);
}

/* ---- tests ---- */

static bool all_booked(void)
{
	for (unsigned i = 0; i < INTEGRATIONS; i++)
		if (booked(i) < RECORDS)
			return false;
	return true;
}

static bool all_polled(void)
{
	for (unsigned i = 0; i < INTEGRATIONS; i++)
		if (atomic_load(&packages[i].imports) < 2)
			return false;
	return true;
}

static unsigned polls_before;

static bool polled_again(void)
{
	return atomic_load(&packages[0].imports) > polls_before;
}

static void works_side_by_side(void **state)
{
	harmony_schedule_totals totals = HARMONY_SCHEDULE_TOTALS_INIT;
	unsigned sum = 0;

	(void)state;
	set_of(INTEGRATIONS, "1s");
	assert_int_equal(harmony_schedule_start(schedule, NULL), HARMONY_OK);
	assert_int_equal(harmony_schedule_start(schedule, NULL), HARMONY_STATE);
	assert_int_equal(harmony_schedule_step(NULL, schedule, NULL), HARMONY_STATE);
	for (unsigned i = 0; i < INTEGRATIONS; i++) {
		drop_file(i, 1, RECORDS);
		(void)harmony_schedule_hint(schedule, NULL);
		(void)harmony_schedule_snapshot(&totals, schedule, see_nothing, &sum);
		if (i % 8 == 7) /* and the configuration changes under it */
			set_of(INTEGRATIONS, i % 16 == 7 ? "2s" : "1s");
	}
	wait_until(all_booked);
	wait_until(all_polled);
	assert_int_equal(harmony_schedule_stop(schedule, 20000, NULL), HARMONY_OK);
	nothing_twice();
	for (unsigned i = 0; i < INTEGRATIONS; i++)
		assert_int_equal(booked(i), RECORDS);
	assert_int_equal(begun[HARMONY_PROBLEM_PACKAGE], 0);
	assert_int_equal(begun[HARMONY_PROBLEM_STORE], 0);
	(void)harmony_schedule_snapshot(&totals, schedule, see_nothing, &sum);
	assert_int_equal(totals.busy, 0);
	assert_int_equal(totals.workers, 0);
	/* stopped, it can go on */
	polls_before = atomic_load(&packages[0].imports);
	assert_int_equal(harmony_schedule_start(schedule, NULL), HARMONY_OK);
	assert_int_equal(harmony_schedule_poke(schedule, "i0"), HARMONY_OK);
	wait_until(polled_again);
	assert_int_equal(harmony_schedule_stop(schedule, 20000, NULL), HARMONY_OK);
}

/* Each record takes the package's own time, which a stop ends. */
static void slow(unsigned number, const char *what)
{
	const harmony_host *host = packages[number].host;
	(void)host->sleep(strcmp(what, "import") == 0 ? 600000 : 20, host->user);
	pthread_mutex_lock(&lock);
	hangs++;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static unsigned goal;

static bool goal_reached(void)
{
	return booked(0) >= goal;
}

static void a_stop_loses_nothing(void **state)
{
	struct timespec from, to;

	(void)state;
	packages_work = slow;
	set_of(1, NULL);
	drop_file(0, 1, 400);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(harmony_schedule_start(schedule, NULL), HARMONY_OK);
		goal = booked(0) + 3;
		wait_until(goal_reached);
		clock_gettime(CLOCK_MONOTONIC, &from);
		assert_int_equal(harmony_schedule_stop(schedule, 10000, NULL), HARMONY_OK);
		clock_gettime(CLOCK_MONOTONIC, &to);
		assert_true(to.tv_sec - from.tv_sec <= 5);
		nothing_twice();
	}
	print_message("%u of 400 booked before the last start\n", booked(0));
	assert_true(booked(0) < 400);
	packages_work = NULL;
	assert_int_equal(harmony_schedule_start(schedule, NULL), HARMONY_OK);
	goal = 400;
	wait_until(goal_reached);
	assert_int_equal(harmony_schedule_stop(schedule, 20000, NULL), HARMONY_OK);
	nothing_twice();
	assert_int_equal(booked(0), 400);
	assert_int_equal(begun[HARMONY_PROBLEM_PACKAGE], 0);
}

static bool first_import(void)
{
	return atomic_load(&packages[0].inside) > 0;
}

static void signal_enter(unsigned number, const char *what)
{
	pthread_mutex_lock(&lock);
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	slow(number, what);
}

static void a_stop_ends_a_sleeping_import(void **state)
{
	(void)state;
	packages_work = signal_enter;
	set_of(1, "1h");
	assert_int_equal(harmony_schedule_start(schedule, NULL), HARMONY_OK);
	wait_until(first_import);
	assert_int_equal(harmony_schedule_stop(schedule, 10000, NULL), HARMONY_OK);
	assert_int_equal(hangs, 1);
}

/* How many calls are at work at once: at the most, and after the first ones. */
static unsigned at_work, calls, most, most_later;

static void count_at_work(unsigned number, const char *what)
{
	const harmony_host *host = packages[number].host;

	(void)what;
	pthread_mutex_lock(&lock);
	calls++;
	at_work++;
	most = at_work > most ? at_work : most;
	if (calls > 12)
		most_later = at_work > most_later ? at_work : most_later;
	pthread_mutex_unlock(&lock);
	(void)host->sleep(20, host->user);
	pthread_mutex_lock(&lock);
	at_work--;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static unsigned wanted; /* at once, at the least */

static bool called_often(void)
{
	return calls >= 30 && most >= wanted;
}

static void leaves_workers_for_others(void **state)
{
	(void)state;
	for (int down = 0; down < 2; down++) {
		packages_work = count_at_work;
		at_work = calls = most = most_later = 0;
		wanted = down ? 1 : 2;
		for (unsigned i = 0; i < PACKAGES; i++)
			atomic_store(&packages[i].status, down ? HARMONY_RETRY : HARMONY_OK);
		set_of(0, NULL);
		set_of(40, "1s");
		assert_int_equal(harmony_schedule_start(schedule, NULL), HARMONY_OK);
		wait_until(called_often);
		assert_int_equal(harmony_schedule_stop(schedule, 10000, NULL), HARMONY_OK);
		print_message("%s: %u at once, later %u, of %u workers\n",
			      down ? "down" : "up", most, most_later, options.workers);
		assert_in_range(most, wanted, 4); /* three quarters of 6 */
		assert_in_range(most_later, 1, down ? 1 : 4);
	}
}

/* Does not listen. */
static void deaf(unsigned number, const char *what)
{
	(void)number, (void)what;
	pthread_mutex_lock(&lock);
	hangs++;
	pthread_cond_broadcast(&changed);
	while (!let_go)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

static bool hanging(void)
{
	return hangs > 0;
}

static void a_stop_does_not_wait_for_ever(void **state)
{
	harmony_error error = HARMONY_ERROR_INIT;

	(void)state;
	packages_work = deaf;
	set_of(1, "1h");
	assert_int_equal(harmony_schedule_start(schedule, NULL), HARMONY_OK);
	wait_until(hanging);
	assert_int_equal(harmony_schedule_stop(schedule, 100, &error), HARMONY_BUSY);
	print_message("%s\n", error.message);
	assert_int_equal(harmony_schedule_stop(schedule, 100, NULL), HARMONY_BUSY);
	pthread_mutex_lock(&lock);
	let_go = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	assert_int_equal(harmony_schedule_stop(schedule, 20000, NULL), HARMONY_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(works_side_by_side), TEST(a_stop_loses_nothing),
					   TEST(leaves_workers_for_others), TEST(a_stop_ends_a_sleeping_import),
					   TEST(a_stop_does_not_wait_for_ever)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
