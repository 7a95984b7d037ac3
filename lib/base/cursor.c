/* SPDX-License-Identifier: MIT */
#include "base/base.h"

harmony__cursor harmony__cursor_over(const char *text, size_t len)
{
	return (harmony__cursor){text, text + len};
}

bool harmony__cursor_done(const harmony__cursor *cursor)
{
	return cursor->at == cursor->end;
}

bool harmony__cursor_char(harmony__cursor *cursor, char c)
{
	if (cursor->at == cursor->end || *cursor->at != c)
		return false;
	cursor->at++;
	return true;
}

void harmony__cursor_spaces(harmony__cursor *cursor)
{
	while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t'))
		cursor->at++;
}

unsigned harmony__cursor_digits(harmony__cursor *cursor, unsigned max_digits, uint64_t *out)
{
	unsigned count = 0;
	uint64_t value = 0;

	while (count < max_digits && cursor->at < cursor->end && *cursor->at >= '0' &&
	       *cursor->at <= '9') {
		value = value * 10 + (uint64_t)(*cursor->at++ - '0');
		count++;
	}
	*out = value;
	return count;
}

void harmony__cursor_until(harmony__cursor *cursor, char delimiter, const char **text, size_t *len)
{
	size_t left = (size_t)(cursor->end - cursor->at);
	const char *found = left ? memchr(cursor->at, delimiter, left) : NULL;

	*text = cursor->at;
	*len = found ? (size_t)(found - cursor->at) : left;
	cursor->at = found ? found + 1 : cursor->end;
}
