/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "sync/sync.h"

/* ---- hooks of the host ---- */

bool harmony__cancelled(harmony_sync *sync)
{
	return sync->options.cancelled != NULL && sync->options.cancelled(sync->options.user) != 0;
}

#define NAP 100 /* ms between two looks at whether the host wants to stop */

harmony_status harmony__sleep(harmony_sync *sync, int64_t milliseconds)
{
	int64_t end = harmony__os_monotonic() + milliseconds;

	if (sync->options.sleep != NULL)
		return sync->options.sleep(milliseconds, sync->options.user);
	for (int64_t left = milliseconds; left > 0; left = end - harmony__os_monotonic()) {
		if (harmony__cancelled(sync))
			return HARMONY_CANCELLED;
		harmony__os_sleep(left < NAP ? left : NAP);
	}
	return HARMONY_OK;
}

harmony_status harmony__step(harmony_sync *sync, const char *name, harmony_error *error)
{
	harmony_status status =
	    sync->options.step != NULL ? sync->options.step(name, sync->options.user) : HARMONY_OK;
	if (status != HARMONY_OK)
		return harmony_error_set(error, status, NULL,
					 "the host ended the run at the step %s", name);
	return HARMONY_OK;
}

/* ---- settings ---- */

/* A secret that is named by KEY_file or KEY_env. */
static const char *resolve(harmony__integration *integration, const char *key)
{
	char name[96];
	const char *value = harmony_settings_get(integration->resolved, key);
	harmony__buf path, data;

	if (value != NULL || strlen(key) + 6 > sizeof(name))
		return value;
	harmony__buf_init(&path, integration->sync->context, 4096);
	harmony__buf_init(&data, integration->sync->context, 65536);
	(void)snprintf(name, sizeof(name), "%s_env", key);
	const char *variable = harmony_settings_get(integration->settings, name);
	const char *found = variable != NULL ? getenv(variable) : NULL;
	(void)snprintf(name, sizeof(name), "%s_file", key);
	const char *file = harmony_settings_get(integration->settings, name);
	if (found == NULL && file != NULL &&
	    harmony__path(&path, integration->sync, file, NULL) == HARMONY_OK) {
		harmony_error error = HARMONY_ERROR_INIT;
		if (harmony__file_load(&data, path.data, &error) != HARMONY_OK)
			harmony__log(integration->sync->context, HARMONY_LOG_ERROR,
				     "integration %s: %s: %s", integration->name, name,
				     error.message);
		else
			while (data.len > 0 && strchr("\r\n", data.data[data.len - 1]) != NULL)
				data.data[--data.len] = '\0';
		found = data.len > 0 ? data.data : NULL;
	}
	if (found != NULL &&
	    harmony_settings_set(integration->resolved, key, found, NULL) == HARMONY_OK) {
		value = harmony_settings_get(integration->resolved, key);
		harmony__os_hide(value, strlen(value));
	}
	if (data.data != NULL)
		harmony__os_wipe(data.data, data.capacity);
	harmony__buf_free(&data);
	harmony__buf_free(&path);
	harmony__os_scrub();
	return value;
}

static const char *host_setting(const char *key, void *user)
{
	harmony__integration *integration = user;
	const char *value = harmony_settings_get(integration->settings, key);
	return value != NULL ? value : resolve(integration, key);
}

static const char *host_map(const char *table, const char *code, void *user)
{
	harmony__integration *integration = user;
	char key[256];
	const char *value = NULL;

	if (snprintf(key, sizeof(key), "%s.%s", table, code) < (int)sizeof(key))
		value = harmony_settings_get(integration->settings, key);
	return value != NULL ? value : code;
}

static harmony_status host_path(char *buffer, size_t size, const char *path, void *user)
{
	harmony__integration *integration = user;
	harmony__buf full;
	harmony_status status;

	harmony__buf_init(&full, integration->sync->context, 4096);
	status = harmony__path(&full, integration->sync, path, NULL);
	if (status == HARMONY_OK && full.len >= size)
		status = HARMONY_LIMIT;
	if (status == HARMONY_OK)
		(void)harmony__copy_text(buffer, size, full.data, full.len);
	harmony__buf_free(&full);
	return status;
}

void harmony__forget_secrets(harmony__integration *integration)
{
	const char *key, *value;

	while (harmony_settings_at(integration->resolved, 0, &key, &value))
		if (harmony_settings_set(integration->resolved, key, NULL, NULL) != HARMONY_OK)
			return;
}

/* ---- secrets, memos, locks ---- */

static harmony_status host_secret_load(void *buffer, size_t *len, const char *name, void *user,
				       harmony_error *error)
{
	harmony__integration *integration = user;
	harmony_store *store = integration->sync->options.store;
	harmony_status status = harmony__integration_id(integration, error);
	return status != HARMONY_OK
		   ? status
		   : store->secret_load(buffer, len, store->self, integration->id, name, 0, error);
}

static harmony_status host_secret_save(const char *name, const void *data, size_t len, void *user,
				       harmony_error *error)
{
	harmony__integration *integration = user;
	harmony_store *store = integration->sync->options.store;
	harmony_status status = harmony__integration_id(integration, error);
	return status != HARMONY_OK
		   ? status
		   : store->secret_save(store->self, integration->id, name, data, len, error);
}

static harmony_status host_memo_load(void *buffer, size_t *len, const char *name, void *user,
				     harmony_error *error)
{
	harmony__integration *integration = user;
	harmony_store *store = integration->sync->options.store;
	harmony_status status = harmony__integration_id(integration, error);
	return status != HARMONY_OK
		   ? status
		   : store->memo_load(buffer, len, store->self, integration->id, name, error);
}

static harmony_status host_memo_save(const char *name, const void *data, size_t len, void *user,
				     harmony_error *error)
{
	harmony__integration *integration = user;
	harmony_store *store = integration->sync->options.store;
	harmony_status status = harmony__integration_id(integration, error);
	return status != HARMONY_OK
		   ? status
		   : store->memo_save(store->self, integration->id, name, data, len, error);
}

/* Connectors' locks have names of their own: "run" is ours. */
static harmony_status host_lock(const char *name, int64_t timeout, void *user, harmony_error *error)
{
	harmony__integration *integration = user;
	harmony_store *store = integration->sync->options.store;
	char own[80];
	harmony_status status = harmony__integration_id(integration, error);

	if (status != HARMONY_OK)
		return status;
	for (size_t i = 0; i < HARMONY__HELD; i++) {
		if (integration->held[i].lock != NULL ||
		    strlen(name) >= sizeof(integration->held[i].name))
			continue;
		(void)snprintf(own, sizeof(own), "c-%s", name);
		status = store->lock(&integration->held[i].lock, store->self, integration->id, own,
				     timeout, error);
		if (status == HARMONY_OK)
			(void)harmony__copy_text(integration->held[i].name,
						 sizeof(integration->held[i].name), name,
						 strlen(name));
		return status;
	}
	return harmony_error_set(
	    error, HARMONY_LIMIT, NULL,
	    "a connector holds more than %d locks, or one with too long a name", HARMONY__HELD);
}

static void host_unlock(const char *name, void *user)
{
	harmony__integration *integration = user;
	harmony_store *store = integration->sync->options.store;

	for (size_t i = 0; i < HARMONY__HELD; i++)
		if (integration->held[i].lock != NULL &&
		    strcmp(integration->held[i].name, name) == 0) {
			store->unlock(store->self, integration->held[i].lock);
			integration->held[i].lock = NULL;
			return;
		}
}

/* ---- the rest ---- */

static harmony_status host_sleep(int64_t milliseconds, void *user)
{
	return harmony__sleep(((harmony__integration *)user)->sync, milliseconds);
}

static int host_cancelled(void *user)
{
	const harmony_sync_options *options = &((harmony__integration *)user)->sync->options;
	return options->cancelled != NULL ? options->cancelled(options->user) : 0;
}

static void host_request(int status, void *user)
{
	const harmony_sync_options *options = &((harmony__integration *)user)->sync->options;
	if (options->request != NULL)
		options->request(status, options->user);
}

static void host_log(int level, const char *message, void *user)
{
	harmony__integration *integration = user;
	harmony__log(integration->sync->context, level, "integration %s: %s", integration->name,
		     message);
}

void harmony__host_init(harmony__integration *integration)
{
	bool store = integration->sync->options.store != NULL;

	integration->host = (harmony_host){.struct_size = sizeof(harmony_host),
					   .context = integration->sync->context,
					   .user = integration,
					   .setting = host_setting,
					   .map = host_map,
					   .path = host_path,
					   .secret_load = store ? host_secret_load : NULL,
					   .secret_save = store ? host_secret_save : NULL,
					   .lock = store ? host_lock : NULL,
					   .unlock = store ? host_unlock : NULL,
					   .memo_load = store ? host_memo_load : NULL,
					   .memo_save = store ? host_memo_save : NULL,
					   .sleep = host_sleep,
					   .cancelled = host_cancelled,
					   .log = host_log,
					   .request = host_request};
}

/* A secret in a file that others may read is no secret. */
static harmony_status check_secret_file(harmony__integration *integration, harmony_error *error)
{
	const char *file = harmony_settings_get(integration->settings, "client_secret_file");
	harmony__buf path;
	harmony_status status;

	if (file == NULL || harmony_settings_get(integration->settings, "client_secret") != NULL)
		return HARMONY_OK;
	harmony__buf_init(&path, integration->sync->context, 4096);
	status = harmony__path(&path, integration->sync, file, error);
	if (status == HARMONY_OK)
		status = harmony__file_private(path.data, "client_secret_file", error);
	if (status == HARMONY_NOTFOUND)
		status = harmony_error_set(error, HARMONY_CONFIG, NULL,
					   "integration %s: client_secret_file %s is not there",
					   integration->name, path.data);
	harmony__buf_free(&path);
	return status;
}

harmony_status harmony__connector_open(harmony__integration *integration, harmony_error *error)
{
	harmony_status status;

	if (integration->opened)
		return HARMONY_OK;
	status = check_secret_file(integration, error);
	if (status != HARMONY_OK)
		return status;
	status = integration->connector->open(&integration->instance, &integration->host, error);
	integration->opened = status == HARMONY_OK;
	return status;
}

void harmony__connector_close(harmony__integration *integration)
{
	if (integration->opened)
		integration->connector->close(integration->instance);
	integration->opened = false;
	integration->instance = NULL;
	for (size_t i = 0; i < HARMONY__HELD; i++)
		if (integration->held[i].lock != NULL)
			host_unlock(integration->held[i].name, integration);
}
