/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "sync/sync.h"

static const harmony_key keys[] = {
    {"connector", HARMONY_KEY_TEXT, 1, 0, NULL, NULL,
     "the accounting package: ledger, exact-online, multivers, twinfield or minox"},
    {"export_path", HARMONY_KEY_PATH, 0, 0, NULL, NULL,
     "where the ERP leaves fmuta6.csv; debitr.csv and credit.csv beside it are taken along"},
    {"import_path", HARMONY_KEY_PATH, 0, 0, NULL, NULL, "where dbopen.csv is written"},
    {"archive_path", HARMONY_KEY_PATH, 0, 0, NULL, NULL,
     "the folder that files are moved to once they are taken in; without it they stay"},
    {"interval", HARMONY_KEY_DURATION, 0, 0, NULL, "30m",
     "between two imports of outstanding items"},
    {"history", HARMONY_KEY_DURATION, 0, 0, NULL, "90d",
     "how long imports stay in the history; exports and the last good import stay"},
    {"stable", HARMONY_KEY_DURATION, 0, 0, NULL, "2s",
     "how long a watched file must stay the same before it is taken in"},
    {"ready", HARMONY_KEY_FLAG, 0, 0, NULL, "no",
     "take watched files only when a companion (fmuta6.csv.ready) lies beside them, and remove it"},
    {"administration", HARMONY_KEY_TEXT, 0, 0, NULL, NULL,
     "Exact division, Multivers database, Twinfield office, Minox tenant/administration"},
    {"client_id", HARMONY_KEY_TEXT, 0, 0, NULL, NULL, "of the application at the package's vendor"},
    {"client_secret", HARMONY_KEY_TEXT, 0, 1, NULL, NULL, "better kept in client_secret_file"},
    {"client_secret_file", HARMONY_KEY_PATH, 0, 0, NULL, NULL,
     "a file that holds the client secret"},
    {"client_secret_env", HARMONY_KEY_TEXT, 0, 0, NULL, NULL,
     "the environment variable that holds the client secret"},
    {"redirect_uri", HARMONY_KEY_TEXT, 0, 0, NULL, NULL, "as registered with the package's vendor"},
    {"url", HARMONY_KEY_TEXT, 0, 0, NULL, NULL, "the package's host"},
    {"ca_file", HARMONY_KEY_PATH, 0, 0, NULL, NULL,
     "certificates to trust, in place of the system's"},
    {"timeout", HARMONY_KEY_DURATION, 0, 0, NULL, "100s",
     "how long one request to the package may take"},
    {NULL, 0, 0, 0, NULL, NULL, NULL}};

const harmony_key *harmony_sync_keys(void)
{
	return keys;
}

/* ---- settings ---- */

static bool is_mapping(const char *key)
{
	static const char *const tables[] = {"journals.",     "vat.",        "accounts.",
					     "cost_centres.", "cost_units.", "payment_conditions."};
	for (size_t i = 0; i < HARMONY__COUNT(tables); i++)
		if (strncmp(key, tables[i], strlen(tables[i])) == 0)
			return true;
	return false;
}

static harmony_status unknown_key(const harmony__integration *integration, const char *key,
				  harmony_error *error)
{
	const harmony_key *const tables[] = {keys, integration->connector->keys,
					     harmony_fmuta6_keys(), harmony_dbopen_keys()};
	const char *near = NULL;

	for (size_t i = 0; i < HARMONY__COUNT(tables) && near == NULL; i++)
		if (tables[i] != NULL)
			near = harmony_key_nearest(tables[i], key);
	return harmony_error_set(error, HARMONY_CONFIG, NULL,
				 "integration %s: there is no setting %s for %s%s%s%s",
				 integration->name, key, integration->connector->name,
				 near != NULL ? "; did you mean " : "", near != NULL ? near : "",
				 near != NULL ? "?" : "");
}

static harmony_status check_setting(harmony__integration *integration, const char *key,
				    const char *value, harmony_error *error)
{
	const harmony_key *known = harmony_key_find(keys, key);
	int64_t ms;

	if (known != NULL && known->type == HARMONY_KEY_DURATION &&
	    harmony__duration(&ms, value) != HARMONY_OK)
		return harmony_error_set(
		    error, HARMONY_CONFIG, NULL,
		    "integration %s: %s = %s is no duration; write 90s, 30m, 12h or 7d",
		    integration->name, key, value);
	if (known != NULL && known->type == HARMONY_KEY_FLAG && strcmp(value, "yes") != 0 &&
	    strcmp(value, "no") != 0)
		return harmony_error_set(error, HARMONY_CONFIG, NULL,
					 "integration %s: %s = %s; write yes or no",
					 integration->name, key, value);
	if (known != NULL || is_mapping(key))
		return HARMONY_OK;
	if (strncmp(key, "fmuta6.", 7) == 0)
		return harmony_fmuta6_options_set(&integration->fmuta6, key, value, error);
	if (strncmp(key, "dbopen.", 7) == 0)
		return harmony_dbopen_options_set(&integration->dbopen, key, value, error);
	if (integration->connector->keys != NULL &&
	    harmony_key_find(integration->connector->keys, key) != NULL)
		return HARMONY_OK;
	return unknown_key(integration, key, error);
}

const char *harmony__setting(harmony__integration *integration, const char *key)
{
	const char *value = harmony_settings_get(integration->settings, key);
	if (value == NULL) {
		const harmony_key *known = harmony_key_find(keys, key);
		value = known != NULL ? known->fallback : NULL;
	}
	return value;
}

harmony_status harmony__path(harmony__buf *out, const harmony_sync *sync, const char *path,
			     harmony_error *error)
{
	if (path[0] != '/' && strcmp(path, "-") != 0 && sync->folder != NULL)
		(void)harmony__buf_printf(out, "%s/", sync->folder);
	(void)harmony__buf_str(out, path);
	return harmony__buf_check(out, "a path", error);
}

/* ---- the handle ---- */

harmony_status harmony_sync_new(harmony_sync **out, harmony_context *context,
				const harmony_sync_options *options, harmony_error *error)
{
	harmony_sync *sync;
	harmony_sync_options copy = HARMONY_SYNC_OPTIONS_INIT;

	if (out != NULL)
		*out = NULL;
	if (out == NULL || context == NULL ||
	    (options != NULL && harmony__options_copy(&copy, sizeof(copy), options) != HARMONY_OK))
		return harmony_error_set(
		    error, HARMONY_INVALID, NULL,
		    "harmony_sync_new needs a context, and options made by _INIT");
	if (copy.store != NULL && harmony_store_check(copy.store, error) != HARMONY_OK)
		return HARMONY_INVALID;
	sync = harmony__zalloc(context, sizeof(*sync));
	if (sync == NULL)
		return harmony__nomem(error);
	sync->context = context;
	sync->options = copy;
	sync->folder = copy.folder != NULL ? harmony__strdup(context, copy.folder) : NULL;
	sync->who = harmony__strdup(context, copy.who != NULL ? copy.who : "harmony");
	if (sync->who == NULL || (copy.folder != NULL && sync->folder == NULL)) {
		harmony_sync_free(sync);
		return harmony__nomem(error);
	}
	*out = sync;
	return HARMONY_OK;
}

static void integration_free(harmony__integration *integration)
{
	harmony_context *context = integration->sync->context;

	harmony__connector_close(integration);
	harmony_settings_free(integration->settings);
	harmony_settings_free(integration->resolved);
	harmony__free(context, integration);
}

void harmony_sync_free(harmony_sync *sync)
{
	if (sync == NULL)
		return;
	for (size_t i = 0; i < sync->count; i++)
		integration_free(sync->integrations[i]);
	harmony__free(sync->context, sync->integrations);
	harmony__free(sync->context, sync->folder);
	harmony__free(sync->context, sync->who);
	harmony__free(sync->context, sync);
}

static harmony__integration *find(const harmony_sync *sync, const char *name)
{
	for (size_t i = 0; i < sync->count; i++)
		if (strcmp(sync->integrations[i]->name, name) == 0)
			return sync->integrations[i];
	return NULL;
}

static harmony_status find_connector(const harmony_connector **out, const char *name,
				     const harmony_settings *settings, harmony_error *error)
{
	const char *word = settings != NULL ? harmony_settings_get(settings, "connector") : NULL;

	if (*out == NULL && word == NULL)
		return harmony_error_set(error, HARMONY_CONFIG, NULL,
					 "integration %s: the setting connector is missing", name);
	if (*out == NULL && (*out = harmony_connector_find(word)) == NULL)
		return harmony_error_set(error, HARMONY_CONFIG, NULL,
					 "integration %s: this build has no connector %s", name,
					 word);
	return harmony_connector_check(*out, error);
}

static harmony_status copy_settings(harmony__integration *integration,
				    const harmony_settings *settings, harmony_error *error)
{
	const char *key, *value;
	harmony_status status =
	    harmony_settings_new(&integration->settings, integration->sync->context, error);

	if (status == HARMONY_OK)
		status =
		    harmony_settings_new(&integration->resolved, integration->sync->context, error);
	for (size_t i = 0; status == HARMONY_OK && settings != NULL &&
			   harmony_settings_at(settings, i, &key, &value);
	     i++) {
		status = check_setting(integration, key, value, error);
		if (status == HARMONY_OK)
			status = harmony_settings_set(integration->settings, key, value, error);
	}
	return status;
}

harmony_status harmony_sync_add(harmony_sync *sync, const char *name,
				const harmony_settings *settings,
				const harmony_connector *connector, harmony_error *error)
{
	harmony__integration *integration;
	harmony_status status;

	if (sync == NULL || name == NULL || name[0] == '\0' || strlen(name) >= HARMONY_NAME_SIZE)
		return harmony_error_set(error, HARMONY_INVALID, NULL,
					 "the name of an integration has 1 to %d bytes",
					 HARMONY_NAME_SIZE - 1);
	if (find(sync, name) != NULL)
		return harmony_error_set(error, HARMONY_EXISTS, NULL,
					 "integration %s was added before", name);
	status = find_connector(&connector, name, settings, error);
	if (status != HARMONY_OK)
		return status;
	if (harmony__grow(sync->context, (void **)&sync->integrations, &sync->capacity,
			  sync->count + 1, sizeof(sync->integrations[0])) != HARMONY_OK ||
	    (integration = harmony__zalloc(sync->context, sizeof(*integration))) == NULL)
		return harmony__nomem(error);
	integration->sync = sync;
	memcpy(&integration->vtable, connector,
	       connector->struct_size < sizeof(*connector) ? connector->struct_size
							   : sizeof(*connector));
	integration->connector = &integration->vtable;
	integration->fmuta6 = (harmony_fmuta6_options)HARMONY_FMUTA6_OPTIONS_INIT;
	integration->dbopen = (harmony_dbopen_options)HARMONY_DBOPEN_OPTIONS_INIT;
	(void)harmony__copy_text(integration->name, sizeof(integration->name), name, strlen(name));
	harmony__host_init(integration);
	status = copy_settings(integration, settings, error);
	if (status != HARMONY_OK) {
		integration_free(integration);
		return status;
	}
	(void)harmony__duration(&integration->interval, harmony__setting(integration, "interval"));
	(void)harmony__duration(&integration->stable, harmony__setting(integration, "stable"));
	(void)harmony__duration(&integration->history, harmony__setting(integration, "history"));
	sync->integrations[sync->count++] = integration;
	return HARMONY_OK;
}

const char *harmony_sync_at(const harmony_sync *sync, size_t index)
{
	return index < sync->count ? sync->integrations[index]->name : NULL;
}

const harmony_connector *harmony_sync_connector(const harmony_sync *sync, const char *name)
{
	const harmony__integration *integration = find(sync, name);
	return integration != NULL ? integration->connector : NULL;
}

harmony_status harmony__integration_find(harmony__integration **out, harmony_sync *sync,
					 const char *name, harmony_error *error)
{
	char names[256] = "";
	size_t used = 0;

	*out = sync != NULL && name != NULL ? find(sync, name) : NULL;
	if (*out != NULL)
		return HARMONY_OK;
	for (size_t i = 0; sync != NULL && i < sync->count && used + 2 < sizeof(names); i++) {
		const char *known = sync->integrations[i]->name;
		if (i > 0)
			used += harmony__copy_text(names + used, sizeof(names) - used, ", ", 2);
		used +=
		    harmony__copy_text(names + used, sizeof(names) - used, known, strlen(known));
	}
	return harmony_error_set(error, HARMONY_NOTFOUND, NULL, "there is no integration %s; %s%s",
				 name != NULL ? name : "(none)",
				 used > 0 ? "known: " : "the configuration has none", names);
}

harmony_status harmony__integration_id(harmony__integration *integration, harmony_error *error)
{
	harmony_store *store = integration->sync->options.store;

	if (store == NULL)
		return harmony_error_set(error, HARMONY_STATE, NULL,
					 "this needs a store; give one in harmony_sync_options");
	if (integration->id != 0)
		return HARMONY_OK;
	return store->integration(&integration->id, store->self, integration->name, error);
}

harmony_status harmony__answer(harmony_status status, harmony_error *error)
{
	return status == HARMONY_OK ? status
				    : harmony_error_set(error, status, NULL,
							"a callback of the host ended the call");
}

void harmony__field_path(char *to, size_t size, const harmony_diagnostic *diagnostic)
{
	const harmony_field_info *info =
	    diagnostic->field >= 0 ? harmony_field_describe(diagnostic->field) : NULL;

	to[0] = '\0';
	/* a line that contradicts the entry is mended in the entry */
	if (info != NULL && (diagnostic->row == HARMONY_HEADER || info->where == HARMONY_AT_HEADER))
		(void)snprintf(to, size, "%s", info->name);
	else if (info != NULL)
		(void)snprintf(to, size, "lines.%zu.%s", diagnostic->row, info->name);
}

/* ---- exit status ---- */

int harmony_sync_exit(harmony_status status)
{
	static const struct {
		harmony_status status;
		int exit;
	} table[] = {{HARMONY_OK, 0},      {HARMONY_REJECTED, 1},  {HARMONY_IO, 3},
		     {HARMONY_FORMAT, 3},  {HARMONY_LIMIT, 3},     {HARMONY_RANGE, 3},
		     {HARMONY_CORRUPT, 3}, {HARMONY_AUTH, 4},      {HARMONY_RETRY, 5},
		     {HARMONY_RATE, 5},    {HARMONY_CANCELLED, 5}, {HARMONY_NOMEM, 5},
		     {HARMONY_INDOUBT, 6}, {HARMONY_BUSY, 7}};
	for (size_t i = 0; i < HARMONY__COUNT(table); i++)
		if (table[i].status == status)
			return table[i].exit;
	return 2;
}
