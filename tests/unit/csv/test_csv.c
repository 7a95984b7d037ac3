/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <time.h>

#include "../../support/sweep.h"

#include "csv/csv.h"
#include "dump.h"

static const int scans[] = {HARMONY_CSV_SCAN_SCALAR, HARMONY_CSV_SCAN_BLOCK, HARMONY_CSV_SCAN_AVX2,
                            HARMONY__CSV_SCAN_PORTABLE};

static harmony_context *context;

static int setup(void **state)
{
	return harmony_context_new(&context, NULL, NULL);
}

static int teardown(void **state)
{
	harmony_context_free(context);
	return 0;
}

static char *split(const char *data, size_t len, int scan, char delimiter, size_t first, size_t chunk)
{
	harmony_csv_options options = HARMONY_CSV_OPTIONS_INIT;
	harmony_error error = HARMONY_ERROR_INIT;
	dump d = {0};

	options.scan = scan;
	options.delimiter = delimiter;
	dump_add(&d, "", 0);
	if (dump_run(&d, data, len, &options, first, chunk, context, &error) != HARMONY_OK)
		dump_add(&d, error.message, strlen(error.message));
	return d.text;
}

/* Whatever the scanner and the chunks: the same rows. */
static void check_same(const char *data, size_t len, char delimiter, bool every_split)
{
	static const size_t chunks[] = {1, 2, 3, 7, 63, 64, 65};
	char *expected = split(data, len, HARMONY_CSV_SCAN_SCALAR, delimiter, 0, 0);

	for (size_t s = 0; s < sizeof(scans) / sizeof(scans[0]); s++) {
		for (size_t c = 0; c < sizeof(chunks) / sizeof(chunks[0]); c++) {
			char *got = split(data, len, scans[s], delimiter, chunks[c], chunks[c]);
			assert_string_equal(got, expected);
			free(got);
		}
		for (size_t at = 0; at < (every_split ? len : 1); at++) {
			char *got = split(data, len, scans[s], delimiter, at, 0);
			assert_string_equal(got, expected);
			free(got);
		}
	}
	free(expected);
}

static void check(const char *input, const char *expected)
{
	char *got = split(input, strlen(input), HARMONY_CSV_SCAN_SCALAR, ',', 0, 0);

	assert_string_equal(got, expected);
	free(got);
	check_same(input, strlen(input), ',', true);
}

/* ---- quirks ------------------------------------------------------------------------------ */

static void test_rows(void **state)
{
	check("", "");
	check("a", "1@0 0:[a]\n");
	check("a,b\r\nc,d\r\n", "1@0 0:[a][b]\n2@5 0:[c][d]\n");
	check("a\rb\nc\r\nd", "1@0 0:[a]\n2@2 0:[b]\n3@4 0:[c]\n4@7 0:[d]\n");
	check("\n\r\n\ra\n\n\nb", "4@4 0:[a]\n7@8 0:[b]\n");
	check(",", "1@0 0:[][]\n");
	check("a,\n,b\n", "1@0 0:[a][]\n2@3 0:[][b]\n");
	check("\"\"", "1@0 0:<>\n");
	check("\"\",,\"\"\n", "1@0 0:<>[]<>\n");
	check("\xef\xbb\xbf" "a,b\n", "1@3 0:[a][b]\n");
	check("\xc3\xab,b\nc\n", "1@0 1:[\xc3\xab][b]\n2@5 0:[c]\n");
	check("a\n\x1a" "b\n", "1@0 0:[a]\n");
	check("a,\x1a\n\"\x1a\"", "1@0 0:[a][\x1a]\n2@4 0:<\x1a>\n");
	check("\x1a", "");
	/* behind the last row, too; in quotes it is text */
	check("a,b\x1a", "1@0 0:[a][b]\n");
	check("a,\"b\"\x1a\x1a", "1@0 0:[a]<b>\n");
	check("a,\x1a", "1@0 0:[a][]\n");
	check("a,\"\x1a\"", "1@0 0:[a]<\x1a>\n");
}

static void test_quotes(void **state)
{
	check("\"a\"\"b\",c\n", "1@0 0:<a\"b>[c]\n");
	check("\"\"\"\"\n\"\"\"a\"\"\"\n", "1@0 0:<\">\n2@5 0:<\"a\">\n");
	check("\"a,b\",\"c\nd\",e\nf\n", "1@0 0:<a,b><c\nd>[e]\n3@14 0:[f]\n");
	check("\"a\r\nb\"\r\nc", "1@0 0:<a\r\nb>\n3@8 0:[c]\n");
	check("\"abc\"def,g\n", "1@0 0:<abcdef>[g]\n");
	check("\"abc\"d\"ef\"\"\",g\n", "1@0 0:<abcd\"ef\"\"\">[g]\n");
	check("12\" pijp,a\"b\n", "1@0 0:[12\" pijp][a\"b]\n");
	check("\"Doos 100\"\" breed\",1\n", "1@0 0:<Doos 100\" breed>[1]\n");
}

static void test_repair(void **state)
{
	check("1,0\"\",\"x\"\n", "1@0 2:[1][0]<><x>\n");
	check("0\"\"", "1@0 2:[0]<>\n");
	check("0\"\"\r\n-1.5\"\"\n", "1@0 2:[0]<>\n2@5 2:[-1.5]<>\n");
	check("\"a\",0\"b\",c\n", "1@0 2:<a>[0]<b>[c]\n");
	check("0\"b\",c\n", "1@0 0:[0\"b\"][c]\n");
	check("\"x\"\n0\"b\"\"c\",d\n", "1@0 0:<x>\n2@4 2:[0]<b\"c>[d]\n");
	check("\"x\"\n12\" pijp,\"y\"\n", "1@0 0:<x>\n2@4 0:[12\" pijp]<y>\n");
	check("\"x\"\n0\"b\nc\",d\n", "1@0 0:<x>\n2@4 0:[0\"b]\n3@8 0:[c\"][d]\n");
	check("a0\"\",1\n", "1@0 0:[a0\"\"][1]\n");
	check("\"x\",-\"\",1\n", "1@0 0:<x>[-\"\"][1]\n");
	check("\"x\",1\"2\"3\"\",1\n", "1@0 0:<x>[1\"2\"3\"\"][1]\n");
	check("\"0\"\"\",0\"\",\"a\"\n", "1@0 2:<0\">[0]<><a>\n");
}

static void test_damage(void **state)
{
	/* an open quote costs its line */
	check("a,\"b\nc,d\n", "1@0 4:[a]a quote that is not closed before the end of the file\n"
	                      "2@5 0:[c][d]\n");
	check("\"b\nc,\"d\",e\nf\n", "1@0 4:a quote that is not closed on its line\n"
	                             "2@3 0:[c]<d>[e]\n3@11 0:[f]\n");
	check("x,\"a\"\"b\",\"b\r\nc,\"d\",e\n",
	      "1@0 4:[x]<a\"b>a quote that is not closed on its line\n2@13 0:[c]<d>[e]\n");
	check("\"", "1@0 4:a quote that is not closed before the end of the file\n");
	check("\"\n\"", "1@0 0:<\n>\n");
}

static void check_bytes(const char *input, size_t len, const char *expected)
{
	char *got = split(input, len, HARMONY_CSV_SCAN_SCALAR, ',', 0, 0);

	assert_memory_equal(got, expected, strlen(expected) + 1);
	free(got);
}

static void test_nul(void **state)
{
	harmony_csv_options options = HARMONY_CSV_OPTIONS_INIT;

	for (size_t s = 0; s < sizeof(scans) / sizeof(scans[0]); s++) {
		dump d = {0};
		char data[200];
		memset(data, 'x', sizeof(data));
		data[70] = data[140] = '\n';
		data[100] = '\0';
		options.scan = scans[s];
		options.delimiter = ',';
		assert_int_equal(dump_run(&d, data, sizeof(data), &options, 0, 0, context, NULL),
		                 HARMONY_OK);
		assert_non_null(memmem(d.text, d.len, "2@71 8:[", 8));
		assert_non_null(memmem(d.text, d.len, "3@141 0:[", 9));
		free(d.text);
	}
	check_bytes("a\nb", 3, "1@0 0:[a]\n2@2 0:[b]\n");
}

static void test_utf16(void **state)
{
	static const char *const inputs[] = {"\xff\xfe" "0,", "\xfe\xff" "0,"};

	for (size_t i = 0; i < 2; i++) {
		char *got = split(inputs[i], 4, HARMONY_CSV_SCAN_AUTO, 0, 1, 1);
		assert_non_null(strstr(got, "save it as CSV in UTF-8"));
		free(got);
	}
}

static void check_delimiter(const char *input, char expected)
{
	harmony_csv_options options = HARMONY_CSV_OPTIONS_INIT;
	dump d = {0};
	harmony_csv *csv;

	assert_int_equal(harmony_csv_new(&csv, context, &options, dump_row, &d, NULL), HARMONY_OK);
	assert_int_equal(harmony_csv_delimiter(csv), 0);
	assert_int_equal(harmony_csv_feed(csv, input, strlen(input), NULL), HARMONY_OK);
	assert_int_equal(harmony_csv_finish(csv, NULL), HARMONY_OK);
	assert_int_equal(harmony_csv_delimiter(csv), expected);
	assert_int_equal(harmony_csv_feed(csv, "a", 1, NULL), HARMONY_STATE);
	harmony_csv_free(csv);
	free(d.text);
}

static void test_delimiter(void **state)
{
	check_delimiter("a,b\n", ',');
	check_delimiter("a\n", ',');
	check_delimiter("0;V;1,5\n1;V;2,5\n2;V;3,5\n", ';');
	check_delimiter("a;1,00\nb;2,00\n", ';');
	check_delimiter("a\tb\nc\td\n", '\t');
	check_delimiter("\"a;b;c\",\"d;e\"\n\"f;g\",h\n", ',');
	check_delimiter("1,0\"\",\"a\"\n1,0\"\",\"b\"\n", ',');
	check_delimiter("0,\"a;b;c;d\ne;f\",1\n", ',');
}

/* ---- every file, every split ----------------------------------------------------------------- */

static char *load(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	char *data = malloc(1 << 20);

	assert_non_null(file);
	*len = fread(data, 1, 1 << 20, file);
	fclose(file);
	return data;
}

static void test_samples(void **state)
{
	const char *folder = getenv("HARMONY_TEST_SAMPLES");
	DIR *dir = opendir(folder ? folder : "");
	size_t files = 0;

	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		char path[4096];
		size_t len;
		char *data;
		if (!strstr(entry->d_name, ".csv"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		data = load(path, &len);
		check_same(data, len, 0, true);
		free(data);
		files++;
	}
	closedir(dir);
	assert_true(files >= 10);
}

static const char nasty[] =
	"\xef\xbb\xbf" "0,\"V\",70,\"\",,\"a\"\"b\",12\" pijp\r\n\r\n"
	"1,\"two\nlines\",0\"\",\"x\"\r\"tail\"er,\"\"\"\",-1.50\"\"\n\n"
	"caf\xc3\xa9,\"f\x82\"\n" "\"open,1,2\r\n3,\"y\",\"z\"\n"
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,b\r\n"
	"\"q\",\"q\",\"q\",\"q\",\"q\",\"q\",\"q\",\"q\",\"q\",\"q\",\"q\",\"q\",\"q\",\"q\",\"q\"\r"
	"1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0\r\n"
	"0\"abc\",\"0\"\"\",\"a\rb\r\nc\"\nlast,\"row";

static void test_nasty(void **state)
{
	check_same(nasty, sizeof(nasty) - 1, ',', true);
	check_same(nasty, sizeof(nasty) - 1, 0, true);
	for (size_t len = 0; len < sizeof(nasty); len++)
		check_same(nasty, len, ',', false);
}

/* Rows of random bytes of the kinds that matter; a fixed seed. */
static void test_random(void **state)
{
	static const char kinds[] = ",,,,\"\"\"\r\n\n01a. \x82\x1a";
	uint32_t random = 12345;

	for (int round = 0; round < 600; round++) {
		char data[400];
		size_t len;
		random = random * 1664525 + 1013904223;
		len = random >> 8 & 0xff;
		for (size_t i = 0; i < len; i++) {
			random = random * 1664525 + 1013904223;
			data[i] = kinds[(random >> 16) % (sizeof(kinds) - 1)];
		}
		check_same(data, len, ',', false);
	}
}

/* A pair of quotes at each place of a block, also between two of them. */
static void test_pairs(void **state)
{
	static const char *const fields[] = {"\"a\"\"b\"", "\"\"\"\"", "\"\"\"a\"", "\"a\"\"\"\"\"", "\"\""};

	static const char filler[] =
		"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrst";

	for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++) {
		for (size_t pad = 0; pad < 70; pad++) {
			char data[400];
			int len = snprintf(data, sizeof(data), "%.*s,%s,%s\r\n\"x\",%*d,\"y\"\r\n",
			                   (int)pad, filler, fields[f], fields[f], 130, 1);
			check_same(data, (size_t)len, ',', false);
		}
	}
}

/* ---- limits ------------------------------------------------------------------------------------- */

static char *fill(size_t len, const char *pattern)
{
	char *data = malloc(len);
	size_t size = strlen(pattern);

	for (size_t i = 0; i < len; i++)
		data[i] = pattern[i % size];
	return data;
}

static void check_limit(char *data, size_t len, const char *reason)
{
	for (size_t s = 0; s < sizeof(scans) / sizeof(scans[0]); s++) {
		static const size_t chunks[] = {0, 1000, 65536, 65537};
		for (size_t c = 0; c < 4; c++) {
			char *got = split(data, len, scans[s], ',', chunks[c], chunks[c]);
			if (reason)
				assert_non_null(strstr(got, reason));
			else
				assert_null(strstr(got, " 4:"));
			assert_non_null(strstr(got, "[last]\n"));
			free(got);
		}
	}
	free(data);
}

/* A text of `len` bytes and behind it a line "last". */
static void test_limits(void **state)
{
	static const struct {
		const char *pattern;
		size_t len;
		const char *reason;
	} cases[] = {{"x", HARMONY_MAX_FIELD, NULL},
	             {"x", HARMONY_MAX_FIELD + 1, "a field of more than 65536 bytes"},
	             {"x,", 2 * HARMONY_MAX_COLUMNS - 1, NULL},
	             {"x,", 2 * HARMONY_MAX_COLUMNS, "a row of more than 256 fields"},
	             {"x,", 200000, "a row of more than 256 fields"}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *data = fill(cases[i].len + 6, cases[i].pattern);
		memcpy(data + cases[i].len, "\nlast\n", 6);
		check_limit(data, cases[i].len + 6, cases[i].reason);
	}
	for (size_t over = 0; over < 2; over++) {
		size_t len = HARMONY_MAX_ROW + over;
		char *data = fill(len + 6, "x");
		for (size_t i = 60000; i < len; i += 60000)
			data[i] = ',';
		memcpy(data + len, "\nlast\n", 6);
		check_limit(data, len + 6, over ? "a row of more than 1048576 bytes" : NULL);
	}
	for (size_t over = 0; over < 2; over++) {
		size_t len = HARMONY_MAX_FIELD + over;
		char *data = fill(len + 6, "x");
		data[0] = data[len - 1] = '"';
		memcpy(data + len, "\nlast\n", 6);
		check_limit(data, len + 6, over ? "a quote that is not closed within" : NULL);
	}
}

/* ---- hostile input ------------------------------------------------------------------------------- */

typedef struct meter {
	size_t live, peak;
} meter;

static void *metered(void *ptr, size_t size, void *user)
{
	meter *m = user;
	size_t *block = ptr ? (size_t *)ptr - 2 : NULL;

	m->live -= block ? *block : 0;
	if (size == 0) {
		free(block);
		return NULL;
	}
	block = realloc(block, size + 16);
	*block = size;
	m->live += size;
	m->peak = m->live > m->peak ? m->live : m->peak;
	return block + 2;
}

static harmony_status count_row(const harmony_csv_row *row, void *user)
{
	++*(size_t *)user;
	return HARMONY_OK;
}

static size_t hostile(const char *pattern, size_t len, size_t chunk)
{
	meter m = {0, 0};
	harmony_allocator allocator = {sizeof(allocator), metered, &m};
	harmony_context_options context_options = HARMONY_CONTEXT_OPTIONS_INIT;
	harmony_csv_options options = HARMONY_CSV_OPTIONS_INIT;
	harmony_context *measured;
	harmony_csv *csv;
	char *data = fill(len, pattern);
	size_t rows = 0;
	clock_t start = clock();

	context_options.allocator = &allocator;
	options.delimiter = ',';
	assert_int_equal(harmony_context_new(&measured, &context_options, NULL), HARMONY_OK);
	assert_int_equal(harmony_csv_new(&csv, measured, &options, count_row, &rows, NULL), HARMONY_OK);
	for (size_t at = 0, part; at < len; at += part) {
		part = len - at < chunk ? len - at : chunk;
		assert_int_equal(harmony_csv_feed(csv, data + at, part, NULL), HARMONY_OK);
	}
	assert_int_equal(harmony_csv_finish(csv, NULL), HARMONY_OK);
	harmony_csv_free(csv);
	harmony_context_free(measured);
	free(data);
	assert_true(m.peak < 5u << 20);
	assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 10);
	return rows;
}

static void test_hostile(void **state)
{
	static const char *const patterns[] = {
		"x", "\"", "x,", "\"x\n", "\"x\",\"y\n", "y\",\"z\n", "1\"", "1\"\"x", "1\"\"\"",
		"\"\"\"", "\"\n", "\"\"\n\"", "0\"\"", "\r", "12345\" "};

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		hostile(patterns[i], 8u << 20, 65536);
		hostile(patterns[i], 1u << 20, 1);
	}
	assert_int_equal(hostile("x", 64u << 20, 65536), 1);
	hostile("\"x\n", 64u << 20, 1u << 20);
}

/* ---- allocation, receiver, pull --------------------------------------------------------------------- */

static harmony_status scenario_push(harmony_context *c, harmony_error *error, void *user)
{
	dump d = {0};
	harmony_csv_options options = HARMONY_CSV_OPTIONS_INIT;
	harmony_status status =
		dump_run(&d, nasty, sizeof(nasty) - 1, &options, 50, 33, c, error);

	free(d.text);
	return status;
}

typedef struct reader {
	const char *data;
	size_t len, part;
} reader;

static size_t read_part(void *buffer, size_t size, void *user)
{
	reader *r = user;
	size_t part = r->part < r->len ? r->part : r->len;

	memcpy(buffer, r->data, part);
	r->data += part;
	r->len -= part;
	return part;
}

static harmony_status pull_all(dump *d, harmony_context *c, size_t part, int scan,
                               harmony_error *error)
{
	reader r = {nasty, sizeof(nasty) - 1, part};
	harmony_csv_options options = HARMONY_CSV_OPTIONS_INIT;
	harmony_csv_pull *pull;
	const harmony_csv_row *row = NULL;
	harmony_status status;

	options.scan = scan;
	options.delimiter = ',';
	status = harmony_csv_pull_new(&pull, c, &options, read_part, &r, error);
	if (status != HARMONY_OK)
		return status;
	while ((status = harmony_csv_pull_next(&row, pull, error)) == HARMONY_OK && row)
		dump_row(row, d);
	if (status == HARMONY_OK) { /* the end stays the end */
		assert_int_equal(harmony_csv_pull_next(&row, pull, error), HARMONY_OK);
		assert_null(row);
	}
	harmony_csv_pull_free(pull);
	return status;
}

static harmony_status scenario_pull(harmony_context *c, harmony_error *error, void *user)
{
	dump d = {0};
	harmony_status status = pull_all(&d, c, 40, HARMONY_CSV_SCAN_AUTO, error);

	free(d.text);
	return status;
}

static void test_allocation(void **state)
{
	assert_true(sweep_run(scenario_push, NULL) >= 3);
	assert_true(sweep_run(scenario_pull, NULL) >= 3);
}

static void test_pull(void **state)
{
	char *expected = split(nasty, sizeof(nasty) - 1, HARMONY_CSV_SCAN_SCALAR, ',', 0, 0);

	for (size_t part = 1; part < sizeof(nasty); part++)
		for (size_t s = 0; s < sizeof(scans) / sizeof(scans[0]); s++) {
			dump d = {0};
			assert_int_equal(pull_all(&d, context, part, scans[s], NULL), HARMONY_OK);
			assert_string_equal(d.text, expected);
			free(d.text);
		}
	free(expected);
}

static harmony_status refuse(const harmony_csv_row *row, void *user)
{
	return row->line == 2 ? HARMONY_USER : HARMONY_OK;
}

static void test_refusal(void **state)
{
	harmony_error error = HARMONY_ERROR_INIT;
	harmony_csv_options options = HARMONY_CSV_OPTIONS_INIT;
	harmony_csv *csv;

	options.delimiter = ',';
	assert_int_equal(harmony_csv_new(&csv, context, &options, refuse, NULL, NULL), HARMONY_OK);
	assert_int_equal(harmony_csv_feed(csv, "a\nb\nc\n", 6, &error), HARMONY_USER);
	assert_int_equal(error.status, HARMONY_USER);
	assert_int_equal(harmony_csv_feed(csv, "a\n", 2, NULL), HARMONY_STATE);
	assert_int_equal(harmony_csv_finish(csv, NULL), HARMONY_STATE);
	harmony_csv_free(csv);
	harmony_csv_free(NULL);
	options.delimiter = '"';
	assert_int_equal(harmony_csv_new(&csv, context, &options, refuse, NULL, NULL),
	                 HARMONY_INVALID);
	assert_null(csv);
}

/* What csv/csv.h promises of the region of a row. */
static harmony_status check_span(const harmony_csv_row *row, void *user)
{
	const char *text = NULL, *free_from;
	size_t len = 0;

	assert_true(harmony__csv_row_span(row, &text, &len) == (row->count > 0));
	free_from = text;
	for (size_t i = 0; i < row->count; i++) {
		assert_true(row->fields[i].text >= free_from);
		free_from = row->fields[i].text + row->fields[i].len + 1;
		assert_true(free_from <= text + len);
	}
	return HARMONY_OK;
}

static void test_span(void **state)
{
	for (size_t s = 0; s < sizeof(scans) / sizeof(scans[0]); s++) {
		harmony_csv_options options = HARMONY_CSV_OPTIONS_INIT;
		harmony_csv *csv;
		options.scan = scans[s];
		options.delimiter = ',';
		assert_int_equal(harmony_csv_new(&csv, context, &options, check_span, NULL, NULL),
		                 HARMONY_OK);
		assert_int_equal(harmony_csv_feed(csv, nasty, sizeof(nasty) - 1, NULL), HARMONY_OK);
		assert_int_equal(harmony_csv_finish(csv, NULL), HARMONY_OK);
		harmony_csv_free(csv);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),      cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_repair),    cmocka_unit_test(test_damage),
		cmocka_unit_test(test_nul),       cmocka_unit_test(test_utf16),
		cmocka_unit_test(test_delimiter), cmocka_unit_test(test_samples),
		cmocka_unit_test(test_nasty),     cmocka_unit_test(test_random),
		cmocka_unit_test(test_pairs),     cmocka_unit_test(test_limits),
		cmocka_unit_test(test_hostile),   cmocka_unit_test(test_allocation),
		cmocka_unit_test(test_pull),      cmocka_unit_test(test_refusal),
		cmocka_unit_test(test_span)};

	return cmocka_run_group_tests(tests, setup, teardown);
}
