/* SPDX-License-Identifier: MIT */
/* A process to be killed: exports FOLDER/records.jsonl to the scripted package, whose books
   are FOLDER/books, and says on one line what came of it. faults.py drives it.

	child COMMAND FOLDER [OPTION...]
	  export | import | show | rekey | open
	  --step NAME N   kill -9 at the N-th time the run comes to that step; "booked" is
			  between the booking and the answer
	  --lose N        one of N bookings gets no answer
	  --batch         offers of 25
	  --key           secrets are encrypted with FOLDER/key
	  --name NAME     integration
	  --books NAME    its books, in FOLDER
	  --slow MS       each offer takes so long
	  --abort         at the end abort, which leaves a core file */
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "../support/scripted.h"

/* Not a text of the program itself, which a core file has. */
static void make_token(char *to, size_t size)
{
	(void)snprintf(to, size, "%s-%s-%x", "canary", "token", 0x5f1d7c);
}

static struct {
	const char *step;
	long at;
	bool batch, key, abort;
	long slow;
	const char *name, *books;
} options = {.name = "bakery", .books = "books"};

static void die_at(const char *name)
{
	if (options.step != NULL && strcmp(options.step, name) == 0 && --options.at == 0)
		(void)raise(SIGKILL);
}

static harmony_status step(const char *name, void *user)
{
	(void)user;
	die_at(name);
	return HARMONY_OK;
}

static void booked(const harmony_record *record)
{
	struct timespec time = {0, options.slow * 1000000};
	(void)record;
	if (options.slow > 0)
		(void)nanosleep(&time, NULL);
	die_at("booked");
}

/* As OAuth does: a token that is renewed, and durable, at each start. */
static harmony_status child_open(void **instance, const harmony_host *host, harmony_error *error)
{
	char token[64];
	size_t len = sizeof(token);
	harmony_status status = host->secret_load(token, &len, "token", host->user, error);

	if (status != HARMONY_OK && status != HARMONY_NOTFOUND)
		return status;
	harmony_error_clear(error);
	make_token(token, sizeof(token));
	status = host->secret_save("token", token, strlen(token), host->user, error);
	explicit_bzero(token, sizeof(token));
	if (status == HARMONY_OK && host->setting("client_secret", host->user) == NULL)
		status = harmony_error_set(error, HARMONY_CONFIG, NULL, "client_secret is missing");
	return status == HARMONY_OK ? scripted_open(instance, host, error) : status;
}

static void log_line(int level, const char *message, void *user)
{
	(void)user;
	fprintf(stderr, "%d %s\n", level, message);
}

static const char *in_folder(const char *folder, const char *name)
{
	static char paths[8][512];
	static unsigned next;
	char *path = paths[next++ % 8];
	(void)snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static int fail_with(harmony_status status, const harmony_error *error)
{
	printf("{\"error\":\"%s\"}\n", harmony_status_word(status));
	fprintf(stderr, "%s\n", error->message);
	return harmony_sync_exit(status);
}

static int print_run(const harmony_run *run)
{
	const harmony_counts *n = &run->records;
	printf("{\"run\":%lld,\"state\":\"%s\",\"total\":%llu,\"booked\":%llu,\"skipped\":%llu,"
	       "\"rejected\":%llu,\"waiting\":%llu,\"in_doubt\":%llu}\n",
	       (long long)run->id, harmony_run_state_word(run->state), (unsigned long long)n->total,
	       (unsigned long long)n->booked, (unsigned long long)n->skipped,
	       (unsigned long long)n->rejected, (unsigned long long)n->waiting,
	       (unsigned long long)n->in_doubt);
	if (run->message[0] != '\0')
		fprintf(stderr, "%s\n", run->message);
	return harmony_sync_exit(run->status);
}

static harmony_status print_history(const harmony_run *run, void *user)
{
	(void)user;
	(void)print_run(run);
	return HARMONY_OK;
}

static harmony_status open_sync(harmony_sync **sync, harmony_context *context, harmony_store *store,
				const char *folder, const harmony_connector *connector,
				harmony_error *error)
{
	harmony_sync_options sync_options = HARMONY_SYNC_OPTIONS_INIT;
	harmony_settings *settings = NULL;
	harmony_status status;

	sync_options.store = store;
	sync_options.folder = folder;
	sync_options.step = step;
	status = harmony_sync_new(sync, context, &sync_options, error);
	if (status == HARMONY_OK)
		status = harmony_settings_new(&settings, context, error);
	if (status == HARMONY_OK)
		status = harmony_settings_set(settings, "client_secret_file", "secret.txt", error);
	if (status == HARMONY_OK)
		status = harmony_settings_set(settings, "import_path", "dbopen.csv", error);
	if (status == HARMONY_OK)
		status = harmony_sync_add(*sync, options.name, settings, connector, error);
	harmony_settings_free(settings);
	return status;
}

static int run_command(const char *command, const char *folder, harmony_store *store,
		       harmony_sync *sync, harmony_error *error)
{
	const char *const paths[] = {in_folder(folder, "records.jsonl")};
	harmony_export_options export_options = HARMONY_EXPORT_OPTIONS_INIT;
	harmony_run run = HARMONY_RUN_INIT;
	harmony_status status = HARMONY_OK;

	if (strcmp(command, "export") == 0) {
		export_options.paths = paths;
		export_options.path_count = 1;
		status = harmony_sync_export(&run, sync, options.name, &export_options, error);
	} else if (strcmp(command, "import") == 0) {
		scripted.items = 100;
		status = harmony_sync_import(&run, sync, options.name, NULL, error);
	} else if (strcmp(command, "show") == 0) {
		status = harmony_sync_history(sync, NULL, 0, 0, print_history, NULL, error);
		return status == HARMONY_OK ? 0 : fail_with(status, error);
	} else if (strcmp(command, "rekey") == 0) {
		status = harmony_store_rekey(store, error);
	}
	if (status != HARMONY_OK)
		return fail_with(status, error);
	return run.id != 0 ? print_run(&run) : 0;
}

static void read_options(int argc, char **argv)
{
	for (int i = 3; i < argc; i++) {
		if (strcmp(argv[i], "--batch") == 0)
			options.batch = true;
		else if (strcmp(argv[i], "--key") == 0)
			options.key = true;
		else if (strcmp(argv[i], "--abort") == 0)
			options.abort = true;
		else if (strcmp(argv[i], "--lose") == 0 && i + 1 < argc)
			scripted.lose_every = (unsigned)strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--slow") == 0 && i + 1 < argc)
			options.slow = strtol(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--name") == 0 && i + 1 < argc)
			options.name = argv[++i];
		else if (strcmp(argv[i], "--books") == 0 && i + 1 < argc)
			options.books = argv[++i];
		else if (strcmp(argv[i], "--step") == 0 && i + 2 < argc) {
			options.step = argv[++i];
			options.at = strtol(argv[++i], NULL, 10);
		}
	}
}

int main(int argc, char **argv)
{
	harmony_connector connector =
	    SCRIPTED("scripted", SCRIPTED_KINDS | HARMONY_CAN_FIND, 1, 0, 0);
	harmony_context_options context_options = HARMONY_CONTEXT_OPTIONS_INIT;
	harmony_store_options store_options = HARMONY_STORE_OPTIONS_INIT;
	harmony_error error = HARMONY_ERROR_INIT;
	harmony_context *context = NULL;
	harmony_store *store = NULL;
	harmony_sync *sync = NULL;
	harmony_status status;
	int result = 2;

	if (argc < 3)
		return 2;
	read_options(argc, argv);
	connector.open = child_open;
	if (options.batch) {
		connector.capabilities |= HARMONY_CAN_BATCH;
		connector.batch_max = 25;
	}
	scripted.log = in_folder(argv[2], options.books);
	scripted.before_answer = booked;
	context_options.log = log_line;
	status = harmony_context_new(&context, &context_options, &error);
	if (status != HARMONY_OK)
		return fail_with(status, &error);
	scripted_context = context;
	store_options.path = in_folder(argv[2], "harmony.db");
	store_options.key_file = options.key ? in_folder(argv[2], "key") : NULL;
	if (options.key && access(store_options.key_file, F_OK) != 0)
		status = harmony_store_key_new(context, store_options.key_file, &error);
	if (status == HARMONY_OK)
		status = harmony_store_open(&store, context, &store_options, &error);
	if (status == HARMONY_OK)
		status = open_sync(&sync, context, store, argv[2], &connector, &error);
	result = status == HARMONY_OK ? run_command(argv[1], argv[2], store, sync, &error)
				      : fail_with(status, &error);
	(void)fflush(stdout);
	if (options.abort)
		abort();
	harmony_sync_free(sync);
	harmony_store_close(store);
	harmony_context_free(context);
	return result;
}
