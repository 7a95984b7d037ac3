/* SPDX-License-Identifier: MIT */
#include "base/base.h"

struct harmony__arena_block {
	harmony__arena_block *next;
	size_t size;
	_Alignas(8) char data[];
};

/* Exact blocks, so that a memory checker sees every overrun. */
#ifdef HARMONY__ARENA_MALLOC_EACH
enum { FIRST_BLOCK = 0, LAST_BLOCK = 0 };
#else
enum { FIRST_BLOCK = 4096 - 16, LAST_BLOCK = 65536 - 16 };
#endif

void harmony__arena_init(harmony__arena *arena, harmony_context *context, size_t limit)
{
	memset(arena, 0, sizeof(*arena));
	arena->context = context;
	arena->limit = limit;
}

/* Links a block of at least `size` bytes behind the current one. */
static bool add_block(harmony__arena *arena, size_t size)
{
	size_t wanted = arena->current ? arena->current->size * 2 : FIRST_BLOCK;
	harmony__arena_block *block;

	if (wanted > LAST_BLOCK)
		wanted = LAST_BLOCK;
	if (wanted < size)
		wanted = size;
	if (wanted > SIZE_MAX - sizeof(*block))
		return false;
	block = harmony__alloc(arena->context, sizeof(*block) + wanted);
	if (!block)
		return false;
	block->next = NULL;
	block->size = wanted;
	if (arena->current)
		arena->current->next = block;
	else
		arena->first = block;
	arena->current = block;
	arena->at = block->data;
	arena->end = block->data + wanted;
	return true;
}

static void *take(harmony__arena *arena, size_t size, size_t align)
{
	size_t pad = -(uintptr_t)arena->at & (align - 1);
	char *made;

	if (arena->limit && size > arena->limit - arena->used) {
		arena->over = true;
		return NULL;
	}
	if (!arena->at || pad > (size_t)(arena->end - arena->at) ||
	    size > (size_t)(arena->end - arena->at) - pad) {
		if (!add_block(arena, size))
			return NULL;
		pad = 0;
	}
	made = arena->at + pad;
	arena->at = made + size;
	arena->used += size;
	return made;
}

void *harmony__arena_alloc(harmony__arena *arena, size_t size)
{
	return take(arena, size, 8);
}

char *harmony__arena_text(harmony__arena *arena, const char *text, size_t len)
{
	char *made = len < SIZE_MAX ? take(arena, len + 1, 1) : NULL;

	if (!made)
		return NULL;
	if (len)
		memcpy(made, text, len);
	made[len] = '\0';
	return made;
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
	harmony__arena_block *first = arena->first;

	if (!first || FIRST_BLOCK == 0 || first->size > LAST_BLOCK) {
		harmony__arena_free(arena);
		return;
	}
	free_from(arena, first->next);
	first->next = NULL;
	arena->current = first;
	arena->at = first->data;
	arena->end = first->data + first->size;
	arena->used = 0;
	arena->over = false;
}

void harmony__arena_free(harmony__arena *arena)
{
	free_from(arena, arena->first);
	harmony__arena_init(arena, arena->context, arena->limit);
}
