/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/base.h"
#include "tests/support/sweep.h"
#include "wire/gzip.h"

static sweep blocks;
static harmony_context *context;
static harmony__buf plain, packed; /* some rows, and two members that hold them */
static size_t first_member;

static int start(void **state)
{
	context = sweep_context(&blocks);
	harmony__buf_init(&plain, context, 1 << 20);
	harmony__buf_init(&packed, context, 1 << 20);
	for (int i = 0; i < 100; i++)
		harmony__buf_printf(&plain, "0,I,F,70,1,2024,%d,Factuur %d\r\n", i * 7919, i);
	assert_int_equal(harmony__gzip_deflate(&packed, plain.data, 1000, NULL), HARMONY_OK);
	first_member = packed.len;
	assert_int_equal(harmony__gzip_deflate(&packed, plain.data + 1000, plain.len - 1000, NULL),
	                 HARMONY_OK);
	return 0;
}

static int stop(void **state)
{
	harmony__buf_free(&plain);
	harmony__buf_free(&packed);
	harmony_context_free(context);
	assert_int_equal(blocks.live, 0);
	return 0;
}

static harmony_status inflate_whole(harmony__buf *out, const void *data, size_t len)
{
	harmony_error error = HARMONY_ERROR_INIT;
	harmony_status status;

	harmony__buf_clear(out);
	status = harmony__gzip_inflate(out, data, len, &error);
	assert_int_equal(error.status, status);
	return status;
}

static void test_round_trip(void **state)
{
	static const size_t sizes[] = {0, 1, 2, 65535, 65536, 65537, 131072, 1000000};
	harmony__buf in, out, again;

	harmony__buf_init(&in, context, 1 << 21);
	harmony__buf_init(&out, context, 1 << 21);
	harmony__buf_init(&again, context, 1 << 21);
	for (size_t i = 0; i < HARMONY__COUNT(sizes); i++) {
		harmony__buf_clear(&in);
		harmony__buf_clear(&out);
		harmony__buf_clear(&again);
		for (size_t j = 0; j < sizes[i]; j++) /* hardly compressible */
			harmony__buf_char(&in, (char)harmony__hash64(&j, sizeof(j), i));
		assert_int_equal(harmony__gzip_deflate(&out, in.data, in.len, NULL), HARMONY_OK);
		assert_int_equal(harmony__gzip_deflate(&again, in.data, in.len, NULL), HARMONY_OK);
		assert_int_equal(out.len, again.len); /* the same bytes each time */
		assert_memory_equal(out.data, again.data, out.len);
		assert_true(harmony__gzip_is(out.data, out.len));
		assert_int_equal(inflate_whole(&again, out.data, out.len), HARMONY_OK);
		assert_int_equal(again.len, sizes[i]);
		if (sizes[i])
			assert_memory_equal(again.data, in.data, sizes[i]);
	}
	harmony__buf_free(&in);
	harmony__buf_free(&out);
	harmony__buf_free(&again);
}

static void test_magic(void **state)
{
	assert_false(harmony__gzip_is("", 0));
	assert_false(harmony__gzip_is("\x1f", 1));
	assert_true(harmony__gzip_is("\x1f\x8b", 2));
	assert_false(harmony__gzip_is("\x1f\x8c\x08", 3));
}

/* In two pieces, into an output of any size. */
static void stream(harmony__buf *out, size_t cut, size_t room)
{
	const size_t ends[2] = {cut, packed.len};
	harmony__gunzip *gunzip;
	const void *data = packed.data;
	char to[4096];

	harmony__buf_clear(out);
	assert_int_equal(harmony__gunzip_new(&gunzip, context, NULL), HARMONY_OK);
	for (size_t i = 0; i < 2; i++) {
		size_t left = ends[i] - (size_t)((const char *)data - packed.data), size = room;

		while (left > 0 || size == room) {
			size = room;
			assert_int_equal(harmony__gunzip_step(gunzip, &data, &left, to, &size, NULL),
			                 HARMONY_OK);
			assert_true(size <= room);
			harmony__buf_add(out, to, size);
		}
		assert_int_equal(harmony__gunzip_whole(gunzip),
		                 ends[i] == packed.len || ends[i] == first_member);
	}
	harmony__gunzip_free(gunzip);
}

static void test_every_split(void **state)
{
	static const size_t rooms[] = {1, 7, 4096};
	harmony__buf out;

	harmony__buf_init(&out, context, 1 << 20);
	for (size_t i = 0; i < HARMONY__COUNT(rooms); i++)
		for (size_t cut = 0; cut <= packed.len; cut += i == 2 ? 1 : 13) {
			stream(&out, cut, rooms[i]);
			assert_int_equal(out.len, plain.len);
			assert_memory_equal(out.data, plain.data, plain.len);
		}
	harmony__buf_free(&out);
}

static void test_every_truncation(void **state)
{
	harmony__buf out;

	harmony__buf_init(&out, context, 1 << 20);
	for (size_t len = 0; len < packed.len; len++) {
		harmony_status status = inflate_whole(&out, packed.data, len);

		assert_int_equal(status, len == first_member ? HARMONY_OK : HARMONY_FORMAT);
		assert_memory_equal(out.data ? out.data : "", plain.data, out.len);
	}
	harmony__buf_free(&out);
}

/* A flipped bit is seen, or it stood where nothing is said of the content. */
static void test_every_damage(void **state)
{
	harmony__buf out;

	harmony__buf_init(&out, context, 1 << 20);
	for (size_t bit = 0; bit < packed.len * 8; bit++) {
		packed.data[bit / 8] ^= (char)(1 << bit % 8);
		if (inflate_whole(&out, packed.data, packed.len) == HARMONY_OK) {
			assert_int_equal(out.len, plain.len);
			assert_memory_equal(out.data, plain.data, plain.len);
		}
		packed.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	harmony__buf_free(&out);
}

static void test_rubbish_behind(void **state)
{
	harmony__buf out;

	harmony__buf_init(&out, context, 1 << 20);
	harmony__buf_str(&packed, "rubbish");
	assert_int_equal(inflate_whole(&out, packed.data, packed.len), HARMONY_FORMAT);
	packed.len -= 7;
	harmony__buf_free(&out);
}

/* An allocator that knows the most that it ever gave out at once. */
typedef struct meter {
	size_t now, most;
} meter;

static void *metered(void *ptr, size_t size, void *user)
{
	meter *m = user;
	size_t *block = ptr ? (size_t *)ptr - 2 : NULL;

	m->now += size - (block ? *block : 0);
	if (m->now > m->most)
		m->most = m->now;
	if (size == 0) {
		free(block);
		return NULL;
	}
	block = realloc(block, size + 2 * sizeof(*block));
	assert_non_null(block);
	*block = size;
	return block + 2;
}

static void test_bomb(void **state)
{
	meter m = {0, 0};
	const harmony_allocator allocator = {sizeof(allocator), metered, &m};
	harmony_context_options options = HARMONY_CONTEXT_OPTIONS_INIT;
	harmony_context *bounded;
	harmony__buf bomb, out;
	char *zeros = calloc(1, 64 << 20);

	assert_non_null(zeros);
	options.allocator = &allocator;
	assert_int_equal(harmony_context_new(&bounded, &options, NULL), HARMONY_OK);
	harmony__buf_init(&bomb, context, 1 << 20);
	harmony__buf_init(&out, bounded, 100000);
	assert_int_equal(harmony__gzip_deflate(&bomb, zeros, 64 << 20, NULL), HARMONY_OK);
	assert_int_equal(inflate_whole(&out, bomb.data, bomb.len), HARMONY_LIMIT);
	assert_true(out.len <= 100000);
	assert_true(m.most < 600000);
	harmony__buf_free(&out);
	assert_int_equal(harmony__gzip_deflate(&out, zeros, 64 << 20, NULL), HARMONY_OK);
	harmony__buf_free(&out);
	harmony__buf_free(&bomb);
	harmony_context_free(bounded);
	assert_int_equal(m.now, 0);
	free(zeros);
}

static harmony_status both_ways(harmony_context *with, harmony_error *error, void *user)
{
	harmony__buf there, back;
	harmony_status status;

	harmony__buf_init(&there, with, 1 << 20);
	harmony__buf_init(&back, with, 1 << 20);
	status = harmony__gzip_deflate(&there, plain.data, plain.len, error);
	if (status == HARMONY_OK)
		status = harmony__gzip_inflate(&back, there.data, there.len, error);
	harmony__buf_free(&there);
	harmony__buf_free(&back);
	return status;
}

static void test_sweep(void **state)
{
	assert_true(sweep_run(both_ways, NULL) > 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),       cmocka_unit_test(test_magic),
		cmocka_unit_test(test_every_split),      cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_every_damage),     cmocka_unit_test(test_rubbish_behind),
		cmocka_unit_test(test_bomb),             cmocka_unit_test(test_sweep),
	};

	return cmocka_run_group_tests_name("gzip", tests, start, stop);
}
