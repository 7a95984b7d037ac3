/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "tests/support/sweep.h"

static harmony_status exercise(harmony_context *context, harmony_error *error, void *user)
{
	harmony_settings *settings;
	harmony_status status = harmony_settings_new(&settings, context, error);
	char key[32];

	for (int i = 0; status == HARMONY_OK && i < 50; i++) {
		snprintf(key, sizeof(key), "accounts.%d", i % 40);
		status = harmony_settings_set(settings, key, "80000", error);
	}
	if (status == HARMONY_OK)
		status = harmony_settings_set(settings, "accounts.3", NULL, error);
	harmony_settings_free(settings);
	return status;
}

static void test_sweep(void **state)
{
	assert_true(sweep_run(exercise, NULL) > 90);
}

static void test_list(void **state)
{
	enum { MANY = 3000 };
	sweep s;
	harmony_context *context = sweep_context(&s);
	harmony_settings *settings;
	const char *key, *value;
	char text[32];

	assert_int_equal(harmony_settings_new(&settings, context, NULL), HARMONY_OK);
	assert_null(harmony_settings_get(settings, "absent"));
	assert_int_equal(harmony_settings_set(settings, "absent", NULL, NULL), HARMONY_OK);
	for (int i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "journals.%d", i);
		assert_int_equal(harmony_settings_set(settings, text, text + 9, NULL), HARMONY_OK);
	}
	assert_int_equal(harmony_settings_set(settings, "journals.7", "VK", NULL), HARMONY_OK);
	assert_int_equal(harmony_settings_set(settings, "journals.5", NULL, NULL), HARMONY_OK);
	assert_null(harmony_settings_get(settings, "journals.5"));
	assert_null(harmony_settings_get(settings, "JOURNALS.7")); /* byte by byte */
	for (int i = 0, at = 0; i < MANY; i++) {
		if (i == 5)
			continue;
		snprintf(text, sizeof(text), "journals.%d", i);
		assert_int_equal(harmony_settings_at(settings, (size_t)at++, &key, &value), 1);
		assert_string_equal(key, text); /* the order in which they were first set */
		assert_string_equal(value, i == 7 ? "VK" : text + 9);
		assert_ptr_equal(harmony_settings_get(settings, text), value);
	}
	assert_int_equal(harmony_settings_at(settings, MANY - 1, &key, &value), 0);
	harmony_settings_free(settings);
	harmony_settings_free(NULL);
	harmony_context_free(context);
	assert_int_equal(s.live, 0);
}

static void test_no_key(void **state)
{
	sweep s;
	harmony_context *context = sweep_context(&s);
	harmony_settings *settings;
	harmony_error error = HARMONY_ERROR_INIT;

	assert_int_equal(harmony_settings_new(&settings, context, NULL), HARMONY_OK);
	assert_int_equal(harmony_settings_set(settings, "", "x", &error), HARMONY_INVALID);
	assert_int_equal(harmony_settings_set(settings, NULL, "x", NULL), HARMONY_INVALID);
	harmony_settings_free(settings);
	harmony_context_free(context);
}

static void test_keys(void **state)
{
	static const harmony_key table[] = {
		{.name = "client_id"}, {.name = "redirect_uri"}, {.name = "url"},
		{.name = "fmuta6.delimiter"}, {.name = "fmuta6.decimal"}, {.name = NULL}};
	char endless[300];

	assert_ptr_equal(harmony_key_find(table, "url"), &table[2]);
	assert_null(harmony_key_find(table, "urls"));
	assert_string_equal(harmony_key_nearest(table, "urls"), "url");
	assert_string_equal(harmony_key_nearest(table, "client-id"), "client_id");
	assert_string_equal(harmony_key_nearest(table, "Client_ID"), "client_id");
	assert_string_equal(harmony_key_nearest(table, "redirct_url"), "redirect_uri");
	assert_string_equal(harmony_key_nearest(table, "fmuta6.delimeter"), "fmuta6.delimiter");
	assert_string_equal(harmony_key_nearest(table, "fmuta6.del"), "fmuta6.delimiter");
	assert_string_equal(harmony_key_nearest(table, "delim"), "fmuta6.delimiter");
	assert_null(harmony_key_nearest(table, "dbopen.delim"));
	assert_null(harmony_key_nearest(table, "zzzzzzzz"));
	assert_null(harmony_key_nearest(table, ""));
	memset(endless, 'u', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	assert_null(harmony_key_nearest(table, endless));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sweep),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_no_key),
		cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
