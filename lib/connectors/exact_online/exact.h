/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_LIB_CONNECTORS_EXACT_ONLINE_H
#define HARMONY_LIB_CONNECTORS_EXACT_ONLINE_H

#include <harmony/connector.h>

#include "base/base.h"
#include "connectors/connectors.h"
#include "net/http.h"
#include "net/limits.h"
#include "net/oauth2.h"
#include "wire/json.h"

/* Exact Online's REST API (OData, version 1). docs/exact-online.md says which points are
   not verified against a live company, and which setting decides each. */

#define EXACT_GUID_SIZE  37
#define EXACT_TREE_LIMIT (48u * 1024u * 1024u) /* of one answer, parsed */

/* ---- what the package has, looked up once ------------------------------------------- */

enum {
	EXACT_ACCOUNTS, /* ledger accounts */
	EXACT_JOURNALS,
	EXACT_VAT,
	EXACT_PAYMENT_CONDITIONS,
	EXACT_COST_CENTRES,
	EXACT_COST_UNITS,
	EXACT_PARTIES, /* relations by code */
	EXACT_TABLES
};

/* One thing of the package, under the code that the file would use (after mapping). */
typedef struct exact_thing {
	const char *code;
	char id[EXACT_GUID_SIZE];
	int64_t type; /* journal: 20, 22, 90; ledger account: 20, 22, 110, ... */
	bool blocked, allow_vat, allow_rate;
	bool needs_centre, needs_unit;
	char vat_type;            /* VAT codes: B, E, I, N */
	const harmony__json *row; /* relations: the whole row, for what changed */
	uint32_t roles;           /* relations: kinds that it is, HARMONY_BIT */
	uint32_t doubted;         /* and those that were sent and not answered */
	bool looked_again;        /* and looked for since */
	struct exact_thing *next; /* in its bucket */
} exact_thing;

#define EXACT_BUCKETS 4096u

typedef struct exact_table {
	bool loaded;
	size_t count;
	harmony__arena arena;
	exact_thing *buckets[EXACT_BUCKETS];
} exact_table;

typedef struct exact {
	const harmony_host *host;
	harmony_context *context;
	char url[256];        /* https://start.exactonline.nl */
	char division[24];    /* "" until it is known */
	bool file_period;     /* period and year from the file, not from the date */
	bool send_number;     /* our entry number as Exact's */
	bool send_id;         /* an EntryID made from the natural key */
	bool send_type;       /* Type 21/31 on credit notes */
	bool read_lines;      /* read_back fetches the lines */
	bool allow_inclusive; /* VAT codes of type I */
	bool empty_vat;       /* a line without VAT code says so */
	bool count_500;       /* validation errors burn the error allowance, too */
	int payables_sign;    /* 0: found out from the rows; 1, -1 */
	size_t name_max, description_max, reference_max; /* characters */
	int64_t token_age; /* ms before Exact gives another access token */
	harmony__http *http;
	harmony__limits *limits;
	harmony__oauth2 *oauth;
	exact_table tables[EXACT_TABLES];
} exact;

/* ---- api.c: one request ---------------------------------------------------------------- */

/* Makes the division known: the setting, what was pinned, or the login's current one, which
   is then pinned, since it moves when the user switches company. */
harmony_status exact_division(exact *x, harmony_error *error);

/* GET; `path` from the division on, with its query, percent-encoded. The tree lives in
   `arena`. Reads are tried again after a renewed login and after a limit. Errors:
   HARMONY_AUTH, HARMONY_RATE, HARMONY_RETRY, HARMONY_REJECTED (with Exact's words),
   HARMONY_CONFIG (no right), HARMONY_CANCELLED. */
harmony_status exact_get(exact *x, const char *path, harmony__arena *arena,
			 const harmony__json **root, harmony_error *error);

typedef harmony_status (*exact_row_fn)(const harmony__json *row, void *user);
/* Every row of a collection, over all pages. Rows live for the call unless `keep` is an
   arena. Anything but HARMONY_OK from `row` ends it. */
harmony_status exact_rows(exact *x, const char *path, harmony__arena *keep, exact_row_fn row,
			  void *user, harmony_error *error);

/* POST or PUT of one record: the verdict says what became of it; BOOKED when Exact said
   2xx (`*root`: its answer, or NULL for none). A status other than HARMONY_OK is of the
   connection, and nothing was sent. */
harmony_status exact_send(exact *x, const char *method, const char *path, const harmony__buf *body,
			  harmony__arena *arena, const harmony__json **root,
			  harmony_verdict *verdict, harmony_error *error);

/* ---- lookup.c --------------------------------------------------------------------------- */

void exact_tables_init(exact *x);
void exact_tables_free(exact *x);
/* The thing under `code` (of the package); NULL in `*out` when it has none. Loads the table
   when that was not done. */
harmony_status exact_find_thing(const exact_thing **out, exact *x, int table, const char *code,
				harmony_error *error);
/* The same for the file's code: mapped first. */
harmony_status exact_find_mapped(const exact_thing **out, exact *x, int table, const char *code,
				 harmony_error *error);
/* Adds or replaces a relation that was just written, as a customer or supplier. */
harmony_status exact_add_party(exact *x, const char *code, const char *id, harmony_kind role,
			       harmony_error *error);
/* A relation that was sent and not answered: the table is read again when it is asked for,
   and what needs it waits as long as nobody knows. */
harmony_status exact_doubt_party(exact *x, const char *code, harmony_kind role,
				 harmony_error *error);
/* Whether it is in doubt in that role; 0: in any. */
bool exact_party_doubted(exact *x, const char *code, harmony_kind role);
/* Trailing and leading blanks, which Exact pads codes with, off; in `buffer`. */
const char *exact_trim(char *buffer, size_t size, const char *text);

/* ---- party.c, entry.c, read.c, check.c --------------------------------------------------- */

harmony_status exact_offer_party(exact *x, const harmony_record *record, harmony_verdict *verdict,
				 harmony_error *error);
/* What exact_offer_party would send, each as method, address and body. A relation that is
   not there yet has no id: its code in braces stands for it. */
harmony_status exact_preview_party(exact *x, const harmony_record *record, harmony__buf *out,
				   harmony_verdict *verdict, harmony_error *error);
/* The body of a relation's request; `known` NULL: it is made. */
harmony_status exact_party_body(exact *x, const harmony_record *record, const exact_thing *known,
				harmony__buf *body, bool *changes, harmony_verdict *verdict,
				harmony_error *error);
/* Whether the relation of that id has that bank account. */
harmony_status exact_has_bank(bool *has, exact *x, const char *id, const char *number,
			      harmony_error *error);
harmony_status exact_offer_entry(exact *x, const harmony_record *record, harmony_verdict *verdict,
				 harmony_error *error);
/* The body of an entry. A verdict of REJECTED says what is not in the package. */
harmony_status exact_entry_body(exact *x, const harmony_record *record, harmony__buf *body,
				harmony_verdict *verdict, harmony_error *error);
/* "salesentry/SalesEntries" and so on. */
const char *exact_entry_path(harmony_kind kind);
/* What YourRef holds, and find looks for. */
const char *exact_reference(const harmony_record *record);

harmony_status exact_find(void *instance, const harmony_record *record, harmony_verdict *verdict,
			  harmony_error *error);
harmony_status exact_read_back(void *instance, const harmony_record *record, const char *remote_id,
			       harmony_verdict *verdict, harmony_error *error);
harmony_status exact_outstanding(void *instance, int sides, harmony_item_fn item, void *user,
				 harmony_error *error);
harmony_status exact_check(void *instance, const harmony_record *const *records, size_t count,
			   harmony_finding_fn finding, void *user, harmony_error *error);

/* What Exact's message means: our code and what mends it (remedies.c). */
void exact_explain(harmony_verdict *verdict, int status, const char *message);

/* What names the record at Exact: its natural key, or the hash of what it holds. */
void exact_key(char key[HARMONY_KEY_SIZE], const harmony_record *record);
/* The row whose date the line goes by: its own, or the header. */
size_t exact_dated_row(const harmony_record *record, size_t row);
/* Appends `text` as an OData string literal, percent-encoded: 'it''s'. */
void exact_literal(harmony__buf *path, const char *text);

#endif
