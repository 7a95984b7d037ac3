/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_LIB_SYNC_SYNC_H
#define HARMONY_LIB_SYNC_SYNC_H

/* What the files of this room share. host.c: a connector's surroundings. intake.c:
   files into the store. outbox.c: records to the package. run.c: what every run has.
   export.c, import.c, history.c: the public operations. */

#include <harmony/dbopen.h>
#include <harmony/fmuta6.h>
#include <harmony/source.h>
#include <harmony/sync.h>

#include "base/base.h"

#define HARMONY__HELD 8 /* locks that a connector may hold at once */
/* A natural key, or kind, content hash and occurrence. */
#define HARMONY__KEY_ROOM (HARMONY_KEY_SIZE + 96)

typedef struct harmony__integration {
	harmony_sync *sync;
	char name[HARMONY_NAME_SIZE];
	harmony_settings *settings;
	harmony_settings *resolved; /* secrets that settings name by file or environment */
	harmony_connector vtable;   /* a copy: an older connector's struct may be shorter */
	const harmony_connector *connector;
	harmony_fmuta6_options fmuta6;
	harmony_dbopen_options dbopen;
	int64_t interval, stable, history; /* ms */
	int64_t id;               /* in the store, 0: not asked yet */
	harmony_host host;
	void *instance; /* of an open connector; one without state may have none */
	bool opened;
	struct {
		char name[64];
		void *lock;
	} held[HARMONY__HELD];
} harmony__integration;

struct harmony_sync {
	harmony_context *context;
	harmony_sync_options options;
	char *folder, *who;
	harmony__integration **integrations;
	size_t count, capacity;
};

/* A set of numbers. */
typedef struct harmony__ids {
	harmony_context *context;
	int64_t *slots; /* 0: free */
	size_t count, capacity;
} harmony__ids;

void harmony__ids_init(harmony__ids *ids, harmony_context *context);
void harmony__ids_free(harmony__ids *ids);
harmony_status harmony__ids_add(harmony__ids *ids, int64_t id) HARMONY__CHECKED;
bool harmony__ids_has(const harmony__ids *ids, int64_t id);

/* What is kept of records of a listing, in its order. */
typedef struct harmony__row {
	int64_t id, run;
	harmony_kind kind;
	int state;
} harmony__row;
typedef struct harmony__rows {
	harmony_context *context;
	harmony__row *list;
	size_t count, capacity;
} harmony__rows;

harmony_status harmony__rows_add(harmony__rows *rows, harmony__row row) HARMONY__CHECKED;
void harmony__rows_free(harmony__rows *rows);

/* What a schedule asks of an export, and hears of it beside the run. */
typedef struct harmony__part {
	bool files;      /* take in what lies at export_path, which it saw unchanged */
	uint64_t print;  /* as this: harmony__watched.print */
	size_t portion;  /* waiting records that the run takes up at the most; 0: all */
	bool eager;      /* also those that only our own backoff holds back */
	bool (*enough)(void *user); /* between two records: true ends the offering */
	void *user;
	bool unreadable; /* out: the input is what failed: */
	bool folder;     /* its folder, or else */
	char path[1024]; /* this file, */
	harmony__file_info state; /* in this state */
	bool moved;      /* out: taken files were moved out of the way, or were to be; */
	harmony_error unmoved; /* what kept one of them where it was, */
	char stuck[1024];      /* and which */
} harmony__part;

/* Relations that are not in the package yet, or not surely, by the hash of their key. */
typedef struct harmony__relations {
	harmony_context *context;
	uint64_t *hashes;
	size_t count, capacity;
	bool loaded;
} harmony__relations;

/* Paths of files, absolute. */
typedef struct harmony__paths {
	harmony_context *context;
	char **list;
	harmony__file_info *states; /* that were read, or known; not regular: none */
	size_t count, capacity, states_capacity;
} harmony__paths;

/* One run at work. */
typedef struct harmony__job {
	harmony_sync *sync;
	harmony_context *context;
	harmony__integration *integration;
	harmony_store *store;
	harmony_run run;
	void *lock;
	harmony__ids touched;                 /* records that the files of this run brought */
	uint8_t last_hash[HARMONY_HASH_SIZE]; /* of the last record without a number, */
	uint32_t last_occurrence;             /* and how many of it there were */
	harmony__buf json;
	harmony_intake file;
	harmony__file_info state; /* of the file that was read last */
	uint64_t work, done; /* records to offer, and offered */
	harmony_status stop; /* what ended the offering early */
	harmony_error why;
	harmony_diagnostic_fn diagnostic; /* of the host, with its `user`; may be NULL */
	void *user;
	bool unreadable; /* what failed was the input */
	uint64_t lost;   /* failures of the files that no record has: a line that is none */
	harmony_error lost_first;
	unsigned silent; /* offers in a row that got no answer */
	int64_t delay;   /* until what it leaves is due, ms; 0: not drawn yet */
	harmony__relations relations;
	harmony__part *part; /* NULL: all that there is to do */
	bool yielded;        /* `part` had enough: what is left waits, and is due */
	harmony__paths companions; /* that lay there before the watched files were looked at */
} harmony__job;

/* ---- sync.c ---- */
harmony_status harmony__integration_find(harmony__integration **out, harmony_sync *sync,
					 const char *name, harmony_error *error);
/* Its number in the store. HARMONY_STATE when the sync has no store. */
harmony_status harmony__integration_id(harmony__integration *integration, harmony_error *error);
const char *harmony__setting(harmony__integration *integration, const char *key);
/* A path of the settings, made absolute with the sync's folder, appended. */
harmony_status harmony__path(harmony__buf *out, const harmony_sync *sync, const char *path,
			     harmony_error *error);
/* What a call returns, said in words when nobody has yet: that is what a callback of the host
   returned. */
harmony_status harmony__answer(harmony_status status, harmony_error *error);
/* Where in a record: "date", "lines.2.account"; "" when it is of no field. */
void harmony__field_path(char *to, size_t size, const harmony_diagnostic *diagnostic);

/* ---- host.c ---- */
/* Its secrets that settings name by file or environment are wiped, and read anew when needed. */
void harmony__forget_secrets(harmony__integration *integration);
void harmony__host_init(harmony__integration *integration);
harmony_status harmony__connector_open(harmony__integration *integration, harmony_error *error);
void harmony__connector_close(harmony__integration *integration);
bool harmony__cancelled(harmony_sync *sync);
harmony_status harmony__sleep(harmony_sync *sync, int64_t milliseconds);
/* A named step: HARMONY_OK without a hook. */
harmony_status harmony__step(harmony_sync *sync, const char *name, harmony_error *error);

/* ---- run.c ---- */
/* Takes the integration's lock and ends what a crash left of an earlier run. */
harmony_status harmony__job_open(harmony__job *job, harmony_sync *sync, const char *name,
				 int direction, harmony_error *error);
/* Begins a transaction with the run's row in it. */
harmony_status harmony__job_begin(harmony__job *job, harmony_error *error);
/* Ends the run: what is left of it waits, the counts are made and checked. */
harmony_status harmony__job_finish(harmony__job *job, harmony_error *error);
/* The status to return: what the system refused the store is temporary. */
harmony_status harmony__job_status(const harmony__job *job, harmony_status status,
				   harmony_error *error);
void harmony__job_close(harmony__job *job);
/* Into a caller's struct, which may be NULL or of an older version. */
void harmony__give_run(harmony_run *to, const harmony_run *from);
/* The word of a record's error that a status of the connection comes to. */
const char *harmony__code_of(harmony_status status);
/* Whether `part` has had enough: ends the offering then, and what is left is due at once. */
bool harmony__job_yields(harmony__job *job);
/* The first reason for ending the offering counts. */
void harmony__job_stop(harmony__job *job, harmony_status status, const harmony_error *why);
harmony_status harmony__change(harmony__job *job, harmony_record_change *change,
			       harmony_error *error);
/* Appends what the query gives. */
harmony_status harmony__rows_list(harmony__rows *rows, harmony__job *job,
				  const harmony_record_query *query, harmony_error *error);
/* Whether it gives a record of one of these kinds (bits). */
harmony_status harmony__any(bool *yes, harmony__job *job, const harmony_record_query *query,
			    unsigned kinds, harmony_error *error);
/* Commits, and rolls back when `status` is not HARMONY_OK. */
harmony_status harmony__settle_transaction(harmony__job *job, harmony_status status,
					   harmony_error *error);
/* ms to wait after `attempts` attempts. */
int64_t harmony__backoff(uint32_t attempts);

/* ---- intake.c ---- */
/* Reads a file of any kind that is understood. `state` (may be NULL) receives which state of
   it that is, not regular when it is no file. `record` and `diagnostic` as the readers call
   them; `bytes` (may be NULL) sees what was read, inflated. */
harmony_status harmony__read_file(harmony__file_info *state, harmony__integration *integration,
				  const char *path, harmony_record_fn record, harmony_diagnostic_fn diagnostic,
				  harmony_write_fn bytes, void *user, harmony_error *error);
/* Those of the export: the given ones, or those beside export_path. */
harmony_status harmony__paths_of(harmony__paths *out, harmony__integration *integration,
				 const char *const *paths, size_t count, harmony_error *error);
void harmony__paths_free(harmony__paths *paths);
/* Before the watched files are looked at: which companions speak of them, into the job. */
harmony_status harmony__note_companions(harmony__job *job, harmony_error *error);
/* What lies at export_path. */
typedef struct harmony__watched {
	uint64_t print; /* tells one state of it from another; 0: nothing is there to be taken */
	bool whole;     /* each file has an end, or the companion says so */
	bool companion; /* is there */
	bool empty;     /* nothing of an export lies there at all */
} harmony__watched;
/* `known`: a print whose files need not be looked into. Errors: HARMONY_CONFIG, HARMONY_IO
   (the folder), HARMONY_NOMEM. */
harmony_status harmony__watch(harmony__watched *out, harmony__integration *integration,
			      uint64_t known, harmony_error *error);
/* Puts a file that cannot be read where it is not met again: `where` receives its path.
   HARMONY_NOTFOUND: it is not in that state any more. */
harmony_status harmony__set_aside(harmony__buf *where, harmony__integration *integration,
				  const char *path, const harmony__file_info *state,
				  harmony_error *error);
/* Drops from watched `paths` what was taken in before, and all of them while one is still
   being written, or a companion is wanted and not there. Sleeps, unless a schedule has seen
   them. */
harmony_status harmony__intake_ready(harmony__job *job, harmony__paths *paths,
				     harmony_error *error);
/* Takes files in, within the job's transaction. `watched` ones are remembered. */
harmony_status harmony__intake(harmony__job *job, harmony__paths *paths, bool watched,
			       harmony_error *error);
/* After the commit: moves them to archive_path, and takes the companion of watched ones away. */
void harmony__archive(harmony__job *job, const harmony__paths *paths, bool watched);
/* The key by which a record is known; false when it has no number of its own, and
   `occurrence` makes it one of equals. */
bool harmony__key_of(char key[HARMONY__KEY_ROOM], const harmony_record *record,
		     const uint8_t hash[HARMONY_HASH_SIZE], uint32_t occurrence);

/* ---- outbox.c ---- */
/* A record that was read back from the store. */
typedef struct harmony__entry {
	int64_t id;
	harmony_kind kind;
	int state, owner, applied;
	uint32_t attempts;
	char key[HARMONY__KEY_ROOM];
	char code[32];
	uint8_t hash[HARMONY_HASH_SIZE];
	harmony_record *record;
	harmony_verdict verdict;
	bool bad; /* fails validation; verdict says how */
	bool done;
} harmony__entry;
typedef struct harmony__window {
	harmony_context *context;
	harmony__entry *entries;
	size_t count, capacity;
	harmony_jsonl *reader;
	harmony_error *error;
} harmony__window;
void harmony__window_init(harmony__window *window, harmony_context *context, harmony_error *error);
void harmony__window_clear(harmony__window *window);
void harmony__window_free(harmony__window *window);
/* A harmony_record_state_fn whose user is a window: adds the record. HARMONY_CORRUPT when
   it is not what was stored. */
harmony_status harmony__window_add(const harmony_record_state *state, void *window);

/* Claims what earlier runs left, as `due` says (HARMONY_DUE_*), as much of it as the job's
   part allows. In the transaction. */
harmony_status harmony__claim_leftovers(harmony__job *job, int due, harmony_error *error);
/* Looks up what is in doubt, then offers what this run has claimed. The connector is open.
   An error is of the store; what the package said is in job->stop and in the records. */
harmony_status harmony__resolve(harmony__job *job, harmony_error *error);
harmony_status harmony__offer(harmony__job *job, harmony_error *error);
/* ---- first.c ---- */
/* In the first run of an integration: looks whether the package has its entries already, and
   puts them in doubt when it does. The connector is open. Errors as harmony__resolve. */
harmony_status harmony__look_first(harmony__job *job, harmony_error *error);
/* ---- relations.c ---- */
/* A relation of the entry that is still to be booked: its code, of the record, and the row that
   names it; NULL when there is none. Within the offering, when the run's own relations had
   their turn. Errors: HARMONY_NOMEM, of the store. */
harmony_status harmony__relation_open(const char **code, size_t *row, harmony__job *job,
				      const harmony_record *record, harmony_error *error);
void harmony__relations_free(harmony__relations *relations);
/* ---- differ.c ---- */
/* Why an entry is not taken whose key record `booked` has with other content: the first field
   in which they differ ("" when none is found), and a message with both values. */
harmony_status harmony__tell_change(char *field, size_t field_size, char *message, size_t size,
				    harmony__job *job, int64_t booked, const harmony_record *given,
				    harmony_error *error);
/* ---- export.c ---- */
/* harmony_sync_export; `part` (may be NULL) as a schedule wants it. */
harmony_status harmony__export(harmony_run *run, harmony_sync *sync, const char *name,
			       const harmony_export_options *options, harmony__part *part,
			       harmony_error *error);

/* ---- import.c ---- */
/* When a service polls next, UTC ms, at `now` the latest when it is due; `last`: the start of
   the last import, 0: none. The interval is above 0. */
int64_t harmony__next_poll(const harmony__integration *integration, int64_t last, int64_t now);

/* ---- history.c ---- */
/* harmony_store.run_last; a run with id 0 where there is none. */
harmony_status harmony__last_run(harmony_run *out, harmony_store *store, int64_t integration,
				 int direction, int succeeded, harmony_error *error);
/* What the connector tells about its limits and login, a JSON object; "" when it cannot. */
void harmony__package_report(harmony__buf *text, harmony__integration *integration);
/* How long, as such a report says, a login lives that nobody uses, ms; 0: unknown, or for
   ever. */
int64_t harmony__login_left(const harmony__buf *report);
/* What a reader found in a record and no edit has mended since; "" in code: nothing. */
typedef struct harmony__finding {
	char code[32];
	char field[48];
	char message[768];
	char raw[256]; /* what the file had there */
} harmony__finding;
harmony_status harmony__open_finding(harmony__finding *out, harmony_store *store,
				     harmony_context *context, int64_t record,
				     harmony_error *error);
/* The name of the integration that a record is of. */
harmony_status harmony__name_of(const char **name, harmony_sync *sync, int64_t record,
				harmony_error *error);

#endif
