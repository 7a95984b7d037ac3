/* SPDX-License-Identifier: MIT */
#include "fmuta6/fmuta6.h"

/* The text of a field → a value. Every field of every row of a large file passes here:
   texts stay where the row's copy lies, nothing is formatted unless it is wrong. */

static inline void trim(const char **text, size_t *len)
{
	if (HARMONY__LIKELY(*len > 0 && **text > ' ' && (*text)[*len - 1] > ' '))
		return;
	while (*len > 0 && (**text == ' ' || **text == '\t')) {
		++*text;
		--*len;
	}
	while (*len > 0 && ((*text)[*len - 1] == ' ' || (*text)[*len - 1] == '\t'))
		--*len;
}

bool harmony__whole(uint64_t *out, const char *text, size_t len)
{
	uint64_t value = 0;

	trim(&text, &len);
	if (len == 0 || len > 9)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned digit = (unsigned)(unsigned char)text[i] - '0';
		if (digit > 9)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return true;
}

bool harmony__begin_row(harmony_fmuta6 *r, const harmony_csv_row *row)
{
	const char *text;
	size_t len;

	r->copy = NULL;
	r->plain = false;
	if (!harmony__csv_row_span(row, &text, &len))
		return false;
	if (HARMONY__UNLIKELY(row->flags & HARMONY_CSV_HIGH)) {
		if (!r->encoding)
			r->encoding = harmony__guess_encoding(text, len);
		r->summary.encoding = r->encoding;
		if (r->encoding != HARMONY_ENCODING_UTF_8)
			return true;
	}
	r->base = text;
	r->copy = harmony__arena_text(&r->record->arena, text, len);
	if (!r->copy)
		harmony__no_room(r);
	r->plain = r->copy && !(row->flags & (HARMONY_CSV_HIGH | HARMONY_CSV_NUL));
	return r->copy != NULL;
}

/* ---- texts ---------------------------------------------------------------------------- */

static bool bad_text(harmony_fmuta6 *r, int index, const char *what)
{
	harmony__spot spot = harmony__spot_here(r, index);

	harmony__report(r, &spot, HARMONY_FAILURE, HARMONY_CODE_INVALID_TEXT,
	                "%s; correct the text in the ERP, or tell the code page with fmuta6.encoding",
	                what);
	return false;
}

/* Code page bytes need more room in UTF-8: they go to the arena field by field. */
static bool decode(harmony_fmuta6 *r, harmony__value *out, int index, const char *text, size_t len)
{
	size_t bad;
	harmony_status status;

	harmony__buf_clear(&r->decoded);
	status = harmony__decode(&r->decoded, r->encoding, text, len, &bad);
	if (status == HARMONY_FORMAT)
		return bad_text(r, index, "a byte of this text does not exist in the file's code page");
	if (status) {
		harmony__die(r, status);
		return false;
	}
	out->t.len = r->decoded.len;
	out->t.text = harmony__arena_text(&r->record->arena, r->decoded.data, r->decoded.len);
	if (!out->t.text)
		harmony__no_room(r);
	return out->t.text != NULL;
}

/* A text stays where it lies in the row's copy. */
static inline bool point_to(harmony_fmuta6 *r, harmony__value *out, const char *text, size_t len)
{
	out->t.text = r->copy + (text - r->base);
	out->t.len = len;
	r->copy[text - r->base + (ptrdiff_t)len] = '\0';
	return true;
}

/* A text of a row with bytes that are not plain ASCII. */
static bool read_odd_text(harmony_fmuta6 *r, harmony__value *out, int index, const char *text,
                          size_t len)
{
	if (r->row->flags & HARMONY_CSV_NUL && memchr(text, '\0', len))
		return bad_text(r, index, "a NUL byte stands in this text");
	if (!r->copy)
		return decode(r, out, index, text, len);
	if (r->row->flags & HARMONY_CSV_HIGH && !harmony__is_utf8(text, len))
		return bad_text(r, index, "this text is not the UTF-8 that the rest of the file is");
	return point_to(r, out, text, len);
}

static inline bool read_text(harmony_fmuta6 *r, harmony__value *out, int index, const char *text,
                             size_t len)
{
	if (HARMONY__UNLIKELY(r->row->flags & (HARMONY_CSV_NUL | HARMONY_CSV_HIGH) || !r->copy))
		return read_odd_text(r, out, index, text, len);
	return point_to(r, out, text, len);
}

static bool read_code(harmony_fmuta6 *r, harmony__value *out, int index, const char *text, size_t len)
{
	trim(&text, &len);
	return len > 0 && read_text(r, out, index, text, len);
}

/* A storno letter other than N: J, or the subtype that newer editions keep there. */
static bool read_reversal(harmony_fmuta6 *r, harmony__value *out, int index, const char *text,
                          size_t len)
{
	trim(&text, &len);
	if (len == 1 && (*text == 'N' || *text == 'n' || *text == '0'))
		return false;
	return len > 0 && read_text(r, out, index, text, len);
}

/* Three letters are a currency; 0 and 1 are written for the administration's own. */
static bool read_currency(harmony_fmuta6 *r, harmony__value *out, int index, const char *text,
                          size_t len)
{
	harmony__spot spot;
	char code[3];
	size_t letters = 0;

	trim(&text, &len);
	while (letters < len && letters < 3 && (unsigned char)((text[letters] & ~0x20) - 'A') < 26) {
		code[letters] = (char)(text[letters] & ~0x20);
		letters++;
	}
	if (len == 3 && letters == 3) {
		if (memcmp(code, text, 3) == 0)
			return read_text(r, out, index, text, len);
		out->t.len = 3;
		out->t.text = harmony__arena_text(&r->record->arena, code, 3);
		if (!out->t.text)
			harmony__no_room(r);
		return out->t.text != NULL;
	}
	if (len > 0 && !(len == 1 && (*text == '0' || *text == '1'))) {
		spot = harmony__spot_here(r, index);
		harmony__report(r, &spot, HARMONY_WARNING, HARMONY_CODE_INVALID_VALUE,
		                "this is no currency of three letters, so the administration's own "
		                "currency is taken; write the ISO 4217 code, such as EUR");
	}
	return false;
}

/* ---- numbers ---------------------------------------------------------------------------- */

harmony_status harmony__read_decimal(int64_t *out, char *sign, const harmony_fmuta6 *r,
                                     const char *text, size_t len, unsigned scale)
{
	harmony_status status = harmony__decimal(out, text, len, scale, r->options.decimal, sign);

	return status == HARMONY_OK && *out == INT64_MIN ? HARMONY_RANGE : status;
}

/* "1,234" is one and a bit where the comma parts decimals, and a thousand where it does
   not: it is refused unless the rest of the file tells. */
static bool ambiguous(const harmony_fmuta6 *r, char sign, const char *text, size_t len,
                      unsigned scale)
{
	const char *at = memchr(text, sign, len);
	size_t decimals = 0;

	if (scale == HARMONY_SCALE_RATE || r->options.decimal || sign == r->summary.decimal || !at)
		return false;
	for (at++; at < text + len && *at >= '0' && *at <= '9'; at++)
		decimals++;
	return decimals == 3;
}

static bool bad_number(harmony_fmuta6 *r, int index, harmony_status status, unsigned scale)
{
	harmony__spot spot = harmony__spot_here(r, index);

	if (status == HARMONY_RANGE)
		harmony__report(r, &spot, HARMONY_FAILURE, HARMONY_CODE_INVALID_AMOUNT,
		                "more than the %u decimals that %s holds, or too large; it is never "
		                "rounded, so correct it in the ERP",
		                scale, r->columns[index]->name);
	else if (status == HARMONY_STATE)
		harmony__report(r, &spot, HARMONY_FAILURE, HARMONY_CODE_INVALID_AMOUNT,
		                "the sign can part thousands or decimals, and nothing in the file "
		                "tells; set fmuta6.decimal to point or comma");
	else
		harmony__report(r, &spot, HARMONY_FAILURE, HARMONY_CODE_INVALID_AMOUNT,
		                "not a number; write digits with one decimal sign and without "
		                "thousands separators");
	return false;
}

static bool read_decimal(harmony_fmuta6 *r, harmony__value *out, int index, const char *text,
                         size_t len, unsigned scale)
{
	char sign = 0;
	harmony_status status;

	trim(&text, &len);
	if (len == 0)
		return false;
	status = harmony__read_decimal(&out->number, &sign, r, text, len, scale);
	if (HARMONY__UNLIKELY(sign && sign != r->summary.decimal) && status != HARMONY_FORMAT) {
		if (ambiguous(r, sign, text, len, scale))
			return bad_number(r, index, HARMONY_STATE, scale);
		if (!r->summary.decimal && scale != HARMONY_SCALE_RATE)
			r->summary.decimal = sign;
	}
	return status == HARMONY_OK || bad_number(r, index, status, scale);
}

static bool read_number(harmony_fmuta6 *r, harmony__value *out, int index, const char *text,
                        size_t len)
{
	uint64_t number;
	harmony__spot spot;

	if (HARMONY__LIKELY(harmony__whole(&number, text, len))) {
		out->number = (int64_t)number;
		return true;
	}
	trim(&text, &len);
	if (len == 0)
		return false;
	spot = harmony__spot_here(r, index);
	harmony__report(r, &spot, HARMONY_FAILURE, HARMONY_CODE_INVALID_NUMBER,
	                "not a whole number; write digits only");
	return false;
}

/* Years come with 4 digits, 2 (by the pivot) or 3 (less 1900); a lone 0 fills a numeric
   field that is empty. */
static bool read_year(harmony_fmuta6 *r, harmony__value *out, int index, const char *text, size_t len)
{
	harmony__spot spot;

	trim(&text, &len);
	if ((len == 1 && *text == '0') || !read_number(r, out, index, text, len))
		return false;
	if (len <= 2)
		out->number += out->number < r->options.pivot ? 2000 : 1900;
	else if (len == 3 && out->number >= 100 && out->number < 200)
		out->number += 1900;
	if (out->number >= 1900 && out->number <= 2199)
		return true;
	spot = harmony__spot_here(r, index);
	harmony__report(r, &spot, HARMONY_FAILURE, HARMONY_CODE_INVALID_NUMBER,
	                "not a year; write it with 4 digits");
	return false;
}

static bool read_flag(harmony_fmuta6 *r, harmony__value *out, int index, const char *text, size_t len)
{
	static const char *const words[] = {"n", "0", "f", "nee", "no", "false", "onwaar",
	                                    "j", "1", "t", "y",   "ja", "yes",   "true", "waar"};
	enum { FIRST_TRUE = 7 };
	char word[8];
	harmony__spot spot;

	trim(&text, &len);
	if (len == 0)
		return false;
	harmony__copy_text(word, sizeof(word), text, len);
	for (size_t i = 0; len < sizeof(word) && i < HARMONY__COUNT(words); i++)
		if (harmony__equal_nocase(words[i], word)) {
			out->number = i >= FIRST_TRUE;
			return true;
		}
	spot = harmony__spot_here(r, index);
	harmony__report(r, &spot, HARMONY_WARNING, HARMONY_CODE_INVALID_VALUE,
	                "neither yes (J, Y, 1) nor no (N, 0), so it is left out");
	return false;
}

/* ---- dates -------------------------------------------------------------------------------- */

static bool bad_date(harmony_fmuta6 *r, int index, harmony_status status)
{
	harmony__spot spot = harmony__spot_here(r, index);

	if (status == HARMONY_RANGE)
		harmony__report(r, &spot, HARMONY_FAILURE, HARMONY_CODE_INVALID_DATE,
		                "there is no such day; correct the date in the ERP, or tell how dates "
		                "are written with fmuta6.dates");
	else
		harmony__report(r, &spot, HARMONY_FAILURE, HARMONY_CODE_INVALID_DATE,
		                "%s; correct it in the ERP, or set fmuta6.dates",
		                status == HARMONY_STATE ? "the date can be read in two ways"
		                                        : "not a date as the file writes them");
	return false;
}

static bool only_zeros(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] != '0' && text[i] != ' ')
			return false;
	return true;
}

static bool read_date(harmony_fmuta6 *r, harmony__value *out, int index, const char *text, size_t len)
{
	harmony__last_date *last = &r->dates[index % HARMONY__DATE_SLOTS];
	int used = r->seven;
	harmony_status status;

	if (len == last->len && harmony__same_bytes(text, last->text, len)) {
		out->date = last->value;
		r->summary.dates = last->used;
		return true;
	}
	if (only_zeros(text, len))
		return false;
	status = harmony__dialect_date(&out->date, text, len, r->options.dates, &used,
	                               r->options.pivot);
	if (status)
		return bad_date(r, index, status);
	r->summary.dates = used;
	if (!r->seven && used == HARMONY_DATES_DDMMYYY)
		r->seven = HARMONY_DATES_DDMMYYY;
	else if (!r->seven && (used == HARMONY_DATES_DMMYYYY || used == HARMONY_DATES_DDMMYYYY))
		r->seven = HARMONY_DATES_DMMYYYY;
	if (len <= sizeof(last->text)) {
		memcpy(last->text, text, len);
		last->len = (uint8_t)len;
		last->value = out->date;
		last->used = used;
	}
	return true;
}

/* ---- one field ------------------------------------------------------------------------------ */

bool harmony__read_value(harmony_fmuta6 *r, harmony__value *out, const harmony__column *column,
                         int index)
{
	const char *text = r->row->fields[index].text;
	size_t len = r->row->fields[index].len;

	switch (column->as) {
	case HARMONY__AS_TEXT:
		return read_text(r, out, index, text, len);
	case HARMONY__AS_CODE:
	case HARMONY__AS_DEBTOR:
	case HARMONY__AS_CREDITOR:
		return read_code(r, out, index, text, len);
	case HARMONY__AS_AMOUNT:
		return read_decimal(r, out, index, text, len, HARMONY_SCALE_AMOUNT);
	case HARMONY__AS_QUANTITY:
		return read_decimal(r, out, index, text, len, HARMONY_SCALE_QUANTITY);
	case HARMONY__AS_RATE:
		return read_decimal(r, out, index, text, len, HARMONY_SCALE_RATE);
	case HARMONY__AS_DATE:
		return read_date(r, out, index, text, len);
	case HARMONY__AS_NUMBER:
		return read_number(r, out, index, text, len);
	case HARMONY__AS_YEAR:
		return read_year(r, out, index, text, len);
	case HARMONY__AS_CURRENCY:
		return read_currency(r, out, index, text, len);
	case HARMONY__AS_REVERSAL:
		return read_reversal(r, out, index, text, len);
	case HARMONY__AS_FLAG:
		return read_flag(r, out, index, text, len);
	default: /* the reader itself takes line number and journal type */
		return false;
	}
}
