/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include <harmony/csv.h>

/* The rows of standard input for compare.py: fields in hexadecimal with a comma between.
   Arguments: the scanner, and the size of the chunks. */

static harmony_status print_row(const harmony_csv_row *row, void *user)
{
	for (size_t i = 0; i < row->count; i++) {
		if (i > 0)
			putchar(',');
		for (size_t at = 0; at < row->fields[i].len; at++)
			printf("%02x", (unsigned char)row->fields[i].text[at]);
	}
	printf("%s\n", row->reason ? row->reason : "");
	return HARMONY_OK;
}

int main(int argc, char **argv)
{
	harmony_csv_options options = HARMONY_CSV_OPTIONS_INIT;
	harmony_error error = HARMONY_ERROR_INIT;
	harmony_context *context = NULL;
	harmony_csv *csv = NULL;
	harmony_status status;
	size_t size = argc > 2 ? strtoul(argv[2], NULL, 10) : 1, got;
	char *chunk = malloc(size);

	options.scan = argc > 1 ? (int)strtol(argv[1], NULL, 10) : HARMONY_CSV_SCAN_AUTO;
	options.delimiter = ',';
	options.repair = 0;
	status = harmony_context_new(&context, NULL, &error);
	if (status == HARMONY_OK)
		status = harmony_csv_new(&csv, context, &options, print_row, NULL, &error);
	while (status == HARMONY_OK && (got = fread(chunk, 1, size, stdin)) > 0)
		status = harmony_csv_feed(csv, chunk, got, &error);
	if (status == HARMONY_OK)
		status = harmony_csv_finish(csv, &error);
	if (status != HARMONY_OK)
		fprintf(stderr, "%s\n", error.message);
	harmony_csv_free(csv);
	harmony_context_free(context);
	free(chunk);
	return status != HARMONY_OK;
}
