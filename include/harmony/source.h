/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_SOURCE_H
#define HARMONY_SOURCE_H

#include <harmony/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of a file, a descriptor or a callback, with gzip recognised and inflated.
   The parsers do no I/O; this is the convenience that feeds them. */
typedef struct harmony_source harmony_source;

/* Opens a regular file or pipe by path for reading; "-" is standard input. Directories, sockets and
   devices are refused. Errors: HARMONY_IO (with the path and the system's reason),
   HARMONY_NOTFOUND, HARMONY_NOMEM. */
HARMONY_API harmony_status harmony_source_open(harmony_source **out, harmony_context *context,
                                               const char *path, harmony_error *error);
/* Over a callback; `name` (copied; NULL: "") is what diagnostics call it. Errors:
   HARMONY_NOMEM, HARMONY_INVALID (no `read`). */
HARMONY_API harmony_status harmony_source_from(harmony_source **out, harmony_context *context,
                                               const char *name, harmony_read_fn read, void *user,
                                               harmony_error *error);
/* Over `len` bytes of memory, which must outlive the source. Errors: HARMONY_NOMEM,
   HARMONY_INVALID. */
HARMONY_API harmony_status harmony_source_from_memory(harmony_source **out, harmony_context *context,
                                                      const char *name, const void *data, size_t len,
                                                      harmony_error *error);
/* NULL is allowed. */
HARMONY_API void harmony_source_free(harmony_source *source);

/* The next bytes, borrowed until the next call; `*len` 0 at the end. Errors:
   HARMONY_IO; HARMONY_FORMAT (damaged gzip); HARMONY_NOMEM. */
HARMONY_API harmony_status harmony_source_next(const void **data, size_t *len,
                                               harmony_source *source, harmony_error *error);
/* The last part of the path ("fmuta6.csv", without ".gz"), or the name given. */
HARMONY_API const char *harmony_source_name(const harmony_source *source);
/* Bytes taken from the file so far (compressed ones), and its size, 0 when unknown:
   for a progress line. */
HARMONY_API void harmony_source_progress(const harmony_source *source, uint64_t *done,
                                         uint64_t *total);

#ifdef __cplusplus
}
#endif

#endif
