/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "sync/sync.h"

/* Where two records of one key differ, for the person who has to decide which of them is right. */

#define SHOWN 60 /* bytes of a value */

typedef struct pair {
	const harmony_record *booked, *given;
	char path[48], old[SHOWN + 1], new[SHOWN + 1];
} pair;

/* 0 and "" when it is absent. */
static size_t text_at(char text[SHOWN + 1], const harmony_record *record, const char *path)
{
	size_t len = harmony_record_get_path(text, SHOWN + 1, record, path);

	if (len != SIZE_MAX)
		return len;
	text[0] = '\0';
	return 0;
}

static bool differs_at(pair *p)
{
	size_t old = text_at(p->old, p->booked, p->path), new = text_at(p->new, p->given, p->path);
	return old != new || strcmp(p->old, p->new) != 0;
}

static bool differs_in_row(pair *p, size_t row)
{
	unsigned where = row > 0 ? HARMONY_AT_LINE : HARMONY_AT_HEADER;

	for (harmony_field field = 0; field < HARMONY_FIELD_COUNT; field++) {
		const harmony_field_info *info = harmony_field_describe(field);
		if (!((unsigned)info->where & where))
			continue;
		if (row > 0)
			(void)snprintf(p->path, sizeof(p->path), "lines.%zu.%s", row, info->name);
		else
			(void)snprintf(p->path, sizeof(p->path), "%s", info->name);
		if (differs_at(p))
			return true;
	}
	return false;
}

/* The total first, which people know an invoice by; then the lines, one by one. */
static bool differs(pair *p)
{
	size_t booked = harmony_record_lines(p->booked), given = harmony_record_lines(p->given);

	(void)snprintf(p->path, sizeof(p->path), "total");
	if (differs_at(p))
		return true;
	for (size_t row = 0; row <= booked && row <= given; row++)
		if (differs_in_row(p, row))
			return true;
	(void)snprintf(p->path, sizeof(p->path), "lines");
	(void)snprintf(p->old, sizeof(p->old), "%zu", booked);
	(void)snprintf(p->new, sizeof(p->new), "%zu", given);
	return booked != given;
}

/* It decides nothing: the entry is refused, whatever it finds. */
harmony_status harmony__tell_change(char *field, size_t field_size, char *message, size_t size,
				    harmony__job *job, int64_t booked, const harmony_record *given,
				    harmony_error *error)
{
	harmony__window window;
	harmony_error why = HARMONY_ERROR_INIT;
	pair p = {.given = given};
	char where[256];
	bool found = false;
	harmony_status status;

	harmony__window_init(&window, job->context, &why);
	status = job->store->record_get(job->store->self, booked, harmony__window_add, &window,
					&why);
	if (status == HARMONY_OK && window.count > 0 && window.entries[0].record != NULL) {
		p.booked = window.entries[0].record;
		found = differs(&p);
	}
	harmony__window_free(&window);
	(void)snprintf(field, field_size, "%s", found ? p.path : "");
	(void)snprintf(where, sizeof(where), ": %s was %s, and is %s now", p.path,
		       p.old[0] != '\0' ? p.old : "absent", p.new[0] != '\0' ? p.new : "absent");
	(void)snprintf(message, size,
		       "this entry is booked already, with other content%s; correct it in the "
		       "package, or give the new one a number of its own in the ERP",
		       found ? where : "");
	if (status == HARMONY_OK || status == HARMONY_CORRUPT) /* that is not what is wrong here */
		return HARMONY_OK;
	return harmony_error_set(error, status, NULL, "%s", why.message);
}
