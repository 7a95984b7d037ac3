/* SPDX-License-Identifier: MIT */
#include "sync/sync.h"

/* Relations before entries: within a run the order sees to it, and here it is seen to across
   runs. An entry whose relation waits, or is in doubt, would be refused for a relation that
   the package does not know, and a person would have to mend it. */

static harmony_status keep_party(const harmony_record_state *record, void *user)
{
	harmony__relations *open = user;

	if ((HARMONY_BIT(record->kind) & HARMONY_PARTIES) == 0)
		return HARMONY_OK;
	if (harmony__grow(open->context, (void **)&open->hashes, &open->capacity, open->count + 1,
			  sizeof(*open->hashes)) != HARMONY_OK)
		return HARMONY_NOMEM;
	open->hashes[open->count++] = harmony__hash64(record->key, strlen(record->key), 0);
	return HARMONY_OK;
}

/* Those of the run come before its entries, so what is open at the first entry stays open. */
static harmony_status load(harmony__job *job, harmony_error *error)
{
	harmony__relations *open = &job->relations;
	harmony_record_query query = {.struct_size = sizeof(query),
				      .integration = job->integration->id,
				      .states = HARMONY_STATES_OPEN};
	harmony_status status;

	if (open->loaded)
		return HARMONY_OK;
	open->context = job->context;
	status = job->store->record_list(job->store->self, &query, keep_party, open, error);
	if (status == HARMONY_NOMEM)
		return harmony__nomem(error);
	open->loaded = status == HARMONY_OK;
	return status;
}

/* The kind of relation that a row's party is; 0: it names none. */
static harmony_kind kind_of_party(const char **code, const harmony_record *record, size_t row)
{
	const harmony_kind of = harmony_record_kind(record);
	const char *side = of == HARMONY_SALES_INVOICE ? "sales" : "purchase";

	if (harmony_record_get_text(code, record, row, HARMONY_FIELD_PARTY) != HARMONY_OK)
		return 0;
	if ((HARMONY_BIT(of) & HARMONY_INVOICES) == 0 &&
	    harmony_record_get_text(&side, record, row, HARMONY_FIELD_SIDE) != HARMONY_OK)
		return 0;
	return strcmp(side, "sales") == 0 ? HARMONY_CUSTOMER : HARMONY_SUPPLIER;
}

/* The key that the relation's own record has in the store. */
static harmony_status key_of(char key[HARMONY_KEY_SIZE], harmony_kind kind, const char *code,
			     harmony_context *context, harmony_error *error)
{
	harmony_record *relation = NULL;
	harmony_status status = harmony_record_new(&relation, context, kind, error);

	if (status == HARMONY_OK)
		status = harmony_record_set_text(relation, HARMONY_HEADER, HARMONY_FIELD_CODE, code,
						 strlen(code), error);
	if (status == HARMONY_OK)
		(void)harmony_record_key(key, relation);
	harmony_record_free(relation);
	return status;
}

static bool is_open(const harmony__relations *open, const char *key)
{
	uint64_t hash = harmony__hash64(key, strlen(key), 0);

	for (size_t i = 0; i < open->count; i++) /* as a rule there is none */
		if (open->hashes[i] == hash)
			return true;
	return false;
}

harmony_status harmony__relation_open(const char **code, size_t *row, harmony__job *job,
				      const harmony_record *record, harmony_error *error)
{
	char key[HARMONY_KEY_SIZE];
	harmony_status status = HARMONY_OK;

	*code = NULL;
	if ((HARMONY_BIT(harmony_record_kind(record)) & HARMONY_ENTRIES) == 0)
		return HARMONY_OK;
	status = load(job, error);
	if (status != HARMONY_OK || job->relations.count == 0)
		return status;
	for (*row = 0; *row <= harmony_record_lines(record); ++*row) {
		const char *party;
		harmony_kind kind = kind_of_party(&party, record, *row);
		if (kind == 0)
			continue;
		status = key_of(key, kind, party, job->context, error);
		if (status != HARMONY_OK)
			return status;
		if (is_open(&job->relations, key)) {
			*code = party;
			return HARMONY_OK;
		}
	}
	return HARMONY_OK;
}

void harmony__relations_free(harmony__relations *relations)
{
	harmony__free(relations->context, relations->hashes);
}
