/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "host.h"
#include "net/oauth2.h"

/* Runs below tests/simulators/scripted.py, whose token endpoint rotates. */

#define DAY (INT64_C(24) * 3600 * 1000)

static fake f;
static harmony_host host;
static harmony__http *http;

static bool too_early(int status, const char *error, const char *description)
{
	return status == 400 && strstr(description, "not expired");
}

static harmony__oauth2 *make(const char *mode, int style)
{
	char url[256];
	harmony__oauth2_options options = {
		.authorize_url = "https://x.example/auth", .token_url = url, .client_id = "id",
		.client_secret = "s:cret", .redirect_uri = "https://x.example/cb", .style = style,
		.lifetime = 600000, .minimum_age = 570000, .refresh_lifetime = 30 * DAY,
		.keep_alive = 7 * DAY, .plain_slashes = true, .too_early = too_early};
	harmony__oauth2 *oauth;
	harmony_error error = HARMONY_ERROR_INIT;

	snprintf(url, sizeof(url), "%s/token/%s", getenv("HARMONY_TEST_URL"), mode);
	if (harmony__oauth2_new(&oauth, http, &host, NULL, &options, &error) != HARMONY_OK)
		fail_msg("%s", error.message);
	return oauth;
}

static int setup(void **state)
{
	fake_make(&f, &host);
	return harmony__http_new(&http, &host, NULL, NULL);
}

static int teardown(void **state)
{
	harmony__http_free(http);
	harmony_context_free(host.context);
	return 0;
}

static void login(harmony__oauth2 *oauth)
{
	harmony_error error = HARMONY_ERROR_INIT;

	if (harmony__oauth2_code(oauth, "https://x.example/cb?state=s&code=co%2Fde%2B1#x", &error) !=
	    HARMONY_OK)
		fail_msg("%s", error.message);
}

static const char *token(harmony__oauth2 *oauth)
{
	const char *access;
	harmony_error error = HARMONY_ERROR_INIT;

	if (harmony__oauth2_token(&access, oauth, &error) != HARMONY_OK)
		fail_msg("%s", error.message);
	return access;
}

static void test_address(void **state)
{
	harmony__oauth2 *oauth = make("rotate", HARMONY__OAUTH2_BODY);
	char url[512];

	assert_int_equal(harmony__oauth2_url(oauth, url, sizeof(url), "st/1", NULL), HARMONY_OK);
	assert_string_equal(url, "https://x.example/auth?client_id=id&redirect_uri=https://x.example/cb"
	                         "&response_type=code&state=st%2F1");
	assert_int_equal(harmony__oauth2_url(oauth, url, 20, "s", NULL), HARMONY_LIMIT);
	harmony__oauth2_free(oauth);
}

static void test_no_login(void **state)
{
	harmony__oauth2 *oauth = make("rotate", HARMONY__OAUTH2_BODY);
	harmony_error error = HARMONY_ERROR_INIT;
	const char *access;

	assert_int_equal(harmony__oauth2_token(&access, oauth, &error), HARMONY_AUTH);
	assert_non_null(strstr(error.message, "harmony login"));
	harmony__oauth2_free(oauth);
}

/* Every new pair is saved before it is used, and renewed when it is due, not before. */
static void test_rotation(void **state)
{
	harmony__oauth2 *oauth = make("rotate", HARMONY__OAUTH2_BODY);
	char first[64];

	login(oauth);
	snprintf(first, sizeof(first), "%s", token(oauth));
	fake_pass(&f, 569000);
	assert_string_equal(token(oauth), first);
	fake_pass(&f, 1000);
	assert_string_not_equal(token(oauth), first);
	assert_non_null(strstr(fake_cell(&f, "oauth2", false)->data, token(oauth)));
	for (int i = 0; i < 50; i++) {
		fake_pass(&f, 600000);
		token(oauth);
	}
	harmony__oauth2_free(oauth);
}

/* Two processes with one chain: the second takes over what the first saved. */
static void test_second_look(void **state)
{
	harmony__oauth2 *one = make("rotate", HARMONY__OAUTH2_BODY);
	harmony__oauth2 *other = make("rotate", HARMONY__OAUTH2_BODY);

	login(one);
	for (int i = 0; i < 200; i++) {
		harmony__oauth2 *first = i % 2 ? one : other, *second = i % 2 ? other : one;
		char access[64];
		fake_pass(&f, 580000);
		snprintf(access, sizeof(access), "%s", token(first));
		assert_string_equal(token(second), access);
	}
	harmony__oauth2_free(one);
	harmony__oauth2_free(other);
}

static void test_styles_and_answers(void **state)
{
	static const struct {
		const char *mode;
		int style;
	} cases[] = {{"basic", HARMONY__OAUTH2_BASIC},
	             {"rotate", HARMONY__OAUTH2_JSON},
	             {"number", HARMONY__OAUTH2_BODY},
	             {"static", HARMONY__OAUTH2_BODY}};

	for (size_t i = 0; i < HARMONY__COUNT(cases); i++) {
		harmony__oauth2 *oauth = make("rotate", HARMONY__OAUTH2_BODY);
		login(oauth);
		harmony__oauth2_free(oauth);
		oauth = make(cases[i].mode, cases[i].style);
		fake_pass(&f, 600000);
		token(oauth);
		fake_pass(&f, 600000);
		token(oauth);
		harmony__oauth2_free(oauth);
	}
}

static void test_endpoint_down(void **state)
{
	static const char *const modes[] = {"fail", "empty", "lose"};

	for (size_t i = 0; i < HARMONY__COUNT(modes); i++) {
		harmony__oauth2 *oauth = make("rotate", HARMONY__OAUTH2_BODY);
		harmony_error error = HARMONY_ERROR_INIT;
		const char *access;
		login(oauth);
		harmony__oauth2_free(oauth);
		oauth = make(modes[i], HARMONY__OAUTH2_BODY);
		fake_pass(&f, 600000);
		assert_int_equal(harmony__oauth2_token(&access, oauth, &error), HARMONY_RETRY);
		assert_string_equal(error.code, "network");
		harmony__oauth2_free(oauth);
		/* Nobody threw the old pair away: where it still counts, the chain goes on. */
		oauth = make("rotate", HARMONY__OAUTH2_BODY);
		harmony_error_clear(&error);
		if (strcmp(modes[i], "lose") != 0)
			token(oauth);
		else /* the package rotated and its answer was lost: a person is needed, and told why */
			assert_int_equal(harmony__oauth2_token(&access, oauth, &error), HARMONY_AUTH);
		if (strcmp(modes[i], "lose") == 0)
			assert_non_null(strstr(error.message, "interrupted"));
		harmony__oauth2_free(oauth);
	}
}

static void assert_state(harmony__oauth2 *oauth, const char *state)
{
	harmony__buf out;

	harmony__buf_init(&out, host.context, 1024);
	assert_int_equal(harmony__oauth2_report(oauth, &out), HARMONY_OK);
	assert_non_null(strstr(out.data, state));
	harmony__buf_free(&out);
}

static int asked; /* requests */

static void count_request(int status, void *user)
{
	asked++;
}

static void assert_ended(harmony__oauth2 *oauth, int requests)
{
	harmony_error error = HARMONY_ERROR_INIT;
	const char *access;

	asked = 0;
	assert_int_equal(harmony__oauth2_token(&access, oauth, &error), HARMONY_AUTH);
	assert_int_equal(asked, requests);
	assert_non_null(strstr(error.message, "harmony login"));
	assert_null(strstr(error.message, "interrupted"));
	assert_state(oauth, "\"state\":\"refused\"");
}

/* A login that the package ended: nothing was interrupted, and it is not asked again and again. */
static void test_login_ended(void **state)
{
	harmony__oauth2 *oauth = make("rotate", HARMONY__OAUTH2_BODY);
	static cell ended;

	login(oauth);
	ended = *fake_cell(&f, "oauth2", false);
	login(oauth); /* ends the one before */
	harmony__oauth2_free(oauth);
	*fake_cell(&f, "oauth2", false) = ended;
	oauth = make("rotate", HARMONY__OAUTH2_BODY);
	assert_state(oauth, "\"state\":\"valid\"");
	fake_pass(&f, 600000);
	host.request = count_request;
	assert_ended(oauth, 1);
	assert_ended(oauth, 0);
	harmony__oauth2_free(oauth); /* another process knows it, too */
	oauth = make("rotate", HARMONY__OAUTH2_BODY);
	assert_ended(oauth, 0);
	fake_pass(&f, 3600000); /* a package can be wrong */
	assert_ended(oauth, 1);
	f.wall -= 2 * DAY; /* a clock that was set back keeps nobody from trying */
	assert_ended(oauth, 1);
	login(oauth);
	assert_state(oauth, "\"state\":\"valid\"");
	harmony__oauth2_free(oauth);
}

/* "Too early" is no failure: the token at hand goes on. */
static void test_too_early(void **state)
{
	harmony__oauth2 *oauth = make("rotate", HARMONY__OAUTH2_BODY);
	char first[64];

	login(oauth);
	snprintf(first, sizeof(first), "%s", token(oauth));
	harmony__oauth2_free(oauth);
	oauth = make("early", HARMONY__OAUTH2_BODY);
	fake_pass(&f, 575000);
	assert_string_equal(token(oauth), first);
	assert_non_null(strstr(fake_cell(&f, "oauth2", false)->data, "\"renewing\":false"));
	harmony__oauth2_free(oauth);
}

static void test_refused_token(void **state)
{
	harmony__oauth2 *oauth = make("rotate", HARMONY__OAUTH2_BODY);
	char first[64];

	login(oauth);
	snprintf(first, sizeof(first), "%s", token(oauth));
	assert_int_equal(harmony__oauth2_refused(oauth, first, NULL), HARMONY_RETRY); /* too young */
	fake_pass(&f, 571000);
	f.monotonic -= 571000; /* suspended: the process does not know yet that it is due */
	f.monotonic += 571000;
	assert_int_equal(harmony__oauth2_refused(oauth, first, NULL), HARMONY_OK);
	assert_string_not_equal(token(oauth), first);
	assert_int_equal(harmony__oauth2_refused(oauth, first, NULL), HARMONY_OK); /* long replaced */
	harmony__oauth2_free(oauth);
}

/* When the new pair cannot be saved it is not used, and the error says so. */
static void test_unsaved_is_unused(void **state)
{
	harmony__oauth2 *oauth = make("rotate", HARMONY__OAUTH2_BODY);
	harmony_error error = HARMONY_ERROR_INIT;
	const char *access;

	login(oauth);
	fake_pass(&f, 600000);
	f.save_fails = 2; /* the mark before the renewal is saved, the pair is not */
	assert_int_equal(harmony__oauth2_token(&access, oauth, &error), HARMONY_IO);
	f.save_fails = 1;
	assert_int_equal(harmony__oauth2_token(&access, oauth, NULL), HARMONY_IO);
	/* It is the only copy of the chain: saved as soon as that works, then used. */
	assert_non_null(strstr(token(oauth), "access-"));
	assert_non_null(strstr(fake_cell(&f, "oauth2", false)->data, token(oauth)));
	fake_pass(&f, 600000);
	token(oauth);
	harmony__oauth2_free(oauth);
}

static void test_clock_jumps(void **state)
{
	harmony__oauth2 *oauth = make("rotate", HARMONY__OAUTH2_BODY);
	char first[64];

	login(oauth);
	snprintf(first, sizeof(first), "%s", token(oauth));
	f.wall += 3650 * DAY;
	assert_string_equal(token(oauth), first);
	f.wall -= 7300 * DAY;
	assert_string_equal(token(oauth), first);
	harmony__oauth2_free(oauth);
}

static void test_keep_alive(void **state)
{
	harmony__oauth2 *oauth = make("rotate", HARMONY__OAUTH2_BODY);
	char first[64];
	int64_t next;

	login(oauth);
	snprintf(first, sizeof(first), "%s", token(oauth));
	fake_pass(&f, 6 * DAY);
	assert_int_equal(harmony__oauth2_keep_alive(oauth, &next, NULL), HARMONY_OK);
	assert_int_equal(next, DAY);
	fake_pass(&f, DAY);
	assert_int_equal(harmony__oauth2_keep_alive(oauth, &next, NULL), HARMONY_OK);
	assert_int_equal(next, 7 * DAY);
	assert_string_not_equal(token(oauth), first);
	harmony__oauth2_free(oauth);
}

static void test_configuration(void **state)
{
	harmony__oauth2_options options = {.authorize_url = "https://x/", .token_url = "https://x/",
	                                   .client_id = "id", .client_secret = "",
	                                   .redirect_uri = "https://x/"};
	harmony__oauth2 *oauth;
	harmony_error error = HARMONY_ERROR_INIT;

	assert_int_equal(harmony__oauth2_new(&oauth, http, &host, NULL, &options, &error),
	                 HARMONY_CONFIG);
	assert_non_null(strstr(error.message, "client_secret"));
	options.client_secret = "x";
	options.token_url = "http://evil.example/";
	assert_int_equal(harmony__oauth2_new(&oauth, http, &host, NULL, &options, NULL),
	                 HARMONY_CONFIG);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {
		TEST(test_address),       TEST(test_no_login),    TEST(test_rotation),
		TEST(test_second_look),   TEST(test_styles_and_answers),
		TEST(test_endpoint_down), TEST(test_login_ended), TEST(test_too_early),
		TEST(test_refused_token), TEST(test_unsaved_is_unused),
		TEST(test_clock_jumps),   TEST(test_keep_alive),  TEST(test_configuration)};
	int failed;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	curl_global_cleanup();
	return failed;
}
