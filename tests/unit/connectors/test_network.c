/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <harmony/connector.h>

#include "support/sweep.h"

/* Runs below the simulator of the connector that the argument names: what the program cannot be
   made to do, such as running out of memory in the middle of a booking. */

#define CELLS 8

/* What a host keeps for its connector; outside of the allocator under test. */
typedef struct cell {
	char name[40];
	char data[33000];
	size_t len;
} cell;

typedef struct keeper {
	cell cells[CELLS];
	const char *const *settings; /* key, value, ..., NULL */
} keeper;

/* A connector under test: what its host is set to, what it must refuse, and the codes that
   its simulator has for cost centre and cost unit. */
typedef struct subject_of {
	const char *name;
	const char *settings[20];
	const char *wrong[8][3];
	const char *centre, *unit;
	const char *vat; /* of VAT; NULL: as the records have it */
	bool looks_before; /* what is booked under a number already is not sent again */
	long bare_wait;    /* seconds that a 429 means that does not say how long */
} subject_of;

static const subject_of subjects[] = {
    {"exact-online",
     {"client_id", "{11111111-2222-3333-4444-555555555555}", "client_secret", "s3cr3t/+&=",
      "redirect_uri", "https://harmony.example/callback", "token_age", "0", "read_back", "lines"},
     {{"administration", "Bakery"},
      {"administration", "1234567890123456789012345"},
      {"name_max", "many"},
      {"token_age", "-1"},
      {"client_id", ""},
      {"redirect_uri", ""}},
     "KP10",
     "KD1"},
    {"minox",
     {"client_id", "harmony-client", "client_secret", "s3cr3t/+&=", "redirect_uri",
      "https://harmony.example/callback", "tenant", "4711", "administration", "1", "read_back",
      "lines", "credit_notes", "positive"},
     {{"tenant", ""},
      {"tenant", "Bakery"},
      {"administration", "1/2"},
      {"name_max", "many"},
      {"client_id", ""},
      {"redirect_uri", ""}},
     "10",
     "7",
     NULL,
     true,
     120},
    {"multivers",
     {"client_id", "app-1", "client_secret", "sec!ret/1+&=", "redirect_uri",
      "https://harmony.example/callback", "administration", "MVL00001", "vat_scenario_sales", "6",
      "vat_scenario_purchase", "1", "per_minute", "99999", "read_back", "lines"},
     {{"api_version", "2.2"},
      {"page_size", "0"},
      {"per_minute", "many"},
      {"vat_scenario_sales", "domestic"},
      {"client_id", ""},
      {"redirect_uri", ""}},
     "KP10",
     "KD1",
     NULL,
     true,
     60},
    {"twinfield",
     {"client_id", "harmony-client", "client_secret", "s3cr3t/+&=", "redirect_uri",
      "https://harmony.example/callback", "administration", "001", "credits", "1000000",
      "read_back", "lines"},
     {{"batch", "26"},
      {"batch", "0"},
      {"credits", "2"},
      {"name_max", "many"},
      {"administration", "a code of an office that is much too long"},
      {"client_id", ""},
      {"redirect_uri", ""}},
     "KP10",
     "KD1",
     "VH",
     true,
     60}};

static const subject_of *tested = subjects;
static bool each_one; /* of the allocations fails */
static keeper kept;
static harmony_context *plain; /* never fails */
static harmony_record *records[16];
static size_t record_count;

/* ---- the host --------------------------------------------------------------------------- */

static const char *setting(const char *key, void *user)
{
	const keeper *k = user;

	if (strcmp(key, "url") == 0)
		return getenv("HARMONY_TEST_URL");
	for (const char *const *at = k->settings; at && *at; at += 2)
		if (strcmp(at[0], key) == 0)
			return at[1];
	for (const char *const *at = tested->settings; *at; at += 2)
		if (strcmp(at[0], key) == 0)
			return at[1];
	return NULL;
}

static const char *map(const char *table, const char *code, void *user)
{
	(void)user;
	return strcmp(table, "cost_centres") == 0      ? tested->centre
	       : strcmp(table, "cost_units") == 0      ? tested->unit
	       : strcmp(table, "vat") == 0 && tested->vat ? tested->vat
							  : code;
}

static cell *cell_of(keeper *k, const char *name, bool make)
{
	for (size_t i = 0; i < CELLS; i++)
		if (strcmp(k->cells[i].name, name) == 0)
			return &k->cells[i];
	for (size_t i = 0; make && i < CELLS; i++)
		if (k->cells[i].name[0] == '\0') {
			snprintf(k->cells[i].name, sizeof(k->cells[i].name), "%s", name);
			return &k->cells[i];
		}
	return NULL;
}

static harmony_status cell_load(void *buffer, size_t *len, const char *name, void *user,
				harmony_error *error)
{
	const cell *c = cell_of(user, name, false);

	if (!c)
		return harmony_error_set(error, HARMONY_NOTFOUND, NULL, "there is no %s", name);
	assert_true(c->len <= *len);
	memcpy(buffer, c->data, c->len);
	*len = c->len;
	return HARMONY_OK;
}

static harmony_status cell_save(const char *name, const void *data, size_t len, void *user,
				harmony_error *error)
{
	cell *c = cell_of(user, name, true);

	(void)error;
	assert_true(c && len <= sizeof(c->data));
	memcpy(c->data, data, len);
	c->len = len;
	return HARMONY_OK;
}

static harmony_status no_sleep(int64_t ms, void *user)
{
	(void)ms, (void)user;
	return HARMONY_OK;
}

static harmony_host host_of(harmony_context *context)
{
	return (harmony_host){.struct_size = sizeof(harmony_host),
			      .context = context,
			      .user = &kept,
			      .setting = setting,
			      .map = map,
			      .secret_load = cell_load,
			      .secret_save = cell_save,
			      .memo_load = cell_load,
			      .memo_save = cell_save,
			      .sleep = no_sleep};
}

/* ---- records ------------------------------------------------------------------------------ */

static const char lines[] =
    "{\"kind\":\"customer\",\"code\":\"1001\",\"name\":\"Jansen\",\"payment_condition\":\"30\","
    "\"bank_account\":\"NL91ABNA0417164300\"}\n"
    "{\"kind\":\"supplier\",\"code\":\"1001\",\"name\":\"Jansen\"}\n"
    "{\"kind\":\"sales_invoice\",\"journal\":\"70\",\"entry_number\":\"1\",\"invoice_number\":"
    "\"1\","
    "\"party\":\"1001\",\"date\":\"2026-05-11\",\"due_date\":\"2026-06-10\",\"lines\":[{\"number\":"
    "1,"
    "\"account\":\"8000\",\"amount\":\"100.00\",\"vat_code\":\"2\",\"vat_amount\":\"21.00\","
    "\"cost_centre\":\"C\",\"cost_unit\":\"U\"}]}\n"
    "{\"kind\":\"memorial\",\"journal\":\"90\",\"entry_number\":\"2\",\"date\":\"2026-05-31\","
    "\"lines\":[{\"number\":1,\"account\":\"3000\",\"amount\":\"5.00\"},{\"number\":2,"
    "\"account\":\"7900\",\"amount\":\"-5.00\"}]}\n"
    "{\"kind\":\"memorial\",\"journal\":\"90\",\"entry_number\":\"3\",\"date\":\"2026-05-31\","
    "\"lines\":[{\"number\":1,\"account\":\"3000\",\"amount\":\"7.00\"},{\"number\":2,"
    "\"account\":\"7900\",\"amount\":\"-7.00\"}]}\n";

static harmony_status keep(const harmony_record *record, const harmony_diagnostic *failures,
			   size_t count, void *user)
{
	(void)failures, (void)user;
	assert_int_equal(count, 0);
	return harmony_record_copy(&records[record_count++], record, NULL);
}

static int setup(void **state)
{
	harmony_jsonl *reader;

	(void)state;
	assert_int_equal(harmony_context_new(&plain, NULL, NULL), HARMONY_OK);
	assert_int_equal(harmony_jsonl_new(&reader, plain, "test", keep, NULL, NULL, NULL),
			 HARMONY_OK);
	assert_int_equal(harmony_jsonl_feed(reader, lines, sizeof(lines) - 1, NULL), HARMONY_OK);
	assert_int_equal(harmony_jsonl_finish(reader, NULL), HARMONY_OK);
	harmony_jsonl_free(reader);
	assert_int_equal(record_count, 5);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < record_count; i++)
		harmony_record_free(records[i]);
	harmony_context_free(plain);
	return 0;
}

/* ---- without memory ---------------------------------------------------------------------------
 */

static const harmony_connector *connector(void)
{
	return harmony_connector_find(tested->name);
}

static void check_said(harmony_status status, const harmony_error *error)
{
	if (status == HARMONY_OK)
		return;
	if (error->status != status)
		print_error("status %d, but said: %s\n", status, error->message);
	assert_int_equal(error->status, status);
	assert_true(error->message[0] != '\0');
}

static harmony_status ignore_item(const harmony_record *item, void *user)
{
	(void)item, (void)user;
	return HARMONY_OK;
}

static harmony_status hear(int severity, const char *subject, const char *message, void *user)
{
	(void)user;
	if (severity >= HARMONY_FAILURE)
		fail_msg("%s: %s", subject, message);
	return HARMONY_OK;
}

static harmony_status swallow(const void *data, size_t len, void *user)
{
	(void)data, (void)len, (void)user;
	return HARMONY_OK;
}

static void set_number(harmony_record *record, harmony_field field, const char *prefix, int number)
{
	char text[24];

	snprintf(text, sizeof(text), "%s%d", prefix, number);
	assert_int_equal(
	    harmony_record_set_text(record, HARMONY_HEADER, field, text, strlen(text), NULL),
	    HARMONY_OK);
}

/* An amount of its own: a package that is asked for entries like it finds one. */
static void set_amount(harmony_record *memorial, int64_t amount)
{
	assert_int_equal(
	    harmony_record_set_number(memorial, 1, HARMONY_FIELD_AMOUNT, amount, NULL),
	    HARMONY_OK);
	assert_int_equal(
	    harmony_record_set_number(memorial, 2, HARMONY_FIELD_AMOUNT, -amount, NULL),
	    HARMONY_OK);
}

/* What is in the package already goes another way than what is new: each pass changes the
   customer, makes a supplier, and books under numbers that no pass had. */
static void renumber(void)
{
	static int last = 5000;

	for (size_t i = 0; i < record_count; i++) {
		harmony_kind kind = harmony_record_kind(records[i]);
		last++;
		if (kind == HARMONY_CUSTOMER)
			set_number(records[i], HARMONY_FIELD_NAME, "Jansen ", last);
		else if (kind == HARMONY_SUPPLIER)
			set_number(records[i], HARMONY_FIELD_CODE, "", last);
		else if (tested->looks_before)
			set_number(records[i], HARMONY_FIELD_ENTRY_NUMBER, "", last);
		if (kind == HARMONY_MEMORIAL && tested->looks_before)
			set_amount(records[i], last);
		if (kind == HARMONY_SALES_INVOICE && tested->looks_before)
			set_number(records[i], HARMONY_FIELD_INVOICE_NUMBER, "", last);
	}
}

static void offer_all(void *x)
{
	renumber();
	for (size_t i = 0; i < record_count; i++) {
		harmony_error error = HARMONY_ERROR_INIT;
		harmony_verdict verdict = HARMONY_VERDICT_INIT;
		const harmony_record *record = records[i];
		harmony_status status = connector()->offer(x, &record, 1, &verdict, &error);
		check_said(status, &error);
		/* What memory lacks is never the record's fault. */
		if (verdict.outcome == HARMONY_OUTCOME_REJECTED ||
		    verdict.outcome == HARMONY_OUTCOME_DIFFERS)
			fail_msg("%s %s", verdict.code, verdict.message);
		if (verdict.outcome != HARMONY_OUTCOME_BOOKED)
			continue;
		assert_true(verdict.remote_id[0] != '\0');
		harmony_verdict seen = HARMONY_VERDICT_INIT;
		harmony_error why = HARMONY_ERROR_INIT;
		check_said(connector()->read_back(x, record, verdict.remote_id, &seen, &why), &why);
		assert_int_not_equal(seen.outcome, HARMONY_OUTCOME_DIFFERS);
	}
}

static void look_all(void *x)
{
	for (size_t i = 0; i < record_count; i++) {
		harmony_error error = HARMONY_ERROR_INIT, why = HARMONY_ERROR_INIT;
		harmony_verdict verdict = HARMONY_VERDICT_INIT;
		harmony_status status = connector()->find(x, records[i], &verdict, &error);
		check_said(status, &error);
		if (status == HARMONY_OK)
			assert_int_equal(verdict.outcome, HARMONY_OUTCOME_BOOKED);
		check_said(connector()->preview(x, records[i], swallow, NULL, &why), &why);
	}
}

static void fetch_all(void *x)
{
	harmony_error error = HARMONY_ERROR_INIT, why = HARMONY_ERROR_INIT;

	check_said(connector()->outstanding(x, HARMONY_SIDE_SALES | HARMONY_SIDE_PURCHASE,
					    ignore_item, NULL, &error),
		   &error);
	check_said(connector()->check(x, (const harmony_record *const *)records, record_count, hear,
				      NULL, &why),
		   &why);
}

static void open_all(void *x)
{
	harmony_error error = HARMONY_ERROR_INIT, why = HARMONY_ERROR_INIT;
	char url[1024];
	int64_t next;

	check_said(connector()->login_url(x, url, sizeof(url), "state", &error), &error);
	check_said(connector()->keep_alive(x, &next, &why), &why);
	(void)connector()->report(x, swallow, NULL, NULL);
}

/* One pass with the k-th allocation failing; whether one did. */
static bool pass(void (*work)(void *x), long k, bool for_good)
{
	sweep s;
	harmony_context *context = sweep_context(&s);
	harmony_host host = host_of(context);
	harmony_error error = HARMONY_ERROR_INIT;
	void *x = NULL;
	harmony_status status;
	bool failed;

	if (k >= 0)
		s.fail_at = s.calls + k;
	s.for_good = for_good;
	status = connector()->open(&x, &host, &error);
	check_said(status, &error);
	if (status == HARMONY_OK)
		work(x);
	connector()->close(x);
	failed = s.failed;
	harmony_context_free(context);
	if (s.live != 0)
		fail_msg("allocation %ld: %ld blocks leak", k, s.live);
	return failed;
}

static void login(void)
{
	sweep s;
	harmony_context *context = sweep_context(&s);
	harmony_host host = host_of(context);
	harmony_error error = HARMONY_ERROR_INIT;
	void *x;

	assert_int_equal(connector()->open(&x, &host, &error), HARMONY_OK);
	if (connector()->login_code(x, "code-0", &error) != HARMONY_OK)
		fail_msg("%s", error.message);
	connector()->close(x);
	harmony_context_free(context);
}

static void test_memory(void **state)
{
	static void (*const works[])(void *x) = {offer_all, open_all, look_all, fetch_all};

	(void)state;
	login();
	pass(offer_all, -1, false);
	for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
		/* Each of the first forty, then ever fewer: the rest are the rows of tables. Unless
		   each one is asked for, which takes long. */
		long k = 0;
		for (; pass(works[i], k, false); k += 1 + (each_one ? 0 : k / 40))
			;
		for (k = 0; pass(works[i], k, true); k += 1 + (each_one ? 0 : k / 10))
			;
		printf("%zu: to allocation %ld\n", i, k);
	}
}

/* ---- a package that says to wait, and not how long ------------------------------------------ */

static int64_t ahead; /* ms that the host slept: its clock is that much before the real one */

static int64_t clock_ahead(void *user)
{
	struct timespec now;

	(void)user;
	(void)timespec_get(&now, TIME_UTC);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + ahead;
}

static harmony_status pass_time(int64_t ms, void *user)
{
	(void)user;
	ahead += ms;
	return HARMONY_OK;
}

/* The simulator answers one of the requests with a 429 that tells nothing (mode bare_429). */
static void test_bare_429(void **state)
{
	const harmony_clock clock = {sizeof(clock), clock_ahead, clock_ahead, NULL};
	harmony_context_options options = HARMONY_CONTEXT_OPTIONS_INIT;
	harmony_context *context;
	harmony_host host;
	harmony_error error = HARMONY_ERROR_INIT;
	void *x;

	(void)state;
	options.clock = &clock;
	assert_int_equal(harmony_context_new(&context, &options, NULL), HARMONY_OK);
	host = host_of(context);
	host.sleep = pass_time;
	assert_int_equal(connector()->open(&x, &host, &error), HARMONY_OK);
	assert_int_equal(connector()->login_code(x, "code-0", &error), HARMONY_OK);
	for (size_t i = 0; i < record_count; i++) {
		harmony_verdict verdict = HARMONY_VERDICT_INIT;
		const harmony_record *record = records[i];
		if (connector()->offer(x, &record, 1, &verdict, &error) != HARMONY_OK)
			fail_msg("%s", error.message);
		assert_int_equal(verdict.outcome, HARMONY_OUTCOME_BOOKED);
	}
	if (ahead < 1000 * tested->bare_wait - 1000 || ahead > 1000 * tested->bare_wait + 1000)
		fail_msg("waited %lld ms in all, not %ld s", (long long)ahead, tested->bare_wait);
	printf("waited %lld ms\n", (long long)ahead);
	connector()->close(x);
	harmony_context_free(context);
}

/* ---- settings
 * ------------------------------------------------------------------------------------ */

static void test_settings(void **state)
{
	(void)state;
	for (size_t i = 0; tested->wrong[i][0]; i++) {
		harmony_host host = host_of(plain);
		harmony_error error = HARMONY_ERROR_INIT;
		void *x;
		kept.settings = tested->wrong[i];
		assert_int_equal(connector()->open(&x, &host, &error), HARMONY_CONFIG);
		assert_null(x);
		if (!strstr(error.message, tested->wrong[i][0]))
			fail_msg("%s is not named by '%s'", tested->wrong[i][0], error.message);
	}
	kept.settings = NULL;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_settings),
					   cmocka_unit_test(test_memory)};
	const struct CMUnitTest bare[] = {cmocka_unit_test(test_bare_429)};

	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]) && argc > 1; i++)
		if (strcmp(subjects[i].name, argv[1]) == 0)
			tested = &subjects[i];
	each_one = argc > 2 && strcmp(argv[2], "each") == 0;
	if (argc > 2 && strcmp(argv[2], "bare_429") == 0)
		return cmocka_run_group_tests(bare, setup, teardown);
	return cmocka_run_group_tests(tests, setup, teardown);
}
