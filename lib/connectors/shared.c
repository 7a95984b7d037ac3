/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

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

void harmony__lasting_name(char name[HARMONY_KEY_SIZE], const harmony_record *record)
{
	uint8_t hash[HARMONY_HASH_SIZE] = {0};
	char hex[2 * HARMONY_HASH_SIZE + 1];

	if (harmony_record_key(name, record))
		return;
	(void)harmony_record_hash(hash, record);
	harmony__hex(hex, hash, sizeof(hash));
	snprintf(name, HARMONY_KEY_SIZE, "%s/%s/%" PRIu64,
		 harmony_kind_word(harmony_record_kind(record)), hex,
		 harmony_record_source_line(record));
}

void harmony__bank_number(char number[HARMONY__BANK_SIZE], const char *text)
{
	size_t len = 0;

	for (; *text && len < HARMONY__BANK_SIZE - 1; text++)
		if (*text != ' ')
			number[len++] = *text;
	number[len] = '\0';
}

bool harmony__same_bank(const char *one, const char *two)
{
	for (;; one++, two++) {
		one += strspn(one, " ");
		two += strspn(two, " ");
		if (*one != *two || !*one)
			return *one == *two;
	}
}

bool harmony__is_party(const harmony_record *record)
{
	return (HARMONY_BIT(harmony_record_kind(record)) & HARMONY_PARTIES) != 0;
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

	if (harmony_record_kind(record) != HARMONY_MEMORIAL)
		return true;
	for (size_t row = 1; row <= harmony_record_lines(record); row++)
		if (harmony__number_of(&amount, record, row, HARMONY_FIELD_AMOUNT))
			sum += amount;
	return sum != 0;
}

/* ---- open items ------------------------------------------------------------------------ */

harmony_status harmony__hand_on(const harmony__item *item, harmony_record *record,
				harmony_item_fn fn, void *user, harmony_error *error)
{
	const struct {
		harmony_field field;
		const char *text;
	} texts[] = {{HARMONY_FIELD_SIDE, item->sales ? "sales" : "purchase"},
		     {HARMONY_FIELD_PARTY, item->party},
		     {HARMONY_FIELD_INVOICE_NUMBER, item->number},
		     {HARMONY_FIELD_CURRENCY, item->currency},
		     {HARMONY_FIELD_DESCRIPTION, item->description},
		     {HARMONY_FIELD_REFERENCE, item->reference}};
	const struct {
		harmony_field field;
		int64_t number;
	} numbers[] = {{HARMONY_FIELD_AMOUNT, item->amount},
		       {HARMONY_FIELD_PAID, item->amount - item->outstanding},
		       {HARMONY_FIELD_OUTSTANDING, item->outstanding}};
	harmony_status status = harmony_record_reset(record, HARMONY_OUTSTANDING_ITEM);

	for (size_t i = 0; i < HARMONY__COUNT(texts) && status == HARMONY_OK; i++)
		if (texts[i].text && *texts[i].text)
			status =
			    harmony_record_set_text(record, HARMONY_HEADER, texts[i].field,
						    texts[i].text, strlen(texts[i].text), error);
	if (status == HARMONY_OK && item->date.year)
		status = harmony_record_set_date(record, HARMONY_HEADER, HARMONY_FIELD_DATE,
						 item->date, error);
	if (status == HARMONY_OK && item->due.year)
		status = harmony_record_set_date(record, HARMONY_HEADER, HARMONY_FIELD_DUE_DATE,
						 item->due, error);
	for (size_t i = 0; i < HARMONY__COUNT(numbers) && status == HARMONY_OK; i++)
		status = harmony_record_set_number(record, HARMONY_HEADER, numbers[i].field,
						   numbers[i].number, error);
	return status == HARMONY_OK ? fn(record, user) : status;
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
