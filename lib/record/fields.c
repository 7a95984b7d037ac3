/* SPDX-License-Identifier: MIT */
#include <assert.h>

#include "record/record.h"

/* The tables that everything about kinds and fields is made from. */

static_assert(HARMONY_FIELD_COUNT <= 128, "a record has two words of presence bits");
static_assert(HARMONY_LINE_FIELDS <= 64, "a line has one word of presence bits");

#define INFO(id, name, type, where, width, kinds, english, dutch)                                  \
	{name, HARMONY_TYPE_##type, HARMONY_AT_##where, width, kinds, english, dutch},
const harmony_field_info harmony__fields[HARMONY_FIELD_COUNT] = {HARMONY_FIELD_MAP(INFO)};

/* Lengths apart, so that finding a name compares few texts. */
#define LENGTH(id, name, type, where, width, kinds, english, dutch) sizeof(name) - 1,
const uint8_t harmony__name_length[HARMONY_FIELD_COUNT] = {HARMONY_FIELD_MAP(LENGTH)};

#define F(id) HARMONY_FIELD_##id
const uint8_t harmony__field_order[HARMONY_FIELD_COUNT] = {
	/* who it is */
	F(CODE), F(NAME), F(SEARCH_CODE), F(ADDRESS), F(ADDRESS_2), F(POSTCODE), F(CITY),
	F(COUNTRY), F(PHONE), F(FAX), F(EMAIL), F(CONTACT), F(CONTACT_GENDER), F(CONTACT_TITLE),
	F(CONTACT_INITIALS), F(CONTACT_FUNCTION), F(CONTACT_PHONE), F(LANGUAGE), F(VAT_NUMBER),
	F(BANK_ACCOUNT), F(BANK_NAME), F(GIRO_ACCOUNT), F(BLOCKED_ACCOUNT),
	/* which entry it is */
	F(JOURNAL), F(JOURNAL_TYPE), F(YEAR), F(PERIOD), F(ENTRY_NUMBER), F(NUMBER), F(ACCOUNT),
	F(SIDE), F(INVOICE_NUMBER), F(PARTY), F(DATE), F(DUE_DATE), F(CURRENCY), F(EXCHANGE_RATE),
	/* what it says and how much it is */
	F(DESCRIPTION), F(AMOUNT), F(PAID), F(OUTSTANDING), F(VAT_CODE), F(VAT_AMOUNT),
	F(COST_CENTRE), F(COST_UNIT), F(QUANTITY), F(REFERENCE), F(PAYMENT_REFERENCE),
	F(PAYMENT_CONDITION), F(PAYMENT_METHOD), F(DISCOUNT_KIND), F(PAYMENT_DISCOUNT),
	F(DISCOUNT_DATE), F(BLOCKED_AMOUNT), F(WEEK), F(FOREIGN_JOURNAL), F(DIFFERENCE_CODE),
	F(REVERSAL), F(TOTAL),
	/* the rest of a relation */
	F(CREDIT_LIMIT), F(BLOCKED), F(ATTENTION), F(CONTRA_ACCOUNT), F(CATEGORY),
	F(INVOICE_PARTY), F(REMINDERS), F(SALES_REP), F(PRICE_LIST), F(ITEM_CODE),
	F(DELIVERY_METHOD), F(DISCOUNT_PERCENTAGE), F(LAST_REMINDER), F(LAYOUT), F(FACTORING),
	F(CUSTOMER_NUMBER), F(CONTROL_DATE), F(DEBIT_LAST_YEAR), F(CREDIT_LAST_YEAR),
	F(DEBIT_THIS_YEAR), F(CREDIT_THIS_YEAR), F(BALANCE_UNPROCESSED_DEBIT),
	F(BALANCE_UNPROCESSED_CREDIT), F(TURNOVER_EXCL_LAST_YEAR), F(TURNOVER_INCL_LAST_YEAR),
	F(TURNOVER_EXCL_THIS_YEAR), F(TURNOVER_INCL_THIS_YEAR), F(ORDER_AMOUNT),
	/* columns without a known meaning */
	F(COLUMN_20), F(COLUMN_21), F(COLUMN_31), F(COLUMN_33), F(COLUMN_34), F(COLUMN_35),
	F(COLUMN_36), F(COLUMN_37), F(COLUMN_38), F(COLUMN_39), F(COLUMN_40)};

const harmony_field_info *harmony_field_describe(harmony_field field)
{
	return field >= 0 && field < HARMONY_FIELD_COUNT ? &harmony__fields[field] : NULL;
}

harmony_field harmony_field_find(const char *name, size_t len)
{
	for (harmony_field i = 0; i < HARMONY_FIELD_COUNT; i++)
		if (harmony__name_length[i] == len && memcmp(harmony__fields[i].name, name, len) == 0)
			return i;
	return -1;
}

#define WORD(name, value, word, english, dutch) [value] = word,
static const char *const kind_words[HARMONY_KIND_LAST_ + 1] = {HARMONY_KIND_MAP(WORD)};

const char *harmony_kind_word(harmony_kind kind)
{
	return kind > 0 && kind <= HARMONY_KIND_LAST_ ? kind_words[kind] : "unknown";
}

harmony_kind harmony_kind_find(const char *word, size_t len)
{
	for (harmony_kind i = 1; i <= HARMONY_KIND_LAST_; i++)
		if (strlen(kind_words[i]) == len && memcmp(kind_words[i], word, len) == 0)
			return i;
	return 0;
}
