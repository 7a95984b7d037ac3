/* SPDX-License-Identifier: MIT */
#include "record/record.h"
#include "wire/json.h"

/* A record as one JSON object: fields in the listings' order, lines, source last. */

/* An item reads best as who, what, when, how much. */
#define F(id) HARMONY_FIELD_##id
static const uint8_t item_order[] = {F(SIDE),     F(PARTY),       F(INVOICE_NUMBER), F(DATE),
                                     F(DUE_DATE), F(CURRENCY),    F(AMOUNT),         F(PAID),
                                     F(OUTSTANDING), F(DESCRIPTION), F(REFERENCE)};

static void put_value(harmony__json_writer *writer, harmony_field field,
                      const harmony__value *value)
{
	const harmony_field_info *info = &harmony__fields[field];
	char form[HARMONY_DECIMAL_SIZE];
	const char *text;
	size_t len;

	harmony__json_string(writer, info->name, harmony__name_length[field]);
	text = harmony__value_text(form, sizeof(form), value, info->type, &len);
	if (info->type == HARMONY_TYPE_NUMBER)
		harmony__json_raw_number(writer, text, len);
	else if (info->type == HARMONY_TYPE_FLAG)
		harmony__json_bool(writer, value->number != 0);
	else
		harmony__json_string(writer, text, len);
}

static void put_header(harmony__json_writer *writer, const harmony_record *record)
{
	const bool item = record->kind == HARMONY_OUTSTANDING_ITEM;
	const uint8_t *order = item ? item_order : harmony__field_order;
	const size_t count = item ? sizeof(item_order) : HARMONY_FIELD_COUNT;

	for (size_t i = 0; i < count; i++)
		if (harmony__has(record, order[i]))
			put_value(writer, order[i], &record->value[order[i]]);
}

static void put_lines(harmony__json_writer *writer, const harmony_record *record)
{
	harmony__json_key(writer, "lines");
	harmony__json_array(writer);
	for (size_t i = 0; i < record->line_count; i++) {
		const harmony__line *line = &record->lines[i];

		harmony__json_object(writer);
		for (uint64_t bits = line->present; bits; bits &= bits - 1) {
			int field = harmony__low_bit(bits);

			put_value(writer, field, &line->value[field]);
		}
		harmony__json_object_end(writer);
	}
	harmony__json_array_end(writer);
}

static void put_source(harmony__json_writer *writer, const harmony_record *record)
{
	harmony__json_key(writer, "source");
	harmony__json_object(writer);
	harmony__json_put(writer, "file", record->file);
	if (record->source_line)
		harmony__json_put_number(writer, "line", (int64_t)record->source_line, 0);
	harmony__json_object_end(writer);
}

harmony_status harmony_record_write_json(const harmony_record *record, harmony_write_fn write,
                                         void *user, harmony_error *error)
{
	harmony__json_writer writer;
	harmony_status status;

	harmony__json_begin(&writer, write, user);
	harmony__json_object(&writer);
	harmony__json_put(&writer, "kind", harmony_kind_word(record->kind));
	put_header(&writer, record);
	if (HARMONY_BIT(record->kind) & HARMONY_ENTRIES)
		put_lines(&writer, record);
	if (*record->file || record->source_line)
		put_source(&writer, record);
	harmony__json_object_end(&writer);
	status = harmony__json_end(&writer);
	return status ? harmony_error_set(error, status, NULL, "the record was not written as JSON")
	              : HARMONY_OK;
}
