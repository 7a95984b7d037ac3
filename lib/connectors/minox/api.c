/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "connectors/minox/minox.h"

#define PATIENCE   (15 * 60 * 1000)
#define MAX_PAGES  100000u
#define MAX_BLOCK  (2 * 60 * 1000) /* ms; a bare 429 means this long */
#define READ_TRIES 3
#define READ_PAUSE 250 /* ms, doubled each time */

void minox_address(harmony__buf *url, const minox *m, const char *path)
{
	harmony__buf_printf(url, "%s/api/1/tenant/%s/administration", m->url, m->tenant);
	if (*path)
		harmony__buf_printf(url, "/%s/%s", m->administration, path);
}

/* ---- one exchange ---------------------------------------------------------------------- */

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

/* The headers may be missing; a 429 without any of them means two minutes. */
static void learn_limits(minox *m, const harmony__http_response *response)
{
	int64_t allowed = header_number(response, "x-rate-limit-limit");
	int64_t remaining = header_number(response, "x-rate-limit-remaining");
	int64_t reset = header_number(response, "x-rate-limit-reset");
	int64_t wait = MAX_BLOCK;

	if (remaining >= 0)
		harmony__limits_learn(m->limits, "window", allowed, remaining, reset);
	if (response->class != HARMONY__HTTP_LIMIT)
		return;
	if (response->retry_after >= 0)
		wait = response->retry_after;
	else if (reset >= 0)
		wait = reset - harmony__wall(m->context) + 1000;
	/* A window ends within two minutes; who must wait longer is shut out. */
	harmony__limits_block(m->limits, wait > MAX_BLOCK ? "shut_out" : "window",
			      wait > 0 ? wait : 1000);
}

/* Sends once, with a living token. After 401 the login is renewed, after 429 the window's end
   is waited for (by the next take), and it is sent once more: neither was applied. */
static harmony_status exchange(minox *m, const char *method, const char *url,
			       const harmony__buf *body, harmony__http_response *response,
			       harmony_error *error)
{
	static const char *const windows[] = {"window", "shut_out"};
	static const harmony__http_header headers[] = {{"Accept", "application/json"}};
	harmony__http_request request = {
	    .method = method, .url = url, .headers = headers, .header_count = 1};
	harmony_status status = HARMONY_OK;

	if (body) {
		request.body = body->data;
		request.body_len = body->len;
		request.content_type = "application/json";
	}
	for (int tries = 0; status == HARMONY_OK; tries++) {
		status = harmony__oauth2_token(&request.bearer, m->oauth, error);
		if (status == HARMONY_OK)
			status = harmony__limits_take(m->limits, windows, 2, PATIENCE, error);
		if (status == HARMONY_OK)
			status = harmony__http_perform(m->http, &request, response, error);
		if (status != HARMONY_OK)
			break;
		learn_limits(m, response);
		if (tries > 0 || (response->class != HARMONY__HTTP_LOGIN &&
				  response->class != HARMONY__HTTP_LIMIT))
			break;
		if (response->class == HARMONY__HTTP_LOGIN)
			status = harmony__oauth2_refused(m->oauth, request.bearer, error);
	}
	return status;
}

/* ---- Minox's own words --------------------------------------------------------------------- */

/* Which words of message_type are errors is not verified: whatever is no known lesser one. */
static bool is_error(const harmony__json *message)
{
	static const char *const lesser[] = {"info",    "information",  "warning", "notice",
					     "success", "waarschuwing", "melding"};
	const char *type = minox_text(harmony__json_get(message, "message_type"));

	for (size_t i = 0; i < HARMONY__COUNT(lesser); i++)
		if (harmony__equal_nocase(type, lesser[i]))
			return false;
	return *type != '\0';
}

static void add_message(harmony__buf *words, const harmony__json *message)
{
	const char *code = minox_text(harmony__json_get(message, "message_code"));
	const char *text = minox_text(harmony__json_get(message, "message"));
	const char *field = minox_text(harmony__json_get(message, "field"));

	if (words->len)
		harmony__buf_str(words, "; ");
	harmony__buf_str(words, code);
	harmony__buf_printf(words, "%s%s", *code ? ": " : "", text);
	if (*field)
		harmony__buf_printf(words, " (%s)", field);
}

/* Gathers the errors: an array of messages, and `messages` of the things in it. */
static void gather_errors(harmony__buf *words, const harmony__json *root)
{
	const harmony__json *list = root;

	if (root && root->type == HARMONY__JSON_OBJECT)
		list = harmony__json_get(root, "messages");
	if (root && root->type == HARMONY__JSON_OBJECT && is_error(root))
		add_message(words, root);
	if (!list || list->type != HARMONY__JSON_ARRAY)
		return;
	for (const harmony__json *at = list->first; at; at = at->next) {
		const harmony__json *own = harmony__json_get(at, "messages");
		if (is_error(at))
			add_message(words, at);
		if (!own || own->type != HARMONY__JSON_ARRAY)
			continue;
		for (const harmony__json *message = own->first; message; message = message->next)
			if (is_error(message))
				add_message(words, message);
	}
}

static void words_of(char *words, size_t size, minox *m, const harmony__json *root)
{
	harmony__buf text;

	harmony__buf_init(&text, m->context, 16384);
	gather_errors(&text, root);
	if (text.status == HARMONY_OK)
		harmony__copy_text(words, size, text.data ? text.data : "", text.len);
	else /* that there was an error must not be lost with its words */
		harmony__copy_text(words, size, "its words are too long", 22);
	harmony__tidy(words);
	harmony__buf_free(&text);
}

static void words_of_answer(char *words, size_t size, minox *m,
			    const harmony__http_response *response)
{
	const harmony__json *root = NULL;
	harmony__arena arena;

	harmony__arena_init(&arena, m->context, MINOX_TREE_LIMIT);
	if (harmony__json_parse(&root, &arena, response->body.data, response->body.len, NULL) !=
	    HARMONY_OK)
		root = NULL;
	words_of(words, size, m, root);
	harmony__arena_free(&arena);
}

static harmony_status with_words(harmony_status status, const char *words, harmony_error *error)
{
	if (error && error->vendor[0] == '\0')
		harmony__copy_text(error->vendor, sizeof(error->vendor), words, strlen(words));
	return status;
}

static harmony_status no_right(const char *words, harmony_error *error)
{
	return with_words(
	    harmony_error_set(error, HARMONY_CONFIG, NULL,
			      "Minox allows this login no access; let the main user give "
			      "consent for all scopes, and check `tenant` and "
			      "`administration`"),
	    words, error);
}

/* ---- reading ----------------------------------------------------------------------------- */

static harmony_status connection_class(const harmony__http_response *response, harmony_error *error)
{
	switch (response->class) {
	case HARMONY__HTTP_CANCELLED:
		return harmony_error_set(error, HARMONY_CANCELLED, NULL,
					 "stopped before Minox was asked");
	case HARMONY__HTTP_LOGIN:
		return harmony_error_set(
		    error, HARMONY_AUTH, NULL,
		    "Minox refuses the login, renewed or not; log in again with "
		    "`harmony login`");
	case HARMONY__HTTP_LIMIT:
		return harmony_error_set(error, HARMONY_RATE, NULL,
					 "Minox allows no more calls for now");
	default:
		return harmony_error_set(
		    error, HARMONY_RETRY, "network",
		    "Minox was not reached or failed (HTTP %d%s%s); it is tried again",
		    response->status, response->reason[0] ? ", " : "", response->reason);
	}
}

static harmony_status read_class(minox *m, const harmony__http_response *response, const char *url,
				 harmony_error *error)
{
	char words[512];

	if (response->class == HARMONY__HTTP_DONE)
		return HARMONY_OK;
	if (response->class != HARMONY__HTTP_REFUSED || response->status == 408)
		return connection_class(response, error);
	words_of_answer(words, sizeof(words), m, response);
	if (response->status == 403)
		return no_right(words, error);
	return with_words(harmony_error_set(error, HARMONY_REJECTED, "vendor",
					    "Minox refused to give %s (HTTP %d)", url,
					    response->status),
			  words, error);
}

/* One GET, tried again when that can help; `url` is absolute. */
static harmony_status get_url(minox *m, const char *url, harmony__arena *arena,
			      const harmony__json **root, harmony_error *error)
{
	harmony_error last = HARMONY_ERROR_INIT;
	harmony__http_response response;
	harmony_status status = HARMONY_OK;

	*root = NULL;
	harmony__http_response_init(&response, m->context);
	for (int tries = 0; tries < READ_TRIES; tries++) {
		harmony_error attempt = HARMONY_ERROR_INIT;
		status = exchange(m, "GET", url, NULL, &response, &attempt);
		if (status == HARMONY_OK && response.status == 404 &&
		    response.class == HARMONY__HTTP_REFUSED)
			break;
		if (status == HARMONY_OK)
			status = read_class(m, &response, url, &attempt);
		if (status == HARMONY_OK)
			status = harmony__json_parse(root, arena, response.body.data,
						     response.body.len, &attempt);
		if (status == HARMONY_FORMAT) {
			status = HARMONY_RETRY;
			harmony_error_clear(&attempt);
			harmony_error_set(&attempt, HARMONY_RETRY, "network",
					  "the answer of Minox is no JSON; it is tried again");
		}
		last = attempt;
		/* A refused token is not tried again: each refusal counts. */
		if (status != HARMONY_RETRY || response.class == HARMONY__HTTP_LOGIN ||
		    tries + 1 == READ_TRIES)
			break;
		if (m->host->sleep &&
		    m->host->sleep(READ_PAUSE << tries, m->host->user) != HARMONY_OK) {
			status = harmony_error_set(error, HARMONY_CANCELLED, NULL,
						   "stopped while reading");
			break;
		}
	}
	if (status != HARMONY_OK && error && error->status == HARMONY_OK)
		*error = last;
	harmony__http_response_free(&response);
	return status;
}

harmony_status minox_get(minox *m, const char *path, harmony__arena *arena,
			 const harmony__json **root, harmony_error *error)
{
	harmony_status status = *path ? minox_ready(m, error) : HARMONY_OK;
	harmony__buf url;

	*root = NULL;
	if (status != HARMONY_OK)
		return status;
	harmony__buf_init(&url, m->context, MINOX_MAX_PATH);
	minox_address(&url, m, path);
	status = harmony__buf_check(&url, "the address of a request to Minox", error);
	if (status == HARMONY_OK)
		status = get_url(m, url.data, arena, root, error);
	harmony__buf_free(&url);
	return status;
}

/* ---- lists ---------------------------------------------------------------------------------- */

static const harmony__json *rows_of(const harmony__json *root)
{
	const harmony__json *list = harmony__json_get(root, "collection");

	if (root && root->type == HARMONY__JSON_ARRAY)
		list = root;
	return list && list->type == HARMONY__JSON_ARRAY ? list : NULL;
}

static harmony_status odd_link(const char *what, harmony_error *error)
{
	return harmony_error_set(
	    error, HARMONY_FORMAT, NULL,
	    "Minox's answer goes on at %s; nothing was taken from it, report this", what);
}

/* `links.next`: a text, or an object with href. */
static const char *next_of(const harmony__json *root)
{
	const harmony__json *next = harmony__json_get(root, "links", "next");

	if (next && next->type == HARMONY__JSON_OBJECT)
		next = harmony__json_get(next, "href");
	return minox_text(next);
}

/* The address of the next page: the same host, and one that was not read before. `seen`
   holds the addresses read, each between line ends. */
static harmony_status next_page(minox *m, harmony__buf *url, harmony__buf *seen,
				const harmony__json *root, harmony_error *error)
{
	const char *next = next_of(root);
	harmony__buf line;
	harmony_status status;

	harmony__buf_clear(url);
	if (!*next)
		return HARMONY_OK;
	if (next[0] == '/' && next[1] != '/') {
		const char *host = strstr(m->url, "://");
		harmony__buf_add(url, m->url, (size_t)(host + 3 - m->url) + strcspn(host + 3, "/"));
	} else if (!strstr(next, "://")) {
		return odd_link("an address that is none", error);
	}
	harmony__buf_str(url, next);
	status = harmony__buf_check(url, "the address of a next page", error);
	if (status != HARMONY_OK)
		return status;
	if (!harmony__http_same_host(url->data, m->url))
		return odd_link("another host", error);
	harmony__buf_init(&line, m->context, MINOX_MAX_PATH + 2);
	harmony__buf_printf(&line, "\n%s\n", url->data);
	status = harmony__buf_check(&line, "the address of a next page", error);
	if (status == HARMONY_OK && seen->data && strstr(seen->data, line.data))
		status = odd_link("a page that was read already", error);
	if (status == HARMONY_OK)
		harmony__buf_add(seen, line.data, line.len);
	harmony__buf_free(&line);
	return status == HARMONY_OK ? harmony__buf_check(seen, "the list of pages", error) : status;
}

static harmony_status each_row(const harmony__json *root, minox_row_fn row, void *user,
			       harmony_error *error)
{
	const harmony__json *rows = rows_of(root);
	harmony_status status = HARMONY_OK;

	if (!rows)
		return harmony_error_set(error, HARMONY_FORMAT, NULL,
					 "Minox's answer holds no list; report this");
	for (const harmony__json *at = rows->first; at && status == HARMONY_OK; at = at->next)
		status = row(at, user);
	return status;
}

harmony_status minox_rows(minox *m, const char *path, harmony__arena *keep, minox_row_fn row,
			  void *user, harmony_error *error)
{
	harmony_status status = *path ? minox_ready(m, error) : HARMONY_OK;
	harmony__buf url, seen;
	harmony__arena page;

	if (status != HARMONY_OK)
		return status;
	harmony__arena_init(&page, m->context, MINOX_TREE_LIMIT);
	harmony__buf_init(&url, m->context, MINOX_MAX_PATH);
	harmony__buf_init(&seen, m->context, MAX_PAGES * 256u);
	minox_address(&url, m, path);
	harmony__buf_printf(&seen, "\n%s\n", url.data ? url.data : "");
	status = harmony__buf_check(&url, "the address of a request to Minox", error);
	while (status == HARMONY_OK && url.len > 0) {
		const harmony__json *root;
		status = get_url(m, url.data, keep ? keep : &page, &root, error);
		if (status == HARMONY_OK && !root)
			status = harmony_error_set(error, HARMONY_REJECTED, "vendor",
						   "Minox has no %s (HTTP 404); check `tenant` and "
						   "`administration`",
						   url.data);
		if (status == HARMONY_OK)
			status = each_row(root, row, user, error);
		if (status == HARMONY_OK)
			status = next_page(m, &url, &seen, root, error);
		harmony__arena_reset(&page);
	}
	harmony__buf_free(&seen);
	harmony__buf_free(&url);
	harmony__arena_free(&page);
	return status;
}

/* ---- writing ------------------------------------------------------------------------------ */

/* A verdict of the transport: what may have been applied is in doubt. */
static void doubt(harmony_verdict *verdict, const harmony__http_response *response)
{
	harmony_verdict_set(
	    verdict, HARMONY_OUTCOME_IN_DOUBT, "in_doubt", "",
	    "sent to Minox, no clear answer (HTTP %d%s%s); it is looked up before it is "
	    "offered again",
	    response->status, response->reason[0] ? ", " : "", response->reason);
}

static harmony_status write_class(minox *m, const harmony__http_response *response,
				  harmony_verdict *verdict, harmony_error *error)
{
	char words[768];

	switch (response->class) {
	case HARMONY__HTTP_DONE:
		harmony_verdict_set(verdict, HARMONY_OUTCOME_BOOKED, NULL, NULL, "%s", "");
		return HARMONY_OK;
	case HARMONY__HTTP_LOGIN:
	case HARMONY__HTTP_LIMIT:
	case HARMONY__HTTP_CANCELLED:
	case HARMONY__HTTP_NOT_SENT:
		return connection_class(response, error);
	case HARMONY__HTTP_REFUSED:
		if (response->status == 408) {
			doubt(verdict, response);
			return HARMONY_OK;
		}
		words_of_answer(words, sizeof(words), m, response);
		if (response->status == 403)
			return no_right(words, error);
		minox_explain(verdict, response->status, words);
		return HARMONY_OK;
	default:
		doubt(verdict, response);
		return HARMONY_OK;
	}
}

/* The body of a 2xx: none, errors, or the thing itself. One that is no JSON was applied all
   the same, but as what? */
static void take_body(minox *m, const harmony__http_response *response, harmony__arena *arena,
		      const harmony__json **root, bool *said, harmony_verdict *verdict)
{
	char words[768];

	if (response->body.len == 0)
		return;
	if (harmony__json_parse(root, arena, response->body.data, response->body.len, NULL) !=
	    HARMONY_OK) {
		*root = NULL;
		doubt(verdict, response);
		return;
	}
	words_of(words, sizeof(words), m, *root);
	*said = words[0] != '\0';
	if (*said)
		minox_explain(verdict, response->status, words);
}

harmony_status minox_send(minox *m, const char *method, const char *path, const harmony__buf *body,
			  harmony__arena *arena, const harmony__json **root, bool *said,
			  harmony_verdict *verdict, harmony_error *error)
{
	harmony__http_response response;
	harmony__buf url;
	harmony_status status;

	*root = NULL;
	*said = false;
	harmony__buf_init(&url, m->context, MINOX_MAX_PATH);
	harmony__http_response_init(&response, m->context);
	minox_address(&url, m, path);
	status = harmony__buf_check(&url, "the address of a request to Minox", error);
	if (status == HARMONY_OK)
		status = exchange(m, method, url.data, body, &response, error);
	if (status == HARMONY_OK)
		status = write_class(m, &response, verdict, error);
	if (status == HARMONY_OK && verdict->outcome == HARMONY_OUTCOME_BOOKED)
		take_body(m, &response, arena, root, said, verdict);
	harmony__http_response_free(&response);
	harmony__buf_free(&url);
	return status;
}
