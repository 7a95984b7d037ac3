/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_SYNC_H
#define HARMONY_SYNC_H

#include <harmony/connector.h>
#include <harmony/record.h>
#include <harmony/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The work itself: files into the store, records to the package, outstanding items
   back. Everything that the harmony program does is a call of this room.

   A harmony_sync stands on a context and a store and knows integrations by name. One
   handle is used from one thread at a time; for threads side by side make a store
   and a sync for each. Callbacks must not use the handle that calls. Integrations
   are guarded across processes: a second run of the same one is HARMONY_BUSY. */

typedef struct harmony_sync harmony_sync;

/* What a run is doing, for a progress line. `done` and `total` are bytes while a file
   is taken in, records while they are offered, items while they are fetched (total 0:
   unknown). */
enum { HARMONY_PHASE_INTAKE = 1, HARMONY_PHASE_OFFER = 2, HARMONY_PHASE_FETCH = 3 };
typedef void (*harmony_progress_fn)(int phase, const char *what, uint64_t done, uint64_t total,
                                    void *user);

typedef struct harmony_sync_options {
	size_t struct_size;
	harmony_store *store; /* must outlive the sync; NULL: preview of files, and test, only */
	const char *folder;   /* where relative paths of settings begin; NULL: the working folder */
	const char *who;      /* who edits, for the history: "jan"; NULL: "harmony" */

	/* Hooks of the host, each may be NULL; `user` is handed to all. */
	harmony_status (*sleep)(int64_t milliseconds, void *user); /* HARMONY_CANCELLED to stop */
	/* 1: stop at the next safe point; 2: at once, which leaves a record in doubt whose
	   answer is awaited (a login that is being renewed is waited for, all the same). */
	int (*cancelled)(void *user);
	harmony_progress_fn progress;
	/* Called at each named step of the work ("offered", "sent", ...; docs/store.md
	   lists them). Anything but HARMONY_OK ends the run there, as a test of crashes
	   wants it. */
	harmony_status (*step)(const char *name, void *user);
	void *user;
	/* A request to the package ended with this HTTP status, 0: no answer. */
	void (*request)(int status, void *user);
} harmony_sync_options;

#define HARMONY_SYNC_OPTIONS_INIT                                                                  \
	{sizeof(harmony_sync_options), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL}

/* Makes a handle. Texts of `options` are copied, the store is borrowed; NULL means the
   defaults. Errors: HARMONY_NOMEM, HARMONY_INVALID (options; a store that
   harmony_store_check refuses). */
HARMONY_API harmony_status harmony_sync_new(harmony_sync **out, harmony_context *context,
                                            const harmony_sync_options *options,
                                            harmony_error *error);
/* NULL is allowed. Secrets that settings named are wiped. */
HARMONY_API void harmony_sync_free(harmony_sync *sync);

/* The settings that every integration has (connector, export_path, import_path,
   archive_path, interval, stable, ...), for checking and help. Static. */
HARMONY_API const harmony_key *harmony_sync_keys(void);

/* Adds an integration. `settings` are copied: keys as in the configuration, mappings
   as "journals.70". `connector` NULL: found by the setting "connector"; it must outlive
   the sync. Errors: HARMONY_CONFIG (unknown key with the nearest known one, a value
   outside its choice, a connector that this build lacks), HARMONY_EXISTS,
   HARMONY_INVALID (name empty or over HARMONY_NAME_SIZE, a connector that lacks a
   MUST), HARMONY_NOMEM. */
HARMONY_API harmony_status harmony_sync_add(harmony_sync *sync, const char *name,
                                            const harmony_settings *settings,
                                            const harmony_connector *connector,
                                            harmony_error *error);
/* Names in the order of adding; NULL behind the last. Borrowed. */
HARMONY_API const char *harmony_sync_at(const harmony_sync *sync, size_t index);
/* Its connector; NULL when there is no such integration. */
HARMONY_API const harmony_connector *harmony_sync_connector(const harmony_sync *sync,
                                                            const char *name);

/* Errors that every call below with a `name` can give: HARMONY_NOTFOUND (no such
   integration; the message names the known ones), HARMONY_CONFIG and HARMONY_IO (from
   the connector's open), HARMONY_NOMEM, HARMONY_CORRUPT, HARMONY_BUSY, HARMONY_STATE (it
   needs a store, and the sync has none), HARMONY_INVALID (no callback to hand things to),
   and what a callback returned. */

/* ---- export ------------------------------------------------------------------ */

typedef struct harmony_export_options {
	size_t struct_size;
	const char *const *paths; /* fmuta6, debitr, credit or JSON lines; plain or gzip */
	size_t path_count;        /* 0: those at the integration's export_path */
	/* 1: as a service does: files only when they are stable and were not taken in
	   before, waiting records only when they are due. 0: as a person wants it: files
	   at once, all waiting records save those that the package itself put off. */
	int due_only;
	/* May be NULL: hears what was found in the files, warnings and notes too. What
	   refused a record stands with it in the store; warnings are told here alone. */
	harmony_diagnostic_fn diagnostic;
	void *user;
} harmony_export_options;

#define HARMONY_EXPORT_OPTIONS_INIT {sizeof(harmony_export_options), NULL, 0, 0, NULL, NULL}

/* Takes in the files (each in full, or none of them), then offers: first what an
   earlier run left in doubt is looked up, then masters, invoices, memorials, bank.
   HARMONY_OK: the run was made and `*run` (may be NULL) tells what it came to;
   run->status is the most pressing of it, harmony_sync_exit() its exit status. Any
   other return: no run was made and nothing was taken in, or the store failed in the
   middle, and the next run goes on with what is left. A due_only run without anything to
   do is not made: run->id is 0. Errors: HARMONY_BUSY (another run holds this
   integration), HARMONY_IO and HARMONY_FORMAT (input unreadable), HARMONY_RETRY (a file
   grew while it was read; the store's disk is full), HARMONY_LIMIT.
   What happens to a record is written in docs/store.md. */
HARMONY_API harmony_status harmony_sync_export(harmony_run *run, harmony_sync *sync,
                                               const char *name,
                                               const harmony_export_options *options,
                                               harmony_error *error);

/* One request that export would send. `request` is exactly that, as text. Borrowed. */
typedef harmony_status (*harmony_request_fn)(const harmony_record *record, const char *request,
                                             size_t len, void *user);

/* The dry run: reads the files (and what is left to offer in the store), leaves out what
   is booked already, and hands on each request in the order of export. Sends none,
   changes nothing. `diagnostic` (may be NULL) hears what is wrong with the files.
   Errors: as export; HARMONY_UNSUPPORTED (a connector without preview). */
HARMONY_API harmony_status harmony_sync_preview(harmony_sync *sync, const char *name,
                                                const char *const *paths, size_t path_count,
                                                harmony_request_fn request,
                                                harmony_diagnostic_fn diagnostic, void *user,
                                                harmony_error *error);

/* Proves credentials and mappings without writing; `paths` (may be none) are files
   whose needs are proven too. HARMONY_REJECTED when a finding of severity
   HARMONY_FAILURE was handed on. */
HARMONY_API harmony_status harmony_sync_test(harmony_sync *sync, const char *name,
                                             const char *const *paths, size_t path_count,
                                             harmony_finding_fn finding, void *user,
                                             harmony_error *error);

/* ---- import ------------------------------------------------------------------- */

/* Fetches all outstanding items and renews the snapshot at `path` (NULL: the setting
   import_path): a complete new file or the old one. HARMONY_OK: `*run` (may be NULL)
   tells; run->state HARMONY_RUN_FAILED when the fetch was not complete, with the cause
   in run->status and run->message, and the file as it was. */
HARMONY_API harmony_status harmony_sync_import(harmony_run *run, harmony_sync *sync,
                                               const char *name, const char *path,
                                               harmony_error *error);

/* ---- history, correction, offering again ----------------------------------------- */

/* Runs, newest first. `name` NULL: of every integration. `before` 0: from the newest,
   else those older than that run. `limit` 0: all. */
HARMONY_API harmony_status harmony_sync_history(harmony_sync *sync, const char *name,
                                                int64_t before, size_t limit, harmony_run_fn fn,
                                                void *user, harmony_error *error);

enum {
	HARMONY_SHOW_DEFAULT, /* only failed ones when there are any, else all */
	HARMONY_SHOW_ALL,
	HARMONY_SHOW_FAILED
};
/* A run (`*run` may be NULL) and its records, in the order of their numbers.
   Errors: HARMONY_NOTFOUND. */
HARMONY_API harmony_status harmony_sync_show(harmony_run *run, harmony_sync *sync, int64_t id,
                                             int which, harmony_record_state_fn fn, void *user,
                                             harmony_error *error);

/* One record as it stands, with its JSON form, and (`event` may be NULL) everything that
   happened to it, oldest first. Errors: HARMONY_NOTFOUND. */
HARMONY_API harmony_status harmony_sync_record(harmony_sync *sync, int64_t id,
                                               harmony_record_state_fn record,
                                               harmony_event_fn event, void *user,
                                               harmony_error *error);
/* The bytes of an intake file (record->file) as they were received. Errors:
   HARMONY_NOTFOUND. */
HARMONY_API harmony_status harmony_sync_file(harmony_sync *sync, int64_t file,
                                             harmony_write_fn write, void *user,
                                             harmony_error *error);

/* A field's path ("date", "lines.2.account") and its new text; "" makes it absent. */
typedef struct harmony_field_change {
	const char *path;
	const char *value;
} harmony_field_change;

/* Corrects a record: all changes or none. Who, when, old and new value are kept, and
   what was received stays as it was. `finding` (may be NULL) hears what is still wrong
   with the record afterwards; it is then not offered until that is mended too. The
   record is offered by reoffer, not by this. `who` NULL: that of the sync's options.
   Errors: HARMONY_NOTFOUND (no such record, field or line), HARMONY_INVALID (the value
   does not fit the field; code says which way), HARMONY_STATE (booked, in doubt, or in
   the package with other content), HARMONY_BUSY (a run holds the integration). */
HARMONY_API harmony_status harmony_sync_edit(harmony_sync *sync, int64_t record, const char *who,
                                             const harmony_field_change *changes, size_t count,
                                             harmony_diagnostic_fn finding, void *user,
                                             harmony_error *error);

/* Offers records again, at once, in a run of their own: those of `records` (all of one
   integration), or with `from_run` not 0 those of that run that are rejected, waiting
   or in doubt now. What the package may have already is looked up and never sent blindly.
   Errors: HARMONY_NOTFOUND, HARMONY_STATE (booked already), HARMONY_INVALID (of two
   integrations; nothing asked for), HARMONY_BUSY. */
HARMONY_API harmony_status harmony_sync_reoffer(harmony_run *run, harmony_sync *sync,
                                                const int64_t *records, size_t count,
                                                int64_t from_run, harmony_error *error);

/* ---- status and login --------------------------------------------------------------- */

/* Where an integration stands. Runs: never NULL, borrowed, id 0: there was none.
   `interval`: ms between imports. `next_import`: UTC ms, when a schedule polls next, 0
   without an import_path or interval. `report` is the connector's JSON object about limits
   and token, "" when it has none; borrowed. */
typedef struct harmony_integration_status {
	size_t struct_size;
	const char *name;
	const char *connector;
	const harmony_run *last_export;
	const harmony_run *last_import;
	uint64_t records[HARMONY_STATES]; /* how many are in each HARMONY_STATE_* now */
	int64_t interval;
	int64_t next_import;
	int held; /* 1: a run is at work */
	const char *report;
	int64_t login_expires; /* UTC ms, when a login ends that nobody uses; 0: unknown, or never */
} harmony_integration_status;
typedef harmony_status (*harmony_integration_fn)(const harmony_integration_status *status,
                                                 void *user);
/* `name` NULL: every integration that was added. Opens connectors, for their report, but asks
   no package. */
HARMONY_API harmony_status harmony_sync_status(harmony_sync *sync, const char *name,
                                               harmony_integration_fn fn, void *user,
                                               harmony_error *error);

/* Login, handed on to the connector with this integration's secrets. `state` is the
   host's random text. Errors: HARMONY_UNSUPPORTED, and the connector's. */
HARMONY_API harmony_status harmony_sync_login_url(char *buffer, size_t size, harmony_sync *sync,
                                                  const char *name, const char *state,
                                                  harmony_error *error);
HARMONY_API harmony_status harmony_sync_login_code(harmony_sync *sync, const char *name,
                                                   const char *code, harmony_error *error);
HARMONY_API harmony_status harmony_sync_login_token(harmony_sync *sync, const char *name,
                                                    const char *refresh_token,
                                                    harmony_error *error);
/* Keeps a login alive when that is due; `*next` (not NULL) receives when to call again, in
   ms. Errors: HARMONY_UNSUPPORTED, HARMONY_AUTH, HARMONY_RETRY, and the connector's. */
HARMONY_API harmony_status harmony_sync_keep_alive(int64_t *next, harmony_sync *sync,
                                                   const char *name, harmony_error *error);

/* The exit status that the program gives for a status of a run or of a call: 0 done, 1
   some rejected, 2 usage or configuration, 3 input unreadable, 4 login needed, 5
   temporary, 6 in doubt, 7 busy. */
HARMONY_API int harmony_sync_exit(harmony_status status);

#ifdef __cplusplus
}
#endif

#endif
