/* SPDX-License-Identifier: MIT */
/* What the tests of dbopen share: making items, collecting bytes and records. */
#ifndef DBOPEN_SUPPORT_H
#define DBOPEN_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <harmony/harmony.h>

typedef struct bytes {
	char *data;
	size_t len, capacity;
} bytes;

static inline harmony_status bytes_add(const void *data, size_t len, void *user)
{
	bytes *to = user;
	if (to->len + len + 1 > to->capacity) {
		to->capacity = 2 * (to->len + len + 1);
		to->data = realloc(to->data, to->capacity);
		assert_non_null(to->data);
	}
	memcpy(to->data + to->len, data, len);
	to->len += len;
	to->data[to->len] = '\0';
	return HARMONY_OK;
}

static inline void bytes_str(bytes *to, const char *text)
{
	bytes_add(text, strlen(text), to);
}

static inline void bytes_free(bytes *from)
{
	free(from->data);
	*from = (bytes){0};
}

static inline bytes bytes_of_file(const char *path)
{
	bytes all = {0};
	char part[4096];
	size_t len;
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	bytes_str(&all, "");
	while ((len = fread(part, 1, sizeof part, file)) > 0)
		bytes_add(part, len, &all);
	fclose(file);
	return all;
}

/* An item as texts; NULL is absent. */
typedef struct item {
	const char *side, *party, *invoice, *date, *due, *description, *amount, *paid, *outstanding,
	    *currency, *reference;
} item;

static inline void put(harmony_record *record, const char *name, const char *value)
{
	harmony_error error = HARMONY_ERROR_INIT;
	harmony_field field = harmony_field_find(name, strlen(name));
	if (!value)
		return;
	if (harmony_field_describe(field)->type == HARMONY_TYPE_TEXT)
		harmony_record_set_text(record, HARMONY_HEADER, field, value, strlen(value), &error);
	else
		harmony_record_set_path(record, name, value, &error);
	assert_string_equal(error.message, "");
}

static inline harmony_record *make(harmony_context *context, const item *from)
{
	harmony_record *record = NULL;
	assert_int_equal(harmony_record_new(&record, context, HARMONY_OUTSTANDING_ITEM, NULL), 0);
	put(record, "side", from->side);
	put(record, "party", from->party);
	put(record, "invoice_number", from->invoice);
	put(record, "date", from->date);
	put(record, "due_date", from->due);
	put(record, "description", from->description);
	put(record, "amount", from->amount);
	put(record, "paid", from->paid);
	put(record, "outstanding", from->outstanding);
	put(record, "currency", from->currency);
	put(record, "reference", from->reference);
	return record;
}

/* The three items of the proposed layout. */
static const item samples_items[] = {
    {"sales", "1001", "24700001", "2024-01-15", "2024-02-14", "Factuur 24700001", "142.80", "0.00",
     "142.80", "EUR", "24700001"},
    {"sales", "1001", "24700002", "2024-01-16", "2024-02-15", "Creditnota 24700002", "-60.50",
     "0.00", "-60.50", "EUR", "24700002"},
    {"purchase", "2001", "24600001", "2024-01-17", "2024-02-16", "Ink.fact. 2024-0117", "60.50",
     "20.00", "40.50", "EUR", "2024-0117"},
};

static inline harmony_status add(harmony_dbopen_writer *writer, harmony_context *context,
                                 const item *from, harmony_error *error)
{
	harmony_record *record = make(context, from);
	harmony_status status = harmony_dbopen_writer_add(writer, record, error);
	harmony_record_free(record);
	return status;
}

/* What a reading gives, as one text: each record as JSON, its failures, each diagnostic
   in its order; and the records themselves. */
typedef struct reading {
	bytes text;
	harmony_record *records[64];
	size_t count, good, failures, warnings;
	harmony_error error;
	harmony_status status;
} reading;

static inline harmony_status on_record(const harmony_record *record,
                                       const harmony_diagnostic *failures, size_t count, void *user)
{
	reading *to = user;
	assert_int_equal(harmony_record_write_json(record, bytes_add, &to->text, NULL), 0);
	bytes_str(&to->text, count > 0 ? " BAD\n" : "\n");
	to->good += count == 0;
	if (to->count < 64)
		assert_int_equal(harmony_record_copy(&to->records[to->count++], record, NULL), 0);
	return HARMONY_OK;
}

static inline harmony_status on_diagnostic(const harmony_diagnostic *diagnostic, void *user)
{
	reading *to = user;
	char text[2048];
	snprintf(text, sizeof text, "%d %s %s:%llu:%u %s [%s] %s\n", diagnostic->severity,
	         harmony_code_word(diagnostic->code), diagnostic->file,
	         (unsigned long long)diagnostic->line, diagnostic->column, diagnostic->name,
	         diagnostic->raw, diagnostic->message);
	bytes_str(&to->text, text);
	to->failures += diagnostic->severity == HARMONY_FAILURE;
	to->warnings += diagnostic->severity == HARMONY_WARNING;
	return HARMONY_OK;
}

static inline void reading_free(reading *from)
{
	for (size_t i = 0; i < from->count; i++)
		harmony_record_free(from->records[i]);
	bytes_free(&from->text);
	*from = (reading){0};
}

/* Reads with pieces of `chunk` bytes (0: one piece), after a first one of `first`. */
static inline reading read_bytes(harmony_context *context, const harmony_dbopen_options *options,
                                 const char *data, size_t len, size_t first, size_t chunk)
{
	reading to = {.error = HARMONY_ERROR_INIT};
	harmony_dbopen_reader *reader = NULL;
	bytes_str(&to.text, "");
	to.status = harmony_dbopen_reader_new(&reader, context, options, "dbopen.csv", on_record,
	                                      on_diagnostic, &to, &to.error);
	for (size_t at = 0; to.status == HARMONY_OK && at < len; ) {
		size_t part = at == 0 && first > 0 ? first : chunk > 0 ? chunk : len - at;
		if (part > len - at)
			part = len - at;
		char *copy = malloc(part); /* so that a read past the piece is seen */
		assert_non_null(copy);
		memcpy(copy, data + at, part);
		to.status = harmony_dbopen_reader_feed(reader, copy, part, &to.error);
		free(copy);
		at += part;
	}
	if (to.status == HARMONY_OK)
		to.status = harmony_dbopen_reader_finish(reader, &to.error);
	harmony_dbopen_reader_free(reader);
	return to;
}

static inline reading read_text(harmony_context *context, const harmony_dbopen_options *options,
                                const char *text)
{
	return read_bytes(context, options, text, strlen(text), 0, 0);
}

#endif
