/* SPDX-License-Identifier: MIT */
#include <harmony/source.h>

#include "fmuta6/fmuta6.h"

/* Pull: the same reader, driven row by row. A row completes at most one record, and the
   one handed on is not touched before the next is begun. */

struct harmony_fmuta6_pull {
	harmony_context *context;
	harmony_fmuta6 *reader;
	harmony_csv_pull *rows;
	harmony_read_fn read;
	harmony_diagnostic_fn diagnostic_fn;
	void *user;
	harmony_source *source; /* of pull_open; NULL: `read` gives the bytes */
	const char *left;       /* of what the source gave last */
	size_t left_len;
	harmony_status failed;  /* of the source, which has said why */
	size_t replayed; /* of the window */
	bool ended;      /* the input gave its last byte */
	const harmony_record *ready;
};

static harmony_status take_record(const harmony_record *record, const harmony_diagnostic *failures,
                                  size_t count, void *user)
{
	harmony_fmuta6_pull *pull = user;

	pull->ready = count ? NULL : record;
	return HARMONY_OK;
}

static harmony_status take_diagnostic(const harmony_diagnostic *diagnostic, void *user)
{
	harmony_fmuta6_pull *pull = user;

	return pull->diagnostic_fn ? pull->diagnostic_fn(diagnostic, pull->user) : HARMONY_OK;
}

static harmony_status pull_new(harmony_fmuta6_pull **out, harmony_context *context,
                               const harmony_fmuta6_options *options, const char *file,
                               harmony_read_fn read, harmony_diagnostic_fn diagnostic, void *user,
                               harmony_error *error)
{
	harmony_fmuta6_pull *pull = harmony__zalloc(context, sizeof(*pull));
	harmony_status status;

	if (!pull)
		return harmony__nomem(error);
	pull->context = context;
	pull->read = read;
	pull->diagnostic_fn = diagnostic;
	pull->user = user;
	status = harmony_fmuta6_new(&pull->reader, context, options, file, take_record,
	                            take_diagnostic, pull, error);
	if (status) {
		harmony__free(context, pull);
		return status;
	}
	*out = pull;
	return HARMONY_OK;
}

harmony_status harmony_fmuta6_pull_new(harmony_fmuta6_pull **out, harmony_context *context,
                                       const harmony_fmuta6_options *options, const char *file,
                                       harmony_read_fn read, harmony_diagnostic_fn diagnostic,
                                       void *user, harmony_error *error)
{
	*out = NULL;
	if (!read)
		return harmony_error_set(error, HARMONY_INVALID, NULL, "a read callback is needed");
	return pull_new(out, context, options, file, read, diagnostic, user, error);
}

harmony_status harmony_fmuta6_pull_open(harmony_fmuta6_pull **out, harmony_context *context,
                                        const harmony_fmuta6_options *options, const char *path,
                                        harmony_diagnostic_fn diagnostic, void *user,
                                        harmony_error *error)
{
	harmony_source *source;
	harmony_status status;

	*out = NULL;
	if (!path)
		return harmony_error_set(error, HARMONY_INVALID, NULL, "a path is needed");
	status = harmony_source_open(&source, context, path, error);
	if (status)
		return status;
	status = pull_new(out, context, options, harmony_source_name(source), NULL, diagnostic, user,
	                  error);
	if (status)
		harmony_source_free(source);
	else
		(*out)->source = source;
	return status;
}

void harmony_fmuta6_pull_free(harmony_fmuta6_pull *pull)
{
	if (!pull)
		return;
	harmony_csv_pull_free(pull->rows);
	harmony_fmuta6_free(pull->reader);
	harmony_source_free(pull->source);
	harmony__free(pull->context, pull);
}

/* As a harmony_read_fn, whichever gives the bytes. */
static size_t take_bytes(harmony_fmuta6_pull *pull, char *buffer, size_t size)
{
	if (!pull->source)
		return pull->read(buffer, size, pull->user);
	if (pull->left_len == 0) {
		const void *data;

		pull->failed = harmony_source_next(&data, &pull->left_len, pull->source,
		                                   pull->reader->error);
		if (pull->failed)
			return (size_t)-1;
		pull->left = data;
	}
	size = pull->left_len < size ? pull->left_len : size;
	if (size) {
		memcpy(buffer, pull->left, size);
		pull->left += size;
		pull->left_len -= size;
	}
	return size;
}

/* Gives the window again, then what follows it. */
static size_t read_again(void *buffer, size_t size, void *user)
{
	harmony_fmuta6_pull *pull = user;
	harmony__buf *window = &pull->reader->window;
	size_t part = window->len - pull->replayed;

	if (part == 0)
		return pull->ended ? 0 : take_bytes(pull, buffer, size);
	part = part < size ? part : size;
	memcpy(buffer, window->data + pull->replayed, part);
	pull->replayed += part;
	return part;
}

static harmony_status fill_window(harmony_fmuta6_pull *pull, harmony_error *error)
{
	harmony__buf *window = &pull->reader->window;

	while (!pull->ended && window->len < HARMONY_DETECT_WINDOW) {
		char buffer[4096];
		size_t room = HARMONY_DETECT_WINDOW - window->len;
		size_t got = take_bytes(pull, buffer, room < sizeof(buffer) ? room : sizeof(buffer));

		if (got == (size_t)-1)
			return harmony_error_set(error, HARMONY_IO, NULL, "%s cannot be read",
			                         pull->reader->file);
		pull->ended = got == 0;
		if (harmony__buf_add(window, buffer, got))
			return harmony__nomem(error);
	}
	return HARMONY_OK;
}

static harmony_status start(harmony_fmuta6_pull *pull, harmony_error *error)
{
	harmony_csv_options options = HARMONY_CSV_OPTIONS_INIT;
	harmony_status status = fill_window(pull, error);

	if (!status)
		status = harmony__fmuta6_decide(pull->reader, pull->ended, &options);
	if (!status)
		status = harmony_csv_pull_new(&pull->rows, pull->context, &options, read_again, pull,
		                              error);
	return status;
}

static harmony_status next(harmony_fmuta6_pull *pull, harmony_error *error)
{
	harmony_fmuta6 *r = pull->reader;
	harmony_status status = pull->rows ? HARMONY_OK : start(pull, error);

	while (!status && !pull->ready && !r->finished) {
		const harmony_csv_row *row;

		status = harmony_csv_pull_next(&row, pull->rows, error);
		if (!status)
			status = row ? harmony__fmuta6_row(row, r) : harmony__fmuta6_end(r);
	}
	return status;
}

harmony_status harmony_fmuta6_pull_next(const harmony_record **record, harmony_fmuta6_pull *pull,
                                        harmony_error *error)
{
	harmony_fmuta6 *r = pull->reader;
	harmony_status status;

	*record = NULL;
	pull->ready = NULL;
	if (r->finished && !r->dead)
		return HARMONY_OK;
	if (r->dead)
		return harmony_error_set(error, HARMONY_STATE, NULL,
		                         "this reader has ended; free it and make another");
	r->error = error;
	status = next(pull, error);
	if (status && pull->failed)
		status = pull->failed;
	r->error = NULL;
	harmony__die(r, status);
	if (r->dead == HARMONY_NOMEM)
		return harmony__nomem(error);
	if (r->dead)
		return harmony_error_set(error, r->dead, NULL, "%s", harmony_status_text(r->dead));
	*record = pull->ready;
	return HARMONY_OK;
}
