/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "session.h"

/* edit and reoffer: correct a record, offer again. */

struct editing {
	struct program *p;
	int64_t id;
	bool findings; /* the array of that name was begun */
	uint64_t failures;
	uint32_t version;
	int state;
};

static harmony_status on_finding(const harmony_diagnostic *diagnostic, void *user)
{
	struct editing *e = user;
	struct json *json = &e->p->json;
	e->failures += diagnostic->severity == HARMONY_FAILURE;
	say_diagnostic(e->p, diagnostic, true);
	if (!e->p->as_json)
		return HARMONY_OK;
	json_object(json, NULL);
	json_text(json, "severity", severity_word(diagnostic->severity));
	json_text(json, "code", harmony_code_word(diagnostic->code));
	json_some(json, "field", diagnostic->name);
	json_text(json, "message", diagnostic->message ? diagnostic->message : "");
	json_end(json);
	return HARMONY_OK;
}

static harmony_status on_record(const harmony_record_state *record, void *user)
{
	struct editing *e = user;
	struct program *p = e->p;
	e->version = record->version;
	if (p->as_json) {
		json_number(&p->json, "record", record->id);
		json_text(&p->json, "kind", harmony_kind_word(record->kind));
		json_text(&p->json, "identifier", record->identifier);
		json_text(&p->json, "state", harmony_state_word(record->now));
		json_array(&p->json, "changes");
	} else if (!p->quiet) {
		out_format(&p->out, "record %lld, %s %s\n", (long long)record->id,
			   harmony_kind_word(record->kind), record->identifier);
	}
	return HARMONY_OK;
}

void change_json(struct json *json, const harmony_event *event)
{
	json_text(json, "field", event->field);
	json_text(json, "old", event->old_value);
	json_text(json, "new", event->value);
	json_text(json, "who", event->who);
	json_time(json, "at", event->at);
}

void change_text(struct out *out, const harmony_event *event)
{
	out_format(out, "  %s: %s -> %s", event->field,
		   *event->old_value ? event->old_value : "(none)",
		   *event->value ? event->value : "(none)");
}

/* The changes of this edit alone; show has the earlier ones, too. */
static harmony_status on_event(const harmony_event *event, void *user)
{
	struct editing *e = user;
	struct program *p = e->p;
	if (event->type != HARMONY_EVENT_EDITED || event->version != e->version)
		return HARMONY_OK;
	if (p->as_json) {
		json_object(&p->json, NULL);
		change_json(&p->json, event);
		json_end(&p->json);
	} else if (!p->quiet) {
		change_text(&p->out, event);
		out_text(&p->out, "\n");
	}
	return HARMONY_OK;
}

static int edit(struct session *session, struct editing *e, const harmony_field_change *changes,
		size_t count)
{
	struct program *p = session->p;
	if (p->as_json)
		json_array(&p->json, "findings");
	harmony_status status =
	    harmony_sync_edit(session->sync, e->id, NULL, changes, count, on_finding, e, &p->error);
	if (p->as_json)
		json_end(&p->json);
	if (status == HARMONY_OK)
		status =
		    harmony_sync_record(session->sync, e->id, on_record, on_event, e, &p->error);
	if (status == HARMONY_OK && p->as_json)
		json_end(&p->json);
	if (status != HARMONY_OK)
		return exit_of(status);
	if (!p->as_json && !p->quiet && e->failures == 0)
		out_format(&p->out, "harmony reoffer %lld offers it again\n", (long long)e->id);
	return e->failures ? EXIT_REJECTED : EXIT_DONE;
}

/* Splits FIELD=VALUE in place. */
static int split(struct program *p, harmony_field_change *change, char *text)
{
	char *equals = strchr(text, '=');
	if (!equals || equals == text)
		return fail(p, HARMONY_INVALID,
			    "%s has no FIELD=VALUE in it, like vat_number=NL001234567B01 or "
			    "lines.2.account=8000",
			    text);
	*equals = '\0';
	change->path = text;
	change->value = equals + 1;
	return EXIT_DONE;
}

static int no_record(struct program *p, const char *text)
{
	return fail(p, HARMONY_INVALID, "%s is no record; harmony show RUN lists their numbers",
		    text);
}

int edit_run(struct program *p, const struct arguments *a)
{
	struct session session;
	struct editing e = {.p = p};
	size_t count = (size_t)a->count - 1;
	if (!parse_number(&e.id, a->operands[0]))
		return no_record(p, a->operands[0]);
	harmony_field_change *changes = calloc(count, sizeof(*changes));
	int code = changes ? EXIT_DONE : fail(p, HARMONY_NOMEM, "no memory for %zu changes", count);
	for (size_t i = 0; i < count && code == EXIT_DONE; i++)
		code = split(p, &changes[i], a->operands[i + 1]);
	if (code == EXIT_DONE) {
		code = session_open(&session, p);
		if (code == EXIT_DONE)
			code = edit(&session, &e, changes, count);
		session_close(&session);
	}
	free(changes);
	return code;
}

/* ---- reoffer ---- */

static int reoffer(struct program *p, const int64_t *records, size_t count, int64_t from_run)
{
	struct session session;
	harmony_run run = HARMONY_RUN_INIT;
	int code = session_open(&session, p);
	interrupt_watch();
	if (code == EXIT_DONE) {
		harmony_status status =
		    harmony_sync_reoffer(&run, session.sync, records, count, from_run, &p->error);
		code = status == HARMONY_OK ? run_report(p, session.sync, &run) : exit_of(status);
	}
	session_close(&session);
	return code;
}

int reoffer_run(struct program *p, const struct arguments *a)
{
	int64_t from_run = 0;
	int code = EXIT_DONE;
	if (!a->run == !a->count)
		return fail(p, HARMONY_INVALID, "name records, or a run with --run RUN");
	if (a->run && !parse_number(&from_run, a->run))
		return fail(p, HARMONY_INVALID, "%s is no run; harmony history lists their numbers",
			    a->run);
	int64_t *records = calloc((size_t)a->count + 1, sizeof(*records));
	if (!records)
		return fail(p, HARMONY_NOMEM, "no memory for %d records", a->count);
	for (int i = 0; i < a->count && code == EXIT_DONE; i++)
		if (!parse_number(&records[i], a->operands[i]))
			code = no_record(p, a->operands[i]);
	if (code == EXIT_DONE)
		code = reoffer(p, records, (size_t)a->count, from_run);
	free(records);
	return code;
}
