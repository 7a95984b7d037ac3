/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include <curl/curl.h>

#include "net/http.h"

#define CONNECT_TIMEOUT_MS 15000L
#define IDLE_TIMEOUT_S 30L /* below one byte a second for so long: given up */
#define TOTAL_TIMEOUT_MS 100000 /* without the setting `timeout` */
#define MAX_HEADERS (64u * 1024u)
#define MAX_AUTHORIZATION (16u * 1024u)

struct harmony__http {
	const harmony_host *host;
	CURL *easy; /* keeps the connections open */
	char *ca_file;
	int64_t timeout; /* of a request that names none, ms */
};

/* What the callbacks of one exchange share. */
typedef struct exchange {
	harmony__http *http;
	harmony__http_response *response;
	bool too_large; /* of the answer, decoded */
	bool cancelled;
	bool answered;  /* a status line came back */
	bool body_sent; /* a byte of it, at least */
	bool precious;
	const char *body;
	size_t left; /* of the body, still to be sent */
} exchange;

harmony_status harmony__http_new(harmony__http **out, const harmony_host *host, const char *ca_file,
                                 harmony_error *error)
{
	harmony__http *http = harmony__zalloc(host->context, sizeof(*http));
	const char *timeout = host->setting ? host->setting("timeout", host->user) : NULL;
	harmony__file_info info;

	*out = NULL;
	if (!http)
		return harmony__nomem(error);
	http->host = host;
	if (!timeout || harmony__duration(&http->timeout, timeout) != HARMONY_OK || !http->timeout)
		http->timeout = TOTAL_TIMEOUT_MS;
	http->easy = curl_easy_init();
	if (ca_file)
		http->ca_file = harmony__strdup(host->context, ca_file);
	if (!http->easy || (ca_file && !http->ca_file)) {
		harmony__http_free(http);
		return harmony__nomem(error);
	}
	if (ca_file && harmony__file_stat(&info, ca_file, NULL) != HARMONY_OK) {
		harmony__http_free(http);
		return harmony_error_set(error, HARMONY_CONFIG, NULL,
		                         "ca_file %s cannot be read; name a file of PEM certificates",
		                         ca_file);
	}
	*out = http;
	return HARMONY_OK;
}

void harmony__http_free(harmony__http *http)
{
	if (!http)
		return;
	if (http->easy)
		curl_easy_cleanup(http->easy);
	harmony__free(http->host->context, http->ca_file);
	harmony__free(http->host->context, http);
}

void harmony__http_response_init(harmony__http_response *response, harmony_context *context)
{
	memset(response, 0, sizeof(*response));
	harmony__buf_init(&response->body, context, HARMONY_MAX_RESPONSE);
	harmony__buf_init(&response->headers, context, MAX_HEADERS);
	response->retry_after = -1;
}

void harmony__http_response_free(harmony__http_response *response)
{
	harmony__buf_free(&response->body);
	harmony__buf_free(&response->headers);
}

/* ---- addresses ------------------------------------------------------------------ */

/* Scheme and authority of a URL. */
typedef struct origin {
	const char *scheme, *host;
	size_t scheme_len, host_len;
} origin;

static bool origin_of(origin *out, const char *url)
{
	const char *colon = strstr(url, "://");

	if (!colon || colon == url)
		return false;
	out->scheme = url;
	out->scheme_len = (size_t)(colon - url);
	out->host = colon + 3;
	out->host_len = strcspn(out->host, "/?#");
	return out->host_len > 0 && !memchr(out->host, '@', out->host_len);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* ASCII, whatever the host's locale says of letters. A NUL in one ends it early. */
static bool same_nocase(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (lower(a[i]) != lower(b[i]) || a[i] == '\0')
			return false;
	return true;
}

bool harmony__http_same_host(const char *url, const char *other)
{
	origin a, b;

	return origin_of(&a, url) && origin_of(&b, other) && a.scheme_len == b.scheme_len &&
	       a.host_len == b.host_len && same_nocase(a.scheme, b.scheme, a.scheme_len) &&
	       same_nocase(a.host, b.host, a.host_len);
}

static bool is_loopback(const origin *at)
{
	static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};

	for (size_t i = 0; i < HARMONY__COUNT(names); i++) {
		size_t len = strlen(names[i]);
		if (at->host_len >= len && same_nocase(at->host, names[i], len) &&
		    (at->host_len == len || at->host[len] == ':'))
			return true;
	}
	return false;
}

static bool is_scheme(const origin *at, const char *scheme)
{
	return at->scheme_len == strlen(scheme) &&
	       same_nocase(at->scheme, scheme, at->scheme_len);
}

/* Printable ASCII without spaces: what a request line can hold. */
static bool is_clean(const char *text, bool spaces)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if (*p < 0x20 || *p == 0x7f || (!spaces && (*p == ' ' || *p >= 0x80)))
			return false;
	return true;
}

harmony_status harmony__http_check_url(const char *url, harmony_error *error)
{
	origin at;

	if (!is_clean(url, false) || !origin_of(&at, url))
		return harmony_error_set(error, HARMONY_CONFIG, NULL,
		                         "'%s' is no address; write https://host/path", url);
	if (is_scheme(&at, "https") || (is_scheme(&at, "http") && is_loopback(&at)))
		return HARMONY_OK;
	return harmony_error_set(error, HARMONY_CONFIG, NULL,
	                         "'%s' would be sent unencrypted; use https (http is for loopback "
	                         "addresses only)",
	                         url);
}

harmony_status harmony__http_escape(harmony__buf *out, const char *text, size_t len)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		    c == '-' || c == '.' || c == '_' || c == '~') {
			harmony__buf_char(out, (char)c);
			continue;
		}
		harmony__buf_char(out, '%');
		harmony__buf_char(out, hex[c >> 4]);
		harmony__buf_char(out, hex[c & 15]);
	}
	return out->status;
}

/* ---- callbacks -------------------------------------------------------------------- */

/* Counts decoded bytes: libcurl's own limit does not, and stops no running transfer. */
static size_t on_body(char *data, size_t size, size_t count, void *user)
{
	exchange *x = user;

	if (harmony__buf_add(&x->response->body, data, size * count) == HARMONY_OK)
		return size * count;
	x->too_large = true;
	return 0;
}

/* The body comes through a callback and not as a block, since libcurl repeats a request
   by itself when a kept connection was closed under it. A block it could rewind; this it
   cannot, so it ends with CURLE_SEND_FAIL_REWIND once a byte of the body went out. */
static size_t on_send(char *buffer, size_t size, size_t count, void *user)
{
	exchange *x = user;
	size_t len = size * count < x->left ? size * count : x->left;

	memcpy(buffer, x->body, len);
	x->body += len;
	x->left -= len;
	x->body_sent = true;
	return len;
}

static size_t on_header(char *data, size_t size, size_t count, void *user)
{
	exchange *x = user;
	size_t len = size * count;

	if (len >= 5 && memcmp(data, "HTTP/", 5) == 0) {
		x->answered = true;
		harmony__buf_clear(&x->response->headers); /* an interim answer came before */
	}
	while (len > 0 && (data[len - 1] == '\r' || data[len - 1] == '\n'))
		len--;
	if (len == 0)
		return size * count;
	harmony__buf_add(&x->response->headers, data, len);
	if (harmony__buf_char(&x->response->headers, '\n') == HARMONY_OK)
		return size * count;
	x->too_large = true;
	return 0;
}

#define AT_ONCE 2 /* of harmony_host.cancelled */

static int on_progress(void *user, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	exchange *x = user;
	const harmony_host *host = x->http->host;

	int hurry = host->cancelled ? host->cancelled(host->user) : 0;

	/* Once a byte of a body is out, the answer is worth waiting for: giving up puts a
	   booking in doubt. The time-outs bound the wait, and a host that cannot wait. */
	if (x->body_sent && (x->precious || hurry < AT_ONCE))
		return 0;
	x->cancelled = hurry != 0;
	return x->cancelled;
}

const char *harmony__http_find(const harmony__http_response *response, const char *name)
{
	size_t len = strlen(name);
	const char *line = response->headers.data;

	/* on_done ends each line with NUL, so that a value can be pointed to. */
	for (const char *end = line + response->headers.len; line && line < end;
	     line += strlen(line) + 1) {
		if (!same_nocase(line, name, len) || line[len] != ':')
			continue;
		line += len + 1;
		return line + strspn(line, " \t");
	}
	return NULL;
}

const char *harmony__http_phrase(const harmony__http_response *response)
{
	const char *line = response->headers.len ? response->headers.data : "";

	/* "HTTP/1.1 403 102 : Access denied" */
	if (strncmp(line, "HTTP/", 5) != 0)
		return "";
	line += strcspn(line, " ");
	line += strspn(line, " ");
	line += strcspn(line, " ");
	return line + strspn(line, " ");
}

/* ---- one exchange ------------------------------------------------------------------- */

static harmony_status check_request(const harmony__http_request *request, harmony_error *error)
{
	harmony_status status = harmony__http_check_url(request->url, error);

	for (size_t i = 0; status == HARMONY_OK && i < request->header_count; i++)
		if (!is_clean(request->headers[i].name, false) ||
		    !is_clean(request->headers[i].value, true))
			status = harmony_error_set(error, HARMONY_INVALID, NULL,
			                           "header %s holds a control character",
			                           is_clean(request->headers[i].name, true)
			                               ? request->headers[i].name
			                               : "name");
	if (status == HARMONY_OK && request->bearer && !is_clean(request->bearer, false))
		status = harmony_error_set(error, HARMONY_INVALID, NULL,
		                           "the access token holds a control character; log in again");
	return status;
}

static bool add_header(struct curl_slist **list, harmony__buf *line, const char *name,
                       const char *value)
{
	struct curl_slist *more;

	harmony__buf_clear(line);
	harmony__buf_printf(line, "%s: %s", name, value);
	if (line->status != HARMONY_OK)
		return false;
	more = curl_slist_append(*list, line->data);
	if (!more)
		return false;
	*list = more;
	return true;
}

static harmony_status make_headers(struct curl_slist **list, harmony__buf *line,
                                   const harmony__http_request *request)
{
	bool ok = true;

	for (size_t i = 0; ok && i < request->header_count; i++)
		ok = add_header(list, line, request->headers[i].name, request->headers[i].value);
	if (ok && request->content_type)
		ok = add_header(list, line, "Content-Type", request->content_type);
	if (ok && request->bearer) {
		harmony__buf_clear(line);
		harmony__buf_str(line, "Bearer ");
		ok = harmony__buf_str(line, request->bearer) == HARMONY_OK;
		if (ok) {
			char *value = harmony__strdup(line->context, line->data);
			ok = value && add_header(list, line, "Authorization", value);
			if (value)
				harmony__os_wipe(value, strlen(value));
			harmony__free(line->context, value);
		}
	}
	/* No "Expect: 100-continue": it makes one exchange two, and its loss a riddle. */
	if (ok && request->body)
		ok = add_header(list, line, "Expect", "");
	/* A POST of nothing has a length, too: IIS refuses one without (411). */
	if (ok && !request->body && strcmp(request->method, "POST") == 0)
		ok = add_header(list, line, "Content-Length", "0");
	return ok ? HARMONY_OK : HARMONY_NOMEM;
}

/* libcurl's own sockets would go to the children of the host, a login in them. */
static curl_socket_t on_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)user, (void)purpose;
	return harmony__os_socket(address->family, address->socktype, address->protocol);
}

static void set_transport(harmony__http *http, exchange *x, const harmony__http_request *request)
{
	CURL *easy = http->easy;

	curl_easy_reset(easy);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https"); /* http: loopback, checked */
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, IDLE_TIMEOUT_S);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
	                 (long)(request->timeout ? request->timeout : http->timeout));
	if (http->ca_file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, http->ca_file);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(easy, CURLOPT_XFERINFODATA, x);
}

static CURLcode set_request(CURL *easy, exchange *x, const harmony__http_request *request,
                            struct curl_slist *headers)
{
	CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, request->url);

	if (request->body) {
		curl_easy_setopt(easy, CURLOPT_POST, 1L);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
		curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_send);
		curl_easy_setopt(easy, CURLOPT_READDATA, x);
	}
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
	if (code == CURLE_OK && request->basic)
		code = curl_easy_setopt(easy, CURLOPT_USERPWD, request->basic);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	return code;
}

/* Nothing of the request can have been read by the package. */
static bool never_sent(CURLcode code, CURL *easy)
{
	curl_off_t headers = 0;

	switch (code) {
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_PROXY:
		return true;
	default:
		/* A time-out or cancellation while connecting: no request byte was written. */
		curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &headers);
		return headers == 0;
	}
}

static int class_of_status(int status)
{
	if (status >= 200 && status < 300)
		return HARMONY__HTTP_DONE;
	if (status == 401)
		return HARMONY__HTTP_LOGIN;
	if (status == 429)
		return HARMONY__HTTP_LIMIT;
	/* A redirect is an answer of something else than the package: it is not followed, and
	   a proxy's or a moved API's 3xx means that the package did not act. */
	if (status >= 300 && status < 500)
		return HARMONY__HTTP_REFUSED;
	return HARMONY__HTTP_FAILED;
}

static void explain(harmony__http_response *response, const char *text)
{
	harmony__copy_text(response->reason, sizeof(response->reason), text, strlen(text));
}

static void classify(exchange *x, CURLcode code)
{
	harmony__http_response *response = x->response;
	long status = 0;

	curl_easy_getinfo(x->http->easy, CURLINFO_RESPONSE_CODE, &status);
	response->status = x->answered ? (int)status : 0;
	if (code == CURLE_OK) {
		response->class = class_of_status(response->status);
		return;
	}
	explain(response, x->too_large ? "the answer is larger than allowed"
	                               : curl_easy_strerror(code));
	if (never_sent(code, x->http->easy))
		response->class = x->cancelled ? HARMONY__HTTP_CANCELLED : HARMONY__HTTP_NOT_SENT;
	else if (x->answered && response->status >= 400)
		response->class = class_of_status(response->status); /* it said no, only its words are cut */
	else
		response->class = HARMONY__HTTP_UNKNOWN;
}

static void count_request(const harmony_host *host, const harmony__http_response *response)
{
	if (host->struct_size > offsetof(harmony_host, request) && host->request != NULL)
		host->request(response->status, host->user);
}

/* Lines into NUL-ended strings, and the one header that every package may send. */
static void finish_headers(harmony__http_response *response)
{
	const char *retry;
	harmony__cursor cursor;
	uint64_t seconds;

	for (size_t i = 0; i < response->headers.len; i++)
		if (response->headers.data[i] == '\n')
			response->headers.data[i] = '\0';
	retry = harmony__http_find(response, "Retry-After");
	if (!retry)
		return;
	cursor = harmony__cursor_over(retry, strlen(retry));
	if (harmony__cursor_digits(&cursor, 9, &seconds) > 0 && harmony__cursor_done(&cursor))
		response->retry_after = (int64_t)seconds * 1000;
}

harmony_status harmony__http_perform(harmony__http *http, const harmony__http_request *request,
                                     harmony__http_response *response, harmony_error *error)
{
	exchange x = {.http = http, .response = response, .body = request->body,
	              .left = request->body_len, .precious = request->precious};
	struct curl_slist *headers = NULL;
	harmony__buf line;
	harmony_status status = check_request(request, error);

	if (status != HARMONY_OK)
		return status;
	harmony__buf_clear(&response->body);
	harmony__buf_clear(&response->headers);
	response->body.max = request->max_response ? request->max_response : HARMONY_MAX_RESPONSE;
	response->retry_after = -1;
	response->reason[0] = '\0';
	harmony__buf_init(&line, http->host->context, MAX_AUTHORIZATION);
	status = make_headers(&headers, &line, request);
	if (status == HARMONY_OK) {
		CURLcode code;
		set_transport(http, &x, request);
		code = set_request(http->easy, &x, request, headers);
		if (code == CURLE_OK) {
			classify(&x, curl_easy_perform(http->easy));
			count_request(http->host, response);
		} else {
			status = HARMONY_NOMEM;
		}
		finish_headers(response);
		curl_easy_setopt(http->easy, CURLOPT_HTTPHEADER, NULL);
	}
	for (struct curl_slist *at = headers; at; at = at->next)
		harmony__os_wipe(at->data, strlen(at->data));
	curl_slist_free_all(headers);
	if (line.data)
		harmony__os_wipe(line.data, line.capacity);
	harmony__buf_free(&line);
	return status == HARMONY_NOMEM ? harmony__nomem(error) : status;
}
