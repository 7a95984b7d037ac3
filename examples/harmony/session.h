/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_PROGRAM_SESSION_H
#define HARMONY_PROGRAM_SESSION_H

#include "config.h"

/* The configuration, its store, and a sync that knows every integration. */
struct session {
	struct program *p;
	struct config config;
	harmony_store *store;
	harmony_sync *sync;
	int phase; /* of the progress line */
};

/* Opens all of it; sets the program's error otherwise. session_close() is needed in
   either case. */
int session_open(struct session *session, struct program *p);
/* The same for a command that speaks to the package of integration `name`. */
int session_open_for(struct session *session, struct program *p, const char *name);
void session_close(struct session *session);
/* The integration's section; NULL with an error that names the known ones. */
const struct config_section *session_find(struct session *session, const char *name);

/* What a section says, as settings; to be freed in either case. */
harmony_status session_settings(harmony_settings **out, struct program *p,
				const struct config_section *section);
/* An error of the library about a key of a section gets its line. */
void session_locate(const struct config *config, const struct config_section *section,
		    harmony_error *error);
/* Who runs the program; NULL: unknown. */
const char *session_user(void);

/* One change of an edit: as members of the object that is open, and as "  field: old -> new". */
void change_json(struct json *json, const harmony_event *event);
void change_text(struct out *out, const harmony_event *event);

#endif
