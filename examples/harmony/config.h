/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_PROGRAM_CONFIG_H
#define HARMONY_PROGRAM_CONFIG_H

#include "program.h"

/* harmony.conf(5): read, checked, and handed on as settings. */

struct config_entry {
	char *key; /* "url", "journals.70" */
	char *value;
	unsigned line;
};

struct config_section {
	char *name; /* of the integration; NULL: [harmony] */
	unsigned line;
	bool defined; /* [integration NAME] itself was met, not only its mappings */
	struct config_entry *entries;
	size_t count, room;
};

struct config {
	char *path;          /* of the file */
	char *folder;        /* what relative paths are relative to */
	bool open_to_others; /* its mode lets others read it: no place for a secret */
	struct config_section general;
	struct config_section *integrations;
	size_t count, room;
};

/* Finds, reads and checks the configuration; sets the program's error otherwise. */
int config_load(struct config *config, struct program *p);
/* What an integration needs before its package is spoken to: secrets that are there and
   closed to others, the keys that its connector cannot do without. */
int config_check_use(const struct config *config, const struct config_section *section,
		     harmony_error *error);
void config_free(struct config *config);
/* The value of a key, NULL when it is not there. */
const struct config_entry *config_get(const struct config_section *section, const char *key);
/* A path of the configuration, relative to its file; the caller frees it. */
char *config_path(const struct config *config, const char *path);

/* 1 when this can name an integration: a word that fits HARMONY_NAME_SIZE. */
bool config_good_name(const char *name);

/* The tables, for help and completion. */
const harmony_key *config_general_keys(void);
const char *config_mapping(size_t index); /* "journals" ...; NULL behind the last */
/* "this build has no connector x; it has: ..." Valid until the next call. */
const char *config_no_connector(const char *name);

#endif
