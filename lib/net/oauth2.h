/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_LIB_NET_OAUTH2_H
#define HARMONY_LIB_NET_OAUTH2_H

#include "net/http.h"
#include "net/limits.h"

/* The authorization code grant (RFC 6749 section 4.1) with refresh tokens, rotating or
   not. One chain per integration, in the host's secrets; a refresh happens under the
   host's cross-process lock with a second look at the store inside it, the new pair is
   durable before its first use, and the previous one is kept. Expiry is measured on the
   monotonic clock; across processes on the shorter of what wall time and the token's
   age say. */

enum { HARMONY__OAUTH2_BODY, HARMONY__OAUTH2_BASIC, HARMONY__OAUTH2_JSON }; /* where the client credentials go */

typedef struct harmony__oauth2_options {
	const char *authorize_url, *token_url;
	const char *client_id, *client_secret; /* secret */
	const char *redirect_uri;
	const char *scope;        /* NULL: none is sent */
	int style;                /* HARMONY__OAUTH2_* */
	int64_t lifetime;         /* ms of an access token when the answer does not say */
	int64_t minimum_age;      /* ms before a refresh is allowed; 0: any time */
	int64_t refresh_lifetime; /* ms that an idle refresh token lives; 0: for ever */
	int64_t keep_alive;       /* refresh at least this often, ms; 0: never by itself */
	bool plain_slashes;       /* do not percent-encode slashes of the redirect_uri (Exact) */
	bool renew_redirect;      /* the redirect_uri goes with a renewal, too (Multivers) */
	/* True when an error answer to a refresh means "too early, the old one still works". */
	bool (*too_early)(int status, const char *error, const char *description);
} harmony__oauth2_options;

typedef struct harmony__oauth2 harmony__oauth2;

/* Texts of `options` are copied. `http`, `host` and `limits` (may be NULL; window
   "token") are borrowed. Errors: HARMONY_CONFIG (client_id, client_secret or redirect_uri
   missing: which), HARMONY_NOMEM. */
harmony_status harmony__oauth2_new(harmony__oauth2 **out, harmony__http *http,
                                   const harmony_host *host, harmony__limits *limits,
                                   const harmony__oauth2_options *options, harmony_error *error);
void harmony__oauth2_free(harmony__oauth2 *oauth);

/* The address that a person opens. */
harmony_status harmony__oauth2_url(harmony__oauth2 *oauth, char *buffer, size_t size,
                                   const char *state, harmony_error *error);
/* The code that came back, or the whole address that it came back in. HARMONY_AUTH with
   what to do when the package refuses it. */
harmony_status harmony__oauth2_code(harmony__oauth2 *oauth, const char *code, harmony_error *error);
/* A refresh token from elsewhere: used at once, to prove it. */
harmony_status harmony__oauth2_adopt(harmony__oauth2 *oauth, const char *refresh_token,
                                     harmony_error *error);
/* A token that lives at least for one more request; refreshed when it is due. Borrowed
   until the next call. HARMONY_AUTH: a person must log in (the message says how);
   HARMONY_RETRY: the token endpoint was not reached or failed. */
harmony_status harmony__oauth2_token(const char **access, harmony__oauth2 *oauth,
                                     harmony_error *error);
/* The package refused `access` with 401. HARMONY_OK: a new one is there, try the request
   once more; HARMONY_AUTH: log in; HARMONY_RETRY: too early for another, wait. */
harmony_status harmony__oauth2_refused(harmony__oauth2 *oauth, const char *access,
                                       harmony_error *error);
/* Refreshes when the chain would die of idleness; `*next` receives the ms until it wants to
   be called again. */
harmony_status harmony__oauth2_keep_alive(harmony__oauth2 *oauth, int64_t *next,
                                          harmony_error *error);
/* Appends a JSON object {"state":"valid|refused|interrupted|none|unreadable","expires_in":...,
   "refresh_expires_in":...}, times in seconds. */
harmony_status harmony__oauth2_report(harmony__oauth2 *oauth, harmony__buf *out);

#endif
