/* SPDX-License-Identifier: MIT */
#include "connectors/connectors.h"

const char *harmony__text_of(const harmony_record *record, size_t row, harmony_field field)
{
	const char *text = "";

	(void)harmony_record_get_text(&text, record, row, field);
	return text;
}

bool harmony__number_of(int64_t *out, const harmony_record *record, size_t row, harmony_field field)
{
	return harmony_record_get_number(out, record, row, field) == HARMONY_OK;
}

int64_t harmony__sum_of(const harmony_record *record)
{
	int64_t total = 0, amount;

	for (size_t row = 1; row <= harmony_record_lines(record); row++) {
		if (harmony__number_of(&amount, record, row, HARMONY_FIELD_AMOUNT))
			total += amount;
		if (harmony__number_of(&amount, record, row, HARMONY_FIELD_VAT_AMOUNT))
			total += amount;
	}
	return total;
}

bool harmony__vat_beside(const harmony_record *record)
{
	int64_t sum = 0, amount;

	for (size_t row = 1; row <= harmony_record_lines(record); row++)
		if (harmony__number_of(&amount, record, row, HARMONY_FIELD_AMOUNT))
			sum += amount;
	return harmony_record_kind(record) != HARMONY_MEMORIAL || sum != 0;
}

/* ---- remedies -------------------------------------------------------------------------- */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool begins(const char *text, const char *word)
{
	while (*word && lower(*text) == *word) {
		text++;
		word++;
	}
	return *word == '\0';
}

/* Whether one of the words stands in the text, in any case. */
static bool has_any(const char *text, const char *const words[8])
{
	for (size_t i = 0; i < 8 && words[i]; i++) {
		for (const char *at = text; *at; at++)
			if (begins(at, words[i]))
				return true;
	}
	return words[0] == NULL;
}

const harmony__remedy *harmony__remedy_find(const harmony__remedy *table, size_t count,
					    const char *message)
{
	for (size_t i = 0; i < count; i++)
		if (has_any(message, table[i].words) && has_any(message, table[i].subject))
			return &table[i];
	return NULL;
}
