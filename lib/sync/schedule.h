/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_LIB_SYNC_SCHEDULE_H
#define HARMONY_LIB_SYNC_SCHEDULE_H

/* What the files of the schedule share. schedule.c: the handle, its integrations, what it
   tells. schedule_queue.c: what is due when. schedule_job.c: doing it. schedule_problem.c:
   what is wrong for a while. schedule_run.c: workers, and the host's own loop.

   One monitor guards everything in harmony_schedule and in its items, save what the worker
   that runs an item has for itself: its plan, and the fields that say so. Neither a job nor a
   call of the host is made within it. */

#include <stdatomic.h>

#include <harmony/schedule.h>

#include "sync/sync.h"

#define HARMONY__NEVER INT64_MAX

/* What can be due of an integration; of two that are equally late the first goes first. */
enum {
	HARMONY__DUE_LOAD,   /* what the store knows of it, after a start */
	HARMONY__DUE_TAKE,   /* files that a scan found complete */
	HARMONY__DUE_SCAN,   /* a look at the export's folder */
	HARMONY__DUE_OFFER,  /* what waits, or is in doubt */
	HARMONY__DUE_IMPORT,
	HARMONY__DUE_KEEP,   /* its login */
	HARMONY__DUE_TALLY,  /* whether a person mended what was wrong with records */
	HARMONY__DUES
};

typedef struct harmony__item harmony__item;
typedef struct harmony__package harmony__package;

/* What the configuration says of an integration: a sync that knows it alone, and has a
   store only while a job runs. */
typedef struct harmony__plan {
	harmony_sync *sync;
	harmony__integration *integration; /* of it */
	const harmony_connector *given;    /* as the host added it; NULL: by its setting */
	harmony__package *package;         /* known once the plan is about to take effect */
	bool exports, imports;             /* the paths are set */
} harmony__plan;

/* Where integrations meet: a connector and its address. */
struct harmony__package {
	harmony__package *next;
	char *key;
	unsigned running;  /* jobs that speak to it */
	unsigned silent;   /* jobs in a row that got no answer */
	harmony__item *first, *last; /* parked: their turn with it comes when another ends */
};

/* What is remembered of one look after another at the export's folder. */
typedef struct harmony__folder {
	uint64_t seen;     /* its print, */
	int64_t since;     /* unchanged since then */
	uint64_t taken;    /* the print that needs nothing done */
	uint64_t held;     /* a print that is left alone */
	int64_t until;     /* until then */
	unsigned refusals; /* how often in a row the system did not let it be read */
	char unreadable[256]; /* the name of the file that was; "": none, or not known */
} harmony__folder;

struct harmony__item {
	harmony__plan *plan, *coming; /* `coming`: takes its place when the job ends */
	harmony__package *package;
	harmony__item *next;       /* parked behind this one */
	size_t at;                 /* in the heap, HARMONY__NOWHERE: not in it */
	int64_t key;               /* when it is due, as the heap has it */
	int64_t due[HARMONY__DUES]; /* monotonic ms */
	int running;               /* slot of the job at work, -1: none */
	bool gone, parked, hinted, poked;
	bool fresh;                /* nothing is loaded of it yet */
	int64_t resting;           /* until then its package takes nothing, 0: it does */
	bool eager;                /* the package works again: what waits need not wait on */
	harmony__folder folder;
	unsigned import_failures, offer_failures; /* in a row */
	int64_t imported;          /* start of the last import, UTC ms, 0: none */
	harmony_run last_export, last_import;
	harmony_schedule_state state;
};
#define HARMONY__NOWHERE SIZE_MAX

/* What came of a job. */
typedef struct harmony__result {
	int slot;
	bool opened;           /* the store, or a job that needs none */
	harmony_status status; /* of the call; with `why` */
	harmony_error why;
	bool ran; /* a run was made: */
	harmony_run run;
	harmony__part part;
	harmony__watched watched; /* of a scan */
	bool yielded;
	int64_t rest;             /* ms that it would have waited for the package's limit */
	bool fetched;             /* all outstanding items were */
	bool hurried;             /* the schedule was being stopped when it ended */
	int answered;             /* 1: the package spoke to us; -1: it did not; 0: not asked */
	bool stats;               /* these are known: */
	uint64_t records[HARMONY_STATES];
	int64_t oldest;
	int64_t retry_in;         /* of what waits, ms; HARMONY__NEVER: nothing does */
	int64_t keep_in;          /* when the login wants to be looked at again */
	bool login_known;         /* this is: */
	int64_t login_left;       /* ms that an unused login lives; 0: unknown, or for ever */
	uint64_t requests, refusals, failures;
	/* problems: which this job can judge, which of these hold */
	unsigned judged, holds;
	struct {
		harmony_status status;
		char code[32];
		char message[768];
	} found[HARMONY_PROBLEMS];
	harmony__buf lines; /* the failed ones */
	harmony__buf aside; /* path of a file that was set aside */
	/* of a load */
	harmony_run last_export, last_import;
	int64_t export_ok, import_ok;
	unsigned problems;
	int64_t since[HARMONY_PROBLEMS];
} harmony__result;

typedef struct harmony__worker {
	harmony_schedule *schedule;
	harmony__thread *thread;
	harmony_store *store;
	harmony__item *item;
	harmony__plan *plan;
	int64_t began; /* the offering of an export, monotonic; 0: not yet */
	int64_t late;  /* ms that the job began after it was due */
	harmony__result result;
} harmony__worker;

enum { HARMONY__GO, HARMONY__EASE, HARMONY__CANCEL }; /* how much of a hurry it is to stop */

struct harmony_schedule {
	harmony_context *context;
	harmony_schedule_options options;
	char *folder, *who;
	harmony__monitor *monitor;
	harmony__monitor *telling; /* one event at a time */
	atomic_int hurry;          /* HARMONY__GO ... */
	_Atomic int64_t alive;     /* monotonic */
	harmony__item **items;
	size_t count;
	harmony__item **table; /* by name; open addressing, twice as large */
	size_t table_size;
	harmony__item **heap;
	size_t heap_count;
	int64_t held; /* no job before this: the store failed */
	harmony__package *packages;
	harmony__plan **pending;
	size_t pending_count, pending_capacity;
	bool beginning, failed; /* between begin and apply; an add failed */
	harmony__worker **workers;
	unsigned worker_count, busy, idle, scanning;
	harmony__worker *own; /* of step */
	harmony_schedule_totals totals;
};

/* ---- schedule.c ---- */
harmony__item *harmony__item_find(const harmony_schedule *schedule, const char *name);
void harmony__item_free(harmony_schedule *schedule, harmony__item *item);
/* The plan that waits for the end of the job. */
void harmony__item_renew(harmony_schedule *schedule, harmony__item *item, int64_t now);
const char *harmony__item_name(const harmony__item *item);

/* ---- schedule_queue.c; all within the monitor ---- */
void harmony__queue_put(harmony_schedule *schedule, harmony__item *item); /* by its `due` */
void harmony__queue_drop(harmony_schedule *schedule, harmony__item *item);
/* The job that has been due for longest: sets item->running and returns it; NULL, and in
   `*wait` how long until one is (HARMONY__NEVER: none ever will be). */
harmony__item *harmony__queue_take(harmony_schedule *schedule, int64_t now, int64_t *wait);
/* Others wait, and nobody is there for them. */
bool harmony__queue_presses(harmony_schedule *schedule, int64_t now);
/* What is due next, given what came of the job; its turn with the package is over. */
void harmony__queue_settle(harmony_schedule *schedule, harmony__item *item,
			   const harmony__result *result, int64_t now);
/* What hints and pokes were about is due now; of an item that is not loaded yet, afterwards. */
void harmony__queue_hasten(harmony__item *item, int64_t now);
/* Leaves the queue of a package. */
void harmony__queue_unpark(harmony_schedule *schedule, harmony__item *item);
/* When the next import is due, in monotonic ms. */
int64_t harmony__queue_import(const harmony_schedule *schedule, const harmony__item *item,
			      int64_t now);
bool harmony__slot_speaks(int slot); /* to the package */

/* ---- schedule_job.c; without the monitor ---- */
harmony_status harmony__worker_new(harmony__worker **out, harmony_schedule *schedule,
				   harmony_error *error);
void harmony__worker_free(harmony__worker *worker);
/* Does the job of worker->item, and fills worker->result. */
void harmony__job_do(harmony__worker *worker);
/* One job from begin to end: taken, done, told, settled. Within the monitor, which it leaves
   meanwhile. */
void harmony__worker_turn(harmony__worker *worker, harmony__item *item);

/* ---- schedule_problem.c ---- */
/* What holds of what the job judged. */
void harmony__problem_found(harmony__result *result, int problem, harmony_status status,
			    const char *code, const char *message);
void harmony__problem_judge(harmony__result *result, const harmony__item *item);
typedef struct harmony__news {
	unsigned begun, ended;
	int64_t since[HARMONY_PROBLEMS]; /* of both */
} harmony__news;
/* Within the monitor: what begins and ends, in the item's and the schedule's own bits. */
void harmony__problem_weigh(harmony__news *news, harmony_schedule *schedule, harmony__item *item,
			    const harmony__result *result);
/* Without it: the events of a job. */
void harmony__tell_begun(harmony__worker *worker, int direction);
void harmony__tell(harmony__worker *worker, const harmony__news *news);
/* The problems of an integration, as the store keeps them between two starts. */
void harmony__problem_save(harmony__worker *worker, unsigned problems, const int64_t *since);
void harmony__problem_load(harmony__worker *worker);

#endif
