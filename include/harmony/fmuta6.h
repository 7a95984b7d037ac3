/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_FMUTA6_H
#define HARMONY_FMUTA6_H

#include <harmony/csv.h>
#include <harmony/record.h>

#ifdef __cplusplus
extern "C" {
#endif

/* fmuta6.csv (30, 32, 40 or 41 wide), debitr.csv (53, 54) and credit.csv (51, 52) →
   records, in one streaming reader: the kind of file is told by width and content,
   never by its name. fmuta6(5) describes the format and each tolerated oddity. */

enum { HARMONY_FILE_UNKNOWN, HARMONY_FILE_ENTRIES, HARMONY_FILE_CUSTOMERS, HARMONY_FILE_SUPPLIERS };
enum { HARMONY_SALES_NATURAL, HARMONY_SALES_DEBIT_CREDIT };
enum { HARMONY_MEMORIAL_DEBIT, HARMONY_MEMORIAL_CREDIT };
enum { HARMONY_VAT_AUTO, HARMONY_VAT_EXCLUSIVE, HARMONY_VAT_INCLUSIVE };
enum { HARMONY_TOTAL_WARN, HARMONY_TOTAL_REJECT };

typedef struct harmony_fmuta6_options {
	size_t struct_size;
	int encoding;      /* HARMONY_ENCODING_* */
	char delimiter;    /* 0: auto */
	char decimal;      /* 0: auto, '.' or ',' */
	int dates;         /* HARMONY_DATES_* */
	int sales_sign;    /* HARMONY_SALES_*: debit-credit files write ordinary sales negative */
	int memorial_sign; /* HARMONY_MEMORIAL_*: which side is written positive */
	int vat;           /* HARMONY_VAT_*: whether line amounts include VAT */
	int total;         /* HARMONY_TOTAL_*: a header total that the lines do not make */
	int strict;        /* 1: a line 1 without header row is an error, not a warning */
	int pivot;         /* two-digit years below it are 20xx; 90 */
} harmony_fmuta6_options;

#define HARMONY_FMUTA6_OPTIONS_INIT {sizeof(harmony_fmuta6_options), 0, 0, 0, 0, 0, 0, 0, 0, 0, 90}

/* The settings "fmuta6.encoding" and so on, for configuration and help. Static. */
HARMONY_API const harmony_key *harmony_fmuta6_keys(void);
/* Sets one of them by its name and text. Errors, which leave the options as they were:
   HARMONY_CONFIG, with the nearest known key or the allowed values in the message;
   HARMONY_INVALID (an argument is NULL; the struct is of a header that had no such setting
   yet). Any thread. */
HARMONY_API harmony_status harmony_fmuta6_options_set(harmony_fmuta6_options *options,
                                                      const char *key, const char *value,
                                                      harmony_error *error);

/* What was found about the input; complete after finish. */
typedef struct harmony_fmuta6_summary {
	size_t struct_size;
	int file_kind;    /* HARMONY_FILE_* */
	int encoding;     /* HARMONY_ENCODING_*; AUTO when only ASCII was seen */
	char delimiter;
	char decimal;     /* 0 when no decimals were seen */
	int dates;        /* HARMONY_DATES_* of the last date seen, AUTO when none */
	int quoted;       /* 1 when texts stand in quotes */
	int byte_order_mark;
	int title_row;
	int company_column; /* 1: leading adm-nr column */
	unsigned columns; /* width without the company column */
	uint64_t rows;
	uint64_t records; /* handed on as good */
	uint64_t rejected; /* handed on with failures */
	uint64_t dropped; /* header rows without lines */
	uint64_t notes, warnings, failures;
} harmony_fmuta6_summary;

#define HARMONY_FMUTA6_SUMMARY_INIT                                                                \
	{sizeof(harmony_fmuta6_summary), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

typedef struct harmony_fmuta6 harmony_fmuta6;

/* Makes a reader. `file` (copied) is what diagnostics and the records' source call
   the input. `record` receives every entry or relation in file order, good or with
   its failures; `diagnostic` (may be NULL) receives every note, warning and failure
   as it is found, those of records included. `options` NULL: the defaults.
   Errors: HARMONY_NOMEM, HARMONY_INVALID. */
HARMONY_API harmony_status harmony_fmuta6_new(harmony_fmuta6 **out, harmony_context *context,
                                              const harmony_fmuta6_options *options,
                                              const char *file, harmony_record_fn record,
                                              harmony_diagnostic_fn diagnostic, void *user,
                                              harmony_error *error);
/* Takes any number of bytes; the result never depends on how the input is cut.
   Errors: HARMONY_NOMEM; HARMONY_FORMAT (neither entries nor relations, UTF-16);
   what a callback returned. The handle is dead after an error. One bad row or entry
   is never an error of this call. */
HARMONY_API harmony_status harmony_fmuta6_feed(harmony_fmuta6 *reader, const void *data, size_t len,
                                               harmony_error *error);
/* Ends the input and hands on what is left. An input without any entry is fine. Errors: as
   feed; both give HARMONY_STATE after an error or finish. */
HARMONY_API harmony_status harmony_fmuta6_finish(harmony_fmuta6 *reader, harmony_error *error);
/* NULL is allowed. */
HARMONY_API void harmony_fmuta6_free(harmony_fmuta6 *reader);
/* Fills `out`, started with HARMONY_FMUTA6_SUMMARY_INIT, as far as its struct_size reaches. */
HARMONY_API void harmony_fmuta6_get_summary(harmony_fmuta6_summary *out, const harmony_fmuta6 *reader);

/* Pull: the same as a loop, over a file (open) or a read callback (new). One handle from
   one thread at a time. Records with failures are skipped: only `diagnostic` hears of
   them, so a host that gives none never learns what it does not see. `user` is handed to
   both callbacks; `file` and `options` as in harmony_fmuta6_new. */
typedef struct harmony_fmuta6_pull harmony_fmuta6_pull;
/* Errors: HARMONY_NOMEM, HARMONY_INVALID (no `read`; options). Reads nothing yet. */
HARMONY_API harmony_status harmony_fmuta6_pull_new(harmony_fmuta6_pull **out, harmony_context *context,
                                                   const harmony_fmuta6_options *options,
                                                   const char *file, harmony_read_fn read,
                                                   harmony_diagnostic_fn diagnostic, void *user,
                                                   harmony_error *error);
/* Over the file at `path`, as harmony_source_open gives it: "-" is standard input, gzip is
   recognised. Errors: HARMONY_NOTFOUND, HARMONY_IO, HARMONY_NOMEM, HARMONY_INVALID. */
HARMONY_API harmony_status harmony_fmuta6_pull_open(harmony_fmuta6_pull **out, harmony_context *context,
                                                    const harmony_fmuta6_options *options,
                                                    const char *path,
                                                    harmony_diagnostic_fn diagnostic, void *user,
                                                    harmony_error *error);
/* The next good record into `*record`: borrowed until the next call, NULL at the end (and
   ever after). Errors, after which the handle can only be freed: HARMONY_IO (the input
   cannot be read on); HARMONY_NOMEM; HARMONY_FORMAT (neither entries nor relations,
   UTF-16, damaged gzip); what `diagnostic` returned; HARMONY_STATE (after an error). */
HARMONY_API harmony_status harmony_fmuta6_pull_next(const harmony_record **record,
                                                    harmony_fmuta6_pull *pull, harmony_error *error);
/* NULL is allowed. */
HARMONY_API void harmony_fmuta6_pull_free(harmony_fmuta6_pull *pull);

/* Records → fmuta6.csv in Exact's own dialect (40 columns, comma, text quoted, point,
   DDMMYYYY, CRLF, UTF-8 with byte order mark unless `encoding` says otherwise).
   What it writes reads back as the same records.
   `options`: encoding, delimiter, decimal, dates, sales_sign and memorial_sign count.
   Nothing is left to be written at the end. Errors of new: HARMONY_NOMEM, HARMONY_INVALID
   (no `write`; options). */
typedef struct harmony_fmuta6_writer harmony_fmuta6_writer;
HARMONY_API harmony_status harmony_fmuta6_writer_new(harmony_fmuta6_writer **out,
                                                     harmony_context *context,
                                                     const harmony_fmuta6_options *options,
                                                     harmony_write_fn write, void *user,
                                                     harmony_error *error);
/* Writes one entry (fmuta6), customer (debitr, 53 columns) or supplier (credit, 51
   columns). One output holds one kind of file: the first record decides, another
   kind is HARMONY_UNSUPPORTED. Errors: HARMONY_RANGE (amounts beyond 64 bits),
   HARMONY_FORMAT (a text that the encoding cannot hold), HARMONY_LIMIT, HARMONY_NOMEM, of
   which nothing is written; what `write` returned. */
HARMONY_API harmony_status harmony_fmuta6_writer_add(harmony_fmuta6_writer *writer,
                                                     const harmony_record *record,
                                                     harmony_error *error);
/* NULL is allowed. */
HARMONY_API void harmony_fmuta6_writer_free(harmony_fmuta6_writer *writer);

#ifdef __cplusplus
}
#endif

#endif
