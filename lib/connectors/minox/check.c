/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "connectors/minox/minox.h"

/* Proves token, division and lookups, and with records what each of them would need, by
   making their requests without sending one. */

typedef struct checking {
	minox *m;
	harmony_finding_fn finding;
	void *user;
	harmony_status status;
	const harmony_record *const *records;
	size_t count;
} checking;

HARMONY__PRINTF(4, 5)
static void tell(checking *c, int severity, const char *subject, const char *format, ...)
{
	harmony_error text = HARMONY_ERROR_INIT;
	va_list args;

	if (c->status != HARMONY_OK)
		return;
	va_start(args, format);
	harmony__error_v(&text, HARMONY_INVALID, NULL, format, args);
	va_end(args);
	c->status = c->finding(severity, subject, text.message, c->user);
}

static const struct {
	int table;
	const char *subject;
} tables[] = {{MINOX_JOURNALS, "journals"},
	      {MINOX_ACCOUNTS, "ledger accounts"},
	      {MINOX_VAT, "VAT codes"},
	      {MINOX_TERMS, "payment terms"},
	      {MINOX_CENTRES, "cost centres"}};

/* A table that cannot be read is a finding, unless the connection itself ended. */
static harmony_status check_tables(checking *c, harmony_error *error)
{
	for (size_t i = 0; i < HARMONY__COUNT(tables) && c->status == HARMONY_OK; i++) {
		const minox_thing *none;
		harmony_error mine = HARMONY_ERROR_INIT;
		harmony_status status = minox_find_thing(&none, c->m, tables[i].table, "", &mine);
		if (status == HARMONY_OK) {
			tell(c, HARMONY_NOTE, tables[i].subject, "%zu found",
			     c->m->tables[tables[i].table].count);
		} else if (status == HARMONY_REJECTED || status == HARMONY_CONFIG) {
			tell(c, HARMONY_FAILURE, tables[i].subject, "%s", mine.message);
		} else {
			if (error && error->status == HARMONY_OK)
				*error = mine;
			return status;
		}
	}
	return c->status;
}

static bool is_party(const harmony_record *record)
{
	return (HARMONY_BIT(harmony_record_kind(record)) & HARMONY_PARTIES) != 0;
}

/* A relation that the same file brings is there by the time the entry is offered. */
static harmony_status bring_along(checking *c, harmony_error *error)
{
	harmony_status status = HARMONY_OK;

	for (size_t i = 0; i < c->count && status == HARMONY_OK; i++) {
		const char *code =
		    harmony__text_of(c->records[i], HARMONY_HEADER, HARMONY_FIELD_CODE);
		int table = minox_party_table(harmony_record_kind(c->records[i]));
		const minox_thing *known = NULL;
		if (!is_party(c->records[i]))
			continue;
		status = minox_find_thing(&known, c->m, table, code, error);
		if (status == HARMONY_OK && !known)
			status = minox_note_party(c->m, table, code, "?", false, error);
	}
	return status;
}

static harmony_status check_record(checking *c, const harmony_record *record, harmony_error *error)
{
	harmony_kind kind = harmony_record_kind(record);
	harmony_verdict verdict = HARMONY_VERDICT_INIT;
	char name[HARMONY_KEY_SIZE];
	harmony__buf body, path;
	harmony_status status = HARMONY_OK;
	bool changes;

	harmony_record_identifier(name, record);
	harmony__buf_init(&body, c->m->context, HARMONY_MAX_ENTRY);
	harmony__buf_init(&path, c->m->context, MINOX_MAX_PATH);
	if (is_party(record))
		status = minox_party_body(c->m, record, NULL, &body, &changes, &verdict, error);
	else if (kind != HARMONY_BANK_ENTRY)
		status = minox_entry_body(c->m, record, &path, &body, &verdict, error);
	harmony__buf_free(&path);
	harmony__buf_free(&body);
	if (status == HARMONY_OK && verdict.outcome == HARMONY_OUTCOME_REJECTED)
		tell(c, HARMONY_FAILURE, name, "%s (%s)", verdict.message, verdict.field);
	return status == HARMONY_OK ? c->status : status;
}

harmony_status minox_check(void *instance, const harmony_record *const *records, size_t count,
			   harmony_finding_fn finding, void *user, harmony_error *error)
{
	checking c = {
	    .m = instance, .finding = finding, .user = user, .records = records, .count = count};
	harmony_status status = minox_ready(c.m, error);

	if (status != HARMONY_OK)
		return status;
	tell(&c, HARMONY_NOTE, "administration", "%s of tenant %s, at %s, %zu fiscal years",
	     c.m->administration, c.m->tenant, c.m->url, c.m->year_count);
	status = check_tables(&c, error);
	if (status == HARMONY_OK)
		status = bring_along(&c, error);
	for (size_t i = 0; i < count && status == HARMONY_OK; i++)
		status = check_record(&c, records[i], error);
	return status;
}
