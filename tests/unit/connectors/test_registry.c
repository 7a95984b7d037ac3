/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <harmony/harmony.h>

static harmony_status an_open(void **instance, const harmony_host *host, harmony_error *error)
{
	*instance = NULL;
	return HARMONY_OK;
}
static void a_close(void *instance)
{
}
static harmony_status an_offer(void *instance, const harmony_record *const *records, size_t count,
                               harmony_verdict *verdicts, harmony_error *error)
{
	return HARMONY_OK;
}
static harmony_status a_find(void *instance, const harmony_record *record, harmony_verdict *verdict,
                             harmony_error *error)
{
	return HARMONY_OK;
}
static harmony_status an_outstanding(void *instance, int sides, harmony_item_fn item, void *user,
                                     harmony_error *error)
{
	return HARMONY_OK;
}
static harmony_status a_check(void *instance, const harmony_record *const *records, size_t count,
                              harmony_finding_fn finding, void *user, harmony_error *error)
{
	return HARMONY_OK;
}

static const harmony_key no_keys[] = {{NULL}};

static harmony_connector good(void)
{
	return (harmony_connector){
	    .struct_size = sizeof(harmony_connector),
	    .abi = HARMONY_CONNECTOR_ABI,
	    .name = "own",
	    .long_name = "Own",
	    .version = "1",
	    .description = "For a test.",
	    .capabilities = HARMONY_BIT(HARMONY_SALES_INVOICE) | HARMONY_CAN_FIND,
	    .batch_max = 1,
	    .keys = no_keys,
	    .open = an_open,
	    .close = a_close,
	    .offer = an_offer,
	    .find = a_find,
	    .outstanding = an_outstanding,
	    .check = a_check,
	};
}

/* Refused, with `word` in the message. */
static void refused(const harmony_connector *connector, const char *word)
{
	harmony_error error = HARMONY_ERROR_INIT;

	assert_int_equal(harmony_connector_check(connector, &error), HARMONY_INVALID);
	if (strstr(error.message, word) == NULL)
		fail_msg("'%s' does not name %s", error.message, word);
}

static void takes_a_whole_one(void **state)
{
	harmony_connector c = good();

	assert_int_equal(harmony_connector_check(&c, NULL), HARMONY_OK);
}

static void names_each_missing_function(void **state)
{
	harmony_connector c;

#define WITHOUT(function)                                                                          \
	c = good();                                                                                \
	c.function = NULL;                                                                         \
	refused(&c, #function);
	WITHOUT(open)
	WITHOUT(close)
	WITHOUT(offer)
	WITHOUT(find)
	WITHOUT(outstanding)
	WITHOUT(check)
#undef WITHOUT
	c = good();
	c.open = NULL;
	c.check = NULL;
	refused(&c, "open, check"); /* all at once */
}

static void names_what_a_capability_promises(void **state)
{
	harmony_connector c = good();

	c.capabilities |= HARMONY_CAN_READ_BACK;
	refused(&c, "read_back");
	c = good();
	c.capabilities |= HARMONY_CAN_PREVIEW;
	refused(&c, "preview");
	c = good();
	c.capabilities |= HARMONY_CAN_LOGIN;
	refused(&c, "login_code");
	refused(NULL, "NULL");
	c = good();
	c.capabilities |= HARMONY_CAN_BATCH;
	c.batch_max = 0;
	refused(&c, "batch_max");
}

static void names_the_wrong_fact(void **state)
{
	harmony_connector c = good();

	c.struct_size = 0;
	refused(&c, "struct_size");
	c = good();
	c.abi++;
	refused(&c, "ABI");
	c = good();
	c.name = "";
	refused(&c, "name");
	c = good();
	c.description = NULL;
	refused(&c, "description");
	c = good();
	c.keys = NULL;
	refused(&c, "keys");
	c = good();
	c.capabilities = HARMONY_CAN_FIND;
	refused(&c, "capabilities");
	c = good();
	c.batch_max = 2;
	refused(&c, "batch_max");
	c = good();
	c.refusals_allowed = 10;
	refused(&c, "refusals_window");
}

/* A struct of an older header ends behind the MUSTs; what lies behind is not looked at. */
static void takes_an_older_struct(void **state)
{
	harmony_connector c = good();

	c.struct_size = offsetof(harmony_connector, read_back);
	assert_int_equal(harmony_connector_check(&c, NULL), HARMONY_OK);
	c.capabilities |= HARMONY_CAN_PREVIEW;
	refused(&c, "preview");
}

static void every_listed_one_is_whole_and_found(void **state)
{
	size_t count = 0;

	for (const harmony_connector *c; (c = harmony_connector_at(count)) != NULL; count++) {
		harmony_error error = HARMONY_ERROR_INIT;

		if (harmony_connector_check(c, &error) != HARMONY_OK)
			fail_msg("%s", error.message);
		assert_ptr_equal(harmony_connector_find(c->name), c);
	}
	assert_null(harmony_connector_at(count + 1));
	assert_null(harmony_connector_find("no such package"));
	assert_null(harmony_connector_find(NULL));
	assert_int_equal(harmony_connector_find("ledger") != NULL, harmony_has("store"));
}

static void verdicts_are_cut_at_whole_characters(void **state)
{
	char word[1600];
	harmony_verdict verdict = HARMONY_VERDICT_INIT;

	for (size_t i = 0; i + 2 < sizeof(word); i += 2)
		memcpy(word + i, "\xc3\xa9", 2);
	word[sizeof(word) - 2] = '\0';
	harmony_verdict_set(&verdict, HARMONY_OUTCOME_REJECTED, "vendor", "date", "x%s", word);
	assert_int_equal(verdict.outcome, HARMONY_OUTCOME_REJECTED);
	assert_string_equal(verdict.code, "vendor");
	assert_string_equal(verdict.field, "date");
	assert_int_equal(strlen(verdict.message), 767);
	assert_memory_equal(verdict.message + 765, "\xc3\xa9", 3);
	harmony_verdict_set(&verdict, HARMONY_OUTCOME_BOOKED, NULL, NULL, NULL);
	assert_string_equal(verdict.code, "");
	assert_string_equal(verdict.message, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_a_whole_one),
	    cmocka_unit_test(names_each_missing_function),
	    cmocka_unit_test(names_what_a_capability_promises),
	    cmocka_unit_test(names_the_wrong_fact),
	    cmocka_unit_test(takes_an_older_struct),
	    cmocka_unit_test(every_listed_one_is_whole_and_found),
	    cmocka_unit_test(verdicts_are_cut_at_whole_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
