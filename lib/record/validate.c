/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "record/record.h"

/* What can be wrong with a record. It runs for millions of records: nothing is formatted
   unless something is wrong, nothing is allocated at all. */

typedef struct checker {
	const harmony_record *record;
	harmony_diagnostic_fn report;
	void *user;
	bool failed;
	harmony_status status; /* what `report` returned */
} checker;

/* Where a finding is: a row and field (-1: none) with its value (NULL: none). */
typedef struct place {
	size_t row;
	harmony_field field;
	const harmony__value *value;
} place;

HARMONY__PRINTF(5, 6)
static void find(checker *check, int severity, int code, place at, const char *format, ...)
{
	char message[512], form[HARMONY_DECIMAL_SIZE];
	size_t len, used = 0;
	harmony_diagnostic found = {
		.struct_size = sizeof(found), .severity = severity, .code = code,
		.file = check->record->file, .line = check->record->source_line,
		.name = "", .raw = "", .row = at.row, .field = at.field, .message = message};
	va_list args;

	if (severity == HARMONY_FAILURE)
		check->failed = true;
	if (!check->report || check->status)
		return;
	if (at.field >= 0)
		found.name = harmony__fields[at.field].name;
	if (at.value)
		found.raw = harmony__value_text(form, sizeof(form), at.value,
		                                harmony__fields[at.field].type, &len);
	if (at.row != HARMONY_HEADER)
		used = (size_t)snprintf(message, sizeof(message), "line %zu: ", at.row);
	va_start(args, format);
	vsnprintf(message + used, sizeof(message) - used, format, args);
	va_end(args);
	check->status = check->report(&found, check->user);
}

/* ---- what must be there --------------------------------------------------------------- */

typedef struct need {
	unsigned kinds;
	harmony_field field;
	const char *mend;
} need;

static const need header_needs[] = {
	{HARMONY_PARTIES, HARMONY_FIELD_CODE, "give the relation the code that entries use"},
	{HARMONY_PARTIES, HARMONY_FIELD_NAME, "give the relation its name"},
	{HARMONY_ENTRIES, HARMONY_FIELD_JOURNAL, "say which journal it is booked in"},
	{HARMONY_ENTRIES & ~HARMONY_BIT(HARMONY_BANK_ENTRY), HARMONY_FIELD_DATE,
         "give the entry its date"},
	{HARMONY_INVOICES, HARMONY_FIELD_PARTY, "say whose invoice it is"},
	{HARMONY_INVOICES, HARMONY_FIELD_TOTAL, "give the sum of the lines and their VAT"},
	{HARMONY_ITEMS, HARMONY_FIELD_SIDE, "say sales or purchase"},
	{HARMONY_ITEMS, HARMONY_FIELD_PARTY, "say who owes it or is owed"},
	{HARMONY_ITEMS, HARMONY_FIELD_OUTSTANDING, "say how much is still open"},
};

static const need line_needs[] = {
	{HARMONY_ENTRIES, HARMONY_FIELD_ACCOUNT, "say which ledger account it is booked on"},
	{HARMONY_ENTRIES, HARMONY_FIELD_AMOUNT, "give the line its amount"},
};

static bool filled(const harmony__value *value, bool present, harmony_field field)
{
	return present && (harmony__fields[field].type != HARMONY_TYPE_TEXT || value->t.len > 0);
}

static void missing(checker *check, size_t row, harmony_field field, const char *mend)
{
	find(check, HARMONY_FAILURE, HARMONY_CODE_MISSING_FIELD, (place){row, field, NULL},
	     "%s is missing; %s", harmony__fields[field].name, mend);
}

static void check_header_needs(checker *check)
{
	const harmony_record *record = check->record;

	for (size_t i = 0; i < HARMONY__COUNT(header_needs); i++) {
		const need *n = &header_needs[i];

		if (n->kinds & HARMONY_BIT(record->kind) &&
		    !filled(&record->value[n->field], harmony__has(record, n->field), n->field))
			missing(check, HARMONY_HEADER, n->field, n->mend);
	}
}

static void check_line_needs(checker *check, size_t row)
{
	const harmony__line *line = &check->record->lines[row - 1];

	for (size_t i = 0; i < HARMONY__COUNT(line_needs); i++) {
		harmony_field field = line_needs[i].field;

		if (!filled(&line->value[field], harmony__line_has(line, field), field))
			missing(check, row, field, line_needs[i].mend);
	}
	if (check->record->kind == HARMONY_BANK_ENTRY &&
	    !harmony__has(check->record, HARMONY_FIELD_DATE) &&
	    !harmony__line_has(line, HARMONY_FIELD_DATE))
		missing(check, row, HARMONY_FIELD_DATE, "date the line or the entry");
}

/* ---- values of a row -------------------------------------------------------------------- */

static bool is_side(const harmony__value *value)
{
	return (value->t.len == 5 && memcmp(value->t.text, "sales", 5) == 0) ||
	       (value->t.len == 8 && memcmp(value->t.text, "purchase", 8) == 0);
}

static bool is_currency(const harmony__value *value)
{
	const char *text = value->t.text;

	return value->t.len == 3 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A' &&
	       text[1] <= 'Z' && text[2] >= 'A' && text[2] <= 'Z';
}

static void check_text(checker *check, place at)
{
	const harmony_field_info *info = &harmony__fields[at.field];
	const harmony__value *value = at.value;

	if (HARMONY__UNLIKELY(value->t.len > info->width) &&
	    harmony__utf8_length(value->t.text, value->t.len) > info->width)
		find(check, HARMONY_WARNING, HARMONY_CODE_TOO_LONG, at,
		     "%s has %zu characters, the format holds %u; a package may cut or refuse it",
		     info->name, harmony__utf8_length(value->t.text, value->t.len), info->width);
	if (at.field == HARMONY_FIELD_SIDE && !is_side(value))
		find(check, HARMONY_FAILURE, HARMONY_CODE_INVALID_VALUE, at,
		     "side %.*s is neither sales nor purchase; write one of the two",
		     (int)harmony__utf8_cut(value->t.text, value->t.len, 40), value->t.text);
	if (at.field == HARMONY_FIELD_CURRENCY && !is_currency(value))
		find(check, HARMONY_FAILURE, HARMONY_CODE_INVALID_VALUE, at,
		     "currency %.*s is not three capital letters; write its ISO 4217 code, such "
		     "as EUR",
		     (int)harmony__utf8_cut(value->t.text, value->t.len, 40), value->t.text);
}

static void check_number(checker *check, place at)
{
	static const struct {
		int16_t field, low, high;
	} ranges[] = {{HARMONY_FIELD_YEAR, 1900, 2199},
	              {HARMONY_FIELD_PERIOD, 0, 999},
	              {HARMONY_FIELD_WEEK, 0, 53}};

	for (size_t i = 0; i < HARMONY__COUNT(ranges); i++)
		if (ranges[i].field == at.field && (at.value->number < ranges[i].low ||
		                                    at.value->number > ranges[i].high))
			find(check, HARMONY_FAILURE, HARMONY_CODE_INVALID_VALUE, at,
			     "%s %lld lies outside %d to %d; correct it",
			     harmony__fields[at.field].name, (long long)at.value->number,
			     ranges[i].low, ranges[i].high);
}

static void check_values(checker *check, size_t row, const harmony__value *values,
                         const uint64_t *present, size_t words)
{
	for (size_t w = 0; w < words; w++)
		for (uint64_t bits = present[w]; bits; bits &= bits - 1) {
			harmony_field field = (harmony_field)(64 * w) + harmony__low_bit(bits);
			const place at = {row, field, &values[field]};

			if (harmony__fields[field].type == HARMONY_TYPE_TEXT) {
				/* the two that are more than their width */
				if (HARMONY__UNLIKELY(values[field].t.len >
				                      harmony__fields[field].width) ||
				    field == HARMONY_FIELD_SIDE || field == HARMONY_FIELD_CURRENCY)
					check_text(check, at);
			} else if (harmony__fields[field].type == HARMONY_TYPE_NUMBER) {
				check_number(check, at);
			}
		}
}

/* ---- sums ------------------------------------------------------------------------------ */

typedef struct money {
	char text[HARMONY_DECIMAL_SIZE];
} money;

static money money_text(int64_t amount)
{
	money m;

	harmony_decimal_format(m.text, amount, HARMONY_SCALE_AMOUNT, '.');
	return m;
}

/* a - b, or "" words when it does not fit: only a message needs it. */
static money difference(int64_t a, int64_t b)
{
	if (b == INT64_MIN || !harmony__add(&a, -b))
		return (money){"too large to tell"};
	return money_text(a);
}

static void too_large(checker *check)
{
	find(check, HARMONY_FAILURE, HARMONY_CODE_INVALID_AMOUNT,
	     (place){HARMONY_HEADER, HARMONY_FIELD_AMOUNT, NULL},
	     "the lines add up to more than an amount can hold; split the entry");
}

static void check_total(checker *check)
{
	const harmony__value *total = &check->record->value[HARMONY_FIELD_TOTAL];
	int64_t sum;

	if (!harmony__record_total(&sum, check->record))
		too_large(check);
	else if (harmony__has(check->record, HARMONY_FIELD_TOTAL) && total->number != sum)
		find(check, HARMONY_FAILURE, HARMONY_CODE_TOTAL_MISMATCH,
		     (place){HARMONY_HEADER, HARMONY_FIELD_TOTAL, total},
		     "total is %s, but the lines and their VAT make %s (difference %s); correct "
		     "the total or the lines",
		     money_text(total->number).text, money_text(sum).text,
		     difference(total->number, sum).text);
}

static bool sides(int64_t *debit, int64_t *credit, const harmony_record *record, bool with_vat)
{
	*debit = *credit = 0;
	for (size_t i = 0; i < record->line_count; i++) {
		const harmony__line *line = &record->lines[i];
		int64_t amount = 0;

		if (harmony__line_has(line, HARMONY_FIELD_AMOUNT))
			amount = line->value[HARMONY_FIELD_AMOUNT].number;
		if (with_vat && harmony__line_has(line, HARMONY_FIELD_VAT_AMOUNT) &&
		    !harmony__add(&amount, line->value[HARMONY_FIELD_VAT_AMOUNT].number))
			return false;
		if (!harmony__add(amount < 0 ? credit : debit, amount))
			return false;
	}
	return true;
}

/* 1: amounts alone sum to zero; 2: with their VAT they do; 0: neither; -1: overflow. Files
   differ in whether a memorial's VAT stands beside its amounts or in lines of its own. */
int harmony__record_balance(const harmony_record *record)
{
	int64_t debit, credit;

	for (int with_vat = 0; with_vat < 2; with_vat++) {
		if (!sides(&debit, &credit, record, with_vat) || !harmony__add(&debit, credit))
			return -1;
		if (debit == 0)
			return with_vat + 1;
	}
	return 0;
}

static void check_balance(checker *check)
{
	int64_t debit, credit;
	int balance = harmony__record_balance(check->record);

	if (balance > 0)
		return;
	if (balance < 0 || !sides(&debit, &credit, check->record, false)) {
		too_large(check);
		return;
	}
	credit = credit == INT64_MIN ? INT64_MAX : -credit;
	find(check, HARMONY_FAILURE, HARMONY_CODE_UNBALANCED,
	     (place){HARMONY_HEADER, HARMONY_FIELD_AMOUNT, NULL},
	     "debit is %s and credit is %s, a difference of %s; correct the lines until they sum "
	     "to zero",
	     money_text(debit).text, money_text(credit).text, difference(debit, credit).text);
}

static void check_open(checker *check)
{
	const harmony_record *record = check->record;
	const harmony__value *open = &record->value[HARMONY_FIELD_OUTSTANDING];
	int64_t amount = record->value[HARMONY_FIELD_AMOUNT].number;
	int64_t paid = record->value[HARMONY_FIELD_PAID].number;
	int64_t rest = open->number;

	if (!harmony__has(record, HARMONY_FIELD_AMOUNT) ||
	    !harmony__has(record, HARMONY_FIELD_PAID) ||
	    !harmony__has(record, HARMONY_FIELD_OUTSTANDING))
		return;
	if (harmony__add(&rest, paid) && rest == amount)
		return;
	find(check, HARMONY_FAILURE, HARMONY_CODE_TOTAL_MISMATCH,
	     (place){HARMONY_HEADER, HARMONY_FIELD_OUTSTANDING, open},
	     "amount %s less paid %s is %s, not the outstanding %s; correct one of the three",
	     money_text(amount).text, money_text(paid).text, difference(amount, paid).text,
	     money_text(open->number).text);
}

static void check_lines(checker *check)
{
	const harmony_record *record = check->record;

	if (record->line_count == 0)
		find(check, HARMONY_FAILURE, HARMONY_CODE_EMPTY_ENTRY,
		     (place){HARMONY_HEADER, -1, NULL},
		     "the entry has no lines; add at least one with account and amount");
	for (size_t row = 1; row <= record->line_count; row++) {
		const harmony__line *line = &record->lines[row - 1];

		check_line_needs(check, row);
		check_values(check, row, line->value, &line->present, 1);
	}
}

harmony_status harmony_record_validate(const harmony_record *record, harmony_diagnostic_fn report,
                                       void *user)
{
	checker check = {.record = record, .report = report, .user = user};
	const unsigned kind = HARMONY_BIT(record->kind);

	check_header_needs(&check);
	check_values(&check, HARMONY_HEADER, record->value, record->present, 2);
	if (kind & HARMONY_ENTRIES)
		check_lines(&check);
	if (kind & HARMONY_INVOICES)
		check_total(&check);
	else if (record->kind == HARMONY_MEMORIAL)
		check_balance(&check);
	else if (kind & HARMONY_ITEMS)
		check_open(&check);
	if (check.status)
		return check.status;
	return check.failed ? HARMONY_REJECTED : HARMONY_OK;
}
