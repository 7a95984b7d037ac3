/* SPDX-License-Identifier: MIT */
#include "base/base.h"

#define FIRST_BLOCK 4096u
#define MAX_BLOCK (256u * 1024u)

struct harmony__arena_block {
	harmony__arena_block *next;
	size_t size; /* of what follows */
	_Alignas(8) char bytes[];
};

void harmony__arena_init(harmony__arena *arena, harmony_context *context, size_t limit)
{
	*arena = (harmony__arena){.context = context, .limit = limit};
}

static void enter_block(harmony__arena *arena, harmony__arena_block *block)
{
	arena->current = block;
	arena->at = block->bytes;
	arena->end = block->bytes + block->size;
}

static bool add_block(harmony__arena *arena, size_t need)
{
	size_t size = arena->current ? arena->current->size * 2 : FIRST_BLOCK;
	harmony__arena_block *block;

	if (arena->limit && (need > arena->limit || arena->used > arena->limit - need)) {
		arena->over = true;
		return false;
	}
	if (size > MAX_BLOCK)
		size = MAX_BLOCK;
	if (size < need)
		size = need;
#ifdef HARMONY__ARENA_MALLOC_EACH
	size = need;
#endif
	if (size > SIZE_MAX - sizeof(*block))
		return false;
	block = harmony__alloc(arena->context, sizeof(*block) + size);
	if (!block)
		return false;
	block->next = NULL;
	block->size = size;
	if (arena->current)
		arena->current->next = block;
	else
		arena->first = block;
	arena->used += size;
	enter_block(arena, block);
	return true;
}

static char *take(harmony__arena *arena, size_t size, size_t align)
{
	size_t pad = arena->at ? (size_t)(-(uintptr_t)arena->at) & (align - 1) : 0;
	char *at;

	if (!arena->at || (size_t)(arena->end - arena->at) < pad ||
	    (size_t)(arena->end - arena->at) - pad < size) {
		if (!add_block(arena, size))
			return NULL;
		pad = 0;
	}
	at = arena->at + pad;
	arena->at = at + size;
	return at;
}

void *harmony__arena_alloc(harmony__arena *arena, size_t size)
{
	return take(arena, size ? size : 1, 8);
}

char *harmony__arena_text(harmony__arena *arena, const char *text, size_t len)
{
	char *copy = len < SIZE_MAX ? take(arena, len + 1, 1) : NULL;

	if (copy) {
		if (len)
			memcpy(copy, text, len);
		copy[len] = '\0';
	}
	return copy;
}

static void free_from(harmony__arena *arena, harmony__arena_block *block)
{
	while (block) {
		harmony__arena_block *next = block->next;
		harmony__free(arena->context, block);
		block = next;
	}
}

void harmony__arena_reset(harmony__arena *arena)
{
	arena->over = false;
	if (!arena->first)
		return;
	free_from(arena, arena->first->next);
	arena->first->next = NULL;
	arena->used = arena->first->size;
	enter_block(arena, arena->first);
}

void harmony__arena_free(harmony__arena *arena)
{
	free_from(arena, arena->first);
	harmony__arena_init(arena, arena->context, arena->limit);
}
