/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_PROGRAM_PARTIES_H
#define HARMONY_PROGRAM_PARTIES_H

#include "program.h"

/* Relations and entries that are named on one command line belong together: what the
   entries need of relations, and the relations have not. */

#define PARTY_BUCKETS 4096
#define MAX_PARTIES   100000 /* beyond them nothing is compared */

struct party;
struct parties {
	struct party *buckets[PARTY_BUCKETS];
	size_t count;
	bool files[HARMONY_SIDES]; /* relations of that side were named */
	bool gave_up;
};

/* Takes note of a relation, or of the relations that an entry names. */
void parties_see(struct parties *parties, const harmony_record *record);
/* Tells those that are missing, as warnings; with --json as the array "diagnostics". */
void parties_report(struct program *p, const struct parties *parties);
void parties_free(struct parties *parties);

#endif
