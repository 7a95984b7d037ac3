/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "parties.h"

struct party {
	struct party *next;
	int side; /* HARMONY_SIDE_* */
	bool known;
	char file[256]; /* where it was named first */
	uint64_t line;
	char code[];
};

static const char *text_of(const harmony_record *record, size_t row, harmony_field field)
{
	const char *text;
	return harmony_record_get_text(&text, record, row, field) == HARMONY_OK ? text : "";
}

static struct party *find(struct parties *parties, int side, const char *code)
{
	uint32_t hash = 2166136261u + (uint32_t)side; /* FNV-1a */
	size_t len = strlen(code);
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)code[i]) * 16777619u;
	struct party **bucket = &parties->buckets[hash % PARTY_BUCKETS];
	for (struct party *party = *bucket; party; party = party->next)
		if (party->side == side && strcmp(party->code, code) == 0)
			return party;
	struct party *party =
	    parties->count < MAX_PARTIES ? calloc(1, sizeof(*party) + len + 1) : NULL;
	if (!party) {
		parties->gave_up = true;
		return NULL;
	}
	memcpy(party->code, code, len + 1);
	party->side = side;
	party->next = *bucket;
	*bucket = party;
	parties->count++;
	return party;
}

static void name(struct parties *parties, const harmony_record *record, int side, const char *code)
{
	struct party *party = *code && !parties->gave_up ? find(parties, side, code) : NULL;
	if (!party || party->line)
		return;
	snprintf(party->file, sizeof(party->file), "%s", harmony_record_source_file(record));
	party->line = harmony_record_source_line(record);
}

static int side_of(const char *word)
{
	return strcmp(word, "sales") == 0      ? HARMONY_SIDE_SALES
	       : strcmp(word, "purchase") == 0 ? HARMONY_SIDE_PURCHASE
					       : 0;
}

void parties_see(struct parties *parties, const harmony_record *record)
{
	harmony_kind kind = harmony_record_kind(record);
	int side = kind == HARMONY_CUSTOMER || kind == HARMONY_SALES_INVOICE
		       ? HARMONY_SIDE_SALES
		       : HARMONY_SIDE_PURCHASE;
	if (HARMONY_BIT(kind) & HARMONY_PARTIES) {
		const char *code = text_of(record, HARMONY_HEADER, HARMONY_FIELD_CODE);
		struct party *party = parties->gave_up ? NULL : find(parties, side, code);
		parties->files[side - 1] = true;
		if (party)
			party->known = true;
	} else if (HARMONY_BIT(kind) & HARMONY_INVOICES) {
		name(parties, record, side, text_of(record, HARMONY_HEADER, HARMONY_FIELD_PARTY));
	} else {
		for (size_t row = 1; row <= harmony_record_lines(record); row++) {
			side = side_of(text_of(record, row, HARMONY_FIELD_SIDE));
			if (side)
				name(parties, record, side,
				     text_of(record, row, HARMONY_FIELD_PARTY));
		}
	}
}

static void tell(struct program *p, const struct party *party)
{
	char message[512];
	snprintf(
	    message, sizeof(message),
	    "%s %.200s is in none of the files with relations; it must be in the package already",
	    party->side == HARMONY_SIDE_SALES ? "customer" : "supplier", party->code);
	if (!p->quiet)
		say(party->file, party->line, 0, "warning", message,
		    harmony_code_word(HARMONY_CODE_UNKNOWN_PARTY));
	if (!p->as_json)
		return;
	json_object(&p->json, NULL);
	json_text(&p->json, "severity", "warning");
	json_text(&p->json, "code", harmony_code_word(HARMONY_CODE_UNKNOWN_PARTY));
	json_text(&p->json, "file", party->file);
	json_number(&p->json, "line", (int64_t)party->line);
	json_text(&p->json, "message", message);
	json_end(&p->json);
}

static int in_file_order(const void *a, const void *b)
{
	const struct party *const *left = a, *const *right = b;
	int order = strcmp((*left)->file, (*right)->file);
	if (order == 0)
		order = ((*left)->line > (*right)->line) - ((*left)->line < (*right)->line);
	return order ? order : strcmp((*left)->code, (*right)->code);
}

void parties_report(struct program *p, const struct parties *parties)
{
	const struct party **missing = calloc(parties->count + 1, sizeof(*missing));
	size_t count = 0;
	for (size_t i = 0; i < PARTY_BUCKETS && missing && !parties->gave_up; i++)
		for (const struct party *party = parties->buckets[i]; party; party = party->next)
			if (!party->known && parties->files[party->side - 1])
				missing[count++] = party;
	if (p->as_json)
		json_array(&p->json, "diagnostics");
	if (count > 0)
		qsort(missing, count, sizeof(*missing), in_file_order);
	for (size_t i = 0; i < count; i++)
		tell(p, missing[i]);
	if (p->as_json)
		json_end(&p->json);
	free(missing);
}

void parties_free(struct parties *parties)
{
	for (size_t i = 0; i < PARTY_BUCKETS; i++)
		while (parties->buckets[i]) {
			struct party *party = parties->buckets[i];
			parties->buckets[i] = party->next;
			free(party);
		}
}
