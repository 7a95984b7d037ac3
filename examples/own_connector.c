/* SPDX-License-Identifier: MIT */
/* A connector of one's own: its "package" is a file, a booked record a line. The library does
   the rest: it reads the export, keeps the history in own.db, and books nothing twice.

       own_connector fmuta6.csv debitr.csv ...                            writes own.books */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <harmony/harmony.h>

static harmony_status own_open(void **instance, const harmony_host *host, harmony_error *error)
{
	*instance = fopen("own.books", "a+");
	return *instance ? HARMONY_OK
	                 : harmony_error_set(error, HARMONY_IO, NULL, "own.books cannot be written");
}

static void own_close(void *instance)
{
	fclose(instance);
}

static harmony_status put(const void *data, size_t len, void *file)
{
	return fwrite(data, 1, len, file) == len ? HARMONY_OK : HARMONY_USER;
}

/* How a line begins: "KEY/LINE HASH". Entries without a number (KEY is empty) are told apart by
   content and the line of the file they came from. Returns the length up to HASH. */
enum { MARK_SIZE = HARMONY_KEY_SIZE + 24 + 2 * HARMONY_HASH_SIZE };
static size_t mark_of(char mark[MARK_SIZE], const harmony_record *record)
{
	uint8_t hash[HARMONY_HASH_SIZE];
	size_t len = harmony_record_key(mark, record) ? strlen(mark) : 0;
	len += (size_t)snprintf(mark + len, 24, "/%llu ",
	                        len > 0 ? 0ull : (unsigned long long)harmony_record_source_line(record));
	harmony_record_hash(hash, record);
	for (size_t i = 0; i < sizeof(hash); i++)
		snprintf(mark + len + 2 * i, 3, "%02x", hash[i]);
	return len;
}

static harmony_status own_offer(void *file, const harmony_record *const *records, size_t count,
                                harmony_verdict *verdicts, harmony_error *error)
{
	char mark[MARK_SIZE];
	mark_of(mark, records[0]); /* count is 1 without HARMONY_CAN_BATCH */
	if (fprintf(file, "%s ", mark) < 0 || harmony_record_write_json(records[0], put, file, NULL) ||
	    fputc('\n', file) == EOF || fflush(file) != 0 || fsync(fileno(file)) != 0)
		return harmony_error_set(error, HARMONY_INDOUBT, NULL, "own.books was cut short");
	harmony_verdict_set(verdicts, HARMONY_OUTCOME_BOOKED, NULL, NULL, NULL);
	snprintf(verdicts->remote_id, sizeof(verdicts->remote_id), "%.100s", mark);
	return HARMONY_OK;
}

static harmony_status own_find(void *file, const harmony_record *record, harmony_verdict *verdict,
                               harmony_error *error)
{
	char mark[MARK_SIZE], *line = NULL;
	size_t size = 0, key = mark_of(mark, record);
	harmony_verdict_set(verdict, HARMONY_OUTCOME_ABSENT, NULL, NULL, NULL);
	for (rewind(file); getline(&line, &size, file) > 0;)
		if (strncmp(line, mark, strlen(mark)) == 0)
			harmony_verdict_set(verdict, HARMONY_OUTCOME_BOOKED, NULL, NULL, NULL);
		else if (mark[0] != '/' && strncmp(line, mark, key) == 0)
			harmony_verdict_set(verdict, HARMONY_OUTCOME_DIFFERS, NULL, NULL, "other content");
	snprintf(verdict->remote_id, sizeof(verdict->remote_id), "%.100s", mark);
	free(line);
	return HARMONY_OK;
}

static harmony_status own_outstanding(void *file, int sides, harmony_item_fn item, void *user,
                                      harmony_error *error)
{
	return HARMONY_OK; /* nobody pays here: nothing is outstanding, and that is all of it */
}

static harmony_status own_check(void *file, const harmony_record *const *records, size_t count,
                                harmony_finding_fn finding, void *user, harmony_error *error)
{
	return finding(HARMONY_NOTE, "own.books", "is open and takes every record", user);
}

static const harmony_connector own = {
	.struct_size = sizeof(harmony_connector), .abi = HARMONY_CONNECTOR_ABI,
	.name = "own", .long_name = "Own", .version = "1", .description = "A file of records.",
	.capabilities = HARMONY_PARTIES | HARMONY_ENTRIES | HARMONY_CAN_FIND, .batch_max = 1,
	.keys = (const harmony_key[]){{NULL}}, .open = own_open, .close = own_close,
	.offer = own_offer, .find = own_find, .outstanding = own_outstanding, .check = own_check};

int main(int argc, char **argv)
{
	harmony_context *context = NULL;
	harmony_settings *settings = NULL;
	harmony_sync *sync = NULL;
	harmony_store_options store = HARMONY_STORE_OPTIONS_INIT;
	harmony_sync_options options = HARMONY_SYNC_OPTIONS_INIT;
	harmony_export_options files = HARMONY_EXPORT_OPTIONS_INIT;
	harmony_run run = HARMONY_RUN_INIT;
	harmony_error error = HARMONY_ERROR_INIT;
	store.path = "own.db";
	files.paths = (const char *const *)(argv + 1), files.path_count = (size_t)argc - 1;
	if (!harmony_context_new(&context, NULL, &error) && /* 0 is HARMONY_OK */
	    !harmony_settings_new(&settings, context, &error) &&
	    !harmony_store_open(&options.store, context, &store, &error) &&
	    !harmony_sync_new(&sync, context, &options, &error) &&
	    !harmony_sync_add(sync, "mine", settings, &own, &error) &&
	    !harmony_sync_export(&run, sync, "mine", &files, &error))
		printf("%d booked, %d skipped, %d rejected\n", (int)run.records.booked,
		       (int)run.records.skipped, (int)run.records.rejected);
	else
		fprintf(stderr, "own_connector: %s\n", error.message);
	harmony_sync_free(sync);
	harmony_store_close(options.store);
	harmony_settings_free(settings);
	harmony_context_free(context);
	return harmony_sync_exit(error.status ? error.status : run.status);
}
