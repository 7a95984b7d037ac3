/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "service.h"

/* status: whether the service is alive, and where each integration stands. */

struct listing {
	struct program *p;
	uint64_t count;
};

static const char *duration(char buffer[32], int64_t milliseconds)
{
	static const struct {
		int64_t size;
		const char *unit;
	} units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}};
	size_t i = 0;
	while (i < 3 && (milliseconds % units[i].size != 0 || milliseconds < units[i].size))
		i++;
	snprintf(buffer, 32, "%lld%s", (long long)(milliseconds / units[i].size), units[i].unit);
	return buffer;
}

static void last_json(struct json *json, const char *key, const harmony_run *run)
{
	if (run->id == 0)
		return;
	json_object(json, key);
	run_json(json, run);
	json_end(json);
}

static uint64_t backlog(const harmony_integration_status *s)
{
	return s->records[HARMONY_STATE_NEW] + s->records[HARMONY_STATE_OFFERED] +
	       s->records[HARMONY_STATE_WAITING];
}

static void status_json(struct json *json, const harmony_integration_status *s)
{
	json_object(json, NULL);
	json_text(json, "integration", s->name);
	json_text(json, "connector", s->connector);
	json_flag(json, "running", s->held);
	last_json(json, "last_export", s->last_export);
	last_json(json, "last_import", s->last_import);
	json_object(json, "records");
	for (int state = 0; state < HARMONY_STATES; state++)
		json_number(json, harmony_state_word(state), (int64_t)s->records[state]);
	json_end(json);
	json_number(json, "backlog", (int64_t)backlog(s));
	json_time(json, "login_expires", s->login_expires);
	json_number(json, "interval_seconds", s->interval / 1000);
	json_time(json, "next_import", s->next_import);
	if (s->report && *s->report) {
		json_raw(json, "package"); /* the connector's own JSON object */
		out_text(json->out, s->report);
	}
	json_end(json);
}

static void last_text(struct out *out, const char *title, const harmony_run *run)
{
	char time[TIME_SIZE], counts[160];
	if (run->id == 0) {
		out_format(out, "  %-12s never\n", title);
		return;
	}
	out_format(out, "  %-12s %s, run %lld %s: %s\n", title, local_time(time, run->started),
		   (long long)run->id, harmony_run_state_word(run->state), run_counts(counts, run));
	if (run->message[0])
		out_format(out, "  %-12s %s\n", "", run->message);
}

/* The connector's JSON object, for people: its members one after the other, without the
   punctuation. It tells limits and when the login ends. */
static void report_text(struct out *out, const char *report)
{
	bool quoted = false;
	out_format(out, "  %-12s ", "package");
	for (const char *at = report; *at; at++) {
		if (*at == '"')
			quoted = !quoted;
		else if (quoted && *at == '\\' && at[1])
			out_bytes(out, ++at, 1);
		else if (quoted || !strchr("{}[]\n", *at))
			out_bytes(out,
				  !quoted && (*at == ':' || *at == ',') ? (*at == ':' ? " " : "; ")
									: at,
				  !quoted && *at == ',' ? 2 : 1);
	}
	out_text(out, "\n");
}

static void status_text(struct out *out, const harmony_integration_status *s)
{
	char interval[32], next[TIME_SIZE];
	out_format(out, "%s (%s)%s\n", s->name, s->connector, s->held ? ", a run is at work" : "");
	last_text(out, "last export", s->last_export);
	last_text(out, "last import", s->last_import);
	out_format(out, "  %-12s %llu booked, %llu to offer, %llu rejected, %llu in doubt\n",
		   "records", (unsigned long long)s->records[HARMONY_STATE_BOOKED],
		   (unsigned long long)backlog(s),
		   (unsigned long long)s->records[HARMONY_STATE_REJECTED],
		   (unsigned long long)s->records[HARMONY_STATE_IN_DOUBT]);
	if (s->next_import)
		out_format(out, "  %-12s %s, every %s\n", "next import",
			   local_time(next, s->next_import), duration(interval, s->interval));
	if (s->login_expires)
		out_format(out, "  %-12s ends %s if nobody uses it\n", "login",
			   local_time(next, s->login_expires));
	if (s->report && *s->report)
		report_text(out, s->report);
}

static void service_status(struct program *p, const struct config *config)
{
	const struct config_entry *entry = config_get(&config->general, "store");
	char *store = config_path(config, entry ? entry->value : "harmony.db");
	struct beacon_state beacon = store ? beacon_look(store) : (struct beacon_state){0};
	char since[TIME_SIZE];
	free(store);
	if (p->as_json) {
		json_object(&p->json, "service");
		json_flag(&p->json, "alive", beacon.alive);
		if (beacon.pid)
			json_number(&p->json, "pid", beacon.pid);
		json_time(&p->json, "started", beacon.started);
		json_end(&p->json);
	} else if (beacon.alive) {
		out_format(&p->out, "the service is at work since %s (process %lld)\n\n",
			   local_time(since, beacon.started), (long long)beacon.pid);
	} else {
		out_text(&p->out, "the service is not at work\n\n");
	}
}

static harmony_status on_integration(const harmony_integration_status *s, void *user)
{
	struct listing *listing = user;
	if (listing->p->as_json) {
		status_json(&listing->p->json, s);
	} else {
		if (listing->count++ > 0)
			out_text(&listing->p->out, "\n");
		status_text(&listing->p->out, s);
	}
	return HARMONY_OK;
}

int status_run(struct program *p, const struct arguments *a)
{
	struct session session;
	struct listing listing = {.p = p};
	int code = session_open(&session, p);
	if (code == EXIT_DONE) {
		if (p->as_json)
			json_text(&p->json, "configuration", session.config.path);
		service_status(p, &session.config);
		if (p->as_json)
			json_array(&p->json, "integrations");
		code = exit_of(
		    harmony_sync_status(session.sync, NULL, on_integration, &listing, &p->error));
		if (p->as_json)
			json_end(&p->json);
		else if (session.config.count == 0)
			out_format(&p->out, "%s has no integration\n", session.config.path);
	}
	session_close(&session);
	return code;
}
