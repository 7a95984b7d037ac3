/* SPDX-License-Identifier: MIT */
#include "base/base.h"

typedef struct pair {
	char *key, *value;
} pair;

struct harmony_settings {
	harmony_context *context;
	pair *pairs;
	size_t count, capacity;
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

/* Values may be secrets. */
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
	harmony__free(settings->context, settings);
}

static pair *find(const harmony_settings *settings, const char *key)
{
	for (size_t i = 0; i < settings->count; i++)
		if (strcmp(settings->pairs[i].key, key) == 0)
			return &settings->pairs[i];
	return NULL;
}

static void remove_pair(harmony_settings *settings, pair *at)
{
	size_t index = (size_t)(at - settings->pairs);

	harmony__free(settings->context, at->key);
	free_value(settings, at->value);
	settings->count--;
	memmove(at, at + 1, (settings->count - index) * sizeof(*at));
}

static harmony_status add_pair(harmony_settings *settings, const char *key, char *value)
{
	char *copy = harmony__strdup(settings->context, key);

	if (!copy)
		return HARMONY_NOMEM;
	if (harmony__grow(settings->context, (void **)&settings->pairs, &settings->capacity,
	                  settings->count + 1, sizeof(pair)) != HARMONY_OK) {
		harmony__free(settings->context, copy);
		return HARMONY_NOMEM;
	}
	settings->pairs[settings->count++] = (pair){copy, value};
	return HARMONY_OK;
}

harmony_status harmony_settings_set(harmony_settings *settings, const char *key, const char *value,
                                    harmony_error *error)
{
	pair *at = key && *key ? find(settings, key) : NULL;
	char *copy;

	if (!key || !*key)
		return harmony_error_set(error, HARMONY_INVALID, NULL, "a setting without a key");
	if (!value) {
		if (at)
			remove_pair(settings, at);
		return HARMONY_OK;
	}
	copy = harmony__strdup(settings->context, value);
	if (copy && at) {
		free_value(settings, at->value);
		at->value = copy;
		return HARMONY_OK;
	}
	if (!copy || add_pair(settings, key, copy) != HARMONY_OK) {
		if (copy)
			free_value(settings, copy);
		return harmony__nomem(error);
	}
	return HARMONY_OK;
}

const char *harmony_settings_get(const harmony_settings *settings, const char *key)
{
	const pair *at = find(settings, key);

	return at ? at->value : NULL;
}

int harmony_settings_at(const harmony_settings *settings, size_t index, const char **key,
                        const char **value)
{
	if (index >= settings->count)
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

#define MAX_WORD 64

/* Levenshtein distance of two short words. */
static size_t distance(const char *a, const char *b)
{
	size_t row[MAX_WORD + 1], a_len = strlen(a), b_len = strlen(b);

	if (a_len > MAX_WORD || b_len > MAX_WORD)
		return SIZE_MAX;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t change = diagonal + (a[i - 1] != b[j - 1]);
			size_t other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
			diagonal = row[j];
			row[j] = change < other ? change : other;
		}
	}
	return row[b_len];
}

const char *harmony_key_nearest(const harmony_key *table, const char *name)
{
	const char *nearest = NULL;
	size_t best = strlen(name) / 3 + 2;

	for (; table->name; table++) {
		size_t d = distance(table->name, name);
		if (d < best) {
			best = d;
			nearest = table->name;
		}
	}
	return nearest;
}
