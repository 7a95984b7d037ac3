/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "record/record.h"
#include "sync/sync.h"

/* ---- reading a file of any kind ---- */

/* JSON lines begin with an object, and an array is told what to write instead; a row of
   fmuta6 never begins so. */
static bool is_jsonl(const char *text, size_t len)
{
	static const char mark[] = "\xEF\xBB\xBF";
	size_t at = len >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0;

	while (at < len && strchr(" \t\r\n", text[at]) != NULL && text[at] != '\0')
		at++;
	return at < len && (text[at] == '{' || text[at] == '[');
}

typedef struct reader {
	harmony__integration *integration;
	const char *name;
	harmony_record_fn record;
	harmony_diagnostic_fn diagnostic;
	void *user;
	harmony_jsonl *jsonl;
	harmony_fmuta6 *fmuta6;
} reader;

static harmony_status reader_feed(reader *in, const void *data, size_t len, harmony_error *error)
{
	harmony_context *context = in->integration->sync->context;
	harmony_status status = HARMONY_OK;

	if (in->jsonl == NULL && in->fmuta6 == NULL)
		status =
		    is_jsonl(data, len)
			? harmony_jsonl_new(&in->jsonl, context, in->name, in->record,
					    in->diagnostic, in->user, error)
			: harmony_fmuta6_new(&in->fmuta6, context, &in->integration->fmuta6,
					     in->name, in->record, in->diagnostic, in->user, error);
	if (status != HARMONY_OK)
		return status;
	return in->jsonl != NULL ? harmony_jsonl_feed(in->jsonl, data, len, error)
				 : harmony_fmuta6_feed(in->fmuta6, data, len, error);
}

static harmony_status reader_finish(reader *in, harmony_error *error)
{
	if (in->jsonl != NULL)
		return harmony_jsonl_finish(in->jsonl, error);
	return in->fmuta6 != NULL ? harmony_fmuta6_finish(in->fmuta6, error) : HARMONY_OK;
}

static void tell_progress(harmony_sync *sync, const harmony_source *source)
{
	uint64_t done, total;

	if (sync->options.progress == NULL)
		return;
	harmony_source_progress(source, &done, &total);
	sync->options.progress(HARMONY_PHASE_INTAKE, harmony_source_name(source), done, total,
			       sync->options.user);
}

static bool same_state(const harmony__file_info *a, const harmony__file_info *b)
{
	return a->size == b->size && a->inode == b->inode && a->modified_ns == b->modified_ns;
}

/* The file must be the same before and after: what grows while it is read is taken in
   at another time. */
static harmony_status still_same(const char *path, const harmony__file_info *before,
				 harmony_error *error)
{
	harmony__file_info after;
	harmony_status status = harmony__file_stat(&after, path, error);

	if (status != HARMONY_OK && status != HARMONY_NOTFOUND)
		return status;
	if (status == HARMONY_OK && same_state(&after, before))
		return HARMONY_OK;
	return harmony_error_set(
	    error, HARMONY_RETRY, NULL,
	    "%s changed while it was read; nothing of it was taken in, try again "
	    "when it is complete",
	    path);
}

harmony_status harmony__read_file(harmony__file_info *state, harmony__integration *integration,
				  const char *path, harmony_record_fn record,
				  harmony_diagnostic_fn diagnostic, harmony_write_fn bytes,
				  void *user, harmony_error *error)
{
	reader in = {integration, NULL, record, diagnostic, user, NULL, NULL};
	harmony_source *source = NULL;
	harmony__file_info before = {0};
	const void *data;
	size_t len;
	harmony_status status = HARMONY_OK;

	/* Before it is opened: what takes its place from here on is noticed below. */
	if (strcmp(path, "-") != 0)
		status = harmony__file_stat(&before, path, error);
	if (state != NULL)
		*state = before;
	if (status == HARMONY_OK || status == HARMONY_NOTFOUND)
		status = harmony_source_open(&source, integration->sync->context, path, error);
	if (status != HARMONY_OK)
		return status == HARMONY_NOTFOUND ? HARMONY_IO : status;
	in.name = harmony_source_name(source);
	while (status == HARMONY_OK &&
	       (status = harmony_source_next(&data, &len, source, error)) == HARMONY_OK &&
	       len > 0) {
		if (bytes != NULL && (status = bytes(data, len, user)) != HARMONY_OK)
			break;
		status = reader_feed(&in, data, len, error);
		tell_progress(integration->sync, source);
		if (status == HARMONY_OK && harmony__cancelled(integration->sync))
			status = harmony_error_set(
			    error, HARMONY_CANCELLED, NULL,
			    "stopped while %s was read; nothing of it was taken in", path);
	}
	if (status == HARMONY_OK)
		status = reader_finish(&in, error);
	if (status == HARMONY_OK && before.regular)
		status = still_same(path, &before, error);
	harmony_jsonl_free(in.jsonl);
	harmony_fmuta6_free(in.fmuta6);
	harmony_source_free(source);
	return status;
}

/* ---- which files ---- */

static harmony_status add_path(harmony__paths *paths, const char *path, size_t len)
{
	char *copy;

	if (harmony__grow(paths->context, (void **)&paths->list, &paths->capacity, paths->count + 1,
			  sizeof(char *)) != HARMONY_OK ||
	    harmony__grow(paths->context, (void **)&paths->states, &paths->states_capacity,
			  paths->count + 1, sizeof(*paths->states)) != HARMONY_OK ||
	    (copy = harmony__alloc(paths->context, len + 1)) == NULL)
		return HARMONY_NOMEM;
	memcpy(copy, path, len);
	copy[len] = '\0';
	paths->states[paths->count] = (harmony__file_info){0};
	paths->list[paths->count++] = copy;
	return HARMONY_OK;
}

void harmony__paths_free(harmony__paths *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		harmony__free(paths->context, paths->list[i]);
	harmony__free(paths->context, paths->list);
	harmony__free(paths->context, paths->states);
	*paths = (harmony__paths){.context = paths->context};
}

/* In the order in which they are taken in: relations, entries. */
enum { DEBTORS, CREDITORS, ENTRIES, COMPANION, RANKS };

typedef struct beside {
	const char *folder;        /* with its slash, "" for the working one */
	const char *wanted[RANKS]; /* NULL: not that one */
	harmony__paths found[RANKS];
} beside;

/* Names are compared as on the ERP's own system: without case. */
static harmony_status match_name(const char *name, void *user)
{
	beside *look = user;
	harmony_status status = HARMONY_OK;

	for (int rank = 0; rank < RANKS && status == HARMONY_OK; rank++) {
		harmony__buf path;
		if (look->wanted[rank] == NULL || !harmony__equal_nocase(name, look->wanted[rank]))
			continue;
		harmony__buf_init(&path, look->found[rank].context, 4096);
		status = harmony__buf_printf(&path, "%s%s", look->folder, name);
		if (status == HARMONY_OK)
			status = add_path(&look->found[rank], path.data, path.len);
		harmony__buf_free(&path);
	}
	return status;
}

/* The files of an export that lie beside it, or its companion. */
static harmony_status paths_beside(harmony__paths *out, const char *export_path, bool companion,
				   harmony_error *error)
{
	const char *slash = strrchr(export_path, '/');
	size_t len = slash != NULL ? (size_t)(slash - export_path) + 1 : 0;
	beside look = {.folder = ""};
	harmony__buf folder, ready;
	harmony_status status;

	harmony__buf_init(&folder, out->context, 4096);
	harmony__buf_init(&ready, out->context, 4096);
	(void)harmony__buf_add(&folder, export_path, len);
	(void)harmony__buf_printf(&ready, "%s.ready", export_path + len);
	status = harmony__buf_check(&folder, "export_path", error);
	if (status == HARMONY_OK)
		status = harmony__buf_check(&ready, "export_path", error);
	look.folder = len > 0 ? folder.data : "";
	look.wanted[DEBTORS] = companion ? NULL : "debitr.csv";
	look.wanted[CREDITORS] = companion ? NULL : "credit.csv";
	look.wanted[ENTRIES] = companion ? NULL : export_path + len;
	look.wanted[COMPANION] = companion ? ready.data : NULL;
	for (int rank = 0; rank < RANKS; rank++)
		look.found[rank].context = out->context;
	if (status == HARMONY_OK)
		status =
		    harmony__folder_each(len > 0 ? folder.data : ".", match_name, &look, error);
	for (int rank = 0; rank < RANKS; rank++) {
		const harmony__paths *found = &look.found[rank];
		for (size_t i = 0; i < found->count && status == HARMONY_OK; i++)
			status = add_path(out, found->list[i], strlen(found->list[i]));
		harmony__paths_free(&look.found[rank]);
	}
	harmony__buf_free(&ready);
	harmony__buf_free(&folder);
	return status == HARMONY_NOMEM ? harmony__nomem(error) : status;
}

static bool is_csv(const char *path)
{
	size_t len = strlen(path);
	return len >= 4 && harmony__equal_nocase(path + len - 4, ".csv");
}

/* export_path, absolute; where that is a folder, the usual name in it. One that is called
   like a file is in the way of the file. */
static harmony_status export_file(harmony__buf *path, harmony__integration *integration,
				  harmony_error *error)
{
	const char *watched = harmony_settings_get(integration->settings, "export_path");
	harmony__file_info info;
	harmony_status status = harmony__path(path, integration->sync, watched, error);

	if (status == HARMONY_OK && harmony__file_stat(&info, path->data, NULL) == HARMONY_OK &&
	    !info.regular && !is_csv(path->data)) {
		(void)harmony__buf_str(path, "/fmuta6.csv");
		status = harmony__buf_check(path, "export_path", error);
	}
	return status;
}

harmony_status harmony__paths_of(harmony__paths *out, harmony__integration *integration,
				 const char *const *paths, size_t count, harmony_error *error)
{
	const char *watched = harmony_settings_get(integration->settings, "export_path");
	harmony__buf path;
	harmony_status status = HARMONY_OK;

	*out = (harmony__paths){.context = integration->sync->context};
	for (size_t i = 0; i < count && status == HARMONY_OK; i++)
		status = add_path(out, paths[i], strlen(paths[i]));
	if (status == HARMONY_NOMEM)
		return harmony__nomem(error);
	if (count > 0 || watched == NULL)
		return HARMONY_OK;
	harmony__buf_init(&path, integration->sync->context, 4096);
	status = export_file(&path, integration, error);
	if (status == HARMONY_OK)
		status = paths_beside(out, path.data, false, error);
	harmony__buf_free(&path);
	return status == HARMONY_NOTFOUND ? HARMONY_CONFIG : status;
}

/* Files that tell that the export is complete, beside it. */
static harmony_status companions_of(harmony__paths *out, harmony__integration *integration,
				    harmony_error *error)
{
	harmony__buf path;
	harmony_status status;

	*out = (harmony__paths){.context = integration->sync->context};
	harmony__buf_init(&path, integration->sync->context, 4096);
	status = export_file(&path, integration, error);
	if (status == HARMONY_OK)
		status = paths_beside(out, path.data, true, error);
	harmony__buf_free(&path);
	return status == HARMONY_NOTFOUND ? HARMONY_CONFIG : status;
}

/* ---- one record into the store ---- */

bool harmony__key_of(char key[HARMONY__KEY_ROOM], const harmony_record *record,
		     const uint8_t hash[HARMONY_HASH_SIZE], uint32_t occurrence)
{
	char hex[2 * HARMONY_HASH_SIZE + 1];

	if (harmony_record_key(key, record))
		return true;
	harmony__hex(hex, hash, HARMONY_HASH_SIZE);
	(void)snprintf(key, HARMONY__KEY_ROOM, "%s/#%s/%u",
		       harmony_kind_word(harmony_record_kind(record)), hex, occurrence);
	return false;
}

/* What comes in. */
typedef struct incoming {
	harmony_record_state state; /* the row that it would be */
	const harmony_record *record;
	const harmony_diagnostic *failures;
	size_t count;
	char key[HARMONY__KEY_ROOM];
	char identifier[HARMONY_KEY_SIZE];
} incoming;

/* What of a record in the store decides about another one. */
typedef struct known {
	int64_t id;
	int state, applied;
	uint32_t version;
	uint8_t hash[HARMONY_HASH_SIZE];
	bool here;
} known;

static harmony_status keep_known(const harmony_record_state *record, void *user)
{
	known *out = user;

	out->id = record->id;
	out->state = record->state;
	out->applied = record->applied;
	out->version = record->version;
	memcpy(out->hash, record->hash, sizeof(out->hash));
	out->here = true;
	return HARMONY_OK;
}

static harmony_status find_known(known *out, harmony__job *job, const incoming *in, int owner,
				 harmony_error *error)
{
	harmony_status status;

	*out = (known){0};
	status = job->store->record_find(job->store->self, job->integration->id, in->key,
					 in->state.hash, owner, keep_known, out, error);
	return status == HARMONY_NOTFOUND ? HARMONY_OK : status;
}

static harmony_status add_findings(harmony__job *job, int64_t id, const incoming *in,
				   harmony_error *error)
{
	char path[48];
	harmony_status status = HARMONY_OK;

	for (size_t i = 0; i < in->count && status == HARMONY_OK; i++) {
		const harmony_diagnostic *failure = &in->failures[i];
		harmony__field_path(path, sizeof(path), failure);
		harmony_event event = {.struct_size = sizeof(event),
				       .type = HARMONY_EVENT_FINDING,
				       .run = job->run.id,
				       .who = in->state.source_file,
				       .code = harmony_code_word(failure->code),
				       .field = path,
				       .old_value = failure->raw,
				       .message = failure->message};
		status = job->store->event_add(job->store->self, id, &event, error);
	}
	return status;
}

/* The outcome of this run for a record, from this file and line. With state -1 and
   outcome -1 what the record's row says. */
static harmony_status put_outcome(harmony__job *job, const incoming *in, int64_t id, int outcome,
				  bool claim, harmony_error *error)
{
	harmony_record_change change = HARMONY_RECORD_CHANGE_INIT;

	change.id = id;
	change.outcome = 1;
	change.outcome_state = outcome;
	change.claim = claim;
	change.file = job->file.id;
	change.line = in->state.source_line;
	return harmony__change(job, &change, error);
}

static harmony_status touch(harmony__job *job, int64_t id, harmony_error *error)
{
	return harmony__ids_add(&job->touched, id) == HARMONY_OK ? HARMONY_OK
								 : harmony__nomem(error);
}

/* Adds a record, or with `id` a version of it. A state with an end gets its outcome. */
static harmony_status put_record(harmony__job *job, incoming *in, int64_t id, int state,
				 harmony_error *error)
{
	harmony_status status;

	in->state.id = id;
	in->state.state = state;
	if (id != 0)
		status = job->store->record_revise(job->store->self, &in->state,
						   in->state.source_file, error);
	else
		status = job->store->record_add(&id, job->store->self, &in->state,
						in->state.source_file, error);
	if (status == HARMONY_OK)
		status = touch(job, id, error);
	if (status == HARMONY_OK && in->count > 0)
		status = add_findings(job, id, in, error);
	if (status == HARMONY_OK && state == HARMONY_STATE_REJECTED)
		status = put_outcome(job, in, id, -1, false, error);
	return status;
}

/* A record beside the owner of its key: it is kept, and not offered while it is not the
   owner. The same one is not kept twice. */
static harmony_status put_beside(harmony__job *job, incoming *in, int state, int code,
				 const char *field, const char *message, harmony_error *error)
{
	known twin;
	harmony_status status = find_known(&twin, job, in, 0, error);

	if (status != HARMONY_OK)
		return status;
	if (in->count == 0) {
		in->state.code = harmony_code_word(code);
		in->state.field = field;
		in->state.message = message;
	}
	in->state.owner = 0;
	if (!twin.here || twin.state == HARMONY_STATE_SKIPPED)
		return put_record(job, in, 0, state, error);
	harmony_record_change change = HARMONY_RECORD_CHANGE_INIT;
	change.id = twin.id;
	change.state = state;
	change.outcome = state == HARMONY_STATE_REJECTED;
	change.file = job->file.id;
	change.line = in->state.source_line;
	change.code = in->state.code;
	change.field = in->state.field;
	change.message = in->state.message;
	status = harmony__change(job, &change, error);
	return status == HARMONY_OK ? touch(job, twin.id, error) : status;
}

/* The file brings again what the record was once: the record stays as it is, with what a
   person edited since. */
static harmony_status join(harmony__job *job, incoming *in, const known *owner,
			   harmony_error *error)
{
	harmony_record_change change = HARMONY_RECORD_CHANGE_INIT;
	bool same = memcmp(owner->hash, in->state.hash, HARMONY_HASH_SIZE) == 0;
	harmony_status status = touch(job, owner->id, error);

	if (status != HARMONY_OK)
		return status;
	if (owner->state == HARMONY_STATE_BOOKED)
		return put_outcome(job, in, owner->id, HARMONY_STATE_SKIPPED, false, error);
	if (owner->state == HARMONY_STATE_REJECTED && owner->applied)
		return put_outcome(job, in, owner->id, -1, true, error);
	change.id = owner->id;
	if (owner->state == HARMONY_STATE_REJECTED) {
		/* Good: offered again, the reason may be gone. Still bad, and not edited:
		   rejected again, in the words of today. */
		change.state = in->count == 0 ? HARMONY_STATE_NEW
			       : same         ? HARMONY_STATE_REJECTED
					      : -1;
		change.outcome = in->count > 0;
		change.code = in->count > 0 ? in->state.code : NULL;
		change.field = in->count > 0 ? in->state.field : NULL;
		change.message = in->count > 0 ? in->state.message : NULL;
		change.file = job->file.id;
		change.line = in->state.source_line;
	}
	change.claim = 1;
	return harmony__change(job, &change, error);
}

static harmony_status put_changed(harmony__job *job, incoming *in, int64_t booked,
				  harmony_error *error)
{
	char field[48], message[512];
	harmony_status status = harmony__tell_change(field, sizeof(field), message, sizeof(message),
						     job, booked, in->record, error);

	return status != HARMONY_OK ? status
				    : put_beside(job, in, HARMONY_STATE_REJECTED,
						 HARMONY_CODE_CHANGED_AFTER_BOOKING, field,
						 message, error);
}

/* The key is known, the content is not. */
static harmony_status other_content(harmony__job *job, incoming *in, const known *owner,
				    harmony_error *error)
{
	bool party = (HARMONY_BIT(in->state.kind) & HARMONY_PARTIES) != 0;
	bool unknown =
	    owner->state == HARMONY_STATE_IN_DOUBT || owner->state == HARMONY_STATE_OFFERED;

	if (!party && (owner->applied || owner->state == HARMONY_STATE_BOOKED))
		return put_changed(job, in, owner->id, error);
	if (!party && unknown)
		return put_beside(
		    job, in, HARMONY_STATE_WAITING, HARMONY_CODE_IN_DOUBT, "",
		    "an earlier version of this entry may be booked; it is looked up first", error);
	return put_record(job, in, owner->id, unknown ? HARMONY_STATE_IN_DOUBT : HARMONY_STATE_NEW,
			  error);
}

static harmony_status bad_content(harmony__job *job, incoming *in, const known *owner,
				  harmony_error *error)
{
	if (owner->state == HARMONY_STATE_REJECTED && !owner->applied)
		return put_record(job, in, owner->id, HARMONY_STATE_REJECTED, error);
	return put_beside(job, in, HARMONY_STATE_REJECTED, in->failures[0].code, "",
			  in->failures[0].message, error);
}

/* Twice in one run: a relation's last row counts, an entry's first. */
static harmony_status second_time(harmony__job *job, incoming *in, const known *owner,
				  harmony_error *error)
{
	if (memcmp(owner->hash, in->state.hash, HARMONY_HASH_SIZE) == 0 && in->count == 0)
		return HARMONY_OK;
	if ((HARMONY_BIT(in->state.kind) & HARMONY_PARTIES) != 0 && in->count == 0)
		return other_content(job, in, owner, error);
	return put_beside(
	    job, in, HARMONY_STATE_REJECTED, HARMONY_CODE_DUPLICATE, "",
	    "this entry stands twice in what was taken in, with different content; give "
	    "one of the two another number in the ERP",
	    error);
}

typedef struct finding_of_old {
	const harmony_diagnostic *failure;
	char field[48];
	bool found;
} finding_of_old;

static harmony_status compare_finding(const harmony_event *event, void *user)
{
	finding_of_old *old = user;
	const harmony_diagnostic *failure = old->failure;

	old->found = old->found ||
		     (event->type == HARMONY_EVENT_FINDING &&
		      strcmp(event->code, harmony_code_word(failure->code)) == 0 &&
		      strcmp(event->field, old->field) == 0 &&
		      strcmp(event->old_value, failure->raw != NULL ? failure->raw : "") == 0);
	return HARMONY_OK;
}

/* The same fields, but one that could not be read this time is not the same content, unless
   it could not be read then either. */
static harmony_status failed_then(int *same, harmony__job *job, const incoming *in, int64_t owner,
				  harmony_error *error)
{
	finding_of_old old = {.failure = &in->failures[0]};
	harmony__field_path(old.field, sizeof(old.field), &in->failures[0]);
	harmony_status status =
	    job->store->event_list(job->store->self, owner, compare_finding, &old, error);
	*same = old.found;
	return status;
}

static harmony_status decide(harmony__job *job, incoming *in, harmony_error *error)
{
	known owner;
	int received = 0;
	harmony_status status = find_known(&owner, job, in, 1, error);

	if (status != HARMONY_OK)
		return status;
	if (!owner.here)
		return put_record(
		    job, in, 0, in->count > 0 ? HARMONY_STATE_REJECTED : HARMONY_STATE_NEW, error);
	if (harmony__ids_has(&job->touched, owner.id))
		return second_time(job, in, &owner, error);
	received = memcmp(owner.hash, in->state.hash, HARMONY_HASH_SIZE) == 0;
	if (!received && owner.version > 1)
		status = job->store->record_received(&received, job->store->self, owner.id,
						     in->state.hash, error);
	if (status == HARMONY_OK && received && in->count > 0 &&
	    owner.state != HARMONY_STATE_REJECTED)
		status = failed_then(&received, job, in, owner.id, error);
	if (status != HARMONY_OK)
		return status;
	if (received)
		return join(job, in, &owner, error);
	return in->count > 0 ? bad_content(job, in, &owner, error)
			     : other_content(job, in, &owner, error);
}

/* How many equal records without a number came before this one, and itself. */
static harmony_status occurrence_of(harmony__job *job, incoming *in, harmony_error *error)
{
	known owner;
	harmony_status status;
	bool same = memcmp(job->last_hash, in->state.hash, HARMONY_HASH_SIZE) == 0;

	for (uint32_t n = same ? job->last_occurrence + 1 : 1;; n++) {
		(void)harmony__key_of(in->key, in->record, in->state.hash, n);
		status = find_known(&owner, job, in, 1, error);
		if (status != HARMONY_OK)
			return status;
		if (owner.here && harmony__ids_has(&job->touched, owner.id))
			continue;
		memcpy(job->last_hash, in->state.hash, HARMONY_HASH_SIZE);
		job->last_occurrence = n;
		return HARMONY_OK;
	}
}

static harmony_status describe(incoming *in, harmony__job *job, harmony_error *error)
{
	harmony_status status;

	harmony__buf_clear(&job->json);
	status = harmony_record_write_json(in->record, harmony__buf_write, &job->json, error);
	if (status == HARMONY_OK)
		status = harmony_record_hash(in->state.hash, in->record);
	if (status != HARMONY_OK)
		return status;
	in->state.struct_size = sizeof(in->state);
	in->state.integration = job->integration->id;
	in->state.run = job->run.id;
	in->state.kind = harmony_record_kind(in->record);
	in->state.owner = 1;
	in->state.file = job->file.id;
	in->state.source_file = job->file.name;
	in->state.source_line = harmony_record_source_line(in->record);
	in->state.json = job->json.data;
	in->state.json_len = job->json.len;
	harmony_record_identifier(in->identifier, in->record);
	in->state.identifier = in->identifier;
	in->state.key = in->key;
	return HARMONY_OK;
}

typedef struct intake {
	harmony__job *job;
	harmony__sha256 sha;
	uint64_t size;
	uint64_t told, claimed; /* failures, and those that came with a record */
	harmony_error first;    /* of those that none has claimed yet */
	bool failed;            /* the store did, not the file */
	harmony_error *error;
} intake;

/* A record that has as many failures as are kept may have more. */
static void claim(intake *into, size_t count)
{
	into->claimed = count < HARMONY__FAILURES_KEPT ? into->claimed + count : into->told;
	if (into->claimed >= into->told)
		into->first.status = HARMONY_OK;
}

/* What was wrong and became no record: the run says so, since nothing else would. */
static void count_lost(harmony__job *job, const intake *into)
{
	if (into->told <= into->claimed)
		return;
	if (job->lost == 0)
		job->lost_first = into->first;
	job->lost += into->told - into->claimed;
}

static harmony_status take_record(const harmony_record *record, const harmony_diagnostic *failures,
				  size_t count, void *user)
{
	intake *into = user;
	incoming in = {.record = record, .failures = failures, .count = count};
	char path[48] = "";
	harmony_status status = describe(&in, into->job, into->error);

	claim(into, count);
	if (status != HARMONY_OK)
		return status;
	if (count > 0) {
		harmony__field_path(path, sizeof(path), &failures[0]);
		in.state.code = harmony_code_word(failures[0].code);
		in.state.field = path;
		in.state.message = failures[0].message;
		in.state.raw = failures[0].raw;
	}
	if (!harmony__key_of(in.key, record, in.state.hash, 1))
		status = occurrence_of(into->job, &in, into->error);
	if (status == HARMONY_OK)
		status = decide(into->job, &in, into->error);
	into->failed = status != HARMONY_OK;
	return status;
}

static harmony_status take_diagnostic(const harmony_diagnostic *diagnostic, void *user)
{
	intake *into = user;
	const harmony__job *job = into->job;

	if (diagnostic->severity >= HARMONY_FAILURE) {
		into->told++;
		harmony_error_set(&into->first, HARMONY_REJECTED,
				  harmony_code_word(diagnostic->code), "%s:%llu: %s",
				  diagnostic->file, (unsigned long long)diagnostic->line,
				  diagnostic->message);
	}
	return job->diagnostic != NULL ? job->diagnostic(diagnostic, job->user) : HARMONY_OK;
}

/* ---- one file into the store ---- */

static harmony_status take_bytes(const void *data, size_t len, void *user)
{
	intake *into = user;
	harmony__job *job = into->job;

	into->size += len;
	if (into->size > HARMONY_MAX_INTAKE)
		return harmony_error_set(into->error, HARMONY_LIMIT, NULL,
					 "%s is larger than %u bytes; split it", job->file.name,
					 HARMONY_MAX_INTAKE);
	harmony__sha256_add(&into->sha, data, len);
	harmony_status status =
	    job->store->file_write(job->store->self, &job->file, data, len, into->error);
	into->failed = status != HARMONY_OK;
	return status;
}

static void name_in_run(harmony_run *run, const char *name)
{
	size_t used = strlen(run->file);

	if (used > 0 && used + 3 < sizeof(run->file))
		used += harmony__copy_text(run->file + used, sizeof(run->file) - used, ", ", 2);
	(void)harmony__copy_text(run->file + used, sizeof(run->file) - used, name, strlen(name));
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return strcmp(path, "-") == 0 ? "standard input" : slash != NULL ? slash + 1 : path;
}

/* What was found by its name may be anything. A pipe that nobody writes to would never end. */
static harmony_status check_regular(const char *path, harmony_error *error)
{
	harmony__file_info info;
	harmony_status status = harmony__file_stat(&info, path, error);

	if (status != HARMONY_OK || info.regular)
		return status == HARMONY_NOTFOUND ? HARMONY_OK : status; /* reading it tells */
	return harmony_error_set(error, HARMONY_IO, NULL,
				 "%s is a folder, a pipe or a device, and no file; take it away, "
				 "and let the ERP write a file there",
				 path);
}

static harmony_status take_file(harmony__job *job, const char *path, bool watched,
				harmony_error *error)
{
	intake into = {.job = job, .first = HARMONY_ERROR_INIT, .error = error};
	int64_t known_as = 0;
	harmony_status status;

	harmony__sha256_init(&into.sha);
	job->file = (harmony_intake){.struct_size = sizeof(job->file),
				     .integration = job->integration->id,
				     .run = job->run.id,
				     .name = base_name(path),
				     .path = path};
	if (watched && (status = check_regular(path, error)) != HARMONY_OK) {
		job->unreadable = true;
		return status;
	}
	status = job->store->file_begin(job->store->self, &job->file, error);
	if (status == HARMONY_OK)
		status = harmony__read_file(&job->state, job->integration, path, take_record,
					    take_diagnostic, take_bytes, &into, error);
	job->unreadable = status != HARMONY_OK && !into.failed;
	if (status != HARMONY_OK)
		return status;
	count_lost(job, &into);
	job->file.size = into.size;
	harmony__sha256_end(&into.sha, job->file.hash);
	status = job->store->file_end(&known_as, job->store->self, &job->file, error);
	if (status == HARMONY_OK) {
		job->run.files++;
		job->run.known += known_as != 0;
		name_in_run(&job->run, job->file.name);
		if (known_as != 0)
			harmony__log(job->context, HARMONY_LOG_INFO,
				     "integration %s: %s was taken in before, byte for byte",
				     job->integration->name, path);
	}
	return status;
}

/* ---- watched files ---- */

/* What tells one state of a file from another. */
static void fingerprint(char text[96], const harmony__file_info *info)
{
	(void)snprintf(text, 96, "%llu %lld %llu", (unsigned long long)info->size,
		       (long long)info->modified_ns, (unsigned long long)info->inode);
}

/* The same of all of them; 0 when none is there. Who may read them counts here, too: one that
   could not be read is tried again when that changes. */
static harmony_status print_of(uint64_t *print, const harmony__paths *paths, harmony_error *error)
{
	harmony__file_info info;
	char text[96];

	*print = 0;
	for (size_t i = 0; i < paths->count; i++) {
		harmony_status status = harmony__file_stat(&info, paths->list[i], error);
		if (status == HARMONY_NOTFOUND)
			continue;
		if (status != HARMONY_OK)
			return status;
		fingerprint(text, &info);
		*print = harmony__hash64(paths->list[i], strlen(paths->list[i]), *print);
		*print = harmony__hash64(&info.mode, sizeof(info.mode), *print);
		*print = harmony__hash64(text, strlen(text), *print) | 1;
	}
	return HARMONY_OK;
}

static bool wants_companion(harmony__integration *integration)
{
	return strcmp(harmony__setting(integration, "ready"), "yes") == 0;
}

harmony_status harmony__note_companions(harmony__job *job, harmony_error *error)
{
	harmony__paths *all = &job->companions;
	harmony_status status;

	if (!wants_companion(job->integration) ||
	    harmony_settings_get(job->integration->settings, "export_path") == NULL)
		return HARMONY_OK;
	status = companions_of(all, job->integration, error);
	for (size_t i = 0; i < all->count; i++)
		(void)harmony__file_stat(&all->states[i], all->list[i], NULL);
	return status;
}

harmony_status harmony__watch(harmony__watched *out, harmony__integration *integration,
			      uint64_t known_print, harmony_error *error)
{
	harmony__paths paths, companions = {.context = integration->sync->context};
	harmony_status status = harmony__paths_of(&paths, integration, NULL, 0, error);

	*out = (harmony__watched){.empty = paths.count == 0};
	if (status == HARMONY_OK)
		status = print_of(&out->print, &paths, error);
	if (status == HARMONY_OK && wants_companion(integration) && out->print != 0) {
		status = companions_of(&companions, integration, error);
		out->companion = out->whole = companions.count > 0;
		if (companions.count == 0)
			out->print = 0;
	} else if (out->print != 0 && out->print != known_print) {
		out->whole = true;
		for (size_t i = 0; i < paths.count; i++)
			out->whole = out->whole && harmony__file_has_end(paths.list[i]);
	}
	harmony__paths_free(&companions);
	harmony__paths_free(&paths);
	return status;
}

static harmony_status memo_name(harmony__buf *name, harmony__integration *integration,
				const char *path)
{
	harmony__buf_init(name, integration->sync->context, 8192);
	return harmony__buf_printf(name, "taken:%s", path);
}

static harmony_status taken_before(bool *yes, harmony__job *job, const char *path, const char *now,
				   harmony_error *error)
{
	char then[96];
	size_t len = sizeof(then);
	harmony__buf name;
	harmony_status status = memo_name(&name, job->integration, path);

	if (status == HARMONY_OK)
		status = job->store->memo_load(then, &len, job->store->self, job->integration->id,
					       name.data, error);
	harmony__buf_free(&name);
	*yes = status == HARMONY_OK && len == strlen(now) && memcmp(then, now, len) == 0;
	return status == HARMONY_NOTFOUND ? HARMONY_OK : status;
}

/* That this state of it was taken; another one may lie there already. */
static harmony_status remember(harmony__integration *integration, const char *path,
			       const harmony__file_info *state, harmony_error *error)
{
	harmony_store *store = integration->sync->options.store;
	char now[96];
	harmony__buf name;
	harmony_status status;

	fingerprint(now, state);
	status = memo_name(&name, integration, path);
	if (status == HARMONY_OK)
		status = store->memo_save(store->self, integration->id, name.data, now, strlen(now),
					  error);
	harmony__buf_free(&name);
	return status;
}

/* The same after the setting `stable` as before it, when nobody has watched them so far. */
static harmony_status stay_the_same(bool *same, harmony__job *job, harmony_error *error)
{
	harmony__watched before, after;
	harmony_status status = harmony__watch(&before, job->integration, 0, error);

	if (status != HARMONY_OK)
		return status;
	status = harmony__sleep(job->sync, job->integration->stable);
	if (status != HARMONY_OK)
		return harmony_error_set(error, status, NULL, "stopped while files were watched");
	status = harmony__watch(&after, job->integration, 0, error);
	*same = before.print != 0 && after.print == before.print;
	return status;
}

static void clear_away(harmony__job *job, const harmony__paths *paths, int64_t number,
		       bool watched);

/* Parts what was taken in before from what is to be. */
static harmony_status drop_known(harmony__paths *paths, harmony__paths *taken, harmony__job *job,
				 harmony_error *error)
{
	harmony__file_info info;
	char now[96];
	size_t kept = 0, count = paths->count;
	harmony_status status = HARMONY_OK;

	for (size_t i = 0; i < count; i++) {
		char *path = paths->list[i];
		bool before = false, there = false;
		if (status == HARMONY_OK &&
		    harmony__file_stat(&info, path, NULL) == HARMONY_OK) {
			there = true;
			fingerprint(now, &info);
			status = taken_before(&before, job, path, now, error);
		}
		if (status == HARMONY_OK && before && add_path(taken, path, strlen(path)) != HARMONY_OK)
			status = harmony__nomem(error);
		else if (status == HARMONY_OK && before)
			taken->states[taken->count - 1] = info;
		paths->list[i] = NULL;
		if (before || !there)
			harmony__free(paths->context, path);
		else
			paths->list[kept++] = path;
	}
	paths->count = kept;
	return status;
}

harmony_status harmony__intake_ready(harmony__job *job, harmony__paths *paths, harmony_error *error)
{
	harmony__paths taken = {.context = job->context};
	uint64_t print;
	harmony_status status = print_of(&print, paths, error);
	bool same = job->part != NULL && print == job->part->print;

	job->unreadable = status != HARMONY_OK;
	if (status == HARMONY_OK)
		status = drop_known(paths, &taken, job, error);
	/* A crash between taking in and archiving left them where they were. */
	if (status == HARMONY_OK && taken.count > 0 && paths->count == 0)
		clear_away(job, &taken, harmony__wall(job->context), true);
	harmony__paths_free(&taken);
	if (status == HARMONY_OK && paths->count > 0 && job->part == NULL)
		status = stay_the_same(&same, job, error);
	if (status == HARMONY_OK && paths->count > 0 && !same) {
		/* relations and entries belong together */
		harmony__log(job->context, HARMONY_LOG_INFO,
			     "integration %s: the files of the export are still being written; left "
			     "until they are complete",
			     job->integration->name);
		harmony__paths_free(paths);
	}
	return status;
}

harmony_status harmony__intake(harmony__job *job, harmony__paths *paths, bool watched,
			       harmony_error *error)
{
	harmony_status status = HARMONY_OK;

	for (size_t i = 0; i < paths->count && status == HARMONY_OK; i++) {
		status = take_file(job, paths->list[i], watched, error);
		paths->states[i] = job->state;
		if (status == HARMONY_OK && watched)
			status = remember(job->integration, paths->list[i], &job->state, error);
	}
	return status;
}

/* ---- out of the way ---- */

/* Where in archive_path a file goes, as NUMBER-NAME. HARMONY_STATE without an error text when
   there is no archive. */
static harmony_status archive_place(harmony__buf *where, harmony__integration *integration,
				    const char *path, const char *prefix, int64_t number,
				    harmony_error *error)
{
	const char *setting = harmony_settings_get(integration->settings, "archive_path");
	harmony_status status;

	harmony__buf_clear(where);
	if (setting == NULL)
		return HARMONY_STATE;
	status = harmony__path(where, integration->sync, setting, error);
	if (status == HARMONY_OK)
		status = harmony__folder_make(where->data, error);
	(void)harmony__buf_printf(where, "/%s%lld-%s", prefix, (long long)number, base_name(path));
	return status == HARMONY_OK ? harmony__buf_check(where, "archive_path", error) : status;
}

/* Moves the state of a file that was read, and no other: the ERP may put its next file over
   it at any moment. `where` receives its new path. HARMONY_NOTFOUND without an error text:
   another one lies there now, and stays. */
static harmony_status archive_one(harmony__buf *where, harmony__integration *integration,
				  const char *path, const harmony__file_info *state,
				  const char *prefix, int64_t number, harmony_error *error)
{
	harmony__file_info moved;
	harmony_error why = HARMONY_ERROR_INIT;
	harmony_status status = archive_place(where, integration, path, prefix, number, error);

	if (status == HARMONY_OK && state->regular &&
	    (harmony__file_stat(&moved, path, NULL) != HARMONY_OK || !same_state(&moved, state)))
		return HARMONY_NOTFOUND;
	if (status == HARMONY_OK)
		status = harmony__file_move(path, where->data, integration->sync->context, error);
	/* Between the look and the move there was a moment, too. */
	if (status != HARMONY_OK || !state->regular ||
	    harmony__file_stat(&moved, where->data, NULL) != HARMONY_OK ||
	    moved.device != state->device || same_state(&moved, state))
		return status;
	status = harmony__file_put_back(where->data, path, &why);
	if (status == HARMONY_OK)
		return HARMONY_NOTFOUND;
	return harmony_error_set(error, status, NULL,
				 "%s was never taken in, since it came while another file was moved "
				 "(%s); give it to harmony export",
				 where->data,
				 status == HARMONY_EXISTS ? "and one more since" : why.message);
}

/* A failure leaves the file where it is: the store has it, and knows its bytes again. A
   schedule tries again, and tells it once. */
static void not_moved(harmony__job *job, const char *path, const harmony_error *why)
{
	harmony__part *part = job->part;

	if (part == NULL)
		harmony__log(job->context, HARMONY_LOG_WARNING,
			     "integration %s: %s was taken in, but not moved: %s",
			     job->integration->name, path, why->message);
	else if (part->unmoved.status == HARMONY_OK) {
		part->unmoved = *why;
		(void)harmony__copy_text(part->stuck, sizeof(part->stuck), path, strlen(path));
	}
}

static void archive_all(harmony__job *job, const harmony__paths *paths, int64_t number)
{
	harmony__buf to;

	harmony__buf_init(&to, job->context, 4096);
	for (size_t i = 0; i < paths->count; i++) {
		harmony_error error = HARMONY_ERROR_INIT;
		if (strcmp(paths->list[i], "-") != 0)
			(void)archive_one(&to, job->integration, paths->list[i], &paths->states[i],
					  "", number, &error);
		if (error.status != HARMONY_OK)
			not_moved(job, paths->list[i], &error);
	}
	harmony__buf_free(&to);
}

/* They spoke of files that are taken in now, and must not speak of the next ones. One that the
   ERP wrote since then does speak of those, and stays. */
static void remove_companions(harmony__job *job)
{
	const harmony__paths *all = &job->companions;
	harmony__file_info now;

	for (size_t i = 0; i < all->count; i++) {
		harmony_error error = HARMONY_ERROR_INIT, why = HARMONY_ERROR_INIT;
		if (harmony__file_stat(&now, all->list[i], NULL) != HARMONY_OK ||
		    !same_state(&now, &all->states[i]) ||
		    harmony__file_remove(all->list[i], &error) == HARMONY_OK)
			continue;
		(void)harmony_error_set(&why, error.status, error.code,
					"%s; remove it by hand, or the next export may be taken "
					"too early",
					error.message);
		not_moved(job, all->list[i], &why);
	}
}

static void clear_away(harmony__job *job, const harmony__paths *paths, int64_t number,
		       bool watched)
{
	if (job->part != NULL)
		job->part->moved = true;
	archive_all(job, paths, number);
	if (watched)
		remove_companions(job);
}

void harmony__archive(harmony__job *job, const harmony__paths *paths, bool watched)
{
	if (paths->count > 0)
		clear_away(job, paths, job->run.id, watched);
}

harmony_status harmony__set_aside(harmony__buf *where, harmony__integration *integration,
				  const char *path, const harmony__file_info *state,
				  harmony_error *error)
{
	harmony_status status = archive_one(where, integration, path, state, "unreadable-",
					    harmony__wall(integration->sync->context), error);

	if (status == HARMONY_OK || status == HARMONY_NOTFOUND)
		return status;
	if (status != HARMONY_STATE) /* no room to move it to is no reason to read it again */
		harmony_error_clear(error);
	harmony__buf_clear(where);
	(void)harmony__buf_str(where, path);
	status = harmony__integration_id(integration, error);
	return status == HARMONY_OK ? remember(integration, path, state, error) : status;
}
