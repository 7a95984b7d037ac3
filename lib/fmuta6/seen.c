/* SPDX-License-Identifier: MIT */
#include "fmuta6/fmuta6.h"

/* Which entry numbers stood in the file before. Numbers run on: a slot holds 64
   consecutive ones, so that millions of entries take little. Anything but a plain
   number has a slot of its own, by its hash. */

enum { FIRST_CAPACITY = 64, PER_SLOT = 64 };

static struct harmony__seen_slot *find_slot(const harmony__seen *seen, uint64_t key)
{
	size_t at = (size_t)(key & (seen->capacity - 1));

	while (seen->slots[at].bits && seen->slots[at].key != key)
		at = (at + 1) & (seen->capacity - 1);
	return &seen->slots[at];
}

/* Keeps an eighth of the slots empty, so that HARMONY_MAX_RUNS of them take one MiB. */
static harmony_status make_room(harmony__seen *seen, harmony_context *context)
{
	harmony__seen bigger = {.capacity = seen->capacity ? seen->capacity * 2 : FIRST_CAPACITY,
	                        .used = seen->used};

	if (seen->used + seen->capacity / 8 < seen->capacity || seen->used >= HARMONY_MAX_RUNS)
		return HARMONY_OK;
	bigger.slots = harmony__zalloc(context, bigger.capacity * sizeof(*bigger.slots));
	if (!bigger.slots)
		return HARMONY_NOMEM;
	for (size_t i = 0; i < seen->capacity; i++)
		if (seen->slots[i].bits)
			*find_slot(&bigger, seen->slots[i].key) = seen->slots[i];
	harmony__free(context, seen->slots);
	*seen = bigger;
	return HARMONY_OK;
}

/* Numbers with leading zeros are other numbers than those without. */
static bool plain_number(uint64_t *out, const char *text, size_t len)
{
	uint64_t value = 0;

	if (len == 0 || len > 18 || text[0] == '0')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(text[i] - '0');
	}
	*out = value;
	return true;
}

harmony_status harmony__seen_add(bool *before, harmony__seen *seen, harmony_context *context,
                                 uint64_t seed, const char *number, size_t len)
{
	uint64_t value, key, bit = 1;
	struct harmony__seen_slot *slot;

	*before = false;
	if (plain_number(&value, number, len)) {
		bit = UINT64_C(1) << value % PER_SLOT;
		value /= PER_SLOT;
		key = harmony__hash64(&value, sizeof(value), seed);
	} else {
		key = harmony__hash64(number, len, ~seed);
	}
	if (make_room(seen, context))
		return HARMONY_NOMEM;
	slot = find_slot(seen, key);
	if (!slot->bits) {
		if (seen->used >= HARMONY_MAX_RUNS) {
			seen->full = true;
			return HARMONY_OK;
		}
		seen->used++;
		slot->key = key;
	}
	*before = (slot->bits & bit) != 0;
	slot->bits |= bit;
	return HARMONY_OK;
}
