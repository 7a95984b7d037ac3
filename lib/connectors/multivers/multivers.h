/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_LIB_CONNECTORS_MULTIVERS_H
#define HARMONY_LIB_CONNECTORS_MULTIVERS_H

#include "connectors/frame.h"

/* Multivers Online's web API, which is that of Boekhoud Gemak, too. Much of it is thinly
   documented: docs/multivers.md says which points are not verified, and which setting decides
   each. */

/* ---- what the package has ------------------------------------------------------------------ */

enum {
	/* lists */
	MULTIVERS_YEARS,
	MULTIVERS_JOURNAL_TYPES,
	MULTIVERS_VAT,
	MULTIVERS_CONDITIONS,
	MULTIVERS_CENTRES,
	MULTIVERS_UNITS,
	MULTIVERS_COUNTRIES,
	MULTIVERS_CURRENCIES,
	/* lists of one fiscal year: things are under "2026/CODE", the year itself under "2026/" */
	MULTIVERS_PERIODS,
	MULTIVERS_JOURNALS,
	MULTIVERS_ACCOUNTS,
	MULTIVERS_SALES_SCENARIOS,
	MULTIVERS_PURCHASE_SCENARIOS,
	MULTIVERS_CUSTOMER_GROUPS,
	MULTIVERS_SUPPLIER_GROUPS,
	/* relations, one by one */
	MULTIVERS_CUSTOMERS,
	MULTIVERS_SUPPLIERS,
	MULTIVERS_TABLES
};

typedef struct multivers_thing {
	harmony__thing thing;
	harmony_date start, end; /* years and periods; a year of 0 when it is not told */
	int64_t number;          /* the code, where it is one; journals: their type */
	int64_t last;            /* journals: the transaction that was numbered last */
	char condition[8];       /* relations: payment condition */
	char organization[24];   /* relations: whose bank accounts these are */
} multivers_thing;

enum { MULTIVERS_BY_TYPE, MULTIVERS_BY_COLUMN, MULTIVERS_BY_BOTH }; /* credit_notes */

/* Transaction numbers counted on from what was asked for, one a journal and year. */
typedef struct multivers_counter {
	int64_t year, next;
	char journal[16];
} multivers_counter;

#define MULTIVERS_COUNTERS 32

typedef struct multivers {
	harmony__frame frame;
	char version[16];
	char administration[64];
	bool known;             /* the administration is */
	bool debit_sales;       /* sales lines stand in the debit column */
	int credit_notes;       /* MULTIVERS_BY_* */
	bool credit_positive;   /* the total of a booked credit note comes back positive */
	bool balance_positive;  /* an open credit note is positive in lists */
	bool payables_negative; /* what we owe is negative in lists */
	bool auto_vat;          /* Multivers computes VAT */
	int64_t vat_type, no_vat_type;
	bool plain_escape; /* % stays % in paths */
	bool one_page;     /* lists come whole */
	bool send_rate;    /* exchange rates are sent */
	bool by_invoice;   /* sales go by the invoice number, not by the entry number */
	bool pay_entries;  /* memorial lines with a relation pay its invoices */
	bool groups;       /* the category is the relation's group */
	bool no_banks;     /* of suppliers: their bank accounts are left alone */
	bool file_period;  /* period and year from the file, not from the date */
	bool fetch_lines;  /* read_back always fetches */
	bool go_on;        /* a wrong total stops nothing */
	size_t page_size, reference_max, description_max;
	uint32_t stopped;     /* kinds that wait, HARMONY_BIT */
	bool stopped_known;   /* that was loaded */
	char compared[128];   /* what was compared in the answer to its booking */
	harmony__buf numbers; /* reserved transaction numbers, as they are stored */
	bool numbers_known;
	multivers_counter counters[MULTIVERS_COUNTERS];
	size_t counter_count;
} multivers;

/* ---- text.c: how Multivers writes things ------------------------------------------------- */

/* Appends one segment of a path. The server refuses encoded characters there, so that "%20"
   is written "!_20"; with `plain` it is not. */
void multivers_segment(harmony__buf *path, const char *text, bool plain);
/* "05-02-2026" */
#define MULTIVERS_DATE_SIZE 11
void multivers_date_format(char text[MULTIVERS_DATE_SIZE], harmony_date date);
/* "5-2-2026", "05-02-2026 0:00:00" and ISO; HARMONY_NOTFOUND for "" (no date), HARMONY_FORMAT. */
harmony_status multivers_date_parse(harmony_date *out, const char *text);
/* `name` in the administration's currency (`own`) and, as nameCur, in the document's. */
void multivers_put_pair(harmony__json_writer *writer, const char *name, int64_t amount, bool own);
/* A date of an answer; false: none, or none that is understood. */
bool multivers_date(harmony_date *out, const harmony__json *value);

/* ---- messages.c ---------------------------------------------------------------------------- */

/* What an answer says is wrong, in whatever shape: messages[] in either case, one bare
   {"Message": ...}, a page. Several errors are joined; the path is that of the first. */
typedef struct multivers_message {
	bool error;  /* there is one */
	bool listed; /* in messages[]: Multivers' rules refused it, nothing was applied */
	char text[768], path[128];
} multivers_message;

void multivers_take_message(multivers_message *out, harmony_context *context,
			    const harmony__json *root);
/* The same of an answer as it came: pages count with 4xx only. */
void multivers_read_message(multivers_message *out, harmony_context *context, int status,
			    const void *data, size_t len);
/* The record's field that a path such as "/customerInvoiceLines/0/accountId" means; the
   record may be NULL. */
void multivers_field_of(char *field, size_t size, const multivers *m, const harmony_record *record,
			const char *path);
/* Makes the verdict of a refusal: Multivers' words, the field, and what mends it. */
void multivers_explain(harmony_verdict *verdict, const multivers *m, const harmony_record *record,
		       int status, const multivers_message *message);

/* ---- api.c: one request ---------------------------------------------------------------------- */

/* Appends the address of `path`, whose segments are escaped. */
void multivers_address(harmony__buf *url, const multivers *m, const char *path);
/* GET of one thing; `*root` is NULL when Multivers has none (404, nothing, null). */
harmony_status multivers_get(multivers *m, const char *path, const char *what,
			     harmony__arena *arena, const harmony__json **root,
			     harmony_error *error);
/* Every row of a list, in the order of `key` ("InvoiceId"), over all its pages; `key` NULL: it
   comes whole. */
harmony_status multivers_list(multivers *m, const char *path, const char *key, const char *what,
			      harmony__arena *keep, harmony__row_fn row, void *user,
			      harmony_error *error);
/* POST or PUT. REJECTED is certain; when `*unsure`, it may be booked all the same, and must be
   looked up. `message` is what was said, `*root` the answer to a BOOKED one (NULL: none). */
harmony_status multivers_send(multivers *m, const char *method, const char *path, const char *what,
			      const harmony__buf *body, harmony__arena *arena,
			      const harmony__json **root, const harmony_record *record,
			      multivers_message *message, bool *unsure, harmony_verdict *verdict,
			      harmony_error *error);
/* The frame's: rows of an answer, and where the next ones are. */
const harmony__json *multivers_rows(const harmony__json *root);
void multivers_next(harmony__buf *next, const char *url, const harmony__json *root);

/* ---- lookup.c -----------------------------------------------------------------------------------
 */

extern const harmony__source multivers_sources[MULTIVERS_TABLES];
harmony_status multivers_ready(harmony__frame *f, harmony_error *error);
harmony_status multivers_load(harmony__frame *f, int table, const char *code, harmony_error *error);
/* The thing of that fiscal year under a code of the package. */
harmony_status multivers_find_in_year(const multivers_thing **out, multivers *m, int table,
				      int64_t year, const char *code, harmony_error *error);
/* How many things that year has in a table that was loaded, and the first of them. */
size_t multivers_count_of_year(const multivers_thing **first, const multivers *m, int table,
			       int64_t year);
/* The kind that a journal's type takes; 0 when its word is not known. */
harmony_status multivers_journal_kind(harmony_kind *out, multivers *m, int64_t type,
				      harmony_error *error);
/* A relation's row as Multivers has it. NULL: no memory. */
multivers_thing *multivers_take_party(multivers *m, int table, const char *code,
				      const harmony__json *row);
int multivers_party_table(harmony_kind kind);
/* "Customer", "Supplier"; with Id behind it the name of the key. */
const char *multivers_party_name(int table);

/* ---- entry.c, memorial.c ------------------------------------------------------------------------
 */

/* An entry under construction. */
typedef struct multivers_entry {
	harmony__draft draft;
	multivers *m;
	harmony_kind kind;
	bool proving;   /* nothing is sent: what comes along in the same file is not there yet */
	bool credit;    /* a credit note */
	bool beside;    /* VAT is booked beside the amounts */
	int64_t number; /* of the transaction */
	int64_t year, period;
	const char *journal, *currency; /* currency: "" for that of the administration */
	int64_t scenario;               /* -1: none */
	const multivers_thing *party;
	harmony__json_writer w;
} multivers_entry;

/* The body of an entry under that transaction number. A verdict of REJECTED says what is wrong
   with it. `*made` holds year and journal. */
harmony_status multivers_entry_body(multivers_entry *made, multivers *m,
				    const harmony_record *record, int64_t number, bool proving,
				    harmony__buf *body, harmony_verdict *verdict,
				    harmony_error *error);
/* What follows the head of a memorial, and what it is called in the books: its number, or a
   part of its hash; memorial.c. */
void multivers_put_memorial(multivers_entry *e);
void multivers_document(char name[HARMONY_KEY_SIZE], const harmony_record *record);
/* What header and memorial share. */
void multivers_put_date(multivers_entry *e, const char *name, size_t row, harmony_field field);
const char *multivers_line_text(multivers_entry *e, size_t row);
void multivers_put_dimensions(multivers_entry *e, size_t row);
const multivers_thing *multivers_need_in_year(multivers_entry *e, int table, size_t row,
					      harmony_field field);
/* What an invoice goes by at Multivers, and what stands in its reference. */
harmony_field multivers_id_field(const multivers *m, const harmony_record *record);
harmony_field multivers_reference_field(const multivers *m, harmony_kind kind);
/* "CustomerInvoice/26700001"; "" for a memorial. */
void multivers_invoice_path(harmony__buf *path, const multivers *m, const harmony_record *record);
bool multivers_is_credit(const harmony_record *record);

/* ---- number.c: transaction numbers
 * ---------------------------------------------------------------- */

/* The number that `record` is sent with: durable when this returns. The same again when it
   was sent before (`*again`) and is not known to have been refused. HARMONY_LIMIT: the journal
   has no number left in that year, or gives none. */
harmony_status multivers_reserve(int64_t *number, bool *again, multivers *m,
				 const harmony_record *record, int64_t year, const char *journal,
				 harmony_error *error);
/* What became of it: it was used, or it was refused and is free for the next. */
void multivers_used(multivers *m, const harmony_record *record);
harmony_status multivers_release(multivers *m, const harmony_record *record, bool taken,
				 harmony_error *error);
/* Whether what is booked went out under the number that is reserved for the record. */
harmony_status multivers_was_sent(bool *yes, multivers *m, const harmony_record *record,
				  const harmony__json *booked, harmony_error *error);
/* Appends "FinTrans/2026/MEM/7". */
void multivers_transaction_path(harmony__buf *path, const multivers *m, int64_t year,
				const char *journal, int64_t number);
/* That of a record that was sent; HARMONY_NOTFOUND when nothing is known. */
harmony_status multivers_reserved_path(harmony__buf *path, multivers *m,
				       const harmony_record *record, harmony_error *error);
/* The number that would be next, without asking: for showing. `*first` : none was shown yet. */
harmony_status multivers_guess(int64_t *number, bool *first, multivers *m, int64_t year,
			       const char *journal, harmony_error *error);
void multivers_next_path(harmony__buf *path, int64_t year, const char *journal);

/* ---- offer.c, party.c, read.c, open.c
 * -------------------------------------------------------------- */

harmony_status multivers_offer_entry(multivers *m, const harmony_record *record,
				     harmony_verdict *verdict, harmony_error *error);
harmony_status multivers_preview_entry(multivers *m, const harmony_record *record,
				       harmony__buf *out, harmony_verdict *verdict,
				       harmony_error *error);
/* Nothing of that kind is sent from now on, until a setting changes that its totals hang on. */
harmony_status multivers_stop(multivers *m, harmony_kind kind, harmony_error *error);
harmony_status multivers_offer_party(multivers *m, const harmony_record *record,
				     harmony_verdict *verdict, harmony_error *error);
harmony_status multivers_preview_party(multivers *m, const harmony_record *record,
				       harmony__buf *out, harmony_verdict *verdict,
				       harmony_error *error);
/* The body of a relation's request; `known` NULL: it is made. */
harmony_status multivers_party_body(multivers *m, const harmony_record *record,
				    const multivers_thing *known, harmony__buf *body, bool *changes,
				    harmony_verdict *verdict, harmony_error *error);
/* The bank account that goes with a relation, "" for none; bank.c. */
const char *multivers_bank_of(const multivers *m, const harmony_record *record);
harmony_status multivers_has_bank(bool *has, multivers *m, int table, const char *code,
				  const char *iban, harmony_error *error);
harmony_status multivers_bank_body(harmony__buf *body, const harmony_record *record,
				   const char *organization, harmony_error *error);
/* The relation is not done before its bank account is. `fresh` : it was just made. */
harmony_status multivers_offer_bank(multivers *m, const harmony_record *record,
				    const multivers_thing *party, bool fresh,
				    harmony_verdict *verdict, harmony_error *error);

/* Compares what Multivers holds with what was meant: BOOKED or DIFFERS. `total` : it is the
   total that differs. */
harmony_status multivers_compare(multivers *m, const harmony_record *record,
				 const harmony__json *booked, bool *total, harmony_verdict *verdict,
				 harmony_error *error);
/* Whether a transaction that came up in a search is the record's: then `*done`, with the verdict.
   `*unclear` is set by one that holds the same and has no name, or a cut one. */
harmony_status multivers_judge_found(bool *done, bool *unclear, multivers *m,
				     const harmony_record *record, const char *where,
				     const harmony__json *root, harmony_verdict *verdict,
				     harmony_error *error);
/* search.c: looks for a memorial by its journal, day and name. `*known` false: it cannot be told. */
harmony_status multivers_search(bool *known, multivers *m, const harmony_record *record,
				harmony_verdict *verdict, harmony_error *error);
harmony_status multivers_find(void *instance, const harmony_record *record,
			      harmony_verdict *verdict, harmony_error *error);
harmony_status multivers_read_back(void *instance, const harmony_record *record,
				   const char *remote_id, harmony_verdict *verdict,
				   harmony_error *error);
harmony_status multivers_outstanding(void *instance, int sides, harmony_item_fn item, void *user,
				     harmony_error *error);

#endif
