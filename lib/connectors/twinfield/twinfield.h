/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_LIB_CONNECTORS_TWINFIELD_H
#define HARMONY_LIB_CONNECTORS_TWINFIELD_H

#include "connectors/frame.h"
#include "wire/xml.h"

/* Twinfield's SOAP services: documents of its own, as a text in an envelope.
   docs/twinfield.md says which points are not verified against a live office, and which
   setting decides each.

     soap.c      one call: envelope, token, cluster, faults, answers in the stream
     lookup.c    lists, the finder, relations as they are, code masks
     party.c     customers and suppliers
     entry.c     transactions
   remarks.c   what a refused child is marked with
     offer.c     batches, and a verdict for each child of the answer
     browse.c    what Twinfield lets be browsed: definitions, filters, rows
     read.c      find, read back
     open.c      outstanding items */

#define TWINFIELD_BATCH     25   /* children of one request, as the vendor advises */
#define TWINFIELD_LINES     999  /* of a transaction */
#define TWINFIELD_MAX_INNER (12u * 1024u * 1024u) /* bytes of a request's own document */

enum {
	TWINFIELD_JOURNALS,
	TWINFIELD_ACCOUNTS,
	TWINFIELD_VAT,
	TWINFIELD_CENTRES,
	TWINFIELD_PROJECTS,
	TWINFIELD_CUSTOMERS,
	TWINFIELD_SUPPLIERS,
	TWINFIELD_TABLES
};

/* Where a memorial carries our key. */
enum {
	TWINFIELD_KEY_FREETEXT1,
	TWINFIELD_KEY_FREETEXT2,
	TWINFIELD_KEY_FREETEXT3,
	TWINFIELD_KEY_INVOICE,
	TWINFIELD_KEY_NONE
};

typedef struct twinfield_thing {
	harmony__thing thing;
	harmony_kind books; /* daybooks: what they take; 0: something else */
} twinfield_thing;

/* What may be browsed, by a column's number in ours. */
enum {
	TWINFIELD_OFFICE,
	TWINFIELD_YEARPERIOD,
	TWINFIELD_CODE,
	TWINFIELD_NUMBER,
	TWINFIELD_DATE,
	TWINFIELD_CURRENCY,
	TWINFIELD_DIM1,
	TWINFIELD_DIM2,
	TWINFIELD_VALUE,
	TWINFIELD_OPEN,
	TWINFIELD_INVOICE,
	TWINFIELD_DUE,
	TWINFIELD_STATUS,
	TWINFIELD_FREETEXT1,
	TWINFIELD_FREETEXT2,
	TWINFIELD_FREETEXT3,
	TWINFIELD_COLUMNS
};

enum { TWINFIELD_ABSENT, TWINFIELD_SHOWN, TWINFIELD_EQUAL, TWINFIELD_BETWEEN };

typedef struct twinfield_definition {
	const char *code; /* "130_3" */
	bool asked, there;
	uint8_t columns[TWINFIELD_COLUMNS]; /* TWINFIELD_ABSENT, ... */
} twinfield_definition;

#define TWINFIELD_DEFINITIONS 8u

typedef struct twinfield {
	harmony__frame frame;
	char office[32];
	char cluster[256];  /* whose answer `validated` is; "" : not known */
	uint64_t validated; /* hash of the token that it belongs to */
	char receivable[32], payable[32]; /* accounts of the total line; "" : the relation's own */
	bool nil_company;   /* CompanyId is sent, as nil */
	bool omit_dim1;     /* an account that we do not know is left out, instead of empty */
	bool final;         /* destiny */
	bool silent_dates;  /* a date outside the period is no reason to refuse */
	bool send_rate;
	bool file_period;
	bool read_lines;
	bool all_daybooks;  /* outstanding: payments and memorials, too */
	int browse;         /* 0: whatever is there; 1: the new definitions; 2: the old ones */
	int memorial_key;   /* TWINFIELD_KEY_* */
	size_t batch;
	size_t name_max, description_max, reference_max, code_max;
	bool mask_known[2];
	char masks[2][81];  /* of customers and suppliers; "" : any code */
	twinfield_definition definitions[TWINFIELD_DEFINITIONS];
} twinfield;

static inline twinfield *twinfield_of(harmony__frame *f)
{
	return (twinfield *)f; /* the frame is its first member */
}

/* ---- soap.c -------------------------------------------------------------------------- */

/* Writes the children of the operation's element. */
typedef void (*twinfield_fill_fn)(harmony__xml_writer *w, const void *user);

/* Begins anew: an answer is about to be read, perhaps once more. */
typedef void (*twinfield_again_fn)(void *user);

/* One call. `event` gets the events of the answer: of the document inside it, or of the
   operation's own answer (the finder). */
typedef struct twinfield_call {
	const char *what;        /* in messages */
	const harmony__buf *inner; /* ProcessXmlString: the document; NULL: the finder */
	twinfield_fill_fn fill;  /* the finder: its question */
	const void *question;
	unsigned credits;        /* that it costs */
	int tries;               /* of a read; 0: as the frame thinks right */
	harmony__xml_fn event;
	twinfield_again_fn again; /* may be NULL */
	void *user;              /* of `event` and `again` */
} twinfield_call;

/* Makes the cluster known that the login's token belongs to. */
harmony_status twinfield_connect(twinfield *t, harmony_error *error);
/* A read. Errors as harmony__read. */
harmony_status twinfield_read(twinfield *t, const twinfield_call *call, harmony_error *error);
/* The same into a tree; `inner` is a document of ours. */
harmony_status twinfield_tree(twinfield *t, const char *what, const harmony__buf *inner,
			      harmony__arena *arena, const harmony__xml **root,
			      harmony_error *error);
/* A write, once. BOOKED: there is an answer, and `*root` is it; who was booked stands there. */
harmony_status twinfield_write(twinfield *t, const char *what, const harmony__buf *inner,
			       harmony__arena *arena, const harmony__xml **root,
			       harmony_verdict *verdict, harmony_error *error);
/* Method, address and body of a write, with a placeholder for the token. */
harmony_status twinfield_show(twinfield *t, const harmony__buf *inner, harmony__buf *out,
			      harmony_error *error);
/* Whether an element of an answer says that it was refused; one that says nothing was not. */
bool twinfield_refused(const harmony__xml *element);
/* The package's hooks. */
harmony_status twinfield_sign(harmony__frame *f, harmony__call *call, const char *token,
			      harmony_error *error);
void twinfield_judge(harmony__frame *f, harmony__http_response *response);
void twinfield_words(char *words, size_t size, harmony__frame *f,
		     const harmony__http_response *response);

/* ---- lookup.c ------------------------------------------------------------------------ */

/* <read> or <list> of something: pairs of element and text behind the type, NULL at the end. */
harmony_status twinfield_ask(harmony__buf *inner, const char *root, const char *const *pairs);
harmony_status twinfield_load(harmony__frame *f, int table, const char *code, harmony_error *error);
/* Makes office and cluster known. */
harmony_status twinfield_ready(harmony__frame *f, harmony_error *error);
int twinfield_party_table(harmony_kind kind);
const char *twinfield_party_type(harmony_kind kind); /* DEB, CRD */
/* One relation as it is now; NULL in `*row`: it is not there. */
harmony_status twinfield_read_party(twinfield *t, harmony_kind kind, const char *code,
				    harmony__arena *arena, const harmony__xml **row,
				    harmony_error *error);
/* Whether a code has the form that the office wants; asked for once. `mask`: that form. */
harmony_status twinfield_code_fits(bool *fits, const char **mask, twinfield *t, harmony_kind kind,
				   const char *code, harmony_error *error);
/* Whether a code fits a mask: [0-9] and the like, * and ?. */
bool twinfield_mask_fits(const char *mask, const char *code);

/* ---- party.c, entry.c ---------------------------------------------------------------- */

/* The <dimension> of a relation, against what Twinfield has (NULL: nothing). */
harmony_status twinfield_party_body(twinfield *t, const harmony_record *record,
				    const harmony__xml *row, harmony__xml_writer *w, bool *changes,
				    harmony_verdict *verdict, harmony_error *error);
/* What it has, for the body; NULL in `*row` when it is new. `few`: there are not many to be
   asked for, and each is by itself; else all are read at once. */
harmony_status twinfield_known_party(const harmony__xml **row, twinfield *t,
				     const harmony_record *record, bool few, harmony__arena *arena,
				     harmony_error *error);

/* Whether Twinfield can hold a text: of at most `max` characters (0: not known), and without
   characters that XML has not got. Refused otherwise, never cut. */
bool twinfield_fits(harmony__draft *draft, const char *text, size_t max, size_t row,
		    const char *field);

/* The <transaction> of an entry. `prove`: what it needs is looked up first, and refused by
   name; else Twinfield is left to say so. */
harmony_status twinfield_entry_body(twinfield *t, const harmony_record *record, bool prove,
				    harmony__xml_writer *w, harmony_verdict *verdict,
				    harmony_error *error);
/* What the header's invoicenumber holds, and find looks for. */
const char *twinfield_reference(const harmony_record *record);
/* The key of a memorial: the same for the same entry, in every office another. */
void twinfield_key(char key[HARMONY__UUID_SIZE], const twinfield *t, const harmony_record *record);
/* The element of its header that carries it; NULL: none does. */
const char *twinfield_key_element(const twinfield *t);
/* The first line of a memorial that can carry it as an invoice number; 0: none. */
size_t twinfield_key_row(const harmony_record *record);
/* The day that the entry is booked on, as yyyymmdd. */
void twinfield_day(char day[9], const harmony_record *record);
/* yyyymmdd of a date of the record; false: it has none. */
bool twinfield_date_text(char text[9], const harmony_record *record, size_t row,
			 harmony_field field);
/* What the relation's line is booked with, debit positive; 0 for a memorial. */
int64_t twinfield_total(const harmony_record *record);
/* What line `row` is booked with, debit positive: its amount, or its VAT where that is booked
   beside (harmony__vat_beside). In 1/100. */
int64_t twinfield_signed(const harmony_record *record, size_t row, harmony_field field);
/* Compares a transaction as Twinfield tells it with the record: BOOKED or DIFFERS. Errors:
   HARMONY_NOMEM. */
harmony_status twinfield_compare(twinfield *t, const harmony_record *record,
				 const harmony__xml *transaction, harmony_verdict *verdict,
				 harmony_error *error);
/* "12.34" in 1/100; false: it is none. */
bool twinfield_amount(int64_t *out, const char *text);

/* ---- offer.c ------------------------------------------------------------------------- */

harmony_status twinfield_offer(void *instance, const harmony_record *const *records, size_t count,
			       harmony_verdict *verdicts, harmony_error *error);
harmony_status twinfield_preview(harmony__frame *f, const harmony_record *record, harmony__buf *out,
				 harmony_verdict *verdict, harmony_error *error);
harmony_status twinfield_draft(harmony__frame *f, const harmony_record *record, harmony__buf *body,
			       harmony_verdict *verdict, harmony_error *error);
/* What the remarks of a refused child say (remarks.c). */
void twinfield_explain(harmony_verdict *verdict, const harmony_record *record,
		       const harmony__xml *child);

/* ---- browse.c ------------------------------------------------------------------------ */

typedef struct twinfield_row {
	const char *code, *number, *line; /* the key */
	const char *cells[TWINFIELD_COLUMNS]; /* "" for what is empty or not there */
} twinfield_row;

typedef harmony_status (*twinfield_row_fn)(const twinfield_row *row, void *user);

typedef struct twinfield_query {
	const char *code;
	const char *equal[TWINFIELD_COLUMNS]; /* asked of the columns that can be asked */
	int from, to; /* periods, as 202601, where they can be asked; 0, 0: all */
	twinfield_row_fn row; /* may get the same row again, when a part is asked for anew */
	void *user;
} twinfield_query;

/* The definition of a code, read once; NULL in `*out`: Twinfield has no such code. */
harmony_status twinfield_define(const twinfield_definition **out, twinfield *t, const char *code,
				harmony_error *error);
/* The first of the codes that is there and has all of these columns, preferably one that the
   office can be asked of; NULL: none. */
harmony_status twinfield_choose(const twinfield_definition **out, twinfield *t,
				const char *const *codes, const uint8_t *columns, size_t count,
				harmony_error *error);
/* All rows of this office, in parts when they are too many for one answer; or an error. */
harmony_status twinfield_browse(twinfield *t, const twinfield_query *query, harmony_error *error);

/* ---- read.c, open.c ------------------------------------------------------------------ */

harmony_status twinfield_find(void *instance, const harmony_record *record,
			      harmony_verdict *verdict, harmony_error *error);
harmony_status twinfield_read_back(void *instance, const harmony_record *record,
				   const char *remote_id, harmony_verdict *verdict,
				   harmony_error *error);
harmony_status twinfield_outstanding(void *instance, int sides, harmony_item_fn item, void *user,
				     harmony_error *error);
/* The codes that relations' lines can be browsed under on a side, in the order of the
   setting, NULL at the end. */
const char *const *twinfield_side_codes(const twinfield *t, int side);

#endif
