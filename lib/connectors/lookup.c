/* SPDX-License-Identifier: MIT */
#include "connectors/frame.h"

#define FIRST_BUCKETS 64u

/* ---- tables ------------------------------------------------------------------------------ */

void harmony__table_init(harmony__table *table, harmony_context *context, size_t size)
{
	memset(table, 0, sizeof(*table));
	table->context = context;
	table->size = size;
	harmony__arena_init(&table->arena, context, 0);
}

void harmony__table_free(harmony__table *table)
{
	harmony__free(table->context, table->buckets);
	harmony__arena_free(&table->arena);
}

/* Bucket counts are powers of two. */
static harmony__thing **bucket_of(const harmony__table *table, const char *code)
{
	uint64_t hash = harmony__hash64(code, strlen(code), 0);

	return &table->buckets[hash & (table->bucket_count - 1)];
}

void *harmony__table_look(const harmony__table *table, const char *code)
{
	harmony__thing *at = table->bucket_count ? *bucket_of(table, code) : NULL;

	while (at && strcmp(at->code, code) != 0)
		at = at->next;
	return at;
}

static bool widen(harmony__table *table)
{
	harmony__table wider = *table;

	wider.bucket_count = table->bucket_count ? 2 * table->bucket_count : FIRST_BUCKETS;
	wider.buckets =
	    harmony__zalloc(table->context, wider.bucket_count * sizeof(*wider.buckets));
	if (!wider.buckets)
		return false;
	for (size_t i = 0; i < table->bucket_count; i++) {
		for (harmony__thing *at = table->buckets[i], *next; at; at = next) {
			harmony__thing **to = bucket_of(&wider, at->code);
			next = at->next;
			at->next = *to;
			*to = at;
		}
	}
	harmony__free(table->context, table->buckets);
	*table = wider;
	return true;
}

void *harmony__table_put(harmony__table *table, const char *code)
{
	harmony__thing *thing = harmony__table_look(table, code), **bucket;

	if (thing)
		return thing;
	if (table->count >= table->bucket_count && !widen(table))
		return NULL;
	thing = harmony__arena_alloc(&table->arena, table->size);
	if (!thing)
		return NULL;
	memset(thing, 0, table->size);
	thing->code = harmony__arena_text(&table->arena, code, strlen(code));
	if (!thing->code)
		return NULL;
	bucket = bucket_of(table, code);
	thing->next = *bucket;
	*bucket = thing;
	table->count++;
	return thing;
}

void *harmony__table_next(const harmony__table *table, const void *after)
{
	const harmony__thing *last = after;
	size_t i = 0;

	if (last && last->next)
		return last->next;
	if (last)
		i = (size_t)(bucket_of(table, last->code) - table->buckets) + 1;
	while (i < table->bucket_count && !table->buckets[i])
		i++;
	return i < table->bucket_count ? table->buckets[i] : NULL;
}

/* ---- finding ------------------------------------------------------------------------------ */

const char *harmony__mapped(const harmony__frame *f, const char *table, const char *code)
{
	return table && f->host->map ? f->host->map(table, code, f->host->user) : code;
}

static harmony_status load(harmony__frame *f, int index, const char *code, harmony_error *error)
{
	harmony_status status = f->package->load(f, index, code, error);

	/* Rows are taken by functions that have no error at hand. */
	if (status == HARMONY_NOMEM)
		return harmony__nomem(error);
	f->tables[index].loaded = f->tables[index].loaded || status == HARMONY_OK;
	return status;
}

harmony_status harmony__find_thing(const void **out, harmony__frame *f, int index, const char *code,
				   harmony_error *error)
{
	const harmony__table *table = &f->tables[index];
	bool by_code = f->package->sources[index].by_code;
	harmony__thing *thing = harmony__table_look(table, code);
	harmony_status status = HARMONY_OK;

	*out = NULL;
	if (by_code ? *code && !(thing && thing->id[0]) : !table->loaded)
		status = load(f, index, code, error);
	if (status == HARMONY_OK)
		thing = harmony__table_look(table, code);
	if (status == HARMONY_OK && !by_code && thing && thing->doubted && !thing->looked_again) {
		thing->looked_again = true;
		status = load(f, index, code, error);
	}
	if (status == HARMONY_OK && thing && thing->id[0])
		*out = thing;
	return status;
}

harmony_status harmony__find_mapped(const void **out, harmony__frame *f, int table,
				    const char *code, harmony_error *error)
{
	return harmony__find_thing(out, f, table,
				   harmony__mapped(f, f->package->sources[table].map, code), error);
}

/* ---- relations ------------------------------------------------------------------------------ */

harmony_status harmony__add_party(harmony__frame *f, int table, const char *code, const char *id,
				  harmony_kind role, harmony_error *error)
{
	harmony__thing *thing = harmony__table_put(&f->tables[table], code);

	if (!thing)
		return harmony__nomem(error);
	harmony__copy_text(thing->id, sizeof(thing->id), id, strlen(id));
	thing->row = NULL; /* what was written is what is there: nothing to compare with yet */
	thing->roles |= HARMONY_BIT(role);
	thing->doubted &= ~HARMONY_BIT(role);
	return HARMONY_OK;
}

harmony_status harmony__doubt_party(harmony__frame *f, int table, const char *code,
				    harmony_kind role, harmony_error *error)
{
	harmony__thing *thing = harmony__table_put(&f->tables[table], code);

	if (!thing)
		return harmony__nomem(error);
	/* One that has the role already was only updated, and can be booked on. */
	thing->doubted |= HARMONY_BIT(role) & ~thing->roles;
	thing->looked_again = false;
	return HARMONY_OK;
}

bool harmony__party_doubted(const harmony__frame *f, int table, const char *code, harmony_kind role)
{
	const harmony__thing *thing = harmony__table_look(&f->tables[table], code);
	uint32_t roles = role ? HARMONY_BIT(role) : HARMONY_PARTIES;

	return thing && (thing->doubted & roles) != 0;
}
