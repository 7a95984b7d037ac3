/* SPDX-License-Identifier: MIT */
#ifndef HARMONY_FUZZ_READING_H
#define HARMONY_FUZZ_READING_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <harmony/harmony.h>

/* What a reading gave: the records, mixed in their order, and how many findings. */
typedef struct reading {
	harmony_context *context;
	uint8_t hash[HARMONY_HASH_SIZE];
	uint64_t records, failed, findings;
} reading;

static inline void must(int holds)
{
	if (!holds)
		abort();
}

static inline harmony_status on_record(const harmony_record *record,
                                       const harmony_diagnostic *failures, size_t count, void *user)
{
	reading *to = user;
	uint8_t hash[HARMONY_HASH_SIZE];
	must(harmony_record_hash(hash, record) == HARMONY_OK);
	for (size_t i = 0; i < sizeof hash; i++)
		to->hash[i] = (uint8_t)(to->hash[i] * 31 + hash[i]);
	if (count == 0)
		must(harmony_record_validate(record, NULL, NULL) == HARMONY_OK);
	for (size_t i = 0; i < count; i++)
		must(failures[i].severity == HARMONY_FAILURE);
	to->records++;
	to->failed += count != 0;
	return HARMONY_OK;
}

static inline harmony_status on_finding(const harmony_diagnostic *finding, void *user)
{
	must(finding->message[0] != '\0');
	((reading *)user)->findings++;
	return HARMONY_OK;
}

static inline harmony_status read_all(reading *to, const harmony_fmuta6_options *options,
                                      const uint8_t *data, size_t len, size_t chunk)
{
	harmony_fmuta6 *reader = NULL;
	harmony_fmuta6_summary summary = HARMONY_FMUTA6_SUMMARY_INIT;
	harmony_status status = HARMONY_OK;
	must(harmony_fmuta6_new(&reader, to->context, options, "fuzz", on_record, on_finding, to,
	                        NULL) == HARMONY_OK);
	for (size_t at = 0; at < len && !status; at += chunk)
		status = harmony_fmuta6_feed(reader, data + at, len - at < chunk ? len - at : chunk,
		                             NULL);
	if (!status)
		status = harmony_fmuta6_finish(reader, NULL);
	harmony_fmuta6_get_summary(&summary, reader);
	must(summary.records + summary.rejected == to->records && summary.rejected == to->failed);
	harmony_fmuta6_free(reader);
	return status;
}

static inline void fuzz_reading(const uint8_t *data, size_t len, size_t chunk,
                                const harmony_fmuta6_options *options)
{
	harmony_context *context = NULL;
	reading whole = {.records = 0}, pieces = {.records = 0};
	harmony_status status;
	must(harmony_context_new(&context, NULL, NULL) == HARMONY_OK);
	whole.context = pieces.context = context;
	status = read_all(&whole, options, data, len, len + 1);
	must(status == HARMONY_OK || status == HARMONY_FORMAT);
	must(read_all(&pieces, options, data, len, chunk) == status);
	must(memcmp(&whole, &pieces, sizeof whole) == 0);
	harmony_context_free(context);
}

#endif
