/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "sync/sync.h"
#include "wire/json.h"

/* `there`: that a callback was given which the call is made for. */
static harmony_status store_of(harmony_store **out, harmony_sync *sync, bool there,
			       harmony_error *error)
{
	*out = sync != NULL ? sync->options.store : NULL;
	if (!there)
		return harmony_error_set(error, HARMONY_INVALID, NULL,
					 "there is no callback to hand it to");
	if (*out != NULL)
		return HARMONY_OK;
	return harmony_error_set(error, HARMONY_STATE, NULL,
				 "this needs a store; give one in harmony_sync_options");
}

/* ---- looking ---- */

harmony_status harmony_sync_history(harmony_sync *sync, const char *name, int64_t before,
				    size_t limit, harmony_run_fn fn, void *user,
				    harmony_error *error)
{
	harmony_store *store;
	harmony__integration *integration = NULL;
	harmony_status status = store_of(&store, sync, fn != NULL, error);

	if (status == HARMONY_OK && name != NULL)
		status = harmony__integration_find(&integration, sync, name, error);
	if (status == HARMONY_OK && name != NULL)
		status = harmony__integration_id(integration, error);
	if (status != HARMONY_OK)
		return status;
	status = store->run_list(store->self, integration != NULL ? integration->id : 0, before,
				 limit, fn, user, error);
	return harmony__answer(status, error);
}

harmony_status harmony_sync_show(harmony_run *run, harmony_sync *sync, int64_t id, int which,
				 harmony_record_state_fn fn, void *user, harmony_error *error)
{
	harmony_store *store;
	harmony_run found = HARMONY_RUN_INIT;
	harmony_record_query query = {.struct_size = sizeof(query), .run = id};
	harmony_status status = store_of(&store, sync, true, error);

	if (status == HARMONY_OK)
		status = store->run_get(&found, store->self, id, error);
	if (status != HARMONY_OK)
		return status;
	harmony__give_run(run, &found);
	const harmony_counts *n = &found.records;
	if (which == HARMONY_SHOW_DEFAULT)
		which = n->rejected + n->waiting + n->in_doubt > 0 ? HARMONY_SHOW_FAILED
								   : HARMONY_SHOW_ALL;
	query.states = which == HARMONY_SHOW_FAILED ? HARMONY_STATES_FAILED : HARMONY_STATES_ALL;
	if (fn != NULL)
		status = store->record_list(store->self, &query, fn, user, error);
	return harmony__answer(status, error);
}

harmony_status harmony_sync_record(harmony_sync *sync, int64_t id, harmony_record_state_fn record,
				   harmony_event_fn event, void *user, harmony_error *error)
{
	harmony_store *store;
	harmony_status status = store_of(&store, sync, record != NULL, error);

	if (status == HARMONY_OK)
		status = store->record_get(store->self, id, record, user, error);
	if (status == HARMONY_OK && event != NULL)
		status = store->event_list(store->self, id, event, user, error);
	return harmony__answer(status, error);
}

harmony_status harmony_sync_file(harmony_sync *sync, int64_t file, harmony_write_fn write,
				 void *user, harmony_error *error)
{
	harmony_store *store;
	harmony_status status = store_of(&store, sync, write != NULL, error);

	if (status == HARMONY_OK)
		status = store->file_read(store->self, file, write, user, error);
	return harmony__answer(status, error);
}

/* ---- what is still wrong with a record ---- */

/* Findings that validation of the fields cannot see: the text that was in the file could
   not be read into the field at all. Those of a field end when it is edited; those of the
   whole entry only when the file brings it again. */
static bool is_of_reading(const char *code)
{
	static const int codes[] = {HARMONY_CODE_INVALID_DATE,   HARMONY_CODE_INVALID_AMOUNT,
				    HARMONY_CODE_INVALID_NUMBER, HARMONY_CODE_INVALID_TEXT,
				    HARMONY_CODE_INVALID_VALUE,  HARMONY_CODE_DAMAGED_ROW,
				    HARMONY_CODE_MISSING_HEADER};
	for (size_t i = 0; i < HARMONY__COUNT(codes); i++)
		if (strcmp(code, harmony_code_word(codes[i])) == 0)
			return true;
	return false;
}

#define FINDINGS_MOST 64

typedef struct open_list {
	harmony__finding list[FINDINGS_MOST];
	size_t count;
} open_list;

static const harmony__finding *open_of(const open_list *open, const char *field)
{
	for (size_t i = 0; i < open->count; i++)
		if (strcmp(open->list[i].field, field) == 0)
			return &open->list[i];
	return NULL;
}

static void drop_field(open_list *open, const char *field)
{
	size_t kept = 0;
	for (size_t i = 0; i < open->count; i++)
		if (strcmp(open->list[i].field, field) != 0)
			open->list[kept++] = open->list[i];
	open->count = kept;
}

static harmony_status follow(const harmony_event *event, void *user)
{
	open_list *open = user;

	if (event->type == HARMONY_EVENT_RECEIVED) {
		open->count = 0;
	} else if (event->type == HARMONY_EVENT_EDITED) {
		drop_field(open, event->field);
	} else if (event->type == HARMONY_EVENT_FINDING && is_of_reading(event->code) &&
		   open->count < FINDINGS_MOST) {
		harmony__finding *finding = &open->list[open->count++];
		(void)harmony__copy_text(finding->code, sizeof(finding->code), event->code,
					 strlen(event->code));
		(void)harmony__copy_text(finding->field, sizeof(finding->field), event->field,
					 strlen(event->field));
		(void)harmony__copy_text(finding->message, sizeof(finding->message), event->message,
					 strlen(event->message));
		(void)harmony__copy_text(finding->raw, sizeof(finding->raw), event->old_value,
					 strlen(event->old_value));
	}
	return HARMONY_OK;
}

harmony_status harmony__open_finding(harmony__finding *out, harmony_store *store,
				     harmony_context *context, int64_t record, harmony_error *error)
{
	open_list *open = harmony__zalloc(context, sizeof(*open));
	harmony_status status;

	out->code[0] = '\0';
	if (open == NULL)
		return harmony__nomem(error);
	status = store->event_list(store->self, record, follow, open, error);
	if (status == HARMONY_OK && open->count > 0)
		*out = open->list[0];
	harmony__free(context, open);
	return status;
}

/* ---- correcting ---- */

typedef struct edit {
	harmony__job *job;
	harmony__window window;
	harmony_record_state row; /* texts in the buffers below */
	char identifier[HARMONY_KEY_SIZE], key[HARMONY__KEY_ROOM], file[256];
	harmony_diagnostic_fn finding;
	void *user;
	char code[32], field[48], message[768], raw[256];
	open_list open; /* what reading found and nobody has mended */
	bool wrong;
	harmony_error *error;
} edit;

static harmony_status load(const harmony_record_state *record, void *user)
{
	edit *at = user;

	at->row = *record;
	(void)harmony__copy_text(at->file, sizeof(at->file), record->source_file,
				 strlen(record->source_file));
	(void)harmony__copy_text(at->code, sizeof(at->code), record->code, strlen(record->code));
	(void)harmony__copy_text(at->field, sizeof(at->field), record->field,
				 strlen(record->field));
	(void)harmony__copy_text(at->message, sizeof(at->message), record->message,
				 strlen(record->message));
	(void)harmony__copy_text(at->raw, sizeof(at->raw), record->raw, strlen(record->raw));
	return harmony__window_add(record, &at->window);
}

static harmony_status may_edit(const harmony_record_state *row, harmony_error *error)
{
	const char *why = NULL;

	if (row->state == HARMONY_STATE_BOOKED || row->state == HARMONY_STATE_SKIPPED)
		why = "is booked; correct it in the package, or book a correction in the ERP";
	else if (row->applied)
		why = "is in the package with other content; correct it there, then re-offer it to "
		      "have "
		      "it looked up again";
	else if (row->state == HARMONY_STATE_IN_DOUBT || row->state == HARMONY_STATE_OFFERED)
		why = "may be booked already; re-offer it, so that it is looked up first";
	if (why == NULL)
		return HARMONY_OK;
	return harmony_error_set(error, HARMONY_STATE, NULL, "record %lld %s", (long long)row->id,
				 why);
}

/* Applies one change; its event goes with the version that it makes. */
static harmony_status apply(edit *at, const harmony_field_change *change, const char *who)
{
	harmony_record *record = at->window.entries[0].record;
	harmony__job *job = at->job;
	harmony__buf old;
	harmony_status status;
	size_t len = harmony_record_get_path(NULL, 0, record, change->path);

	harmony__buf_init(&old, job->context, HARMONY_MAX_TEXT + 64);
	if (len != SIZE_MAX && len > 0) {
		char *text = harmony__alloc(job->context, len + 1);
		if (text == NULL)
			return harmony__nomem(at->error);
		(void)harmony_record_get_path(text, len + 1, record, change->path);
		(void)harmony__buf_add(&old, text, len);
		harmony__free(job->context, text);
	}
	/* Where the file's text could not be read that text is what is corrected. */
	const harmony__finding *unread = open_of(&at->open, change->path);
	if (unread != NULL && unread->raw[0] != '\0') {
		harmony__buf_clear(&old);
		(void)harmony__buf_str(&old, unread->raw);
	}
	drop_field(&at->open, change->path);
	status = harmony__buf_check(&old, "a field", at->error);
	if (status == HARMONY_OK)
		status = harmony_record_set_path(record, change->path, change->value, at->error);
	if (status == HARMONY_OK) {
		harmony_event event = {.struct_size = sizeof(event),
				       .type = HARMONY_EVENT_EDITED,
				       .version = at->row.version + 1,
				       .who = who,
				       .field = change->path,
				       .old_value = old.len > 0 ? old.data : "",
				       .value = change->value};
		status = job->store->event_add(job->store->self, at->row.id, &event, at->error);
	}
	harmony__buf_free(&old);
	return status;
}

static bool has_total(const harmony_record *record)
{
	int64_t total;
	return harmony_record_get_number(&total, record, HARMONY_HEADER, HARMONY_FIELD_TOTAL) ==
	       HARMONY_OK;
}

/* A total that is what the lines make goes along when they are corrected. */
static bool total_follows(harmony_record *record)
{
	int64_t was = 0, sum = 0;

	if (harmony_record_get_number(&was, record, HARMONY_HEADER, HARMONY_FIELD_TOTAL) !=
		HARMONY_OK ||
	    harmony_record_sum(record, NULL) != HARMONY_OK)
		return false;
	(void)harmony_record_get_number(&sum, record, HARMONY_HEADER, HARMONY_FIELD_TOTAL);
	if (sum == was)
		return true;
	(void)harmony_record_set_number(record, HARMONY_HEADER, HARMONY_FIELD_TOTAL, was, NULL);
	return false;
}

/* Makes it follow, as an edit of its own; not when the changes give it themselves. One that
   was taken away is made anew: an invoice always has it. */
static harmony_status renew_total(edit *at, const harmony_field_change *changes, size_t count,
				  const char *who)
{
	harmony_record *record = at->window.entries[0].record;
	char text[HARMONY_DECIMAL_SIZE];
	int64_t was = 0, sum = 0;
	bool there = has_total(record);

	for (size_t i = 0; i < count; i++)
		if (there && strcmp(changes[i].path, "total") == 0)
			return HARMONY_OK;
	(void)harmony_record_get_number(&was, record, HARMONY_HEADER, HARMONY_FIELD_TOTAL);
	if (harmony_record_sum(record, NULL) != HARMONY_OK) /* too large: validation says so */
		return HARMONY_OK;
	(void)harmony_record_get_number(&sum, record, HARMONY_HEADER, HARMONY_FIELD_TOTAL);
	if (there)
		(void)harmony_record_set_number(record, HARMONY_HEADER, HARMONY_FIELD_TOTAL, was,
						NULL);
	else
		(void)harmony_record_set_path(record, "total", "", NULL);
	(void)harmony_decimal_format(text, sum, HARMONY_SCALE_AMOUNT, '.');
	return there && sum == was ? HARMONY_OK
				   : apply(at, &(harmony_field_change){"total", text}, who);
}

static harmony_status still_wrong(const harmony_diagnostic *diagnostic, void *user)
{
	edit *at = user;
	const char *word = harmony_code_word(diagnostic->code);

	if (diagnostic->severity >= HARMONY_FAILURE && !at->wrong) {
		at->wrong = true;
		(void)harmony__copy_text(at->code, sizeof(at->code), word, strlen(word));
		harmony__field_path(at->field, sizeof(at->field), diagnostic);
		(void)harmony__copy_text(at->message, sizeof(at->message), diagnostic->message,
					 strlen(diagnostic->message));
		(void)harmony__copy_text(at->raw, sizeof(at->raw),
					 diagnostic->raw != NULL ? diagnostic->raw : "",
					 diagnostic->raw != NULL ? strlen(diagnostic->raw) : 0);
	}
	return at->finding != NULL ? at->finding(diagnostic, at->user) : HARMONY_OK;
}

/* What reading the file found and nobody has mended, as a finding too. */
static harmony_status tell_open(edit *at)
{
	harmony__finding open;
	harmony_status status =
	    harmony__open_finding(&open, at->job->store, at->job->context, at->row.id, at->error);

	if (status != HARMONY_OK || open.code[0] == '\0')
		return status;
	harmony_diagnostic diagnostic = {.struct_size = sizeof(diagnostic),
					 .severity = HARMONY_FAILURE,
					 .file = at->file,
					 .line = at->row.source_line,
					 .name = open.field,
					 .raw = open.raw,
					 .field = -1,
					 .message = open.message};
	for (int code = 0; code < HARMONY_CODE_COUNT; code++)
		if (strcmp(harmony_code_word(code), open.code) == 0)
			diagnostic.code = code;
	status = still_wrong(&diagnostic, at);
	(void)harmony__copy_text(at->field, sizeof(at->field), open.field, strlen(open.field));
	return status;
}

/* The new version: key, hash and JSON form of the changed record. */
static harmony_status renew(edit *at, const char *who)
{
	harmony__job *job = at->job;
	harmony_record *record = at->window.entries[0].record;
	char key[HARMONY__KEY_ROOM];
	harmony_record_state *row = &at->row;
	harmony_status status = harmony_record_hash(row->hash, record);

	/* Without a number of its own it stays known by what was received. */
	(void)harmony__copy_text(at->key, sizeof(at->key), at->window.entries[0].key,
				 strlen(at->window.entries[0].key));
	if (harmony_record_key(key, record))
		(void)harmony__copy_text(at->key, sizeof(at->key), key, strlen(key));
	harmony__buf_clear(&job->json);
	if (status == HARMONY_OK)
		status =
		    harmony_record_write_json(record, harmony__buf_write, &job->json, at->error);
	harmony_record_identifier(at->identifier, record);
	row->identifier = at->identifier;
	row->key = at->key;
	row->source_file = at->file;
	row->code = at->code;
	row->field = at->field;
	row->message = at->message;
	row->raw = at->raw;
	row->file = 0;
	row->json = job->json.data;
	row->json_len = job->json.len;
	if (status == HARMONY_OK)
		status = job->store->record_revise(job->store->self, row, who, at->error);
	return status;
}

static harmony_status owner_there(const harmony_record_state *record, void *user)
{
	*(int64_t *)user = record->id;
	return HARMONY_OK;
}

/* Whether it stands for its key from now on: when no other record does. */
static harmony_status find_owner(edit *at)
{
	harmony__job *job = at->job;
	char key[HARMONY__KEY_ROOM];
	int64_t owner = 0;
	harmony_status status;

	if (!harmony_record_key(key, at->window.entries[0].record))
		return HARMONY_OK;
	status = job->store->record_find(job->store->self, job->integration->id, key, NULL, 1,
					 owner_there, &owner, at->error);
	at->row.owner = owner == 0 || owner == at->row.id;
	return status == HARMONY_NOTFOUND ? HARMONY_OK : status;
}

static harmony_status edit_record(edit *at, const harmony_field_change *changes, size_t count,
				  const char *who)
{
	harmony__job *job = at->job;
	bool follows = total_follows(at->window.entries[0].record);
	harmony_status status = job->store->begin(job->store->self, at->error);

	if (status != HARMONY_OK)
		return status;
	for (size_t i = 0; i < count && status == HARMONY_OK; i++)
		status = apply(at, &changes[i], who);
	if (status == HARMONY_OK && (follows || !has_total(at->window.entries[0].record)))
		status = renew_total(at, changes, count, who);
	if (status == HARMONY_OK)
		status = harmony_record_validate(at->window.entries[0].record, still_wrong, at);
	if (status == HARMONY_REJECTED)
		status = HARMONY_OK;
	if (status == HARMONY_OK)
		status = tell_open(at);
	if (status == HARMONY_OK)
		status = find_owner(at);
	if (status == HARMONY_OK)
		status = renew(at, who);
	return harmony__settle_transaction(job, status, at->error);
}

static harmony_status keep_integration(const harmony_record_state *record, void *user)
{
	*(int64_t *)user = record->integration;
	return HARMONY_OK;
}

/* The name of the integration that a record is of. */
harmony_status harmony__name_of(const char **name, harmony_sync *sync, int64_t record,
				harmony_error *error)
{
	harmony_store *store = sync->options.store;
	int64_t id = 0;
	harmony_status status =
	    store->record_get(store->self, record, keep_integration, &id, error);

	for (size_t i = 0; i < sync->count && status == HARMONY_OK; i++) {
		status = harmony__integration_id(sync->integrations[i], error);
		if (status == HARMONY_OK && sync->integrations[i]->id == id) {
			*name = sync->integrations[i]->name;
			return HARMONY_OK;
		}
	}
	if (status == HARMONY_OK)
		status =
		    harmony_error_set(error, HARMONY_NOTFOUND, NULL,
				      "the integration of record %lld is not in the configuration",
				      (long long)record);
	return status;
}

harmony_status harmony_sync_edit(harmony_sync *sync, int64_t record, const char *who,
				 const harmony_field_change *changes, size_t count,
				 harmony_diagnostic_fn finding, void *user, harmony_error *error)
{
	harmony_store *store;
	const char *name = NULL;
	harmony__job job = {0};
	edit *at;
	harmony_status status = store_of(&store, sync, true, error);

	if (status != HARMONY_OK)
		return status;
	if (count == 0)
		return harmony_error_set(error, HARMONY_INVALID, NULL,
					 "name what to change: FIELD=VALUE");
	at = harmony__zalloc(sync->context, sizeof(*at));
	if (at == NULL)
		return harmony__nomem(error);
	at->job = &job;
	at->finding = finding;
	at->user = user;
	at->error = error;
	harmony__window_init(&at->window, sync->context, error);
	status = harmony__name_of(&name, sync, record, error);
	if (status == HARMONY_OK)
		status = harmony__job_open(&job, sync, name, HARMONY_DIRECTION_EXPORT, error);
	if (status == HARMONY_OK)
		status = store->record_get(store->self, record, load, at, error);
	if (status == HARMONY_OK)
		status = may_edit(&at->row, error);
	if (status == HARMONY_OK)
		status = store->event_list(store->self, record, follow, &at->open, error);
	if (status == HARMONY_OK)
		status = edit_record(at, changes, count, who != NULL ? who : sync->who);
	harmony__window_free(&at->window);
	harmony__job_close(&job);
	harmony__free(sync->context, at);
	return harmony__answer(status, error);
}

/* ---- status ---- */

harmony_status harmony__last_run(harmony_run *out, harmony_store *store, int64_t integration,
				 int direction, int succeeded, harmony_error *error)
{
	harmony_status status;

	*out = (harmony_run)HARMONY_RUN_INIT;
	if (store->struct_size <= offsetof(harmony_store, run_last))
		return HARMONY_OK;
	status = store->run_last(out, store->self, integration, direction, succeeded, error);
	return status == HARMONY_NOTFOUND ? HARMONY_OK : status;
}

/* Whether a run is at work; a lock that cannot be tried tells of none. */
static harmony_status ask_held(int *held, harmony_store *store, int64_t integration,
			       harmony_error *error)
{
	void *lock = NULL;
	harmony_status status = store->lock(&lock, store->self, integration, "run", 0, NULL);

	if (status == HARMONY_OK)
		store->unlock(store->self, lock);
	*held = status == HARMONY_BUSY;
	return status == HARMONY_NOMEM ? harmony__nomem(error) : HARMONY_OK;
}

void harmony__package_report(harmony__buf *text, harmony__integration *integration)
{
	harmony_error why = HARMONY_ERROR_INIT;

	if (integration->connector->report == NULL ||
	    harmony__connector_open(integration, &why) != HARMONY_OK ||
	    integration->connector->report(integration->instance, harmony__buf_write, text, &why) !=
		HARMONY_OK)
		harmony__buf_clear(text);
	harmony__connector_close(integration);
}

/* The number behind a key of the connector's report. */
typedef struct wanted {
	bool next;
	int64_t value; /* 0: not there */
} wanted;

static harmony_status see_event(const harmony__json_event *event, void *user)
{
	static const char key[] = "refresh_expires_in";
	wanted *look = user;

	if (event->type == HARMONY__JSON_NUMBER && look->next)
		(void)harmony__json_number(&look->value, event->text, event->len, 0);
	look->next = event->type == HARMONY__JSON_KEY && event->len == sizeof(key) - 1 &&
		     memcmp(event->text, key, sizeof(key) - 1) == 0;
	return HARMONY_OK;
}

int64_t harmony__login_left(const harmony__buf *report)
{
	wanted look = {false, 0};
	harmony__json_reader *reader = NULL;

	if (report->len > 0 && harmony__json_reader_new(&reader, report->context, see_event,
							&look) == HARMONY_OK)
		(void)harmony__json_reader_feed(reader, report->data, report->len, NULL);
	harmony__json_reader_free(reader);
	return look.value * 1000;
}

static harmony_status status_of(harmony__integration *integration, harmony_integration_fn fn,
				void *user, harmony_error *error)
{
	harmony_store *store = integration->sync->options.store;
	harmony_run last_export = HARMONY_RUN_INIT, last_import = HARMONY_RUN_INIT;
	harmony_integration_status out = {.struct_size = sizeof(out),
					  .name = integration->name,
					  .connector = integration->connector->name,
					  .last_export = &last_export,
					  .last_import = &last_import,
					  .interval = integration->interval};
	harmony__buf report;
	harmony_status status = harmony__integration_id(integration, error);

	harmony__buf_init(&report, integration->sync->context, HARMONY_MAX_TEXT);
	if (status == HARMONY_OK)
		status = harmony__last_run(&last_export, store, integration->id,
					   HARMONY_DIRECTION_EXPORT, 0, error);
	if (status == HARMONY_OK)
		status = harmony__last_run(&last_import, store, integration->id,
					   HARMONY_DIRECTION_IMPORT, 0, error);
	if (status == HARMONY_OK)
		status = store->record_tally(out.records, store->self, integration->id, error);
	if (status == HARMONY_OK) {
		if (harmony_settings_get(integration->settings, "import_path") != NULL &&
		    out.interval > 0)
			out.next_import =
			    harmony__next_poll(integration, last_import.started,
					       harmony__wall(integration->sync->context));
		status = ask_held(&out.held, store, integration->id, error);
	}
	if (status == HARMONY_OK) {
		harmony__package_report(&report, integration);
		out.report = report.len > 0 ? report.data : "";
		int64_t left = harmony__login_left(&report);
		out.login_expires = left > 0 ? harmony__wall(integration->sync->context) + left : 0;
		status = fn(&out, user);
	}
	harmony__buf_free(&report);
	return status;
}

harmony_status harmony_sync_status(harmony_sync *sync, const char *name, harmony_integration_fn fn,
				   void *user, harmony_error *error)
{
	harmony_store *store;
	harmony__integration *integration;
	harmony_status status = store_of(&store, sync, fn != NULL, error);

	if (status != HARMONY_OK)
		return status;
	if (name != NULL) {
		status = harmony__integration_find(&integration, sync, name, error);
		if (status == HARMONY_OK)
			status = status_of(integration, fn, user, error);
		return harmony__answer(status, error);
	}
	for (size_t i = 0; i < sync->count && status == HARMONY_OK; i++)
		status = status_of(sync->integrations[i], fn, user, error);
	return harmony__answer(status, error);
}

/* ---- login ---- */

static harmony_status open_for_login(harmony__integration **out, harmony_sync *sync,
				     const char *name, harmony_error *error)
{
	harmony_status status = harmony__integration_find(out, sync, name, error);
	return status == HARMONY_OK ? harmony__connector_open(*out, error) : status;
}

static harmony_status no_login(const harmony__integration *integration, harmony_error *error)
{
	return harmony_error_set(error, HARMONY_UNSUPPORTED, NULL, "%s needs no login of this kind",
				 integration->connector->name);
}

harmony_status harmony_sync_login_url(char *buffer, size_t size, harmony_sync *sync,
				      const char *name, const char *state, harmony_error *error)
{
	harmony__integration *integration = NULL;
	harmony_status status = open_for_login(&integration, sync, name, error);

	if (status == HARMONY_OK)
		status = integration->connector->login_url != NULL
			     ? integration->connector->login_url(integration->instance, buffer,
								 size, state, error)
			     : no_login(integration, error);
	if (integration != NULL)
		harmony__connector_close(integration);
	return status;
}

harmony_status harmony_sync_login_code(harmony_sync *sync, const char *name, const char *code,
				       harmony_error *error)
{
	harmony__integration *integration = NULL;
	harmony_status status = open_for_login(&integration, sync, name, error);

	if (status == HARMONY_OK)
		status =
		    integration->connector->login_code != NULL
			? integration->connector->login_code(integration->instance, code, error)
			: no_login(integration, error);
	if (integration != NULL)
		harmony__connector_close(integration);
	return status;
}

harmony_status harmony_sync_login_token(harmony_sync *sync, const char *name,
					const char *refresh_token, harmony_error *error)
{
	harmony__integration *integration = NULL;
	harmony_status status = open_for_login(&integration, sync, name, error);

	if (status == HARMONY_OK)
		status = integration->connector->login_token != NULL
			     ? integration->connector->login_token(integration->instance,
								   refresh_token, error)
			     : no_login(integration, error);
	if (integration != NULL)
		harmony__connector_close(integration);
	return status;
}

harmony_status harmony_sync_keep_alive(int64_t *next, harmony_sync *sync, const char *name,
				       harmony_error *error)
{
	harmony__integration *integration = NULL;
	harmony_status status = open_for_login(&integration, sync, name, error);

	if (status == HARMONY_OK)
		status =
		    integration->connector->keep_alive != NULL
			? integration->connector->keep_alive(integration->instance, next, error)
			: no_login(integration, error);
	if (integration != NULL)
		harmony__connector_close(integration);
	return status;
}
