/* SPDX-License-Identifier: MIT */
#include "base/base.h"

typedef struct pair {
	char *key, *value;
	uint64_t hash;
} pair;

/* Pairs in their order, and a table of their numbers (from 1; 0 is free) by hash. */
struct harmony_settings {
	harmony_context *context;
	pair *pairs;
	size_t count, capacity;
	uint32_t *slots;
	size_t slot_count; /* a power of 2, over twice `count` */
};

harmony_status harmony_settings_new(harmony_settings **out, harmony_context *context,
                                    harmony_error *error)
{
	*out = harmony__zalloc(context, sizeof(**out));
	if (!*out)
		return harmony__nomem(error);
	(*out)->context = context;
	return HARMONY_OK;
}

/* A value may be a secret. */
static void free_value(harmony_settings *settings, char *value)
{
	if (value)
		harmony__os_wipe(value, strlen(value));
	harmony__free(settings->context, value);
}

void harmony_settings_free(harmony_settings *settings)
{
	if (!settings)
		return;
	for (size_t i = 0; i < settings->count; i++) {
		harmony__free(settings->context, settings->pairs[i].key);
		free_value(settings, settings->pairs[i].value);
	}
	harmony__free(settings->context, settings->pairs);
	harmony__free(settings->context, settings->slots);
	harmony__free(settings->context, settings);
}

static uint64_t hash_of(const char *key)
{
	return harmony__hash64(key, strlen(key), 0);
}

static void enter(harmony_settings *settings, size_t index)
{
	size_t mask = settings->slot_count - 1;
	size_t at = (size_t)settings->pairs[index].hash & mask;

	while (settings->slots[at])
		at = (at + 1) & mask;
	settings->slots[at] = (uint32_t)index + 1;
}

static void enter_all(harmony_settings *settings)
{
	memset(settings->slots, 0, settings->slot_count * sizeof(*settings->slots));
	for (size_t i = 0; i < settings->count; i++)
		enter(settings, i);
}

static pair *find(const harmony_settings *settings, const char *key)
{
	size_t mask = settings->slot_count - 1;
	uint64_t hash = hash_of(key);

	if (settings->count == 0)
		return NULL;
	for (size_t at = (size_t)hash & mask; settings->slots[at]; at = (at + 1) & mask) {
		pair *found = &settings->pairs[settings->slots[at] - 1];

		if (found->hash == hash && strcmp(found->key, key) == 0)
			return found;
	}
	return NULL;
}

/* Room for one pair more, in the list and in the table. */
static harmony_status make_room(harmony_settings *settings)
{
	size_t slot_count = settings->slot_count ? settings->slot_count * 2 : 32;
	uint32_t *slots;

	if (settings->count >= UINT32_MAX / 4 ||
	    harmony__grow(settings->context, (void **)&settings->pairs, &settings->capacity,
	                  settings->count + 1, sizeof(pair)))
		return HARMONY_NOMEM;
	if ((settings->count + 1) * 2 < settings->slot_count)
		return HARMONY_OK;
	slots = harmony__alloc(settings->context, slot_count * sizeof(*slots));
	if (!slots)
		return HARMONY_NOMEM;
	harmony__free(settings->context, settings->slots);
	settings->slots = slots;
	settings->slot_count = slot_count;
	enter_all(settings);
	return HARMONY_OK;
}

static void take_out(harmony_settings *settings, pair *found)
{
	size_t index = (size_t)(found - settings->pairs);

	harmony__free(settings->context, found->key);
	free_value(settings, found->value);
	settings->count--;
	memmove(found, found + 1, (settings->count - index) * sizeof(*found));
	enter_all(settings);
}

static harmony_status append(harmony_settings *settings, const char *key, char *value)
{
	char *copy;

	if (make_room(settings))
		return HARMONY_NOMEM;
	copy = harmony__strdup(settings->context, key);
	if (!copy)
		return HARMONY_NOMEM;
	settings->pairs[settings->count] = (pair){copy, value, hash_of(key)};
	enter(settings, settings->count++);
	return HARMONY_OK;
}

harmony_status harmony_settings_set(harmony_settings *settings, const char *key, const char *value,
                                    harmony_error *error)
{
	pair *found;
	char *copy;

	if (!key || !*key)
		return harmony_error_set(error, HARMONY_INVALID, NULL, "a setting without a name");
	found = find(settings, key);
	if (!value) {
		if (found)
			take_out(settings, found);
		return HARMONY_OK;
	}
	copy = harmony__strdup(settings->context, value);
	if (!copy)
		return harmony__nomem(error);
	if (found) {
		free_value(settings, found->value);
		found->value = copy;
	} else if (append(settings, key, copy)) {
		free_value(settings, copy);
		return harmony__nomem(error);
	}
	return HARMONY_OK;
}

const char *harmony_settings_get(const harmony_settings *settings, const char *key)
{
	pair *found = settings && key ? find(settings, key) : NULL;

	return found ? found->value : NULL;
}

int harmony_settings_at(const harmony_settings *settings, size_t index, const char **key,
                        const char **value)
{
	if (!settings || index >= settings->count)
		return 0;
	*key = settings->pairs[index].key;
	*value = settings->pairs[index].value;
	return 1;
}

const harmony_key *harmony_key_find(const harmony_key *table, const char *name)
{
	for (; table->name; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

enum { LONGEST = 63 };

static char fold(char c)
{
	if (c == '-')
		return '_';
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Insertions, removals and replacements from `a` to `b`, both at most LONGEST long. */
static size_t distance(const char *a, const char *b)
{
	size_t row[LONGEST + 1], width = strlen(b);

	for (size_t j = 0; j <= width; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t corner = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < width; j++) {
			size_t change = corner + (fold(a[i]) != fold(b[j]));

			corner = row[j + 1];
			row[j + 1] = corner + 1;
			if (row[j] + 1 < row[j + 1])
				row[j + 1] = row[j] + 1;
			if (change < row[j + 1])
				row[j + 1] = change;
		}
	}
	return row[width];
}

/* A part of a key is nearer than its length tells: fmuta6.enc, sign. */
static bool is_part(const char *part, const char *name)
{
	const char *dot = strchr(part, '.');
	size_t group = dot ? (size_t)(dot - part) + 1 : 0;

	return strlen(part + group) >= 3 && strncmp(part, name, group) == 0 &&
	       strstr(name + group, part + group);
}

const char *harmony_key_nearest(const harmony_key *table, const char *name)
{
	size_t len = strlen(name);
	size_t least = (len < 3 ? 1 : len / 3) + 1; /* a third of it wrong is still near */
	const char *nearest = NULL;

	if (len > LONGEST)
		return NULL;
	for (; table->name; table++) {
		size_t steps = strlen(table->name) > LONGEST ? least
		               : is_part(name, table->name)  ? 1
		                                             : distance(name, table->name);

		if (steps < least) {
			least = steps;
			nearest = table->name;
		}
	}
	return nearest;
}
