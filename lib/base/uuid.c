/* SPDX-License-Identifier: MIT */
#include "base/base.h"

/* UUIDs of version 5 (RFC 9562), which stand on SHA-1. It is here for this alone: nothing
   rests on its strength. */

typedef struct sha1 {
	uint32_t state[5];
	uint8_t block[64];
	size_t used;
	uint64_t length;
} sha1;

static uint32_t turn(uint32_t value, unsigned bits)
{
	return value << bits | value >> (32 - bits);
}

static void sha1_block(sha1 *hash)
{
	static const uint32_t add[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
	uint32_t w[80], s[5];

	memcpy(s, hash->state, sizeof(s));
	for (size_t i = 0; i < 16; i++)
		w[i] = (uint32_t)hash->block[4 * i] << 24 | (uint32_t)hash->block[4 * i + 1] << 16 |
		       (uint32_t)hash->block[4 * i + 2] << 8 | hash->block[4 * i + 3];
	for (size_t i = 16; i < 80; i++)
		w[i] = turn(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	for (size_t i = 0; i < 80; i++) {
		uint32_t mix = i < 20   ? (s[1] & s[2]) | (~s[1] & s[3])
			       : i < 40 ? s[1] ^ s[2] ^ s[3]
			       : i < 60 ? (s[1] & s[2]) | (s[1] & s[3]) | (s[2] & s[3])
					: s[1] ^ s[2] ^ s[3];
		uint32_t next = turn(s[0], 5) + mix + s[4] + add[i / 20] + w[i];
		s[4] = s[3];
		s[3] = s[2];
		s[2] = turn(s[1], 30);
		s[1] = s[0];
		s[0] = next;
	}
	for (size_t i = 0; i < 5; i++)
		hash->state[i] += s[i];
	hash->used = 0;
}

static void sha1_add(sha1 *hash, const void *data, size_t len)
{
	const uint8_t *bytes = data;

	hash->length += len;
	for (size_t i = 0; i < len; i++) {
		hash->block[hash->used++] = bytes[i];
		if (hash->used == sizeof(hash->block))
			sha1_block(hash);
	}
}

static void sha1_end(sha1 *hash, uint8_t out[20])
{
	uint64_t bits = hash->length * 8;
	uint8_t tail[8];

	for (size_t i = 0; i < 8; i++)
		tail[i] = (uint8_t)(bits >> (56 - 8 * i));
	sha1_add(hash, "\x80", 1);
	while (hash->used != 56)
		sha1_add(hash, "", 1);
	sha1_add(hash, tail, sizeof(tail));
	for (size_t i = 0; i < 20; i++)
		out[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}

void harmony__uuid5_url(char uuid[HARMONY__UUID_SIZE], const char *name)
{
	/* the name space of URLs, RFC 9562 section 6.6 */
	static const uint8_t space[16] = {0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1,
					  0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};
	static const uint8_t groups[] = {4, 2, 2, 2, 6};
	sha1 hash = {.state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}};
	uint8_t out[20], *at = out;

	sha1_add(&hash, space, sizeof(space));
	sha1_add(&hash, name, strlen(name));
	sha1_end(&hash, out);
	out[6] = (uint8_t)((out[6] & 0x0f) | 0x50);
	out[8] = (uint8_t)((out[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < HARMONY__COUNT(groups); i++) {
		harmony__hex(uuid, at, groups[i]);
		at += groups[i];
		uuid += 2 * groups[i];
		*uuid++ = '-';
	}
	uuid[-1] = '\0';
}
