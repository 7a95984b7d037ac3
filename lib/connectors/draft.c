/* SPDX-License-Identifier: MIT */
#include "connectors/frame.h"

bool harmony__draft_good(const harmony__draft *draft)
{
	return draft->status == HARMONY_OK && draft->verdict->outcome == HARMONY_OUTCOME_NONE;
}

void harmony__refuse(harmony__draft *draft, const char *code, size_t row, const char *field,
		     const char *format, ...)
{
	harmony_error text = HARMONY_ERROR_INIT;
	harmony__buf name;
	va_list args;

	va_start(args, format);
	harmony__error_v(&text, HARMONY_REJECTED, NULL, format, args);
	va_end(args);
	harmony__buf_init(&name, draft->frame->context, 64);
	if (row)
		harmony__buf_printf(&name, "lines.%zu.", row);
	harmony__buf_str(&name, field);
	harmony_verdict_set(draft->verdict, HARMONY_OUTCOME_REJECTED, code,
			    name.data ? name.data : field, "%s", text.message);
	harmony__buf_free(&name);
}

const void *harmony__need(harmony__draft *draft, int table, size_t row, harmony_field field)
{
	const harmony__package *p = draft->frame->package;
	const harmony__source *source = &p->sources[table];
	const char *code = harmony__text_of(draft->record, row, field);
	const char *name = harmony_field_describe(field)->name;
	const harmony__thing *thing;
	const void *found = NULL;

	draft->status = harmony__find_mapped(&found, draft->frame, table, code, draft->error);
	if (draft->status != HARMONY_OK)
		return NULL;
	thing = found;
	if (!thing)
		harmony__refuse(draft, source->code, row, name,
				"%s has no %s '%s'; map it under [integration NAME %s], or make it "
				"there",
				p->name, source->one, code, source->map);
	else if (thing->blocked)
		harmony__refuse(draft, source->code, row, name,
				"the %s '%s' is blocked in %s; unblock it there, or map to another "
				"one",
				source->one, thing->code, p->name);
	return harmony__draft_good(draft) ? thing : NULL;
}

static const char *file_of(harmony_kind role)
{
	return role == HARMONY_CUSTOMER   ? "debitr.csv"
	       : role == HARMONY_SUPPLIER ? "credit.csv"
					  : "debitr.csv, credit.csv";
}

const void *harmony__need_party(harmony__draft *draft, int table, size_t row, harmony_kind role)
{
	const harmony__package *p = draft->frame->package;
	const char *code = harmony__text_of(draft->record, row, HARMONY_FIELD_PARTY);
	const harmony__thing *thing;
	const void *found = NULL;

	draft->status = harmony__find_thing(&found, draft->frame, table, code, draft->error);
	if (draft->status != HARMONY_OK)
		return NULL;
	thing = found;
	if (thing && (!role || thing->roles & HARMONY_BIT(role)))
		return thing;
	if (harmony__party_doubted(draft->frame, table, code, role))
		harmony_verdict_set(
		    draft->verdict, HARMONY_OUTCOME_WAITING, "network", "party",
		    "relation '%s' was sent to %s and not answered; this entry is offered once it "
		    "is there",
		    code, p->name);
	else if (thing)
		harmony__refuse(draft, "unknown_party", row, "party",
				"relation '%s' is no %s in %s; export it as one (%s) with the "
				"entry, or make it one there",
				code, harmony_kind_word(role), p->name, file_of(role));
	else
		harmony__refuse(draft, "unknown_party", row, "party",
				"%s has no %s '%s'; export it (%s) with the entry, or make it "
				"there under that code",
				p->name, p->sources[table].one, code, file_of(role));
	return NULL;
}

bool harmony__fits(harmony__draft *draft, const char *text, size_t max, size_t row,
		   const char *field)
{
	if (!max || harmony__utf8_length(text, strlen(text)) <= max)
		return true;
	harmony__refuse(draft, "too_long", row, field,
			"'%s' is longer than the %zu characters that %s takes; shorten it", text,
			max, draft->frame->package->name);
	return false;
}

bool harmony__date_text(char text[11], const harmony_record *record, size_t row,
			harmony_field field)
{
	harmony_date date;

	if (harmony_record_get_date(&date, record, row, field) != HARMONY_OK)
		return false;
	harmony_date_format(text, date);
	return true;
}
