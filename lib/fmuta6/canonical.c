/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "fmuta6/fmuta6.h"

/* What the file means → what a record means: signs, VAT in or out of the amounts, the
   total; and then everything that is wrong with it. */

static void fill_down(harmony_fmuta6 *r)
{
	const harmony__entry *e = &r->entry;

	for (size_t i = 0; i < r->record->line_count; i++) {
		harmony__line *line = &r->record->lines[i];
		for (uint64_t bits = e->down_present & ~line->present; bits; bits &= bits - 1) {
			harmony_field field = harmony__low_bit(bits);
			line->value[field] = e->down[field];
			harmony__line_mark(line, field);
		}
	}
}

/* A debtor and a creditor of one code are two relations: the wrong column is not used. */
static void tell_wrong_party(harmony_fmuta6 *r)
{
	const harmony__entry *e = &r->entry;
	bool sales = r->record->kind == HARMONY_SALES_INVOICE;
	harmony__spot spot = {.row = HARMONY_HEADER,
	                      .line = e->wrong_line,
	                      .index = e->wrong_index,
	                      .field = HARMONY_FIELD_PARTY,
	                      .raw = e->wrong_code,
	                      .raw_len = strlen(e->wrong_code)};

	if (harmony__has(r->record, HARMONY_FIELD_PARTY))
		harmony__report(r, &spot, HARMONY_WARNING, HARMONY_CODE_INVALID_VALUE,
		                "a %s journal takes its relation from %s, so this code is left out",
		                sales ? "sales" : "purchase", sales ? "debnr" : "crdnr");
	else
		harmony__report(r, &spot, HARMONY_FAILURE, HARMONY_CODE_MISSING_FIELD,
		                "the relation stands in the wrong column: a %s journal takes it from "
		                "%s",
		                sales ? "sales" : "purchase", sales ? "debnr" : "crdnr");
}

/* ---- signs ------------------------------------------------------------------------------ */

static void negate(harmony__value *value, bool present)
{
	if (present && value->number != INT64_MIN)
		value->number = -value->number;
}

static void negate_lines(harmony_record *record)
{
	for (size_t i = 0; i < record->line_count; i++) {
		harmony__line *line = &record->lines[i];
		negate(&line->value[HARMONY_FIELD_AMOUNT],
		       harmony__line_has(line, HARMONY_FIELD_AMOUNT));
		negate(&line->value[HARMONY_FIELD_VAT_AMOUNT],
		       harmony__line_has(line, HARMONY_FIELD_VAT_AMOUNT));
	}
}

/* Amounts beside the total turn with it when they had its sign. */
static void negate_beside(harmony_record *record, harmony_field field, int64_t total)
{
	harmony__value *value = &record->value[field];

	if (harmony__has(record, field) &&
	    ((value->number < 0 && total < 0) || (value->number > 0 && total > 0)))
		negate(value, true);
}

/* ---- VAT and total ------------------------------------------------------------------------- */

static uint64_t magnitude(int64_t value)
{
	return value < 0 ? -(uint64_t)value : (uint64_t)value;
}

/* The header's total tells whether the lines include their VAT. */
static bool includes_vat(const harmony_fmuta6 *r, int64_t with_vat)
{
	const harmony__entry *e = &r->entry;
	uint64_t header = magnitude(e->header_amount);

	if (r->options.vat != HARMONY_VAT_AUTO)
		return r->options.vat == HARMONY_VAT_INCLUSIVE;
	if (!e->any_vat || header == 0 || magnitude(with_vat) == header)
		return false;
	return magnitude(e->amounts) == header;
}

static bool exclude_vat(harmony_record *record)
{
	for (size_t i = 0; i < record->line_count; i++) {
		harmony__line *line = &record->lines[i];
		if (harmony__line_has(line, HARMONY_FIELD_AMOUNT) &&
		    harmony__line_has(line, HARMONY_FIELD_VAT_AMOUNT) &&
		    !harmony__add(&line->value[HARMONY_FIELD_AMOUNT].number,
		                  -line->value[HARMONY_FIELD_VAT_AMOUNT].number))
			return false;
	}
	return true;
}

static void tell_mismatch(harmony_fmuta6 *r, int64_t made)
{
	char header[HARMONY_DECIMAL_SIZE], lines[HARMONY_DECIMAL_SIZE];
	char difference[HARMONY_DECIMAL_SIZE] = "too large to tell";
	int64_t rest = r->entry.header_amount;
	harmony__spot spot;

	harmony_decimal_format(header, r->entry.header_amount, HARMONY_SCALE_AMOUNT, '.');
	harmony_decimal_format(lines, made, HARMONY_SCALE_AMOUNT, '.');
	if (harmony__add(&rest, -made))
		harmony_decimal_format(difference, rest, HARMONY_SCALE_AMOUNT, '.');
	spot = harmony__spot_of(r, HARMONY_HEADER, HARMONY_FIELD_TOTAL, header);
	harmony__report(r, &spot,
	                r->options.total == HARMONY_TOTAL_REJECT ? HARMONY_FAILURE : HARMONY_WARNING,
	                HARMONY_CODE_TOTAL_MISMATCH,
	                "the header's total is %s, the lines make %s (difference %s); %s", header,
	                lines, difference,
	                r->options.total == HARMONY_TOTAL_REJECT
	                        ? "correct the one that is wrong, or set fmuta6.total to warn, and "
	                          "the lines count"
	                        : "the lines count, so see whether one is missing");
}

/* Lines that could not be read do not add up to anything. */
static bool sums_are_unknown(const harmony_fmuta6 *r)
{
	for (size_t i = 0; i < r->failure_count; i++)
		if (r->failures[i].code == HARMONY_CODE_DAMAGED_ROW ||
		    r->failures[i].code == HARMONY_CODE_INVALID_AMOUNT)
			return true;
	return r->entry.skip;
}

static void too_large(harmony_fmuta6 *r)
{
	harmony__spot spot = harmony__spot_of(r, HARMONY_HEADER, HARMONY_FIELD_TOTAL, NULL);

	harmony__report(r, &spot, HARMONY_FAILURE, HARMONY_CODE_INVALID_AMOUNT,
	                "the lines add up to more than an amount can hold; correct them");
}

static void make_invoice(harmony_fmuta6 *r)
{
	harmony_record *record = r->record;
	harmony__entry *e = &r->entry;
	int64_t made = e->amounts;
	bool inclusive;

	if (e->overflow || !harmony__add(&made, e->vat) || made == INT64_MIN) {
		too_large(r);
		return;
	}
	inclusive = includes_vat(r, made);
	if (inclusive)
		made = e->amounts;
	if (inclusive && !exclude_vat(record)) {
		too_large(r);
		return;
	}
	if (e->has_header_amount && e->header_amount != 0 && e->header_amount != made &&
	    !sums_are_unknown(r))
		tell_mismatch(r, made);
	if (record->kind == HARMONY_SALES_INVOICE &&
	    r->options.sales_sign == HARMONY_SALES_DEBIT_CREDIT) {
		negate_lines(record);
		negate_beside(record, HARMONY_FIELD_PAYMENT_DISCOUNT, made);
		negate_beside(record, HARMONY_FIELD_BLOCKED_AMOUNT, made);
		made = -made;
	}
	record->value[HARMONY_FIELD_TOTAL].number = made;
	harmony__mark(record, HARMONY_FIELD_TOTAL);
	if (record->kind == HARMONY_SALES_INVOICE) {
		r->sales++;
		r->negative_sales += made < 0;
	}
}

static void make_memorial(harmony_fmuta6 *r)
{
	if (r->options.memorial_sign != HARMONY_MEMORIAL_CREDIT)
		return;
	negate_lines(r->record);
	negate(&r->record->value[HARMONY_FIELD_AMOUNT],
	       harmony__has(r->record, HARMONY_FIELD_AMOUNT));
}

/* ---- numbers that came before ------------------------------------------------------------------ */

static int64_t year_of(const harmony_record *record)
{
	if (harmony__has(record, HARMONY_FIELD_YEAR))
		return record->value[HARMONY_FIELD_YEAR].number;
	return harmony__has(record, HARMONY_FIELD_DATE) ? record->value[HARMONY_FIELD_DATE].date.year
	                                                : 0;
}

static void tell_full(harmony_fmuta6 *r)
{
	harmony__spot spot = harmony__spot_file(r->record->source_line);

	if (r->full_told)
		return;
	r->full_told = true;
	harmony__report(r, &spot, HARMONY_NOTE, HARMONY_CODE_DUPLICATE,
	                "too many entry numbers to remember; from here on a number that stands twice "
	                "in the file is found when it is offered");
}

static void check_duplicate(harmony_fmuta6 *r)
{
	const harmony_record *record = r->record;
	const harmony__value *number = &record->value[HARMONY_FIELD_ENTRY_NUMBER];
	const harmony__value *journal = &record->value[HARMONY_FIELD_JOURNAL];
	bool before;
	uint64_t seed;
	harmony__spot spot;

	if (!harmony__has(record, HARMONY_FIELD_ENTRY_NUMBER) ||
	    !harmony__has(record, HARMONY_FIELD_JOURNAL))
		return;
	seed = harmony__hash64(journal->t.text, journal->t.len,
	                       (uint64_t)year_of(record) * 16 + (uint64_t)record->kind);
	if (harmony__seen_add(&before, &r->seen, r->context, seed, number->t.text, number->t.len))
		harmony__die(r, HARMONY_NOMEM);
	if (r->seen.full)
		tell_full(r);
	if (!before)
		return;
	spot = harmony__spot_of(r, HARMONY_HEADER, HARMONY_FIELD_ENTRY_NUMBER, number->t.text);
	harmony__report(r, &spot, HARMONY_FAILURE, HARMONY_CODE_DUPLICATE,
	                "an entry with this number stands in the file before, in the same journal "
	                "and year; give it a number of its own");
}

void harmony__canonical(harmony_fmuta6 *r)
{
	if (r->entry.down_present)
		fill_down(r);
	if (r->entry.wrong_party)
		tell_wrong_party(r);
	if (HARMONY_INVOICES & HARMONY_BIT(r->record->kind))
		make_invoice(r);
	else if (r->record->kind == HARMONY_MEMORIAL)
		make_memorial(r);
	check_duplicate(r);
}

/* ---- what validation finds ------------------------------------------------------------------------ */

/* What was told when it was read is not told again by its consequence. */
static bool is_consequence(const harmony_fmuta6 *r, const harmony_diagnostic *found)
{
	switch (found->code) {
	case HARMONY_CODE_MISSING_FIELD:
		if (harmony__damaged(r, found->row))
			return true;
		return found->row == HARMONY_HEADER && found->field != HARMONY_FIELD_TOTAL
		               ? harmony__failed_anywhere(r, found->field)
		               : r->failure_count > 0 &&
		                         (found->field == HARMONY_FIELD_TOTAL ||
		                          harmony__failed(r, found->row, found->field));
	case HARMONY_CODE_UNBALANCED:
	case HARMONY_CODE_TOTAL_MISMATCH:
		return sums_are_unknown(r);
	case HARMONY_CODE_INVALID_AMOUNT:
		return harmony__failed_anywhere(r, HARMONY_FIELD_TOTAL);
	default:
		return false;
	}
}

static harmony_status take_finding(const harmony_diagnostic *found, void *user)
{
	harmony_fmuta6 *r = user;
	harmony__spot spot;

	if (is_consequence(r, found))
		return HARMONY_OK;
	spot = harmony__spot_of(r, found->row, found->field, found->raw);
	harmony__report(r, &spot, found->severity, found->code, "%s", found->message);
	return r->dead;
}

void harmony__check_record(harmony_fmuta6 *r)
{
	harmony_status status;

	if (r->dead)
		return;
	status = harmony_record_validate(r->record, take_finding, r);
	if (status && status != HARMONY_REJECTED)
		harmony__die(r, status);
}
