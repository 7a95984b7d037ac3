/* SPDX-License-Identifier: MIT */
#include "store/sqlite_store.h"

#define APPLICATION_ID 0x4861726du /* "Harm" */

/* The layout. Steps that were released are never changed; docs/store.md explains it. */
static const char *const migrations[] = {
    /* 1: the tables. `since` is the monotonic clock of `boot`. */
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "INSERT INTO meta VALUES('writers', '0'), ('key', '');"
    "CREATE TABLE integration(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE run("
    " id INTEGER PRIMARY KEY, integration INTEGER NOT NULL REFERENCES integration,"
    " direction INTEGER NOT NULL, state INTEGER NOT NULL, started INTEGER NOT NULL,"
    " finished INTEGER NOT NULL DEFAULT 0, status INTEGER NOT NULL DEFAULT 0,"
    " total INTEGER NOT NULL DEFAULT 0, booked INTEGER NOT NULL DEFAULT 0,"
    " skipped INTEGER NOT NULL DEFAULT 0, rejected INTEGER NOT NULL DEFAULT 0,"
    " waiting INTEGER NOT NULL DEFAULT 0, in_doubt INTEGER NOT NULL DEFAULT 0,"
    " sales INTEGER NOT NULL DEFAULT 0, purchase INTEGER NOT NULL DEFAULT 0,"
    " files INTEGER NOT NULL DEFAULT 0, known INTEGER NOT NULL DEFAULT 0,"
    " code TEXT NOT NULL DEFAULT '', file TEXT NOT NULL DEFAULT '',"
    " message TEXT NOT NULL DEFAULT '',"
    " CHECK(state = 0 OR total = booked + skipped + rejected + waiting + in_doubt));"
    "CREATE TABLE file("
    " id INTEGER PRIMARY KEY, integration INTEGER NOT NULL REFERENCES integration,"
    " run INTEGER NOT NULL REFERENCES run, name TEXT NOT NULL, path TEXT NOT NULL,"
    " taken INTEGER NOT NULL, size INTEGER NOT NULL DEFAULT 0, hash BLOB,"
    " same_as INTEGER REFERENCES file);"
    "CREATE TABLE part(id INTEGER PRIMARY KEY, file INTEGER NOT NULL REFERENCES file,"
    " data BLOB NOT NULL);"
    "CREATE TABLE record("
    " id INTEGER PRIMARY KEY, integration INTEGER NOT NULL REFERENCES integration,"
    " run INTEGER NOT NULL REFERENCES run, kind INTEGER NOT NULL, state INTEGER NOT NULL,"
    " owner INTEGER NOT NULL, applied INTEGER NOT NULL DEFAULT 0,"
    " version INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, hash BLOB NOT NULL,"
    " file INTEGER REFERENCES file, source_line INTEGER NOT NULL,"
    " boot TEXT NOT NULL DEFAULT '', since INTEGER NOT NULL DEFAULT 0,"
    " since_wall INTEGER NOT NULL DEFAULT 0, delay INTEGER NOT NULL DEFAULT 0,"
    " imposed INTEGER NOT NULL DEFAULT 0,"
    " identifier TEXT NOT NULL, key TEXT NOT NULL, remote_id TEXT NOT NULL DEFAULT '',"
    " source_file TEXT NOT NULL, code TEXT NOT NULL DEFAULT '',"
    " field TEXT NOT NULL DEFAULT '', message TEXT NOT NULL DEFAULT '',"
    " vendor TEXT NOT NULL DEFAULT '', raw TEXT NOT NULL DEFAULT '');"
    "CREATE TABLE version("
    " record INTEGER NOT NULL REFERENCES record, n INTEGER NOT NULL, made INTEGER NOT NULL,"
    " received INTEGER NOT NULL, run INTEGER NOT NULL, who TEXT NOT NULL, hash BLOB NOT NULL,"
    " json TEXT NOT NULL, PRIMARY KEY(record, n));"
    /* keys that a record had when it was received, before an edit */
    "CREATE TABLE alias("
    " integration INTEGER NOT NULL REFERENCES integration, key TEXT NOT NULL,"
    " record INTEGER NOT NULL REFERENCES record, PRIMARY KEY(integration, key)) WITHOUT ROWID;"
    "CREATE TABLE outcome("
    " run INTEGER NOT NULL REFERENCES run, record INTEGER NOT NULL REFERENCES record,"
    " state INTEGER NOT NULL, file INTEGER REFERENCES file, line INTEGER NOT NULL DEFAULT 0,"
    " code TEXT NOT NULL, field TEXT NOT NULL, message TEXT NOT NULL, vendor TEXT NOT NULL,"
    " PRIMARY KEY(run, record)) WITHOUT ROWID;"
    "CREATE TABLE event("
    " id INTEGER PRIMARY KEY, record INTEGER NOT NULL REFERENCES record,"
    " type INTEGER NOT NULL, at INTEGER NOT NULL, run INTEGER NOT NULL,"
    " version INTEGER NOT NULL, state INTEGER NOT NULL, who TEXT NOT NULL, code TEXT NOT NULL,"
    " field TEXT NOT NULL, old_value TEXT NOT NULL, value TEXT NOT NULL,"
    " message TEXT NOT NULL, vendor TEXT NOT NULL, remote_id TEXT NOT NULL);"
    "CREATE TABLE refusal("
    " id INTEGER PRIMARY KEY, integration INTEGER NOT NULL REFERENCES integration,"
    " endpoint TEXT NOT NULL, boot TEXT NOT NULL, since INTEGER NOT NULL,"
    " since_wall INTEGER NOT NULL);"
    "CREATE TABLE secret("
    " integration INTEGER NOT NULL REFERENCES integration, name TEXT NOT NULL,"
    " generation INTEGER NOT NULL, saved INTEGER NOT NULL, data BLOB NOT NULL,"
    " PRIMARY KEY(integration, name, generation)) WITHOUT ROWID;"
    "CREATE TABLE memo("
    " integration INTEGER NOT NULL REFERENCES integration, name TEXT NOT NULL,"
    " saved INTEGER NOT NULL, data BLOB NOT NULL,"
    " PRIMARY KEY(integration, name)) WITHOUT ROWID;"
    "CREATE UNIQUE INDEX record_owner ON record(integration, key) WHERE owner = 1;",
    /* 2: what makes listings quick. */
    "CREATE INDEX record_other ON record(integration, key, hash) WHERE owner = 0;"
    "CREATE INDEX record_open ON record(integration, state, kind, id)"
    " WHERE state IN (0, 1, 5, 6);"
    "CREATE INDEX record_tally ON record(integration, state) WHERE state IN (2, 3, 4);"
    "CREATE INDEX outcome_failed ON outcome(run, record) WHERE state IN (4, 5, 6);"
    "CREATE INDEX run_of ON run(integration, id);"
    "CREATE INDEX file_hash ON file(integration, hash);"
    "CREATE INDEX part_of ON part(file);"
    "CREATE INDEX event_of ON event(record);"
    "CREATE INDEX refusal_of ON refusal(integration, endpoint);",
    /* 3: the last run of each direction, among the imports of years. */
    "CREATE INDEX run_last ON run(integration, direction, id);",
};

/* ---- one statement ---- */

harmony__call harmony__call_of(harmony__store *store, const char *sql, harmony_error *error)
{
	harmony__call call = {store, NULL, HARMONY_OK, error, 1};
	call.status = harmony__db_prepare(&call.stmt, store->db, sql, error);
	return call;
}

void harmony__call_int(harmony__call *call, int64_t value)
{
	if (call->status == HARMONY_OK)
		harmony__bind_int(call->stmt, call->next++, value);
}

void harmony__call_str(harmony__call *call, const char *text)
{
	harmony__call_maybe(call, text != NULL ? text : "");
}

void harmony__call_maybe(harmony__call *call, const char *text)
{
	if (call->status == HARMONY_OK)
		harmony__bind_str(call->stmt, call->next++, text);
}

void harmony__call_blob(harmony__call *call, const void *data, size_t len)
{
	if (call->status == HARMONY_OK)
		harmony__bind_blob(call->stmt, call->next++, data, len);
}

harmony_status harmony__call_run(harmony__call *call)
{
	if (call->status == HARMONY_OK)
		call->status = harmony__db_run(call->stmt, call->error);
	return call->status;
}

harmony_status harmony__call_step(harmony__call *call, bool *row)
{
	*row = false;
	if (call->status == HARMONY_OK)
		call->status = harmony__db_step(call->stmt, row, call->error);
	return call->status;
}

harmony_status harmony__call_number(harmony__call *call, int64_t *out)
{
	bool row;
	harmony_status status = harmony__call_step(call, &row);

	if (status == HARMONY_OK && !row)
		return HARMONY_NOTFOUND;
	if (status == HARMONY_OK) {
		*out = harmony__column_int(call->stmt, 0);
		harmony__call_end(call);
	}
	return status;
}

void harmony__call_end(harmony__call *call)
{
	if (call->stmt != NULL)
		harmony__db_reset(call->stmt);
}

/* ---- transactions ---- */

harmony_status harmony__store_in(harmony__store *store, harmony_error *error)
{
	if (harmony__db_in_transaction(store->db))
		return HARMONY_OK;
	return harmony_error_set(
	    error, HARMONY_STATE, NULL,
	    "%s: this change needs a transaction of the store; call begin first", store->path);
}

/* The first write of a handle says that the store is in use: when it is still said
   while nobody has the store open, a writer died. */
static harmony_status count_writer(harmony__store *store, harmony_error *error)
{
	harmony__call call = harmony__call_of(
	    store, "UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE name = 'writers'",
	    error);
	return harmony__call_run(&call);
}

static harmony_status store_begin(void *self, harmony_error *error)
{
	harmony__store *store = self;
	harmony_status status;

	if (store->dead || store->read_only)
		return harmony_error_set(error, store->dead ? HARMONY_IO : HARMONY_STATE, NULL,
					 store->dead
					     ? "%s: an earlier write failed; close the store and "
					       "open it again"
					     : "%s was opened to be read only",
					 store->path);
	if (harmony__db_in_transaction(store->db))
		return harmony_error_set(error, HARMONY_STATE, NULL,
					 "%s: begin within a transaction", store->path);
	status = harmony__db_begin(store->db, error);
	if (status == HARMONY_OK && !store->counted) {
		status = count_writer(store, error);
		if (status != HARMONY_OK)
			harmony__db_rollback(store->db);
		store->counting = status == HARMONY_OK;
	}
	return status;
}

static harmony_status store_commit(void *self, harmony_error *error)
{
	harmony__store *store = self;
	harmony_status status = harmony__store_in(store, error);

	if (status == HARMONY_OK) {
		status = harmony__db_commit(store->db, error);
		/* A sync that failed once may have lost pages that the system calls clean:
		   only opening again tells what is on the disk. */
		store->dead = status != HARMONY_OK && harmony__db_uncertain(store->db);
		store->counted = store->counted || (store->counting && status == HARMONY_OK);
		store->counting = false;
	}
	return status;
}

static void store_rollback(void *self)
{
	harmony__store *store = self;
	harmony__db_rollback(store->db);
	store->counting = false;
}

/* ---- imports of long ago ---- */

#define A_DAY INT64_C(86400000)
#define IMPORTS                                                                                    \
	" FROM run r WHERE r.integration = ?1 AND r.direction = 2 AND r.state <> 0 AND r.id <>"    \
	" coalesce((SELECT id FROM run WHERE integration = ?1 AND direction = 2 AND state = 1"     \
	" ORDER BY id DESC LIMIT 1), 0)"

static harmony_status first_import(int64_t *started, harmony__store *store, int64_t integration,
				   harmony_error *error)
{
	harmony__call call = harmony__call_of(
	    store, "SELECT r.started" IMPORTS " ORDER BY r.id LIMIT 1", error);
	harmony__call_int(&call, integration);
	return harmony__call_number(&call, started);
}

static harmony_status delete_imports(harmony__store *store, int64_t integration, int64_t before,
				     harmony_error *error)
{
	harmony_status status = store_begin(store, error);

	if (status != HARMONY_OK)
		return status;
	harmony__call call = harmony__call_of(
	    store,
	    "DELETE FROM run WHERE id IN (SELECT r.id" IMPORTS " AND r.started < ?2"
	    " AND NOT EXISTS (SELECT 1 FROM outcome o WHERE o.run = r.id)"
	    " ORDER BY r.id LIMIT 1000)",
	    error);
	harmony__call_int(&call, integration);
	harmony__call_int(&call, before);
	status = harmony__call_run(&call);
	if (status == HARMONY_OK)
		return store_commit(store, error);
	store_rollback(store);
	return status;
}

/* Writes once a day: what is a little too old waits for more of it. */
static harmony_status store_run_forget(void *self, int64_t integration, int64_t before,
				       harmony_error *error)
{
	harmony__store *store = self;
	int64_t started = 0;
	harmony_status status = first_import(&started, store, integration, error);

	if (status == HARMONY_NOTFOUND || (status == HARMONY_OK && started >= before - A_DAY))
		return HARMONY_OK;
	/* No record refers to an import. To prove it for each of them SQLite would go through
	   all records, for want of an index that every change of a record would pay for. */
	if (status == HARMONY_OK)
		status = harmony__db_exec(store->db, "PRAGMA foreign_keys = OFF", error);
	if (status == HARMONY_OK) {
		status = delete_imports(store, integration, before, error);
		store->dead = harmony__db_exec(store->db, "PRAGMA foreign_keys = ON", NULL) !=
				  HARMONY_OK ||
			      store->dead;
	}
	return status;
}

/* ---- integrations and locks ---- */

static harmony_status find_integration(int64_t *id, harmony__store *store, const char *name,
				       harmony_error *error)
{
	harmony__call call =
	    harmony__call_of(store, "SELECT id FROM integration WHERE name = ?", error);
	harmony__call_str(&call, name);
	return harmony__call_number(&call, id);
}

static harmony_status store_integration(int64_t *id, void *self, const char *name,
					harmony_error *error)
{
	harmony__store *store = self;
	bool own = !harmony__db_in_transaction(store->db);
	harmony_status status = find_integration(id, store, name, error);

	if (status != HARMONY_NOTFOUND)
		return status;
	if (store->read_only)
		return harmony_error_set(error, HARMONY_NOTFOUND, NULL,
					 "the store %s has no integration %s yet", store->path,
					 name);
	status = own ? store_begin(store, error) : HARMONY_OK;
	if (status == HARMONY_OK) {
		harmony__call call = harmony__call_of(
		    store, "INSERT INTO integration(name) VALUES(?) ON CONFLICT DO NOTHING", error);
		harmony__call_str(&call, name);
		status = harmony__call_run(&call);
		if (status == HARMONY_OK)
			status = find_integration(id, store, name, error);
		if (status == HARMONY_OK && own)
			status = store_commit(store, error);
		else if (own)
			store_rollback(store);
	}
	return status;
}

static harmony_status store_lock(void **lock, void *self, int64_t integration, const char *name,
				 int64_t timeout, harmony_error *error)
{
	harmony__store *store = self;
	harmony__buf path;
	harmony__lock *taken = NULL;
	harmony_status status;

	harmony__buf_init(&path, store->context, 4096);
	(void)harmony__buf_printf(&path, "%s-lock-%lld-", store->path, (long long)integration);
	for (const char *at = name; *at != '\0'; at++)
		(void)(strchr("/\\:.", *at) != NULL || (unsigned char)*at < '0'
			   ? harmony__buf_printf(&path, "=%02x", (unsigned char)*at)
			   : harmony__buf_char(&path, *at));
	status = harmony__buf_check(&path, "the path of a lock", error);
	if (status == HARMONY_OK)
		status = harmony__lock_take(&taken, store->context, path.data, timeout, error);
	harmony__buf_free(&path);
	*lock = taken;
	return status;
}

static void store_unlock(void *self, void *lock)
{
	(void)self;
	harmony__lock_release(lock);
}

/* ---- open and close ---- */

static harmony_status set_writers(harmony__store *store, const char *sql, harmony_error *error)
{
	harmony_status status = harmony__db_begin(store->db, error);
	if (status != HARMONY_OK)
		return status;
	status = harmony__db_exec(store->db, sql, error); /* closing asks for no memory of ours */
	if (status == HARMONY_OK)
		return harmony__db_commit(store->db, error);
	harmony__db_rollback(store->db);
	return status;
}

static void store_close(void *self)
{
	harmony__store *store = self;
	harmony_context *context = store->context;

	if (store->db != NULL) {
		harmony__db_rollback(store->db);
		if (store->counted && !store->dead)
			(void)set_writers(
			    store,
			    "UPDATE meta SET value = max(CAST(value AS INTEGER) - 1, 0)"
			    " WHERE name = 'writers'",
			    NULL);
	}
	harmony__db_close(store->db);
	harmony__guard_leave(store->guard);
	harmony__free(context, store->path);
	harmony__free(context, store->key_file);
	harmony__os_wipe(store->key, sizeof(store->key));
	harmony__free(context, store);
}

#define THOROUGH_UP_TO (64u * 1024u * 1024u)
#define ALWAYS_UP_TO   (4u * 1024u * 1024u) /* a few milliseconds */

/* Alone with a store that still counts writers: one of them died. */
static harmony_status check_after_crash(harmony__store *store, harmony_error *error)
{
	int64_t writers = 0;
	harmony__file_info info = {0};
	harmony__call call = harmony__call_of(
	    store, "SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'writers'", error);
	harmony_status status = harmony__call_number(&call, &writers);

	if (status != HARMONY_OK || writers == 0)
		return status == HARMONY_NOTFOUND
			   ? harmony_error_set(
				 error, HARMONY_CORRUPT, NULL,
				 "%s lacks a row that every store has; restore a copy", store->path)
			   : status;
	harmony__log(store->context, HARMONY_LOG_WARNING,
		     "%s was not closed by its last user: checking it", store->path);
	(void)harmony__file_stat(&info, store->path, NULL);
	status = harmony__db_check(store->db, info.size <= THOROUGH_UP_TO, error);
	if (status == HARMONY_OK && !store->read_only)
		status =
		    set_writers(store, "UPDATE meta SET value = '0' WHERE name = 'writers'", error);
	return status;
}

/* Most stores are small enough to be looked through each time: a flipped bit in an index
   could hide that an entry is booked. */
static harmony_status check_when_small(harmony__store *store, harmony_error *error)
{
	harmony__file_info info = {0};
	(void)harmony__file_stat(&info, store->path, NULL);
	return info.size <= ALWAYS_UP_TO ? harmony__db_check(store->db, true, error) : HARMONY_OK;
}

/* Waits that another start of the machine began go on with what is left of them by the
   wall clock, never more than they were: after this only the monotonic clock counts. */
static const char rebase_records[] =
    "UPDATE record SET delay = CASE WHEN ?3 < since_wall THEN delay"
    " ELSE max(delay - (?3 - since_wall), 0) END, boot = ?1, since = ?2, since_wall = ?3"
    " WHERE state IN (0, 1, 5, 6) AND state IN (5, 6) AND (boot <> ?1 OR since > ?2)";
static const char rebase_refusals[] =
    "UPDATE refusal SET since = ?2 - CASE WHEN ?3 < since_wall THEN 0 ELSE ?3 - since_wall END,"
    " boot = ?1, since_wall = ?3 WHERE boot <> ?1 OR since > ?2";
static const char rebase_due[] =
    "SELECT EXISTS(SELECT 1 FROM record WHERE state IN (0, 1, 5, 6) AND state IN (5, 6)"
    " AND (boot <> ?1 OR since > ?2))"
    " OR EXISTS(SELECT 1 FROM refusal WHERE boot <> ?1 OR since > ?2)";

static harmony__call clock_call(harmony__store *store, const char *sql, harmony_error *error)
{
	harmony__call call = harmony__call_of(store, sql, error);
	harmony__call_str(&call, store->boot);
	harmony__call_int(&call, harmony__monotonic(store->context));
	if (sql != rebase_due)
		harmony__call_int(&call, harmony__wall(store->context));
	return call;
}

static harmony_status rebase(harmony__store *store, harmony_error *error)
{
	int64_t due = 0;
	harmony__call call = clock_call(store, rebase_due, error);
	harmony_status status = harmony__call_number(&call, &due);

	if (status != HARMONY_OK || due == 0)
		return status;
	status = store_begin(store, error);
	if (status != HARMONY_OK)
		return status;
	call = clock_call(store, rebase_records, error);
	status = harmony__call_run(&call);
	if (status == HARMONY_OK) {
		call = clock_call(store, rebase_refusals, error);
		status = harmony__call_run(&call);
	}
	if (status == HARMONY_OK)
		return store_commit(store, error);
	store_rollback(store);
	return status;
}

/* A store of no bytes is one that was never finished, unless the lock of a run is beside it:
   the first integration was in it, then. */
static harmony_status check_not_emptied(harmony__store *store, harmony_error *error)
{
	harmony__file_info info;
	harmony__buf path;
	bool used = false;

	if (harmony__file_stat(&info, store->path, NULL) != HARMONY_OK || info.size != 0)
		return HARMONY_OK;
	harmony__buf_init(&path, store->context, 4096);
	(void)harmony__buf_printf(&path, "%s-lock-1-run", store->path);
	used = harmony__buf_check(&path, "the path of the store", NULL) == HARMONY_OK &&
	       harmony__file_stat(&info, path.data, NULL) == HARMONY_OK;
	harmony__buf_free(&path);
	if (!used)
		return HARMONY_OK;
	return harmony_error_set(error, HARMONY_CORRUPT, NULL,
				 "%s: the store was in use and is empty now; restore a backup "
				 "(nothing was written in it), or remove it to begin without "
				 "knowing what is booked already",
				 store->path);
}

static harmony_status open_db(harmony__store *store, const harmony_store_options *options,
			      harmony_error *error)
{
	bool alone = false;
	harmony_status status;
	harmony__buf path;

	store->db_options = (harmony__db_options){
	    .flags = (options->read_only ? 0 : HARMONY__DB_CREATE) | HARMONY__DB_SECRET,
	    .application_id = APPLICATION_ID,
	    .what = "the store",
	    .migrations = migrations,
	    .version = HARMONY__COUNT(migrations),
	    .busy_timeout = options->busy_timeout};
	status = harmony__file_private(store->path, "the store", error);
	if (status != HARMONY_OK && (status != HARMONY_NOTFOUND || options->read_only))
		return status;
	status = check_not_emptied(store, error);
	if (status != HARMONY_OK)
		return status;
	harmony__buf_init(&path, store->context, 4096);
	(void)harmony__buf_printf(&path, "%s-use", store->path);
	status = harmony__buf_check(&path, "the path of the store", error);
	if (status == HARMONY_OK && !options->read_only)
		status =
		    harmony__guard_enter(&store->guard, &alone, store->context, path.data, error);
	harmony__buf_free(&path);
	if (status == HARMONY_OK)
		status = harmony__db_open(&store->db, store->context, store->path,
					  &store->db_options, error);
	if (status == HARMONY_OK && !store->read_only)
		status = harmony__db_exec(store->db, "PRAGMA secure_delete = ON", error);
	if (status == HARMONY_OK && alone)
		status = check_after_crash(store, error);
	if (status == HARMONY_OK)
		status = check_when_small(store, error);
	if (alone)
		harmony__guard_share(store->guard);
	return status;
}

static const harmony_store functions = {
    .struct_size = sizeof(harmony_store),
    .abi = HARMONY_STORE_ABI,
    .close = store_close,
    .begin = store_begin,
    .commit = store_commit,
    .rollback = store_rollback,
    .integration = store_integration,
    .lock = store_lock,
    .unlock = store_unlock,
    .file_begin = harmony__store_file_begin,
    .file_write = harmony__store_file_write,
    .file_end = harmony__store_file_end,
    .file_read = harmony__store_file_read,
    .run_add = harmony__store_run_add,
    .run_put = harmony__store_run_put,
    .run_count = harmony__store_run_count,
    .run_list = harmony__store_run_list,
    .run_get = harmony__store_run_get,
    .record_add = harmony__store_record_add,
    .record_revise = harmony__store_record_revise,
    .record_change = harmony__store_record_change,
    .record_find = harmony__store_record_find,
    .record_received = harmony__store_record_received,
    .record_get = harmony__store_record_get,
    .record_list = harmony__store_record_list,
    .record_tally = harmony__store_record_tally,
    .event_add = harmony__store_event_add,
    .event_list = harmony__store_event_list,
    .refusal_add = harmony__store_refusal_add,
    .refusal_count = harmony__store_refusal_count,
    .secret_load = harmony__store_secret_load,
    .secret_save = harmony__store_secret_save,
    .memo_load = harmony__store_memo_load,
    .memo_save = harmony__store_memo_save,
    .rekey = harmony__store_rekey,
    .run_last = harmony__store_run_last,
    .run_forget = store_run_forget,
};

harmony_status harmony_store_open(harmony_store **out, harmony_context *context,
				  const harmony_store_options *options, harmony_error *error)
{
	harmony_store_options copy = HARMONY_STORE_OPTIONS_INIT;
	harmony__store *store;
	harmony_status status;

	if (out != NULL)
		*out = NULL;
	if (out == NULL || context == NULL || options == NULL ||
	    harmony__options_copy(&copy, sizeof(copy), options) != HARMONY_OK || copy.path == NULL)
		return harmony_error_set(error, HARMONY_INVALID, NULL,
					 "harmony_store_open needs a context and a path");
	store = harmony__zalloc(context, sizeof(*store));
	if (store == NULL)
		return harmony__nomem(error);
	store->api = functions;
	store->api.self = store;
	store->context = context;
	store->read_only = copy.read_only != 0;
	harmony__os_boot(store->boot);
	store->path = harmony__strdup(context, copy.path);
	store->key_file = copy.key_file != NULL ? harmony__strdup(context, copy.key_file) : NULL;
	if (store->path == NULL || (copy.key_file != NULL && store->key_file == NULL))
		status = harmony__nomem(error);
	else
		status = open_db(store, &copy, error);
	if (status == HARMONY_OK)
		status = harmony__store_secrets_open(store, error);
	if (status == HARMONY_OK && !store->read_only)
		status = rebase(store, error);
	if (status != HARMONY_OK) {
		store_close(store);
		return status;
	}
	*out = &store->api;
	return HARMONY_OK;
}
