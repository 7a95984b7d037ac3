/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_LIB_CONNECTORS_FRAME_H
#define HARMONY_LIB_CONNECTORS_FRAME_H

#include <harmony/connector.h>

#include "base/base.h"
#include "connectors/connectors.h"
#include "net/http.h"
#include "net/limits.h"
#include "net/oauth2.h"
#include "wire/json.h"

/* What a connector to a package on the network is built on:

     frame.c     settings, opening and closing, login, report, offer and preview by kind
     exchange.c  one request: login, pacing, classes of answers, reads tried again, pages
     lookup.c    what the package has, by code, asked for once
     draft.c     a record on its way to a request: refusals that name field and remedy
     check.c     the connector's check, by drafts that are not sent

   A package is described by one static const struct harmony__package; the connector's
   instance begins with a struct harmony__frame. The frame knows no package. */

#define HARMONY__TREE_LIMIT (48u * 1024u * 1024u) /* bytes of one answer, parsed */
#define HARMONY__MAX_URL    12000u

typedef struct harmony__frame harmony__frame;

/* ---- what the package has: lookup.c ------------------------------------------------- */

/* One thing of the package under the code that the file would use (after mapping). A
   connector's own things begin with it. */
typedef struct harmony__thing {
	const char *code;
	char id[48]; /* the package's own; "" when it has none */
	bool blocked;
	bool looked_again;        /* since it was in doubt */
	uint32_t roles;           /* relations: kinds that it is, HARMONY_BIT */
	uint32_t doubted;         /* and those that were sent and not answered */
	/* What the package has, for comparing, as its connector reads it (harmony__json or
	   harmony__xml); NULL: not known. */
	const void *row;
	struct harmony__thing *next;
} harmony__thing;

/* Things by code, in a table that grows. */
typedef struct harmony__table {
	harmony_context *context;
	harmony__arena arena; /* of the things; a loader may put rows there, too */
	size_t size;          /* of a thing */
	size_t count, bucket_count;
	harmony__thing **buckets;
	bool loaded;
} harmony__table;

void harmony__table_init(harmony__table *table, harmony_context *context, size_t size);
void harmony__table_free(harmony__table *table);
void *harmony__table_look(const harmony__table *table, const char *code);
/* The thing under `code`, made (zeroed) when it is not there; NULL: no memory. */
void *harmony__table_put(harmony__table *table, const char *code);
/* The first thing (`after` NULL), or the one behind `after`, in no order; NULL: none. */
void *harmony__table_next(const harmony__table *table, const void *after);

/* A table of the package, and what messages say of it. */
typedef struct harmony__source {
	const char *path; /* the connector's own */
	const char *map;  /* mapping table of the configuration; NULL: codes are used as they are */
	const char *one, *many; /* "ledger account", "ledger accounts" */
	const char *code;       /* refusal when there is none: "unknown_account" */
	bool by_code;           /* asked for one by one: there are many, and few are needed */
} harmony__source;

/* The thing under a code of the package; NULL in `*out` when it has none. Loads the table, or
   the one thing, when that was not done, and again when the thing is in doubt. */
harmony_status harmony__find_thing(const void **out, harmony__frame *f, int table, const char *code,
				   harmony_error *error);
/* The same for the file's code: mapped first. */
harmony_status harmony__find_mapped(const void **out, harmony__frame *f, int table,
				    const char *code, harmony_error *error);
/* The package's code for the file's: that of the mapping, or the same. */
const char *harmony__mapped(const harmony__frame *f, const char *table, const char *code);
/* A relation that was just written in that role: it is there. */
harmony_status harmony__add_party(harmony__frame *f, int table, const char *code, const char *id,
				  harmony_kind role, harmony_error *error);
/* A relation that was sent and not answered: it is looked for again when it is asked for, and
   what needs it waits as long as nobody knows. */
harmony_status harmony__doubt_party(harmony__frame *f, int table, const char *code,
				    harmony_kind role, harmony_error *error);
/* Whether it is in doubt in that role; 0: in any. */
bool harmony__party_doubted(const harmony__frame *f, int table, const char *code,
			    harmony_kind role);

/* ---- a record on its way: draft.c ----------------------------------------------------- */

/* A request under construction. `verdict` gets an outcome at the first thing that is wrong;
   the request is then not sent. `status` is of the connection. */
typedef struct harmony__draft {
	harmony__frame *frame;
	const harmony_record *record;
	harmony_verdict *verdict;
	harmony_error *error;
	harmony_status status;
} harmony__draft;

/* Whether nothing was wrong so far. */
bool harmony__draft_good(const harmony__draft *draft);
/* Refuses the record; the field is "lines.ROW.FIELD", or FIELD alone for the header. */
void harmony__refuse(harmony__draft *draft, const char *code, size_t row, const char *field,
		     const char *format, ...) HARMONY__PRINTF(5, 6);
/* The thing under the field's code; without one, or when it is blocked, the record is refused
   and the answer NULL. */
const void *harmony__need(harmony__draft *draft, int table, size_t row, harmony_field field);
/* The relation under the field's code in that role (0: any), or NULL: one that is in doubt
   keeps the record waiting, one that is not there refuses it. */
const void *harmony__need_party(harmony__draft *draft, int table, size_t row, harmony_kind role);
/* Whether a text has at most `max` characters (0: not known); refused otherwise, never cut. */
bool harmony__fits(harmony__draft *draft, const char *text, size_t max, size_t row,
		   const char *field);
/* A date of the record as YYYY-MM-DD; false: it has none. */
bool harmony__date_text(char text[11], const harmony_record *record, size_t row,
			harmony_field field);

/* ---- one request: exchange.c ----------------------------------------------------------- */

/* A request and what it is about. The frame adds the login. */
typedef struct harmony__call {
	harmony__http_request http;
	/* What is asked for or written: in messages, and the name that errors are counted by
	   ("GLAccounts"). */
	const char *what;
	int tries;     /* reads: how often at the most; 0: three times */
	bool may_lack; /* reads: 404 says that the package has no such thing */
	/* Reads: takes the answer apart. HARMONY_FORMAT: it is damaged, and asked for again. */
	harmony_status (*take)(harmony__frame *f, const harmony__http_response *response,
			       void *user, harmony_error *error);
	void *user; /* of `take` and of the package's `sign` */
} harmony__call;

/* Sends once, with a living token, paced. After 401 the login is renewed, after 429 the
   window's end is waited for, and it is sent once more: neither was applied. */
harmony_status harmony__exchange(harmony__frame *f, harmony__call *call,
				 harmony__http_response *response, harmony_error *error);
/* A read, tried again where that helps. Errors: HARMONY_AUTH, HARMONY_RATE, HARMONY_RETRY,
   HARMONY_NOTFOUND (`may_lack`; no error text), HARMONY_REJECTED (with the package's words),
   HARMONY_CONFIG (no right), HARMONY_CANCELLED, what `take` returned. */
harmony_status harmony__read(harmony__frame *f, harmony__call *call, harmony_error *error);
/* What the answer to a read means; HARMONY_OK for 2xx. Errors as harmony__read. */
harmony_status harmony__read_class(harmony__frame *f, const harmony__http_response *response,
				   const char *what, harmony_error *error);
/* A write, once. The verdict says what became of it: BOOKED for 2xx, and `response` has the
   answer. A status other than HARMONY_OK is of the connection, and nothing was applied. */
harmony_status harmony__write(harmony__frame *f, harmony__call *call,
			      harmony__http_response *response, harmony_verdict *verdict,
			      harmony_error *error);
/* What may have been applied, and is looked up before it is offered again. */
void harmony__doubt(const harmony__frame *f, harmony_verdict *verdict,
		    const harmony__http_response *response);

/* A refusal that may be none, and after which no look was possible: in doubt, with the
   package's words. */
void harmony__unclear(const harmony__frame *f, harmony_verdict *verdict);

/* GET of JSON; the tree lives in `arena`. `*root` is NULL when the package has no such thing
   (404). Errors as harmony__read. */
harmony_status harmony__get_json(harmony__frame *f, const char *url, const char *what,
				 harmony__arena *arena, const harmony__json **root,
				 harmony_error *error);
/* POST, PUT, ... of JSON; `body` NULL: none. `*root` is the answer to a BOOKED one, NULL for
   none. An answer that cannot be read leaves it in doubt. */
harmony_status harmony__send_json(harmony__frame *f, const char *method, const char *url,
				  const char *what, const harmony__buf *body, harmony__arena *arena,
				  const harmony__json **root, harmony_verdict *verdict,
				  harmony_error *error);

typedef harmony_status (*harmony__row_fn)(const harmony__json *row, void *user);
/* Every row of a list over all its pages, which the package's `rows` and `next` know. Rows
   live for the call unless `keep` is an arena. Anything but HARMONY_OK from `row` ends it. */
harmony_status harmony__rows(harmony__frame *f, const char *url, const char *what,
			     harmony__arena *keep, harmony__row_fn row, void *user,
			     harmony_error *error);

/* ---- the package ------------------------------------------------------------------------ */

/* Headers that say what is left of a window of limits; times in ms since 1970. */
typedef struct harmony__limit_headers {
	const char *window, *allowed, *remaining, *reset;
} harmony__limit_headers;

typedef struct harmony__package {
	/* Facts */
	const char *name;        /* "Exact Online", as messages say it */
	const char *url;         /* where no setting says another */
	size_t instance_size;    /* of the connector's instance, which begins with a frame */
	size_t thing_size;       /* of its things; 0: harmony__thing */
	uint32_t kinds;          /* that it takes, HARMONY_BIT */
	const harmony_key *keys; /* its own settings */
	const harmony__source *sources; /* of tables 0 to source_count - 1 */
	size_t source_count;
	int customers, suppliers; /* the tables of relations */
	const harmony__remedy *remedies;
	size_t remedy_count;
	const char *no_right; /* what mends 403: "give the user the right" */
	const char *bad_request; /* what mends 400 of a read; NULL: nothing known does */
	bool explained_500;   /* a write's refusal may come as 500 with words */
	const harmony__http_header *headers; /* of every request; ends with name NULL */

	/* Limits */
	const harmony__limit *limits;
	const char *const *windows; /* that a request is taken from; ends with NULL */
	const harmony__limit_headers *limit_headers; /* ends with window NULL; may be NULL */
	int64_t bare_wait;       /* ms that a 429 means that does not say how long */
	int64_t longest_wait;    /* ms; a longer one blocks `long_window` instead; 0: none does */
	const char *long_window;

	/* MUST */

	/* Takes the settings into the instance and makes the login (harmony__frame_login). */
	harmony_status (*open)(void *instance, harmony_error *error);
	/* Makes administration and cluster known; before anything else of the network. */
	harmony_status (*ready)(harmony__frame *f, harmony_error *error);
	/* Loads a table, or of one that is `by_code` the thing under `code`, with
	   harmony__table_put. */
	harmony_status (*load)(harmony__frame *f, int table, const char *code,
			       harmony_error *error);
	/* One record, of a kind that it takes. */
	harmony_status (*offer)(harmony__frame *f, const harmony_record *record,
				harmony_verdict *verdict, harmony_error *error);
	/* Method, address and body as `offer` would send them; nothing when it would not. */
	harmony_status (*preview)(harmony__frame *f, const harmony_record *record,
				  harmony__buf *out, harmony_verdict *verdict,
				  harmony_error *error);
	/* The body alone, of a relation as if it were new: the verdict says what is wrong. */
	harmony_status (*draft)(harmony__frame *f, const harmony_record *record, harmony__buf *body,
				harmony_verdict *verdict, harmony_error *error);
	/* Which administration this is, for check: "%s, at %s". */
	void (*describe)(const harmony__frame *f, harmony__buf *out);
	/* The package's own words in an answer, "" when it has none. */
	void (*words)(char *words, size_t size, harmony__frame *f,
		      const harmony__http_response *response);

	/* MAY */

	/* Asks the package which administration this is, for check instead of `describe`;
	   `*severity` is a note unless there is something the matter with it. */
	harmony_status (*place)(int *severity, harmony__frame *f, harmony__buf *out,
				harmony_error *error);
	/* Frees what the instance has beside the frame; also when `open` failed or never ran, and
	   the instance is zeroed. */
	void (*close)(void *instance);
	/* Puts the token elsewhere than in the Authorization header, called before each sending;
	   may set address and body anew. */
	harmony_status (*sign)(harmony__frame *f, harmony__call *call, const char *token,
			       harmony_error *error);
	/* Corrects the class of an answer (a login that is refused by 500 and a code). */
	void (*judge)(harmony__frame *f, harmony__http_response *response);
	/* The array of rows of a JSON list (NULL: it is none), and the address of its next page,
	   appended, from the root or whole. */
	const harmony__json *(*rows)(const harmony__json *root);
	void (*next)(harmony__buf *next, const char *url, const harmony__json *root);
} harmony__package;

/* ---- the instance: frame.c ------------------------------------------------------------------ */

struct harmony__frame {
	const harmony__package *package;
	const harmony_host *host;
	harmony_context *context;
	char url[256]; /* without a slash at its end */
	harmony__http *http;
	harmony__limits *limits;
	harmony__oauth2 *oauth;
	int tries;      /* of harmony__get_json and harmony__rows; 0: three */
	unsigned page;  /* of harmony__rows, from 1: for rows that want no more of them */
	bool count_500; /* refusals that come as 500 burn the error allowance, too */
	harmony__table *tables;
};

/* The connector's `open` calls the first one; the rest stands in its struct as it is. */
harmony_status harmony__frame_open(void **instance, const harmony_host *host,
				   const harmony__package *package, harmony_error *error);
void harmony__frame_close(void *instance);
harmony_status harmony__frame_offer(void *instance, const harmony_record *const *records,
				    size_t count, harmony_verdict *verdicts, harmony_error *error);
harmony_status harmony__frame_preview(void *instance, const harmony_record *record,
				      harmony_write_fn write, void *user, harmony_error *error);
harmony_status harmony__frame_check(void *instance, const harmony_record *const *records,
				    size_t count, harmony_finding_fn finding, void *user,
				    harmony_error *error);
harmony_status harmony__frame_login_url(void *instance, char *buffer, size_t size,
					const char *state, harmony_error *error);
harmony_status harmony__frame_login_code(void *instance, const char *code, harmony_error *error);
harmony_status harmony__frame_login_token(void *instance, const char *refresh_token,
					  harmony_error *error);
harmony_status harmony__frame_keep_alive(void *instance, int64_t *next, harmony_error *error);
harmony_status harmony__frame_report(void *instance, harmony_write_fn write, void *user,
				     harmony_error *error);

/* Makes the login; the paths are below the package's address. Client id, secret and redirect
   address come from the settings. */
harmony_status harmony__frame_login(harmony__frame *f, const char *authorize_path,
				    const char *token_path, harmony__oauth2_options *options,
				    harmony_error *error);

/* A setting or its fallback; "" without either. */
const char *harmony__frame_setting(const harmony__frame *f, const char *key);
bool harmony__frame_is(const harmony__frame *f, const char *key, const char *to);
/* Which of the key's choices it is, from 0. */
int harmony__frame_choice(const harmony__frame *f, const char *key);
harmony_status harmony__frame_number(const harmony__frame *f, const char *key, size_t *out,
				       harmony_error *error);

/* Sets the outcome and where it is. */
void harmony__verdict_at(harmony_verdict *verdict, int outcome, const char *id);
/* What the package's words mean: REJECTED with our code and what mends it. */
void harmony__explain(const harmony__frame *f, harmony_verdict *verdict, int status,
		      const char *words);

#endif
