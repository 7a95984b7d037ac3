/* SPDX-License-Identifier: MIT */
#include "base/base.h"
#include "tests/support/sweep.h"

static sweep blocks;

static int start(void **state)
{
	*state = sweep_context(&blocks);
	return 0;
}

static int stop(void **state)
{
	harmony_context_free(*state);
	assert_int_equal(blocks.live, 0);
	return 0;
}

/* Allocations of every size keep their content and alignment, and touch no other. */
static void test_many(void **state)
{
	enum { MANY = 3000 };
	static struct {
		unsigned char *at;
		size_t size;
	} given[MANY];
	harmony__arena arena;

	harmony__arena_init(&arena, *state, 0);
	for (size_t round = 0; round < 3; round++) {
		for (size_t i = 0; i < MANY; i++) {
			given[i].size = i * 37 % 300;
			given[i].at = harmony__arena_alloc(&arena, given[i].size);
			assert_non_null(given[i].at);
			assert_int_equal((uintptr_t)given[i].at % 8, 0);
			memset(given[i].at, (int)(i & 0xff), given[i].size);
			assert_non_null(harmony__arena_text(&arena, "x", i % 2));
		}
		for (size_t i = 0; i < MANY; i++)
			for (size_t j = 0; j < given[i].size; j++)
				assert_int_equal(given[i].at[j], i & 0xff);
		harmony__arena_reset(&arena);
		assert_int_equal(arena.used, 0);
	}
	harmony__arena_free(&arena);
}

static void test_text(void **state)
{
	harmony__arena arena;

	harmony__arena_init(&arena, *state, 0);
	assert_string_equal(harmony__arena_text(&arena, "abcdef", 3), "abc");
	assert_string_equal(harmony__arena_text(&arena, NULL, 0), "");
	harmony__arena_free(&arena);
}

static void test_limit(void **state)
{
	for (size_t limit = 1; limit < 20000; limit += 997) {
		harmony__arena arena;
		size_t got = 0;

		harmony__arena_init(&arena, *state, limit);
		while (harmony__arena_text(&arena, "123456", 6))
			got += 7;
		assert_true(arena.over);
		assert_true(got <= limit && got + 7 > limit); /* all of it, and no more */
		harmony__arena_reset(&arena);
		assert_false(arena.over);
		if (limit >= 7)
			assert_non_null(harmony__arena_text(&arena, "123456", 6));
		harmony__arena_free(&arena);
	}
}

static void test_huge(void **state)
{
	harmony__arena arena;

	harmony__arena_init(&arena, *state, 0);
	assert_null(harmony__arena_alloc(&arena, SIZE_MAX - 8));
	assert_null(harmony__arena_text(&arena, "x", SIZE_MAX));
	assert_non_null(harmony__arena_alloc(&arena, 1000000));
	harmony__arena_reset(&arena);
	assert_int_equal(blocks.live, 1); /* the context: a huge first block is not kept */
	harmony__arena_free(&arena);
}

static void test_buffer(void **state)
{
	harmony__buf buf;
	harmony_error error = HARMONY_ERROR_INIT;

	harmony__buf_init(&buf, *state, 10);
	assert_int_equal(harmony__buf_add(&buf, NULL, 0), HARMONY_OK);
	assert_int_equal(harmony__buf_str(&buf, "12345"), HARMONY_OK);
	assert_int_equal(harmony__buf_printf(&buf, "%d%s", 67, "8"), HARMONY_OK);
	assert_int_equal(harmony__buf_char(&buf, '9'), HARMONY_OK);
	assert_int_equal(harmony__buf_str(&buf, "xx"), HARMONY_LIMIT);
	assert_int_equal(harmony__buf_char(&buf, 'y'), HARMONY_LIMIT); /* sticks, though it fits */
	assert_string_equal(buf.data, "123456789");
	assert_int_equal(harmony__buf_check(&buf, "the answer", &error), HARMONY_LIMIT);
	assert_non_null(strstr(error.message, "the answer"));
	assert_non_null(strstr(error.message, "10"));
	harmony__buf_clear(&buf);
	assert_int_equal(harmony__buf_str(&buf, "0123456789"), HARMONY_OK); /* the maximum itself */
	harmony__buf_drop(&buf, 4);
	assert_string_equal(buf.data, "456789");
	harmony__buf_drop(&buf, 100);
	assert_int_equal(buf.len, 0);
	assert_int_equal(harmony__buf_write("abc", 3, &buf), HARMONY_OK);
	assert_string_equal(buf.data, "abc");
	harmony__buf_free(&buf);
	harmony__buf_free(&buf);
}

static void test_cursor(void **state)
{
	harmony__cursor cursor = harmony__cursor_over(" 123x;b;", 8);
	const char *text;
	uint64_t number;
	size_t len;

	harmony__cursor_spaces(&cursor);
	assert_int_equal(harmony__cursor_digits(&cursor, 2, &number), 2);
	assert_int_equal(number, 12);
	assert_int_equal(harmony__cursor_digits(&cursor, 9, &number), 1);
	assert_int_equal(harmony__cursor_digits(&cursor, 9, &number), 0);
	assert_false(harmony__cursor_char(&cursor, 'y'));
	assert_true(harmony__cursor_char(&cursor, 'x'));
	harmony__cursor_until(&cursor, ';', &text, &len);
	assert_int_equal(len, 0);
	harmony__cursor_until(&cursor, ';', &text, &len);
	assert_true(len == 1 && *text == 'b');
	assert_true(harmony__cursor_done(&cursor));
	harmony__cursor_until(&cursor, ';', &text, &len);
	assert_int_equal(len, 0);
	assert_false(harmony__cursor_char(&cursor, ';'));
}

static harmony_status fill(harmony_context *context, harmony_error *error, void *user)
{
	harmony__arena arena;
	harmony_status status = HARMONY_OK;

	harmony__arena_init(&arena, context, 0);
	for (int i = 0; status == HARMONY_OK && i < 30; i++)
		if (!harmony__arena_alloc(&arena, 5000))
			status = harmony__nomem(error);
	harmony__arena_free(&arena);
	return status;
}

static void test_sweep(void **state)
{
	assert_true(sweep_run(fill, NULL) > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many),   cmocka_unit_test(test_text),
		cmocka_unit_test(test_limit),  cmocka_unit_test(test_huge),
		cmocka_unit_test(test_buffer), cmocka_unit_test(test_cursor),
		cmocka_unit_test(test_sweep),
	};

	return cmocka_run_group_tests_name("arena", tests, start, stop);
}
