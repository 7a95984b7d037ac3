/* SPDX-License-Identifier: MIT */
#include <harmony/record.h>

#include "record/record.h"

/* A record's life, its rows, and its typed getters and setters. */

static bool known_kind(harmony_kind kind)
{
	return kind > 0 && kind <= HARMONY_KIND_LAST_;
}

static bool has_lines(harmony_kind kind)
{
	return HARMONY_ENTRIES & HARMONY_BIT(kind);
}

harmony_status harmony_record_new(harmony_record **out, harmony_context *context, harmony_kind kind,
                                  harmony_error *error)
{
	harmony_record *record;

	*out = NULL;
	if (!known_kind(kind))
		return harmony_error_set(error, HARMONY_INVALID, NULL,
		                         "%d is not a kind of record; take one of HARMONY_KIND_MAP",
		                         kind);
	record = harmony__zalloc(context, sizeof(*record));
	if (!record)
		return harmony__nomem(error);
	record->context = context;
	record->kind = kind;
	record->file = "";
	harmony__arena_init(&record->arena, context, HARMONY_MAX_ENTRY);
	*out = record;
	return HARMONY_OK;
}

void harmony_record_free(harmony_record *record)
{
	if (!record)
		return;
	harmony__arena_free(&record->arena);
	harmony__free(record->context, record->lines);
	harmony__free(record->context, record);
}

harmony_status harmony_record_reset(harmony_record *record, harmony_kind kind)
{
	if (!known_kind(kind))
		return HARMONY_INVALID;
	harmony__arena_reset(&record->arena);
	record->kind = kind;
	record->present[0] = record->present[1] = 0;
	record->line_count = 0;
	record->file = "";
	record->source_line = 0;
	return HARMONY_OK;
}

harmony_kind harmony_record_kind(const harmony_record *record)
{
	return record->kind;
}

size_t harmony_record_lines(const harmony_record *record)
{
	return record->line_count;
}

/* Doubles while that is cheap, then grows by steps: one entry of HARMONY_MAX_ENTRY_LINES
   must not cost twice its size. What lines take, texts cannot. */
static harmony_status grow_lines(harmony_record *record)
{
	const size_t step = 8192;
	size_t want = record->line_capacity < 4 ? 4 : record->line_capacity * 2;
	harmony__line *lines;

	if (record->line_capacity >= step)
		want = record->line_capacity + step;
	if (want > HARMONY_MAX_ENTRY_LINES)
		want = HARMONY_MAX_ENTRY_LINES;
	if (want * sizeof(*lines) + record->arena.used > HARMONY_MAX_ENTRY)
		return HARMONY_LIMIT;
	lines = harmony__realloc(record->context, record->lines, want * sizeof(*lines));
	if (!lines)
		return HARMONY_NOMEM;
	record->lines = lines;
	record->line_capacity = want;
	record->arena.limit = HARMONY_MAX_ENTRY - want * sizeof(*lines);
	return HARMONY_OK;
}

static harmony_status append_line(harmony_record *record)
{
	harmony_status status;

	if (HARMONY__UNLIKELY(record->line_count == record->line_capacity)) {
		if (record->line_count >= HARMONY_MAX_ENTRY_LINES)
			return HARMONY_LIMIT;
		status = grow_lines(record);
		if (status)
			return status;
	}
	record->lines[record->line_count++].present = 0;
	return HARMONY_OK;
}

harmony__line *harmony__record_line(harmony_record *record)
{
	return append_line(record) ? NULL : &record->lines[record->line_count - 1];
}

harmony_status harmony_record_add_line(harmony_record *record, size_t *row, harmony_error *error)
{
	harmony_status status;

	if (!has_lines(record->kind))
		return harmony_error_set(error, HARMONY_INVALID, NULL, "a %s has no lines",
		                         harmony_kind_word(record->kind));
	status = append_line(record);
	if (status == HARMONY_NOMEM)
		return harmony__nomem(error);
	if (status)
		return harmony_error_set(error, status, harmony_code_word(HARMONY_CODE_TOO_LONG),
		                         "an entry holds at most %u lines and %u bytes; split it",
		                         HARMONY_MAX_ENTRY_LINES, HARMONY_MAX_ENTRY);
	if (row)
		*row = record->line_count;
	return HARMONY_OK;
}

/* ---- texts ------------------------------------------------------------------------ */

static harmony_status keep_text(const char **out, harmony_record *record, const char *text,
                                size_t len, harmony_error *error)
{
	char *copy = harmony__arena_text(&record->arena, text, len);

	if (!copy && record->arena.over)
		return harmony_error_set(error, HARMONY_LIMIT,
		                         harmony_code_word(HARMONY_CODE_TOO_LONG),
		                         "the record's texts take more than %u bytes together",
		                         HARMONY_MAX_ENTRY);
	if (!copy)
		return harmony__nomem(error);
	*out = copy;
	return HARMONY_OK;
}

harmony_status harmony_record_set_source(harmony_record *record, const char *file, uint64_t line,
                                         harmony_error *error)
{
	const char *kept = "";
	size_t len = file ? strlen(file) : 0;
	harmony_status status;

	if (len) {
		status = keep_text(&kept, record, file, len, error);
		if (status)
			return status;
	}
	record->file = kept;
	record->source_line = line;
	return HARMONY_OK;
}

const char *harmony_record_source_file(const harmony_record *record)
{
	return record->file;
}

uint64_t harmony_record_source_line(const harmony_record *record)
{
	return record->source_line;
}

/* ---- copy ------------------------------------------------------------------------- */

static harmony_status copy_texts(harmony_record *to, harmony__value *values,
                                 const uint64_t *present, int count, harmony_error *error)
{
	for (int i = 0; i < count; i++) {
		harmony_status status;

		if (!(present[i >> 6] >> (i & 63) & 1) ||
		    harmony__fields[i].type != HARMONY_TYPE_TEXT)
			continue;
		status = keep_text(&values[i].t.text, to, values[i].t.text, values[i].t.len, error);
		if (status)
			return status;
	}
	return HARMONY_OK;
}

static harmony_status copy_lines(harmony_record *to, const harmony_record *from,
                                 harmony_error *error)
{
	for (size_t i = 0; i < from->line_count; i++) {
		harmony_status status = harmony_record_add_line(to, NULL, error);

		if (status)
			return status;
		to->lines[i] = from->lines[i];
		status = copy_texts(to, to->lines[i].value, &to->lines[i].present,
		                    HARMONY_LINE_FIELDS, error);
		if (status)
			return status;
	}
	return HARMONY_OK;
}

harmony_status harmony_record_copy(harmony_record **out, const harmony_record *record,
                                   harmony_error *error)
{
	harmony_record *copy;
	harmony_status status = harmony_record_new(out, record->context, record->kind, error);

	if (status)
		return status;
	copy = *out;
	memcpy(copy->present, record->present, sizeof(copy->present));
	memcpy(copy->value, record->value, sizeof(copy->value));
	status = copy_texts(copy, copy->value, copy->present, HARMONY_FIELD_COUNT, error);
	if (!status)
		status = copy_lines(copy, record, error);
	if (!status)
		status = harmony_record_set_source(copy, record->file, record->source_line, error);
	if (status) {
		harmony_record_free(copy);
		*out = NULL;
	}
	return status;
}

/* ---- getters ---------------------------------------------------------------------- */

static const harmony__value *present_value(const harmony_record *record, size_t row,
                                           harmony_field field)
{
	if (field < 0 || field >= HARMONY_FIELD_COUNT)
		return NULL;
	if (row == HARMONY_HEADER)
		return harmony__has(record, field) ? &record->value[field] : NULL;
	if (row > record->line_count || field >= HARMONY_LINE_FIELDS)
		return NULL;
	return harmony__line_has(&record->lines[row - 1], field)
	               ? &record->lines[row - 1].value[field]
	               : NULL;
}

int harmony_record_has(const harmony_record *record, size_t row, harmony_field field)
{
	return present_value(record, row, field) != NULL;
}

void harmony_record_unset(harmony_record *record, size_t row, harmony_field field)
{
	if (!present_value(record, row, field))
		return;
	if (row == HARMONY_HEADER)
		record->present[field >> 6] &= ~(UINT64_C(1) << (field & 63));
	else
		record->lines[row - 1].present &= ~(UINT64_C(1) << field);
}

enum { AS_TEXT, AS_NUMBER, AS_DATE };

static int storage(int type)
{
	return type == HARMONY_TYPE_TEXT ? AS_TEXT : type == HARMONY_TYPE_DATE ? AS_DATE : AS_NUMBER;
}

static harmony_status get(const harmony__value **out, const harmony_record *record, size_t row,
                          harmony_field field, int as)
{
	if (field < 0 || field >= HARMONY_FIELD_COUNT || storage(harmony__fields[field].type) != as)
		return HARMONY_INVALID;
	*out = present_value(record, row, field);
	return *out ? HARMONY_OK : HARMONY_NOTFOUND;
}

harmony_status harmony_record_get_text(const char **out, const harmony_record *record, size_t row,
                                       harmony_field field)
{
	const harmony__value *value;
	harmony_status status = get(&value, record, row, field, AS_TEXT);

	if (!status)
		*out = value->t.text;
	return status;
}

harmony_status harmony_record_get_number(int64_t *out, const harmony_record *record, size_t row,
                                         harmony_field field)
{
	const harmony__value *value;
	harmony_status status = get(&value, record, row, field, AS_NUMBER);

	if (!status)
		*out = value->number;
	return status;
}

harmony_status harmony_record_get_date(harmony_date *out, const harmony_record *record, size_t row,
                                       harmony_field field)
{
	const harmony__value *value;
	harmony_status status = get(&value, record, row, field, AS_DATE);

	if (!status)
		*out = value->date;
	return status;
}

/* ---- setters ---------------------------------------------------------------------- */

static harmony_status refuse(harmony_error *error, harmony_field field, harmony_status status,
                             int code, const char *why)
{
	harmony__error_place(error, NULL, 0, 0, harmony__fields[field].name);
	return harmony_error_set(error, status, code < 0 ? NULL : harmony_code_word(code), "%s: %s",
	                         harmony__fields[field].name, why);
}

/* The slot that a value of storage `as` may go to. */
static harmony_status slot(harmony__value **out, harmony_record *record, size_t row,
                           harmony_field field, int as, harmony_error *error)
{
	const harmony_field_info *info = harmony_field_describe(field);

	if (!info)
		return harmony_error_set(error, HARMONY_INVALID, NULL,
		                         "%d is not a field; take one of HARMONY_FIELD_MAP", field);
	if (storage(info->type) != as)
		return refuse(error, field, HARMONY_INVALID, -1,
		              "is of another type; take the setter of its type");
	if (!(info->kinds & HARMONY_BIT(record->kind)))
		return refuse(error, field, HARMONY_INVALID, -1,
		              "does not belong to this kind of record");
	if (!(info->where & (row == HARMONY_HEADER ? HARMONY_AT_HEADER : HARMONY_AT_LINE)))
		return refuse(error, field, HARMONY_INVALID, -1,
		              row == HARMONY_HEADER ? "stands on a line, not on the header"
		                                    : "stands on the header, not on a line");
	if (row > record->line_count)
		return refuse(error, field, HARMONY_INVALID, -1,
		              "there is no such line; add it with harmony_record_add_line");
	*out = row == HARMONY_HEADER ? &record->value[field] : &record->lines[row - 1].value[field];
	return HARMONY_OK;
}

static void mark(harmony_record *record, size_t row, harmony_field field)
{
	if (row == HARMONY_HEADER)
		harmony__mark(record, field);
	else
		harmony__line_mark(&record->lines[row - 1], field);
}

harmony_status harmony_record_set_text(harmony_record *record, size_t row, harmony_field field,
                                       const char *text, size_t len, harmony_error *error)
{
	harmony__value *value = NULL;
	const char *kept = NULL;
	harmony_status status = slot(&value, record, row, field, AS_TEXT, error);

	if (status)
		return status;
	if (len > HARMONY_MAX_TEXT)
		return refuse(error, field, HARMONY_LIMIT, HARMONY_CODE_TOO_LONG,
		              "a text holds at most 65536 bytes; shorten it");
	if (memchr(text, 0, len) || !harmony__is_utf8(text, len))
		return refuse(error, field, HARMONY_INVALID, HARMONY_CODE_INVALID_TEXT,
		              "is not UTF-8 without NUL; decode it first");
	status = keep_text(&kept, record, text, len, error);
	if (status)
		return status;
	value->t.text = kept;
	value->t.len = len;
	mark(record, row, field);
	return HARMONY_OK;
}

harmony_status harmony_record_set_number(harmony_record *record, size_t row, harmony_field field,
                                         int64_t number, harmony_error *error)
{
	harmony__value *value = NULL;
	harmony_status status = slot(&value, record, row, field, AS_NUMBER, error);

	if (status)
		return status;
	if (harmony__fields[field].type == HARMONY_TYPE_FLAG && number != 0 && number != 1)
		return refuse(error, field, HARMONY_INVALID, HARMONY_CODE_INVALID_VALUE,
		              "a flag is 0 or 1");
	value->number = number;
	mark(record, row, field);
	return HARMONY_OK;
}

harmony_status harmony_record_set_date(harmony_record *record, size_t row, harmony_field field,
                                       harmony_date date, harmony_error *error)
{
	harmony__value *value = NULL;
	harmony_status status = slot(&value, record, row, field, AS_DATE, error);

	if (status)
		return status;
	if (!harmony_date_valid(date))
		return refuse(error, field, HARMONY_INVALID, HARMONY_CODE_INVALID_DATE,
		              "is not a day of the calendar");
	value->date = date;
	mark(record, row, field);
	return HARMONY_OK;
}

/* ---- text forms ------------------------------------------------------------------- */

static const uint8_t scales[] = {
	[HARMONY_TYPE_AMOUNT] = HARMONY_SCALE_AMOUNT,
	[HARMONY_TYPE_RATE] = HARMONY_SCALE_RATE,
	[HARMONY_TYPE_QUANTITY] = HARMONY_SCALE_QUANTITY,
	[HARMONY_TYPE_NUMBER] = 0,
};

unsigned harmony__type_scale(int type)
{
	return scales[type];
}

const char *harmony__value_text(char *buffer, size_t size, const harmony__value *value, int type,
                                size_t *len)
{
	char form[HARMONY_DECIMAL_SIZE];

	switch (type) {
	case HARMONY_TYPE_TEXT:
		*len = value->t.len;
		return value->t.text;
	case HARMONY_TYPE_FLAG:
		*len = value->number ? 4 : 5;
		return value->number ? "true" : "false";
	case HARMONY_TYPE_DATE:
		harmony_date_format(form, value->date);
		*len = strlen(form);
		break;
	default:
		*len = harmony_decimal_format(form, value->number, scales[type], '.');
	}
	*len = harmony__copy_text(buffer, size, form, *len);
	return buffer;
}

harmony_status harmony_record_sum(harmony_record *record, harmony_error *error)
{
	int64_t total = 0;

	if (!(HARMONY_INVOICES & HARMONY_BIT(record->kind)))
		return harmony_error_set(error, HARMONY_INVALID, NULL,
		                         "only an invoice has a total, this is a %s",
		                         harmony_kind_word(record->kind));
	if (!harmony__record_total(&total, record)) {
		harmony__error_place(error, record->file, record->source_line, 0, "total");
		return harmony_error_set(error, HARMONY_RANGE,
		                         harmony_code_word(HARMONY_CODE_INVALID_AMOUNT),
		                         "the lines add up to more than an amount can hold; split "
		                         "the entry");
	}
	record->value[HARMONY_FIELD_TOTAL].number = total;
	harmony__mark(record, HARMONY_FIELD_TOTAL);
	return HARMONY_OK;
}

bool harmony__record_total(int64_t *out, const harmony_record *record)
{
	int64_t total = 0;

	for (size_t i = 0; i < record->line_count; i++) {
		const harmony__line *line = &record->lines[i];

		if (harmony__line_has(line, HARMONY_FIELD_AMOUNT) &&
		    !harmony__add(&total, line->value[HARMONY_FIELD_AMOUNT].number))
			return false;
		if (harmony__line_has(line, HARMONY_FIELD_VAT_AMOUNT) &&
		    !harmony__add(&total, line->value[HARMONY_FIELD_VAT_AMOUNT].number))
			return false;
	}
	*out = total;
	return true;
}
