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

/* The relation that a row names, as a record of its own; HARMONY_NOTFOUND: it names none. */
static harmony_status relation_of(harmony_record **out, const harmony_record *record, size_t row,
				  harmony_context *context, harmony_error *error)
{
	const harmony_kind of = harmony_record_kind(record);
	harmony_kind kind = of == HARMONY_SALES_INVOICE ? HARMONY_CUSTOMER : HARMONY_SUPPLIER;
	const char *code, *side;
	harmony_status status;

	if (harmony_record_get_text(&code, record, row, HARMONY_FIELD_PARTY) != HARMONY_OK)
		return HARMONY_NOTFOUND;
	if ((HARMONY_BIT(of) & HARMONY_INVOICES) == 0) {
		if (harmony_record_get_text(&side, record, row, HARMONY_FIELD_SIDE) != HARMONY_OK)
			return HARMONY_NOTFOUND;
		kind = strcmp(side, "sales") == 0 ? HARMONY_CUSTOMER : HARMONY_SUPPLIER;
	}
	status = harmony_record_new(out, context, kind, error);
	if (status != HARMONY_OK)
		return status;
	return harmony_record_set_text(*out, HARMONY_HEADER, HARMONY_FIELD_CODE, code, strlen(code),
				       error);
}

static harmony_status is_open(bool *yes, harmony__job *job, const harmony_record *record,
			      size_t row, harmony_error *error)
{
	const harmony__relations *open = &job->relations;
	char key[HARMONY_KEY_SIZE];
	harmony_record *relation = NULL;
	harmony_status status = relation_of(&relation, record, row, job->context, error);
	uint64_t hash;

	if (status == HARMONY_OK && harmony_record_key(key, relation)) {
		hash = harmony__hash64(key, strlen(key), 0);
		for (size_t i = 0; i < open->count && !*yes; i++) /* as a rule there is none */
			*yes = open->hashes[i] == hash;
	}
	harmony_record_free(relation);
	return status == HARMONY_NOTFOUND ? HARMONY_OK : status;
}

harmony_status harmony__relation_open(bool *yes, harmony__job *job, const harmony_record *record,
				      harmony_error *error)
{
	harmony_status status = HARMONY_OK;

	*yes = false;
	if ((HARMONY_BIT(harmony_record_kind(record)) & HARMONY_ENTRIES) == 0)
		return HARMONY_OK;
	status = load(job, error);
	if (job->relations.count == 0)
		return status;
	for (size_t row = 0; row <= harmony_record_lines(record) && !*yes && status == HARMONY_OK;
	     row++)
		status = is_open(yes, job, record, row, error);
	return status;
}

void harmony__relations_free(harmony__relations *relations)
{
	harmony__free(relations->context, relations->hashes);
}
