/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_LIB_WIRE_SECRETBOX_H
#define HARMONY_LIB_WIRE_SECRETBOX_H

/* Authenticated encryption of small secrets (XSalsa20-Poly1305, libsodium): the only
   room that includes sodium.h. A build without it seals nothing. */

#include "base/base.h"

#define HARMONY__SECRETBOX_KEY 32u

/* Whether this build has it. */
bool harmony__secretbox_here(void);
/* Appends nonce and box. HARMONY_UNSUPPORTED, HARMONY_NOMEM, HARMONY_IO (no random). */
harmony_status harmony__secretbox_seal(harmony__buf *out, const uint8_t key[HARMONY__SECRETBOX_KEY],
				       const void *data, size_t len, harmony_error *error);
/* Appends what was sealed. HARMONY_CORRUPT: another key, or altered bytes. */
harmony_status harmony__secretbox_open(harmony__buf *out, const uint8_t key[HARMONY__SECRETBOX_KEY],
				       const void *data, size_t len, harmony_error *error);

#endif
