/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"

/* One table of options a command, and one of those that every command takes. */

const struct option_spec global_options[] = {
    {"config", 'c', OPTION_VALUE, offsetof(struct program, config), "FILE",
     "read this configuration"},
    {"json", 0, OPTION_FLAG, offsetof(struct program, as_json), NULL,
     "print one JSON document on standard output"},
    {"quiet", 'q', OPTION_FLAG, offsetof(struct program, quiet), NULL, "say only what is wrong"},
    {"verbose", 'v', OPTION_FLAG, offsetof(struct program, verbose), NULL,
     "say also what is done, and notes"},
    {0}};

/* These two stand in struct arguments, and are taken everywhere. */
const struct option_spec asking_options[] = {
    {"help", 'h', OPTION_FLAG, offsetof(struct arguments, help), NULL, "explain"},
    {"version", 'V', OPTION_FLAG, offsetof(struct arguments, version), NULL, "print the version"},
    {0}};

#define TABLES      3
#define MAX_OPTIONS 24
#define FIRST_VALUE 256 /* getopt's numbers, beyond all letters */

struct parser {
	struct program *p;
	struct arguments *a;
	const struct option_spec *tables[TABLES];
	struct option longs[MAX_OPTIONS];
	const struct option_spec *specs[MAX_OPTIONS];
	void *bases[MAX_OPTIONS];
	char letters[2 * MAX_OPTIONS + 4];
	size_t count;
};

/* Makes getopt's tables. `order` "+" stops at the first operand. */
static void prepare(struct parser *parser, const struct option_spec *own, const char *order)
{
	const struct option_spec *tables[TABLES] = {global_options, asking_options, own};
	void *bases[TABLES] = {parser->p, parser->a, parser->a};
	char *letter = parser->letters + sprintf(parser->letters, "%s:", order);
	parser->count = 0;
	for (size_t t = 0; t < TABLES; t++) {
		for (const struct option_spec *spec = tables[t]; spec && spec->name; spec++) {
			size_t i = parser->count++;
			int takes = spec->type != OPTION_FLAG;
			parser->longs[i] =
			    (struct option){spec->name, takes, NULL, FIRST_VALUE + (int)i};
			parser->specs[i] = spec;
			parser->bases[i] = bases[t];
			if (spec->letter)
				letter += sprintf(letter, "%c%s", spec->letter, takes ? ":" : "");
		}
	}
	parser->longs[parser->count] = (struct option){0};
	optind = 0; /* GNU: begin anew */
	opterr = 0;
}

/* The nearest name of a list of names, by the library's own measure. */
static const char *nearest_name(const char *word, const char *const *names, size_t count)
{
	harmony_key table[64] = {0};
	for (size_t i = 0; i < count && i + 1 < sizeof(table) / sizeof(table[0]); i++)
		table[i].name = names[i];
	return harmony_key_nearest(table, word);
}

static const char *nearest_option(const struct parser *parser, const char *word)
{
	const char *names[MAX_OPTIONS];
	for (size_t i = 0; i < parser->count; i++)
		names[i] = parser->longs[i].name;
	return nearest_name(word, names, parser->count);
}

static const char *nearest_command(const char *word)
{
	const char *names[64];
	size_t count = 0;
	for (const struct command *c = commands; c->name && count < 63; c++)
		names[count++] = c->name;
	return nearest_name(word, names, count);
}

static const struct option_spec *by_letter(const struct parser *parser, int letter, void **base)
{
	for (size_t i = 0; i < parser->count; i++)
		if (letter == FIRST_VALUE + (int)i ||
		    (letter && parser->specs[i]->letter == letter)) {
			*base = parser->bases[i];
			return parser->specs[i];
		}
	return NULL;
}

static void store(struct parser *parser, const struct option_spec *spec, void *base, char *value)
{
	char *field = (char *)base + spec->where;
	if (spec->type == OPTION_FLAG)
		*(bool *)(void *)field = true;
	else if (spec->type == OPTION_VALUE)
		*(const char **)(void *)field = value;
	else
		parser->a->set[parser->a->set_count++] = value;
}

/* What getopt would have said, with the nearest option and where to look. */
static int wrong(struct parser *parser, const char *command, int answer, char **argv)
{
	const char *word = argv[optind > 0 ? optind - 1 : 0];
	const char *help = command ? command : "COMMAND";
	char letter[3] = {'-', (char)optopt, '\0'};
	if (strncmp(word, "--", 2) != 0 && optopt > 0 && optopt < FIRST_VALUE)
		word = letter;
	if (answer == ':')
		return fail(parser->p, HARMONY_INVALID,
			    "option %s needs a value; see harmony %s --help", word, help);
	if (optopt >= FIRST_VALUE)
		return fail(parser->p, HARMONY_INVALID,
			    "option %s takes no value; see harmony %s --help", word, help);
	const char *near = strncmp(word, "--", 2) == 0 ? nearest_option(parser, word + 2) : NULL;
	if (near)
		return fail(parser->p, HARMONY_INVALID, "unknown option %s; did you mean --%s?",
			    word, near);
	return fail(parser->p, HARMONY_INVALID, "unknown option %s; see harmony %s --help", word,
		    help);
}

static int parse(struct parser *parser, const char *command, int argc, char **argv)
{
	int letter;
	while ((letter = getopt_long(argc, argv, parser->letters, parser->longs, NULL)) != -1) {
		void *base;
		const struct option_spec *spec = by_letter(parser, letter, &base);
		if (letter == '?' || letter == ':' || !spec)
			return wrong(parser, command, letter, argv);
		store(parser, spec, base, optarg);
	}
	return EXIT_DONE;
}

/* --json counts also when something before it is wrong. */
static bool asks_json(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--json") == 0)
			return true;
	return false;
}

static int count_operands(struct program *p, const struct command *command, int count)
{
	if (count < command->least)
		return fail(p, HARMONY_INVALID, "an operand is missing: harmony %s %s",
			    command->name, command->operands);
	if (command->most >= 0 && count > command->most)
		return fail(p, HARMONY_INVALID, "too many operands: harmony %s %s", command->name,
			    command->operands);
	return EXIT_DONE;
}

int options_parse(struct program *p, struct arguments *a, const struct command **command, int argc,
		  char **argv)
{
	struct parser parser = {.p = p, .a = a};
	*command = NULL;
	p->as_json = asks_json(argc, argv);
	a->set = calloc((size_t)argc + 1, sizeof(*a->set));
	if (!a->set)
		return fail(p, HARMONY_NOMEM, "no memory for the command line");

	prepare(&parser, NULL, "+");
	int code = parse(&parser, NULL, argc, argv);
	if (code || optind >= argc)
		return code;
	*command = command_find(argv[optind]);
	if (!*command) {
		const char *near = nearest_command(argv[optind]);
		return fail(p, HARMONY_INVALID, "unknown command %s; %s%s%s", argv[optind],
			    near ? "did you mean " : "see harmony help", near ? near : "",
			    near ? "?" : "");
	}

	argc -= optind;
	argv += optind;
	prepare(&parser, (*command)->options, "");
	code = parse(&parser, (*command)->name, argc, argv);
	a->operands = argv + optind;
	a->count = argc - optind;
	if (code || a->help || a->version)
		return code;
	return count_operands(p, *command, a->count);
}
