/* SPDX-License-Identifier: MIT */
#include "support.h"

static const char *samples; /* folder of the sample files */
static harmony_context *context;

static int set_up(void **state)
{
	return harmony_context_new(&context, NULL, NULL);
}

static int tear_down(void **state)
{
	harmony_context_free(context);
	return 0;
}

static void set(harmony_dbopen_options *options, const char *key, const char *value)
{
	harmony_error error = HARMONY_ERROR_INIT;
	assert_int_equal(harmony_dbopen_options_set(options, key, value, &error), HARMONY_OK);
}

static bytes written(const harmony_dbopen_options *options, const item *items, size_t count)
{
	bytes out = {0};
	harmony_error error = HARMONY_ERROR_INIT;
	harmony_dbopen_writer *writer = NULL;
	bytes_str(&out, "");
	assert_int_equal(harmony_dbopen_writer_new(&writer, context, options, &error), HARMONY_OK);
	for (size_t i = 0; i < count; i++) {
		harmony_status status = add(writer, context, &items[i], &error);
		if (status != HARMONY_OK)
			fail_msg("%s", error.message);
	}
	assert_int_equal(harmony_dbopen_writer_write(writer, bytes_add, &out, &error), HARMONY_OK);
	harmony_dbopen_writer_free(writer);
	return out;
}

#define WRITES(options, items, expected)                                                           \
	do {                                                                                       \
		bytes out_ = written(options, items, sizeof(items) / sizeof((items)[0]));          \
		assert_string_equal(out_.data, expected);                                          \
		assert_int_equal(out_.len, strlen(expected));                                      \
		bytes_free(&out_);                                                                 \
	} while (0)

static void default_is_the_proposal(void **state)
{
	char path[1024];
	snprintf(path, sizeof path, "%s/dbopen-PROPOSAL-11col.csv", samples);
	bytes golden = bytes_of_file(path);
	WRITES(NULL, samples_items, golden.data);
	harmony_dbopen_options options = HARMONY_DBOPEN_OPTIONS_INIT;
	WRITES(&options, samples_items, golden.data);
	bytes_free(&golden);
}

static void prefix_is_the_minimal_proposal(void **state)
{
	char path[1024];
	harmony_dbopen_options options = HARMONY_DBOPEN_OPTIONS_INIT;
	set(&options, "dbopen.columns",
	    "relation, invoice,date,expiration,description,invoiceamount,paid");
	snprintf(path, sizeof path, "%s/dbopen-PROPOSAL-minimal-7col.csv", samples);
	bytes golden = bytes_of_file(path);
	WRITES(&options, samples_items, golden.data);
	bytes_free(&golden);
}

static void every_dialect_setting(void **state)
{
	harmony_dbopen_options options = HARMONY_DBOPEN_OPTIONS_INIT;
	const item one[] = {samples_items[2]};
	set(&options, "dbopen.columns", "type,date,outstanding,reference");
	set(&options, "dbopen.header", "yes");
	WRITES(&options, one,
	       "\"type\",\"date\",\"outstanding\",\"reference\"\r\n\"C\",17012024,40.50,\"2024-0117\"\r\n");
	set(&options, "dbopen.quote", "minimal");
	set(&options, "dbopen.decimal", "comma");
	WRITES(&options, one, "type,date,outstanding,reference\r\nC,17012024,\"40,50\",2024-0117\r\n");
	set(&options, "dbopen.delimiter", "semicolon");
	set(&options, "dbopen.dates", "YYYY-MM-DD");
	WRITES(&options, one, "type;date;outstanding;reference\r\nC;2024-01-17;40,50;2024-0117\r\n");
	options.delimiter = '-';
	WRITES(&options, one,
	       "type-date-outstanding-reference\r\nC-\"2024-01-17\"-40,50-\"2024-0117\"\r\n");
	set(&options, "dbopen.header", "no");
	set(&options, "dbopen.quote", "all");
	set(&options, "dbopen.delimiter", "tab");
	WRITES(&options, one, "\"C\"\t\"2024-01-17\"\t\"40,50\"\t\"2024-0117\"\r\n");
}

static void texts_never_break_a_row(void **state)
{
	harmony_dbopen_options options = HARMONY_DBOPEN_OPTIONS_INIT;
	const item items[] = {{.side = "sales",
	                       .party = "1",
	                       .invoice = "2",
	                       .outstanding = "1.00",
	                       .description = "a\rb\nc\td\x1b"
	                                      "e\x7f"
	                                      "f\xc2\x85g\xe2\x80\xa8h\x1ai \"j\", k"}};
	set(&options, "dbopen.columns", "description");
	WRITES(&options, items, "\"a b c d e f g h i \"\"j\"\", k\"\r\n");
	set(&options, "dbopen.quote", "minimal");
	WRITES(&options, items, "\"a b c d e f g h i \"\"j\"\", k\"\r\n");
}

static void code_pages_and_likenesses(void **state)
{
	harmony_dbopen_options options = HARMONY_DBOPEN_OPTIONS_INIT;
	/* é ë in both code pages, € in one, Ł ș in none */
	const item items[] = {{.side = "sales",
	                       .party = "1",
	                       .invoice = "2",
	                       .outstanding = "1.00",
	                       .description = "\xc3\xa9\xc3\xab \xe2\x82\xac \xc5\x81\xc8\x99"}};
	set(&options, "dbopen.columns", "description");
	WRITES(&options, items, "\"\xe9\xeb \x80 Ls\"\r\n");
	set(&options, "dbopen.encoding", "cp850");
	WRITES(&options, items, "\"\x82\x89 EUR Ls\"\r\n");
	set(&options, "dbopen.encoding", "utf-8");
	WRITES(&options, items, "\"\xc3\xa9\xc3\xab \xe2\x82\xac \xc5\x81\xc8\x99\"\r\n");
}

static void widths_count_characters(void **state)
{
	harmony_dbopen_options options = HARMONY_DBOPEN_OPTIONS_INIT;
	char text[2 * 70 + 1] = "", expected[200];
	for (int i = 0; i < 70; i++)
		strcat(text, "\xc3\xa9");
	const item items[] = {{.side = "sales",
	                       .party = "1",
	                       .invoice = "2",
	                       .outstanding = "1.00",
	                       .description = text}};
	set(&options, "dbopen.columns", "description,invoice");
	set(&options, "dbopen.encoding", "utf-8");
	snprintf(expected, sizeof expected, "\"%.120s\",\"2\"\r\n", text);
	WRITES(&options, items, expected);
	set(&options, "dbopen.encoding", "windows-1252");
	bytes out = written(&options, items, 1);
	assert_int_equal(out.len, 2 + 60 + 1 + 3 + 2);
	bytes_free(&out);
}

static void numbers_are_never_cut_and_keep_their_zeros(void **state)
{
	harmony_dbopen_options options = HARMONY_DBOPEN_OPTIONS_INIT;
	const item items[] = {{.side = "sales",
	                       .party = "0000000000000000000000001",
	                       .invoice = "00012345678901234567890123456789",
	                       .outstanding = "1.00"}};
	set(&options, "dbopen.columns", "relation,invoice");
	WRITES(&options, items,
	       "\"0000000000000000000000001\",\"00012345678901234567890123456789\"\r\n");
}

static void amounts_always_agree(void **state)
{
	harmony_dbopen_options options = HARMONY_DBOPEN_OPTIONS_INIT;
	const item items[] = {
	    {.side = "sales", .party = "1", .invoice = "1", .outstanding = "5.00"},
	    {.side = "sales", .party = "1", .invoice = "2", .amount = "8.00", .outstanding = "5.00"},
	    {.side = "sales", .party = "1", .invoice = "3", .amount = "8.00", .paid = "3.00"},
	    {.side = "sales", .party = "1", .invoice = "4", .paid = "3.00", .outstanding = "5.00"},
	    {.side = "sales",
	     .party = "1",
	     .invoice = "5",
	     .amount = "8.00",
	     .paid = "1.00",
	     .outstanding = "5.00"},
	    {.side = "sales", .party = "1", .invoice = "6", .amount = "-0.01", .outstanding = "-0.01"},
	};
	set(&options, "dbopen.columns", "invoiceamount,paid,outstanding");
	WRITES(&options, items,
	       "5.00,0.00,5.00\r\n8.00,3.00,5.00\r\n8.00,3.00,5.00\r\n8.00,3.00,5.00\r\n"
	       "8.00,3.00,5.00\r\n-0.01,0.00,-0.01\r\n");
}

static void absent_fields_are_empty(void **state)
{
	const item items[] = {{.side = "sales", .party = "1", .invoice = "2", .outstanding = "5.00"}};
	WRITES(NULL, items, "\"1\",\"2\",,,\"\",5.00,0.00,5.00,\"D\",\"\",\"\"\r\n");
}

static void count_log(int level, const char *message, void *user)
{
	++*(int *)user;
	assert_non_null(strstr(message, "invoice number"));
}

static void what_is_left_out(void **state)
{
	int logged = 0;
	harmony_error error = HARMONY_ERROR_INIT;
	harmony_context *other = NULL;
	harmony_context_options with = HARMONY_CONTEXT_OPTIONS_INIT;
	harmony_dbopen_options options = HARMONY_DBOPEN_OPTIONS_INIT;
	harmony_dbopen_writer *writer = NULL;
	with.log = count_log;
	with.log_user = &logged;
	assert_int_equal(harmony_context_new(&other, &with, NULL), HARMONY_OK);
	set(&options, "dbopen.sides", "sales");
	assert_int_equal(harmony_dbopen_writer_new(&writer, other, &options, &error), HARMONY_OK);
	const item items[] = {
	    {.side = "sales", .party = "1", .invoice = "1", .outstanding = "5.00"},
	    {.side = "purchase", .party = "1", .invoice = "1", .outstanding = "5.00"},
	    {.side = "sales", .party = "1", .invoice = "2", .amount = "5.00", .outstanding = "0.00"},
	    {.side = "sales", .party = "1", .outstanding = "-5.00"},
	};
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(add(writer, other, &items[i], &error), HARMONY_OK);
	assert_int_equal(harmony_dbopen_writer_count(writer, HARMONY_SIDE_SALES), 1);
	assert_int_equal(harmony_dbopen_writer_count(writer, HARMONY_SIDE_PURCHASE), 0);
	assert_int_equal(harmony_dbopen_writer_count(writer, HARMONY_SIDES), 1);
	assert_int_equal(logged, 1);
	harmony_dbopen_writer_free(writer);
	harmony_context_free(other);
}

static void what_is_refused(void **state)
{
	static const struct {
		item item;
		harmony_status status;
		const char *code;
	} cases[] = {
	    {{.party = "1", .invoice = "1", .outstanding = "5.00"}, HARMONY_INVALID, "missing_field"},
	    {{.side = "both", .party = "1", .invoice = "1", .outstanding = "5.00"},
	     HARMONY_INVALID,
	     "invalid_value"},
	    {{.side = "sales", .invoice = "1", .outstanding = "5.00"}, HARMONY_INVALID, "missing_field"},
	    {{.side = "sales", .party = "1", .invoice = "1", .amount = "5.00"},
	     HARMONY_INVALID,
	     "missing_field"},
	    {{.side = "sales",
	      .party = "1",
	      .invoice = "1",
	      .amount = "92233720368547758.07",
	      .outstanding = "-1.00"},
	     HARMONY_RANGE,
	     "invalid_amount"},
	    {{.side = "sales", .party = "1", .invoice = "1", .outstanding = "1.00", .due = "2099-12-31"},
	     HARMONY_RANGE,
	     "invalid_date"},
	};
	harmony_dbopen_options options = HARMONY_DBOPEN_OPTIONS_INIT;
	harmony_dbopen_writer *writer = NULL;
	set(&options, "dbopen.dates", "DDMMYY");
	assert_int_equal(harmony_dbopen_writer_new(&writer, context, &options, NULL), HARMONY_OK);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		harmony_error error = HARMONY_ERROR_INIT;
		assert_int_equal(add(writer, context, &cases[i].item, &error), cases[i].status);
		assert_string_equal(error.code, cases[i].code);
		assert_true(strlen(error.message) > 20);
	}
	assert_int_equal(harmony_dbopen_writer_count(writer, HARMONY_SIDES), 0);
	const item good = samples_items[0]; /* it goes on */
	assert_int_equal(add(writer, context, &good, NULL), HARMONY_OK);
	assert_int_equal(harmony_dbopen_writer_count(writer, HARMONY_SIDES), 1);
	harmony_record *memorial = NULL;
	harmony_error error = HARMONY_ERROR_INIT;
	assert_int_equal(harmony_record_new(&memorial, context, HARMONY_MEMORIAL, NULL), HARMONY_OK);
	assert_int_equal(harmony_dbopen_writer_add(writer, memorial, &error), HARMONY_INVALID);
	assert_string_equal(error.code, "unsupported_kind");
	harmony_record_free(memorial);
	harmony_dbopen_writer_free(writer);
}

static unsigned next(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16;
}

/* Sides, relations, invoices (byte order, so "10" before "9"), dates. */
static void order_is_whole_and_any_order_gives_the_same_bytes(void **state)
{
	static const char *const codes[] = {"10", "9", "a", "B", "\xc3\xa9", "010"};
	static const char *const days[] = {NULL, "2024-01-02", "2024-01-01", "2023-12-31"};
	item items[288];
	size_t count = 0;
	for (size_t side = 0; side < 2; side++)
		for (size_t party = 0; party < 6; party++)
			for (size_t invoice = 0; invoice < 6; invoice++)
				for (size_t day = 0; day < 4; day++)
					items[count++] = (item){.side = side ? "sales" : "purchase",
					                        .party = codes[party],
					                        .invoice = codes[invoice],
					                        .date = days[day],
					                        .outstanding = "1.00"};
	bytes first = written(NULL, items, count);
	const char *start = "\"010\",\"010\",,,\"\",1.00,0.00,1.00,\"D\",\"\",\"\"\r\n"
	                    "\"010\",\"010\",31122023,,\"\",1.00,0.00,1.00,\"D\",\"\",\"\"\r\n"
	                    "\"010\",\"010\",01012024,,\"\",1.00,0.00,1.00,\"D\",\"\",\"\"\r\n"
	                    "\"010\",\"010\",02012024,,\"\",1.00,0.00,1.00,\"D\",\"\",\"\"\r\n"
	                    "\"010\",\"10\",";
	assert_memory_equal(first.data, start, strlen(start));
	for (unsigned seed = 1; seed <= 20; seed++) {
		unsigned random = seed;
		for (size_t i = count - 1; i > 0; i--) {
			size_t other = next(&random) % (i + 1);
			item swap = items[i];
			items[i] = items[other];
			items[other] = swap;
		}
		bytes again = written(NULL, items, count);
		assert_string_equal(again.data, first.data);
		bytes_free(&again);
	}
	bytes_free(&first);
}

/* By what stands in the file, so that reading and writing it again changes nothing. */
static void order_is_that_of_the_bytes_in_the_file(void **state)
{
	harmony_dbopen_options options = HARMONY_DBOPEN_OPTIONS_INIT;
	const item items[] = {
	    {.side = "sales", .party = "a\x01z", .invoice = "1", .outstanding = "1.00"},
	    {.side = "sales", .party = "a b", .invoice = "1", .outstanding = "1.00"},
	    {.side = "sales", .party = "a\xc5\x81", .invoice = "1", .outstanding = "1.00"},
	};
	set(&options, "dbopen.columns", "relation");
	WRITES(&options, items, "\"a b\"\r\n\"a z\"\r\n\"aL\"\r\n");
}

static harmony_status refuse(const void *data, size_t len, void *user)
{
	return HARMONY_USER;
}

static void the_host_can_end_the_writing(void **state)
{
	harmony_error error = HARMONY_ERROR_INIT;
	harmony_dbopen_writer *writer = NULL;
	assert_int_equal(harmony_dbopen_writer_new(&writer, context, NULL, &error), HARMONY_OK);
	/* nothing outstanding is nothing to write */
	assert_int_equal(harmony_dbopen_writer_write(writer, refuse, NULL, &error), HARMONY_OK);
	assert_int_equal(add(writer, context, &samples_items[0], &error), HARMONY_OK);
	assert_int_equal(harmony_dbopen_writer_write(writer, refuse, NULL, &error), HARMONY_USER);
	assert_int_equal(error.status, HARMONY_USER);
	harmony_dbopen_writer_free(writer);
}

/* ---- settings ------------------------------------------------------------------------ */

static void every_documented_choice_is_taken(void **state)
{
	harmony_dbopen_options options = HARMONY_DBOPEN_OPTIONS_INIT;
	for (const harmony_key *key = harmony_dbopen_keys(); key->name; key++) {
		assert_non_null(key->help);
		set(&options, key->name, key->fallback);
		if (key->type != HARMONY_KEY_CHOICE)
			continue;
		char *choices = strdup(key->choices), *rest = choices;
		for (char *word; (word = strtok_r(rest, "|", &rest)); )
			set(&options, key->name, word);
		free(choices);
	}
}

/* The fallbacks that the table documents are what is written without settings. */
static void fallbacks_are_the_default(void **state)
{
	harmony_dbopen_options options = HARMONY_DBOPEN_OPTIONS_INIT;
	for (const harmony_key *key = harmony_dbopen_keys(); key->name; key++)
		set(&options, key->name, key->fallback);
	bytes plain = written(NULL, samples_items, 3);
	WRITES(&options, samples_items, plain.data);
	bytes_free(&plain);
}

static void wrong_settings_say_what_is_right(void **state)
{
	static const struct {
		const char *key, *value, *says;
	} cases[] = {
	    {"dbopen.delimter", "comma", "dbopen.delimiter"},
	    {"dbopen.columns", "relation,invoise", "\"invoice\""},
	    {"dbopen.columns", "relation,zzzzzzzzzz", "expiration"},
	    {"dbopen.columns", "relation,date,relation", "twice"},
	    {"dbopen.columns", "relation,,date", "is not a column"},
	    {"dbopen.columns", "", "is not a column"},
	    {"dbopen.columns", "relation,", "is not a column"},
	    {"dbopen.delimiter", "colon", "semicolon"},
	    {"dbopen.delimiter", "\"", "semicolon"},
	    {"dbopen.decimal", "dot", "point"},
	    {"dbopen.dates", "MMDDYYYY", "YYYY-MM-DD"},
	    {"dbopen.encoding", "latin1", "windows-1252"},
	    {"dbopen.header", "maybe", "yes"},
	    {"dbopen.quote", "none", "minimal"},
	    {"dbopen.sides", "sales,sale", "purchase"},
	    {"dbopen.sides", "", "purchase"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		harmony_dbopen_options options = HARMONY_DBOPEN_OPTIONS_INIT, before = options;
		harmony_error error = HARMONY_ERROR_INIT;
		assert_int_equal(
		    harmony_dbopen_options_set(&options, cases[i].key, cases[i].value, &error),
		    HARMONY_CONFIG);
		if (!strstr(error.message, cases[i].says))
			fail_msg("%s=%s: %s", cases[i].key, cases[i].value, error.message);
		assert_memory_equal(&options, &before, sizeof options);
	}
}

static void wrong_options_are_refused(void **state)
{
	static const harmony_dbopen_options cases[] = {
	    {.struct_size = 0},
	    {.struct_size = sizeof cases[0], .delimiter = '"'},
	    {.struct_size = sizeof cases[0], .delimiter = '\n'},
	    {.struct_size = sizeof cases[0], .delimiter = (char)0xe9},
	    {.struct_size = sizeof cases[0], .decimal = ';'},
	    {.struct_size = sizeof cases[0], .dates = 9},
	    {.struct_size = sizeof cases[0], .encoding = -1},
	    {.struct_size = sizeof cases[0], .header = 2},
	    {.struct_size = sizeof cases[0], .quote = 3},
	    {.struct_size = sizeof cases[0], .sides = 4},
	    {.struct_size = sizeof cases[0], .column_count = 12},
	    {.struct_size = sizeof cases[0], .column_count = 2, .columns = {3, 3}},
	    {.struct_size = sizeof cases[0], .column_count = 1, .columns = {11}},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		harmony_error error = HARMONY_ERROR_INIT;
		harmony_dbopen_writer *writer = (void *)&error;
		harmony_dbopen_reader *reader = (void *)&error;
		assert_int_equal(harmony_dbopen_writer_new(&writer, context, &cases[i], &error),
		                 HARMONY_INVALID);
		assert_null(writer);
		assert_int_equal(harmony_dbopen_reader_new(&reader, context, &cases[i], "", on_record, NULL,
		                                           NULL, &error),
		                 HARMONY_INVALID);
		assert_null(reader);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(default_is_the_proposal),
	    cmocka_unit_test(prefix_is_the_minimal_proposal),
	    cmocka_unit_test(every_dialect_setting),
	    cmocka_unit_test(texts_never_break_a_row),
	    cmocka_unit_test(code_pages_and_likenesses),
	    cmocka_unit_test(widths_count_characters),
	    cmocka_unit_test(numbers_are_never_cut_and_keep_their_zeros),
	    cmocka_unit_test(amounts_always_agree),
	    cmocka_unit_test(absent_fields_are_empty),
	    cmocka_unit_test(what_is_left_out),
	    cmocka_unit_test(what_is_refused),
	    cmocka_unit_test(order_is_whole_and_any_order_gives_the_same_bytes),
	    cmocka_unit_test(order_is_that_of_the_bytes_in_the_file),
	    cmocka_unit_test(the_host_can_end_the_writing),
	    cmocka_unit_test(every_documented_choice_is_taken),
	    cmocka_unit_test(fallbacks_are_the_default),
	    cmocka_unit_test(wrong_settings_say_what_is_right),
	    cmocka_unit_test(wrong_options_are_refused),
	};
	samples = argc > 1 ? argv[1] : ".";
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
