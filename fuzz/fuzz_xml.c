/* SPDX-License-Identifier: MIT */
/* XML from anywhere: the first byte picks the size of the pieces. However it is cut it reads
   the same; what was read, written down and read again, is the same; and as the text of
   another document it comes out as it went in. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <harmony/harmony.h>

#include "wire/xml.h"

typedef struct reading {
	harmony__buf text; /* the events, written down */
	int last;
	unsigned depth;
} reading;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds)
		abort();
}

static void write_down(reading *to, const char *text, size_t len)
{
	must(harmony__buf_add(&to->text, text, len) == HARMONY_OK);
}

static harmony_status on_event(const harmony__xml_event *event, void *user)
{
	reading *to = user;

	if (event->type == HARMONY__XML_END)
		to->depth--;
	must(event->depth == to->depth || event->type == HARMONY__XML_TEXT);
	must(event->depth < HARMONY_MAX_XML_DEPTH + (event->type == HARMONY__XML_TEXT));
	if (event->type == HARMONY__XML_START)
		to->depth++;
	if (event->type != HARMONY__XML_TEXT || to->last != HARMONY__XML_TEXT)
		write_down(to, &"<'>"[event->type], 1);
	to->last = event->type;
	write_down(to, event->name ? event->name : event->text,
		   event->name ? strlen(event->name) : event->len);
	for (size_t i = 0; event->attributes && event->attributes[i]; i++) {
		write_down(to, "|", 1);
		write_down(to, event->attributes[i], strlen(event->attributes[i]));
	}
	return HARMONY_OK;
}

static harmony_status read_pieces(reading *to, harmony_context *context, const char *data,
				  size_t len, size_t piece)
{
	harmony_error error = HARMONY_ERROR_INIT;
	harmony__xml_reader *reader;
	harmony_status status = HARMONY_OK;

	harmony__buf_init(&to->text, context, SIZE_MAX / 2);
	to->last = -1;
	must(harmony__xml_reader_new(&reader, context, on_event, to) == HARMONY_OK);
	for (size_t at = 0; status == HARMONY_OK && at < len; at += piece)
		status = harmony__xml_reader_feed(reader, data + at,
						  piece < len - at ? piece : len - at, &error);
	if (status == HARMONY_OK)
		status = harmony__xml_reader_finish(reader, &error);
	must((status == HARMONY_OK) == (error.message[0] == '\0'));
	must(status == HARMONY_OK || status == HARMONY_FORMAT || status == HARMONY_LIMIT);
	harmony__xml_reader_free(reader);
	return status;
}

static bool same_element(const harmony__xml *a, const harmony__xml *b)
{
	const harmony__xml *x = a->first, *y = b->first;

	if (strcmp(a->name, b->name) != 0 || strcmp(a->text, b->text) != 0 || a->count != b->count)
		return false;
	for (size_t i = 0; a->attributes[i] || b->attributes[i]; i++)
		if (!a->attributes[i] || !b->attributes[i] ||
		    strcmp(a->attributes[i], b->attributes[i]) != 0)
			return false;
	for (; x && y; x = x->next, y = y->next)
		if (!same_element(x, y))
			return false;
	return !x && !y;
}

/* The writer takes ASCII names alone, 16 attributes, and each name once: others it refuses. */
static void write_element(harmony__xml_writer *w, const harmony__xml *element)
{
	harmony__xml_open(w, element->name);
	for (size_t i = 0; element->attributes[i]; i += 2)
		harmony__xml_put_attribute(w, element->attributes[i], element->attributes[i + 1]);
	harmony__xml_add_text(w, element->text, strlen(element->text));
	for (const harmony__xml *at = element->first; at; at = at->next)
		write_element(w, at);
	harmony__xml_close(w);
}

static void write_and_read(harmony_context *context, const char *data, size_t len)
{
	harmony__arena arena;
	harmony__xml_writer w;
	harmony__buf buf;
	const harmony__xml *root, *again;
	harmony_status status;

	harmony__arena_init(&arena, context, 0);
	harmony__buf_init(&buf, context, SIZE_MAX / 2);
	must(harmony__xml_parse(&root, &arena, data, len, NULL) == HARMONY_OK);
	harmony__xml_begin(&w, &buf);
	write_element(&w, root);
	status = harmony__xml_end(&w);
	must(status == HARMONY_OK || status == HARMONY_STATE || status == HARMONY_LIMIT);
	if (status == HARMONY_OK && buf.len <= HARMONY_MAX_XML_DOCUMENT) {
		must(harmony__xml_parse(&again, &arena, buf.data, buf.len, NULL) == HARMONY_OK);
		must(same_element(root, again));
	}
	harmony__buf_free(&buf);
	harmony__arena_free(&arena);
}

/* Any text at all, as the text of an element: refused, or the same when it is read. */
static void carry(harmony_context *context, const char *data, size_t len)
{
	harmony__arena arena;
	harmony__xml_writer w;
	harmony__buf buf;
	const harmony__xml *root;
	harmony_status status;

	harmony__arena_init(&arena, context, 0);
	harmony__buf_init(&buf, context, SIZE_MAX / 2);
	harmony__xml_begin(&w, &buf);
	harmony__xml_open(&w, "a");
	harmony__xml_add_text(&w, data, len);
	harmony__xml_close(&w);
	status = harmony__xml_end(&w);
	must(status == HARMONY_OK || status == HARMONY_INVALID);
	if (status == HARMONY_OK && len < HARMONY_MAX_XML_TEXT) {
		must(harmony__xml_parse(&root, &arena, buf.data, buf.len, NULL) == HARMONY_OK);
		must(strlen(root->text) == len && memcmp(root->text, data, len) == 0);
	}
	harmony__buf_free(&buf);
	harmony__arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;
	harmony_context *context;
	reading whole = {0}, cut = {0};
	harmony_status status;

	if (size < 2)
		return 0;
	must(harmony_context_new(&context, NULL, NULL) == HARMONY_OK);
	status = read_pieces(&whole, context, text, size - 1, size - 1);
	must(read_pieces(&cut, context, text, size - 1, data[0] % 64 + 1) == status);
	must(whole.text.len == cut.text.len &&
	     (!whole.text.len || memcmp(whole.text.data, cut.text.data, cut.text.len) == 0));
	if (status == HARMONY_OK && size < HARMONY_MAX_XML_TEXT)
		write_and_read(context, text, size - 1);
	carry(context, text, size - 1);
	harmony__buf_free(&whole.text);
	harmony__buf_free(&cut.text);
	harmony_context_free(context);
	return 0;
}
