/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "wire/sqlite.h"

static const char *const steps[] = {
    "CREATE TABLE a(x INTEGER PRIMARY KEY, t TEXT NOT NULL UNIQUE)",
    "CREATE TABLE b(a INTEGER NOT NULL REFERENCES a)",
};
static const harmony__db_options first = {HARMONY__DB_CREATE | HARMONY__DB_SECRET, 77, "the test",
                                          steps, 1, 0};
static const harmony__db_options second = {HARMONY__DB_SECRET, 77, "the test", steps, 2, 0};

typedef struct world {
	char folder[32], path[64];
	harmony_context *context;
	harmony_error error;
} world;

static int setup(void **state)
{
	world *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return -1;
	strcpy(w->folder, "sqlite-test-XXXXXX");
	if (mkdtemp(w->folder) == NULL)
		return -1;
	snprintf(w->path, sizeof(w->path), "%s/t.db", w->folder);
	harmony_error_clear(&w->error);
	*state = w;
	return harmony_context_new(&w->context, NULL, NULL);
}

static int teardown(void **state)
{
	world *w = *state;

	unlink(w->path);
	rmdir(w->folder);
	harmony_context_free(w->context);
	free(w);
	return 0;
}

static harmony__db *opened(world *w, const harmony__db_options *options)
{
	harmony__db *db = NULL;

	harmony_error_clear(&w->error);
	if (harmony__db_open(&db, w->context, w->path, options, &w->error) != HARMONY_OK)
		fail_msg("%s", w->error.message);
	return db;
}

static harmony_status insert(world *w, harmony__db *db, const char *text)
{
	harmony__stmt *stmt;

	harmony_error_clear(&w->error);
	assert_int_equal(harmony__db_prepare(&stmt, db, "INSERT INTO a(t) VALUES(?1)", &w->error),
	                 HARMONY_OK);
	harmony__bind_str(stmt, 1, text);
	return harmony__db_run(stmt, &w->error);
}

static int64_t rows(harmony__db *db)
{
	static const char sql[] = "SELECT count(*), t FROM a";
	harmony__stmt *stmt;
	bool row;
	int64_t count;

	assert_int_equal(harmony__db_prepare(&stmt, db, sql, NULL), HARMONY_OK);
	assert_int_equal(harmony__db_step(stmt, &row, NULL), HARMONY_OK);
	assert_true(row);
	count = harmony__column_int(stmt, 0);
	harmony__db_reset(stmt);
	return count;
}

static void steps_go_on_where_they_ended(void **state)
{
	world *w = *state;
	harmony__db *db = opened(w, &first);

	assert_int_equal(insert(w, db, "one"), HARMONY_OK);
	assert_int_equal(harmony__db_last_id(db), 1);
	harmony__db_close(db);
	db = opened(w, &second);
	assert_int_equal(rows(db), 1);
	assert_int_equal(harmony__db_exec(db, "INSERT INTO b VALUES(1)", &w->error), HARMONY_OK);
	assert_int_equal(harmony__db_exec(db, "INSERT INTO b VALUES(9)", &w->error),
	                 HARMONY_INVALID); /* foreign keys are on */
	assert_int_equal(harmony__db_check(db, true, NULL), HARMONY_OK);
	harmony__db_close(db);
	db = NULL;
	harmony_error_clear(&w->error);
	assert_int_equal(harmony__db_open(&db, w->context, w->path, &first, &w->error),
	                 HARMONY_VERSION);
	assert_null(db);
}

static void others_may_not_read_secrets(void **state)
{
	world *w = *state;
	harmony__db *db = opened(w, &first);
	struct stat info;

	assert_int_equal(stat(w->path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	harmony__db_close(db);
	assert_int_equal(chmod(w->path, 0640), 0);
	assert_int_equal(harmony__db_open(&db, w->context, w->path, &first, &w->error),
	                 HARMONY_CONFIG);
	assert_non_null(strstr(w->error.message, "chmod 600 "));
	assert_int_equal(chmod(w->path, 0600), 0);
	harmony__db_close(opened(w, &first));
}

static void says_what_is_not_there(void **state)
{
	world *w = *state;
	harmony__db *db = NULL;

	assert_int_equal(harmony__db_open(&db, w->context, w->path, &second, &w->error),
	                 HARMONY_NOTFOUND);
	assert_int_equal(w->error.status, HARMONY_NOTFOUND);
	assert_int_equal(harmony__db_open(&db, w->context, "", &second, NULL), HARMONY_INVALID);
	assert_null(db);
}

static void each_failure_has_its_status(void **state)
{
	world *w = *state;
	harmony__db *db = opened(w, &first), *other = opened(w, &first);

	assert_int_equal(insert(w, db, "one"), HARMONY_OK);
	assert_int_equal(insert(w, db, "one"), HARMONY_EXISTS);
	assert_string_equal(w->error.file, w->path);
	assert_int_equal(insert(w, db, NULL), HARMONY_INVALID);
	assert_int_equal(harmony__db_begin(db, NULL), HARMONY_OK);
	assert_int_equal(harmony__db_begin(other, &w->error), HARMONY_BUSY);
	assert_int_equal(insert(w, db, "two"), HARMONY_OK);
	assert_int_equal(rows(other), 1);
	harmony__db_rollback(db);
	assert_false(harmony__db_in_transaction(db));
	assert_int_equal(rows(db), 1);
	assert_int_equal(harmony__db_begin(other, NULL), HARMONY_OK);
	assert_int_equal(insert(w, other, "three"), HARMONY_OK);
	assert_int_equal(harmony__db_commit(other, NULL), HARMONY_OK);
	assert_int_equal(rows(db), 2);
	harmony_error_clear(&w->error);
	assert_int_equal(harmony__db_exec(db, "SELECT y FROM nowhere", &w->error), HARMONY_CORRUPT);
	harmony__db_close(other);
	harmony__db_close(db);
}

/* A bind that fails is told by step, and the statement works afterwards. */
static void a_failed_bind_sticks_until_step(void **state)
{
	static const char sql[] = "SELECT ?1";
	world *w = *state;
	harmony__db *db = opened(w, &first);
	harmony__stmt *stmt;
	bool row;
	size_t len;

	assert_int_equal(harmony__db_prepare(&stmt, db, sql, NULL), HARMONY_OK);
	harmony__bind_int(stmt, 2, 1); /* there is no second */
	harmony__bind_int(stmt, 1, 1);
	assert_int_not_equal(harmony__db_step(stmt, &row, &w->error), HARMONY_OK);
	assert_false(row);
	harmony__bind_blob(stmt, 1, "a\0b", 3);
	assert_int_equal(harmony__db_step(stmt, &row, NULL), HARMONY_OK);
	assert_true(row);
	assert_memory_equal(harmony__column_blob(stmt, 0, &len), "a\0b", 3);
	assert_int_equal(len, 3);
	harmony__db_reset(stmt);
	harmony__bind_null(stmt, 1);
	assert_int_equal(harmony__db_step(stmt, &row, NULL), HARMONY_OK);
	assert_true(harmony__column_is_null(stmt, 0));
	assert_string_equal(harmony__column_text(stmt, 0, NULL), "");
	harmony__db_close(db); /* with a statement in the middle of its rows */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(steps_go_on_where_they_ended), TEST(others_may_not_read_secrets),
	    TEST(says_what_is_not_there),       TEST(each_failure_has_its_status),
	    TEST(a_failed_bind_sticks_until_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
