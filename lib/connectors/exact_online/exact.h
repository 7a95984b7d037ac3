/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_LIB_CONNECTORS_EXACT_ONLINE_H
#define HARMONY_LIB_CONNECTORS_EXACT_ONLINE_H

#include "connectors/frame.h"

/* Exact Online's REST API (OData, version 1). docs/exact-online.md says which points are
   not verified against a live company, and which setting decides each. */

#define EXACT_GUID_SIZE 37

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

/* What a ledger account says of cost centres and units. */
enum { EXACT_OPTIONAL, EXACT_MANDATORY, EXACT_NONE };

/* A thing of Exact's. */
typedef struct exact_thing {
	harmony__thing thing;
	int64_t type; /* journal: 20, 22, 90; ledger account: 20, 22, 110, ... */
	bool allow_vat, allow_rate;
	int64_t centre, unit; /* EXACT_OPTIONAL, ... */
	char vat_type;        /* VAT codes: B, E, I, N */
	char vat_use;         /* VAT codes: S sales, P purchases, B both */
	bool charged;         /* VAT codes: reverse charge, VAT to pay and to claim */
} exact_thing;

typedef struct exact {
	harmony__frame frame;
	char division[24];    /* "" until it is known */
	bool file_period;     /* period and year from the file, not from the date */
	bool send_number;     /* our entry number as Exact's */
	bool send_id;         /* an EntryID made from the natural key */
	bool send_type;       /* Type 21/31 on credit notes */
	bool read_lines;      /* read_back fetches the lines */
	bool allow_inclusive; /* VAT codes of type I */
	bool net;             /* and on invoices the amounts of those without VAT all the same */
	bool empty_vat;       /* a line without VAT code says so */
	bool send_rate;       /* the file's exchange rate, not Exact's */
	int payables_sign;    /* 0: found out from the rows; 1, -1 */
	size_t name_max, description_max, reference_max; /* characters */
} exact;

extern const harmony__source exact_sources[EXACT_TABLES];

/* ---- api.c: one request ---------------------------------------------------------------- */

/* Makes the division known: the setting, what was pinned, or the login's current one, which
   is then pinned, since it moves when the user switches company. */
harmony_status exact_ready(harmony__frame *f, harmony_error *error);

/* As harmony__package.place: the company behind the division, by the name that people know. */
harmony_status exact_place(int *severity, harmony__frame *f, harmony__buf *out,
			   harmony_error *error);

/* Every row of a collection; `path` from the division on, with its query, percent-encoded.
   As harmony__rows. */
harmony_status exact_rows(exact *x, const char *path, harmony__arena *keep, harmony__row_fn row,
			  void *user, harmony_error *error);
/* POST or PUT of one record, as harmony__send_json. */
harmony_status exact_send(exact *x, const char *method, const char *path, const harmony__buf *body,
			  harmony__arena *arena, const harmony__json **root,
			  harmony_verdict *verdict, harmony_error *error);
/* The rows of a collection in any of its shapes, NULL: it is none; its next page; and the
   words of an error. */
const harmony__json *exact_list(const harmony__json *root);
void exact_next(harmony__buf *next, const char *url, const harmony__json *root);
void exact_words(char *words, size_t size, harmony__frame *f,
		 const harmony__http_response *response);

/* ---- lookup.c --------------------------------------------------------------------------- */

harmony_status exact_load(harmony__frame *f, int table, const char *code, harmony_error *error);
/* Keeps `code` of ours for the relation that Exact has as `row`, where its Code is another. */
harmony_status exact_remember(exact *x, const char *code, const harmony__json *row,
			      harmony_error *error);
/* Exact's Code becomes ours where that was kept. */
harmony_status exact_recall(char *code, size_t size, exact *x, harmony_error *error);
/* Trailing and leading blanks, which Exact pads codes with, off; in `buffer`. */
const char *exact_trim(char *buffer, size_t size, const char *text);

/* ---- party.c, entry.c, read.c ------------------------------------------------------------- */

harmony_status exact_offer_party(exact *x, const harmony_record *record, harmony_verdict *verdict,
				 harmony_error *error);
/* What exact_offer_party would send, each as method, address and body. A relation that is
   not there yet has no id: its code in braces stands for it. */
harmony_status exact_preview_party(exact *x, const harmony_record *record, harmony__buf *out,
				   harmony_verdict *verdict, harmony_error *error);
/* The body of a relation's request; `known` NULL: it is made. */
harmony_status exact_party_body(exact *x, const harmony_record *record, const harmony__thing *known,
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
/* A line's amount as it is sent, in 1/100: with its VAT, where the code includes it; `beside` as
   harmony__vat_beside says of the entry. False: it has none. */
bool exact_line_amount(int64_t *amount, exact *x, const harmony_record *record, size_t row,
		       bool beside);
/* Whether the VAT of a line is left to Exact: of a purchase that the buyer declares the VAT of, and
   that therefore has none, Exact books what is to pay and to claim. */
bool exact_vat_left(exact *x, const harmony_record *record, size_t row);
/* What YourRef holds, and find looks for. */
const char *exact_reference(const harmony_record *record);

harmony_status exact_find(void *instance, const harmony_record *record, harmony_verdict *verdict,
			  harmony_error *error);
harmony_status exact_read_back(void *instance, const harmony_record *record, const char *remote_id,
			       harmony_verdict *verdict, harmony_error *error);
harmony_status exact_outstanding(void *instance, int sides, harmony_item_fn item, void *user,
				 harmony_error *error);

/* Exact's messages and what mends them (remedies.c). */
#define EXACT_REMEDIES 19
extern const harmony__remedy exact_remedies[EXACT_REMEDIES];

/* The row whose date the line goes by: its own, or the header. */
size_t exact_dated_row(const harmony_record *record, size_t row);
/* Appends `text` as an OData string literal, percent-encoded: 'it''s'. */
void exact_literal(harmony__buf *path, const char *text);

#endif
