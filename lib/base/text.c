/* SPDX-License-Identifier: MIT */
#include "base/base.h"

bool harmony__is_ascii(const char *text, size_t len)
{
	uint64_t word, seen = 0;

	for (; len >= 8; text += 8, len -= 8) {
		memcpy(&word, text, 8);
		seen |= word;
	}
	for (; len > 0; text++, len--)
		seen |= (unsigned char)*text;
	return (seen & UINT64_C(0x8080808080808080)) == 0;
}

/* Bytes of the character at `p`, 0 when it is none (Unicode table 3-7). */
static size_t character_bytes(const unsigned char *p, size_t left)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t bytes;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	bytes = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (left < bytes)
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < bytes; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return bytes;
}

bool harmony__is_utf8(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;

	while (len > 0) {
		size_t bytes = character_bytes(p, len);
		if (bytes == 0)
			return false;
		p += bytes;
		len -= bytes;
	}
	return true;
}

size_t harmony__utf8_length(const char *text, size_t len)
{
	size_t characters = 0;

	for (size_t i = 0; i < len; i++)
		characters += ((unsigned char)text[i] & 0xc0) != 0x80;
	return characters;
}

size_t harmony__utf8_cut(const char *text, size_t len, size_t characters)
{
	size_t at = 0;

	for (; at < len; at++)
		if (((unsigned char)text[at] & 0xc0) != 0x80 && characters-- == 0)
			break;
	return at;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool harmony__equal_nocase(const char *a, const char *b)
{
	while (*a && lower(*a) == lower(*b)) {
		a++;
		b++;
	}
	return lower(*a) == lower(*b);
}
