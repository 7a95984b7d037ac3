/* SPDX-License-Identifier: MIT */
#include "store/sqlite_store.h"

/* ---- writing ---- */

static harmony_status add_version(harmony__store *store, const harmony_record_state *record,
				  int64_t id, uint32_t version, const char *who,
				  harmony_error *error)
{
	harmony__call call =
	    harmony__call_of(store,
			     "INSERT INTO version(record, n, made, received, run, who, hash, json)"
			     " VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
			     error);
	harmony__call_int(&call, id);
	harmony__call_int(&call, version);
	harmony__call_int(&call, harmony__wall(store->context));
	harmony__call_int(&call, record->file != 0);
	harmony__call_int(&call, record->run);
	harmony__call_str(&call, who);
	harmony__call_blob(&call, record->hash, sizeof(record->hash));
	harmony__call_str(&call, record->json);
	return harmony__call_run(&call);
}

/* The columns that a new record and a new version have in common. */
static void bind_shared(harmony__call *call, const harmony_record_state *record)
{
	harmony__call_int(call, record->run);
	harmony__call_int(call, record->state);
	harmony__call_int(call, record->owner);
	harmony__call_blob(call, record->hash, sizeof(record->hash));
	harmony__call_str(call, record->identifier);
	harmony__call_str(call, record->key);
	harmony__call_str(call, record->code);
	harmony__call_str(call, record->field);
	harmony__call_str(call, record->message);
	harmony__call_str(call, record->raw);
	harmony__call_int(call, record->file);
	harmony__call_str(call, record->source_file);
	harmony__call_int(call, (int64_t)record->source_line);
}

harmony_status harmony__store_record_add(int64_t *id, void *self,
					 const harmony_record_state *record, const char *who,
					 harmony_error *error)
{
	harmony__store *store = self;
	harmony_status status = harmony__store_in(store, error);

	if (status != HARMONY_OK)
		return status;
	harmony__call call =
	    harmony__call_of(store,
			     "INSERT INTO record(run, state, owner, hash, identifier, key, code, "
			     "field, message, raw,"
			     " file, source_file, source_line, integration, kind, version)"
			     " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, 0), ?, ?, ?, ?, 1)",
			     error);
	bind_shared(&call, record);
	harmony__call_int(&call, record->integration);
	harmony__call_int(&call, record->kind);
	status = harmony__call_run(&call);
	if (status != HARMONY_OK)
		return status;
	*id = harmony__db_last_id(store->db);
	return add_version(store, record, *id, 1, who, error);
}

/* The current version of a record. */
static harmony_status current_version(int64_t *version, harmony__store *store, int64_t id,
				      harmony_error *error)
{
	harmony__call call =
	    harmony__call_of(store, "SELECT version FROM record WHERE id = ?", error);
	harmony__call_int(&call, id);
	harmony_status status = harmony__call_number(&call, version);
	if (status == HARMONY_NOTFOUND)
		return harmony_error_set(error, status, NULL,
					 "there is no record %lld; show lists the records of a run",
					 (long long)id);
	return status;
}

/* A file that still has the old key must find the record that came of it. */
static harmony_status keep_alias(harmony__store *store, const harmony_record_state *record,
				 harmony_error *error)
{
	harmony__call call = harmony__call_of(
	    store,
	    "INSERT OR REPLACE INTO alias(integration, key, record)"
	    " SELECT integration, key, id FROM record WHERE id = ? AND owner = 1 AND key <> ?",
	    error);
	harmony__call_int(&call, record->id);
	harmony__call_str(&call, record->key);
	return harmony__call_run(&call);
}

harmony_status harmony__store_record_revise(void *self, const harmony_record_state *record,
					    const char *who, harmony_error *error)
{
	harmony__store *store = self;
	int64_t version = 0;
	harmony_status status = harmony__store_in(store, error);

	if (status == HARMONY_OK)
		status = current_version(&version, store, record->id, error);
	if (status == HARMONY_OK)
		status = keep_alias(store, record, error);
	if (status != HARMONY_OK)
		return status;
	harmony__call call = harmony__call_of(
	    store,
	    "UPDATE record SET run = ?, state = ?, owner = ?, hash = ?, identifier = ?, key = ?,"
	    " code = ?, field = ?, message = ?, raw = ?, file = coalesce(nullif(?, 0), file),"
	    " source_file = ?, source_line = ?, version = ?, vendor = '' WHERE id = ?",
	    error);
	bind_shared(&call, record);
	harmony__call_int(&call, version + 1);
	harmony__call_int(&call, record->id);
	status = harmony__call_run(&call);
	if (status != HARMONY_OK)
		return status;
	return add_version(store, record, record->id, (uint32_t)version + 1, who, error);
}

/* The outcome is what the record's row says. */
static harmony_status copy_outcome(harmony__store *store, const harmony_record_change *change,
				   harmony_error *error)
{
	harmony__call call = harmony__call_of(
	    store,
	    "INSERT OR REPLACE INTO outcome(run, record, state, file, line, code, field, message, "
	    "vendor)"
	    " SELECT ?, id, state, nullif(?, 0), ?, code, field, message, vendor FROM record"
	    " WHERE id = ?",
	    error);
	harmony__call_int(&call, change->run);
	harmony__call_int(&call, change->file);
	harmony__call_int(&call, (int64_t)change->line);
	harmony__call_int(&call, change->id);
	return harmony__call_run(&call);
}

static harmony_status put_outcome(harmony__store *store, const harmony_record_change *change,
				  harmony_error *error)
{
	harmony__call call = harmony__call_of(
	    store,
	    "INSERT INTO outcome(run, record, state, file, line, code, field, message, vendor)"
	    " VALUES(?, ?, ?, nullif(?, 0), ?, ?, ?, ?, ?)"
	    " ON CONFLICT(run, record) DO UPDATE SET state = excluded.state,"
	    " file = coalesce(excluded.file, file),"
	    " line = CASE WHEN excluded.file IS NULL THEN line ELSE excluded.line END,"
	    " code = excluded.code, field = excluded.field, message = excluded.message,"
	    " vendor = excluded.vendor",
	    error);
	harmony__call_int(&call, change->run);
	harmony__call_int(&call, change->id);
	harmony__call_int(&call,
			  change->outcome_state >= 0 ? change->outcome_state : change->state);
	harmony__call_int(&call, change->file);
	harmony__call_int(&call, (int64_t)change->line);
	harmony__call_str(&call, change->code);
	harmony__call_str(&call, change->field);
	harmony__call_str(&call, change->message);
	harmony__call_str(&call, change->vendor);
	return harmony__call_run(&call);
}

static harmony_status put_event(harmony__store *store, int64_t record, const harmony_event *event,
				harmony_error *error)
{
	harmony__call call = harmony__call_of(
	    store,
	    "INSERT INTO event(version, record, type, at, run, state, who, code, field, old_value,"
	    " value, message, vendor, remote_id)"
	    " VALUES(coalesce(nullif(?1, 0), (SELECT version FROM record WHERE id = ?2)), ?2, ?, "
	    "?, ?,"
	    " ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	    error);
	harmony__call_int(&call, event->version);
	harmony__call_int(&call, record);
	harmony__call_int(&call, event->type);
	harmony__call_int(&call, event->at != 0 ? event->at : harmony__wall(store->context));
	harmony__call_int(&call, event->run);
	harmony__call_int(&call, event->state);
	const char *const texts[] = {event->who,   event->code,    event->field,  event->old_value,
				     event->value, event->message, event->vendor, event->remote_id};
	for (size_t i = 0; i < HARMONY__COUNT(texts); i++)
		harmony__call_str(&call, texts[i]);
	return harmony__call_run(&call);
}

harmony_status harmony__store_event_add(void *self, int64_t record, const harmony_event *event,
					harmony_error *error)
{
	harmony_status status = harmony__store_in(self, error);
	return status == HARMONY_OK ? put_event(self, record, event, error) : status;
}

static harmony_status put_claim(harmony__store *store, const harmony_record_change *change,
				harmony_error *error)
{
	harmony__call call =
	    harmony__call_of(store, "UPDATE record SET run = ? WHERE id = ?", error);
	harmony__call_int(&call, change->run);
	harmony__call_int(&call, change->id);
	return harmony__call_run(&call);
}

static harmony_status put_state(harmony__store *store, const harmony_record_change *change,
				harmony_error *error)
{
	bool waits =
	    change->state == HARMONY_STATE_WAITING || change->state == HARMONY_STATE_IN_DOUBT;
	harmony__call call = harmony__call_of(
	    store,
	    "UPDATE record SET run = ?1, state = ?2, attempts = attempts + (?2 = 1),"
	    " applied = CASE WHEN ?3 < 0 THEN applied ELSE ?3 END,"
	    " remote_id = coalesce(?4, remote_id), code = ?5, field = ?6, message = ?7, vendor = "
	    "?8,"
	    " raw = CASE WHEN code = ?5 AND field = ?6 THEN raw ELSE '' END,"
	    " boot = ?9, since = ?10, since_wall = ?11, delay = ?12, imposed = ?13,"
	    " owner = CASE WHEN ?14 < 0 THEN owner ELSE ?14 END WHERE id = ?15",
	    error);
	harmony__call_int(&call, change->run);
	harmony__call_int(&call, change->state);
	harmony__call_int(&call, change->applied);
	harmony__call_maybe(&call, change->remote_id);
	harmony__call_str(&call, change->code);
	harmony__call_str(&call, change->field);
	harmony__call_str(&call, change->message);
	harmony__call_str(&call, change->vendor);
	harmony__call_str(&call, waits ? store->boot : "");
	harmony__call_int(&call, waits ? harmony__monotonic(store->context) : 0);
	harmony__call_int(&call, waits ? harmony__wall(store->context) : 0);
	harmony__call_int(&call, waits && change->retry_in > 0 ? change->retry_in : 0);
	harmony__call_int(&call, waits && change->imposed != 0);
	harmony__call_int(&call, change->owner);
	harmony__call_int(&call, change->id);
	return harmony__call_run(&call);
}

harmony_status harmony__store_record_change(void *self, const harmony_record_change *change,
					    harmony_error *error)
{
	harmony__store *store = self;
	harmony_status status = harmony__store_in(store, error);

	if (status == HARMONY_OK && change->state >= 0)
		status = put_state(store, change, error);
	else if (status == HARMONY_OK && change->claim)
		status = put_claim(store, change, error);
	if (status == HARMONY_OK && change->outcome)
		status = (change->state < 0 && change->outcome_state < 0
			      ? copy_outcome
			      : put_outcome)(store, change, error);
	if (status == HARMONY_OK && change->event) {
		harmony_event event = {.struct_size = sizeof(event),
				       .type = HARMONY_EVENT_ATTEMPT,
				       .run = change->run,
				       .state = change->state,
				       .code = change->code,
				       .field = change->field,
				       .message = change->message,
				       .vendor = change->vendor,
				       .remote_id = change->remote_id};
		status = put_event(store, change->id, &event, error);
	}
	return status;
}

/* ---- reading ---- */

/* ?1 the monotonic clock, ?2 whether the JSON form is wanted. */
#define COLUMNS(state, file, line, code, field, message, vendor, raw)                              \
	"SELECT r.id, r.integration, r.run, r.kind, " state ", r.state, r.identifier, r.key,"      \
	" r.remote_id, " file ", " line ", " code ", " field ", " message ", " vendor ", " raw ","  \
	" r.version, r.attempts, r.owner, r.applied, r.file,"                                      \
	" CASE WHEN r.state IN (5, 6) THEN max(r.since + r.delay - ?1, 0) ELSE 0 END, r.hash, "    \
	"v.json "
#define AS_IT_STANDS                                                                               \
	COLUMNS("r.state", "r.source_file", "r.source_line", "r.code", "r.field", "r.message",     \
		"r.vendor", "r.raw")                                                               \
	"FROM record r LEFT JOIN version v ON ?2 AND v.record = r.id AND v.n = r.version "
/* What a run saw is what reading had found by then: the record's own raw text may be that of
   another field by now. */
#define RAW_THEN                                                                                   \
	"CASE WHEN o.code = '' THEN '' ELSE coalesce((SELECT e.old_value FROM event e"             \
	" WHERE e.record = r.id AND e.type = 2 AND e.run <= o.run AND e.code = o.code"             \
	" AND e.field = o.field ORDER BY e.id DESC LIMIT 1), '') END"
#define AS_IT_CAME_OUT                                                                             \
	COLUMNS("o.state", "coalesce(f.name, r.source_file)",                                      \
		"CASE WHEN f.name IS NULL THEN r.source_line ELSE o.line END", "o.code",           \
		"o.field", "o.message", "o.vendor", RAW_THEN)                                      \
	"FROM outcome o JOIN record r ON r.id = o.record LEFT JOIN file f ON f.id = o.file"        \
	" LEFT JOIN version v ON ?2 AND v.record = r.id AND v.n = r.version "

static void read_record(harmony_record_state *out, harmony__stmt *stmt)
{
	*out = (harmony_record_state){.struct_size = sizeof(*out)};
	out->id = harmony__column_int(stmt, 0);
	out->integration = harmony__column_int(stmt, 1);
	out->run = harmony__column_int(stmt, 2);
	out->kind = (harmony_kind)harmony__column_int(stmt, 3);
	out->state = (int)harmony__column_int(stmt, 4);
	out->now = (int)harmony__column_int(stmt, 5);
	out->identifier = harmony__column_text(stmt, 6, NULL);
	out->key = harmony__column_text(stmt, 7, NULL);
	out->remote_id = harmony__column_text(stmt, 8, NULL);
	out->source_file = harmony__column_text(stmt, 9, NULL);
	out->source_line = (uint64_t)harmony__column_int(stmt, 10);
	out->code = harmony__column_text(stmt, 11, NULL);
	out->field = harmony__column_text(stmt, 12, NULL);
	out->message = harmony__column_text(stmt, 13, NULL);
	out->vendor = harmony__column_text(stmt, 14, NULL);
	out->raw = harmony__column_text(stmt, 15, NULL);
	out->version = (uint32_t)harmony__column_int(stmt, 16);
	out->attempts = (uint32_t)harmony__column_int(stmt, 17);
	out->owner = (int)harmony__column_int(stmt, 18);
	out->applied = (int)harmony__column_int(stmt, 19);
	out->file = harmony__column_int(stmt, 20);
	out->retry_in = harmony__column_int(stmt, 21);
	size_t len;
	const void *hash = harmony__column_blob(stmt, 22, &len);
	if (len == sizeof(out->hash))
		memcpy(out->hash, hash, len);
	out->json = harmony__column_text(stmt, 23, &out->json_len);
}

static harmony_status hand_on(harmony__call *call, harmony_record_state_fn fn, void *user,
			      size_t *count)
{
	bool row;
	harmony_record_state record;

	while (harmony__call_step(call, &row) == HARMONY_OK && row) {
		read_record(&record, call->stmt);
		++*count;
		harmony_status status = fn(&record, user);
		if (status != HARMONY_OK) {
			harmony__call_end(call);
			return status;
		}
	}
	return call->status;
}

/* A statement on AS_IT_STANDS or AS_IT_CAME_OUT with its two first parameters. */
static harmony__call select_call(harmony__store *store, const char *sql, int with_json,
				 harmony_error *error)
{
	harmony__call call = harmony__call_of(store, sql, error);
	harmony__call_int(&call, harmony__monotonic(store->context));
	harmony__call_int(&call, with_json != 0);
	return call;
}

harmony_status harmony__store_record_find(void *self, int64_t integration, const char *key,
					  const uint8_t *hash, int owner,
					  harmony_record_state_fn fn, void *user,
					  harmony_error *error)
{
	size_t count = 0;
	harmony__call call =
	    select_call(self,
			owner ? AS_IT_STANDS
			    "WHERE r.id = coalesce((SELECT id FROM record WHERE integration = ?3"
			    " AND key = ?4 AND owner = 1), (SELECT record FROM alias"
			    " WHERE integration = ?3 AND key = ?4))"
			      : AS_IT_STANDS "WHERE r.integration = ? AND r.key = ? AND r.hash = ?"
					     " AND r.owner = 0 ORDER BY r.id DESC LIMIT 1",
			0, error);
	harmony__call_int(&call, integration);
	harmony__call_str(&call, key);
	if (!owner)
		harmony__call_blob(&call, hash, HARMONY_HASH_SIZE);
	harmony_status status = hand_on(&call, fn, user, &count);
	return status == HARMONY_OK && count == 0 ? HARMONY_NOTFOUND : status;
}

harmony_status harmony__store_record_received(int *yes, void *self, int64_t id, const uint8_t *hash,
					      harmony_error *error)
{
	int64_t found = 0;
	harmony__call call = harmony__call_of(
	    self,
	    "SELECT EXISTS(SELECT 1 FROM version WHERE record = ? AND received = 1 AND hash = ?)",
	    error);
	harmony__call_int(&call, id);
	harmony__call_blob(&call, hash, HARMONY_HASH_SIZE);
	harmony_status status = harmony__call_number(&call, &found);
	*yes = found != 0;
	return status;
}

harmony_status harmony__store_record_get(void *self, int64_t id, harmony_record_state_fn fn,
					 void *user, harmony_error *error)
{
	size_t count = 0;
	harmony__call call = select_call(self, AS_IT_STANDS "WHERE r.id = ?", 1, error);
	harmony__call_int(&call, id);
	harmony_status status = hand_on(&call, fn, user, &count);
	if (status == HARMONY_OK && count == 0)
		return harmony_error_set(error, HARMONY_NOTFOUND, NULL,
					 "there is no record %lld; show lists the records of a run",
					 (long long)id);
	return status;
}

static int64_t limit_of(const harmony_record_query *query)
{
	return query->limit > 0 && query->limit < INT64_MAX ? (int64_t)query->limit : -1;
}

static harmony_status list_run(harmony__store *store, const harmony_record_query *query,
			       harmony_record_state_fn fn, void *user, harmony_error *error)
{
	size_t count = 0;
	bool failed = (query->states & ~HARMONY_STATES_FAILED) == 0;
	harmony__call call = select_call(
	    store,
	    failed ? AS_IT_CAME_OUT "WHERE o.run = ? AND o.record > ? AND o.state IN (4, 5, 6)"
				    " AND (? >> o.state) & 1 ORDER BY o.record LIMIT ?"
		   : AS_IT_CAME_OUT "WHERE o.run = ? AND o.record > ? AND (? >> o.state) & 1"
				    " ORDER BY o.record LIMIT ?",
	    query->with_json, error);
	harmony__call_int(&call, query->run);
	harmony__call_int(&call, query->after);
	harmony__call_int(&call, query->states);
	harmony__call_int(&call, limit_of(query));
	return hand_on(&call, fn, user, &count);
}

#define DUE                                                                                        \
	" AND (r.state NOT IN (5, 6) OR CASE ?4 WHEN 0 THEN 1 WHEN 1 THEN r.since + r.delay <= ?1" \
	" WHEN 2 THEN r.since + r.delay <= ?1 OR r.imposed = 0"                                    \
	" ELSE r.since + r.delay > ?1 AND r.imposed END)"

static harmony_status list_open(harmony__store *store, const harmony_record_query *query,
				harmony_record_state_fn fn, void *user, harmony_error *error)
{
	size_t count = 0;
	harmony__call call = select_call(
	    store,
	    AS_IT_STANDS "WHERE r.integration = ?3 AND r.state IN (0, 1, 5, 6)" DUE
			 " AND (?5 >> r.state) & 1 AND r.id > ?6 AND (?8 = 0 OR r.run = ?8)"
			 " ORDER BY r.id LIMIT ?7",
	    query->with_json, error);
	harmony__call_int(&call, query->integration);
	harmony__call_int(&call, query->due);
	harmony__call_int(&call, query->states);
	harmony__call_int(&call, query->after);
	harmony__call_int(&call, limit_of(query));
	harmony__call_int(&call, query->claimed);
	return hand_on(&call, fn, user, &count);
}

static harmony_status list_in_order(harmony__store *store, const harmony_record_query *query,
				    harmony_record_state_fn fn, void *user, harmony_error *error)
{
	size_t count = 0;
	int state = 0;
	while (state < HARMONY_STATES && query->states != HARMONY_STATE_BIT(state))
		state++;
	if ((HARMONY_STATE_BIT(state) & HARMONY_STATES_OPEN) == 0)
		return harmony_error_set(error, HARMONY_INVALID, NULL,
					 "records come in order for one open state only");
	harmony__call call = select_call(
	    store,
	    AS_IT_STANDS "WHERE r.integration = ?3 AND r.state = ?5 AND r.state IN (0, 1, 5, 6)" DUE
			 " AND (?7 = 0 OR r.run = ?7) ORDER BY r.kind, r.id LIMIT ?6",
	    query->with_json, error);
	harmony__call_int(&call, query->integration);
	harmony__call_int(&call, query->due);
	harmony__call_int(&call, state);
	harmony__call_int(&call, limit_of(query));
	harmony__call_int(&call, query->claimed);
	return hand_on(&call, fn, user, &count);
}

harmony_status harmony__store_record_list(void *self, const harmony_record_query *query,
					  harmony_record_state_fn fn, void *user,
					  harmony_error *error)
{
	harmony__store *store = self;
	size_t count = 0;

	if (query->run != 0)
		return list_run(store, query, fn, user, error);
	if (query->in_order)
		return list_in_order(store, query, fn, user, error);
	if (query->integration != 0 && (query->states & ~HARMONY_STATES_OPEN) == 0)
		return list_open(store, query, fn, user, error);
	harmony__call call = select_call(
	    store,
	    AS_IT_STANDS "WHERE (?3 = 0 OR r.integration = ?3)" DUE
			 " AND (?5 >> r.state) & 1 AND r.id > ?6 ORDER BY r.id LIMIT ?7",
	    query->with_json, error);
	harmony__call_int(&call, query->integration);
	harmony__call_int(&call, query->due);
	harmony__call_int(&call, query->states);
	harmony__call_int(&call, query->after);
	harmony__call_int(&call, limit_of(query));
	return hand_on(&call, fn, user, &count);
}

harmony_status harmony__store_record_tally(uint64_t counts[HARMONY_STATES], void *self,
					   int64_t integration, harmony_error *error)
{
	bool row;
	static const char *const parts[] = {
	    "SELECT state, count(*) FROM record WHERE integration = ?"
	    " AND state IN (0, 1, 5, 6) GROUP BY state",
	    "SELECT state, count(*) FROM record WHERE integration = ?"
	    " AND state IN (2, 3, 4) GROUP BY state"};

	memset(counts, 0, HARMONY_STATES * sizeof(counts[0]));
	for (size_t i = 0; i < HARMONY__COUNT(parts); i++) {
		harmony__call call = harmony__call_of(self, parts[i], error);
		harmony__call_int(&call, integration);
		while (harmony__call_step(&call, &row) == HARMONY_OK && row) {
			int64_t state = harmony__column_int(call.stmt, 0);
			if (state >= 0 && state < HARMONY_STATES)
				counts[state] = (uint64_t)harmony__column_int(call.stmt, 1);
		}
		if (call.status != HARMONY_OK)
			return call.status;
	}
	return HARMONY_OK;
}

static void read_event(harmony_event *event, harmony__stmt *stmt)
{
	*event = (harmony_event){.struct_size = sizeof(*event)};
	event->version = (uint32_t)harmony__column_int(stmt, 0);
	event->type = (int)harmony__column_int(stmt, 1);
	event->id = harmony__column_int(stmt, 2);
	event->at = harmony__column_int(stmt, 3);
	event->run = harmony__column_int(stmt, 4);
	event->state = (int)harmony__column_int(stmt, 5);
	const char **const texts[] = {&event->who,       &event->code,     &event->field,
				      &event->old_value, &event->value,    &event->message,
				      &event->vendor,    &event->remote_id};
	for (size_t i = 0; i < HARMONY__COUNT(texts); i++)
		*texts[i] = harmony__column_text(stmt, 6 + (int)i, NULL);
}

harmony_status harmony__store_event_list(void *self, int64_t record, harmony_event_fn fn,
					 void *user, harmony_error *error)
{
	bool row;
	harmony_event event;
	harmony__call call = harmony__call_of(
	    self,
	    "SELECT n, 1, 0, made, run, 0, who, '', '', '', json, '', '', '' FROM version"
	    " WHERE record = ?1 AND received = 1"
	    " UNION ALL SELECT version, type, id, at, run, state, who, code, field, old_value, "
	    "value,"
	    " message, vendor, remote_id FROM event WHERE record = ?1 ORDER BY 1, 3",
	    error);

	harmony__call_int(&call, record);
	while (harmony__call_step(&call, &row) == HARMONY_OK && row) {
		read_event(&event, call.stmt);
		harmony_status status = fn(&event, user);
		if (status != HARMONY_OK) {
			harmony__call_end(&call);
			return status;
		}
	}
	return call.status;
}

/* ---- refusals ---- */

#define REFUSALS_KEPT (7 * INT64_C(86400000)) /* ms; longer than any package's window */

harmony_status harmony__store_refusal_add(void *self, int64_t integration, const char *endpoint,
					  harmony_error *error)
{
	harmony__store *store = self;
	harmony_status status = harmony__store_in(store, error);

	if (status != HARMONY_OK)
		return status;
	harmony__call old = harmony__call_of(
	    store, "DELETE FROM refusal WHERE integration = ? AND endpoint = ? AND since < ?",
	    error);
	harmony__call_int(&old, integration);
	harmony__call_str(&old, endpoint);
	harmony__call_int(&old, harmony__monotonic(store->context) - REFUSALS_KEPT);
	status = harmony__call_run(&old);
	if (status != HARMONY_OK)
		return status;
	harmony__call call = harmony__call_of(store,
					      "INSERT INTO refusal(integration, endpoint, boot, "
					      "since, since_wall) VALUES(?, ?, ?, ?, ?)",
					      error);
	harmony__call_int(&call, integration);
	harmony__call_str(&call, endpoint);
	harmony__call_str(&call, store->boot);
	harmony__call_int(&call, harmony__monotonic(store->context));
	harmony__call_int(&call, harmony__wall(store->context));
	return harmony__call_run(&call);
}

harmony_status harmony__store_refusal_count(uint32_t *count, int64_t *relief, void *self,
					    int64_t integration, const char *endpoint,
					    int64_t window, harmony_error *error)
{
	bool row;
	harmony__store *store = self;
	int64_t now = harmony__monotonic(store->context);
	harmony__call call =
	    harmony__call_of(store,
			     "SELECT count(*), coalesce(min(since), 0) FROM refusal"
			     " WHERE integration = ? AND endpoint = ? AND since > ?",
			     error);

	*count = 0;
	*relief = 0;
	harmony__call_int(&call, integration);
	harmony__call_str(&call, endpoint);
	harmony__call_int(&call, now - window);
	if (harmony__call_step(&call, &row) == HARMONY_OK && row) {
		*count = (uint32_t)harmony__column_int(call.stmt, 0);
		if (*count > 0)
			*relief = harmony__column_int(call.stmt, 1) + window - now;
		harmony__call_end(&call);
	}
	return call.status;
}
