/* SPDX-License-Identifier: MIT */
/* Reads fmuta6.csv, debitr.csv or credit.csv with callbacks: the reader pushes every
   entry as soon as it is whole, and says everything that is wrong with the file.

       read_callbacks FILE        FILE may be gzipped; - is standard input */
#include <stdio.h>

#include <harmony/harmony.h>

typedef struct tally {
	unsigned good, bad;
} tally;

static harmony_status on_record(const harmony_record *record, const harmony_diagnostic *failures,
                                size_t count, void *user)
{
	tally *counts = user;
	char number[HARMONY_KEY_SIZE], amount[32] = "";
	harmony_record_identifier(number, record);
	if (harmony_record_get_path(amount, sizeof amount, record, "total") == SIZE_MAX)
		amount[0] = '\0'; /* only invoices have a total */
	if (count > 0)
		counts->bad++;
	else
		counts->good++;
	printf("%-6s %-18s %-14s %zu lines %10s\n", count > 0 ? "BAD" : "good",
	       harmony_kind_word(harmony_record_kind(record)), number, harmony_record_lines(record),
	       amount);
	return HARMONY_OK; /* anything else would end the reading */
}

static harmony_status on_diagnostic(const harmony_diagnostic *diagnostic, void *user)
{
	static const char *const severities[] = {"note", "warning", "failure"};
	printf("%s:%llu:%u: %s: %s \"%s\": %s\n", diagnostic->file,
	       (unsigned long long)diagnostic->line, diagnostic->column,
	       severities[diagnostic->severity], diagnostic->name ? diagnostic->name : "",
	       diagnostic->raw ? diagnostic->raw : "", diagnostic->message);
	return HARMONY_OK;
}

/* Carries the source's bytes to the reader until there are no more. */
static harmony_status carry(harmony_fmuta6 *reader, harmony_source *source, harmony_error *error)
{
	const void *data;
	size_t len;
	harmony_status status;
	while ((status = harmony_source_next(&data, &len, source, error)) == HARMONY_OK && len > 0) {
		status = harmony_fmuta6_feed(reader, data, len, error);
		if (status != HARMONY_OK)
			return status;
	}
	return status == HARMONY_OK ? harmony_fmuta6_finish(reader, error) : status;
}

int main(int argc, char **argv)
{
	harmony_context *context = NULL;
	harmony_source *source = NULL;
	harmony_fmuta6 *reader = NULL;
	harmony_error error = HARMONY_ERROR_INIT;
	tally counts = {0, 0};
	if (argc != 2) {
		fprintf(stderr, "usage: read_callbacks FILE\n");
		return 2;
	}
	harmony_status status = harmony_context_new(&context, NULL, &error);
	if (status == HARMONY_OK)
		status = harmony_source_open(&source, context, argv[1], &error);
	if (status == HARMONY_OK)
		status = harmony_fmuta6_new(&reader, context, NULL, harmony_source_name(source), on_record,
		                            on_diagnostic, &counts, &error);
	if (status == HARMONY_OK)
		status = carry(reader, source, &error);
	if (status == HARMONY_OK)
		printf("%u good, %u bad\n", counts.good, counts.bad);
	else
		fprintf(stderr, "read_callbacks: %s\n", error.message);
	harmony_fmuta6_free(reader);
	harmony_source_free(source);
	harmony_context_free(context);
	return status == HARMONY_OK ? 0 : 3;
}
