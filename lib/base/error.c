/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/base.h"

void harmony_error_clear(harmony_error *error)
{
	if (error)
		*error = (harmony_error)HARMONY_ERROR_INIT;
}

harmony_status harmony__error_v(harmony_error *error, harmony_status status, const char *code,
                                const char *format, va_list args)
{
	if (!error || error->status != HARMONY_OK)
		return status;
	error->status = status;
	if (!code)
		code = harmony_status_word(status);
	harmony__copy_text(error->code, sizeof(error->code), code, strlen(code));
	vsnprintf(error->message, sizeof(error->message), format, args);
	harmony__tidy(error->message);
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
	if (!error)
		return;
	if (file)
		harmony__copy_text(error->file, sizeof(error->file), file, strlen(file));
	if (field)
		harmony__copy_text(error->field, sizeof(error->field), field, strlen(field));
	error->line = line;
	error->column = column;
}

harmony_status harmony__nomem(harmony_error *error)
{
	return harmony_error_set(error, HARMONY_NOMEM, NULL,
	                         "no memory; free some, or give the context an allocator with more");
}
