/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "session.h"

/* ---- hooks of a run ---- */

static harmony_status on_sleep(int64_t milliseconds, void *user)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(milliseconds / 1000);
	until.tv_nsec += (long)(milliseconds % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	while (!interrupted() &&
	       clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
	return interrupted() ? HARMONY_CANCELLED : HARMONY_OK;
}

static int on_cancelled(void *user)
{
	return interrupted();
}

static void on_progress(int phase, const char *what, uint64_t done, uint64_t total, void *user)
{
	static const char *const units[] = {NULL, NULL, "records", "items"};
	struct session *session = user;
	if (phase != session->phase) {
		progress_begin(session->p, what);
		session->phase = phase;
	}
	progress_update(done, total, phase > 0 && phase < 4 ? units[phase] : NULL);
}

/* ---- opening ---- */

static int open_store(struct session *session)
{
	struct program *p = session->p;
	harmony_store_options options = HARMONY_STORE_OPTIONS_INIT;
	const struct config_entry *store = config_get(&session->config.general, "store");
	const struct config_entry *key = config_get(&session->config.general, "key_file");
	char *path = config_path(&session->config, store ? store->value : "harmony.db");
	char *key_path = key ? config_path(&session->config, key->value) : NULL;
	int code = EXIT_DONE;
	options.path = path;
	options.key_file = key_path;
	if (!path || (key && !key_path))
		code = fail(p, HARMONY_NOMEM, "no memory to open the store");
	else
		code =
		    exit_of(harmony_store_open(&session->store, p->context, &options, &p->error));
	free(path);
	free(key_path);
	return code;
}

/* An error of the library about a key of ours gets its line. */
void session_locate(const struct config *config, const struct config_section *section,
		    harmony_error *error)
{
	const struct config_entry *entry =
	    error->field[0] ? config_get(section, error->field) : NULL;
	if (error->status != HARMONY_CONFIG || error->file[0])
		return;
	snprintf(error->file, sizeof(error->file), "%s", config->path);
	error->line = entry ? entry->line : section->line;
}

harmony_status session_settings(harmony_settings **out, struct program *p,
				const struct config_section *section)
{
	harmony_status status = harmony_settings_new(out, p->context, &p->error);
	for (size_t i = 0; i < section->count && status == HARMONY_OK; i++)
		status = harmony_settings_set(*out, section->entries[i].key,
					      section->entries[i].value, &p->error);
	return status;
}

static int add(struct session *session, const struct config_section *section)
{
	struct program *p = session->p;
	harmony_settings *settings = NULL;
	harmony_status status = session_settings(&settings, p, section);
	if (status == HARMONY_OK)
		status = harmony_sync_add(session->sync, section->name, settings, NULL, &p->error);
	harmony_settings_free(settings);
	session_locate(&session->config, section, &p->error);
	return exit_of(status);
}

/* The person who logged in, also behind sudo; else the user that the process has. */
const char *session_user(void)
{
	const char *person = getlogin();
	if (person && *person)
		return person;
	struct passwd *entry = getpwuid(geteuid());
	return entry ? entry->pw_name : NULL;
}

int session_open(struct session *session, struct program *p)
{
	harmony_sync_options options = HARMONY_SYNC_OPTIONS_INIT;
	*session = (struct session){.p = p};
	int code = config_load(&session->config, p);
	if (code == EXIT_DONE)
		code = open_store(session);
	if (code)
		return code;
	options.store = session->store;
	options.folder = session->config.folder;
	options.who = session_user();
	options.sleep = on_sleep;
	options.cancelled = on_cancelled;
	options.progress = on_progress;
	options.user = session;
	code = exit_of(harmony_sync_new(&session->sync, p->context, &options, &p->error));
	for (size_t i = 0; i < session->config.count && code == EXIT_DONE; i++)
		code = add(session, &session->config.integrations[i]);
	return code;
}

int session_open_for(struct session *session, struct program *p, const char *name)
{
	int code = session_open(session, p);
	const struct config_section *section = code ? NULL : session_find(session, name);
	if (section)
		code = config_check_use(&session->config, section, &p->error);
	interrupt_watch();
	return code == EXIT_DONE && !section ? EXIT_USAGE : code;
}

void session_close(struct session *session)
{
	progress_end();
	harmony_sync_free(session->sync);
	harmony_store_close(session->store);
	config_free(&session->config);
}

const struct config_section *session_find(struct session *session, const char *name)
{
	char known[512] = "";
	size_t len = 0;
	for (size_t i = 0; i < session->config.count; i++) {
		const struct config_section *section = &session->config.integrations[i];
		if (strcmp(section->name, name) == 0)
			return section;
		if (len < sizeof(known))
			len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%s",
						i ? ", " : "", section->name);
	}
	fail(session->p, HARMONY_NOTFOUND, "%s has no integration %s; known: %s",
	     session->config.path, name, session->config.count ? known : "none");
	return NULL;
}
