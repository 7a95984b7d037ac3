/* SPDX-License-Identifier: MIT */
#include "base/base.h"
#include "tests/support/sweep.h"

static void hash_of(char hex[65], const void *data, size_t len, size_t step)
{
	harmony__sha256 hash;
	uint8_t sum[32];
	const char *at = data;

	harmony__sha256_init(&hash);
	for (; len > step; len -= step, at += step)
		harmony__sha256_add(&hash, at, step);
	harmony__sha256_add(&hash, at, len);
	harmony__sha256_end(&hash, sum);
	harmony__hex(hex, sum, sizeof(sum));
}

/* The vectors of FIPS 180-4's examples. */
static void test_vectors(void **state)
{
	static const struct {
		const char *text, *sum;
	} vectors[] = {
		{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
		{"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnop"
	         "qrlmnopqrsmnopqrstnopqrstu",
	         "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
	};
	char hex[65];

	for (size_t i = 0; i < HARMONY__COUNT(vectors); i++) {
		for (size_t step = 1; step < 130; step++) {
			hash_of(hex, vectors[i].text, strlen(vectors[i].text), step);
			assert_string_equal(hex, vectors[i].sum);
		}
	}
}

static void test_million(void **state)
{
	static char text[1000000];
	char hex[65];

	memset(text, 'a', sizeof(text));
	hash_of(hex, text, sizeof(text), 977);
	assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* No two of many near texts meet, whatever the seed, and each length counts. */
static void test_hash64(void **state)
{
	enum { MANY = 2000 };
	static uint64_t seen[MANY];
	static const char zeros[64];

	for (uint32_t i = 0; i < MANY; i++) {
		seen[i] = harmony__hash64(&i, sizeof(i), 1);
		for (uint32_t j = 0; j < i; j++)
			assert_true(seen[i] != seen[j]);
	}
	for (size_t len = 1; len < sizeof(zeros); len++)
		assert_true(harmony__hash64(zeros, len, 0) != harmony__hash64(zeros, len - 1, 0));
	assert_true(harmony__hash64("x", 1, 0) != harmony__hash64("x", 1, 1));
	assert_true(harmony__hash64("x", 1, 5) == harmony__hash64("x", 1, 5));
	/* a seed and a text do not make up for each other */
	for (uint64_t a = 0; a < 64; a++)
		for (uint64_t b = 0; b < a; b++)
			for (unsigned c = 1; c < 64; c++) {
				const char one[2] = {'0', '0'}, other[2] = {(char)('0' ^ c), '0'};
				assert_true(harmony__hash64(one, 2, a) != harmony__hash64(other, 2, b));
			}
}

/* Made with another implementation; lengths on both sides of where the padding needs a block
   more (39 and 40 bytes behind the 16 of the name space). */
static void test_uuid(void **state)
{
	static const struct {
		size_t len;
		const char *uuid;
	} vectors[] = {{0, "1b4db7eb-4057-5ddf-91e0-36dec72071f5"},
	               {1, "4cd605e7-afa2-5360-b5b9-c5e9fb5c76f4"},
	               {39, "f4eaee1e-e483-528b-88bd-6b8932ab6e2b"},
	               {40, "f562c38a-a8fe-5cdd-b523-6f30cfb54847"},
	               {47, "b18474ae-5fc6-5d04-aa24-a5be94234955"},
	               {48, "8fa6ffa9-9280-5899-a2d8-b082ccdf6380"},
	               {200, "cd3580b9-d244-586a-8077-74317319b48d"}};
	char name[201], uuid[HARMONY__UUID_SIZE];

	for (size_t i = 0; i < HARMONY__COUNT(vectors); i++) {
		memset(name, 'x', sizeof(name));
		name[vectors[i].len] = '\0';
		harmony__uuid5_url(uuid, name);
		assert_string_equal(uuid, vectors[i].uuid);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors), cmocka_unit_test(test_uuid),
		cmocka_unit_test(test_million),
		cmocka_unit_test(test_hash64),
	};

	return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
