/* SPDX-License-Identifier: MIT */
/* JSON lines from anywhere: the first byte picks the size of the pieces. However they are
   cut they read the same; a good record, written and read again, is the same record, and
   hledger's form of it can be made. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <harmony/harmony.h>

typedef struct reading {
	harmony_context *context;
	uint8_t hash[HARMONY_HASH_SIZE]; /* of all records, in their order */
	size_t records, good, diagnostics;
	int again; /* inside the second reading of one record */
	uint8_t last[HARMONY_HASH_SIZE];
} reading;

typedef struct output {
	char *data;
	size_t len;
} output;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds)
		abort();
}

static harmony_status keep(const void *data, size_t len, void *user)
{
	output *out = user;

	out->data = realloc(out->data, out->len + len + 1);
	must(out->data != NULL);
	memcpy(out->data + out->len, data, len);
	out->len += len;
	return HARMONY_OK;
}

static harmony_status on_diagnostic(const harmony_diagnostic *found, void *user)
{
	reading *to = user;

	must(found->message[0] && found->line > 0);
	to->diagnostics++;
	return HARMONY_OK;
}

static harmony_status on_record(const harmony_record *record, const harmony_diagnostic *failures,
                                size_t count, void *user);

static void read_pieces(reading *to, const char *data, size_t len, size_t piece)
{
	harmony_jsonl *reader;

	must(harmony_jsonl_new(&reader, to->context, "in", on_record, on_diagnostic, to, NULL) ==
	     HARMONY_OK);
	for (size_t at = 0; at < len; at += piece)
		must(harmony_jsonl_feed(reader, data + at, piece < len - at ? piece : len - at,
		                        NULL) == HARMONY_OK);
	must(harmony_jsonl_finish(reader, NULL) == HARMONY_OK);
	harmony_jsonl_free(reader);
}

static void write_and_read(reading *to, const harmony_record *record)
{
	reading back = {.context = to->context, .again = 1};
	output json = {NULL, 0}, journal = {NULL, 0};
	uint8_t hash[HARMONY_HASH_SIZE];
	char key[HARMONY_KEY_SIZE];

	must(harmony_record_hash(hash, record) == HARMONY_OK);
	must(harmony_record_write_json(record, keep, &json, NULL) == HARMONY_OK);
	read_pieces(&back, json.data, json.len, json.len);
	must(back.good == 1 && back.records == 1);
	must(memcmp(back.last, hash, sizeof(hash)) == 0);
	must(harmony_record_write_hledger(record, keep, &journal, NULL) != HARMONY_NOMEM);
	harmony_record_key(key, record);
	must(strlen(key) < sizeof(key));
	harmony_record_identifier(key, record);
	must(strlen(key) < sizeof(key));
	free(json.data);
	free(journal.data);
}

static harmony_status on_record(const harmony_record *record, const harmony_diagnostic *failures,
                                size_t count, void *user)
{
	reading *to = user;

	must(harmony_record_hash(to->last, record) == HARMONY_OK);
	for (size_t i = 0; i < sizeof(to->hash); i++)
		to->hash[i] = (uint8_t)(to->hash[i] * 31 + to->last[i]);
	to->records++;
	to->good += count == 0;
	must(count > 0 || harmony_record_validate(record, NULL, NULL) == HARMONY_OK);
	if (count == 0 && !to->again)
		write_and_read(to, record);
	return HARMONY_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	harmony_context *context;
	reading whole = {0}, cut = {0};

	if (size < 2)
		return 0;
	must(harmony_context_new(&context, NULL, NULL) == HARMONY_OK);
	whole.context = cut.context = context;
	read_pieces(&whole, (const char *)data + 1, size - 1, size - 1);
	cut.again = 1;
	read_pieces(&cut, (const char *)data + 1, size - 1, data[0] % 64 + 1);
	must(whole.records == cut.records && whole.good == cut.good &&
	     whole.diagnostics == cut.diagnostics &&
	     memcmp(whole.hash, cut.hash, sizeof(whole.hash)) == 0);
	harmony_context_free(context);
	return 0;
}
