/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <harmony/harmony.h>

#include "../../support/sweep.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- what the callbacks heard, written down -------------------------------------------------- */

typedef struct heard {
	char text[131072];
	size_t used;
	int records, failed, diagnostics;
	int stop_record, stop_diagnostic; /* the n-th call returns HARMONY_USER */
	char message[768];
} heard;

static void say(heard *h, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(heard *h, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(h->text + h->used, sizeof(h->text) - h->used, format, args);
	va_end(args);
	assert_true(n >= 0 && (size_t)n < sizeof(h->text) - h->used);
	h->used += (size_t)n;
}

static harmony_status put(const void *data, size_t len, void *user)
{
	say(user, "%.*s", (int)len, (const char *)data);
	return HARMONY_OK;
}

static harmony_status on_record(const harmony_record *record, const harmony_diagnostic *failures,
                                size_t count, void *user)
{
	heard *h = user;

	h->records++;
	h->failed += count > 0;
	say(h, "R");
	for (size_t i = 0; i < count; i++)
		say(h, " %s:%s:%s", harmony_code_word(failures[i].code), failures[i].name,
		    failures[i].raw);
	say(h, " ");
	assert_int_equal(harmony_record_write_json(record, put, h, NULL), HARMONY_OK);
	say(h, "\n");
	return h->stop_record && h->records == h->stop_record ? HARMONY_USER : HARMONY_OK;
}

static harmony_status on_diagnostic(const harmony_diagnostic *found, void *user)
{
	heard *h = user;

	h->diagnostics++;
	assert_string_equal(found->file, "in.jsonl");
	assert_true(strlen(found->message) > 10);
	say(h, "D%d %s line %llu column %u %s\n", found->severity, harmony_code_word(found->code),
	    (unsigned long long)found->line, found->column, found->name);
	snprintf(h->message, sizeof(h->message), "%s", found->message);
	return h->stop_diagnostic && h->diagnostics == h->stop_diagnostic ? HARMONY_USER
	                                                                  : HARMONY_OK;
}

static harmony_status read_cut(harmony_context *context, heard *h, const char *data, size_t len,
                               size_t first, size_t step)
{
	harmony_jsonl *reader;
	harmony_error error = HARMONY_ERROR_INIT;
	harmony_status status =
		harmony_jsonl_new(&reader, context, "in.jsonl", on_record, on_diagnostic, h, &error);
	size_t take = first;

	if (status) {
		assert_null(reader);
		return status;
	}
	for (size_t at = 0; !status && at < len; at += take, take = step) {
		if (take > len - at)
			take = len - at;
		status = harmony_jsonl_feed(reader, data + at, take, &error);
	}
	if (!status)
		status = harmony_jsonl_finish(reader, &error);
	if (status) {
		assert_int_equal(error.status, status);
		assert_int_equal(harmony_jsonl_feed(reader, "{}", 2, NULL), HARMONY_STATE);
	}
	harmony_jsonl_free(reader);
	return status;
}

static heard read_text(const char *text)
{
	static heard h;
	sweep b;
	harmony_context *context = sweep_context(&b);

	memset(&h, 0, sizeof(h));
	assert_int_equal(read_cut(context, &h, text, strlen(text), strlen(text) + 1, 1), HARMONY_OK);
	harmony_context_free(context);
	assert_int_equal(b.live, 0);
	return h;
}

#define MEMORIAL(more)                                                                             \
	"{\"kind\":\"memorial\",\"journal\":\"90\",\"date\":\"2024-01-31\"" more                   \
	",\"lines\":[{\"account\":\"1\",\"amount\":\"1.50\"},{\"account\":\"2\",\"amount\":-1.5}]}"
#define MEMORIAL_OUT(more, line)                                                                   \
	"{\"kind\":\"memorial\",\"journal\":\"90\",\"date\":\"2024-01-31\"" more                   \
	",\"lines\":[{\"account\":\"1\",\"amount\":\"1.50\"},{\"account\":\"2\",\"amount\":\"-1."  \
	"50\"}],\"source\":{\"file\":\"in.jsonl\",\"line\":" line "}}"

static void expect(const char *text, const char *expected)
{
	heard h = read_text(text);

	assert_string_equal(h.text, expected);
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void lines_become_records(void **state)
{
	expect("", "");
	expect("\n \r\n\t\n", "");
	expect(MEMORIAL(""), "R " MEMORIAL_OUT("", "1") "\n");
	expect("\xef\xbb\xbf\n  " MEMORIAL("") "\r\n" MEMORIAL("") "\n",
	       "R " MEMORIAL_OUT("", "2") "\nR " MEMORIAL_OUT("", "3") "\n");
	/* the kind may come last, the source of the object counts */
	expect("{\"source\":{\"line\":7,\"file\":\"a.csv\"},\"blocked\":true,\"name\":\"N\","
	       "\"code\":\"C\",\"kind\":\"customer\"}",
	       "R {\"kind\":\"customer\",\"code\":\"C\",\"name\":\"N\",\"blocked\":true,"
	       "\"source\":{\"file\":\"a.csv\",\"line\":7}}\n");
	/* null is absent; an invoice without total gets the sum of its lines */
	expect("{\"kind\":\"sales_invoice\",\"journal\":\"70\",\"date\":\"2024-01-01\",\"party\":"
	       "\"1\",\"due_date\":null,\"lines\":[{\"account\":\"8\",\"amount\":1,\"vat_amount\":"
	       "\"0.21\"}]}",
	       "R {\"kind\":\"sales_invoice\",\"journal\":\"70\",\"party\":\"1\",\"date\":"
	       "\"2024-01-01\",\"total\":\"1.21\",\"lines\":[{\"account\":\"8\",\"amount\":\"1.00\","
	       "\"vat_amount\":\"0.21\"}],\"source\":{\"file\":\"in.jsonl\",\"line\":1}}\n");
}

static void numbers_are_taken_exactly(void **state)
{
	expect(MEMORIAL(",\"exchange_rate\":1.0837,\"year\":\"2024\",\"period\":1.0,\"week\":5e0"),
	       "R {\"kind\":\"memorial\",\"journal\":\"90\",\"year\":2024,\"period\":1,\"date\":"
	       "\"2024-01-31\",\"exchange_rate\":\"1.083700\",\"week\":5,\"lines\":[{\"account\":"
	       "\"1\",\"amount\":\"1.50\"},{\"account\":\"2\",\"amount\":\"-1.50\"}],\"source\":"
	       "{\"file\":\"in.jsonl\",\"line\":1}}\n");
	expect(MEMORIAL(",\"blocked_amount\":1.005"),
	       "D2 invalid_amount line 1 column 72 blocked_amount\n"
	       "R invalid_amount:blocked_amount:1.005 " MEMORIAL_OUT("", "1") "\n");
	expect(MEMORIAL(",\"blocked_amount\":1e400"),
	       "D2 invalid_amount line 1 column 72 blocked_amount\n"
	       "R invalid_amount:blocked_amount:1e400 " MEMORIAL_OUT("", "1") "\n");
	expect(MEMORIAL(",\"year\":2024.5"),
	       "D2 invalid_number line 1 column 62 year\n"
	       "R invalid_number:year:2024.5 " MEMORIAL_OUT("", "1") "\n");
}

static void wrong_values_are_failures_of_the_record(void **state)
{
	static const struct {
		const char *member, *word;
	} cases[] = {
		{"\"discount_date\":\"2023-02-29\"", "invalid_date:discount_date:2023-02-29"},
		{"\"discount_date\":20230228", "invalid_date:discount_date:20230228"},
		{"\"description\":12", "invalid_text:description:12"},
		{"\"description\":true", "invalid_text:description:"},
		{"\"description\":{\"a\":[1,{\"b\":2}]}", "invalid_value:description:"},
		{"\"description\":[\"date\"]", "invalid_value:description:"},
		{"\"foreign_journal\":\"ja\"", "invalid_value:foreign_journal:ja"},
		{"\"foreign_journal\":1", "invalid_value:foreign_journal:1"},
		{"\"blocked_amount\":\"1,50\"", "invalid_amount:blocked_amount:1,50"},
		{"\"week\":54", "invalid_value:week:54"},
		{"\"currency\":\"euro\"", "too"},
		{"\"journal\":\"91\"", "invalid_value:journal:journal"},
		{"\"kind\":\"memorial\"", "invalid_value:kind:kind"},
		{"\"source\":12", "invalid_value:source:12"},
		{"\"source\":{\"line\":\"x\"}", "invalid_value:source:x"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[512], line[600];
		heard h;

		snprintf(text, sizeof(text),
		         "{\"kind\":\"memorial\",\"journal\":\"90\",\"date\":\"2024-01-31\",%s,"
		         "\"lines\":[{\"account\":\"1\",\"amount\":\"0\"}]}\n" MEMORIAL("") "\n",
		         cases[i].member);
		h = read_text(text);
		snprintf(line, sizeof(line), "%s", cases[i].word);
		if (h.records != 2 || h.failed != 1 || !strstr(h.text, line))
			fail_msg("%s:\n%s", cases[i].member, h.text);
	}
}

static void lines_of_the_wrong_shape_are_failures(void **state)
{
	static const char *const shapes[] = {"1", "\"x\"", "{}", "[1]", "[[]]", "[[{}]]", "[null]"};

	for (size_t i = 0; i < COUNT(shapes); i++) {
		char text[512];
		heard h;

		snprintf(text, sizeof(text),
		         "{\"kind\":\"memorial\",\"journal\":\"90\",\"date\":\"2024-01-31\","
		         "\"lines\":%s}\n" MEMORIAL("") "\n",
		         shapes[i]);
		h = read_text(text);
		if (h.records != 2 || h.failed != 1 || !strstr(h.text, "invalid_value:lines:"))
			fail_msg("%s:\n%s", shapes[i], h.text);
	}
}

static void unknown_keys_are_warnings_with_the_nearest_name(void **state)
{
	heard h = read_text(MEMORIAL(",\"descripton\":{\"date\":[\"x\"]}") "\n");

	assert_string_equal(h.text, "D1 invalid_value line 1 column 55 descripton\nR " MEMORIAL_OUT(
						    "", "1") "\n");
	assert_non_null(strstr(h.message, "did you mean description?"));
	h = read_text(MEMORIAL(",\"zzzzzzzzzzzz\":1"));
	assert_int_equal(h.failed, 0);
	assert_null(strstr(h.message, "did you mean"));
	h = read_text(MEMORIAL(",\"account\":\"1\""));
	assert_int_equal(h.failed, 0);
	assert_non_null(strstr(h.message, "move it to a line"));
	h = read_text("{\"kind\":\"customer\",\"code\":\"1\",\"name\":\"N\",\"total\":\"1\",\"lines\":"
	              "[{}]}");
	assert_string_equal(h.text, "D1 invalid_value line 1 column 0 total\n"
	                            "D1 invalid_value line 1 column 0 lines\n"
	                            "R {\"kind\":\"customer\",\"code\":\"1\",\"name\":\"N\",\"source\":"
	                            "{\"file\":\"in.jsonl\",\"line\":1}}\n");
}

static void a_bad_line_never_ends_the_file(void **state)
{
	static const char *const bad[] = {
		"{", "}", "x", "[]", "12", "\"x\"", "null", "{}{}", "{\"kind\":\"memorial\"",
		"{\"kind\":\"nothing\"}", "{\"kind\":12}", "{\"kind\":{}}", "{}",
		"{\"description\":\"\\ud800\"}", "{\"description\":\"\\u0000\"}",
		"{\"description\":\"\xff\"}", "{\"kind\":\"memorial\",}", "\xff\xfe{"};

	for (size_t i = 0; i < COUNT(bad); i++) {
		char text[512];
		heard h;

		snprintf(text, sizeof(text), MEMORIAL("") "\n%s\n" MEMORIAL("") "\n", bad[i]);
		h = read_text(text);
		if (h.records != 2 || h.failed != 0 || h.diagnostics != 1)
			fail_msg("%s:\n%s", bad[i], h.text);
		assert_non_null(strstr(h.text, "D2 "));
		assert_non_null(strstr(h.text, " line 2 "));
		assert_non_null(strstr(h.text, "\"line\":3}"));
	}
	expect("  {\"kind\" \"x\"}\n", "D2 damaged_row line 1 column 14 \n");
}

static const char mixed[] =
	"\xef\xbb\xbf" MEMORIAL(",\"description\":\"x\\u00e9\\ud83d\\ude00\"") "\r\n"
	"{\"kind\":\"memorial\",\"jurnal\":[1,{\"a\":\"\\\"\"}],\"year\":2024.5,\"lines\":[]}\n"
	"\n  {bad\n"
	"{\"kind\":\"customer\",\"code\":\"1\",\"code\":\"2\",\"name\":\"\xc3\xa9\"}\n"
	"{\"kind\":\"outstanding_item\",\"side\":\"sales\",\"party\":\"1\",\"outstanding\":\"1\"}";

static void no_cut_changes_the_result(void **state)
{
	const size_t len = sizeof(mixed) - 1;
	sweep b;
	harmony_context *context = sweep_context(&b);
	static heard whole, cut;

	memset(&whole, 0, sizeof(whole));
	assert_int_equal(read_cut(context, &whole, mixed, len, len, len), HARMONY_OK);
	assert_int_equal(whole.records, 4);
	for (size_t first = 1; first <= len; first++) {
		memset(&cut, 0, sizeof(cut));
		assert_int_equal(read_cut(context, &cut, mixed, len, first, len), HARMONY_OK);
		assert_string_equal(cut.text, whole.text);
	}
	for (size_t step = 1; step < 8; step++) {
		memset(&cut, 0, sizeof(cut));
		assert_int_equal(read_cut(context, &cut, mixed, len, step, step), HARMONY_OK);
		assert_string_equal(cut.text, whole.text);
	}
	harmony_context_free(context);
	assert_int_equal(b.live, 0);
}

static void every_truncation_is_survived(void **state)
{
	sweep b;
	harmony_context *context = sweep_context(&b);
	static heard h;

	for (size_t len = 0; len < sizeof(mixed); len++) {
		memset(&h, 0, sizeof(h));
		assert_int_equal(read_cut(context, &h, mixed, len, len ? len : 1, 1), HARMONY_OK);
	}
	harmony_context_free(context);
	assert_int_equal(b.live, 0);
}

static void bombs_are_defused(void **state)
{
	sweep b;
	harmony_context *context = sweep_context(&b);
	static heard h;
	harmony_jsonl *reader;
	static char chunk[65536];
	static const char *const starts[] = {"", "{\"description\":", "{\"zz\":", "{\"lines\":",
	                                     "{\"description\":\"", "{\"", "{\"lines\":1"};

	for (size_t i = 0; i < COUNT(starts); i++)
		for (int fill = 0; fill < 4; fill++) {
			memset(&h, 0, sizeof(h));
			memset(chunk, "[1x "[fill], sizeof(chunk));
			assert_int_equal(harmony_jsonl_new(&reader, context, "in.jsonl", on_record,
			                                   on_diagnostic, &h, NULL),
			                 HARMONY_OK);
			harmony_jsonl_feed(reader, starts[i], strlen(starts[i]), NULL);
			for (int n = 0; n < 512; n++) /* 32 MiB on one line */
				assert_int_equal(
					harmony_jsonl_feed(reader, chunk, sizeof(chunk), NULL),
					HARMONY_OK);
			harmony_jsonl_feed(reader, "\n" MEMORIAL(""), 1 + sizeof(MEMORIAL("")) - 1,
			                   NULL);
			assert_int_equal(harmony_jsonl_finish(reader, NULL), HARMONY_OK);
			assert_int_equal(h.records, 1);
			assert_int_equal(h.failed, 0);
			assert_true(h.diagnostics > 0 || (fill == 3 && i == 0));
			harmony_jsonl_free(reader);
		}
	assert_true(b.largest <= 8 * HARMONY_MAX_JSON_STRING);
	harmony_context_free(context);
	assert_int_equal(b.live, 0);
}

static void many_failures_stay_few(void **state)
{
	enum { LINES = 400 };
	static char text[LINES * 40 + 200];
	size_t used = (size_t)snprintf(text, sizeof(text), "{\"kind\":\"memorial\",\"lines\":[{}");
	heard h;

	for (int i = 1; i < LINES; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, ",{\"amount\":\"x\"}");
	snprintf(text + used, sizeof(text) - used, "]}\n" MEMORIAL(""));
	h = read_text(text + 0);
	assert_int_equal(h.records, 2);
	assert_int_equal(h.failed, 1);
	assert_true(h.diagnostics >= LINES - 1);
}

static void a_callback_can_end_the_reading(void **state)
{
	sweep b;
	harmony_context *context = sweep_context(&b);
	static heard h;

	for (int n = 1; n <= 4; n++) {
		memset(&h, 0, sizeof(h));
		h.stop_record = n;
		assert_int_equal(read_cut(context, &h, mixed, sizeof(mixed) - 1, 9, 9),
		                 HARMONY_USER);
		assert_int_equal(h.records, n);
		memset(&h, 0, sizeof(h));
		h.stop_diagnostic = n;
		assert_int_equal(read_cut(context, &h, mixed, sizeof(mixed) - 1, 9, 9),
		                 HARMONY_USER);
		assert_int_equal(h.diagnostics, n);
	}
	harmony_context_free(context);
	assert_int_equal(b.live, 0);
}

static void every_failed_allocation_is_told_and_leaks_nothing(void **state)
{
	static heard h;

	for (int for_good = 0; for_good < 2; for_good++) {
		long k = 0;
		int failed;

		do {
			sweep b;
			harmony_context *context = sweep_context(&b);
			harmony_status status;

			memset(&h, 0, sizeof(h));
			b.fail_at = b.calls + k++;
			b.for_good = for_good;
			status = read_cut(context, &h, mixed, sizeof(mixed) - 1, 50, 50);
			failed = b.failed;
			assert_int_equal(status, failed ? HARMONY_NOMEM : HARMONY_OK);
			harmony_context_free(context);
			assert_int_equal(b.live, 0);
		} while (failed);
		assert_true(k > 15);
	}
}

static void bad_arguments_are_refused(void **state)
{
	sweep b;
	harmony_context *context = sweep_context(&b);
	harmony_jsonl *reader;

	assert_int_equal(harmony_jsonl_new(&reader, context, "x", NULL, NULL, NULL, NULL),
	                 HARMONY_INVALID);
	assert_null(reader);
	harmony_jsonl_free(NULL);
	harmony_context_free(context);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_become_records),
		cmocka_unit_test(numbers_are_taken_exactly),
		cmocka_unit_test(wrong_values_are_failures_of_the_record),
		cmocka_unit_test(lines_of_the_wrong_shape_are_failures),
		cmocka_unit_test(unknown_keys_are_warnings_with_the_nearest_name),
		cmocka_unit_test(a_bad_line_never_ends_the_file),
		cmocka_unit_test(no_cut_changes_the_result),
		cmocka_unit_test(every_truncation_is_survived),
		cmocka_unit_test(bombs_are_defused),
		cmocka_unit_test(many_failures_stay_few),
		cmocka_unit_test(a_callback_can_end_the_reading),
		cmocka_unit_test(every_failed_allocation_is_told_and_leaks_nothing),
		cmocka_unit_test(bad_arguments_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
