/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/base.h"

/* How much of a caller's struct is there: an older caller's is shorter. One without a size was
   never started by HARMONY_ERROR_INIT, and is taken for ours. */
static size_t size_of(const harmony_error *error)
{
	size_t size = error->struct_size;

	return size <= offsetof(harmony_error, code) || size > sizeof(*error) ? sizeof(*error) : size;
}

/* All but the size, which stays what the caller said. */
static void put(harmony_error *to, const harmony_error *from)
{
	memcpy(&to->status, &from->status, size_of(to) - offsetof(harmony_error, status));
}

static bool is_empty(const harmony_error *error)
{
	return error && error->status == HARMONY_OK;
}

void harmony_error_clear(harmony_error *error)
{
	const harmony_error empty = HARMONY_ERROR_INIT;

	if (error)
		put(error, &empty);
}

void harmony__error_give(harmony_error *to, const harmony_error *from)
{
	if (is_empty(to))
		put(to, from);
}

/* What a caller's struct has so far, to be added to. */
static harmony_error begin(const harmony_error *error)
{
	harmony_error made = HARMONY_ERROR_INIT;

	memcpy(&made.status, &error->status, size_of(error) - offsetof(harmony_error, status));
	return made;
}

harmony_status harmony__error_v(harmony_error *error, harmony_status status, const char *code,
                                const char *format, va_list args)
{
	harmony_error made;

	if (!is_empty(error))
		return status;
	made = begin(error);
	made.status = status;
	if (!code)
		code = harmony_status_word(status);
	harmony__copy_text(made.code, sizeof(made.code), code, strlen(code));
	vsnprintf(made.message, sizeof(made.message), format, args);
	harmony__tidy(made.message);
	put(error, &made);
	return status;
}

harmony_status harmony_error_set(harmony_error *error, harmony_status status, const char *code,
                                 const char *format, ...)
{
	va_list args;

	va_start(args, format);
	harmony__error_v(error, status, code, format, args);
	va_end(args);
	return status;
}

void harmony__error_place(harmony_error *error, const char *file, uint64_t line, uint32_t column,
                          const char *field)
{
	harmony_error made;

	if (!is_empty(error))
		return;
	made = begin(error);
	if (file)
		harmony__copy_text(made.file, sizeof(made.file), file, strlen(file));
	if (field)
		harmony__copy_text(made.field, sizeof(made.field), field, strlen(field));
	made.line = line;
	made.column = column;
	put(error, &made);
}

void harmony__error_vendor(harmony_error *error, const char *words)
{
	harmony_error made;

	if (!is_empty(error))
		return;
	made = begin(error);
	harmony__copy_text(made.vendor, sizeof(made.vendor), words, strlen(words));
	put(error, &made);
}

harmony_status harmony__nomem(harmony_error *error)
{
	return harmony_error_set(error, HARMONY_NOMEM, NULL,
	                         "no memory; free some, or give the context an allocator with more");
}
