/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_LIB_DBOPEN_H
#define HARMONY_LIB_DBOPEN_H

#include <harmony/dbopen.h>

#include "base/base.h"

#define HARMONY__DBOPEN_PREFIX 7 /* columns of the layout's published part */
#define HARMONY__DBOPEN_PIVOT 90 /* two-digit years below it are 20xx, as in fmuta6 */

typedef struct harmony__dbopen_column {
	const char *word;
	harmony_field field;
	int type;       /* HARMONY_TYPE_* of the field */
	unsigned width; /* characters, 0: not cut */
} harmony__dbopen_column;

extern const harmony__dbopen_column harmony__dbopen_columns[HARMONY_DBOPEN_COLUMNS];

/* The column of a word, without regard to case; -1 when there is none. */
int harmony__dbopen_column_find(const char *word, size_t len);
/* The column word nearest to `word`, NULL when none is near. */
const char *harmony__dbopen_column_nearest(const char *word);
/* Copies `from` (NULL: the defaults) and checks every value. HARMONY_INVALID. */
harmony_status harmony__dbopen_options(harmony_dbopen_options *to,
                                       const harmony_dbopen_options *from, harmony_error *error);
/* a - b; false when it does not fit, `*out` untouched. */
bool harmony__subtract(int64_t *out, int64_t a, int64_t b);

#endif
