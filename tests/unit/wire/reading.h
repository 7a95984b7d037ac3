/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_TESTS_WIRE_READING_H
#define HARMONY_TESTS_WIRE_READING_H

/* What the tests of a streaming reader share. Who includes it has named the reader's functions
   by READER(), and has a `trace` that begins as zeros: `text` is what the callback `note` wrote
   down, `stop_after` the events until it says HARMONY_USER (0: never). */

#include "../../support/sweep.h"

static harmony_context *plain_context(void)
{
	static sweep none;

	return sweep_context(&none);
}

/* In pieces of `step` bytes, the first one of `first`. */
static harmony_status read_cut(harmony_context *context, trace *t, const char *data, size_t len,
			       size_t first, size_t step, harmony_error *error)
{
	READER() *reader;
	harmony_status status = READER(_new)(&reader, context, note, t);
	size_t at = 0, take = first;

	if (status)
		return harmony_error_set(error, status, NULL, "no reader");
	for (; !status && at < len; at += take, take = step) {
		if (take > len - at)
			take = len - at;
		status = READER(_feed)(reader, data + at, take, error);
	}
	if (!status)
		status = READER(_finish)(reader, error);
	READER(_free)(reader);
	return status;
}

static harmony_status read_all(const char *data, size_t len, trace *t, harmony_error *error)
{
	harmony_context *context = plain_context();
	harmony_status status;

	memset(t, 0, sizeof(*t));
	status = read_cut(context, t, data, len, len ? len : 1, len, error);
	harmony_context_free(context);
	return status;
}

static void same_at_every_split(const char *document, const char *events)
{
	const size_t len = strlen(document);
	harmony_context *context = plain_context();

	for (size_t first = 0; first <= len; first++)
		for (size_t step = 1; step <= len; step = step < 4 ? step + 1 : step * 5) {
			harmony_error error = HARMONY_ERROR_INIT;
			trace t;

			memset(&t, 0, sizeof(t));
			assert_int_equal(read_cut(context, &t, document, len, first ? first : 1,
						  step, &error),
					 HARMONY_OK);
			assert_string_equal(t.text, events);
		}
	harmony_context_free(context);
}

/* `whole`: with so many bytes it is complete. */
static void an_error_at_every_end(const char *document, size_t whole)
{
	for (size_t len = 0; len < whole; len++) {
		harmony_error error = HARMONY_ERROR_INIT;
		trace t;

		assert_int_equal(read_all(document, len, &t, &error), HARMONY_FORMAT);
		assert_true(error.message[0]);
	}
}

static void ended_by_each_of(long events, const char *document)
{
	harmony_context *context = plain_context();

	for (long k = 1; k <= events; k++) {
		trace t;

		memset(&t, 0, sizeof(t));
		t.stop_after = k;
		assert_int_equal(read_cut(context, &t, document, strlen(document), 3, 3, NULL),
				 HARMONY_USER);
		assert_int_equal(t.stop_after, 0);
	}
	harmony_context_free(context);
}

#endif
