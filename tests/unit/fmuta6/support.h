/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_TESTS_FMUTA6_SUPPORT_H
#define HARMONY_TESTS_FMUTA6_SUPPORT_H

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

/* What a reading gave, as text: the good records as JSON lines, every finding, the
   summary. */
typedef struct output {
	char *data;
	size_t len, capacity;
} output;

typedef struct reading {
	output records, findings;
	harmony_fmuta6_summary summary;
	harmony_status status;
	harmony_error error;
} reading;

static inline harmony_status text_add(const void *data, size_t len, void *user)
{
	output *t = user;
	if (t->len + len + 1 > t->capacity) {
		t->capacity = 2 * (t->len + len + 1);
		t->data = realloc(t->data, t->capacity);
		if (!t->data)
			return HARMONY_NOMEM;
	}
	memcpy(t->data + t->len, data, len);
	t->len += len;
	t->data[t->len] = '\0';
	return HARMONY_OK;
}

static inline void text_printf(output *t, const char *format, ...)
{
	char line[2048];
	va_list args;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	text_add(line, strlen(line), t);
}

static inline const char *text_of(const output *t)
{
	return t->data ? t->data : "";
}

static inline harmony_status on_record(const harmony_record *record,
                                       const harmony_diagnostic *failures, size_t count, void *user)
{
	reading *r = user;
	harmony_status status;
	for (size_t i = 0; i < count; i++)
		assert_int_equal(failures[i].severity, HARMONY_FAILURE);
	if (count) {
		text_printf(&r->findings, "kept out: %s of line %llu, %zu failures\n",
		            harmony_kind_word(harmony_record_kind(record)),
		            (unsigned long long)harmony_record_source_line(record), count);
		return HARMONY_OK;
	}
	status = harmony_record_write_json(record, text_add, &r->records, NULL);
	return status ? status : text_add("\n", 1, &r->records);
}

static inline harmony_status on_finding(const harmony_diagnostic *d, void *user)
{
	static const char *const severities[] = {"note", "warning", "failure"};
	const harmony_field_info *field = harmony_field_describe(d->field);
	reading *r = user;
	assert_true(d->message[0] != '\0');
	text_printf(&r->findings, "%s %llu:%u %s \"%s\" row %zu %s %s: %s\n",
	            severities[d->severity], (unsigned long long)d->line, d->column, d->name, d->raw,
	            d->row, field ? field->name : "-", harmony_code_word(d->code), d->message);
	return HARMONY_OK;
}

static inline void reading_free(reading *r)
{
	free(r->records.data);
	free(r->findings.data);
}

static inline void tell_summary(reading *r)
{
	const harmony_fmuta6_summary *s = &r->summary;
	if (r->status) {
		text_printf(&r->findings, "ended: %s\n", harmony_status_word(r->status));
		return;
	}
	text_printf(&r->findings,
	            "kind %d encoding %d delimiter %d decimal %d dates %d quoted %d bom %d title %d "
	            "company %d columns %u rows %llu records %llu rejected %llu dropped %llu\n",
	            s->file_kind, s->encoding, s->delimiter, s->decimal, s->dates, s->quoted,
	            s->byte_order_mark, s->title_row, s->company_column, s->columns,
	            (unsigned long long)s->rows, (unsigned long long)s->records,
	            (unsigned long long)s->rejected, (unsigned long long)s->dropped);
}

/* Feeds `len` bytes in pieces: `first` bytes, then `chunk` at a time. */
static inline reading read_bytes(harmony_context *context, const harmony_fmuta6_options *options,
                                 const char *data, size_t len, size_t first, size_t chunk)
{
	reading r = {.status = HARMONY_OK, .error = HARMONY_ERROR_INIT};
	harmony_fmuta6 *reader = NULL;
	size_t at = 0;
	assert_int_equal(harmony_fmuta6_new(&reader, context, options, "input.csv", on_record,
	                                    on_finding, &r, &r.error),
	                 HARMONY_OK);
	for (size_t part = first ? first : chunk; at < len && !r.status; at += part, part = chunk) {
		part = part < len - at ? part : len - at;
		r.status = harmony_fmuta6_feed(reader, data + at, part, &r.error);
		if (part == 0)
			break;
	}
	if (!r.status)
		r.status = harmony_fmuta6_finish(reader, &r.error);
	harmony_fmuta6_get_summary(&r.summary, reader);
	harmony_fmuta6_free(reader);
	tell_summary(&r);
	return r;
}

static inline char *load(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	char *data;
	if (!file)
		return NULL;
	fseek(file, 0, SEEK_END);
	*len = (size_t)ftell(file);
	rewind(file);
	data = malloc(*len + 1);
	assert_non_null(data);
	assert_int_equal(fread(data, 1, *len, file), *len);
	data[*len] = '\0';
	fclose(file);
	return data;
}

#endif
