/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_TESTS_SWEEP_H
#define HARMONY_TESTS_SWEEP_H

/* The k-th allocation sweep: runs a scenario once for every allocation that it makes, with
   that allocation failing (first only that one, then that one and all behind it), and asserts
   each time that

     - the scenario returned an error, and its harmony_error says the same in words,
     - every block was freed again,

   and that it succeeds in the end, when there is no k-th allocation any more.

	static harmony_status convert(harmony_context *context, harmony_error *error, void *user)
	{
		harmony_source *source;
		harmony_status status = harmony_source_open(&source, context, user, error);
		...
		harmony_source_free(source);
		return status;
	}
	...
	sweep_run(convert, "some.csv");

   The scenario makes everything from the context that it is given and frees all of it,
   whatever happens. Includes nothing of the library but its public headers. Needs cmocka. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <harmony/base.h>

typedef harmony_status (*sweep_scenario)(harmony_context *context, harmony_error *error,
                                         void *user);

typedef struct sweep {
	long calls;   /* allocations and growths so far */
	long fail_at; /* the number, from 0, of the one that fails; negative: none */
	bool for_good; /* and all behind it */
	bool failed;
	long live; /* blocks not freed */
	size_t largest; /* block asked for, in bytes */
} sweep;

static inline void *sweep_resize(void *ptr, size_t size, void *user)
{
	sweep *s = user;
	long call;
	void *made;

	if (size == 0) {
		s->live -= ptr != NULL;
		free(ptr);
		return NULL;
	}
	call = s->calls++;
	if (s->fail_at >= 0 && (call == s->fail_at || (s->for_good && call > s->fail_at))) {
		s->failed = true;
		return NULL;
	}
	s->largest = size > s->largest ? size : s->largest;
	made = realloc(ptr, size);
	if (!made)
		return NULL;
	s->live += ptr == NULL;
	return made;
}

/* A context on the allocator of `s`, which must outlive it. Also of use alone: s->live counts
   what leaks, and s->fail_at can be set at any point (from s->calls on). */
static inline harmony_context *sweep_context(sweep *s)
{
	const harmony_allocator allocator = {sizeof(allocator), sweep_resize, s};
	harmony_context_options options = HARMONY_CONTEXT_OPTIONS_INIT;
	harmony_context *context = NULL;

	options.allocator = &allocator;
	*s = (sweep){.fail_at = -1};
	assert_int_equal(harmony_context_new(&context, &options, NULL), HARMONY_OK);
	return context;
}

/* Runs it with the k-th allocation failing; false when there was none so many. */
static inline bool sweep_one(sweep_scenario scenario, void *user, long k, bool for_good)
{
	sweep s;
	harmony_context *context = sweep_context(&s);
	harmony_error error = HARMONY_ERROR_INIT;
	harmony_status status;

	s.fail_at = s.calls + k;
	s.for_good = for_good;
	status = scenario(context, &error, user);
	if (s.failed && (status == HARMONY_OK || error.status != status || !error.message[0]))
		print_error("allocation %ld failed (%s): status %d, error %d '%s'\n", k,
		            for_good ? "and all behind it" : "once", status, error.status,
		            error.message);
	if (s.failed) {
		assert_int_not_equal(status, HARMONY_OK);
		assert_int_equal(error.status, status);
		assert_true(error.message[0] != '\0');
	} else {
		if (status != HARMONY_OK)
			print_error("nothing failed, and yet: %s\n", error.message);
		assert_int_equal(status, HARMONY_OK);
	}
	harmony_context_free(context);
	if (s.live != 0)
		print_error("allocation %ld failed (%s): %ld blocks leak\n", k,
		            for_good ? "and all behind it" : "once", s.live);
	assert_int_equal(s.live, 0);
	return s.failed;
}

/* The whole sweep, both ways. Returns how many allocations the scenario makes. */
static inline long sweep_run(sweep_scenario scenario, void *user)
{
	long k = 0, other = 0;

	while (sweep_one(scenario, user, k, false))
		k++;
	while (sweep_one(scenario, user, other, true))
		other++;
	assert_int_equal(k, other);
	return k;
}

#endif
