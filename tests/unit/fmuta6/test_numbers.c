/* SPDX-License-Identifier: MIT */
/* Entry numbers that stand twice are found in the largest file too, in memory that has an
   end; and what is beyond its end is told. */
#include "support.h"

typedef struct meter {
	size_t now, peak;
} meter;

/* A head of 16 bytes before each block holds its size. */
static void *metered(void *ptr, size_t size, void *user)
{
	meter *m = user;
	char *old = ptr ? (char *)ptr - 16 : NULL, *block;
	size_t before = 0;

	if (old)
		memcpy(&before, old, sizeof(before));
	m->now -= before;
	if (size == 0) {
		free(old);
		return NULL;
	}
	block = realloc(old, size + 16);
	assert_non_null(block);
	memcpy(block, &size, sizeof(size));
	m->now += size;
	m->peak = m->now > m->peak ? m->now : m->peak;
	return block + 16;
}

typedef struct run {
	harmony_fmuta6 *reader;
	unsigned long records, duplicates, notes;
} run;

static harmony_status count_record(const harmony_record *record, const harmony_diagnostic *failures,
                                   size_t count, void *user)
{
	run *r = user;

	r->records += count == 0;
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(failures[i].code, HARMONY_CODE_DUPLICATE);
		r->duplicates++;
	}
	return HARMONY_OK;
}

static harmony_status count_note(const harmony_diagnostic *d, void *user)
{
	((run *)user)->notes += d->severity == HARMONY_NOTE && d->code == HARMONY_CODE_DUPLICATE;
	return HARMONY_OK;
}

static void feed_entry(run *r, unsigned long number)
{
	char rows[256];
	int len = snprintf(rows, sizeof(rows),
	                   "0,V,70,1,2024,%lu,Factuur,15012024,,1001,,,100.00,,EUR\n"
	                   "1,V,70,,,,Regel,,8000,,,,100.00,,\n",
	                   number);

	assert_int_equal(harmony_fmuta6_feed(r->reader, rows, (size_t)len, NULL), HARMONY_OK);
}

/* `count` entries whose numbers are `step` apart, then three of them once more. */
static run number_entries(meter *m, unsigned long count, unsigned long step)
{
	harmony_allocator allocator = {sizeof(allocator), metered, m};
	harmony_context_options options = HARMONY_CONTEXT_OPTIONS_INIT;
	harmony_context *context;
	run r = {NULL, 0, 0, 0};

	options.allocator = &allocator;
	assert_int_equal(harmony_context_new(&context, &options, NULL), HARMONY_OK);
	assert_int_equal(harmony_fmuta6_new(&r.reader, context, NULL, "numbers.csv", count_record,
	                                    count_note, &r, NULL),
	                 HARMONY_OK);
	for (unsigned long i = 1; i <= count; i++)
		feed_entry(&r, i * step);
	feed_entry(&r, step);
	feed_entry(&r, count / 2 * step);
	feed_entry(&r, count * step);
	assert_int_equal(harmony_fmuta6_finish(r.reader, NULL), HARMONY_OK);
	harmony_fmuta6_free(r.reader);
	harmony_context_free(context);
	assert_int_equal(m->now, 0);
	return r;
}

static void test_running_numbers(void **state)
{
	meter m = {0, 0};
	run r = number_entries(&m, 200000, 1);

	assert_int_equal(r.records, 200000);
	assert_int_equal(r.duplicates, 3);
	assert_int_equal(r.notes, 0);
	assert_true(m.peak < 1024 * 1024);
}

static void test_scattered_numbers(void **state)
{
	meter m = {0, 0};
	run r = number_entries(&m, HARMONY_MAX_RUNS, 64);

	assert_int_equal(r.records, HARMONY_MAX_RUNS);
	assert_int_equal(r.duplicates, 3);
	assert_int_equal(r.notes, 0);
	assert_true(m.peak < 5 * 512 * 1024);
}

/* The last number was not kept: its second entry is for the store to refuse. */
static void test_too_many_numbers(void **state)
{
	meter m = {0, 0};
	run r = number_entries(&m, HARMONY_MAX_RUNS + 1000, 64);

	assert_int_equal(r.records, HARMONY_MAX_RUNS + 1001);
	assert_int_equal(r.duplicates, 2);
	assert_int_equal(r.notes, 1);
	assert_true(m.peak < 5 * 512 * 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_running_numbers),
		cmocka_unit_test(test_scattered_numbers),
		cmocka_unit_test(test_too_many_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
