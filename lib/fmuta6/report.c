/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "fmuta6/fmuta6.h"

/* What is wrong, where, and what mends it. A finding is handed to the host when it is
   found; failures are kept until their record is handed on. */

#define MAX_RAW 200u
/* Of one record: what is beyond is counted and told, not kept. */
#define MAX_FAILURES 1000u
_Static_assert(MAX_FAILURES >= HARMONY__FAILURES_KEPT, "intake relies on it");

void harmony__die(harmony_fmuta6 *r, harmony_status status)
{
	if (!r->dead)
		r->dead = status;
}

/* A raw text for messages: valid UTF-8 without control characters, cut to size. */
static const char *clean_raw(harmony_fmuta6 *r, const char *raw, size_t len)
{
	char clean[MAX_RAW + 1];
	const char *kept;
	size_t used = 0;
	bool utf8;

	if (!raw || len == 0)
		return "";
	utf8 = harmony__is_utf8(raw, len);
	if (len > MAX_RAW)
		len = utf8 ? harmony__utf8_cut(raw, len, MAX_RAW / 4) : MAX_RAW;
	for (; used < len && used < MAX_RAW; used++) {
		unsigned char c = (unsigned char)raw[used];
		clean[used] = c < 0x20 || c == 0x7f || (c >= 0x80 && !utf8) ? '?' : raw[used];
	}
	kept = harmony__arena_text(&r->texts, clean, used);
	if (!kept && !r->texts.over)
		harmony__die(r, HARMONY_NOMEM);
	return kept ? kept : "";
}

static const char *keep(harmony_fmuta6 *r, const char *text)
{
	const char *kept = harmony__arena_text(&r->texts, text, strlen(text));

	if (!kept && !r->texts.over)
		harmony__die(r, HARMONY_NOMEM);
	return kept ? kept : "";
}

static void keep_failure(harmony_fmuta6 *r, harmony_diagnostic *found)
{
	void *failures = r->failures;

	if (r->failure_count >= MAX_FAILURES)
		return;
	if (harmony__grow(r->context, &failures, &r->failure_capacity, r->failure_count + 1,
	                  sizeof(*found))) {
		harmony__die(r, HARMONY_NOMEM);
		return;
	}
	r->failures = failures;
	found->message = keep(r, found->message);
	r->failures[r->failure_count++] = *found;
}

static void hand_on(harmony_fmuta6 *r, const harmony_diagnostic *found)
{
	uint64_t *const counts[] = {&r->summary.notes, &r->summary.warnings, &r->summary.failures};

	++*counts[found->severity];
	if (r->diagnostic_fn && !r->dead)
		harmony__die(r, r->diagnostic_fn(found, r->user));
}

void harmony__report(harmony_fmuta6 *r, const harmony__spot *spot, int severity, int code,
                     const char *format, ...)
{
	char message[768];
	const harmony__column *column = NULL;
	harmony_diagnostic found = {
		.struct_size = sizeof(found), .severity = severity, .code = code, .file = r->file,
		.line = spot->line, .column = (uint32_t)(spot->index + 1), .row = spot->row,
		.field = spot->field, .name = "", .message = message};
	va_list args;

	if (r->dead)
		return;
	if (spot->index >= 0 && spot->index < (int)HARMONY_MAX_COLUMNS)
		column = r->columns[spot->index];
	if (column)
		found.name = column->name;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	found.raw = clean_raw(r, spot->raw, spot->raw_len);
	if (severity == HARMONY_FAILURE && r->entry.open)
		keep_failure(r, &found);
	hand_on(r, &found);
	if (!r->entry.open)
		harmony__arena_reset(&r->texts);
}

harmony__spot harmony__spot_here(const harmony_fmuta6 *r, int index)
{
	harmony__spot spot = {.row = r->at, .line = r->row->line, .index = index, .field = -1};

	if (index >= 0 && (size_t)index < r->row->count) {
		spot.raw = r->row->fields[index].text;
		spot.raw_len = r->row->fields[index].len;
		if (index < (int)HARMONY_MAX_COLUMNS && r->columns[index])
			spot.field = r->columns[index]->field;
		if (spot.field == HARMONY_FIELD_AMOUNT && r->at == HARMONY_HEADER && r->entry.open &&
		    HARMONY_INVOICES & HARMONY_BIT(r->record->kind))
			spot.field = HARMONY_FIELD_TOTAL;
	}
	return spot;
}

/* The field of the file's rows that holds a field of the record; the total stands in
   the amount of the header row. */
static int index_of(const harmony_fmuta6 *r, harmony_field field)
{
	int as = -1;

	if (field == HARMONY_FIELD_TOTAL)
		field = HARMONY_FIELD_AMOUNT;
	if (field == HARMONY_FIELD_SIDE)
		field = HARMONY_FIELD_PARTY;
	if (field == HARMONY_FIELD_PARTY && r->record->kind == HARMONY_PURCHASE_INVOICE)
		as = HARMONY__AS_CREDITOR;
	for (unsigned i = 0; i < r->column_count; i++)
		if (r->columns[i] && r->columns[i]->field == field &&
		    (as < 0 || r->columns[i]->as == as))
			return (int)i;
	return -1;
}

harmony__spot harmony__spot_of(const harmony_fmuta6 *r, size_t row, harmony_field field,
                               const char *raw)
{
	harmony__spot spot = {.row = row, .index = index_of(r, field), .field = field, .raw = raw};

	spot.line = row == HARMONY_HEADER ? r->record->source_line : r->lines_at[row - 1];
	spot.raw_len = raw ? strlen(raw) : 0;
	return spot;
}

harmony__spot harmony__spot_file(uint64_t line)
{
	return (harmony__spot){.line = line, .index = -1, .field = -1};
}

bool harmony__failed(const harmony_fmuta6 *r, size_t row, harmony_field field)
{
	for (size_t i = 0; i < r->failure_count; i++)
		if (r->failures[i].row == row && r->failures[i].field == field)
			return true;
	return false;
}

bool harmony__damaged(const harmony_fmuta6 *r, size_t row)
{
	for (size_t i = 0; i < r->failure_count; i++)
		if (r->failures[i].row == row && r->failures[i].code == HARMONY_CODE_DAMAGED_ROW)
			return true;
	return false;
}

bool harmony__failed_anywhere(const harmony_fmuta6 *r, harmony_field field)
{
	for (size_t i = 0; i < r->failure_count; i++)
		if (r->failures[i].field == field)
			return true;
	return false;
}

void harmony__forget_failures(harmony_fmuta6 *r)
{
	r->failure_count = 0;
	harmony__arena_reset(&r->texts);
}
