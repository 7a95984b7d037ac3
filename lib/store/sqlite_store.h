/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_LIB_STORE_SQLITE_STORE_H
#define HARMONY_LIB_STORE_SQLITE_STORE_H

/* What the files of the SQLite store share. */

#include <harmony/store.h>

#include "base/base.h"
#include "wire/secretbox.h"
#include "wire/sqlite.h"

#define HARMONY__SECRET_MAX (64u * 1024u)
#define HARMONY__KEY_ID     17 /* hex of 8 bytes, and NUL */

typedef struct harmony__store {
	harmony_store api;
	harmony_context *context;
	harmony__db *db;
	harmony__db_options db_options;
	harmony__guard *guard;
	char *path;
	char *key_file;
	bool read_only;
	bool counted;  /* this handle is among the writers that may leave the store dirty */
	bool counting; /* the open transaction makes it one */
	bool dead;     /* a commit failed: what is on the disk is known after opening again */
	char boot[HARMONY__BOOT_SIZE];
	char key_id[HARMONY__KEY_ID];
	uint8_t key[HARMONY__SECRETBOX_KEY];
} harmony__store;

/* One statement, its parameters in order, run at once. */
typedef struct harmony__call {
	harmony__store *store;
	harmony__stmt *stmt;
	harmony_status status;
	harmony_error *error;
	int next;
} harmony__call;

harmony__call harmony__call_of(harmony__store *store, const char *sql, harmony_error *error);
void harmony__call_int(harmony__call *call, int64_t value);
void harmony__call_str(harmony__call *call, const char *text);   /* NULL is "" */
void harmony__call_maybe(harmony__call *call, const char *text); /* NULL is NULL */
void harmony__call_blob(harmony__call *call, const void *data, size_t len);
harmony_status harmony__call_run(harmony__call *call);
/* The next row. */
harmony_status harmony__call_step(harmony__call *call, bool *row);
/* Runs it for one row and its first number; HARMONY_NOTFOUND without an error text. */
harmony_status harmony__call_number(harmony__call *call, int64_t *out);
/* Ends it before its last row. */
void harmony__call_end(harmony__call *call);

/* T functions refuse to work outside a transaction. */
harmony_status harmony__store_in(harmony__store *store, harmony_error *error);

/* sqlite_run.c */
harmony_status harmony__store_file_begin(void *self, harmony_intake *file, harmony_error *error);
harmony_status harmony__store_file_write(void *self, const harmony_intake *file, const void *data,
					 size_t len, harmony_error *error);
harmony_status harmony__store_file_end(int64_t *known, void *self, const harmony_intake *file,
				       harmony_error *error);
harmony_status harmony__store_file_read(void *self, int64_t id, harmony_write_fn write, void *user,
					harmony_error *error);
harmony_status harmony__store_run_add(void *self, int64_t integration, harmony_run *run,
				      harmony_error *error);
harmony_status harmony__store_run_put(void *self, const harmony_run *run, harmony_error *error);
harmony_status harmony__store_run_count(harmony_counts *counts, void *self, int64_t run,
					harmony_error *error);
harmony_status harmony__store_run_list(void *self, int64_t integration, int64_t before,
				       size_t limit, harmony_run_fn fn, void *user,
				       harmony_error *error);
harmony_status harmony__store_run_get(harmony_run *out, void *self, int64_t id,
				      harmony_error *error);
harmony_status harmony__store_run_last(harmony_run *out, void *self, int64_t integration,
				       int direction, int succeeded, harmony_error *error);

/* sqlite_record.c */
harmony_status harmony__store_record_add(int64_t *id, void *self,
					 const harmony_record_state *record, const char *who,
					 harmony_error *error);
harmony_status harmony__store_record_revise(void *self, const harmony_record_state *record,
					    const char *who, harmony_error *error);
harmony_status harmony__store_record_change(void *self, const harmony_record_change *change,
					    harmony_error *error);
harmony_status harmony__store_record_find(void *self, int64_t integration, const char *key,
					  const uint8_t *hash, int owner,
					  harmony_record_state_fn fn, void *user,
					  harmony_error *error);
harmony_status harmony__store_record_received(int *yes, void *self, int64_t id, const uint8_t *hash,
					      harmony_error *error);
harmony_status harmony__store_record_get(void *self, int64_t id, harmony_record_state_fn fn,
					 void *user, harmony_error *error);
harmony_status harmony__store_record_list(void *self, const harmony_record_query *query,
					  harmony_record_state_fn fn, void *user,
					  harmony_error *error);
harmony_status harmony__store_record_tally(uint64_t counts[HARMONY_STATES], void *self,
					   int64_t integration, harmony_error *error);
harmony_status harmony__store_event_add(void *self, int64_t record, const harmony_event *event,
					harmony_error *error);
harmony_status harmony__store_event_list(void *self, int64_t record, harmony_event_fn fn,
					 void *user, harmony_error *error);
harmony_status harmony__store_refusal_add(void *self, int64_t integration, const char *endpoint,
					  harmony_error *error);
harmony_status harmony__store_refusal_count(uint32_t *count, int64_t *relief, void *self,
					    int64_t integration, const char *endpoint,
					    int64_t window, harmony_error *error);

/* sqlite_secret.c */
harmony_status harmony__store_secrets_open(harmony__store *store, harmony_error *error);
harmony_status harmony__store_secret_load(void *buffer, size_t *len, void *self,
					  int64_t integration, const char *name, int generation,
					  harmony_error *error);
harmony_status harmony__store_secret_save(void *self, int64_t integration, const char *name,
					  const void *data, size_t len, harmony_error *error);
harmony_status harmony__store_memo_load(void *buffer, size_t *len, void *self, int64_t integration,
					const char *name, harmony_error *error);
harmony_status harmony__store_memo_save(void *self, int64_t integration, const char *name,
					const void *data, size_t len, harmony_error *error);
harmony_status harmony__store_rekey(void *self, harmony_error *error);

#endif
