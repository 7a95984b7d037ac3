/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "program.h"

/* What a run came to, as JSON and for people. */

#define TELL_FAILED 20 /* records told of a run that was just made */

static void counts_json(struct json *json, const harmony_counts *counts)
{
	json_object(json, "records");
	json_number(json, "total", (int64_t)counts->total);
	json_number(json, "booked", (int64_t)counts->booked);
	json_number(json, "skipped", (int64_t)counts->skipped);
	json_number(json, "rejected", (int64_t)counts->rejected);
	json_number(json, "waiting", (int64_t)counts->waiting);
	json_number(json, "in_doubt", (int64_t)counts->in_doubt);
	json_end(json);
}

void run_json(struct json *json, const harmony_run *run)
{
	json_number(json, "run", run->id);
	json_text(json, "integration", run->integration);
	json_text(json, "direction", harmony_direction_word(run->direction));
	json_text(json, "state", harmony_run_state_word(run->state));
	json_time(json, "started", run->started);
	json_time(json, "finished", run->finished);
	counts_json(json, &run->records);
	if (run->direction == HARMONY_DIRECTION_IMPORT) {
		json_object(json, "items");
		json_number(json, "sales", (int64_t)run->sales);
		json_number(json, "purchase", (int64_t)run->purchase);
		json_end(json);
	}
	json_some(json, "file", run->file);
	if (run->message[0]) {
		json_object(json, "error");
		json_text(json, "code",
			  run->code[0] ? run->code : harmony_status_word(run->status));
		json_text(json, "message", run->message);
		json_end(json);
	}
}

const char *run_counts(char buffer[160], const harmony_run *run)
{
	const harmony_counts *c = &run->records;
	const struct {
		uint64_t count;
		const char *word;
	} parts[] = {{c->booked, "booked"},
		     {c->skipped, "skipped"},
		     {c->rejected, "rejected"},
		     {c->waiting, "waiting"},
		     {c->in_doubt, "in doubt"}};
	char total[TIME_SIZE];
	size_t len;
	if (run->direction == HARMONY_DIRECTION_IMPORT &&
	    run->state != HARMONY_RUN_SUCCEEDED) { /* what it had by then is not what is open */
		snprintf(buffer, 160, "nothing was written");
		return buffer;
	}
	if (run->direction == HARMONY_DIRECTION_IMPORT) {
		snprintf(buffer, 160, "%llu sales, %llu purchase outstanding",
			 (unsigned long long)run->sales, (unsigned long long)run->purchase);
		return buffer;
	}
	len = (size_t)snprintf(buffer, 160, "%s", plural(total, c->total, "record", "records"));
	const char *before = ": ";
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i].count > 0 && len < 160) {
			len += (size_t)snprintf(buffer + len, 160 - len, "%s%llu %s", before,
						(unsigned long long)parts[i].count, parts[i].word);
			before = ", ";
		}
	return buffer;
}

bool parse_number(int64_t *out, const char *text)
{
	char *end;
	if (*text < '0' || *text > '9')
		return false;
	long long value = strtoll(text, &end, 10);
	*out = value;
	return *end == '\0' && value > 0 && strlen(text) < 19;
}

harmony_status about_record(const harmony_record_state *record, void *user)
{
	struct about *a = user;
	a->id = record->id;
	a->line = record->source_line;
	snprintf(a->file, sizeof(a->file), "%s", record->source_file);
	snprintf(a->identifier, sizeof(a->identifier), "%s", record->identifier);
	snprintf(a->code, sizeof(a->code), "%s", record->code);
	snprintf(a->field, sizeof(a->field), "%s", record->field);
	return HARMONY_OK;
}

bool has_more(const harmony_record_state *record)
{
	return record->version == 1 && record->now == HARMONY_STATE_REJECTED;
}

bool is_more(const struct about *a, const harmony_event *event)
{
	return event->type == HARMONY_EVENT_FINDING &&
	       (strcmp(event->code, a->code) != 0 || strcmp(event->field, a->field) != 0);
}

struct telling {
	struct program *p;
	uint64_t told, more;
	int64_t refused[TELL_FAILED]; /* those that may have more than one reason */
	size_t count;
};

static harmony_status tell_more(const harmony_event *event, void *user)
{
	const struct about *a = user;
	char reason[1024], message[1280];
	if (!is_more(a, event))
		return HARMONY_OK;
	snprintf(message, sizeof(message), "record %lld, too: %s", (long long)a->id,
		 with_raw(reason, sizeof(reason), event->field, event->old_value, event->message));
	say(a->file, a->line, 0, "error", message, event->code);
	return HARMONY_OK;
}

/* A record that failed reads like any other diagnostic. */
static harmony_status tell(const harmony_record_state *record, void *user)
{
	struct telling *t = user;
	char reason[1024], message[1280];
	if (t->told == TELL_FAILED) {
		t->more++;
		return HARMONY_OK;
	}
	t->told++;
	if (has_more(record))
		t->refused[t->count++] = record->id;
	with_raw(reason, sizeof(reason), record->field, record->raw, record->message);
	snprintf(message, sizeof(message), "%s %s %s (record %lld)%s%s",
		 harmony_kind_word(record->kind), record->identifier,
		 harmony_state_word(record->state), (long long)record->id, *reason ? ": " : "",
		 reason);
	say(record->source_file, record->source_line, 0,
	    record->state == HARMONY_STATE_WAITING ? "warning" : "error", message, record->code);
	if (*record->vendor)
		say(record->source_file, record->source_line, 0, "note", record->vendor, "vendor");
	return HARMONY_OK;
}

static void tell_failed(struct program *p, harmony_sync *sync, const harmony_run *run)
{
	struct telling t = {.p = p};
	struct about about = {.p = p};
	char message[128];
	if (run->direction != HARMONY_DIRECTION_EXPORT ||
	    run->records.booked + run->records.skipped == run->records.total)
		return;
	if (harmony_sync_show(NULL, sync, run->id, HARMONY_SHOW_FAILED, tell, &t, &p->error) !=
	    HARMONY_OK)
		return;
	for (size_t i = 0; i < t.count; i++)
		(void)harmony_sync_record(sync, t.refused[i], about_record, tell_more, &about,
					  NULL);
	if (t.more == 0)
		return;
	snprintf(message, sizeof(message), "and %llu more: harmony show %lld --failed",
		 (unsigned long long)t.more, (long long)run->id);
	say("", 0, 0, "note", message, NULL);
}

int run_report(struct program *p, harmony_sync *sync, const harmony_run *run)
{
	char counts[160];
	progress_end();
	tell_failed(p, sync, run);
	if (run->message[0])
		say("", 0, 0, "error", run->message,
		    run->code[0] ? run->code : harmony_status_word(run->status));
	if (p->as_json) {
		run_json(&p->json, run);
	} else if (!p->quiet) {
		out_format(&p->out, "run %lld, %s of %s %s: %s\n", (long long)run->id,
			   harmony_direction_word(run->direction), run->integration,
			   harmony_run_state_word(run->state), run_counts(counts, run));
		if (run->files > 0 && run->known == run->files)
			out_text(&p->out, "nothing new: these files were taken in before\n");
		if (run->direction == HARMONY_DIRECTION_IMPORT &&
		    run->state == HARMONY_RUN_SUCCEEDED)
			out_format(&p->out, "written to %s\n", run->file);
	}
	return harmony_sync_exit(run->status);
}
