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

/* One context for every test; what it still holds is looked at after each. */
static sweep memory;
static harmony_context *context;
static long live_before;

static int set_up(void **state)
{
	live_before = memory.live;
	return 0;
}

static int tear_down(void **state)
{
	return memory.live == live_before ? 0 : -1;
}

/* ---- helpers ------------------------------------------------------------------------------- */

typedef struct text {
	char at[65536];
	size_t len;
} text;

static harmony_status keep(const void *data, size_t len, void *user)
{
	text *t = user;

	assert_true(t->len + len < sizeof(t->at));
	memcpy(t->at + t->len, data, len);
	t->len += len;
	t->at[t->len] = 0;
	return HARMONY_OK;
}

static void to_json(text *out, const harmony_record *record)
{
	out->len = 0;
	assert_int_equal(harmony_record_write_json(record, keep, out, NULL), HARMONY_OK);
}

static harmony_record *make(harmony_kind kind)
{
	harmony_record *record;

	assert_int_equal(harmony_record_new(&record, context, kind, NULL), HARMONY_OK);
	return record;
}

static void set(harmony_record *record, const char *path, const char *value)
{
	harmony_error error = HARMONY_ERROR_INIT;

	if (harmony_record_set_path(record, path, value, &error))
		fail_msg("%s = %s: %s", path, value, error.message);
}

static void add(harmony_record *record, const char *account, const char *amount, const char *vat)
{
	char path[64];
	size_t row;

	assert_int_equal(harmony_record_add_line(record, &row, NULL), HARMONY_OK);
	snprintf(path, sizeof(path), "lines.%zu.account", row);
	set(record, path, account);
	snprintf(path, sizeof(path), "lines.%zu.amount", row);
	set(record, path, amount);
	snprintf(path, sizeof(path), "lines.%zu.vat_amount", row);
	set(record, path, vat);
}

static harmony_record *invoice(void)
{
	harmony_record *record = make(HARMONY_SALES_INVOICE);

	set(record, "journal", "70");
	set(record, "year", "2024");
	set(record, "entry_number", "24700001");
	set(record, "party", "1001");
	set(record, "date", "2024-01-15");
	set(record, "currency", "EUR");
	add(record, "8000", "100.00", "21.00");
	add(record, "8010", "18.00", "3.80");
	set(record, "total", "142.80");
	return record;
}

/* A value of the field's type, other for each n. */
static const char *sample(char *buffer, size_t size, harmony_field field, int n)
{
	const harmony_field_info *info = harmony_field_describe(field);

	switch (info->type) {
	case HARMONY_TYPE_TEXT:
		if (field == HARMONY_FIELD_SIDE)
			return n % 2 ? "sales" : "purchase";
		if (field == HARMONY_FIELD_CURRENCY)
			return n % 2 ? "EUR" : "USD";
		snprintf(buffer, size, "%c\xc3\xa9%d", 'a' + n % 26, n % 10);
		buffer[info->width < 4 ? 1 : strlen(buffer)] = 0;
		return buffer;
	case HARMONY_TYPE_AMOUNT:
		snprintf(buffer, size, "-%d.%02d", n, n % 100);
		return buffer;
	case HARMONY_TYPE_RATE:
		snprintf(buffer, size, "%d.%06d", n, n);
		return buffer;
	case HARMONY_TYPE_QUANTITY:
		snprintf(buffer, size, "%d.%04d", n, n);
		return buffer;
	case HARMONY_TYPE_NUMBER:
		snprintf(buffer, size, "%d", n % 53 + 1);
		return buffer;
	case HARMONY_TYPE_DATE:
		snprintf(buffer, size, "2024-02-%02d", n % 29 + 1);
		return buffer;
	default:
		return n % 2 ? "true" : "false";
	}
}

static int belongs(harmony_field field, harmony_kind kind, int where)
{
	const harmony_field_info *info = harmony_field_describe(field);

	return (info->kinds & HARMONY_BIT(kind)) && (info->where & where);
}

/* Every field that the kind has, on the header and on two lines. */
static harmony_record *full(harmony_kind kind)
{
	harmony_record *record = make(kind);
	char value[64], path[80];
	size_t lines = HARMONY_ENTRIES & HARMONY_BIT(kind) ? 2 : 0;

	for (size_t row = 0; row <= lines; row++) {
		if (row)
			assert_int_equal(harmony_record_add_line(record, NULL, NULL), HARMONY_OK);
		for (harmony_field f = 0; f < HARMONY_FIELD_COUNT; f++) {
			if (!belongs(f, kind, row ? HARMONY_AT_LINE : HARMONY_AT_HEADER))
				continue;
			snprintf(path, sizeof(path), row ? "lines.%zu.%s" : "%.0zu%s", row,
			         harmony_field_describe(f)->name);
			set(record, path, sample(value, sizeof(value), f, (int)(f + row * 31)));
		}
	}
	harmony_record_set_source(record, "fmuta6.csv", 12, NULL);
	return record;
}

/* ---- tables -------------------------------------------------------------------------------- */

static void the_field_table_is_consistent(void **state)
{
	int first_header = 0;

	for (harmony_field i = 0; i < HARMONY_FIELD_COUNT; i++) {
		const harmony_field_info *info = harmony_field_describe(i);

		assert_int_equal(harmony_field_find(info->name, strlen(info->name)), i);
		assert_true(info->kinds != 0);
		assert_true(info->english[0] && info->dutch[0]);
		assert_int_equal(info->type == HARMONY_TYPE_TEXT, info->width > 0);
		if (i < HARMONY_LINE_FIELDS)
			assert_true(info->where & HARMONY_AT_LINE);
		else
			assert_int_equal(info->where, HARMONY_AT_HEADER);
		first_header += i < HARMONY_LINE_FIELDS;
	}
	assert_int_equal(first_header, HARMONY_LINE_FIELDS);
	assert_null(harmony_field_describe(-1));
	assert_null(harmony_field_describe(HARMONY_FIELD_COUNT));
	assert_int_equal(harmony_field_find("date", 3), -1);
	assert_int_equal(harmony_field_find("", 0), -1);
}

static void the_kind_table_is_consistent(void **state)
{
	for (harmony_kind i = 1; i <= HARMONY_KIND_LAST_; i++) {
		const char *word = harmony_kind_word(i);

		assert_int_equal(harmony_kind_find(word, strlen(word)), i);
	}
	assert_string_equal(harmony_kind_word(0), "unknown");
	assert_string_equal(harmony_kind_word(HARMONY_KIND_LAST_ + 1), "unknown");
	assert_int_equal(harmony_kind_find("invoice", 7), 0);
}

/* ---- getters and setters -------------------------------------------------------------------- */

static void check_slot(harmony_record *record, size_t row, harmony_field f)
{
	const harmony_field_info *info = harmony_field_describe(f);
	const harmony_date day = {2024, 2, 29};
	const char *got_text = NULL;
	int64_t got = 0;
	harmony_date got_day = {0, 0, 0};

	assert_int_equal(harmony_record_has(record, row, f), 0);
	if (info->type == HARMONY_TYPE_TEXT) {
		assert_int_equal(harmony_record_get_text(&got_text, record, row, f),
		                 HARMONY_NOTFOUND);
		assert_int_equal(harmony_record_set_text(record, row, f, "abc", 2, NULL), 0);
		assert_int_equal(harmony_record_get_text(&got_text, record, row, f), 0);
		assert_string_equal(got_text, "ab");
		assert_int_equal(harmony_record_set_number(record, row, f, 1, NULL),
		                 HARMONY_INVALID);
		assert_int_equal(harmony_record_get_number(&got, record, row, f), HARMONY_INVALID);
	} else if (info->type == HARMONY_TYPE_DATE) {
		assert_int_equal(harmony_record_set_date(record, row, f, day, NULL), 0);
		assert_int_equal(harmony_record_get_date(&got_day, record, row, f), 0);
		assert_memory_equal(&got_day, &day, sizeof(day));
		assert_int_equal(harmony_record_set_date(record, row, f,
		                                         (harmony_date){2023, 2, 29}, NULL),
		                 HARMONY_INVALID);
		assert_int_equal(harmony_record_set_text(record, row, f, "x", 1, NULL),
		                 HARMONY_INVALID);
		assert_int_equal(harmony_record_get_date(&got_day, record, row, f), 0);
		assert_memory_equal(&got_day, &day, sizeof(day));
	} else {
		assert_int_equal(harmony_record_set_number(record, row, f, 1, NULL), 0);
		assert_int_equal(harmony_record_get_number(&got, record, row, f), 0);
		assert_int_equal(got, 1);
		assert_int_equal(harmony_record_set_number(record, row, f, -7, NULL),
		                 info->type == HARMONY_TYPE_FLAG ? HARMONY_INVALID : HARMONY_OK);
		assert_int_equal(harmony_record_get_date(&got_day, record, row, f),
		                 HARMONY_INVALID);
	}
	assert_int_equal(harmony_record_has(record, row, f), 1);
	harmony_record_unset(record, row, f);
	assert_int_equal(harmony_record_has(record, row, f), 0);
}

static void refuse_slot(harmony_record *record, size_t row, harmony_field f)
{
	harmony_error error = HARMONY_ERROR_INIT;

	switch (harmony_field_describe(f)->type) {
	case HARMONY_TYPE_TEXT:
		harmony_record_set_text(record, row, f, "x", 1, &error);
		break;
	case HARMONY_TYPE_DATE:
		harmony_record_set_date(record, row, f, (harmony_date){2024, 1, 1}, &error);
		break;
	default:
		harmony_record_set_number(record, row, f, 1, &error);
	}
	assert_int_equal(error.status, HARMONY_INVALID);
	assert_string_equal(error.field, harmony_field_describe(f)->name);
	assert_int_equal(harmony_record_has(record, row, f), 0);
}

static void every_field_of_every_kind_is_set_and_got(void **state)
{
	for (harmony_kind kind = 1; kind <= HARMONY_KIND_LAST_; kind++) {
		harmony_record *record = make(kind);
		size_t rows = 0;

		if (HARMONY_ENTRIES & HARMONY_BIT(kind)) {
			assert_int_equal(harmony_record_add_line(record, NULL, NULL), HARMONY_OK);
			assert_int_equal(harmony_record_add_line(record, &rows, NULL), HARMONY_OK);
			assert_int_equal(rows, 2);
		} else {
			assert_int_equal(harmony_record_add_line(record, NULL, NULL),
			                 HARMONY_INVALID);
		}
		for (size_t row = 0; row <= rows; row++)
			for (harmony_field f = 0; f < HARMONY_FIELD_COUNT; f++) {
				if (belongs(f, kind, row ? HARMONY_AT_LINE : HARMONY_AT_HEADER))
					check_slot(record, row, f);
				else
					refuse_slot(record, row, f);
			}
		harmony_record_free(record);
	}
}

static void bad_arguments_are_refused(void **state)
{
	harmony_record *record = (harmony_record *)&memory;
	char *big = calloc(1, HARMONY_MAX_TEXT + 1);

	assert_int_equal(harmony_record_new(&record, context, 0, NULL), HARMONY_INVALID);
	assert_null(record);
	assert_int_equal(harmony_record_new(&record, context, 8, NULL), HARMONY_INVALID);
	record = make(HARMONY_CUSTOMER);
	assert_int_equal(harmony_record_set_text(record, 0, HARMONY_FIELD_NAME, "a\0b", 3, NULL),
	                 HARMONY_INVALID);
	assert_int_equal(harmony_record_set_text(record, 0, HARMONY_FIELD_NAME, "\xff", 1, NULL),
	                 HARMONY_INVALID);
	memset(big, 'x', HARMONY_MAX_TEXT + 1);
	assert_int_equal(harmony_record_set_text(record, 0, HARMONY_FIELD_NAME, big,
	                                         HARMONY_MAX_TEXT + 1, NULL),
	                 HARMONY_LIMIT);
	assert_int_equal(
		harmony_record_set_text(record, 0, HARMONY_FIELD_NAME, big, HARMONY_MAX_TEXT, NULL),
		HARMONY_OK);
	assert_int_equal(harmony_record_set_text(record, 0, -1, "x", 1, NULL), HARMONY_INVALID);
	assert_int_equal(harmony_record_set_text(record, 0, 999, "x", 1, NULL), HARMONY_INVALID);
	assert_int_equal(harmony_record_has(record, 0, 999), 0);
	assert_int_equal(harmony_record_has(record, 99, HARMONY_FIELD_NAME), 0);
	harmony_record_free(record);
	harmony_record_free(NULL);
	free(big);
}

static void an_entry_holds_its_maximum_of_lines_and_no_more(void **state)
{
	harmony_record *record = make(HARMONY_MEMORIAL);
	harmony_error error = HARMONY_ERROR_INIT;
	size_t row = 0;

	for (size_t i = 1; i <= HARMONY_MAX_ENTRY_LINES; i++)
		assert_int_equal(harmony_record_add_line(record, &row, NULL), HARMONY_OK);
	assert_int_equal(row, HARMONY_MAX_ENTRY_LINES);
	assert_int_equal(harmony_record_add_line(record, &row, &error), HARMONY_LIMIT);
	assert_string_equal(error.code, "too_long");
	assert_int_equal(harmony_record_lines(record), HARMONY_MAX_ENTRY_LINES);
	harmony_record_free(record);
}

static void texts_are_bounded_in_all(void **state)
{
	harmony_record *record = make(HARMONY_CUSTOMER);
	char *big = malloc(HARMONY_MAX_TEXT);
	harmony_status status = HARMONY_OK;
	size_t times;

	memset(big, 'x', HARMONY_MAX_TEXT);
	for (times = 0; !status && times < 10000; times++)
		status = harmony_record_set_text(record, 0, HARMONY_FIELD_NAME, big,
		                                 HARMONY_MAX_TEXT, NULL);
	assert_int_equal(status, HARMONY_LIMIT);
	assert_true(times * HARMONY_MAX_TEXT <= HARMONY_MAX_ENTRY + 2 * HARMONY_MAX_TEXT);
	assert_int_equal(harmony_record_reset(record, HARMONY_SUPPLIER), HARMONY_OK);
	set(record, "name", "small again");
	harmony_record_free(record);
	free(big);
}

static void a_copy_is_its_own(void **state)
{
	for (harmony_kind kind = 1; kind <= HARMONY_KIND_LAST_; kind++) {
		harmony_record *record = full(kind), *copy;
		static text a, b;

		to_json(&a, record);
		assert_int_equal(harmony_record_copy(&copy, record, NULL), HARMONY_OK);
		harmony_record_reset(record, HARMONY_CUSTOMER);
		assert_int_equal(harmony_record_lines(record), 0);
		assert_string_equal(harmony_record_source_file(record), "");
		harmony_record_free(record);
		to_json(&b, copy);
		assert_string_equal(a.at, b.at);
		harmony_record_free(copy);
	}
}

/* ---- paths ----------------------------------------------------------------------------------- */

static void paths_read_what_they_wrote(void **state)
{
	harmony_record *record = invoice();
	char value[16];

	assert_int_equal(harmony_record_get_path(value, sizeof(value), record, "lines.2.amount"), 5);
	assert_string_equal(value, "18.00");
	assert_int_equal(harmony_record_get_path(value, 3, record, "date"), 10);
	assert_string_equal(value, "20");
	assert_int_equal(harmony_record_get_path(NULL, 0, record, "date"), 10);
	assert_int_equal(harmony_record_get_path(value, sizeof(value), record, "due_date"), SIZE_MAX);
	assert_int_equal(harmony_record_get_path(value, sizeof(value), record, "lines.3.amount"),
	                 SIZE_MAX);
	set(record, "lines.1.quantity", "-1.5");
	harmony_record_get_path(value, sizeof(value), record, "lines.1.quantity");
	assert_string_equal(value, "-1.5000");
	set(record, "currency", "");
	assert_int_equal(harmony_record_has(record, 0, HARMONY_FIELD_CURRENCY), 0);
	harmony_record_free(record);
}

static void bad_paths_and_values_are_told(void **state)
{
	static const struct {
		const char *path, *value;
		harmony_status status;
		const char *code;
	} cases[] = {
		{"nothing", "x", HARMONY_NOTFOUND, "not_found"},
		{"code", "x", HARMONY_NOTFOUND, "not_found"},
		{"lines.0.amount", "1", HARMONY_NOTFOUND, "not_found"},
		{"lines.3.amount", "1", HARMONY_NOTFOUND, "not_found"},
		{"lines.1.total", "1", HARMONY_NOTFOUND, "not_found"},
		{"lines.1", "1", HARMONY_NOTFOUND, "not_found"},
		{"lines.99999999999999999999.amount", "1", HARMONY_NOTFOUND, "not_found"},
		{"account", "1", HARMONY_NOTFOUND, "not_found"},
		{"", "1", HARMONY_NOTFOUND, "not_found"},
		{"date", "2023-02-29", HARMONY_INVALID, "invalid_date"},
		{"date", "15-01-2024", HARMONY_INVALID, "invalid_date"},
		{"total", "1.005", HARMONY_INVALID, "invalid_amount"},
		{"total", "x", HARMONY_INVALID, "invalid_amount"},
		{"year", "20x4", HARMONY_INVALID, "invalid_number"},
		{"foreign_journal", "yes", HARMONY_INVALID, "invalid_value"},
		{"party", "\xff", HARMONY_INVALID, "invalid_text"},
	};
	harmony_record *record = invoice();

	for (size_t i = 0; i < COUNT(cases); i++) {
		harmony_error error = HARMONY_ERROR_INIT;

		assert_int_equal(harmony_record_set_path(record, cases[i].path, cases[i].value,
		                                         &error),
		                 cases[i].status);
		assert_string_equal(error.code, cases[i].code);
		assert_true(strlen(error.message) > 10);
	}
	harmony_record_free(record);
}

/* ---- validation ------------------------------------------------------------------------------ */

typedef struct findings {
	char text[4096];
	int count;
} findings;

static harmony_status write_down(const harmony_diagnostic *found, void *user)
{
	findings *f = user;
	size_t used = strlen(f->text);

	assert_int_equal(found->struct_size, sizeof(*found));
	assert_true(strlen(found->message) > 10);
	snprintf(f->text + used, sizeof(f->text) - used, "%d %s %zu %s\n", found->severity,
	         harmony_code_word(found->code), found->row, found->name);
	f->count++;
	return HARMONY_OK;
}

static void check(harmony_record *record, const char *expected)
{
	findings f = {"", 0};
	harmony_status status = harmony_record_validate(record, write_down, &f);

	assert_string_equal(f.text, expected);
	assert_int_equal(status, strstr(expected, "2 ") == expected || strstr(expected, "\n2 ")
	                                 ? HARMONY_REJECTED
	                                 : HARMONY_OK);
	assert_int_equal(harmony_record_validate(record, NULL, NULL), status);
}

static void a_right_record_has_no_findings(void **state)
{
	harmony_record *record = invoice();

	check(record, "");
	harmony_record_free(record);
}

static void everything_that_is_wrong_is_told_at_once(void **state)
{
	harmony_record *record = make(HARMONY_SALES_INVOICE);

	check(record, "2 missing_field 0 journal\n2 missing_field 0 date\n2 missing_field 0 party\n"
	              "2 missing_field 0 total\n2 empty_entry 0 \n");
	harmony_record_reset(record, HARMONY_MEMORIAL);
	check(record, "2 missing_field 0 journal\n2 missing_field 0 date\n2 empty_entry 0 \n");
	harmony_record_reset(record, HARMONY_CUSTOMER);
	check(record, "2 missing_field 0 code\n2 missing_field 0 name\n");
	harmony_record_reset(record, HARMONY_OUTSTANDING_ITEM);
	check(record, "2 missing_field 0 side\n2 missing_field 0 party\n"
	              "2 missing_field 0 outstanding\n");
	harmony_record_free(record);

	record = invoice();
	harmony_record_add_line(record, NULL, NULL);
	harmony_record_set_text(record, 0, HARMONY_FIELD_PARTY, "", 0, NULL);
	set(record, "currency", "eur");
	set(record, "lines.1.side", "both");
	set(record, "week", "54");
	set(record, "journal", "12345678901");
	check(record, "2 missing_field 0 party\n2 invalid_value 0 currency\n"
	              "1 too_long 0 journal\n2 invalid_value 0 week\n"
	              "2 invalid_value 1 side\n2 missing_field 3 account\n"
	              "2 missing_field 3 amount\n");
	harmony_record_free(record);
}

static void sums_are_checked_to_the_cent(void **state)
{
	harmony_record *record = invoice();

	set(record, "total", "142.81");
	check(record, "2 total_mismatch 0 total\n");
	assert_int_equal(harmony_record_sum(record, NULL), HARMONY_OK);
	check(record, "");
	set(record, "lines.1.amount", "92233720368547758.07");
	check(record, "2 invalid_amount 0 amount\n");
	assert_int_equal(harmony_record_sum(record, NULL), HARMONY_RANGE);

	harmony_record_reset(record, HARMONY_MEMORIAL);
	assert_int_equal(harmony_record_sum(record, NULL), HARMONY_INVALID);
	set(record, "journal", "90");
	set(record, "date", "2024-01-31");
	add(record, "3000", "1234.56", "");
	add(record, "7900", "-1234.55", "");
	check(record, "2 unbalanced 0 amount\n");
	set(record, "lines.2.amount", "-1234.56");
	check(record, "");
	set(record, "lines.1.vat_amount", "10.00"); /* beside the amounts */
	check(record, "");
	set(record, "lines.2.amount", "-1244.56"); /* or part of the sum */
	check(record, "");

	harmony_record_reset(record, HARMONY_OUTSTANDING_ITEM);
	set(record, "side", "sales");
	set(record, "party", "1001");
	set(record, "outstanding", "100.00");
	check(record, "");
	set(record, "amount", "142.80");
	set(record, "paid", "42.80");
	check(record, "");
	set(record, "paid", "42.79");
	check(record, "2 total_mismatch 0 outstanding\n");
	harmony_record_free(record);
}

static harmony_status last_message(const harmony_diagnostic *found, void *user)
{
	snprintf(user, 512, "%s", found->message);
	return HARMONY_OK;
}

static void messages_give_both_figures(void **state)
{
	harmony_record *record = invoice();
	char message[512] = "";

	set(record, "total", "121.00");
	harmony_record_validate(record, last_message, message);
	assert_non_null(strstr(message, "121.00"));
	assert_non_null(strstr(message, "142.80"));
	assert_non_null(strstr(message, "-21.80"));
	harmony_record_reset(record, HARMONY_MEMORIAL);
	set(record, "journal", "90");
	set(record, "date", "2024-01-31");
	add(record, "3000", "100.00", "");
	add(record, "7900", "-90.00", "");
	harmony_record_validate(record, last_message, message);
	assert_non_null(strstr(message, "100.00"));
	assert_non_null(strstr(message, "90.00"));
	assert_non_null(strstr(message, "difference of 10.00"));
	harmony_record_free(record);
}

static harmony_status stop(const harmony_diagnostic *found, void *user)
{
	++*(int *)user;
	return HARMONY_USER;
}

static void a_report_can_end_validation(void **state)
{
	harmony_record *record = make(HARMONY_SALES_INVOICE);
	int calls = 0;

	assert_int_equal(harmony_record_validate(record, stop, &calls), HARMONY_USER);
	assert_int_equal(calls, 1);
	harmony_record_free(record);
}

/* ---- identity ---------------------------------------------------------------------------------- */

static void keys_are_natural(void **state)
{
	harmony_record *record = invoice();
	char key[HARMONY_KEY_SIZE], name[HARMONY_KEY_SIZE], long_code[200];

	assert_int_equal(harmony_record_key(key, record), 1);
	assert_string_equal(key, "sales_invoice/70/2024/24700001");
	harmony_record_identifier(name, record);
	assert_string_equal(name, "70/24700001");
	set(record, "year", "");
	set(record, "date", "2023-12-31");
	assert_int_equal(harmony_record_key(key, record), 1);
	assert_string_equal(key, "sales_invoice/70/2023/24700001");
	set(record, "entry_number", "");
	assert_int_equal(harmony_record_key(key, record), 0);
	harmony_record_identifier(name, record);
	assert_int_equal(strlen(name), strlen("70/#3f9a0c12"));
	assert_int_equal(strncmp(name, "70/#", 4), 0);

	harmony_record_reset(record, HARMONY_CUSTOMER);
	set(record, "code", "10/01%\xc3\xa9");
	assert_int_equal(harmony_record_key(key, record), 1);
	assert_string_equal(key, "customer/10%2f01%25\xc3\xa9");
	harmony_record_identifier(name, record);
	assert_string_equal(name, "10/01%\xc3\xa9");

	/* long codes stay apart, and a key always fits */
	memset(long_code, '/', sizeof(long_code));
	long_code[199] = 0;
	set(record, "code", long_code);
	assert_int_equal(harmony_record_key(key, record), 1);
	long_code[198] = 'x';
	set(record, "code", long_code);
	assert_int_equal(harmony_record_key(name, record), 1);
	assert_string_not_equal(key, name);
	harmony_record_reset(record, HARMONY_OUTSTANDING_ITEM);
	set(record, "side", long_code);
	set(record, "party", long_code);
	set(record, "invoice_number", long_code);
	assert_int_equal(harmony_record_key(key, record), 1);
	assert_true(strlen(key) < HARMONY_KEY_SIZE);
	harmony_record_free(record);
}

static void hash(uint8_t out[HARMONY_HASH_SIZE], harmony_record *record)
{
	assert_int_equal(harmony_record_hash(out, record), HARMONY_OK);
}

static void the_hash_is_of_the_content_alone(void **state)
{
	harmony_record *a = invoice(), *b = invoice();
	uint8_t x[HARMONY_HASH_SIZE], y[HARMONY_HASH_SIZE];

	harmony_record_set_source(a, "one.csv", 1, NULL);
	harmony_record_set_source(b, "two.csv", 2, NULL);
	set(b, "description", "gone");
	set(b, "description", "");
	hash(x, a);
	hash(y, b);
	assert_memory_equal(x, y, sizeof(x));
	harmony_record_set_text(b, 0, HARMONY_FIELD_DESCRIPTION, "", 0, NULL); /* empty, not absent */
	hash(y, b);
	assert_memory_not_equal(x, y, sizeof(x));
	harmony_record_free(b);
	b = invoice();
	set(b, "lines.2.cost_unit", "1");
	hash(x, b);
	set(b, "lines.2.cost_unit", "");
	set(b, "lines.2.cost_centre", "1");
	hash(y, b);
	assert_memory_not_equal(x, y, sizeof(x));
	harmony_record_free(a);
	harmony_record_free(b);
}

static void every_single_field_changes_the_hash(void **state)
{
	for (harmony_kind kind = 1; kind <= HARMONY_KIND_LAST_; kind++) {
		harmony_record *record = full(kind);
		uint8_t x[HARMONY_HASH_SIZE], y[HARMONY_HASH_SIZE];

		hash(x, record);
		for (size_t row = 0; row <= harmony_record_lines(record); row++)
			for (harmony_field f = 0; f < HARMONY_FIELD_COUNT; f++) {
				if (!harmony_record_has(record, row, f))
					continue;
				harmony_record_unset(record, row, f);
				hash(y, record);
				assert_memory_not_equal(x, y, sizeof(x));
				memcpy(x, y, sizeof(x));
			}
		harmony_record_free(record);
	}
}

/* ---- JSON ------------------------------------------------------------------------------------------ */

static void json_is_as_documented(void **state)
{
	static text out;
	harmony_record *record = invoice();

	set(record, "lines.1.quantity", "12");
	set(record, "exchange_rate", "1.0837");
	set(record, "foreign_journal", "true");
	harmony_record_set_source(record, "fmuta6.csv", 1, NULL);
	to_json(&out, record);
	assert_string_equal(
		out.at,
		"{\"kind\":\"sales_invoice\",\"journal\":\"70\",\"year\":2024,"
		"\"entry_number\":\"24700001\",\"party\":\"1001\",\"date\":\"2024-01-15\","
		"\"currency\":\"EUR\",\"exchange_rate\":\"1.083700\",\"foreign_journal\":true,"
		"\"total\":\"142.80\",\"lines\":[{\"account\":\"8000\",\"amount\":\"100.00\","
		"\"vat_amount\":\"21.00\",\"quantity\":\"12.0000\"},{\"account\":\"8010\","
		"\"amount\":\"18.00\",\"vat_amount\":\"3.80\"}],"
		"\"source\":{\"file\":\"fmuta6.csv\",\"line\":1}}");
	harmony_record_reset(record, HARMONY_OUTSTANDING_ITEM);
	set(record, "party", "1001");
	set(record, "side", "sales");
	set(record, "description", "a\"b\nc");
	set(record, "outstanding", "142.80");
	set(record, "amount", "142.80");
	to_json(&out, record);
	assert_string_equal(out.at, "{\"kind\":\"outstanding_item\",\"side\":\"sales\","
	                            "\"party\":\"1001\",\"amount\":\"142.80\","
	                            "\"outstanding\":\"142.80\",\"description\":\"a\\\"b\\nc\"}");
	harmony_record_free(record);
}

static harmony_status take_copy(const harmony_record *record, const harmony_diagnostic *failures,
                                size_t count, void *user)
{
	return harmony_record_copy(user, record, NULL);
}

static void every_field_comes_back_from_json(void **state)
{
	for (harmony_kind kind = 1; kind <= HARMONY_KIND_LAST_; kind++) {
		static text out, again;
		harmony_record *record = full(kind), *back = NULL;
		harmony_jsonl *reader;
		uint8_t x[HARMONY_HASH_SIZE], y[HARMONY_HASH_SIZE];

		to_json(&out, record);
		for (size_t row = 0; row <= harmony_record_lines(record); row++)
			for (harmony_field f = 0; f < HARMONY_FIELD_COUNT; f++)
				if (harmony_record_has(record, row, f)) {
					char name[80];

					snprintf(name, sizeof(name), "\"%s\":",
					         harmony_field_describe(f)->name);
					assert_non_null(strstr(out.at, name));
				}
		assert_int_equal(harmony_jsonl_new(&reader, context, "again.jsonl", take_copy, NULL,
		                                   &back, NULL),
		                 HARMONY_OK);
		assert_int_equal(harmony_jsonl_feed(reader, out.at, out.len, NULL), HARMONY_OK);
		assert_int_equal(harmony_jsonl_finish(reader, NULL), HARMONY_OK);
		harmony_jsonl_free(reader);
		assert_non_null(back);
		to_json(&again, back);
		assert_string_equal(out.at, again.at);
		hash(x, record);
		hash(y, back);
		assert_memory_equal(x, y, sizeof(x));
		harmony_record_free(record);
		harmony_record_free(back);
	}
}

static harmony_status refuse(const void *data, size_t len, void *user)
{
	return HARMONY_USER;
}

static void a_writer_that_refuses_ends_the_writing(void **state)
{
	harmony_record *record = full(HARMONY_BANK_ENTRY);
	harmony_error error = HARMONY_ERROR_INIT;

	assert_int_equal(harmony_record_write_json(record, refuse, NULL, &error), HARMONY_USER);
	assert_int_equal(error.status, HARMONY_USER);
	assert_int_equal(harmony_record_write_hledger(record, refuse, NULL, NULL), HARMONY_USER);
	harmony_record_free(record);
}

/* ---- hledger ----------------------------------------------------------------------------------------- */

static void hledger_texts_cannot_be_syntax(void **state)
{
	static text out;
	harmony_record *record = invoice();

	set(record, "party", "10 01:x;y");
	set(record, "description", "  two  spaces; ; (a)\nnew\tline \xe2\x80\xa8 end");
	set(record, "lines.1.description", "date:no [2024-99-99] tag: x");
	set(record, "lines.1.vat_code", "2");
	out.len = 0;
	assert_int_equal(harmony_record_write_hledger(record, keep, &out, NULL), HARMONY_OK);
	assert_string_equal(out.at,
	                    "2024-01-15 (70/24700001) two spaces, , (a) new line end\n"
	                    "    ledger:8000  EUR -100.00  ; date.no (2024-99-99) tag. x\n"
	                    "    vat:2  EUR -21.00\n"
	                    "    ledger:8010  EUR -18.00\n"
	                    "    vat:-  EUR -3.80\n"
	                    "    debtors:10%2001%3ax%3by  EUR 142.80\n\n");
	harmony_record_free(record);
}

static void hledger_refuses_what_cannot_balance(void **state)
{
	static text out;
	harmony_record *record = invoice();
	harmony_error error = HARMONY_ERROR_INIT;

	out.len = 0;
	set(record, "date", "");
	assert_int_equal(harmony_record_write_hledger(record, keep, &out, &error), HARMONY_INVALID);
	assert_string_equal(error.code, "missing_field");
	set(record, "date", "2024-01-01");
	set(record, "lines.1.amount", "92233720368547758.07");
	assert_int_equal(harmony_record_write_hledger(record, keep, &out, NULL), HARMONY_RANGE);
	harmony_record_reset(record, HARMONY_MEMORIAL);
	set(record, "date", "2024-01-01");
	add(record, "1", "1.00", "");
	assert_int_equal(harmony_record_write_hledger(record, keep, &out, NULL), HARMONY_INVALID);
	assert_int_equal(out.len, 0);
	harmony_record_free(record);
}

/* ---- allocation failures ----------------------------------------------------------------------------- */

static harmony_status build_and_copy(harmony_context *scarce)
{
	harmony_record *record = NULL, *copy = NULL;
	harmony_error error = HARMONY_ERROR_INIT;
	char filler[300];
	size_t row;
	harmony_status status = harmony_record_new(&record, scarce, HARMONY_MEMORIAL, &error);

	memset(filler, 'x', sizeof(filler));
	for (int i = 0; !status && i < 40; i++) {
		status = harmony_record_add_line(record, &row, &error);
		if (!status)
			status = harmony_record_set_text(record, row, HARMONY_FIELD_DESCRIPTION, filler,
			                                 sizeof(filler), &error);
	}
	if (!status)
		status = harmony_record_set_source(record, "file", 1, &error);
	if (!status)
		status = harmony_record_copy(&copy, record, &error);
	harmony_record_free(record);
	harmony_record_free(copy);
	assert_int_equal(error.status, status);
	return status;
}

static void every_failed_allocation_is_told_and_leaks_nothing(void **state)
{
	for (int for_good = 0; for_good < 2; for_good++) {
		long k = 0;
		int failed;

		do {
			sweep b;
			harmony_context *scarce = sweep_context(&b);
			harmony_status status;

			b.fail_at = b.calls + k++;
			b.for_good = for_good;
			status = build_and_copy(scarce);
			failed = b.failed;
			assert_int_equal(status, failed ? HARMONY_NOMEM : HARMONY_OK);
			harmony_context_free(scarce);
			assert_int_equal(b.live, 0);
		} while (failed);
		assert_true(k > 10);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_field_table_is_consistent),
		TEST(the_kind_table_is_consistent),
		TEST(every_field_of_every_kind_is_set_and_got),
		TEST(bad_arguments_are_refused),
		TEST(an_entry_holds_its_maximum_of_lines_and_no_more),
		TEST(texts_are_bounded_in_all),
		TEST(a_copy_is_its_own),
		TEST(paths_read_what_they_wrote),
		TEST(bad_paths_and_values_are_told),
		TEST(a_right_record_has_no_findings),
		TEST(everything_that_is_wrong_is_told_at_once),
		TEST(sums_are_checked_to_the_cent),
		TEST(messages_give_both_figures),
		TEST(a_report_can_end_validation),
		TEST(keys_are_natural),
		TEST(the_hash_is_of_the_content_alone),
		TEST(every_single_field_changes_the_hash),
		TEST(json_is_as_documented),
		TEST(every_field_comes_back_from_json),
		TEST(a_writer_that_refuses_ends_the_writing),
		TEST(hledger_texts_cannot_be_syntax),
		TEST(hledger_refuses_what_cannot_balance),
		TEST(every_failed_allocation_is_told_and_leaks_nothing),
	};
	int failed;

	context = sweep_context(&memory);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	harmony_context_free(context);
	return failed;
}
