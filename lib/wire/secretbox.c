/* SPDX-License-Identifier: MIT */
#include "harmony_config.h"

#include "wire/secretbox.h"

#if HARMONY__SODIUM
#include <sodium.h>

bool harmony__secretbox_here(void)
{
	return sodium_init() >= 0;
}

static harmony_status ready(harmony_error *error)
{
	if (harmony__secretbox_here())
		return HARMONY_OK;
	return harmony_error_set(error, HARMONY_IO, NULL,
				 "libsodium finds no source of random bytes");
}

/* Room for `len` more bytes behind what is there. */
static harmony_status room(harmony__buf *out, size_t len, uint8_t **at)
{
	static const uint8_t zeros[64];
	size_t start = out->len;

	for (size_t left = len; left > 0;) {
		size_t part = left < sizeof(zeros) ? left : sizeof(zeros);
		if (harmony__buf_add(out, zeros, part) != HARMONY_OK)
			return out->status;
		left -= part;
	}
	*at = (uint8_t *)out->data + start;
	return HARMONY_OK;
}

harmony_status harmony__secretbox_seal(harmony__buf *out, const uint8_t key[HARMONY__SECRETBOX_KEY],
				       const void *data, size_t len, harmony_error *error)
{
	uint8_t *at = NULL;
	harmony_status status = ready(error);

	if (status == HARMONY_OK) {
		(void)room(out, crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + len, &at);
		status = harmony__buf_check(out, "a sealed secret", error);
	}
	if (status != HARMONY_OK)
		return status;
	randombytes_buf(at, crypto_secretbox_NONCEBYTES);
	(void)crypto_secretbox_easy(at + crypto_secretbox_NONCEBYTES, data, len, at, key);
	return HARMONY_OK;
}

harmony_status harmony__secretbox_open(harmony__buf *out, const uint8_t key[HARMONY__SECRETBOX_KEY],
				       const void *data, size_t len, harmony_error *error)
{
	const size_t extra = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
	const uint8_t *box = data;
	uint8_t *at = NULL;
	harmony_status status = ready(error);

	if (status == HARMONY_OK && len > extra) {
		(void)room(out, len - extra, &at);
		status = harmony__buf_check(out, "a secret", error);
	}
	if (status != HARMONY_OK)
		return status;
	if (at == NULL ||
	    crypto_secretbox_open_easy(at, box + crypto_secretbox_NONCEBYTES,
				       len - crypto_secretbox_NONCEBYTES, box, key) != 0)
		return harmony_error_set(
		    error, HARMONY_CORRUPT, NULL,
		    "a secret does not open with this key: the key file is another "
		    "one, or the store was altered; restore the key file, or log in "
		    "again");
	return HARMONY_OK;
}

#else

bool harmony__secretbox_here(void)
{
	return false;
}

static harmony_status absent(harmony_error *error)
{
	return harmony_error_set(error, HARMONY_UNSUPPORTED, NULL,
				 "this build has no libsodium and cannot encrypt secrets; remove "
				 "key_file, or build with -Dsodium=enabled");
}

harmony_status harmony__secretbox_seal(harmony__buf *out, const uint8_t key[HARMONY__SECRETBOX_KEY],
				       const void *data, size_t len, harmony_error *error)
{
	(void)out, (void)key, (void)data, (void)len;
	return absent(error);
}

harmony_status harmony__secretbox_open(harmony__buf *out, const uint8_t key[HARMONY__SECRETBOX_KEY],
				       const void *data, size_t len, harmony_error *error)
{
	(void)out, (void)key, (void)data, (void)len;
	return absent(error);
}

#endif
