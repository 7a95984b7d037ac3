/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "connectors/frame.h"

#define PATIENCE   (15 * 60 * 1000) /* ms that a request waits for its turn */
#define MAX_PAGES  100000u
#define READ_TRIES 3
#define READ_PAUSE 250 /* ms, doubled each time */

/* ---- what is left ------------------------------------------------------------------------ */

static int64_t header_number(const harmony__http_response *response, const char *name)
{
	const char *text = name ? harmony__http_find(response, name) : NULL;
	harmony__cursor cursor;
	uint64_t value;

	if (!text)
		return -1;
	cursor = harmony__cursor_over(text, strlen(text));
	return harmony__cursor_digits(&cursor, 18, &value) > 0 ? (int64_t)value : -1;
}

/* A 429 is of the window that has nothing left, or of the first one. */
static void block(harmony__frame *f, const harmony__limit_headers *over,
		  const harmony__http_response *response)
{
	const harmony__package *p = f->package;
	const char *window = over ? over->window : p->windows[0];
	int64_t reset = over ? header_number(response, over->reset) : -1;
	int64_t wait = response->retry_after >= 0 ? response->retry_after
		       : reset >= 0               ? reset - harmony__wall(f->context) + 1000
						  : p->bare_wait;

	if (p->longest_wait && wait > p->longest_wait)
		window = p->long_window;
	harmony__limits_block(f->limits, window, wait > 0 ? wait : 1000);
}

/* Each header may be missing. */
static void learn_limits(harmony__frame *f, const harmony__http_response *response)
{
	const harmony__limit_headers *over = f->package->limit_headers;

	for (const harmony__limit_headers *at = over; at && at->window; at++) {
		int64_t remaining = header_number(response, at->remaining);
		if (remaining >= 0)
			harmony__limits_learn(f->limits, at->window,
					      header_number(response, at->allowed), remaining,
					      header_number(response, at->reset));
		if (remaining == 0)
			over = at;
	}
	if (response->class == HARMONY__HTTP_LIMIT)
		block(f, over, response);
}

/* ---- one exchange --------------------------------------------------------------------------- */

static size_t count_of(const char *const *names)
{
	size_t count = 0;

	while (names[count])
		count++;
	return count;
}

static harmony_status send_once(harmony__frame *f, harmony__call *call, const char **token,
				harmony__http_response *response, harmony_error *error)
{
	const harmony__package *p = f->package;
	harmony_status status = harmony__oauth2_token(token, f->oauth, error);

	if (status == HARMONY_OK && p->sign)
		status = p->sign(f, call, *token, error);
	else if (status == HARMONY_OK)
		call->http.bearer = *token;
	if (status == HARMONY_OK)
		status = harmony__limits_take(f->limits, p->windows, count_of(p->windows), PATIENCE,
					      error);
	if (status == HARMONY_OK)
		status = harmony__http_perform(f->http, &call->http, response, error);
	if (status != HARMONY_OK)
		return status;
	if (p->judge)
		p->judge(f, response);
	learn_limits(f, response);
	return HARMONY_OK;
}

harmony_status harmony__exchange(harmony__frame *f, harmony__call *call,
				 harmony__http_response *response, harmony_error *error)
{
	const char *token = NULL;
	harmony_status status = send_once(f, call, &token, response, error);

	if (status == HARMONY_OK && response->class == HARMONY__HTTP_LOGIN)
		status = harmony__oauth2_refused(f->oauth, token, error);
	else if (status != HARMONY_OK || response->class != HARMONY__HTTP_LIMIT)
		return status;
	return status == HARMONY_OK ? send_once(f, call, &token, response, error) : status;
}

/* ---- classes of answers ------------------------------------------------------------------- */

void harmony__doubt(const harmony__frame *f, harmony_verdict *verdict,
		    const harmony__http_response *response)
{
	harmony_verdict_set(
	    verdict, HARMONY_OUTCOME_IN_DOUBT, "in_doubt", "",
	    "sent to %s, no clear answer (HTTP %d%s%s); it is looked up before it is offered again",
	    f->package->name, response->status, response->reason[0] ? ", " : "", response->reason);
}

void harmony__unclear(const harmony__frame *f, harmony_verdict *verdict)
{
	char vendor[sizeof(verdict->vendor)];

	memcpy(vendor, verdict->vendor, sizeof(vendor));
	harmony_verdict_set(
	    verdict, HARMONY_OUTCOME_IN_DOUBT, "in_doubt", "",
	    "%s told an error, and could not be asked since what came of this; it is looked up "
	    "before it is offered again",
	    f->package->name);
	memcpy(verdict->vendor, vendor, sizeof(vendor));
}

static harmony_status no_right(const harmony__frame *f, const harmony__http_response *response,
			       const char *what, const char *words, harmony_error *error)
{
	const char *reason = harmony__http_find(response, "Reason");

	if (!reason)
		reason = words;
	harmony__error_vendor(error, words);
	return harmony_error_set(error, HARMONY_CONFIG, NULL,
				 "%s allows this login no access to %s%s%s; %s", f->package->name,
				 what, *reason ? ": " : "", reason, f->package->no_right);
}

/* Whoever refuses is asked less: some packages block those that go on. */
static harmony_status read_refused(harmony__frame *f, const harmony__http_response *response,
				   const char *what, harmony_error *error)
{
	const char *name = f->package->name;
	const char *mend = response->status == 400 ? f->package->bad_request : NULL;
	char words[768];

	harmony__limits_error(f->limits, what);
	if (response->status == 408)
		return harmony_error_set(error, HARMONY_RETRY, "network",
					 "%s took too long to answer for %s", name, what);
	f->package->words(words, sizeof(words), f, response);
	if (response->status == 403)
		return no_right(f, response, what, words, error);
	harmony__error_vendor(error, words);
	return harmony_error_set(error, HARMONY_REJECTED, "vendor",
				 "%s refused to give %s (HTTP %d)%s%s", name, what,
				 response->status, mend ? "; " : "", mend ? mend : "");
}

harmony_status harmony__read_class(harmony__frame *f, const harmony__http_response *response,
				   const char *what, harmony_error *error)
{
	const char *name = f->package->name;

	switch (response->class) {
	case HARMONY__HTTP_DONE:
		return HARMONY_OK;
	case HARMONY__HTTP_CANCELLED:
		return harmony_error_set(error, HARMONY_CANCELLED, NULL,
					 "stopped before %s was asked for %s", name, what);
	case HARMONY__HTTP_LOGIN:
		return harmony_error_set(error, HARMONY_AUTH, NULL,
					 "%s refuses the login, renewed or not; log in again with "
					 "`harmony login`",
					 name);
	case HARMONY__HTTP_REFUSED:
		return read_refused(f, response, what, error);
	case HARMONY__HTTP_LIMIT:
		return harmony_error_set(error, HARMONY_RATE, NULL,
					 "%s allows no more calls for now", name);
	default:
		return harmony_error_set(error, HARMONY_RETRY, "network",
					 "%s was not read from %s (HTTP %d%s%s); it is tried again",
					 what, name, response->status,
					 response->reason[0] ? ", " : "", response->reason);
	}
}

/* Some say what is wrong with an entry by 500 and words; without words it is the server that
   failed, at whatever point. */
static void write_failed(harmony__frame *f, const harmony__http_response *response,
			 const char *what, harmony_verdict *verdict)
{
	char words[768] = "";

	if (f->package->explained_500 && response->status == 500)
		f->package->words(words, sizeof(words), f, response);
	if (!words[0]) {
		harmony__doubt(f, verdict, response);
		return;
	}
	if (f->count_500)
		harmony__limits_error(f->limits, what);
	harmony__explain(f, verdict, response->status, words);
}

static harmony_status write_refused(harmony__frame *f, const harmony__http_response *response,
				    const char *what, harmony_verdict *verdict,
				    harmony_error *error)
{
	char words[768];

	harmony__limits_error(f->limits, what);
	if (response->status == 408) {
		harmony__doubt(f, verdict, response);
		return HARMONY_OK;
	}
	f->package->words(words, sizeof(words), f, response);
	if (response->status == 403)
		return no_right(f, response, what, words, error);
	harmony__explain(f, verdict, response->status, words);
	return HARMONY_OK;
}

static harmony_status write_class(harmony__frame *f, const harmony__http_response *response,
				  const char *what, harmony_verdict *verdict, harmony_error *error)
{
	switch (response->class) {
	case HARMONY__HTTP_DONE:
		harmony_verdict_set(verdict, HARMONY_OUTCOME_BOOKED, NULL, NULL, "%s", "");
		return HARMONY_OK;
	case HARMONY__HTTP_LOGIN:
	case HARMONY__HTTP_LIMIT:
	case HARMONY__HTTP_CANCELLED:
		return harmony__read_class(f, response, what, error);
	case HARMONY__HTTP_NOT_SENT:
		return harmony_error_set(
		    error, HARMONY_RETRY, "network",
		    "%s was not reached (%s); nothing was sent, it is tried again",
		    f->package->name, response->reason);
	case HARMONY__HTTP_REFUSED:
		return write_refused(f, response, what, verdict, error);
	case HARMONY__HTTP_FAILED:
		write_failed(f, response, what, verdict);
		return HARMONY_OK;
	default:
		harmony__doubt(f, verdict, response);
		return HARMONY_OK;
	}
}

/* ---- reading --------------------------------------------------------------------------------- */

static harmony_status read_once(harmony__frame *f, harmony__call *call,
				harmony__http_response *response, harmony_error *error)
{
	harmony_status status = harmony__exchange(f, call, response, error);

	if (status == HARMONY_OK && call->may_lack && response->status == 404) {
		harmony__limits_error(f->limits, call->what);
		return HARMONY_NOTFOUND;
	}
	if (status == HARMONY_OK && call->may_lack && response->status == 204)
		return HARMONY_NOTFOUND;
	if (status == HARMONY_OK)
		status = harmony__read_class(f, response, call->what, error);
	if (status == HARMONY_OK)
		status = call->take(f, response, call->user, error);
	if (status != HARMONY_FORMAT)
		return status;
	harmony_error_clear(error);
	return harmony_error_set(error, HARMONY_RETRY, "network",
				 "the answer of %s for %s is damaged; it is tried again",
				 f->package->name, call->what);
}

harmony_status harmony__read(harmony__frame *f, harmony__call *call, harmony_error *error)
{
	harmony_error attempt = HARMONY_ERROR_INIT;
	harmony__http_response response;
	harmony_status status;

	if (!harmony__limits_may_err(f->limits, call->what))
		return harmony_error_set(
		    error, HARMONY_RATE, NULL,
		    "%s gave too many errors for %s within the hour, and blocks those who go on; "
		    "it is tried later",
		    f->package->name, call->what);
	harmony__http_response_init(&response, f->context);
	for (int tries = 1;; tries++) {
		harmony_error_clear(&attempt);
		status = read_once(f, call, &response, &attempt);
		/* A refused token is not tried again: each refusal counts. */
		if (status != HARMONY_RETRY || response.class == HARMONY__HTTP_LOGIN ||
		    tries == (call->tries ? call->tries : READ_TRIES))
			break;
		if (f->host->sleep &&
		    f->host->sleep(READ_PAUSE << (tries - 1), f->host->user) != HARMONY_OK) {
			harmony_error_clear(&attempt);
			status = harmony_error_set(&attempt, HARMONY_CANCELLED, NULL,
						   "stopped while reading %s", call->what);
			break;
		}
	}
	if (status != HARMONY_OK)
		harmony__error_give(error, &attempt);
	harmony__http_response_free(&response);
	return status;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Some block an app that errs too often at one place: what else goes there waits, the rest
   goes on. */
static void leave_alone(harmony__frame *f, const char *what, harmony_verdict *verdict)
{
	char window[48];

	snprintf(window, sizeof(window), "errors.%s", what);
	harmony_verdict_set(
	    verdict, HARMONY_OUTCOME_WAITING, "rate_limited", "",
	    "%s refused so many requests at %s within the hour that it would block this app soon; "
	    "correct the rejected ones, this one is offered again by itself",
	    f->package->name, what);
	verdict->retry_after = harmony__limits_wait(f->limits, window);
}

harmony_status harmony__write(harmony__frame *f, harmony__call *call,
			      harmony__http_response *response, harmony_verdict *verdict,
			      harmony_error *error)
{
	harmony_status status;

	if (!harmony__limits_may_err(f->limits, call->what)) {
		leave_alone(f, call->what, verdict);
		return HARMONY_OK;
	}
	status = harmony__exchange(f, call, response, error);
	return status == HARMONY_OK ? write_class(f, response, call->what, verdict, error) : status;
}

/* ---- JSON --------------------------------------------------------------------------------------
 */

typedef struct tree {
	harmony__arena *arena;
	const harmony__json **root;
} tree;

static harmony_status take_json(harmony__frame *f, const harmony__http_response *response,
				void *user, harmony_error *error)
{
	const tree *t = user;

	return harmony__json_parse(t->root, t->arena, response->body.data, response->body.len,
				   error);
}

static harmony__call call_of(const harmony__frame *f, const char *method, const char *url,
			     const char *what)
{
	harmony__call call = {
	    .http = {.method = method, .url = url, .headers = f->package->headers}, .what = what};

	while (call.http.headers && call.http.headers[call.http.header_count].name)
		call.http.header_count++;
	return call;
}

static harmony_status read_json(harmony__frame *f, const char *url, const char *what, bool may_lack,
				harmony__arena *arena, const harmony__json **root,
				harmony_error *error)
{
	tree t = {arena, root};
	harmony__call call = call_of(f, "GET", url, what);

	*root = NULL;
	call.may_lack = may_lack;
	call.tries = f->tries;
	call.take = take_json;
	call.user = &t;
	return harmony__read(f, &call, error);
}

harmony_status harmony__get_json(harmony__frame *f, const char *url, const char *what,
				 harmony__arena *arena, const harmony__json **root,
				 harmony_error *error)
{
	harmony_status status = read_json(f, url, what, true, arena, root, error);

	return status == HARMONY_NOTFOUND ? HARMONY_OK : status;
}

harmony_status harmony__send_json(harmony__frame *f, const char *method, const char *url,
				  const char *what, const harmony__buf *body, harmony__arena *arena,
				  const harmony__json **root, harmony_verdict *verdict,
				  harmony_error *error)
{
	harmony__call call = call_of(f, method, url, what);
	harmony__http_response response;
	harmony_status status;

	*root = NULL;
	if (body) {
		call.http.body = body->data;
		call.http.body_len = body->len;
		call.http.content_type = "application/json";
	}
	harmony__http_response_init(&response, f->context);
	status = harmony__write(f, &call, &response, verdict, error);
	/* 204 has no body; a 2xx whose body is no JSON was applied all the same, but as what? */
	if (status == HARMONY_OK && verdict->outcome == HARMONY_OUTCOME_BOOKED &&
	    response.body.len > 0 &&
	    harmony__json_parse(root, arena, response.body.data, response.body.len, NULL) !=
		HARMONY_OK) {
		*root = NULL;
		harmony__doubt(f, verdict, &response);
	}
	harmony__http_response_free(&response);
	return status;
}

/* ---- pages
 * --------------------------------------------------------------------------------------- */

static harmony_status odd_page(const harmony__frame *f, const char *where, harmony_error *error)
{
	return harmony_error_set(
	    error, HARMONY_FORMAT, NULL,
	    "%s's answer goes on at %s; nothing was taken from it, report this", f->package->name,
	    where);
}

/* The address of the next page, empty behind the last: whole or from the root, on the same
   host, and one that was not read before. */
static harmony_status next_page(harmony__frame *f, harmony__buf *url, harmony__table *seen,
				const harmony__json *root, harmony_error *error)
{
	harmony__buf next;
	const char *path;
	harmony_status status;

	harmony__buf_init(&next, f->context, HARMONY__MAX_URL);
	if (f->package->next)
		f->package->next(&next, url->data, root);
	harmony__buf_clear(url);
	status = harmony__buf_check(&next, "the address of a next page", error);
	if (status != HARMONY_OK || next.len == 0)
		goto done;
	if (next.data[0] == '/' && next.data[1] != '/') {
		path = strstr(f->url, "://") + 3;
		path += strcspn(path, "/");
		harmony__buf_add(url, f->url, (size_t)(path - f->url));
	} else if (!strstr(next.data, "://")) {
		status = odd_page(f, "an address that is none", error);
		goto done;
	}
	harmony__buf_add(url, next.data, next.len);
	status = harmony__buf_check(url, "the address of a next page", error);
	if (status != HARMONY_OK)
		goto done;
	if (!harmony__http_same_host(url->data, f->url))
		status = odd_page(f, "another host", error);
	else if (harmony__table_look(seen, url->data))
		status = odd_page(f, "a page that was read already", error);
	else if (!harmony__table_put(seen, url->data))
		status = harmony__nomem(error);
done:
	harmony__buf_free(&next);
	return status;
}

static harmony_status each_row(harmony__frame *f, const harmony__json *root, const char *what,
			       harmony__row_fn row, void *user, harmony_error *error)
{
	const harmony__json *rows = f->package->rows(root);
	harmony_status status = HARMONY_OK;

	if (!rows)
		return harmony_error_set(error, HARMONY_FORMAT, NULL,
					 "%s's answer for %s holds no list; report this",
					 f->package->name, what);
	for (const harmony__json *at = rows->first; at && status == HARMONY_OK; at = at->next)
		status = row(at, user);
	return status;
}

harmony_status harmony__rows(harmony__frame *f, const char *url, const char *what,
			     harmony__arena *keep, harmony__row_fn row, void *user,
			     harmony_error *error)
{
	harmony__arena page;
	harmony__table seen;
	harmony__buf at;
	harmony_status status;

	harmony__arena_init(&page, f->context, HARMONY__TREE_LIMIT);
	harmony__table_init(&seen, f->context, sizeof(harmony__thing));
	harmony__buf_init(&at, f->context, HARMONY__MAX_URL);
	harmony__buf_str(&at, url);
	status = harmony__buf_check(&at, "the address of a request", error);
	if (status == HARMONY_OK && !harmony__table_put(&seen, url))
		status = harmony__nomem(error);
	while (status == HARMONY_OK && at.len > 0) {
		const harmony__json *root;
		if (seen.count > MAX_PAGES) {
			status = harmony_error_set(error, HARMONY_LIMIT, NULL,
						   "%s has no end after %u pages; report this",
						   what, MAX_PAGES);
			break;
		}
		status = read_json(f, at.data, what, false, keep ? keep : &page, &root, error);
		f->page = (unsigned)seen.count;
		if (status == HARMONY_OK)
			status = each_row(f, root, what, row, user, error);
		if (status == HARMONY_OK)
			status = next_page(f, &at, &seen, root, error);
		harmony__arena_reset(&page);
	}
	harmony__buf_free(&at);
	harmony__table_free(&seen);
	harmony__arena_free(&page);
	return status;
}
