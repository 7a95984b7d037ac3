/* SPDX-License-Identifier: MIT */
#include <iconv.h>

#include "base/base.h"
#include "tests/support/sweep.h"

static sweep blocks;

static int start(void **state)
{
	*state = sweep_context(&blocks);
	return 0;
}

static int stop(void **state)
{
	harmony_context_free(*state);
	assert_int_equal(blocks.live, 0);
	return 0;
}

/* What iconv makes of one byte; 0 when the page does not have it. */
static size_t by_iconv(char *to, iconv_t converter, unsigned byte)
{
	char from = (char)byte, *in = &from, *out = to;
	size_t in_left = 1, out_left = 8;

	iconv(converter, NULL, NULL, NULL, NULL);
	return iconv(converter, &in, &in_left, &out, &out_left) == (size_t)-1 ? 0 : 8 - out_left;
}

static void check_page(harmony_context *context, int encoding, const char *name)
{
	iconv_t converter = iconv_open("UTF-8", name);
	harmony__buf out, back;

	assert_true(converter != (iconv_t)-1);
	harmony__buf_init(&out, context, 64);
	harmony__buf_init(&back, context, 64);
	for (unsigned byte = 0; byte < 256; byte++) {
		char expected[8], text[3] = {'a', (char)byte, 'b'};
		size_t len = by_iconv(expected, converter, byte), bad = 99;
		harmony_status status;

		harmony__buf_clear(&out);
		harmony__buf_clear(&back);
		status = harmony__decode(&out, encoding, text, 3, &bad);
		if (len == 0) {
			assert_int_equal(status, HARMONY_FORMAT);
			assert_int_equal(bad, 1);
			continue;
		}
		assert_int_equal(status, HARMONY_OK);
		assert_int_equal(out.len, len + 2);
		assert_memory_equal(out.data + 1, expected, len);
		assert_true(out.data[0] == 'a' && out.data[out.len - 1] == 'b');
		assert_int_equal(harmony__encode(&back, encoding, out.data, out.len), HARMONY_OK);
		assert_int_equal(back.len, 3);
		assert_memory_equal(back.data, text, 3);
	}
	harmony__buf_free(&out);
	harmony__buf_free(&back);
	iconv_close(converter);
}

static void test_pages(void **state)
{
	check_page(*state, HARMONY__CP850, "CP850");
	check_page(*state, HARMONY__WINDOWS_1252, "CP1252");
}

static void encodes(void **state, int encoding, const char *text, const char *expected)
{
	harmony__buf out;

	harmony__buf_init(&out, *state, 256);
	assert_int_equal(harmony__encode(&out, encoding, text, strlen(text)), HARMONY_OK);
	assert_string_equal(out.data, expected);
	harmony__buf_free(&out);
}

static void test_transliteration(void **state)
{
	encodes(state, HARMONY__CP850, "\u20ac 5,00", "EUR 5,00");
	encodes(state, HARMONY__CP850, "\u2018x\u2019 \u201cy\u201d \u2013 z\u2026", "'x' \"y\" - z...");
	encodes(state, HARMONY__CP850, "\u0152uvre", "OEuvre");
	encodes(state, HARMONY__WINDOWS_1252, "D\u0151k \u0141\u00f3d\u017a", "Dok L\xf3" "dz");
	encodes(state, HARMONY__WINDOWS_1252, "\u0133sje", "ijsje");
	encodes(state, HARMONY__WINDOWS_1252, "\u20ac \u0160", "\x80 \x8a");
	encodes(state, HARMONY__WINDOWS_1252, "e\u0301", "e"); /* a combining accent */
	encodes(state, HARMONY__WINDOWS_1252, "\u65e5\U0001f600", "??");
	encodes(state, HARMONY__WINDOWS_1252, "\xc2\x81", "?"); /* not through the page's holes */
	encodes(state, HARMONY__UTF_8, "\u65e5", "\u65e5");
	encodes(state, HARMONY__CP850, "a\xff" "b\xc3", "a?b?"); /* no UTF-8 */
}

/* Every character there is comes out as something, in ASCII or of the page. */
static void test_every_character(void **state)
{
	harmony__buf out;

	harmony__buf_init(&out, *state, 64);
	for (uint32_t code = 0x80; code < 0x10000; code++) {
		char text[3];
		size_t len = code < 0x800 ? 2 : 3;

		if (code >= 0xd800 && code < 0xe000)
			continue;
		if (len == 2)
			text[0] = (char)(0xc0 | code >> 6);
		else
			text[0] = (char)(0xe0 | code >> 12);
		text[1] = (char)(0x80 | (len == 2 ? code & 0x3f : code >> 6 & 0x3f));
		text[2] = (char)(0x80 | (code & 0x3f));
		harmony__buf_clear(&out);
		assert_int_equal(harmony__encode(&out, HARMONY__CP850, text, len), HARMONY_OK);
		assert_true(out.len <= 4);
		if (out.len != 1)
			assert_true(harmony__is_ascii(out.data ? out.data : "", out.len));
	}
	harmony__buf_free(&out);
}

static void test_bad_utf8(void **state)
{
	static const struct {
		const char *text;
		size_t bad;
	} cases[] = {{"\xff", 0},        {"a\xc3", 1},          {"\u00e9\xff", 2},
	             {"12345678\x80", 8}, {"\u20ac\u20ac\xe2\x82", 6}, {"\xed\xa0\x80", 0}};

	for (size_t i = 0; i < HARMONY__COUNT(cases); i++) {
		harmony__buf out;
		size_t bad = 99;

		harmony__buf_init(&out, *state, 64);
		assert_int_equal(harmony__decode(&out, HARMONY__UTF_8, cases[i].text,
		                                 strlen(cases[i].text), &bad),
		                 HARMONY_FORMAT);
		assert_int_equal(bad, cases[i].bad);
		harmony__buf_free(&out);
	}
}

static void guesses(const char *text, int expected)
{
	int guess = harmony__guess_encoding(text, strlen(text));

	if (guess != expected)
		fail_msg("guessed %d, not %d", guess, expected);
}

static void test_guess(void **state)
{
	guesses("", 0);
	guesses("plain", 0);
	guesses("Caf\u00e9", HARMONY__UTF_8);
	guesses("\u20ac", HARMONY__UTF_8);
	guesses("Caf\x82", HARMONY__CP850);
	guesses("co\x94rdinatie", HARMONY__CP850);
	guesses("re\x89le", HARMONY__CP850);
	guesses("M\x81ller", HARMONY__CP850);
	guesses("\x99sterreich", HARMONY__CP850);
	guesses("Caf\xe9", HARMONY__WINDOWS_1252);
	guesses("co\xf6rdinatie", HARMONY__WINDOWS_1252);
	guesses("M\xfcller", HARMONY__WINDOWS_1252);
	guesses("foto\x92s van \x93" "de zaak\x94", HARMONY__WINDOWS_1252);
	guesses("bedrag \x80 12,00 \x96 korting", HARMONY__WINDOWS_1252);
	guesses("\x80 12,00 caf\xe9", HARMONY__WINDOWS_1252);
	guesses("Stra\xe1" "e M\x81nchen", HARMONY__CP850);
	guesses("Caf\u00e9 \xff", HARMONY__WINDOWS_1252); /* not wholly UTF-8 is no UTF-8 */
}

/* The window that is looked at may end inside a character. */
static void test_guess_cut(void **state)
{
	static const char text[] = "caf\u00e9 en 10 \u20ac";

	for (size_t len = 5; len < sizeof(text); len++)
		assert_int_equal(harmony__guess_encoding(text, len), HARMONY__UTF_8);
	guesses("caf\xe9", HARMONY__WINDOWS_1252); /* and is no excuse when nothing else speaks */
}

static harmony_status convert(harmony_context *context, harmony_error *error, void *user)
{
	harmony__buf out;
	harmony_status status;
	size_t bad;

	harmony__buf_init(&out, context, 4096);
	for (int i = 0; i < 40; i++)
		harmony__decode(&out, HARMONY__CP850, "caf\x82 \x82\x81", 7, &bad);
	status = harmony__buf_check(&out, "the text", error);
	harmony__buf_free(&out);
	return status;
}

static void test_sweep(void **state)
{
	assert_true(sweep_run(convert, NULL) > 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages),      cmocka_unit_test(test_transliteration),
		cmocka_unit_test(test_bad_utf8),   cmocka_unit_test(test_every_character),
		cmocka_unit_test(test_guess),      cmocka_unit_test(test_guess_cut),
		cmocka_unit_test(test_sweep),
	};

	return cmocka_run_group_tests_name("charset", tests, start, stop);
}
