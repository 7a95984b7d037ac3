/* SPDX-License-Identifier: MIT */
#include "base/base.h"
#include "tests/support/sweep.h"

/* Every sequence of up to three bytes, and the edges of four, against the definition. */
static bool defined(const unsigned char *p, size_t len)
{
	size_t at = 0;

	while (at < len) {
		unsigned char c = p[at];
		size_t more = c < 0x80 ? 0 : c >= 0xc2 && c < 0xe0 ? 1 : (c & 0xf0) == 0xe0 ? 2 : 3;
		uint32_t code = more == 0 ? c : more == 1 ? c & 0x1f : c & (more == 2 ? 0x0f : 0x07);

		if ((c >= 0x80 && c < 0xc2) || c > 0xf4 || at + more >= len)
			return false;
		for (size_t i = 1; i <= more; i++) {
			if (p[at + i] < 0x80 || p[at + i] > 0xbf)
				return false;
			code = code << 6 | (p[at + i] & 0x3f);
		}
		if ((more == 2 && code < 0x800) || (more == 3 && code < 0x10000) || code > 0x10ffff ||
		    (code >= 0xd800 && code < 0xe000))
			return false;
		at += more + 1;
	}
	return true;
}

static void test_utf8(void **state)
{
	unsigned char bytes[4];

	for (uint32_t word = 0; word < 0x1000000; word++) {
		bytes[0] = (unsigned char)(word >> 16);
		bytes[1] = (unsigned char)(word >> 8);
		bytes[2] = (unsigned char)word;
		if (bytes[0] < 0xc0 && (word & 0xff) > 4)
			continue; /* nothing new behind ASCII and strays */
		if (harmony__is_utf8((const char *)bytes, 3) != defined(bytes, 3))
			fail_msg("%06x", word);
	}
	for (uint32_t word = 0; word < 0x10000; word++) {
		memcpy(bytes, (unsigned char[]){0xf0, 0x80, 0x80, 0x80}, 4);
		bytes[0] = (unsigned char)(0xf0 + (word >> 13));
		bytes[1] = (unsigned char)(word >> 5);
		bytes[3] = (unsigned char)(0x70 + (word & 0x1f));
		if (harmony__is_utf8((const char *)bytes, 4) != defined(bytes, 4))
			fail_msg("four bytes %04x", word);
	}
	assert_true(harmony__is_utf8("", 0));
	assert_true(harmony__is_utf8("\0", 1));
}

static void test_ascii(void **state)
{
	char text[40];

	memset(text, 'a', sizeof(text));
	for (size_t len = 0; len <= sizeof(text); len++)
		for (size_t at = 0; at < sizeof(text); at++) {
			text[at] = (char)0x80;
			assert_int_equal(harmony__is_ascii(text, len), at >= len);
			text[at] = 'a';
		}
}

static void test_lengths(void **state)
{
	static const char text[] = "a\u00e9\u20ac\U0001f600b";

	assert_int_equal(harmony__utf8_length(text, sizeof(text) - 1), 5);
	assert_int_equal(harmony__utf8_cut(text, sizeof(text) - 1, 0), 0);
	assert_int_equal(harmony__utf8_cut(text, sizeof(text) - 1, 1), 1);
	assert_int_equal(harmony__utf8_cut(text, sizeof(text) - 1, 2), 3);
	assert_int_equal(harmony__utf8_cut(text, sizeof(text) - 1, 4), 10);
	assert_int_equal(harmony__utf8_cut(text, sizeof(text) - 1, 99), sizeof(text) - 1);
	assert_int_equal(harmony__utf8_prefix(text, 5), 3);
}

static void test_copy(void **state)
{
	static const char text[] = "\u20ac\u20ac\U0001f600x";

	for (size_t size = 0; size < 16; size++) {
		char to[16];
		size_t len = harmony__copy_text(to, size, text, sizeof(text) - 1);

		assert_true(size == 0 ? len == 0 : len < size);
		if (size > 0) {
			assert_int_equal(strlen(to), len);
			assert_true(harmony__is_utf8(to, len));
			assert_true(len + 4 >= size || len == sizeof(text) - 1);
		}
	}
}

static void tidies(const char *text, const char *expected)
{
	char copy[64];

	harmony__copy_text(copy, sizeof(copy), text, strlen(text));
	harmony__tidy(copy);
	assert_string_equal(copy, expected);
}

static void test_tidy(void **state)
{
	tidies("plain \u20ac", "plain \u20ac");
	tidies("a\r\n\tb\x1b[2Jc\x7f", "a   b [2Jc ");
	tidies("caf\x82s", "caf?s");
	tidies("cut \xe2\x82", "cut ");
	tidies("\xed\xa0\x80", "???");
}

static void test_nocase(void **state)
{
	assert_true(harmony__equal_nocase("ABCz", "abcZ"));
	assert_false(harmony__equal_nocase("abc", "abcd"));
	assert_false(harmony__equal_nocase("[", "{"));
	assert_true(harmony__equal_nocase("", ""));
}

/* Whatever the arguments are, a message is one line of whole UTF-8 that fits. */
static void test_error(void **state)
{
	char large[2000];
	harmony_error error = HARMONY_ERROR_INIT;

	for (size_t shift = 0; shift < 3; shift++) {
		memset(large, 'x', shift);
		for (size_t i = shift; i + 3 < sizeof(large); i += 3)
			memcpy(large + i, "\u20ac", 4);
		harmony_error_clear(&error);
		assert_int_equal(harmony_error_set(&error, HARMONY_IO, NULL, "%s", large), HARMONY_IO);
		assert_true(harmony__is_utf8(error.message, strlen(error.message)));
		assert_true(strlen(error.message) >= sizeof(error.message) - 4);
	}
	assert_string_equal(error.code, "io");
	assert_int_equal(harmony_error_set(&error, HARMONY_LIMIT, "x", "later"), HARMONY_LIMIT);
	assert_int_equal(error.status, HARMONY_IO); /* the first cause wins */
	assert_int_equal(harmony_error_set(NULL, HARMONY_LIMIT, NULL, "nobody listens"), HARMONY_LIMIT);
	harmony_error_clear(&error);
	harmony_error_clear(NULL);
	assert_int_equal(error.status, HARMONY_OK);
	harmony__error_place(&error, "f.csv", 3, 4, "date");
	harmony__error_vendor(&error, "Ongeldige datum");
	harmony_error_set(&error, HARMONY_REJECTED, "invalid_date", "a\nb");
	assert_string_equal(error.code, "invalid_date");
	assert_string_equal(error.message, "a b");
	assert_true(error.line == 3 && error.column == 4);
	assert_string_equal(error.field, "date");
	assert_string_equal(error.vendor, "Ongeldige datum");
}

/* Nothing of a later error, its place and the package's words neither, comes beside the first. */
static void test_first_cause(void **state)
{
	harmony_error error = HARMONY_ERROR_INIT, other = HARMONY_ERROR_INIT, before;

	harmony_error_set(&other, HARMONY_RETRY, NULL, "later");
	harmony_error_set(&error, HARMONY_USER, "mine", "the first");
	memcpy(&before, &error, sizeof(before));
	harmony__error_place(&error, "f.csv", 3, 4, "date");
	harmony__error_vendor(&error, "Ongeldige datum");
	harmony__error_give(&error, &other);
	harmony__error_place(NULL, "f.csv", 3, 4, "date");
	harmony__error_vendor(NULL, "Ongeldige datum");
	harmony__error_give(NULL, &other);
	harmony__nomem(&error);
	assert_memory_equal(&error, &before, sizeof(before));
	harmony_error_clear(&error);
	harmony__error_give(&error, &other);
	assert_memory_equal(&error, &other, sizeof(other));
}

/* An older caller's struct is shorter, a newer one's longer: what it said stays, and nothing
   behind it is touched. */
static void test_error_sizes(void **state)
{
	struct {
		harmony_error error;
		char behind[16];
	} at;
	const size_t sizes[] = {offsetof(harmony_error, message), sizeof(at.error), sizeof(at)};

	for (size_t i = 0; i < 3; i++) {
		size_t size = sizes[i] < sizeof(at.error) ? sizes[i] : sizeof(at.error);
		const harmony_error empty = HARMONY_ERROR_INIT;

		memset(&at, 0x5a, sizeof(at));
		memcpy(&at, &empty, size);
		at.error.struct_size = sizes[i];
		harmony__error_place(&at.error, "f.csv", 3, 4, "date");
		harmony__error_vendor(&at.error, "Ongeldige datum");
		harmony_error_set(&at.error, HARMONY_IO, NULL, "said");
		assert_string_equal(at.error.code, "io");
		assert_string_equal(at.error.file, "f.csv");
		harmony_error_clear(&at.error);
		assert_int_equal(at.error.status, HARMONY_OK);
		assert_string_equal(at.error.code, "");
		assert_int_equal(at.error.struct_size, sizes[i]);
		for (size_t j = size; j < sizeof(at); j++)
			assert_int_equal(((unsigned char *)&at)[j], 0x5a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8),   cmocka_unit_test(test_ascii), cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_copy),   cmocka_unit_test(test_tidy),  cmocka_unit_test(test_nocase),
		cmocka_unit_test(test_error),  cmocka_unit_test(test_first_cause),
		cmocka_unit_test(test_error_sizes),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
