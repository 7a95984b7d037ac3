/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_LIB_CONNECTORS_LEDGER_H
#define HARMONY_LIB_CONNECTORS_LEDGER_H

#include <harmony/connector.h>

#include "base/base.h"
#include "wire/sqlite.h"

/* The ledger: a small accounting package in one SQLite file, its books.

   parties      customers and suppliers; offered again with other content, they change
   bookings     an entry each, with the natural key and the content hash it was offered with
   lines        its lines, by the package's codes (after the mappings)
   settlements  what a bank or memorial line takes off an invoice: kept by side, party and
                invoice number, so that it counts whichever of the two came first

   What it decides where packages differ:
   - Accounts, journals, VAT codes, cost centres and units are taken as they come: the ledger
     keeps no plan of accounts. Parties must be there.
   - Bookings of one side and party with one invoice number are one outstanding item, whose
     amount is their sum and whose dates are the first one's. A payment names nothing but that
     number, and a credit note often carries the number of the invoice it takes back: two rows
     would leave both open for good. dbopen.csv tells items apart by the number as well. Their
     currency must be one, since amounts in two currencies have no sum.
   - A payment in another currency than its invoice does not count for it.
   - An entry without a number is known by its content and the line of the file it came from:
     the same file offered again books nothing, two equal entries of a file are both booked. */

typedef struct ledger {
	const harmony_host *host;
	harmony_context *context;
	harmony__db *db;
} ledger;

/* The invoice's or the relation's side; 0 for a kind that has none. */
int ledger__side_of(harmony_kind kind);
const char *ledger__side_word(int side); /* "sales", "purchase" */

/* A record in the package's codes: `*out` is `record` itself when no mapping changes it, else
   `*copy`, which the caller frees. */
harmony_status ledger__map(const harmony_record **out, harmony_record **copy, const ledger *l,
                           const harmony_record *record, harmony_error *error);

/* Where the record is: `*id` 0 when it is not there; `*same` when with the same content. */
harmony_status ledger__lookup(int64_t *id, bool *same, ledger *l, const harmony_record *record,
                              harmony_error *error);
/* 1 when there is such a relation. */
harmony_status ledger__has_party(bool *has, ledger *l, int side, const char *code,
                                 harmony_error *error);
/* The key of a booking (HARMONY_KEY_SIZE), also of one without a number. */
void ledger__key(char *key, const harmony_record *record, const uint8_t hash[HARMONY_HASH_SIZE]);

/* The relation that an entry's `row` names, with the text of a field that a line may leave to
   its header; "" when it names none. */
const char *ledger__text(const harmony_record *record, size_t row, harmony_field field);

/* What a line takes off an invoice. `number` "" leaves it unallocated. */
typedef struct ledger__settlement {
	int side; /* 0: the line settles nothing */
	const char *party, *number, *currency;
	int64_t amount; /* positive: reduces an ordinary invoice */
} ledger__settlement;
/* `out->side` 0 with a party: there is no such relation. */
harmony_status ledger__settle(ledger__settlement *out, ledger *l, const harmony_record *record,
                              size_t row, harmony_error *error);

void ledger__remote_id(harmony_verdict *verdict, harmony_kind kind, int64_t id);

/* book.c and look.c: the functions of the vtable. */
harmony_status ledger__offer(void *instance, const harmony_record *const *records, size_t count,
                             harmony_verdict *verdicts, harmony_error *error);
harmony_status ledger__find(void *instance, const harmony_record *record, harmony_verdict *verdict,
                            harmony_error *error);
harmony_status ledger__read_back(void *instance, const harmony_record *record,
                                 const char *remote_id, harmony_verdict *verdict,
                                 harmony_error *error);
harmony_status ledger__outstanding(void *instance, int sides, harmony_item_fn item, void *user,
                                   harmony_error *error);
harmony_status ledger__check(void *instance, const harmony_record *const *records, size_t count,
                             harmony_finding_fn finding, void *user, harmony_error *error);

#endif
