/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <fcntl.h>
#include <sys/socket.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "net/http.h"

/* Runs below tests/simulators/scripted.py, which gives the address. */

static harmony_context *context;
static harmony_host host;
static int64_t stop_at; /* monotonic ms; 0: never */
static int hurry = 1;    /* 1: when nothing is half done; 2: at once */

static bool looking;
static int connections, inherited; /* that a look found, and of these open across exec */

/* Connections of this process other than those that it was born with. */
static void look_at_descriptors(void)
{
	struct sockaddr_storage peer;

	connections = inherited = 0;
	for (int fd = 3; fd < 256; fd++) {
		socklen_t size = sizeof(peer);
		if (getpeername(fd, (struct sockaddr *)&peer, &size) != 0 ||
		    (peer.ss_family != AF_INET && peer.ss_family != AF_INET6))
			continue;
		connections++;
		inherited += (fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0;
	}
}

static int cancelled(void *user)
{
	if (looking)
		look_at_descriptors();
	return stop_at && harmony__os_monotonic() >= stop_at ? hurry : 0;
}

static void url_of(char *url, size_t size, const char *path)
{
	snprintf(url, size, "%s%s", getenv("HARMONY_TEST_URL"), path);
}

static int exchange(harmony__http *http, const char *method, const char *path, const char *body,
                    harmony__http_response *response)
{
	char url[256];
	harmony_error error = HARMONY_ERROR_INIT;
	harmony__http_request request = {.method = method, .url = url, .body = body,
	                                 .body_len = body ? strlen(body) : 0, .timeout = 3000};

	url_of(url, sizeof(url), path);
	if (harmony__http_perform(http, &request, response, &error) != HARMONY_OK)
		fail_msg("%s", error.message);
	return response->class;
}

static int once(const char *method, const char *path, const char *body)
{
	harmony__http *http;
	harmony__http_response response;
	int class;

	assert_int_equal(harmony__http_new(&http, &host, NULL, NULL), HARMONY_OK);
	harmony__http_response_init(&response, context);
	class = exchange(http, method, path, body, &response);
	harmony__http_response_free(&response);
	harmony__http_free(http);
	return class;
}

static long asked(const char *path)
{
	harmony__http *http;
	harmony__http_response response;
	char count[128];
	long value;

	snprintf(count, sizeof(count), "/count%s", path);
	assert_int_equal(harmony__http_new(&http, &host, NULL, NULL), HARMONY_OK);
	harmony__http_response_init(&response, context);
	assert_int_equal(exchange(http, "GET", count, NULL, &response), HARMONY__HTTP_DONE);
	value = strtol(response.body.data, NULL, 10);
	harmony__http_response_free(&response);
	harmony__http_free(http);
	return value;
}

static void test_classes(void **state)
{
	static const struct {
		const char *path;
		int class;
	} cases[] = {{"/status/200", HARMONY__HTTP_DONE},        {"/status/201", HARMONY__HTTP_DONE},
	             {"/status/400", HARMONY__HTTP_REFUSED},     {"/status/403", HARMONY__HTTP_REFUSED},
	             {"/status/404", HARMONY__HTTP_REFUSED},     {"/status/401", HARMONY__HTTP_LOGIN},
	             {"/status/429", HARMONY__HTTP_LIMIT},       {"/status/500", HARMONY__HTTP_FAILED},
	             {"/status/503", HARMONY__HTTP_FAILED},      {"/redirect", HARMONY__HTTP_REFUSED},
	             {"/reset-after", HARMONY__HTTP_UNKNOWN},    {"/truncated", HARMONY__HTTP_UNKNOWN},
	             {"/truncated-error", HARMONY__HTTP_REFUSED}};

	for (size_t i = 0; i < HARMONY__COUNT(cases); i++)
		if (once("POST", cases[i].path, "{}") != cases[i].class)
			fail_msg("%s is not of class %d", cases[i].path, cases[i].class);
}

static void test_redirect_is_not_followed(void **state)
{
	assert_int_equal(once("GET", "/redirect", NULL), HARMONY__HTTP_REFUSED);
	assert_int_equal(asked("/echo"), 0);
}

static void test_nobody_there(void **state)
{
	harmony__http *http;
	harmony__http_response response;
	harmony__http_request request = {.method = "POST", .url = "http://127.0.0.1:1/", .body = "x",
	                                 .body_len = 1};

	assert_int_equal(harmony__http_new(&http, &host, NULL, NULL), HARMONY_OK);
	harmony__http_response_init(&response, context);
	assert_int_equal(harmony__http_perform(http, &request, &response, NULL), HARMONY_OK);
	assert_int_equal(response.class, HARMONY__HTTP_NOT_SENT);
	assert_true(response.reason[0] != '\0');
	harmony__http_response_free(&response);
	harmony__http_free(http);
}

static void test_time_out_is_unknown(void **state)
{
	harmony__http *http;
	harmony__http_response response;
	char url[256];
	harmony__http_request request = {.method = "POST", .url = url, .body = "x", .body_len = 1,
	                                 .timeout = 200};

	url_of(url, sizeof(url), "/slow/2");
	assert_int_equal(harmony__http_new(&http, &host, NULL, NULL), HARMONY_OK);
	harmony__http_response_init(&response, context);
	assert_int_equal(harmony__http_perform(http, &request, &response, NULL), HARMONY_OK);
	assert_int_equal(response.class, HARMONY__HTTP_UNKNOWN);
	harmony__http_response_free(&response);
	harmony__http_free(http);
}

/* A kept connection that dies under a POST: libcurl would send it again. */
static void test_never_sent_twice(void **state)
{
	harmony__http *http;
	harmony__http_response response;
	long before = asked("/keep-then-close");

	assert_int_equal(harmony__http_new(&http, &host, NULL, NULL), HARMONY_OK);
	harmony__http_response_init(&response, context);
	assert_int_equal(exchange(http, "POST", "/keep-then-close", "{}", &response), HARMONY__HTTP_DONE);
	assert_int_equal(exchange(http, "POST", "/keep-then-close", "{}", &response),
	                 HARMONY__HTTP_UNKNOWN);
	assert_int_equal(asked("/keep-then-close") - before, 2);
	harmony__http_response_free(&response);
	harmony__http_free(http);
}

static void test_sizes(void **state)
{
	assert_int_equal(once("GET", "/bomb", NULL), HARMONY__HTTP_UNKNOWN);
	assert_int_equal(once("GET", "/endless", NULL), HARMONY__HTTP_UNKNOWN);
}

static void test_gzip_headers_and_wait(void **state)
{
	harmony__http *http;
	harmony__http_response response;

	assert_int_equal(harmony__http_new(&http, &host, NULL, NULL), HARMONY_OK);
	harmony__http_response_init(&response, context);
	assert_int_equal(exchange(http, "GET", "/gzip", NULL, &response), HARMONY__HTTP_DONE);
	assert_int_equal(response.body.len, 9000);
	assert_int_equal(exchange(http, "GET", "/status/429", NULL, &response), HARMONY__HTTP_LIMIT);
	assert_int_equal(response.retry_after, 7000);
	assert_string_equal(harmony__http_find(&response, "x-case"), "yes");
	assert_null(harmony__http_find(&response, "X-None"));
	harmony__http_response_free(&response);
	harmony__http_free(http);
}

static void test_what_is_sent(void **state)
{
	static const harmony__http_header headers[] = {{"Accept", "application/json"}};
	harmony__http *http;
	harmony__http_response response;
	char url[256];
	harmony__http_request request = {.method = "PUT", .url = url, .headers = headers,
	                                 .header_count = 1, .bearer = "tok", .body = "{\"a\":1}",
	                                 .body_len = 7, .content_type = "application/json"};

	url_of(url, sizeof(url), "/echo?a=b");
	assert_int_equal(harmony__http_new(&http, &host, NULL, NULL), HARMONY_OK);
	harmony__http_response_init(&response, context);
	assert_int_equal(harmony__http_perform(http, &request, &response, NULL), HARMONY_OK);
	assert_non_null(strstr(response.body.data, "\"method\": \"PUT\""));
	assert_non_null(strstr(response.body.data, "\"authorization\": \"Bearer tok\""));
	assert_non_null(strstr(response.body.data, "\"content-length\": \"7\""));
	assert_non_null(strstr(response.body.data, "\"body\": \"{\\\"a\\\":1}\""));
	assert_null(strstr(response.body.data, "expect"));
	request = (harmony__http_request){.method = "POST", .url = url};
	assert_int_equal(harmony__http_perform(http, &request, &response, NULL), HARMONY_OK);
	assert_non_null(strstr(response.body.data, "\"method\": \"POST\""));
	assert_non_null(strstr(response.body.data, "\"content-length\": \"0\""));
	assert_null(strstr(response.body.data, "content-type"));
	request.method = "GET";
	assert_int_equal(harmony__http_perform(http, &request, &response, NULL), HARMONY_OK);
	assert_null(strstr(response.body.data, "content-length"));
	harmony__http_response_free(&response);
	harmony__http_free(http);
}

static void test_addresses(void **state)
{
	static const char *const good[] = {"https://start.exactonline.nl/api", "http://127.0.0.1:80/",
	                                   "http://localhost", "http://[::1]:8/x"};
	static const char *const bad[] = {"http://start.exactonline.nl/", "ftp://x/", "x", "https://",
	                                  "https://user@host/", "https://h/\r\nX: y", "https://h/a b",
	                                  "http://localhost.evil.example/", "http://127.0.0.1.evil/"};

	for (size_t i = 0; i < HARMONY__COUNT(good); i++)
		assert_int_equal(harmony__http_check_url(good[i], NULL), HARMONY_OK);
	for (size_t i = 0; i < HARMONY__COUNT(bad); i++)
		if (harmony__http_check_url(bad[i], NULL) != HARMONY_CONFIG)
			fail_msg("%s was taken", bad[i]);
	assert_true(harmony__http_same_host("https://A.b/x", "https://a.B/y?z"));
	assert_false(harmony__http_same_host("https://a.b/x", "http://a.b/x"));
	assert_false(harmony__http_same_host("https://a.b/x", "https://a.b:8443/x"));
	assert_false(harmony__http_same_host("https://a.b.c/x", "https://a.b/x"));
}

static void test_header_injection(void **state)
{
	static const harmony__http_header headers[] = {{"X", "a\r\nEvil: 1"}};
	harmony__http *http;
	harmony__http_response response;
	char url[256];
	harmony__http_request request = {.method = "GET", .url = url, .headers = headers,
	                                 .header_count = 1};

	url_of(url, sizeof(url), "/status/204");
	assert_int_equal(harmony__http_new(&http, &host, NULL, NULL), HARMONY_OK);
	harmony__http_response_init(&response, context);
	assert_int_equal(harmony__http_perform(http, &request, &response, NULL), HARMONY_INVALID);
	request.header_count = 0;
	request.bearer = "a\nb";
	assert_int_equal(harmony__http_perform(http, &request, &response, NULL), HARMONY_INVALID);
	assert_int_equal(asked("/status/204"), 0);
	harmony__http_response_free(&response);
	harmony__http_free(http);
}

/* Asked to stop, a read is given up at once; what was sent with a body is waited for. */
static void test_cancel(void **state)
{
	int64_t begun = harmony__os_monotonic();

	stop_at = begun + 100;
	assert_int_equal(once("POST", "/slow/0.4", "{}"), HARMONY__HTTP_DONE);
	assert_true(harmony__os_monotonic() - begun >= 400);
	assert_int_equal(once("GET", "/status/200", NULL), HARMONY__HTTP_CANCELLED);
	begun = harmony__os_monotonic();
	stop_at = begun + 100;
	assert_int_equal(once("GET", "/slow/2.5", NULL), HARMONY__HTTP_UNKNOWN);
	assert_true(harmony__os_monotonic() - begun < 2500);
	stop_at = 0;
}

/* Nor is that waited for by a host that cannot wait, unless it is a login. */
static void test_cancel_at_once(void **state)
{
	harmony__http *http;
	harmony__http_response response;
	char url[256];
	harmony__http_request request = {.method = "POST", .url = url, .body = "{}", .body_len = 2,
	                                 .timeout = 3000, .precious = true};
	int64_t begun = harmony__os_monotonic();

	hurry = 2;
	stop_at = begun + 100;
	assert_int_equal(once("POST", "/slow/2.5", "{}"), HARMONY__HTTP_UNKNOWN);
	assert_true(harmony__os_monotonic() - begun < 2500);
	assert_int_equal(once("POST", "/status/200", "{}"), HARMONY__HTTP_CANCELLED);
	begun = harmony__os_monotonic();
	stop_at = begun + 100;
	url_of(url, sizeof(url), "/slow/0.4");
	assert_int_equal(harmony__http_new(&http, &host, NULL, NULL), HARMONY_OK);
	harmony__http_response_init(&response, context);
	assert_int_equal(harmony__http_perform(http, &request, &response, NULL), HARMONY_OK);
	assert_int_equal(response.class, HARMONY__HTTP_DONE);
	assert_true(harmony__os_monotonic() - begun >= 400);
	harmony__http_response_free(&response);
	harmony__http_free(http);
	hurry = 1;
	stop_at = 0;
}

/* A child of the host, started at whatever moment, must not get a connection with a login. */
static void test_connections_end_at_exec(void **state)
{
	harmony__http *http;
	harmony__http_response response;

	looking = true;
	assert_int_equal(harmony__http_new(&http, &host, NULL, NULL), HARMONY_OK);
	harmony__http_response_init(&response, context);
	assert_int_equal(exchange(http, "GET", "/slow/0.2", NULL, &response), HARMONY__HTTP_DONE);
	looking = false;
	assert_true(connections > 0);
	assert_int_equal(inherited, 0);
	harmony__http_response_free(&response);
	harmony__http_free(http);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes),          cmocka_unit_test(test_redirect_is_not_followed),
		cmocka_unit_test(test_nobody_there),     cmocka_unit_test(test_time_out_is_unknown),
		cmocka_unit_test(test_never_sent_twice), cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_gzip_headers_and_wait), cmocka_unit_test(test_what_is_sent),
		cmocka_unit_test(test_addresses),        cmocka_unit_test(test_header_injection),
		cmocka_unit_test(test_cancel),           cmocka_unit_test(test_cancel_at_once),
		cmocka_unit_test(test_connections_end_at_exec)};
	int failed;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (harmony_context_new(&context, NULL, NULL) != HARMONY_OK)
		return 1;
	host = (harmony_host){.struct_size = sizeof(host), .context = context, .cancelled = cancelled};
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	harmony_context_free(context);
	curl_global_cleanup();
	return failed;
}
