/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/base.h"

void harmony__buf_init(harmony__buf *buf, harmony_context *context, size_t max)
{
	*buf = (harmony__buf){.context = context, .max = max};
}

void harmony__buf_free(harmony__buf *buf)
{
	harmony__free(buf->context, buf->data);
	harmony__buf_init(buf, buf->context, buf->max);
}

void harmony__buf_clear(harmony__buf *buf)
{
	buf->len = 0;
	buf->status = HARMONY_OK;
	if (buf->data)
		buf->data[0] = '\0';
}

/* Room for `len` more bytes and a NUL. */
static harmony_status reserve(harmony__buf *buf, size_t len)
{
	if (buf->status != HARMONY_OK)
		return buf->status;
	if (len > buf->max || buf->len > buf->max - len)
		buf->status = HARMONY_LIMIT;
	else
		buf->status = harmony__grow(buf->context, (void **)&buf->data, &buf->capacity,
		                            buf->len + len + 1, 1);
	return buf->status;
}

harmony_status harmony__buf_add(harmony__buf *buf, const void *data, size_t len)
{
	if (reserve(buf, len) != HARMONY_OK)
		return buf->status;
	if (len)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
	return HARMONY_OK;
}

harmony_status harmony__buf_str(harmony__buf *buf, const char *text)
{
	return harmony__buf_add(buf, text, strlen(text));
}

harmony_status harmony__buf_char(harmony__buf *buf, char c)
{
	return harmony__buf_add(buf, &c, 1);
}

harmony_status harmony__buf_printf(harmony__buf *buf, const char *format, ...)
{
	va_list args, again;
	int len;

	va_start(args, format);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, args);
	if (len < 0 && buf->status == HARMONY_OK)
		buf->status = HARMONY_INVALID;
	if (len >= 0 && reserve(buf, (size_t)len) == HARMONY_OK) {
		vsnprintf(buf->data + buf->len, (size_t)len + 1, format, again);
		buf->len += (size_t)len;
	}
	va_end(again);
	va_end(args);
	return buf->status;
}

void harmony__buf_drop(harmony__buf *buf, size_t len)
{
	if (len > buf->len)
		len = buf->len;
	if (len == 0)
		return;
	buf->len -= len;
	memmove(buf->data, buf->data + len, buf->len + 1);
}

harmony_status harmony__buf_write(const void *data, size_t len, void *user)
{
	return harmony__buf_add(user, data, len);
}

harmony_status harmony__buf_check(const harmony__buf *buf, const char *what, harmony_error *error)
{
	if (buf->status == HARMONY_NOMEM)
		return harmony__nomem(error);
	if (buf->status == HARMONY_LIMIT)
		return harmony_error_set(error, HARMONY_LIMIT, NULL, "%s is larger than %zu bytes", what,
		                         buf->max);
	return buf->status;
}
