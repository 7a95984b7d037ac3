/* SPDX-License-Identifier: MIT */
#include <harmony/source.h>

#include "base/base.h"
#include "wire/gzip.h"

#define CHUNK (64u * 1024u)

struct harmony_source {
	harmony_context *context;
	harmony_read_fn read;
	void *user;
	harmony__file *file; /* NULL: not ours */
	const char *memory;  /* of from_memory */
	size_t memory_len;
	char *name;
	char *packed;    /* the name before ".gz" went, once gzip was met */
	char *raw;       /* CHUNK bytes as they were read */
	char *inflated;  /* CHUNK bytes, once gzip was met */
	harmony__gunzip *gunzip;
	const void *left; /* of raw, not inflated yet */
	size_t left_len;
	uint64_t done, total;
	bool begun, ended;
};

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* `whole`: that the caller gave what the source is over. */
static harmony_status make(harmony_source **out, harmony_context *context, const char *name,
                           bool whole, harmony_error *error)
{
	harmony_source *source;

	*out = NULL;
	if (!whole)
		return harmony_error_set(error, HARMONY_INVALID, NULL,
		                         "a source needs a path, a read callback, or memory");
	source = harmony__zalloc(context, sizeof(*source));
	if (!source)
		return harmony__nomem(error);
	source->context = context;
	source->name = harmony__strdup(context, name ? name : "");
	source->raw = harmony__alloc(context, CHUNK);
	if (!source->name || !source->raw) {
		harmony_source_free(source);
		return harmony__nomem(error);
	}
	*out = source;
	return HARMONY_OK;
}

harmony_status harmony_source_open(harmony_source **out, harmony_context *context, const char *path,
                                   harmony_error *error)
{
	harmony_source *source;
	harmony_status status = make(&source, context, path ? last_part(path) : NULL, path != NULL,
	                             error);

	*out = NULL;
	if (status != HARMONY_OK)
		return status;
	status = harmony__file_open(&source->file, context, path, error);
	if (status != HARMONY_OK) {
		harmony_source_free(source);
		return status;
	}
	source->read = harmony__file_read;
	source->user = source->file;
	source->total = harmony__file_size(source->file);
	*out = source;
	return HARMONY_OK;
}

harmony_status harmony_source_from(harmony_source **out, harmony_context *context, const char *name,
                                   harmony_read_fn read, void *user, harmony_error *error)
{
	harmony_status status = make(out, context, name, read != NULL, error);

	if (status == HARMONY_OK) {
		(*out)->read = read;
		(*out)->user = user;
	}
	return status;
}

static size_t read_memory(void *buffer, size_t size, void *user)
{
	harmony_source *source = user;
	size_t len = source->memory_len < size ? source->memory_len : size;

	if (len)
		memcpy(buffer, source->memory, len);
	source->memory += len;
	source->memory_len -= len;
	return len;
}

harmony_status harmony_source_from_memory(harmony_source **out, harmony_context *context,
                                          const char *name, const void *data, size_t len,
                                          harmony_error *error)
{
	harmony_status status = make(out, context, name, data != NULL || len == 0, error);

	if (status == HARMONY_OK) {
		(*out)->read = read_memory;
		(*out)->user = *out;
		(*out)->memory = data;
		(*out)->memory_len = len;
		(*out)->total = len;
	}
	return status;
}

void harmony_source_free(harmony_source *source)
{
	if (!source)
		return;
	harmony__gunzip_free(source->gunzip);
	harmony__file_close(source->file);
	harmony__free(source->context, source->inflated);
	harmony__free(source->context, source->raw);
	harmony__free(source->context, source->packed);
	harmony__free(source->context, source->name);
	harmony__free(source->context, source);
}

static harmony_status read_failed(const harmony_source *source, size_t have, harmony_error *error)
{
	char buffer[128];
	/* A host's callback need not have set the system's reason. */
	const char *reason = source->file ? harmony__os_reason(buffer, sizeof(buffer))
	                                  : "its reader failed";

	harmony__error_place(error, source->name, 0, 0, NULL);
	return harmony_error_set(error, HARMONY_IO, NULL, "cannot read on in '%s' after %llu bytes: %s",
	                         source->name, (unsigned long long)(source->done + have), reason);
}

/* Reads until the buffer is full, the end, or (fill false) something came: the first two
   bytes decide about gzip, and a pipe may give one at a time. */
static harmony_status read_raw(harmony_source *source, size_t at_least, harmony_error *error)
{
	size_t have = 0;

	while (have < at_least) {
		size_t got = source->read(source->raw + have, CHUNK - have, source->user);
		if (got == (size_t)-1)
			return read_failed(source, have, error);
		if (got == 0)
			break;
		have += got;
	}
	source->ended = have < at_least;
	source->done += have;
	source->left = source->raw;
	source->left_len = have;
	return HARMONY_OK;
}

/* "fmuta6.csv.gz" holds "fmuta6.csv". */
static void strip_gz(char *name)
{
	size_t len = strlen(name);

	if (len > 3 && harmony__equal_nocase(name + len - 3, ".gz"))
		name[len - 3] = '\0';
}

static harmony_status begin(harmony_source *source, harmony_error *error)
{
	harmony_status status = read_raw(source, 2, error);

	source->begun = true;
	if (status != HARMONY_OK || !harmony__gzip_is(source->left, source->left_len))
		return status;
	source->packed = harmony__strdup(source->context, source->name);
	strip_gz(source->name);
	source->inflated = harmony__alloc(source->context, CHUNK);
	if (!source->packed || !source->inflated)
		return harmony__nomem(error);
	return harmony__gunzip_new(&source->gunzip, source->context, error);
}

static harmony_status next_inflated(const void **data, size_t *len, harmony_source *source,
                                    harmony_error *error)
{
	harmony_error mine = HARMONY_ERROR_INIT;
	harmony_status status = HARMONY_OK;

	harmony__error_place(&mine, source->packed, 0, 0, NULL);
	*data = source->inflated;
	for (*len = 0; status == HARMONY_OK && *len == 0;) {
		*len = CHUNK;
		status = harmony__gunzip_step(source->gunzip, &source->left, &source->left_len,
		                              source->inflated, len, &mine);
		if (status != HARMONY_OK || *len > 0 || source->left_len > 0)
			continue;
		if (!source->ended)
			status = read_raw(source, 1, &mine);
		if (status == HARMONY_OK && source->left_len == 0) {
			if (!harmony__gunzip_whole(source->gunzip))
				status = harmony_error_set(&mine, HARMONY_FORMAT, NULL,
				                           "%s: the gzip data is cut off; copy the file again",
				                           source->packed);
			break;
		}
	}
	if (status != HARMONY_OK)
		harmony__error_give(error, &mine);
	return status;
}

harmony_status harmony_source_next(const void **data, size_t *len, harmony_source *source,
                                   harmony_error *error)
{
	bool first = !source->begun;
	harmony_status status = first ? begin(source, error) : HARMONY_OK;

	*data = NULL;
	*len = 0;
	if (status != HARMONY_OK)
		return status;
	if (source->gunzip)
		return next_inflated(data, len, source, error);
	if (!first && !source->ended)
		status = read_raw(source, 1, error);
	else if (!first)
		source->left_len = 0;
	*data = source->left;
	*len = source->left_len;
	return status;
}

const char *harmony_source_name(const harmony_source *source)
{
	return source->name;
}

void harmony_source_progress(const harmony_source *source, uint64_t *done, uint64_t *total)
{
	*done = source->done;
	*total = source->total;
}
