/* SPDX-License-Identifier: MIT */
/* Every allocation of a whole export, import, edit and re-offer fails once, and for good. */
#include <sys/stat.h>

#include "../../support/sweep.h"

#include "../../support/scripted.h"

static const harmony_connector package =
    SCRIPTED("scripted",
	     SCRIPTED_KINDS | HARMONY_CAN_FIND | HARMONY_CAN_BATCH | HARMONY_CAN_PREVIEW, 3, 0, 0);

static const harmony_connector *chosen = &package;

static const char folder[] = "harmony-sweep";
static const char store_path[] = "harmony-sweep/harmony.db";
static const char books[] = "harmony-sweep/books";
static const char file[] = "harmony-sweep/records.jsonl";

static void clean(void)
{
	assert_int_equal(system("rm -rf harmony-sweep"), 0);
	assert_int_equal(mkdir(folder, 0700), 0);
}

static void write_file(void)
{
	FILE *out = fopen(file, "we");
	for (int i = 0; i < 5; i++)
		fprintf(out,
			"{\"kind\":\"sales_invoice\",\"journal\":\"70\",\"year\":2024,\"entry_"
			"number\":\"%d\","
			"\"party\":\"1001\",\"date\":\"2024-01-15\",\"total\":\"1.00\",\"lines\":[{"
			"\"number\":1,"
			"\"account\":\"%s\",\"amount\":\"1.00\"}]}\n",
			i + 1, i == 3 ? "BAD" : "8000");
	fclose(out);
}

typedef harmony_status (*operation)(harmony_sync *sync, harmony_error *error);

static harmony_status with_sync(operation run, harmony_context *context, harmony_error *error)
{
	harmony_store_options store_options = HARMONY_STORE_OPTIONS_INIT;
	harmony_sync_options options = HARMONY_SYNC_OPTIONS_INIT;
	harmony_store *store = NULL;
	harmony_settings *settings = NULL;
	harmony_sync *sync = NULL;
	harmony_status status;

	scripted.log = books;
	scripted_context = context;
	store_options.path = store_path;
	status = harmony_store_open(&store, context, &store_options, error);
	options.store = store;
	options.folder = folder;
	if (status == HARMONY_OK)
		status = harmony_sync_new(&sync, context, &options, error);
	if (status == HARMONY_OK)
		status = harmony_settings_new(&settings, context, error);
	if (status == HARMONY_OK)
		status = harmony_settings_set(settings, "import_path", "dbopen.csv", error);
	if (status == HARMONY_OK)
		status = harmony_sync_add(sync, "bakery", settings, chosen, error);
	if (status == HARMONY_OK)
		status = run(sync, error);
	harmony_settings_free(settings);
	harmony_sync_free(sync);
	harmony_store_close(store);
	return status;
}

/* A run that ended for want of memory says so in the run. */
static harmony_status of_run(harmony_status status, const harmony_run *run, harmony_error *error)
{
	if (status == HARMONY_OK && run->status == HARMONY_NOMEM)
		return harmony_error_set(error, run->status, NULL, "%s", run->message);
	return status;
}

static harmony_status do_export(harmony_sync *sync, harmony_error *error)
{
	const char *const paths[] = {file};
	harmony_export_options options = HARMONY_EXPORT_OPTIONS_INIT;
	harmony_run run = HARMONY_RUN_INIT;

	options.paths = paths;
	options.path_count = 1;
	return of_run(harmony_sync_export(&run, sync, "bakery", &options, error), &run, error);
}

static harmony_status do_import(harmony_sync *sync, harmony_error *error)
{
	harmony_run run = HARMONY_RUN_INIT;
	return of_run(harmony_sync_import(&run, sync, "bakery", NULL, error), &run, error);
}

static harmony_status do_edit(harmony_sync *sync, harmony_error *error)
{
	const harmony_field_change change = {"lines.1.account", "8000"};
	return harmony_sync_edit(sync, 4, "jan", &change, 1, NULL, NULL, error);
}

static harmony_status do_reoffer(harmony_sync *sync, harmony_error *error)
{
	const int64_t id = 4;
	harmony_run run = HARMONY_RUN_INIT;
	return of_run(harmony_sync_reoffer(&run, sync, &id, 1, 0, error), &run, error);
}

static harmony_status ignore_request(const harmony_record *record, const char *request, size_t len,
				     void *user)
{
	(void)record, (void)request, (void)len, (void)user;
	return HARMONY_OK;
}

static harmony_status do_preview(harmony_sync *sync, harmony_error *error)
{
	const char *const paths[] = {file};
	return harmony_sync_preview(sync, "bakery", paths, 1, ignore_request, NULL, NULL, error);
}

static harmony_status see_nothing(const harmony_record_state *record, void *user)
{
	(void)record, (void)user;
	return HARMONY_OK;
}

static harmony_status do_show(harmony_sync *sync, harmony_error *error)
{
	harmony_run run = HARMONY_RUN_INIT;
	return harmony_sync_show(&run, sync, 1, HARMONY_SHOW_ALL, see_nothing, NULL, error);
}

static harmony_status see_run(const harmony_run *run, void *user)
{
	(void)run, (void)user;
	return HARMONY_OK;
}

static harmony_status do_history(harmony_sync *sync, harmony_error *error)
{
	return harmony_sync_history(sync, "bakery", 0, 0, see_run, NULL, error);
}

static harmony_status see_event(const harmony_event *event, void *user)
{
	(void)event, (void)user;
	return HARMONY_OK;
}

static harmony_status do_record(harmony_sync *sync, harmony_error *error)
{
	return harmony_sync_record(sync, 1, see_nothing, see_event, NULL, error);
}

static harmony_status see_bytes(const void *data, size_t len, void *user)
{
	(void)data, (void)len, (void)user;
	return HARMONY_OK;
}

static harmony_status do_file(harmony_sync *sync, harmony_error *error)
{
	return harmony_sync_file(sync, 1, see_bytes, NULL, error);
}

static harmony_status see_status(const harmony_integration_status *status, void *user)
{
	(void)status, (void)user;
	return HARMONY_OK;
}

static harmony_status do_status(harmony_sync *sync, harmony_error *error)
{
	return harmony_sync_status(sync, NULL, see_status, NULL, error);
}

static harmony_status do_test(harmony_sync *sync, harmony_error *error)
{
	const char *const paths[] = {file};
	harmony_status status = harmony_sync_test(sync, "bakery", paths, 1, NULL, NULL, error);
	if (status != HARMONY_REJECTED) /* of the BAD account */
		return status;
	harmony_error_clear(error);
	return HARMONY_OK;
}

typedef struct scenario {
	operation run;
	bool fresh; /* on an empty store; else on one with a run in it */
} scenario;

static harmony_status play(harmony_context *context, harmony_error *error, void *user)
{
	const scenario *what = user;

	clean();
	memset(&scripted, 0, sizeof(scripted));
	scripted.items = 3;
	write_file();
	if (!what->fresh) {
		harmony_context *other = NULL;
		assert_int_equal(harmony_context_new(&other, NULL, NULL), HARMONY_OK);
		assert_int_equal(with_sync(do_export, other, NULL), HARMONY_OK);
		harmony_context_free(other);
		scripted.items = 3;
	}
	return with_sync(what->run, context, error);
}

/* After each failure the same store finishes the work: nothing twice, nothing lost. */
static harmony_status play_and_mend(harmony_context *context, harmony_error *error, void *user)
{
	harmony_status status = play(context, error, user);
	harmony_context *other = NULL;
	char line[512];
	int lines = 0;

	assert_int_equal(harmony_context_new(&other, NULL, NULL), HARMONY_OK);
	assert_int_equal(with_sync(do_export, other, NULL), HARMONY_OK);
	harmony_context_free(other);
	FILE *log = fopen(books, "re");
	assert_non_null(log);
	while (fgets(line, sizeof(line), log) != NULL)
		lines++;
	fclose(log);
	assert_int_equal(lines, 4);
	return status;
}

static void sweeps(void **state)
{
	static const struct {
		const char *name;
		scenario what;
	} all[] = {{"import", {do_import, true}},
		   {"edit", {do_edit, false}},
		   {"reoffer", {do_reoffer, false}},
		   {"preview", {do_preview, true}},
		   {"preview of the known", {do_preview, false}},
		   {"show", {do_show, false}},
		   {"history", {do_history, false}},
		   {"record", {do_record, false}},
		   {"file", {do_file, false}},
		   {"status", {do_status, false}},
		   {"test", {do_test, true}}};
	scenario export_fresh = {do_export, true}, export_again = {do_export, false},
		 import = {do_import, true};

	(void)state;
	print_message("export: %ld allocations\n", sweep_run(play_and_mend, &export_fresh));
	print_message("export again: %ld allocations\n", sweep_run(play_and_mend, &export_again));
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		scenario what = all[i].what;
		print_message("%s: %ld allocations\n", all[i].name, sweep_run(play, &what));
	}
	chosen = harmony_connector_find("ledger"); /* books.db: a path of the host's */
	print_message("export to the ledger: %ld allocations\n", sweep_run(play, &export_fresh));
	print_message("import from the ledger: %ld allocations\n", sweep_run(play, &import));
	assert_int_equal(system("rm -rf harmony-sweep"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(sweeps)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
