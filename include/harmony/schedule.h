/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_SCHEDULE_H
#define HARMONY_SCHEDULE_H

#include <harmony/sync.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The work of many integrations, kept going: files are taken in where the ERP leaves them,
   what waits is offered again when it is due, outstanding items are fetched at each
   integration's interval, logins are kept alive. All of it by the calls of harmony/sync.h,
   which a person could make too; what is to be done next is in the store, so that a crash
   or a restart loses nothing.

   One integration has one job at a time, many integrations work side by side. Either
   the library runs the jobs on threads of its own (start, stop), or the host gives the
   loop (next_due, step); never both at once.

   Threads     new, free, start, stop and step: one thread, which is none of the schedule's
               (step does the jobs on it). begin, add and apply: one thread at a time. All
               else: any thread, at any time. From within the event callback all but new,
               free, start, stop and step may be called. The context is shared by threads:
               its allocator, log and clock must allow that.
   Files       The folder of export_path is looked at every `scan` ms; that is what
               counts, and what works on a network share. harmony_schedule_hint only makes
               it sooner. Files are taken (relations first, all of them or none) when they
               have been the same for the setting `stable` and end in a line end; ones
               without a line end, or empty, when they have been the same for ten times as
               long. With the setting `ready` they are taken when a companion (fmuta6.csv.ready)
               lies beside them, and it is removed when they were.
   Unreadable  A file that is not what it claims to be is set aside: moved to archive_path,
               or without that left where it is and not read again before it changes. What
               lies beside it is taken. One that the system refuses to read is tried again
               after a while that doubles up to an hour.
   Polls       Spread over the interval by the integration's name; after a start, what is
               overdue is spread over a tenth of a second an integration.
   Fairness    What has been due for longest goes first. While others wait an export
               stops after `slice` ms between two records, or while it waits for the
               package's limit, and goes on when they had their turn; waiting records are
               taken up `portion` at a time. One package has at most three quarters of the
               workers, and when three integrations in a row got no answer of it, one until
               it answers. Looks at folders have at most half of them, since a share may
               hang. */

typedef struct harmony_schedule harmony_schedule;

/* X(NAME, value, "word", "what it means"): what can be wrong for a while. Each is told when
   it begins and when it is over, and not in between. Words are never renamed. */
#define HARMONY_PROBLEM_MAP(X)                                                                     \
	X(LOGIN, 0, "login", "a person must log in at the package again")                          \
	X(CONFIGURATION, 1, "configuration", "a setting or mapping is missing or wrong")           \
	X(PACKAGE, 2, "package", "the package is not reached, or does not do its work")            \
	X(ALLOWANCE, 3, "allowance", "the package allows no more calls for now")                   \
	X(FILE, 4, "file", "a file of the export cannot be read")                                  \
	X(FOLDER, 5, "folder", "the folder of the export is not there, or a share is gone")        \
	X(SNAPSHOT, 6, "snapshot", "the file of outstanding items cannot be written")              \
	X(RECORDS, 7, "records", "records are rejected; they can be corrected and re-offered")     \
	X(DOUBT, 8, "doubt", "records are in doubt, and are looked up")                            \
	X(STORE, 9, "store", "the store cannot be opened, read or written: a full disk, damage")   \
	X(MEMORY, 10, "memory", "the allocator gave nothing")                                      \
	X(ARCHIVE, 11, "archive",                                                                  \
	  "a file that was taken in, or its companion, cannot be moved out of the way")

#define HARMONY_PROBLEM_ENUM(name, value, word, text) HARMONY_PROBLEM_##name = value,
enum { HARMONY_PROBLEM_MAP(HARMONY_PROBLEM_ENUM) HARMONY_PROBLEMS = 12 };
#undef HARMONY_PROBLEM_ENUM
/* There will never be more of them than this: it sizes arrays of structs below. */
#define HARMONY_PROBLEM_ROOM 32

/* "login"; "unknown" when out of range. Static text, any thread. */
HARMONY_API const char *harmony_problem_word(int problem);
/* What it means, in a sentence. Static text. */
HARMONY_API const char *harmony_problem_text(int problem);

enum {
	HARMONY_SCHEDULE_RUN_BEGUN = 1, /* an import; an export that has something to do */
	HARMONY_SCHEDULE_RUN_ENDED = 2, /* `run` tells what it came to */
	HARMONY_SCHEDULE_FILE_ASIDE = 3, /* `path`, where it is now; `message` says why */
	/* `problem`. RECORDS begins anew with each run that has rejected ones: the lines are
	   others; it is over when no record of the integration is rejected. */
	HARMONY_SCHEDULE_PROBLEM_BEGUN = 4,
	HARMONY_SCHEDULE_PROBLEM_ENDED = 5
};

/* What happened. Borrowed for the call; texts "" and numbers 0 where they do not apply.
   `at` and `since` are UTC ms. */
typedef struct harmony_schedule_event {
	size_t struct_size;
	int type;                /* HARMONY_SCHEDULE_* */
	const char *integration; /* "": of the service as a whole (STORE, MEMORY) */
	const char *connector;
	int64_t at;
	int direction;          /* of runs: HARMONY_DIRECTION_* */
	const harmony_run *run; /* of RUN_ENDED, and of a problem that a run met; else NULL */
	int problem;            /* HARMONY_PROBLEM_*, of problems; -1 otherwise */
	int64_t since;          /* when the problem began */
	harmony_status status;
	const char *code;    /* as of an error */
	const char *message; /* what is wrong, where, and what mends it */
	const char *path; /* FILE, ARCHIVE: which one; of FILE_ASIDE: where it is now */
	/* RECORDS and DOUBT: the failed lines, at most 100, one a line as in
	   "fmuta6.csv:12: sales_invoice 70/24700001: account ... [unknown_account]";
	   run->records says how many there are. */
	const char *lines;
	int64_t late; /* RUN_BEGUN: ms that its job began after it was due */
} harmony_schedule_event;
/* Called from whichever thread works, one at a time, with no lock held. Must not call
   start, stop, step or free. */
typedef void (*harmony_schedule_event_fn)(const harmony_schedule_event *event, void *user);

typedef struct harmony_schedule_options {
	size_t struct_size;
	/* Opens one handle of the store; each worker has one, and closes it. MUST. Called on
	   the worker's thread. One that harmony_store_check refuses is the problem STORE. */
	harmony_status (*open_store)(harmony_store **out, void *user, harmony_error *error);
	const char *folder; /* where relative paths of settings begin; NULL: the working folder */
	const char *who;    /* as in harmony_sync_options */
	unsigned workers;   /* threads of start, 1 to 64 */
	int64_t scan;       /* ms between two looks at an export folder */
	int64_t slice;      /* ms that an export goes on while others wait */
	unsigned portion;   /* waiting records that one run takes up */
	harmony_schedule_event_fn event; /* may be NULL */
	/* In place of the system's sleep while a job waits for the package; may be NULL, and
	   is for hosts with a clock of their own. */
	harmony_status (*sleep)(int64_t milliseconds, void *user);
	void *user;
} harmony_schedule_options;

#define HARMONY_SCHEDULE_OPTIONS_INIT                                                              \
	{sizeof(harmony_schedule_options), NULL, NULL, NULL, 8, 2000, 3000, 500, NULL, NULL, NULL}

/* Errors: HARMONY_NOMEM, HARMONY_INVALID (no open_store, a number out of its range). */
HARMONY_API harmony_status harmony_schedule_new(harmony_schedule **out, harmony_context *context,
                                                const harmony_schedule_options *options,
                                                harmony_error *error);
/* Stops first when it runs: as stop with 10 s, and then for as long as one request may take
   (10 minutes). Where a job is not over even then nothing is freed: its thread still has hold
   of the schedule. NULL is allowed. */
HARMONY_API void harmony_schedule_free(harmony_schedule *schedule);

/* ---- which integrations -------------------------------------------------------- */

/* The set of integrations is changed as a whole: begin, add each, apply. Until apply, and
   when any of the calls fails, the set stays what it was. At apply those that are as
   before go on undisturbed; those that changed finish their job first, and keep what they
   know (last runs, problems, counters); those that are gone finish their job and are
   dropped, without an event: what waits of them stays in the store. */
HARMONY_API void harmony_schedule_begin(harmony_schedule *schedule);
/* As harmony_sync_add, with its errors. A connector must outlive the schedule. */
HARMONY_API harmony_status harmony_schedule_add(harmony_schedule *schedule, const char *name,
                                                const harmony_settings *settings,
                                                const harmony_connector *connector,
                                                harmony_error *error);
/* Errors: HARMONY_NOMEM, HARMONY_STATE (no begin, or an add failed since). */
HARMONY_API harmony_status harmony_schedule_apply(harmony_schedule *schedule, harmony_error *error);

/* ---- running ---------------------------------------------------------------------- */

/* Starts the workers. Errors: HARMONY_NOMEM, HARMONY_STATE (it runs), HARMONY_IO (the
   system gives no thread). */
HARMONY_API harmony_status harmony_schedule_start(harmony_schedule *schedule, harmony_error *error);
/* Begins no new job, ends the running ones and joins the workers: exports end after the
   record that they are at, imports at once; what is not over at half of `patience` ms is
   cancelled (a request in flight leaves its record in doubt, one that renews a login is
   waited for). HARMONY_BUSY: some job was not over after `patience`; call again, or end
   the process, which loses nothing.
   A stopped schedule may be started again. */
HARMONY_API harmony_status harmony_schedule_stop(harmony_schedule *schedule, int64_t patience,
                                                 harmony_error *error);

/* The host's own loop. next_due: ms until something is due, 0 when something is,
   INT64_MAX when nothing ever will be. step: does one job that is due, if any, on this
   thread, and sets `*did` (may be NULL) to 1 if there was one. What goes wrong in a job is
   an event; errors of step itself: HARMONY_STATE (workers run). */
HARMONY_API int64_t harmony_schedule_next_due(harmony_schedule *schedule);
HARMONY_API harmony_status harmony_schedule_step(int *did, harmony_schedule *schedule,
                                                 harmony_error *error);

/* Something may have changed: the export folder of integration `name` (NULL: of all) is
   looked at now. Cheap, never waits. HARMONY_NOTFOUND, HARMONY_INVALID (no schedule). */
HARMONY_API harmony_status harmony_schedule_hint(harmony_schedule *schedule, const char *name);
/* As if its time had come: imports, offers what waits, looks at the login. NULL: all. */
HARMONY_API harmony_status harmony_schedule_poke(harmony_schedule *schedule, const char *name);

/* ---- told -------------------------------------------------------------------------- */

/* Where one integration stands, as of its last job. Times are UTC ms, 0: never or
   unknown. Borrowed for the call. */
typedef struct harmony_schedule_state {
	size_t struct_size;
	const char *name;
	const char *connector;
	uint64_t records[HARMONY_STATES]; /* in each HARMONY_STATE_* */
	int64_t oldest_waiting;           /* when the oldest record that waits was taken in */
	int64_t last_export_ok;           /* end of the last run that succeeded */
	int64_t last_import_ok;
	const harmony_run *last_export; /* never NULL; id 0: none */
	const harmony_run *last_import;
	int64_t interval;    /* ms */
	int64_t next_import; /* 0: it has none */
	int64_t next_scan;
	int64_t running_since; /* 0: no job is at work */
	unsigned problems;     /* bits: 1u << HARMONY_PROBLEM_* */
	int64_t problem_since[HARMONY_PROBLEM_ROOM]; /* UTC ms, by HARMONY_PROBLEM_* */
	/* Since the schedule was made: */
	uint64_t requests; /* sent to the package */
	uint64_t refusals; /* answered with a status of 400 to 499 */
	uint64_t failures; /* without an answer, or with a status of 500 and above */
	uint64_t imports, exports; /* runs */
	int64_t login_expires; /* when a login ends that nobody uses; 0: unknown, or never */
} harmony_schedule_state;
typedef harmony_status (*harmony_schedule_state_fn)(const harmony_schedule_state *state,
                                                    void *user);

/* The whole. `late` is how long after it was due a job was begun. */
typedef struct harmony_schedule_totals {
	size_t struct_size;
	uint64_t integrations;
	unsigned workers, busy;
	uint64_t due;             /* jobs that wait for a worker now */
	uint64_t imports, exports, keep_alives, scans;
	int64_t late_last, late_max; /* ms, of imports */
	uint64_t late_10s;           /* imports that began more than 10 s late */
	unsigned problems;           /* of the whole: STORE, MEMORY */
	int64_t problem_since[HARMONY_PROBLEM_ROOM]; /* UTC ms, by HARMONY_PROBLEM_* */
	int64_t alive; /* ms since any worker last looked for work: for a watchdog */
} harmony_schedule_totals;

#define HARMONY_SCHEDULE_TOTALS_INIT                                                               \
	{sizeof(harmony_schedule_totals), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, {0}, 0}

/* Fills `totals` (may be NULL) and hands on each integration (`fn` may be NULL), in no
   order. Never waits for a job. What `fn` returns ends it and is returned. Errors:
   HARMONY_INVALID. */
HARMONY_API harmony_status harmony_schedule_snapshot(harmony_schedule_totals *totals,
                                                     harmony_schedule *schedule,
                                                     harmony_schedule_state_fn fn, void *user);

#ifdef __cplusplus
}
#endif

#endif
