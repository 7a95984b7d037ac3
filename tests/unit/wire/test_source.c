/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <harmony/source.h>

#include "base/base.h"
#include "tests/support/sweep.h"
#include "wire/gzip.h"

static sweep blocks;
static harmony_context *context;
static char folder[64], path[128];
static harmony__buf plain, packed;

static int start(void **state)
{
	context = sweep_context(&blocks);
	strcpy(folder, "harmony-source-XXXXXX");
	assert_non_null(mkdtemp(folder));
	harmony__buf_init(&plain, context, 1 << 20);
	harmony__buf_init(&packed, context, 1 << 20);
	for (int i = 0; i < 6000; i++) /* a few reads long */
		harmony__buf_printf(&plain, "0,I,F,70,1,2024,%d,Factuur %d\r\n", i * 7919, i);
	assert_int_equal(harmony__gzip_deflate(&packed, plain.data, plain.len, NULL), HARMONY_OK);
	return 0;
}

static int stop(void **state)
{
	harmony__buf_free(&plain);
	harmony__buf_free(&packed);
	harmony_context_free(context);
	rmdir(folder);
	assert_int_equal(blocks.live, 0);
	return 0;
}

static const char *in(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void put(const char *name, const harmony__buf *content)
{
	assert_int_equal(harmony__file_replace(in(name), content->data, content->len, 0600, context,
	                                       NULL),
	                 HARMONY_OK);
}

/* Reads it to the end and frees it. */
static harmony_status drain(harmony__buf *out, harmony_source *source, harmony_error *error)
{
	harmony_status status;
	uint64_t done, total, before = 0;
	const void *data;
	size_t len;

	do {
		status = harmony_source_next(&data, &len, source, error);
		harmony_source_progress(source, &done, &total);
		assert_true(done >= before);
		before = done;
		if (status == HARMONY_OK)
			harmony__buf_add(out, data, len);
	} while (status == HARMONY_OK && len > 0);
	if (status == HARMONY_OK) {
		assert_true(total == 0 || done == total);
		/* The end stays the end. */
		assert_int_equal(harmony_source_next(&data, &len, source, error), HARMONY_OK);
		assert_int_equal(len, 0);
	}
	harmony_source_free(source);
	return status;
}

static void gives_plain(harmony_source *source)
{
	harmony_error error = HARMONY_ERROR_INIT;
	harmony__buf out;

	harmony__buf_init(&out, context, 1 << 20);
	if (drain(&out, source, &error) != HARMONY_OK)
		fail_msg("%s", error.message);
	assert_int_equal(out.len, plain.len);
	assert_memory_equal(out.data, plain.data, plain.len);
	harmony__buf_free(&out);
}

static void test_file(void **state)
{
	harmony_source *source;
	uint64_t done, total;

	put("fmuta6.csv", &plain);
	assert_int_equal(harmony_source_open(&source, context, in("fmuta6.csv"), NULL), HARMONY_OK);
	harmony_source_progress(source, &done, &total);
	assert_true(done == 0 && total == plain.len);
	assert_string_equal(harmony_source_name(source), "fmuta6.csv");
	gives_plain(source);
	unlink(in("fmuta6.csv"));
}

static void test_gzip_file(void **state)
{
	harmony_source *source;
	harmony__buf out;
	uint64_t done, total;
	const void *data;
	size_t len;

	put("fmuta6.csv.gz", &packed);
	harmony__buf_init(&out, context, 1 << 20);
	assert_int_equal(harmony_source_open(&source, context, in("fmuta6.csv.gz"), NULL), HARMONY_OK);
	assert_int_equal(harmony_source_next(&data, &len, source, NULL), HARMONY_OK);
	assert_string_equal(harmony_source_name(source), "fmuta6.csv");
	harmony__buf_add(&out, data, len);
	harmony_source_progress(source, &done, &total);
	assert_true(total == packed.len && done <= total); /* compressed bytes */
	assert_int_equal(drain(&out, source, NULL), HARMONY_OK);
	assert_int_equal(out.len, plain.len);
	assert_memory_equal(out.data, plain.data, plain.len);
	harmony__buf_free(&out);
	unlink(in("fmuta6.csv.gz"));
}

/* What is not gzip keeps its name, whatever that says. */
static void test_only_named_gzip(void **state)
{
	harmony_source *source;

	assert_int_equal(harmony_source_from_memory(&source, context, "x.gz", plain.data, plain.len,
	                                            NULL),
	                 HARMONY_OK);
	assert_string_equal(harmony_source_name(source), "x.gz");
	gives_plain(source);
}

typedef struct pieces {
	const harmony__buf *from;
	size_t at, step, fail_at;
} pieces;

static size_t give(void *buffer, size_t size, void *user)
{
	pieces *p = user;
	size_t len = p->from->len - p->at < p->step ? p->from->len - p->at : p->step;

	if (p->fail_at && p->at >= p->fail_at)
		return (size_t)-1;
	assert_true(size > 0);
	if (len > size)
		len = size;
	memcpy(buffer, p->from->data + p->at, len);
	p->at += len;
	return len;
}

static void test_pieces(void **state)
{
	static const size_t steps[] = {1, 2, 3, 1000, 1 << 20};
	const harmony__buf *const from[] = {&plain, &packed};

	for (size_t i = 0; i < HARMONY__COUNT(steps); i++) {
		for (size_t j = 0; j < 2; j++) {
			pieces p = {from[j], 0, steps[i], 0};
			harmony_source *source;

			assert_int_equal(harmony_source_from(&source, context, "pieces", give, &p, NULL),
			                 HARMONY_OK);
			gives_plain(source);
		}
	}
}

static void test_failing_reader(void **state)
{
	static const size_t fail_at[] = {1, 100, 70000};
	harmony__buf out;

	harmony__buf_init(&out, context, 1 << 20);
	for (size_t i = 0; i < HARMONY__COUNT(fail_at); i++) {
		pieces p = {&plain, 0, 1, fail_at[i]};
		harmony_error error = HARMONY_ERROR_INIT;
		harmony_source *source;

		harmony__buf_clear(&out);
		assert_int_equal(harmony_source_from(&source, context, "the wire", give, &p, NULL),
		                 HARMONY_OK);
		assert_int_equal(drain(&out, source, &error), HARMONY_IO);
		assert_non_null(strstr(error.message, "the wire"));
	}
	harmony__buf_free(&out);
}

/* A gzip cut anywhere is never taken for a whole one. */
static void test_truncated(void **state)
{
	harmony__buf out;

	harmony__buf_init(&out, context, 1 << 20);
	for (size_t len = 2; len < packed.len; len += len < 40 ? 1 : 997) {
		harmony_error error = HARMONY_ERROR_INIT;
		harmony_source *source;

		harmony__buf_clear(&out);
		assert_int_equal(harmony_source_from_memory(&source, context, "cut.csv.gz", packed.data,
		                                            len, NULL),
		                 HARMONY_OK);
		assert_int_equal(drain(&out, source, &error), HARMONY_FORMAT);
		assert_string_equal(error.file, "cut.csv.gz");
	}
	harmony__buf_free(&out);
}

static void test_small(void **state)
{
	static const char *const texts[] = {"", "a", "\x1f", "ab"};

	for (size_t i = 0; i < HARMONY__COUNT(texts); i++) {
		harmony_source *source;
		harmony__buf out;

		harmony__buf_init(&out, context, 16);
		assert_int_equal(harmony_source_from_memory(&source, context, "small", texts[i],
		                                            strlen(texts[i]), NULL),
		                 HARMONY_OK);
		assert_int_equal(drain(&out, source, NULL), HARMONY_OK);
		assert_int_equal(out.len, strlen(texts[i]));
		harmony__buf_free(&out);
	}
}

static void test_open_errors(void **state)
{
	harmony_error error = HARMONY_ERROR_INIT;
	harmony_source *source;

	assert_int_equal(harmony_source_open(&source, context, in("absent.csv"), &error),
	                 HARMONY_NOTFOUND);
	assert_null(source);
	assert_non_null(strstr(error.message, "absent.csv"));
	harmony_error_clear(&error);
	assert_int_equal(harmony_source_open(&source, context, folder, &error), HARMONY_IO);
	assert_non_null(strstr(error.message, "folder"));
}

/* gzip through a pipe whose writer comes late and gives little at a time. */
static void test_pipe(void **state)
{
	harmony_source *source;
	pid_t child;

	assert_int_equal(mkfifo(in("pipe"), 0600), 0);
	child = fork();
	if (child == 0) {
		int fd = open(path, O_WRONLY);
		size_t at = 0;
		ssize_t put = 1;

		for (; put > 0 && at < packed.len; at += (size_t)put)
			put = write(fd, packed.data + at, at < 5 ? 1 : packed.len - at);
		_exit(at == packed.len ? 0 : 1);
	}
	assert_int_equal(harmony_source_open(&source, context, path, NULL), HARMONY_OK);
	gives_plain(source);
	assert_int_equal(waitpid(child, NULL, 0), child);
	unlink(in("pipe"));
}

static void test_standard_input(void **state)
{
	harmony_source *source;
	int saved = dup(STDIN_FILENO), fd;

	put("stdin", &packed);
	fd = open(path, O_RDONLY);
	assert_true(fd >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
	close(fd);
	assert_int_equal(harmony_source_open(&source, context, "-", NULL), HARMONY_OK);
	gives_plain(source);
	assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0); /* is not ours to close */
	if (saved >= 0) {
		dup2(saved, STDIN_FILENO);
		close(saved);
	}
	unlink(in("stdin"));
}

static harmony_status read_file(harmony_context *with, harmony_error *error, void *user)
{
	harmony_source *source;
	harmony_status status = harmony_source_open(&source, with, user, error);
	const void *data;
	size_t len = 1;

	while (status == HARMONY_OK && len > 0)
		status = harmony_source_next(&data, &len, source, error);
	harmony_source_free(source);
	return status;
}

static void test_sweep(void **state)
{
	put("swept.csv.gz", &packed);
	assert_true(sweep_run(read_file, path) >= 6);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),           cmocka_unit_test(test_gzip_file),
		cmocka_unit_test(test_only_named_gzip), cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_failing_reader), cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_small),          cmocka_unit_test(test_open_errors),
		cmocka_unit_test(test_pipe),           cmocka_unit_test(test_standard_input),
		cmocka_unit_test(test_sweep),
	};

	return cmocka_run_group_tests_name("source", tests, start, stop);
}
