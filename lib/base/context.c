/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"

static void *resize_default(void *ptr, size_t size, void *user)
{
	if (size == 0) {
		free(ptr);
		return NULL;
	}
	return realloc(ptr, size);
}

static int64_t wall_default(void *user)
{
	return harmony__os_wall();
}

static int64_t monotonic_default(void *user)
{
	return harmony__os_monotonic();
}

harmony_status harmony__options_copy(void *to, size_t size, const void *from)
{
	size_t theirs;

	if (!from)
		return HARMONY_OK;
	memcpy(&theirs, from, sizeof(theirs));
	if (theirs < sizeof(theirs))
		return HARMONY_INVALID;
	memcpy(to, from, theirs < size ? theirs : size);
	memcpy(to, &size, sizeof(size));
	return HARMONY_OK;
}

harmony_status harmony__options_back(void *to, size_t size, const void *changed, const void *before)
{
	const size_t head = sizeof(size_t); /* struct_size stays the caller's */
	size_t theirs;

	memcpy(&theirs, to, sizeof(theirs));
	theirs = theirs < size ? theirs : size;
	if (theirs < head || memcmp((const char *)changed + theirs, (const char *)before + theirs,
	                            size - theirs) != 0)
		return HARMONY_INVALID;
	memcpy((char *)to + head, (const char *)changed + head, theirs - head);
	return HARMONY_OK;
}

harmony_status harmony_context_new(harmony_context **out, const harmony_context_options *options,
                                   harmony_error *error)
{
	harmony_context_options o = HARMONY_CONTEXT_OPTIONS_INIT;
	harmony_allocator allocator = {sizeof(allocator), resize_default, NULL};
	harmony_clock clock = {sizeof(clock), wall_default, monotonic_default, NULL};
	harmony_context *context;

	*out = NULL;
	if (harmony__options_copy(&o, sizeof(o), options) != HARMONY_OK ||
	    harmony__options_copy(&allocator, sizeof(allocator), o.allocator) != HARMONY_OK ||
	    harmony__options_copy(&clock, sizeof(clock), o.clock) != HARMONY_OK || !allocator.resize ||
	    !clock.wall || !clock.monotonic)
		return harmony_error_set(error, HARMONY_INVALID, NULL,
		                         "harmony_context_new: start the options with their _INIT "
		                         "macro, and give an allocator and clock all their functions");
	context = allocator.resize(NULL, sizeof(*context), allocator.user);
	if (!context)
		return harmony__nomem(error);
	*context = (harmony_context){allocator, clock, o.log, o.log_user, o.log_level};
	*out = context;
	return HARMONY_OK;
}

void harmony_context_free(harmony_context *context)
{
	if (context)
		context->allocator.resize(context, 0, context->allocator.user);
}

void *harmony__realloc(harmony_context *context, void *ptr, size_t size)
{
	return context->allocator.resize(ptr, size ? size : 1, context->allocator.user);
}

void *harmony__alloc(harmony_context *context, size_t size)
{
	return harmony__realloc(context, NULL, size);
}

void *harmony__zalloc(harmony_context *context, size_t size)
{
	void *ptr = harmony__alloc(context, size);

	if (ptr)
		memset(ptr, 0, size);
	return ptr;
}

void harmony__free(harmony_context *context, void *ptr)
{
	if (ptr)
		context->allocator.resize(ptr, 0, context->allocator.user);
}

char *harmony__strdup(harmony_context *context, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = harmony__alloc(context, size);

	if (copy)
		memcpy(copy, text, size);
	return copy;
}

harmony_status harmony__grow(harmony_context *context, void **array, size_t *capacity, size_t need,
                             size_t size)
{
	size_t more = *capacity ? *capacity : 8;
	void *grown;

	if (need <= *capacity)
		return HARMONY_OK;
	while (more < need) {
		if (more > SIZE_MAX / 2)
			return HARMONY_NOMEM;
		more *= 2;
	}
	if (more > SIZE_MAX / size)
		return HARMONY_NOMEM;
	grown = harmony__realloc(context, *array, more * size);
	if (!grown)
		return HARMONY_NOMEM;
	*array = grown;
	*capacity = more;
	return HARMONY_OK;
}

void harmony__log(harmony_context *context, int level, const char *format, ...)
{
	char message[1024];
	va_list args;

	if (!context->log || level > context->log_level)
		return;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	harmony__tidy(message);
	context->log(level, message, context->log_user);
}

int64_t harmony__wall(harmony_context *context)
{
	return context->clock.wall(context->clock.user);
}

int64_t harmony__monotonic(harmony_context *context)
{
	return context->clock.monotonic(context->clock.user);
}
