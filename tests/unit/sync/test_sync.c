/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "../../support/scripted.h"

static const harmony_connector one_by_one =
    SCRIPTED("scripted", SCRIPTED_KINDS | HARMONY_CAN_FIND | HARMONY_CAN_PREVIEW, 1, 0, 0);
static const harmony_connector batches =
    SCRIPTED("batches", SCRIPTED_KINDS | HARMONY_CAN_FIND | HARMONY_CAN_BATCH, 25, 0, 0);
static const harmony_connector reads_back =
    SCRIPTED("reads-back", SCRIPTED_KINDS | HARMONY_CAN_FIND | HARMONY_CAN_READ_BACK, 1, 0, 0);
static const harmony_connector strict =
    SCRIPTED("strict", SCRIPTED_KINDS | HARMONY_CAN_FIND, 1, 10, 3600000);

/* ---- a house of its own for each test ---- */

typedef struct house {
	char folder[64];
	char store_path[96], file[96], log[96];
	harmony_context *context;
	harmony_store *store;
	harmony_sync *sync;
	harmony_error error;
	harmony_run run;
	int64_t wall, monotonic; /* added to the system's clocks */
	int64_t slept;
	const char *at; /* the step at which `next` takes the place of `place` */
	char next[160], place[160];
} house;

static harmony_status house_step(const char *name, void *user)
{
	house *h = user;
	if (h->at == NULL || strcmp(name, h->at) != 0)
		return HARMONY_OK;
	h->at = NULL;
	return rename(h->next, h->place) == 0 ? HARMONY_OK : HARMONY_USER;
}

static int64_t house_wall(void *user)
{
	return 1700000000000 + ((house *)user)->wall;
}

static int64_t house_monotonic(void *user)
{
	return 50000000 + ((house *)user)->monotonic;
}

static harmony_status house_sleep(int64_t milliseconds, void *user)
{
	house *h = user;
	h->slept += milliseconds;
	h->monotonic += milliseconds;
	h->wall += milliseconds;
	return HARMONY_OK;
}

static void open_store(house *h)
{
	harmony_store_options options = HARMONY_STORE_OPTIONS_INIT;
	options.path = h->store_path;
	harmony_error_clear(&h->error);
	if (harmony_store_open(&h->store, h->context, &options, &h->error) != HARMONY_OK)
		fail_msg("%s", h->error.message);
}

static void open_sync(house *h, const harmony_connector *connector, const char *const *settings)
{
	harmony_sync_options options = HARMONY_SYNC_OPTIONS_INIT;
	harmony_settings *list;

	options.store = h->store;
	options.folder = h->folder;
	options.sleep = house_sleep;
	options.step = house_step;
	options.user = h;
	assert_int_equal(harmony_sync_new(&h->sync, h->context, &options, &h->error), HARMONY_OK);
	assert_int_equal(harmony_settings_new(&list, h->context, &h->error), HARMONY_OK);
	for (size_t i = 0; settings != NULL && settings[i] != NULL; i += 2)
		assert_int_equal(harmony_settings_set(list, settings[i], settings[i + 1], NULL),
				 HARMONY_OK);
	if (harmony_sync_add(h->sync, "bakery", list, connector, &h->error) != HARMONY_OK)
		fail_msg("%s", h->error.message);
	harmony_settings_free(list);
}

static void close_house(house *h)
{
	char command[160];
	harmony_sync_free(h->sync);
	harmony_store_close(h->store);
	harmony_context_free(h->context);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", h->folder);
	assert_int_equal(system(command), 0);
}

static void open_house(house *h, const harmony_connector *connector, const char *const *settings)
{
	harmony_context_options options = HARMONY_CONTEXT_OPTIONS_INIT;
	harmony_clock clock = {sizeof(clock), house_wall, house_monotonic, h};

	*h = (house){.error = HARMONY_ERROR_INIT, .run = HARMONY_RUN_INIT};
	(void)snprintf(h->folder, sizeof(h->folder), "harmony-test-XXXXXX");
	assert_non_null(mkdtemp(h->folder));
	(void)snprintf(h->store_path, sizeof(h->store_path), "%s/harmony.db", h->folder);
	(void)snprintf(h->file, sizeof(h->file), "%s/records.jsonl", h->folder);
	(void)snprintf(h->log, sizeof(h->log), "%s/books", h->folder);
	memset(&scripted, 0, sizeof(scripted));
	scripted.log = h->log;
	options.clock = &clock;
	assert_int_equal(harmony_context_new(&h->context, &options, NULL), HARMONY_OK);
	scripted_context = h->context;
	open_store(h);
	open_sync(h, connector, settings);
}

/* A new process on the same store, as far as a test can make one. */
static void reopen(house *h, const harmony_connector *connector)
{
	harmony_sync_free(h->sync);
	harmony_store_close(h->store);
	open_store(h);
	open_sync(h, connector, NULL);
}

/* ---- files ---- */

static void put_invoice(FILE *out, unsigned number, const char *account, const char *amount)
{
	fprintf(
	    out,
	    "{\"kind\":\"sales_invoice\",\"journal\":\"70\",\"year\":2024,\"period\":1,"
	    "\"entry_number\":\"%u\",\"invoice_number\":\"%u\",\"party\":\"1001\","
	    "\"date\":\"2024-01-15\",\"currency\":\"EUR\",\"description\":\"Factuur %u\","
	    "\"total\":\"%s\",\"lines\":[{\"number\":1,\"account\":\"%s\",\"amount\":\"%s\"}]}\n",
	    number, number, number, amount, account, amount);
}

static void put_customer(FILE *out, const char *name)
{
	fprintf(out, "{\"kind\":\"customer\",\"code\":\"1001\",\"name\":\"%s\"}\n", name);
}

static void put_bad_date(FILE *out, unsigned number)
{
	fprintf(
	    out,
	    "{\"kind\":\"sales_invoice\",\"journal\":\"70\",\"year\":2024,\"entry_number\":\"%u\","
	    "\"party\":\"1001\",\"date\":\"2024-02-31\",\"total\":\"1.00\",\"lines\":[{\"number\":"
	    "1,"
	    "\"account\":\"8000\",\"amount\":\"1.00\"}]}\n",
	    number);
}

static void write_invoices(const house *h, unsigned first, unsigned count)
{
	FILE *out = fopen(h->file, "we");
	assert_non_null(out);
	for (unsigned i = 0; i < count; i++)
		put_invoice(out, first + i, "8000", "100.00");
	fclose(out);
}

/* ---- calls ---- */

static harmony_status try_export(house *h, bool due_only)
{
	const char *const paths[] = {h->file};
	harmony_export_options options = HARMONY_EXPORT_OPTIONS_INIT;

	options.paths = paths;
	options.path_count = access(h->file, F_OK) == 0 ? 1 : 0;
	options.due_only = due_only;
	harmony_error_clear(&h->error);
	h->run = (harmony_run)HARMONY_RUN_INIT;
	return harmony_sync_export(&h->run, h->sync, "bakery", &options, &h->error);
}

static void export_all(house *h)
{
	if (try_export(h, false) != HARMONY_OK)
		fail_msg("%s", h->error.message);
	assert_int_not_equal(h->run.state, HARMONY_RUN_RUNNING);
}

static void expect_counts(const house *h, unsigned booked, unsigned skipped, unsigned rejected,
			  unsigned waiting, unsigned in_doubt)
{
	const harmony_counts *n = &h->run.records;
	print_message("run %d: total %d booked %d skipped %d rejected %d waiting %d in doubt %d\n",
		      (int)h->run.id, (int)n->total, (int)n->booked, (int)n->skipped,
		      (int)n->rejected, (int)n->waiting, (int)n->in_doubt);
	assert_int_equal(n->booked, booked);
	assert_int_equal(n->skipped, skipped);
	assert_int_equal(n->rejected, rejected);
	assert_int_equal(n->waiting, waiting);
	assert_int_equal(n->in_doubt, in_doubt);
	assert_int_equal(n->total, n->booked + n->skipped + n->rejected + n->waiting + n->in_doubt);
}

/* The line in the books whose key it is comes once. */
static void expect_bookings(const house *h, unsigned count)
{
	char line[512];
	unsigned lines = 0;
	FILE *log = fopen(h->log, "re");

	while (log != NULL && fgets(line, sizeof(line), log) != NULL)
		lines++;
	if (log != NULL)
		fclose(log);
	assert_int_equal(lines, count);
}

typedef struct seen {
	unsigned count;
	int64_t id;
	int state, now;
	char code[32], field[48], message[768], vendor[768], identifier[64], remote_id[128];
	char old_value[64], value[64], who[32];
	unsigned edits, attempts, received, findings;
} seen;

static harmony_status see(const harmony_record_state *record, void *user)
{
	seen *out = user;

	out->count++;
	out->id = record->id;
	out->state = record->state;
	out->now = record->now;
	(void)snprintf(out->code, sizeof(out->code), "%s", record->code);
	(void)snprintf(out->field, sizeof(out->field), "%s", record->field);
	(void)snprintf(out->message, sizeof(out->message), "%s", record->message);
	(void)snprintf(out->vendor, sizeof(out->vendor), "%s", record->vendor);
	(void)snprintf(out->identifier, sizeof(out->identifier), "%s", record->identifier);
	(void)snprintf(out->remote_id, sizeof(out->remote_id), "%s", record->remote_id);
	return HARMONY_OK;
}

static harmony_status see_event(const harmony_event *event, void *user)
{
	seen *out = user;

	out->edits += event->type == HARMONY_EVENT_EDITED;
	out->attempts += event->type == HARMONY_EVENT_ATTEMPT;
	out->received += event->type == HARMONY_EVENT_RECEIVED;
	out->findings += event->type == HARMONY_EVENT_FINDING;
	if (event->type == HARMONY_EVENT_EDITED) {
		(void)snprintf(out->old_value, sizeof(out->old_value), "%s", event->old_value);
		(void)snprintf(out->value, sizeof(out->value), "%s", event->value);
		(void)snprintf(out->who, sizeof(out->who), "%s", event->who);
	}
	return HARMONY_OK;
}

static seen show_failed(house *h)
{
	seen out = {0};
	assert_int_equal(
	    harmony_sync_show(NULL, h->sync, h->run.id, HARMONY_SHOW_FAILED, see, &out, &h->error),
	    HARMONY_OK);
	return out;
}

static seen look_at(house *h, int64_t id)
{
	seen out = {0};
	assert_int_equal(harmony_sync_record(h->sync, id, see, see_event, &out, &h->error),
			 HARMONY_OK);
	return out;
}

/* ---- tests ---- */

static void books_once_and_skips_the_same_file(void **state)
{
	const harmony_connector *const connectors[] = {&one_by_one, &batches};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		house h;
		open_house(&h, connectors[i], NULL);
		write_invoices(&h, 24700001, 60);
		export_all(&h);
		expect_counts(&h, 60, 0, 0, 0, 0);
		assert_int_equal(h.run.state, HARMONY_RUN_SUCCEEDED);
		assert_int_equal(h.run.known, 0);
		export_all(&h);
		expect_counts(&h, 0, 60, 0, 0, 0);
		assert_int_equal(h.run.state, HARMONY_RUN_SUCCEEDED);
		assert_int_equal(h.run.files, 1);
		assert_int_equal(h.run.known, 1);
		expect_bookings(&h, 60);
		assert_int_equal(scripted.offers, i == 0 ? 60 : 3);
		close_house(&h);
	}
}

static void refuses_what_changed_after_booking(void **state)
{
	house h;
	(void)state;
	open_house(&h, &one_by_one, NULL);
	write_invoices(&h, 24700001, 10);
	export_all(&h);
	write_invoices(&h, 24700001, 9);
	FILE *out = fopen(h.file, "ae");
	put_invoice(out, 24700010, "8000", "100.01");
	fclose(out);
	for (int again = 0; again < 2; again++) {
		export_all(&h);
		expect_counts(&h, 0, 9, 1, 0, 0);
		assert_int_equal(h.run.status, HARMONY_REJECTED);
		assert_int_equal(h.run.state, HARMONY_RUN_PARTIAL);
		seen failed = show_failed(&h);
		assert_string_equal(failed.code, "changed_after_booking");
		assert_string_equal(failed.identifier, "70/24700010");
	}
	int64_t id = show_failed(&h).id;
	assert_int_equal(harmony_sync_reoffer(&h.run, h.sync, &id, 1, 0, &h.error), HARMONY_OK);
	expect_counts(&h, 0, 0, 1, 0, 0);
	expect_bookings(&h, 10);
	/* given a number of its own, it is an entry of its own */
	const harmony_field_change change = {"entry_number", "24700099"};
	assert_int_equal(harmony_sync_edit(h.sync, id, "jan", &change, 1, NULL, NULL, &h.error),
			 HARMONY_OK);
	assert_int_equal(harmony_sync_reoffer(&h.run, h.sync, &id, 1, 0, &h.error), HARMONY_OK);
	expect_counts(&h, 1, 0, 0, 0, 0);
	expect_bookings(&h, 11);
	close_house(&h);
}

static void updates_a_changed_customer(void **state)
{
	house h;
	(void)state;
	open_house(&h, &one_by_one, NULL);
	for (int i = 0; i < 2; i++) {
		FILE *out = fopen(h.file, "we");
		put_invoice(out, 24700001, "8000", "100.00");
		put_customer(out, i == 0 ? "Bakker" : "Bakker & Zn");
		fclose(out);
		export_all(&h);
		expect_counts(&h, i == 0 ? 2 : 1, i == 0 ? 0 : 1, 0, 0, 0);
	}
	export_all(&h);
	expect_counts(&h, 0, 2, 0, 0, 0);
	/* masters went first, though they stood last */
	char line[512] = "";
	FILE *log = fopen(h.log, "re");
	assert_non_null(fgets(line, sizeof(line), log));
	fclose(log);
	assert_memory_equal(line, "customer/1001 ", 14);
	close_house(&h);
}

static void corrects_and_offers_again(void **state)
{
	house h;
	(void)state;
	open_house(&h, &batches, NULL);
	FILE *out = fopen(h.file, "we");
	for (unsigned i = 0; i < 550; i++)
		if (i % 11 == 5)
			put_invoice(out, 24700001 + i, "BAD", "100.00");
		else
			put_invoice(out, 24700001 + i, "8000", "100.00");
	fclose(out);
	export_all(&h);
	expect_counts(&h, 500, 0, 50, 0, 0);
	seen failed = show_failed(&h);
	assert_int_equal(failed.count, 50);
	assert_string_equal(failed.code, "unknown_account");
	assert_string_equal(failed.field, "lines.1.account");
	assert_non_null(strstr(failed.message, "create it there"));
	assert_string_equal(failed.vendor, "Rekening bestaat niet");
	int64_t first = h.run.id;
	const harmony_field_change change = {"lines.1.account", "8000"};
	assert_int_equal(
	    harmony_sync_edit(h.sync, failed.id, "jan", &change, 1, NULL, NULL, &h.error),
	    HARMONY_OK);
	expect_bookings(&h, 500);
	assert_int_equal(harmony_sync_reoffer(&h.run, h.sync, &failed.id, 1, 0, &h.error),
			 HARMONY_OK);
	expect_counts(&h, 1, 0, 0, 0, 0);
	expect_bookings(&h, 501);
	seen now = look_at(&h, failed.id);
	assert_int_equal(now.state, HARMONY_STATE_BOOKED);
	assert_int_equal(now.edits, 1);
	assert_int_equal(now.attempts, 2);
	assert_int_equal(now.received, 1);
	assert_string_equal(now.old_value, "BAD");
	assert_string_equal(now.value, "8000");
	assert_string_equal(now.who, "jan");
	/* a booked record is edited no more; the run it failed in still says so */
	assert_int_equal(
	    harmony_sync_edit(h.sync, failed.id, "jan", &change, 1, NULL, NULL, &h.error),
	    HARMONY_STATE);
	harmony_error_clear(&h.error);
	h.run.id = first;
	failed = show_failed(&h);
	assert_int_equal(failed.count, 50);
	assert_int_equal(failed.state, HARMONY_STATE_REJECTED);
	/* the others, by run */
	assert_int_equal(harmony_sync_reoffer(&h.run, h.sync, NULL, 0, first, &h.error),
			 HARMONY_OK);
	expect_counts(&h, 0, 0, 49, 0, 0);
	/* the file with the old account again: booked from the corrected one, so skipped */
	export_all(&h);
	expect_counts(&h, 0, 501, 49, 0, 0);
	expect_bookings(&h, 501);
	close_house(&h);
}

static void keeps_unreadable_records_until_their_field_is_mended(void **state)
{
	house h;
	(void)state;
	open_house(&h, &one_by_one, NULL);
	FILE *out = fopen(h.file, "we");
	put_invoice(out, 24700001, "8000", "1.00");
	put_bad_date(out, 24700002);
	fclose(out);
	export_all(&h);
	expect_counts(&h, 1, 0, 1, 0, 0);
	seen failed = show_failed(&h);
	assert_string_equal(failed.code, "invalid_date");
	assert_string_equal(failed.field, "date");
	assert_int_equal(harmony_sync_reoffer(&h.run, h.sync, &failed.id, 1, 0, &h.error),
			 HARMONY_OK);
	expect_counts(&h, 0, 0, 1, 0, 0);
	harmony_field_change change = {"date", "2024-02-30"};
	assert_int_equal(
	    harmony_sync_edit(h.sync, failed.id, NULL, &change, 1, NULL, NULL, &h.error),
	    HARMONY_INVALID);
	assert_string_equal(h.error.code, "invalid_date");
	harmony_error_clear(&h.error);
	change.value = "2024-02-29";
	assert_int_equal(
	    harmony_sync_edit(h.sync, failed.id, NULL, &change, 1, NULL, NULL, &h.error),
	    HARMONY_OK);
	assert_int_equal(harmony_sync_reoffer(&h.run, h.sync, &failed.id, 1, 0, &h.error),
			 HARMONY_OK);
	expect_counts(&h, 1, 0, 0, 0, 0);
	export_all(&h);
	expect_counts(&h, 0, 2, 0, 0, 0);
	expect_bookings(&h, 2);
	close_house(&h);
}

static void looks_up_what_got_no_answer(void **state)
{
	const bool of_call[] = {false, true};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		house h;
		open_house(&h, &one_by_one, NULL);
		write_invoices(&h, 24700001, 20);
		scripted.lose_every = 5;
		scripted.lose_call = of_call[i];
		export_all(&h);
		expect_counts(&h, 16, 0, 0, 0, 4);
		assert_int_equal(h.run.status, HARMONY_INDOUBT);
		scripted.lose_every = 0;
		reopen(&h, &one_by_one);
		export_all(&h);
		expect_counts(&h, 4, 16, 0, 0, 0);
		expect_bookings(&h, 20);
		assert_int_equal(scripted.finds, 2 + 4); /* two before the first run */
		close_house(&h);
	}
}

static void lose_parties(const harmony_record *record)
{
	scripted.lose_every = harmony_record_kind(record) == HARMONY_CUSTOMER;
}

static void entries_wait_for_their_relation(void **state)
{
	house h;
	FILE *out;
	(void)state;
	open_house(&h, &one_by_one, NULL);
	scripted.before_answer = lose_parties;
	out = fopen(h.file, "we");
	assert_non_null(out);
	for (unsigned i = 0; i < 3; i++)
		put_invoice(out, 24700001 + i, "8000", "100.00");
	put_customer(out, "Bakkerij"); /* party of them all */
	fclose(out);
	export_all(&h);
	expect_counts(&h, 0, 0, 0, 3, 1);
	assert_int_equal(scripted.offers, 1);
	export_all(&h);
	expect_counts(&h, 4, 0, 0, 0, 0);
	assert_int_equal(scripted.offers, 4);
	expect_bookings(&h, 4);
	close_house(&h);
}

static void remove_store(house *h)
{
	char command[200];
	harmony_sync_free(h->sync);
	harmony_store_close(h->store);
	(void)snprintf(command, sizeof(command), "rm '%s'*", h->store_path);
	assert_int_equal(system(command), 0);
	open_store(h);
	open_sync(h, &one_by_one, NULL);
}

static void books_nothing_again_with_a_new_store(void **state)
{
	house h;
	(void)state;
	open_house(&h, &one_by_one, NULL);
	write_invoices(&h, 24700001, 20);
	export_all(&h);
	assert_int_equal(scripted.finds, 2);
	remove_store(&h);
	write_invoices(&h, 24700001, 25); /* the last ones are new to the package, too */
	export_all(&h);
	expect_counts(&h, 25, 0, 0, 0, 0);
	expect_bookings(&h, 25);
	remove_store(&h);
	write_invoices(&h, 24700010, 20); /* here the first ones are there */
	scripted.finds = 0;
	export_all(&h);
	expect_counts(&h, 20, 0, 0, 0, 0);
	expect_bookings(&h, 29);
	assert_int_equal(scripted.finds, 1 + 20);
	close_house(&h);
}

static void leaves_in_doubt_only_by_find(void **state)
{
	house h;
	(void)state;
	open_house(&h, &one_by_one, NULL);
	write_invoices(&h, 24700001, 1);
	scripted.lose_every = 1;
	scripted.blind = "70/24700001";
	export_all(&h);
	expect_counts(&h, 0, 0, 0, 0, 1);
	for (int i = 0; i < 3; i++) {
		export_all(&h);
		expect_counts(&h, 0, 0, 0, 0, 1);
		assert_non_null(strstr(show_failed(&h).message, "journal 70"));
	}
	const harmony_field_change change = {"description", "x"};
	int64_t id = show_failed(&h).id;
	assert_int_equal(harmony_sync_edit(h.sync, id, NULL, &change, 1, NULL, NULL, &h.error),
			 HARMONY_STATE);
	harmony_error_clear(&h.error);
	/* new content waits until it is known what became of the old */
	FILE *out = fopen(h.file, "we");
	put_invoice(out, 24700001, "8000", "7.00");
	fclose(out);
	export_all(&h);
	expect_counts(&h, 0, 0, 0, 1, 1);
	scripted.blind = NULL;
	export_all(&h);
	expect_counts(&h, 1, 0, 1, 0, 0);
	expect_bookings(&h, 1);
	close_house(&h);
}

static void takes_the_newest_of_what_was_never_applied(void **state)
{
	house h;
	(void)state;
	open_house(&h, &one_by_one, NULL);
	scripted.status = HARMONY_RETRY;
	write_invoices(&h, 24700001, 3);
	export_all(&h);
	expect_counts(&h, 0, 0, 0, 3, 0);
	assert_int_equal(h.run.status, HARMONY_RETRY);
	assert_int_equal(h.run.state, HARMONY_RUN_FAILED);
	scripted.status = HARMONY_OK;
	FILE *out = fopen(h.file, "we");
	put_invoice(out, 24700002, "8000", "7.00");
	fclose(out);
	export_all(&h);
	expect_counts(&h, 3, 0, 0, 0, 0);
	expect_bookings(&h, 3);
	close_house(&h);
}

static harmony_status expect_code(const harmony_record_state *record, void *user)
{
	assert_string_equal(record->code, (const char *)user);
	return HARMONY_OK;
}

static void connection_ends_the_offering(void **state)
{
	const int statuses[] = {HARMONY_AUTH, HARMONY_RATE, HARMONY_RETRY, HARMONY_CONFIG,
				HARMONY_CANCELLED};
	static char codes[][16] = {"auth_required", "rate_limited", "network", "network",
				   "network"};
	(void)state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		house h;
		open_house(&h, &batches, NULL);
		write_invoices(&h, 24700001, 100);
		scripted.status = statuses[i];
		scripted.status_after = 30;
		export_all(&h);
		expect_counts(&h, 30, 0, 0, 70, 0);
		assert_int_equal(h.run.status, statuses[i]);
		assert_int_equal(h.run.state, HARMONY_RUN_PARTIAL);
		assert_int_equal(harmony_sync_show(NULL, h.sync, h.run.id, HARMONY_SHOW_FAILED,
						   expect_code, codes[i], &h.error),
				 HARMONY_OK);
		scripted.status = HARMONY_OK;
		assert_int_equal(remove(h.file), 0);
		export_all(&h);
		expect_counts(&h, 70, 0, 0, 0, 0);
		expect_bookings(&h, 100);
		close_house(&h);
	}
}

static void waits_on_the_monotonic_clock(void **state)
{
	house h;
	(void)state;
	open_house(&h, &one_by_one, NULL);
	write_invoices(&h, 24700001, 2);
	scripted.status = HARMONY_RETRY;
	export_all(&h);
	expect_counts(&h, 0, 0, 0, 2, 0);
	scripted.status = HARMONY_OK;
	assert_int_equal(remove(h.file), 0);
	const int64_t ten_years = INT64_C(315360000000);
	const int64_t jumps[] = {ten_years, -ten_years, 0};
	for (size_t i = 0; i < 3; i++) { /* the wall clock neither hurries nor holds it */
		h.wall = jumps[i];
		reopen(&h, &one_by_one);
		assert_int_equal(try_export(&h, true), HARMONY_OK);
		assert_int_equal(h.run.id, 0); /* nothing to do: no run */
	}
	h.wall = -ten_years;
	h.monotonic += 3600000;
	assert_int_equal(try_export(&h, true), HARMONY_OK);
	expect_counts(&h, 2, 0, 0, 0, 0);
	close_house(&h);
}

static void a_service_gives_the_package_time_to_answer(void **state)
{
	house h;
	(void)state;
	open_house(&h, &one_by_one, NULL);
	write_invoices(&h, 24700001, 1);
	scripted.lose_every = 1;
	export_all(&h);
	expect_counts(&h, 0, 0, 0, 0, 1);
	assert_int_equal(remove(h.file), 0);
	scripted.finds = 0;
	assert_int_equal(try_export(&h, true), HARMONY_OK);
	assert_int_equal(h.run.id, 0);
	assert_int_equal(scripted.finds, 0);
	h.monotonic += 60000;
	assert_int_equal(try_export(&h, true), HARMONY_OK);
	expect_counts(&h, 1, 0, 0, 0, 0);
	close_house(&h);
}

static void honours_what_the_package_put_off(void **state)
{
	house h;
	(void)state;
	open_house(&h, &one_by_one, NULL);
	write_invoices(&h, 24700001, 2);
	scripted.retry_after = 60000;
	export_all(&h);
	expect_counts(&h, 0, 0, 0, 2, 0);
	scripted.retry_after = 0;
	assert_int_equal(remove(h.file), 0);
	export_all(&h); /* even a person waits for a whole minute */
	expect_counts(&h, 0, 0, 0, 0, 0);
	h.monotonic += 55000;
	export_all(&h); /* and is waited for a few seconds */
	expect_counts(&h, 2, 0, 0, 0, 0);
	assert_true(h.slept > 0 && h.slept <= 5000);
	close_house(&h);
}

static void stops_short_of_the_error_allowance(void **state)
{
	house h;
	(void)state;
	open_house(&h, &strict, NULL);
	FILE *out = fopen(h.file, "we");
	for (unsigned i = 0; i < 20; i++)
		put_invoice(out, 24700001 + i, "BAD", "1.00");
	put_invoice(out, 24700050, "8000", "1.00");
	put_customer(out, "Bakker");
	fclose(out);
	export_all(&h);
	expect_counts(&h, 1, 0, 8, 13, 0);
	assert_int_equal(remove(h.file), 0);
	reopen(&h, &strict);
	export_all(&h);
	expect_counts(&h, 0, 0, 0, 0, 0);
	assert_int_equal(scripted.offers, 9);
	h.monotonic += 3600001;
	export_all(&h);
	expect_counts(&h, 0, 0, 8, 5, 0);
	close_house(&h);
}

static void reads_back_what_was_booked(void **state)
{
	house h;
	(void)state;
	open_house(&h, &reads_back, NULL);
	write_invoices(&h, 24700001, 5);
	scripted.differs = "70/24700003";
	export_all(&h);
	expect_counts(&h, 4, 0, 1, 0, 0);
	seen failed = show_failed(&h);
	assert_string_equal(failed.code, "booked_differs");
	assert_string_equal(failed.remote_id, "R-70/24700003");
	/* it is in the package: never offered again, but looked up when asked */
	export_all(&h);
	expect_counts(&h, 0, 4, 1, 0, 0);
	unsigned offers = scripted.offers;
	assert_int_equal(harmony_sync_reoffer(&h.run, h.sync, &failed.id, 1, 0, &h.error),
			 HARMONY_OK);
	expect_counts(&h, 1, 0, 0, 0, 0);
	assert_int_equal(scripted.offers, offers);
	expect_bookings(&h, 5);
	close_house(&h);
}

static void takes_watched_files_when_they_are_complete(void **state)
{
	house h;
	const char *const settings[] = {"export_path", "out/records.jsonl", "archive_path", "done",
					NULL};
	char path[160];
	(void)state;
	open_house(&h, &one_by_one, settings);
	(void)snprintf(path, sizeof(path), "%s/out", h.folder);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(try_export(&h, true), HARMONY_OK);
	assert_int_equal(h.run.id, 0);
	write_invoices(&h, 24700001, 4);
	(void)snprintf(path, sizeof(path), "%s/out/Records.JSONL", h.folder);
	assert_int_equal(rename(h.file, path), 0);
	assert_int_equal(try_export(&h, true), HARMONY_OK);
	expect_counts(&h, 4, 0, 0, 0, 0);
	assert_true(h.slept >= 2000);
	assert_int_equal(access(path, F_OK), -1);
	(void)snprintf(path, sizeof(path), "%s/done/%d-Records.JSONL", h.folder, (int)h.run.id);
	assert_int_equal(access(path, F_OK), 0);
	close_house(&h);
}

static void waits_for_the_companion_that_is_wanted(void **state)
{
	house h;
	const char *const settings[] = {"export_path", "out/records.jsonl", "ready", "yes", NULL};
	char path[160], ready[168];
	(void)state;
	open_house(&h, &one_by_one, settings);
	(void)snprintf(path, sizeof(path), "%s/out", h.folder);
	assert_int_equal(mkdir(path, 0700), 0);
	write_invoices(&h, 24700001, 4);
	(void)snprintf(path, sizeof(path), "%s/out/records.jsonl", h.folder);
	assert_int_equal(rename(h.file, path), 0);
	assert_int_equal(try_export(&h, true), HARMONY_OK);
	assert_int_equal(h.run.id, 0);
	(void)snprintf(ready, sizeof(ready), "%s.ready", path);
	FILE *out = fopen(ready, "we");
	assert_non_null(out);
	fclose(out);
	assert_int_equal(try_export(&h, true), HARMONY_OK);
	expect_counts(&h, 4, 0, 0, 0, 0);
	assert_int_equal(access(ready, F_OK), -1);
	assert_int_equal(access(path, F_OK), 0);
	close_house(&h);
}

/* The ERP puts its next file in place while the one before is on its way: the next one is
   neither moved unread, nor thought to be known. */
static void replaced_at(const char *step, const char *const *settings)
{
	house h;
	open_house(&h, &one_by_one, settings);
	(void)snprintf(h.place, sizeof(h.place), "%s/out", h.folder);
	assert_int_equal(mkdir(h.place, 0700), 0);
	(void)snprintf(h.place, sizeof(h.place), "%s/out/records.jsonl", h.folder);
	(void)snprintf(h.next, sizeof(h.next), "%s/next", h.folder);
	write_invoices(&h, 24700001, 4);
	assert_int_equal(rename(h.file, h.place), 0);
	write_invoices(&h, 24700101, 3);
	assert_int_equal(rename(h.file, h.next), 0);
	h.at = step;
	assert_int_equal(try_export(&h, true), HARMONY_OK);
	expect_counts(&h, 4, 0, 0, 0, 0);
	assert_null(h.at);
	assert_int_equal(access(h.place, F_OK), 0);
	assert_int_equal(try_export(&h, true), HARMONY_OK);
	expect_counts(&h, 3, 0, 0, 0, 0);
	assert_int_equal(access(h.place, F_OK), settings[2] != NULL ? -1 : 0);
	assert_int_equal(try_export(&h, true), HARMONY_OK);
	assert_int_equal(h.run.id, 0);
	expect_bookings(&h, 7);
	close_house(&h);
}

static void a_next_file_is_never_taken_for_the_one_before(void **state)
{
	const char *const stays[] = {"export_path", "out/records.jsonl", NULL};
	const char *const moves[] = {"export_path", "out/records.jsonl", "archive_path", "done", NULL};
	static const char *const steps[] = {"read", "taken"};
	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		replaced_at(steps[i], stays);
		replaced_at(steps[i], moves);
	}
}

static void unreadable_input_makes_no_run(void **state)
{
	house h;
	seen none = {0};
	(void)state;
	open_house(&h, &one_by_one, NULL);
	const char *const paths[] = {"no/such/file"};
	harmony_export_options options = HARMONY_EXPORT_OPTIONS_INIT;
	options.paths = paths;
	options.path_count = 1;
	harmony_status status = harmony_sync_export(NULL, h.sync, "bakery", &options, &h.error);
	assert_int_equal(status, HARMONY_IO);
	assert_int_equal(harmony_sync_exit(status), 3);
	assert_non_null(strstr(h.error.message, "no/such/file"));
	harmony_error_clear(&h.error);
	assert_int_equal(harmony_sync_show(NULL, h.sync, 1, HARMONY_SHOW_ALL, see, &none, &h.error),
			 HARMONY_NOTFOUND);
	close_house(&h);
}

static harmony_status keep_bytes(const void *data, size_t len, void *user)
{
	char *out = user;
	size_t used = strlen(out);
	memcpy(out + used, data, len);
	out[used + len] = '\0';
	return HARMONY_OK;
}

static void keeps_the_bytes_that_were_received(void **state)
{
	house h;
	static char stored[65536], there[65536];
	(void)state;
	open_house(&h, &one_by_one, NULL);
	write_invoices(&h, 24700001, 100);
	export_all(&h);
	FILE *in = fopen(h.file, "re");
	there[fread(there, 1, sizeof(there) - 1, in)] = '\0';
	fclose(in);
	stored[0] = '\0';
	assert_int_equal(harmony_sync_file(h.sync, 1, keep_bytes, stored, &h.error), HARMONY_OK);
	assert_string_equal(stored, there);
	close_house(&h);
}

static void renews_the_snapshot_or_leaves_it(void **state)
{
	house h;
	const char *const settings[] = {"import_path", "dbopen.csv", NULL};
	char path[160], first[4096] = "", second[4096] = "";
	(void)state;
	open_house(&h, &one_by_one, settings);
	(void)snprintf(path, sizeof(path), "%s/dbopen.csv", h.folder);
	scripted.items = 5;
	assert_int_equal(harmony_sync_import(&h.run, h.sync, "bakery", NULL, &h.error), HARMONY_OK);
	assert_int_equal(h.run.state, HARMONY_RUN_SUCCEEDED);
	assert_int_equal(h.run.sales, 3);
	assert_int_equal(h.run.purchase, 2);
	FILE *in = fopen(path, "re");
	assert_true(fread(first, 1, sizeof(first) - 1, in) > 0);
	fclose(in);
	scripted.items = 9;
	scripted.items_status = HARMONY_RETRY;
	assert_int_equal(harmony_sync_import(&h.run, h.sync, "bakery", NULL, &h.error), HARMONY_OK);
	assert_int_equal(h.run.state, HARMONY_RUN_FAILED);
	assert_int_equal(h.run.status, HARMONY_RETRY);
	assert_non_null(strstr(h.run.message, "broke off"));
	in = fopen(path, "re");
	assert_true(fread(second, 1, sizeof(second) - 1, in) > 0);
	fclose(in);
	assert_string_equal(first, second);
	close_house(&h);
}

static void one_run_at_a_time(void **state)
{
	house h, other;
	(void)state;
	open_house(&h, &one_by_one, NULL);
	write_invoices(&h, 24700001, 1);
	other = h;
	other.error = (harmony_error)HARMONY_ERROR_INIT;
	open_store(&other);
	open_sync(&other, &one_by_one, NULL);
	void *lock = NULL;
	int64_t id = 0;
	assert_int_equal(other.store->integration(&id, other.store->self, "bakery", NULL),
			 HARMONY_OK);
	assert_int_equal(other.store->lock(&lock, other.store->self, id, "run", 0, NULL),
			 HARMONY_OK);
	assert_int_equal(try_export(&h, false), HARMONY_BUSY);
	assert_non_null(strstr(h.error.message, "bakery"));
	other.store->unlock(other.store->self, lock);
	export_all(&h);
	expect_counts(&h, 1, 0, 0, 0, 0);
	harmony_sync_free(other.sync);
	harmony_store_close(other.store);
	close_house(&h);
}

static harmony_status count_request(const harmony_record *record, const char *request, size_t len,
				    void *user)
{
	assert_non_null(record);
	assert_int_equal(strlen(request), len);
	++*(unsigned *)user;
	return HARMONY_OK;
}

static void previews_only_what_would_be_sent(void **state)
{
	house h;
	unsigned requests = 0;
	(void)state;
	open_house(&h, &one_by_one, NULL);
	write_invoices(&h, 24700001, 5);
	const char *const paths[] = {h.file};
	assert_int_equal(harmony_sync_preview(h.sync, "bakery", paths, 1, count_request, NULL,
					      &requests, &h.error),
			 HARMONY_OK);
	assert_int_equal(requests, 5);
	expect_bookings(&h, 0);
	export_all(&h);
	write_invoices(&h, 24700001, 7);
	requests = 0;
	assert_int_equal(harmony_sync_preview(h.sync, "bakery", paths, 1, count_request, NULL,
					      &requests, &h.error),
			 HARMONY_OK);
	assert_int_equal(requests, 2);
	expect_bookings(&h, 5);
	close_house(&h);
}

static void unknown_settings_name_the_nearest(void **state)
{
	house h;
	harmony_settings *list;
	(void)state;
	open_house(&h, &one_by_one, NULL);
	assert_int_equal(harmony_settings_new(&list, h.context, NULL), HARMONY_OK);
	(void)harmony_settings_set(list, "exprt_path", "x", NULL);
	assert_int_equal(harmony_sync_add(h.sync, "other", list, &one_by_one, &h.error),
			 HARMONY_CONFIG);
	assert_non_null(strstr(h.error.message, "export_path"));
	harmony_settings_free(list);
	harmony_error_clear(&h.error);
	assert_int_equal(harmony_sync_export(NULL, h.sync, "bakrey", NULL, &h.error),
			 HARMONY_NOTFOUND);
	assert_non_null(strstr(h.error.message, "bakery"));
	close_house(&h);
}

static void tells_equal_records_without_number_apart(void **state)
{
	house h;
	(void)state;
	open_house(&h, &one_by_one, NULL);
	FILE *out = fopen(h.file, "we");
	for (int i = 0; i < 3; i++)
		fprintf(
		    out,
		    "{\"kind\":\"memorial\",\"journal\":\"90\",\"date\":\"2024-01-31\",\"lines\":["
		    "{\"number\":1,\"account\":\"3000\",\"amount\":\"5.00\"},"
		    "{\"number\":2,\"account\":\"7900\",\"amount\":\"-5.00\"}]}\n");
	fclose(out);
	export_all(&h);
	expect_counts(&h, 3, 0, 0, 0, 0);
	export_all(&h);
	expect_counts(&h, 0, 3, 0, 0, 0);
	expect_bookings(&h, 3);
	close_house(&h);
}

static harmony_status see_status(const harmony_integration_status *status, void *user)
{
	assert_string_equal(status->name, "bakery");
	assert_int_equal(status->records[HARMONY_STATE_BOOKED], 2);
	assert_int_equal(status->records[HARMONY_STATE_REJECTED], 1);
	assert_int_equal(status->last_export->records.total, 3);
	assert_int_equal(status->last_import->id, 0);
	assert_int_equal(status->interval, 1800000);
	assert_int_equal(status->held, 0);
	++*(unsigned *)user;
	return HARMONY_OK;
}

static void tells_where_an_integration_stands(void **state)
{
	house h;
	unsigned count = 0;
	(void)state;
	open_house(&h, &one_by_one, NULL);
	FILE *out = fopen(h.file, "we");
	put_invoice(out, 1, "8000", "1.00");
	put_invoice(out, 2, "BAD", "1.00");
	put_invoice(out, 3, "8000", "1.00");
	fclose(out);
	export_all(&h);
	assert_int_equal(harmony_sync_status(h.sync, NULL, see_status, &count, &h.error),
			 HARMONY_OK);
	assert_int_equal(count, 1);
	close_house(&h);
}

static harmony_status count_run(const harmony_run *run, void *user)
{
	unsigned *count = user;
	count[run->direction]++;
	return HARMONY_OK;
}

static void imports_stay_as_long_as_they_are_wanted(void **state)
{
	house h;
	const char *const settings[] = {"import_path", "dbopen.csv", "history", "1d", NULL};
	unsigned count[3] = {0};
	(void)state;
	open_house(&h, &one_by_one, settings);
	write_invoices(&h, 24700001, 2);
	export_all(&h);
	for (unsigned i = 0; i < 60; i++) {
		assert_int_equal(harmony_sync_import(&h.run, h.sync, "bakery", NULL, &h.error),
				 HARMONY_OK);
		h.wall += 3600000;
	}
	assert_int_equal(harmony_sync_history(h.sync, NULL, 0, 0, count_run, count, &h.error),
			 HARMONY_OK);
	/* all went once, when the first was two days old, that were older than one */
	assert_int_equal(count[HARMONY_DIRECTION_IMPORT], 35);
	assert_int_equal(count[HARMONY_DIRECTION_EXPORT], 1);
	close_house(&h);
}

static harmony_status see_next(const harmony_integration_status *status, void *user)
{
	*(int64_t *)user = status->next_import - status->last_import->started;
	return HARMONY_OK;
}

static void a_clock_that_ran_ahead_puts_no_import_off(void **state)
{
	house h;
	const char *const settings[] = {"import_path", "dbopen.csv", "interval", "1h", NULL};
	const int64_t ten_years = INT64_C(315360000000);
	int64_t delay = 0;
	(void)state;
	open_house(&h, &one_by_one, settings);
	assert_int_equal(harmony_sync_import(&h.run, h.sync, "bakery", NULL, &h.error), HARMONY_OK);
	assert_int_equal(harmony_sync_status(h.sync, NULL, see_next, &delay, &h.error), HARMONY_OK);
	/* at its own place in the hour */
	assert_in_range(delay, 3600000 / 8, 3600000 + 3600000 / 8);
	h.wall = -ten_years;
	assert_int_equal(harmony_sync_status(h.sync, NULL, see_next, &delay, &h.error), HARMONY_OK);
	assert_true(delay < -ten_years + 3600000);
	close_house(&h);
}

/* ---- what a host gives ---- */

static harmony_status open_without_state(void **instance, const harmony_host *host,
					 harmony_error *error)
{
	(void)host, (void)error;
	*instance = NULL;
	scripted.opens++;
	return HARMONY_OK;
}

static unsigned closes;

static void count_close(void *instance)
{
	assert_null(instance);
	closes++;
}

static void closes_a_connector_without_state(void **state)
{
	harmony_connector stateless = one_by_one;
	house h;
	(void)state;
	stateless.open = open_without_state;
	stateless.close = count_close;
	open_house(&h, &stateless, NULL);
	write_invoices(&h, 1, 3);
	export_all(&h);
	expect_counts(&h, 3, 0, 0, 0, 0);
	assert_true(scripted.opens > 0);
	assert_int_equal(closes, scripted.opens);
	close_house(&h);
}

static void takes_no_store_that_is_none(void **state)
{
	harmony_sync_options options = HARMONY_SYNC_OPTIONS_INIT;
	harmony_store store;
	harmony_sync *sync;
	house h;
	(void)state;
	open_house(&h, &one_by_one, NULL);
	store = *h.store;
	options.store = &store;
	store.run_get = NULL;
	store.secret_load = NULL;
	assert_int_equal(harmony_sync_new(&sync, h.context, &options, &h.error), HARMONY_INVALID);
	assert_null(sync);
	assert_non_null(strstr(h.error.message, "run_get, secret_load"));
	close_house(&h);
}

#define HOST_CODE 4711

static harmony_status end_run(const harmony_run *run, void *user)
{
	(void)run, (void)user;
	return HOST_CODE;
}

static harmony_status end_state(const harmony_record_state *record, void *user)
{
	(void)record, (void)user;
	return HOST_CODE;
}

static harmony_status end_event(const harmony_event *event, void *user)
{
	(void)event, (void)user;
	return HOST_CODE;
}

static harmony_status keep_state(const harmony_record_state *record, void *user)
{
	(void)record, (void)user;
	return HARMONY_OK;
}

static harmony_status end_status(const harmony_integration_status *status, void *user)
{
	(void)status, (void)user;
	return HOST_CODE;
}

static harmony_status end_bytes(const void *data, size_t len, void *user)
{
	(void)data, (void)len, (void)user;
	return HOST_CODE;
}

static harmony_status end_finding(int severity, const char *subject, const char *message,
				  void *user)
{
	(void)severity, (void)subject, (void)message, (void)user;
	return HOST_CODE;
}

static harmony_status end_request(const harmony_record *record, const char *request, size_t len,
				  void *user)
{
	(void)record, (void)request, (void)len, (void)user;
	return HOST_CODE;
}

static harmony_status end_diagnostic(const harmony_diagnostic *diagnostic, void *user)
{
	(void)diagnostic, (void)user;
	return HOST_CODE;
}

/* Who looks at the error alone must not take a call that was ended for one that succeeded. */
static void callbacks_end_calls_with_a_word(void **state)
{
	const harmony_field_change wrong = {"date", ""};
	const char *paths[1];
	house h;
	(void)state;
	open_house(&h, &one_by_one, NULL);
	FILE *out = fopen(h.file, "we");
	put_invoice(out, 1, "BAD", "1.00");
	fclose(out);
	export_all(&h);
	out = fopen(h.file, "we");
	put_invoice(out, 2, "BAD", "1.00");
	fclose(out);
	paths[0] = h.file;
	harmony_sync *s = h.sync;
#define ENDS(call)                                                                                 \
	harmony_error_clear(&h.error);                                                             \
	assert_int_equal(call, HOST_CODE);                                                         \
	assert_int_equal(h.error.status, HOST_CODE);                                               \
	assert_true(h.error.message[0] != '\0');
	ENDS(harmony_sync_history(s, NULL, 0, 0, end_run, NULL, &h.error))
	ENDS(harmony_sync_show(NULL, s, 1, HARMONY_SHOW_ALL, end_state, NULL, &h.error))
	ENDS(harmony_sync_record(s, 1, end_state, NULL, NULL, &h.error))
	ENDS(harmony_sync_record(s, 1, keep_state, end_event, NULL, &h.error))
	ENDS(harmony_sync_file(s, 1, end_bytes, NULL, &h.error))
	ENDS(harmony_sync_status(s, NULL, end_status, NULL, &h.error))
	ENDS(harmony_sync_status(s, "bakery", end_status, NULL, &h.error))
	ENDS(harmony_sync_test(s, "bakery", paths, 1, end_finding, NULL, &h.error))
	ENDS(harmony_sync_preview(s, "bakery", paths, 1, end_request, NULL, NULL, &h.error))
	ENDS(harmony_sync_edit(s, 1, NULL, &wrong, 1, end_diagnostic, NULL, &h.error))
#undef ENDS
	/* and where there is nobody to hand it to, nothing is called */
	assert_int_equal(harmony_sync_history(s, NULL, 0, 0, NULL, NULL, NULL), HARMONY_INVALID);
	assert_int_equal(harmony_sync_record(s, 1, NULL, NULL, NULL, NULL), HARMONY_INVALID);
	assert_int_equal(harmony_sync_file(s, 1, NULL, NULL, NULL), HARMONY_INVALID);
	assert_int_equal(harmony_sync_status(s, NULL, NULL, NULL, NULL), HARMONY_INVALID);
	assert_int_equal(harmony_sync_preview(s, "bakery", paths, 1, NULL, NULL, NULL, NULL),
			 HARMONY_INVALID);
	close_house(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_clock_that_ran_ahead_puts_no_import_off),
	    cmocka_unit_test(imports_stay_as_long_as_they_are_wanted),
	    cmocka_unit_test(books_once_and_skips_the_same_file),
	    cmocka_unit_test(refuses_what_changed_after_booking),
	    cmocka_unit_test(updates_a_changed_customer),
	    cmocka_unit_test(corrects_and_offers_again),
	    cmocka_unit_test(keeps_unreadable_records_until_their_field_is_mended),
	    cmocka_unit_test(looks_up_what_got_no_answer),
	    cmocka_unit_test(entries_wait_for_their_relation),
	    cmocka_unit_test(books_nothing_again_with_a_new_store),
	    cmocka_unit_test(leaves_in_doubt_only_by_find),
	    cmocka_unit_test(takes_the_newest_of_what_was_never_applied),
	    cmocka_unit_test(connection_ends_the_offering),
	    cmocka_unit_test(waits_on_the_monotonic_clock),
	    cmocka_unit_test(a_service_gives_the_package_time_to_answer),
	    cmocka_unit_test(honours_what_the_package_put_off),
	    cmocka_unit_test(stops_short_of_the_error_allowance),
	    cmocka_unit_test(reads_back_what_was_booked),
	    cmocka_unit_test(takes_watched_files_when_they_are_complete),
	    cmocka_unit_test(waits_for_the_companion_that_is_wanted),
	    cmocka_unit_test(a_next_file_is_never_taken_for_the_one_before),
	    cmocka_unit_test(unreadable_input_makes_no_run),
	    cmocka_unit_test(keeps_the_bytes_that_were_received),
	    cmocka_unit_test(renews_the_snapshot_or_leaves_it),
	    cmocka_unit_test(one_run_at_a_time),
	    cmocka_unit_test(previews_only_what_would_be_sent),
	    cmocka_unit_test(unknown_settings_name_the_nearest),
	    cmocka_unit_test(tells_equal_records_without_number_apart),
	    cmocka_unit_test(tells_where_an_integration_stands),
	    cmocka_unit_test(closes_a_connector_without_state),
	    cmocka_unit_test(takes_no_store_that_is_none),
	    cmocka_unit_test(callbacks_end_calls_with_a_word),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
