/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_LIB_NET_HTTP_H
#define HARMONY_LIB_NET_HTTP_H

#include <harmony/connector.h>

#include "base/base.h"

/* One exchange with a package over HTTP. Keeps connections open per host, speaks HTTP/2
   where offered, takes gzip, follows no redirects, verifies certificates (there is no
   switch), and allows http only for loopback addresses. What may have reached the
   package is never sent again from here: the caller gets the class and decides. */

/* How an exchange ended, seen by whoever must decide what is next. */
enum {
	HARMONY__HTTP_DONE,        /* 2xx, body complete */
	HARMONY__HTTP_REFUSED,     /* the package said no: 4xx; the same again gets the same answer */
	HARMONY__HTTP_FAILED,      /* 5xx or a damaged answer: the request was received, who knows */
	HARMONY__HTTP_NOT_SENT,    /* not connected, TLS failed, proxy said no: certainly not applied */
	HARMONY__HTTP_UNKNOWN,     /* sent at least in part, no complete answer */
	HARMONY__HTTP_LOGIN,       /* 401 */
	HARMONY__HTTP_LIMIT,       /* 429 */
	HARMONY__HTTP_CANCELLED    /* by the host, before anything was sent; UNKNOWN after that */
};

typedef struct harmony__http_header {
	const char *name, *value;
} harmony__http_header;

typedef struct harmony__http_request {
	const char *method;       /* "GET" */
	const char *url;          /* absolute; control characters and spaces are refused */
	const harmony__http_header *headers;
	size_t header_count;      /* values with control characters are refused */
	const char *bearer;       /* secret; NULL: no Authorization header */
	const char *basic;        /* secret "user:password"; NULL: none */
	const char *content_type; /* of `body` */
	const void *body;
	size_t body_len;
	size_t max_response;      /* decoded bytes; 0: HARMONY_MAX_RESPONSE */
	int64_t timeout;          /* ms in all; 0: the setting `timeout`, 100 s without */
	bool precious;            /* once it is sent no host is in too much of a hurry for the answer */
} harmony__http_request;

typedef struct harmony__http_response {
	int class;                /* HARMONY__HTTP_* */
	int status;               /* 0 when there was none */
	harmony__buf body;        /* decoded; NUL behind its end */
	harmony__buf headers;     /* internal; use harmony__http_find */
	int64_t retry_after;      /* ms from the Retry-After header; -1 without */
	char reason[256];         /* why the transport failed, in words */
} harmony__http_response;

typedef struct harmony__http harmony__http;

/* `ca_file` NULL: the system's certificates. Connect time-out 15 s, idle 30 s.
   Errors: HARMONY_NOMEM, HARMONY_CONFIG (unreadable ca_file). */
harmony_status harmony__http_new(harmony__http **out, const harmony_host *host, const char *ca_file,
                                 harmony_error *error);
void harmony__http_free(harmony__http *http);

void harmony__http_response_init(harmony__http_response *response, harmony_context *context);
void harmony__http_response_free(harmony__http_response *response);

/* Performs one request. HARMONY_OK when the class was found out, whatever it is;
   otherwise nothing was sent: HARMONY_INVALID, HARMONY_CONFIG (http to a host that is
   not loopback), HARMONY_NOMEM. Secrets are in no message. */
harmony_status harmony__http_perform(harmony__http *http, const harmony__http_request *request,
                                     harmony__http_response *response, harmony_error *error);

/* The value of a response header, any case; NULL when absent. */
const char *harmony__http_find(const harmony__http_response *response, const char *name);

/* The words behind the number in the status line; "" without any. */
const char *harmony__http_phrase(const harmony__http_response *response);

/* Appends `text` percent-encoded (everything but unreserved characters). */
harmony_status harmony__http_escape(harmony__buf *out, const char *text, size_t len);
/* True for http(s) URLs whose host is `host` of another one (scheme, host and port):
   next links must stay where the token belongs. */
bool harmony__http_same_host(const char *url, const char *other);
/* HARMONY_CONFIG unless `url` is https, or http on a loopback address. */
harmony_status harmony__http_check_url(const char *url, harmony_error *error);

#endif
