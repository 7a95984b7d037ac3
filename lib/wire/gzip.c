/* SPDX-License-Identifier: MIT */
#include <zlib.h>

#include "wire/gzip.h"

#define WINDOW_GZIP (15 + 16) /* the largest window, gzip header and trailer */
#define CHUNK (64u * 1024u)

struct harmony__gunzip {
	harmony_context *context;
	z_stream stream;
	bool whole; /* behind the last byte of a member */
};

static voidpf zalloc_context(voidpf context, uInt count, uInt size)
{
	if (size && count > SIZE_MAX / size)
		return Z_NULL;
	return harmony__alloc(context, (size_t)count * size);
}

static void zfree_context(voidpf context, voidpf ptr)
{
	harmony__free(context, ptr);
}

static void stream_init(z_stream *stream, harmony_context *context)
{
	memset(stream, 0, sizeof(*stream));
	stream->zalloc = zalloc_context;
	stream->zfree = zfree_context;
	stream->opaque = context;
}

/* zlib takes its input without const and its lengths as unsigned int. */
static void stream_input(z_stream *stream, const void *data, size_t len)
{
	union {
		const void *from;
		Bytef *to;
	} cast = {.from = data};

	stream->next_in = cast.to;
	stream->avail_in = len < UINT32_MAX ? (uInt)len : UINT32_MAX;
}

bool harmony__gzip_is(const void *data, size_t len)
{
	return len >= 2 && memcmp(data, "\x1f\x8b", 2) == 0;
}

harmony_status harmony__gunzip_new(harmony__gunzip **out, harmony_context *context,
                                   harmony_error *error)
{
	harmony__gunzip *gunzip = harmony__zalloc(context, sizeof(*gunzip));

	*out = NULL;
	if (!gunzip)
		return harmony__nomem(error);
	gunzip->context = context;
	stream_init(&gunzip->stream, context);
	if (inflateInit2(&gunzip->stream, WINDOW_GZIP) != Z_OK) {
		harmony__free(context, gunzip);
		return harmony__nomem(error);
	}
	*out = gunzip;
	return HARMONY_OK;
}

void harmony__gunzip_free(harmony__gunzip *gunzip)
{
	if (!gunzip)
		return;
	inflateEnd(&gunzip->stream);
	harmony__free(gunzip->context, gunzip);
}

static harmony_status damaged(const z_stream *stream, harmony_error *error)
{
	return harmony_error_set(error, HARMONY_FORMAT, NULL,
	                         "damaged gzip data after %lu bytes (%s); compress the file again",
	                         stream->total_in, stream->msg ? stream->msg : "cut off");
}

harmony_status harmony__gunzip_step(harmony__gunzip *gunzip, const void **data, size_t *len,
                                    void *to, size_t *size, harmony_error *error)
{
	z_stream *stream = &gunzip->stream;
	size_t room = *size;
	int code = Z_OK;

	*size = 0;
	if (gunzip->whole && *len > 0) {
		inflateReset(stream);
		gunzip->whole = false;
	}
	if (*len == 0 && gunzip->whole)
		return HARMONY_OK;
	stream_input(stream, *data, *len);
	stream->next_out = to;
	stream->avail_out = room < UINT32_MAX ? (uInt)room : UINT32_MAX;
	code = inflate(stream, Z_NO_FLUSH);
	*len -= (size_t)(stream->next_in - (const Bytef *)*data);
	*data = stream->next_in;
	*size = (size_t)(stream->next_out - (Bytef *)to);
	gunzip->whole = code == Z_STREAM_END;
	if (code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR)
		return HARMONY_OK;
	return code == Z_MEM_ERROR ? harmony__nomem(error) : damaged(stream, error);
}

bool harmony__gunzip_whole(const harmony__gunzip *gunzip)
{
	return gunzip->whole;
}

harmony_status harmony__gzip_inflate(harmony__buf *out, const void *data, size_t len,
                                     harmony_error *error)
{
	harmony__gunzip *gunzip;
	char *chunk = harmony__alloc(out->context, CHUNK);
	harmony_status status = chunk ? harmony__gunzip_new(&gunzip, out->context, error)
	                              : harmony__nomem(error);
	size_t size = CHUNK;

	if (status != HARMONY_OK) {
		harmony__free(out->context, chunk);
		return status;
	}
	while (status == HARMONY_OK && (len > 0 || size == CHUNK)) {
		size = CHUNK;
		status = harmony__gunzip_step(gunzip, &data, &len, chunk, &size, error);
		if (status == HARMONY_OK && harmony__buf_add(out, chunk, size) != HARMONY_OK)
			status = harmony__buf_check(out, "the inflated data", error);
	}
	if (status == HARMONY_OK && !gunzip->whole)
		status = damaged(&gunzip->stream, error);
	harmony__gunzip_free(gunzip);
	harmony__free(out->context, chunk);
	return status;
}

harmony_status harmony__gzip_deflate(harmony__buf *out, const void *data, size_t len,
                                     harmony_error *error)
{
	z_stream stream;
	char *chunk = harmony__alloc(out->context, CHUNK);
	int code = Z_OK;

	stream_init(&stream, out->context);
	if (!chunk || deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_GZIP, 8,
	                           Z_DEFAULT_STRATEGY) != Z_OK) {
		harmony__free(out->context, chunk);
		return harmony__nomem(error);
	}
	while (code == Z_OK && out->status == HARMONY_OK) {
		stream_input(&stream, data, len);
		stream.next_out = (Bytef *)chunk;
		stream.avail_out = CHUNK;
		code = deflate(&stream, len > UINT32_MAX ? Z_NO_FLUSH : Z_FINISH);
		len -= (size_t)(stream.next_in - (const Bytef *)data);
		data = stream.next_in;
		harmony__buf_add(out, chunk, CHUNK - stream.avail_out);
	}
	deflateEnd(&stream);
	harmony__free(out->context, chunk);
	return harmony__buf_check(out, "the compressed data", error);
}
