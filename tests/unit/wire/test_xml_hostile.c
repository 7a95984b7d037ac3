/* SPDX-License-Identifier: MIT */
/* Documents made to hurt: each ends in a clear error, in seconds, in little memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <sys/resource.h>

#include <cmocka.h>

#include <harmony/harmony.h>

#include "wire/xml.h"

#define SECONDS 5
#define MEMORY (64u * 1024u * 1024u)

/* What the library holds, in bytes. */
typedef struct held {
	size_t now, peak;
} held;

static void *count(void *ptr, size_t size, void *user)
{
	held *h = user;
	size_t *old = ptr ? (size_t *)ptr - 2 : NULL, before = old ? *old : 0, *made;

	if (size == 0) {
		h->now -= before;
		free(old);
		return NULL;
	}
	made = realloc(old, size + 2 * sizeof(*made));
	assert_non_null(made);
	*made = size;
	h->now += size - before;
	h->peak = h->now > h->peak ? h->now : h->peak;
	return made + 2;
}

/* `head` once, then `piece` until something is wrong or `times` are done, then `tail`. */
typedef struct attack {
	const char *name, *head, *piece;
	uint64_t times;
	const char *tail;
	harmony_status status;
	const char *says;
	bool numbered; /* each piece is made with its number */
} attack;

static harmony_status feed(harmony__xml_reader *reader, const attack *a, harmony_error *error)
{
	harmony_status status =
		harmony__xml_reader_feed(reader, a->head, strlen(a->head), error);
	char piece[64];

	for (uint64_t i = 0; status == HARMONY_OK && i < a->times; i++) {
		if (a->numbered)
			(void)snprintf(piece, sizeof(piece), a->piece, (unsigned long)i);
		status = harmony__xml_reader_feed(reader, a->numbered ? piece : a->piece,
						  strlen(a->numbered ? piece : a->piece), error);
	}
	if (status == HARMONY_OK)
		status = harmony__xml_reader_feed(reader, a->tail, strlen(a->tail), error);
	return status != HARMONY_OK ? status : harmony__xml_reader_finish(reader, error);
}

static void survive(const attack *a)
{
	held h = {0, 0};
	const harmony_allocator allocator = {sizeof(allocator), count, &h};
	harmony_context_options options = HARMONY_CONTEXT_OPTIONS_INIT;
	harmony_error error = HARMONY_ERROR_INIT;
	harmony_context *context;
	harmony__xml_builder builder;
	harmony__xml_reader *reader;
	harmony__arena arena;
	clock_t start = clock();
	harmony_status status;

	options.allocator = &allocator;
	assert_int_equal(harmony_context_new(&context, &options, NULL), HARMONY_OK);
	harmony__arena_init(&arena, context, 32u * 1024u * 1024u);
	harmony__xml_builder_init(&builder, &arena);
	assert_int_equal(harmony__xml_reader_new(&reader, context, harmony__xml_build, &builder),
			 HARMONY_OK);
	status = feed(reader, a, &error);
	harmony__xml_reader_free(reader);
	harmony__xml_builder_free(&builder);
	harmony__arena_free(&arena);
	harmony_context_free(context);
	if (status != a->status || (a->says && !strstr(error.message, a->says)))
		fail_msg("%s: status %d: %s", a->name, status, error.message);
	if (h.peak >= MEMORY || (clock() - start) / CLOCKS_PER_SEC >= SECONDS)
		fail_msg("%s: %zu bytes, %ld s", a->name, h.peak,
			 (long)((clock() - start) / CLOCKS_PER_SEC));
	assert_int_equal(h.now, 0);
}

/* A kilobyte of blanks. */
#define BLANKS64 "                                                                "
#define BLANKS                                                                                     \
	BLANKS64 BLANKS64 BLANKS64 BLANKS64 BLANKS64 BLANKS64 BLANKS64 BLANKS64 BLANKS64 BLANKS64  \
		BLANKS64 BLANKS64 BLANKS64 BLANKS64 BLANKS64 BLANKS64
#define MILLION 1000000u

static void entity_bombs(void **state)
{
	static const attack attacks[] = {
		{"laughs", "<!DOCTYPE l [<!ENTITY l0 'lol'>",
		 "<!ENTITY l1 '&l0;&l0;&l0;&l0;&l0;&l0;&l0;&l0;&l0;&l0;'>", 10, "]><l>&l1;</l>",
		 HARMONY_FORMAT, "DOCTYPE", false},
		{"quadratic", "<!DOCTYPE l [<!ENTITY a '", BLANKS, 64, "'>]><l>&a;&a;</l>",
		 HARMONY_FORMAT, "DOCTYPE", false},
		{"external", "<!DOCTYPE l SYSTEM 'file:///dev/zero'>", "", 0, "<l/>",
		 HARMONY_FORMAT, "DOCTYPE", false},
		{"parameter", "<!DOCTYPE l [<!ENTITY % p SYSTEM 'http://127.0.0.1/'>%p;]>", "", 0,
		 "<l/>", HARMONY_FORMAT, "DOCTYPE", false},
		{"long doctype", "<!DOCTYPE ", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", MILLION, ">",
		 HARMONY_LIMIT, "too large", false},
		{"undeclared", "<l>", "&l9;", 5 * MILLION, "</l>", HARMONY_FORMAT, "entity", false},
	};

	for (size_t i = 0; i < HARMONY__COUNT(attacks); i++)
		survive(&attacks[i]);
}

static void nesting(void **state)
{
	static const attack attacks[] = {
		{"nested", "", "<a>", 5 * MILLION, "", HARMONY_LIMIT, "nested", false},
		{"nested names", "", "<a%lu>", 5 * MILLION, "", HARMONY_LIMIT, "nested", true},
		{"unopened", "<a>", "</b>", 5 * MILLION, "", HARMONY_FORMAT, NULL, false},
	};

	for (size_t i = 0; i < HARMONY__COUNT(attacks); i++)
		survive(&attacks[i]);
}

static void a_gigabyte_of_white_space(void **state)
{
	static const attack attacks[] = {
		{"before", "", BLANKS, MILLION, "<a/>", HARMONY_LIMIT, "too large", false},
		{"prolog", "<?xml version='1.0'?>", BLANKS, MILLION, "<a/>", HARMONY_LIMIT,
		 "too large", false},
		{"content", "<a>", BLANKS, MILLION, "</a>", HARMONY_LIMIT, NULL, false},
		{"between", "<a><b/>", BLANKS, MILLION, "</a>", HARMONY_LIMIT, "too large", false},
		{"in a tag", "<a", BLANKS, MILLION, "/>", HARMONY_LIMIT, "too large", false},
		{"in an end tag", "<a></a", BLANKS, MILLION, ">", HARMONY_LIMIT, "too large", false},
		{"in an attribute", "<a b='", BLANKS, MILLION, "'/>", HARMONY_LIMIT, "too large",
		 false},
		{"behind", "<a/>", BLANKS, MILLION, "", HARMONY_LIMIT, "too large", false},
		{"in a comment", "<!--", BLANKS, MILLION, "--><a/>", HARMONY_LIMIT, "too large",
		 false},
		{"in an instruction", "<a><?p ", BLANKS, MILLION, "?></a>", HARMONY_LIMIT,
		 "too large", false},
		{"in CDATA", "<a><b/><![CDATA[", BLANKS, MILLION, "]]></a>", HARMONY_LIMIT,
		 "too large", false},
		{"as references", "<a><b/>", "&#32;", 200 * MILLION, "</a>", HARMONY_LIMIT,
		 "too large", false},
	};

	for (size_t i = 0; i < HARMONY__COUNT(attacks); i++)
		survive(&attacks[i]);
}

static void too_many_of_anything(void **state)
{
	static const attack attacks[] = {
		{"names", "<a>", "<b%lu/>", MILLION, "</a>", HARMONY_LIMIT, NULL, true},
		{"elements", "<a>", "<b/>", 10 * MILLION, "</a>", HARMONY_LIMIT, NULL, false},
		{"attributes", "<a", " b%lu='1'", MILLION, "/>", HARMONY_LIMIT, "too large", true},
		{"spaces", "<a>", "<b xmlns='urn:%lu'/>", MILLION, "</a>", HARMONY_LIMIT, NULL, true},
		{"prefixes", "<a>", "<b xmlns:p%lu='urn:x'/>", MILLION, "</a>", HARMONY_LIMIT, NULL,
		 true},
		{"comments", "<a>", "<!---->", 10 * MILLION, "</a>", HARMONY_LIMIT, "too large",
		 false},
	};

	for (size_t i = 0; i < HARMONY__COUNT(attacks); i++)
		survive(&attacks[i]);
}

/* The whole program, with all that it did before: what the system says that it used. */
static void the_process_stayed_small(void **state)
{
#if !defined(__SANITIZE_ADDRESS__)
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	assert_true((size_t)usage.ru_maxrss * 1024u < MEMORY);
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entity_bombs),
		cmocka_unit_test(nesting),
		cmocka_unit_test(a_gigabyte_of_white_space),
		cmocka_unit_test(too_many_of_anything),
		cmocka_unit_test(the_process_stayed_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
