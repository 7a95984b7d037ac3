/* SPDX-License-Identifier: MIT */
#include <expat.h>

#include "wire/xml.h"

/* The reader. This file alone includes expat. */

#define BLOCK 8192u   /* bytes that expat sees at once */
#define SEPARATOR '\n' /* between a name space and a name */

struct harmony__xml_reader {
	harmony_context *context;
	harmony__xml_fn event;
	void *user;

	XML_Parser parser; /* made by the first block, dropped after an error */
	size_t memory;     /* that it holds */
	bool starved;      /* an allocation failed */
	harmony_status status;
	const char *why; /* static text of our own refusals */
	bool ended;
	unsigned depth;
	uint64_t taken; /* bytes given to expat */
	size_t used;
	char block[BLOCK];
};

/* ---- expat's memory ------------------------------------------------------------------ */

/* Expat hands its allocators no pointer of ours, so the reader at work is known by its
   thread; a reader that feeds another one is put back when that returns. */
static _Thread_local harmony__xml_reader *at_work;

typedef union block_head {
	size_t size;
	max_align_t align; /* what follows stays aligned */
} block_head;

static void *resize(void *ptr, size_t size)
{
	harmony__xml_reader *reader = at_work;
	block_head *old = ptr ? (block_head *)ptr - 1 : NULL, *block;
	size_t before = old ? old->size : 0;

	if (size > HARMONY_MAX_XML_MEMORY ||
	    reader->memory - before + size > HARMONY_MAX_XML_MEMORY) {
		reader->why = "a tag, or the number of different names, is too large";
		return NULL;
	}
	block = harmony__realloc(reader->context, old, sizeof(*block) + size);
	if (!block) {
		reader->starved = true;
		return NULL;
	}
	block->size = size;
	reader->memory += size - before;
	return block + 1;
}

static void *acquire(size_t size)
{
	return resize(NULL, size);
}

static void release(void *ptr)
{
	block_head *block = ptr ? (block_head *)ptr - 1 : NULL;

	if (!block)
		return;
	at_work->memory -= block->size;
	harmony__free(at_work->context, block);
}

static void drop_parser(harmony__xml_reader *reader)
{
	harmony__xml_reader *before = at_work;

	at_work = reader;
	if (reader->parser)
		XML_ParserFree(reader->parser);
	reader->parser = NULL;
	at_work = before;
}

/* ---- events -------------------------------------------------------------------------- */

static void stop(harmony__xml_reader *reader, harmony_status status, const char *why)
{
	reader->status = status;
	reader->why = why;
	XML_StopParser(reader->parser, XML_FALSE);
}

/* After a stop expat may still call once more, for the end of an empty element. */
static void emit(harmony__xml_reader *reader, harmony__xml_event *event)
{
	if (reader->status != HARMONY_OK)
		return;
	event->depth = reader->depth;
	reader->status = reader->event(event, reader->user);
	if (reader->status != HARMONY_OK)
		XML_StopParser(reader->parser, XML_FALSE);
}

/* Splits what expat calls a name into name space and name. */
static const char *split(const char *whole, const char **space, size_t *space_len)
{
	const char *cut = strrchr(whole, SEPARATOR);

	*space = cut ? whole : "";
	*space_len = cut ? (size_t)(cut - whole) : 0;
	return cut ? cut + 1 : whole;
}

static void XMLCALL on_start(void *user, const XML_Char *whole, const XML_Char **given)
{
	harmony__xml_reader *reader = user;
	const char *attributes[2 * HARMONY_MAX_XML_ATTRIBUTES + 1], *space;
	harmony__xml_event event = {.type = HARMONY__XML_START, .attributes = attributes};
	size_t size = strlen(whole), count = 0, space_len;

	if (reader->status != HARMONY_OK)
		return;
	for (; given[count] && count < 2 * HARMONY_MAX_XML_ATTRIBUTES; count++) {
		size += strlen(given[count]);
		attributes[count] =
			count % 2 ? given[count] : split(given[count], &space, &space_len);
	}
	if (given[count] || size > HARMONY_MAX_XML_TAG) {
		stop(reader, HARMONY_LIMIT, "an element has too many or too long attributes");
		return;
	}
	if (reader->depth >= HARMONY_MAX_XML_DEPTH) {
		stop(reader, HARMONY_LIMIT, "elements are nested too deeply");
		return;
	}
	attributes[count] = NULL;
	event.name = split(whole, &event.space, &event.space_len);
	emit(reader, &event);
	reader->depth++;
}

static void XMLCALL on_end(void *user, const XML_Char *whole)
{
	harmony__xml_reader *reader = user;
	harmony__xml_event event = {.type = HARMONY__XML_END};

	if (reader->status != HARMONY_OK)
		return;
	reader->depth--;
	event.name = split(whole, &event.space, &event.space_len);
	emit(reader, &event);
}

static void XMLCALL on_text(void *user, const XML_Char *text, int len)
{
	harmony__xml_event event = {.type = HARMONY__XML_TEXT, .text = text, .len = (size_t)len};

	emit(user, &event);
}

/* Called before a byte of what stands inside it is looked at. */
static void XMLCALL on_doctype(void *user, const XML_Char *name, const XML_Char *system,
			       const XML_Char *public, int internal)
{
	stop(user, HARMONY_FORMAT, "a DOCTYPE is not accepted");
}

bool harmony__xml_is(const harmony__xml_event *event, const char *space, const char *name)
{
	return event->name && strcmp(event->name, name) == 0 &&
	       strlen(space) == event->space_len &&
	       memcmp(event->space, space, event->space_len) == 0;
}

/* ---- reader -------------------------------------------------------------------------- */

harmony_status harmony__xml_reader_new(harmony__xml_reader **out, harmony_context *context,
				       harmony__xml_fn event, void *user)
{
	harmony__xml_reader *reader = harmony__zalloc(context, sizeof(*reader));

	*out = reader;
	if (!reader)
		return HARMONY_NOMEM;
	reader->context = context;
	reader->event = event;
	reader->user = user;
	return HARMONY_OK;
}

void harmony__xml_reader_free(harmony__xml_reader *reader)
{
	if (!reader)
		return;
	drop_parser(reader);
	harmony__free(reader->context, reader);
}

static bool open_parser(harmony__xml_reader *reader)
{
	static const XML_Memory_Handling_Suite memory = {acquire, resize, release};
	const XML_Char separator[] = {SEPARATOR, '\0'};

	if (reader->parser)
		return true;
	reader->parser = XML_ParserCreate_MM("UTF-8", &memory, separator);
	if (!reader->parser)
		return false;
	XML_SetUserData(reader->parser, reader);
	XML_SetElementHandler(reader->parser, on_start, on_end);
	XML_SetCharacterDataHandler(reader->parser, on_text);
	XML_SetStartDoctypeDeclHandler(reader->parser, on_doctype);
	return true;
}

static harmony_status report(harmony__xml_reader *reader, const char *why, uint64_t byte,
			     harmony_error *error)
{
	if (reader->status == HARMONY_NOMEM)
		return harmony__nomem(error);
	if (!why) /* the caller's own: it has said why */
		return reader->status;
	harmony__error_place(error, NULL, 0, byte < UINT32_MAX ? (uint32_t)byte : 0, NULL);
	return harmony_error_set(error, reader->status, NULL,
				 "not readable as XML at byte %llu: %s; mend it there",
				 (unsigned long long)byte, why);
}

/* What ended it: memory first, since expat may call that what it likes. */
static harmony_status explain(harmony__xml_reader *reader, harmony_error *error)
{
	XML_Index at = reader->parser ? XML_GetCurrentByteIndex(reader->parser) : -1;
	uint64_t byte = at >= 0 ? (uint64_t)at + 1 : reader->taken;
	const char *why = reader->why;

	if (reader->starved || !reader->parser)
		reader->status = HARMONY_NOMEM;
	else if (reader->status == HARMONY_OK && why)
		reader->status = HARMONY_LIMIT;
	if (reader->status == HARMONY_OK) {
		reader->status = HARMONY_FORMAT;
		why = XML_ErrorString(XML_GetErrorCode(reader->parser));
	}
	drop_parser(reader);
	return report(reader, why, byte, error);
}

/* Hands the block to expat. A failed allocation counts even where expat went on without. */
static harmony_status run(harmony__xml_reader *reader, bool last, harmony_error *error)
{
	harmony__xml_reader *before = at_work;
	enum XML_Status result = XML_STATUS_ERROR;

	at_work = reader;
	if (open_parser(reader))
		result = XML_Parse(reader->parser, reader->block, (int)reader->used, last);
	at_work = before;
	reader->taken += reader->used;
	reader->used = 0;
	if (result == XML_STATUS_OK && !reader->starved && !reader->why &&
	    reader->status == HARMONY_OK)
		return HARMONY_OK;
	return explain(reader, error);
}

static harmony_status over(harmony__xml_reader *reader, harmony_error *error)
{
	return harmony_error_set(error, HARMONY_STATE, NULL,
				 "the document has ended; read the next one with a new reader");
}

harmony_status harmony__xml_reader_feed(harmony__xml_reader *reader, const void *data, size_t len,
					harmony_error *error)
{
	const char *bytes = data;
	harmony_status status = HARMONY_OK;

	if (reader->ended || reader->status != HARMONY_OK)
		return over(reader, error);
	while (len > 0 && status == HARMONY_OK) {
		size_t room = BLOCK - reader->used, take = len < room ? len : room;

		if (reader->taken + reader->used + take > HARMONY_MAX_XML_DOCUMENT) {
			drop_parser(reader);
			reader->status = HARMONY_LIMIT;
			return report(reader, "the document is too large", reader->taken, error);
		}
		memcpy(reader->block + reader->used, bytes, take);
		reader->used += take;
		bytes += take;
		len -= take;
		if (reader->used == BLOCK)
			status = run(reader, false, error);
	}
	return status;
}

harmony_status harmony__xml_reader_finish(harmony__xml_reader *reader, harmony_error *error)
{
	if (reader->ended || reader->status != HARMONY_OK)
		return over(reader, error);
	reader->ended = true;
	return run(reader, true, error);
}
