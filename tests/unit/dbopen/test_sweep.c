/* SPDX-License-Identifier: MIT */
/* Every allocation of every operation fails once, and from then on. */
#include "support.h"

#include "sweep.h"

#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "dbopen-sweep-XXXXXX";
static char path[64];

static int set_up(void **state)
{
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/dbopen.csv", folder);
	return 0;
}

static int tear_down(void **state)
{
	unlink(path);
	return rmdir(folder); /* fails when a temporary stayed */
}

static harmony_status drop(const void *data, size_t len, void *user)
{
	return HARMONY_OK;
}

static harmony_status drop_record(const harmony_record *record, const harmony_diagnostic *failures,
                                  size_t count, void *user)
{
	return HARMONY_OK;
}

static harmony_status drop_diagnostic(const harmony_diagnostic *diagnostic, void *user)
{
	return HARMONY_OK;
}

/* A record of every sample, made in the other context, so that only the writer is swept. */
static harmony_record *items[3];

static harmony_status fill(harmony_dbopen_writer **writer, harmony_context *context,
                           harmony_error *error)
{
	harmony_dbopen_options options = HARMONY_DBOPEN_OPTIONS_INIT;
	options.header = HARMONY_TITLES_YES;
	harmony_status status = harmony_dbopen_writer_new(writer, context, &options, error);
	for (size_t i = 0; i < 60 && status == HARMONY_OK; i++)
		status = harmony_dbopen_writer_add(*writer, items[(i + 2) % 3], error);
	return status;
}

static harmony_status write_them(harmony_context *context, harmony_error *error, void *user)
{
	harmony_dbopen_writer *writer = NULL;
	harmony_status status = fill(&writer, context, error);
	if (status == HARMONY_OK)
		status = harmony_dbopen_writer_write(writer, drop, NULL, error);
	harmony_dbopen_writer_free(writer);
	return status;
}

/* A new file, and then the same once more. */
static harmony_status save_them(harmony_context *context, harmony_error *error, void *user)
{
	harmony_dbopen_writer *writer = NULL;
	unlink(path);
	harmony_status status = fill(&writer, context, error);
	for (int i = 0; i < 2 && status == HARMONY_OK; i++) {
		int changed = -1;
		status = harmony_dbopen_writer_save(writer, path, &changed, error);
		if (status == HARMONY_OK)
			assert_int_equal(changed, i == 0);
	}
	harmony_dbopen_writer_free(writer);
	return status;
}

static harmony_status read_them(harmony_context *context, harmony_error *error, void *user)
{
	const char *text = user;
	harmony_dbopen_reader *reader = NULL;
	harmony_status status = harmony_dbopen_reader_new(&reader, context, NULL, "dbopen.csv",
	                                                  drop_record, drop_diagnostic, NULL, error);
	for (; *text && status == HARMONY_OK; text++)
		status = harmony_dbopen_reader_feed(reader, text, 1, error);
	if (status == HARMONY_OK)
		status = harmony_dbopen_reader_finish(reader, error);
	harmony_dbopen_reader_free(reader);
	return status;
}

static void writing(void **state)
{
	assert_true(sweep_run(write_them, NULL) > 5);
}

static void saving(void **state)
{
	assert_true(sweep_run(save_them, NULL) > 5);
}

static void reading_titles_and_bad_rows(void **state)
{
	static char text[] =
	    "relation;invoice;date;description;outstanding;type;remark;paid\r\n"
	    "0001;7;15-01-2024;\"caf\xc3\xa9 \"\"de\r\nZon\"\"; x\";142,80;D;;\r\n"
	    "0002;8;31-02-2024;x;1,2,3;C;;\r\n"
	    "\xe2\x82\xac;9;x;\xff;1,234;Q;;\r\n"
	    "0003;10\r\n"
	    "0004;\"open";
	assert_true(sweep_run(read_them, text) > 5);
}

static void reading_by_place(void **state)
{
	static char text[] =
	    "\"1001\",\"1\",15012024,,\"caf\x82\",10.00,0.00,10.00,\"D\",\"EUR\",\"\"\r\n"
	    "\"1001\",\"2\",15012024,,\"x\",10.00,3.00,,\"D\",\"EUR\",\"\"\r\n"
	    "\"1001\",\"3\",15012024,,\"x\",10.00,3.00,1.00,\"D\",\"EUR\",\"\"";
	assert_true(sweep_run(read_them, text) > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writing),
	    cmocka_unit_test(saving),
	    cmocka_unit_test(reading_titles_and_bad_rows),
	    cmocka_unit_test(reading_by_place),
	};
	harmony_context *context = NULL;
	if (harmony_context_new(&context, NULL, NULL) != HARMONY_OK)
		return 1;
	for (size_t i = 0; i < 3; i++)
		items[i] = make(context, &samples_items[i]);
	int result = cmocka_run_group_tests(tests, set_up, tear_down);
	for (size_t i = 0; i < 3; i++)
		harmony_record_free(items[i]);
	harmony_context_free(context);
	return result;
}
