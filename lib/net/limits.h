/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_LIB_NET_LIMITS_H
#define HARMONY_LIB_NET_LIMITS_H

#include <harmony/connector.h>

#include "base/base.h"

/* What a package allows: calls per window, errors per window and endpoint. Shared by
   processes through the host's memo under the host's lock, paced instead of failing:
   harmony__limits_take waits for its turn. Wall-clock jumps neither burn nor grant more
   than one window. */

typedef struct harmony__limit {
	const char *name;    /* "minute", "day", "errors", "token" */
	int64_t window;      /* ms */
	uint32_t allowed;    /* per window, until the package says otherwise */
	uint32_t reserve;    /* kept back: pacing begins at allowed - reserve */
	bool slides;         /* any time of that length counts, not one window after another */
} harmony__limit;

typedef struct harmony__limits harmony__limits;

/* `table` ends with name NULL and is borrowed. */
harmony_status harmony__limits_new(harmony__limits **out, const harmony_host *host,
                                   const char *name, const harmony__limit *table,
                                   harmony_error *error);
void harmony__limits_free(harmony__limits *limits);

/* Takes one from the named windows, several from one that is named so often, waiting through
   the host's sleep when they are used up and the wait is at most `patience` ms; HARMONY_RATE with the time in words when it
   is longer, HARMONY_CANCELLED. */
harmony_status harmony__limits_take(harmony__limits *limits, const char *const *names, size_t count,
                                    int64_t patience, harmony_error *error);
/* What the package said: `remaining` of `allowed` until wall time `reset` (ms since
   1970); -1 for what it did not say. */
void harmony__limits_learn(harmony__limits *limits, const char *name, int64_t allowed,
                           int64_t remaining, int64_t reset);
/* Over the limit now: nothing for `wait` ms. */
void harmony__limits_block(harmony__limits *limits, const char *name, int64_t wait);
/* Counts an error of `endpoint`; and whether another one may be risked there. */
void harmony__limits_error(harmony__limits *limits, const char *endpoint);
bool harmony__limits_may_err(harmony__limits *limits, const char *endpoint);
/* How long until the named window gives one again, ms; 0: now. */
int64_t harmony__limits_wait(harmony__limits *limits, const char *name);
/* Appends a JSON object {"minute":{"allowed":60,"remaining":12,"renewed_in":31},...};
   renewed_in in seconds. */
harmony_status harmony__limits_report(harmony__limits *limits, harmony__buf *out);

#endif
