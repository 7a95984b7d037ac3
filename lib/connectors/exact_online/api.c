/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "connectors/exact_online/exact.h"

#define DIVISION_ACTIVE 1 /* 0 inactive, 2 archived */

/* ---- shapes of answers ----------------------------------------------------------------- */

/* Exact's own words: {"error":{"message":{"value":"..."}}}. */
void exact_words(char *words, size_t size, harmony__frame *f,
		 const harmony__http_response *response)
{
	harmony__arena arena;
	const harmony__json *root;
	const char *text = "";

	harmony__arena_init(&arena, f->context, HARMONY__TREE_LIMIT);
	if (harmony__json_parse(&root, &arena, response->body.data, response->body.len, NULL) ==
	    HARMONY_OK)
		text = harmony__json_text(harmony__json_get(root, "error", "message", "value"), "");
	harmony__copy_text(words, size, text, strlen(text));
	harmony__tidy(words);
	harmony__arena_free(&arena);
}

/* The three shapes of a collection, and of one thing. */
const harmony__json *exact_list(const harmony__json *root)
{
	const harmony__json *d = harmony__json_get(root, "d");
	const harmony__json *results = harmony__json_get(d, "results");

	if (results && results->type == HARMONY__JSON_ARRAY)
		return results;
	return d && d->type == HARMONY__JSON_ARRAY ? d : NULL;
}

void exact_next(harmony__buf *next, const char *url, const harmony__json *root)
{
	const char *inside = harmony__json_text(harmony__json_get(root, "d", "__next"), "");

	/* Where `d` is a bare list, the address stands beside it. */
	harmony__buf_str(next, *inside ? inside
				       : harmony__json_text(harmony__json_get(root, "__next"), ""));
}

/* ---- requests ----------------------------------------------------------------------------- */

/* "bulk/Cashflow/Receivables?..." is the endpoint "Receivables", as errors are counted. */
static void endpoint_of(char *name, size_t size, const char *path)
{
	size_t len = strcspn(path, "?(");
	size_t from = len;

	while (from > 0 && path[from - 1] != '/')
		from--;
	harmony__copy_text(name, size, path + from, len - from);
}

static harmony_status url_of(exact *x, harmony__buf *url, const char *path, harmony_error *error)
{
	harmony_status status = exact_ready(&x->frame, error);

	if (status != HARMONY_OK)
		return status;
	harmony__buf_printf(url, "%s/api/v1/%s/%s", x->frame.url, x->division, path);
	return harmony__buf_check(url, "the address of a request to Exact Online", error);
}

harmony_status exact_rows(exact *x, const char *path, harmony__arena *keep, harmony__row_fn row,
			  void *user, harmony_error *error)
{
	char endpoint[32];
	harmony__buf url;
	harmony_status status;

	endpoint_of(endpoint, sizeof(endpoint), path);
	harmony__buf_init(&url, x->frame.context, HARMONY__MAX_URL);
	status = url_of(x, &url, path, error);
	if (status == HARMONY_OK)
		status = harmony__rows(&x->frame, url.data, endpoint, keep, row, user, error);
	harmony__buf_free(&url);
	return status;
}

harmony_status exact_send(exact *x, const char *method, const char *path, const harmony__buf *body,
			  harmony__arena *arena, const harmony__json **root,
			  harmony_verdict *verdict, harmony_error *error)
{
	char endpoint[32];
	harmony__buf url;
	harmony_status status;

	*root = NULL;
	endpoint_of(endpoint, sizeof(endpoint), path);
	harmony__buf_init(&url, x->frame.context, HARMONY__MAX_URL);
	status = url_of(x, &url, path, error);
	if (status == HARMONY_OK)
		status = harmony__send_json(&x->frame, method, url.data, endpoint, body, arena,
					    root, verdict, error);
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

	harmony__arena_init(&arena, x->frame.context, HARMONY__TREE_LIMIT);
	harmony__buf_init(&url, x->frame.context, HARMONY__MAX_URL);
	harmony__buf_printf(&url, "%s/api/v1/current/Me?$select=CurrentDivision", x->frame.url);
	status = harmony__buf_check(&url, "the address", error);
	if (status == HARMONY_OK)
		status = harmony__get_json(&x->frame, url.data, "Me", &arena, &root, error);
	if (status == HARMONY_OK) {
		const harmony__json *rows = exact_list(root);
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
	if (status == HARMONY_OK && x->frame.host->memo_save)
		status = x->frame.host->memo_save("division", x->division, strlen(x->division),
						  x->frame.host->user, error);
	harmony__buf_free(&url);
	harmony__arena_free(&arena);
	return status;
}

harmony_status exact_ready(harmony__frame *f, harmony_error *error)
{
	exact *x = (exact *)f;
	size_t len = sizeof(x->division) - 1;
	harmony_status status = HARMONY_NOTFOUND;

	if (x->division[0])
		return HARMONY_OK;
	if (x->frame.host->memo_load)
		status = x->frame.host->memo_load(x->division, &len, "division",
						  x->frame.host->user, NULL);
	if (status == HARMONY_OK) {
		x->division[len] = '\0';
		return HARMONY_OK;
	}
	x->division[0] = '\0';
	return status == HARMONY_NOTFOUND
		   ? pin_current(x, error)
		   : harmony_error_set(error, status, NULL, "the pinned division cannot be read");
}

typedef struct company {
	char name[128];
	int64_t status;
	bool found;
} company;

static harmony_status take_company(const harmony__json *row, void *user)
{
	company *c = user;

	c->found = true;
	exact_trim(c->name, sizeof(c->name),
		   harmony__json_text(harmony__json_get(row, "Description"), ""));
	(void)harmony__json_whole(&c->status, harmony__json_get(row, "Status"));
	return HARMONY_OK;
}

/* Exact gives the list whichever division asks for it, and not to every app. */
harmony_status exact_place(int *severity, harmony__frame *f, harmony__buf *out,
			   harmony_error *error)
{
	exact *x = (exact *)f;
	company c = {.status = DIVISION_ACTIVE};
	harmony_error mine = HARMONY_ERROR_INIT;
	char path[128];
	harmony_status status = exact_ready(f, error);

	if (status != HARMONY_OK)
		return status;
	snprintf(path, sizeof(path),
		 "system/Divisions?$select=Code,Description,Status&$filter=Code%%20eq%%20%s",
		 x->division);
	status = exact_rows(x, path, NULL, take_company, &c, &mine);
	if (status != HARMONY_OK && status != HARMONY_REJECTED && status != HARMONY_CONFIG) {
		harmony__error_give(error, &mine);
		return status;
	}
	if (status == HARMONY_OK && !c.found) {
		*severity = HARMONY_FAILURE;
		harmony__buf_printf(
		    out,
		    "this login has no division %s; `administration` is the number behind "
		    "_Division_= in the addresses of Exact Online, not the one that its list of "
		    "companies shows",
		    x->division);
		return HARMONY_OK;
	}
	if (c.status != DIVISION_ACTIVE)
		*severity = HARMONY_WARNING;
	harmony__buf_printf(out, "division %s%s%s%s, at %s%s", x->division, c.name[0] ? " (" : "",
			    c.name, c.name[0] ? ")" : "", f->url,
			    c.status == DIVISION_ACTIVE ? ""
							: "; it is archived or inactive there");
	return HARMONY_OK;
}
