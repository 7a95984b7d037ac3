/* SPDX-License-Identifier: MIT */
#include "wire/sqlite.h"

#include <stdio.h>

#include <sqlite3.h>

struct harmony__stmt {
	harmony__db *db;
	const char *sql; /* what it is found by */
	sqlite3_stmt *handle;
	int failed; /* the first SQLite code of a bind or a column, told by step */
};

struct harmony__db {
	harmony_context *context;
	sqlite3 *handle;
	char *path;
	const harmony__db_options *options;
	harmony__stmt **stmts;
	size_t stmt_count, stmt_capacity;
	bool uncertain;
};

/* ---- what went wrong ----------------------------------------------------------- */

/* What SQLite says, what that is to us, and what mends it. Extended codes first: the
   first row that fits counts. */
static const struct {
	int code;
	harmony_status status;
	const char *mend;
} failures[] = {
    {SQLITE_IOERR_NOMEM, HARMONY_NOMEM, "give the program more memory"},
    {SQLITE_NOMEM, HARMONY_NOMEM, "give the program more memory"},
    {SQLITE_FULL, HARMONY_IO,
     "the disk is full: nothing of this step was kept; free some space and run it again"},
    {SQLITE_IOERR, HARMONY_IO, "the disk refused; look at the system's log, then run it again"},
    {SQLITE_READONLY, HARMONY_IO, "give this user the right to write the file and its folder"},
    {SQLITE_CANTOPEN, HARMONY_IO,
     "give this user the right to read and write the file and its folder"},
    {SQLITE_PERM, HARMONY_IO, "give this user the right to read and write the file"},
    {SQLITE_AUTH, HARMONY_IO, "give this user the right to read and write the file"},
    {SQLITE_CORRUPT, HARMONY_CORRUPT,
     "nothing was overwritten; put the file and those beside it with -wal and -shm behind its "
     "name aside, and restore a backup"},
    {SQLITE_NOTADB, HARMONY_CORRUPT,
     "nothing was overwritten; this is no database or a damaged one: name another file, or "
     "restore a backup"},
    {SQLITE_SCHEMA, HARMONY_CORRUPT, "its tables are not as this version made them; restore a backup"},
    {SQLITE_ERROR, HARMONY_CORRUPT, "its tables are not as this version made them; restore a backup"},
    {SQLITE_BUSY, HARMONY_BUSY, "another process is writing in it; try again when it is done"},
    {SQLITE_LOCKED, HARMONY_BUSY, "another handle is writing in it; try again when it is done"},
    {SQLITE_PROTOCOL, HARMONY_BUSY, "other processes held it for too long; try again"},
    {SQLITE_CONSTRAINT_UNIQUE, HARMONY_EXISTS, "it is there already"},
    {SQLITE_CONSTRAINT_PRIMARYKEY, HARMONY_EXISTS, "it is there already"},
    {SQLITE_CONSTRAINT, HARMONY_INVALID, "a rule of its tables refused it"},
    {SQLITE_TOOBIG, HARMONY_LIMIT, "it is larger than the file can hold in one place"},
    {SQLITE_INTERRUPT, HARMONY_CANCELLED, "it was interrupted"},
};

/* Fills `error` for an SQLite code. The code is that of the failed call, not of the
   handle, whose text is used as long as the two agree. */
static harmony_status fail_at(sqlite3 *handle, const char *path, const char *what, int code,
                              harmony_error *error)
{
	const char *mend = "this is a mistake in the program that uses it; please report it";
	const char *said = sqlite3_errstr(code);
	harmony_status status = HARMONY_STATE;

	for (size_t i = 0; i < HARMONY__COUNT(failures); i++) {
		if (failures[i].code != code && failures[i].code != (code & 0xff))
			continue;
		status = failures[i].status;
		mend = failures[i].mend;
		break;
	}
	if (handle != NULL && (sqlite3_errcode(handle) & 0xff) == (code & 0xff))
		said = sqlite3_errmsg(handle);
	harmony__error_place(error, path, 0, 0, NULL);
	return harmony_error_set(error, status, NULL, "%s (%s): %s (SQLite %d); %s", path, what,
	                         said, code, mend);
}

static harmony_status fail(harmony__db *db, int code, harmony_error *error)
{
	return fail_at(db->handle, db->path, db->options->what, code, error);
}

/* ---- statements -------------------------------------------------------------------- */

harmony_status harmony__db_exec(harmony__db *db, const char *sql, harmony_error *error)
{
	int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? HARMONY_OK : fail(db, code, error);
}

void harmony__db_reset(harmony__stmt *stmt)
{
	(void)sqlite3_reset(stmt->handle); /* repeats the code of the last step, told there */
}

static harmony_status stmt_new(harmony__stmt **out, harmony__db *db, const char *sql,
                               harmony_error *error)
{
	harmony__stmt *stmt = NULL;
	int code;
	harmony_status status = harmony__grow(db->context, (void **)&db->stmts, &db->stmt_capacity,
	                                      db->stmt_count + 1, sizeof(*db->stmts));

	if (status != HARMONY_OK)
		return harmony__nomem(error);
	stmt = harmony__zalloc(db->context, sizeof(*stmt));
	if (stmt == NULL)
		return harmony__nomem(error);
	code = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt->handle,
	                          NULL);
	if (code != SQLITE_OK) {
		harmony__free(db->context, stmt);
		return fail(db, code, error);
	}
	stmt->db = db;
	stmt->sql = sql;
	db->stmts[db->stmt_count++] = stmt;
	*out = stmt;
	return HARMONY_OK;
}

harmony_status harmony__db_prepare(harmony__stmt **out, harmony__db *db, const char *sql,
                                   harmony_error *error)
{
	for (size_t i = 0; i < db->stmt_count; i++) {
		harmony__stmt *stmt = db->stmts[i];

		if (stmt->sql != sql)
			continue;
		harmony__db_reset(stmt);
		(void)sqlite3_clear_bindings(stmt->handle); /* always SQLITE_OK */
		stmt->failed = SQLITE_OK;
		*out = stmt;
		return HARMONY_OK;
	}
	return stmt_new(out, db, sql, error);
}

static void keep(harmony__stmt *stmt, int code)
{
	if (stmt->failed == SQLITE_OK)
		stmt->failed = code;
}

void harmony__bind_int(harmony__stmt *stmt, int index, int64_t value)
{
	keep(stmt, sqlite3_bind_int64(stmt->handle, index, value));
}

void harmony__bind_text(harmony__stmt *stmt, int index, const char *text, size_t len)
{
	keep(stmt, sqlite3_bind_text64(stmt->handle, index, text, len, SQLITE_STATIC, SQLITE_UTF8));
}

void harmony__bind_str(harmony__stmt *stmt, int index, const char *text)
{
	harmony__bind_text(stmt, index, text, text != NULL ? strlen(text) : 0);
}

void harmony__bind_blob(harmony__stmt *stmt, int index, const void *data, size_t len)
{
	keep(stmt, sqlite3_bind_blob64(stmt->handle, index, data, len, SQLITE_STATIC));
}

void harmony__bind_null(harmony__stmt *stmt, int index)
{
	keep(stmt, sqlite3_bind_null(stmt->handle, index));
}

harmony_status harmony__db_step(harmony__stmt *stmt, bool *row, harmony_error *error)
{
	harmony_status status = HARMONY_OK;
	int code = stmt->failed;

	*row = false;
	if (code == SQLITE_OK)
		code = sqlite3_step(stmt->handle);
	if (code == SQLITE_ROW) {
		*row = true;
		return HARMONY_OK;
	}
	if (code != SQLITE_DONE)
		status = fail(stmt->db, code, error);
	harmony__db_reset(stmt);
	stmt->failed = SQLITE_OK;
	return status;
}

harmony_status harmony__db_run(harmony__stmt *stmt, harmony_error *error)
{
	bool row;
	harmony_status status = harmony__db_step(stmt, &row, error);

	if (row)
		harmony__db_reset(stmt);
	return status;
}

bool harmony__column_is_null(harmony__stmt *stmt, int column)
{
	return sqlite3_column_type(stmt->handle, column) == SQLITE_NULL;
}

int64_t harmony__column_int(harmony__stmt *stmt, int column)
{
	return sqlite3_column_int64(stmt->handle, column);
}

const char *harmony__column_text(harmony__stmt *stmt, int column, size_t *len)
{
	bool null = harmony__column_is_null(stmt, column); /* before the text: asking converts */
	const char *text = (const char *)sqlite3_column_text(stmt->handle, column);

	if (text == NULL && !null)
		keep(stmt, SQLITE_NOMEM);
	if (len != NULL)
		*len = text != NULL ? (size_t)sqlite3_column_bytes(stmt->handle, column) : 0;
	return text != NULL ? text : "";
}

const void *harmony__column_blob(harmony__stmt *stmt, int column, size_t *len)
{
	const void *data = sqlite3_column_blob(stmt->handle, column);
	size_t bytes = (size_t)sqlite3_column_bytes(stmt->handle, column);

	/* An empty blob is NULL too; only with bytes behind it something is missing. */
	if (data == NULL && sqlite3_errcode(stmt->db->handle) == SQLITE_NOMEM)
		keep(stmt, SQLITE_NOMEM);
	if (len != NULL)
		*len = data != NULL ? bytes : 0;
	return data != NULL ? data : "";
}

int64_t harmony__db_last_id(const harmony__db *db)
{
	return sqlite3_last_insert_rowid(db->handle);
}

int64_t harmony__db_changes(const harmony__db *db)
{
	return sqlite3_changes64(db->handle);
}

/* ---- transactions --------------------------------------------------------------- */

harmony_status harmony__db_begin(harmony__db *db, harmony_error *error)
{
	db->uncertain = false;
	return harmony__db_exec(db, "BEGIN IMMEDIATE", error);
}

harmony_status harmony__db_commit(harmony__db *db, harmony_error *error)
{
	int code = sqlite3_exec(db->handle, "COMMIT", NULL, NULL, NULL);
	harmony_status status;

	if (code == SQLITE_OK)
		return HARMONY_OK;
	/* Of a full disk or a failed write the last frame, the one that commits, is not there.
	   A failed sync says nothing of what has reached the disk. */
	db->uncertain = (code & 0xff) == SQLITE_IOERR && code != SQLITE_IOERR_WRITE &&
	                code != SQLITE_IOERR_NOMEM;
	status = fail(db, code, error);
	harmony__db_rollback(db);
	return status;
}

void harmony__db_rollback(harmony__db *db)
{
	/* SQLite may have rolled back by itself (disk full), and its answer adds nothing to
	   the cause that brought us here. */
	if (harmony__db_in_transaction(db))
		(void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

bool harmony__db_in_transaction(const harmony__db *db)
{
	return sqlite3_get_autocommit(db->handle) == 0;
}

bool harmony__db_uncertain(const harmony__db *db)
{
	return db->uncertain;
}

/* ---- opening ------------------------------------------------------------------------ */

/* The one number that `sql` gives. */
static harmony_status number(int64_t *out, harmony__db *db, const char *sql, harmony_error *error)
{
	sqlite3_stmt *handle = NULL;
	int code = sqlite3_prepare_v2(db->handle, sql, -1, &handle, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(handle);
	if (code == SQLITE_ROW) {
		*out = sqlite3_column_int64(handle, 0);
		code = SQLITE_OK;
	}
	/* Before finalize, which may replace SQLite's text. */
	harmony_status status = code == SQLITE_OK ? HARMONY_OK : fail(db, code, error);
	(void)sqlite3_finalize(handle);
	return status;
}

/* Makes the file when it is not there, so that at no moment others may read it. Refuses
   what others may read. */
static harmony_status look_at_file(const char *path, const harmony__db_options *options,
                                   harmony_context *context, harmony_error *error)
{
	harmony__file_info info;
	harmony_status status = harmony__file_stat(&info, path, error);

	if (status == HARMONY_NOTFOUND && (options->flags & HARMONY__DB_CREATE)) {
		harmony_error mine = HARMONY_ERROR_INIT;
		status = harmony__file_create(path, 0600, context, &mine);
		/* EXISTS: another process was quicker, and made it as we would have. */
		if (status == HARMONY_OK || status == HARMONY_EXISTS)
			status = harmony__file_stat(&info, path, error);
		else
			harmony__error_give(error, &mine);
	}
	if (status == HARMONY_NOTFOUND)
		return harmony_error_set(error, status, NULL,
		                         "%s: %s is not there; check the path, or make it first",
		                         path, options->what);
	if (status != HARMONY_OK)
		return status;
	if (!info.regular)
		return harmony_error_set(error, HARMONY_CONFIG, NULL,
		                         "%s: %s must be a regular file", path, options->what);
	if ((options->flags & HARMONY__DB_SECRET) && (info.mode & 077) != 0)
		return harmony_error_set(error, HARMONY_CONFIG, NULL,
		                         "%s: %s holds secrets, and others than its owner may read "
		                         "it (mode %03o); run: chmod 600 '%s'",
		                         path, options->what, (unsigned)(info.mode & 0777), path);
	return HARMONY_OK;
}

static harmony_status open_handle(harmony__db *db, harmony_error *error)
{
	/* NOMUTEX: one handle is used from one thread at a time, as all of the library. */
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	int code = sqlite3_open_v2(db->path, &db->handle, flags, NULL);

	if (code != SQLITE_OK)
		return fail(db, code, error);
	if (sqlite3_db_readonly(db->handle, "main"))
		return fail(db, SQLITE_READONLY, error);
	code = sqlite3_busy_timeout(db->handle, (int)db->options->busy_timeout);
	/* A damaged or hostile file must not be able to do more than be read wrongly. */
	if (code == SQLITE_OK)
		code = sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
	return code == SQLITE_OK ? HARMONY_OK : fail(db, code, error);
}

/* Is it ours, and of which version? Only reads, so that another application's file keeps
   every byte. A file without any table is one that was just made. */
static harmony_status look_inside(int64_t *version, harmony__db *db, harmony_error *error)
{
	int64_t id = 0, tables = 0;
	harmony_status status = number(&id, db, "PRAGMA application_id", error);

	if (status == HARMONY_OK)
		status = number(version, db, "PRAGMA user_version", error);
	if (status == HARMONY_OK)
		status = number(&tables, db, "SELECT count(*) FROM sqlite_schema", error);
	if (status != HARMONY_OK)
		return status;
	if ((uint32_t)id != db->options->application_id && (id != 0 || *version != 0 || tables != 0))
		return harmony_error_set(error, HARMONY_FORMAT, NULL,
		                         "%s: this is another application's database, not %s; name "
		                         "another file (nothing was written in it)",
		                         db->path, db->options->what);
	if (*version < 0 || *version > (int64_t)db->options->version)
		return harmony_error_set(error, HARMONY_VERSION, NULL,
		                         "%s: %s is of version %lld, this program knows versions up "
		                         "to %u; use the newer program that made it (nothing was "
		                         "written in it)",
		                         db->path, db->options->what, (long long)*version,
		                         db->options->version);
	return HARMONY_OK;
}

/* Durable: the log is synced at each commit. EXTRA is FULL for a write-ahead log, and where
   the file system has none (then SQLite keeps its rollback journal) it syncs the folder
   too. SQLite does not wait for others when it changes the journal, so this does. */
static harmony_status make_durable(harmony__db *db, harmony_error *error)
{
	int64_t until = harmony__monotonic(db->context) + db->options->busy_timeout;
	int code;

	for (;;) {
		code = sqlite3_exec(db->handle, "PRAGMA journal_mode=WAL", NULL, NULL, NULL);
		if ((code & 0xff) != SQLITE_BUSY || harmony__monotonic(db->context) >= until)
			break;
		sqlite3_sleep(10);
	}
	if (code == SQLITE_OK)
		code = sqlite3_exec(db->handle, "PRAGMA synchronous=EXTRA", NULL, NULL, NULL);
	return code == SQLITE_OK ? HARMONY_OK : fail(db, code, error);
}

static harmony_status migrate(harmony__db *db, harmony_error *error)
{
	char numbers[96];
	int64_t version = 0;
	harmony_status status = harmony__db_begin(db, error);

	/* Again, inside: another process may have been here meanwhile. */
	if (status == HARMONY_OK)
		status = look_inside(&version, db, error);
	for (; status == HARMONY_OK && version < (int64_t)db->options->version; version++)
		status = harmony__db_exec(db, db->options->migrations[version], error);
	if (status == HARMONY_OK) {
		snprintf(numbers, sizeof(numbers), "PRAGMA application_id=%d; PRAGMA user_version=%u",
		         (int)db->options->application_id, db->options->version);
		status = harmony__db_exec(db, numbers, error);
	}
	if (status == HARMONY_OK)
		return harmony__db_commit(db, error);
	harmony__db_rollback(db);
	return status;
}

/* SQLite takes "file:..." for an address and ":memory:" for no file at all. */
static char *plain_path(harmony_context *context, const char *path)
{
	const char *before = path[0] == ':' || strncmp(path, "file:", 5) == 0 ? "./" : "";
	size_t size = strlen(before) + strlen(path) + 1;
	char *plain = harmony__alloc(context, size);

	if (plain != NULL)
		snprintf(plain, size, "%s%s", before, path);
	return plain;
}

harmony_status harmony__db_open(harmony__db **out, harmony_context *context, const char *path,
                                const harmony__db_options *options, harmony_error *error)
{
	int64_t version = 0;
	harmony__db *db;
	harmony_status status;

	if (path[0] == '\0')
		return harmony_error_set(error, HARMONY_INVALID, NULL, "the path of %s is empty",
		                         options->what);
	status = look_at_file(path, options, context, error);
	if (status != HARMONY_OK)
		return status;
	db = harmony__zalloc(context, sizeof(*db));
	if (db == NULL)
		return harmony__nomem(error);
	db->context = context;
	db->options = options;
	db->path = plain_path(context, path);
	status = db->path != NULL ? open_handle(db, error) : harmony__nomem(error);
	if (status == HARMONY_OK)
		status = look_inside(&version, db, error);
	if (status == HARMONY_OK)
		status = make_durable(db, error);
	if (status == HARMONY_OK && version < (int64_t)options->version)
		status = migrate(db, error);
	if (status != HARMONY_OK) {
		harmony__db_close(db);
		return status;
	}
	*out = db;
	return HARMONY_OK;
}

void harmony__db_close(harmony__db *db)
{
	if (db == NULL)
		return;
	for (size_t i = 0; i < db->stmt_count; i++) {
		(void)sqlite3_finalize(db->stmts[i]->handle);
		harmony__free(db->context, db->stmts[i]);
	}
	harmony__free(db->context, db->stmts);
	(void)sqlite3_close(db->handle); /* rolls back; NULL is fine */
	harmony__free(db->context, db->path);
	harmony__free(db->context, db);
}

const char *harmony__db_path(const harmony__db *db)
{
	return db->path;
}

/* ---- care ------------------------------------------------------------------------------ */

static harmony_status check_with(harmony__db *db, const char *sql, const char *fine,
                                 harmony_error *error)
{
	harmony__stmt *stmt = NULL;
	bool row;
	harmony_status status = harmony__db_prepare(&stmt, db, sql, error);

	if (status == HARMONY_OK)
		status = harmony__db_step(stmt, &row, error);
	if (status != HARMONY_OK || !row)
		return status;
	const char *found = harmony__column_text(stmt, 0, NULL);
	if (fine == NULL || strcmp(found, fine) != 0)
		status = harmony_error_set(error, HARMONY_CORRUPT, NULL,
		                           "%s (%s) is damaged: %s; nothing was overwritten; put it "
		                           "aside and restore a backup",
		                           db->path, db->options->what, found);
	harmony__db_reset(stmt);
	return status;
}

harmony_status harmony__db_check(harmony__db *db, bool thorough, harmony_error *error)
{
	static const char quick[] = "PRAGMA quick_check(1)";
	static const char whole[] = "PRAGMA integrity_check(1)";
	static const char foreign[] =
	    "SELECT 'a row of ' || \"table\" || ' refers to a missing row of ' || parent"
	    " FROM pragma_foreign_key_check";
	harmony_status status = check_with(db, thorough ? whole : quick, "ok", error);

	if (status == HARMONY_OK && thorough)
		status = check_with(db, foreign, NULL, error);
	return status;
}
