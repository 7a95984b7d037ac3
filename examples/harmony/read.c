/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "program.h"

/* Files of any format: what it is is told by its first line, never by its name. */

/* ---- settings ---- */

#define MAX_KEYS 64

static void join(harmony_key *table)
{
	const harmony_key *tables[] = {harmony_fmuta6_keys(), harmony_dbopen_keys()};
	size_t count = 0;
	for (size_t t = 0; t < 2; t++)
		for (const harmony_key *key = tables[t]; key->name && count + 1 < MAX_KEYS; key++)
			table[count++] = *key;
}

/* "delimiter" means a key that ends so, if no key is nearer. */
static const char *near_key(const harmony_key *table, const char *word)
{
	size_t len = strlen(word);
	const char *near = harmony_key_nearest(table, word);
	for (const harmony_key *key = table; !near && key->name; key++) {
		size_t all = strlen(key->name);
		if (len > 0 && all > len && key->name[all - len - 1] == '.' &&
		    strcmp(key->name + all - len, word) == 0)
			near = key->name;
	}
	return near;
}

int setting_apply(struct read_options *options, const char *key, const char *value,
		  harmony_error *error)
{
	harmony_key table[MAX_KEYS] = {0};
	join(table);
	if (!harmony_key_find(table, key)) {
		const char *near = near_key(table, key);
		return exit_of(harmony_error_set(
		    error, HARMONY_CONFIG, NULL, "unknown key %s%s%s%s", key,
		    near ? "; did you mean "
			 : "; it is one of the fmuta6.* and dbopen.* keys of harmony help config",
		    near ? near : "", near ? "?" : ""));
	}
	if (strncmp(key, "dbopen.", 7) == 0)
		return exit_of(harmony_dbopen_options_set(&options->dbopen, key, value, error));
	return exit_of(harmony_fmuta6_options_set(&options->fmuta6, key, value, error));
}

static int set_pair(struct program *p, struct read_options *options, const char *pair)
{
	const char *equals = strchr(pair, '=');
	harmony_error error = HARMONY_ERROR_INIT;
	char key[64];
	if (!equals || equals == pair)
		return fail(p, HARMONY_CONFIG, "--set %s has no KEY=VALUE in it", pair);
	snprintf(key, sizeof(key), "%.*s", (int)(equals - pair), pair);
	if (setting_apply(options, key, equals + 1, &error))
		return fail(p, HARMONY_CONFIG, "--set %s: %s", pair, error.message);
	return EXIT_DONE;
}

int read_options_set(struct program *p, struct read_options *options, const struct arguments *a)
{
	static const char *const words[] = {"auto", "fmuta6", "dbopen", "jsonl"};
	*options = (struct read_options){.fmuta6 = HARMONY_FMUTA6_OPTIONS_INIT,
					 .dbopen = HARMONY_DBOPEN_OPTIONS_INIT};
	options->format = a->from ? -1 : FORMAT_AUTO;
	for (int i = 0; a->from && i < 4; i++)
		if (strcmp(a->from, words[i]) == 0)
			options->format = i;
	if (options->format < 0)
		return fail(p, HARMONY_CONFIG,
			    "--from %s is no format; it takes auto|fmuta6|dbopen|jsonl", a->from);
	for (size_t i = 0; i < a->set_count; i++) {
		int code = set_pair(p, options, a->set[i]);
		if (code)
			return code;
	}
	return EXIT_DONE;
}

/* ---- what it is ---- */

struct width {
	size_t first;
	bool relation; /* the first field is the word of dbopen's header row */
};

static harmony_status see_row(const harmony_csv_row *row, void *user)
{
	struct width *width = user;
	width->first = row->count;
	width->relation = row->count > 0 && row->fields[0].len == 8 &&
			  memcmp(row->fields[0].text, "relation", 8) == 0;
	return HARMONY_USER; /* one is enough */
}

static struct width first_width(struct program *p, char delimiter, const char *data, size_t len)
{
	struct width width = {0, false};
	harmony_csv_options options = HARMONY_CSV_OPTIONS_INIT;
	harmony_csv *csv;
	options.delimiter = delimiter;
	if (harmony_csv_new(&csv, p->context, &options, see_row, &width, NULL) != HARMONY_OK)
		return width;
	if (harmony_csv_feed(csv, data, len, NULL) == HARMONY_OK)
		harmony_csv_finish(csv, NULL);
	harmony_csv_free(csv);
	return width;
}

/* fmuta6 has 13 fields and more, the masters over 50, dbopen at most 11. */
static int detect(struct program *p, const struct read_options *options, const char *data,
		  size_t len)
{
	size_t at = len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	while (at < len && strchr(" \t\r\n", data[at]) && data[at])
		at++;
	if (at < len && (data[at] == '{' || data[at] == '[')) /* an array: told what to write */
		return FORMAT_JSONL;
	struct width width = first_width(p, 0, data, len);
	if (options->dbopen.delimiter && width.first <= HARMONY_DBOPEN_COLUMNS)
		width = first_width(p, options->dbopen.delimiter, data, len);
	size_t own = options->dbopen.column_count;
	if (width.relation || (own && width.first == own) ||
	    (width.first >= 7 && width.first <= HARMONY_DBOPEN_COLUMNS))
		return FORMAT_DBOPEN;
	return FORMAT_FMUTA6;
}

/* ---- reading ---- */

struct reading {
	struct program *p;
	const struct read_options *options;
	const struct read_hooks *hooks;
	struct read_result *result;
	harmony_source *source;
	char *head; /* the bytes before the format is known */
	size_t head_len;
	uint64_t claimed; /* failures that belong to a record */
	harmony_fmuta6 *fmuta6;
	harmony_dbopen_reader *dbopen;
	harmony_jsonl *jsonl;
};

static harmony_status on_record(const harmony_record *record, const harmony_diagnostic *failures,
				size_t count, void *user)
{
	struct reading *r = user;
	if (count == 0)
		r->result->records++;
	else
		r->result->rejected++;
	for (size_t i = 0; i < count; i++)
		r->claimed += failures[i].severity == HARMONY_FAILURE;
	return r->hooks->record(record, failures, count, r->hooks->user);
}

static harmony_status on_diagnostic(const harmony_diagnostic *diagnostic, void *user)
{
	struct reading *r = user;
	if (diagnostic->severity == HARMONY_FAILURE)
		r->result->failures++;
	else if (diagnostic->severity == HARMONY_WARNING)
		r->result->warnings++;
	else
		r->result->notes++;
	return r->hooks->diagnostic(diagnostic, r->hooks->user);
}

static harmony_status make_reader(struct reading *r, harmony_error *error)
{
	const char *name = harmony_source_name(r->source);
	harmony_context *context = r->p->context;
	switch (r->result->format) {
	case FORMAT_JSONL:
		return harmony_jsonl_new(&r->jsonl, context, name, on_record, on_diagnostic, r,
					 error);
	case FORMAT_DBOPEN:
		return harmony_dbopen_reader_new(&r->dbopen, context, &r->options->dbopen, name,
						 on_record, on_diagnostic, r, error);
	default:
		return harmony_fmuta6_new(&r->fmuta6, context, &r->options->fmuta6, name, on_record,
					  on_diagnostic, r, error);
	}
}

static harmony_status feed(struct reading *r, const void *data, size_t len, harmony_error *error)
{
	r->result->bytes += len;
	if (r->jsonl)
		return harmony_jsonl_feed(r->jsonl, data, len, error);
	if (r->dbopen)
		return harmony_dbopen_reader_feed(r->dbopen, data, len, error);
	return harmony_fmuta6_feed(r->fmuta6, data, len, error);
}

static harmony_status finish(struct reading *r, harmony_error *error)
{
	if (r->jsonl)
		return harmony_jsonl_finish(r->jsonl, error);
	if (r->dbopen)
		return harmony_dbopen_reader_finish(r->dbopen, error);
	return harmony_fmuta6_finish(r->fmuta6, error);
}

/* Gathers bytes up to the end of the first line, so that a pipe's small pieces do not
   decide what the file is. */
static harmony_status read_head(struct reading *r, harmony_error *error)
{
	r->head = malloc(HARMONY_DETECT_WINDOW);
	if (!r->head)
		return harmony_error_set(error, HARMONY_NOMEM, NULL, "no memory to read a file");
	while (r->head_len < HARMONY_DETECT_WINDOW) {
		const void *data;
		size_t len;
		harmony_status status = harmony_source_next(&data, &len, r->source, error);
		if (status != HARMONY_OK || len == 0)
			return status;
		if (len > HARMONY_DETECT_WINDOW - r->head_len) {
			char *longer = realloc(r->head, r->head_len + len);
			if (!longer)
				return harmony_error_set(error, HARMONY_NOMEM, NULL,
							 "no memory to read a file");
			r->head = longer;
		}
		memcpy(r->head + r->head_len, data, len);
		r->head_len += len;
		if (memchr(data, '\n', len))
			return HARMONY_OK;
	}
	return HARMONY_OK;
}

static harmony_status read_all(struct reading *r, harmony_error *error)
{
	harmony_status status = feed(r, r->head, r->head_len, error);
	while (status == HARMONY_OK) {
		const void *data;
		size_t len;
		uint64_t done, total;
		status = harmony_source_next(&data, &len, r->source, error);
		if (status != HARMONY_OK)
			return status;
		if (len == 0)
			return finish(r, error);
		status = feed(r, data, len, error);
		harmony_source_progress(r->source, &done, &total);
		progress_update(done, total, NULL);
	}
	return status;
}

static harmony_status run(struct reading *r, const char *path, harmony_error *error)
{
	harmony_status status = harmony_source_open(&r->source, r->p->context, path, error);
	if (status == HARMONY_OK)
		status = read_head(r, error);
	if (status != HARMONY_OK)
		return status;
	r->result->format = r->options->format != FORMAT_AUTO
				? r->options->format
				: detect(r->p, r->options, r->head, r->head_len);
	status = make_reader(r, error);
	if (status == HARMONY_OK)
		status = read_all(r, error);
	if (r->fmuta6)
		harmony_fmuta6_get_summary(&r->result->summary, r->fmuta6);
	return status;
}

/* What was lost before it became a record counts as rejected too. */
static void count_lost(const struct reading *r)
{
	if (r->result->failures > r->claimed)
		r->result->rejected += r->result->failures - r->claimed;
}

harmony_status read_file(struct program *p, struct read_result *result, const char *path,
			 const struct read_options *options, const struct read_hooks *hooks,
			 harmony_error *error)
{
	struct reading r = {.p = p, .options = options, .hooks = hooks, .result = result};
	*result = (struct read_result){.summary = HARMONY_FMUTA6_SUMMARY_INIT};
	progress_begin(p, strcmp(path, "-") == 0 ? "standard input" : path);
	harmony_status status = run(&r, path, error);
	progress_end();
	if (error && status != HARMONY_OK && status != HARMONY_USER && !error->file[0])
		snprintf(error->file, sizeof(error->file), "%s",
			 strcmp(path, "-") == 0 ? "standard input" : path);
	harmony_fmuta6_free(r.fmuta6);
	harmony_dbopen_reader_free(r.dbopen);
	harmony_jsonl_free(r.jsonl);
	harmony_source_free(r.source);
	free(r.head);
	count_lost(&r);
	return status;
}

int holds_relations(struct program *p, const char *path)
{
	struct stat info;
	harmony_source *source = NULL;
	const void *data;
	size_t len;
	int yes = 0;
	/* Only what can be read twice. */
	if (strcmp(path, "-") == 0 || stat(path, &info) != 0 || !S_ISREG(info.st_mode))
		return 0;
	if (harmony_source_open(&source, p->context, path, NULL) == HARMONY_OK &&
	    harmony_source_next(&data, &len, source, NULL) == HARMONY_OK && len > 0)
		yes = first_width(p, 0, data, len).first > 50;
	harmony_source_free(source);
	return yes;
}
