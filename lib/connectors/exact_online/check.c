/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "connectors/exact_online/exact.h"

/* Proves token, division and lookups, and with records what each of them would need, by
   making their requests without sending one. */

typedef struct checking {
	exact *x;
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
} tables[] = {{EXACT_JOURNALS, "journals"},
	      {EXACT_ACCOUNTS, "ledger accounts"},
	      {EXACT_VAT, "VAT codes"},
	      {EXACT_PAYMENT_CONDITIONS, "payment conditions"},
	      {EXACT_COST_CENTRES, "cost centres"},
	      {EXACT_COST_UNITS, "cost units"},
	      {EXACT_PARTIES, "relations"}};

/* A table that cannot be read is a finding, unless the connection itself ended. */
static harmony_status check_tables(checking *c, harmony_error *error)
{
	for (size_t i = 0; i < HARMONY__COUNT(tables) && c->status == HARMONY_OK; i++) {
		const exact_thing *none;
		harmony_error mine = HARMONY_ERROR_INIT;
		harmony_status status = exact_find_thing(&none, c->x, tables[i].table, "", &mine);
		if (status == HARMONY_OK) {
			tell(c, HARMONY_NOTE, tables[i].subject, "%zu found",
			     c->x->tables[tables[i].table].count);
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
		const exact_thing *known = NULL;
		if (!is_party(c->records[i]))
			continue;
		status = exact_find_thing(&known, c->x, EXACT_PARTIES, code, error);
		if (status == HARMONY_OK)
			status = exact_add_party(c->x, code, known ? known->id : code,
						 harmony_record_kind(c->records[i]), error);
	}
	return status;
}

static harmony_status check_record(checking *c, const harmony_record *record, harmony_error *error)
{
	harmony_kind kind = harmony_record_kind(record);
	harmony_verdict verdict = HARMONY_VERDICT_INIT;
	char name[HARMONY_KEY_SIZE];
	harmony__buf body;
	harmony_status status;
	bool changes;

	harmony_record_identifier(name, record);
	harmony__buf_init(&body, c->x->context, HARMONY_MAX_ENTRY);
	if (is_party(record))
		status = exact_party_body(c->x, record, NULL, &body, &changes, &verdict, error);
	else if (exact_entry_path(kind))
		status = exact_entry_body(c->x, record, &body, &verdict, error);
	else
		status = HARMONY_OK;
	harmony__buf_free(&body);
	if (status == HARMONY_OK && verdict.outcome == HARMONY_OUTCOME_REJECTED)
		tell(c, HARMONY_FAILURE, name, "%s (%s)", verdict.message, verdict.field);
	return status == HARMONY_OK ? c->status : status;
}

harmony_status exact_check(void *instance, const harmony_record *const *records, size_t count,
			   harmony_finding_fn finding, void *user, harmony_error *error)
{
	checking c = {
	    .x = instance, .finding = finding, .user = user, .records = records, .count = count};
	harmony_status status = exact_division(c.x, error);

	if (status != HARMONY_OK)
		return status;
	tell(&c, HARMONY_NOTE, "division", "%s, at %s", c.x->division, c.x->url);
	status = check_tables(&c, error);
	if (status == HARMONY_OK)
		status = bring_along(&c, error);
	for (size_t i = 0; i < count && status == HARMONY_OK; i++)
		status = check_record(&c, records[i], error);
	return status;
}
