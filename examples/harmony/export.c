/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "session.h"

/* export and import: a run each way. */

struct preview {
	struct program *p;
	uint64_t requests, failures;
};

static harmony_status on_request(const harmony_record *record, const char *request, size_t len,
				 void *user)
{
	struct preview *preview = user;
	struct program *p = preview->p;
	char identifier[HARMONY_KEY_SIZE], text[1];
	harmony_record_identifier(identifier, record);
	preview->requests++;
	if (!p->as_json) {
		out_format(&p->out, "# %s %s (%s:%llu)\n",
			   harmony_kind_word(harmony_record_kind(record)), identifier,
			   harmony_record_source_file(record),
			   (unsigned long long)harmony_record_source_line(record));
		out_bytes(&p->out, request, len);
		out_text(&p->out, len > 0 && request[len - 1] == '\n' ? "\n" : "\n\n");
		return out_write(text, 0, &p->out);
	}
	json_object(&p->json, NULL);
	json_text(&p->json, "kind", harmony_kind_word(harmony_record_kind(record)));
	json_text(&p->json, "identifier", identifier);
	json_object(&p->json, "source");
	json_text(&p->json, "file", harmony_record_source_file(record));
	json_number(&p->json, "line", (int64_t)harmony_record_source_line(record));
	json_end(&p->json);
	json_span(&p->json, "request", request, len);
	json_end(&p->json);
	return out_write(text, 0, &p->out);
}

static harmony_status on_diagnostic(const harmony_diagnostic *diagnostic, void *user)
{
	struct preview *preview = user;
	preview->failures += diagnostic->severity == HARMONY_FAILURE;
	say_diagnostic(preview->p, diagnostic, false);
	return HARMONY_OK;
}

static int dry_run(struct session *session, const struct arguments *a)
{
	struct program *p = session->p;
	struct preview preview = {.p = p};
	const char *const *paths = (const char *const *)(a->operands + 1);
	if (p->as_json) {
		json_text(&p->json, "integration", a->operands[0]);
		json_flag(&p->json, "dry_run", true);
		json_array(&p->json, "requests");
	}
	harmony_status status =
	    harmony_sync_preview(session->sync, a->operands[0], paths, (size_t)a->count - 1,
				 on_request, on_diagnostic, &preview, &p->error);
	progress_end();
	if (p->as_json) {
		json_end(&p->json);
		json_number(&p->json, "errors", (int64_t)preview.failures);
	} else if (status == HARMONY_OK && !p->quiet) {
		out_format(&p->out, "dry run: %llu to send, nothing was sent\n",
			   (unsigned long long)preview.requests);
	}
	if (status != HARMONY_OK && p->out.broken)
		return EXIT_DONE;
	return status != HARMONY_OK ? exit_of_input(status)
	       : preview.failures   ? EXIT_REJECTED
				    : EXIT_DONE;
}

#define TELL_WARNINGS 20

struct reading {
	struct program *p;
	uint64_t told;
};

/* What is wrong with a record is told with what became of it; a row that is damaged may be
   part of none. */
static harmony_status on_reading(const harmony_diagnostic *diagnostic, void *user)
{
	struct reading *reading = user;
	bool warning = diagnostic->severity == HARMONY_WARNING;
	if (diagnostic->severity == HARMONY_FAILURE &&
	    diagnostic->code != HARMONY_CODE_DAMAGED_ROW)
		return HARMONY_OK;
	reading->told += warning;
	if (!warning || reading->told <= TELL_WARNINGS)
		say_diagnostic(reading->p, diagnostic, false);
	return HARMONY_OK;
}

static void tell_more(const struct reading *reading)
{
	char message[128];
	if (reading->told <= TELL_WARNINGS || reading->p->quiet)
		return;
	snprintf(message, sizeof(message), "and %llu more warnings: harmony check FILE",
		 (unsigned long long)(reading->told - TELL_WARNINGS));
	say("", 0, 0, "note", message, NULL);
}

int export_run(struct program *p, const struct arguments *a)
{
	struct session session;
	harmony_run run = HARMONY_RUN_INIT;
	harmony_export_options options = HARMONY_EXPORT_OPTIONS_INIT;
	struct reading reading = {.p = p};
	int code = session_open_for(&session, p, a->operands[0]);
	options.paths = (const char *const *)(a->operands + 1);
	options.path_count = (size_t)a->count - 1;
	options.diagnostic = on_reading;
	options.user = &reading;
	if (code == EXIT_DONE && a->dry_run) {
		code = dry_run(&session, a);
	} else if (code == EXIT_DONE) {
		harmony_status status =
		    harmony_sync_export(&run, session.sync, a->operands[0], &options, &p->error);
		progress_end();
		tell_more(&reading);
		code = status == HARMONY_OK ? run_report(p, session.sync, &run)
					    : exit_of_input(status);
		if (status == HARMONY_OK && run.files == 0 && !p->quiet)
			say("", 0, 0, "note",
			    "no file was named, and none lies at export_path: only what waited was "
			    "offered",
			    NULL);
	}
	session_close(&session);
	return code;
}

int import_run(struct program *p, const struct arguments *a)
{
	struct session session;
	harmony_run run = HARMONY_RUN_INIT;
	int code = session_open_for(&session, p, a->operands[0]);
	if (code == EXIT_DONE) {
		harmony_status status =
		    harmony_sync_import(&run, session.sync, a->operands[0], a->output, &p->error);
		code = status == HARMONY_OK ? run_report(p, session.sync, &run) : exit_of(status);
	}
	session_close(&session);
	return code;
}
