/* SPDX-License-Identifier: MIT */
#include <setjmp.h>

#include <yajl/yajl_gen.h>
#include <yajl/yajl_parse.h>

#include "wire/json.h"

/* The reader and the writer. This file alone includes yajl. */

/* What yajl may hold of one document: tokens that chunks cut, and decoded strings. Its
   buffers double, hence the factor. */
#define YAJL_MEMORY ((size_t)HARMONY_MAX_JSON_STRING * 8)

/* yajl's memory is a list of our own, so that a longjmp out of it loses nothing. */
typedef struct block {
	struct block *next, **link;
	size_t size, pad; /* pad: what follows stays 16-aligned */
} block;

enum { SCAN_TEXT, SCAN_BACKSLASH, SCAN_HEX };

struct harmony__json_reader {
	harmony_context *context;
	harmony__json_fn event;
	void *user;

	yajl_handle yajl; /* made when first needed, dropped after an error */
	block *blocks;
	size_t memory;
	jmp_buf out;
	harmony_status status;
	const char *why; /* static text of our own refusals */

	uint64_t offset; /* in the document */
	bool running; /* inside yajl_parse: its count of bytes comes on top */
	unsigned depth, values;
	uint32_t members[HARMONY_MAX_JSON_DEPTH + 1];

	/* The scan for \u escapes that yajl lets pass. */
	uint8_t scan, digits;
	bool high; /* a high surrogate waits for its other half */
	uint16_t unit;
};

/* ---- yajl's memory ------------------------------------------------------------------ */

static _Noreturn void leave(harmony__json_reader *reader, harmony_status status, const char *why)
{
	reader->status = status;
	reader->why = why;
	longjmp(reader->out, 1);
}

static void link_block(harmony__json_reader *reader, block *b, size_t size)
{
	b->size = size;
	b->next = reader->blocks;
	b->link = &reader->blocks;
	if (b->next)
		b->next->link = &b->next;
	reader->blocks = b;
	reader->memory += size;
}

static void unlink_block(harmony__json_reader *reader, block *b)
{
	*b->link = b->next;
	if (b->next)
		b->next->link = b->link;
	reader->memory -= b->size;
}

static void release(void *ctx, void *ptr)
{
	harmony__json_reader *reader = ctx;
	block *b = ptr ? (block *)ptr - 1 : NULL;

	if (!b)
		return;
	unlink_block(reader, b);
	harmony__free(reader->context, b);
}

static void *resize(void *ctx, void *ptr, size_t size)
{
	harmony__json_reader *reader = ctx;
	block *old = ptr ? (block *)ptr - 1 : NULL, *b;
	size_t before = old ? old->size : 0;

	if (size > YAJL_MEMORY || reader->memory - before + size > YAJL_MEMORY)
		leave(reader, HARMONY_LIMIT, "a string is too long");
	if (old)
		unlink_block(reader, old);
	b = harmony__realloc(reader->context, old, sizeof(*b) + size);
	if (!b) {
		if (old)
			link_block(reader, old, before);
		leave(reader, HARMONY_NOMEM, NULL);
	}
	link_block(reader, b, size);
	return b + 1;
}

static void *acquire(void *ctx, size_t size)
{
	return resize(ctx, NULL, size);
}

/* Instead of yajl_free, which must not see a handle that a longjmp left half done. */
static void drop_yajl(harmony__json_reader *reader)
{
	while (reader->blocks)
		release(reader, reader->blocks + 1);
	reader->yajl = NULL;
}

/* ---- events ------------------------------------------------------------------------- */

static int stop(harmony__json_reader *reader, harmony_status status, const char *why)
{
	reader->status = status;
	reader->why = why;
	return 0;
}

static int emit(harmony__json_reader *reader, int type, bool flag, const void *text, size_t len)
{
	const harmony__json_event event = {type, flag, reader->depth, text, len};

	reader->status = reader->event(&event, reader->user);
	return reader->status == HARMONY_OK;
}

/* A value of any type: at depth 0 it is the document, and there is one. */
static int on_value(harmony__json_reader *reader, int type, bool flag, const void *text, size_t len)
{
	if (reader->depth == 0 && reader->values++ > 0)
		return stop(reader, HARMONY_FORMAT, "a second value stands behind the first");
	return emit(reader, type, flag, text, len);
}

static int on_null(void *ctx)
{
	return on_value(ctx, HARMONY__JSON_NULL, false, "", 0);
}

static int on_bool(void *ctx, int flag)
{
	return on_value(ctx, HARMONY__JSON_BOOL, flag != 0, "", 0);
}

static int on_number(void *ctx, const char *text, size_t len)
{
	if (len > HARMONY_MAX_JSON_NUMBER)
		return stop(ctx, HARMONY_LIMIT, "a number is too long");
	return on_value(ctx, HARMONY__JSON_NUMBER, false, text, len);
}

static int on_string(void *ctx, const unsigned char *text, size_t len)
{
	if (len > HARMONY_MAX_JSON_STRING)
		return stop(ctx, HARMONY_LIMIT, "a string is too long");
	if (!harmony__is_utf8((const char *)text, len)) /* yajl takes surrogates for text */
		return stop(ctx, HARMONY_FORMAT, "a string is not UTF-8");
	return on_value(ctx, HARMONY__JSON_STRING, false, text, len);
}

static int on_key(void *ctx, const unsigned char *text, size_t len)
{
	harmony__json_reader *reader = ctx;

	if (len > HARMONY_MAX_JSON_KEY)
		return stop(reader, HARMONY_LIMIT, "a key is too long");
	if (!harmony__is_utf8((const char *)text, len))
		return stop(reader, HARMONY_FORMAT, "a key is not UTF-8");
	if (++reader->members[reader->depth] > HARMONY_MAX_JSON_MEMBERS)
		return stop(reader, HARMONY_LIMIT, "an object has too many keys");
	return emit(reader, HARMONY__JSON_KEY, false, text, len);
}

static int open_container(harmony__json_reader *reader, int type)
{
	if (reader->depth >= HARMONY_MAX_JSON_DEPTH)
		return stop(reader, HARMONY_LIMIT, "arrays and objects are nested too deeply");
	if (!on_value(reader, type, false, "", 0))
		return 0;
	reader->members[++reader->depth] = 0;
	return 1;
}

static int on_object(void *ctx)
{
	return open_container(ctx, HARMONY__JSON_OBJECT);
}

static int on_array(void *ctx)
{
	return open_container(ctx, HARMONY__JSON_ARRAY);
}

static int close_container(harmony__json_reader *reader, int type)
{
	reader->depth--;
	return emit(reader, type, false, "", 0);
}

static int on_object_end(void *ctx)
{
	return close_container(ctx, HARMONY__JSON_OBJECT_END);
}

static int on_array_end(void *ctx)
{
	return close_container(ctx, HARMONY__JSON_ARRAY_END);
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_bool,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_object,
	.yajl_map_key = on_key,
	.yajl_end_map = on_object_end,
	.yajl_start_array = on_array,
	.yajl_end_array = on_array_end,
};

/* ---- the scan for escapes ------------------------------------------------------------- */

static int hex_digit(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A whole \uXXXX: false when yajl would make something else of it than it says. */
static bool unit_ok(harmony__json_reader *reader)
{
	bool low = reader->unit >= 0xdc00 && reader->unit <= 0xdfff;
	bool waited = reader->high;

	reader->high = reader->unit >= 0xd800 && reader->unit < 0xdc00;
	return waited ? low : !low && reader->unit != 0;
}

static bool scan_byte(harmony__json_reader *reader, unsigned char c)
{
	int digit;

	switch (reader->scan) {
	case SCAN_TEXT:
		if (c == '\\')
			reader->scan = SCAN_BACKSLASH;
		return c == '\\' || !reader->high;
	case SCAN_BACKSLASH:
		reader->scan = c == 'u' ? SCAN_HEX : SCAN_TEXT;
		reader->unit = reader->digits = 0;
		return c == 'u' || !reader->high;
	default:
		digit = hex_digit(c);
		if (digit < 0) { /* yajl will say so */
			reader->scan = SCAN_TEXT;
			reader->high = false;
			return true;
		}
		reader->unit = (uint16_t)(reader->unit << 4 | digit);
		if (++reader->digits < 4)
			return true;
		reader->scan = SCAN_TEXT;
		return unit_ok(reader);
	}
}

/* How many bytes are free of NUL escapes and half surrogate pairs. Backslashes stand
   inside strings only: elsewhere they are yajl's business. */
static size_t scan(harmony__json_reader *reader, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (reader->scan == SCAN_TEXT && !reader->high) {
			const char *found = memchr(data + i, '\\', len - i);

			if (!found)
				return len;
			i = (size_t)(found - data);
		}
		if (!scan_byte(reader, (unsigned char)data[i]))
			return i;
	}
	return len;
}

/* ---- reader --------------------------------------------------------------------------- */

harmony_status harmony__json_reader_new(harmony__json_reader **out, harmony_context *context,
                                        harmony__json_fn event, void *user)
{
	harmony__json_reader *reader = harmony__zalloc(context, sizeof(*reader));

	*out = reader;
	if (!reader)
		return HARMONY_NOMEM;
	reader->context = context;
	reader->event = event;
	reader->user = user;
	return HARMONY_OK;
}

void harmony__json_reader_free(harmony__json_reader *reader)
{
	if (!reader)
		return;
	drop_yajl(reader);
	harmony__free(reader->context, reader);
}

/* Ready for another document; a handle that is in order stays. */
static void begin(harmony__json_reader *reader)
{
	reader->status = HARMONY_OK;
	reader->why = NULL;
	reader->offset = 0;
	reader->depth = reader->values = 0;
	reader->scan = SCAN_TEXT;
	reader->high = false;
}

void harmony__json_reader_restart(harmony__json_reader *reader)
{
	drop_yajl(reader);
	begin(reader);
}

uint64_t harmony__json_reader_offset(const harmony__json_reader *reader)
{
	return reader->offset + (reader->running ? yajl_get_bytes_consumed(reader->yajl) : 0);
}

static void open_yajl(harmony__json_reader *reader)
{
	yajl_alloc_funcs memory = {acquire, resize, release, reader};

	if (reader->yajl)
		return;
	reader->yajl = yajl_alloc(&callbacks, &memory, reader);
	/* One handle for many documents; that each is one value is counted in on_value. */
	yajl_config(reader->yajl, yajl_allow_multiple_values, 1);
}

static harmony_status report(harmony__json_reader *reader, const char *why, size_t why_len,
                             harmony_error *error)
{
	const uint64_t column = reader->offset + 1;

	if (reader->status == HARMONY_NOMEM && !why)
		return harmony__nomem(error);
	if (!why) /* the host's own: it has said why */
		return reader->status;
	harmony__error_place(error, NULL, 0, column < UINT32_MAX ? (uint32_t)column : 0, NULL);
	return harmony_error_set(error, reader->status, NULL,
	                         "not readable as JSON at byte %llu: %.*s; mend it there",
	                         (unsigned long long)column, (int)why_len, why);
}

/* yajl's own words, without the line end and the full stop. */
static harmony_status report_yajl(harmony__json_reader *reader, harmony_error *error)
{
	const char *why = (const char *)yajl_get_error(reader->yajl, 0, NULL, 0);
	size_t len = strcspn(why, "\n");

	reader->status = HARMONY_FORMAT;
	return report(reader, why, len > 0 && why[len - 1] == '.' ? len - 1 : len, error);
}

/* Hands bytes to yajl, or the end when `data` is NULL. Whatever happens, no block is
   lost, and after an error the handle is gone. */
static harmony_status run(harmony__json_reader *reader, const char *data, size_t len,
                          harmony_error *error)
{
	yajl_status result;
	harmony_status status = HARMONY_OK;

	if (setjmp(reader->out)) {
		reader->running = false;
		drop_yajl(reader);
		return report(reader, reader->why, reader->why ? strlen(reader->why) : 0, error);
	}
	open_yajl(reader);
	reader->running = data != NULL;
	result = data ? yajl_parse(reader->yajl, (const unsigned char *)data, len)
	              : yajl_complete_parse(reader->yajl);
	reader->running = false;
	if (result == yajl_status_ok) {
		reader->offset += len;
		return HARMONY_OK;
	}
	if (data) {
		size_t consumed = yajl_get_bytes_consumed(reader->yajl);

		reader->offset += consumed > len ? len : consumed;
	}
	if (result == yajl_status_client_canceled)
		status = report(reader, reader->why, reader->why ? strlen(reader->why) : 0, error);
	else
		status = report_yajl(reader, error);
	drop_yajl(reader);
	return status;
}

static harmony_status refuse(harmony__json_reader *reader, harmony_status status, const char *why,
                             harmony_error *error)
{
	stop(reader, status, why);
	drop_yajl(reader);
	return report(reader, why, strlen(why), error);
}

harmony_status harmony__json_reader_feed(harmony__json_reader *reader, const void *data, size_t len,
                                         harmony_error *error)
{
	size_t good;
	harmony_status status;

	if (reader->status)
		return harmony_error_set(error, HARMONY_STATE, NULL,
		                         "the document failed before; restart the reader");
	if (len == 0)
		return HARMONY_OK;
	if (len > HARMONY_MAX_JSON_LINE - reader->offset)
		return refuse(reader, HARMONY_LIMIT, "the document is too long", error);
	good = scan(reader, data, len);
	status = run(reader, data, good, error);
	if (!status && good < len)
		return refuse(reader, HARMONY_FORMAT,
		              "an escape \\u stands for NUL or for half a character", error);
	return status;
}

harmony_status harmony__json_reader_finish(harmony__json_reader *reader, harmony_error *error)
{
	harmony_status status = reader->status;

	if (status)
		harmony_error_set(error, status, NULL, "the document failed before its end");
	else
		status = run(reader, NULL, 0, error);
	if (!status && reader->values == 0)
		status = refuse(reader, HARMONY_FORMAT, "the document is empty", error);
	begin(reader);
	return status;
}

/* ---- writer --------------------------------------------------------------------------- */

/* yajl's generator makes two small allocations at its start and none later, because it
   prints through a callback. Only the first may fail without a crash: so that one
   fails when the second would not fit. */
static void *pool_alloc(void *ctx, size_t size)
{
	const size_t reserve = 128;
	harmony__json_writer *writer = ctx;
	void *at = writer->pool.bytes + writer->pool_used;

	size = (size + 15) & ~(size_t)15;
	if (size > sizeof(writer->pool) - writer->pool_used ||
	    (writer->pool_used == 0 && size > sizeof(writer->pool) - reserve))
		return NULL;
	writer->pool_used += size;
	return at;
}

static void *pool_resize(void *ctx, void *ptr, size_t size)
{
	return NULL;
}

static void pool_free(void *ctx, void *ptr)
{
}

static void hand_on(harmony__json_writer *writer, const void *data, size_t len)
{
	if (!writer->status && len)
		writer->status = writer->write(data, len, writer->user);
}

static void print(void *ctx, const char *text, size_t len)
{
	harmony__json_writer *writer = ctx;

	if (len > sizeof(writer->chunk) - writer->used) {
		hand_on(writer, writer->chunk, writer->used);
		writer->used = 0;
		if (len > sizeof(writer->chunk)) {
			hand_on(writer, text, len);
			return;
		}
	}
	memcpy(writer->chunk + writer->used, text, len);
	writer->used += len;
}

void harmony__json_begin(harmony__json_writer *writer, harmony_write_fn write, void *user)
{
	const yajl_alloc_funcs memory = {pool_alloc, pool_resize, pool_free, writer};

	writer->write = write;
	writer->user = user;
	writer->status = HARMONY_OK;
	writer->used = writer->pool_used = 0;
	writer->gen = yajl_gen_alloc(&memory);
	if (!writer->gen) {
		writer->status = HARMONY_NOMEM;
		return;
	}
	yajl_gen_config(writer->gen, yajl_gen_print_callback, print, writer);
	yajl_gen_config(writer->gen, yajl_gen_validate_utf8, 1);
}

static void keep(harmony__json_writer *writer, yajl_gen_status result)
{
	if (HARMONY__LIKELY(result == yajl_gen_status_ok) || writer->status)
		return;
	if (result == yajl_gen_invalid_string)
		writer->status = HARMONY_INVALID;
	else if (result == yajl_max_depth_exceeded)
		writer->status = HARMONY_LIMIT;
	else
		writer->status = HARMONY_STATE;
}

/* Once failed, nothing more is asked of yajl. */
#define GENERATE(writer, call)                                                                     \
	do {                                                                                       \
		if (!(writer)->status)                                                             \
			keep(writer, call);                                                        \
	} while (0)

void harmony__json_object(harmony__json_writer *writer)
{
	GENERATE(writer, yajl_gen_map_open(writer->gen));
}

void harmony__json_object_end(harmony__json_writer *writer)
{
	GENERATE(writer, yajl_gen_map_close(writer->gen));
}

void harmony__json_array(harmony__json_writer *writer)
{
	GENERATE(writer, yajl_gen_array_open(writer->gen));
}

void harmony__json_array_end(harmony__json_writer *writer)
{
	GENERATE(writer, yajl_gen_array_close(writer->gen));
}

void harmony__json_string(harmony__json_writer *writer, const char *text, size_t len)
{
	GENERATE(writer, yajl_gen_string(writer->gen, (const unsigned char *)text, len));
}

void harmony__json_key(harmony__json_writer *writer, const char *key)
{
	harmony__json_string(writer, key, strlen(key));
}

void harmony__json_bool(harmony__json_writer *writer, bool flag)
{
	GENERATE(writer, yajl_gen_bool(writer->gen, flag));
}

void harmony__json_null(harmony__json_writer *writer)
{
	GENERATE(writer, yajl_gen_null(writer->gen));
}

void harmony__json_raw_number(harmony__json_writer *writer, const char *text, size_t len)
{
	GENERATE(writer, yajl_gen_number(writer->gen, text, len));
}

void harmony__json_number_scaled(harmony__json_writer *writer, int64_t value, unsigned scale)
{
	char text[HARMONY_DECIMAL_SIZE];

	harmony__json_raw_number(writer, text, harmony_decimal_format(text, value, scale, '.'));
}

void harmony__json_put(harmony__json_writer *writer, const char *key, const char *text)
{
	if (!text)
		return;
	harmony__json_key(writer, key);
	harmony__json_string(writer, text, strlen(text));
}

void harmony__json_put_number(harmony__json_writer *writer, const char *key, int64_t value,
                              unsigned scale)
{
	harmony__json_key(writer, key);
	harmony__json_number_scaled(writer, value, scale);
}

void harmony__json_put_bool(harmony__json_writer *writer, const char *key, bool flag)
{
	harmony__json_key(writer, key);
	harmony__json_bool(writer, flag);
}

harmony_status harmony__json_end(harmony__json_writer *writer)
{
	/* yajl tells that a document is complete only by refusing another value. */
	if (!writer->status && yajl_gen_null(writer->gen) != yajl_gen_generation_complete)
		writer->status = HARMONY_STATE;
	hand_on(writer, writer->chunk, writer->used);
	writer->used = 0;
	return writer->status;
}
