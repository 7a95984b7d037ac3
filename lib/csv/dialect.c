/* SPDX-License-Identifier: MIT */
#include "csv/dialect.h"

/* ---- dates ------------------------------------------------------------------------ */

/* How each dialect is written: digits of day, month, year, and what stands between. A
   year of two digits has a pivot, of three counts from 1900. */
typedef struct layout {
	const char *word;
	uint8_t day, month, year;
	char separator;
	bool year_first;
} layout;

static const layout layouts[] = {
	[HARMONY_DATES_AUTO] = {"auto", 0, 0, 0, 0, false},
	[HARMONY_DATES_DDMMYYYY] = {"DDMMYYYY", 2, 2, 4, 0, false},
	[HARMONY_DATES_DD_MM_YYYY] = {"DD-MM-YYYY", 2, 2, 4, '-', false},
	[HARMONY_DATES_DD_SLASH_MM_SLASH_YYYY] = {"DD/MM/YYYY", 2, 2, 4, '/', false},
	[HARMONY_DATES_DDMMYY] = {"DDMMYY", 2, 2, 2, 0, false},
	[HARMONY_DATES_DD_MM_YY] = {"DD-MM-YY", 2, 2, 2, '-', false},
	[HARMONY_DATES_DDMMYYY] = {"DDMMYYY", 2, 2, 3, 0, false},
	[HARMONY_DATES_DMMYYYY] = {"DMMYYYY", 1, 2, 4, 0, false},
	[HARMONY_DATES_YYYY_MM_DD] = {"YYYY-MM-DD", 2, 2, 4, '-', true}};

#define MAX_DIGITS 8

/* The digits of a date, and whether separators stood where a person writes them. */
typedef struct digits {
	char at[MAX_DIGITS];
	size_t count;
	char separator; /* the last one met */
	bool year_first;
} digits;

static bool is_separator(char c)
{
	return c == '-' || c == '/' || c == '.' || c == ' ';
}

/* A single digit between separators gets its zero back ("1-2-2024"). */
static bool pad_last(digits *d)
{
	if (d->count == 0 || d->count == MAX_DIGITS)
		return false;
	d->at[d->count] = d->at[d->count - 1];
	d->at[d->count++ - 1] = '0';
	return true;
}

static bool collect(digits *out, const char *text, size_t len)
{
	size_t group = 0, groups = 1;

	*out = (digits){.count = 0};
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		if (is_separator(c)) {
			if (group == 0)
				return false;
			if (groups == 1 && group == 4)
				out->year_first = true;
			if (group == 1 && !pad_last(out))
				return false;
			out->separator = c;
			group = 0;
			groups++;
		} else if (c >= '0' && c <= '9' && out->count < MAX_DIGITS) {
			out->at[out->count++] = c;
			group++;
		} else {
			return false;
		}
	}
	if (out->year_first && group == 1 && !pad_last(out)) /* the day comes last */
		return false;
	return out->count > 0 && group > 0 && (groups == 1 || groups == 3);
}

static int number(const char *at, size_t count)
{
	int value = 0;

	while (count-- > 0)
		value = value * 10 + (*at++ - '0');
	return value;
}

static int full_year(int year, size_t count, int pivot)
{
	if (count == 2)
		return year + (year < pivot ? 2000 : 1900);
	return count == 3 ? year + 1900 : year;
}

/* The digits read by one layout. */
static harmony_status read_layout(harmony_date *out, const digits *d, const layout *how, int pivot)
{
	const char *year = how->year_first ? d->at : d->at + how->day + how->month;
	const char *month = how->year_first ? d->at + how->year : d->at + how->day;
	const char *day = how->year_first ? d->at + how->year + how->month : d->at;
	harmony_date date;

	if (d->count != (size_t)(how->day + how->month + how->year))
		return HARMONY_FORMAT;
	date = (harmony_date){(int16_t)full_year(number(year, how->year), how->year, pivot),
	                      (uint8_t)number(month, how->month), (uint8_t)number(day, how->day)};
	if (!harmony_date_valid(date))
		return HARMONY_RANGE;
	*out = date;
	return HARMONY_OK;
}

/* Seven digits: DaviDOS writes the year less 1900 (DDMMYYY), a spreadsheet loses the
   leading zero (DMMYYYY). A plausible year decides, then the rest of the file. */
static harmony_status read_seven(harmony_date *out, const digits *d, int *seen, int pivot)
{
	harmony_date davi, lost;
	bool is_davi = read_layout(&davi, d, &layouts[HARMONY_DATES_DDMMYYY], pivot) == HARMONY_OK &&
	               davi.year >= 2000 && davi.year <= 2099;
	bool is_lost = read_layout(&lost, d, &layouts[HARMONY_DATES_DMMYYYY], pivot) == HARMONY_OK &&
	               lost.year >= 1950 && lost.year <= 2099;

	if (!is_davi && !is_lost)
		return HARMONY_RANGE;
	if (is_davi && is_lost && *seen == HARMONY_DATES_DDMMYYY)
		is_lost = false;
	else if (is_davi && is_lost &&
	         (*seen == HARMONY_DATES_DMMYYYY || *seen == HARMONY_DATES_DDMMYYYY))
		is_davi = false;
	*out = is_davi ? davi : lost;
	if (is_davi && is_lost)
		return HARMONY_STATE;
	*seen = is_davi ? HARMONY_DATES_DDMMYYY : HARMONY_DATES_DMMYYYY;
	return HARMONY_OK;
}

static int guess_layout(const digits *d)
{
	if (d->year_first)
		return HARMONY_DATES_YYYY_MM_DD;
	if (d->count == 8)
		return d->separator == '/'   ? HARMONY_DATES_DD_SLASH_MM_SLASH_YYYY
		       : d->separator != '\0' ? HARMONY_DATES_DD_MM_YYYY
		                              : HARMONY_DATES_DDMMYYYY;
	return d->separator ? HARMONY_DATES_DD_MM_YY : HARMONY_DATES_DDMMYY;
}

harmony_status harmony__dialect_date(harmony_date *out, const char *text, size_t len, int format,
                                     int *seen, int pivot)
{
	digits d;
	int none = HARMONY_DATES_AUTO;
	harmony_status status;

	if (!seen)
		seen = &none;
	while (len > 0 && text[0] == ' ') {
		text++;
		len--;
	}
	while (len > 0 && text[len - 1] == ' ')
		len--;
	if (!collect(&d, text, len))
		return HARMONY_FORMAT;
	if (format == HARMONY_DATES_AUTO && d.count == 7 && !d.separator)
		return read_seven(out, &d, seen, pivot);
	if (d.count == 5 && !d.separator &&
	    (format == HARMONY_DATES_AUTO || format == HARMONY_DATES_DDMMYY)) {
		memmove(d.at + 1, d.at, 5); /* DMMYY: the field was a number */
		d.at[0] = '0';
		d.count = 6;
	}
	if (format == HARMONY_DATES_AUTO)
		format = guess_layout(&d);
	/* From the tenth on there is no zero to lose. */
	const layout *how = &layouts[format == HARMONY_DATES_DMMYYYY && d.count == MAX_DIGITS
	                                 ? HARMONY_DATES_DDMMYYYY
	                                 : format];
	status = read_layout(out, &d, how, pivot);
	if (status == HARMONY_OK)
		*seen = format;
	return status;
}

static char *put_number(char *to, int value, size_t count)
{
	for (size_t i = count; i-- > 0; value /= 10)
		to[i] = (char)('0' + value % 10);
	return to + count;
}

size_t harmony__dialect_date_format(char *buffer, harmony_date date, int format)
{
	const layout *how = &layouts[format == HARMONY_DATES_AUTO ? HARMONY_DATES_DDMMYYYY : format];
	int year = how->year == 2 ? date.year % 100 : how->year == 3 ? date.year - 1900 : date.year;
	const struct {
		int value;
		size_t count;
	} parts[2][3] = {{{date.day, 2}, {date.month, 2}, {year, how->year}},
	                 {{year, how->year}, {date.month, 2}, {date.day, 2}}};
	char *at = buffer;

	for (size_t i = 0; i < 3; i++) {
		/* DMMYYYY is what is left of a number: it has no leading zero to write. */
		size_t count = how->day == 1 && i == 0 && date.day < 10 ? 1 : parts[how->year_first][i].count;
		if (i > 0 && how->separator)
			*at++ = how->separator;
		at = put_number(at, parts[how->year_first][i].value, count);
	}
	*at = '\0';
	return (size_t)(at - buffer);
}

/* ---- words ----------------------------------------------------------------------------- */

int harmony__dialect_dates(const char *word)
{
	for (size_t i = 0; i < HARMONY__COUNT(layouts); i++)
		if (harmony__equal_nocase(layouts[i].word, word))
			return (int)i;
	return -1;
}

const char *harmony__dialect_dates_word(int format)
{
	return format >= 0 && format < (int)HARMONY__COUNT(layouts) ? layouts[format].word : "";
}

static const char *const encodings[] = {"auto", "utf-8", "cp850", "windows-1252"};

int harmony__dialect_encoding(const char *word)
{
	for (size_t i = 0; i < HARMONY__COUNT(encodings); i++)
		if (harmony__equal_nocase(encodings[i], word))
			return (int)i;
	return -1;
}

const char *harmony__dialect_encoding_word(int encoding)
{
	return encoding >= 0 && encoding < (int)HARMONY__COUNT(encodings) ? encodings[encoding] : "";
}

/* Words, since ; begins a comment in a configuration. */
static const struct {
	const char *word;
	char delimiter;
} delimiters[] = {{"comma", ','}, {"semicolon", ';'}, {"tab", '\t'}};

char harmony__dialect_delimiter(const char *word)
{
	for (size_t i = 0; i < HARMONY__COUNT(delimiters); i++)
		if (harmony__equal_nocase(delimiters[i].word, word))
			return delimiters[i].delimiter;
	/* Anything that a number, a date or a quoted text needs cannot part them. */
	if (word[0] > ' ' && word[0] < 0x7f && word[1] == '\0' && !strchr("\"+-.", word[0]) &&
	    !(word[0] >= '0' && word[0] <= '9') && !((word[0] | 0x20) >= 'a' && (word[0] | 0x20) <= 'z'))
		return word[0];
	return 0;
}

const char *harmony__dialect_delimiter_word(char delimiter)
{
	for (size_t i = 0; i < HARMONY__COUNT(delimiters); i++)
		if (delimiters[i].delimiter == delimiter)
			return delimiters[i].word;
	return "";
}

int harmony__dialect_decimal(const char *word)
{
	if (harmony__equal_nocase(word, "point"))
		return '.';
	if (harmony__equal_nocase(word, "comma"))
		return ',';
	return harmony__equal_nocase(word, "auto") ? 0 : -1;
}

/* ---- settings ----------------------------------------------------------------------------- */

harmony_status harmony__setting_error(const harmony_key *table, const char *key, const char *value,
                                      harmony_error *error)
{
	const harmony_key *known = harmony_key_find(table, key);
	const char *nearest = known ? NULL : harmony_key_nearest(table, key);

	harmony__error_place(error, NULL, 0, 0, key);
	if (known && known->choices)
		return harmony_error_set(error, HARMONY_CONFIG, NULL, "%s = %s: the value is one of %s",
		                         key, value, known->choices);
	if (known)
		return harmony_error_set(error, HARMONY_CONFIG, NULL, "%s = %s: %s", key, value,
		                         known->help);
	if (nearest)
		return harmony_error_set(error, HARMONY_CONFIG, NULL,
		                         "there is no setting %s; did you mean %s?", key, nearest);
	return harmony_error_set(error, HARMONY_CONFIG, NULL,
	                         "there is no setting %s; harmony.conf(5) lists them", key);
}

harmony_status harmony__setting_store(void *to, size_t size, const void *changed,
                                      const void *before, const char *key, harmony_error *error)
{
	if (harmony__options_back(to, size, changed, before) == HARMONY_OK)
		return HARMONY_OK;
	harmony__error_place(error, NULL, 0, 0, key);
	return harmony_error_set(error, HARMONY_INVALID, NULL,
	                         "%s: the options are of a header that has no such setting yet; "
	                         "compile against this library's headers",
	                         key);
}

int harmony__setting_choice(const harmony_key *key, const char *value)
{
	size_t len = strlen(value);
	int index = 0;

	for (const char *at = key->choices; at; index++) {
		size_t choice = strcspn(at, "|");
		if (choice == len && strncmp(at, value, len) == 0)
			return index;
		at = at[choice] ? at + choice + 1 : NULL;
	}
	return -1;
}
