/* SPDX-License-Identifier: MIT */
/* The meaning of docs/store.md, asked of the SQLite store. A second implementation passes the
   same tests: only open_store is its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <harmony/harmony.h>

#define TEN_YEARS INT64_C(315360000000)

typedef struct room {
	char folder[64], path[96], key[96];
	harmony_context *context;
	harmony_store *store;
	harmony_error error;
	int64_t id; /* of the integration */
	int64_t wall, monotonic;
} room;

static int64_t room_wall(void *user)
{
	return ((room *)user)->wall;
}

static int64_t room_monotonic(void *user)
{
	return ((room *)user)->monotonic;
}

static harmony_status try_open(room *r, bool key)
{
	harmony_store_options options = HARMONY_STORE_OPTIONS_INIT;
	options.path = r->path;
	options.key_file = key ? r->key : NULL;
	harmony_error_clear(&r->error);
	return harmony_store_open(&r->store, r->context, &options, &r->error);
}

static void open_store(room *r, bool key)
{
	if (try_open(r, key) != HARMONY_OK)
		fail_msg("%s", r->error.message);
}

static void reopen(room *r, bool key)
{
	harmony_store_close(r->store);
	open_store(r, key);
}

static void open_room(room *r)
{
	harmony_context_options options = HARMONY_CONTEXT_OPTIONS_INIT;
	const harmony_clock clock = {sizeof(clock), room_wall, room_monotonic, r};

	*r = (room){
	    .error = HARMONY_ERROR_INIT, .wall = INT64_C(1700000000000), .monotonic = 90000000};
	(void)snprintf(r->folder, sizeof(r->folder), "harmony-store-XXXXXX");
	assert_non_null(mkdtemp(r->folder));
	(void)snprintf(r->path, sizeof(r->path), "%s/harmony.db", r->folder);
	(void)snprintf(r->key, sizeof(r->key), "%s/key", r->folder);
	options.clock = &clock;
	assert_int_equal(harmony_context_new(&r->context, &options, NULL), HARMONY_OK);
	open_store(r, false);
	assert_int_equal(r->store->integration(&r->id, r->store->self, "bakery", &r->error),
			 HARMONY_OK);
}

static void close_room(room *r)
{
	char command[128];
	harmony_store_close(r->store);
	harmony_context_free(r->context);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", r->folder);
	assert_int_equal(system(command), 0);
}

#define CALL(room, function, ...)                                                                  \
	do {                                                                                       \
		if ((room)->store->function((room)->store->self, __VA_ARGS__, &(room)->error) !=   \
		    HARMONY_OK)                                                                    \
			fail_msg(#function ": %s", (room)->error.message);                         \
	} while (0)

static void begin(room *r)
{
	assert_int_equal(r->store->begin(r->store->self, &r->error), HARMONY_OK);
}

static void commit(room *r)
{
	if (r->store->commit(r->store->self, &r->error) != HARMONY_OK)
		fail_msg("%s", r->error.message);
}

static int64_t add_run(room *r)
{
	harmony_run run = HARMONY_RUN_INIT;
	run.direction = HARMONY_DIRECTION_EXPORT;
	run.started = r->wall;
	CALL(r, run_add, r->id, &run);
	return run.id;
}

static harmony_status try_add(room *r, int64_t *id, const char *key, int state, int owner)
{
	harmony_record_state row = {.struct_size = sizeof(row),
				    .integration = r->id,
				    .run = 1,
				    .kind = HARMONY_SALES_INVOICE,
				    .state = state,
				    .identifier = key,
				    .key = key,
				    .source_file = "fmuta6.csv",
				    .source_line = 3,
				    .owner = owner,
				    .json = "{}"};
	row.hash[0] = (uint8_t)key[0];
	return r->store->record_add(id, r->store->self, &row, "fmuta6.csv", &r->error);
}

static int64_t add_record(room *r, const char *key, int state)
{
	int64_t id = 0;
	if (try_add(r, &id, key, state, 1) != HARMONY_OK)
		fail_msg("%s", r->error.message);
	return id;
}

typedef struct found {
	unsigned count;
	int64_t ids[16];
	int state, now;
	int64_t retry_in;
	uint32_t attempts;
} found;

static harmony_status see(const harmony_record_state *record, void *user)
{
	found *out = user;
	if (out->count < 16)
		out->ids[out->count] = record->id;
	out->count++;
	out->state = record->state;
	out->now = record->now;
	out->retry_in = record->retry_in;
	out->attempts = record->attempts;
	return HARMONY_OK;
}

static found list(room *r, unsigned states, int due)
{
	found out = {0};
	harmony_record_query query = {
	    .struct_size = sizeof(query), .integration = r->id, .states = states, .due = due};
	CALL(r, record_list, &query, see, &out);
	return out;
}

static void change(room *r, int64_t id, int state, int64_t retry_in, int imposed)
{
	harmony_record_change to = HARMONY_RECORD_CHANGE_INIT;
	to.id = id;
	to.run = 1;
	to.state = state;
	to.retry_in = retry_in;
	to.imposed = imposed;
	to.event = to.outcome = 1;
	CALL(r, record_change, &to);
}

/* ---- tests ---- */

static void a_transaction_is_all_or_nothing(void **state)
{
	room r;
	(void)state;
	open_room(&r);
	int64_t id = 0;
	assert_int_equal(try_add(&r, &id, "a", HARMONY_STATE_NEW, 1), HARMONY_STATE);
	harmony_error_clear(&r.error);
	begin(&r);
	(void)add_run(&r);
	(void)add_record(&r, "a", HARMONY_STATE_NEW);
	r.store->rollback(r.store->self);
	reopen(&r, false);
	assert_int_equal(list(&r, HARMONY_STATES_ALL, HARMONY_DUE_ANY).count, 0);
	begin(&r);
	(void)add_run(&r);
	(void)add_record(&r, "a", HARMONY_STATE_NEW);
	commit(&r);
	reopen(&r, false);
	assert_int_equal(list(&r, HARMONY_STATES_ALL, HARMONY_DUE_ANY).count, 1);
	close_room(&r);
}

static void a_key_has_one_owner(void **state)
{
	room r;
	int64_t id;
	found out = {0};
	uint8_t hash[32] = {'k'};
	(void)state;
	open_room(&r);
	begin(&r);
	(void)add_run(&r);
	int64_t owner = add_record(&r, "k", HARMONY_STATE_NEW);
	assert_int_equal(try_add(&r, &id, "k", HARMONY_STATE_NEW, 1), HARMONY_EXISTS);
	harmony_error_clear(&r.error);
	assert_int_equal(try_add(&r, &id, "k", HARMONY_STATE_NEW, 0), HARMONY_OK);
	commit(&r);
	CALL(&r, record_find, r.id, "k", NULL, 1, see, &out);
	assert_int_equal(out.ids[0], owner);
	CALL(&r, record_find, r.id, "k", hash, 0, see, &out);
	assert_int_equal(out.ids[1], id);
	assert_int_equal(
	    r.store->record_find(r.store->self, r.id, "none", NULL, 1, see, &out, &r.error),
	    HARMONY_NOTFOUND);
	/* edited to another number, it is still found by the one that was received */
	harmony_record_state row = {.struct_size = sizeof(row),
				    .id = owner,
				    .run = 1,
				    .owner = 1,
				    .identifier = "n",
				    .key = "n",
				    .source_file = "f",
				    .json = "{}"};
	begin(&r);
	CALL(&r, record_revise, &row, "jan");
	commit(&r);
	out.count = 0;
	CALL(&r, record_find, r.id, "k", NULL, 1, see, &out);
	CALL(&r, record_find, r.id, "n", NULL, 1, see, &out);
	assert_int_equal(out.ids[0], owner);
	assert_int_equal(out.ids[1], owner);
	close_room(&r);
}

static void counts_that_do_not_add_up_are_refused(void **state)
{
	room r;
	(void)state;
	open_room(&r);
	begin(&r);
	harmony_run run = HARMONY_RUN_INIT;
	run.id = add_run(&r);
	run.state = HARMONY_RUN_SUCCEEDED;
	run.records.total = 3;
	run.records.booked = 2;
	assert_int_equal(r.store->run_put(r.store->self, &run, &r.error), HARMONY_INVALID);
	harmony_error_clear(&r.error);
	run.records.skipped = 1;
	CALL(&r, run_put, &run);
	commit(&r);
	close_room(&r);
}

static int64_t add_ended(room *r, int direction, int state)
{
	harmony_run run = HARMONY_RUN_INIT;
	run.direction = direction;
	run.started = r->wall++;
	begin(r);
	CALL(r, run_add, r->id, &run);
	run.state = state;
	run.finished = r->wall++;
	CALL(r, run_put, &run);
	commit(r);
	return run.id;
}

static int64_t last_run(room *r, int64_t integration, int direction, int succeeded)
{
	harmony_run run = HARMONY_RUN_INIT;
	harmony_status status = r->store->run_last(&run, r->store->self, integration, direction,
						   succeeded, &r->error);
	assert_true(status == HARMONY_NOTFOUND || run.direction == direction);
	assert_true(status == HARMONY_OK || status == HARMONY_NOTFOUND);
	return status == HARMONY_OK ? run.id : 0;
}

static void the_last_run_is_found(void **state)
{
	room r;
	(void)state;
	open_room(&r);
	assert_int_equal(last_run(&r, r.id, HARMONY_DIRECTION_IMPORT, 0), 0);
	int64_t export = add_ended(&r, HARMONY_DIRECTION_EXPORT, HARMONY_RUN_SUCCEEDED);
	int64_t failed = add_ended(&r, HARMONY_DIRECTION_EXPORT, HARMONY_RUN_FAILED);
	assert_int_equal(last_run(&r, r.id, HARMONY_DIRECTION_IMPORT, 0), 0);
	int64_t import = 0;
	for (unsigned i = 0; i < 300; i++)
		import = add_ended(&r, HARMONY_DIRECTION_IMPORT, HARMONY_RUN_SUCCEEDED);
	assert_int_equal(last_run(&r, r.id, HARMONY_DIRECTION_EXPORT, 0), failed);
	assert_int_equal(last_run(&r, r.id, HARMONY_DIRECTION_EXPORT, 1), export);
	assert_int_equal(last_run(&r, r.id, HARMONY_DIRECTION_IMPORT, 0), import);
	assert_int_equal(last_run(&r, r.id, HARMONY_DIRECTION_IMPORT, 1), import);
	assert_int_equal(last_run(&r, r.id + 1, HARMONY_DIRECTION_EXPORT, 0), 0);
	assert_int_equal(r.error.status, HARMONY_OK);
	close_room(&r);
}

static harmony_status see_run(const harmony_run *run, void *user)
{
	int64_t *ids = user;
	ids[++ids[0]] = run->id;
	return HARMONY_OK;
}

/* What is left of the runs, newest first; their number at 0. */
static void forget(room *r, int64_t before, int64_t ids[64])
{
	ids[0] = 0;
	CALL(r, run_forget, r->id, before);
	CALL(r, run_list, r->id, 0, 0, see_run, ids);
}

static void imports_of_long_ago_are_forgotten(void **state)
{
	const int64_t hour = 3600000, day = 24 * hour;
	int64_t ids[64], first, failed, good, last;
	room r;
	(void)state;
	open_room(&r);
	begin(&r);
	first = add_run(&r);
	(void)add_record(&r, "a", HARMONY_STATE_NEW);
	commit(&r);
	int64_t start = r.wall;
	for (unsigned i = 0; i < 48; i++, r.wall = start + i * hour)
		(void)add_ended(&r, HARMONY_DIRECTION_IMPORT, HARMONY_RUN_FAILED);
	good = add_ended(&r, HARMONY_DIRECTION_IMPORT, HARMONY_RUN_SUCCEEDED);
	failed = add_ended(&r, HARMONY_DIRECTION_IMPORT, HARMONY_RUN_FAILED);
	/* less than a day too old: not worth a write */
	forget(&r, start + day, ids);
	assert_int_equal(ids[0], 51);
	forget(&r, start + day + hour, ids);
	assert_int_equal(ids[0], 51 - 25);
	assert_int_equal(ids[ids[0]], first);
	/* the last good one stays, and so does what a crash left */
	r.wall += 3 * day;
	begin(&r);
	harmony_run running = HARMONY_RUN_INIT;
	running.direction = HARMONY_DIRECTION_IMPORT;
	running.started = start;
	CALL(&r, run_add, r.id, &running);
	commit(&r);
	last = add_ended(&r, HARMONY_DIRECTION_IMPORT, HARMONY_RUN_FAILED);
	forget(&r, start + 4 * day, ids);
	assert_int_equal(ids[0], 4);
	assert_int_equal(ids[1], last);
	assert_int_equal(ids[2], running.id);
	assert_int_equal(ids[3], good);
	assert_int_equal(ids[4], first);
	assert_true(failed > good);
	/* what refers to a run is looked after again */
	begin(&r);
	harmony_record_state orphan = {.struct_size = sizeof(orphan),
				       .integration = r.id,
				       .run = failed,
				       .kind = HARMONY_SALES_INVOICE,
				       .identifier = "b",
				       .key = "b",
				       .source_file = "fmuta6.csv",
				       .owner = 1,
				       .json = "{}"};
	int64_t id = 0;
	assert_int_equal(r.store->record_add(&id, r.store->self, &orphan, "f", &r.error),
			 HARMONY_INVALID);
	r.store->rollback(r.store->self);
	close_room(&r);
}

static void waits_survive_clocks_and_boots(void **state)
{
	room r;
	(void)state;
	open_room(&r);
	begin(&r);
	(void)add_run(&r);
	int64_t ours = add_record(&r, "a", HARMONY_STATE_NEW);
	int64_t imposed = add_record(&r, "b", HARMONY_STATE_NEW);
	change(&r, ours, HARMONY_STATE_WAITING, 60000, 0);
	change(&r, imposed, HARMONY_STATE_WAITING, 60000, 1);
	commit(&r);
	const unsigned waiting = HARMONY_STATE_BIT(HARMONY_STATE_WAITING);
	const int64_t jumps[] = {0, TEN_YEARS, -TEN_YEARS};
	for (size_t i = 0; i < 3; i++) {
		r.wall = INT64_C(1700000000000) + jumps[i];
		reopen(&r, false);
		assert_int_equal(list(&r, waiting, HARMONY_DUE_ONLY).count, 0);
		assert_int_equal(list(&r, waiting, HARMONY_DUE_OURS).count, 1);
		assert_int_equal(list(&r, waiting, HARMONY_DUE_IMPOSED).count, 1);
		assert_int_equal(list(&r, waiting, HARMONY_DUE_ANY).retry_in, 60000);
	}
	/* another start of the machine, its clock ten years back: waits once more, no longer */
	r.monotonic = 1000;
	r.wall -= TEN_YEARS;
	reopen(&r, false);
	assert_int_equal(list(&r, waiting, HARMONY_DUE_ONLY).count, 0);
	r.monotonic += 60000;
	assert_int_equal(list(&r, waiting, HARMONY_DUE_ONLY).count, 2);
	/* and one with its clock right: what is left of the wait */
	begin(&r);
	change(&r, ours, HARMONY_STATE_WAITING, 60000, 0);
	commit(&r);
	r.monotonic = 10;
	r.wall += 50000;
	reopen(&r, false);
	r.monotonic += 10001;
	assert_int_equal(list(&r, waiting, HARMONY_DUE_ONLY).count, 2);
	close_room(&r);
}

static void refusals_are_counted_within_their_window(void **state)
{
	room r;
	uint32_t count;
	int64_t relief;
	const int64_t hour = 3600000;
	(void)state;
	open_room(&r);
	for (int i = 0; i < 3; i++) {
		begin(&r);
		CALL(&r, refusal_add, r.id, "sales_invoice");
		commit(&r);
		r.monotonic += 60000;
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(r.store->refusal_count(&count, &relief, r.store->self, r.id,
							"sales_invoice", hour, &r.error),
				 HARMONY_OK);
		assert_int_equal(count, 3);
		assert_int_equal(relief, hour - 180000);
		r.wall += TEN_YEARS;
		reopen(&r, false);
	}
	assert_int_equal(r.store->refusal_count(&count, &relief, r.store->self, r.id, "customer",
						hour, &r.error),
			 HARMONY_OK);
	assert_int_equal(count, 0);
	r.monotonic += hour - 60001;
	assert_int_equal(r.store->refusal_count(&count, &relief, r.store->self, r.id,
						"sales_invoice", hour, &r.error),
			 HARMONY_OK);
	assert_int_equal(count, 1);
	close_room(&r);
}

static void the_outcome_of_a_run_stays(void **state)
{
	room r;
	found out = {0};
	harmony_counts counts;
	(void)state;
	open_room(&r);
	begin(&r);
	(void)add_run(&r);
	int64_t id = add_record(&r, "a", HARMONY_STATE_NEW);
	change(&r, id, HARMONY_STATE_REJECTED, 0, 0);
	assert_int_equal(r.store->run_count(&counts, r.store->self, 1, &r.error), HARMONY_OK);
	assert_int_equal(counts.rejected, 1);
	assert_int_equal(counts.total, 1);
	(void)add_run(&r);
	harmony_record_change to = HARMONY_RECORD_CHANGE_INIT;
	to.id = id;
	to.run = 2;
	to.state = HARMONY_STATE_OFFERED;
	CALL(&r, record_change, &to);
	to.state = HARMONY_STATE_BOOKED;
	to.remote_id = "R1";
	to.outcome = to.event = to.applied = 1;
	CALL(&r, record_change, &to);
	commit(&r);
	harmony_record_query query = {
	    .struct_size = sizeof(query), .run = 1, .states = HARMONY_STATES_ALL};
	CALL(&r, record_list, &query, see, &out);
	assert_int_equal(out.count, 1);
	assert_int_equal(out.state, HARMONY_STATE_REJECTED);
	assert_int_equal(out.now, HARMONY_STATE_BOOKED);
	assert_int_equal(out.attempts, 1);
	uint64_t tally[HARMONY_STATES];
	assert_int_equal(r.store->record_tally(tally, r.store->self, r.id, &r.error), HARMONY_OK);
	assert_int_equal(tally[HARMONY_STATE_BOOKED], 1);
	close_room(&r);
}

static harmony_status count_bytes(const void *data, size_t len, void *user)
{
	(void)data;
	*(size_t *)user += len;
	return HARMONY_OK;
}

static void the_same_bytes_are_kept_once(void **state)
{
	room r;
	static char data[100000];
	int64_t known;
	(void)state;
	open_room(&r);
	begin(&r);
	(void)add_run(&r);
	for (int i = 0; i < 3; i++) {
		harmony_intake file = {.struct_size = sizeof(file),
				       .integration = r.id,
				       .run = 1,
				       .name = "a.csv",
				       .path = "a.csv",
				       .size = sizeof(data)};
		file.hash[0] = 7;
		CALL(&r, file_begin, &file);
		CALL(&r, file_write, &file, data, 60000);
		CALL(&r, file_write, &file, data + 60000, sizeof(data) - 60000);
		assert_int_equal(r.store->file_end(&known, r.store->self, &file, &r.error),
				 HARMONY_OK);
		assert_int_equal(known, i == 0 ? 0 : 1);
	}
	commit(&r);
	for (int i = 1; i <= 3; i++) {
		size_t bytes = 0;
		CALL(&r, file_read, i, count_bytes, &bytes);
		assert_int_equal(bytes, sizeof(data));
	}
	size_t bytes = 0;
	assert_int_equal(r.store->file_read(r.store->self, 4, count_bytes, &bytes, &r.error),
			 HARMONY_NOTFOUND);
	close_room(&r);
}

static harmony_status load(room *r, const char *name, int generation, char buffer[64])
{
	size_t len = 63;
	harmony_status status =
	    r->store->secret_load(buffer, &len, r->store->self, r->id, name, generation, &r->error);
	buffer[status == HARMONY_OK ? len : 0] = '\0';
	return status;
}

static void secrets_have_two_generations(void **state)
{
	room r;
	char text[64];
	(void)state;
	open_room(&r);
	assert_int_equal(load(&r, "token", 0, text), HARMONY_NOTFOUND);
	CALL(&r, secret_save, r.id, "token", "first", 5);
	CALL(&r, secret_save, r.id, "token", "second", 6);
	assert_int_equal(load(&r, "token", 0, text), HARMONY_OK);
	assert_string_equal(text, "second");
	assert_int_equal(load(&r, "token", 1, text), HARMONY_OK);
	assert_string_equal(text, "first");
	size_t len = 3;
	assert_int_equal(
	    r.store->secret_load(text, &len, r.store->self, r.id, "token", 0, &r.error),
	    HARMONY_LIMIT);
	assert_null(strstr(r.error.message, "second"));
	close_room(&r);
}

static bool folder_holds(const room *r, const char *text)
{
	char command[256];
	(void)snprintf(command, sizeof(command), "cat '%s'/harmony.db* | grep -qaF '%s'", r->folder,
		       text);
	return system(command) == 0;
}

static void a_key_seals_what_was_in_clear(void **state)
{
	room r;
	char text[64];
	(void)state;
	if (!harmony_has("sodium"))
		skip();
	open_room(&r);
	CALL(&r, secret_save, r.id, "token", "planted-secret", 14);
	assert_true(folder_holds(&r, "planted-secret"));
	assert_int_equal(harmony_store_key_new(r.context, r.key, &r.error), HARMONY_OK);
	assert_int_equal(harmony_store_key_new(r.context, r.key, &r.error), HARMONY_EXISTS);
	reopen(&r, true);
	assert_int_equal(load(&r, "token", 0, text), HARMONY_OK);
	assert_string_equal(text, "planted-secret");
	assert_false(folder_holds(&r, "planted-secret"));
	assert_int_equal(harmony_store_rekey(r.store, NULL), HARMONY_OK);
	assert_int_equal(load(&r, "token", 0, text), HARMONY_OK);
	assert_string_equal(text, "planted-secret");
	reopen(&r, true);
	assert_int_equal(load(&r, "token", 0, text), HARMONY_OK);
	/* without the key, or with another */
	reopen(&r, false);
	harmony_error_clear(&r.error);
	assert_int_equal(load(&r, "token", 0, text), HARMONY_CONFIG);
	assert_non_null(strstr(r.error.message, "key_file"));
	assert_int_equal(remove(r.key), 0);
	assert_int_equal(harmony_store_key_new(r.context, r.key, NULL), HARMONY_OK);
	harmony_store_close(r.store);
	r.store = NULL;
	assert_int_equal(try_open(&r, true), HARMONY_CONFIG);
	close_room(&r);
}

static void two_handles_share_a_new_key(void **state)
{
	room r, other;
	char text[64];
	(void)state;
	if (!harmony_has("sodium"))
		skip();
	open_room(&r);
	assert_int_equal(harmony_store_key_new(r.context, r.key, NULL), HARMONY_OK);
	reopen(&r, true);
	other = r;
	open_store(&other, true);
	CALL(&r, secret_save, r.id, "token", "value", 5);
	assert_int_equal(harmony_store_rekey(r.store, NULL), HARMONY_OK);
	assert_int_equal(load(&other, "token", 0, text), HARMONY_OK);
	assert_string_equal(text, "value");
	harmony_store_close(other.store);
	close_room(&r);
}

static void memos_are_kept(void **state)
{
	room r;
	char buffer[32];
	size_t len = sizeof(buffer);
	(void)state;
	open_room(&r);
	assert_int_equal(r.store->memo_load(buffer, &len, r.store->self, r.id, "limits", &r.error),
			 HARMONY_NOTFOUND);
	CALL(&r, memo_save, r.id, "limits", "59", 2);
	reopen(&r, false);
	len = sizeof(buffer);
	assert_int_equal(r.store->memo_load(buffer, &len, r.store->self, r.id, "limits", &r.error),
			 HARMONY_OK);
	assert_int_equal(len, 2);
	assert_memory_equal(buffer, "59", 2);
	close_room(&r);
}

static void a_lock_has_one_holder(void **state)
{
	room r, other;
	void *lock = NULL, *second = NULL;
	(void)state;
	open_room(&r);
	other = r;
	open_store(&other, false);
	assert_int_equal(r.store->lock(&lock, r.store->self, r.id, "run", 0, &r.error), HARMONY_OK);
	assert_int_equal(
	    other.store->lock(&second, other.store->self, r.id, "run", 20, &other.error),
	    HARMONY_BUSY);
	assert_int_equal(other.store->lock(&second, other.store->self, r.id, "to/ken", 0, NULL),
			 HARMONY_OK);
	other.store->unlock(other.store->self, second);
	r.store->unlock(r.store->self, lock);
	assert_int_equal(other.store->lock(&second, other.store->self, r.id, "run", 0, NULL),
			 HARMONY_OK);
	other.store->unlock(other.store->self, second);
	harmony_store_close(other.store);
	close_room(&r);
}

static void files_of_others_are_refused(void **state)
{
	room r;
	struct stat info;
	(void)state;
	open_room(&r);
	assert_int_equal(stat(r.path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	harmony_store_close(r.store);
	r.store = NULL;
	assert_int_equal(chmod(r.path, 0640), 0);
	assert_int_equal(try_open(&r, false), HARMONY_CONFIG);
	assert_non_null(strstr(r.error.message, "chmod 600 '"));
	assert_int_equal(chmod(r.path, 0600), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(r.path, 12345, (gid_t)-1), 0);
		assert_int_equal(try_open(&r, false), HARMONY_CONFIG);
		assert_non_null(strstr(r.error.message, "chown"));
		assert_int_equal(chown(r.path, 0, (gid_t)-1), 0);
	}
	open_store(&r, false);
	close_room(&r);
}

static void other_files_are_left_alone(void **state)
{
	room r;
	(void)state;
	open_room(&r);
	harmony_store_close(r.store);
	r.store = NULL;
	FILE *out = fopen(r.path, "we");
	for (int i = 0; i < 5000; i++)
		fputs("not a database\n", out);
	fclose(out);
	harmony_status status = try_open(&r, false);
	assert_true(status == HARMONY_CORRUPT || status == HARMONY_FORMAT);
	FILE *in = fopen(r.path, "re");
	char line[32] = "";
	assert_non_null(fgets(line, sizeof(line), in));
	assert_string_equal(line, "not a database\n");
	fseek(in, 0, SEEK_END);
	assert_int_equal(ftell(in), 75000);
	fclose(in);
	close_room(&r);
}

/* Each function that a store lacks is named, all at once; an older struct may end early. */
static void a_store_of_ones_own_is_checked(void **state)
{
	harmony_error error = HARMONY_ERROR_INIT;
	harmony_store store;
	room r;
	(void)state;
	open_room(&r);
	assert_int_equal(harmony_store_check(r.store, &error), HARMONY_OK);
	store = *r.store;
	store.struct_size = offsetof(harmony_store, run_last);
	store.run_last = NULL;
	store.run_forget = NULL;
	assert_int_equal(harmony_store_check(&store, &error), HARMONY_OK);
#define REFUSED(wrong, word)                                                                       \
	store = *r.store;                                                                          \
	wrong;                                                                                     \
	harmony_error_clear(&error);                                                               \
	assert_int_equal(harmony_store_check(&store, &error), HARMONY_INVALID);                    \
	if (strstr(error.message, word) == NULL)                                                   \
		fail_msg("'%s' does not name %s", error.message, word);
	REFUSED(store.struct_size = 0, "struct_size")
	REFUSED(store.abi = 77, "ABI 77")
	REFUSED(store.close = NULL, "close")
	REFUSED(store.rekey = NULL, "rekey")
	REFUSED(store.begin = NULL; store.memo_save = NULL, "begin, memo_save")
	memset(&store, 0, sizeof(store));
	store.struct_size = sizeof(store);
	store.abi = HARMONY_STORE_ABI;
	harmony_error_clear(&error);
	assert_int_equal(harmony_store_check(&store, &error), HARMONY_INVALID);
	assert_non_null(strstr(error.message, "close, begin"));
	assert_non_null(strstr(error.message, "rekey; give")); /* the list is not cut */
#undef REFUSED
	assert_int_equal(harmony_store_check(NULL, NULL), HARMONY_INVALID);
	close_room(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_transaction_is_all_or_nothing),
	    cmocka_unit_test(a_key_has_one_owner),
	    cmocka_unit_test(counts_that_do_not_add_up_are_refused),
	    cmocka_unit_test(the_last_run_is_found),
	    cmocka_unit_test(imports_of_long_ago_are_forgotten),
	    cmocka_unit_test(waits_survive_clocks_and_boots),
	    cmocka_unit_test(refusals_are_counted_within_their_window),
	    cmocka_unit_test(the_outcome_of_a_run_stays),
	    cmocka_unit_test(the_same_bytes_are_kept_once),
	    cmocka_unit_test(secrets_have_two_generations),
	    cmocka_unit_test(a_key_seals_what_was_in_clear),
	    cmocka_unit_test(two_handles_share_a_new_key),
	    cmocka_unit_test(memos_are_kept),
	    cmocka_unit_test(a_lock_has_one_holder),
	    cmocka_unit_test(files_of_others_are_refused),
	    cmocka_unit_test(other_files_are_left_alone),
	    cmocka_unit_test(a_store_of_ones_own_is_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
