/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "config.h"
#include "program.h"

/* Everything here is made from the tables of commands, options and keys. */

static void option_rows(struct table *table, const struct option_spec *spec)
{
	for (; spec && spec->name; spec++) {
		char text[80];
		int len = spec->letter ? snprintf(text, sizeof(text), "  -%c, ", spec->letter)
				       : snprintf(text, sizeof(text), "      ");
		snprintf(text + len, sizeof(text) - (size_t)len, "--%s%s%s", spec->name,
			 spec->argument ? " " : "", spec->argument ? spec->argument : "");
		table_cell(table, text);
		table_cell(table, spec->help);
	}
}

static void option_json(struct json *json, const char *key, const struct option_spec *spec)
{
	json_array(json, key);
	for (; spec && spec->name; spec++) {
		char letter[2] = {spec->letter, '\0'};
		json_object(json, NULL);
		json_text(json, "name", spec->name);
		json_some(json, "letter", letter);
		json_some(json, "argument", spec->argument);
		json_text(json, "help", spec->help);
		json_end(json);
	}
	json_end(json);
}

static void program_json(struct program *p)
{
	json_array(&p->json, "commands");
	for (const struct command *c = commands; c->name; c++) {
		json_object(&p->json, NULL);
		json_text(&p->json, "name", c->name);
		json_text(&p->json, "operands", c->operands);
		json_text(&p->json, "summary", c->summary);
		option_json(&p->json, "options", c->options);
		json_end(&p->json);
	}
	json_end(&p->json);
	option_json(&p->json, "options", global_options);
}

void help_program(struct program *p)
{
	struct table table;
	if (p->as_json) {
		program_json(p);
		return;
	}
	out_text(&p->out,
		 "usage: harmony [--config FILE] [--json] [--quiet] [--verbose] COMMAND ...\n\n");
	table_begin(&table, "ll", NULL);
	for (const struct command *c = commands; c->name; c++) {
		char text[80];
		snprintf(text, sizeof(text), "  %s", c->name);
		table_cell(&table, text);
		table_cell(&table, c->summary);
	}
	table_end(p, &table);
	out_text(&p->out, "\nOptions, before or after the command:\n");
	table_begin(&table, "ll", NULL);
	option_rows(&table, global_options);
	option_rows(&table, asking_options);
	table_end(p, &table);
	out_text(&p->out, "\nharmony COMMAND --help explains a command, "
			  "harmony help config [CONNECTOR] the configuration.\n");
}

void help_command(struct program *p, const struct command *command)
{
	struct table table;
	if (p->as_json) {
		json_text(&p->json, "command", command->name);
		json_text(&p->json, "operands", command->operands);
		json_text(&p->json, "summary", command->summary);
		json_text(&p->json, "description", command->description);
		option_json(&p->json, "options", command->options);
		return;
	}
	out_format(&p->out, "usage: harmony %s%s%s\n\n%s\n\nOptions:\n", command->name,
		   *command->operands ? " " : "", command->operands, command->description);
	table_begin(&table, "ll", NULL);
	option_rows(&table, command->options);
	option_rows(&table, global_options);
	table_end(p, &table);
}

/* ---- help config ---- */

static const char *type_word(int type)
{
	static const char *const words[] = {"text",   "yes|no", "choice",
					    "number", "path",   "duration"};
	return type >= 0 && type < (int)(sizeof(words) / sizeof(words[0])) ? words[type] : "text";
}

static void key_json(struct json *json, const harmony_key *key)
{
	json_object(json, NULL);
	json_text(json, "name", key->name);
	json_text(json, "type", key->type == HARMONY_KEY_FLAG ? "flag" : type_word(key->type));
	json_flag(json, "required", key->required);
	json_flag(json, "secret", key->secret);
	json_some(json, "choices", key->choices);
	json_some(json, "default", key->fallback);
	json_text(json, "help", key->help ? key->help : "");
	json_end(json);
}

/* Name and default, what for, and what it takes: some of them are too long for a table. */
static void key_text(struct out *out, const harmony_key *key)
{
	out_format(out, "  %s%s%s\n      %s\n", key->name, key->fallback ? " = " : "",
		   key->fallback ? key->fallback : "", key->help ? key->help : "");
	if (key->choices || key->type != HARMONY_KEY_TEXT || key->required)
		out_format(out, "      (%s%s)\n", key->required ? "required, " : "",
			   key->choices ? key->choices : type_word(key->type));
}

static void keys(struct program *p, const char *member, const char *title,
		 const harmony_key *const *tables, size_t count)
{
	if (p->as_json)
		json_array(&p->json, member);
	else
		out_format(&p->out, "%s\n", title);
	for (size_t i = 0; i < count; i++)
		for (const harmony_key *key = tables[i]; key && key->name; key++) {
			if (p->as_json)
				key_json(&p->json, key);
			else
				key_text(&p->out, key);
		}
	if (p->as_json)
		json_end(&p->json);
}

static void help_config_common(struct program *p)
{
	const harmony_key *general[] = {config_general_keys()};
	const harmony_key *common[] = {harmony_sync_keys(), harmony_fmuta6_keys(),
				       harmony_dbopen_keys()};
	keys(p, "harmony", "[harmony]", general, 1);
	keys(p, "integration", "\n[integration NAME]", common, 3);
	if (p->as_json) {
		json_array(&p->json, "mappings");
		for (size_t i = 0; config_mapping(i); i++)
			json_text(&p->json, NULL, config_mapping(i));
		json_end(&p->json);
		json_array(&p->json, "connectors");
		for (size_t i = 0; harmony_connector_at(i); i++)
			json_text(&p->json, NULL, harmony_connector_at(i)->name);
		json_end(&p->json);
		return;
	}
	out_text(&p->out, "\nMappings, each `file's code = package's code`:\n");
	for (size_t i = 0; config_mapping(i); i++)
		out_format(&p->out, "  [integration NAME %s]\n", config_mapping(i));
	out_text(&p->out,
		 "\nharmony help config CONNECTOR tells a connector's own keys; this build has:");
	for (size_t i = 0; harmony_connector_at(i); i++)
		out_format(&p->out, " %s", harmony_connector_at(i)->name);
	out_text(&p->out, "\n");
}

static int help_config(struct program *p, const char *name)
{
	if (!name) {
		help_config_common(p);
		return EXIT_DONE;
	}
	const harmony_connector *connector = harmony_connector_find(name);
	if (!connector)
		return fail(p, HARMONY_CONFIG, "%s", config_no_connector(name));
	if (p->as_json) {
		json_text(&p->json, "connector", connector->name);
		json_text(&p->json, "description", connector->description);
	} else {
		out_format(&p->out, "%s: %s\n\n", connector->long_name, connector->description);
	}
	char title[128];
	snprintf(title, sizeof(title), "[integration NAME] with connector = %s", connector->name);
	keys(p, "keys", title, &connector->keys, 1);
	if (!p->as_json)
		out_text(&p->out, "\nThe keys that every integration has, for the login too: "
				  "harmony help config\n");
	return EXIT_DONE;
}

int help_run(struct program *p, const struct arguments *a)
{
	if (a->count == 0) {
		help_program(p);
		return EXIT_DONE;
	}
	if (strcmp(a->operands[0], "config") == 0)
		return help_config(p, a->count > 1 ? a->operands[1] : NULL);
	const struct command *command = command_find(a->operands[0]);
	if (!command || a->count > 1)
		return fail(p, HARMONY_INVALID, "no command is called %s; harmony help lists them",
			    a->count > 1 ? a->operands[1] : a->operands[0]);
	help_command(p, command);
	return EXIT_DONE;
}
