/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_PROGRAM_SERVICE_H
#define HARMONY_PROGRAM_SERVICE_H

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include "session.h"

/* What the files of `harmony serve` share. serve.c: the loop. log.c: lines. notify.c: the
   service manager. watch.c: folders. metrics.c, endpoint.c: numbers for Prometheus.
   alert.c: a command of the user's for each problem. beacon.c: whether a service is alive. */

/* ---- log.c ---- */

enum { LOG_TEXT, LOG_JSON };

/* One line on standard error, of any thread: begin, members, end. Other threads wait from
   the one to the other. */
struct log_line {
	struct out out;
	struct json json;
	bool on; /* the level is told at all */
	char data[6144];
};

/* Standard error is the log from now on: everything that say() is given, too. */
void log_open(int format, int level);
void log_format(int format);
void log_begin(struct log_line *line, int level, const char *event);
/* Left out when empty, or 0. */
void log_text(struct log_line *line, const char *key, const char *value);
void log_number(struct log_line *line, const char *key, int64_t value);
void log_end(struct log_line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A line without members. */
void log_say(int level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A harmony_log_fn. */
void log_library(int level, const char *message, void *user);

/* ---- notify.c ---- */

/* The service manager's socket, when it gave one. */
struct notify {
	int fd; /* -1: there is no manager */
	socklen_t len;
	int64_t watchdog; /* ms between two signs of life; 0: none is wanted */
	struct sockaddr_un address;
};

void notify_open(struct notify *notify);
void notify_close(struct notify *notify);
/* "READY=1\nSTATUS=...". Never waits, and what cannot be told is let go. */
void notify_send(const struct notify *notify, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* RELOADING=1 with the time, as the manager wants it. */
void notify_reloading(const struct notify *notify);

/* ---- watch.c ---- */

/* The folders where exports arrive; a hint only, the scan of the schedule is the truth. */
struct watch_folder {
	char *path;
	int descriptor; /* of inotify; -1: not watched now */
};
struct watch {
	int fd; /* -1: the system has none to give */
	struct watch_folder *folders;
	size_t count, room;
	bool told;     /* that some folders are scanned only */
	int64_t retry; /* when to try again those that are not watched; monotonic ms */
};

void watch_open(struct watch *watch);
void watch_close(struct watch *watch);
/* Forgets all folders. */
void watch_clear(struct watch *watch);
bool watch_add(struct watch *watch, const char *path);
/* Watches what is not watched yet, and can be. true: some folder is watched anew, and what
   came into it in the meantime was not told. */
bool watch_retry(struct watch *watch);
/* Reads what happened. `fn` hears a folder's path; NULL: any of them may have changed. */
void watch_read(struct watch *watch, void (*fn)(const char *folder, void *user), void *user);

/* ---- endpoint.c ---- */

#define ENDPOINT_CLIENTS 8

struct endpoint_client {
	int fd; /* -1: free */
	int64_t deadline;
	char request[2048];
	size_t got;
	char *answer;
	size_t size, sent;
};
struct endpoint {
	int fd; /* -1: not asked for */
	char address[64];
	struct endpoint_client clients[ENDPOINT_CLIENTS];
};

/* What is wrong with "ADDRESS:PORT"; NULL when it is one of the loopback interface. */
const char *endpoint_problem(const char *address);
void endpoint_init(struct endpoint *endpoint);
/* Listens at `address`, NULL: nowhere. An address that it listens at already stays. */
bool endpoint_listen(struct endpoint *endpoint, const char *address, harmony_error *error);
void endpoint_close(struct endpoint *endpoint);
size_t endpoint_poll(const struct endpoint *endpoint, struct pollfd *fds);
/* Serves what is ready. `metrics` makes the text, which is freed here; NULL: none now. */
void endpoint_serve(struct endpoint *endpoint, int64_t now,
		    char *(*metrics)(size_t *size, void *user), void *user);

/* ---- alert.c ---- */

#define ALERT_CHILDREN 4
#define ALERT_QUEUE    64

struct alert_child {
	pid_t pid; /* 0: free */
	int fd;    /* what it prints; -1: closed */
	int64_t deadline;
	char text[256]; /* the first of it */
	size_t len;
	char subject[160];
};
struct alerts {
	pthread_mutex_t lock; /* guards all but the children, which are the loop's */
	int wake;             /* an eventfd, written when a letter comes */
	char *command;        /* NULL: none */
	char *folder;         /* a relative path of the program begins there */
	bool shell;
	int64_t timeout;
	struct alert_child children[ALERT_CHILDREN];
	struct alert_letter *first, **last; /* that wait for a place */
	size_t waiting;
	uint64_t sent, failed;
};

/* What is told of a problem; texts "" when they do not apply. */
struct alert {
	bool ended;
	const char *problem, *integration, *code, *message;
	int64_t since, until; /* UTC ms */
	int64_t run;
	const char *details; /* the failed lines, one a line, */
	uint64_t failed;     /* of so many */
};

void alerts_init(struct alerts *alerts, int wake);
/* Takes the settings: command NULL for none. false: no memory. */
bool alerts_set(struct alerts *alerts, const char *command, const char *folder, bool shell,
		int64_t timeout);
void alerts_free(struct alerts *alerts);
/* Puts it in the row for the command. Any thread; never waits for the command. */
void alerts_send(struct alerts *alerts, const struct alert *alert);
size_t alerts_poll(const struct alerts *alerts, struct pollfd *fds);
/* Hears what they print, ends those over their time, begins the next. */
void alerts_tend(struct alerts *alerts, int64_t now);
/* When to tend at the latest; INT64_MAX: no need. */
int64_t alerts_due(const struct alerts *alerts);
bool alerts_idle(struct alerts *alerts);
/* How many letters the command took, and how many not. */
void alerts_count(struct alerts *alerts, uint64_t *sent, uint64_t *failed);

/* ---- metrics.c ---- */

/* What a snapshot of the schedule says, copied: the text tells one number of all of them,
   then the next. */
struct metrics_row {
	char name[HARMONY_NAME_SIZE];
	const char *connector; /* static, of the connector */
	uint64_t records[HARMONY_STATES], requests, refusals, failures, imports, exports;
	int64_t oldest_waiting, last_export, last_import, next_import, login_expires;
	unsigned problems;
};
struct metrics {
	harmony_schedule_totals totals;
	struct metrics_row *rows;
	size_t count, room;
	int64_t now, started; /* UTC ms */
	uint64_t alerts_sent, alerts_failed;
};

/* Fills it from the schedule; false: no memory. */
bool metrics_take(struct metrics *metrics, harmony_schedule *schedule);
/* Adds one that is not served, since its configuration is wrong. */
bool metrics_left_out(struct metrics *metrics, const char *name);
void metrics_free(struct metrics *metrics);
/* The text format 0.0.4 of Prometheus; the caller frees it. NULL: no memory. */
char *metrics_text(const struct metrics *metrics, size_t *size);
/* Writes it whole or not at all. */
harmony_status metrics_write(const char *path, const char *text, size_t size, harmony_error *error);

/* ---- beacon.c ---- */

/* A file beside the store, locked by the service that is alive. */
struct beacon {
	int fd;
	char *path;
};
struct beacon_state {
	bool alive;
	int64_t pid, started; /* UTC ms; 0: unknown */
};
/* HARMONY_BUSY when another service has it. */
harmony_status beacon_light(struct beacon *beacon, const char *store, int64_t now,
			    harmony_error *error);
void beacon_end(struct beacon *beacon);
struct beacon_state beacon_look(const char *store);

/* Milliseconds of the monotonic clock, and of the calendar's. */
int64_t now_monotonic(void);
int64_t now_wall(void);

#endif
