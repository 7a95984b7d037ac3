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

/* X(NAME, "word", field, width) in the default order. width: the characters that a
   text is cut to when it is written, 0 when it never is: a number that is cut names
   another relation or invoice. */
#define HARMONY_DBOPEN_COLUMN_MAP(X)                                                               \
	X(RELATION, "relation", PARTY, 0)                                                          \
	X(INVOICE, "invoice", INVOICE_NUMBER, 0)                                                   \
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
/* There will never be more of them than this: it sizes an array of a struct below. */
#define HARMONY_DBOPEN_ROOM 32

enum { HARMONY_QUOTE_TEXT, HARMONY_QUOTE_ALL, HARMONY_QUOTE_MINIMAL };
enum { HARMONY_TITLES_AUTO = 0, HARMONY_TITLES_YES = 1, HARMONY_TITLES_NO = -1 };

/* What is left at 0 is the default when writing, and told by the content when
   reading. */
typedef struct harmony_dbopen_options {
	size_t struct_size;
	uint8_t columns[HARMONY_DBOPEN_ROOM]; /* HARMONY_DBOPEN_*, `column_count` of them */
	size_t column_count;                     /* 0: all, in order */
	char delimiter;                          /* written: ',' */
	char decimal;                            /* '.' or ','; written: '.' */
	int dates;                               /* HARMONY_DATES_*; written: DDMMYYYY */
	int encoding;                            /* HARMONY_ENCODING_*; written: WINDOWS_1252 */
	int header;                              /* HARMONY_TITLES_*: a first row of column words */
	int quote;                               /* HARMONY_QUOTE_* */
	int sides;                               /* HARMONY_SIDE_* bits; 0: both */
} harmony_dbopen_options;

#define HARMONY_DBOPEN_OPTIONS_INIT                                                                \
	{sizeof(harmony_dbopen_options), {0}, 0, 0, 0, HARMONY_DATES_AUTO, HARMONY_ENCODING_AUTO,  \
	 HARMONY_TITLES_AUTO, HARMONY_QUOTE_TEXT, HARMONY_SIDES}

/* The settings "dbopen.columns" and so on, for configuration and help. Static. */
HARMONY_API const harmony_key *harmony_dbopen_keys(void);
/* Sets one of them by its name and text. Errors, which leave the options as they
   were: HARMONY_CONFIG, with the nearest key or column, or the allowed values, in the
   message; HARMONY_INVALID (an argument is NULL; the struct is of a header that had no
   such setting yet). Any thread. */
HARMONY_API harmony_status harmony_dbopen_options_set(harmony_dbopen_options *options,
                                                      const char *key, const char *value,
                                                      harmony_error *error);

/* Collects items and writes them in their order: sales before purchase, relation,
   invoice (by the bytes in the file), then date. The same items give the same bytes, whatever
   order they came in. */
typedef struct harmony_dbopen_writer harmony_dbopen_writer;
/* Makes a writer; `options` is copied, NULL means the defaults.
   Errors: HARMONY_NOMEM; HARMONY_INVALID (a delimiter that is a quote or a control
   character other than tab, a column that is unknown or doubled, a value outside its
   enumeration). */
HARMONY_API harmony_status harmony_dbopen_writer_new(harmony_dbopen_writer **out,
                                                     harmony_context *context,
                                                     const harmony_dbopen_options *options,
                                                     harmony_error *error);
/* Takes an outstanding item (copied). Left out are: an item of a side that is not
   asked for, one with nothing outstanding, and, with a warning in the log, one
   without invoice number (an unallocated payment).
   The three amounts always agree in the file, outstanding = amount - paid:
   outstanding leads, or is amount - paid when absent; amount is paid + outstanding
   when absent, and outstanding when both are; paid is what is no longer open.
   Errors, after which the writer goes on without that item: HARMONY_INVALID (another
   kind; no side, relation or outstanding; a side that is neither "sales" nor
   "purchase"), HARMONY_RANGE (amounts beyond 64 bits; a year that the date format
   cannot hold), HARMONY_NOMEM.
   Source: dbopen(5). */
HARMONY_API harmony_status harmony_dbopen_writer_add(harmony_dbopen_writer *writer,
                                                     const harmony_record *item,
                                                     harmony_error *error);
/* The number of rows so far of a side (HARMONY_SIDE_*, or both: HARMONY_SIDES). */
HARMONY_API size_t harmony_dbopen_writer_count(const harmony_dbopen_writer *writer, int side);
/* Writes the snapshot through a callback. Errors: HARMONY_NOMEM, HARMONY_LIMIT (over
   HARMONY_MAX_INTAKE bytes), what `write` returned. */
HARMONY_API harmony_status harmony_dbopen_writer_write(harmony_dbopen_writer *writer,
                                                       harmony_write_fn write, void *user,
                                                       harmony_error *error);
/* Renews the file at `path`: a complete old or a complete new one, never anything
   between (temporary file beside it, fsync, rename, fsync of the folder). An equal
   file is left alone; `*changed` (may be NULL) tells. An existing file keeps its
   mode; a new one gets 0644 whatever the umask, so that the ERP can read what a service
   writes: make it first for another mode. Errors: HARMONY_IO with the path and
   what mends it, HARMONY_NOMEM, HARMONY_LIMIT; the old file stays. */
HARMONY_API harmony_status harmony_dbopen_writer_save(harmony_dbopen_writer *writer,
                                                      const char *path, int *changed,
                                                      harmony_error *error);
/* NULL is allowed. */
HARMONY_API void harmony_dbopen_writer_free(harmony_dbopen_writer *writer);

/* dbopen.csv → outstanding items. Push, like harmony_fmuta6. The 7-column prefix of
   the default layout is read too; a title row maps columns by name. A file without
   `type` holds the one side of the options, else sales (with a warning). Outstanding
   is amount - paid where it does not stand in the file. */
typedef struct harmony_dbopen_reader harmony_dbopen_reader;
/* Makes a reader. `file` (copied) is what diagnostics and the records' source call
   the input. `record` receives every row in file order, good or with its failures;
   `diagnostic` (may be NULL) receives every note, warning and failure as it is found.
   `options` is copied, NULL means the defaults: everything is told by the content.
   Errors: HARMONY_NOMEM, HARMONY_INVALID (as harmony_dbopen_writer_new). */
HARMONY_API harmony_status harmony_dbopen_reader_new(harmony_dbopen_reader **out,
                                                     harmony_context *context,
                                                     const harmony_dbopen_options *options,
                                                     const char *file, harmony_record_fn record,
                                                     harmony_diagnostic_fn diagnostic, void *user,
                                                     harmony_error *error);
/* Takes any number of bytes; the result never depends on how the input is cut. A bad
   row is never an error of this call. Errors, after which the handle can only be
   freed: HARMONY_NOMEM; HARMONY_FORMAT (UTF-16); what a callback returned;
   HARMONY_STATE (after an error or finish). */
HARMONY_API harmony_status harmony_dbopen_reader_feed(harmony_dbopen_reader *reader,
                                                      const void *data, size_t len,
                                                      harmony_error *error);
/* Ends the input and hands on what is left. An input without any row is fine. */
HARMONY_API harmony_status harmony_dbopen_reader_finish(harmony_dbopen_reader *reader,
                                                        harmony_error *error);
/* NULL is allowed. */
HARMONY_API void harmony_dbopen_reader_free(harmony_dbopen_reader *reader);

#ifdef __cplusplus
}
#endif

#endif
