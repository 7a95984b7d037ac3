/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <ini.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "service.h"

/* What inih can take in a line, its NUL included. Debian builds it with this size, and it
   would cut longer lines into two without a word. */
#define LINE_SIZE    INI_MAX_LINE
#define SECTION_SIZE 160

static const char *const mappings[] = {"journals",     "vat",        "accounts",
				       "cost_centres", "cost_units", "payment_conditions"};
#define MAPPINGS (sizeof(mappings) / sizeof(mappings[0]))

static const harmony_key general_keys[] = {
    {"store", HARMONY_KEY_PATH, 0, 0, NULL, "harmony.db", "the database of runs and records"},
    {"key_file", HARMONY_KEY_PATH, 0, 0, NULL, NULL,
     "encrypts the secrets in the store; harmony rekey makes it"},
    {"workers", HARMONY_KEY_NUMBER, 0, 0, NULL, "4",
     "serve: how many integrations are at work at once"},
    {"scan", HARMONY_KEY_DURATION, 0, 0, NULL, "2s",
     "serve: between two looks at an export_path; where the system tells of changes it is sooner"},
    {"log_format", HARMONY_KEY_CHOICE, 0, 0, "text|json", "text",
     "serve: how lines of the log are written"},
    {"metrics_file", HARMONY_KEY_PATH, 0, 0, NULL, NULL,
     "serve: a file with numbers for Prometheus, renewed every 15 seconds"},
    {"metrics_listen", HARMONY_KEY_TEXT, 0, 0, NULL, NULL,
     "serve: a loopback address and port where /metrics gives them, like 127.0.0.1:9464"},
    {"alert_command", HARMONY_KEY_TEXT, 0, 0, NULL, NULL,
     "serve: runs for each problem begun or ended, with its text on standard input"},
    {"alert_shell", HARMONY_KEY_FLAG, 0, 0, NULL, "no",
     "serve: alert_command is a line for the shell, not a program and its arguments"},
    {"alert_timeout", HARMONY_KEY_DURATION, 0, 0, NULL, "30s",
     "serve: how long alert_command may take"},
    {0}};

const harmony_key *config_general_keys(void)
{
	return general_keys;
}

const char *config_mapping(size_t index)
{
	return index < MAPPINGS ? mappings[index] : NULL;
}

const char *config_no_connector(const char *name)
{
	static char text[512];
	size_t len = (size_t)snprintf(text, sizeof(text),
				      "this build has no connector %.64s; it has:", name);
	for (size_t i = 0; harmony_connector_at(i) && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s %s", i ? "," : "",
					harmony_connector_at(i)->name);
	return text;
}

/* ---- errors with a line ---- */

struct reader {
	struct config *config;
	harmony_error *error;
	FILE *file;
	unsigned line;
	char section[SECTION_SIZE]; /* whole: inih cuts it at 49 bytes */
	char *text;                 /* of getline */
	size_t size;
};

static void complain(const struct config *config, harmony_error *error, unsigned line,
		     const char *format, ...) __attribute__((format(printf, 4, 5)));

static void complain(const struct config *config, harmony_error *error, unsigned line,
		     const char *format, ...)
{
	char message[sizeof(error->message)];
	va_list args;
	if (error->status != HARMONY_OK)
		return;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	harmony_error_set(error, HARMONY_CONFIG, NULL, "%s", message);
	snprintf(error->file, sizeof(error->file), "%s", config->path);
	error->line = line;
}

/* ---- sections and entries ---- */

const struct config_entry *config_get(const struct config_section *section, const char *key)
{
	for (size_t i = 0; i < section->count; i++)
		if (strcmp(section->entries[i].key, key) == 0)
			return &section->entries[i];
	return NULL;
}

static void *grow(void *array, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return array;
	size_t more = *room ? 2 * *room : 16;
	void *longer = realloc(array, more * size);
	if (longer)
		*room = more;
	return longer;
}

static struct config_section *integration(struct reader *r, const char *name)
{
	struct config *config = r->config;
	for (size_t i = config->count; i > 0; i--) /* most often it is the last one */
		if (strcmp(config->integrations[i - 1].name, name) == 0)
			return &config->integrations[i - 1];
	void *longer =
	    grow(config->integrations, config->count, &config->room, sizeof(*config->integrations));
	char *copy = strdup(name);
	if (longer)
		config->integrations = longer;
	if (!longer || !copy) {
		free(copy);
		harmony_error_set(r->error, HARMONY_NOMEM, NULL, "no memory for the configuration");
		return NULL;
	}
	struct config_section *section = &config->integrations[config->count++];
	*section = (struct config_section){.name = copy, .line = r->line};
	return section;
}

static int add(struct reader *r, struct config_section *section, const char *key, const char *value)
{
	const struct config_entry *before = config_get(section, key);
	if (before) {
		complain(r->config, r->error, r->line, "%s is given twice; line %u has it already",
			 key, before->line);
		return 0;
	}
	if (!*value) {
		complain(r->config, r->error, r->line,
			 "%s has no value; take the line out for the default (; begins a comment)",
			 key);
		return 0;
	}
	void *longer =
	    grow(section->entries, section->count, &section->room, sizeof(*section->entries));
	struct config_entry entry = {strdup(key), strdup(value), r->line};
	if (longer)
		section->entries = longer;
	if (!longer || !entry.key || !entry.value) {
		free(entry.key);
		free(entry.value);
		harmony_error_set(r->error, HARMONY_NOMEM, NULL, "no memory for the configuration");
		return 0;
	}
	section->entries[section->count++] = entry;
	return 1;
}

/* ---- inih ---- */

bool config_good_name(const char *name)
{
	size_t len = strlen(name);
	if (len == 0 || len >= HARMONY_NAME_SIZE || !is_utf8(name))
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] < 0x21 || strchr("[]\"'\\/", name[i]))
			return false;
	return true;
}

/* Takes the line "[...]" apart: 1 when it is one of the sections that exist. */
static int begin_section(struct reader *r)
{
	char word[SECTION_SIZE], name[SECTION_SIZE], mapping[SECTION_SIZE], rest[SECTION_SIZE];
	int words = sscanf(r->section, "%159s %159s %159s %159s", word, name, mapping, rest);
	if (words == 1 && strcmp(word, "harmony") == 0)
		return 1;
	if (words < 2 || words > 3 || strcmp(word, "integration") != 0) {
		complain(r->config, r->error, r->line,
			 "unknown section [%s]; known are [harmony], [integration NAME] and "
			 "[integration NAME journals] (or vat, accounts, cost_centres, cost_units, "
			 "payment_conditions)",
			 r->section);
		return 0;
	}
	if (!config_good_name(name)) {
		complain(r->config, r->error, r->line,
			 "%s cannot name an integration; take at most %d letters, digits, - and _, "
			 "in UTF-8",
			 name, HARMONY_NAME_SIZE - 1);
		return 0;
	}
	struct config_section *section = integration(r, name);
	if (!section)
		return 0;
	if (words == 2 && section->defined) {
		complain(r->config, r->error, r->line,
			 "integration %s is there twice; line %u begins it already", name,
			 section->line);
		return 0;
	}
	if (words == 2) {
		section->defined = true;
		section->line = r->line;
		return 1;
	}
	for (size_t i = 0; i < MAPPINGS; i++)
		if (strcmp(mappings[i], mapping) == 0)
			return 1;
	complain(r->config, r->error, r->line,
		 "unknown mapping %s; known are journals, vat, accounts, cost_centres, cost_units "
		 "and payment_conditions",
		 mapping);
	return 0;
}

static int see_section(struct reader *r, const char *text)
{
	const char *end = strchr(text, ']');
	if (!end)
		return 1; /* inih refuses the line */
	const char *rest = end + 1 + strspn(end + 1, " \t");
	if (*rest && *rest != ';' && *rest != '#') {
		complain(r->config, r->error, r->line,
			 "%.60s stands behind a [section]; put it on a line of its own", rest);
		return 0;
	}
	if ((size_t)(end - text) > sizeof(r->section)) {
		complain(r->config, r->error, r->line, "the name of the section is too long");
		return 0;
	}
	snprintf(r->section, sizeof(r->section), "%.*s", (int)(end - text - 1), text + 1);
	return begin_section(r);
}

/* A line that still begins with white space is, for inih, more of the value before it: an
   indented file would lose keys without a word. So indentation goes, and with it the only
   way to go on on a next line. */
static char *next_line(char *buffer, int size, void *user)
{
	struct reader *r = user;
	ssize_t len = r->error->status == HARMONY_OK ? getline(&r->text, &r->size, r->file) : -1;
	if (len < 0)
		return NULL;
	char *text = r->text;
	r->line++;
	if (strlen(text) != (size_t)len) {
		complain(r->config, r->error, r->line, "a NUL byte; this is not a text file");
		return NULL;
	}
	if (r->line == 1 && strncmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	text += strspn(text, " \t");
	if (*text == ';' || *text == '#')
		*text = '\0'; /* comments may be of any length */
	len = (ssize_t)strlen(text);
	while (len > 0 && strchr(" \t\r\n", text[len - 1]))
		text[--len] = '\0';
	if (len + 2 > size) {
		complain(r->config, r->error, r->line, "a line of %zd bytes; the longest is %d",
			 len, size - 2);
		return NULL;
	}
	if (*text == '[' && !see_section(r, text))
		return NULL;
	snprintf(buffer, (size_t)size, "%s\n", text);
	return buffer;
}

static int take(void *user, const char *cut_section, const char *key, const char *value)
{
	struct reader *r = user;
	char word[SECTION_SIZE], name[SECTION_SIZE], mapping[SECTION_SIZE],
	    full[LINE_SIZE + SECTION_SIZE];
	int words = sscanf(r->section, "%159s %159s %159s", word, name, mapping);
	if (r->error->status != HARMONY_OK)
		return 0;
	if (words < 1) {
		complain(r->config, r->error, r->line, "%s stands before the first [section]", key);
		return 0;
	}
	if (words == 1)
		return add(r, &r->config->general, key, value);
	struct config_section *section = integration(r, name);
	if (!section)
		return 0;
	if (words == 3)
		snprintf(full, sizeof(full), "%s.%s", mapping, key);
	return add(r, section, words == 3 ? full : key, value);
}

/* ---- checking ---- */

#define MAX_KEYS 128

/* All keys that an integration may have, in one table. */
static void join(harmony_key *table, const harmony_connector *connector)
{
	const harmony_key *tables[] = {harmony_sync_keys(), connector ? connector->keys : NULL,
				       harmony_fmuta6_keys(), harmony_dbopen_keys()};
	size_t count = 0;
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
		for (const harmony_key *key = tables[t]; key && key->name; key++)
			if (count + 1 < MAX_KEYS && !harmony_key_find(table, key->name))
				table[count++] = *key;
}

static bool in_choices(const char *choices, const char *value)
{
	size_t len = strlen(value);
	for (const char *at = choices; *at;) {
		size_t span = strcspn(at, "|");
		if (span == len && strncmp(at, value, len) == 0)
			return true;
		at += span + (at[span] == '|');
	}
	return false;
}

static bool is_number(const char *value, const char *units)
{
	size_t digits = strspn(value, "0123456789");
	if (digits == 0 || digits > 9)
		return false;
	return *units ? value[digits] && strchr(units, value[digits]) && !value[digits + 1]
		      : !value[digits];
}

/* What is wrong with a value of its type; NULL when nothing is. */
static const char *value_problem(const harmony_key *key, const char *value)
{
	switch (key->type) {
	case HARMONY_KEY_FLAG:
		return in_choices("yes|no", value) ? NULL : "yes or no";
	case HARMONY_KEY_CHOICE:
		return in_choices(key->choices, value) ? NULL : key->choices;
	case HARMONY_KEY_NUMBER:
		return is_number(value, "") ? NULL : "a whole number";
	case HARMONY_KEY_DURATION:
		return is_number(value, "smhd") ? NULL : "a duration like 90s, 30m, 12h or 7d";
	default:
		return NULL;
	}
}

static bool is_format_key(const char *key)
{
	return strncmp(key, "fmuta6.", 7) == 0 || strncmp(key, "dbopen.", 7) == 0;
}

static void check_format_key(const struct config *config, const struct config_entry *entry,
			     harmony_error *error)
{
	struct read_options scratch = {.fmuta6 = HARMONY_FMUTA6_OPTIONS_INIT,
				       .dbopen = HARMONY_DBOPEN_OPTIONS_INIT};
	harmony_error local = HARMONY_ERROR_INIT;
	if (setting_apply(&scratch, entry->key, entry->value, &local))
		complain(config, error, entry->line, "%s", local.message);
}

static void check_entry(const struct config *config, const harmony_key *table,
			const struct config_entry *entry, harmony_error *error)
{
	if (is_format_key(entry->key)) {
		check_format_key(config, entry, error);
		return;
	}
	const harmony_key *key = harmony_key_find(table, entry->key);
	if (!key) {
		const char *near = harmony_key_nearest(table, entry->key);
		complain(config, error, entry->line, "unknown key %s%s%s%s", entry->key,
			 near ? "; did you mean " : "; harmony help config lists the keys",
			 near ? near : "", near ? "?" : "");
		return;
	}
	if (key->secret && config->open_to_others)
		complain(config, error, entry->line,
			 "%s stands in a file that others can read; chmod 600 %s", entry->key,
			 config->path);
	const char *want = key == harmony_key_find(general_keys, "metrics_listen")
			       ? endpoint_problem(entry->value)
			       : value_problem(key, entry->value);
	if (want)
		complain(config, error, entry->line, "%s = %s is wrong; it takes %s", entry->key,
			 entry->value, want);
}

static bool is_mapping(const char *key)
{
	for (size_t i = 0; i < MAPPINGS; i++) {
		size_t len = strlen(mappings[i]);
		if (strncmp(key, mappings[i], len) == 0 && key[len] == '.')
			return true;
	}
	return false;
}

static void check_integration(const struct config *config, const struct config_section *section,
			      harmony_error *error)
{
	harmony_key table[MAX_KEYS] = {0};
	const struct config_entry *named = config_get(section, "connector");
	const harmony_connector *connector = named ? harmony_connector_find(named->value) : NULL;
	if (!section->defined)
		complain(config, error, section->line,
			 "a mapping for integration %s, which has no section [integration %s]",
			 section->name, section->name);
	join(table, connector);
	for (size_t i = 0; i < section->count && (connector || !named); i++)
		if (!is_mapping(section->entries[i].key))
			check_entry(config, table, &section->entries[i], error);
	if (!named)
		complain(config, error, section->line, "integration %s names no connector",
			 section->name);
	else if (!connector)
		complain(config, error, named->line, "%s", config_no_connector(named->value));
}

/* ---- checking before use ---- */

/* A secret in a file is one only while nobody else can read it. */
static void check_secret_file(const struct config *config, const struct config_entry *entry,
			      harmony_error *error)
{
	struct stat info;
	char *path = config_path(config, entry->value);
	if (!path)
		harmony_error_set(error, HARMONY_NOMEM, NULL, "no memory for the path of a secret");
	else if (stat(path, &info) != 0)
		complain(config, error, entry->line, "cannot read %s of %s: %s", path, entry->key,
			 strerror(errno));
	else if (!S_ISREG(info.st_mode))
		complain(config, error, entry->line, "%s of %s is no file", path, entry->key);
	else if (info.st_mode & 077)
		complain(config, error, entry->line, "others can read %s; chmod 600 %s", path,
			 path);
	else if (info.st_size == 0)
		complain(config, error, entry->line, "%s of %s is empty", path, entry->key);
	free(path);
}

int config_check_use(const struct config *config, const struct config_section *section,
		     harmony_error *error)
{
	const struct config_entry *named = config_get(section, "connector");
	const struct config_entry *file = config_get(section, "client_secret_file");
	const struct config_entry *variable = config_get(section, "client_secret_env");
	const harmony_connector *connector = named ? harmony_connector_find(named->value) : NULL;
	if (file)
		check_secret_file(config, file, error);
	if (variable && (!getenv(variable->value) || !*getenv(variable->value)))
		complain(config, error, variable->line,
			 "the environment has no %s, of client_secret_env", variable->value);
	for (const harmony_key *key = connector ? connector->keys : NULL; key && key->name; key++)
		if (key->required && !config_get(section, key->name))
			complain(config, error, section->line, "%s needs the key %s: %s",
				 connector->name, key->name, key->help);
	return exit_of(error->status);
}

/* ---- finding and reading ---- */

char *config_path(const struct config *config, const char *path)
{
	size_t size = strlen(config->folder) + strlen(path) + 2;
	char *full = malloc(size);
	if (full)
		snprintf(full, size, "%s%s%s", *path == '/' ? "" : config->folder,
			 *path == '/' ? "" : "/", path);
	return full;
}

static char *join_path(const char *folder, const char *rest)
{
	char *path = NULL;
	if (!folder || !*folder || asprintf(&path, "%s%s", folder, rest) < 0)
		return NULL;
	return path;
}

/* The first place of the search order; the caller frees it. */
static char *find(struct program *p)
{
	const char *named = p->config ? p->config : getenv("HARMONY_CONFIG");
	if (named && *named)
		return strdup(named);
	char *places[] = {strdup("harmony.conf"),
			  join_path(getenv("XDG_CONFIG_HOME"), "/harmony/harmony.conf"),
			  join_path(getenv("HOME"), "/.config/harmony/harmony.conf"),
			  strdup("/etc/harmony/harmony.conf")};
	char *found = NULL;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (!found && places[i] && access(places[i], F_OK) == 0)
			found = places[i];
		else
			free(places[i]);
	}
	return found;
}

/* Absolute, so that nothing depends on where the program stands later. */
static char *folder_of(const char *path)
{
	char *folder = strdup(path);
	char *slash = folder ? strrchr(folder, '/') : NULL;
	if (slash)
		*(slash == folder ? slash + 1 : slash) = '\0';
	char *full = folder ? realpath(slash ? folder : ".", NULL) : NULL;
	free(folder);
	return full;
}

static void read_entries(struct reader *r)
{
	int line = ini_parse_stream(next_line, r, take, r);
	if (line < 0)
		harmony_error_set(r->error, HARMONY_NOMEM, NULL, "no memory for the configuration");
	else if (line > 0)
		complain(r->config, r->error, (unsigned)line,
			 "neither [section] nor key = value nor ; comment");
}

static void check_all(const struct config *config, harmony_error *error)
{
	for (size_t i = 0; i < config->general.count; i++)
		check_entry(config, general_keys, &config->general.entries[i], error);
	for (size_t i = 0; i < config->count; i++)
		check_integration(config, &config->integrations[i], error);
}

int config_load(struct config *config, struct program *p)
{
	struct reader r = {.config = config, .error = &p->error};
	struct stat info;
	*config = (struct config){.path = find(p)};
	if (!config->path)
		return fail(p, HARMONY_CONFIG,
			    "no configuration; harmony init writes one, or name it with --config");
	config->folder = folder_of(config->path);
	r.file = fopen(config->path, "re");
	if (!r.file || !config->folder || fstat(fileno(r.file), &info) != 0) {
		int code = fail(p, HARMONY_CONFIG, "cannot read the configuration %s: %s",
				config->path, strerror(errno));
		if (r.file)
			fclose(r.file);
		return code;
	}
	config->open_to_others = info.st_mode & 077;
	read_entries(&r);
	if (ferror(r.file))
		fail(p, HARMONY_CONFIG, "cannot read the configuration %s: %s", config->path,
		     strerror(errno));
	fclose(r.file);
	free(r.text);
	if (p->error.status == HARMONY_OK)
		check_all(config, &p->error);
	return exit_of(p->error.status);
}

static void free_section(struct config_section *section)
{
	for (size_t i = 0; i < section->count; i++) {
		free(section->entries[i].key);
		free(section->entries[i].value);
	}
	free(section->entries);
	free(section->name);
}

void config_free(struct config *config)
{
	free_section(&config->general);
	for (size_t i = 0; i < config->count; i++)
		free_section(&config->integrations[i]);
	free(config->integrations);
	free(config->path);
	free(config->folder);
	*config = (struct config){0};
}
