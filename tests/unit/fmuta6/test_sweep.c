/* SPDX-License-Identifier: MIT */
/* Every allocation of reading, pulling and writing fails once, and from then on. */
#include "support.h"

#include "sweep.h"

static const char *samples;

typedef struct input {
	const char *data;
	size_t len, at;
	harmony_fmuta6_writer *writer;
	harmony_error *error;
} input;

static harmony_status drop(const void *data, size_t len, void *user)
{
	return HARMONY_OK;
}

static harmony_status no_finding(const harmony_diagnostic *diagnostic, void *user)
{
	return HARMONY_OK;
}

static harmony_status write_again(const harmony_record *record, const harmony_diagnostic *failures,
                                  size_t count, void *user)
{
	input *in = user;
	return count ? HARMONY_OK : harmony_fmuta6_writer_add(in->writer, record, NULL);
}

static harmony_status push_and_write(harmony_context *context, harmony_error *error, void *user)
{
	input in = *(input *)user;
	harmony_fmuta6 *reader = NULL;
	harmony_status status =
		harmony_fmuta6_writer_new(&in.writer, context, NULL, drop, NULL, error);
	if (!status)
		status = harmony_fmuta6_new(&reader, context, NULL, "input.csv", write_again,
		                            no_finding, &in, error);
	if (!status)
		status = harmony_fmuta6_feed(reader, in.data, in.len, error);
	if (!status)
		status = harmony_fmuta6_finish(reader, error);
	harmony_fmuta6_free(reader);
	harmony_fmuta6_writer_free(in.writer);
	return status;
}

static size_t read_some(void *buffer, size_t size, void *user)
{
	input *in = user;
	size_t part = in->len - in->at < size ? in->len - in->at : size;
	memcpy(buffer, in->data + in->at, part);
	in->at += part;
	return part;
}

static harmony_status pull_all(harmony_context *context, harmony_error *error, void *user)
{
	input in = *(input *)user;
	harmony_fmuta6_pull *pull = NULL;
	const harmony_record *record = NULL;
	harmony_status status = harmony_fmuta6_pull_new(&pull, context, NULL, "input.csv", read_some,
	                                                no_finding, &in, error);
	do {
		if (!status)
			status = harmony_fmuta6_pull_next(&record, pull, error);
	} while (!status && record);
	harmony_fmuta6_pull_free(pull);
	return status;
}

static void sweep_file(const char *name)
{
	char path[512];
	input in = {.data = NULL};
	snprintf(path, sizeof path, "%s/%s", samples, name);
	char *data = load(path, &in.len);
	assert_non_null(data);
	in.data = data;
	assert_true(sweep_run(push_and_write, &in) > 0);
	assert_true(sweep_run(pull_all, &in) > 0);
	free(data);
}

static void entries_survive(void **state)
{
	sweep_file("A-fmuta6-exact-40col-comma-quoted-dot-ddmmyyyy-crlf.csv");
}

static void code_pages_survive(void **state)
{
	sweep_file("C-fmuta6-davidos-0quotequote-bug-cp850-ddmmyyy-ctrlz.csv");
}

static void relations_survive(void **state)
{
	sweep_file("DEBITR-53col.csv");
}

static void failures_survive(void **state)
{
	static const char bad[] = "0,V,70,1,2024,1,x,31022024,,,,,1.00,,US$\n"
				  "1,V,71,1,2024,1,x,,,,,,1.001,,EUR,,,,,,1,2.x\n"
				  "3,M,70,1,2024,1,x,,,,,,1.001,,EUR,,,,,,1,2.x\n"
				  "0,M,90,,,7\n1,M,90,,,,,01012024,1,2,3,,5.00,\n";
	input in = {.data = bad, .len = sizeof bad - 1};
	assert_true(sweep_run(push_and_write, &in) > 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_survive), cmocka_unit_test(code_pages_survive),
		cmocka_unit_test(relations_survive), cmocka_unit_test(failures_survive)};
	samples = argc > 1 ? argv[1] : ".";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
