/* SPDX-License-Identifier: MIT */
#include "base/base.h"
#include "tests/support/sweep.h"

static void test_defaults(void **state)
{
	harmony_context *context = NULL;

	assert_int_equal(harmony_context_new(&context, NULL, NULL), HARMONY_OK);
	assert_true(harmony__wall(context) > INT64_C(1500000000000));
	assert_true(harmony__monotonic(context) <= harmony__monotonic(context));
	harmony__log(context, HARMONY_LOG_ERROR, "nobody listens");
	harmony_context_free(context);
	harmony_context_free(NULL);
}

static void refuses(const harmony_context_options *options)
{
	harmony_context *context = (harmony_context *)&context;
	harmony_error error = HARMONY_ERROR_INIT;

	assert_int_equal(harmony_context_new(&context, options, &error), HARMONY_INVALID);
	assert_null(context);
	assert_true(error.message[0] != '\0');
}

static void test_refusals(void **state)
{
	const harmony_allocator no_size = {0}, no_function = {sizeof(no_function), NULL, NULL};
	harmony_context_options options = HARMONY_CONTEXT_OPTIONS_INIT;

	options.allocator = &no_size;
	refuses(&options);
	options.allocator = &no_function;
	refuses(&options);
	options.allocator = NULL;
	options.struct_size = 0;
	refuses(&options);
}

/* An older host's shorter struct is taken as far as it goes. */
static void test_older_options(void **state)
{
	harmony_context_options options = HARMONY_CONTEXT_OPTIONS_INIT;
	harmony_context *context;

	options.struct_size = offsetof(harmony_context_options, log);
	options.log = (harmony_log_fn)(uintptr_t)1; /* what lies behind is not looked at */
	assert_int_equal(harmony_context_new(&context, &options, NULL), HARMONY_OK);
	harmony__log(context, HARMONY_LOG_ERROR, "not called");
	harmony_context_free(context);
}

static void keep(int level, const char *message, void *user)
{
	harmony__copy_text(user, 64, message, strlen(message));
}

static void test_log(void **state)
{
	harmony_context_options options = HARMONY_CONTEXT_OPTIONS_INIT;
	harmony_context *context;
	char last[64] = "";

	options.log = keep;
	options.log_user = last;
	assert_int_equal(harmony_context_new(&context, &options, NULL), HARMONY_OK);
	harmony__log(context, HARMONY_LOG_INFO, "line %d\nand\x1b", 1);
	assert_string_equal(last, "line 1 and ");
	harmony__log(context, HARMONY_LOG_DEBUG, "too much");
	assert_string_equal(last, "line 1 and ");
	harmony_context_free(context);
}

static void *nothing(void *ptr, size_t size, void *user)
{
	return NULL;
}

static void test_no_memory(void **state)
{
	const harmony_allocator allocator = {sizeof(allocator), nothing, NULL};
	harmony_context_options options = HARMONY_CONTEXT_OPTIONS_INIT;
	harmony_error error = HARMONY_ERROR_INIT;
	harmony_context *context;

	options.allocator = &allocator;
	assert_int_equal(harmony_context_new(&context, &options, &error), HARMONY_NOMEM);
	assert_int_equal(error.status, HARMONY_NOMEM);
}

static void test_grow(void **state)
{
	sweep s;
	harmony_context *context = sweep_context(&s);
	void *array = NULL;
	size_t capacity = 0;

	for (size_t need = 1; need < 5000; need++) {
		assert_int_equal(harmony__grow(context, &array, &capacity, need, 24), HARMONY_OK);
		assert_true(capacity >= need);
	}
	assert_true(s.calls < 15); /* by doubling */
	assert_int_equal(harmony__grow(context, &array, &capacity, SIZE_MAX / 8, 24), HARMONY_NOMEM);
	assert_int_equal(harmony__grow(context, &array, &capacity, SIZE_MAX, 1), HARMONY_NOMEM);
	harmony__free(context, array);
	array = harmony__alloc(context, 0); /* 0 must not mean free */
	assert_non_null(array);
	harmony__free(context, array);
	harmony_context_free(context);
	assert_int_equal(s.live, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),      cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_older_options), cmocka_unit_test(test_log),
		cmocka_unit_test(test_no_memory),     cmocka_unit_test(test_grow),
	};

	return cmocka_run_group_tests_name("context", tests, NULL, NULL);
}
