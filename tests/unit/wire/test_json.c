/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <harmony/harmony.h>

#include "wire/json.h"

/* ---- events written down -------------------------------------------------------------------- */

typedef struct trace {
	char text[8192];
	size_t used;
	long stop_after; /* events until HARMONY_USER; 0: never */
} trace;

static harmony_status note(const harmony__json_event *event, void *user)
{
	static const char letters[] = "nb#s{[k}]";
	trace *t = user;
	int n = snprintf(t->text + t->used, sizeof(t->text) - t->used, "%u%c%.*s%s ", event->depth,
	                 letters[event->type], (int)event->len, event->text,
	                 event->type == HARMONY__JSON_BOOL && event->flag ? "T" : "");

	t->used += (size_t)n < sizeof(t->text) - t->used ? (size_t)n : 0;
	if (t->stop_after && --t->stop_after == 0)
		return HARMONY_USER;
	return HARMONY_OK;
}

#define READER(verb) harmony__json_reader##verb
#include "reading.h"

static const char document[] =
	" {\"a\" : [1, -2.50, 1e400, true,false, null ], \"b\\n\":\"x\\u00e9\\ud83d\\ude00y\","
	"\"\":{},\"c\":[[],{\"d\":\"\"}]}\r\n";
static const char document_events[] =
	"0{ 1ka 1[ 2#1 2#-2.50 2#1e400 2bT 2b 2n 1] 1kb\n 1sx\xc3\xa9\xf0\x9f\x98\x80y 1k 1{ 1} "
	"1kc 1[ 2[ 2] 2{ 3kd 3s 2} 1] 0} ";

static void events_come_in_order_at_every_split(void **state)
{
	(void)state;
	same_at_every_split(document, document_events);
}

static void a_truncated_document_is_an_error_at_every_byte(void **state)
{
	(void)state;
	an_error_at_every_end(document, strlen(document) - 2);
}

static void what_is_not_json_is_refused(void **state)
{
	static const struct {
		const char *text;
		harmony_status status;
		unsigned column;
	} cases[] = {
		{"", HARMONY_FORMAT, 0},
		{"  ", HARMONY_FORMAT, 0},
		{"{} {}", HARMONY_FORMAT, 0},
		{"1 2", HARMONY_FORMAT, 0},
		{"[1,]", HARMONY_FORMAT, 0},
		{"{\"a\":1,}", HARMONY_FORMAT, 0},
		{"{a:1}", HARMONY_FORMAT, 0},
		{"[01]", HARMONY_FORMAT, 0},
		{"[1.]", HARMONY_FORMAT, 0},
		{"[NaN]", HARMONY_FORMAT, 0},
		{"[\"\t\"]", HARMONY_FORMAT, 0},
		{"[\"\xff\"]", HARMONY_FORMAT, 0},
		{"[\"\xed\xa0\x80\"]", HARMONY_FORMAT, 0},
		{"[\"\\x\"]", HARMONY_FORMAT, 0},
		{"[\"\\u12g4\"]", HARMONY_FORMAT, 0},
		{"[\"\\u0000\"]", HARMONY_FORMAT, 8},
		{"[\"a\\ud800\"]", HARMONY_FORMAT, 10},
		{"[\"\\ud800\\n\"]", HARMONY_FORMAT, 10},
		{"[\"\\ud800\\u0041\"]", HARMONY_FORMAT, 14},
		{"[\"\\udc00\"]", HARMONY_FORMAT, 8},
		{"[\"\\ud83d\\ud83d\\ude00\"]", HARMONY_FORMAT, 14},
		{"[/* */1]", HARMONY_FORMAT, 0},
		{"[1}", HARMONY_FORMAT, 0},
		{"]", HARMONY_FORMAT, 0},
	};

	for (size_t i = 0; i < HARMONY__COUNT(cases); i++) {
		const size_t len = strlen(cases[i].text);
		harmony_context *context = plain_context();

		for (size_t step = 1; step <= len + 1; step++) {
			harmony_error error = HARMONY_ERROR_INIT;
			trace t = {{0}, 0, 0};
			harmony_status status =
				read_cut(context, &t, cases[i].text, len, step, step, &error);

			if (status != cases[i].status)
				fail_msg("%s in steps of %zu: %d", cases[i].text, step, status);
			assert_int_equal(error.status, status);
			assert_non_null(strstr(error.message, "JSON at byte"));
			if (cases[i].column)
				assert_int_equal(error.column, cases[i].column);
		}
		harmony_context_free(context);
	}
}

static void escapes_that_look_like_more_are_fine(void **state)
{
	static const char text[] = "[\"\\\\ud800\",\"\\\\\\\\u0000\"]";
	trace t;

	assert_int_equal(read_all(text, sizeof(text) - 1, &t, NULL), HARMONY_OK);
	assert_string_equal(t.text, "0[ 1s\\ud800 1s\\\\u0000 0] ");
}

static void limits_hold(void **state)
{
	static char text[HARMONY_MAX_JSON_STRING + 16];
	char number[HARMONY_MAX_JSON_NUMBER + 8];
	harmony_error error = HARMONY_ERROR_INIT;
	trace t;
	size_t len = HARMONY_MAX_JSON_DEPTH;

	memset(text, '[', len + 1);
	memset(text + len, ']', len);
	assert_int_equal(read_all(text, 2 * len, &t, &error), HARMONY_OK);
	memset(text, '[', len + 1);
	assert_int_equal(read_all(text, len + 1, &t, &error), HARMONY_LIMIT);
	assert_non_null(strstr(error.message, "nested"));

	memset(number, '1', sizeof(number));
	assert_int_equal(read_all(number, HARMONY_MAX_JSON_NUMBER, &t, NULL), HARMONY_OK);
	assert_int_equal(read_all(number, HARMONY_MAX_JSON_NUMBER + 1, &t, NULL), HARMONY_LIMIT);

	memset(text, 'x', sizeof(text));
	text[0] = text[HARMONY_MAX_JSON_STRING + 1] = '"';
	assert_int_equal(read_all(text, HARMONY_MAX_JSON_STRING + 2, &t, NULL), HARMONY_OK);
	text[HARMONY_MAX_JSON_STRING + 1] = 'x';
	text[HARMONY_MAX_JSON_STRING + 2] = '"';
	assert_int_equal(read_all(text, HARMONY_MAX_JSON_STRING + 3, &t, NULL), HARMONY_LIMIT);
}

/* Ten million brackets and an endless string, in chunks: refused early, no memory. */
static void bombs_are_defused(void **state)
{
	sweep b;
	harmony_context *context = sweep_context(&b);
	harmony__json_reader *reader;
	char chunk[4096];
	trace t = {{0}, 0, 0};
	size_t fed;
	harmony_status status = HARMONY_OK;

	assert_int_equal(harmony__json_reader_new(&reader, context, note, &t), HARMONY_OK);
	memset(chunk, '[', sizeof(chunk));
	for (fed = 0; !status && fed < 10000000; fed += sizeof(chunk))
		status = harmony__json_reader_feed(reader, chunk, sizeof(chunk), NULL);
	assert_int_equal(status, HARMONY_LIMIT);
	assert_true(fed <= sizeof(chunk));
	assert_int_equal(harmony__json_reader_feed(reader, "1", 1, NULL), HARMONY_STATE);

	harmony__json_reader_restart(reader);
	status = harmony__json_reader_feed(reader, "\"", 1, NULL);
	memset(chunk, 'x', sizeof(chunk));
	for (fed = 0; !status && fed < 100000000; fed += sizeof(chunk))
		status = harmony__json_reader_feed(reader, chunk, sizeof(chunk), NULL);
	assert_int_equal(status, HARMONY_LIMIT);
	assert_true(fed <= (size_t)HARMONY_MAX_JSON_STRING * 8);
	harmony__json_reader_free(reader);
	harmony_context_free(context);
	assert_int_equal(b.live, 0);
}

static void one_reader_reads_many_documents(void **state)
{
	harmony_context *context = plain_context();
	harmony__json_reader *reader;
	trace t = {{0}, 0, 0};

	assert_int_equal(harmony__json_reader_new(&reader, context, note, &t), HARMONY_OK);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(harmony__json_reader_feed(reader, "[1]", 3, NULL), HARMONY_OK);
		assert_int_equal(harmony__json_reader_finish(reader, NULL), HARMONY_OK);
		assert_int_equal(harmony__json_reader_finish(reader, NULL), HARMONY_FORMAT);
		assert_int_equal(harmony__json_reader_feed(reader, "[}", 2, NULL), HARMONY_FORMAT);
		assert_int_equal(harmony__json_reader_finish(reader, NULL), HARMONY_FORMAT);
		assert_int_equal(harmony__json_reader_feed(reader, "7", 1, NULL), HARMONY_OK);
		assert_int_equal(harmony__json_reader_finish(reader, NULL), HARMONY_OK);
	}
	assert_string_equal(t.text, "0[ 1#1 0] 0[ 0#7 0[ 1#1 0] 0[ 0#7 0[ 1#1 0] 0[ 0#7 ");
	harmony__json_reader_free(reader);
	harmony_context_free(context);
}

static void a_callback_can_end_it(void **state)
{
	(void)state;
	ended_by_each_of(19, document);
}

/* ---- allocation failures ------------------------------------------------------------------- */

static harmony_status everything(harmony_context *context, harmony_error *error, void *user)
{
	trace t = {{0}, 0, 0};
	harmony__arena arena;
	const harmony__json *root;
	harmony_status status = read_cut(context, &t, document, sizeof(document) - 1, 7, 7, error);

	(void)user;
	if (!status) {
		harmony__arena_init(&arena, context, 1 << 20);
		status = harmony__json_parse(&root, &arena, document, sizeof(document) - 1, error);
		harmony__arena_free(&arena);
	}
	return status;
}

static void every_failed_allocation_is_told_and_leaks_nothing(void **state)
{
	(void)state;
	assert_true(sweep_run(everything, NULL) > 5);
}

/* ---- tree ------------------------------------------------------------------------------------ */

static void a_tree_answers(void **state)
{
	static const char text[] =
		"{\"d\":{\"results\":[{\"Amount\":121.0,\"Text\":\"x\"},{\"Amount\":\"-1.5\"},"
		"{\"Amount\":1.2e1},{\"Amount\":null},{\"Amount\":1.005},{\"Amount\":true},"
		"{\"Amount\":\"\"}],\"ok\":true,\"no\":\"false\",\"n\":42,\"n\":43}}";
	harmony_context *context = plain_context();
	harmony__arena arena;
	const harmony__json *root, *list, *item;
	int64_t amount = 0;

	harmony__arena_init(&arena, context, 1 << 20);
	assert_int_equal(harmony__json_parse(&root, &arena, text, sizeof(text) - 1, NULL),
	                 HARMONY_OK);
	list = harmony__json_get(root, "d", "results");
	assert_non_null(list);
	assert_int_equal(list->type, HARMONY__JSON_ARRAY);
	assert_int_equal(list->count, 7);
	item = list->first;
	assert_int_equal(harmony__json_amount(&amount, harmony__json_get(item, "Amount")), 0);
	assert_int_equal(amount, 12100);
	assert_string_equal(harmony__json_text(harmony__json_get(item, "Text"), ""), "x");
	assert_string_equal(harmony__json_text(harmony__json_get(item, "Amount"), ""), "121.0");
	item = item->next;
	assert_int_equal(harmony__json_amount(&amount, harmony__json_get(item, "Amount")), 0);
	assert_int_equal(amount, -150);
	item = item->next;
	assert_int_equal(harmony__json_amount(&amount, harmony__json_get(item, "Amount")), 0);
	assert_int_equal(amount, 1200);
	item = item->next;
	assert_int_equal(harmony__json_amount(&amount, harmony__json_get(item, "Amount")),
	                 HARMONY_NOTFOUND);
	item = item->next;
	assert_int_equal(harmony__json_amount(&amount, harmony__json_get(item, "Amount")),
	                 HARMONY_RANGE);
	item = item->next;
	assert_int_equal(harmony__json_amount(&amount, harmony__json_get(item, "Amount")),
	                 HARMONY_FORMAT);
	item = item->next;
	assert_int_equal(harmony__json_amount(&amount, harmony__json_get(item, "Amount")),
	                 HARMONY_FORMAT);
	assert_int_equal(amount, 1200);
	assert_null(item->next);
	assert_true(harmony__json_flag(harmony__json_get(root, "d", "ok"), false));
	assert_false(harmony__json_flag(harmony__json_get(root, "d", "no"), true));
	assert_true(harmony__json_flag(harmony__json_get(root, "d", "absent"), true));
	assert_int_equal(harmony__json_whole(&amount, harmony__json_get(root, "d", "n")), 0);
	assert_int_equal(amount, 42);
	assert_null(harmony__json_get(root, "d", "results", "deeper"));
	assert_null(harmony__json_get(NULL, "d"));
	assert_int_equal(harmony__json_whole(&amount, NULL), HARMONY_NOTFOUND);
	assert_string_equal(harmony__json_text(NULL, "none"), "none");
	harmony__arena_free(&arena);
	harmony_context_free(context);
}

/* A server that counts in doubles says 300.01000000000005; 300.015 is said by none. */
static void an_amount_loses_its_binary_tail(void **state)
{
	static const struct {
		const char *text;
		harmony_status status;
		int64_t amount;
	} rows[] = {{"300.01000000000005", HARMONY_OK, 30001},
	            {"-60.500000000000014", HARMONY_OK, -6050},
	            {"300.00999999999999", HARMONY_OK, 30001},
	            {"-0.019999999999999574", HARMONY_OK, -2},
	            {"-0.0099999999999997868", HARMONY_OK, -1},
	            {"1.4210854715202004e-14", HARMONY_OK, 0},
	            {"3.0001000000000005E2", HARMONY_OK, 30001},
	            {"99999999.989999994", HARMONY_OK, 9999999999},
	            {"12345678.910000000", HARMONY_OK, 1234567891},
	            {"1.999999999999", HARMONY_OK, 200},
	            {"1.005", HARMONY_RANGE, 0},
	            {"1.00001", HARMONY_RANGE, 0},
	            {"1.000009", HARMONY_RANGE, 0},
	            {"1.99999", HARMONY_RANGE, 0},
	            {"1.0049999999999999", HARMONY_RANGE, 0},
	            {"1.0000000x", HARMONY_FORMAT, 0},
	            {"99999999999999999999", HARMONY_RANGE, 0},
	            {"92233720368547758.079999999", HARMONY_RANGE, 0},
	            {"1e400", HARMONY_RANGE, 0}};
	harmony__json value = {.type = HARMONY__JSON_STRING};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t amount = 0;
		value.text = rows[i].text;
		value.len = strlen(rows[i].text);
		assert_int_equal(harmony__json_amount(&amount, &value), rows[i].status);
		assert_int_equal(amount, rows[i].amount);
	}
}

static void a_tree_larger_than_its_arena_is_refused(void **state)
{
	harmony_context *context = plain_context();
	harmony__arena arena;
	const harmony__json *root;
	char text[20001];
	harmony_error error = HARMONY_ERROR_INIT;

	memset(text, '1', sizeof(text));
	for (size_t i = 0; i < sizeof(text); i += 2)
		text[i] = ',';
	text[0] = '[';
	text[sizeof(text) - 1] = ']';
	harmony__arena_init(&arena, context, 65536);
	assert_int_equal(harmony__json_parse(&root, &arena, text, sizeof(text), &error),
	                 HARMONY_LIMIT);
	assert_null(root);
	assert_int_equal(error.status, HARMONY_LIMIT);
	harmony__arena_free(&arena);
	harmony_context_free(context);
}

static void numbers_are_exact(void **state)
{
	static const struct {
		const char *text;
		unsigned scale;
		harmony_status status;
		int64_t value;
	} cases[] = {
		{"0", 2, HARMONY_OK, 0},
		{"-0.00", 2, HARMONY_OK, 0},
		{"1.5", 2, HARMONY_OK, 150},
		{"1.500000000", 2, HARMONY_OK, 150},
		{"1.505", 2, HARMONY_RANGE, 0},
		{"1.5e0", 2, HARMONY_OK, 150},
		{"15E-1", 2, HARMONY_OK, 150},
		{"1.5e+2", 2, HARMONY_OK, 15000},
		{"-1.5e2", 0, HARMONY_OK, -150},
		{"12345e-2", 2, HARMONY_OK, 12345},
		{"12345e-5", 2, HARMONY_RANGE, 0},
		{"1e-2", 2, HARMONY_OK, 1},
		{"1e-3", 2, HARMONY_RANGE, 0},
		{"100e-4", 2, HARMONY_OK, 1},
		{"0e400", 2, HARMONY_OK, 0},
		{"1e400", 2, HARMONY_RANGE, 0},
		{"1e-400", 2, HARMONY_RANGE, 0},
		{"1e99999999999", 2, HARMONY_RANGE, 0},
		{"1e00000000002", 2, HARMONY_OK, 10000},
		{"92233720368547758.07", 2, HARMONY_OK, INT64_MAX},
		{"92233720368547758.08", 2, HARMONY_RANGE, 0},
		{"-92233720368547758.08", 2, HARMONY_OK, INT64_MIN},
		{"1e", 2, HARMONY_FORMAT, 0},
		{"1e+", 2, HARMONY_FORMAT, 0},
		{"1.2.3e5", 2, HARMONY_FORMAT, 0},
		{"x", 2, HARMONY_FORMAT, 0},
		{"", 2, HARMONY_FORMAT, 0},
	};

	for (size_t i = 0; i < HARMONY__COUNT(cases); i++) {
		int64_t value = 0;
		harmony_status status = harmony__json_number(&value, cases[i].text,
		                                             strlen(cases[i].text), cases[i].scale);

		if (status != cases[i].status || value != cases[i].value)
			fail_msg("%s: status %d, value %lld", cases[i].text, status,
			         (long long)value);
	}
}

/* ---- writer ------------------------------------------------------------------------------------ */

static void the_writer_writes(void **state)
{
	sweep b;
	harmony_context *context = sweep_context(&b);
	harmony__json_writer w;
	harmony__buf buf;
	trace t;
	char all[256];

	harmony__buf_init(&buf, context, 1 << 20);
	harmony__json_begin(&w, harmony__buf_write, &buf);
	harmony__json_object(&w);
	harmony__json_put(&w, "text", "a\"\\/\n\t\x01 \xc3\xa9\xf0\x9f\x98\x80");
	harmony__json_put(&w, "left out", NULL);
	harmony__json_put_number(&w, "amount", -14280, 2);
	harmony__json_put_bool(&w, "flag", true);
	harmony__json_key(&w, "list");
	harmony__json_array(&w);
	harmony__json_raw_number(&w, "1e400", 5);
	harmony__json_null(&w);
	harmony__json_bool(&w, false);
	harmony__json_string(&w, "", 0);
	harmony__json_array_end(&w);
	harmony__json_object_end(&w);
	assert_int_equal(harmony__json_end(&w), HARMONY_OK);
	assert_string_equal(buf.data,
	                    "{\"text\":\"a\\\"\\\\/\\n\\t\\u0001 \xc3\xa9\xf0\x9f\x98\x80\","
	                    "\"amount\":-142.80,\"flag\":true,\"list\":[1e400,null,false,\"\"]}");

	/* every byte that a text can hold comes back */
	for (int c = 1; c < 256; c++)
		all[c - 1] = (char)(c < 0x80 ? c : 'x');
	harmony__buf_clear(&buf);
	harmony__json_begin(&w, harmony__buf_write, &buf);
	harmony__json_string(&w, all, 255);
	assert_int_equal(harmony__json_end(&w), HARMONY_OK);
	assert_int_equal(read_all(buf.data, buf.len, &t, NULL), HARMONY_OK);
	assert_memory_equal(t.text + 2, all, 255);
	harmony__buf_free(&buf);
	harmony_context_free(context);
	assert_int_equal(b.live, 0);
}

static void a_tree_is_written_again_as_it_was(void **state)
{
	static const char text[] =
	    "{\"a\":{\"b\":[1.50,-2e9,{\"c\":null}],\"d\":\"\xc3\xa9\\\"\"},\"e\":[],\"f\":true,"
	    "\"g\":{}}";
	sweep b;
	harmony_context *context = sweep_context(&b);
	harmony__arena arena;
	harmony__json_writer w;
	harmony__buf buf;
	const harmony__json *root;

	harmony__arena_init(&arena, context, 0);
	harmony__buf_init(&buf, context, 1 << 20);
	assert_int_equal(harmony__json_parse(&root, &arena, text, strlen(text), NULL), HARMONY_OK);
	harmony__json_begin(&w, harmony__buf_write, &buf);
	harmony__json_copy(&w, root);
	assert_int_equal(harmony__json_end(&w), HARMONY_OK);
	assert_string_equal(buf.data, text);
	harmony__buf_free(&buf);
	harmony__arena_free(&arena);
	harmony_context_free(context);
	assert_int_equal(b.live, 0);
}

static harmony_status refuse_writing(const void *data, size_t len, void *user)
{
	return --*(int *)user < 0 ? HARMONY_USER : HARMONY_OK;
}

static void the_writer_keeps_its_first_failure(void **state)
{
	harmony__json_writer w;
	char big[5000];
	int calls;

	memset(big, 'x', sizeof(big));
	for (int allowed = 0; allowed < 3; allowed++) {
		calls = allowed;
		harmony__json_begin(&w, refuse_writing, &calls);
		harmony__json_array(&w);
		harmony__json_string(&w, big, sizeof(big));
		harmony__json_string(&w, "x", 1);
		harmony__json_array_end(&w);
		assert_int_equal(harmony__json_end(&w), HARMONY_USER);
	}
	calls = 100;
	harmony__json_begin(&w, refuse_writing, &calls);
	harmony__json_string(&w, "\xff", 1);
	assert_int_equal(harmony__json_end(&w), HARMONY_INVALID);
	harmony__json_begin(&w, refuse_writing, &calls);
	harmony__json_object(&w);
	harmony__json_bool(&w, true);
	assert_int_equal(harmony__json_end(&w), HARMONY_STATE);
	harmony__json_begin(&w, refuse_writing, &calls);
	harmony__json_object(&w);
	assert_int_equal(harmony__json_end(&w), HARMONY_STATE);
	harmony__json_begin(&w, refuse_writing, &calls);
	for (int i = 0; i < 1000; i++)
		harmony__json_array(&w);
	assert_int_equal(harmony__json_end(&w), HARMONY_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_come_in_order_at_every_split),
		cmocka_unit_test(a_truncated_document_is_an_error_at_every_byte),
		cmocka_unit_test(what_is_not_json_is_refused),
		cmocka_unit_test(escapes_that_look_like_more_are_fine),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(bombs_are_defused),
		cmocka_unit_test(one_reader_reads_many_documents),
		cmocka_unit_test(a_callback_can_end_it),
		cmocka_unit_test(every_failed_allocation_is_told_and_leaks_nothing),
		cmocka_unit_test(a_tree_answers),
		cmocka_unit_test(an_amount_loses_its_binary_tail),
		cmocka_unit_test(a_tree_larger_than_its_arena_is_refused),
		cmocka_unit_test(numbers_are_exact),
		cmocka_unit_test(the_writer_writes),
		cmocka_unit_test(a_tree_is_written_again_as_it_was),
		cmocka_unit_test(the_writer_keeps_its_first_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
