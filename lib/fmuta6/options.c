/* SPDX-License-Identifier: MIT */
#include "fmuta6/fmuta6.h"

/* The settings of fmuta6: one table for configuration, help and documentation. */

static const harmony_key keys[] = {
	{"fmuta6.encoding", HARMONY_KEY_CHOICE, 0, 0, "auto|utf-8|cp850|windows-1252", "auto",
         "the code page of the file's texts"},
	{"fmuta6.dates", HARMONY_KEY_CHOICE, 0, 0,
         "auto|DDMMYYYY|DD-MM-YYYY|DD/MM/YYYY|DDMMYY|DD-MM-YY|DDMMYYY|DMMYYYY", "auto",
         "how dates are written"},
	{"fmuta6.sales_sign", HARMONY_KEY_CHOICE, 0, 0, "natural|debit-credit", "natural",
         "debit-credit: the file writes ordinary sales negative"},
	{"fmuta6.memorial_sign", HARMONY_KEY_CHOICE, 0, 0, "debit|credit", "debit",
         "which side of a memorial is written positive"},
	{"fmuta6.vat", HARMONY_KEY_CHOICE, 0, 0, "auto|exclusive|inclusive", "auto",
         "whether the amounts of lines include their VAT"},
	{"fmuta6.total", HARMONY_KEY_CHOICE, 0, 0, "warn|reject", "warn",
         "what happens when the lines do not make the header's total"},
	{"fmuta6.strict", HARMONY_KEY_FLAG, 0, 0, "no|yes", "no",
         "yes: an entry without its header row is refused"},
	{"fmuta6.decimal", HARMONY_KEY_CHOICE, 0, 0, "auto|point|comma", "auto",
         "the decimal sign"},
	{"fmuta6.delimiter", HARMONY_KEY_TEXT, 0, 0,
         "auto|comma|semicolon|tab|one printable character", "auto", "what parts the fields"},
	{"fmuta6.pivot", HARMONY_KEY_NUMBER, 0, 0, NULL, "90",
         "years of two digits below it (0 to 100) are 20xx, others 19xx"},
	{NULL, 0, 0, 0, NULL, NULL, NULL}};

/* The first keys set an int to the index of the choice. */
static const size_t choice_at[] = {
	offsetof(harmony_fmuta6_options, encoding),   offsetof(harmony_fmuta6_options, dates),
	offsetof(harmony_fmuta6_options, sales_sign), offsetof(harmony_fmuta6_options, memorial_sign),
	offsetof(harmony_fmuta6_options, vat),        offsetof(harmony_fmuta6_options, total),
	offsetof(harmony_fmuta6_options, strict)};

const harmony_key *harmony_fmuta6_keys(void)
{
	return keys;
}

static bool set_delimiter(harmony_fmuta6_options *options, const char *value)
{
	char delimiter = harmony__dialect_delimiter(value);

	if (!delimiter && !harmony__equal_nocase(value, "auto"))
		return false;
	options->delimiter = delimiter;
	return true;
}

static bool set_pivot(harmony_fmuta6_options *options, const char *value)
{
	uint64_t pivot;

	if (!harmony__whole(&pivot, value, strlen(value)) || pivot > 100)
		return false;
	options->pivot = (int)pivot;
	return true;
}

static bool set_value(harmony_fmuta6_options *options, size_t index, const char *value)
{
	int choice;

	if (strcmp(keys[index].name, "fmuta6.delimiter") == 0)
		return set_delimiter(options, value);
	if (strcmp(keys[index].name, "fmuta6.pivot") == 0)
		return set_pivot(options, value);
	choice = harmony__setting_choice(&keys[index], value);
	if (choice < 0)
		return false;
	if (index < HARMONY__COUNT(choice_at))
		memcpy((char *)options + choice_at[index], &choice, sizeof(choice));
	else
		options->decimal = "\0.,"[choice];
	return true;
}

harmony_status harmony_fmuta6_options_set(harmony_fmuta6_options *options, const char *key,
                                          const char *value, harmony_error *error)
{
	harmony_fmuta6_options before = HARMONY_FMUTA6_OPTIONS_INIT, copy;
	const harmony_key *known;

	if (!options || !key || !value || harmony__options_copy(&before, sizeof(before), options))
		return harmony_error_set(error, HARMONY_INVALID, NULL,
		                         "a setting needs a key, a value, and options made by "
		                         "HARMONY_FMUTA6_OPTIONS_INIT");
	memcpy(&copy, &before, sizeof(copy));
	known = harmony_key_find(keys, key);
	if (!known || !set_value(&copy, (size_t)(known - keys), value))
		return harmony__setting_error(keys, key, value, error);
	return harmony__setting_store(options, sizeof(copy), &copy, &before, key, error);
}
