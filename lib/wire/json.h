/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_LIB_WIRE_JSON_H
#define HARMONY_LIB_WIRE_JSON_H

/* JSON in and out, on yajl: the only room that includes its headers or knows JSON's
   syntax. Three doors:

     reader   events of a stream, in any chunking; memory does not grow with the input
     tree     a whole document (a response of a package) as values in an arena
     writer   documents onto a harmony_write_fn or a harmony__buf, without allocation

   What yajl lets pass is refused here: nesting over HARMONY_MAX_JSON_DEPTH, documents
   over HARMONY_MAX_JSON_LINE, strings, keys and numbers over their limits, "\u0000",
   half a surrogate pair, a second document behind the first, a truncated one. Numbers
   stay text in both directions. yajl crashes when its allocator returns NULL: here
   every failed allocation is HARMONY_NOMEM and leaks nothing. */

#include "base/base.h"

/* ---- reader: events ---------------------------------------------------------------- */

enum {
	HARMONY__JSON_NULL,
	HARMONY__JSON_BOOL,
	HARMONY__JSON_NUMBER,
	HARMONY__JSON_STRING,
	HARMONY__JSON_OBJECT,
	HARMONY__JSON_ARRAY,
	/* of events only: */
	HARMONY__JSON_KEY,
	HARMONY__JSON_OBJECT_END,
	HARMONY__JSON_ARRAY_END
};

/* One event. `text` is borrowed for the call, has no NUL at its end and none inside:
   the decoded UTF-8 of a string or key, a number as written. `depth` counts the open
   containers around it: 0 for the document's own value and for its end. */
typedef struct harmony__json_event {
	int type;
	bool flag; /* of a BOOL */
	unsigned depth;
	const char *text;
	size_t len;
} harmony__json_event;

/* Anything but HARMONY_OK ends the document and is returned from feed or finish. */
typedef harmony_status (*harmony__json_fn)(const harmony__json_event *event, void *user);

typedef struct harmony__json_reader harmony__json_reader;

/* Errors: HARMONY_NOMEM. */
harmony_status harmony__json_reader_new(harmony__json_reader **out, harmony_context *context,
                                        harmony__json_fn event, void *user) HARMONY__CHECKED;
void harmony__json_reader_free(harmony__json_reader *reader);
/* The next bytes of the current document. Errors: HARMONY_FORMAT (not JSON: the message
   says why, `column` is the byte, from 1), HARMONY_LIMIT, HARMONY_NOMEM, what `event`
   returned. After an error the document takes no more bytes (HARMONY_STATE) until
   harmony__json_reader_restart. */
harmony_status harmony__json_reader_feed(harmony__json_reader *reader, const void *data, size_t len,
                                         harmony_error *error);
/* Ends the document: HARMONY_FORMAT when it is empty or not complete. The reader is then
   ready for the next document, also after an error. */
harmony_status harmony__json_reader_finish(harmony__json_reader *reader, harmony_error *error);
/* Forgets the current document, whatever its state. */
void harmony__json_reader_restart(harmony__json_reader *reader);
/* Bytes of the current document that were understood so far: where an error is; in a
   callback, where its event ends. */
uint64_t harmony__json_reader_offset(const harmony__json_reader *reader);

/* ---- tree: a small document in an arena -------------------------------------------- */

/* A value. Read it with the functions below; walk a container with `first` and `next`. */
typedef struct harmony__json {
	uint8_t type; /* HARMONY__JSON_NULL to HARMONY__JSON_ARRAY */
	bool flag;
	size_t count;     /* members or elements */
	const char *key;  /* NUL-ended; NULL when not a member of an object */
	const char *text; /* NUL-ended: a string's text, a number as written; else "" */
	size_t len;
	const struct harmony__json *first, *next;
} harmony__json;

/* Parses one whole document; values live as long as the arena. Set the arena's limit:
   a value takes about 64 bytes beside its text. Errors as the reader's. */
harmony_status harmony__json_parse(const harmony__json **out, harmony__arena *arena,
                                   const void *data, size_t len, harmony_error *error);

/* The value under a path of keys, NULL when a step is not there or not an object:
       harmony__json_get(root, "error", "message", "value")
   `value` may be NULL, so lookups chain. Of a key that stands twice the first counts. */
#define harmony__json_get(value, ...)                                                              \
	harmony__json_walk(value, (const char *const[]){__VA_ARGS__, NULL})
const harmony__json *harmony__json_walk(const harmony__json *value, const char *const *keys);

/* All of these take NULL for an absent value, and take JSON's null for absent. */

/* The text of a string or number; `fallback` otherwise. */
const char *harmony__json_text(const harmony__json *value, const char *fallback);
/* true and false, and the texts "true" and "false"; `fallback` otherwise. */
bool harmony__json_flag(const harmony__json *value, bool fallback);
/* A number, or a string that holds one, to `scale` decimals; exponents are understood,
   nothing is rounded. Errors: HARMONY_NOTFOUND (absent or null), HARMONY_FORMAT (no
   number), HARMONY_RANGE. `*out` is untouched on error. */
harmony_status harmony__json_decimal(int64_t *out, const harmony__json *value, unsigned scale);
/* The same in 1/100. The tail of a binary fraction is taken off, 300.01000000000005 being 300.01:
   from the third decimal on at least five noughts or nines. */
harmony_status harmony__json_amount(int64_t *out, const harmony__json *value);
/* The same for whole numbers. */
harmony_status harmony__json_whole(int64_t *out, const harmony__json *value);
/* The raw text of a JSON number or decimal as scaled integer, for event readers. */
harmony_status harmony__json_number(int64_t *out, const char *text, size_t len, unsigned scale);

/* ---- writer ------------------------------------------------------------------------- */

/* Writes one document. The struct is the caller's, on the stack; nothing is allocated and
   nothing has to be freed. The first failure sticks in `status`, later calls do nothing:
   write freely, check what harmony__json_end returns. Callers write valid sequences: a
   key before each member, every container closed (HARMONY_STATE otherwise). A text that
   is not UTF-8 is HARMONY_INVALID. */
typedef struct harmony__json_writer {
	harmony_write_fn write;
	void *user;
	harmony_status status;
	void *gen; /* yajl's, inside `pool` */
	size_t used, pool_used;
	char chunk[2048];
	union {
		uint64_t align;
		char bytes[1024];
	} pool;
} harmony__json_writer;

void harmony__json_begin(harmony__json_writer *writer, harmony_write_fn write, void *user);
/* Onto a buffer: harmony__json_begin(&w, harmony__buf_write, &buf). */

void harmony__json_object(harmony__json_writer *writer);
void harmony__json_object_end(harmony__json_writer *writer);
void harmony__json_array(harmony__json_writer *writer);
void harmony__json_array_end(harmony__json_writer *writer);
void harmony__json_key(harmony__json_writer *writer, const char *key);
void harmony__json_string(harmony__json_writer *writer, const char *text, size_t len);
void harmony__json_bool(harmony__json_writer *writer, bool flag);
void harmony__json_null(harmony__json_writer *writer);
/* `text` must be a JSON number; it is written as it is. */
void harmony__json_raw_number(harmony__json_writer *writer, const char *text, size_t len);
/* A number with exactly `scale` decimals: 14280 at scale 2 is 142.80. */
void harmony__json_number_scaled(harmony__json_writer *writer, int64_t value, unsigned scale);

/* Members in one call: key and value; with a NULL text the member is left out. */
void harmony__json_put(harmony__json_writer *writer, const char *key, const char *text);
void harmony__json_put_number(harmony__json_writer *writer, const char *key, int64_t value,
                              unsigned scale);
void harmony__json_put_bool(harmony__json_writer *writer, const char *key, bool flag);

/* A value that was parsed, with its key when it has one, written again as it was. */
void harmony__json_copy(harmony__json_writer *writer, const harmony__json *value);

/* Hands on what is left. Returns the status: HARMONY_STATE when the document is not
   complete, what `write` returned, HARMONY_INVALID, HARMONY_LIMIT (nesting). */
harmony_status harmony__json_end(harmony__json_writer *writer) HARMONY__CHECKED;

#endif
