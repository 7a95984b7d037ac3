/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_BENCH_GENERATE_H
#define HARMONY_BENCH_GENERATE_H

#include <stddef.h>

/* Accounting-shaped fmuta6 of Exact's dialect: 40 columns, about 160 bytes a row and four a
   field, texts quoted, entries of all six journals whose lines add up. The same seed gives
   the same bytes. */
typedef struct generator {
	unsigned long long seed;
	unsigned long long entry; /* entries so far */
} generator;

/* A next entry, of at most 64 KiB. Returns its length. */
size_t generate_entry(generator *g, char *to, size_t size);

#endif
