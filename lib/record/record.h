/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_LIB_RECORD_H
#define HARMONY_LIB_RECORD_H

#include <harmony/record.h>

#include "base/base.h"

/* A reader keeps at least so many failures of one record for its callback. What is beyond that is
   only told as it is found. */
#define HARMONY__FAILURES_KEPT 200u

/* A field's number is its slot. A line holds the first HARMONY_LINE_FIELDS slots only.
   Slots are not cleared: a slot means something only when its presence bit is set. */
typedef union harmony__value {
	int64_t number;
	struct {
		const char *text; /* in the record's arena, NUL-ended */
		size_t len;
	} t;
	harmony_date date;
} harmony__value;

typedef struct harmony__line {
	uint64_t present; /* HARMONY_LINE_FIELDS are fewer than 64 */
	harmony__value value[HARMONY_LINE_FIELDS];
} harmony__line;

struct harmony_record {
	harmony_context *context;
	harmony_kind kind;
	uint64_t present[2]; /* HARMONY_FIELD_COUNT are fewer than 128 */
	harmony__value value[HARMONY_FIELD_COUNT];
	harmony__line *lines;
	size_t line_count, line_capacity;
	const char *file; /* in the arena */
	uint64_t source_line;
	harmony__arena arena;
};

static inline bool harmony__has(const harmony_record *record, harmony_field field)
{
	return record->present[field >> 6] >> (field & 63) & 1;
}

static inline bool harmony__line_has(const harmony__line *line, harmony_field field)
{
	return line->present >> field & 1;
}

static inline void harmony__mark(harmony_record *record, harmony_field field)
{
	record->present[field >> 6] |= UINT64_C(1) << (field & 63);
}

static inline void harmony__line_mark(harmony__line *line, harmony_field field)
{
	line->present |= UINT64_C(1) << field;
}

/* The number of the lowest bit that is set; `bits` is not 0. */
static inline int harmony__low_bit(uint64_t bits)
{
#if defined(__GNUC__)
	return __builtin_ctzll(bits);
#else
	int n = 0;

	for (; !(bits & 1); bits >>= 1)
		n++;
	return n;
#endif
}

extern const harmony_field_info harmony__fields[HARMONY_FIELD_COUNT];
extern const uint8_t harmony__name_length[HARMONY_FIELD_COUNT];
/* Fields in the order of the JSON form and of listings. */
extern const uint8_t harmony__field_order[HARMONY_FIELD_COUNT];

/* Empties a line that add_line made; used by add_line and by the format rooms. */
harmony__line *harmony__record_line(harmony_record *record) HARMONY__CHECKED; /* NULL: nomem or limit */

/* The text form of a present value ("142.80") into `buffer` of `size`; texts are not
   copied but pointed to by the return value. */
const char *harmony__value_text(char *buffer, size_t size, const harmony__value *value, int type,
                                size_t *len);

/* Decimals of a number's type (2 for an amount); not for texts, dates and flags. */
unsigned harmony__type_scale(int type);
/* The inverse of harmony__value_text for every type but texts: "142.80", "2024-01-15",
   "true". HARMONY_FORMAT, HARMONY_RANGE; the HARMONY_CODE_* that tells it, and what a
   value of the type looks like ("an amount with at most two decimals, such as 142.80"). */
harmony_status harmony__value_parse(harmony__value *out, int type, const char *text, size_t len);
int harmony__type_code(int type);
const char *harmony__type_form(int type);
/* How a memorial balances: 1 by its amounts, 2 with their VAT, 0 not, -1 too large. */
int harmony__record_balance(const harmony_record *record);
/* The sum of the lines and their VAT; false on overflow. */
bool harmony__record_total(int64_t *out, const harmony_record *record);

#endif
