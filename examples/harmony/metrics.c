/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "service.h"

/* Numbers for Prometheus: its text format, in a file or over HTTP. */

/* ---- the snapshot ---- */

static struct metrics_row *add(struct metrics *metrics, const char *name)
{
	if (metrics->count == metrics->room) {
		size_t room = metrics->room ? 2 * metrics->room : 64;
		void *longer = realloc(metrics->rows, room * sizeof(*metrics->rows));
		if (!longer)
			return NULL;
		metrics->rows = longer;
		metrics->room = room;
	}
	struct metrics_row *row = &metrics->rows[metrics->count++];
	*row = (struct metrics_row){.connector = ""};
	snprintf(row->name, sizeof(row->name), "%s", name);
	return row;
}

static harmony_status copy(const harmony_schedule_state *state, void *user)
{
	const harmony_connector *connector = harmony_connector_find(state->connector);
	struct metrics_row *row = add(user, state->name);
	if (!row)
		return HARMONY_USER;
	row->connector = connector ? connector->name : "";
	row->requests = state->requests;
	row->refusals = state->refusals;
	row->failures = state->failures;
	row->imports = state->imports;
	row->exports = state->exports;
	row->oldest_waiting = state->oldest_waiting;
	row->last_export = state->last_export_ok;
	row->last_import = state->last_import_ok;
	row->next_import = state->next_import;
	row->login_expires = state->login_expires;
	row->problems = state->problems;
	memcpy(row->records, state->records, sizeof(row->records));
	return HARMONY_OK;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct metrics_row *)a)->name, ((const struct metrics_row *)b)->name);
}

bool metrics_take(struct metrics *metrics, harmony_schedule *schedule)
{
	metrics->count = 0;
	metrics->totals = (harmony_schedule_totals)HARMONY_SCHEDULE_TOTALS_INIT;
	metrics->now = now_wall();
	if (harmony_schedule_snapshot(&metrics->totals, schedule, copy, metrics) != HARMONY_OK)
		return false;
	if (metrics->count > 0)
		qsort(metrics->rows, metrics->count, sizeof(*metrics->rows), by_name);
	return true;
}

bool metrics_left_out(struct metrics *metrics, const char *name)
{
	struct metrics_row *row = add(metrics, name);
	if (row)
		row->problems = 1u << HARMONY_PROBLEM_CONFIGURATION;
	return row != NULL;
}

void metrics_free(struct metrics *metrics)
{
	free(metrics->rows);
	*metrics = (struct metrics){0};
}

/* ---- one line ---- */

static void family(FILE *to, const char *name, const char *type, const char *help)
{
	fprintf(to, "# HELP harmony_%s %s\n# TYPE harmony_%s %s\n", name, help, name, type);
}

static void label(FILE *to, const char *name, const char *value)
{
	fprintf(to, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '\n')
			fputs("\\n", to);
		else if (*value == '"' || *value == '\\')
			fprintf(to, "\\%c", *value);
		else
			putc(*value, to);
	}
	putc('"', to);
}

static void seconds(FILE *to, int64_t milliseconds)
{
	if (milliseconds < 0)
		milliseconds = 0; /* the clock was set back */
	fprintf(to, " %" PRId64 ".%03d\n", milliseconds / 1000, (int)(milliseconds % 1000));
}

static void whole(FILE *to, const char *name, const char *type, const char *help, uint64_t value)
{
	family(to, name, type, help);
	fprintf(to, "harmony_%s %" PRIu64 "\n", name, value);
}

static void whole_seconds(FILE *to, const char *name, const char *help, int64_t value)
{
	family(to, name, "gauge", help);
	fprintf(to, "harmony_%s", name);
	seconds(to, value);
}

/* ---- of each integration ---- */

enum { COUNT, TIME, AGE, DAYS_LEFT };

static const struct number {
	const char *name, *type, *help;
	size_t where; /* in struct metrics_row: uint64_t for COUNT, else int64_t, 0: unknown */
	int form;
} numbers[] = {
    {"requests_total", "counter", "Requests sent to the package.",
     offsetof(struct metrics_row, requests), COUNT},
    {"refusals_total", "counter", "Requests that the package refused (HTTP 4xx).",
     offsetof(struct metrics_row, refusals), COUNT},
    {"request_failures_total", "counter", "Requests without an answer, or with HTTP 5xx.",
     offsetof(struct metrics_row, failures), COUNT},
    {"imports_total", "counter", "Imports of outstanding items.",
     offsetof(struct metrics_row, imports), COUNT},
    {"exports_total", "counter", "Exports that had something to do.",
     offsetof(struct metrics_row, exports), COUNT},
    {"oldest_waiting_age_seconds", "gauge", "Age of the oldest record that waits.",
     offsetof(struct metrics_row, oldest_waiting), AGE},
    {"last_export_timestamp_seconds", "gauge", "When the last good export ended.",
     offsetof(struct metrics_row, last_export), TIME},
    {"last_import_timestamp_seconds", "gauge", "When the last good import ended.",
     offsetof(struct metrics_row, last_import), TIME},
    {"next_import_timestamp_seconds", "gauge", "When the next import is due.",
     offsetof(struct metrics_row, next_import), TIME},
    {"login_days_left", "gauge", "Days until the login ends if nobody uses it.",
     offsetof(struct metrics_row, login_expires), DAYS_LEFT},
};

static void names(FILE *to, const char *name, const struct metrics_row *row)
{
	fprintf(to, "harmony_%s{", name);
	label(to, "integration", row->name);
	putc(',', to);
	label(to, "connector", row->connector);
}

static void number(FILE *to, const struct metrics *metrics, const struct number *n)
{
	family(to, n->name, n->type, n->help);
	for (size_t i = 0; i < metrics->count; i++) {
		const struct metrics_row *row = &metrics->rows[i];
		const void *at = (const char *)row + n->where;
		int64_t time = n->form == COUNT ? 0 : *(const int64_t *)at;
		if (n->form != COUNT && time == 0)
			continue;
		names(to, n->name, row);
		putc('}', to);
		if (n->form == COUNT)
			fprintf(to, " %" PRIu64 "\n", *(const uint64_t *)at);
		else if (n->form == DAYS_LEFT)
			fprintf(to, " %.2f\n", (double)(time - metrics->now) / 86400000.0);
		else
			seconds(to, n->form == AGE ? metrics->now - time : time);
	}
}

static void records(FILE *to, const struct metrics *metrics)
{
	family(to, "records", "gauge", "Records of an integration in each state.");
	for (size_t i = 0; i < metrics->count; i++)
		for (int state = 0; state < HARMONY_STATES; state++) {
			names(to, "records", &metrics->rows[i]);
			putc(',', to);
			label(to, "state", harmony_state_word(state));
			fprintf(to, "} %" PRIu64 "\n", metrics->rows[i].records[state]);
		}
}

static void problem(FILE *to, const struct metrics_row *row, unsigned problems)
{
	for (int i = 0; i < HARMONY_PROBLEMS; i++) {
		if (!(problems & 1u << i))
			continue;
		names(to, "problem", row);
		putc(',', to);
		label(to, "problem", harmony_problem_word(i));
		fputs("} 1\n", to);
	}
}

static void problems(FILE *to, const struct metrics *metrics)
{
	static const struct metrics_row service = {.connector = ""};
	family(to, "problem", "gauge",
	       "1 for each problem that goes on; integration \"\": of the service.");
	problem(to, &service, metrics->totals.problems);
	for (size_t i = 0; i < metrics->count; i++)
		problem(to, &metrics->rows[i], metrics->rows[i].problems);
}

/* ---- of the service ---- */

static void service(FILE *to, const struct metrics *metrics)
{
	const harmony_schedule_totals *t = &metrics->totals;
	int version = harmony_version();
	family(to, "build_info", "gauge", "The version that runs.");
	fprintf(to, "harmony_build_info{version=\"%d.%d.%d\"} 1\n", version >> 16,
		version >> 8 & 0xff, version & 0xff);
	whole_seconds(to, "start_timestamp_seconds", "When the service started.", metrics->started);
	whole(to, "integrations", "gauge", "Integrations that are served.", t->integrations);
	whole(to, "workers", "gauge", "Threads that work.", t->workers);
	whole(to, "workers_busy", "gauge", "Threads that are at a job now.", t->busy);
	whole(to, "jobs_due", "gauge", "Jobs that wait for a worker.", t->due);
	whole(to, "scans_total", "counter", "Looks at export folders.", t->scans);
	whole(to, "late_imports_total", "counter",
	      "Imports begun more than 10 s after they were due.", t->late_10s);
	whole_seconds(to, "last_lateness_seconds", "How late the last import was begun.",
		      t->late_last);
	whole_seconds(to, "largest_lateness_seconds", "How late an import was begun at most.",
		      t->late_max);
	whole(to, "alerts_total", "counter", "Alerts that the alert_command took.",
	      metrics->alerts_sent);
	whole(to, "alerts_failed_total", "counter", "Alerts that it did not take.",
	      metrics->alerts_failed);
}

char *metrics_text(const struct metrics *metrics, size_t *size)
{
	char *text = NULL;
	FILE *to = open_memstream(&text, size);
	if (!to)
		return NULL;
	service(to, metrics);
	records(to, metrics);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		number(to, metrics, &numbers[i]);
	problems(to, metrics);
	bool failed = ferror(to);
	if (fclose(to) == 0 && !failed)
		return text;
	free(text);
	return NULL;
}

/* ---- the file ---- */

/* A reader sees the old numbers or the new ones. They are not worth an fsync. */
harmony_status metrics_write(const char *path, const char *text, size_t size, harmony_error *error)
{
	char *part = NULL;
	if (asprintf(&part, "%s.%ld.tmp", path, (long)getpid()) < 0)
		return harmony_error_set(error, HARMONY_NOMEM, NULL, "no memory for a path");
	int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	int problem = fd < 0 || fchmod(fd, 0644) != 0 ? errno : 0; /* for a collector to read */
	while (!problem && size > 0) {
		ssize_t done = write(fd, text, size);
		if (done < 0 && errno == EINTR)
			continue;
		problem = done < 0 ? errno : done == 0 ? EIO : 0;
		text += done > 0 ? done : 0;
		size -= done > 0 ? (size_t)done : 0;
	}
	if (fd >= 0 && close(fd) != 0 && !problem)
		problem = errno;
	if (!problem && rename(part, path) != 0)
		problem = errno;
	if (problem && fd >= 0)
		unlink(part);
	free(part);
	return problem
		   ? harmony_error_set(error, HARMONY_IO, NULL, "cannot write metrics_file %s: %s",
				       path, strerror(problem))
		   : HARMONY_OK;
}
