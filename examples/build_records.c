/* SPDX-License-Identifier: MIT */
/* Makes a sales invoice by hand, as an ERP that has no fmuta6.csv would, has it
   validated, and writes it as JSON lines or as fmuta6.csv.

       build_records jsonl | build_records fmuta6 */
#include <stdio.h>
#include <string.h>

#include <harmony/harmony.h>

static harmony_status to_stdout(const void *data, size_t len, void *user)
{
	return fwrite(data, 1, len, stdout) == len ? HARMONY_OK : HARMONY_USER;
}

/* Fields by their names, in their text form; `lines.1.amount` is a line's. A typed
   setter exists too: harmony_record_set_number() and its like. */
static const char *const invoice[][2] = {
    {"journal", "70"},
    {"period", "1"},
    {"entry_number", "24700001"},
    {"invoice_number", "24700001"},
    {"party", "1001"},
    {"date", "2024-01-15"},
    {"due_date", "2024-02-14"},
    {"currency", "EUR"},
    {"description", "Factuur 24700001"},
    {"payment_reference", "24700001"},
    {"lines.1.number", "1"},
    {"lines.1.account", "8000"},
    {"lines.1.description", "Brood, \"heel\""},
    {"lines.1.amount", "100.00"},
    {"lines.1.vat_code", "2"},
    {"lines.1.vat_amount", "9.00"},
    {"lines.1.quantity", "12"},
    {"lines.2.number", "2"},
    {"lines.2.account", "8010"},
    {"lines.2.description", "Bezorging"},
    {"lines.2.amount", "10.00"},
    {"lines.2.vat_code", "4"},
    {"lines.2.vat_amount", "2.10"},
};

static harmony_status fill(harmony_record *record, harmony_error *error)
{
	harmony_status status = HARMONY_OK;
	for (int line = 0; line < 2 && status == HARMONY_OK; line++)
		status = harmony_record_add_line(record, NULL, error);
	for (size_t i = 0; i < sizeof invoice / sizeof invoice[0] && status == HARMONY_OK; i++)
		status = harmony_record_set_path(record, invoice[i][0], invoice[i][1], error);
	return status == HARMONY_OK ? harmony_record_sum(record, error) : status;
}

static harmony_status complain(const harmony_diagnostic *diagnostic, void *user)
{
	fprintf(stderr, "build_records: %s\n", diagnostic->message);
	return HARMONY_OK;
}

static harmony_status write_fmuta6(harmony_context *context, const harmony_record *record,
                                   harmony_error *error)
{
	harmony_fmuta6_writer *writer = NULL;
	harmony_status status =
	    harmony_fmuta6_writer_new(&writer, context, NULL, to_stdout, NULL, error);
	if (status == HARMONY_OK)
		status = harmony_fmuta6_writer_add(writer, record, error);
	harmony_fmuta6_writer_free(writer);
	return status;
}

int main(int argc, char **argv)
{
	harmony_context *context = NULL;
	harmony_record *record = NULL;
	harmony_error error = HARMONY_ERROR_INIT;
	if (argc != 2 || (strcmp(argv[1], "jsonl") != 0 && strcmp(argv[1], "fmuta6") != 0)) {
		fprintf(stderr, "usage: build_records jsonl | fmuta6\n");
		return 2;
	}
	harmony_status status = harmony_context_new(&context, NULL, &error);
	if (status == HARMONY_OK)
		status = harmony_record_new(&record, context, HARMONY_SALES_INVOICE, &error);
	if (status == HARMONY_OK)
		status = fill(record, &error);
	if (status == HARMONY_OK)
		status = harmony_record_validate(record, complain, NULL);
	if (status == HARMONY_OK && strcmp(argv[1], "jsonl") == 0) {
		status = harmony_record_write_json(record, to_stdout, NULL, &error);
		putchar('\n');
	} else if (status == HARMONY_OK) {
		status = write_fmuta6(context, record, &error);
	}
	if (status != HARMONY_OK)
		fprintf(stderr, "build_records: %s %s\n", harmony_status_text(status), error.message);
	harmony_record_free(record);
	harmony_context_free(context);
	return status == HARMONY_OK ? 0 : 1;
}
