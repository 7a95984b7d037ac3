/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_LIB_CSV_SCAN_H
#define HARMONY_LIB_CSV_SCAN_H

#include "csv/csv.h"

/* The inside of the tokenizer; csv.c, scalar.c and block.c alone include it.

   csv.c     collects the input into windows, decides the dialect, drives the scanners
   scalar.c  splits one row, byte by byte, resumable at any byte: defines the meaning
   block.c   splits the plain rows of a window, 64 bytes at a time: only quicker

   A window is const: where quotes must come out of a text, the row is copied first. */

/* What a byte means outside quotes; the table is made when the delimiter is known. */
enum { HARMONY__CSV_DELIMITER = 1, HARMONY__CSV_EOL = 2, HARMONY__CSV_QUOTE = 4 };
#define HARMONY__CSV_END (HARMONY__CSV_DELIMITER | HARMONY__CSV_EOL)

/* A field while its row is read; offsets from the row's first byte. */
typedef struct harmony__csv_mark {
	uint32_t at, len;
	uint32_t flags; /* HARMONY_CSV_QUOTED and the one below */
} harmony__csv_mark;
enum { HARMONY__CSV_ESCAPED = 1 << 16 }; /* quotes must be taken out of it */

/* How far a row has been read. All zero: nothing of it. */
typedef struct harmony__csv_scan {
	size_t at;         /* the next byte to look at */
	size_t field;      /* the first byte of the current field, its quote included */
	size_t number;     /* trial: the first byte of the number before the quote */
	size_t first_line; /* of the first line end inside quotes */
	uint64_t lines;    /* line ends inside quotes */
	uint32_t count;    /* fields so far */
	uint8_t state;
	bool trial;     /* the quoted field may be none: see begin_trial */
	bool literal;   /* a quote of this field was taken as it stands */
	bool escaped;   /* this field holds quotes to take out */
	bool multiline; /* this field holds a line end */
	bool broken;    /* first_line is set */
	bool clean;     /* row: no field is escaped */
	bool quoted;    /* row: a field is quoted */
	bool repaired;  /* row */
} harmony__csv_scan;

enum { HARMONY__CSV_ROW, HARMONY__CSV_MORE, HARMONY__CSV_BROKEN };

/* Splits plain rows of data[0..len), which begins with a row, and hands them on. Returns
   the bytes it is done with: what is left begins with a row that is cut off or that the
   scalar scanner must read. Anything but HARMONY_OK in `*status` came from the receiver. */
typedef size_t (*harmony__csv_block_fn)(harmony_csv *csv, const char *data, size_t len,
                                        harmony_status *status);

/* A block may write all its fields before the columns are counted. */
#define HARMONY__CSV_FIELDS (HARMONY_MAX_COLUMNS + 64 + 1)

struct harmony_csv {
	harmony_context *context;
	harmony_csv_options options;
	harmony_csv_row_fn row_fn;
	void *user;
	harmony__csv_block_fn block; /* NULL: scalar alone */
	uint64_t line, offset;       /* of the row being read, or of the next one */
	uint64_t reread;             /* bytes read again because of damage */
	uint64_t single_until;       /* quotes of rows before this offset must close on their line */
	int phase;
	bool skip_lf;     /* the line ended in CR: an LF next belongs to it */
	bool quotes_seen; /* a row had a quoted field */
	bool ended;       /* finish was called */
	bool dead;
	harmony__csv_scan scan;
	harmony__buf carry;   /* what was fed of a row that is not complete */
	size_t carry_at;      /* bytes of it that are done with */
	harmony__buf scratch; /* a row whose quotes are taken out */
	harmony_csv_row row;
	uint8_t class[256];
	harmony__csv_mark marks[HARMONY_MAX_COLUMNS];
	harmony_csv_field fields[HARMONY__CSV_FIELDS];
};

/* Reads on in the row at data[0], until its line end (scan.at is on it, or on len when
   `final`), until the data ends, or until it is known to be damaged. */
int harmony__csv_scan_row(harmony_csv *csv, const char *data, size_t len, bool final,
                          const char **reason);
/* The block scanner of a HARMONY_CSV_SCAN_* on this processor; NULL for the scalar one. */
harmony__csv_block_fn harmony__csv_block(int scan);

/* Copies the row in data[0..len) of csv->fields[0..count), and makes one quote of each pair
   inside its quoted fields. */
harmony_status harmony__csv_unescape(harmony_csv *csv, const char *data, size_t len, size_t count);

/* Hands on csv->fields[0..count), a row that stands at csv->line and csv->offset. */
static inline harmony_status harmony__csv_deliver(harmony_csv *csv, size_t count, unsigned flags,
                                                  const char *reason)
{
	csv->row.count = count;
	csv->row.line = csv->line;
	csv->row.offset = csv->offset;
	csv->row.flags = flags;
	csv->row.reason = reason;
	return csv->row_fn(&csv->row, csv->user);
}

#endif
