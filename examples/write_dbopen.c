/* SPDX-License-Identifier: MIT */
/* Outstanding items as JSON lines → dbopen.csv, renewed in one step: who reads the file
   meanwhile sees the old one or the new one, whole.

       write_dbopen dbopen.csv [KEY=VALUE ...] < items.jsonl      dbopen.delimiter=semicolon */
#include <stdio.h>
#include <string.h>

#include <harmony/harmony.h>

static harmony_status on_item(const harmony_record *record, const harmony_diagnostic *failures,
                              size_t count, void *writer)
{
	harmony_error error = HARMONY_ERROR_INIT;
	if (count > 0) {
		fprintf(stderr, "write_dbopen: line %llu: %s\n", (unsigned long long)failures->line,
		        failures->message);
		return HARMONY_USER; /* a snapshot that lacks an item would call it paid */
	}
	harmony_status status = harmony_dbopen_writer_add(writer, record, &error);
	if (status != HARMONY_OK)
		fprintf(stderr, "write_dbopen: %s\n", error.message);
	return status;
}

static harmony_status settings(harmony_dbopen_options *options, int count, char **pairs,
                               harmony_error *error)
{
	for (int i = 0; i < count; i++) {
		char *value = strchr(pairs[i], '=');
		if (!value)
			return harmony_error_set(error, HARMONY_CONFIG, NULL, "\"%s\" is not KEY=VALUE",
			                         pairs[i]);
		*value++ = '\0';
		harmony_status status = harmony_dbopen_options_set(options, pairs[i], value, error);
		if (status != HARMONY_OK)
			return status;
	}
	return HARMONY_OK;
}

static harmony_status read_items(harmony_jsonl *reader, harmony_error *error)
{
	char data[4096];
	size_t len;
	harmony_status status = HARMONY_OK;
	while (status == HARMONY_OK && (len = fread(data, 1, sizeof data, stdin)) > 0)
		status = harmony_jsonl_feed(reader, data, len, error);
	return status == HARMONY_OK ? harmony_jsonl_finish(reader, error) : status;
}

int main(int argc, char **argv)
{
	harmony_dbopen_options options = HARMONY_DBOPEN_OPTIONS_INIT;
	harmony_context *context = NULL;
	harmony_dbopen_writer *writer = NULL;
	harmony_jsonl *reader = NULL;
	harmony_error error = HARMONY_ERROR_INIT;
	int changed = 0;
	if (argc < 2) {
		fprintf(stderr, "usage: write_dbopen FILE [KEY=VALUE ...] < items.jsonl\n");
		return 2;
	}
	harmony_status status = settings(&options, argc - 2, argv + 2, &error);
	if (status == HARMONY_OK)
		status = harmony_context_new(&context, NULL, &error);
	if (status == HARMONY_OK)
		status = harmony_dbopen_writer_new(&writer, context, &options, &error);
	if (status == HARMONY_OK)
		status = harmony_jsonl_new(&reader, context, "items.jsonl", on_item, NULL, writer, &error);
	if (status == HARMONY_OK)
		status = read_items(reader, &error);
	if (status == HARMONY_OK)
		status = harmony_dbopen_writer_save(writer, argv[1], &changed, &error);
	if (status == HARMONY_OK)
		printf("%zu sales, %zu purchase: %s %s\n",
		       harmony_dbopen_writer_count(writer, HARMONY_SIDE_SALES),
		       harmony_dbopen_writer_count(writer, HARMONY_SIDE_PURCHASE), argv[1],
		       changed ? "renewed" : "is up to date");
	else
		fprintf(stderr, "write_dbopen: %s\n", error.message);
	harmony_jsonl_free(reader);
	harmony_dbopen_writer_free(writer);
	harmony_context_free(context);
	return status == HARMONY_OK ? 0 : 1;
}
