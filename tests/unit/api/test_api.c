/* SPDX-License-Identifier: MIT */
/* What every function of the API promises, as a program that embeds the library meets it: what
   *out is after an error, structs of older and newer headers, what a callback of the host
   returns, and that the first cause wins. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../support/sweep.h"

#include <harmony/harmony.h>

static harmony_context *context;
static const char *sample; /* a good fmuta6.csv */

/* ---- callbacks ---- */

static int code; /* what they return */

static harmony_status on_record(const harmony_record *record, const harmony_diagnostic *failures,
                                size_t count, void *user)
{
	return code;
}

static harmony_status on_diagnostic(const harmony_diagnostic *diagnostic, void *user)
{
	return code;
}

static harmony_status on_row(const harmony_csv_row *row, void *user)
{
	return code;
}

static harmony_status on_write(const void *data, size_t len, void *user)
{
	return code;
}

static size_t cannot_read(void *buffer, size_t size, void *user)
{
	return (size_t)-1;
}

static harmony_status no_store(harmony_store **out, void *user, harmony_error *error)
{
	return harmony_error_set(error, HARMONY_IO, NULL, "there is none");
}

/* ---- *out after an error ---- */

static char poison;

/* `call` makes *made; it fails with `wanted`, says why, and leaves NULL. */
#define FAILS(type, wanted, call)                                                                  \
	do {                                                                                       \
		type *made = (void *)&poison;                                                      \
		harmony_error error = HARMONY_ERROR_INIT;                                          \
		assert_int_equal(call, wanted);                                                    \
		assert_int_equal(error.status, wanted);                                            \
		assert_true(error.message[0] != '\0');                                             \
		assert_null(made);                                                                 \
	} while (0)

static void gives_nothing_with_an_error(void **state)
{
	harmony_context_options none = {0};
	harmony_schedule_options schedule = HARMONY_SCHEDULE_OPTIONS_INIT;
	harmony_store_options store = HARMONY_STORE_OPTIONS_INIT;

	FAILS(harmony_context, HARMONY_INVALID, harmony_context_new(&made, &none, &error));
	FAILS(harmony_record, HARMONY_INVALID, harmony_record_new(&made, context, 99, &error));
	FAILS(harmony_source, HARMONY_NOTFOUND,
	      harmony_source_open(&made, context, "/nonexistent", &error));
	FAILS(harmony_source, HARMONY_INVALID,
	      harmony_source_from(&made, context, "x", NULL, NULL, &error));
	FAILS(harmony_csv, HARMONY_INVALID, harmony_csv_new(&made, context, NULL, NULL, NULL, &error));
	FAILS(harmony_csv_pull, HARMONY_INVALID,
	      harmony_csv_pull_new(&made, context, NULL, NULL, NULL, &error));
	FAILS(harmony_fmuta6, HARMONY_INVALID,
	      harmony_fmuta6_new(&made, context, NULL, "x", NULL, NULL, NULL, &error));
	FAILS(harmony_fmuta6_pull, HARMONY_INVALID,
	      harmony_fmuta6_pull_new(&made, context, NULL, "x", NULL, NULL, NULL, &error));
	FAILS(harmony_fmuta6_pull, HARMONY_NOTFOUND,
	      harmony_fmuta6_pull_open(&made, context, NULL, "/nonexistent", NULL, NULL, &error));
	FAILS(harmony_fmuta6_writer, HARMONY_INVALID,
	      harmony_fmuta6_writer_new(&made, context, NULL, NULL, NULL, &error));
	FAILS(harmony_dbopen_reader, HARMONY_INVALID,
	      harmony_dbopen_reader_new(&made, context, NULL, "x", NULL, NULL, NULL, &error));
	FAILS(harmony_dbopen_writer, HARMONY_INVALID,
	      harmony_dbopen_writer_new(&made, NULL, NULL, &error));
	FAILS(harmony_jsonl, HARMONY_INVALID,
	      harmony_jsonl_new(&made, context, "x", NULL, NULL, NULL, &error));
	FAILS(harmony_sync, HARMONY_INVALID, harmony_sync_new(&made, NULL, NULL, &error));
	FAILS(harmony_schedule, HARMONY_INVALID,
	      harmony_schedule_new(&made, context, &schedule, &error));
	store.path = "/nonexistent/harmony.db";
	if (harmony_has("store"))
		FAILS(harmony_store, HARMONY_IO, harmony_store_open(&made, context, &store, &error));
	else
		FAILS(harmony_store, HARMONY_UNSUPPORTED,
		      harmony_store_open(&made, context, &store, &error));
	store.path = NULL;
	if (harmony_has("store"))
		FAILS(harmony_store, HARMONY_INVALID,
		      harmony_store_open(&made, context, &store, &error));
}

static void gives_nothing_without_memory(void **state)
{
	sweep s;
	harmony_context *poor = sweep_context(&s);
	harmony_schedule_options schedule = HARMONY_SCHEDULE_OPTIONS_INIT;
	harmony_store_options store = HARMONY_STORE_OPTIONS_INIT;

	s.fail_at = s.calls;
	s.for_good = true;
	schedule.open_store = no_store;
	store.path = "harmony-api.db";
	FAILS(harmony_record, HARMONY_NOMEM,
	      harmony_record_new(&made, poor, HARMONY_CUSTOMER, &error));
	FAILS(harmony_settings, HARMONY_NOMEM, harmony_settings_new(&made, poor, &error));
	FAILS(harmony_source, HARMONY_NOMEM, harmony_source_open(&made, poor, sample, &error));
	FAILS(harmony_csv, HARMONY_NOMEM, harmony_csv_new(&made, poor, NULL, on_row, NULL, &error));
	FAILS(harmony_csv_pull, HARMONY_NOMEM,
	      harmony_csv_pull_new(&made, poor, NULL, cannot_read, NULL, &error));
	FAILS(harmony_fmuta6, HARMONY_NOMEM,
	      harmony_fmuta6_new(&made, poor, NULL, "x", on_record, NULL, NULL, &error));
	FAILS(harmony_fmuta6_pull, HARMONY_NOMEM,
	      harmony_fmuta6_pull_new(&made, poor, NULL, "x", cannot_read, NULL, NULL, &error));
	FAILS(harmony_fmuta6_pull, HARMONY_NOMEM,
	      harmony_fmuta6_pull_open(&made, poor, NULL, sample, NULL, NULL, &error));
	FAILS(harmony_fmuta6_writer, HARMONY_NOMEM,
	      harmony_fmuta6_writer_new(&made, poor, NULL, on_write, NULL, &error));
	FAILS(harmony_dbopen_reader, HARMONY_NOMEM,
	      harmony_dbopen_reader_new(&made, poor, NULL, "x", on_record, NULL, NULL, &error));
	FAILS(harmony_dbopen_writer, HARMONY_NOMEM,
	      harmony_dbopen_writer_new(&made, poor, NULL, &error));
	FAILS(harmony_jsonl, HARMONY_NOMEM,
	      harmony_jsonl_new(&made, poor, "x", on_record, NULL, NULL, &error));
	FAILS(harmony_sync, HARMONY_NOMEM, harmony_sync_new(&made, poor, NULL, &error));
	FAILS(harmony_schedule, HARMONY_NOMEM, harmony_schedule_new(&made, poor, &schedule, &error));
	if (harmony_has("store"))
		FAILS(harmony_store, HARMONY_NOMEM, harmony_store_open(&made, poor, &store, &error));
	assert_int_equal(access(store.path, F_OK), -1);
	harmony_context_free(poor);
	assert_int_equal(s.live, 0);
}

/* ---- structs of other headers ---- */

/* A copy that ends where its header ended: a sanitizer sees a byte too many. Or one that is
   longer, and full of what this library does not know. */
static void *of_header(const void *whole, size_t ours, size_t theirs)
{
	char *copy = malloc(theirs);

	assert_non_null(copy);
	memset(copy, 0x5a, theirs);
	memcpy(copy, whole, ours < theirs ? ours : theirs);
	memcpy(copy, &theirs, sizeof(theirs));
	return copy;
}

/* A member of such a copy: there is no whole struct to look into. */
static int member(const void *copy, size_t at)
{
	int value;

	memcpy(&value, (const char *)copy + at, sizeof(value));
	return value;
}

/* `call` makes *made from `o`, a struct of each header: with its size alone, without its last
   fields, ours, and a longer one. */
#define TAKES(options, init, last, type, call, release)                                            \
	do {                                                                                       \
		const options whole = init;                                                        \
		const size_t sizes[] = {sizeof(size_t), offsetof(options, last), sizeof(whole),    \
		                        sizeof(whole) + 64};                                       \
		for (size_t i = 0; i < 4; i++) {                                                   \
			options *o = of_header(&whole, sizeof(whole), sizes[i]);                   \
			type *made = NULL;                                                         \
			assert_int_equal(call, HARMONY_OK);                                        \
			release(made);                                                             \
			free(o);                                                                   \
		}                                                                                  \
	} while (0)

static void takes_structs_of_other_headers(void **state)
{
	TAKES(harmony_context_options, HARMONY_CONTEXT_OPTIONS_INIT, log, harmony_context,
	      harmony_context_new(&made, o, NULL), harmony_context_free);
	TAKES(harmony_csv_options, HARMONY_CSV_OPTIONS_INIT, repair, harmony_csv,
	      harmony_csv_new(&made, context, o, on_row, NULL, NULL), harmony_csv_free);
	TAKES(harmony_fmuta6_options, HARMONY_FMUTA6_OPTIONS_INIT, strict, harmony_fmuta6,
	      harmony_fmuta6_new(&made, context, o, "x", on_record, NULL, NULL, NULL),
	      harmony_fmuta6_free);
	TAKES(harmony_fmuta6_options, HARMONY_FMUTA6_OPTIONS_INIT, strict, harmony_fmuta6_writer,
	      harmony_fmuta6_writer_new(&made, context, o, on_write, NULL, NULL),
	      harmony_fmuta6_writer_free);
	TAKES(harmony_dbopen_options, HARMONY_DBOPEN_OPTIONS_INIT, quote, harmony_dbopen_writer,
	      harmony_dbopen_writer_new(&made, context, o, NULL), harmony_dbopen_writer_free);
	TAKES(harmony_dbopen_options, HARMONY_DBOPEN_OPTIONS_INIT, quote, harmony_dbopen_reader,
	      harmony_dbopen_reader_new(&made, context, o, "x", on_record, NULL, NULL, NULL),
	      harmony_dbopen_reader_free);
	TAKES(harmony_sync_options, HARMONY_SYNC_OPTIONS_INIT, step, harmony_sync,
	      harmony_sync_new(&made, context, o, NULL), harmony_sync_free);
}

/* What does not fit an older struct is refused, and written nowhere. */
static void sets_no_option_behind_a_struct(void **state)
{
	const harmony_fmuta6_options fmuta6 = HARMONY_FMUTA6_OPTIONS_INIT;
	const harmony_dbopen_options dbopen = HARMONY_DBOPEN_OPTIONS_INIT;
	harmony_error error = HARMONY_ERROR_INIT;
	void *f = of_header(&fmuta6, sizeof(fmuta6), offsetof(harmony_fmuta6_options, strict));
	void *d = of_header(&dbopen, sizeof(dbopen), offsetof(harmony_dbopen_options, quote));

	assert_int_equal(harmony_fmuta6_options_set(f, "fmuta6.strict", "yes", &error),
	                 HARMONY_INVALID);
	assert_string_equal(error.field, "fmuta6.strict");
	assert_int_equal(harmony_fmuta6_options_set(f, "fmuta6.pivot", "50", NULL), HARMONY_INVALID);
	assert_int_equal(harmony_fmuta6_options_set(f, "fmuta6.strict", "no", NULL), HARMONY_OK);
	assert_int_equal(harmony_fmuta6_options_set(f, "fmuta6.total", "reject", NULL), HARMONY_OK);
	assert_int_equal(member(f, offsetof(harmony_fmuta6_options, total)), HARMONY_TOTAL_REJECT);
	assert_int_equal(*(size_t *)f, offsetof(harmony_fmuta6_options, strict));
	assert_int_equal(harmony_dbopen_options_set(d, "dbopen.quote", "all", NULL), HARMONY_INVALID);
	assert_int_equal(harmony_dbopen_options_set(d, "dbopen.header", "yes", NULL), HARMONY_OK);
	assert_int_equal(member(d, offsetof(harmony_dbopen_options, header)), HARMONY_TITLES_YES);
	free(f);
	free(d);
}

/* ---- what a callback of the host returns ---- */

#define COMES_BACK(call)                                                                           \
	do {                                                                                       \
		harmony_error error = HARMONY_ERROR_INIT;                                          \
		assert_int_equal(call, code);                                                      \
		assert_int_equal(error.status, code);                                              \
		assert_true(error.message[0] != '\0');                                             \
	} while (0)

static harmony_status feed_file(harmony_fmuta6 *reader, harmony_error *error)
{
	harmony_source *source = NULL;
	const void *data;
	size_t len;
	harmony_status status = harmony_source_open(&source, context, sample, error);

	while (status == HARMONY_OK &&
	       (status = harmony_source_next(&data, &len, source, error)) == HARMONY_OK && len > 0)
		status = harmony_fmuta6_feed(reader, data, len, error);
	if (status == HARMONY_OK)
		status = harmony_fmuta6_finish(reader, error);
	harmony_source_free(source);
	return status;
}

static harmony_status feed_rows(harmony_csv *csv, harmony_error *error)
{
	harmony_status status = harmony_csv_feed(csv, "a;b\n", 4, error);
	return status == HARMONY_OK ? harmony_csv_finish(csv, error) : status;
}

static harmony_status feed_items(harmony_dbopen_reader *reader, harmony_error *error)
{
	static const char item[] = "1001,2,01012024,01012024,x,1.00,0.00,1.00,S,EUR,\r\n";
	harmony_status status =
	    harmony_dbopen_reader_feed(reader, item, sizeof(item) - 1, error);
	return status == HARMONY_OK ? harmony_dbopen_reader_finish(reader, error) : status;
}

static void returns_of_readers_come_back(void)
{
	static const char line[] = "{\"kind\":\"customer\",\"code\":\"1\",\"name\":\"x\"}\n";
	harmony_fmuta6 *fmuta6;
	harmony_csv *csv;
	harmony_jsonl *jsonl;
	harmony_dbopen_reader *dbopen;

	harmony_fmuta6_new(&fmuta6, context, NULL, "x", on_record, NULL, NULL, NULL);
	COMES_BACK(feed_file(fmuta6, &error));
	assert_int_equal(harmony_fmuta6_finish(fmuta6, NULL), HARMONY_STATE);
	harmony_fmuta6_free(fmuta6);
	harmony_csv_new(&csv, context, NULL, on_row, NULL, NULL);
	COMES_BACK(feed_rows(csv, &error));
	assert_int_equal(harmony_csv_finish(csv, NULL), HARMONY_STATE);
	harmony_csv_free(csv);
	harmony_jsonl_new(&jsonl, context, "x", on_record, NULL, NULL, NULL);
	COMES_BACK(harmony_jsonl_feed(jsonl, line, sizeof(line) - 1, &error));
	assert_int_equal(harmony_jsonl_finish(jsonl, NULL), HARMONY_STATE);
	harmony_jsonl_free(jsonl);
	harmony_dbopen_reader_new(&dbopen, context, NULL, "x", on_record, NULL, NULL, NULL);
	COMES_BACK(feed_items(dbopen, &error));
	assert_int_equal(harmony_dbopen_reader_finish(dbopen, NULL), HARMONY_STATE);
	harmony_dbopen_reader_free(dbopen);
}

static void returns_of_writers_come_back(void)
{
	harmony_record *record, *item;
	harmony_fmuta6_writer *fmuta6;
	harmony_dbopen_writer *dbopen;

	harmony_record_new(&record, context, HARMONY_CUSTOMER, NULL);
	assert_int_equal(harmony_record_set_path(record, "code", "1", NULL), HARMONY_OK);
	assert_int_equal(harmony_record_set_path(record, "name", "x", NULL), HARMONY_OK);
	COMES_BACK(harmony_record_write_json(record, on_write, NULL, &error));
	COMES_BACK(harmony_record_write_hledger(record, on_write, NULL, &error));
	harmony_fmuta6_writer_new(&fmuta6, context, NULL, on_write, NULL, NULL);
	COMES_BACK(harmony_fmuta6_writer_add(fmuta6, record, &error));
	harmony_fmuta6_writer_free(fmuta6);
	harmony_record_free(record);
	harmony_record_new(&item, context, HARMONY_OUTSTANDING_ITEM, NULL);
	assert_int_equal(harmony_record_validate(item, on_diagnostic, NULL), code);
	assert_int_equal(harmony_record_set_path(item, "side", "sales", NULL), HARMONY_OK);
	assert_int_equal(harmony_record_set_path(item, "party", "1", NULL), HARMONY_OK);
	assert_int_equal(harmony_record_set_path(item, "invoice_number", "1", NULL), HARMONY_OK);
	assert_int_equal(harmony_record_set_path(item, "outstanding", "1.00", NULL), HARMONY_OK);
	harmony_dbopen_writer_new(&dbopen, context, NULL, NULL);
	assert_int_equal(harmony_dbopen_writer_add(dbopen, item, NULL), HARMONY_OK);
	COMES_BACK(harmony_dbopen_writer_write(dbopen, on_write, NULL, &error));
	harmony_dbopen_writer_free(dbopen);
	harmony_record_free(item);
}

static void returns_of_callbacks_come_back(void **state)
{
	static const int codes[] = {HARMONY_USER, 12345, -7, HARMONY_CANCELLED, HARMONY_IO};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		code = codes[i];
		returns_of_readers_come_back();
		returns_of_writers_come_back();
	}
	code = HARMONY_OK;
}

/* ---- a record that cannot be written ---- */

static harmony_status keep_bytes(const void *data, size_t len, void *user)
{
	char *kept = user;
	size_t used = strlen(kept);

	memcpy(kept + used, data, len < 1000 - used ? len : 1000 - used);
	return HARMONY_OK;
}

/* It leaves nothing behind, and the file begins with the next one as if it had not been. */
static void writes_all_of_a_file_after_a_refusal(void **state)
{
	char bytes[1001] = "";
	harmony_record *huge, *entry;
	harmony_fmuta6_writer *writer;

	harmony_record_new(&huge, context, HARMONY_SALES_INVOICE, NULL);
	harmony_record_new(&entry, context, HARMONY_MEMORIAL, NULL);
	for (size_t row = 1; row <= 2; row++) {
		assert_int_equal(harmony_record_add_line(huge, NULL, NULL), HARMONY_OK);
		assert_int_equal(harmony_record_set_number(huge, row, HARMONY_FIELD_AMOUNT,
		                                           INT64_MAX, NULL),
		                 HARMONY_OK);
	}
	harmony_fmuta6_writer_new(&writer, context, NULL, keep_bytes, bytes, NULL);
	assert_int_equal(harmony_fmuta6_writer_add(writer, huge, NULL), HARMONY_RANGE);
	assert_string_equal(bytes, "");
	assert_int_equal(harmony_fmuta6_writer_add(writer, entry, NULL), HARMONY_OK);
	assert_memory_equal(bytes, "\xef\xbb\xbf", 3);
	harmony_fmuta6_writer_free(writer);
	harmony_record_free(entry);
	harmony_record_free(huge);
}

/* ---- the first cause ---- */

static harmony_error first, before;

#define KEEPS(call)                                                                                \
	do {                                                                                       \
		assert_int_not_equal(call, HARMONY_OK);                                            \
		assert_memory_equal(&first, &before, sizeof(before));                              \
	} while (0)

static void keeps_the_first_cause_of_records(void)
{
	harmony_record *record;
	const harmony_date never = {2024, 2, 31};

	harmony_record_new(&record, context, HARMONY_SALES_INVOICE, NULL);
	for (size_t row = 1; row <= 2; row++) {
		assert_int_equal(harmony_record_add_line(record, NULL, NULL), HARMONY_OK);
		assert_int_equal(harmony_record_set_number(record, row, HARMONY_FIELD_AMOUNT,
		                                           INT64_MAX, NULL),
		                 HARMONY_OK);
	}
	KEEPS(harmony_record_set_path(record, "date", "2024-02-31", &first));
	KEEPS(harmony_record_set_path(record, "nothing", "1", &first));
	KEEPS(harmony_record_set_text(record, 0, HARMONY_FIELD_TOTAL, "x", 1, &first));
	KEEPS(harmony_record_set_text(record, 9, HARMONY_FIELD_ACCOUNT, "x", 1, &first));
	KEEPS(harmony_record_set_date(record, 0, HARMONY_FIELD_DATE, never, &first));
	KEEPS(harmony_record_sum(record, &first));
	harmony_record_free(record);
}

static void keeps_the_first_cause_of_files(void)
{
	harmony_source *source;
	harmony_store *store;
	harmony_store_options options = HARMONY_STORE_OPTIONS_INIT;
	harmony_dbopen_writer *writer;
	const void *data;
	size_t len;

	KEEPS(harmony_source_open(&source, context, "/nonexistent", &first));
	KEEPS(harmony_source_open(&source, context, "/", &first));
	harmony_source_from(&source, context, "x", cannot_read, NULL, NULL);
	KEEPS(harmony_source_next(&data, &len, source, &first));
	harmony_source_free(source);
	harmony_source_from_memory(&source, context, "x", "\x1f\x8b\x08", 3, NULL);
	KEEPS(harmony_source_next(&data, &len, source, &first));
	harmony_source_free(source);
	options.path = "/nonexistent/harmony.db";
	KEEPS(harmony_store_open(&store, context, &options, &first));
	harmony_dbopen_writer_new(&writer, context, NULL, NULL);
	KEEPS(harmony_dbopen_writer_save(writer, "/nonexistent/x.csv", NULL, &first));
	harmony_dbopen_writer_free(writer);
}

static void the_first_cause_wins(void **state)
{
	harmony_fmuta6_options fmuta6 = HARMONY_FMUTA6_OPTIONS_INIT;
	harmony_jsonl *jsonl;

	memset(&first, 0, sizeof(first)); /* padding, too */
	first.struct_size = sizeof(first);
	harmony_error_set(&first, HARMONY_USER, "mine", "the first");
	first.line = 7;
	strcpy(first.file, "first.csv");
	memcpy(&before, &first, sizeof(before));
	keeps_the_first_cause_of_records();
	keeps_the_first_cause_of_files();
	KEEPS(harmony_fmuta6_options_set(&fmuta6, "fmuta6.nothing", "1", &first));
	code = HARMONY_USER;
	harmony_jsonl_new(&jsonl, context, "x", on_record, NULL, NULL, NULL);
	KEEPS(harmony_jsonl_feed(jsonl, "{\"kind\":\"customer\"}\n", 20, &first));
	harmony_jsonl_free(jsonl);
	code = HARMONY_OK;
}

/* A store that is made anew opens whatever the caller's error says already. */
static void a_call_that_succeeds_keeps_it_too(void **state)
{
	harmony_store_options options = HARMONY_STORE_OPTIONS_INIT;
	harmony_store *store;

	if (!harmony_has("store"))
		skip();
	options.path = "harmony-api.db";
	unlink(options.path);
	harmony_error_clear(&first);
	harmony_error_set(&first, HARMONY_USER, "mine", "the first");
	assert_int_equal(harmony_store_open(&store, context, &options, &first), HARMONY_OK);
	assert_string_equal(first.message, "the first");
	harmony_store_close(store);
	unlink(options.path);
	unlink("harmony-api.db-use");
}

/* ---- pull, over a file ---- */

static void pulls_a_file(void **state)
{
	harmony_fmuta6_pull *pull = NULL;
	const harmony_record *record;
	harmony_error error = HARMONY_ERROR_INIT;
	unsigned records = 0;

	assert_int_equal(
	    harmony_fmuta6_pull_open(&pull, context, NULL, sample, NULL, NULL, &error), HARMONY_OK);
	while (harmony_fmuta6_pull_next(&record, pull, &error) == HARMONY_OK && record != NULL) {
		assert_string_equal(harmony_record_source_file(record), "fmuta6.csv");
		records++;
	}
	assert_int_equal(error.status, HARMONY_OK);
	assert_true(records > 5);
	assert_int_equal(harmony_fmuta6_pull_next(&record, pull, &error), HARMONY_OK);
	assert_null(record);
	harmony_fmuta6_pull_free(pull);
}

/* The cause is the source's, not that something could not be read. */
static void pull_says_what_is_wrong_with_a_file(void **state)
{
	static const char path[] = "harmony-api.csv.gz";
	harmony_fmuta6_pull *pull = NULL;
	const harmony_record *record = (void *)&poison;
	harmony_error error = HARMONY_ERROR_INIT;
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite("\x1f\x8b\x08\0\0\0\0\0\0\0junk", 1, 14, file), 14);
	fclose(file);
	assert_int_equal(harmony_fmuta6_pull_open(&pull, context, NULL, path, NULL, NULL, &error),
	                 HARMONY_OK);
	assert_int_equal(harmony_fmuta6_pull_next(&record, pull, &error), HARMONY_FORMAT);
	assert_null(record);
	assert_int_equal(error.status, HARMONY_FORMAT);
	assert_non_null(strstr(error.message, "gzip"));
	assert_int_equal(harmony_fmuta6_pull_next(&record, pull, NULL), HARMONY_STATE);
	harmony_fmuta6_pull_free(pull);
	unlink(path);
}

static int set_up(void **state)
{
	return harmony_context_new(&context, NULL, NULL);
}

static int tear_down(void **state)
{
	harmony_context_free(context);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_nothing_with_an_error),
		cmocka_unit_test(gives_nothing_without_memory),
		cmocka_unit_test(takes_structs_of_other_headers),
		cmocka_unit_test(sets_no_option_behind_a_struct),
		cmocka_unit_test(returns_of_callbacks_come_back),
		cmocka_unit_test(writes_all_of_a_file_after_a_refusal),
		cmocka_unit_test(the_first_cause_wins),
		cmocka_unit_test(a_call_that_succeeds_keeps_it_too),
		cmocka_unit_test(pulls_a_file),
		cmocka_unit_test(pull_says_what_is_wrong_with_a_file),
	};

	sample = argc > 1 ? argv[1] : "";
	return cmocka_run_group_tests_name("api", tests, set_up, tear_down);
}
