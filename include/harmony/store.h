/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_STORE_H
#define HARMONY_STORE_H

#include <harmony/connector.h>
#include <harmony/record.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Durable state: integrations, intake files, runs, records with every version of
   their fields, attempts, remote ids, secrets. A host opens the SQLite store and
   hands it to harmony_sync; it may also bring a store of its own, by filling in
   struct harmony_store. docs/store.md is the meaning that every store must have. */

/* ---- the life of a record ------------------------------------------------- */

/* X(NAME, value, "word", "what it means") */
#define HARMONY_STATE_MAP(X)                                                                       \
	X(NEW, 0, "new", "taken in, to be offered")                                                \
	X(OFFERED, 1, "offered", "about to be sent, or being sent; durable before the first byte") \
	X(BOOKED, 2, "booked", "in the package; remote id known")                                  \
	X(SKIPPED, 3, "skipped", "booked already, from an earlier file with the same content")     \
	X(REJECTED, 4, "rejected", "refused; can be corrected and offered again")                  \
	X(WAITING, 5, "waiting", "known not to have been applied; offered again by itself")        \
	X(IN_DOUBT, 6, "in_doubt", "sent, no answer; looked up before anything else happens")

#define HARMONY_STATE_ENUM(name, value, word, text) HARMONY_STATE_##name = value,
enum { HARMONY_STATE_MAP(HARMONY_STATE_ENUM) HARMONY_STATES = 7 };
#undef HARMONY_STATE_ENUM

/* "in_doubt"; "unknown" when out of range. Static text, any thread. */
HARMONY_API const char *harmony_state_word(int state);

/* States as bits, for listings. */
#define HARMONY_STATE_BIT(state) (1u << (state))
#define HARMONY_STATES_OPEN                                                                        \
	(HARMONY_STATE_BIT(HARMONY_STATE_NEW) | HARMONY_STATE_BIT(HARMONY_STATE_OFFERED) |         \
	 HARMONY_STATE_BIT(HARMONY_STATE_WAITING) | HARMONY_STATE_BIT(HARMONY_STATE_IN_DOUBT))
#define HARMONY_STATES_FAILED                                                                      \
	(HARMONY_STATE_BIT(HARMONY_STATE_REJECTED) | HARMONY_STATE_BIT(HARMONY_STATE_WAITING) |    \
	 HARMONY_STATE_BIT(HARMONY_STATE_IN_DOUBT))
#define HARMONY_STATES_ALL 0x7fu

/* One record as the store has it. Everything is borrowed for the call that hands it
   over; absent texts are "" and absent numbers 0, never NULL. In the listing of a run
   `state` and the error are what that run made of the record, and `now` is where it
   stands today. */
typedef struct harmony_record_state {
	size_t struct_size;
	int64_t id;
	int64_t integration; /* the store's number of it */
	int64_t run;         /* the run that has it, or had it last */
	harmony_kind kind;
	int state;              /* HARMONY_STATE_* */
	int now;                /* HARMONY_STATE_*: equal to state outside a run's listing */
	const char *identifier; /* "70/24700001" */
	const char *key;        /* natural key, or hash and occurrence */
	const char *remote_id;
	const char *source_file;
	uint64_t source_line;
	const char *code; /* of HARMONY_CODE_MAP, "" when nothing is wrong */
	const char *field;
	const char *message;
	const char *vendor;
	const char *raw; /* raw text of the field that could not be read */
	uint32_t version;  /* of its fields, from 1 */
	uint32_t attempts; /* how often it was offered */
	int owner;         /* 1: it stands for its key; 0: another record does */
	int applied;       /* 1: the package has it, whatever the state says */
	int64_t file;      /* the store's number of the intake file, 0: none */
	int64_t retry_in;  /* ms until it is due, of one that waits or is in doubt; 0: due */
	uint8_t hash[HARMONY_HASH_SIZE]; /* of the current version */
	const char *json; /* the current version's JSON form; "" where not asked for */
	size_t json_len;
} harmony_record_state;

typedef harmony_status (*harmony_record_state_fn)(const harmony_record_state *record, void *user);

/* ---- runs ------------------------------------------------------------------ */

#define HARMONY_RUN_STATE_MAP(X)                                                                   \
	X(RUNNING, 0, "running", "at work, or ended by a crash that no later run has met yet")     \
	X(SUCCEEDED, 1, "succeeded", "every record is booked or skipped")                          \
	X(PARTIAL, 2, "partial", "some records are rejected, waiting or in doubt")                 \
	X(FAILED, 3, "failed", "nothing went through, or a crash ended it; the message says why")

#define HARMONY_RUN_STATE_ENUM(name, value, word, text) HARMONY_RUN_##name = value,
enum { HARMONY_RUN_STATE_MAP(HARMONY_RUN_STATE_ENUM) HARMONY_RUN_STATES = 4 };
#undef HARMONY_RUN_STATE_ENUM
/* "succeeded"; "unknown" when out of range. Static text. */
HARMONY_API const char *harmony_run_state_word(int state);

enum { HARMONY_DIRECTION_EXPORT = 1, HARMONY_DIRECTION_IMPORT = 2 };
/* "export" or "import". Static text. */
HARMONY_API const char *harmony_direction_word(int direction);

/* total = booked + skipped + rejected + waiting + in_doubt, in every finished run. */
typedef struct harmony_counts {
	uint64_t total, booked, skipped, rejected, waiting, in_doubt;
} harmony_counts;

#define HARMONY_NAME_SIZE 64 /* of an integration, with its NUL */

/* A run. Times are UTC milliseconds since 1970, 0: not yet.
   status   what the whole came to, the most pressing first: HARMONY_OK; AUTH, CONFIG,
            IO, FORMAT, ... (what ended it early); INDOUBT; RETRY or RATE (records
            wait); REJECTED
   code, message   what ended it early, "" otherwise
   file     the files taken in, or the snapshot written; comma between them, cut to size
   files, known   how many files were taken in, and how many of them had been before,
            byte for byte */
typedef struct harmony_run {
	size_t struct_size;
	int64_t id;
	int direction;
	int state;
	int64_t started, finished;
	harmony_status status;
	harmony_counts records;
	uint64_t sales, purchase; /* items of an import */
	uint32_t files, known;
	char integration[HARMONY_NAME_SIZE];
	char code[32];
	char file[512];
	char message[768];
} harmony_run;

#define HARMONY_RUN_INIT                                                                           \
	{sizeof(harmony_run), 0, 0, 0, 0, 0, 0, {0, 0, 0, 0, 0, 0}, 0, 0, 0, 0, "", "", "", ""}

typedef harmony_status (*harmony_run_fn)(const harmony_run *run, void *user);

/* ---- what happened to a record ----------------------------------------------- */

enum {
	HARMONY_EVENT_RECEIVED = 1, /* from the file `who` came a version; `value` is its JSON form */
	HARMONY_EVENT_FINDING = 2,  /* what is wrong: code, field, raw text in `old_value`, message */
	HARMONY_EVENT_EDITED = 3,   /* who changed `field` from `old_value` to `value` */
	HARMONY_EVENT_ATTEMPT = 4   /* offered, or looked up: state, code, field, message, vendor */
};

/* Borrowed for the call; texts "" when they do not apply. `at`: UTC ms. */
typedef struct harmony_event {
	size_t struct_size;
	int64_t id;
	int type; /* HARMONY_EVENT_* */
	int64_t at;
	int64_t run;      /* 0: none */
	uint32_t version; /* of the record's fields that it concerns */
	int state;        /* attempts: HARMONY_STATE_* that came of it */
	const char *who;
	const char *code;
	const char *field;
	const char *old_value;
	const char *value;
	const char *message;
	const char *vendor;
	const char *remote_id;
} harmony_event;

typedef harmony_status (*harmony_event_fn)(const harmony_event *event, void *user);

/* ---- the store ------------------------------------------------------------------ */

#define HARMONY_STORE_ABI 1

/* What a listing of records selects. */
typedef struct harmony_record_query {
	size_t struct_size;
	int64_t integration; /* 0: any */
	int64_t run;         /* members of this run, with its outcome; 0: any, as they stand now */
	int64_t claimed;     /* of the open ones those that this run has claimed; 0: any */
	unsigned states;     /* HARMONY_STATE_BIT()s */
	int64_t after;       /* ids above this one, for paging */
	size_t limit;        /* 0: none */
	int with_json;       /* 1: fill `json` */
	int in_order;        /* 1: masters before entries (customers, suppliers, sales, purchases,
	                        memorials, bank), then id; for one state, and an open one */
	int due;             /* HARMONY_DUE_*: which of those that wait or are in doubt */
} harmony_record_query;

enum {
	HARMONY_DUE_ANY,  /* all */
	HARMONY_DUE_ONLY, /* those whose time has come */
	HARMONY_DUE_OURS, /* these, and those that only our own backoff holds back */
	HARMONY_DUE_IMPOSED /* those that the package itself put off, and whose time has not come */
};

/* One state that a record goes into. Texts NULL are "" in the row. */
typedef struct harmony_record_change {
	size_t struct_size;
	int64_t id;
	int64_t run;
	int state;          /* HARMONY_STATE_*; -1: it and the texts stay, the rest counts */
	int claim;          /* with state -1: 1 makes the record one of `run` */
	int owner;          /* 1 or 0; -1 leaves it */
	int applied;        /* 1 or 0; -1 leaves it */
	int event;          /* 1: becomes a HARMONY_EVENT_ATTEMPT */
	int outcome;        /* 1: this is what `run` made of it, in place of what it made before */
	int outcome_state;  /* of the outcome; -1: `state`, or with state -1 all as it stands */
	int imposed;        /* 1: the package itself set retry_in */
	int64_t retry_in;   /* ms, for HARMONY_STATE_WAITING and IN_DOUBT */
	int64_t file;       /* of the outcome: intake file and line; 0: as in the record */
	uint64_t line;
	const char *remote_id; /* NULL leaves it */
	const char *code;
	const char *field;
	const char *message;
	const char *vendor;
} harmony_record_change;

#define HARMONY_RECORD_CHANGE_INIT                                                                 \
	{sizeof(harmony_record_change), 0, 0, -1, 0, -1, -1, 0, 0, -1, 0, 0, 0, 0, NULL, NULL,     \
	 NULL, NULL, NULL}

/* A file that is being taken in. */
typedef struct harmony_intake {
	size_t struct_size;
	int64_t id; /* out of file_begin */
	int64_t integration;
	int64_t run;
	const char *name; /* "fmuta6.csv" */
	const char *path;
	uint64_t size;    /* bytes, inflated */
	uint8_t hash[32]; /* SHA-256 of these bytes */
} harmony_intake;

/* A store, as a struct of functions. All of them take `self` first, behind what they give.
   Structs that they fill come with their struct_size, and are filled no further. Functions marked T
   must be called between begin and commit; the others may be. Everything that T
   functions did since begin is durable when commit returns HARMONY_OK, and none of
   it happened after rollback, a failed commit or a crash. One handle is used from one
   thread at a time; any number of handles and processes may have a store open.

   Errors of all: HARMONY_NOMEM, HARMONY_IO, HARMONY_BUSY (another process holds it
   for too long), HARMONY_CORRUPT. A store that has given IO or CORRUPT gives it for
   every later call: close it, open it again. */
typedef struct harmony_store {
	size_t struct_size; /* sizeof(harmony_store) */
	uint32_t abi;       /* HARMONY_STORE_ABI */
	void *self;

	void (*close)(void *self);
	harmony_status (*begin)(void *self, harmony_error *error);
	harmony_status (*commit)(void *self, harmony_error *error);
	void (*rollback)(void *self);

	/* The number of an integration, made when it is new. Durable by itself outside a
	   transaction. */
	harmony_status (*integration)(int64_t *id, void *self, const char *name, harmony_error *error);
	/* A lock by name within an integration, across processes (and hosts, where the
	   store is shared by hosts), which a dead owner cannot hold. Waits up to `timeout`
	   ms: HARMONY_BUSY. The lock "run" is the one that a run holds. */
	harmony_status (*lock)(void **lock, void *self, int64_t integration, const char *name,
	                       int64_t timeout, harmony_error *error);
	void (*unlock)(void *self, void *lock);

	/* T. Intake: begin, write (any number of times), end. `known` is set to the number
	   of an earlier file of this integration with the same bytes, 0: none; its
	   content is then not kept a second time. */
	harmony_status (*file_begin)(void *self, harmony_intake *file, harmony_error *error);
	harmony_status (*file_write)(void *self, const harmony_intake *file, const void *data, size_t len,
	                             harmony_error *error);
	harmony_status (*file_end)(int64_t *known, void *self, const harmony_intake *file,
	                           harmony_error *error);
	/* The bytes of a file as they were received. HARMONY_NOTFOUND. */
	harmony_status (*file_read)(void *self, int64_t id, harmony_write_fn write, void *user,
	                            harmony_error *error);

	/* T. A new run; sets run->id. `integration` is its number. */
	harmony_status (*run_add)(void *self, int64_t integration, harmony_run *run,
	                          harmony_error *error);
	/* T. Writes its state, counts, texts. HARMONY_INVALID when it is finished and its
	   counts do not add up. */
	harmony_status (*run_put)(void *self, const harmony_run *run, harmony_error *error);
	/* T. Counts the outcomes of a run into `counts`, total too. */
	harmony_status (*run_count)(harmony_counts *counts, void *self, int64_t run, harmony_error *error);
	/* Runs, newest first. integration 0: any; before 0: from the newest; limit 0: all. */
	harmony_status (*run_list)(void *self, int64_t integration, int64_t before, size_t limit,
	                           harmony_run_fn fn, void *user, harmony_error *error);
	/* HARMONY_NOTFOUND. */
	harmony_status (*run_get)(harmony_run *out, void *self, int64_t id, harmony_error *error);

	/* T. Adds a record with its first version. Uses integration, run, kind, state,
	   identifier, key, owner, source, file, code, field, message, raw, hash, json; `who`
	   is where it came from. At most one owner a key: HARMONY_EXISTS. */
	harmony_status (*record_add)(int64_t *id, void *self, const harmony_record_state *record,
	                             const char *who, harmony_error *error);
	/* T. Adds a version of its fields: uses id, run, state, identifier, key, owner,
	   source, file, code, field, message, raw, hash, json. */
	harmony_status (*record_revise)(void *self, const harmony_record_state *record, const char *who,
	                                harmony_error *error);
	/* T. Moves it to another state; HARMONY_STATE_OFFERED counts an attempt. A change of
	   the outcome alone (state as it is) is one too. */
	harmony_status (*record_change)(void *self, const harmony_record_change *change,
	                                harmony_error *error);
	/* The owner of a key, or of the key that it had before an edit changed it; with
	   owner 0 the newest other record with that key and content hash. Handed to fn,
	   without JSON. HARMONY_NOTFOUND, without an error text. */
	harmony_status (*record_find)(void *self, int64_t integration, const char *key,
	                              const uint8_t *hash, int owner, harmony_record_state_fn fn,
	                              void *user, harmony_error *error);
	/* Whether any version of the record that came from a file has this content. */
	harmony_status (*record_received)(int *yes, void *self, int64_t id, const uint8_t *hash,
	                                  harmony_error *error);
	/* By number, with JSON. HARMONY_NOTFOUND. */
	harmony_status (*record_get)(void *self, int64_t id, harmony_record_state_fn fn, void *user,
	                             harmony_error *error);
	harmony_status (*record_list)(void *self, const harmony_record_query *query,
	                              harmony_record_state_fn fn, void *user, harmony_error *error);
	/* How many records of an integration are in each state now. */
	harmony_status (*record_tally)(uint64_t counts[HARMONY_STATES], void *self, int64_t integration,
	                               harmony_error *error);

	/* T. An edit or a finding (type, version, who, code, field, old_value, value,
	   message count). */
	harmony_status (*event_add)(void *self, int64_t record, const harmony_event *event,
	                            harmony_error *error);
	/* Everything that happened to a record, oldest first. */
	harmony_status (*event_list)(void *self, int64_t record, harmony_event_fn fn, void *user,
	                             harmony_error *error);

	/* T. Counts a refusal by the package; `endpoint` is a word of the core ("customer"). */
	harmony_status (*refusal_add)(void *self, int64_t integration, const char *endpoint,
	                              harmony_error *error);
	/* How many within the last `window` ms, and in how many ms the oldest of them is
	   out of the window. A clock that jumps neither hides one nor keeps one for ever. */
	harmony_status (*refusal_count)(uint32_t *count, int64_t *relief, void *self, int64_t integration,
	                                const char *endpoint, int64_t window, harmony_error *error);

	/* Secrets: durable when save returns; the value before is kept as generation 1.
	   Outside a transaction only. `*len` in: size of buffer, out: length; HARMONY_NOTFOUND;
	   HARMONY_LIMIT when the buffer is too small; HARMONY_CONFIG when the store's secrets
	   need a key that was not given. Never logged, never part of an error. */
	harmony_status (*secret_load)(void *buffer, size_t *len, void *self, int64_t integration,
	                              const char *name, int generation, harmony_error *error);
	harmony_status (*secret_save)(void *self, int64_t integration, const char *name, const void *data,
	                              size_t len, harmony_error *error);
	/* Small durable facts that are no secrets. Durable when save returns. */
	harmony_status (*memo_load)(void *buffer, size_t *len, void *self, int64_t integration,
	                            const char *name, harmony_error *error);
	harmony_status (*memo_save)(void *self, int64_t integration, const char *name, const void *data,
	                            size_t len, harmony_error *error);
	/* Renews the key of the secrets. HARMONY_UNSUPPORTED, HARMONY_CONFIG. */
	harmony_status (*rekey)(void *self, harmony_error *error);

	/* The last run of a direction; with `succeeded` 1 the last of them that succeeded.
	   Quick, however many runs came since. HARMONY_NOTFOUND, without an error text. Not
	   there in a shorter struct: none is known then. */
	harmony_status (*run_last)(harmony_run *out, void *self, int64_t integration, int direction,
	                           int succeeded, harmony_error *error);
	/* Outside a transaction only: forgets finished imports that began before `before` (UTC
	   ms), save the last one that succeeded. It may leave what is less than a day older
	   than that, and some of very many, for a later call. Not there in a shorter struct:
	   all are kept then. */
	harmony_status (*run_forget)(void *self, int64_t integration, int64_t before,
	                             harmony_error *error);
} harmony_store;

/* Checks a store's struct: size, ABI, and every function save run_last and run_forget, which
   an older one lacks. harmony_sync_new and harmony_schedule do it by themselves. Any thread.
   Errors: HARMONY_INVALID, naming all that is missing. */
HARMONY_API harmony_status harmony_store_check(const harmony_store *store, harmony_error *error);

/* ---- the SQLite store ------------------------------------------------------------ */

typedef struct harmony_store_options {
	size_t struct_size;
	const char *path;     /* of the database; made when absent, 0600 */
	const char *key_file; /* NULL: secrets are not encrypted */
	int read_only;        /* 1: nothing is made, migrated or written */
	int64_t busy_timeout; /* ms that a call waits for another process; 60,000 */
} harmony_store_options;

#define HARMONY_STORE_OPTIONS_INIT {sizeof(harmony_store_options), NULL, NULL, 0, 60000}

/* Opens the store, or makes it. The database and the key file must belong to the
   user and be closed to others (0600). After a crash the database is checked before
   anything else. An older layout is brought up to date in one transaction.
   Errors: HARMONY_CONFIG (mode or owner, with the command that mends it; no
   such key file; wrong key), HARMONY_CORRUPT (damaged or not a store; nothing was
   written), HARMONY_VERSION (made by a newer version), HARMONY_IO, HARMONY_BUSY,
   HARMONY_NOMEM, HARMONY_UNSUPPORTED (a build without it). */
HARMONY_API harmony_status harmony_store_open(harmony_store **out, harmony_context *context,
                                              const harmony_store_options *options,
                                              harmony_error *error);
/* Closes it, whatever made it. NULL is allowed. */
HARMONY_API void harmony_store_close(harmony_store *store);

/* Makes a key file: 32 random bytes, 0600. Errors: HARMONY_EXISTS (never overwrites),
   HARMONY_IO, HARMONY_NOMEM. */
HARMONY_API harmony_status harmony_store_key_new(harmony_context *context, const char *path,
                                                 harmony_error *error);
/* Replaces the key of the secrets: makes a new one beside the key file, encrypts
   every secret with it in one transaction, then moves it over the old. A crash at any
   point leaves a store that opens. Secrets of a store that had no key are encrypted
   when it is first opened with one. Errors: HARMONY_CONFIG (opened without key
   file), HARMONY_UNSUPPORTED, and those of the store. */
HARMONY_API harmony_status harmony_store_rekey(harmony_store *store, harmony_error *error);

#ifdef __cplusplus
}
#endif

#endif
