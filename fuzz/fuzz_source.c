/* SPDX-License-Identifier: MIT */
/* Bytes that may be gzip: in whatever pieces they arrive, the same comes out, and memory stays
   bounded. The first byte picks the size of the pieces. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <harmony/harmony.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct input {
	const uint8_t *at;
	size_t left, piece;
} input;

typedef struct output {
	harmony_status status;
	uint64_t bytes, hash;
} output;

enum { ENOUGH = 1 << 20 }; /* of what a bomb inflates to */

static void must(int holds)
{
	if (!holds)
		abort();
}

static size_t give(void *buffer, size_t size, void *user)
{
	input *in = user;
	size_t len = in->piece < size ? in->piece : size;

	if (len > in->left)
		len = in->left;
	memcpy(buffer, in->at, len);
	in->at += len;
	in->left -= len;
	return len;
}

static output drain(harmony_source *source)
{
	output out = {HARMONY_OK, 0, 0xcbf29ce484222325u};
	harmony_error error = HARMONY_ERROR_INIT;
	const void *part;
	size_t len;

	while (out.bytes < ENOUGH) {
		out.status = harmony_source_next(&part, &len, source, &error);
		must(out.status == error.status);
		if (out.status != HARMONY_OK || len == 0)
			break;
		for (size_t i = 0; i < len && out.bytes < ENOUGH; i++, out.bytes++)
			out.hash = (out.hash ^ ((const uint8_t *)part)[i]) * 0x100000001b3u;
	}
	harmony_source_free(source);
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	harmony_context *context;
	harmony_source *source;
	output whole, pieces;
	input in;

	if (size == 0 || harmony_context_new(&context, NULL, NULL) != HARMONY_OK)
		return 0;
	in = (input){data + 1, size - 1, (size_t)data[0] % 32 + 1};
	must(harmony_source_from_memory(&source, context, "x", data + 1, size - 1, NULL) == HARMONY_OK);
	whole = drain(source);
	must(harmony_source_from(&source, context, "x", give, &in, NULL) == HARMONY_OK);
	pieces = drain(source);
	/* A damaged stream may give more or less before the damage is seen. */
	must(whole.status == pieces.status);
	if (whole.status == HARMONY_OK)
		must(whole.bytes == pieces.bytes && whole.hash == pieces.hash);
	harmony_context_free(context);
	return 0;
}
