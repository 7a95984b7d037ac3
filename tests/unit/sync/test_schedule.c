/* SPDX-License-Identifier: MIT */
/* The schedule with a clock of its own: hours pass in a moment, and nothing sleeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../support/packages.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

/* ---- a house of its own for each test ---- */

typedef struct told {
	unsigned runs_begun, runs_ended, aside;
	unsigned begun[HARMONY_PROBLEMS], ended[HARMONY_PROBLEMS];
	char lines[1024], message[768], path[512], whose[HARMONY_NAME_SIZE];
	harmony_run run;
	int64_t export_ended[PACKAGES]; /* monotonic, of the last one that booked */
} told;

typedef struct house {
	char folder[64];
	harmony_context *context;
	harmony_schedule *schedule;
	harmony_schedule_options options;
	harmony_error error;
	int64_t wall, monotonic;
	int store_status; /* not 0: what open_store gives */
	void (*on_begun)(void); /* files are taken in, and not moved yet */
	told told;
} house;

static house h;

static int64_t house_wall(void *user)
{
	return INT64_C(1700000000000) + ((house *)user)->wall;
}

static int64_t house_monotonic(void *user)
{
	return INT64_C(50000000) + ((house *)user)->monotonic;
}

static void pass(int64_t milliseconds)
{
	h.wall += milliseconds;
	h.monotonic += milliseconds;
}

static harmony_status house_sleep(int64_t milliseconds, void *user)
{
	(void)user;
	pass(milliseconds);
	return HARMONY_OK;
}

static harmony_status house_store(harmony_store **out, void *user, harmony_error *error)
{
	harmony_store_options options = HARMONY_STORE_OPTIONS_INIT;
	char path[96];

	(void)user;
	if (h.store_status != HARMONY_OK)
		return harmony_error_set(error, h.store_status, NULL, "the disk is full");
	(void)snprintf(path, sizeof(path), "%s/harmony.db", h.folder);
	options.path = path;
	return harmony_store_open(out, h.context, &options, error);
}

static unsigned number_of(const char *name)
{
	return (unsigned)strtoul(name + 1, NULL, 10);
}

static void house_event(const harmony_schedule_event *event, void *user)
{
	told *t = &((house *)user)->told;

	assert_int_equal(event->struct_size, sizeof(*event));
	if (event->type == HARMONY_SCHEDULE_RUN_BEGUN) {
		t->runs_begun++;
		if (h.on_begun != NULL)
			h.on_begun();
		h.on_begun = NULL;
	}
	if (event->type == HARMONY_SCHEDULE_RUN_ENDED) {
		t->runs_ended++;
		t->run = *event->run;
		if (event->run->records.booked > 0)
			t->export_ended[number_of(event->integration)] = h.monotonic;
	}
	if (event->type == HARMONY_SCHEDULE_FILE_ASIDE) {
		t->aside++;
		(void)snprintf(t->path, sizeof(t->path), "%s", event->path);
	}
	if (event->type == HARMONY_SCHEDULE_PROBLEM_BEGUN) {
		t->begun[event->problem]++;
		(void)snprintf(t->lines, sizeof(t->lines), "%s", event->lines);
		(void)snprintf(t->message, sizeof(t->message), "%s", event->message);
		(void)snprintf(t->whose, sizeof(t->whose), "%s", event->integration);
		if (event->problem == HARMONY_PROBLEM_ARCHIVE)
			(void)snprintf(t->path, sizeof(t->path), "%s", event->path);
		assert_true(event->message[0] != '\0');
		assert_true(event->since > 0);
	}
	if (event->type == HARMONY_SCHEDULE_PROBLEM_ENDED)
		t->ended[event->problem]++;
}

static void open_schedule(void)
{
	assert_int_equal(harmony_schedule_new(&h.schedule, h.context, &h.options, &h.error),
			 HARMONY_OK);
}

static int set_up(void **state)
{
	harmony_context_options options = HARMONY_CONTEXT_OPTIONS_INIT;
	harmony_clock clock = {sizeof(clock), house_wall, house_monotonic, &h};

	(void)state;
	packages_reset();
	h = (house){.error = HARMONY_ERROR_INIT, .options = HARMONY_SCHEDULE_OPTIONS_INIT};
	(void)snprintf(h.folder, sizeof(h.folder), "harmony-schedule-XXXXXX");
	assert_non_null(mkdtemp(h.folder));
	options.clock = &clock;
	assert_int_equal(harmony_context_new(&h.context, &options, NULL), HARMONY_OK);
	h.options.open_store = house_store;
	h.options.folder = h.folder;
	h.options.event = house_event;
	h.options.sleep = house_sleep;
	h.options.user = &h;
	open_schedule();
	return 0;
}

static int tear_down(void **state)
{
	char command[160];

	(void)state;
	harmony_schedule_free(h.schedule);
	harmony_context_free(h.context);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", h.folder);
	return system(command);
}

/* ---- integrations ---- */

/* Integration "iN" of package N: its folder is FOLDER/iN. Pairs of settings, NULL at the end. */
static harmony_status add(unsigned number, const char *const *settings)
{
	char name[16], text[128];
	harmony_settings *list;
	harmony_status status;

	(void)snprintf(name, sizeof(name), "i%u", number);
	(void)snprintf(text, sizeof(text), "%s/%s", h.folder, name);
	(void)mkdir(text, 0700);
	assert_int_equal(harmony_settings_new(&list, h.context, NULL), HARMONY_OK);
	(void)snprintf(text, sizeof(text), "%u", number);
	(void)harmony_settings_set(list, "administration", text, NULL);
	for (size_t i = 0; settings != NULL && settings[i] != NULL; i += 2) {
		bool path = strstr(settings[i], "_path") != NULL;
		(void)snprintf(text, sizeof(text), "%s%s%s", path ? name : "", path ? "/" : "",
			       settings[i + 1]);
		(void)harmony_settings_set(list, settings[i], text, NULL);
	}
	harmony_error_clear(&h.error);
	status = harmony_schedule_add(h.schedule, name, list, &package_connector, &h.error);
	harmony_settings_free(list);
	return status;
}

static void set_of(unsigned count, const char *const *settings)
{
	harmony_schedule_begin(h.schedule);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(add(i, settings), HARMONY_OK);
	assert_int_equal(harmony_schedule_apply(h.schedule, &h.error), HARMONY_OK);
}

static const char *const imports[] = {"import_path", "dbopen.csv", "interval", "30m", NULL};
static const char *const exports[] = {"export_path", "fmuta6.csv", NULL};
static const char *const archives[] = {"export_path", "fmuta6.csv", "archive_path", "done", NULL};

/* ---- time ---- */

/* Does what is due until so much time has passed. */
static unsigned run_for(int64_t milliseconds)
{
	int64_t end = h.monotonic + milliseconds;
	unsigned jobs = 0;
	int did;

	for (;;) {
		int64_t next = harmony_schedule_next_due(h.schedule);
		if (next == INT64_MAX || h.monotonic + next > end)
			break;
		pass(next);
		assert_int_equal(harmony_schedule_step(&did, h.schedule, &h.error), HARMONY_OK);
		jobs += did != 0;
		assert_true(jobs < 200000);
	}
	if (h.monotonic < end)
		pass(end - h.monotonic);
	return jobs;
}

/* ---- files ---- */

static void path_of(char path[128], unsigned number, const char *name)
{
	(void)snprintf(path, 128, "%s/i%u/%s", h.folder, number, name);
}

static void write_text(unsigned number, const char *name, const char *text, const char *mode)
{
	char path[128];
	path_of(path, number, name);
	FILE *out = fopen(path, mode);
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static bool is_there(unsigned number, const char *name)
{
	char path[128];
	path_of(path, number, name);
	return access(path, F_OK) == 0;
}

static const char *entry(unsigned number, const char *account)
{
	static char line[512];
	(void)snprintf(line, sizeof(line),
		       "{\"kind\":\"sales_invoice\",\"journal\":\"70\",\"year\":2024,"
		       "\"entry_number\":\"%u\",\"party\":\"1001\",\"date\":\"2024-01-15\","
		       "\"total\":\"1.00\",\"lines\":[{\"number\":1,\"account\":\"%s\","
		       "\"amount\":\"1.00\"}]}\n",
		       number, account);
	return line;
}

static void write_entries(unsigned number, unsigned first, unsigned count)
{
	char path[128], temporary[140];
	path_of(path, number, "fmuta6.csv");
	(void)snprintf(temporary, sizeof(temporary), "%s.new", path);
	FILE *out = fopen(temporary, "we");
	assert_non_null(out);
	for (unsigned i = 0; i < count; i++)
		fputs(entry(first + i, "8000"), out);
	fclose(out);
	assert_int_equal(rename(temporary, path), 0);
}

static unsigned booked(unsigned number)
{
	unsigned count = 0;
	for (unsigned i = 0; i < ENTRIES_EACH; i++) {
		assert_true(packages[number].booked[i] <= 1);
		count += packages[number].booked[i];
	}
	return count;
}

/* ---- snapshots ---- */

typedef struct wanted {
	const char *name;
	harmony_schedule_state state;
	int64_t last_export; /* number of the run: the run itself is borrowed */
	unsigned count;
} wanted;

static harmony_status keep_state(const harmony_schedule_state *state, void *user)
{
	wanted *look = user;
	look->count++;
	if (strcmp(state->name, look->name) == 0) {
		look->state = *state;
		look->last_export = state->last_export->id;
		assert_string_equal(state->last_import->integration,
				    state->last_import->id != 0 ? look->name : "");
	}
	return HARMONY_OK;
}

static wanted look_at(const char *name)
{
	wanted look = {.name = name};
	assert_int_equal(harmony_schedule_snapshot(NULL, h.schedule, keep_state, &look), HARMONY_OK);
	return look;
}

static harmony_schedule_state state_of(const char *name)
{
	return look_at(name).state;
}

static harmony_schedule_totals totals(void)
{
	harmony_schedule_totals t = HARMONY_SCHEDULE_TOTALS_INIT;
	assert_int_equal(harmony_schedule_snapshot(&t, h.schedule, NULL, NULL), HARMONY_OK);
	return t;
}

/* ---- polls ---- */

static unsigned polls_now;

static void count_poll(unsigned number, const char *what)
{
	(void)number;
	polls_now += strcmp(what, "import") == 0;
}

static void polls_at_the_interval_and_not_all_at_once(void **state)
{
	unsigned most = 0, all = 0;

	(void)state;
	packages_work = count_poll;
	set_of(60, imports);
	run_for(30 * MINUTE); /* the first one comes at once */
	for (unsigned i = 0; i < 60; i++)
		assert_in_range(packages[i].imports, 1, 2);
	run_for(30 * MINUTE);
	for (unsigned minute = 0; minute < 120; minute++) {
		polls_now = 0;
		run_for(MINUTE);
		most = polls_now > most ? polls_now : most;
		all += polls_now;
	}
	print_message("%u polls in two hours, at the most %u in a minute\n", all, most);
	assert_int_equal(all, 4 * 60);
	assert_in_range(most, 2, 9);
	assert_int_equal(totals().late_max, 0);
}

static int64_t last_poll[PACKAGES], first_poll[PACKAGES];

static void note_poll(unsigned number, const char *what)
{
	if (strcmp(what, "import") != 0)
		return;
	if (last_poll[number] == 0)
		first_poll[number] = h.monotonic;
	last_poll[number] = h.monotonic;
}

static void keeps_its_place_over_a_restart(void **state)
{
	int64_t before[8];

	(void)state;
	packages_work = note_poll;
	set_of(8, imports);
	run_for(2 * HOUR);
	memcpy(before, last_poll, sizeof(before));
	harmony_schedule_free(h.schedule);
	open_schedule();
	set_of(8, imports);
	run_for(30 * MINUTE);
	for (unsigned i = 0; i < 8; i++) {
		print_message("i%u: %lld after %lld\n", i, (long long)last_poll[i],
			      (long long)before[i]);
		assert_int_equal(last_poll[i] - before[i], 30 * MINUTE);
	}
	/* down for hours: all are due, and still one after the other */
	harmony_schedule_free(h.schedule);
	pass(5 * HOUR);
	open_schedule();
	set_of(8, imports);
	run_for(2 * SECOND);
	for (unsigned i = 0; i < 8; i++)
		assert_true(last_poll[i] > before[i] + 5 * HOUR);
	/* a clock set back by a day puts nothing off */
	h.wall -= 24 * HOUR;
	harmony_schedule_free(h.schedule);
	open_schedule();
	set_of(8, imports);
	memcpy(before, last_poll, sizeof(before));
	run_for(2 * SECOND);
	for (unsigned i = 0; i < 8; i++)
		assert_true(last_poll[i] > before[i]);
}

static void knows_its_last_export_however_long_ago(void **state)
{
	static const char *const both[] = {"export_path", "fmuta6.csv", "import_path", "dbopen.csv",
					   "interval",    "1m",         NULL};
	wanted before, after;

	(void)state;
	set_of(1, both);
	write_entries(0, 1, 3);
	run_for(MINUTE);
	before = look_at("i0");
	assert_true(before.state.last_export_ok > 0);
	assert_true(before.last_export > 0);
	run_for(3 * HOUR);
	assert_in_range(packages[0].imports, 150, 200);
	harmony_schedule_free(h.schedule);
	open_schedule();
	set_of(1, both);
	run_for(SECOND);
	after = look_at("i0");
	assert_int_equal(after.last_export, before.last_export);
	assert_int_equal(after.state.last_export_ok, before.state.last_export_ok);
	assert_true(after.state.last_import_ok > before.state.last_import_ok + 2 * HOUR);
}

/* ---- files ---- */

static void takes_a_file_when_it_is_complete(void **state)
{
	(void)state;
	set_of(1, archives);
	run_for(10 * SECOND);
	/* it grows every second, and ends in the middle of a line for a while */
	for (unsigned i = 0; i < 10; i++) {
		write_text(0, "fmuta6.csv", entry(i, "8000"), "ae");
		run_for(SECOND);
	}
	assert_int_equal(booked(0), 0);
	write_text(0, "fmuta6.csv", "{\"kind\":\"customer\",", "ae");
	run_for(15 * SECOND);
	assert_int_equal(booked(0), 0);
	write_text(0, "fmuta6.csv", "\"code\":\"1001\",\"name\":\"Jansen\"}\n", "ae");
	run_for(5 * SECOND);
	assert_int_equal(booked(0), 10);
	assert_false(is_there(0, "fmuta6.csv"));
	assert_int_equal(h.told.runs_begun, 1);
	assert_int_equal(h.told.runs_ended, 1);
	assert_string_equal(h.told.run.file, "fmuta6.csv");
	/* without a line end: after ten times as long */
	write_text(0, "fmuta6.csv", entry(20, "8000"), "we");
	char path[128];
	path_of(path, 0, "fmuta6.csv");
	struct stat info;
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(truncate(path, info.st_size - 1), 0);
	run_for(15 * SECOND);
	assert_int_equal(booked(0), 10);
	run_for(15 * SECOND);
	assert_int_equal(booked(0), 11);
}

static void takes_within_five_seconds(void **state)
{
	(void)state;
	set_of(1, archives);
	run_for(10 * MINUTE);
	write_entries(0, 1, 3);
	int64_t dropped = h.monotonic;
	run_for(10 * SECOND);
	assert_int_equal(booked(0), 3);
	print_message("booked %lld ms after it was there\n",
		      (long long)(h.told.export_ended[0] - dropped));
	assert_in_range(h.told.export_ended[0] - dropped, 1, 5 * SECOND);
	/* a hint makes the look come at once */
	write_entries(0, 11, 3);
	dropped = h.monotonic;
	assert_int_equal(harmony_schedule_hint(h.schedule, "i0"), HARMONY_OK);
	run_for(10 * SECOND);
	assert_in_range(h.told.export_ended[0] - dropped, 1, 2 * SECOND + 100);
	assert_int_equal(harmony_schedule_hint(h.schedule, "nobody"), HARMONY_NOTFOUND);
}

static void leaves_files_without_an_archive(void **state)
{
	(void)state;
	set_of(1, exports);
	write_entries(0, 1, 3);
	run_for(MINUTE);
	assert_int_equal(booked(0), 3);
	assert_true(is_there(0, "fmuta6.csv"));
	assert_int_equal(h.told.runs_ended, 1);
	run_for(HOUR);
	assert_int_equal(h.told.runs_ended, 1);
	/* nor after a restart, nor when it only got a new time */
	harmony_schedule_free(h.schedule);
	open_schedule();
	set_of(1, exports);
	run_for(HOUR);
	assert_int_equal(h.told.runs_ended, 1);
	write_entries(0, 1, 4);
	run_for(MINUTE);
	assert_int_equal(booked(0), 4);
}

static void waits_for_the_companion(void **state)
{
	static const char *const settings[] = {"export_path", "fmuta6.csv", "ready", "yes", NULL};
	static const char *const wrong[] = {"export_path", "fmuta6.csv", "ready", "maybe", NULL};

	(void)state;
	set_of(1, settings);
	write_entries(0, 1, 3);
	run_for(HOUR);
	assert_int_equal(booked(0), 0);
	write_text(0, "FMUTA6.CSV.READY", "", "we"); /* as its system spells it */
	run_for(3 * SECOND);
	assert_int_equal(booked(0), 3);
	assert_false(is_there(0, "FMUTA6.CSV.READY"));
	/* it must not speak for the next file */
	write_entries(0, 11, 3);
	run_for(HOUR);
	assert_int_equal(booked(0), 3);
	write_text(0, "fmuta6.csv.ready", "", "we");
	run_for(3 * SECOND);
	assert_int_equal(booked(0), 6);
	/* nor stay behind when the files are known */
	write_text(0, "fmuta6.csv.ready", "", "we");
	run_for(10 * SECOND);
	assert_false(is_there(0, "fmuta6.csv.ready"));
	harmony_schedule_begin(h.schedule);
	assert_int_equal(add(0, wrong), HARMONY_CONFIG);
}

/* Gives a file a time `seconds` ago, as a tool that keeps the times of what it moves. */
static void made_before(unsigned number, const char *name, time_t seconds)
{
	char path[128];
	struct timespec times[2];

	path_of(path, number, name);
	assert_int_equal(clock_gettime(CLOCK_REALTIME, &times[0]), 0);
	times[0].tv_sec -= seconds;
	times[1] = times[0];
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* Half of the next export: its companion is still to come. */
static void next_files(void)
{
	write_entries(0, 11, 3);
	made_before(0, "fmuta6.csv", 7200);
}

/* A whole one, of a file that was not there before. */
static void next_export(void)
{
	write_text(0, "credit.csv", "{\"kind\":\"supplier\",\"code\":\"2001\",\"name\":\"Smit\"}\n",
		   "we");
	write_text(0, "fmuta6.csv.ready", "", "we");
}

static void a_companion_speaks_of_its_own_files(void **state)
{
	static const char *const settings[] = {"export_path",  "fmuta6.csv", "ready", "yes",
					       "archive_path", "done",       NULL};

	(void)state;
	set_of(1, settings);
	write_entries(0, 1, 3);
	write_text(0, "fmuta6.csv.ready", "", "we");
	made_before(0, "fmuta6.csv.ready", 3600);
	h.on_begun = next_files;
	run_for(HOUR);
	assert_int_equal(booked(0), 3);
	assert_true(is_there(0, "fmuta6.csv"));
	assert_false(is_there(0, "fmuta6.csv.ready"));
	write_text(0, "fmuta6.csv.ready", "", "we");
	made_before(0, "fmuta6.csv.ready", 3600);
	h.on_begun = next_export;
	run_for(3 * SECOND);
	assert_int_equal(booked(0), 6);
	run_for(10 * SECOND);
	assert_string_equal(h.told.run.file, "credit.csv");
	assert_int_equal(h.told.run.records.booked, 1);
	assert_false(is_there(0, "fmuta6.csv.ready"));
}

static void takes_relations_first(void **state)
{
	(void)state;
	set_of(1, archives);
	write_entries(0, 1, 1);
	write_text(0, "Debitr.csv", "{\"kind\":\"customer\",\"code\":\"1001\",\"name\":\"Jansen\"}\n",
		   "we");
	run_for(10 * SECOND);
	assert_string_equal(h.told.run.file, "Debitr.csv, fmuta6.csv");
	assert_int_equal(h.told.run.records.booked, 2);
}

static void sets_unreadable_files_aside(void **state)
{
	static const unsigned char rubbish[] = {0x1f, 0x8b, 0x08, 0x00, 0xff, 0xff, 0xff, 0xff, 0x00};

	(void)state;
	for (int archive = 0; archive < 2; archive++) {
		memset(&h.told, 0, sizeof(h.told));
		unsigned first = archive ? 101 : 1, before = booked(0);
		set_of(1, archive ? archives : exports);
		run_for(10 * SECOND);
		write_entries(0, first, 3);
		char path[128];
		path_of(path, 0, "debitr.csv");
		FILE *out = fopen(path, "we");
		fwrite(rubbish, 1, sizeof(rubbish), out);
		fclose(out);
		run_for(MINUTE);
		/* what lies beside it was taken, and it was told once */
		assert_int_equal(booked(0), before + 3);
		assert_int_equal(h.told.aside, 1);
		print_message("%s: %s\n", h.told.path, h.told.message);
		assert_int_equal(h.told.begun[HARMONY_PROBLEM_FILE], 1);
		assert_int_equal(h.told.ended[HARMONY_PROBLEM_FILE], 0);
		assert_int_equal(access(h.told.path, F_OK), 0);
		assert_int_equal(is_there(0, "debitr.csv"), !archive);
		unsigned ended = h.told.runs_ended;
		run_for(24 * HOUR);
		assert_int_equal(h.told.runs_ended, ended);
		assert_int_equal(h.told.aside, 1);
		assert_true((state_of("i0").problems & 1u << HARMONY_PROBLEM_FILE) != 0);
		/* one of that name that can be read ends it */
		write_text(0, "debitr.csv",
			   "{\"kind\":\"customer\",\"code\":\"1001\",\"name\":\"Jansen\"}\n", "we");
		run_for(MINUTE);
		assert_int_equal(h.told.ended[HARMONY_PROBLEM_FILE], 1);
		assert_int_equal(state_of("i0").problems, 0);
	}
}

static void tells_when_a_share_is_gone(void **state)
{
	char path[128], away[128];

	(void)state;
	set_of(2, archives);
	run_for(MINUTE);
	(void)snprintf(path, sizeof(path), "%s/i0", h.folder);
	(void)snprintf(away, sizeof(away), "%s/away", h.folder);
	assert_int_equal(rename(path, away), 0);
	run_for(24 * HOUR);
	assert_int_equal(h.told.begun[HARMONY_PROBLEM_FOLDER], 1);
	assert_string_equal(h.told.whose, "i0");
	write_entries(1, 1, 2);
	run_for(10 * SECOND);
	assert_int_equal(booked(1), 2); /* nothing else stops */
	assert_int_equal(rename(away, path), 0);
	write_entries(0, 1, 2);
	run_for(20 * SECOND);
	assert_int_equal(h.told.begun[HARMONY_PROBLEM_FOLDER], 1);
	assert_int_equal(h.told.ended[HARMONY_PROBLEM_FOLDER], 1);
	assert_int_equal(booked(0), 2);
}

static void tells_once_what_cannot_be_archived(void **state)
{
	char path[128];

	(void)state;
	for (int restart = 0; restart < 2; restart++) {
		memset(&h.told, 0, sizeof(h.told));
		path_of(path, 0, "done");
		set_of(1, archives);
		run_for(MINUTE);
		write_text(0, "done", "a file where the folder should be", "we");
		write_entries(0, restart ? 101 : 1, 3);
		run_for(24 * HOUR);
		assert_true(is_there(0, "fmuta6.csv")); /* and it is booked all the same, once */
		assert_int_equal(booked(0), restart ? 6 : 3);
		assert_int_equal(h.told.begun[HARMONY_PROBLEM_ARCHIVE], 1);
		assert_int_equal(h.told.ended[HARMONY_PROBLEM_ARCHIVE], 0);
		assert_non_null(strstr(h.told.message, "done"));
		assert_non_null(strstr(h.told.path, "fmuta6.csv"));
		if (restart) {
			harmony_schedule_free(h.schedule);
			open_schedule();
			set_of(1, archives);
			run_for(HOUR);
			assert_int_equal(h.told.begun[HARMONY_PROBLEM_ARCHIVE], 1);
		}
		/* there is room: it goes within a minute or so, and that is told once */
		assert_int_equal(unlink(path), 0);
		run_for(2 * MINUTE);
		assert_false(is_there(0, "fmuta6.csv"));
		assert_int_equal(h.told.begun[HARMONY_PROBLEM_ARCHIVE], 1);
		assert_int_equal(h.told.ended[HARMONY_PROBLEM_ARCHIVE], 1);
		assert_int_equal(state_of("i0").problems, 0);
		path_of(path, 0, "done/x");
		*strrchr(path, '/') = '\0';
		char aside[160];
		(void)snprintf(aside, sizeof(aside), "%s.%d", path, restart);
		assert_int_equal(rename(path, aside), 0);
	}
	/* a person who takes the file away ends it, too */
	write_text(0, "done", "a file where the folder should be", "we");
	write_entries(0, 51, 1);
	run_for(MINUTE);
	assert_int_equal(h.told.begun[HARMONY_PROBLEM_ARCHIVE], 2);
	path_of(path, 0, "fmuta6.csv");
	assert_int_equal(unlink(path), 0);
	run_for(MINUTE);
	assert_int_equal(h.told.ended[HARMONY_PROBLEM_ARCHIVE], 2);
}

static void reads_nothing_but_files(void **state)
{
	static const char *const names[] = {"fmuta6.csv", "debitr.csv"};
	char path[128];

	(void)state;
	set_of(1, archives);
	for (int i = 0; i < 4; i++) {
		memset(&h.told, 0, sizeof(h.told));
		path_of(path, 0, names[i / 2]);
		/* a pipe that nobody writes to must hold nothing up */
		assert_int_equal(i % 2 ? mkdir(path, 0700) : mkfifo(path, 0600), 0);
		run_for(24 * HOUR);
		print_message("%s\n", h.told.message);
		assert_int_equal(h.told.begun[HARMONY_PROBLEM_FILE], 1);
		assert_non_null(strstr(h.told.message, names[i / 2]));
		assert_int_equal(h.told.ended[HARMONY_PROBLEM_FILE], 0);
		assert_int_equal(i % 2 ? rmdir(path) : unlink(path), 0);
		write_text(0, "debitr.csv",
			   "{\"kind\":\"customer\",\"code\":\"1001\",\"name\":\"Jansen\"}\n", "we");
		write_entries(0, 1 + (unsigned)i, 1);
		run_for(MINUTE);
		assert_int_equal(booked(0), 1 + (unsigned)i);
		assert_int_equal(h.told.ended[HARMONY_PROBLEM_FILE], 1);
	}
	/* what cannot even be looked at is told, too */
	path_of(path, 0, "fmuta6.csv");
	assert_int_equal(symlink("fmuta6.csv", path), 0);
	run_for(HOUR);
	assert_int_equal(h.told.begun[HARMONY_PROBLEM_FOLDER], 1);
	assert_non_null(strstr(h.told.message, "fmuta6.csv"));
	assert_int_equal(unlink(path), 0);
	run_for(MINUTE);
	assert_int_equal(h.told.ended[HARMONY_PROBLEM_FOLDER], 1);
}

/* ---- what goes wrong for a while ---- */

static void tells_a_package_that_is_down_once(void **state)
{
	static const char *const both[] = {"export_path", "fmuta6.csv",    "archive_path",
					   "done",        "import_path",   "dbopen.csv",
					   "interval",    "30m",           NULL};

	(void)state;
	set_of(4, both);
	run_for(2 * HOUR);
	unsigned before = h.told.runs_ended;
	for (unsigned i = 0; i < 4; i++)
		packages[i].status = HARMONY_RETRY;
	write_entries(0, 1, 300);
	run_for(24 * HOUR);
	assert_int_equal(h.told.begun[HARMONY_PROBLEM_PACKAGE], 4);
	assert_int_equal(h.told.ended[HARMONY_PROBLEM_PACKAGE], 0);
	assert_int_equal(state_of("i0").records[HARMONY_STATE_WAITING], 300);
	assert_false(is_there(0, "fmuta6.csv")); /* taken in all the same */
	print_message("%u runs in a day without an answer\n", h.told.runs_ended - before);
	assert_true(h.told.runs_ended - before < 4 * 48 + 60);
	for (unsigned i = 0; i < 4; i++)
		packages[i].status = HARMONY_OK;
	packages_work = note_poll;
	last_poll[0] = 0;
	run_for(HOUR + MINUTE);
	print_message("booked %lld ms after the first poll that was answered\n",
		      (long long)(h.told.export_ended[0] - first_poll[0]));
	assert_true(h.told.export_ended[0] <= first_poll[0] + MINUTE);
	assert_int_equal(h.told.begun[HARMONY_PROBLEM_PACKAGE], 4);
	assert_int_equal(h.told.ended[HARMONY_PROBLEM_PACKAGE], 4);
	assert_int_equal(booked(0), 300);
	assert_int_equal(state_of("i0").oldest_waiting, 0);
}

static void leaves_a_package_alone_that_takes_nothing(void **state)
{
	static const struct {
		int status, problem;
	} all[] = {{HARMONY_AUTH, HARMONY_PROBLEM_LOGIN},
		   {HARMONY_RATE, HARMONY_PROBLEM_ALLOWANCE},
		   {HARMONY_CONFIG, HARMONY_PROBLEM_CONFIGURATION},
		   {HARMONY_INDOUBT, HARMONY_PROBLEM_DOUBT}};

	(void)state;
	set_of(4, archives);
	run_for(MINUTE);
	for (unsigned i = 0; i < 4; i++) {
		write_entries(i, 1001, 1);
		run_for(MINUTE);
		memset(&h.told, 0, sizeof(h.told));
		packages[i].status = all[i].status;
		write_entries(i, 1, 200);
		run_for(24 * HOUR);
		print_message("%s: %u runs in a day\n", harmony_problem_word(all[i].problem),
			      h.told.runs_ended);
		assert_int_equal(h.told.begun[all[i].problem], 1);
		assert_int_equal(h.told.ended[all[i].problem], 0);
		assert_true(h.told.runs_ended < (i < 3 ? 40 : 200));
		packages[i].status = HARMONY_OK;
		run_for(2 * HOUR);
		assert_int_equal(booked(i), 201);
		assert_int_equal(h.told.begun[all[i].problem], 1);
		assert_int_equal(h.told.ended[all[i].problem], 1);
	}
}

static void tells_whose_disk_is_full(void **state)
{
	static const char *const both[] = {"export_path", "fmuta6.csv", "import_path",
					   "dbopen.csv",  "interval",   "30m", NULL};
	char path[128];

	(void)state;
	set_of(1, both);
	run_for(MINUTE);
	/* the books', when items are fetched and when entries are offered */
	packages[0].status = HARMONY_IO;
	write_entries(0, 1, 1);
	run_for(2 * HOUR);
	assert_int_equal(h.told.begun[HARMONY_PROBLEM_PACKAGE], 1);
	assert_int_equal(h.told.begun[HARMONY_PROBLEM_SNAPSHOT], 0);
	packages[0].status = HARMONY_OK;
	run_for(2 * HOUR);
	assert_int_equal(h.told.ended[HARMONY_PROBLEM_PACKAGE], 1);
	/* the snapshot's */
	path_of(path, 0, "dbopen.csv");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	run_for(2 * HOUR);
	assert_int_equal(h.told.begun[HARMONY_PROBLEM_SNAPSHOT], 1);
	assert_int_equal(rmdir(path), 0);
	run_for(2 * HOUR);
	assert_int_equal(h.told.ended[HARMONY_PROBLEM_SNAPSHOT], 1);
	assert_int_equal(h.told.begun[HARMONY_PROBLEM_PACKAGE], 1);
}

static void waits_while_a_person_has_the_integration(void **state)
{
	harmony_store *store;
	int64_t id = 0;
	void *lock = NULL;

	(void)state;
	set_of(1, archives);
	run_for(MINUTE);
	assert_int_equal(house_store(&store, NULL, NULL), HARMONY_OK);
	assert_int_equal(store->integration(&id, store->self, "i0", NULL), HARMONY_OK);
	assert_int_equal(store->lock(&lock, store->self, id, "run", 0, NULL), HARMONY_OK);
	write_entries(0, 1, 3);
	run_for(HOUR);
	assert_int_equal(booked(0), 0);
	assert_true(is_there(0, "fmuta6.csv"));
	store->unlock(store->self, lock);
	harmony_store_close(store);
	run_for(10 * SECOND);
	assert_int_equal(booked(0), 3);
	for (int i = 0; i < HARMONY_PROBLEMS; i++)
		assert_int_equal(h.told.begun[i], 0);
}

static void tells_a_login_over_a_restart(void **state)
{
	(void)state;
	set_of(2, imports);
	run_for(HOUR);
	packages[1].status = HARMONY_AUTH;
	run_for(2 * HOUR);
	assert_int_equal(h.told.begun[HARMONY_PROBLEM_LOGIN], 1);
	assert_string_equal(h.told.whose, "i1");
	harmony_schedule_free(h.schedule);
	open_schedule();
	set_of(2, imports);
	run_for(2 * HOUR);
	assert_int_equal(h.told.begun[HARMONY_PROBLEM_LOGIN], 1);
	assert_true((state_of("i1").problems & 1u << HARMONY_PROBLEM_LOGIN) != 0);
	packages[1].status = HARMONY_OK;
	run_for(HOUR);
	assert_int_equal(h.told.begun[HARMONY_PROBLEM_LOGIN], 1);
	assert_int_equal(h.told.ended[HARMONY_PROBLEM_LOGIN], 1);
	/* the login's end is known from the connector's own report */
	run_for(12 * HOUR);
	assert_in_range(state_of("i0").login_expires, house_wall(&h) + 9 * 24 * HOUR,
			house_wall(&h) + 10 * 24 * HOUR);
	assert_true(packages[0].keeps >= 2);
}

static void names_rejected_lines(void **state)
{
	(void)state;
	set_of(1, archives);
	write_text(0, "fmuta6.csv", entry(1, "8000"), "we");
	write_text(0, "fmuta6.csv", entry(2, "BAD"), "ae");
	write_text(0, "fmuta6.csv", entry(3, "BAD"), "ae");
	run_for(MINUTE);
	print_message("%s\n%s", h.told.message, h.told.lines);
	assert_int_equal(h.told.begun[HARMONY_PROBLEM_RECORDS], 1);
	assert_non_null(strstr(h.told.lines, "fmuta6.csv:2: sales_invoice 70/2: "));
	assert_non_null(strstr(h.told.lines, "fmuta6.csv:3: sales_invoice 70/3: "));
	assert_non_null(strstr(h.told.lines, "[unknown_account]"));
	assert_int_equal(state_of("i0").records[HARMONY_STATE_REJECTED], 2);
	/* the next file with bad lines is told, too: they are others */
	write_text(0, "fmuta6.csv", entry(4, "BAD"), "we");
	run_for(MINUTE);
	assert_int_equal(h.told.begun[HARMONY_PROBLEM_RECORDS], 2);
	/* a person mends them, in another process */
	harmony_sync_options options = HARMONY_SYNC_OPTIONS_INIT;
	harmony_sync *sync;
	harmony_settings *list;
	assert_int_equal(house_store(&options.store, NULL, NULL), HARMONY_OK);
	assert_int_equal(harmony_sync_new(&sync, h.context, &options, NULL), HARMONY_OK);
	assert_int_equal(harmony_settings_new(&list, h.context, NULL), HARMONY_OK);
	(void)harmony_settings_set(list, "administration", "0", NULL);
	run_for(MINUTE);
	assert_int_equal(harmony_sync_add(sync, "i0", list, &package_connector, NULL), HARMONY_OK);
	const harmony_field_change change = {"lines.1.account", "8000"};
	for (int64_t id = 2; id <= 4; id++) {
		assert_int_equal(harmony_sync_edit(sync, id, "jan", &change, 1, NULL, NULL, NULL),
				 HARMONY_OK);
		assert_int_equal(harmony_sync_reoffer(NULL, sync, &id, 1, 0, NULL), HARMONY_OK);
	}
	harmony_settings_free(list);
	harmony_sync_free(sync);
	harmony_store_close(options.store);
	assert_int_equal(h.told.ended[HARMONY_PROBLEM_RECORDS], 0);
	run_for(6 * SECOND);
	assert_int_equal(h.told.ended[HARMONY_PROBLEM_RECORDS], 1);
	assert_int_equal(booked(0), 4);
}

static void tells_a_store_that_fails_once(void **state)
{
	(void)state;
	h.store_status = HARMONY_IO;
	set_of(20, imports);
	unsigned jobs = run_for(HOUR);
	assert_int_equal(h.told.begun[HARMONY_PROBLEM_STORE], 1);
	assert_string_equal(h.told.whose, "");
	print_message("%u tries in an hour\n", jobs);
	assert_true(jobs <= 3600 / 5 + 20);
	assert_true((totals().problems & 1u << HARMONY_PROBLEM_STORE) != 0);
	h.store_status = HARMONY_OK;
	run_for(10 * MINUTE);
	assert_int_equal(h.told.begun[HARMONY_PROBLEM_STORE], 1);
	assert_int_equal(h.told.ended[HARMONY_PROBLEM_STORE], 1);
	assert_int_equal(totals().problems, 0);
	for (unsigned i = 0; i < 20; i++)
		assert_true(packages[i].imports > 0);
}

/* ---- fairness ---- */

static void take_time(unsigned number, const char *what)
{
	(void)number, (void)what;
	pass(100);
}

static void many_waiting_do_not_delay_a_new_file(void **state)
{
	(void)state;
	packages_work = take_time;
	set_of(3, archives);
	run_for(10 * SECOND);
	write_entries(0, 1, 2000); /* 200 s of work */
	run_for(20 * SECOND);
	assert_in_range(booked(0), 1, 400);
	write_entries(1, 1, 5);
	int64_t dropped = h.monotonic;
	run_for(20 * SECOND);
	assert_int_equal(booked(1), 5);
	print_message("another's file was booked %lld ms after it was there\n",
		      (long long)(h.told.export_ended[1] - dropped));
	assert_in_range(h.told.export_ended[1] - dropped, 1, 10 * SECOND);
	run_for(300 * SECOND);
	assert_int_equal(booked(0), 2000);
	/* nobody waits for nothing: little of it was runs that yielded */
	print_message("%u runs for 2,000 records\n", h.told.runs_ended);
	assert_int_equal(h.told.begun[HARMONY_PROBLEM_PACKAGE], 0);
	assert_int_equal(state_of("i0").records[HARMONY_STATE_WAITING], 0);
}

/* ---- another configuration ---- */

static void a_new_interval_takes_effect(void **state)
{
	static const char *const quick[] = {"import_path", "dbopen.csv", "interval", "5m", NULL};

	(void)state;
	set_of(3, imports);
	run_for(2 * HOUR);
	unsigned before = packages[1].imports, other = packages[0].imports;
	int64_t next = state_of("i0").next_import;
	harmony_schedule_begin(h.schedule);
	assert_int_equal(add(0, imports), HARMONY_OK);
	assert_int_equal(add(1, quick), HARMONY_OK);
	assert_int_equal(harmony_schedule_apply(h.schedule, &h.error), HARMONY_OK);
	assert_int_equal(state_of("i0").next_import, next); /* undisturbed */
	assert_int_equal(totals().integrations, 2);
	unsigned gone = packages[2].imports;
	run_for(HOUR);
	assert_in_range(packages[1].imports - before, 11, 13);
	assert_int_equal(packages[0].imports - other, 2);
	assert_int_equal(packages[2].imports, gone);
	/* one that is wrong changes nothing */
	static const char *const wrong[] = {"import_path", "x", "intervall", "5m", NULL};
	harmony_schedule_begin(h.schedule);
	assert_int_equal(add(5, imports), HARMONY_OK);
	assert_int_equal(add(6, wrong), HARMONY_CONFIG);
	assert_non_null(strstr(h.error.message, "interval"));
	assert_int_equal(harmony_schedule_apply(h.schedule, NULL), HARMONY_STATE);
	assert_int_equal(totals().integrations, 2);
	/* twice the same name */
	harmony_schedule_begin(h.schedule);
	assert_int_equal(add(5, imports), HARMONY_OK);
	assert_int_equal(add(5, imports), HARMONY_EXISTS);
	assert_int_equal(harmony_schedule_apply(h.schedule, NULL), HARMONY_STATE);
	assert_int_equal(harmony_schedule_apply(h.schedule, NULL), HARMONY_STATE);
}

/* Changes the configuration while an export is at work. */
static void reload_in_the_middle(unsigned number, const char *what)
{
	static const char *const elsewhere[] = {"export_path", "other.csv", NULL};

	(void)number, (void)what;
	packages_work = NULL;
	harmony_schedule_begin(h.schedule);
	assert_int_equal(add(0, elsewhere), HARMONY_OK);
	assert_int_equal(harmony_schedule_apply(h.schedule, &h.error), HARMONY_OK);
	assert_int_equal(state_of("i0").running_since > 0, 1);
}

static void drop_in_the_middle(unsigned number, const char *what)
{
	(void)number, (void)what;
	packages_work = NULL;
	harmony_schedule_begin(h.schedule);
	assert_int_equal(harmony_schedule_apply(h.schedule, &h.error), HARMONY_OK);
}

static void a_running_job_ends_first(void **state)
{
	(void)state;
	set_of(1, exports);
	packages_work = reload_in_the_middle;
	write_entries(0, 1, 20);
	run_for(10 * SECOND);
	assert_int_equal(booked(0), 20);
	write_text(0, "other.csv", entry(50, "8000"), "we");
	run_for(10 * SECOND);
	assert_int_equal(booked(0), 21);
	packages_work = drop_in_the_middle;
	write_text(0, "other.csv", entry(51, "8000"), "we");
	run_for(10 * SECOND);
	assert_int_equal(booked(0), 22);
	assert_int_equal(totals().integrations, 0);
	assert_true(harmony_schedule_next_due(h.schedule) == INT64_MAX);
}

static void a_poke_makes_it_due(void **state)
{
	(void)state;
	set_of(2, imports);
	run_for(2 * HOUR);
	unsigned before = packages[0].imports, other = packages[1].imports;
	int64_t next = harmony_schedule_next_due(h.schedule);
	assert_true(next > 0);
	assert_int_equal(harmony_schedule_poke(h.schedule, "i0"), HARMONY_OK);
	assert_int_equal(harmony_schedule_next_due(h.schedule), 0);
	while (harmony_schedule_next_due(h.schedule) == 0)
		assert_int_equal(harmony_schedule_step(NULL, h.schedule, NULL), HARMONY_OK);
	assert_int_equal(packages[0].imports, before + 1);
	assert_int_equal(packages[1].imports, other);
	assert_int_equal(harmony_schedule_poke(h.schedule, NULL), HARMONY_OK);
	while (harmony_schedule_next_due(h.schedule) == 0)
		assert_int_equal(harmony_schedule_step(NULL, h.schedule, NULL), HARMONY_OK);
	assert_int_equal(packages[1].imports, other + 1);
	/* nor is one lost that comes before the store was asked */
	harmony_schedule_free(h.schedule);
	open_schedule();
	set_of(2, imports);
	assert_int_equal(harmony_schedule_poke(h.schedule, "i0"), HARMONY_OK);
	while (harmony_schedule_next_due(h.schedule) == 0)
		assert_int_equal(harmony_schedule_step(NULL, h.schedule, NULL), HARMONY_OK);
	assert_int_equal(packages[0].imports, before + 3);
	assert_int_equal(packages[1].imports, other + 1);
}

static void refuses_what_it_cannot_do(void **state)
{
	harmony_schedule *other = NULL;
	harmony_schedule_options options = HARMONY_SCHEDULE_OPTIONS_INIT;

	(void)state;
	assert_int_equal(harmony_schedule_new(&other, h.context, &options, NULL), HARMONY_INVALID);
	options.open_store = house_store;
	options.workers = 65;
	assert_int_equal(harmony_schedule_new(&other, h.context, &options, NULL), HARMONY_INVALID);
	assert_null(other);
	assert_int_equal(harmony_schedule_apply(h.schedule, NULL), HARMONY_STATE);
	assert_string_equal(harmony_problem_word(HARMONY_PROBLEM_STORE), "store");
	assert_string_equal(harmony_problem_word(HARMONY_PROBLEMS), "unknown");
	assert_int_equal(harmony_schedule_snapshot(NULL, NULL, NULL, NULL), HARMONY_INVALID);
	harmony_schedule_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(polls_at_the_interval_and_not_all_at_once),
	    TEST(keeps_its_place_over_a_restart),
	    TEST(knows_its_last_export_however_long_ago),
	    TEST(takes_a_file_when_it_is_complete),
	    TEST(takes_within_five_seconds),
	    TEST(leaves_files_without_an_archive),
	    TEST(waits_for_the_companion),
	    TEST(a_companion_speaks_of_its_own_files),
	    TEST(takes_relations_first),
	    TEST(sets_unreadable_files_aside),
	    TEST(tells_when_a_share_is_gone),
	    TEST(tells_once_what_cannot_be_archived),
	    TEST(reads_nothing_but_files),
	    TEST(tells_a_package_that_is_down_once),
	    TEST(leaves_a_package_alone_that_takes_nothing),
	    TEST(tells_whose_disk_is_full),
	    TEST(waits_while_a_person_has_the_integration),
	    TEST(tells_a_login_over_a_restart),
	    TEST(names_rejected_lines),
	    TEST(tells_a_store_that_fails_once),
	    TEST(many_waiting_do_not_delay_a_new_file),
	    TEST(a_new_interval_takes_effect),
	    TEST(a_running_job_ends_first),
	    TEST(a_poke_makes_it_due),
	    TEST(refuses_what_it_cannot_do)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
