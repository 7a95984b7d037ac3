/* SPDX-License-Identifier: MIT */
/* dbopen.csv from anywhere: the first byte picks the size of the pieces, the second the
   settings. However it is cut it reads the same, and what it gives can be written, reads
   back without a failure, and is then written as the same bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <harmony/harmony.h>

typedef struct reading {
	uint8_t hash[HARMONY_HASH_SIZE]; /* of the records, mixed in their order */
	size_t records, good, diagnostics;
	harmony_dbopen_writer *writer; /* takes the good ones; may be NULL */
} reading;

typedef struct output {
	char *data;
	size_t len;
} output;

static void must(int holds)
{
	if (!holds)
		abort();
}

static harmony_status on_record(const harmony_record *record, const harmony_diagnostic *failures,
                                size_t count, void *user)
{
	reading *to = user;
	uint8_t hash[HARMONY_HASH_SIZE];
	must(harmony_record_hash(hash, record) == HARMONY_OK);
	for (size_t i = 0; i < sizeof hash; i++)
		to->hash[i] = (uint8_t)(to->hash[i] * 31 + hash[i]);
	to->records++;
	to->good += count == 0;
	if (to->writer && count == 0) {
		harmony_status status = harmony_dbopen_writer_add(to->writer, record, NULL);
		must(status == HARMONY_OK || status == HARMONY_RANGE);
	}
	return HARMONY_OK;
}

static harmony_status on_diagnostic(const harmony_diagnostic *diagnostic, void *user)
{
	reading *to = user;
	must(strlen(diagnostic->message) > 0);
	to->diagnostics++;
	return HARMONY_OK;
}

static harmony_status read_all(reading *to, harmony_context *context,
                               const harmony_dbopen_options *options, const void *data, size_t len,
                               size_t chunk)
{
	harmony_dbopen_reader *reader = NULL;
	must(harmony_dbopen_reader_new(&reader, context, options, "fuzz", on_record, on_diagnostic, to,
	                               NULL) == HARMONY_OK);
	harmony_status status = HARMONY_OK;
	for (size_t at = 0; at < len && status == HARMONY_OK; at += chunk)
		status = harmony_dbopen_reader_feed(reader, (const char *)data + at,
		                                    len - at < chunk ? len - at : chunk, NULL);
	if (status == HARMONY_OK)
		status = harmony_dbopen_reader_finish(reader, NULL);
	harmony_dbopen_reader_free(reader);
	return status;
}

static harmony_status keep(const void *data, size_t len, void *user)
{
	output *to = user;
	to->data = malloc(len);
	to->len = len;
	if (!to->data)
		return HARMONY_NOMEM;
	memcpy(to->data, data, len);
	return HARMONY_OK;
}

static void write_again(harmony_context *context, const harmony_dbopen_options *options,
                        const output *file, size_t rows)
{
	reading again = {.writer = NULL};
	output copy = {NULL, 0};
	must(harmony_dbopen_writer_new(&again.writer, context, options, NULL) == HARMONY_OK);
	must(read_all(&again, context, options, file->data, file->len, file->len + 1) == HARMONY_OK);
	must(again.good == rows && again.records == rows);
	must(harmony_dbopen_writer_write(again.writer, keep, &copy, NULL) == HARMONY_OK);
	must(copy.len == file->len && (copy.len == 0 || memcmp(copy.data, file->data, copy.len) == 0));
	harmony_dbopen_writer_free(again.writer);
	free(copy.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	harmony_context *context = NULL;
	reading whole = {.writer = NULL}, pieces = {.writer = NULL};
	output file = {NULL, 0};
	harmony_dbopen_options options = HARMONY_DBOPEN_OPTIONS_INIT;
	if (size < 2)
		return 0;
	size_t chunk = 1 + data[0] % 64;
	options.encoding = data[1] & 3;
	options.quote = (data[1] >> 2 & 3) % 3;
	options.delimiter = data[1] & 16 ? ';' : ',';
	options.decimal = data[1] & 32 ? ',' : '.';
	must(harmony_context_new(&context, NULL, NULL) == HARMONY_OK);
	must(harmony_dbopen_writer_new(&whole.writer, context, &options, NULL) == HARMONY_OK);
	/* reading: half of the inputs by their own dialect */
	const harmony_dbopen_options *by = data[1] & 64 ? &options : NULL;
	harmony_status status = read_all(&whole, context, by, data + 2, size - 2, size);
	must(read_all(&pieces, context, by, data + 2, size - 2, chunk) == status);
	if (status == HARMONY_OK)
		must(whole.records == pieces.records && whole.good == pieces.good &&
		     whole.diagnostics == pieces.diagnostics &&
		     memcmp(whole.hash, pieces.hash, sizeof whole.hash) == 0);
	must(harmony_dbopen_writer_write(whole.writer, keep, &file, NULL) == HARMONY_OK);
	options.dates = HARMONY_DATES_DDMMYYYY;
	options.header = HARMONY_TITLES_NO;
	if (options.encoding == HARMONY_ENCODING_AUTO)
		options.encoding = HARMONY_ENCODING_WINDOWS_1252;
	write_again(context, &options, &file, harmony_dbopen_writer_count(whole.writer, HARMONY_SIDES));
	harmony_dbopen_writer_free(whole.writer);
	harmony_context_free(context);
	free(file.data);
	return 0;
}
