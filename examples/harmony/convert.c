/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "program.h"

/* convert: records to standard output, as they come. */

enum { TO_JSONL, TO_FMUTA6, TO_HLEDGER };

struct converting {
	struct program *p;
	int to;
	harmony_fmuta6_writer *writer;
	harmony_error error; /* of writing */
	uint64_t written, rejected;
};

static harmony_status write_record(struct converting *c, const harmony_record *record)
{
	struct out *out = &c->p->out;
	harmony_status status;
	switch (c->to) {
	case TO_FMUTA6:
		return harmony_fmuta6_writer_add(c->writer, record, &c->error);
	case TO_HLEDGER:
		return harmony_record_write_hledger(record, out_write, out, &c->error);
	default:
		if (c->p->as_json)
			json_raw(&c->p->json, NULL);
		status = harmony_record_write_json(record, out_write, out, &c->error);
		if (status == HARMONY_OK && !c->p->as_json)
			status = out_write("\n", 1, out);
		return status;
	}
}

static harmony_status on_record(const harmony_record *record, const harmony_diagnostic *failures,
				size_t count, void *user)
{
	struct converting *c = user;
	if (count > 0)
		return HARMONY_OK; /* on_diagnostic heard why */
	harmony_status status = write_record(c, record);
	if (status == HARMONY_OK)
		c->written++;
	return status;
}

static harmony_status on_diagnostic(const harmony_diagnostic *diagnostic, void *user)
{
	struct converting *c = user;
	say_diagnostic(c->p, diagnostic, false);
	return HARMONY_OK;
}

static int convert_file(struct converting *c, const char *path, const struct read_options *options)
{
	const struct read_hooks hooks = {on_record, on_diagnostic, c};
	harmony_error error = HARMONY_ERROR_INIT;
	struct read_result result;
	harmony_status status = read_file(c->p, &result, path, options, &hooks, &error);
	c->rejected += result.rejected;
	if (status == HARMONY_OK && result.records + result.rejected == 0 && !c->p->quiet)
		say(strcmp(path, "-") == 0 ? "standard input" : path, 0, 0, "note",
		    "nothing to convert: no record in it", NULL);
	if (status == HARMONY_OK || c->p->out.broken)
		return EXIT_DONE;
	if (c->error.status == HARMONY_UNSUPPORTED && c->to == TO_FMUTA6 && c->written == 0)
		return fail(c->p, HARMONY_INVALID, "%s: %s", path, c->error.message);
	if (c->error.status == HARMONY_UNSUPPORTED && c->to == TO_FMUTA6)
		return fail(
		    c->p, HARMONY_INVALID,
		    "%s: entries, customers and suppliers stand in files of their own: convert "
		    "them one kind at a time",
		    path);
	if (c->p->out.failed)
		return EXIT_DONE; /* main tells */
	fail_with(c->p, c->error.status != HARMONY_OK ? &c->error : &error);
	return exit_of_input(status);
}

/* Relations before entries, so that what reads the result meets them first. */
static int convert_all(struct converting *c, const struct arguments *a,
		       const struct read_options *options)
{
	int worst = EXIT_DONE;
	bool *relations = calloc((size_t)a->count, sizeof(*relations));
	if (!relations)
		return fail(c->p, HARMONY_NOMEM, "no memory for %d files", a->count);
	for (int i = 0; i < a->count && a->count > 1; i++)
		relations[i] = holds_relations(c->p, a->operands[i]);
	for (int pass = 1; pass >= 0; pass--)
		for (int i = 0; i < a->count && !c->p->out.broken && !c->p->out.failed; i++) {
			if (relations[i] != pass)
				continue;
			int code = convert_file(c, a->operands[i], options);
			worst = worst ? worst : code;
		}
	free(relations);
	return worst;
}

static int choose(struct converting *c, const struct arguments *a)
{
	static const char *const words[] = {"jsonl", "fmuta6", "hledger"};
	c->to = a->to ? -1 : TO_JSONL;
	for (int i = 0; a->to && i < 3; i++)
		if (strcmp(a->to, words[i]) == 0)
			c->to = i;
	if (c->to < 0)
		return fail(c->p, HARMONY_INVALID,
			    "--to %s is no format; it takes jsonl|fmuta6|hledger", a->to);
	if (c->p->as_json && c->to != TO_JSONL)
		return fail(c->p, HARMONY_INVALID,
			    "--json prints one JSON document; --to %s cannot stand in it", a->to);
	return EXIT_DONE;
}

/* The settings tell how the input is written. What is written is Exact's own dialect, in
   the code page that is asked for. */
static harmony_status make_writer(struct converting *c, const struct read_options *options)
{
	struct program *p = c->p;
	harmony_fmuta6_options written = HARMONY_FMUTA6_OPTIONS_INIT;
	if (c->to != TO_FMUTA6)
		return HARMONY_OK;
	written.encoding = options->fmuta6.encoding;
	written.pivot = options->fmuta6.pivot;
	return harmony_fmuta6_writer_new(&c->writer, p->context, &written, out_write, &p->out,
					 &p->error);
}

int convert_run(struct program *p, const struct arguments *a)
{
	struct converting c = {.p = p, .error = HARMONY_ERROR_INIT};
	struct read_options options;
	int code = choose(&c, a);
	if (code == EXIT_DONE)
		code = read_options_set(p, &options, a);
	if (code)
		return code;
	if (make_writer(&c, &options) != HARMONY_OK)
		return exit_of(p->error.status);
	if (p->as_json)
		json_array(&p->json, "records");
	code = convert_all(&c, a, &options);
	harmony_fmuta6_writer_free(c.writer);
	if (p->as_json) {
		json_end(&p->json);
		json_number(&p->json, "written", (int64_t)c.written);
		json_number(&p->json, "rejected", (int64_t)c.rejected);
	}
	return code ? code : c.rejected ? EXIT_REJECTED : EXIT_DONE;
}
