/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_H
#define HARMONY_H

/* libharmony: financial records between an ERP and online accounting packages.

   What a host must know

   Model       A harmony_context carries allocator, log function and clock;
               everything else is made from it. Bytes go in by feed() in any
               chunking, records come out through callbacks. Parsers do no I/O.
   Structs     Transparent structs are only appended to. Start one with its _INIT macro,
               which sets struct_size (or set that, and all else to 0): a shorter struct
               of an older header is taken as far as it goes, of a longer one what is
               known here; a struct_size of 0 is HARMONY_INVALID. What goes out to the
               host has its own struct_size; look behind no more than that. Small values
               (a date, a field of CSV, counts, the rows of constant tables) have none,
               and never change.
   Threads     Different handles may be used from different threads at once; one
               handle from one thread at a time. Functions without a handle, and those
               that only read a const record, may be called from any thread. A context
               may be shared when its allocator and log function are thread-safe.
               Callbacks run on the thread that made the call, and must not use the
               handle that calls.
               harmony/schedule.h alone starts threads, and says what holds there.
   Errors      Functions that can fail return a harmony_status (0 is success) and
               fill a harmony_error of the caller's, allocating nothing. Two can be
               given by all of them, and are not repeated below: HARMONY_NOMEM, and
               HARMONY_INVALID for an argument that is not as documented. One bad
               row never ends a large file: it is a diagnostic. An error of a feed
               function means that the handle can only be freed.
   Callbacks   A callback that returns anything but HARMONY_OK ends the call, which
               returns just that; HARMONY_USER is the host's own and never given by the
               library. Handles of the readers are dead then.
   Memory      T **out means that the caller owns it and frees it with the
               function of the same room, which takes NULL, too; *out is NULL after an
               error. A returned pointer is borrowed.
   Locale      The library never calls setlocale and does not depend on it.
   Signals     The library installs no handlers. Hosts that use network connectors
               must ignore SIGPIPE.
   curl        Hosts that use network connectors call curl_global_init before, and
               curl_global_cleanup after; the library does neither.
   fork        Handles of the store, of sync, of connectors and of a schedule must not
               be used or freed on the other side of a fork. Descriptors are closed on
               exec.
   Environment Read only where a setting names a variable (client_secret_env), and by
               libcurl for proxies.
   Time zone   Dates are calendar days without a zone. Times are UTC milliseconds;
               the library never reads TZ.
   Output      Nothing is written to standard output or error, ever. */

#include <harmony/base.h>
#include <harmony/connector.h>
#include <harmony/csv.h>
#include <harmony/dbopen.h>
#include <harmony/fmuta6.h>
#include <harmony/limits.h>
#include <harmony/record.h>
#include <harmony/schedule.h>
#include <harmony/source.h>
#include <harmony/store.h>
#include <harmony/sync.h>
#include <harmony/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version that runs, as HARMONY_VERSION_NUMBER. */
HARMONY_API int harmony_version(void);
/* 1 when the build has it: "store", "net", "expat", "sodium"; 0 otherwise. Any thread. */
HARMONY_API int harmony_has(const char *feature);

#ifdef __cplusplus
}
#endif

#endif
