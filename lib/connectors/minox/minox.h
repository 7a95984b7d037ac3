/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_LIB_CONNECTORS_MINOX_H
#define HARMONY_LIB_CONNECTORS_MINOX_H

#include <harmony/connector.h>

#include "base/base.h"
#include "connectors/connectors.h"
#include "net/http.h"
#include "net/limits.h"
#include "net/oauth2.h"
#include "wire/json.h"

/* Minox Boekhouden Online's REST API. How it posts is thinly documented: docs/minox.md says
   which points are not verified, and which setting decides each. */

#define MINOX_TREE_LIMIT (48u * 1024u * 1024u) /* of one answer, parsed */
#define MINOX_MAX_PATH   4096u
#define MINOX_MAX_YEARS  64

/* ---- what the package has, looked up once ------------------------------------------- */

enum {
	MINOX_ACCOUNTS, /* ledger accounts */
	MINOX_JOURNALS,
	MINOX_VAT,
	MINOX_TERMS,                /* payment terms */
	MINOX_CENTRES,              /* cost centres */
	MINOX_LISTED,               /* the ones before come as a list, the ones behind one by one */
	MINOX_TYPES = MINOX_LISTED, /* cost types */
	MINOX_CUSTOMERS,            /* by externalid */
	MINOX_SUPPLIERS,
	MINOX_TABLES
};

/* One thing of the package, under the code that the file would use (after mapping). */
typedef struct minox_thing {
	const char *code;
	char id[48];        /* Minox's own; "" when it has none */
	int64_t account;    /* VAT: where it is booked; journals: the collective account */
	harmony_kind books; /* journals: what they take, 0 when their type is not known */
	bool blocked;
	bool doubted;             /* relations: sent and not answered */
	const harmony__json *row; /* relations: the whole row, for what changed */
	struct minox_thing *next; /* in its bucket */
} minox_thing;

#define MINOX_BUCKETS 1024u

typedef struct minox_table {
	bool loaded;
	size_t count;
	harmony__arena arena;
	minox_thing *buckets[MINOX_BUCKETS];
} minox_table;

typedef struct minox_year {
	int64_t number, periods;
	harmony_date start, end;
} minox_year;

enum { MINOX_VAT_WITH, MINOX_VAT_OWN, MINOX_VAT_NONE };

typedef struct minox {
	const harmony_host *host;
	harmony_context *context;
	char url[256]; /* https://app.minox.nl */
	char tenant[24], administration[24];
	char journals[2][16];  /* whose ranges number new customers and suppliers; "" : found */
	int vat_lines;         /* MINOX_VAT_* */
	bool net;              /* line amounts without VAT */
	bool contra;           /* the relation's own line is sent */
	bool own_number;       /* purchases go by our entry number */
	bool send_number;      /* entry numbers are sent */
	bool send_rate;        /* exchange rates are sent */
	bool cost_types;       /* cost units are sent as cost types */
	bool file_period;      /* period and year from the file, not from the date */
	bool fetch_lines;      /* read_back always fetches */
	bool payable_status;   /* status=open is asked of payables, too */
	bool payable_negative; /* what is owed is negative there */
	size_t name_max, description_max; /* characters; 0: not known */
	harmony__http *http;
	harmony__limits *limits;
	harmony__oauth2 *oauth;
	bool known; /* the administration is */
	minox_year years[MINOX_MAX_YEARS];
	size_t year_count;
	char compared[HARMONY__UUID_SIZE]; /* the batch whose answer was compared last */
	minox_table tables[MINOX_TABLES];
} minox;

/* ---- api.c: one request ---------------------------------------------------------------- */

/* Appends the address of `path` in the administration ("" : the administrations). */
void minox_address(harmony__buf *url, const minox *m, const char *path);

/* GET, from the administration on; the tree lives in `arena`. `*root` is NULL when Minox has
   no such thing (404). Reads are tried again where that helps. Errors: HARMONY_AUTH,
   HARMONY_RATE, HARMONY_RETRY, HARMONY_REJECTED (with Minox's words), HARMONY_CONFIG (no
   right), HARMONY_CANCELLED. */
harmony_status minox_get(minox *m, const char *path, harmony__arena *arena,
			 const harmony__json **root, harmony_error *error);

typedef harmony_status (*minox_row_fn)(const harmony__json *row, void *user);
/* Every row of a list, bare or {links, collection}, over all pages. Rows live for the call
   unless `keep` is an arena. Anything but HARMONY_OK from `row` ends it. */
harmony_status minox_rows(minox *m, const char *path, harmony__arena *keep, minox_row_fn row,
			  void *user, harmony_error *error);

/* PUT, POST or PATCH: the verdict says what became of it; BOOKED when Minox said 2xx
   (`*root`: its answer, NULL for none). `*said` : it said 2xx and an error beside, the
   verdict is REJECTED with its words, and it must be looked up whether that is so. A status
   other than HARMONY_OK is of the connection, and nothing was sent. */
harmony_status minox_send(minox *m, const char *method, const char *path, const harmony__buf *body,
			  harmony__arena *arena, const harmony__json **root, bool *said,
			  harmony_verdict *verdict, harmony_error *error);

/* ---- lookup.c --------------------------------------------------------------------------- */

void minox_tables_init(minox *m);
void minox_tables_free(minox *m);
/* Makes the administration and its years known; pins the only one when none is set. */
harmony_status minox_ready(minox *m, harmony_error *error);
/* The thing under `code` (of the package); NULL in `*out` when it has none. */
harmony_status minox_find_thing(const minox_thing **out, minox *m, int table, const char *code,
				harmony_error *error);
/* The same for the file's code: mapped first. */
harmony_status minox_find_mapped(const minox_thing **out, minox *m, int table, const char *code,
				 harmony_error *error);
/* A relation that was just written (id), sent and not answered ("" and doubted), or is to be
   asked for again ("" and not). */
harmony_status minox_note_party(minox *m, int table, const char *code, const char *id, bool doubted,
				harmony_error *error);
bool minox_party_doubted(minox *m, int table, const char *code);
/* The journal whose range numbers new relations of that table. */
harmony_status minox_party_journal(const minox_thing **out, minox *m, int table,
				   harmony_error *error);
/* A string's text, or a number as it was written; "" for anything else. */
const char *minox_text(const harmony__json *value);
/* YYYY-MM-DD, with or without a time behind it. */
bool minox_date(harmony_date *out, const harmony__json *value);

/* ---- party.c, entry.c, read.c, check.c --------------------------------------------------- */

harmony_status minox_offer_party(minox *m, const harmony_record *record, harmony_verdict *verdict,
				 harmony_error *error);
harmony_status minox_preview_party(minox *m, const harmony_record *record, harmony__buf *out,
				   harmony_verdict *verdict, harmony_error *error);
/* The body of a relation's request; `known` NULL: it is made. */
harmony_status minox_party_body(minox *m, const harmony_record *record, const minox_thing *known,
				harmony__buf *body, bool *changes, harmony_verdict *verdict,
				harmony_error *error);
int minox_party_table(harmony_kind kind);

harmony_status minox_offer_entry(minox *m, const harmony_record *record, harmony_verdict *verdict,
				 harmony_error *error);
/* The body of a batch, and its path. A verdict of REJECTED says what is not in the package. */
harmony_status minox_entry_body(minox *m, const harmony_record *record, harmony__buf *path,
				harmony__buf *body, harmony_verdict *verdict, harmony_error *error);
void minox_entry_uuid(char uuid[HARMONY__UUID_SIZE], const minox *m, const harmony_record *record);
/* Compares the lines that Minox gave with those of `body`: BOOKED or DIFFERS. */
harmony_status minox_compare(minox *m, const harmony__buf *body, const harmony__json *lines,
			     harmony_verdict *verdict, harmony_error *error);
/* The array of lines in an answer; NULL when it has none. */
const harmony__json *minox_lines(const harmony__json *root);

harmony_status minox_find(void *instance, const harmony_record *record, harmony_verdict *verdict,
			  harmony_error *error);
harmony_status minox_read_back(void *instance, const harmony_record *record, const char *remote_id,
			       harmony_verdict *verdict, harmony_error *error);
harmony_status minox_outstanding(void *instance, int sides, harmony_item_fn item, void *user,
				 harmony_error *error);
harmony_status minox_check(void *instance, const harmony_record *const *records, size_t count,
			   harmony_finding_fn finding, void *user, harmony_error *error);

/* What Minox's message means: our code and what mends it (remedies.c). */
void minox_explain(harmony_verdict *verdict, int status, const char *message);

#endif
