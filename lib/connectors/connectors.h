/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_LIB_CONNECTORS_H
#define HARMONY_LIB_CONNECTORS_H

#include <harmony/connector.h>

#include "base/base.h"

/* One a folder; the table of registry.c says which of them this build has. */
extern const harmony_connector harmony__ledger;
extern const harmony_connector harmony__exact_online;
extern const harmony_connector harmony__minox;
extern const harmony_connector harmony__multivers;
extern const harmony_connector harmony__twinfield;

/* ---- what connectors share (shared.c) ---------------------------------------------- */

/* A text of a record, "" when absent; whether a number is there. */
const char *harmony__text_of(const harmony_record *record, size_t row, harmony_field field);
bool harmony__number_of(int64_t *out, const harmony_record *record, size_t row, harmony_field field);
/* What names a record for good, NUL-ended: its natural key, or what it holds and where it stood
   ("memorial/HASH/LINE"), so that of two alike without a number each has its own. */
void harmony__lasting_name(char name[HARMONY_KEY_SIZE], const harmony_record *record);
/* The number of a bank account without the blanks that people write in it, "NL91ABNA0417164300";
   whether two are the same one. */
#define HARMONY__BANK_SIZE 160 /* a record's bank_account in UTF-8, and NUL */
void harmony__bank_number(char number[HARMONY__BANK_SIZE], const char *text);
bool harmony__same_bank(const char *one, const char *two);
/* Whether it is a relation, and no entry. */
bool harmony__is_party(const harmony_record *record);
/* Sum of lines and VAT of a record, in 1/100. Like the next one it reads every line: to be asked
   once an entry, not once a line. */
int64_t harmony__sum_of(const harmony_record *record);
/* Whether a line's VAT is booked beside its amount. In a memorial whose amounts sum to zero
   by themselves the VAT has lines of its own, and would be booked twice. */
bool harmony__vat_beside(const harmony_record *record);

/* An open item of a package, signed as the record wants it. */
typedef struct harmony__item {
	bool sales;
	/* "" or NULL: none */
	const char *party, *number, *currency, *description, *reference;
	harmony_date date, due; /* year 0: none */
	int64_t amount, outstanding;
} harmony__item;
/* Hands one on as `record`, which is used again. Errors: HARMONY_NOMEM, HARMONY_INVALID, what
   `fn` returned. */
harmony_status harmony__hand_on(const harmony__item *item, harmony_record *record,
                                harmony_item_fn fn, void *user, harmony_error *error);

/* One known kind of message of a package, and what mends it. Words are in lower case. */
typedef struct harmony__remedy {
	const char *words[8];   /* any of these, in any language that we know */
	const char *subject[8]; /* and any of these; none: whatever it is about */
	const char *code, *field, *mend;
} harmony__remedy;
/* The first row that fits the message, in any case of letters; NULL without one. */
const harmony__remedy *harmony__remedy_find(const harmony__remedy *table, size_t count,
                                            const char *message);

#endif
