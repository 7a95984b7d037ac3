/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_LIB_CSV_CSV_H
#define HARMONY_LIB_CSV_CSV_H

#include <harmony/csv.h>

#include "base/base.h"

/* The block scanner as on a processor without vector units: for the tests. */
enum { HARMONY__CSV_SCAN_PORTABLE = 4 };

/* The bytes that hold all fields of a row: from the first field's text to one byte behind
   the last one's. Fields lie in it in ascending order, and behind each is a byte that
   belongs to no other field: a consumer may copy the region in one go and end each
   field of the copy with NUL. Valid while the row is; false for a row without fields. */
static inline bool harmony__csv_row_span(const harmony_csv_row *row, const char **text, size_t *len)
{
	const harmony_csv_field *last;

	if (row->count == 0)
		return false;
	last = &row->fields[row->count - 1];
	*text = row->fields[0].text;
	*len = (size_t)(last->text + last->len - *text) + 1;
	return true;
}

/* Which of a row's first 64 fields hold something, a bit each. */
uint64_t harmony__csv_filled(const harmony_csv_row *row);

#endif
