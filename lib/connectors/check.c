/* SPDX-License-Identifier: MIT */
#include "connectors/frame.h"

/* Proves login, administration and tables, and with records what each of them would need, by
   making their requests without sending one. */

typedef struct checking {
	harmony__frame *frame;
	harmony_finding_fn finding;
	void *user;
	harmony_status status;
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

static harmony_status check_place(checking *c, harmony_error *error)
{
	harmony__frame *f = c->frame;
	harmony__buf text;
	harmony_status status = HARMONY_OK;
	int severity = HARMONY_NOTE;

	harmony__buf_init(&text, f->context, 4096);
	if (f->package->place)
		status = f->package->place(&severity, f, &text, error);
	else
		f->package->describe(f, &text);
	if (status == HARMONY_OK)
		status = harmony__buf_check(&text, "a finding", error);
	if (status == HARMONY_OK)
		tell(c, severity, "administration", "%s", text.data);
	harmony__buf_free(&text);
	return status == HARMONY_OK ? c->status : status;
}

/* A table that cannot be read is a finding, unless the connection itself ended. */
static harmony_status check_tables(checking *c, harmony_error *error)
{
	const harmony__package *p = c->frame->package;

	for (size_t i = 0; i < p->source_count && c->status == HARMONY_OK; i++) {
		const void *none;
		harmony_error mine = HARMONY_ERROR_INIT;
		harmony_status status;
		if (p->sources[i].by_code)
			continue;
		status = harmony__find_thing(&none, c->frame, (int)i, "", &mine);
		if (status == HARMONY_OK) {
			tell(c, HARMONY_NOTE, p->sources[i].many, "%zu found",
			     c->frame->tables[i].count);
		} else if (status == HARMONY_REJECTED || status == HARMONY_CONFIG) {
			bool more = !strstr(mine.message, mine.vendor); /* "" is in each */
			tell(c, HARMONY_FAILURE, p->sources[i].many, "%s%s%s", mine.message,
			     more ? ": " : "", more ? mine.vendor : "");
		} else {
			harmony__error_give(error, &mine);
			return status;
		}
	}
	return c->status;
}

/* A relation that the same file brings is there by the time the entry is offered. */
static harmony_status bring_along(checking *c, const harmony_record *record, harmony_error *error)
{
	const harmony__package *p = c->frame->package;
	harmony_kind kind = harmony_record_kind(record);
	int table = kind == HARMONY_SUPPLIER ? p->suppliers : p->customers;
	const char *code = harmony__text_of(record, HARMONY_HEADER, HARMONY_FIELD_CODE);
	const void *known = NULL;
	char id[sizeof(((harmony__thing *)0)->id)] = "?";
	harmony_status status;

	if (!harmony__is_party(record))
		return HARMONY_OK;
	status = harmony__find_thing(&known, c->frame, table, code, error);
	if (status != HARMONY_OK)
		return status;
	if (known)
		memcpy(id, ((const harmony__thing *)known)->id, sizeof(id));
	return harmony__add_party(c->frame, table, code, id, kind, error);
}

static harmony_status check_record(checking *c, const harmony_record *record, harmony_error *error)
{
	harmony__frame *f = c->frame;
	harmony_verdict verdict = HARMONY_VERDICT_INIT;
	char name[HARMONY_KEY_SIZE];
	harmony__buf body;
	harmony_status status;

	if (!(f->package->kinds & HARMONY_BIT(harmony_record_kind(record))))
		return HARMONY_OK;
	harmony_record_identifier(name, record);
	harmony__buf_init(&body, f->context, HARMONY_MAX_ENTRY);
	status = f->package->draft(f, record, &body, &verdict, error);
	harmony__buf_free(&body);
	if (status == HARMONY_OK && verdict.outcome == HARMONY_OUTCOME_REJECTED)
		tell(c, HARMONY_FAILURE, name, "%s (%s)", verdict.message, verdict.field);
	return status == HARMONY_OK ? c->status : status;
}

harmony_status harmony__frame_check(void *instance, const harmony_record *const *records,
				    size_t count, harmony_finding_fn finding, void *user,
				    harmony_error *error)
{
	checking c = {.frame = instance, .finding = finding, .user = user};
	harmony_status status = c.frame->package->ready(c.frame, error);

	if (status == HARMONY_OK)
		status = check_place(&c, error);
	if (status == HARMONY_OK)
		status = check_tables(&c, error);
	for (size_t i = 0; i < count && status == HARMONY_OK; i++)
		status = bring_along(&c, records[i], error);
	for (size_t i = 0; i < count && status == HARMONY_OK; i++)
		status = check_record(&c, records[i], error);
	return status;
}
