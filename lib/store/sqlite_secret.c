/* SPDX-License-Identifier: MIT */
#include "store/sqlite_store.h"

/* Which key sealed the secrets: its fingerprint in meta, "" while they are in clear. */

static void fingerprint(char id[HARMONY__KEY_ID], const uint8_t key[HARMONY__SECRETBOX_KEY])
{
	uint8_t hash[32];
	harmony__sha256 sha;

	harmony__sha256_init(&sha);
	harmony__sha256_add(&sha, "harmony key", 11);
	harmony__sha256_add(&sha, key, HARMONY__SECRETBOX_KEY);
	harmony__sha256_end(&sha, hash);
	harmony__hex(id, hash, (HARMONY__KEY_ID - 1) / 2);
	harmony__os_wipe(hash, sizeof(hash));
	harmony__os_wipe(&sha, sizeof(sha));
}

static harmony_status sealed_by(char id[HARMONY__KEY_ID], harmony__store *store,
				harmony_error *error)
{
	bool row;
	size_t len = 0;
	harmony__call call =
	    harmony__call_of(store, "SELECT value FROM meta WHERE name = 'key'", error);

	id[0] = '\0';
	if (harmony__call_step(&call, &row) == HARMONY_OK && row) {
		const char *text = harmony__column_text(call.stmt, 0, &len);
		(void)harmony__copy_text(id, HARMONY__KEY_ID, text, len);
		harmony__call_end(&call);
	}
	return call.status;
}

static void wipe_buf(harmony__buf *buf)
{
	if (buf->data != NULL)
		harmony__os_wipe(buf->data, buf->len);
	harmony__buf_free(buf);
}

/* Takes `path` as the key when it is `id` (or any, when id is ""). */
static harmony_status take_key(harmony__store *store, const char *path, const char *id,
			       harmony_error *error)
{
	harmony__buf data;
	char found[HARMONY__KEY_ID] = "";
	harmony_status status = harmony__file_private(path, "the key file", error);

	if (status != HARMONY_OK)
		return status;
	harmony__buf_init(&data, store->context, 4096);
	status = harmony__file_load(&data, path, error);
	if (status == HARMONY_OK && data.len != sizeof(store->key))
		status = harmony_error_set(
		    error, HARMONY_CONFIG, NULL,
		    "the key file %s holds %zu bytes; a key has 32: restore it", path, data.len);
	if (status == HARMONY_OK) {
		fingerprint(found, (const uint8_t *)data.data);
		if (id[0] != '\0' && strcmp(found, id) != 0)
			status = HARMONY_NOTFOUND;
	}
	if (status == HARMONY_OK) {
		memcpy(store->key, data.data, sizeof(store->key));
		memcpy(store->key_id, found, sizeof(found));
		harmony__os_hide(store->key, sizeof(store->key));
	}
	wipe_buf(&data);
	return status;
}

static harmony_status new_key_path(harmony__buf *path, harmony__store *store, harmony_error *error)
{
	harmony__buf_init(path, store->context, 4096);
	(void)harmony__buf_printf(path, "%s.new", store->key_file);
	return harmony__buf_check(path, "the path of the key file", error);
}

/* The key that sealed the secrets: the key file, or the one that a rekey which was cut
   short left beside it. */
static harmony_status find_key(harmony__store *store, const char *id, harmony_error *error)
{
	harmony__buf path;
	harmony_status status = take_key(store, store->key_file, id, error);

	if (status != HARMONY_NOTFOUND)
		return status;
	status = new_key_path(&path, store, error);
	if (status == HARMONY_OK && id[0] != '\0') {
		status = take_key(store, path.data, id, error);
		if (status == HARMONY_OK && !store->read_only)
			status =
			    harmony__file_move(path.data, store->key_file, store->context, error);
	}
	harmony__buf_free(&path);
	if (status == HARMONY_OK && id[0] != '\0')
		return HARMONY_OK;
	if (status == HARMONY_OK || status == HARMONY_NOTFOUND)
		status = harmony_error_set(
		    error, HARMONY_CONFIG, NULL,
		    id[0] == '\0'
			? "there is no key file %s to encrypt the secrets of %s; make it: "
			  "harmony rekey (harmony_store_key_new)"
			: "%s is not there, or is not the key that encrypted the secrets of "
			  "%s; restore that key file",
		    store->key_file, store->path);
	return status;
}

/* ---- sealing all of them ---- */

typedef struct secret_row {
	int64_t integration;
	int64_t generation;
	char name[128];
	harmony__buf data; /* sealed anew */
} secret_row;

typedef struct secret_list {
	harmony_context *context;
	secret_row *rows;
	size_t count, capacity;
} secret_list;

static harmony_status unseal(harmony__buf *out, harmony__store *store, const char *id,
			     const void *data, size_t len, harmony_error *error)
{
	if (id[0] != '\0')
		return harmony__secretbox_open(out, store->key, data, len, error);
	(void)harmony__buf_add(out, data, len);
	return harmony__buf_check(out, "a secret", error);
}

/* Adds the current row, sealed with `key`. */
static harmony_status reseal(secret_list *list, harmony__store *store, harmony__stmt *stmt,
			     const char *id, const uint8_t *key, harmony_error *error)
{
	size_t len;
	harmony__buf plain;
	const char *name = harmony__column_text(stmt, 1, &len);
	harmony_status status = harmony__grow(list->context, (void **)&list->rows, &list->capacity,
					      list->count + 1, sizeof(secret_row));
	if (status != HARMONY_OK)
		return harmony__nomem(error);
	secret_row *row = &list->rows[list->count];
	row->integration = harmony__column_int(stmt, 0);
	row->generation = harmony__column_int(stmt, 2);
	(void)harmony__copy_text(row->name, sizeof(row->name), name, len);
	harmony__buf_init(&row->data, list->context, HARMONY__SECRET_MAX + 256);
	list->count++;
	harmony__buf_init(&plain, list->context, HARMONY__SECRET_MAX + 256);
	const void *data = harmony__column_blob(stmt, 3, &len);
	status = unseal(&plain, store, id, data, len, error);
	if (status == HARMONY_OK)
		status = harmony__secretbox_seal(&row->data, key, plain.data, plain.len, error);
	wipe_buf(&plain);
	return status;
}

static harmony_status read_all(secret_list *list, harmony__store *store, const char *id,
			       const uint8_t *key, harmony_error *error)
{
	bool row;
	harmony_status status = HARMONY_OK;
	harmony__call call = harmony__call_of(
	    store, "SELECT integration, name, generation, data FROM secret", error);

	while (status == HARMONY_OK && harmony__call_step(&call, &row) == HARMONY_OK && row)
		status = reseal(list, store, call.stmt, id, key, error);
	harmony__call_end(&call);
	return status == HARMONY_OK ? call.status : status;
}

static harmony_status write_all(const secret_list *list, harmony__store *store, const char *key_id,
				harmony_error *error)
{
	harmony_status status = HARMONY_OK;

	for (size_t i = 0; i < list->count && status == HARMONY_OK; i++) {
		const secret_row *row = &list->rows[i];
		harmony__call call =
		    harmony__call_of(store,
				     "UPDATE secret SET data = ? WHERE integration = ? AND name = "
				     "? AND generation = ?",
				     error);
		harmony__call_blob(&call, row->data.data, row->data.len);
		harmony__call_int(&call, row->integration);
		harmony__call_str(&call, row->name);
		harmony__call_int(&call, row->generation);
		status = harmony__call_run(&call);
	}
	if (status == HARMONY_OK) {
		harmony__call call =
		    harmony__call_of(store, "UPDATE meta SET value = ? WHERE name = 'key'", error);
		harmony__call_str(&call, key_id);
		status = harmony__call_run(&call);
	}
	return status;
}

/* Seals every secret with `key` in one transaction, and leaves no copy of what was
   there before: neither in free pages (secure_delete) nor in the log. */
static harmony_status seal_all(harmony__store *store, const uint8_t *key, harmony_error *error)
{
	secret_list list = {store->context, NULL, 0, 0};
	char id[HARMONY__KEY_ID], key_id[HARMONY__KEY_ID];
	harmony_status status = store->api.begin(store, error);

	if (status != HARMONY_OK)
		return status;
	fingerprint(key_id, key);
	status = sealed_by(id, store, error);
	if (status == HARMONY_OK && id[0] != '\0' && strcmp(id, store->key_id) != 0)
		status = harmony_error_set(error, HARMONY_BUSY, NULL,
					   "%s: another process changes the key; try again",
					   store->path);
	if (status == HARMONY_OK)
		status = read_all(&list, store, id, key, error);
	if (status == HARMONY_OK)
		status = write_all(&list, store, key_id, error);
	if (status == HARMONY_OK)
		status = store->api.commit(store, error);
	else
		store->api.rollback(store);
	for (size_t i = 0; i < list.count; i++)
		harmony__buf_free(&list.rows[i].data);
	harmony__free(store->context, list.rows);
	if (status == HARMONY_OK)
		status = harmony__db_exec(store->db, "PRAGMA wal_checkpoint(TRUNCATE)", error);
	return status;
}

harmony_status harmony__store_secrets_open(harmony__store *store, harmony_error *error)
{
	char id[HARMONY__KEY_ID];
	harmony_status status = sealed_by(id, store, error);

	if (status != HARMONY_OK || store->key_file == NULL)
		return status;
	if (!harmony__secretbox_here())
		return harmony_error_set(
		    error, HARMONY_UNSUPPORTED, NULL,
		    "this build has no libsodium and cannot use key_file; remove that "
		    "setting, or build with -Dsodium=enabled");
	status = find_key(store, id, error);
	if (status == HARMONY_OK && id[0] == '\0' && !store->read_only)
		status = seal_all(store, store->key, error);
	harmony__os_scrub();
	return status;
}

harmony_status harmony__store_rekey(void *self, harmony_error *error)
{
	harmony__store *store = self;
	uint8_t key[HARMONY__SECRETBOX_KEY];
	void *lock = NULL;
	harmony__buf path;
	harmony_status status;

	if (store->key_file == NULL)
		return harmony_error_set(error, HARMONY_CONFIG, NULL,
					 "there is no key to change; set key_file, the secrets are "
					 "encrypted with it from then on");
	status = store->api.lock(&lock, store, 0, "rekey", 0, error);
	if (status != HARMONY_OK)
		return status;
	status = new_key_path(&path, store, error);
	if (status == HARMONY_OK && (status = harmony__os_random(key, sizeof(key))) != HARMONY_OK)
		(void)harmony_error_set(error, status, NULL, "the system gave no random bytes");
	/* The new key is durable before a secret depends on it, and the old one stays in
	   its place until none does. find_key ends what a crash in between leaves. */
	if (status == HARMONY_OK)
		status =
		    harmony__file_replace(path.data, key, sizeof(key), 0600, store->context, error);
	if (status == HARMONY_OK)
		status = seal_all(store, key, error);
	if (status == HARMONY_OK)
		status = harmony__file_move(path.data, store->key_file, store->context, error);
	if (status == HARMONY_OK) {
		memcpy(store->key, key, sizeof(key));
		fingerprint(store->key_id, key);
	}
	harmony__os_wipe(key, sizeof(key));
	harmony__os_scrub();
	harmony__buf_free(&path);
	store->api.unlock(store, lock);
	return status;
}

/* ---- one secret ---- */

/* `id` is what sealed the secrets now; takes up a key that another process made since. */
static harmony_status current_key(char id[HARMONY__KEY_ID], harmony__store *store,
				  harmony_error *error)
{
	harmony_status status = sealed_by(id, store, error);

	if (status != HARMONY_OK || strcmp(id, store->key_id) == 0 || id[0] == '\0')
		return status;
	if (store->key_file == NULL)
		return harmony_error_set(
		    error, HARMONY_CONFIG, NULL,
		    "the secrets of %s are encrypted; set key_file to the key file that "
		    "it was used with",
		    store->path);
	return find_key(store, id, error);
}

/* Copies to the caller; HARMONY_LIMIT tells the size that it takes. */
static harmony_status give(void *buffer, size_t *len, const void *data, size_t size,
			   const char *name, harmony_error *error)
{
	size_t room = *len;
	*len = size;
	if (size > room)
		return harmony_error_set(error, HARMONY_LIMIT, NULL,
					 "%s takes %zu bytes, the buffer has %zu", name, size,
					 room);
	memcpy(buffer, data, size);
	return HARMONY_OK;
}

harmony_status harmony__store_secret_load(void *buffer, size_t *len, void *self,
					  int64_t integration, const char *name, int generation,
					  harmony_error *error)
{
	bool row;
	size_t size;
	harmony__buf plain;
	harmony__store *store = self;
	char id[HARMONY__KEY_ID];
	harmony_status status = current_key(id, store, error);

	if (status != HARMONY_OK)
		return status;
	harmony__call call = harmony__call_of(
	    store, "SELECT data FROM secret WHERE integration = ? AND name = ? AND generation = ?",
	    error);
	harmony__call_int(&call, integration);
	harmony__call_str(&call, name);
	harmony__call_int(&call, generation);
	if (harmony__call_step(&call, &row) != HARMONY_OK)
		return call.status;
	if (!row)
		return HARMONY_NOTFOUND;
	harmony__buf_init(&plain, store->context, HARMONY__SECRET_MAX + 256);
	const void *data = harmony__column_blob(call.stmt, 0, &size);
	status = unseal(&plain, store, id, data, size, error);
	if (status == HARMONY_OK)
		status = give(buffer, len, plain.data, plain.len, name, error);
	wipe_buf(&plain);
	harmony__call_end(&call);
	harmony__os_scrub();
	return status;
}

/* The value before becomes generation 1, in the same transaction. */
static harmony_status put_secret(harmony__store *store, int64_t integration, const char *name,
				 const void *data, size_t len, harmony_error *error)
{
	static const char *const steps[] = {
	    "INSERT OR REPLACE INTO secret(integration, name, generation, saved, data)"
	    " SELECT integration, name, 1, saved, data FROM secret"
	    " WHERE integration = ?1 AND name = ?2 AND generation = 0",
	    "INSERT OR REPLACE INTO secret(integration, name, generation, saved, data)"
	    " VALUES(?1, ?2, 0, ?3, ?4)"};
	harmony_status status = HARMONY_OK;

	for (size_t i = 0; i < HARMONY__COUNT(steps) && status == HARMONY_OK; i++) {
		harmony__call call = harmony__call_of(store, steps[i], error);
		harmony__call_int(&call, integration);
		harmony__call_str(&call, name);
		if (i == 1) {
			harmony__call_int(&call, harmony__wall(store->context));
			harmony__call_blob(&call, data, len);
		}
		status = harmony__call_run(&call);
	}
	return status;
}

harmony_status harmony__store_secret_save(void *self, int64_t integration, const char *name,
					  const void *data, size_t len, harmony_error *error)
{
	harmony__store *store = self;
	char id[HARMONY__KEY_ID];
	harmony__buf box;
	harmony_status status;

	if (len == 0 || len > HARMONY__SECRET_MAX ||
	    strlen(name) >= sizeof(((secret_row *)0)->name))
		return harmony_error_set(error, HARMONY_INVALID, NULL,
					 "a secret has 1 to %u bytes and a name below 128",
					 HARMONY__SECRET_MAX);
	status = store->api.begin(store, error);
	if (status != HARMONY_OK)
		return status;
	harmony__buf_init(&box, store->context, HARMONY__SECRET_MAX + 256);
	status = current_key(id, store, error);
	if (status == HARMONY_OK && id[0] != '\0') {
		status = harmony__secretbox_seal(&box, store->key, data, len, error);
		data = box.data;
		len = box.len;
	}
	if (status == HARMONY_OK)
		status = put_secret(store, integration, name, data, len, error);
	if (status == HARMONY_OK)
		status = store->api.commit(store, error);
	else
		store->api.rollback(store);
	harmony__buf_free(&box);
	harmony__os_scrub();
	return status;
}

/* ---- memos ---- */

harmony_status harmony__store_memo_load(void *buffer, size_t *len, void *self, int64_t integration,
					const char *name, harmony_error *error)
{
	bool row;
	size_t size;
	harmony__call call = harmony__call_of(
	    self, "SELECT data FROM memo WHERE integration = ? AND name = ?", error);

	harmony__call_int(&call, integration);
	harmony__call_str(&call, name);
	if (harmony__call_step(&call, &row) != HARMONY_OK)
		return call.status;
	if (!row)
		return HARMONY_NOTFOUND;
	const void *data = harmony__column_blob(call.stmt, 0, &size);
	harmony_status status = give(buffer, len, data, size, name, error);
	harmony__call_end(&call);
	return status;
}

harmony_status harmony__store_memo_save(void *self, int64_t integration, const char *name,
					const void *data, size_t len, harmony_error *error)
{
	harmony__store *store = self;
	bool own = !harmony__db_in_transaction(store->db);
	harmony_status status = own ? store->api.begin(store, error) : HARMONY_OK;

	if (status != HARMONY_OK)
		return status;
	harmony__call call = harmony__call_of(
	    store, "INSERT OR REPLACE INTO memo(integration, name, saved, data) VALUES(?, ?, ?, ?)",
	    error);
	harmony__call_int(&call, integration);
	harmony__call_str(&call, name);
	harmony__call_int(&call, harmony__wall(store->context));
	harmony__call_blob(&call, data, len);
	status = harmony__call_run(&call);
	if (own && status == HARMONY_OK)
		status = store->api.commit(store, error);
	else if (own)
		store->api.rollback(store);
	return status;
}
