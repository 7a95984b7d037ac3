/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "program.h"

/* The length of the UTF-8 sequence at `text`, of which `left` bytes are there; 0 when there
   is none. */
static size_t sequence(const unsigned char *text, size_t left)
{
	unsigned char c = text[0];
	size_t len = c < 0x80                ? 1
		     : c >= 0xc2 && c < 0xe0 ? 2
		     : c >= 0xe0 && c < 0xf0 ? 3
		     : c >= 0xf0 && c < 0xf5 ? 4
					     : 0;
	if (len > left)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	if ((c == 0xe0 && text[1] < 0xa0) || (c == 0xed && text[1] > 0x9f) ||
	    (c == 0xf0 && text[1] < 0x90) || (c == 0xf4 && text[1] > 0x8f))
		return 0;
	return len;
}

bool is_utf8(const char *text)
{
	const unsigned char *at = (const unsigned char *)text, *end = at + strlen(text);
	size_t len = 1;
	for (; at < end && len > 0; at += len)
		len = sequence(at, (size_t)(end - at));
	return len > 0;
}

static void escape(struct out *out, unsigned char c)
{
	static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	for (size_t i = 0; i + 1 < sizeof(letters); i += 2)
		if (c == (unsigned char)letters[i]) {
			char text[2] = {'\\', letters[i + 1]};
			out_bytes(out, text, 2);
			return;
		}
	out_format(out, "\\u%04x", c);
}

static void string(struct out *out, const char *value, size_t size)
{
	const unsigned char *text = (const unsigned char *)value, *end = text + size;
	out_bytes(out, "\"", 1);
	while (text < end) {
		size_t len = sequence(text, (size_t)(end - text));
		if (len == 0) {
			out_text(out, "\xef\xbf\xbd");
			len = 1;
		} else if (*text < 0x20 || *text == '"' || *text == '\\' || *text == 0x7f) {
			escape(out, *text);
		} else {
			out_bytes(out, text, len);
		}
		text += len;
	}
	out_bytes(out, "\"", 1);
}

void json_raw(struct json *json, const char *key)
{
	if (json->depth > 0) {
		if (json->some[json->depth - 1])
			out_bytes(json->out, ",", 1);
		json->some[json->depth - 1] = true;
	}
	if (key) {
		string(json->out, key, strlen(key));
		out_bytes(json->out, ":", 1);
	}
}

static void open_level(struct json *json, const char *key, char begin, char end)
{
	json_raw(json, key);
	out_bytes(json->out, &begin, 1);
	json->close[json->depth] = end;
	json->some[json->depth++] = false;
}

void json_object(struct json *json, const char *key)
{
	open_level(json, key, '{', '}');
}

void json_array(struct json *json, const char *key)
{
	open_level(json, key, '[', ']');
}

void json_end(struct json *json)
{
	out_bytes(json->out, &json->close[--json->depth], 1);
}

void json_unwind(struct json *json, int depth)
{
	while (json->depth > depth)
		json_end(json);
}

void json_span(struct json *json, const char *key, const char *value, size_t len)
{
	json_raw(json, key);
	string(json->out, value, len);
}

void json_text(struct json *json, const char *key, const char *value)
{
	json_span(json, key, value, strlen(value));
}

void json_some(struct json *json, const char *key, const char *value)
{
	if (value && *value)
		json_text(json, key, value);
}

void json_number(struct json *json, const char *key, int64_t value)
{
	json_raw(json, key);
	out_format(json->out, "%lld", (long long)value);
}

void json_flag(struct json *json, const char *key, bool value)
{
	json_raw(json, key);
	out_text(json->out, value ? "true" : "false");
}

void json_null(struct json *json, const char *key)
{
	json_raw(json, key);
	out_text(json->out, "null");
}

void json_amount(struct json *json, const char *key, int64_t amount)
{
	char buffer[HARMONY_DECIMAL_SIZE];
	json_text(json, key, money(buffer, amount));
}

void json_time(struct json *json, const char *key, int64_t milliseconds)
{
	char buffer[TIME_SIZE];
	json_some(json, key, rfc3339(buffer, milliseconds));
}

void json_error(struct json *json, const char *key, const harmony_error *error)
{
	json_object(json, key);
	json_text(json, "code", error->code[0] ? error->code : harmony_status_word(error->status));
	json_text(json, "message", error->message);
	json_some(json, "file", error->file);
	if (error->line)
		json_number(json, "line", (int64_t)error->line);
	if (error->column)
		json_number(json, "column", error->column);
	json_some(json, "field", error->field);
	json_some(json, "vendor", error->vendor);
	json_end(json);
}
