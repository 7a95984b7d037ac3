/* SPDX-License-Identifier: MIT */
#include <stdio.h>

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

/* X(function): every function that a store must have, in the order of harmony/store.h. */
#define MUST_MAP(X)                                                                                \
	X(close) X(begin) X(commit) X(rollback) X(integration) X(lock) X(unlock) X(file_begin)     \
	X(file_write) X(file_end) X(file_read) X(run_add) X(run_put) X(run_count) X(run_list)      \
	X(run_get) X(record_add) X(record_revise) X(record_change) X(record_find)                  \
	X(record_received) X(record_get) X(record_list) X(record_tally) X(event_add)               \
	X(event_list) X(refusal_add) X(refusal_count) X(secret_load) X(secret_save) X(memo_load)   \
	X(memo_save) X(rekey)

harmony_status harmony_store_check(const harmony_store *store, harmony_error *error)
{
	char missing[512] = "";
	size_t used = 0;

	if (store == NULL)
		return harmony_error_set(error, HARMONY_INVALID, NULL, "the store is NULL");
	if (store->struct_size < offsetof(harmony_store, run_last))
		return harmony_error_set(error, HARMONY_INVALID, NULL,
					 "the store's struct_size is %zu; begin it with "
					 ".struct_size = sizeof(harmony_store)",
					 store->struct_size);
	if (store->abi != HARMONY_STORE_ABI)
		return harmony_error_set(error, HARMONY_INVALID, NULL,
					 "the store is made for ABI %u, this library has %u; compile "
					 "it against this library's headers",
					 (unsigned)store->abi, HARMONY_STORE_ABI);
#define MUST(function)                                                                             \
	if (store->function == NULL)                                                               \
		used += (size_t)snprintf(missing + used, sizeof(missing) - used, "%s" #function,   \
					 used > 0 ? ", " : "");
	MUST_MAP(MUST)
#undef MUST
	return used == 0 ? HARMONY_OK
			 : harmony_error_set(error, HARMONY_INVALID, NULL,
					     "the store lacks: %s; give it these functions", missing);
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
	(void)context, (void)options;
	if (out != NULL)
		*out = NULL;
	return harmony_error_set(error, HARMONY_UNSUPPORTED, NULL,
				 "this build has no store; build with -Dstore=enabled (sqlite3)");
}
#endif
