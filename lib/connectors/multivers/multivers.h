/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_LIB_CONNECTORS_MULTIVERS_H
#define HARMONY_LIB_CONNECTORS_MULTIVERS_H

#include <harmony/connector.h>

#include "base/base.h"
#include "wire/json.h"

/* Multivers Online's web API. */

/* ---- text.c: how Multivers writes things ------------------------------------------------- */

/* Appends one segment of a path. The server refuses encoded characters there, so that "%20"
   is written "!_20"; with `plain` it is not. */
void multivers_segment(harmony__buf *path, const char *text, bool plain);
/* "05-02-2026" */
#define MULTIVERS_DATE_SIZE 11
void multivers_date_format(char text[MULTIVERS_DATE_SIZE], harmony_date date);
/* "5-2-2026", "05-02-2026 0:00:00" and ISO; HARMONY_NOTFOUND for "" (no date), HARMONY_FORMAT. */
harmony_status multivers_date_parse(harmony_date *out, const char *text);
/* `name` in the administration's currency and, as nameCur, in the document's. */
void multivers_put_pair(harmony__json_writer *writer, const char *name, int64_t amount);

/* ---- messages.c ---------------------------------------------------------------------------- */

typedef struct multivers_message {
	const char *text, *path; /* "" for none; as long as the tree */
	bool error;              /* of type Error, or of none */
} multivers_message;

/* The first message of an answer that is an error, in whatever shape it comes: messages[] in
   either case, one bare {"Message": ...}. False when there is none. */
bool multivers_find_error(multivers_message *out, const harmony__json *root);
/* The record's field that a path such as "/customerInvoiceLines/0/accountId" means. */
void multivers_field_of(char *field, size_t size, const char *path);
/* Makes the verdict of a refusal: Multivers' words, the field, and what mends it. */
void multivers_explain(harmony_verdict *verdict, int status, const multivers_message *message);

#endif
