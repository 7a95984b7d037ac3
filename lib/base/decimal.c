/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/base.h"

bool harmony__add(int64_t *sum, int64_t value)
{
	int64_t result;

	if (__builtin_add_overflow(*sum, value, &result))
		return false;
	*sum = result;
	return true;
}

/* What stands between the spaces and signs of a number. */
typedef struct number {
	const char *at, *end;
	bool negative;
} number;

static bool is_digit(char c)
{
	return (unsigned char)(c - '0') < 10;
}

static bool is_point(char c, char sign)
{
	return sign ? c == sign : c == '.' || c == ',';
}

static harmony_status strip(number *n, const char *text, size_t len)
{
	n->at = text;
	n->end = text + len;
	n->negative = false;
	while (n->at < n->end && (*n->at == ' ' || *n->at == '\t'))
		n->at++;
	while (n->end > n->at && (n->end[-1] == ' ' || n->end[-1] == '\t'))
		n->end--;
	if (n->at < n->end && (*n->at == '+' || *n->at == '-')) {
		n->negative = *n->at++ == '-';
	} else if (n->at < n->end && (n->end[-1] == '-' || n->end[-1] == '+')) {
		n->negative = *--n->end == '-';
		while (n->end > n->at && n->end[-1] == ' ')
			n->end--;
	}
	return n->at < n->end ? HARMONY_OK : HARMONY_FORMAT;
}

/* Accumulates one digit, downwards, since INT64_MIN has no positive twin. */
static bool push(int64_t *value, unsigned digit)
{
	return !__builtin_mul_overflow(*value, (int64_t)10, value) &&
	       !__builtin_sub_overflow(*value, (int64_t)digit, value);
}

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ALL(byte) (UINT64_C(0x0101010101010101) * (byte))

/* What most amounts of a file are, without a loop: 1.00 to 99999.99. All characters stand in
   one word, the last one on top, and the point goes from between them. */
static bool common_amount(int64_t *out, const char *text, size_t len)
{
	uint32_t first, last;
	uint64_t word;

	if (len < 4 || len > 8)
		return false;
	memcpy(&first, text, 4);
	memcpy(&last, text + len - 4, 4);
	word = first | (uint64_t)last << 8 * (len - 4);
	word = (word << 8 * (8 - len)) | (ALL('0') & ((UINT64_C(1) << 8 * (8 - len)) - 1));
	word = (word & UINT64_C(0xffff000000000000)) | (word & UINT64_C(0xffffffffff)) << 8 | '0';
	if (((word + ALL(0x46)) | (word - ALL('0'))) & ALL(0x80))
		return false;
	word = (word & ALL(0x0f)) * 2561 >> 8; /* pairs, fours, eights: 2561 is 10 * 256 + 1 */
	word = (word & UINT64_C(0x00ff00ff00ff00ff)) * 6553601 >> 16;
	word = (word & UINT64_C(0x0000ffff0000ffff)) * UINT64_C(42949672960001) >> 32;
	*out = (int64_t)word;
	return true;
}
#else
static bool common_amount(int64_t *out, const char *text, size_t len)
{
	return false;
}
#endif

/* The form that nearly every amount of a file has: a minus at most, digits, and as many
   decimals as the scale at most; short enough not to overflow. */
static bool quick_decimal(int64_t *out, const char *text, size_t len, unsigned scale, char sign,
                          char *decimal)
{
	const char *end = text + len;
	bool negative = len > 0 && *text == '-';
	uint64_t value = 0;
	unsigned decimals = 0;

	text += negative;
	if (text == end || end - text + (ptrdiff_t)scale > 18)
		return false;
	if (scale == 2 && end - text > 3 && is_point(end[-3], sign) &&
	    common_amount(out, text, (size_t)(end - text))) {
		if (decimal)
			*decimal = end[-3];
		*out = negative ? -*out : *out;
		return true;
	}
	while (text < end && is_digit(*text))
		value = value * 10 + (uint64_t)(*text++ - '0');
	if (text < end) {
		const char *point = text;
		if (!is_point(*point, sign))
			return false;
		for (text++; text < end && is_digit(*text); decimals++)
			value = value * 10 + (uint64_t)(*text++ - '0');
		if (text < end || decimals == 0 || decimals > scale || point == end - len + negative)
			return false;
		if (decimal)
			*decimal = *point;
	}
	for (; decimals < scale; decimals++)
		value *= 10;
	*out = negative ? -(int64_t)value : (int64_t)value;
	return true;
}

harmony_status harmony__decimal(int64_t *out, const char *text, size_t len, unsigned scale,
                                char sign, char *decimal)
{
	number n;
	int64_t value = 0; /* negated */
	unsigned decimals = 0;
	bool digits = false, fits = true, exact = true;
	char point = 0;
	harmony_status status;

	if (quick_decimal(out, text, len, scale, sign, decimal))
		return HARMONY_OK;
	status = strip(&n, text, len);
	if (status != HARMONY_OK)
		return status;
	for (; n.at < n.end; n.at++) {
		char c = *n.at;
		if (is_digit(c)) {
			digits = true;
			if (!point || decimals < scale)
				fits = fits && push(&value, (unsigned)(c - '0'));
			else
				exact = exact && c == '0';
			decimals += point != 0;
		} else if (!point && is_point(c, sign)) {
			point = c;
		} else {
			return HARMONY_FORMAT;
		}
	}
	if (!digits)
		return HARMONY_FORMAT;
	for (; fits && decimals < scale; decimals++)
		fits = push(&value, 0);
	if (!fits || !exact || (!n.negative && value == INT64_MIN))
		return HARMONY_RANGE;
	*out = n.negative ? value : -value;
	if (decimal && point)
		*decimal = point;
	return HARMONY_OK;
}

harmony_status harmony_decimal_parse(int64_t *out, const char *text, size_t len, unsigned scale,
                                     char sign)
{
	return scale <= 9 ? harmony__decimal(out, text, len, scale, sign, NULL) : HARMONY_RANGE;
}

size_t harmony_decimal_format(char *buffer, int64_t value, unsigned scale, char sign)
{
	uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;
	char digits[HARMONY_DECIMAL_SIZE];
	size_t count = 0, len = 0;

	do {
		if (scale && count == scale)
			digits[count++] = sign;
		digits[count++] = (char)('0' + left % 10);
		left /= 10;
	} while (left || count <= scale);
	if (value < 0)
		buffer[len++] = '-';
	while (count > 0)
		buffer[len++] = digits[--count];
	buffer[len] = '\0';
	return len;
}
