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

static const char *text_of(const harmony_record *record, const char *name)
{
	static char buffers[4][512];
	static int turn;
	char *buffer = buffers[turn = (turn + 1) % 4];
	buffer[0] = '\0';
	if (harmony_record_get_path(buffer, sizeof buffers[0], record, name) == SIZE_MAX)
		buffer[0] = '\0';
	return buffer;
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static void assert_item(const harmony_record *record, const item *expected)
{
	assert_string_equal(text_of(record, "side"), or_empty(expected->side));
	assert_string_equal(text_of(record, "party"), or_empty(expected->party));
	assert_string_equal(text_of(record, "invoice_number"), or_empty(expected->invoice));
	assert_string_equal(text_of(record, "date"), or_empty(expected->date));
	assert_string_equal(text_of(record, "due_date"), or_empty(expected->due));
	assert_string_equal(text_of(record, "description"), or_empty(expected->description));
	assert_string_equal(text_of(record, "amount"), or_empty(expected->amount));
	assert_string_equal(text_of(record, "paid"), or_empty(expected->paid));
	assert_string_equal(text_of(record, "outstanding"), or_empty(expected->outstanding));
	assert_string_equal(text_of(record, "currency"), or_empty(expected->currency));
	assert_string_equal(text_of(record, "reference"), or_empty(expected->reference));
}

static bytes sample(const char *name)
{
	char path[1024];
	snprintf(path, sizeof path, "%s/%s", samples, name);
	return bytes_of_file(path);
}

static void reads_the_proposal(void **state)
{
	bytes file = sample("dbopen-PROPOSAL-11col.csv");
	reading got = read_bytes(context, NULL, file.data, file.len, 0, 0);
	assert_int_equal(got.status, HARMONY_OK);
	assert_int_equal(got.good, 3);
	assert_int_equal(got.failures + got.warnings, 0);
	for (size_t i = 0; i < 3; i++) {
		assert_item(got.records[i], &samples_items[i]);
		assert_string_equal(harmony_record_source_file(got.records[i]), "dbopen.csv");
		assert_int_equal(harmony_record_source_line(got.records[i]), i + 1);
	}
	reading_free(&got);
	bytes_free(&file);
}

static void reads_the_prefix(void **state)
{
	bytes file = sample("dbopen-PROPOSAL-minimal-7col.csv");
	reading got = read_bytes(context, NULL, file.data, file.len, 0, 0);
	assert_int_equal(got.good, 3);
	assert_int_equal(got.warnings, 1); /* no type: read as sales, said once */
	assert_non_null(strstr(got.text.data, "dbopen.sides"));
	for (size_t i = 0; i < 3; i++) {
		item expected = samples_items[i];
		expected.side = "sales";
		expected.currency = expected.reference = NULL;
		assert_item(got.records[i], &expected);
	}
	reading_free(&got);
	harmony_dbopen_options options = HARMONY_DBOPEN_OPTIONS_INIT;
	options.sides = HARMONY_SIDE_PURCHASE;
	got = read_bytes(context, &options, file.data, file.len, 0, 0);
	assert_int_equal(got.good, 3);
	assert_int_equal(got.warnings, 0);
	assert_string_equal(text_of(got.records[0], "side"), "purchase");
	reading_free(&got);
	bytes_free(&file);
}

static void title_row_maps_by_name(void **state)
{
	reading got = read_text(context, NULL,
	                        "Outstanding;type;INVOICE;relation;remark;invoice\r\n"
	                        "12,50;C;007;0042;x;y\r\n");
	assert_int_equal(got.good, 1);
	assert_int_equal(got.failures, 0);
	assert_int_equal(got.warnings, 2); /* remark is not known, invoice stands twice */
	const item expected = {
	    .side = "purchase", .party = "0042", .invoice = "007", .outstanding = "12.50"};
	assert_item(got.records[0], &expected);
	reading_free(&got);
	got = read_text(context, NULL, "relation,invoice,expration,outstanding\r\n");
	assert_non_null(strstr(got.text.data, "did you mean \"expiration\"?"));
	reading_free(&got);
}

static void dialect_is_told_by_the_content(void **state)
{
	static const char *const files[] = {
	    "1;2;15012024;14022024;\"caf\xc3\xa9\";142,80;0,00;142,80;D;EUR;r\r\n",
	    "1;2;15-01-2024;14-02-2024;caf\xe9;142,80;0,00;142,80;d;EUR;r\n",
	    "\xef\xbb\xbf\"1\"\t2\t2024-01-15\t2024-02-14\tcaf\xc3\xa9\t142.8\t0\t142.80\tD\tEUR\tr\n",
	    "1,2,15/01/2024,14/02/2024,caf\x82,142.80,0.00,+142.80,D,EUR,r\r\n\x1a",
	    "1,2,15012024,14022024, caf\x82 ,\"142,80\",\"0,00\",\"142,80\",D,EUR,r\r",
	};
	const item expected = {"sales", "1",    "2",      "2024-01-15", "2024-02-14", "caf\xc3\xa9",
	                       "142.80", "0.00", "142.80", "EUR",        "r"};
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		reading got = read_text(context, NULL, files[i]);
		assert_int_equal(got.status, HARMONY_OK);
		if (got.good != 1 || got.warnings > 0)
			fail_msg("%s", got.text.data);
		assert_item(got.records[0], &expected);
		reading_free(&got);
	}
}

/* Bad rows: each with its line, column, name and raw text, and the others go on. */
static const char bad_rows[] =
    "\"1001\",\"1\",15012024,,\"x\",10.00,0.00,10.00,\"D\",\"EUR\",\"\"\r\n"
    "\"1001\",\"2\",31022024,,\"x\",10.00,0.00,10.00,\"D\",\"EUR\",\"\"\r\n"
    "\"1001\",\"3\",15012024,,\"x\",1.000.00,0.00,10.00,\"D\",\"EUR\",\"\"\r\n"
    "\"1001\",\"4\",15012024,,\"x\",10.00,0.00,10.005,\"D\",\"EUR\",\"\"\r\n"
    "\"1001\",\"5\",15012024,,\"x\",10.00,0.00,10.00,\"X\",\"EUR\",\"\"\r\n"
    "\"\",\"6\",15012024,,\"x\",10.00,0.00,10.00,\"D\",\"EUR\",\"\"\r\n"
    "\"1001\",\"7\",15012024,,\"x\",10.00,0.00,10.00\r\n"
    "\"1001\",\"8\",15012024,,x, y,10.00,0.00,10.00,\"D\",\"EUR\",\"\"\r\n"
    "\"1001\",\"9\",15012024,,\"x\",10.00,1.00,8.00,\"D\",\"EUR\",\"\"\r\n"
    "\"1001\",\"10\",15012024,,\"x\",10.00,,,\"D\",\"EUR\",\"\"\r\n"
    "\"1001\",\"11\",15012024,,\"x\",10.00,3.00,,\"D\",\"EUR\",\"\"\r\n";

static void bad_rows_are_said_and_the_others_go_on(void **state)
{
	static const char *const says[] = {
	    "2 invalid_date dbopen.csv:2:3 date [31022024]",
	    "2 invalid_amount dbopen.csv:3:6 invoiceamount [1.000.00]",
	    "2 invalid_amount dbopen.csv:4:8 outstanding [10.005]",
	    "2 invalid_value dbopen.csv:5:9 type [X]",
	    "2 missing_field dbopen.csv:6:1 relation []",
	    "2 damaged_row dbopen.csv:7:0  [1001] the row has 8 fields where the file has 11",
	    "2 damaged_row dbopen.csv:8:0  [1001] the row has 12 fields where the file has 11",
	    "2 total_mismatch dbopen.csv:9:8 outstanding [8.00]",
	    "2 missing_field dbopen.csv:10:8 outstanding []",
	};
	reading got = read_text(context, NULL, bad_rows);
	assert_int_equal(got.status, HARMONY_OK);
	for (size_t i = 0; i < sizeof says / sizeof says[0]; i++)
		if (!strstr(got.text.data, says[i]))
			fail_msg("%s\nis not in\n%s", says[i], got.text.data);
	assert_int_equal(got.count, 11);
	assert_int_equal(got.good, 2);
	assert_int_equal(got.failures, 9);
	assert_int_equal(got.warnings, 0);
	assert_string_equal(text_of(got.records[8], "outstanding"), "8.00");
	assert_string_equal(text_of(got.records[10], "outstanding"), "7.00");
	assert_string_equal(text_of(got.records[10], "amount"), "10.00");
	reading_free(&got);
}

static void undecodable_bytes_are_a_failure(void **state)
{
	harmony_dbopen_options options = HARMONY_DBOPEN_OPTIONS_INIT;
	options.encoding = HARMONY_ENCODING_UTF_8;
	reading got = read_text(context, &options, "1,2,,,caf\xe9,1.00,0,1.00,D,EUR,\r\n");
	assert_int_equal(got.good, 0);
	assert_non_null(strstr(got.text.data, "invalid_text dbopen.csv:1:5 description [caf?]"));
	assert_non_null(strstr(got.text.data, "dbopen.encoding"));
	reading_free(&got);
}

static void nothing_is_fine(void **state)
{
	static const char *const files[] = {"", "\r\n\r\n", "\xef\xbb\xbf",
	                                    "relation,invoice,outstanding\r\n"};
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		reading got = read_text(context, NULL, files[i]);
		assert_int_equal(got.status, HARMONY_OK);
		assert_int_equal(got.count, 0);
		assert_int_equal(got.failures + got.warnings, 0);
		reading_free(&got);
	}
}

static harmony_status end_it(const harmony_record *record, const harmony_diagnostic *failures,
                             size_t count, void *user)
{
	return HARMONY_USER;
}

static void a_callback_ends_it_and_the_handle(void **state)
{
	harmony_error error = HARMONY_ERROR_INIT;
	harmony_dbopen_reader *reader = NULL;
	assert_int_equal(harmony_dbopen_reader_new(&reader, context, NULL, "f", end_it, NULL, NULL,
	                                           &error),
	                 HARMONY_OK);
	harmony_status status = harmony_dbopen_reader_feed(reader, bad_rows, strlen(bad_rows), &error);
	if (status == HARMONY_OK)
		status = harmony_dbopen_reader_finish(reader, &error);
	assert_int_equal(status, HARMONY_USER);
	assert_int_equal(error.status, HARMONY_USER);
	harmony_error_clear(&error);
	assert_int_equal(harmony_dbopen_reader_feed(reader, "x", 1, &error), HARMONY_STATE);
	assert_int_equal(harmony_dbopen_reader_finish(reader, NULL), HARMONY_STATE);
	harmony_dbopen_reader_free(reader);
}

/* ---- however the input is cut ------------------------------------------------------------ */

static const char awkward_file[] =
    "relation;invoice;date;expiration;description;invoiceamount;paid;outstanding;type;remark\r\n"
    "\"0001\";\"7\";15-01-2024;;\"caf\xc3\xa9 \"\"de\r\nZon\"\"; x\";142,80;0,00;142,80;D;\r\n"
    "\n"
    "0002;8;31-02-2024;;x;1,2,3;0,00;142,80;C;\r\n"
    "0003;9;15-01-2024;;\"open\r\n"
    "0004;10;15-01-2024;14-02-2024;;-1,00;0,00;-1,00;C;x";

static void every_split_reads_the_same(void **state)
{
	const char *const files[] = {awkward_file, bad_rows};
	for (size_t f = 0; f < 2; f++) {
		size_t len = strlen(files[f]);
		reading whole = read_text(context, NULL, files[f]);
		assert_int_equal(whole.status, HARMONY_OK);
		assert_true(whole.count > 2);
		for (size_t split = 1; split < len; split++) {
			reading got = read_bytes(context, NULL, files[f], len, split, 0);
			assert_string_equal(got.text.data, whole.text.data);
			reading_free(&got);
		}
		for (size_t chunk = 1; chunk < 8; chunk++) {
			reading got = read_bytes(context, NULL, files[f], len, 0, chunk);
			assert_string_equal(got.text.data, whole.text.data);
			reading_free(&got);
		}
		reading_free(&whole);
	}
}

/* A file that was cut: the whole rows are read as before, and the cut is said unless
   it is between two rows. */
static void every_truncation_is_told(void **state)
{
	bytes file = sample("dbopen-PROPOSAL-11col.csv");
	for (size_t len = 1; len < file.len; len++) {
		reading got = read_bytes(context, NULL, file.data, len, 0, 0);
		assert_int_equal(got.status, HARMONY_OK);
		size_t whole = 0;
		for (size_t i = 0; i < len; i++)
			whole += file.data[i] == '\n' || (file.data[i] == '\r' && i + 1 == len);
		assert_true(got.count >= whole && got.count <= whole + 1);
		for (size_t i = 0; i < whole; i++)
			assert_item(got.records[i], &samples_items[i]);
		if (file.data[len - 1] != '\n' && file.data[len - 1] != '\r')
			assert_true(got.failures + got.warnings > 0);
		reading_free(&got);
	}
	bytes_free(&file);
}

/* The encoding is decided from the first bytes, also when they hold half a character. */
static void a_long_file_reads_the_same_in_any_pieces(void **state)
{
	bytes file = {0};
	char row[200];
	for (int i = 0; i < 2000; i++) {
		snprintf(row, sizeof row, "\"%04d\",\"%d\",15012024,,\"%s\",1.00,0.00,1.00,\"D\",\"EUR\",\"\"\r\n",
		         i, i, i % 3 ? "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9" : "\xe2\x82\xac");
		bytes_str(&file, row);
	}
	assert_true(file.len > HARMONY_DETECT_WINDOW);
	reading whole = read_bytes(context, NULL, file.data, file.len, 0, 0);
	assert_int_equal(whole.good, 2000);
	for (size_t chunk = 4093; chunk < 4100; chunk++) {
		reading got = read_bytes(context, NULL, file.data, file.len, 0, chunk);
		assert_string_equal(got.text.data, whole.text.data);
		reading_free(&got);
	}
	for (size_t first = HARMONY_DETECT_WINDOW - 3; first < HARMONY_DETECT_WINDOW + 4; first++) {
		reading got = read_bytes(context, NULL, file.data, file.len, first, 0);
		assert_string_equal(got.text.data, whole.text.data);
		reading_free(&got);
	}
	reading_free(&whole);
	bytes_free(&file);
}

static void hostile_input_ends_well(void **state)
{
	size_t len = 3u * 1024 * 1024;
	char *noise = malloc(len);
	unsigned seed = 7;
	assert_non_null(noise);
	static const char *const patterns[] = {"\"", ",", "\"\"\r\n", "a", "1,", "\0\r\n", "D;\n"};
	for (size_t p = 0; p <= sizeof patterns / sizeof patterns[0]; p++) {
		for (size_t i = 0; i < len; i++) {
			seed = seed * 1103515245u + 12345u;
			noise[i] = p == sizeof patterns / sizeof patterns[0]
			               ? (char)(seed >> 16)
			               : patterns[p][i % (strlen(patterns[p]) + (patterns[p][0] == 0) * 3)];
		}
		harmony_dbopen_reader *reader = NULL;
		assert_int_equal(harmony_dbopen_reader_new(&reader, context, NULL, "noise", NULL, NULL,
		                                           NULL, NULL),
		                 HARMONY_INVALID); /* a callback is a must */
		reading got = read_bytes(context, NULL, noise, p < 4 ? len : len / 16, 0, 65536);
		assert_true(got.status == HARMONY_OK || got.status == HARMONY_FORMAT);
		assert_int_equal(got.good, 0);
		reading_free(&got);
	}
	free(noise);
}

/* ---- what was written is read ---------------------------------------------------------- */

static unsigned seed = 20240115;

static unsigned next(unsigned below)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % below;
}

static const char *const awkward[] = {
    "x", "0007", " lead", "trail ", "  ", "a,b", "a;b", "a\tb", "a\"b", "\"", "\"\"", ",", "'", "-1",
    "1.5", "=1+1", "a|b", "relation", "D", "\r\n", "a\nb", "\x1a", "\x1b[0m", "0\"\"", "-", ".",
    "caf\xc3\xa9", "\xe2\x82\xac" "5", "\xef\xbb\xbf" "bom", "\xc3\xbf\xc3\xbe", "\xc3\xaf\xc2\xbb\xc2\xbf",
    "\xe2\x80\x9cq\xe2\x80\x9d", "\xe2\x80\x9a", "\xc2\x85", "\xe2\x80\xa8", "\xf0\x9f\x8d\x9e",
    "\xc5\x81\xc3\xb3" "d\xc5\xba", "111111", "#", "\\", "a b",
};

static const char *pick(bool may_be_absent)
{
	unsigned at = next(sizeof awkward / sizeof awkward[0] + (may_be_absent ? 8 : 0));
	return at < sizeof awkward / sizeof awkward[0] ? awkward[at] : NULL;
}

/* Three amounts that agree, and days that every date format can hold. */
static void random_item(item *to, char texts[5][32])
{
	int64_t amount = (int64_t)next(30000) * 4000 - 60000000, paid = next(2) ? 0 : next(30000);
	if (amount == paid)
		amount++;
	harmony_decimal_format(texts[0], amount, 2, '.');
	harmony_decimal_format(texts[1], paid, 2, '.');
	harmony_decimal_format(texts[2], amount - paid, 2, '.');
	snprintf(texts[3], 32, "20%02u-%02u-%02u", next(90), 1 + next(12), 1 + next(28));
	snprintf(texts[4], 32, "20%02u-%02u-%02u", next(90), 1 + next(12), 1 + next(28));
	*to = (item){.side = next(2) ? "sales" : "purchase",
	             .party = pick(false),
	             .invoice = pick(false),
	             .date = next(4) ? texts[3] : NULL,
	             .due = next(4) ? texts[4] : NULL,
	             .description = pick(true),
	             .amount = texts[0],
	             .paid = texts[1],
	             .outstanding = texts[2],
	             .currency = next(4) ? "EUR" : NULL,
	             .reference = pick(true)};
}

/* A choice of columns: all of them in order, or some in any order. */
static void random_columns(harmony_dbopen_options *options)
{
	uint8_t all[HARMONY_DBOPEN_COLUMNS];
	options->column_count = next(3) ? HARMONY_DBOPEN_COLUMNS : 1 + next(HARMONY_DBOPEN_COLUMNS);
	for (unsigned i = 0; i < HARMONY_DBOPEN_COLUMNS; i++)
		all[i] = (uint8_t)i;
	for (unsigned i = HARMONY_DBOPEN_COLUMNS - 1; i > 0; i--) {
		unsigned other = next(i + 1);
		uint8_t swap = all[i];
		all[i] = all[other];
		all[other] = swap;
	}
	memcpy(options->columns, all, sizeof all);
}

/* The text as UTF-8 dbopen.csv holds it: control characters are spaces. The awkward
   texts are shorter than every width. */
static void cleaned(char *to, const char *text)
{
	static const char *const controls[] = {"\xef\xbb\xbf", "\xc2\x85", "\xe2\x80\xa8"};
	while (text && *text) {
		size_t taken = 0;
		for (size_t i = 0; i < 3; i++)
			if (strncmp(text, controls[i], strlen(controls[i])) == 0)
				taken = strlen(controls[i]);
		if ((unsigned char)*text < 0x20)
			taken = 1;
		*to++ = taken > 0 ? ' ' : *text;
		text += taken > 0 ? taken : 1;
	}
	*to = '\0';
}

static bytes write_one(const harmony_dbopen_options *options, const harmony_record *record)
{
	bytes out = {0};
	harmony_error error = HARMONY_ERROR_INIT;
	harmony_dbopen_writer *writer = NULL;
	bytes_str(&out, "");
	assert_int_equal(harmony_dbopen_writer_new(&writer, context, options, &error), HARMONY_OK);
	if (harmony_dbopen_writer_add(writer, record, &error) != HARMONY_OK)
		fail_msg("%s", error.message);
	assert_int_equal(harmony_dbopen_writer_write(writer, bytes_add, &out, &error), HARMONY_OK);
	harmony_dbopen_writer_free(writer);
	return out;
}

static bool has_column(const harmony_dbopen_options *options, int column)
{
	for (size_t i = 0; i < options->column_count; i++)
		if (options->columns[i] == column)
			return true;
	return false;
}

static void assert_columns(const harmony_record *got, const harmony_record *expected,
                           const harmony_dbopen_options *options, const char *file)
{
	static const char *const fields[HARMONY_DBOPEN_COLUMNS] = {
	    "party", "invoice_number", "date",     "due_date", "description", "amount",
	    "paid",  "outstanding",    "side",     "currency", "reference"};
	for (size_t i = 0; i < options->column_count; i++) {
		const char *name = fields[options->columns[i]];
		const char *want = text_of(expected, name);
		char clean[512];
		cleaned(clean, want);
		if (options->encoding != HARMONY_ENCODING_UTF_8)
			for (const char *at = clean; *at; at++)
				if ((unsigned char)*at >= 0x80)
					goto next; /* likenesses: see rewritten() */
		if (strcmp(text_of(got, name), clean) != 0)
			fail_msg("%s: [%s] was read from\n%s", name, text_of(got, name), file);
	next:;
	}
}

/* Read, and written once more: the same bytes, likenesses included. */
static void round_trip(const harmony_dbopen_options *options)
{
	item from;
	char texts[5][32];
	random_item(&from, texts);
	harmony_record *record = make(context, &from);
	bytes file = write_one(options, record);
	reading got = read_bytes(context, options, file.data, file.len, 0, 0);
	bool whole = has_column(options, HARMONY_DBOPEN_RELATION) &&
	             has_column(options, HARMONY_DBOPEN_TYPE) &&
	             has_column(options, HARMONY_DBOPEN_OUTSTANDING) &&
	             has_column(options, HARMONY_DBOPEN_INVOICE);
	assert_int_equal(got.status, HARMONY_OK);
	if (got.count != 1 || (whole && got.failures > 0))
		fail_msg("%s\nwas read from\n%s", got.text.data, file.data);
	assert_columns(got.records[0], record, options, file.data);
	if (options->column_count == HARMONY_DBOPEN_COLUMNS) {
		bytes again = write_one(options, got.records[0]);
		assert_string_equal(again.data, file.data);
		bytes_free(&again);
	}
	reading_free(&got);
	bytes_free(&file);
	harmony_record_free(record);
}

static void what_is_written_is_read_under_every_setting(void **state)
{
	static const char delimiters[] = {',', ';', '\t', '|', '.', '-', ' ', '1', 'e'};
	harmony_dbopen_options options = HARMONY_DBOPEN_OPTIONS_INIT;
	for (options.quote = 0; options.quote <= HARMONY_QUOTE_MINIMAL; options.quote++)
		for (options.encoding = 1; options.encoding <= 3; options.encoding++)
			for (options.dates = 1; options.dates <= HARMONY_DATES_YYYY_MM_DD; options.dates++)
				for (size_t d = 0; d < sizeof delimiters; d++)
					for (int other = 0; other < 4; other++) {
						options.delimiter = delimiters[d];
						options.decimal = other & 1 ? ',' : '.';
						options.header = other & 2 ? HARMONY_TITLES_YES : HARMONY_TITLES_NO;
						random_columns(&options);
						round_trip(&options);
					}
}

/* The default layout says enough of itself to be read without settings. */
static void the_default_needs_no_settings_to_be_read(void **state)
{
	harmony_dbopen_options write = HARMONY_DBOPEN_OPTIONS_INIT;
	for (int i = 0; i < 2000; i++) {
		item from;
		char texts[5][32];
		random_item(&from, texts);
		harmony_record *record = make(context, &from);
		bytes file = write_one(&write, record);
		reading got = read_bytes(context, NULL, file.data, file.len, 0, 0);
		if (got.good != 1)
			fail_msg("%s\nwas read from\n%s", got.text.data, file.data);
		assert_string_equal(text_of(got.records[0], "outstanding"), from.outstanding);
		assert_string_equal(text_of(got.records[0], "date"), from.date ? from.date : "");
		reading_free(&got);
		bytes_free(&file);
		harmony_record_free(record);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_the_proposal),
	    cmocka_unit_test(reads_the_prefix),
	    cmocka_unit_test(title_row_maps_by_name),
	    cmocka_unit_test(dialect_is_told_by_the_content),
	    cmocka_unit_test(bad_rows_are_said_and_the_others_go_on),
	    cmocka_unit_test(undecodable_bytes_are_a_failure),
	    cmocka_unit_test(nothing_is_fine),
	    cmocka_unit_test(a_callback_ends_it_and_the_handle),
	    cmocka_unit_test(every_split_reads_the_same),
	    cmocka_unit_test(every_truncation_is_told),
	    cmocka_unit_test(a_long_file_reads_the_same_in_any_pieces),
	    cmocka_unit_test(hostile_input_ends_well),
	    cmocka_unit_test(what_is_written_is_read_under_every_setting),
	    cmocka_unit_test(the_default_needs_no_settings_to_be_read),
	};
	samples = argc > 1 ? argv[1] : ".";
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
