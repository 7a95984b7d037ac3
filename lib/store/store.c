/* SPDX-License-Identifier: MIT */
#include <harmony/store.h>

#include "harmony_config.h"

#include "base/base.h"

#define WORD(name, value, word, text) word,

const char *harmony_state_word(int state)
{
	static const char *const words[] = {HARMONY_STATE_MAP(WORD)};
	return state >= 0 && state < HARMONY_STATES ? words[state] : "unknown";
}

const char *harmony_run_state_word(int state)
{
	static const char *const words[] = {HARMONY_RUN_STATE_MAP(WORD)};
	return state >= 0 && state < HARMONY_RUN_STATES ? words[state] : "unknown";
}

const char *harmony_direction_word(int direction)
{
	return direction == HARMONY_DIRECTION_IMPORT ? "import" : "export";
}

void harmony_store_close(harmony_store *store)
{
	if (store != NULL)
		store->close(store->self);
}

harmony_status harmony_store_rekey(harmony_store *store, harmony_error *error)
{
	if (store == NULL)
		return harmony_error_set(error, HARMONY_INVALID, NULL,
					 "harmony_store_rekey needs a store");
	return store->rekey(store->self, error);
}

harmony_status harmony_store_key_new(harmony_context *context, const char *path,
				     harmony_error *error)
{
	uint8_t key[32];
	harmony__file_info info;
	harmony_status status;

	if (context == NULL || path == NULL)
		return harmony_error_set(error, HARMONY_INVALID, NULL,
					 "harmony_store_key_new needs a context and a path");
	status = harmony__file_stat(&info, path, error);
	if (status == HARMONY_OK)
		return harmony_error_set(
		    error, HARMONY_EXISTS, NULL,
		    "the key file %s is there already and stays as it is; rekey "
		    "makes a new key",
		    path);
	if (status != HARMONY_NOTFOUND)
		return status;
	status = harmony__os_random(key, sizeof(key));
	if (status == HARMONY_OK)
		status = harmony__file_replace(path, key, sizeof(key), 0600, context, error);
	else
		(void)harmony_error_set(error, status, NULL, "the system gave no random bytes");
	harmony__os_wipe(key, sizeof(key));
	return status;
}

#if !HARMONY__STORE
harmony_status harmony_store_open(harmony_store **out, harmony_context *context,
				  const harmony_store_options *options, harmony_error *error)
{
	(void)out, (void)context, (void)options;
	return harmony_error_set(error, HARMONY_UNSUPPORTED, NULL,
				 "this build has no store; build with -Dstore=enabled (sqlite3)");
}
#endif
