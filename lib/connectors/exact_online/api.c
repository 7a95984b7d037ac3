/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "connectors/exact_online/exact.h"

#define MAX_PATH   12000u /* Exact refuses longer addresses */
#define PATIENCE   (15 * 60 * 1000)
#define MAX_PAGES  100000u
#define READ_TRIES 3
#define READ_PAUSE 250 /* ms, doubled each time */

/* "bulk/Cashflow/Receivables?..." is the endpoint "Receivables", as errors are counted. */
static void endpoint_of(char *name, size_t size, const char *path)
{
	size_t len = strcspn(path, "?(");
	size_t from = len;

	while (from > 0 && path[from - 1] != '/')
		from--;
	harmony__copy_text(name, size, path + from, len - from);
}

/* ---- one exchange --------------------------------------------------------------------- */

static int64_t header_number(const harmony__http_response *response, const char *name)
{
	const char *text = harmony__http_find(response, name);
	harmony__cursor cursor;
	uint64_t value;

	if (!text)
		return -1;
	cursor = harmony__cursor_over(text, strlen(text));
	return harmony__cursor_digits(&cursor, 18, &value) > 0 ? (int64_t)value : -1;
}

/* Each header may be missing: when one limit is reached, only its own are sent. */
static void learn_limits(exact *x, const harmony__http_response *response)
{
	static const struct {
		const char *window, *allowed, *remaining, *reset;
	} headers[] = {{"minute", "X-RateLimit-Minutely-Limit", "X-RateLimit-Minutely-Remaining",
			"X-RateLimit-Minutely-Reset"},
		       {"day", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}};

	for (size_t i = 0; i < HARMONY__COUNT(headers); i++) {
		int64_t allowed = header_number(response, headers[i].allowed);
		int64_t remaining = header_number(response, headers[i].remaining);
		if (remaining >= 0)
			harmony__limits_learn(x->limits, headers[i].window, allowed, remaining,
					      header_number(response, headers[i].reset));
	}
	if (response->class == HARMONY__HTTP_LIMIT) {
		bool day = header_number(response, headers[1].remaining) == 0;
		int64_t reset = header_number(response, headers[day].reset);
		int64_t wait = response->retry_after >= 0 ? response->retry_after
			       : reset >= 0               ? reset - harmony__wall(x->context) + 1000
							  : 60000;
		harmony__limits_block(x->limits, headers[day].window, wait > 0 ? wait : 1000);
	}
}

/* Sends once, with a living token. After 401 the login is renewed, after 429 the window's end
   is waited for (by the next take), and it is sent once more: neither was applied. */
static harmony_status exchange(exact *x, const char *method, const char *url,
			       const harmony__buf *body, harmony__http_response *response,
			       harmony_error *error)
{
	static const char *const windows[] = {"minute", "day"};
	static const harmony__http_header headers[] = {{"Accept", "application/json"},
						       {"Prefer", "return=representation"}};
	harmony__http_request request = {
	    .method = method, .url = url, .headers = headers, .header_count = body ? 2 : 1};
	harmony_status status = HARMONY_OK;

	if (body) {
		request.body = body->data;
		request.body_len = body->len;
		request.content_type = "application/json";
	}
	for (int tries = 0; status == HARMONY_OK; tries++) {
		status = harmony__oauth2_token(&request.bearer, x->oauth, error);
		if (status == HARMONY_OK)
			status = harmony__limits_take(x->limits, windows, 2, PATIENCE, error);
		if (status == HARMONY_OK)
			status = harmony__http_perform(x->http, &request, response, error);
		if (status != HARMONY_OK)
			break;
		learn_limits(x, response);
		if (tries > 0 || (response->class != HARMONY__HTTP_LOGIN &&
				  response->class != HARMONY__HTTP_LIMIT))
			break;
		if (response->class == HARMONY__HTTP_LOGIN)
			status = harmony__oauth2_refused(x->oauth, request.bearer, error);
	}
	return status;
}

/* Exact's own words: {"error":{"message":{"value":"..."}}}; line ends become blanks. */
static void words_of(char *words, size_t size, exact *x, const harmony__http_response *response)
{
	harmony__arena arena;
	const harmony__json *root;
	const char *text = "";

	harmony__arena_init(&arena, x->context, EXACT_TREE_LIMIT);
	if (harmony__json_parse(&root, &arena, response->body.data, response->body.len, NULL) ==
	    HARMONY_OK)
		text = harmony__json_text(harmony__json_get(root, "error", "message", "value"), "");
	harmony__copy_text(words, size, text, strlen(text));
	for (char *at = words; *at; at++)
		if (*at == '\r' || *at == '\n')
			*at = ' ';
	harmony__arena_free(&arena);
}

static harmony_status no_right(const harmony__http_response *response, const char *words,
			       const char *endpoint, harmony_error *error)
{
	const char *reason = harmony__http_find(response, "Reason");
	harmony_status status =
	    harmony_error_set(error, HARMONY_CONFIG, NULL,
			      "Exact Online allows this login no access to %s%s%s; give the user "
			      "the right and the app "
			      "the scope, and check the division in `administration`",
			      endpoint, reason ? ": " : "", reason ? reason : "");

	if (error && error->vendor[0] == '\0')
		harmony__copy_text(error->vendor, sizeof(error->vendor), words, strlen(words));
	return status;
}

/* ---- reading ---------------------------------------------------------------------------- */

/* What a read's answer means; HARMONY_RETRY: worth another try by the caller. */
static harmony_status read_class(exact *x, const harmony__http_response *response,
				 const char *endpoint, harmony_error *error)
{
	char words[512];

	switch (response->class) {
	case HARMONY__HTTP_DONE:
		return HARMONY_OK;
	case HARMONY__HTTP_CANCELLED:
		return harmony_error_set(error, HARMONY_CANCELLED, NULL, "stopped while reading %s",
					 endpoint);
	case HARMONY__HTTP_LOGIN:
		return harmony_error_set(
		    error, HARMONY_AUTH, NULL,
		    "Exact Online refuses the login, renewed or not; log in again with "
		    "`harmony login`");
	case HARMONY__HTTP_REFUSED:
		words_of(words, sizeof(words), x, response);
		harmony__limits_error(x->limits, endpoint);
		if (response->status == 403)
			return no_right(response, words, endpoint, error);
		if (response->status == 408) /* Exact's lists of open items time out at times */
			return harmony_error_set(error, HARMONY_RETRY, "network",
						 "Exact Online took too long to answer for %s",
						 endpoint);
		harmony_error_set(error, HARMONY_REJECTED, "vendor",
				  "Exact Online refused to give %s (HTTP %d)", endpoint,
				  response->status);
		if (error && error->vendor[0] == '\0')
			harmony__copy_text(error->vendor, sizeof(error->vendor), words,
					   strlen(words));
		return HARMONY_REJECTED;
	case HARMONY__HTTP_LIMIT:
		return harmony_error_set(error, HARMONY_RATE, NULL,
					 "Exact Online allows no more calls for now");
	default:
		return harmony_error_set(
		    error, HARMONY_RETRY, "network",
		    "%s was not read from Exact Online (HTTP %d%s%s); it is tried again", endpoint,
		    response->status, response->reason[0] ? ", " : "", response->reason);
	}
}

/* One GET, tried again when that can help; `url` is absolute. */
static harmony_status get_url(exact *x, const char *url, const char *endpoint,
			      harmony__arena *arena, const harmony__json **root,
			      harmony_error *error)
{
	harmony_error last = HARMONY_ERROR_INIT;
	harmony__http_response response;
	harmony_status status = HARMONY_OK;

	if (!harmony__limits_may_err(x->limits, endpoint))
		return harmony_error_set(
		    error, HARMONY_RATE, NULL,
		    "Exact Online gave too many errors for %s within the hour, and "
		    "blocks those who go on; it is tried later",
		    endpoint);
	harmony__http_response_init(&response, x->context);
	for (int tries = 0; tries < READ_TRIES; tries++) {
		harmony_error attempt = HARMONY_ERROR_INIT;
		status = exchange(x, "GET", url, NULL, &response, &attempt);
		if (status == HARMONY_OK)
			status = read_class(x, &response, endpoint, &attempt);
		if (status == HARMONY_OK)
			status = harmony__json_parse(root, arena, response.body.data,
						     response.body.len, &attempt);
		if (status == HARMONY_FORMAT) {
			status = HARMONY_RETRY;
			harmony_error_clear(&attempt);
			harmony_error_set(&attempt, HARMONY_RETRY, "network",
					  "the answer for %s is no JSON; it is tried again",
					  endpoint);
		}
		last = attempt;
		/* A refused token is not tried again: each refusal counts. */
		if (status != HARMONY_RETRY || response.class == HARMONY__HTTP_LOGIN ||
		    tries + 1 == READ_TRIES)
			break;
		if (x->host->sleep &&
		    x->host->sleep(READ_PAUSE << tries, x->host->user) != HARMONY_OK) {
			status = harmony_error_set(error, HARMONY_CANCELLED, NULL,
						   "stopped while reading %s", endpoint);
			break;
		}
	}
	if (status != HARMONY_OK && error && error->status == HARMONY_OK)
		*error = last;
	harmony__http_response_free(&response);
	return status;
}

static harmony_status url_of(exact *x, harmony__buf *url, const char *path, harmony_error *error)
{
	harmony_status status = exact_division(x, error);

	if (status != HARMONY_OK)
		return status;
	harmony__buf_printf(url, "%s/api/v1/%s/%s", x->url, x->division, path);
	return harmony__buf_check(url, "the address of a request to Exact Online", error);
}

harmony_status exact_get(exact *x, const char *path, harmony__arena *arena,
			 const harmony__json **root, harmony_error *error)
{
	char endpoint[32];
	harmony__buf url;
	harmony_status status;

	endpoint_of(endpoint, sizeof(endpoint), path);
	harmony__buf_init(&url, x->context, MAX_PATH);
	status = url_of(x, &url, path, error);
	if (status == HARMONY_OK)
		status = get_url(x, url.data, endpoint, arena, root, error);
	harmony__buf_free(&url);
	return status;
}

/* The three shapes of a collection, and of one thing. */
static const harmony__json *rows_of(const harmony__json *root)
{
	const harmony__json *d = harmony__json_get(root, "d");
	const harmony__json *results = harmony__json_get(d, "results");

	if (results && results->type == HARMONY__JSON_ARRAY)
		return results;
	return d && d->type == HARMONY__JSON_ARRAY ? d : NULL;
}

/* The address of the next page: the same host, and another one than this. */
static harmony_status next_page(exact *x, harmony__buf *url, const harmony__json *root,
				harmony_error *error)
{
	const char *next = harmony__json_text(harmony__json_get(root, "d", "__next"), "");

	if (*next && !harmony__http_same_host(next, x->url))
		return harmony_error_set(
		    error, HARMONY_FORMAT, NULL,
		    "Exact Online's answer goes on at another host; nothing was taken "
		    "from it, report this");
	if (*next && strcmp(next, url->data) == 0)
		return harmony_error_set(
		    error, HARMONY_FORMAT, NULL,
		    "Exact Online's answer goes on at itself; nothing was taken from "
		    "it, report this");
	harmony__buf_clear(url);
	harmony__buf_str(url, next);
	return harmony__buf_check(url, "the address of a next page", error);
}

static harmony_status each_row(const harmony__json *root, const char *endpoint, exact_row_fn row,
			       void *user, harmony_error *error)
{
	const harmony__json *rows = rows_of(root);
	harmony_status status = HARMONY_OK;

	if (!rows)
		return harmony_error_set(error, HARMONY_FORMAT, NULL,
					 "Exact Online's answer for %s holds no list; report this",
					 endpoint);
	for (const harmony__json *at = rows->first; at && status == HARMONY_OK; at = at->next)
		status = row(at, user);
	return status;
}

harmony_status exact_rows(exact *x, const char *path, harmony__arena *keep, exact_row_fn row,
			  void *user, harmony_error *error)
{
	char endpoint[32];
	harmony__arena page;
	harmony__buf url;
	harmony_status status;

	endpoint_of(endpoint, sizeof(endpoint), path);
	harmony__arena_init(&page, x->context, EXACT_TREE_LIMIT);
	harmony__buf_init(&url, x->context, MAX_PATH);
	status = url_of(x, &url, path, error);
	for (unsigned pages = 0; status == HARMONY_OK && url.len > 0; pages++) {
		const harmony__json *root;
		if (pages == MAX_PAGES) {
			status = harmony_error_set(error, HARMONY_LIMIT, NULL,
						   "%s has no end after %u pages; report this",
						   endpoint, pages);
			break;
		}
		status = get_url(x, url.data, endpoint, keep ? keep : &page, &root, error);
		if (status == HARMONY_OK)
			status = each_row(root, endpoint, row, user, error);
		if (status == HARMONY_OK)
			status = next_page(x, &url, root, error);
		harmony__arena_reset(&page);
	}
	harmony__buf_free(&url);
	harmony__arena_free(&page);
	return status;
}

/* ---- writing ----------------------------------------------------------------------------- */

/* A verdict of the transport: what may have been applied is in doubt. */
static void doubt(harmony_verdict *verdict, const harmony__http_response *response)
{
	harmony_verdict_set(
	    verdict, HARMONY_OUTCOME_IN_DOUBT, "in_doubt", "",
	    "sent to Exact Online, no clear answer (HTTP %d%s%s); it is looked up before "
	    "it is offered again",
	    response->status, response->reason[0] ? ", " : "", response->reason);
}

static harmony_status write_class(exact *x, const harmony__http_response *response,
				  const char *endpoint, harmony_verdict *verdict,
				  harmony_error *error)
{
	char words[768];

	words_of(words, sizeof(words), x, response);
	switch (response->class) {
	case HARMONY__HTTP_DONE:
		harmony_verdict_set(verdict, HARMONY_OUTCOME_BOOKED, NULL, NULL, "%s", "");
		return HARMONY_OK;
	case HARMONY__HTTP_LOGIN:
	case HARMONY__HTTP_LIMIT:
	case HARMONY__HTTP_CANCELLED:
		return read_class(x, response, endpoint, error);
	case HARMONY__HTTP_NOT_SENT:
		return harmony_error_set(
		    error, HARMONY_RETRY, "network",
		    "Exact Online was not reached (%s); nothing was sent, it is tried "
		    "again",
		    response->reason);
	case HARMONY__HTTP_REFUSED:
		harmony__limits_error(x->limits, endpoint);
		if (response->status == 403)
			return no_right(response, words, endpoint, error);
		if (response->status == 408)
			doubt(verdict, response);
		else
			exact_explain(verdict, response->status, words);
		return HARMONY_OK;
	case HARMONY__HTTP_FAILED:
		/* Exact says what is wrong with an entry by 500 and a message; without one it is
		   the server that failed, at whatever point. */
		if (response->status == 500 && words[0] && x->count_500)
			harmony__limits_error(x->limits, endpoint);
		if (response->status == 500 && words[0])
			exact_explain(verdict, response->status, words);
		else
			doubt(verdict, response);
		return HARMONY_OK;
	default:
		doubt(verdict, response);
		return HARMONY_OK;
	}
}

/* Exact blocks an app for an hour that errs more than ten times at an endpoint: what else
   goes there waits, the rest goes on. */
static void leave_alone(exact *x, const char *endpoint, harmony_verdict *verdict)
{
	char window[48];

	snprintf(window, sizeof(window), "errors.%s", endpoint);
	harmony_verdict_set(
	    verdict, HARMONY_OUTCOME_WAITING, "rate_limited", "",
	    "Exact Online refused so many requests at %s within the hour that it would "
	    "block this app soon; correct the rejected ones, this one is offered again "
	    "by itself",
	    endpoint);
	verdict->retry_after = harmony__limits_wait(x->limits, window);
}

harmony_status exact_send(exact *x, const char *method, const char *path, const harmony__buf *body,
			  harmony__arena *arena, const harmony__json **root,
			  harmony_verdict *verdict, harmony_error *error)
{
	char endpoint[32];
	harmony__http_response response;
	harmony__buf url;
	harmony_status status;

	*root = NULL;
	endpoint_of(endpoint, sizeof(endpoint), path);
	if (!harmony__limits_may_err(x->limits, endpoint)) {
		leave_alone(x, endpoint, verdict);
		return HARMONY_OK;
	}
	harmony__buf_init(&url, x->context, MAX_PATH);
	harmony__http_response_init(&response, x->context);
	status = url_of(x, &url, path, error);
	if (status == HARMONY_OK)
		status = exchange(x, method, url.data, body, &response, error);
	if (status == HARMONY_OK)
		status = write_class(x, &response, endpoint, verdict, error);
	/* 204 has no body; a 2xx whose body is no JSON was applied all the same, but as what? */
	if (status == HARMONY_OK && verdict->outcome == HARMONY_OUTCOME_BOOKED &&
	    response.body.len > 0 &&
	    harmony__json_parse(root, arena, response.body.data, response.body.len, NULL) !=
		HARMONY_OK) {
		*root = NULL;
		doubt(verdict, &response);
	}
	harmony__http_response_free(&response);
	harmony__buf_free(&url);
	return status;
}

/* ---- the division ------------------------------------------------------------------------- */

static harmony_status pin_current(exact *x, harmony_error *error)
{
	harmony__arena arena;
	const harmony__json *root;
	harmony__buf url;
	harmony_status status;
	int64_t division = 0;

	harmony__arena_init(&arena, x->context, EXACT_TREE_LIMIT);
	harmony__buf_init(&url, x->context, MAX_PATH);
	harmony__buf_printf(&url, "%s/api/v1/current/Me?$select=CurrentDivision", x->url);
	status = harmony__buf_check(&url, "the address", error);
	if (status == HARMONY_OK)
		status = get_url(x, url.data, "Me", &arena, &root, error);
	if (status == HARMONY_OK) {
		const harmony__json *rows = rows_of(root);
		const harmony__json *me = rows ? rows->first : harmony__json_get(root, "d");
		if (harmony__json_whole(&division, harmony__json_get(me, "CurrentDivision")) !=
			HARMONY_OK ||
		    division <= 0)
			status = harmony_error_set(
			    error, HARMONY_FORMAT, NULL,
			    "Exact Online did not say which division this login is in; "
			    "set `administration`");
	}
	if (status == HARMONY_OK)
		snprintf(x->division, sizeof(x->division), "%" PRId64, division);
	if (status == HARMONY_OK && x->host->memo_save)
		status = x->host->memo_save("division", x->division, strlen(x->division),
					    x->host->user, error);
	harmony__buf_free(&url);
	harmony__arena_free(&arena);
	return status;
}

harmony_status exact_division(exact *x, harmony_error *error)
{
	size_t len = sizeof(x->division) - 1;
	harmony_status status = HARMONY_NOTFOUND;

	if (x->division[0])
		return HARMONY_OK;
	if (x->host->memo_load)
		status = x->host->memo_load(x->division, &len, "division", x->host->user, NULL);
	if (status == HARMONY_OK) {
		x->division[len] = '\0';
		return HARMONY_OK;
	}
	x->division[0] = '\0';
	return status == HARMONY_NOTFOUND
		   ? pin_current(x, error)
		   : harmony_error_set(error, status, NULL, "the pinned division cannot be read");
}
