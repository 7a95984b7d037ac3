/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_LIB_WIRE_XML_H
#define HARMONY_LIB_WIRE_XML_H

/* XML in and out, the reading on expat. Three doors:

     reader   events of a stream, in any chunking; memory does not grow with the input
     tree     a small document, or a part of a large one, as elements in an arena
     writer   onto a harmony__buf, and unable to write what is not well-formed

   A document is UTF-8, whatever its declaration says: what is read here came out of a
   decoded HTTP body, or out of a text of another document. There is no DOCTYPE and so no
   entity but the five of XML itself: the first one ends the document. Nesting, the size of
   a document, of a tag and of a text, and what expat may hold are bounded by
   harmony/limits.h; every failed allocation is HARMONY_NOMEM and leaks nothing. */

#include "base/base.h"

/* ---- reader: events ------------------------------------------------------------------ */

enum { HARMONY__XML_START, HARMONY__XML_TEXT, HARMONY__XML_END };

/* One event; everything is borrowed for the call. Names come without their prefix; `space`
   is the name space of an element, "" without one. `depth` counts the elements around it. */
typedef struct harmony__xml_event {
	int type;
	unsigned depth;
	const char *name;        /* of START and END */
	const char *space;       /* of START and END; `space_len` bytes */
	size_t space_len;
	const char *const *attributes; /* of START: name, value, name, value, NULL */
	const char *text;        /* of TEXT: a piece, without a NUL at its end */
	size_t len;
} harmony__xml_event;

/* Anything but HARMONY_OK ends the document and is returned from feed or finish. */
typedef harmony_status (*harmony__xml_fn)(const harmony__xml_event *event, void *user);

/* Whether it is of this element, in this name space. */
bool harmony__xml_is(const harmony__xml_event *event, const char *space, const char *name);

typedef struct harmony__xml_reader harmony__xml_reader;

/* For one document. Errors: HARMONY_NOMEM. */
harmony_status harmony__xml_reader_new(harmony__xml_reader **out, harmony_context *context,
				       harmony__xml_fn event, void *user) HARMONY__CHECKED;
void harmony__xml_reader_free(harmony__xml_reader *reader);
/* The next bytes. They are taken in blocks, so an event may come with a later call; expat
   sees the same blocks however the document is cut, and so does every limit. Errors:
   HARMONY_FORMAT (not XML, or a DOCTYPE: the message says why, `column` is the byte, from
   1), HARMONY_LIMIT, HARMONY_NOMEM, what `event` returned. After an error nothing more is
   taken (HARMONY_STATE). */
harmony_status harmony__xml_reader_feed(harmony__xml_reader *reader, const void *data, size_t len,
					harmony_error *error);
/* Ends the document: HARMONY_FORMAT when it is empty or not complete. */
harmony_status harmony__xml_reader_finish(harmony__xml_reader *reader, harmony_error *error);

/* ---- tree ---------------------------------------------------------------------------- */

typedef struct harmony__xml {
	const char *name;
	const char *text;              /* NUL-ended; "" when it has elements inside */
	const char *const *attributes; /* name, value, ..., NULL */
	size_t count;                  /* elements inside */
	const struct harmony__xml *parent, *first, *next;
} harmony__xml;

/* Builds a tree of the events that it is given: feed harmony__xml_build with those of a
   whole document, or of one element from its START to its END, at whatever depth. Elements
   live as long as the arena: set the arena's limit, an element takes about 80 bytes beside
   its texts. */
typedef struct harmony__xml_builder {
	harmony__arena *arena;
	harmony__xml *open[HARMONY_MAX_XML_DEPTH + 1]; /* [0] holds the document */
	harmony__xml *last[HARMONY_MAX_XML_DEPTH + 1]; /* its newest child */
	harmony__xml top;
	unsigned depth;
	harmony__buf text;
} harmony__xml_builder;

void harmony__xml_builder_init(harmony__xml_builder *builder, harmony__arena *arena);
void harmony__xml_builder_free(harmony__xml_builder *builder);
/* A harmony__xml_fn whose user is a builder. HARMONY_LIMIT, HARMONY_NOMEM. */
harmony_status harmony__xml_build(const harmony__xml_event *event, void *builder);
/* The element that was built; NULL before its END. */
const harmony__xml *harmony__xml_built(const harmony__xml_builder *builder);

/* Parses one whole document. Errors as the reader's. */
harmony_status harmony__xml_parse(const harmony__xml **out, harmony__arena *arena, const void *data,
				  size_t len, harmony_error *error);

/* All of these take NULL for an element that is not there, so lookups chain. */

/* The first element under a path of names; NULL when a step is not there:
       harmony__xml_get(root, "header", "number") */
#define harmony__xml_get(element, ...)                                                             \
	harmony__xml_walk(element, (const char *const[]){__VA_ARGS__, NULL})
const harmony__xml *harmony__xml_walk(const harmony__xml *element, const char *const *names);
/* The first of `name` in it, and the next one beside it. */
const harmony__xml *harmony__xml_child(const harmony__xml *element, const char *name);
const harmony__xml *harmony__xml_sibling(const harmony__xml *element);
/* The text of an element, "" when it is not there. */
const char *harmony__xml_text(const harmony__xml *element);
/* The value of an attribute; NULL when it is not there. */
const char *harmony__xml_attribute(const harmony__xml *element, const char *name);

/* ---- writer -------------------------------------------------------------------------- */

/* Writes one document, compact: no byte between elements. The struct is the caller's. The
   first failure sticks in `status`, later calls do nothing: write freely, check what
   harmony__xml_end returns. Names are constants of the caller and outlive the writer.

   What would not be well-formed is not written: a second root or text beside it, a name
   that is none, an attribute behind the tag or twice (HARMONY_STATE); text that is not
   UTF-8, or holds a character that XML has not got, such as U+0001 (HARMONY_INVALID). An
   element is closed by position, so that none can be closed in the wrong order. */
#define HARMONY__XML_ATTRIBUTES 16u /* of one element, written */

typedef struct harmony__xml_writer {
	harmony__buf *buf;
	harmony_status status;
	bool declared, rooted, in_tag;
	unsigned depth, attributes;
	const char *open[HARMONY_MAX_XML_DEPTH];
	const char *given[HARMONY__XML_ATTRIBUTES];
} harmony__xml_writer;

/* Appends to `buf`. */
void harmony__xml_begin(harmony__xml_writer *writer, harmony__buf *buf);
/* <?xml version="1.0" encoding="utf-8"?>, before anything else. */
void harmony__xml_declare(harmony__xml_writer *writer);
void harmony__xml_open(harmony__xml_writer *writer, const char *name);
void harmony__xml_put_attribute(harmony__xml_writer *writer, const char *name, const char *value);
void harmony__xml_add_text(harmony__xml_writer *writer, const char *text, size_t len);
/* Whether the writer takes a text: UTF-8, of whose characters XML has all but most controls,
   U+FFFE and U+FFFF. */
bool harmony__xml_carries(const char *text, size_t len);
void harmony__xml_close(harmony__xml_writer *writer);
/* An element with a text in it; "" makes an empty one, NULL leaves it out. */
void harmony__xml_put(harmony__xml_writer *writer, const char *name, const char *text);
/* An element with a number of exactly `scale` decimals. */
void harmony__xml_put_number(harmony__xml_writer *writer, const char *name, int64_t value,
			     unsigned scale);
/* HARMONY_STATE when the document is not complete; what failed before. */
harmony_status harmony__xml_end(harmony__xml_writer *writer) HARMONY__CHECKED;

#endif
