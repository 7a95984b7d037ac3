/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "record/record.h"
#include "wire/json.h"

/* JSON lines → records. Each line is one document of the event reader, whose events fill
   one record; nothing of a line is kept but that record and what is wrong with it. */

/* More findings than this help nobody; the last one says that there are more. */
enum { FAILURES_MAX = HARMONY__FAILURES_KEPT, RAW_MAX = 120 };

/* Where the current key is. */
enum { AT_ROOT, IN_LINES, IN_LINE, IN_SOURCE };
/* What it is, when it is not a field. */
enum { KEY_NONE = -1, KEY_KIND = -2, KEY_LINES = -3, KEY_SOURCE = -4, KEY_FILE = -5, KEY_LINE = -6 };

struct harmony_jsonl {
	harmony_context *context;
	char *file;
	harmony_record_fn on_record;
	harmony_diagnostic_fn on_diagnostic;
	void *user;
	harmony__json_reader *json;
	harmony_record *record;

	uint64_t line;
	unsigned bom;     /* bytes of a byte order mark seen at the start; 4: no longer looked for */
	bool content;     /* the line has more than spaces */
	bool spaces;      /* the document has begun with some */
	bool skip;        /* the line is bad: to its end */
	harmony_status dead;
	harmony_error error; /* of the line */

	int at, key;
	bool skipping;       /* a container that nobody knows */
	unsigned skip_depth;
	uint64_t seen[2], line_seen;
	unsigned keys_seen;  /* KEY_KIND and below, as bits */
	harmony_kind kind;
	const char *source_file;
	int64_t source_line;

	harmony__arena notes; /* texts of the failures */
	harmony_diagnostic *failures;
	size_t failure_count, failure_capacity;
};

/* ---- findings --------------------------------------------------------------------------- */

static harmony_status die(harmony_jsonl *reader, harmony_status status)
{
	if (status)
		reader->dead = status;
	return status;
}

/* Keeps a failure for the record's callback. */
static harmony_status keep(harmony_jsonl *reader, harmony_diagnostic found)
{
	harmony_status status;

	if (reader->failure_count >= FAILURES_MAX)
		return HARMONY_OK;
	if (reader->failure_count == FAILURES_MAX - 1)
		found.message = "there is more wrong with this record; mend the above first";
	status = harmony__grow(reader->context, (void **)&reader->failures,
	                       &reader->failure_capacity, reader->failure_count + 1,
	                       sizeof(*reader->failures));
	if (status)
		return die(reader, status);
	found.raw = harmony__arena_text(&reader->notes, found.raw,
	                                harmony__utf8_cut(found.raw, strlen(found.raw), RAW_MAX));
	found.name = harmony__arena_text(&reader->notes, found.name, strlen(found.name));
	found.message = harmony__arena_text(&reader->notes, found.message, strlen(found.message));
	if (!found.raw || !found.name || !found.message)
		return die(reader, HARMONY_NOMEM);
	reader->failures[reader->failure_count++] = found;
	return HARMONY_OK;
}

/* Tells a finding, with the place in the JSON file; keeps it when it is a failure. */
static harmony_status tell(harmony_jsonl *reader, const harmony_diagnostic *found)
{
	harmony_status status = HARMONY_OK;

	if (reader->on_diagnostic)
		status = die(reader, reader->on_diagnostic(found, reader->user));
	if (!status && found->severity == HARMONY_FAILURE)
		status = keep(reader, *found);
	return status;
}

static harmony_diagnostic finding(const harmony_jsonl *reader, int severity, int code)
{
	return (harmony_diagnostic){.struct_size = sizeof(harmony_diagnostic),
	                            .severity = severity,
	                            .code = code,
	                            .file = reader->file,
	                            .line = reader->line,
	                            .name = "",
	                            .raw = "",
	                            .field = -1,
	                            .message = ""};
}

/* The byte where an event's text begins; escapes in it make that a guess. */
static uint32_t column(const harmony_jsonl *reader, const harmony__json_event *event)
{
	uint64_t end = harmony__json_reader_offset(reader->json);
	uint64_t len = event->len;

	if (event->type == HARMONY__JSON_STRING || event->type == HARMONY__JSON_KEY)
		len += 2;
	end = end > len ? end - len + 1 : 1;
	return end < UINT32_MAX ? (uint32_t)end : 0;
}

static size_t row_of(const harmony_jsonl *reader)
{
	return reader->at == IN_LINE ? reader->record->line_count : HARMONY_HEADER;
}

HARMONY__PRINTF(6, 7)
static harmony_status find(harmony_jsonl *reader, const harmony__json_event *event, int severity,
                           int code, const char *name, const char *format, ...)
{
	harmony_diagnostic found = finding(reader, severity, code);
	char message[512], raw[RAW_MAX * 4 + 1];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	harmony__copy_text(raw, sizeof(raw), event->text,
	                   harmony__utf8_cut(event->text, event->len, RAW_MAX));
	found.column = column(reader, event);
	found.name = name;
	found.raw = raw;
	found.row = row_of(reader);
	found.field = harmony_field_find(name, strlen(name));
	found.message = message;
	return tell(reader, &found);
}

/* ---- keys --------------------------------------------------------------------------------- */

#define KNOWN(id, word, type, where, width, kinds, english, dutch) {.name = word},
static const harmony_key known[] = {{.name = "kind"}, {.name = "lines"}, {.name = "source"},
                                    HARMONY_FIELD_MAP(KNOWN){.name = NULL}};

static harmony_status unknown_key(harmony_jsonl *reader, const harmony__json_event *event,
                                  const char *name)
{
	const char *nearest = harmony_key_nearest(known, name);
	const bool misplaced = nearest && strcmp(nearest, name) == 0;

	reader->key = KEY_NONE;
	if (misplaced)
		return find(reader, event, HARMONY_WARNING, HARMONY_CODE_INVALID_VALUE, name,
		            "the key %s does not stand here and is left out; move it to %s", name,
		            reader->at == AT_ROOT ? "a line" : "the record itself");
	return find(reader, event, HARMONY_WARNING, HARMONY_CODE_INVALID_VALUE, name,
	            nearest ? "the key %s is not known and is left out; did you mean %s?"
	                    : "the key %s is not known and is left out",
	            name, nearest);
}

static int find_key(const harmony_jsonl *reader, const char *name)
{
	static const struct {
		const char *name;
		int at, key;
	} others[] = {{"kind", AT_ROOT, KEY_KIND},
	              {"lines", AT_ROOT, KEY_LINES},
	              {"source", AT_ROOT, KEY_SOURCE},
	              {"file", IN_SOURCE, KEY_FILE},
	              {"line", IN_SOURCE, KEY_LINE}};
	const int where = reader->at == IN_LINE ? HARMONY_AT_LINE : HARMONY_AT_HEADER;
	harmony_field field;

	for (size_t i = 0; i < HARMONY__COUNT(others); i++)
		if (others[i].at == reader->at && strcmp(others[i].name, name) == 0)
			return others[i].key;
	if (reader->at == IN_SOURCE)
		return KEY_NONE;
	field = harmony_field_find(name, strlen(name));
	return field >= 0 && harmony__fields[field].where & where ? field : KEY_NONE;
}

/* Marks the key; false when it was there before. */
static bool first_time(harmony_jsonl *reader)
{
	uint64_t *word, bit;
	bool first;

	if (reader->key < 0) {
		first = !(reader->keys_seen >> -reader->key & 1);
		reader->keys_seen |= 1u << -reader->key;
		return first;
	}
	word = reader->at == IN_LINE ? &reader->line_seen : &reader->seen[reader->key >> 6];
	bit = UINT64_C(1) << (reader->key & 63);
	first = !(*word & bit);
	*word |= bit;
	return first;
}

static harmony_status on_key(harmony_jsonl *reader, const harmony__json_event *event)
{
	char name[64];

	harmony__copy_text(name, sizeof(name), event->text, event->len);
	reader->key = event->len < sizeof(name) ? find_key(reader, name) : KEY_NONE;
	if (reader->key == KEY_NONE)
		return unknown_key(reader, event, name);
	if (first_time(reader))
		return HARMONY_OK;
	reader->key = KEY_NONE;
	return find(reader, event, HARMONY_FAILURE, HARMONY_CODE_INVALID_VALUE, name,
	            "the key %s stands twice; keep the one that is right", name);
}

/* ---- values ------------------------------------------------------------------------------- */

static harmony_status too_large(harmony_jsonl *reader)
{
	if (!reader->record->arena.over)
		return die(reader, HARMONY_NOMEM);
	return harmony_error_set(&reader->error, HARMONY_LIMIT, NULL,
	                         "the record is larger than %u bytes; split it", HARMONY_MAX_ENTRY);
}

static harmony_status set_text(harmony_jsonl *reader, harmony__value *value,
                               const harmony__json_event *event)
{
	const char *text = harmony__arena_text(&reader->record->arena, event->text, event->len);

	if (!text)
		return too_large(reader);
	value->t.text = text;
	value->t.len = event->len;
	return HARMONY_OK;
}

/* HARMONY_FORMAT or HARMONY_RANGE: not a value of the field's type. */
static harmony_status read_value(harmony__value *value, int type, const harmony__json_event *event)
{
	const bool number = event->type == HARMONY__JSON_NUMBER;

	if (type == HARMONY_TYPE_FLAG && event->type == HARMONY__JSON_BOOL) {
		value->number = event->flag;
		return HARMONY_OK;
	}
	if (!number && event->type != HARMONY__JSON_STRING)
		return HARMONY_FORMAT;
	if (type == HARMONY_TYPE_DATE || type == HARMONY_TYPE_FLAG)
		return number ? HARMONY_FORMAT
		              : harmony__value_parse(value, type, event->text, event->len);
	return harmony__json_number(&value->number, event->text, event->len,
	                            harmony__type_scale(type));
}

static void mark(harmony_jsonl *reader, harmony_field field)
{
	if (reader->at == IN_LINE)
		harmony__line_mark(&reader->record->lines[reader->record->line_count - 1], field);
	else
		harmony__mark(reader->record, field);
}

static harmony_status on_field(harmony_jsonl *reader, const harmony__json_event *event)
{
	const harmony_field field = reader->key;
	const harmony_field_info *info = &harmony__fields[field];
	harmony_record *record = reader->record;
	harmony__value *value = reader->at == IN_LINE
	                                ? &record->lines[record->line_count - 1].value[field]
	                                : &record->value[field];
	harmony_status status;

	if (info->type == HARMONY_TYPE_TEXT && event->len > HARMONY_MAX_TEXT)
		return find(reader, event, HARMONY_FAILURE, HARMONY_CODE_TOO_LONG, info->name,
		            "%s is longer than %u bytes; shorten it", info->name, HARMONY_MAX_TEXT);
	if (info->type == HARMONY_TYPE_TEXT && event->type == HARMONY__JSON_STRING)
		status = set_text(reader, value, event);
	else if (info->type == HARMONY_TYPE_TEXT)
		status = HARMONY_FORMAT;
	else
		status = read_value(value, info->type, event);
	if (status == HARMONY_OK) {
		mark(reader, field);
		return HARMONY_OK;
	}
	if (reader->dead || reader->error.status)
		return status;
	return find(reader, event, HARMONY_FAILURE, harmony__type_code(info->type), info->name,
	            "%s: %.*s is not %s%s", info->name,
	            (int)harmony__utf8_cut(event->text, event->len, 60), event->text,
	            harmony__type_form(info->type),
	            info->type == HARMONY_TYPE_TEXT ? "; put it in quotes" : "");
}

static harmony_status on_kind(harmony_jsonl *reader, const harmony__json_event *event)
{
	if (event->type == HARMONY__JSON_STRING)
		reader->kind = harmony_kind_find(event->text, event->len);
	if (reader->kind)
		return HARMONY_OK;
	return find(reader, event, HARMONY_FAILURE, HARMONY_CODE_INVALID_VALUE, "kind",
	            "the kind %.*s is not known; it is one of customer, supplier, sales_invoice, "
	            "purchase_invoice, memorial, bank_entry, outstanding_item",
	            (int)harmony__utf8_cut(event->text, event->len, 60), event->text);
}

static harmony_status on_source(harmony_jsonl *reader, const harmony__json_event *event)
{
	if (reader->key == KEY_FILE && event->type == HARMONY__JSON_STRING) {
		reader->source_file =
			harmony__arena_text(&reader->record->arena, event->text, event->len);
		return reader->source_file ? HARMONY_OK : too_large(reader);
	}
	if (reader->key == KEY_LINE && event->type == HARMONY__JSON_NUMBER &&
	    harmony__json_number(&reader->source_line, event->text, event->len, 0) == HARMONY_OK &&
	    reader->source_line >= 0)
		return HARMONY_OK;
	reader->source_line = 0;
	return find(reader, event, HARMONY_FAILURE, HARMONY_CODE_INVALID_VALUE, "source",
	            "source is an object of file, a text, and line, a whole number");
}

static harmony_status not_this(harmony_jsonl *reader, const harmony__json_event *event,
                               const char *name, const char *form)
{
	return find(reader, event, HARMONY_FAILURE, HARMONY_CODE_INVALID_VALUE, name, "%s is not %s",
	            name, form);
}

static harmony_status on_scalar(harmony_jsonl *reader, const harmony__json_event *event)
{
	if (reader->at == IN_LINES)
		return not_this(reader, event, "lines", "an array of objects, one a line");
	if (reader->key == KEY_NONE || event->type == HARMONY__JSON_NULL)
		return HARMONY_OK;
	switch (reader->key) {
	case KEY_KIND:
		return on_kind(reader, event);
	case KEY_LINES:
		return not_this(reader, event, "lines", "an array of objects, one a line");
	case KEY_SOURCE:
	case KEY_FILE:
	case KEY_LINE:
		return on_source(reader, event);
	default:
		return on_field(reader, event);
	}
}

/* ---- containers --------------------------------------------------------------------------- */

static harmony_status skip_it(harmony_jsonl *reader, const harmony__json_event *event)
{
	reader->skipping = true;
	reader->skip_depth = event->depth;
	if (reader->at == IN_LINES)
		return not_this(reader, event, "lines", "an array of objects, one a line");
	switch (reader->key) {
	case KEY_NONE:
		return HARMONY_OK;
	case KEY_KIND:
		return not_this(reader, event, "kind", "a text");
	case KEY_LINES:
		return not_this(reader, event, "lines", "an array of objects, one a line");
	case KEY_SOURCE:
	case KEY_FILE:
	case KEY_LINE:
		return not_this(reader, event, "source", "an object of file and line");
	default:
		return not_this(reader, event, harmony__fields[reader->key].name,
		                harmony__type_form(harmony__fields[reader->key].type));
	}
}

static harmony_status on_open(harmony_jsonl *reader, const harmony__json_event *event)
{
	const bool object = event->type == HARMONY__JSON_OBJECT;

	if (event->depth == 0)
		return object ? HARMONY_OK
		              : harmony_error_set(&reader->error, HARMONY_FORMAT, NULL,
		                                  "a record is a JSON object; write {...}");
	if (reader->at == AT_ROOT && reader->key == KEY_LINES && !object) {
		reader->at = IN_LINES;
		return HARMONY_OK;
	}
	if (reader->at == AT_ROOT && reader->key == KEY_SOURCE && object) {
		reader->at = IN_SOURCE;
		return HARMONY_OK;
	}
	if (reader->at == IN_LINES && object) {
		harmony_status status = harmony_record_add_line(reader->record, NULL, &reader->error);

		reader->at = IN_LINE;
		reader->line_seen = 0;
		return status == HARMONY_NOMEM ? die(reader, status) : status;
	}
	return skip_it(reader, event);
}

static void on_close(harmony_jsonl *reader)
{
	reader->at = reader->at == IN_LINE ? IN_LINES : AT_ROOT;
	reader->key = KEY_NONE;
}

static harmony_status on_event(const harmony__json_event *event, void *user)
{
	harmony_jsonl *reader = user;
	const bool end = event->type == HARMONY__JSON_OBJECT_END ||
	                 event->type == HARMONY__JSON_ARRAY_END;

	if (reader->skipping) {
		reader->skipping = !(end && event->depth == reader->skip_depth);
		return HARMONY_OK;
	}
	if (end) {
		on_close(reader);
		return HARMONY_OK;
	}
	if (event->type == HARMONY__JSON_KEY)
		return on_key(reader, event);
	if (event->type == HARMONY__JSON_OBJECT || event->type == HARMONY__JSON_ARRAY)
		return on_open(reader, event);
	if (event->depth == 0)
		return harmony_error_set(&reader->error, HARMONY_FORMAT, NULL,
		                         "a record is a JSON object; write {...}");
	return on_scalar(reader, event);
}

/* ---- a line ------------------------------------------------------------------------------- */

static void begin_line(harmony_jsonl *reader)
{
	/* entries take every key; the line's own kind comes when it is known */
	harmony_record_reset(reader->record, HARMONY_MEMORIAL);
	harmony__arena_reset(&reader->notes);
	harmony_error_clear(&reader->error);
	reader->line++;
	reader->content = reader->spaces = reader->skip = reader->skipping = false;
	reader->at = AT_ROOT;
	reader->key = KEY_NONE;
	reader->seen[0] = reader->seen[1] = reader->line_seen = 0;
	reader->keys_seen = 0;
	reader->kind = 0;
	reader->source_file = NULL;
	reader->source_line = 0;
	reader->failure_count = 0;
}

/* Fields of another kind are left out, with a word about it. */
static harmony_status leave_out(harmony_jsonl *reader)
{
	harmony_record *record = reader->record;
	harmony_diagnostic found =
		finding(reader, HARMONY_WARNING, HARMONY_CODE_INVALID_VALUE);
	char message[160];
	harmony_status status = HARMONY_OK;

	found.message = message;
	for (harmony_field i = 0; !status && i < HARMONY_FIELD_COUNT; i++) {
		if (!harmony__has(record, i) ||
		    harmony__fields[i].kinds & HARMONY_BIT(record->kind))
			continue;
		harmony_record_unset(record, HARMONY_HEADER, i);
		found.name = harmony__fields[i].name;
		found.field = i;
		snprintf(message, sizeof(message), "%s does not belong to a %s and is left out",
		         found.name, harmony_kind_word(record->kind));
		status = tell(reader, &found);
	}
	if (!status && record->line_count && !(HARMONY_ENTRIES & HARMONY_BIT(record->kind))) {
		record->line_count = 0;
		found.name = "lines";
		found.field = -1;
		snprintf(message, sizeof(message), "a %s has no lines; they are left out",
		         harmony_kind_word(record->kind));
		status = tell(reader, &found);
	}
	return status;
}

/* Findings of validation stand where the JSON stands, not where the record came from. */
static harmony_status on_finding(const harmony_diagnostic *found, void *user)
{
	harmony_jsonl *reader = user;
	harmony_diagnostic here = *found;

	here.file = reader->file;
	here.line = reader->line;
	return tell(reader, &here);
}

/* A field that was there but could not be read is not missing as well. */
static harmony_status on_new_finding(const harmony_diagnostic *found, void *user)
{
	harmony_jsonl *reader = user;

	if (found->code == HARMONY_CODE_MISSING_FIELD || found->code == HARMONY_CODE_UNBALANCED ||
	    found->code == HARMONY_CODE_TOTAL_MISMATCH || found->code == HARMONY_CODE_EMPTY_ENTRY)
		return HARMONY_OK;
	return on_finding(found, reader);
}

static harmony_status end_record(harmony_jsonl *reader)
{
	harmony_record *record = reader->record;
	const bool damaged = reader->failure_count > 0;
	harmony_status status;

	record->kind = reader->kind;
	status = leave_out(reader);
	if (status)
		return status;
	if (reader->keys_seen >> -KEY_SOURCE & 1) {
		record->file = reader->source_file ? reader->source_file : "";
		record->source_line = (uint64_t)reader->source_line;
	} else if (harmony_record_set_source(record, reader->file, reader->line, NULL)) {
		return die(reader, HARMONY_NOMEM);
	}
	if (!damaged && HARMONY_INVOICES & HARMONY_BIT(record->kind) &&
	    !harmony__has(record, HARMONY_FIELD_TOTAL))
		harmony_record_sum(record, NULL); /* too large: validation says so */
	harmony_record_validate(record, damaged ? on_new_finding : on_finding, reader);
	if (reader->dead)
		return reader->dead;
	return die(reader, reader->on_record(record, reader->failures, reader->failure_count,
	                                     reader->user));
}

static harmony_status bad_line(harmony_jsonl *reader, harmony_status status)
{
	harmony_diagnostic found = finding(reader, HARMONY_FAILURE, HARMONY_CODE_DAMAGED_ROW);

	if (reader->dead)
		return reader->dead;
	if (status == HARMONY_NOMEM)
		return die(reader, status);
	reader->skip = true;
	found.column = reader->error.column;
	found.message = reader->error.message;
	return tell(reader, &found);
}

static harmony_status end_line(harmony_jsonl *reader)
{
	harmony_diagnostic found = finding(reader, HARMONY_FAILURE, HARMONY_CODE_MISSING_FIELD);
	harmony_status status = HARMONY_OK;

	if (reader->content) {
		status = harmony__json_reader_finish(reader->json,
		                                     reader->skip ? NULL : &reader->error);
		if (reader->skip)
			status = HARMONY_OK;
		else if (status)
			status = bad_line(reader, status);
		else if (reader->kind)
			status = end_record(reader);
		else if (reader->failure_count == 0) {
			found.name = "kind";
			found.message = "the record has no kind; add one, such as "
					"\"kind\":\"sales_invoice\"";
			status = tell(reader, &found);
		}
	} else if (reader->spaces) {
		harmony__json_reader_restart(reader->json);
	}
	if (!status)
		begin_line(reader);
	return status;
}

static bool all_spaces(const char *data, size_t len)
{
	while (len && (*data == ' ' || *data == '\t' || *data == '\r'))
		data++, len--;
	return len == 0;
}

static harmony_status feed_line(harmony_jsonl *reader, const char *data, size_t len)
{
	harmony_status status;

	if (len == 0 || reader->skip)
		return HARMONY_OK;
	reader->spaces = true;
	reader->content = reader->content || !all_spaces(data, len);
	status = harmony__json_reader_feed(reader->json, data, len, &reader->error);
	return status ? bad_line(reader, status) : HARMONY_OK;
}

/* Takes a byte order mark off the start, also one that chunks cut. */
static harmony_status take_bom(harmony_jsonl *reader, const char **data, size_t *len)
{
	static const char mark_bytes[] = "\xef\xbb\xbf";
	unsigned seen;

	while (reader->bom < 3 && *len && **data == mark_bytes[reader->bom]) {
		reader->bom++;
		++*data;
		--*len;
	}
	if (reader->bom > 3 || *len == 0)
		return HARMONY_OK;
	seen = reader->bom < 3 ? reader->bom : 0;
	reader->bom = 4;
	return seen ? feed_line(reader, mark_bytes, seen) : HARMONY_OK;
}

/* ---- the public face ---------------------------------------------------------------------- */

harmony_status harmony_jsonl_new(harmony_jsonl **out, harmony_context *context, const char *file,
                                 harmony_record_fn record, harmony_diagnostic_fn diagnostic,
                                 void *user, harmony_error *error)
{
	harmony_jsonl *reader;

	*out = NULL;
	if (!record)
		return harmony_error_set(error, HARMONY_INVALID, NULL,
		                         "a reader needs a callback for its records");
	reader = harmony__zalloc(context, sizeof(*reader));
	if (!reader)
		return harmony__nomem(error);
	reader->context = context;
	reader->on_record = record;
	reader->on_diagnostic = diagnostic;
	reader->user = user;
	reader->error.struct_size = sizeof(reader->error);
	harmony__arena_init(&reader->notes, context, 0);
	reader->file = harmony__strdup(context, file ? file : "");
	if (!reader->file ||
	    harmony_record_new(&reader->record, context, HARMONY_MEMORIAL, NULL) ||
	    harmony__json_reader_new(&reader->json, context, on_event, reader)) {
		harmony_jsonl_free(reader);
		return harmony__nomem(error);
	}
	begin_line(reader);
	*out = reader;
	return HARMONY_OK;
}

static harmony_status answer(harmony_jsonl *reader, harmony_status status, harmony_error *error)
{
	if (status == HARMONY_OK)
		return HARMONY_OK;
	reader->dead = status;
	if (status == HARMONY_NOMEM)
		return harmony__nomem(error);
	harmony__error_place(error, reader->file, reader->line, 0, NULL);
	return harmony_error_set(error, status, NULL, "the callback ended the reading");
}

harmony_status harmony_jsonl_feed(harmony_jsonl *reader, const void *data, size_t len,
                                  harmony_error *error)
{
	const char *at = data;
	harmony_status status;

	if (reader->dead)
		return harmony_error_set(error, HARMONY_STATE, NULL,
		                         "the reader failed before; free it and make another");
	status = take_bom(reader, &at, &len);
	while (!status && len) {
		const char *end = memchr(at, '\n', len);
		size_t piece = end ? (size_t)(end - at) : len;

		status = feed_line(reader, at, piece);
		if (!status && end)
			status = end_line(reader);
		piece += end != NULL;
		at += piece;
		len -= piece;
	}
	return answer(reader, status, error);
}

harmony_status harmony_jsonl_finish(harmony_jsonl *reader, harmony_error *error)
{
	const char *none = "";
	size_t len = 0;
	harmony_status status = HARMONY_OK;

	if (reader->dead)
		return harmony_error_set(error, HARMONY_STATE, NULL,
		                         "the reader failed before; free it and make another");
	if (reader->bom == 1 || reader->bom == 2) { /* half a mark is no text */
		none = "\n";
		len = 1;
		status = take_bom(reader, &none, &len);
	}
	if (!status)
		status = end_line(reader);
	return answer(reader, status, error);
}

void harmony_jsonl_free(harmony_jsonl *reader)
{
	harmony_context *context;

	if (!reader)
		return;
	context = reader->context;
	harmony__json_reader_free(reader->json);
	harmony_record_free(reader->record);
	harmony__arena_free(&reader->notes);
	harmony__free(context, reader->failures);
	harmony__free(context, reader->file);
	harmony__free(context, reader);
}
