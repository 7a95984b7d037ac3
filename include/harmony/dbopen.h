/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_DBOPEN_H
#define HARMONY_DBOPEN_H

#include <harmony/csv.h>
#include <harmony/record.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Outstanding items ↔ dbopen.csv. No public layout of Reflex 3000 exists, so columns
   and dialect are settings; the default is argued in dbopen(5). */

/* X(NAME, "word", field, width in characters, text?) in the default order */
#define HARMONY_DBOPEN_COLUMN_MAP(X)                                                               \
	X(RELATION, "relation", PARTY, 20)                                                         \
	X(INVOICE, "invoice", INVOICE_NUMBER, 20)                                                  \
	X(DATE, "date", DATE, 0)                                                                   \
	X(EXPIRATION, "expiration", DUE_DATE, 0)                                                   \
	X(DESCRIPTION, "description", DESCRIPTION, 60)                                             \
	X(INVOICEAMOUNT, "invoiceamount", AMOUNT, 0)                                               \
	X(PAID, "paid", PAID, 0)                                                                   \
	X(OUTSTANDING, "outstanding", OUTSTANDING, 0)                                              \
	X(TYPE, "type", SIDE, 1)                                                                   \
	X(CURRENCY, "currency", CURRENCY, 3)                                                       \
	X(REFERENCE, "reference", REFERENCE, 20)

#define HARMONY_DBOPEN_COLUMN_ENUM(name, word, field, width) HARMONY_DBOPEN_##name,
enum { HARMONY_DBOPEN_COLUMN_MAP(HARMONY_DBOPEN_COLUMN_ENUM) HARMONY_DBOPEN_COLUMNS };
#undef HARMONY_DBOPEN_COLUMN_ENUM

enum { HARMONY_QUOTE_TEXT, HARMONY_QUOTE_ALL, HARMONY_QUOTE_MINIMAL };

typedef struct harmony_dbopen_options {
	size_t struct_size;
	uint8_t columns[HARMONY_DBOPEN_COLUMNS]; /* HARMONY_DBOPEN_*, `column_count` of them */
	size_t column_count;                     /* 0: the default, all in order */
	char delimiter;                          /* ',' */
	char decimal;                            /* '.' */
	int dates;                               /* HARMONY_DATES_*, DDMMYYYY */
	int encoding;                            /* HARMONY_ENCODING_WINDOWS_1252 */
	int header;                              /* 1: a first row of column words */
	int quote;                               /* HARMONY_QUOTE_* */
	int sides;                               /* HARMONY_SIDE_* bits */
} harmony_dbopen_options;

#define HARMONY_DBOPEN_OPTIONS_INIT                                                                \
	{sizeof(harmony_dbopen_options), {0}, 0, ',', '.', HARMONY_DATES_DDMMYYYY,                 \
	 HARMONY_ENCODING_WINDOWS_1252, 0, HARMONY_QUOTE_TEXT, HARMONY_SIDES}

HARMONY_API const harmony_key *harmony_dbopen_keys(void);
HARMONY_API harmony_status harmony_dbopen_options_set(harmony_dbopen_options *options,
                                                      const char *key, const char *value,
                                                      harmony_error *error);

/* Collects items and writes them in their order: sales before purchase, relation,
   invoice (byte order), then date. The same items give the same bytes, whatever
   order they came in. */
typedef struct harmony_dbopen_writer harmony_dbopen_writer;
HARMONY_API harmony_status harmony_dbopen_writer_new(harmony_dbopen_writer **out,
                                                     harmony_context *context,
                                                     const harmony_dbopen_options *options,
                                                     harmony_error *error);
/* Takes an outstanding item (copied). An item of a side that is not asked for, or
   with nothing outstanding, is left out. Errors: HARMONY_INVALID (another kind, no
   side), HARMONY_NOMEM. */
HARMONY_API harmony_status harmony_dbopen_writer_add(harmony_dbopen_writer *writer,
                                                     const harmony_record *item,
                                                     harmony_error *error);
/* The number of rows so far of a side. */
HARMONY_API size_t harmony_dbopen_writer_count(const harmony_dbopen_writer *writer, int side);
/* Writes the snapshot through a callback. */
HARMONY_API harmony_status harmony_dbopen_writer_write(harmony_dbopen_writer *writer,
                                                       harmony_write_fn write, void *user,
                                                       harmony_error *error);
/* Renews the file at `path`: a complete old or a complete new one, never anything
   between (temporary file beside it, fsync, rename, fsync of the folder). An equal
   file is left alone; `*changed` (may be NULL) tells. Errors: HARMONY_IO with the
   path and what mends it; the old file stays. */
HARMONY_API harmony_status harmony_dbopen_writer_save(harmony_dbopen_writer *writer,
                                                      const char *path, int *changed,
                                                      harmony_error *error);
HARMONY_API void harmony_dbopen_writer_free(harmony_dbopen_writer *writer);

/* dbopen.csv → outstanding items. Push, like harmony_fmuta6. The 7-column prefix of
   the default layout is read too; a header row maps columns by name. */
typedef struct harmony_dbopen_reader harmony_dbopen_reader;
HARMONY_API harmony_status harmony_dbopen_reader_new(harmony_dbopen_reader **out,
                                                     harmony_context *context,
                                                     const harmony_dbopen_options *options,
                                                     const char *file, harmony_record_fn record,
                                                     harmony_diagnostic_fn diagnostic, void *user,
                                                     harmony_error *error);
HARMONY_API harmony_status harmony_dbopen_reader_feed(harmony_dbopen_reader *reader,
                                                      const void *data, size_t len,
                                                      harmony_error *error);
HARMONY_API harmony_status harmony_dbopen_reader_finish(harmony_dbopen_reader *reader,
                                                        harmony_error *error);
HARMONY_API void harmony_dbopen_reader_free(harmony_dbopen_reader *reader);

#ifdef __cplusplus
}
#endif

#endif
