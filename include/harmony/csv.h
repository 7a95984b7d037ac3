/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_CSV_H
#define HARMONY_CSV_H

#include <harmony/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes → rows. No I/O, no decoding, no meaning: rows come out as arrays of spans,
   unquoted and un-doubled, whatever the chunking of the input. */

/* The words of a dialect, shared by the formats that stand on CSV. */
enum { HARMONY_ENCODING_AUTO, HARMONY_ENCODING_UTF_8, HARMONY_ENCODING_CP850, HARMONY_ENCODING_WINDOWS_1252 };
enum {
	HARMONY_DATES_AUTO,
	HARMONY_DATES_DDMMYYYY,       /* DDMMYYYY */
	HARMONY_DATES_DD_MM_YYYY,     /* DD-MM-YYYY */
	HARMONY_DATES_DD_SLASH_MM_SLASH_YYYY, /* DD/MM/YYYY */
	HARMONY_DATES_DDMMYY,         /* DDMMYY */
	HARMONY_DATES_DD_MM_YY,       /* DD-MM-YY */
	HARMONY_DATES_DDMMYYY,        /* DDMMYYY: year - 1900 */
	HARMONY_DATES_DMMYYYY,        /* DMMYYYY: the leading zero was lost */
	HARMONY_DATES_YYYY_MM_DD      /* YYYY-MM-DD: dbopen only */
};

enum {
	HARMONY_CSV_QUOTED = 1 /* field: stood in quotes, so "" differs from nothing */
};

typedef struct harmony_csv_field {
	const char *text; /* not NUL-ended */
	uint32_t len;
	uint32_t flags;
} harmony_csv_field;

enum {
	HARMONY_CSV_HIGH = 1,     /* row: a byte of 0x80 or more is in it */
	HARMONY_CSV_REPAIRED = 2, /* row: the 0"" defect was mended */
	HARMONY_CSV_DAMAGED = 4,  /* row: could not be split; fields holds the first ones, `reason` why;
	                             reading goes on at the next physical line */
	HARMONY_CSV_NUL = 8       /* row: a NUL byte is in it */
};

typedef struct harmony_csv_row {
	size_t struct_size;
	const harmony_csv_field *fields;
	size_t count;
	uint64_t line;   /* physical line of its first byte, from 1 */
	uint64_t offset; /* byte of its first byte, from 0 */
	unsigned flags;
	const char *reason; /* of HARMONY_CSV_DAMAGED, else NULL; static */
} harmony_csv_row;

/* The spans live until the callback returns. Anything but HARMONY_OK ends the feed. */
typedef harmony_status (*harmony_csv_row_fn)(const harmony_csv_row *row, void *user);

enum {
	HARMONY_CSV_SCAN_AUTO = 0,    /* the fastest that this processor has */
	HARMONY_CSV_SCAN_SCALAR = 1,  /* defines the meaning */
	HARMONY_CSV_SCAN_BLOCK = 2,   /* 64 bytes at a time, portable or SSE2 */
	HARMONY_CSV_SCAN_AVX2 = 3
};

typedef struct harmony_csv_options {
	size_t struct_size;
	char delimiter; /* 0: decided from the first HARMONY_DETECT_WINDOW bytes */
	char quote;     /* '"'; 0: quotes mean nothing */
	int scan;       /* HARMONY_CSV_SCAN_*; BLOCK or AVX2 where absent falls back */
	int repair;     /* 1: mend the 0"" defect (fmuta6(5)) */
	int stop_at_eof_mark; /* 1: 0x1A at the start of a row ends the input */
} harmony_csv_options;

#define HARMONY_CSV_OPTIONS_INIT {sizeof(harmony_csv_options), 0, '"', HARMONY_CSV_SCAN_AUTO, 1, 1}

typedef struct harmony_csv harmony_csv;

/* Makes a tokenizer. `options` NULL means the defaults. A UTF-8 byte order mark is
   stripped; blank lines are skipped; CR, LF and CRLF end a row; the last needs none.
   What is odd, and how it is read:

     "a""b"          a"b
     "a"b"c,         ab"c: text behind a closing quote is the field's, as it stands
     12" x, a"b      as it stands: a quote opens a field at its beginning only
     "a<eol>b"       one field with a line end in it; line numbers count both
     0"",            0 and "" (repair; the same at the end of a row)
     0"x",           0 and "x" (repair, when a quoted field was met before)
     "a<eol>b"c      HARMONY_CSV_DAMAGED: the first quote was never closed
     over a limit    HARMONY_CSV_DAMAGED; of HARMONY_MAX_FIELD and HARMONY_MAX_ROW bytes as
                     they stand in the file, and HARMONY_MAX_COLUMNS

   A damaged row is its first physical line: reading goes on at the next one, so that a
   forgotten quote costs a line and not the file. When more than the whole input so far and
   4 MiB had to be read again for that, quotes in what was read must close on their line.
   `row` must not use the tokenizer that calls it. One handle from one thread at a time.
   Errors: HARMONY_NOMEM, HARMONY_INVALID. */
HARMONY_API harmony_status harmony_csv_new(harmony_csv **out, harmony_context *context,
                                           const harmony_csv_options *options,
                                           harmony_csv_row_fn row, void *user,
                                           harmony_error *error);
/* Takes any number of bytes. Errors: HARMONY_NOMEM; HARMONY_FORMAT (UTF-16, which
   these files never are); what `row` returned. After an error the handle is dead. */
HARMONY_API harmony_status harmony_csv_feed(harmony_csv *csv, const void *data, size_t len,
                                            harmony_error *error);
/* Ends the input: hands on the last row. Errors: as feed; HARMONY_STATE, as feed, after an
   error or finish. */
HARMONY_API harmony_status harmony_csv_finish(harmony_csv *csv, harmony_error *error);
/* NULL is allowed. */
HARMONY_API void harmony_csv_free(harmony_csv *csv);
/* The delimiter in use; 0 while it is undecided. */
HARMONY_API char harmony_csv_delimiter(const harmony_csv *csv);

/* Pull, on top of the same tokenizer: the next row of what `read` gives.
   `options` as in harmony_csv_new. Errors of new: HARMONY_NOMEM, HARMONY_INVALID (no
   `read`). Of next: those of feed, and HARMONY_IO (`read` gave (size_t)-1); the handle is
   dead then. `*row` is valid until the next call, NULL at the end. */
typedef struct harmony_csv_pull harmony_csv_pull;
HARMONY_API harmony_status harmony_csv_pull_new(harmony_csv_pull **out, harmony_context *context,
                                                const harmony_csv_options *options,
                                                harmony_read_fn read, void *user,
                                                harmony_error *error);
HARMONY_API harmony_status harmony_csv_pull_next(const harmony_csv_row **row, harmony_csv_pull *pull,
                                                 harmony_error *error);
HARMONY_API void harmony_csv_pull_free(harmony_csv_pull *pull);

#ifdef __cplusplus
}
#endif

#endif
