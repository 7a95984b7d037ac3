/* SPDX-License-Identifier: MIT */
#include "connectors/minox/minox.h"

/* ---- Minox's own words --------------------------------------------------------------------- */

/* Which words of message_type are errors is not verified: whatever is no known lesser one. */
static bool is_error(const harmony__json *message)
{
	static const char *const lesser[] = {"info",    "information",  "warning", "notice",
					     "success", "waarschuwing", "melding"};
	const char *type = harmony__json_text(harmony__json_get(message, "message_type"), "");

	for (size_t i = 0; i < HARMONY__COUNT(lesser); i++)
		if (harmony__equal_nocase(type, lesser[i]))
			return false;
	return *type || *harmony__json_text(harmony__json_get(message, "message_code"), "") ||
	       *harmony__json_text(harmony__json_get(message, "message"), "");
}

static void add_message(harmony__buf *words, const harmony__json *message)
{
	const char *code = harmony__json_text(harmony__json_get(message, "message_code"), "");
	const char *text = harmony__json_text(harmony__json_get(message, "message"), "");
	const char *field = harmony__json_text(harmony__json_get(message, "field"), "");

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

static void words_of(char *words, size_t size, const harmony__frame *f, const harmony__json *root)
{
	harmony__buf text;

	harmony__buf_init(&text, f->context, 16384);
	gather_errors(&text, root);
	if (text.status == HARMONY_OK)
		harmony__copy_text(words, size, text.data ? text.data : "", text.len);
	else /* that there was an error must not be lost with its words */
		harmony__copy_text(words, size, "its words are too long", 22);
	harmony__tidy(words);
	harmony__buf_free(&text);
}

void minox_words(char *words, size_t size, harmony__frame *f,
		 const harmony__http_response *response)
{
	const harmony__json *root = NULL;
	harmony__arena arena;

	harmony__arena_init(&arena, f->context, HARMONY__TREE_LIMIT);
	if (harmony__json_parse(&root, &arena, response->body.data, response->body.len, NULL) !=
	    HARMONY_OK)
		root = NULL;
	words_of(words, size, f, root);
	harmony__arena_free(&arena);
}

/* ---- lists ---------------------------------------------------------------------------------- */

const harmony__json *minox_list(const harmony__json *root)
{
	const harmony__json *list = harmony__json_get(root, "collection");

	if (root && root->type == HARMONY__JSON_ARRAY)
		list = root;
	return list && list->type == HARMONY__JSON_ARRAY ? list : NULL;
}

/* The same address with another `next`. */
static void add_next(harmony__buf *next, const char *url, const char *token)
{
	size_t path = strcspn(url, "?");

	harmony__buf_add(next, url, path);
	harmony__buf_char(next, '?');
	for (const char *at = url + path; *at; at += strcspn(at, "&")) {
		size_t len = strcspn(++at, "&");
		if (len > 0 && strncmp(at, "next=", 5) != 0) {
			harmony__buf_add(next, at, len);
			harmony__buf_char(next, '&');
		}
	}
	harmony__buf_str(next, "next=");
	harmony__http_escape(next, token, strlen(token));
}

/* `links.next`: a text, or an object with href. It is an address, or what follows the path of
   this one, or what to ask for as `next`. */
void minox_next(harmony__buf *next, const char *url, const harmony__json *root)
{
	const harmony__json *link = harmony__json_get(root, "links", "next");
	const char *text;

	if (link && link->type == HARMONY__JSON_OBJECT)
		link = harmony__json_get(link, "href");
	text = harmony__json_text(link, "");
	if (*text && !strpbrk(text, "/?:")) {
		add_next(next, url, text);
		return;
	}
	if (*text == '?')
		harmony__buf_add(next, url, strcspn(url, "?"));
	harmony__buf_str(next, text);
}

/* ---- requests ------------------------------------------------------------------------------- */

void minox_address(harmony__buf *url, const minox *m, const char *path)
{
	harmony__buf_printf(url, "%s/api/1/tenant/%s/administration", m->frame.url, m->tenant);
	if (*path)
		harmony__buf_printf(url, "/%s/%s", m->administration, path);
}

static harmony_status url_of(minox *m, harmony__buf *url, const char *path, harmony_error *error)
{
	harmony_status status = *path ? minox_ready(&m->frame, error) : HARMONY_OK;

	if (status != HARMONY_OK)
		return status;
	minox_address(url, m, path);
	return harmony__buf_check(url, "the address of a request to Minox", error);
}

/* What a path is about, for messages. */
static const char *what_of(const char *path)
{
	return *path ? path : "administrations";
}

harmony_status minox_get(minox *m, const char *path, harmony__arena *arena,
			 const harmony__json **root, harmony_error *error)
{
	harmony__buf url;
	harmony_status status;

	*root = NULL;
	harmony__buf_init(&url, m->frame.context, HARMONY__MAX_URL);
	status = url_of(m, &url, path, error);
	if (status == HARMONY_OK)
		status = harmony__get_json(&m->frame, url.data, what_of(path), arena, root, error);
	harmony__buf_free(&url);
	return status;
}

harmony_status minox_rows(minox *m, const char *path, harmony__arena *keep, harmony__row_fn row,
			  void *user, harmony_error *error)
{
	harmony__buf url;
	harmony_status status;

	harmony__buf_init(&url, m->frame.context, HARMONY__MAX_URL);
	status = url_of(m, &url, path, error);
	if (status == HARMONY_OK)
		status = harmony__rows(&m->frame, url.data, what_of(path), keep, row, user, error);
	harmony__buf_free(&url);
	return status;
}

harmony_status minox_send(minox *m, const char *method, const char *path, const harmony__buf *body,
			  harmony__arena *arena, const harmony__json **root, bool *said,
			  harmony_verdict *verdict, harmony_error *error)
{
	char words[768] = "";
	harmony__buf url;
	harmony_status status;

	*root = NULL;
	harmony__buf_init(&url, m->frame.context, HARMONY__MAX_URL);
	status = url_of(m, &url, path, error);
	if (status == HARMONY_OK)
		status = harmony__send_json(&m->frame, method, url.data, path, body, arena, root,
					    verdict, error);
	if (status == HARMONY_OK && verdict->outcome == HARMONY_OUTCOME_BOOKED)
		words_of(words, sizeof(words), &m->frame, *root);
	*said = words[0] != '\0';
	if (*said)
		harmony__explain(&m->frame, verdict, 200, words);
	harmony__buf_free(&url);
	return status;
}
