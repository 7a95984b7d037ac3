/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_LIB_WIRE_SQLITE_H
#define HARMONY_LIB_WIRE_SQLITE_H

/* Durable tables in one file, on SQLite: the only room that includes sqlite3.h.

   Memory   SQLite's allocator belongs to the whole process (sqlite3_config), and the
            host may use SQLite itself: it stays as it is. What this file allocates
            beside it comes from the context.
   Threads  One handle from one thread at a time. Different handles, also of one file,
            from different threads and processes at once.
   fork     A handle must not cross it.
   Disks    Local ones: the write-ahead log needs shared memory and honest locks.

   What went wrong is told once, with the file, SQLite's own words and what mends it:
     HARMONY_IO       disk full, no right to read or write, a failing disk
     HARMONY_CORRUPT  damaged, or tables other than this version made; nothing was written
     HARMONY_BUSY     another process held it for longer than the busy timeout
     HARMONY_EXISTS   a UNIQUE or PRIMARY KEY was there already
     HARMONY_INVALID  another constraint (NOT NULL, CHECK, FOREIGN KEY) refused it
     HARMONY_LIMIT    a text or blob over SQLite's limit
     HARMONY_NOMEM */

#include "base/base.h"

typedef struct harmony__db harmony__db;
typedef struct harmony__stmt harmony__stmt;

enum {
	HARMONY__DB_CREATE = 1, /* make the file when there is none; else HARMONY_NOTFOUND */
	HARMONY__DB_SECRET = 2  /* refuse a file that its group or others may read */
};

typedef struct harmony__db_options {
	int flags;               /* HARMONY__DB_* */
	uint32_t application_id; /* not 0: tells this kind of file from every other */
	const char *what;        /* "the store", "the ledger's books": for messages */
	/* Step n (SQL, one or more statements) brings version n to n + 1; `version` of them
	   in all. Released steps are never changed, new ones are appended. */
	const char *const *migrations;
	unsigned version;
	int64_t busy_timeout; /* ms that a call waits for other processes */
} harmony__db_options;

/* Opens (and makes, 0600) `path`, and brings it to `options->version` in one
   transaction. Durable: a commit that returned is on the disk (WAL, synced). Nothing is
   written into a file that is not ours: HARMONY_FORMAT for another application's
   database, HARMONY_CORRUPT for none at all, HARMONY_VERSION for one of a newer version.
   HARMONY_CONFIG: others may read the secrets. `options` and what it points to must
   outlive the handle. */
harmony_status harmony__db_open(harmony__db **out, harmony_context *context, const char *path,
                                const harmony__db_options *options, harmony_error *error);
/* Ends an open transaction without its changes. NULL is allowed. */
void harmony__db_close(harmony__db *db);
const char *harmony__db_path(const harmony__db *db);

/* Runs statements that give no rows. */
harmony_status harmony__db_exec(harmony__db *db, const char *sql, harmony_error *error);

/* Begins a transaction that may write (BEGIN IMMEDIATE): from here on no other process
   writes, and HARMONY_BUSY cannot come in the middle. */
harmony_status harmony__db_begin(harmony__db *db, harmony_error *error);
/* On an error the transaction is rolled back. */
harmony_status harmony__db_commit(harmony__db *db, harmony_error *error);
/* Does nothing outside a transaction. */
void harmony__db_rollback(harmony__db *db);
bool harmony__db_in_transaction(const harmony__db *db);
/* After a failed commit: true when its changes may be on the disk all the same (the
   sync failed, not a write), which only a look after reopening tells. */
bool harmony__db_uncertain(const harmony__db *db);

/* Looks through the whole file: HARMONY_CORRUPT with what was found. `thorough` also
   compares indexes with their tables (slow on large files), and foreign keys. */
harmony_status harmony__db_check(harmony__db *db, bool thorough, harmony_error *error);
int64_t harmony__db_last_id(const harmony__db *db); /* rowid of the last insert */
int64_t harmony__db_changes(const harmony__db *db); /* rows that the last statement changed */

/* ---- statements ------------------------------------------------------------- */

/* The statement of `sql`, prepared at its first use and kept until close. `sql` is a
   static text: its address is what it is found by. It comes reset and with every
   parameter NULL, so one statement cannot be used inside its own rows. */
harmony_status harmony__db_prepare(harmony__stmt **out, harmony__db *db, const char *sql,
                                   harmony_error *error);

/* Parameters count from 1. Text and blob must live until the step that ends the
   statement; a NULL pointer binds NULL. A failure sticks and is told by step. */
void harmony__bind_int(harmony__stmt *stmt, int index, int64_t value);
void harmony__bind_text(harmony__stmt *stmt, int index, const char *text, size_t len);
void harmony__bind_str(harmony__stmt *stmt, int index, const char *text); /* NUL-ended */
void harmony__bind_blob(harmony__stmt *stmt, int index, const void *data, size_t len);
void harmony__bind_null(harmony__stmt *stmt, int index);

/* The next row: `*row` true when there is one. After the last, and after an error, the
   statement is reset (its parameters stay) and may be bound and stepped again. */
harmony_status harmony__db_step(harmony__stmt *stmt, bool *row, harmony_error *error);
/* Steps a statement that gives no rows, or whose rows nobody wants. */
harmony_status harmony__db_run(harmony__stmt *stmt, harmony_error *error);
/* Ends a statement before its last row, so that it holds no snapshot. */
void harmony__db_reset(harmony__stmt *stmt);

/* Columns of the current row, from 0. Texts and blobs are borrowed until the next step;
   `len` may be NULL. An SQL NULL reads as 0 and "". Out of memory reads as "" too, and is
   told by the next step. */
bool harmony__column_is_null(harmony__stmt *stmt, int column);
int64_t harmony__column_int(harmony__stmt *stmt, int column);
const char *harmony__column_text(harmony__stmt *stmt, int column, size_t *len);
const void *harmony__column_blob(harmony__stmt *stmt, int column, size_t *len);

#endif
