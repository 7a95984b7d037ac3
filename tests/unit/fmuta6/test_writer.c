/* SPDX-License-Identifier: MIT */
/* What the writer writes reads back as the same records: generated ones of every kind, in
   every dialect that the writer knows. */
#include "support.h"

typedef struct hashes {
	uint8_t (*at)[HARMONY_HASH_SIZE];
	size_t count;
	harmony_fmuta6_writer *writer;
	char failure[1024];
} hashes;

static uint32_t seed;

static unsigned pick(unsigned n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

static void put_text(harmony_record *record, size_t row, harmony_field field)
{
	static const char *const texts[] = {"7", "007", "a b", "say \"x\"", "x,y;z", "two\r\nrows",
	                                    "caf\xc3\xa9", "-1", "0", "'t", "0\"\""};
	static const char *const codes[] = {"1", "0042", "A-1", "KP10"};
	const harmony_field_info *info = harmony_field_describe(field);
	const char *text = info->width < 12 || field == HARMONY_FIELD_PARTY
	                           ? codes[pick(4)]
	                           : texts[pick(11)];
	if (field == HARMONY_FIELD_CURRENCY)
		text = "USD";
	size_t len = strlen(text);
	if (len > info->width)
		len = info->width;
	assert_int_equal(harmony_record_set_text(record, row, field, text, len, NULL), HARMONY_OK);
}

static void put_field(harmony_record *record, size_t row, harmony_field field)
{
	switch (harmony_field_describe(field)->type) {
	case HARMONY_TYPE_TEXT:
		put_text(record, row, field);
		break;
	case HARMONY_TYPE_DATE:
		assert_int_equal(harmony_record_set_date(record, row, field,
		                                         harmony_date_from_days(19000 + (int)pick(900)),
		                                         NULL),
		                 HARMONY_OK);
		break;
	case HARMONY_TYPE_FLAG:
		harmony_record_set_number(record, row, field, pick(2), NULL);
		break;
	case HARMONY_TYPE_NUMBER:
		harmony_record_set_number(record, row, field,
		                          field == HARMONY_FIELD_YEAR ? 2000 + pick(60) : 1 + pick(50),
		                          NULL);
		break;
	default:
		harmony_record_set_number(record, row, field, (int64_t)pick(1u << 22) - (1 << 21), NULL);
	}
}

/* Fields without a column in their file, or that the record of an invoice has no use for. */
static bool has_column(harmony_kind kind, harmony_field field)
{
	static const harmony_field nowhere[] = {HARMONY_FIELD_EMAIL};
	static const harmony_field customers[] = {HARMONY_FIELD_BLOCKED_ACCOUNT,
	                                          HARMONY_FIELD_CUSTOMER_NUMBER,
	                                          HARMONY_FIELD_COLUMN_21, HARMONY_FIELD_COLUMN_38};
	static const harmony_field suppliers[] = {
		HARMONY_FIELD_COLUMN_20,       HARMONY_FIELD_INVOICE_PARTY, HARMONY_FIELD_SALES_REP,
		HARMONY_FIELD_DELIVERY_METHOD, HARMONY_FIELD_LAST_REMINDER, HARMONY_FIELD_FACTORING};
	for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++)
		if (field == nowhere[i])
			return false;
	for (size_t i = 0; kind == HARMONY_CUSTOMER && i < sizeof customers / sizeof *customers; i++)
		if (field == customers[i])
			return false;
	for (size_t i = 0; kind == HARMONY_SUPPLIER && i < sizeof suppliers / sizeof *suppliers; i++)
		if (field == suppliers[i])
			return false;
	return true;
}

static void generate_relation(harmony_record *record)
{
	harmony_kind kind = harmony_record_kind(record);
	for (harmony_field field = 0; field < HARMONY_FIELD_COUNT; field++)
		if (harmony_field_describe(field)->kinds & HARMONY_BIT(kind) && has_column(kind, field) &&
		    pick(3))
			put_field(record, HARMONY_HEADER, field);
	put_field(record, HARMONY_HEADER, HARMONY_FIELD_CODE);
	put_field(record, HARMONY_HEADER, HARMONY_FIELD_NAME);
}

static void set_text(harmony_record *record, size_t row, harmony_field field, const char *text)
{
	assert_int_equal(harmony_record_set_text(record, row, field, text, strlen(text), NULL),
	                 HARMONY_OK);
}

static void generate_line(harmony_record *record, size_t row, bool invoice)
{
	static const harmony_field optional[] = {
		HARMONY_FIELD_DESCRIPTION, HARMONY_FIELD_VAT_CODE,  HARMONY_FIELD_COST_CENTRE,
		HARMONY_FIELD_COST_UNIT,   HARMONY_FIELD_QUANTITY,  HARMONY_FIELD_DIFFERENCE_CODE,
		HARMONY_FIELD_REVERSAL,    HARMONY_FIELD_COLUMN_31, HARMONY_FIELD_COLUMN_40};
	harmony_record_set_number(record, row, HARMONY_FIELD_NUMBER, (int64_t)row, NULL);
	put_field(record, row, HARMONY_FIELD_ACCOUNT);
	for (size_t i = 0; i < sizeof optional / sizeof *optional; i++)
		if (pick(2))
			put_field(record, row, optional[i]);
	if (harmony_record_has(record, row, HARMONY_FIELD_REVERSAL))
		set_text(record, row, HARMONY_FIELD_REVERSAL, "J");
	if (invoice && pick(2))
		put_field(record, row, HARMONY_FIELD_VAT_AMOUNT);
	if (invoice && pick(4) == 0)
		set_text(record, row, HARMONY_FIELD_INVOICE_NUMBER, "OTHER");
	if (pick(4) == 0)
		set_text(record, row, HARMONY_FIELD_CURRENCY, "USD");
	if (!invoice && pick(2)) {
		put_field(record, row, HARMONY_FIELD_PARTY);
		set_text(record, row, HARMONY_FIELD_SIDE, pick(2) ? "sales" : "purchase");
		put_field(record, row, HARMONY_FIELD_INVOICE_NUMBER);
	}
}

static void generate_entry(harmony_record *record, unsigned number)
{
	static const harmony_field optional[] = {
		HARMONY_FIELD_YEAR,          HARMONY_FIELD_PERIOD,           HARMONY_FIELD_DUE_DATE,
		HARMONY_FIELD_EXCHANGE_RATE, HARMONY_FIELD_PAYMENT_REFERENCE, HARMONY_FIELD_PAYMENT_METHOD,
		HARMONY_FIELD_DISCOUNT_KIND, HARMONY_FIELD_DISCOUNT_DATE,    HARMONY_FIELD_WEEK,
		HARMONY_FIELD_FOREIGN_JOURNAL, HARMONY_FIELD_COLUMN_33,      HARMONY_FIELD_BLOCKED_AMOUNT};
	harmony_kind kind = harmony_record_kind(record);
	bool invoice = HARMONY_INVOICES & HARMONY_BIT(kind);
	char text[16];
	int64_t sum = 0;
	size_t lines = 1 + pick(4);
	snprintf(text, sizeof text, "%u", number);
	set_text(record, 0, HARMONY_FIELD_JOURNAL, "070");
	set_text(record, 0, HARMONY_FIELD_ENTRY_NUMBER, text);
	put_field(record, 0, HARMONY_FIELD_DESCRIPTION);
	put_field(record, 0, HARMONY_FIELD_DATE);
	set_text(record, 0, HARMONY_FIELD_CURRENCY, "EUR");
	for (size_t i = 0; i < sizeof optional / sizeof *optional; i++)
		if (pick(2))
			put_field(record, 0, optional[i]);
	if (harmony_record_has(record, 0, HARMONY_FIELD_BLOCKED_AMOUNT))
		harmony_record_set_number(record, 0, HARMONY_FIELD_BLOCKED_AMOUNT, 0, NULL);
	if (kind == HARMONY_BANK_ENTRY)
		set_text(record, 0, HARMONY_FIELD_JOURNAL_TYPE, pick(2) ? "K" : "G");
	if (!invoice && pick(2))
		put_field(record, 0, HARMONY_FIELD_AMOUNT);
	if (invoice) {
		put_field(record, 0, HARMONY_FIELD_PARTY);
		set_text(record, 0, HARMONY_FIELD_INVOICE_NUMBER, "F00012");
	}
	for (size_t row = 1; row <= lines; row++) {
		int64_t amount = (int64_t)pick(1u << 24) - (1 << 23);
		assert_int_equal(harmony_record_add_line(record, NULL, NULL), HARMONY_OK);
		generate_line(record, row, invoice);
		if (kind == HARMONY_MEMORIAL && row == lines)
			amount = -sum;
		sum += amount;
		harmony_record_set_number(record, row, HARMONY_FIELD_AMOUNT, amount, NULL);
	}
	if (invoice)
		assert_int_equal(harmony_record_sum(record, NULL), HARMONY_OK);
}

static harmony_status same_again(const harmony_record *record, const harmony_diagnostic *failures,
                                 size_t count, void *user)
{
	hashes *h = user;
	uint8_t hash[HARMONY_HASH_SIZE];
	if (count)
		fail_msg("%s", failures[0].message);
	assert_int_equal(harmony_record_hash(hash, record), HARMONY_OK);
	if (memcmp(hash, h->at[h->count], sizeof hash)) {
		output t = {NULL, 0, 0};
		harmony_record_write_json(record, text_add, &t, NULL);
		print_error("record %zu differs: %s\n", h->count, text_of(&t));
		free(t.data);
		fail();
	}
	h->count++;
	return HARMONY_OK;
}

static void round_trip(harmony_context *context, const harmony_fmuta6_options *options,
                       const harmony_kind *kinds, unsigned kind_count)
{
	enum { RECORDS = 300 };
	static uint8_t kept[RECORDS][HARMONY_HASH_SIZE];
	harmony_fmuta6_writer *writer = NULL;
	harmony_fmuta6 *reader = NULL;
	hashes h = {.at = kept};
	output file = {NULL, 0, 0};
	harmony_error error = HARMONY_ERROR_INIT;
	harmony_record *record = NULL;
	assert_int_equal(harmony_fmuta6_writer_new(&writer, context, options, text_add, &file, NULL),
	                 HARMONY_OK);
	for (unsigned i = 0; i < RECORDS; i++) {
		harmony_kind kind = kinds[pick(kind_count)];
		assert_int_equal(harmony_record_new(&record, context, kind, NULL), HARMONY_OK);
		if (HARMONY_ENTRIES & HARMONY_BIT(kind))
			generate_entry(record, i + 1);
		else
			generate_relation(record);
		assert_int_equal(harmony_record_hash(kept[i], record), HARMONY_OK);
		if (harmony_fmuta6_writer_add(writer, record, &error))
			fail_msg("%s", error.message);
		harmony_record_free(record);
	}
	assert_int_equal(harmony_fmuta6_new(&reader, context, options, "again", same_again, NULL, &h,
	                                    NULL),
	                 HARMONY_OK);
	if (harmony_fmuta6_feed(reader, file.data, file.len, &error) ||
	    harmony_fmuta6_finish(reader, &error))
		fail_msg("%s", error.message);
	assert_int_equal(h.count, RECORDS);
	harmony_fmuta6_free(reader);
	harmony_fmuta6_writer_free(writer);
	free(file.data);
}

static const harmony_kind entries[] = {HARMONY_SALES_INVOICE, HARMONY_PURCHASE_INVOICE,
                                       HARMONY_MEMORIAL, HARMONY_BANK_ENTRY};
static const harmony_kind customers[] = {HARMONY_CUSTOMER}, suppliers[] = {HARMONY_SUPPLIER};

static void every_dialect_reads_back(void **state)
{
	static const char delimiters[] = {0, ';', '\t'};
	harmony_context *context = NULL;
	assert_int_equal(harmony_context_new(&context, NULL, NULL), HARMONY_OK);
	for (int i = 0; i < 48; i++) {
		harmony_fmuta6_options options = HARMONY_FMUTA6_OPTIONS_INIT;
		seed = (uint32_t)i;
		options.delimiter = delimiters[i % 3];
		options.decimal = i & 1 ? ',' : 0;
		options.encoding = i & 3;
		options.sales_sign = i >> 2 & 1;
		options.memorial_sign = i >> 3 & 1;
		options.dates = i % 8;
		round_trip(context, &options, entries, 4);
		round_trip(context, &options, customers, 1);
		round_trip(context, &options, suppliers, 1);
	}
	harmony_context_free(context);
}

static void one_file_holds_one_kind(void **state)
{
	harmony_context *context = NULL;
	harmony_fmuta6_writer *writer = NULL;
	harmony_record *record = NULL;
	output file = {NULL, 0, 0};
	assert_int_equal(harmony_context_new(&context, NULL, NULL), HARMONY_OK);
	assert_int_equal(harmony_fmuta6_writer_new(&writer, context, NULL, text_add, &file, NULL),
	                 HARMONY_OK);
	assert_int_equal(harmony_record_new(&record, context, HARMONY_OUTSTANDING_ITEM, NULL), 0);
	assert_int_equal(harmony_fmuta6_writer_add(writer, record, NULL), HARMONY_UNSUPPORTED);
	harmony_record_reset(record, HARMONY_CUSTOMER);
	assert_int_equal(harmony_fmuta6_writer_add(writer, record, NULL), HARMONY_OK);
	harmony_record_reset(record, HARMONY_SUPPLIER);
	assert_int_equal(harmony_fmuta6_writer_add(writer, record, NULL), HARMONY_UNSUPPORTED);
	harmony_record_free(record);
	harmony_fmuta6_writer_free(writer);
	harmony_context_free(context);
	free(file.data);
}

/* A host that was built with a shorter struct gets no more than it has room for. */
static void summary_fits_its_caller(void **state)
{
	harmony_context *context = NULL;
	harmony_fmuta6 *reader = NULL;
	harmony_fmuta6_summary summary = HARMONY_FMUTA6_SUMMARY_INIT;
	reading r = {.error = HARMONY_ERROR_INIT};
	assert_int_equal(harmony_context_new(&context, NULL, NULL), HARMONY_OK);
	assert_int_equal(harmony_fmuta6_new(&reader, context, NULL, "f", on_record, on_finding, &r,
	                                    NULL),
	                 HARMONY_OK);
	memset(&summary, 0x55, sizeof summary);
	summary.struct_size = offsetof(harmony_fmuta6_summary, rows);
	harmony_fmuta6_get_summary(&summary, reader);
	assert_int_equal(summary.struct_size, offsetof(harmony_fmuta6_summary, rows));
	assert_int_equal(summary.columns, 0);
	assert_int_equal(summary.rows, 0x5555555555555555);
	harmony_fmuta6_free(reader);
	harmony_context_free(context);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_dialect_reads_back),
	                                   cmocka_unit_test(summary_fits_its_caller),
	                                   cmocka_unit_test(one_file_holds_one_kind)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
