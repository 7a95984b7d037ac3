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

/* ---- what connectors share (shared.c) ---------------------------------------------- */

/* A text of a record, "" when absent; whether a number is there. */
const char *harmony__text_of(const harmony_record *record, size_t row, harmony_field field);
bool harmony__number_of(int64_t *out, const harmony_record *record, size_t row, harmony_field field);
/* Sum of lines and VAT of a record. */
int64_t harmony__sum_of(const harmony_record *record);
/* Whether a line's VAT is booked beside its amount. In a memorial whose amounts sum to zero
   by themselves the VAT has lines of its own, and would be booked twice. */
bool harmony__vat_beside(const harmony_record *record);

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
