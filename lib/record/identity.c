/* SPDX-License-Identifier: MIT */
#include <assert.h>

#include "record/record.h"

/* What a record is called, by machines and by people, and the hash of its content. */

/* A part of a key takes this much at the most: a kind and three parts fit a key. */
enum { PART_MAX = 44, PART_HEAD = 26 };
static_assert(17 + 3 * (PART_MAX + 1) <= HARMONY_KEY_SIZE, "a key must hold all its parts");

typedef struct label {
	char *at, *end; /* end: where the NUL stands at the latest */
} label;

static label label_over(char *buffer)
{
	*buffer = 0;
	return (label){buffer, buffer + HARMONY_KEY_SIZE - 1};
}

static void put(label *to, const char *text, size_t len)
{
	to->at += harmony__copy_text(to->at, (size_t)(to->end - to->at) + 1, text, len);
}

static void put_number(label *to, uint64_t number)
{
	char text[HARMONY_DECIMAL_SIZE];

	put(to, text, harmony_decimal_format(text, (int64_t)number, 0, '.'));
}

static void put_hex(label *to, uint64_t number, size_t bytes)
{
	uint8_t data[8];
	char hex[17];

	for (size_t i = 0; i < bytes; i++)
		data[i] = (uint8_t)(number >> (8 * (bytes - 1 - i)));
	harmony__hex(hex, data, bytes);
	put(to, hex, 2 * bytes);
}

/* Separators and controls are escaped and long texts end in a hash of the whole, so that
   no two records share a key by accident. */
static void put_part(label *to, const char *text, size_t len)
{
	char part[PART_MAX * 3 + 1];
	size_t used = 0;

	for (size_t i = 0; i < len && used <= PART_MAX; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '/' || c == '%' || c == '~' || c < 0x20 || c == 0x7f) {
			part[used++] = '%';
			harmony__hex(part + used, &c, 1);
			used += 2;
		} else {
			part[used++] = (char)c;
		}
	}
	if (used <= PART_MAX) {
		put(to, part, used);
		return;
	}
	used = PART_HEAD; /* back to the start of a character */
	while (used > 0 && ((unsigned char)part[used] & 0xc0) == 0x80)
		used--;
	put(to, part, used);
	put(to, "~", 1);
	put_hex(to, harmony__hash64(text, len, 0), 8);
}

/* A header's text; "" when absent. */
static const char *text_of(const harmony_record *record, harmony_field field, size_t *len)
{
	if (!harmony__has(record, field)) {
		*len = 0;
		return "";
	}
	*len = record->value[field].t.len;
	return record->value[field].t.text;
}

static size_t put_field(label *to, const harmony_record *record, harmony_field field)
{
	size_t len;
	const char *text = text_of(record, field, &len);

	put(to, "/", 1);
	put_part(to, text, len);
	return len;
}

static void put_year(label *to, const harmony_record *record)
{
	put(to, "/", 1);
	if (harmony__has(record, HARMONY_FIELD_YEAR))
		put_number(to, (uint64_t)record->value[HARMONY_FIELD_YEAR].number);
	else if (harmony__has(record, HARMONY_FIELD_DATE))
		put_number(to, (uint64_t)record->value[HARMONY_FIELD_DATE].date.year);
}

int harmony_record_key(char *buffer, const harmony_record *record)
{
	const char *kind = harmony_kind_word(record->kind);
	label to = label_over(buffer);
	size_t own;

	put(&to, kind, strlen(kind));
	if (HARMONY_BIT(record->kind) & HARMONY_PARTIES) {
		own = put_field(&to, record, HARMONY_FIELD_CODE);
	} else if (HARMONY_BIT(record->kind) & HARMONY_ITEMS) {
		put_field(&to, record, HARMONY_FIELD_SIDE);
		put_field(&to, record, HARMONY_FIELD_PARTY);
		own = put_field(&to, record, HARMONY_FIELD_INVOICE_NUMBER);
	} else {
		put_field(&to, record, HARMONY_FIELD_JOURNAL);
		put_year(&to, record);
		own = put_field(&to, record, HARMONY_FIELD_ENTRY_NUMBER);
	}
	if (own == 0)
		*buffer = 0;
	return own != 0;
}

/* Texts for people: as they are, but on one line and no longer than half a label. */
static size_t put_words(label *to, const harmony_record *record, harmony_field field)
{
	size_t len;
	const char *text = text_of(record, field, &len);
	size_t cut = harmony__utf8_cut(text, len, PART_MAX);
	char *from = to->at;

	put(to, text, cut);
	for (; from < to->at; from++)
		if ((unsigned char)*from < 0x20)
			*from = ' ';
	return len;
}

void harmony_record_identifier(char *buffer, const harmony_record *record)
{
	uint8_t hash[HARMONY_HASH_SIZE];
	char hex[9];
	harmony_field first = HARMONY_FIELD_JOURNAL, number = HARMONY_FIELD_ENTRY_NUMBER;
	label to = label_over(buffer);

	if (HARMONY_BIT(record->kind) & HARMONY_PARTIES) {
		if (put_words(&to, record, HARMONY_FIELD_CODE))
			return;
	} else {
		if (HARMONY_BIT(record->kind) & HARMONY_ITEMS) {
			first = HARMONY_FIELD_PARTY;
			number = HARMONY_FIELD_INVOICE_NUMBER;
		}
		if (put_words(&to, record, first))
			put(&to, "/", 1);
		if (put_words(&to, record, number))
			return;
	}
	harmony_record_hash(hash, record);
	harmony__hex(hex, hash, 4);
	put(&to, "#", 1);
	put(&to, hex, 8);
}

/* ---- hash ------------------------------------------------------------------------- */

/* Numbers go in as big-endian, whatever the machine. */
static void add_number(harmony__sha256 *hash, uint64_t number)
{
	uint8_t bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(number >> (56 - 8 * i));
	harmony__sha256_add(hash, bytes, sizeof(bytes));
}

/* The name rather than the number: numbers move when a field of lines is appended. */
static void add_value(harmony__sha256 *hash, harmony_field field, const harmony__value *value)
{
	const harmony_field_info *info = &harmony__fields[field];

	harmony__sha256_add(hash, info->name, harmony__name_length[field] + 1u);
	if (info->type == HARMONY_TYPE_TEXT) {
		add_number(hash, value->t.len);
		harmony__sha256_add(hash, value->t.text, value->t.len);
	} else if (info->type == HARMONY_TYPE_DATE) {
		add_number(hash, (uint64_t)value->date.year << 16 | value->date.month << 8 |
		                         value->date.day);
	} else {
		add_number(hash, (uint64_t)value->number);
	}
}

static void add_row(harmony__sha256 *hash, const harmony__value *values, const uint64_t *present,
                    size_t words)
{
	for (size_t w = 0; w < words; w++)
		for (uint64_t bits = present[w]; bits; bits &= bits - 1) {
			harmony_field field = (harmony_field)(64 * w) + harmony__low_bit(bits);

			add_value(hash, field, &values[field]);
		}
	harmony__sha256_add(hash, "", 1); /* no name begins with NUL: the row ends here */
}

harmony_status harmony_record_hash(uint8_t out[HARMONY_HASH_SIZE], const harmony_record *record)
{
	const char *kind = harmony_kind_word(record->kind);
	harmony__sha256 hash;

	harmony__sha256_init(&hash);
	harmony__sha256_add(&hash, kind, strlen(kind) + 1);
	add_row(&hash, record->value, record->present, 2);
	for (size_t i = 0; i < record->line_count; i++)
		add_row(&hash, record->lines[i].value, &record->lines[i].present, 1);
	harmony__sha256_end(&hash, out);
	return HARMONY_OK;
}
