/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_LIB_WIRE_GZIP_H
#define HARMONY_LIB_WIRE_GZIP_H

#include "base/base.h"

/* gzip, on zlib: the only room that includes its header. zlib's memory comes from the
   context. */

/* True when the bytes begin a gzip member. */
bool harmony__gzip_is(const void *data, size_t len);

/* Streaming inflate of one or more members. */
typedef struct harmony__gunzip harmony__gunzip;

/* Errors: HARMONY_NOMEM. */
harmony_status harmony__gunzip_new(harmony__gunzip **out, harmony_context *context,
                                   harmony_error *error);
void harmony__gunzip_free(harmony__gunzip *gunzip);
/* Inflates from `*data` (advanced, `*len` reduced) into `to` of `*size` bytes; `*size` out:
   bytes written, 0 when more input is needed. Errors: HARMONY_FORMAT (damaged),
   HARMONY_NOMEM. */
harmony_status harmony__gunzip_step(harmony__gunzip *gunzip, const void **data, size_t *len,
                                    void *to, size_t *size, harmony_error *error);
/* True when the input may end here: behind a whole member. */
bool harmony__gunzip_whole(const harmony__gunzip *gunzip);

/* A whole buffer, appended to `out`. Errors: HARMONY_NOMEM, HARMONY_LIMIT (out's maximum),
   HARMONY_FORMAT. The deflated bytes are the same for the same input. */
harmony_status harmony__gzip_deflate(harmony__buf *out, const void *data, size_t len,
                                     harmony_error *error);
harmony_status harmony__gzip_inflate(harmony__buf *out, const void *data, size_t len,
                                     harmony_error *error);

#endif
