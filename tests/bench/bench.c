/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <harmony/harmony.h>

#include "generate.h"

#ifdef HAVE_LIBCSV
#include <csv.h>
#endif

/* Every contender reads the same buffer in each round, in chunks of 64 KiB, and touches
   every field's length; the table gives medians over the rounds. */

#define CHUNK (64u * 1024u)
#define ROUNDS 7

typedef struct totals {
	unsigned long long rows, fields, bytes;
} totals;

typedef struct contender {
	const char *name;
	void (*run)(totals *t, const char *data, size_t len, int option);
	int option;
	double seconds[ROUNDS];
	totals totals;
} contender;

static harmony_context *context;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static harmony_status take_row(const harmony_csv_row *row, void *user)
{
	totals *t = user;
	unsigned long long bytes = 0;

	for (size_t i = 0; i < row->count; i++)
		bytes += row->fields[i].len;
	t->rows++;
	t->fields += row->count;
	t->bytes += bytes;
	return HARMONY_OK;
}

static void run_csv(totals *t, const char *data, size_t len, int scan)
{
	harmony_csv_options options = HARMONY_CSV_OPTIONS_INIT;
	harmony_csv *csv;

	options.scan = scan;
	if (harmony_csv_new(&csv, context, &options, take_row, t, NULL) != HARMONY_OK)
		exit(1);
	for (size_t at = 0; at < len; at += CHUNK)
		if (harmony_csv_feed(csv, data + at, len - at < CHUNK ? len - at : CHUNK, NULL))
			exit(1);
	if (harmony_csv_finish(csv, NULL) != HARMONY_OK)
		exit(1);
	harmony_csv_free(csv);
}

static harmony_status count_bytes(const void *data, size_t len, void *user)
{
	((totals *)user)->bytes += len;
	return HARMONY_OK;
}

/* Counts a record, with its JSON line when `user` has a sum of bytes to begin with. */
static harmony_status take_record(const harmony_record *record, const harmony_diagnostic *failures,
                                  size_t count, void *user)
{
	totals *t = user;

	t->rows++;
	if (count > 0)
		return HARMONY_USER; /* the generator writes none that is wrong */
	return t->bytes ? harmony_record_write_json(record, count_bytes, t, NULL) : HARMONY_OK;
}

static void run_records(totals *t, const char *data, size_t len, int json)
{
	harmony_fmuta6 *reader;

	t->bytes = json;
	if (harmony_fmuta6_new(&reader, context, NULL, "bench", take_record, NULL, t, NULL))
		exit(1);
	for (size_t at = 0; at < len; at += CHUNK)
		if (harmony_fmuta6_feed(reader, data + at, len - at < CHUNK ? len - at : CHUNK, NULL))
			exit(1);
	if (harmony_fmuta6_finish(reader, NULL) != HARMONY_OK)
		exit(1);
	harmony_fmuta6_free(reader);
}

/* Outstanding items, as many as `items`, into a dbopen.csv: made, sorted, written. */
static void run_dbopen(totals *t, const char *data, size_t len, int items)
{
	const harmony_date date = {2024, 1, 15}, due = {2024, 2, 14};
	harmony_dbopen_writer *writer;
	harmony_record *item;
	char number[16];
	int failed;

	if (harmony_dbopen_writer_new(&writer, context, NULL, NULL) ||
	    harmony_record_new(&item, context, HARMONY_OUTSTANDING_ITEM, NULL))
		exit(1);
	for (int i = 0; i < items; i++) {
		int digits = snprintf(number, sizeof(number), "%08d", (i * 7919) % 100000000);
		failed =
			harmony_record_set_text(item, 0, HARMONY_FIELD_SIDE, "sales", 5, NULL) ||
			harmony_record_set_text(item, 0, HARMONY_FIELD_PARTY, number, 4, NULL) ||
			harmony_record_set_text(item, 0, HARMONY_FIELD_INVOICE_NUMBER, number,
		                                (size_t)digits, NULL) ||
			harmony_record_set_text(item, 0, HARMONY_FIELD_DESCRIPTION, "Factuur, café", 14,
		                                NULL) ||
			harmony_record_set_text(item, 0, HARMONY_FIELD_CURRENCY, "EUR", 3, NULL) ||
			harmony_record_set_date(item, 0, HARMONY_FIELD_DATE, date, NULL) ||
			harmony_record_set_date(item, 0, HARMONY_FIELD_DUE_DATE, due, NULL) ||
			harmony_record_set_number(item, 0, HARMONY_FIELD_AMOUNT, 100000 + i, NULL) ||
			harmony_record_set_number(item, 0, HARMONY_FIELD_OUTSTANDING, 100000, NULL) ||
			harmony_dbopen_writer_add(writer, item, NULL) ||
			harmony_record_reset(item, HARMONY_OUTSTANDING_ITEM);
		if (failed)
			exit(1);
	}
	if (harmony_dbopen_writer_write(writer, count_bytes, t, NULL) != HARMONY_OK)
		exit(1);
	t->rows = (unsigned long long)items;
	t->fields = t->rows * HARMONY_DBOPEN_COLUMNS;
	harmony_record_free(item);
	harmony_dbopen_writer_free(writer);
}

#ifdef HAVE_LIBCSV
static void libcsv_field(void *text, size_t len, void *user)
{
	totals *t = user;

	t->fields++;
	t->bytes += len;
}

static void libcsv_row(int c, void *user)
{
	((totals *)user)->rows++;
}

static void run_libcsv(totals *t, const char *data, size_t len, int option)
{
	struct csv_parser parser;

	if (csv_init(&parser, 0) != 0)
		exit(1);
	for (size_t at = 0; at < len; at += CHUNK)
		csv_parse(&parser, data + at, len - at < CHUNK ? len - at : CHUNK, libcsv_field,
		          libcsv_row, t);
	csv_fini(&parser, libcsv_field, libcsv_row, t);
	csv_free(&parser);
}
#endif

static contender contenders[] = {
#ifdef HAVE_LIBCSV
	{"libcsv", run_libcsv, 0, {0}, {0, 0, 0}},
#endif
	{"tokenize, scalar", run_csv, HARMONY_CSV_SCAN_SCALAR, {0}, {0, 0, 0}},
	{"tokenize, block", run_csv, HARMONY_CSV_SCAN_BLOCK, {0}, {0, 0, 0}},
	{"tokenize, auto", run_csv, HARMONY_CSV_SCAN_AUTO, {0}, {0, 0, 0}},
	{"records", run_records, 0, {0}, {0, 0, 0}},
	{"JSON lines", run_records, 1, {0}, {0, 0, 0}},
	{"dbopen, written", run_dbopen, 100000, {0}, {0, 0, 0}},
};
#define CONTENDERS (sizeof(contenders) / sizeof(contenders[0]))

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void report(size_t len)
{
	double first = 0;

	printf("%-18s %9s %9s %9s\n", "", "MB/s", "ns/field", "times");
	for (size_t i = 0; i < CONTENDERS; i++) {
		contender *c = &contenders[i];
		qsort(c->seconds, ROUNDS, sizeof(double), compare);
		double median = c->seconds[ROUNDS / 2];
		/* What reads is measured by the input, the writer by what it wrote. */
		const totals *of = c->run == run_dbopen ? &c->totals : &contenders[0].totals;
		double rate = (double)(c->run == run_dbopen ? c->totals.bytes : len) / 1e6 / median;
		if (i == 0)
			first = rate;
		printf("%-18s %9.0f %9.2f %9.2f\n", c->name, rate,
		       median * 1e9 / (double)of->fields, rate / first);
	}
}

int main(int argc, char **argv)
{
	size_t size = (argc > 1 ? strtoull(argv[1], NULL, 10) : 64) * 1000000, len = 0;
	char *data = malloc(size + (1 << 16));
	const char *only = argc > 2 ? argv[2] : NULL; /* one contender, to be profiled */
	generator g = {20240115, 0};

	if (!data || harmony_context_new(&context, NULL, NULL) != HARMONY_OK)
		return 1;
	while (len < size)
		len += generate_entry(&g, data + len, 1 << 16);
	for (size_t round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < CONTENDERS; i++) {
			contender *c = &contenders[i];
			double start = now();
			if (only && strcmp(c->name, only) != 0)
				continue;
			c->totals = (totals){0, 0, 0};
			c->run(&c->totals, data, len, c->option);
			c->seconds[round] = now() - start;
			if (!only && c->run != run_records && c->run != run_dbopen &&
			    memcmp(&c->totals, &contenders[0].totals, sizeof(totals)) != 0) {
				fprintf(stderr, "%s disagrees with %s\n", c->name, contenders[0].name);
				return 1;
			}
		}
	printf("%llu bytes, %llu rows, %.2f bytes a field, %.1f a row\n", (unsigned long long)len,
	       contenders[0].totals.rows, (double)len / (double)contenders[0].totals.fields,
	       (double)len / (double)contenders[0].totals.rows);
	report(len);
	harmony_context_free(context);
	free(data);
	return 0;
}
