/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_TESTS_DUMP_H
#define HARMONY_TESTS_DUMP_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <harmony/csv.h>

/* What a tokenizer makes of its input, as a text that can be compared: a line a row, with
   place, flags and fields; quoted fields in <>, others in []. */
typedef struct dump {
	char *text;
	size_t len, size;
	size_t rows, fields;
} dump;

static inline void dump_add(dump *d, const char *text, size_t len)
{
	if (d->len + len + 1 > d->size) {
		d->size = 2 * (d->len + len + 1);
		d->text = realloc(d->text, d->size);
	}
	if (len)
		memcpy(d->text + d->len, text, len);
	d->len += len;
	d->text[d->len] = '\0';
}

static inline harmony_status dump_row(const harmony_csv_row *row, void *user)
{
	dump *d = user;
	char head[128];
	int len = snprintf(head, sizeof(head), "%llu@%llu %u:", (unsigned long long)row->line,
	                   (unsigned long long)row->offset, row->flags);

	dump_add(d, head, (size_t)len);
	for (size_t i = 0; i < row->count; i++) {
		const harmony_csv_field *f = &row->fields[i];
		dump_add(d, f->flags & HARMONY_CSV_QUOTED ? "<" : "[", 1);
		dump_add(d, f->text, f->len);
		dump_add(d, f->flags & HARMONY_CSV_QUOTED ? ">" : "]", 1);
	}
	if (row->reason)
		dump_add(d, row->reason, strlen(row->reason));
	dump_add(d, "\n", 1);
	d->rows++;
	d->fields += row->count;
	return HARMONY_OK;
}

/* Feeds data in chunks: the first of `first` bytes, the others of `chunk`; 0: the rest. */
static inline harmony_status dump_run(dump *d, const char *data, size_t len,
                                      const harmony_csv_options *options, size_t first,
                                      size_t chunk, harmony_context *context,
                                      harmony_error *error)
{
	harmony_csv *csv;
	harmony_status status = harmony_csv_new(&csv, context, options, dump_row, d, error);
	size_t part = first;

	for (size_t at = 0; status == HARMONY_OK && at < len; at += part, part = chunk) {
		char *copy; /* exactly as large, so that a sanitizer sees a step too far */
		if (part == 0 || part > len - at)
			part = len - at;
		copy = malloc(part);
		memcpy(copy, data + at, part);
		status = harmony_csv_feed(csv, copy, part, error);
		free(copy);
	}
	if (status == HARMONY_OK)
		status = harmony_csv_finish(csv, error);
	harmony_csv_free(csv);
	return status;
}

#endif
