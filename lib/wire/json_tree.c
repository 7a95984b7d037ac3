/* SPDX-License-Identifier: MIT */
#include "wire/json.h"

/* A document as values in an arena, and what can be asked of them. */

/* ---- building --------------------------------------------------------------------- */

typedef struct builder {
	harmony__arena *arena;
	harmony__json *open[HARMONY_MAX_JSON_DEPTH + 1]; /* [0] holds the document */
	harmony__json *last[HARMONY_MAX_JSON_DEPTH + 1]; /* its newest child */
	const char *key;
} builder;

static harmony_status no_room(const builder *build)
{
	return build->arena->over ? HARMONY_LIMIT : HARMONY_NOMEM;
}

static harmony_status add_value(builder *build, const harmony__json_event *event)
{
	harmony__json *parent = build->open[event->depth], *last = build->last[event->depth];
	harmony__json *value = harmony__arena_alloc(build->arena, sizeof(*value));
	const char *text = "";

	if (value && event->len)
		text = harmony__arena_text(build->arena, event->text, event->len);
	if (!value || !text)
		return no_room(build);
	*value = (harmony__json){.type = (uint8_t)event->type, .flag = event->flag,
	                         .key = build->key, .text = text, .len = event->len};
	build->key = NULL;
	if (last)
		last->next = value;
	else
		parent->first = value;
	build->last[event->depth] = value;
	parent->count++;
	if (event->type == HARMONY__JSON_OBJECT || event->type == HARMONY__JSON_ARRAY) {
		build->open[event->depth + 1] = value;
		build->last[event->depth + 1] = NULL;
	}
	return HARMONY_OK;
}

static harmony_status on_event(const harmony__json_event *event, void *user)
{
	builder *build = user;

	switch (event->type) {
	case HARMONY__JSON_KEY:
		build->key = harmony__arena_text(build->arena, event->text, event->len);
		return build->key ? HARMONY_OK : no_room(build);
	case HARMONY__JSON_OBJECT_END:
	case HARMONY__JSON_ARRAY_END:
		return HARMONY_OK;
	default:
		return add_value(build, event);
	}
}

harmony_status harmony__json_parse(const harmony__json **out, harmony__arena *arena,
                                   const void *data, size_t len, harmony_error *error)
{
	harmony__json root = {.type = HARMONY__JSON_ARRAY};
	builder build = {.arena = arena, .open = {&root}};
	harmony__json_reader *reader;
	harmony_status status = harmony__json_reader_new(&reader, arena->context, on_event, &build);

	*out = NULL;
	if (status)
		return harmony__nomem(error);
	status = harmony__json_reader_feed(reader, data, len, error);
	if (!status)
		status = harmony__json_reader_finish(reader, error);
	harmony__json_reader_free(reader);
	if (!status)
		*out = root.first;
	else if (status == HARMONY_NOMEM)
		harmony__nomem(error);
	else if (status == HARMONY_LIMIT)
		harmony_error_set(error, status, NULL, "the document holds more than can be taken in");
	return status;
}

/* ---- asking ------------------------------------------------------------------------- */

const harmony__json *harmony__json_walk(const harmony__json *value, const char *const *keys)
{
	for (; value && *keys; keys++) {
		if (value->type != HARMONY__JSON_OBJECT)
			return NULL;
		for (value = value->first; value; value = value->next)
			if (strcmp(value->key, *keys) == 0)
				break;
	}
	return value;
}

static bool scalar(const harmony__json *value)
{
	return value &&
	       (value->type == HARMONY__JSON_STRING || value->type == HARMONY__JSON_NUMBER);
}

const char *harmony__json_text(const harmony__json *value, const char *fallback)
{
	return scalar(value) ? value->text : fallback;
}

bool harmony__json_flag(const harmony__json *value, bool fallback)
{
	if (value && value->type == HARMONY__JSON_BOOL)
		return value->flag;
	if (value && value->type == HARMONY__JSON_STRING) {
		if (strcmp(value->text, "true") == 0)
			return true;
		if (strcmp(value->text, "false") == 0)
			return false;
	}
	return fallback;
}

/* ---- numbers -------------------------------------------------------------------------- */

/* The exponent behind the e of "1.25e2"; beyond +-999 it cannot matter. */
static bool exponent(int *out, const char *text, size_t len)
{
	bool minus = len && *text == '-';
	size_t i = minus || (len && *text == '+');
	int value = 0;

	if (i == len)
		return false;
	for (; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value < 100 ? value * 10 + (text[i] - '0') : 999;
	}
	*out = minus ? -value : value;
	return true;
}

static bool all_zeros(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] >= '1' && text[i] <= '9')
			return false;
	return true;
}

static bool all_digits(const char *text, size_t len)
{
	while (len > 0 && text[len - 1] >= '0' && text[len - 1] <= '9')
		len--;
	return len == 0;
}

/* Writes a mantissa times 10^shift without an exponent. HARMONY_FORMAT when it is no
   decimal, HARMONY_RANGE when no number is that long. */
static harmony_status shift_point(char *to, size_t size, size_t *used, const char *text, size_t len,
                                  int shift)
{
	char digits[HARMONY_MAX_JSON_NUMBER];
	int n = 0, point = -1;

	*used = 0;
	if (len && *text == '-') {
		to[(*used)++] = '-';
		text++;
		len--;
	}
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '.' && point < 0)
			point = n;
		else if (text[i] >= '0' && text[i] <= '9')
			digits[n++] = text[i];
		else
			return HARMONY_FORMAT;
	}
	point = (point < 0 ? n : point) + shift;
	if (point <= 0)
		to[(*used)++] = '0';
	for (int i = point < 0 ? point : 0; i < n || i < point; i++) {
		if (*used + 2 > size)
			return HARMONY_RANGE;
		if (i == point)
			to[(*used)++] = '.';
		to[(*used)++] = i >= 0 && i < n ? digits[i] : '0';
	}
	return HARMONY_OK;
}

/* The number without an exponent: itself, or written out in `plain`. */
static harmony_status without_exponent(const char **text, size_t *len, char *plain, size_t size)
{
	const char *e = memchr(*text, 'e', *len);
	size_t mantissa;
	harmony_status status;
	int shift;

	if (!e)
		e = memchr(*text, 'E', *len);
	if (HARMONY__LIKELY(!e))
		return HARMONY_OK;
	mantissa = (size_t)(e - *text);
	if (mantissa > HARMONY_MAX_JSON_NUMBER || !exponent(&shift, e + 1, *len - mantissa - 1))
		return HARMONY_FORMAT;
	if (all_zeros(*text, mantissa)) {
		*len = mantissa;
		return HARMONY_OK;
	}
	status = shift_point(plain, size, len, *text, mantissa, shift);
	*text = plain;
	return status;
}

harmony_status harmony__json_number(int64_t *out, const char *text, size_t len, unsigned scale)
{
	char plain[HARMONY_MAX_JSON_NUMBER * 2];
	harmony_status status = without_exponent(&text, &len, plain, sizeof(plain));

	return status ? status : harmony__decimal(out, text, len, scale, '.', NULL);
}

harmony_status harmony__json_decimal(int64_t *out, const harmony__json *value, unsigned scale)
{
	if (!value || value->type == HARMONY__JSON_NULL)
		return HARMONY_NOTFOUND;
	if (!scalar(value))
		return HARMONY_FORMAT;
	return harmony__json_number(out, value->text, value->len, scale);
}

/* Digits behind the second decimal that a double needs to be told from a whole cent. */
#define TAIL 5u

/* What a server that counts in doubles makes of 300.01: 300.01000000000005, or 300.00999999999999.
   The next digits are noughts or nines; anything else is another amount. */
static harmony_status amount_of_double(int64_t *out, const char *text, size_t len)
{
	char plain[HARMONY_MAX_JSON_NUMBER * 2];
	const char *point;
	size_t cents;
	int64_t value;

	if (without_exponent(&text, &len, plain, sizeof(plain)) != HARMONY_OK)
		return HARMONY_RANGE;
	point = memchr(text, '.', len);
	cents = point ? (size_t)(point - text) + 1 + HARMONY_SCALE_AMOUNT : len;
	if (len <= cents + TAIL || !all_digits(text + cents, len - cents) ||
	    harmony__decimal(&value, text, cents, HARMONY_SCALE_AMOUNT, '.', NULL) != HARMONY_OK)
		return HARMONY_RANGE;
	if (memcmp(text + cents, "99999", TAIL) == 0 && value > INT64_MIN && value < INT64_MAX)
		value += *text == '-' ? -1 : 1;
	else if (memcmp(text + cents, "00000", TAIL) != 0)
		return HARMONY_RANGE;
	*out = value;
	return HARMONY_OK;
}

harmony_status harmony__json_amount(int64_t *out, const harmony__json *value)
{
	harmony_status status = harmony__json_decimal(out, value, HARMONY_SCALE_AMOUNT);

	return status == HARMONY_RANGE ? amount_of_double(out, value->text, value->len) : status;
}

harmony_status harmony__json_whole(int64_t *out, const harmony__json *value)
{
	return harmony__json_decimal(out, value, 0);
}

/* ---- writing again -------------------------------------------------------------------- */

void harmony__json_copy(harmony__json_writer *writer, const harmony__json *value)
{
	bool object = value->type == HARMONY__JSON_OBJECT;

	if (value->key)
		harmony__json_key(writer, value->key);
	switch (value->type) {
	case HARMONY__JSON_BOOL:
		harmony__json_bool(writer, value->flag);
		return;
	case HARMONY__JSON_NUMBER:
		harmony__json_raw_number(writer, value->text, value->len);
		return;
	case HARMONY__JSON_STRING:
		harmony__json_string(writer, value->text, value->len);
		return;
	case HARMONY__JSON_NULL:
		harmony__json_null(writer);
		return;
	default:
		break;
	}
	if (object)
		harmony__json_object(writer);
	else
		harmony__json_array(writer);
	/* The tree is no deeper than the reader allows, and so is this. */
	for (const harmony__json *at = value->first; at; at = at->next)
		harmony__json_copy(writer, at);
	if (object)
		harmony__json_object_end(writer);
	else
		harmony__json_array_end(writer);
}
