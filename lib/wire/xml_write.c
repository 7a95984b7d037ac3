/* SPDX-License-Identifier: MIT */
#include "wire/xml.h"

/* The writer: checks before it writes, so that its output is XML whatever it is asked. */

void harmony__xml_begin(harmony__xml_writer *writer, harmony__buf *buf)
{
	memset(writer, 0, sizeof(*writer));
	writer->buf = buf;
}

/* True when the writer may go on; else why not sticks. */
static bool need(harmony__xml_writer *writer, bool holds, harmony_status otherwise)
{
	if (writer->status == HARMONY_OK)
		writer->status = holds ? writer->buf->status : otherwise;
	return writer->status == HARMONY_OK;
}

static void put(harmony__xml_writer *writer, const char *text)
{
	harmony__buf_str(writer->buf, text);
}

/* ---- text ---------------------------------------------------------------------------- */

bool harmony__xml_carries(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 && c != '\t' && c != '\n' && c != '\r')
			return false;
		if (c == 0xef && len - i > 2 && (unsigned char)text[i + 1] == 0xbf &&
		    (unsigned char)text[i + 2] >= 0xbe)
			return false;
	}
	return harmony__is_utf8(text, len);
}

/* What a character must become: readers turn a bare CR into LF, and in an attribute every
   white space into a blank. */
static const char *escape_of(char c, bool attribute)
{
	switch (c) {
	case '&': return "&amp;";
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '\r': return "&#13;";
	case '"': return attribute ? "&quot;" : NULL;
	case '\n': return attribute ? "&#10;" : NULL;
	case '\t': return attribute ? "&#9;" : NULL;
	default: return NULL;
	}
}

static void escape(harmony__xml_writer *writer, const char *text, size_t len, bool attribute)
{
	size_t from = 0;

	if (!need(writer, harmony__xml_carries(text, len), HARMONY_INVALID))
		return;
	for (size_t i = 0; i < len; i++) {
		const char *as = escape_of(text[i], attribute);

		if (!as)
			continue;
		harmony__buf_add(writer->buf, text + from, i - from);
		put(writer, as);
		from = i + 1;
	}
	harmony__buf_add(writer->buf, text + from, len - from);
}

/* ---- elements ------------------------------------------------------------------------ */

/* Names of ours are ASCII; a prefix is a part of them. */
static bool is_name(const char *name)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
	const char *colon = strchr(name, ':');

	if (colon && (colon == name || strchr(colon + 1, ':') || !strchr(letters, colon[1])))
		return false;
	return *name && strchr(letters, *name) &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789.-:") ==
		       strlen(name) &&
	       name[strlen(name) - 1] != ':';
}

static void end_tag(harmony__xml_writer *writer)
{
	if (writer->in_tag)
		put(writer, ">");
	writer->in_tag = false;
}

void harmony__xml_declare(harmony__xml_writer *writer)
{
	if (need(writer, !writer->rooted && !writer->declared, HARMONY_STATE))
		put(writer, "<?xml version=\"1.0\" encoding=\"utf-8\"?>");
	writer->declared = true;
}

void harmony__xml_open(harmony__xml_writer *writer, const char *name)
{
	if (!need(writer, is_name(name) && (writer->depth > 0 || !writer->rooted), HARMONY_STATE) ||
	    !need(writer, writer->depth < HARMONY_MAX_XML_DEPTH, HARMONY_LIMIT))
		return;
	end_tag(writer);
	put(writer, "<");
	put(writer, name);
	writer->open[writer->depth++] = name;
	writer->in_tag = writer->rooted = true;
	writer->attributes = 0;
}

void harmony__xml_put_attribute(harmony__xml_writer *writer, const char *name, const char *value)
{
	bool fresh = true;

	for (unsigned i = 0; i < writer->attributes; i++)
		fresh = fresh && strcmp(writer->given[i], name) != 0;
	if (!need(writer, writer->in_tag && fresh && is_name(name), HARMONY_STATE) ||
	    !need(writer, writer->attributes < HARMONY__XML_ATTRIBUTES, HARMONY_LIMIT))
		return;
	writer->given[writer->attributes++] = name;
	put(writer, " ");
	put(writer, name);
	put(writer, "=\"");
	escape(writer, value, strlen(value), true);
	put(writer, "\"");
}

void harmony__xml_add_text(harmony__xml_writer *writer, const char *text, size_t len)
{
	if (!need(writer, writer->depth > 0, HARMONY_STATE))
		return;
	end_tag(writer);
	escape(writer, text, len, false);
}

void harmony__xml_close(harmony__xml_writer *writer)
{
	if (!need(writer, writer->depth > 0, HARMONY_STATE))
		return;
	end_tag(writer);
	put(writer, "</");
	put(writer, writer->open[--writer->depth]);
	put(writer, ">");
}

void harmony__xml_put(harmony__xml_writer *writer, const char *name, const char *text)
{
	if (!text)
		return;
	harmony__xml_open(writer, name);
	harmony__xml_add_text(writer, text, strlen(text));
	harmony__xml_close(writer);
}

void harmony__xml_put_number(harmony__xml_writer *writer, const char *name, int64_t value,
			     unsigned scale)
{
	char text[HARMONY_DECIMAL_SIZE];

	(void)harmony_decimal_format(text, value, scale, '.');
	harmony__xml_put(writer, name, text);
}

harmony_status harmony__xml_end(harmony__xml_writer *writer)
{
	(void)need(writer, writer->rooted && writer->depth == 0, HARMONY_STATE);
	return writer->status;
}
