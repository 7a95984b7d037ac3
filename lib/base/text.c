/* SPDX-License-Identifier: MIT */
#include "base/base.h"

#define HIGH_BITS UINT64_C(0x8080808080808080)

/* How many of the first bytes are ASCII, looked at in steps of eight. */
static size_t ascii_prefix(const char *text, size_t len)
{
	size_t at = 0;

	for (uint64_t word; len - at >= sizeof(word); at += sizeof(word)) {
		memcpy(&word, text + at, sizeof(word));
		if (word & HIGH_BITS)
			break;
	}
	while (at < len && (unsigned char)text[at] < 0x80)
		at++;
	return at;
}

bool harmony__is_ascii(const char *text, size_t len)
{
	return ascii_prefix(text, len) == len;
}

size_t harmony__utf8_char(uint32_t *out, const char *text, size_t len)
{
	/* The least code point of each length: what is below is overlong. */
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char first;
	uint32_t code;
	size_t need;

	if (len == 0)
		return 0;
	first = (unsigned char)text[0];
	if (first < 0x80) {
		*out = first;
		return 1;
	}
	if (first < 0xc2 || first > 0xf4)
		return 0;
	need = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (len < need)
		return 0;
	code = first & (0x7fu >> need);
	for (size_t i = 1; i < need; i++) {
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | ((unsigned char)text[i] & 0x3f);
	}
	if (code < least[need] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*out = code;
	return need;
}

size_t harmony__utf8_prefix(const char *text, size_t len)
{
	size_t at = 0, taken;
	uint32_t code;

	while ((at += ascii_prefix(text + at, len - at)) < len) {
		taken = harmony__utf8_char(&code, text + at, len - at);
		if (taken == 0)
			break;
		at += taken;
	}
	return at;
}

bool harmony__is_utf8(const char *text, size_t len)
{
	return len == 0 || harmony__utf8_prefix(text, len) == len;
}

static bool continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

size_t harmony__utf8_length(const char *text, size_t len)
{
	size_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += !continues(text[i]);
	return count;
}

size_t harmony__utf8_cut(const char *text, size_t len, size_t characters)
{
	size_t at = 0;

	for (; at < len; at++)
		if (!continues(text[at]) && characters-- == 0)
			break;
	return at;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool harmony__equal_nocase(const char *a, const char *b)
{
	while (*a && lower(*a) == lower(*b)) {
		a++;
		b++;
	}
	return *a == *b;
}

size_t harmony__copy_text(char *to, size_t size, const char *from, size_t len)
{
	if (size == 0)
		return 0;
	if (len >= size) {
		len = size - 1;
		for (int back = 0; back < 3 && len > 0 && continues(from[len]); back++)
			len--;
	}
	if (len)
		memcpy(to, from, len);
	to[len] = '\0';
	return len;
}

bool harmony__utf8_cut_short(const char *text, size_t len)
{
	size_t need = (unsigned char)*text < 0xe0 ? 2 : (unsigned char)*text < 0xf0 ? 3 : 4;

	if ((unsigned char)*text < 0xc2 || (unsigned char)*text > 0xf4 || len >= need)
		return false;
	for (size_t i = 1; i < len; i++)
		if (!continues(text[i]))
			return false;
	return true;
}

void harmony__tidy(char *text)
{
	size_t len = strlen(text), taken;
	uint32_t code;

	for (size_t at = 0; at < len; at += taken) {
		taken = harmony__utf8_char(&code, text + at, len - at);
		if (taken == 0 && harmony__utf8_cut_short(text + at, len - at)) {
			text[at] = '\0';
			return;
		}
		if (taken == 0 || code < 0x20 || code == 0x7f) {
			text[at] = taken ? ' ' : '?';
			taken = 1;
		}
	}
}
