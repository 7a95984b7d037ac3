/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_LIB_CONNECTORS_MINOX_H
#define HARMONY_LIB_CONNECTORS_MINOX_H

#include "connectors/frame.h"

/* Minox Boekhouden Online's REST API. How it posts is thinly documented: docs/minox.md says
   which points are not verified, and which setting decides each. */

#define MINOX_MAX_PATH  4096u
#define MINOX_MAX_YEARS 64
#define MINOX_MAX_LINES 8999u /* of a batch; from 9000 on they are Minox's own */

/* ---- what the package has, looked up once ------------------------------------------- */

enum {
	MINOX_ACCOUNTS, /* ledger accounts */
	MINOX_JOURNALS,
	MINOX_VAT,
	MINOX_TERMS,     /* payment terms */
	MINOX_CENTRES,   /* cost centres */
	MINOX_TYPES,     /* cost types */
	MINOX_CUSTOMERS, /* by externalid */
	MINOX_SUPPLIERS,
	MINOX_TABLES
};

/* A thing of Minox's. */
typedef struct minox_thing {
	harmony__thing thing;
	int64_t account;    /* VAT: where it is booked; journals: the collective account */
	harmony_kind books; /* journals: what they take, 0 when their type is not known */
} minox_thing;

typedef struct minox_year {
	int64_t number, periods;
	harmony_date start, end;
	/* What is known of its batches (batch.c). */
	unsigned asked, next_list; /* batches asked for; how many before its lines are listed */
	unsigned seen;             /* batches that are there for certain */
	bool listed;               /* its list was read, and is believed */
} minox_year;

/* A batch that is there, or may be. */
typedef struct minox_batch {
	harmony__thing thing; /* `doubted`: sent and not answered */
	int64_t year;         /* of one that this run saw for itself; 0: not seen */
	bool listed;          /* the list of a year names it */
} minox_batch;

enum { MINOX_VAT_WITH, MINOX_VAT_OWN, MINOX_VAT_NONE };

typedef struct minox {
	harmony__frame frame;
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
	bool credit_positive;  /* a credit note's open item does not tell that it is one */
	size_t name_max, description_max; /* characters; 0: not known */
	bool known;                       /* the administration is */
	minox_year years[MINOX_MAX_YEARS];
	size_t year_count;
	char compared[HARMONY__UUID_SIZE]; /* the batch that was compared last */
	bool warned;                       /* that VAT is not told */
	bool list_batches;                 /* the lines of a year can be listed */
	harmony__table batches;            /* that are there, by UUID */
} minox;

extern const harmony__source minox_sources[MINOX_TABLES];

/* ---- api.c: one request ---------------------------------------------------------------- */

/* Appends the address of `path` in the administration ("" : the administrations). */
void minox_address(harmony__buf *url, const minox *m, const char *path);

/* GET, from the administration on, as harmony__get_json. */
harmony_status minox_get(minox *m, const char *path, harmony__arena *arena,
			 const harmony__json **root, harmony_error *error);
/* Every row of a list, as harmony__rows. */
harmony_status minox_rows(minox *m, const char *path, harmony__arena *keep, harmony__row_fn row,
			  void *user, harmony_error *error);
/* The rows of a list, bare or {links, collection}, NULL: it is none; and its next page. */
const harmony__json *minox_list(const harmony__json *root);
void minox_next(harmony__buf *next, const char *url, const harmony__json *root);
void minox_words(char *words, size_t size, harmony__frame *f,
		 const harmony__http_response *response);

/* PUT, POST or PATCH, as harmony__send_json. `*said`: Minox said 2xx and an error beside, the
   verdict is REJECTED with its words, and it must be looked up whether that is so. */
harmony_status minox_send(minox *m, const char *method, const char *path, const harmony__buf *body,
			  harmony__arena *arena, const harmony__json **root, bool *said,
			  harmony_verdict *verdict, harmony_error *error);

/* ---- lookup.c --------------------------------------------------------------------------- */

/* Makes the administration and its years known; pins the only one when none is set. */
harmony_status minox_ready(harmony__frame *f, harmony_error *error);
harmony_status minox_load(harmony__frame *f, int table, const char *code, harmony_error *error);
/* A fiscal year of the administration; NULL: it has no such year. */
minox_year *minox_year_of(minox *m, int64_t number);
minox_year *minox_year_at(minox *m, harmony_date date);
/* A relation that is to be asked for again. */
harmony_status minox_forget(minox *m, int table, const char *code, harmony_error *error);
/* The journal whose range numbers new relations of that table. */
harmony_status minox_party_journal(const minox_thing **out, minox *m, int table,
				   harmony_error *error);
/* YYYY-MM-DD, with or without a time behind it. */
bool minox_date(harmony_date *out, const harmony__json *value);

/* ---- party.c, entry.c, read.c ------------------------------------------------------------- */

harmony_status minox_offer_party(minox *m, const harmony_record *record, harmony_verdict *verdict,
				 harmony_error *error);
harmony_status minox_preview_party(minox *m, const harmony_record *record, harmony__buf *out,
				   harmony_verdict *verdict, harmony_error *error);
/* The body of a relation's request; `known` NULL: it is made. */
harmony_status minox_party_body(minox *m, const harmony_record *record, const harmony__thing *known,
				harmony__buf *body, bool *changes, harmony_verdict *verdict,
				harmony_error *error);
int minox_party_table(harmony_kind kind);

harmony_status minox_offer_entry(minox *m, const harmony_record *record, harmony_verdict *verdict,
				 harmony_error *error);
/* The body of a batch, and its fiscal year (may be NULL). A verdict of REJECTED says what is
   not in the package. */
harmony_status minox_entry_body(minox *m, const harmony_record *record, harmony__buf *body,
				int64_t *year, harmony_verdict *verdict, harmony_error *error);
void minox_entry_uuid(char uuid[HARMONY__UUID_SIZE], const minox *m, const harmony_record *record);
#define MINOX_BATCH_PATH "transaction_line_batch/%s"
#define MINOX_YEAR_PATH  "year/%d/transaction_lines"

/* ---- batch.c: what is there under an id ---------------------------------------------------- */

/* The array of lines in an answer; NULL when it has none. */
const harmony__json *minox_lines(const harmony__json *root);
/* Compares the lines that Minox gave with those of `body`: BOOKED or DIFFERS. `*told`: VAT
   amounts that were meant were told. */
harmony_status minox_compare(minox *m, const harmony__buf *body, const harmony__json *lines,
			     bool *told, harmony_verdict *verdict, harmony_error *error);
/* Asks for a batch and compares it: BOOKED, DIFFERS or ABSENT. With an empty body whatever is
   there is BOOKED. */
harmony_status minox_look(minox *m, const char *uuid, const harmony__buf *body,
			  harmony_verdict *verdict, harmony_error *error);
/* Before it is put: BOOKED or DIFFERS when it is there already, else the verdict stays NONE. */
harmony_status minox_look_before(minox *m, const char *uuid, int64_t year, const harmony__buf *body,
				 harmony_verdict *verdict, harmony_error *error);
/* A batch of that fiscal year that is there, or was sent and not answered. */
harmony_status minox_note_batch(minox *m, const char *uuid, int64_t year, bool doubted,
				harmony_error *error);

/* ---- read.c, outstanding.c
 * --------------------------------------------------------------------------------- */

harmony_status minox_find(void *instance, const harmony_record *record, harmony_verdict *verdict,
			  harmony_error *error);
harmony_status minox_read_back(void *instance, const harmony_record *record, const char *remote_id,
			       harmony_verdict *verdict, harmony_error *error);
harmony_status minox_outstanding(void *instance, int sides, harmony_item_fn item, void *user,
				 harmony_error *error);

/* Minox's messages and what mends them (remedies.c). */
#define MINOX_REMEDIES 12
extern const harmony__remedy minox_remedies[MINOX_REMEDIES];

#endif
