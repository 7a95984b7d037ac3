/* SPDX-License-Identifier: MIT */
#include "connectors/multivers/multivers.h"

void multivers_address(harmony__buf *url, const multivers *m, const char *path)
{
	harmony__buf_printf(url, "%s/%s/api/", m->frame.url, m->version);
	multivers_segment(url, m->administration, m->plain_escape);
	harmony__buf_printf(url, "/%s", path);
}

/* ---- reading ------------------------------------------------------------------------------- */

/* Some say that a thing is not there by 404, some by a refusal in words. */
static bool says_absent(const harmony_error *refusal)
{
	static const harmony__remedy absent = {
	    .words = {"bestaat niet", "niet gevonden", "not found", "does not exist"}};

	return harmony__remedy_find(&absent, 1, refusal->vendor) != NULL;
}

harmony_status multivers_get(multivers *m, const char *path, const char *what,
			     harmony__arena *arena, const harmony__json **root,
			     harmony_error *error)
{
	harmony_error mine = HARMONY_ERROR_INIT;
	harmony_status status = multivers_ready(&m->frame, error);
	harmony__buf url;

	*root = NULL;
	if (status != HARMONY_OK)
		return status;
	harmony__buf_init(&url, m->frame.context, HARMONY__MAX_URL);
	multivers_address(&url, m, path);
	status = harmony__buf_check(&url, "the address of a request", error);
	if (status == HARMONY_OK)
		status = harmony__get_json(&m->frame, url.data, what, arena, root, &mine);
	if (status == HARMONY_REJECTED && says_absent(&mine)) {
		harmony_error_clear(&mine);
		status = HARMONY_OK;
	}
	if (status == HARMONY_REJECTED && strpbrk(path, "%!"))
		harmony_error_set(error, status, NULL, "%s; see `path_escape`", mine.message);
	if (status != HARMONY_OK)
		harmony__error_give(error, &mine);
	if (*root && (*root)->type == HARMONY__JSON_NULL)
		*root = NULL;
	harmony__buf_free(&url);
	return status;
}

/* ---- lists ---------------------------------------------------------------------------------- */

const harmony__json *multivers_rows(const harmony__json *root)
{
	return root && root->type == HARMONY__JSON_ARRAY ? root : NULL;
}

/* A list says nothing of its end: it is where nothing more comes. A short page proves
   nothing, since the server may give fewer rows than were asked for. */
void multivers_next(harmony__buf *next, const char *url, const harmony__json *root)
{
	const char *skip = strstr(url, "$skip=");
	const harmony__json *rows = multivers_rows(root);
	harmony__cursor cursor;
	uint64_t skipped = 0;

	if (!skip || !rows || rows->count == 0)
		return;
	skip += 6;
	cursor = harmony__cursor_over(skip, strlen(skip));
	harmony__cursor_digits(&cursor, 12, &skipped);
	harmony__buf_add(next, url, (size_t)(skip - url));
	harmony__buf_printf(next, "%llu", (unsigned long long)(skipped + rows->count));
}

/* A server that does not know $skip gives the first page for ever. */
typedef struct guard {
	bool any;
	uint64_t first; /* of the first row */
	harmony__row_fn row;
	void *user;
	const char *what;
	harmony_error *error;
} guard;

static uint64_t print_of(const harmony__json *row)
{
	uint64_t print = 0;

	for (const harmony__json *at = row->first; at; at = at->next)
		print = harmony__hash64(at->text, at->len, print + 1);
	return print;
}

static harmony_status look_out(const harmony__json *row, void *user)
{
	guard *g = user;
	uint64_t print = print_of(row);

	if (g->any && print == g->first)
		return harmony_error_set(
		    g->error, HARMONY_FORMAT, NULL,
		    "Multivers' list of %s begins again where it should go on, so that nobody "
		    "knows whether it is complete; nothing was taken from it. Set `paging` = none "
		    "if this Multivers gives lists in one piece",
		    g->what);
	g->any = true;
	if (g->first == 0)
		g->first = print;
	return g->row(row, g->user);
}

harmony_status multivers_list(multivers *m, const char *path, const char *key, const char *what,
			      harmony__arena *keep, harmony__row_fn row, void *user,
			      harmony_error *error)
{
	guard g = {.row = row, .user = user, .what = what, .error = error};
	harmony_status status = multivers_ready(&m->frame, error);
	harmony__buf url;

	if (status != HARMONY_OK)
		return status;
	harmony__buf_init(&url, m->frame.context, HARMONY__MAX_URL);
	multivers_address(&url, m, path);
	if (key && !m->one_page)
		harmony__buf_printf(&url, "%c$orderby=%s&$top=%zu&$skip=0",
				    strchr(path, '?') ? '&' : '?', key, m->page_size);
	status = harmony__buf_check(&url, "the address of a request", error);
	if (status == HARMONY_OK)
		status = harmony__rows(&m->frame, url.data, what, keep, look_out, &g, error);
	harmony__buf_free(&url);
	return status;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* What a 2xx holds: nothing, a thing, or an error all the same. One that is no JSON was applied,
   but as what? */
static void take_answer(multivers *m, const harmony__http_response *response, harmony__arena *arena,
			const harmony__json **root, const harmony_record *record,
			multivers_message *message, bool *unsure, harmony_verdict *verdict)
{
	if (response->body.len == 0)
		return;
	if (harmony__json_parse(root, arena, response->body.data, response->body.len, NULL) !=
	    HARMONY_OK) {
		*root = NULL;
		harmony__doubt(&m->frame, verdict, response);
		return;
	}
	multivers_take_message(message, m->frame.context, *root);
	if (message->error) {
		*root = NULL;
		*unsure = true;
		multivers_explain(verdict, m, record, response->status, message);
	} else if ((*root)->type != HARMONY__JSON_OBJECT) {
		*root = NULL;
	}
}

harmony_status multivers_send(multivers *m, const char *method, const char *path, const char *what,
			      const harmony__buf *body, harmony__arena *arena,
			      const harmony__json **root, const harmony_record *record,
			      multivers_message *message, bool *unsure, harmony_verdict *verdict,
			      harmony_error *error)
{
	harmony__call call = {.http = {.method = method, .headers = m->frame.package->headers},
			      .what = what};
	harmony__http_response response;
	harmony__buf url;
	harmony_status status;

	*root = NULL;
	*unsure = false;
	memset(message, 0, sizeof(*message));
	while (call.http.headers[call.http.header_count].name)
		call.http.header_count++;
	harmony__buf_init(&url, m->frame.context, HARMONY__MAX_URL);
	harmony__http_response_init(&response, m->frame.context);
	multivers_address(&url, m, path);
	call.http.url = url.data;
	if (body) {
		call.http.body = body->data;
		call.http.body_len = body->len;
		call.http.content_type = "application/json; charset=utf-8";
	}
	status = harmony__buf_check(&url, "the address of a request", error);
	if (status == HARMONY_OK)
		status = harmony__write(&m->frame, &call, &response, verdict, error);
	if (status != HARMONY_OK)
		goto done;
	if (verdict->outcome == HARMONY_OUTCOME_BOOKED) {
		take_answer(m, &response, arena, root, record, message, unsure, verdict);
	} else if (response.body.len > 0) {
		multivers_read_message(message, m->frame.context, response.status,
				       response.body.data, response.body.len);
		/* An unhandled exception tells nothing of how far it came. */
		*unsure = message->error && response.status == 500 && !message->listed;
		if (verdict->outcome == HARMONY_OUTCOME_REJECTED || *unsure)
			multivers_explain(verdict, m, record, response.status, message);
	}
done:
	harmony__http_response_free(&response);
	harmony__buf_free(&url);
	return status;
}
