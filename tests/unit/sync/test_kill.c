/* SPDX-License-Identifier: MIT */
/* A service that is killed again and again while it takes in files and offers them: each
   entry is booked once, no file is left. The package's books are a file that outlives it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "../../support/scripted.h"

static const harmony_connector one_by_one =
    SCRIPTED("scripted", SCRIPTED_KINDS | HARMONY_CAN_FIND, 1, 0, 0);

static const char folder[] = "harmony-kill";
static const char file[] = "harmony-kill/fmuta6.csv";
#define ROUNDS 60
#define EACH   8

static harmony_context *context;

static harmony_status open_store(harmony_store **out, void *user, harmony_error *error)
{
	harmony_store_options options = HARMONY_STORE_OPTIONS_INIT;
	(void)user;
	options.path = "harmony-kill/harmony.db";
	return harmony_store_open(out, context, &options, error);
}

static harmony_settings *settings(void)
{
	static const char *const pairs[][2] = {{"export_path", "fmuta6.csv"},
					       {"archive_path", "done"},
					       {"import_path", "dbopen.csv"},
					       {"interval", "1s"},
					       {"stable", "0s"}};
	harmony_settings *list;

	assert_int_equal(harmony_settings_new(&list, context, NULL), HARMONY_OK);
	for (size_t i = 0; i < 5; i++)
		(void)harmony_settings_set(list, pairs[i][0], pairs[i][1], NULL);
	return list;
}

static void nap(long milliseconds)
{
	const struct timespec time = {0, milliseconds * 1000000};
	nanosleep(&time, NULL);
}

/* The service, until it is killed. */
static void serve(void)
{
	harmony_schedule_options options = HARMONY_SCHEDULE_OPTIONS_INIT;
	harmony_schedule *schedule;
	harmony_settings *list;

	assert_int_equal(harmony_context_new(&context, NULL, NULL), HARMONY_OK);
	scripted_context = context;
	list = settings();
	options.open_store = open_store;
	options.folder = folder;
	options.scan = 5;
	assert_int_equal(harmony_schedule_new(&schedule, context, &options, NULL), HARMONY_OK);
	harmony_schedule_begin(schedule);
	assert_int_equal(harmony_schedule_add(schedule, "bakery", list, &one_by_one, NULL),
			 HARMONY_OK);
	assert_int_equal(harmony_schedule_apply(schedule, NULL), HARMONY_OK);
	for (;;) {
		int did = 0;
		(void)harmony_schedule_step(&did, schedule, NULL);
		if (!did)
			nap(1);
	}
}

static void drop_file(unsigned first)
{
	FILE *out = fopen("harmony-kill/new", "we");
	assert_non_null(out);
	for (unsigned i = 0; i < EACH; i++)
		fprintf(out,
			"{\"kind\":\"sales_invoice\",\"journal\":\"70\",\"year\":2024,\"entry_number\":"
			"\"%u\",\"party\":\"1001\",\"date\":\"2024-01-15\",\"total\":\"1.00\",\"lines\":"
			"[{\"number\":1,\"account\":\"8000\",\"amount\":\"1.00\"}]}\n",
			first + i);
	fclose(out);
	assert_int_equal(rename("harmony-kill/new", file), 0);
}

static unsigned lines_in_books(void)
{
	char line[512];
	unsigned lines = 0;
	FILE *log = fopen("harmony-kill/books", "re");
	while (log != NULL && fgets(line, sizeof(line), log) != NULL)
		lines++;
	if (log != NULL)
		fclose(log);
	return lines;
}

/* What a kill left in doubt a person has looked up at once. */
static void finish(void)
{
	harmony_sync_options options = HARMONY_SYNC_OPTIONS_INIT;
	harmony_sync *sync;
	harmony_run run = HARMONY_RUN_INIT;

	assert_int_equal(harmony_context_new(&context, NULL, NULL), HARMONY_OK);
	scripted_context = context;
	harmony_settings *list = settings();
	options.folder = folder;
	assert_int_equal(open_store(&options.store, NULL, NULL), HARMONY_OK);
	assert_int_equal(harmony_sync_new(&sync, context, &options, NULL), HARMONY_OK);
	assert_int_equal(harmony_sync_add(sync, "bakery", list, &one_by_one, NULL), HARMONY_OK);
	assert_int_equal(harmony_sync_export(&run, sync, "bakery", NULL, NULL), HARMONY_OK);
	assert_int_equal(run.status, HARMONY_OK);
	assert_int_equal(run.records.total, run.records.booked + run.records.skipped);
	harmony_settings_free(list);
	harmony_sync_free(sync);
	harmony_store_close(options.store);
	harmony_context_free(context);
}

static void books_once_through_kills(void **state)
{
	unsigned dropped = 0, seed = 12345;

	(void)state;
	assert_int_equal(system("rm -rf harmony-kill"), 0);
	assert_int_equal(mkdir(folder, 0700), 0);
	scripted.log = "harmony-kill/books";
	/* A machine that is busy gets through few of them: then there are more rounds. */
	for (int round = 0; round < ROUNDS || (dropped <= 3 && round < 50 * ROUNDS); round++) {
		if (access(file, F_OK) != 0) /* the last one was taken and archived */
			drop_file(1 + EACH * dropped++);
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			serve();
		seed = seed * 1103515245 + 12345;
		nap(10 + (long)(seed >> 16) % 60);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	finish();
	print_message("%u files, %u of %u entries in the books\n", dropped, lines_in_books(),
		      EACH * dropped);
	assert_true(dropped > 3);
	assert_int_equal(lines_in_books(), EACH * dropped);
	assert_int_equal(access(file, F_OK), -1);
	assert_int_equal(system("rm -rf harmony-kill"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(books_once_through_kills)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
