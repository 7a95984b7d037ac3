/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "session.h"

/* history and show: runs, and what became of their records. */

struct ids {
	int64_t *list;
	size_t count;
};

struct listing {
	struct program *p;
	struct table table;
	uint64_t count;
	struct ids edited;  /* records whose fields have more than one version */
	struct ids refused; /* those that are as they were received, and rejected */
};

/* ---- history ---- */

static harmony_status run_row(const harmony_run *run, void *user)
{
	struct listing *listing = user;
	char time[TIME_SIZE], counts[160], note[1024];
	listing->count++;
	if (listing->p->as_json) {
		json_object(&listing->p->json, NULL);
		run_json(&listing->p->json, run);
		json_end(&listing->p->json);
		return HARMONY_OK;
	}
	snprintf(note, sizeof(note), "%s%s%s", run_counts(counts, run), run->message[0] ? "; " : "",
		 run->message);
	table_count(&listing->table, (uint64_t)run->id);
	table_cell(&listing->table, run->integration);
	table_cell(&listing->table, harmony_direction_word(run->direction));
	table_cell(&listing->table, harmony_run_state_word(run->state));
	table_cell(&listing->table, local_time(time, run->started));
	table_cell(&listing->table, note);
	return HARMONY_OK;
}

static int history(struct session *session, const char *name)
{
	static const char *const titles[] = {"run", "integration", "what", "state", "started", ""};
	struct program *p = session->p;
	struct listing listing = {.p = p};
	if (p->as_json)
		json_array(&p->json, "runs");
	table_begin(&listing.table, "rlllll", p->as_json ? NULL : titles);
	harmony_status status =
	    harmony_sync_history(session->sync, name, 0, 0, run_row, &listing, &p->error);
	if (p->as_json)
		json_end(&p->json);
	else if (listing.count == 0 && status == HARMONY_OK)
		out_text(&p->out, "no runs yet\n");
	if (listing.count == 0)
		table_drop(&listing.table);
	else
		table_end(p, &listing.table);
	return exit_of(status);
}

int history_run(struct program *p, const struct arguments *a)
{
	struct session session;
	int code = session_open(&session, p);
	if (code == EXIT_DONE && a->count > 0 && !session_find(&session, a->operands[0]))
		code = EXIT_USAGE;
	if (code == EXIT_DONE)
		code = history(&session, a->count > 0 ? a->operands[0] : NULL);
	session_close(&session);
	return code;
}

/* ---- show ---- */

static void record_json(struct json *json, const harmony_record_state *record)
{
	json_object(json, NULL);
	json_number(json, "id", record->id);
	json_text(json, "kind", harmony_kind_word(record->kind));
	json_text(json, "identifier", record->identifier);
	json_text(json, "state", harmony_state_word(record->state));
	if (record->now != record->state)
		json_text(json, "now", harmony_state_word(record->now));
	json_text(json, "remote_id", record->remote_id);
	json_object(json, "source");
	json_text(json, "file", record->source_file);
	json_number(json, "line", (int64_t)record->source_line);
	json_end(json);
	if (*record->code) {
		json_object(json, "error");
		json_text(json, "code", record->code);
		json_text(json, "field", record->field);
		json_text(json, "message", record->message);
		json_text(json, "vendor", record->vendor);
		json_some(json, "raw", record->raw);
		json_end(json);
	}
	json_end(json);
}

/* One more at each call, grown at powers of two. */
static bool keep(struct ids *ids, int64_t id)
{
	if ((ids->count & (ids->count - 1)) == 0) {
		int64_t *grown =
		    realloc(ids->list, (ids->count ? 2 * ids->count : 1) * sizeof(*grown));
		if (!grown)
			return false;
		ids->list = grown;
	}
	ids->list[ids->count++] = id;
	return true;
}

static harmony_status record_row(const harmony_record_state *record, void *user)
{
	struct listing *listing = user;
	char state[64], source[300], text[1024], reason[2048];
	listing->count++;
	if (record->version > 1 && !keep(&listing->edited, record->id))
		return HARMONY_NOMEM;
	if (has_more(record) &&
	    !keep(&listing->refused, record->id))
		return HARMONY_NOMEM;
	if (listing->p->as_json) {
		record_json(&listing->p->json, record);
		return HARMONY_OK;
	}
	snprintf(state, sizeof(state), "%s%s%s", harmony_state_word(record->state),
		 record->now != record->state ? ", now " : "",
		 record->now != record->state ? harmony_state_word(record->now) : "");
	snprintf(source, sizeof(source), "%s:%llu", record->source_file,
		 (unsigned long long)record->source_line);
	with_raw(text, sizeof(text), record->field, record->raw, record->message);
	snprintf(reason, sizeof(reason), "%s%s%s%s", text, *record->vendor ? " (" : "",
		 record->vendor, *record->vendor ? ")" : "");
	table_count(&listing->table, (uint64_t)record->id);
	table_cell(&listing->table, harmony_kind_word(record->kind));
	table_cell(&listing->table, record->identifier);
	table_cell(&listing->table, state);
	table_cell(&listing->table, *record->source_file ? source : "-");
	table_cell(&listing->table, *record->code ? record->code : "");
	table_cell(&listing->table, *record->code ? reason : record->remote_id);
	return HARMONY_OK;
}

static void run_heading(struct program *p, const harmony_run *run)
{
	char counts[160], started[TIME_SIZE], finished[TIME_SIZE];
	out_format(&p->out, "run %lld, %s of %s %s: %s\n%s to %s", (long long)run->id,
		   harmony_direction_word(run->direction), run->integration,
		   harmony_run_state_word(run->state), run_counts(counts, run),
		   local_time(started, run->started), local_time(finished, run->finished));
	if (run->file[0])
		out_format(&p->out, ", %s", run->file);
	if (run->message[0])
		out_format(&p->out, "\n%s", run->message);
	out_text(&p->out, "\n");
}

/* ---- what else is wrong, and what people corrected ---- */

static harmony_status another_finding(const harmony_event *event, void *user)
{
	struct about *a = user;
	struct program *p = a->p;
	char text[1024];
	if (!is_more(a, event))
		return HARMONY_OK;
	if (p->as_json) {
		json_object(&p->json, NULL);
		json_number(&p->json, "record", a->id);
		json_text(&p->json, "identifier", a->identifier);
		json_text(&p->json, "code", event->code);
		json_text(&p->json, "field", event->field);
		json_text(&p->json, "message", event->message);
		json_some(&p->json, "raw", event->old_value);
		json_end(&p->json);
		return HARMONY_OK;
	}
	out_format(&p->out, "also wrong with record %lld, %s: %s\n", (long long)a->id,
		   a->identifier,
		   with_raw(text, sizeof(text), event->field, event->old_value, event->message));
	return HARMONY_OK;
}

static harmony_status corrected_field(const harmony_event *event, void *user)
{
	struct about *c = user;
	struct program *p = c->p;
	char at[TIME_SIZE];
	if (event->type != HARMONY_EVENT_EDITED)
		return HARMONY_OK;
	if (p->as_json) {
		json_object(&p->json, NULL);
		json_number(&p->json, "record", c->id);
		json_text(&p->json, "identifier", c->identifier);
		change_json(&p->json, event);
		json_end(&p->json);
		return HARMONY_OK;
	}
	out_format(&p->out, "edited %s by %s: record %lld, %s", local_time(at, event->at),
		   event->who, (long long)c->id, c->identifier);
	change_text(&p->out, event);
	out_text(&p->out, "\n");
	return HARMONY_OK;
}

/* The same of each of these records, as an array of that name in JSON. */
static harmony_status each(struct session *session, const char *name, const struct ids *ids,
			   harmony_event_fn tell)
{
	struct program *p = session->p;
	struct about a = {.p = p};
	harmony_status status = HARMONY_OK;
	if (ids->count == 0)
		return HARMONY_OK;
	if (p->as_json)
		json_array(&p->json, name);
	for (size_t i = 0; i < ids->count && status == HARMONY_OK; i++)
		status = harmony_sync_record(session->sync, ids->list[i], about_record, tell, &a,
					     &p->error);
	if (p->as_json)
		json_end(&p->json);
	return status;
}

static int show(struct session *session, int64_t id, int which)
{
	static const char *const titles[] = {"record", "kind", "identifier", "state", "source",
					     "",       ""};
	struct program *p = session->p;
	struct listing listing = {.p = p};
	harmony_run run = HARMONY_RUN_INIT;
	if (p->as_json)
		json_array(&p->json, "details");
	table_begin(&listing.table, "rllllll", p->as_json ? NULL : titles);
	harmony_status status =
	    harmony_sync_show(&run, session->sync, id, which, record_row, &listing, &p->error);
	if (p->as_json)
		json_end(&p->json);
	if (status == HARMONY_OK && p->as_json) {
		run_json(&p->json, &run);
	} else if (status == HARMONY_OK) {
		run_heading(p, &run);
		if (listing.count > 0)
			out_text(&p->out, "\n");
	}
	if (listing.count == 0)
		table_drop(&listing.table);
	else
		table_end(p, &listing.table);
	if (status == HARMONY_OK)
		status = each(session, "findings", &listing.refused, another_finding);
	if (status == HARMONY_OK)
		status = each(session, "edits", &listing.edited, corrected_field);
	free(listing.refused.list);
	free(listing.edited.list);
	return exit_of(status);
}

int show_run(struct program *p, const struct arguments *a)
{
	struct session session;
	int64_t id;
	int which = a->all      ? HARMONY_SHOW_ALL
		    : a->failed ? HARMONY_SHOW_FAILED
				: HARMONY_SHOW_DEFAULT;
	if (a->all && a->failed)
		return fail(p, HARMONY_INVALID, "--all and --failed exclude each other");
	if (!parse_number(&id, a->operands[0]))
		return fail(p, HARMONY_INVALID, "%s is no run; harmony history lists their numbers",
			    a->operands[0]);
	int code = session_open(&session, p);
	if (code == EXIT_DONE)
		code = show(&session, id, which);
	session_close(&session);
	return code;
}
