/* SPDX-License-Identifier: MIT */
#include "store/sqlite_store.h"
#include "wire/gzip.h"

/* ---- intake files ---- */

harmony_status harmony__store_file_begin(void *self, harmony_intake *file, harmony_error *error)
{
	harmony__store *store = self;
	harmony_status status = harmony__store_in(store, error);

	if (status != HARMONY_OK)
		return status;
	harmony__call call = harmony__call_of(
	    store, "INSERT INTO file(integration, run, name, path, taken) VALUES(?, ?, ?, ?, ?)",
	    error);
	harmony__call_int(&call, file->integration);
	harmony__call_int(&call, file->run);
	harmony__call_str(&call, file->name);
	harmony__call_str(&call, file->path);
	harmony__call_int(&call, harmony__wall(store->context));
	status = harmony__call_run(&call);
	if (status == HARMONY_OK)
		file->id = harmony__db_last_id(store->db);
	return status;
}

harmony_status harmony__store_file_write(void *self, const harmony_intake *file, const void *data,
					 size_t len, harmony_error *error)
{
	harmony__store *store = self;
	harmony__buf packed; /* each part is a gzip member of its own */
	harmony_status status;

	harmony__buf_init(&packed, store->context, 2 * len + 4096);
	status = harmony__gzip_deflate(&packed, data, len, error);
	if (status == HARMONY_OK) {
		harmony__call call =
		    harmony__call_of(store, "INSERT INTO part(file, data) VALUES(?, ?)", error);
		harmony__call_int(&call, file->id);
		harmony__call_blob(&call, packed.data, packed.len);
		status = harmony__call_run(&call);
	}
	harmony__buf_free(&packed);
	return status;
}

harmony_status harmony__store_file_end(int64_t *known, void *self, const harmony_intake *file,
				       harmony_error *error)
{
	harmony__store *store = self;
	harmony__call call = harmony__call_of(
	    store,
	    "SELECT coalesce(same_as, id) FROM file WHERE integration = ? AND hash = ? LIMIT 1",
	    error);
	harmony__call_int(&call, file->integration);
	harmony__call_blob(&call, file->hash, sizeof(file->hash));
	harmony_status status = harmony__call_number(&call, known);
	if (status == HARMONY_NOTFOUND) {
		*known = 0;
		status = HARMONY_OK;
	}
	if (status == HARMONY_OK && *known != 0) {
		call = harmony__call_of(store, "DELETE FROM part WHERE file = ?", error);
		harmony__call_int(&call, file->id);
		status = harmony__call_run(&call);
	}
	if (status != HARMONY_OK)
		return status;
	call = harmony__call_of(
	    store, "UPDATE file SET size = ?, hash = ?, same_as = nullif(?, 0) WHERE id = ?",
	    error);
	harmony__call_int(&call, (int64_t)file->size);
	harmony__call_blob(&call, file->hash, sizeof(file->hash));
	harmony__call_int(&call, *known);
	harmony__call_int(&call, file->id);
	return harmony__call_run(&call);
}

static harmony_status hand_part(harmony__store *store, const void *data, size_t len,
				harmony_write_fn write, void *user, harmony_error *error)
{
	harmony__buf plain;
	harmony_status status;

	harmony__buf_init(&plain, store->context, HARMONY_MAX_INTAKE);
	status = harmony__gzip_inflate(&plain, data, len, error);
	if (status == HARMONY_OK && plain.len > 0)
		status = write(plain.data, plain.len, user);
	harmony__buf_free(&plain);
	return status == HARMONY_FORMAT ? HARMONY_CORRUPT : status;
}

harmony_status harmony__store_file_read(void *self, int64_t id, harmony_write_fn write, void *user,
					harmony_error *error)
{
	int64_t real = 0;
	harmony__call call =
	    harmony__call_of(self, "SELECT coalesce(same_as, id) FROM file WHERE id = ?", error);
	harmony__call_int(&call, id);
	harmony_status status = harmony__call_number(&call, &real);
	if (status == HARMONY_NOTFOUND)
		return harmony_error_set(error, HARMONY_NOTFOUND, NULL,
					 "the store has no intake file %lld", (long long)id);
	if (status != HARMONY_OK)
		return status;
	bool row;
	call = harmony__call_of(self, "SELECT data FROM part WHERE file = ? ORDER BY id", error);
	harmony__call_int(&call, real);
	while (harmony__call_step(&call, &row) == HARMONY_OK && row) {
		size_t len;
		const void *data = harmony__column_blob(call.stmt, 0, &len);
		status = hand_part(self, data, len, write, user, error);
		if (status != HARMONY_OK) {
			harmony__call_end(&call);
			return status;
		}
	}
	return call.status;
}

/* ---- runs ---- */

harmony_status harmony__store_run_add(void *self, int64_t integration, harmony_run *run,
				      harmony_error *error)
{
	harmony__store *store = self;
	harmony_status status = harmony__store_in(store, error);

	if (status != HARMONY_OK)
		return status;
	harmony__call call = harmony__call_of(
	    store, "INSERT INTO run(integration, direction, state, started) VALUES(?, ?, 0, ?)",
	    error);
	harmony__call_int(&call, integration);
	harmony__call_int(&call, run->direction);
	harmony__call_int(&call, run->started);
	status = harmony__call_run(&call);
	if (status == HARMONY_OK)
		run->id = harmony__db_last_id(store->db);
	return status;
}

harmony_status harmony__store_run_put(void *self, const harmony_run *run, harmony_error *error)
{
	harmony__store *store = self;
	const harmony_counts *n = &run->records;
	harmony_status status = harmony__store_in(store, error);

	if (status != HARMONY_OK)
		return status;
	if (run->state != HARMONY_RUN_RUNNING &&
	    n->total != n->booked + n->skipped + n->rejected + n->waiting + n->in_doubt)
		return harmony_error_set(
		    error, HARMONY_INVALID, NULL,
		    "the counts of run %lld do not add up; this is a defect of the "
		    "library",
		    (long long)run->id);
	harmony__call call = harmony__call_of(store,
					      "UPDATE run SET state = ?, finished = ?, status = ?, "
					      "total = ?, booked = ?, skipped = ?,"
					      " rejected = ?, waiting = ?, in_doubt = ?, sales = "
					      "?, purchase = ?, files = ?, known = ?,"
					      " code = ?, file = ?, message = ? WHERE id = ?",
					      error);
	harmony__call_int(&call, run->state);
	harmony__call_int(&call, run->finished);
	harmony__call_int(&call, run->status);
	const uint64_t numbers[] = {n->total,   n->booked,   n->skipped, n->rejected,
				    n->waiting, n->in_doubt, run->sales, run->purchase,
				    run->files, run->known};
	for (size_t i = 0; i < HARMONY__COUNT(numbers); i++)
		harmony__call_int(&call, (int64_t)numbers[i]);
	harmony__call_str(&call, run->code);
	harmony__call_str(&call, run->file);
	harmony__call_str(&call, run->message);
	harmony__call_int(&call, run->id);
	return harmony__call_run(&call);
}

harmony_status harmony__store_run_count(harmony_counts *counts, void *self, int64_t run,
					harmony_error *error)
{
	bool row;
	uint64_t by_state[HARMONY_STATES] = {0};
	harmony__call call = harmony__call_of(
	    self, "SELECT state, count(*) FROM outcome WHERE run = ? GROUP BY state", error);

	harmony__call_int(&call, run);
	*counts = (harmony_counts){0};
	while (harmony__call_step(&call, &row) == HARMONY_OK && row) {
		int64_t state = harmony__column_int(call.stmt, 0);
		uint64_t number = (uint64_t)harmony__column_int(call.stmt, 1);
		counts->total += number;
		if (state >= 0 && state < HARMONY_STATES)
			by_state[state] = number;
	}
	counts->booked = by_state[HARMONY_STATE_BOOKED];
	counts->skipped = by_state[HARMONY_STATE_SKIPPED];
	counts->rejected = by_state[HARMONY_STATE_REJECTED];
	counts->waiting = by_state[HARMONY_STATE_WAITING];
	counts->in_doubt = by_state[HARMONY_STATE_IN_DOUBT];
	return call.status;
}

#define RUN_COLUMNS                                                                                \
	"SELECT r.id, r.direction, r.state, r.started, r.finished, r.status, r.total, r.booked,"   \
	" r.skipped, r.rejected, r.waiting, r.in_doubt, r.sales, r.purchase, r.files, r.known,"    \
	" i.name, r.code, r.file, r.message FROM run r JOIN integration i ON i.id = "              \
	"r.integration "

static void text_column(char *to, size_t size, harmony__stmt *stmt, int column)
{
	size_t len;
	const char *text = harmony__column_text(stmt, column, &len);
	(void)harmony__copy_text(to, size, text, len);
}

static void read_run(harmony_run *run, harmony__stmt *stmt)
{
	*run = (harmony_run)HARMONY_RUN_INIT;
	int64_t *const numbers[] = {&run->id, NULL, NULL, &run->started, &run->finished};
	for (size_t i = 0; i < HARMONY__COUNT(numbers); i++)
		if (numbers[i] != NULL)
			*numbers[i] = harmony__column_int(stmt, (int)i);
	run->direction = (int)harmony__column_int(stmt, 1);
	run->state = (int)harmony__column_int(stmt, 2);
	run->status = (harmony_status)harmony__column_int(stmt, 5);
	uint64_t *const counts[] = {&run->records.total,   &run->records.booked,
				    &run->records.skipped, &run->records.rejected,
				    &run->records.waiting, &run->records.in_doubt,
				    &run->sales,           &run->purchase};
	for (size_t i = 0; i < HARMONY__COUNT(counts); i++)
		*counts[i] = (uint64_t)harmony__column_int(stmt, 6 + (int)i);
	run->files = (uint32_t)harmony__column_int(stmt, 14);
	run->known = (uint32_t)harmony__column_int(stmt, 15);
	text_column(run->integration, sizeof(run->integration), stmt, 16);
	text_column(run->code, sizeof(run->code), stmt, 17);
	text_column(run->file, sizeof(run->file), stmt, 18);
	text_column(run->message, sizeof(run->message), stmt, 19);
}

harmony_status harmony__store_run_list(void *self, int64_t integration, int64_t before,
				       size_t limit, harmony_run_fn fn, void *user,
				       harmony_error *error)
{
	bool row;
	harmony_run run;
	harmony__call call = harmony__call_of(
	    self,
	    integration != 0 ? RUN_COLUMNS
		"WHERE r.integration = ? AND r.id < ? ORDER BY r.id DESC LIMIT ?"
			     : RUN_COLUMNS "WHERE r.id < ? ORDER BY r.id DESC LIMIT ?",
	    error);

	if (integration != 0)
		harmony__call_int(&call, integration);
	harmony__call_int(&call, before > 0 ? before : INT64_MAX);
	harmony__call_int(&call, limit > 0 && limit < INT64_MAX ? (int64_t)limit : -1);
	while (harmony__call_step(&call, &row) == HARMONY_OK && row) {
		read_run(&run, call.stmt);
		harmony_status status = fn(&run, user);
		if (status != HARMONY_OK) {
			harmony__call_end(&call);
			return status;
		}
	}
	return call.status;
}

harmony_status harmony__store_run_get(harmony_run *out, void *self, int64_t id,
				      harmony_error *error)
{
	bool row;
	harmony__call call = harmony__call_of(self, RUN_COLUMNS "WHERE r.id = ?", error);

	harmony__call_int(&call, id);
	if (harmony__call_step(&call, &row) != HARMONY_OK)
		return call.status;
	if (!row)
		return harmony_error_set(error, HARMONY_NOTFOUND, NULL,
					 "there is no run %lld; history lists the runs",
					 (long long)id);
	read_run(out, call.stmt);
	harmony__call_end(&call);
	return HARMONY_OK;
}

harmony_status harmony__store_run_last(harmony_run *out, void *self, int64_t integration,
				       int direction, int succeeded, harmony_error *error)
{
	bool row;
	harmony__call call = harmony__call_of(
	    self,
	    succeeded ? RUN_COLUMNS "WHERE r.integration = ? AND r.direction = ? AND r.state = 1"
				    " ORDER BY r.id DESC LIMIT 1"
		      : RUN_COLUMNS "WHERE r.integration = ? AND r.direction = ?"
				    " ORDER BY r.id DESC LIMIT 1",
	    error);

	harmony__call_int(&call, integration);
	harmony__call_int(&call, direction);
	if (harmony__call_step(&call, &row) != HARMONY_OK)
		return call.status;
	if (!row)
		return HARMONY_NOTFOUND;
	read_run(out, call.stmt);
	harmony__call_end(&call);
	return HARMONY_OK;
}
