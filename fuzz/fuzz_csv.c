/* SPDX-License-Identifier: MIT */
/* A CSV file from anywhere: the first byte picks the size of the chunks, the second the
   settings. All scanners make the same rows of it, whole and in chunks, pushed and pulled. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <harmony/csv.h>

typedef struct reading {
	uint64_t hash;
	size_t rows;
} reading;

static void must(int holds)
{
	if (!holds)
		abort();
}

static void mix(reading *to, const void *data, size_t len)
{
	const unsigned char *at = data;

	for (size_t i = 0; i < len; i++)
		to->hash = (to->hash ^ at[i]) * 0x100000001b3u;
}

static harmony_status on_row(const harmony_csv_row *row, void *user)
{
	reading *to = user;
	uint64_t head[4] = {row->line, row->offset, row->flags, row->count};
	const char *free_from = NULL;

	mix(to, head, sizeof head);
	for (size_t i = 0; i < row->count; i++) {
		const harmony_csv_field *field = &row->fields[i];
		must(!free_from || field->text >= free_from); /* a byte is left behind each */
		free_from = field->text + field->len + 1;
		mix(to, &field->len, sizeof field->len);
		mix(to, &field->flags, sizeof field->flags);
		mix(to, field->text, field->len);
	}
	must(!!(row->flags & HARMONY_CSV_DAMAGED) == (row->reason != NULL));
	if (row->reason)
		mix(to, row->reason, strlen(row->reason));
	to->rows++;
	return HARMONY_OK;
}

static harmony_status push(reading *to, harmony_context *context,
                           const harmony_csv_options *options, const uint8_t *data, size_t len,
                           size_t chunk)
{
	harmony_csv *csv = NULL;
	harmony_status status = harmony_csv_new(&csv, context, options, on_row, to, NULL);

	for (size_t at = 0; at < len && status == HARMONY_OK; at += chunk)
		status = harmony_csv_feed(csv, data + at, len - at < chunk ? len - at : chunk, NULL);
	if (status == HARMONY_OK)
		status = harmony_csv_finish(csv, NULL);
	harmony_csv_free(csv);
	return status;
}

typedef struct source {
	const uint8_t *data;
	size_t len, chunk;
} source;

static size_t read_chunk(void *buffer, size_t size, void *user)
{
	source *from = user;
	size_t part = from->len < from->chunk ? from->len : from->chunk;

	if (part)
		memcpy(buffer, from->data, part);
	from->data += part;
	from->len -= part;
	return part;
}

static harmony_status pull(reading *to, harmony_context *context,
                           const harmony_csv_options *options, source from)
{
	harmony_csv_pull *pull = NULL;
	const harmony_csv_row *row = NULL;
	harmony_status status = harmony_csv_pull_new(&pull, context, options, read_chunk, &from, NULL);

	while (status == HARMONY_OK &&
	       (status = harmony_csv_pull_next(&row, pull, NULL)) == HARMONY_OK && row)
		on_row(row, to);
	harmony_csv_pull_free(pull);
	return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	/* the last one is the internal number of the block scanner without vector units */
	static const int scans[] = {HARMONY_CSV_SCAN_SCALAR, HARMONY_CSV_SCAN_BLOCK,
	                            HARMONY_CSV_SCAN_AVX2, 4};
	harmony_csv_options options = HARMONY_CSV_OPTIONS_INIT;
	harmony_context *context = NULL;
	reading expected = {0, 0};
	harmony_status ended = HARMONY_OK;
	size_t chunk;

	if (len < 2)
		return 0;
	chunk = data[0] ? data[0] : 1;
	options.delimiter = ",;\t\0"[data[1] & 3];
	options.repair = !(data[1] & 4);
	options.quote = data[1] & 8 && data[1] & 16 ? '\0' : '"';
	options.stop_at_eof_mark = !(data[1] & 32);
	must(harmony_context_new(&context, NULL, NULL) == HARMONY_OK);
	for (size_t i = 0; i < sizeof scans / sizeof scans[0]; i++) {
		reading readings[3] = {{0, 0}, {0, 0}, {0, 0}};
		harmony_status status[3];
		options.scan = scans[i];
		status[0] = push(&readings[0], context, &options, data + 2, len - 2, len);
		status[1] = push(&readings[1], context, &options, data + 2, len - 2, chunk);
		status[2] = pull(&readings[2], context, &options, (source){data + 2, len - 2, chunk});
		if (i == 0) {
			expected = readings[0];
			ended = status[0];
		}
		for (size_t j = 0; j < 3; j++)
			must(status[j] == ended && readings[j].hash == expected.hash &&
			     readings[j].rows == expected.rows);
	}
	harmony_context_free(context);
	return 0;
}
