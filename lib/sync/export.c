/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "sync/sync.h"

/* ---- the run ---- */

static harmony_status member(const harmony_record_state *record, void *user)
{
	(void)record;
	++*(uint64_t *)user;
	return HARMONY_OK;
}

static harmony_status count_work(harmony__job *job, harmony_error *error)
{
	harmony_record_query query = {.struct_size = sizeof(query),
				      .integration = job->integration->id,
				      .claimed = job->run.id,
				      .states = HARMONY_STATE_BIT(HARMONY_STATE_NEW)};
	return job->sync->options.progress == NULL
		   ? HARMONY_OK
		   : job->store->record_list(job->store->self, &query, member, &job->work, error);
}

/* What is claimed goes to the package. An error is of the store or a step. */
static harmony_status offer_claimed(harmony__job *job, harmony_error *error)
{
	harmony_error why = HARMONY_ERROR_INIT;
	harmony_status status = count_work(job, error);

	if (status != HARMONY_OK)
		return status;
	status = harmony__connector_open(job->integration, &why);
	if (status != HARMONY_OK) {
		harmony__job_stop(job, status, &why);
		return HARMONY_OK;
	}
	status = harmony__look_first(job, error);
	if (status == HARMONY_OK)
		status = harmony__resolve(job, error);
	return status == HARMONY_OK ? harmony__offer(job, error) : status;
}

/* Files and leftovers become part of the run in one transaction, or no run is made. */
static harmony_status take_in(harmony__job *job, harmony__paths *paths, bool watched, int due,
			      harmony_error *error)
{
	harmony_status status = harmony__job_begin(job, error);

	if (status != HARMONY_OK)
		return status;
	status = harmony__intake(job, paths, watched, error);
	if (status == HARMONY_OK)
		status = harmony__claim_leftovers(job, due, error);
	if (status == HARMONY_OK)
		status = job->store->run_put(job->store->self, &job->run, error);
	if (status == HARMONY_OK)
		status = harmony__step(job->sync, "read", error);
	status = harmony__settle_transaction(job, status, error);
	return status == HARMONY_OK ? harmony__step(job->sync, "taken", error) : status;
}

/* The longest that a run begins by waiting for what the package put off. */
#define PATIENCE INT64_C(10000)

static harmony_status shortest_wait(const harmony_record_state *record, void *user)
{
	int64_t *longest = user;
	if (record->retry_in <= PATIENCE && record->retry_in > *longest)
		*longest = record->retry_in;
	return HARMONY_OK;
}

/* A package that said "in two seconds" is taken at its word, when a person waits. */
static harmony_status be_patient(harmony__job *job, harmony_error *error)
{
	int64_t wait = 0;
	harmony_record_query query = {.struct_size = sizeof(query),
				      .integration = job->integration->id,
				      .states = HARMONY_STATE_BIT(HARMONY_STATE_WAITING),
				      .due = HARMONY_DUE_IMPOSED};
	harmony_status status =
	    job->store->record_list(job->store->self, &query, shortest_wait, &wait, error);

	if (status == HARMONY_OK && wait > 0 &&
	    (status = harmony__sleep(job->sync, wait)) != HARMONY_OK)
		(void)harmony_error_set(error, status, NULL, "stopped before the run began");
	return status;
}

/* A service that looks every few seconds makes no run of nothing. */
static harmony_status anything_due(bool *yes, harmony__job *job, int due, harmony_error *error)
{
	const harmony_record_query query = {.struct_size = sizeof(query),
					    .integration = job->integration->id,
					    .states = HARMONY_STATES_OPEN,
					    .limit = 1,
					    .due = due};
	return harmony__any(yes, job, &query, ~0u, error);
}

static harmony_status run_export(harmony__job *job, harmony__paths *paths,
				 const harmony_export_options *options, harmony_error *error)
{
	bool ours = !options->due_only || (job->part != NULL && job->part->eager);
	int which = ours ? HARMONY_DUE_OURS : HARMONY_DUE_ONLY;
	bool due = paths->count > 0 || !options->due_only;
	harmony_status status = due ? HARMONY_OK : anything_due(&due, job, which, error);

	if (status != HARMONY_OK || !due)
		return status;
	if (!options->due_only)
		status = be_patient(job, error);
	if (status == HARMONY_OK)
		status = take_in(job, paths, options->path_count == 0, which, error);
	if (status != HARMONY_OK)
		return status;
	harmony__archive(job, paths, options->path_count == 0);
	status = harmony__step(job->sync, "archived", error);
	if (status == HARMONY_OK)
		status = offer_claimed(job, error);
	return status == HARMONY_OK ? harmony__job_finish(job, error) : status;
}

/* The files of the run, none where a schedule wants only what waits. */
static harmony_status find_files(harmony__paths *paths, harmony__job *job,
				 const harmony_export_options *options, harmony_error *error)
{
	harmony_status status = HARMONY_OK;

	paths->context = job->context;
	if (job->part != NULL && !job->part->files)
		return HARMONY_OK;
	if (options->path_count == 0)
		status = harmony__note_companions(job, error);
	if (status == HARMONY_OK)
		status = harmony__paths_of(paths, job->integration, options->paths,
					   options->path_count, error);
	if (job->part != NULL)
		job->part->folder = status != HARMONY_OK && status != HARMONY_NOMEM;
	if (status == HARMONY_OK && options->due_only && options->path_count == 0)
		status = harmony__intake_ready(job, paths, error);
	return status;
}

/* Which of the input it was that failed. */
static void tell_part(harmony__job *job)
{
	harmony__part *part = job->part;

	part->unreadable = job->unreadable || part->folder;
	part->state = job->state;
	if (job->unreadable && job->file.path != NULL)
		(void)harmony__copy_text(part->path, sizeof(part->path), job->file.path,
					 strlen(job->file.path));
}

harmony_status harmony__export(harmony_run *run, harmony_sync *sync, const char *name,
			       const harmony_export_options *options, harmony__part *part,
			       harmony_error *error)
{
	harmony__paths paths = {0};
	harmony__job job;
	harmony_status status =
	    harmony__job_open(&job, sync, name, HARMONY_DIRECTION_EXPORT, error);

	job.diagnostic = options->diagnostic;
	job.user = options->user;
	job.part = part;
	if (status == HARMONY_OK)
		status = find_files(&paths, &job, options, error);
	if (status == HARMONY_OK)
		status = run_export(&job, &paths, options, error);
	if (part != NULL)
		tell_part(&job);
	status = harmony__job_status(&job, status, error);
	if (status == HARMONY_OK)
		harmony__give_run(run, &job.run);
	harmony__paths_free(&paths);
	harmony__job_close(&job);
	return harmony__answer(status, error);
}

harmony_status harmony_sync_export(harmony_run *run, harmony_sync *sync, const char *name,
				   const harmony_export_options *options, harmony_error *error)
{
	harmony_export_options copy = HARMONY_EXPORT_OPTIONS_INIT;

	if (options != NULL && harmony__options_copy(&copy, sizeof(copy), options) != HARMONY_OK)
		return harmony_error_set(error, HARMONY_INVALID, NULL, "options not made by _INIT");
	return harmony__export(run, sync, name, &copy, NULL, error);
}

/* ---- offering again ---- */

typedef struct chosen {
	int64_t id, integration;
	int state, applied;
	bool here;
} chosen;

static harmony_status keep_chosen(const harmony_record_state *record, void *user)
{
	*(chosen *)user =
	    (chosen){record->id, record->integration, record->now, record->applied, true};
	return HARMONY_OK;
}

static harmony_status keep_failed(const harmony_record_state *record, void *user)
{
	return (HARMONY_STATES_FAILED >> record->now & 1) != 0
		   ? harmony__rows_add(user, (harmony__row){.id = record->id})
		   : HARMONY_OK;
}

/* The records that are meant; their integration's name. */
static harmony_status choose(harmony__rows *list, char name[HARMONY_NAME_SIZE], harmony_sync *sync,
			     const int64_t *records, size_t count, int64_t from_run,
			     harmony_error *error)
{
	harmony_store *store = sync->options.store;
	harmony_run run = HARMONY_RUN_INIT;
	const char *found = run.integration;
	harmony_status status = HARMONY_OK;

	for (size_t i = 0; i < count && status == HARMONY_OK; i++)
		status = harmony__rows_add(list, (harmony__row){.id = records[i]}) == HARMONY_OK
			     ? HARMONY_OK
			     : harmony__nomem(error);
	if (status == HARMONY_OK && from_run != 0)
		status = store->run_get(&run, store->self, from_run, error);
	if (status == HARMONY_OK && from_run != 0) {
		harmony_record_query query = {
		    .struct_size = sizeof(query), .run = from_run, .states = HARMONY_STATES_FAILED};
		status = store->record_list(store->self, &query, keep_failed, list, error);
		if (status == HARMONY_NOMEM)
			status = harmony__nomem(error);
	} else if (status == HARMONY_OK && count > 0) {
		status = harmony__name_of(&found, sync, records[0], error);
	}
	(void)harmony__copy_text(name, HARMONY_NAME_SIZE, found, strlen(found));
	return status;
}

static harmony_status claim_one(harmony__job *job, int64_t id, harmony_error *error)
{
	chosen record = {0};
	harmony__finding finding;
	harmony_record_change change = HARMONY_RECORD_CHANGE_INIT;
	harmony_status status =
	    job->store->record_get(job->store->self, id, keep_chosen, &record, error);

	if (status != HARMONY_OK)
		return status;
	if (record.integration != job->integration->id)
		return harmony_error_set(error, HARMONY_INVALID, NULL,
					 "record %lld is of another integration; re-offer each "
					 "integration's records on their own",
					 (long long)id);
	if (record.state == HARMONY_STATE_BOOKED || record.state == HARMONY_STATE_SKIPPED)
		return harmony_error_set(error, HARMONY_STATE, NULL,
					 "record %lld is booked already and is not offered again",
					 (long long)id);
	status = harmony__open_finding(&finding, job->store, job->context, id, error);
	if (status != HARMONY_OK)
		return status;
	change.id = id;
	change.state = record.applied || record.state == HARMONY_STATE_IN_DOUBT
			   ? HARMONY_STATE_IN_DOUBT
			   : HARMONY_STATE_NEW;
	if (change.state == HARMONY_STATE_NEW && finding.code[0] != '\0') {
		change.state = HARMONY_STATE_REJECTED;
		change.outcome = 1;
		change.code = finding.code;
		change.field = finding.field;
		change.message = finding.message;
	}
	return harmony__change(job, &change, error);
}

static harmony_status claim_chosen(harmony__job *job, const harmony__rows *list,
				   harmony_error *error)
{
	harmony_status status = harmony__job_begin(job, error);

	if (status != HARMONY_OK)
		return status;
	for (size_t i = 0; i < list->count && status == HARMONY_OK; i++)
		status = claim_one(job, list->list[i].id, error);
	return harmony__settle_transaction(job, status, error);
}

harmony_status harmony_sync_reoffer(harmony_run *run, harmony_sync *sync, const int64_t *records,
				    size_t count, int64_t from_run, harmony_error *error)
{
	char name[HARMONY_NAME_SIZE];
	harmony__rows list = {0};
	harmony__job job = {0};
	harmony_status status;

	if (sync == NULL || (count == 0) == (from_run == 0))
		return harmony_error_set(error, HARMONY_INVALID, NULL,
					 "name the records to offer again, or one run");
	if (sync->options.store == NULL)
		return harmony_error_set(error, HARMONY_STATE, NULL, "this needs a store");
	list.context = sync->context;
	status = choose(&list, name, sync, records, count, from_run, error);
	if (status == HARMONY_OK)
		status = harmony__job_open(&job, sync, name, HARMONY_DIRECTION_EXPORT, error);
	if (status == HARMONY_OK)
		status = claim_chosen(&job, &list, error);
	if (status == HARMONY_OK)
		status = harmony__step(sync, "taken", error);
	if (status == HARMONY_OK)
		status = offer_claimed(&job, error);
	if (status == HARMONY_OK)
		status = harmony__job_finish(&job, error);
	status = harmony__job_status(&job, status, error);
	if (status == HARMONY_OK)
		harmony__give_run(run, &job.run);
	harmony__rows_free(&list);
	harmony__job_close(&job);
	return harmony__answer(status, error);
}

/* ---- without sending ---- */

/* Records of files, kept for a while. */
typedef struct kept {
	harmony_context *context;
	harmony__integration *integration;
	harmony_record **records;
	size_t count, capacity;
	harmony_diagnostic_fn diagnostic;
	void *user;
	harmony_error *error;
	bool booked; /* what the store said of the last one */
} kept;

static void kept_free(kept *all)
{
	for (size_t i = 0; i < all->count; i++)
		harmony_record_free(all->records[i]);
	harmony__free(all->context, all->records);
}

static harmony_status keep_copy(kept *all, const harmony_record *record)
{
	if (harmony__grow(all->context, (void **)&all->records, &all->capacity, all->count + 1,
			  sizeof(harmony_record *)) != HARMONY_OK)
		return harmony__nomem(all->error);
	harmony_status status = harmony_record_copy(&all->records[all->count], record, all->error);
	all->count += status == HARMONY_OK;
	return status;
}

static harmony_status see_state(const harmony_record_state *record, void *user)
{
	kept *all = user;
	bool party = (HARMONY_BIT(record->kind) & HARMONY_PARTIES) != 0;
	/* Entries that the package has are never sent again, changed or not. */
	all->booked = (record->state == HARMONY_STATE_BOOKED || record->applied) && !party;
	return HARMONY_OK;
}

static harmony_status same_party(const harmony_record_state *record, void *user)
{
	kept *all = user;
	uint8_t hash[HARMONY_HASH_SIZE];
	harmony_status status = harmony_record_hash(hash, all->records[all->count - 1]);

	if (status == HARMONY_OK)
		status = see_state(record, user);
	if (status == HARMONY_OK && record->state == HARMONY_STATE_BOOKED &&
	    memcmp(hash, record->hash, sizeof(hash)) == 0)
		all->booked = true;
	return status;
}

/* Keeps a good record unless it would be skipped. */
static harmony_status keep_good(const harmony_record *record, const harmony_diagnostic *failures,
				size_t count, void *user)
{
	kept *all = user;
	harmony_store *store = all->integration->sync->options.store;
	uint8_t hash[HARMONY_HASH_SIZE];
	char key[HARMONY__KEY_ROOM];
	harmony_status status;

	(void)failures;
	if (count > 0)
		return HARMONY_OK;
	status = keep_copy(all, record);
	if (status != HARMONY_OK || store == NULL || all->integration->id == 0)
		return status;
	status = harmony_record_hash(hash, record);
	if (status != HARMONY_OK)
		return status;
	all->booked = false;
	(void)harmony__key_of(key, record, hash, 1);
	status = store->record_find(store->self, all->integration->id, key, NULL, 1, same_party,
				    all, all->error);
	if (all->booked)
		harmony_record_free(all->records[--all->count]);
	return status == HARMONY_NOTFOUND ? HARMONY_OK : status;
}

static harmony_status hear(const harmony_diagnostic *diagnostic, void *user)
{
	kept *all = user;
	return all->diagnostic != NULL ? all->diagnostic(diagnostic, all->user) : HARMONY_OK;
}

/* A stable sort by kind: insertion into as many runs as there are kinds. */
static void in_order(const kept *all, const harmony_record **out)
{
	size_t used = 0;

	for (harmony_kind kind = 1; kind <= HARMONY_KIND_LAST_; kind++)
		for (size_t i = 0; i < all->count; i++)
			if (harmony_record_kind(all->records[i]) == kind)
				out[used++] = all->records[i];
}

static harmony_status read_all(kept *all, harmony__integration *integration,
			       const char *const *paths, size_t path_count,
			       harmony_diagnostic_fn diagnostic, void *user, harmony_error *error)
{
	harmony__paths list;
	harmony_status status = HARMONY_OK;

	*all = (kept){.context = integration->sync->context,
		      .integration = integration,
		      .diagnostic = diagnostic,
		      .user = user,
		      .error = error};
	if (integration->sync->options.store != NULL)
		status = harmony__integration_id(integration, error);
	if (status != HARMONY_OK)
		return status;
	status = harmony__paths_of(&list, integration, paths, path_count, error);
	for (size_t i = 0; i < list.count && status == HARMONY_OK; i++)
		status = harmony__read_file(NULL, integration, list.list[i], keep_good, hear, NULL, all,
					    error);
	harmony__paths_free(&list);
	return status;
}

typedef struct preview {
	const harmony_connector *connector;
	harmony__integration *integration;
	harmony__buf text;
	harmony_request_fn request;
	harmony_diagnostic_fn diagnostic;
	void *user;
	harmony_error *error;
} preview;

static int code_under(const char *word)
{
	int code = 0;

	while (code < HARMONY_CODE_COUNT && strcmp(harmony_code_word(code), word) != 0)
		code++;
	return code < HARMONY_CODE_COUNT ? code : HARMONY_CODE_VENDOR;
}

/* A record that would be refused has no request to show, and holds nothing else up. */
static harmony_status tell_refused(const preview *out, const harmony_record *record,
                                   const harmony_error *why)
{
	harmony_diagnostic said = {.struct_size = sizeof(said),
	                           .severity = HARMONY_FAILURE,
	                           .code = code_under(why->code),
	                           .file = harmony_record_source_file(record),
	                           .line = harmony_record_source_line(record),
	                           .field = -1,
	                           .name = "",
	                           .raw = "",
	                           .message = why->message};

	return out->diagnostic != NULL ? out->diagnostic(&said, out->user) : HARMONY_OK;
}

static harmony_status preview_one(preview *out, const harmony_record *record)
{
	harmony_error why = HARMONY_ERROR_INIT;
	harmony_status status;

	if ((out->connector->capabilities & HARMONY_BIT(harmony_record_kind(record))) == 0)
		return HARMONY_OK;
	harmony__buf_clear(&out->text);
	status = out->connector->preview(out->integration->instance, record, harmony__buf_write,
	                                 &out->text, &why);
	if (status == HARMONY_REJECTED)
		return tell_refused(out, record, &why);
	if (status != HARMONY_OK)
		harmony__error_give(out->error, &why);
	if (status == HARMONY_OK)
		status = harmony__buf_check(&out->text, "a request", out->error);
	return status != HARMONY_OK ? status
				    : out->request(record, out->text.len > 0 ? out->text.data : "",
						   out->text.len, out->user);
}

/* What earlier runs left comes first in export, and in its dry run. */
static harmony_status preview_leftovers(preview *out, kept *files, harmony_error *error)
{
	harmony_store *store = out->integration->sync->options.store;
	harmony__window window;
	harmony_record_query query = {.struct_size = sizeof(query),
				      .integration = out->integration->id,
				      .states = HARMONY_STATE_BIT(HARMONY_STATE_NEW) |
						HARMONY_STATE_BIT(HARMONY_STATE_WAITING),
				      .with_json = 1,
				      .due = HARMONY_DUE_OURS};
	char key[HARMONY__KEY_ROOM];
	uint8_t hash[HARMONY_HASH_SIZE];
	harmony_status status;

	if (store == NULL)
		return HARMONY_OK;
	harmony__window_init(&window, out->integration->sync->context, error);
	status = store->record_list(store->self, &query, harmony__window_add, &window, error);
	for (size_t i = 0; i < window.count && status == HARMONY_OK; i++) {
		const harmony__entry *entry = &window.entries[i];
		bool again = entry->bad || !entry->owner; /* the files bring it again */
		for (size_t j = 0; j < files->count && !again; j++) {
			status = harmony_record_hash(hash, files->records[j]);
			(void)harmony__key_of(key, files->records[j], hash, 1);
			again = strcmp(key, entry->key) == 0;
		}
		if (!again && status == HARMONY_OK)
			status = preview_one(out, entry->record);
	}
	harmony__window_free(&window);
	return status;
}

harmony_status harmony_sync_preview(harmony_sync *sync, const char *name, const char *const *paths,
				    size_t path_count, harmony_request_fn request,
				    harmony_diagnostic_fn diagnostic, void *user,
				    harmony_error *error)
{
	preview out = {
		.request = request, .diagnostic = diagnostic, .user = user, .error = error};
	const harmony_record **ordered = NULL;
	kept all = {0};
	harmony_status status = harmony__integration_find(&out.integration, sync, name, error);

	if (status != HARMONY_OK)
		return status;
	if (request == NULL)
		return harmony_error_set(error, HARMONY_INVALID, NULL,
					 "harmony_sync_preview needs a callback for the requests");
	out.connector = out.integration->connector;
	if ((out.connector->capabilities & HARMONY_CAN_PREVIEW) == 0 ||
	    out.connector->preview == NULL)
		return harmony_error_set(error, HARMONY_UNSUPPORTED, NULL,
					 "the connector %s cannot show its requests",
					 out.connector->name);
	harmony__buf_init(&out.text, sync->context, HARMONY_MAX_RESPONSE);
	status = read_all(&all, out.integration, paths, path_count, diagnostic, user, error);
	if (status == HARMONY_OK)
		status = harmony__connector_open(out.integration, error);
	if (status == HARMONY_OK)
		status = preview_leftovers(&out, &all, error);
	if (status == HARMONY_OK && all.count > 0) {
		ordered = harmony__alloc(sync->context, all.count * sizeof(*ordered));
		status = ordered != NULL ? HARMONY_OK : harmony__nomem(error);
	}
	if (status == HARMONY_OK && all.count > 0)
		in_order(&all, ordered);
	for (size_t i = 0; i < all.count && status == HARMONY_OK; i++)
		status = preview_one(&out, ordered[i]);
	harmony__free(sync->context, (void *)ordered);
	kept_free(&all);
	harmony__buf_free(&out.text);
	harmony__connector_close(out.integration);
	return harmony__answer(status, error);
}

typedef struct test_findings {
	harmony_finding_fn finding;
	void *user;
	bool failed;
} test_findings;

static harmony_status count_finding(int severity, const char *subject, const char *message,
				    void *user)
{
	test_findings *all = user;
	all->failed = all->failed || severity >= HARMONY_FAILURE;
	return all->finding != NULL ? all->finding(severity, subject, message, all->user)
				    : HARMONY_OK;
}

static harmony_status finding_of_file(const harmony_diagnostic *diagnostic, void *user)
{
	char subject[320];

	(void)snprintf(subject, sizeof(subject), "%s:%llu", diagnostic->file,
		       (unsigned long long)diagnostic->line);
	return count_finding(diagnostic->severity, subject, diagnostic->message, user);
}

harmony_status harmony_sync_test(harmony_sync *sync, const char *name, const char *const *paths,
				 size_t path_count, harmony_finding_fn finding, void *user,
				 harmony_error *error)
{
	test_findings all = {finding, user, false};
	harmony__integration *integration;
	kept records = {0};
	harmony_status status = harmony__integration_find(&integration, sync, name, error);

	if (status != HARMONY_OK)
		return status;
	if (path_count > 0)
		status = read_all(&records, integration, paths, path_count, finding_of_file, &all,
				  error);
	if (status == HARMONY_OK)
		status = harmony__connector_open(integration, error);
	if (status == HARMONY_OK)
		status = integration->connector->check(
		    integration->instance, (const harmony_record *const *)records.records,
		    records.count, count_finding, &all, error);
	kept_free(&records);
	harmony__connector_close(integration);
	if (status == HARMONY_OK && all.failed)
		return harmony_error_set(error, HARMONY_REJECTED, NULL,
					 "export to %s would fail on what was found", name);
	return harmony__answer(status, error);
}
