/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_LIB_FMUTA6_FMUTA6_H
#define HARMONY_LIB_FMUTA6_FMUTA6_H

#include <harmony/fmuta6.h>

#include "csv/csv.h"
#include "csv/dialect.h"
#include "record/record.h"

/* The way of a row: sniff.c decides what the file is, reader.c hands each row to
   entry.c or party.c, value.c reads its fields by the tables of columns.c, canonical.c
   makes signs and VAT the same for all, report.c says what is wrong. */

/* ---- columns ------------------------------------------------------------------------ */

/* How the text of a column is read and written. */
enum {
	HARMONY__AS_CODE, /* a text whose outer spaces mean nothing */
	HARMONY__AS_TEXT,
	HARMONY__AS_DEBTOR,
	HARMONY__AS_CREDITOR,
	HARMONY__AS_LAST_TEXT = HARMONY__AS_CREDITOR,
	HARMONY__AS_ROW,  /* regelnummer */
	HARMONY__AS_TYPE, /* dagb_type */
	HARMONY__AS_AMOUNT,
	HARMONY__AS_RATE,
	HARMONY__AS_QUANTITY,
	HARMONY__AS_NUMBER,
	HARMONY__AS_YEAR,
	HARMONY__AS_DATE,
	HARMONY__AS_FLAG,
	HARMONY__AS_CURRENCY,
	HARMONY__AS_REVERSAL
};

/* Where the value of a column belongs, and how header row and lines fill in for each
   other. */
enum {
	HARMONY__ON_HEADER = 1,
	HARMONY__ON_LINE = 2,
	HARMONY__UP = 4,       /* the header takes the first value of a line when it has none */
	HARMONY__DIFFERS = 8,  /* a line keeps only what differs from the header */
	HARMONY__DOWN = 16,    /* a line without takes the header row's */
	HARMONY__INVOICE = 32, /* UP and DIFFERS, but in invoices only */
	HARMONY__STRICT = 64   /* a line that contradicts the header is a failure */
};

typedef struct harmony__column {
	const char *name;    /* what the format's own tables call it */
	const char *aliases; /* what else title rows call it, parted by |; may be NULL */
	uint8_t as, place;
	int16_t field; /* HARMONY_FIELD_*, -1: none */
} harmony__column;

typedef struct harmony__layout {
	int file_kind;
	const harmony__column *columns; /* the first one is column 1 */
	unsigned count;
} harmony__layout;

#define HARMONY__ENTRY_COLUMNS 40u
#define HARMONY__REPEATS 64u /* fields of a row that harmony_fmuta6.repeats has bits for */
#define HARMONY__MIN_COLUMNS 13u

/* By HARMONY_FILE_*; the first has no columns. */
extern const harmony__layout harmony__layouts[4];
/* The column of that name in a title row, from 1; 0: none. Case and outer spaces mean
   nothing. */
unsigned harmony__layout_find(const harmony__layout *layout, const char *name, size_t len);

static inline char harmony__journal_letter(const char *text, size_t len)
{
	char c = len == 1 ? (char)(text[0] & ~0x20) : '\0';

	switch (c) {
	case 'I':
	case 'V':
	case 'K':
	case 'B':
	case 'G':
	case 'M':
		return c;
	default:
		return '\0';
	}
}

/* memcmp of a few bytes, without the call: most fields have fewer than 16. */
static inline bool harmony__same_bytes(const char *a, const char *b, size_t len)
{
	uint64_t x, y, last_x, last_y;
	uint32_t u, v, last_u, last_v;

	if (len > 16)
		return memcmp(a, b, len) == 0;
	if (len >= 8) {
		memcpy(&x, a, 8);
		memcpy(&y, b, 8);
		memcpy(&last_x, a + len - 8, 8);
		memcpy(&last_y, b + len - 8, 8);
		return ((x ^ y) | (last_x ^ last_y)) == 0;
	}
	if (len >= 4) {
		memcpy(&u, a, 4);
		memcpy(&v, b, 4);
		memcpy(&last_u, a + len - 4, 4);
		memcpy(&last_v, b + len - 4, 4);
		return ((u ^ v) | (last_u ^ last_v)) == 0;
	}
	for (size_t i = 0; i < len; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

/* ---- what the first rows tell ----------------------------------------------------------- */

typedef struct harmony__sniff {
	uint64_t rows, damaged;
	unsigned votes[4][2]; /* by HARMONY_FILE_* and leading company column */
	unsigned width;       /* of the first row, company column included */
	int title;            /* 1: the first row names the columns */
	int title_kind;       /* whose names it uses; HARMONY_FILE_UNKNOWN: nobody's */
	uint8_t named[HARMONY_MAX_COLUMNS]; /* the column that a field holds, from 1, by the title */
	unsigned points, commas; /* decimal signs of amounts that can only be that */
	unsigned davi, lost;     /* dates that can only be DDMMYYY; that show DMMYYYY */
	int dates;
	bool quoted;
	harmony__buf high; /* rows with bytes of 0x80 and more, for the encoding */
	int pivot;
	harmony_status status;
} harmony__sniff;

void harmony__sniff_init(harmony__sniff *sniff, harmony_context *context, int pivot);
void harmony__sniff_free(harmony__sniff *sniff);
/* A harmony_csv_row_fn whose user is a harmony__sniff. */
harmony_status harmony__sniff_row(const harmony_csv_row *row, void *user);
/* The kind that most rows voted for, HARMONY_FILE_UNKNOWN without votes. */
int harmony__sniff_kind(const harmony__sniff *sniff, int *company);

/* ---- numbers seen before ------------------------------------------------------------------ */

/* Entry numbers of the file, 64 consecutive ones a slot. */
typedef struct harmony__seen {
	struct harmony__seen_slot {
		uint64_t key, bits;
	} *slots;
	size_t capacity, used;
	bool full;
} harmony__seen;

/* `*before` tells whether the number was there already. At HARMONY_MAX_RUNS slots
   `full` is set and new ones are no longer kept. */
harmony_status harmony__seen_add(bool *before, harmony__seen *seen, harmony_context *context,
                                 uint64_t seed, const char *number, size_t len);

/* ---- the reader ------------------------------------------------------------------------------ */

/* The entry that is being put together. */
typedef struct harmony__entry {
	bool open, skip; /* skip: too large, the rest of it is not kept */
	char type; /* I V K B G M; '?' when it is none of these */
	uint64_t last_number;
	int64_t amounts, vat; /* sums of the lines as read */
	bool any_vat, overflow;
	bool has_header_amount;
	int64_t header_amount;
	bool wrong_party; /* the relation stood in the other side's column */
	int wrong_index;
	uint64_t wrong_line;
	char wrong_code[64];
	uint64_t down_present; /* codes of the header row for lines without */
	harmony__value down[HARMONY_LINE_FIELDS]; /* not cleared */
} harmony__entry;

/* One date stands in row after row: what a column read last. */
#define HARMONY__DATE_SLOTS 5 /* no two date columns of an entry share one */

typedef struct harmony__last_date {
	char text[10];
	uint8_t len; /* 0: none */
	harmony_date value;
	int used;
} harmony__last_date;

struct harmony_fmuta6 {
	harmony_context *context;
	harmony_fmuta6_options options;
	char *file;
	harmony_record_fn record_fn;
	harmony_diagnostic_fn diagnostic_fn;
	void *user;
	harmony_csv *csv;
	harmony__buf window;
	bool decided, finished;
	harmony_status dead;
	harmony_error *error; /* of the call that runs */

	/* what the file is */
	harmony__sniff sniff;
	harmony_fmuta6_summary summary;
	const harmony__layout *layout;
	const harmony__column *columns[HARMONY_MAX_COLUMNS]; /* by field of a row */
	unsigned column_count; /* fields of a row that may have a column */
	uint64_t settled;      /* fields that are read before the others: line number, journal type */
	uint64_t repeats[2];   /* fields whose line value is nothing new when it is the header's:
	                          of other entries, of invoices */
	int row_index, type_index, company_index; /* -1: absent */
	int seven;        /* what 7 digits mean, once known */
	int encoding;
	bool extra_told, company_told, full_told, title_pending;
	char company[16];

	/* the row that is being read */
	const harmony_csv_row *row;
	const char *base; /* its region, and the copy in the record's arena */
	char *copy;       /* NULL: this row's texts need decoding */
	bool plain;       /* and its texts need no look at all: ASCII without NUL */
	struct {
		const char *text;
		size_t len;
	} head[HARMONY__REPEATS]; /* the raw fields of the entry's header row, in the copy */
	unsigned head_count;      /* 0: not kept */
	size_t at;        /* its row in the record, 0: header */
	harmony__last_date dates[HARMONY__DATE_SLOTS];

	/* the record that is being made; `spare` is the one handed on last */
	harmony_record *record, *spare;
	harmony__entry entry;
	uint64_t *lines_at; /* file lines of the record's lines */
	size_t lines_capacity;
	harmony__seen seen;
	bool damage; /* a row was lost since the last header row */
	uint64_t sales, negative_sales;

	/* what is wrong with it */
	harmony_diagnostic *failures;
	size_t failure_count, failure_capacity;
	harmony__arena texts;
	harmony__buf decoded;
};

/* Where a finding is. */
typedef struct harmony__spot {
	size_t row;     /* of the record */
	uint64_t line;  /* of the file */
	int index;      /* field of the file's row, from 0; -1: none */
	harmony_field field;
	const char *raw;
	size_t raw_len;
} harmony__spot;

/* report.c: hands a finding to the host; a failure is kept for the record too. */
void harmony__report(harmony_fmuta6 *r, const harmony__spot *spot, int severity, int code,
                     const char *format, ...) HARMONY__PRINTF(5, 6);
/* The spot of a field of the current row. */
harmony__spot harmony__spot_here(const harmony_fmuta6 *r, int index);
/* The spot of a record's field, wherever it came from; `raw` may be NULL. */
harmony__spot harmony__spot_of(const harmony_fmuta6 *r, size_t row, harmony_field field,
                               const char *raw);
/* One about the whole file. */
harmony__spot harmony__spot_file(uint64_t line);
bool harmony__failed(const harmony_fmuta6 *r, size_t row, harmony_field field);
/* A row of the file that holds this row of the record could not be split. */
bool harmony__damaged(const harmony_fmuta6 *r, size_t row);
bool harmony__failed_anywhere(const harmony_fmuta6 *r, harmony_field field);
void harmony__forget_failures(harmony_fmuta6 *r);
/* Remembers the first status that ends the call. */
void harmony__die(harmony_fmuta6 *r, harmony_status status);

/* value.c: reads one field; false when it is absent or wrong (and reported). */
bool harmony__read_value(harmony_fmuta6 *r, harmony__value *out, const harmony__column *column,
                         int index);
/* A text of a plain row without outer spaces, where the row's copy lies. */
static inline bool harmony__quick_text(const harmony_fmuta6 *r, harmony__value *out,
                                       const harmony_csv_field *field)
{
	char *text;

	if (!r->plain || field->text[0] <= ' ' || field->text[field->len - 1] <= ' ')
		return false;
	text = r->copy + (field->text - r->base);
	text[field->len] = '\0';
	out->t.text = text;
	out->t.len = field->len;
	return true;
}
/* Copies a row's region, or prepares its decoding. */
bool harmony__begin_row(harmony_fmuta6 *r, const harmony_csv_row *row);
/* A small whole number without sign; false otherwise. */
bool harmony__whole(uint64_t *out, const char *text, size_t len);
harmony_status harmony__read_decimal(int64_t *out, char *sign, const harmony_fmuta6 *r,
                                     const char *text, size_t len, unsigned scale);

/* entry.c, party.c: take one row. */
void harmony__entry_row(harmony_fmuta6 *r);
void harmony__entry_end(harmony_fmuta6 *r);
void harmony__party_row(harmony_fmuta6 *r);
/* A record that broke a limit, or an allocation that failed. */
void harmony__no_room(harmony_fmuta6 *r);

/* canonical.c: signs, VAT, total, duplicates, validation. */
void harmony__canonical(harmony_fmuta6 *r);
void harmony__check_record(harmony_fmuta6 *r);

/* reader.c */
harmony_status harmony__fmuta6_decide(harmony_fmuta6 *r, bool complete, harmony_csv_options *options);
harmony_status harmony__fmuta6_row(const harmony_csv_row *row, void *user);
harmony_status harmony__fmuta6_end(harmony_fmuta6 *r);
void harmony__fmuta6_emit(harmony_fmuta6 *r);

#endif
