/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "net/limits.h"

#define MAX_WINDOWS 32
#define PARTS 12 /* of a window that slides */
#define NAME_SIZE 40
#define MAX_MEMO 4096u
#define LOCK_TIMEOUT 10000

/* One window as all processes see it. Times are wall time, since processes share no
   monotonic clock; `settle` keeps a clock that jumped from granting or blocking more than
   one window. What one that slides has used is kept in parts, the newest first, which began
   at `start`; the oldest is as old as the window is long when it goes. */
typedef struct window {
	char name[NAME_SIZE];
	int64_t length, allowed, used, start, blocked; /* blocked: nothing before that time */
	uint32_t reserve;
	bool slides;
	int64_t parts[PARTS + 1];
} window;

struct harmony__limits {
	const harmony_host *host;
	char memo[NAME_SIZE];
	const harmony__limit *table;
	window windows[MAX_WINDOWS];
	size_t count;
};

static window *window_find(harmony__limits *limits, const char *name)
{
	for (size_t i = 0; i < limits->count; i++)
		if (strcmp(limits->windows[i].name, name) == 0)
			return &limits->windows[i];
	return NULL;
}

static window *window_add(harmony__limits *limits, const char *name, const harmony__limit *like)
{
	window *w;

	if (limits->count == MAX_WINDOWS)
		return NULL;
	w = &limits->windows[limits->count++];
	*w = (window){.length = like->window,
	              .allowed = like->allowed,
	              .reserve = like->reserve,
	              .slides = like->slides};
	harmony__copy_text(w->name, sizeof(w->name), name, strlen(name));
	return w;
}

harmony_status harmony__limits_new(harmony__limits **out, const harmony_host *host,
                                   const char *name, const harmony__limit *table,
                                   harmony_error *error)
{
	harmony__limits *limits = harmony__zalloc(host->context, sizeof(*limits));

	*out = NULL;
	if (!limits)
		return harmony__nomem(error);
	limits->host = host;
	limits->table = table;
	harmony__copy_text(limits->memo, sizeof(limits->memo), name, strlen(name));
	for (const harmony__limit *at = table; at->name; at++)
		window_add(limits, at->name, at);
	*out = limits;
	return HARMONY_OK;
}

void harmony__limits_free(harmony__limits *limits)
{
	if (limits)
		harmony__free(limits->host->context, limits);
}

/* ---- shared state ------------------------------------------------------------------ */

/* "errors.SalesEntries" is a window of its own, shaped like "errors". */
static const harmony__limit *shape_of(const harmony__limits *limits, const char *name)
{
	size_t len = strcspn(name, ".");

	for (const harmony__limit *at = limits->table; at->name; at++)
		if (strlen(at->name) == len && memcmp(at->name, name, len) == 0)
			return at;
	return NULL;
}

static window *window_of(harmony__limits *limits, const char *name)
{
	window *w = window_find(limits, name);
	const harmony__limit *shape = w ? NULL : shape_of(limits, name);

	return w || !shape ? w : window_add(limits, name, shape);
}

static bool take_number(harmony__cursor *cursor, int64_t *out)
{
	uint64_t value;
	bool ok = harmony__cursor_digits(cursor, 18, &value) > 0;

	harmony__cursor_spaces(cursor);
	if (ok)
		*out = (int64_t)value;
	return ok;
}

/* Makes the parts of a window that slides sum up to what is used: what is less has gone from
   the oldest, and what is more is new. */
static void even_out(window *w)
{
	int64_t over = -w->used;

	for (int age = 0; age <= PARTS; age++)
		over += w->parts[age];
	for (int age = PARTS; age >= 0 && over > 0; age--) {
		int64_t gone = over < w->parts[age] ? over : w->parts[age];
		w->parts[age] -= gone;
		over -= gone;
	}
	w->parts[0] -= over;
}

/* One line a window: name allowed used start blocked, and the parts of one that slides. A
   damaged line is left out: the window then starts afresh, and the package's own answer
   corrects it. */
static void parse_line(harmony__limits *limits, const char *line, size_t len)
{
	harmony__cursor cursor = harmony__cursor_over(line, len);
	char name[NAME_SIZE];
	const char *text;
	int64_t allowed, used, start, blocked, part;
	window *w;

	harmony__cursor_until(&cursor, ' ', &text, &len);
	harmony__copy_text(name, sizeof(name), text, len);
	if (!take_number(&cursor, &allowed) || !take_number(&cursor, &used) ||
	    !take_number(&cursor, &start) || !take_number(&cursor, &blocked))
		return;
	w = window_of(limits, name);
	if (!w)
		return;
	w->allowed = allowed;
	w->used = used;
	w->start = start;
	w->blocked = blocked;
	memset(w->parts, 0, sizeof(w->parts));
	for (int age = 0; w->slides && age <= PARTS && take_number(&cursor, &part); age++) {
		w->parts[age] = part <= used ? part : used;
		used -= w->parts[age];
	}
	even_out(w);
}

static harmony_status load(harmony__limits *limits, harmony_error *error)
{
	const harmony_host *host = limits->host;
	harmony_error mine = HARMONY_ERROR_INIT;
	char memo[MAX_MEMO];
	size_t len = sizeof(memo);
	harmony__cursor cursor;
	harmony_status status;

	if (!host->memo_load)
		return HARMONY_OK;
	status = host->memo_load(memo, &len, limits->memo, host->user, &mine);
	if (status == HARMONY_NOTFOUND)
		return HARMONY_OK;
	if (status != HARMONY_OK) {
		harmony__error_give(error, &mine);
		return status;
	}
	cursor = harmony__cursor_over(memo, len);
	while (!harmony__cursor_done(&cursor)) {
		const char *line;
		size_t line_len;
		harmony__cursor_until(&cursor, '\n', &line, &line_len);
		parse_line(limits, line, line_len);
	}
	return HARMONY_OK;
}

static harmony_status save(harmony__limits *limits, harmony_error *error)
{
	const harmony_host *host = limits->host;
	harmony__buf memo;
	harmony_status status;

	if (!host->memo_save)
		return HARMONY_OK;
	harmony__buf_init(&memo, host->context, MAX_MEMO);
	for (size_t i = 0; i < limits->count; i++) {
		const window *w = &limits->windows[i];
		harmony__buf_printf(&memo, "%s %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64,
		                    w->name, w->allowed, w->used, w->start, w->blocked);
		for (int age = 0; w->slides && age <= PARTS; age++)
			harmony__buf_printf(&memo, " %" PRId64, w->parts[age]);
		harmony__buf_char(&memo, '\n');
	}
	status = harmony__buf_check(&memo, "the limits of the package", error);
	if (status == HARMONY_OK)
		status = host->memo_save(limits->memo, memo.data, memo.len, host->user, error);
	harmony__buf_free(&memo);
	return status;
}

static harmony_status enter(harmony__limits *limits, harmony_error *error)
{
	const harmony_host *host = limits->host;
	harmony_status status = HARMONY_OK;

	if (host->lock)
		status = host->lock(limits->memo, LOCK_TIMEOUT, host->user, error);
	if (status != HARMONY_OK)
		return status;
	status = load(limits, error);
	if (status != HARMONY_OK && host->unlock)
		host->unlock(limits->memo, host->user);
	return status;
}

static void leave(harmony__limits *limits)
{
	if (limits->host->unlock)
		limits->host->unlock(limits->memo, limits->host->user);
}

/* Lets the parts go that are over, and begins a new one. */
static void slide(window *w, int64_t now)
{
	int64_t part = w->length / PARTS;

	while (w->used > 0 && now - w->start >= part) {
		w->used -= w->parts[PARTS];
		memmove(&w->parts[1], &w->parts[0], PARTS * sizeof(w->parts[0]));
		w->parts[0] = 0;
		w->start += part;
	}
	if (w->used == 0)
		w->start = now;
}

/* Brings a window up to the present. */
static void settle(window *w, int64_t now)
{
	if (w->start > now) /* the clock went back: what was used stays used, for one window */
		w->start = now;
	if (w->slides) {
		slide(w, now);
	} else if (now - w->start >= w->length) {
		w->start = now;
		w->used = 0;
	}
	if (w->blocked > now + w->length)
		w->blocked = now + w->length;
}

/* How long until so many may be used. */
static int64_t wait_of(const window *w, int64_t now, int64_t want)
{
	int64_t wait = w->blocked > now ? w->blocked - now : 0;
	int64_t over = w->used + w->reserve + want - w->allowed, until = w->start + w->length;

	if (over <= 0)
		return wait;
	for (int age = PARTS; w->slides && age >= 0 && over > 0; age--) {
		over -= w->parts[age];
		until = w->start + (PARTS + 1 - age) * (w->length / PARTS);
	}
	return until - now > wait ? until - now : wait;
}

static void use(window *w)
{
	w->used++;
	w->parts[0]++;
}

/* ---- what callers do ------------------------------------------------------------------ */

/* Takes one from each window, or says how long to wait and for which. */
static harmony_status try_take(harmony__limits *limits, const char *const *names, size_t count,
                               int64_t *wait, const char **which, harmony_error *error)
{
	int64_t now = harmony__wall(limits->host->context);
	harmony_status status = enter(limits, error);

	*wait = 0;
	if (status != HARMONY_OK)
		return status;
	for (size_t i = 0; i < count; i++) {
		window *w = window_of(limits, names[i]);
		int64_t want = 1, own;
		if (!w)
			continue;
		for (size_t j = 0; j < i; j++)
			want += strcmp(names[j], names[i]) == 0;
		settle(w, now);
		own = wait_of(w, now, want);
		if (own > *wait) {
			*wait = own;
			*which = names[i];
		}
	}
	for (size_t i = 0; *wait == 0 && i < count; i++) {
		window *w = window_of(limits, names[i]);
		if (w)
			use(w);
	}
	/* Saved also when there is to be waited: what a jump of the clock did to a window must
	   not be undone by the next look. */
	status = save(limits, error);
	leave(limits);
	return status;
}

harmony_status harmony__limits_take(harmony__limits *limits, const char *const *names, size_t count,
                                    int64_t patience, harmony_error *error)
{
	const harmony_host *host = limits->host;

	for (;;) {
		const char *which = "";
		int64_t wait;
		harmony_status status = try_take(limits, names, count, &wait, &which, error);

		if (status != HARMONY_OK || wait == 0)
			return status;
		if (wait > patience || !host->sleep)
			return harmony_error_set(error, HARMONY_RATE, NULL,
			                         "the package allows no more calls (limit '%s') for "
			                         "%" PRId64 " s; what is left waits and is offered by "
			                         "itself",
			                         which, (wait + 999) / 1000);
		patience -= wait;
		status = host->sleep(wait, host->user);
		if (status != HARMONY_OK)
			return harmony_error_set(error, status, NULL,
			                         "stopped while waiting for the package's limit");
	}
}

/* Changes one window under the lock. A failure to save is no reason to fail a request
   that was answered: the next answer tells again. */
static void change(harmony__limits *limits, const char *name,
                   void (*apply)(window *w, int64_t now, const int64_t *values),
                   const int64_t *values)
{
	int64_t now = harmony__wall(limits->host->context);
	window *w;

	if (enter(limits, NULL) != HARMONY_OK)
		return;
	w = window_of(limits, name);
	if (w) {
		settle(w, now);
		apply(w, now, values);
		if (save(limits, NULL) != HARMONY_OK)
			harmony__log(limits->host->context, HARMONY_LOG_WARNING,
			             "the state of the package's limit '%s' was not saved", name);
	}
	leave(limits);
}

static void apply_learn(window *w, int64_t now, const int64_t *values)
{
	int64_t allowed = values[0], remaining = values[1], reset = values[2];

	if (allowed >= 0)
		w->allowed = allowed;
	if (remaining >= 0)
		w->used = w->allowed > remaining ? w->allowed - remaining : 0;
	/* A reset outside the window means that one of the two clocks is wrong. */
	if (!w->slides && reset > now && reset <= now + w->length)
		w->start = reset - w->length;
	even_out(w);
}

void harmony__limits_learn(harmony__limits *limits, const char *name, int64_t allowed,
                           int64_t remaining, int64_t reset)
{
	change(limits, name, apply_learn, (const int64_t[]){allowed, remaining, reset});
}

static void apply_block(window *w, int64_t now, const int64_t *values)
{
	w->blocked = now + (values[0] < w->length ? values[0] : w->length);
}

void harmony__limits_block(harmony__limits *limits, const char *name, int64_t wait)
{
	change(limits, name, apply_block, &wait);
}

static void apply_error(window *w, int64_t now, const int64_t *values)
{
	use(w);
}

static void error_name(char *name, const char *endpoint)
{
	snprintf(name, NAME_SIZE, "errors.%s", endpoint);
}

void harmony__limits_error(harmony__limits *limits, const char *endpoint)
{
	char name[NAME_SIZE];

	error_name(name, endpoint);
	change(limits, name, apply_error, NULL);
}

int64_t harmony__limits_wait(harmony__limits *limits, const char *name)
{
	int64_t now = harmony__wall(limits->host->context), wait = 0;
	window *w;

	if (enter(limits, NULL) != HARMONY_OK)
		return 0;
	w = window_of(limits, name);
	if (w) {
		settle(w, now);
		wait = wait_of(w, now, 1);
	}
	leave(limits);
	return wait;
}

bool harmony__limits_may_err(harmony__limits *limits, const char *endpoint)
{
	char name[NAME_SIZE];

	error_name(name, endpoint);
	return harmony__limits_wait(limits, name) == 0;
}

harmony_status harmony__limits_report(harmony__limits *limits, harmony__buf *out)
{
	int64_t now = harmony__wall(limits->host->context);
	const char *comma = "";

	if (enter(limits, NULL) != HARMONY_OK)
		return HARMONY_BUSY;
	harmony__buf_char(out, '{');
	for (size_t i = 0; i < limits->count; i++) {
		window *w = &limits->windows[i];
		settle(w, now);
		if (strchr(w->name, '.') && w->used == 0) /* an endpoint without errors */
			continue;
		harmony__buf_printf(out,
		                    "%s\"%s\":{\"allowed\":%" PRId64 ",\"remaining\":%" PRId64
		                    ",\"renewed_in\":%" PRId64 "}",
		                    comma, w->name, w->allowed,
		                    w->allowed > w->used ? w->allowed - w->used : 0,
		                    (w->start + w->length - now) / 1000);
		comma = ",";
	}
	leave(limits);
	return harmony__buf_char(out, '}');
}
