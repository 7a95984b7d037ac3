/* SPDX-License-Identifier: MIT */
#include "record/record.h"

/* Fields by name and in text form: what `edit` and hosts without the enum use. */

/* "date" is a header's field, "lines.2.amount" a line's. False when there is none. */
static bool resolve(const harmony_record *record, const char *path, size_t *row,
                    harmony_field *field)
{
	static const char prefix[] = "lines.";
	harmony__cursor cursor = harmony__cursor_over(path, strlen(path));
	uint64_t number = HARMONY_HEADER;

	if (strncmp(path, prefix, sizeof(prefix) - 1) == 0) {
		cursor.at += sizeof(prefix) - 1;
		if (!harmony__cursor_digits(&cursor, 9, &number) || number == 0 ||
		    number > record->line_count || !harmony__cursor_char(&cursor, '.'))
			return false;
	}
	*row = (size_t)number;
	*field = harmony_field_find(cursor.at, (size_t)(cursor.end - cursor.at));
	if (*field < 0 || !(harmony__fields[*field].kinds & HARMONY_BIT(record->kind)))
		return false;
	return harmony__fields[*field].where & (number ? HARMONY_AT_LINE : HARMONY_AT_HEADER);
}

static const struct {
	int code;
	const char *form;
} forms[] = {
	[HARMONY_TYPE_TEXT] = {HARMONY_CODE_INVALID_TEXT, "a text"},
	[HARMONY_TYPE_AMOUNT] = {HARMONY_CODE_INVALID_AMOUNT,
                                 "an amount with at most two decimals, such as 142.80"},
	[HARMONY_TYPE_RATE] = {HARMONY_CODE_INVALID_AMOUNT,
                               "a rate with at most six decimals, such as 1.083700"},
	[HARMONY_TYPE_QUANTITY] = {HARMONY_CODE_INVALID_AMOUNT,
                                   "a quantity with at most four decimals, such as 12.0000"},
	[HARMONY_TYPE_NUMBER] = {HARMONY_CODE_INVALID_NUMBER, "a whole number, such as 12"},
	[HARMONY_TYPE_DATE] = {HARMONY_CODE_INVALID_DATE,
                               "a day of the calendar as YYYY-MM-DD, such as 2024-01-31"},
	[HARMONY_TYPE_FLAG] = {HARMONY_CODE_INVALID_VALUE, "true or false"},
};

int harmony__type_code(int type)
{
	return forms[type].code;
}

const char *harmony__type_form(int type)
{
	return forms[type].form;
}

harmony_status harmony__value_parse(harmony__value *out, int type, const char *text, size_t len)
{
	switch (type) {
	case HARMONY_TYPE_DATE:
		return harmony_date_parse(&out->date, text, len);
	case HARMONY_TYPE_FLAG:
		out->number = len == 4 && memcmp(text, "true", 4) == 0;
		if (out->number || (len == 5 && memcmp(text, "false", 5) == 0))
			return HARMONY_OK;
		return HARMONY_FORMAT;
	default:
		return harmony__decimal(&out->number, text, len, harmony__type_scale(type), '.', NULL);
	}
}

harmony_status harmony_record_set_path(harmony_record *record, const char *path, const char *value,
                                       harmony_error *error)
{
	harmony_field field;
	harmony__value parsed;
	size_t row, len = strlen(value);
	int type;

	if (!resolve(record, path, &row, &field)) {
		harmony__error_place(error, NULL, 0, 0, path);
		return harmony_error_set(error, HARMONY_NOTFOUND, NULL,
		                         "a %s with %zu lines has no field %s; name a field (date) "
		                         "or a line's (lines.2.amount)",
		                         harmony_kind_word(record->kind), record->line_count, path);
	}
	if (len == 0) {
		harmony_record_unset(record, row, field);
		return HARMONY_OK;
	}
	type = harmony__fields[field].type;
	if (type == HARMONY_TYPE_TEXT)
		return harmony_record_set_text(record, row, field, value, len, error);
	if (harmony__value_parse(&parsed, type, value, len)) {
		harmony__error_place(error, NULL, 0, 0, path);
		return harmony_error_set(error, HARMONY_INVALID, harmony_code_word(forms[type].code),
		                         "%s: %s is not %s", path, value, forms[type].form);
	}
	if (type == HARMONY_TYPE_DATE)
		return harmony_record_set_date(record, row, field, parsed.date, error);
	return harmony_record_set_number(record, row, field, parsed.number, error);
}

size_t harmony_record_get_path(char *buffer, size_t size, const harmony_record *record,
                               const char *path)
{
	char form[HARMONY_DECIMAL_SIZE];
	harmony_field field;
	const harmony__value *value;
	const char *text;
	size_t row, len;

	if (!resolve(record, path, &row, &field) || !harmony_record_has(record, row, field)) {
		if (size)
			*buffer = 0;
		return SIZE_MAX;
	}
	value = row ? &record->lines[row - 1].value[field] : &record->value[field];
	text = harmony__value_text(form, sizeof(form), value, harmony__fields[field].type, &len);
	if (size)
		harmony__copy_text(buffer, size, text, len);
	return len;
}
