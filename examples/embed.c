/* SPDX-License-Identifier: MIT */
/* An ERP that embeds it all: books its export, tells what was refused and why, and brings the
   outstanding items back.   embed fmuta6.csv ...   writes erp.db, books.db, dbopen.csv */
#include <stdio.h>

#include <harmony/harmony.h>

static harmony_status tell(const harmony_record_state *record, void *user)
{
	fprintf(user, "%s line %llu: %s %s: %s\n", record->source_file,
	        (unsigned long long)record->source_line, harmony_state_word(record->state),
	        record->identifier, record->message);
	return HARMONY_OK;
}

/* A call that made its run says HARMONY_OK; what the run came to stands in it. */
static void tell_run(const harmony_run *run)
{
	if (run->message[0])
		fprintf(stderr, "run %lld %s: %s\n", (long long)run->id,
		        harmony_run_state_word(run->state), run->message);
}

static harmony_status work(harmony_sync *erp, const char *const *paths, size_t count,
                           harmony_error *error)
{
	harmony_run run = HARMONY_RUN_INIT;
	harmony_export_options options = HARMONY_EXPORT_OPTIONS_INIT;
	harmony_status status;

	options.paths = paths, options.path_count = count;
	status = harmony_sync_export(&run, erp, "books", &options, error);
	if (status != HARMONY_OK)
		return status;
	printf("%llu records: %llu booked, %llu skipped, %llu rejected\n",
	       (unsigned long long)run.records.total, (unsigned long long)run.records.booked,
	       (unsigned long long)run.records.skipped, (unsigned long long)run.records.rejected);
	tell_run(&run);
	harmony_sync_show(NULL, erp, run.id, HARMONY_SHOW_FAILED, tell, stdout, error);
	status = harmony_sync_import(&run, erp, "books", "dbopen.csv", error);
	if (status == HARMONY_OK && run.state == HARMONY_RUN_SUCCEEDED)
		printf("%llu sales, %llu purchase invoices open\n", (unsigned long long)run.sales,
		       (unsigned long long)run.purchase);
	else if (status == HARMONY_OK) /* dbopen.csv is what it was */
		tell_run(&run);
	return status;
}

int main(int argc, char **argv)
{
	harmony_error error = HARMONY_ERROR_INIT;
	harmony_context *context = NULL;
	harmony_store *store = NULL;
	harmony_sync *erp = NULL;
	harmony_store_options store_options = HARMONY_STORE_OPTIONS_INIT;
	harmony_sync_options options = HARMONY_SYNC_OPTIONS_INIT;

	store_options.path = "erp.db";
	if (harmony_context_new(&context, NULL, &error) == HARMONY_OK &&
	    harmony_store_open(&store, context, &store_options, &error) == HARMONY_OK) {
		options.store = store;
		if (harmony_sync_new(&erp, context, &options, &error) == HARMONY_OK &&
		    harmony_sync_add(erp, "books", NULL, harmony_connector_find("ledger"), &error) == HARMONY_OK)
			work(erp, (const char *const *)argv + 1, (size_t)argc - 1, &error);
	}
	if (error.status != HARMONY_OK)
		fprintf(stderr, "%s\n", error.message);
	harmony_sync_free(erp);
	harmony_store_close(store);
	harmony_context_free(context);
	return harmony_sync_exit(error.status);
}
