/* SPDX-License-Identifier: MIT */
/* How many integrations one machine polls: a schedule on its own threads, in real time,
   against a responder in a process of its own that answers as Exact Online does and takes
   next to no time for it.

	bench-schedule [INTEGRATIONS [INTERVAL_SECONDS [MINUTES [WORKERS [SCAN_MS [ROWS]]]]]]

   Each poll is what it is in service: a token that has run out is renewed (the new one
   durable before its use), both sides of the open items are fetched, dbopen.csv is renewed,
   and the run is kept. Lateness is from when a poll was due until its job began. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>

#include <harmony/harmony.h>

/* ---- the responder ---- */

#define CONNECTIONS 128

typedef struct connection {
	size_t len;
	char data[8192];
} connection;

static unsigned rows = 40;

static size_t write_rows(char *to, size_t size, unsigned number)
{
	size_t len = (size_t)snprintf(to, size, "{\"d\":[");
	for (unsigned i = 0; i < rows; i++)
		len += (size_t)snprintf(
		    to + len, size - len,
		    "%s{\"ID\":\"id-%u-%u\",\"AccountCode\":\"%18u\",\"AmountFC\":-%u.21,"
		    "\"Currency\":\"EUR\",\"Description\":\"Factuur %u\",\"DueDate\":"
		    "\"/Date(1706745600000)/\",\"InvoiceDate\":\"/Date(1704067200000)/\","
		    "\"InvoiceNumber\":%u,\"PaymentReference\":\"\",\"Status\":20,"
		    "\"TransactionAmountFC\":%u.21,\"TransactionEntryID\":\"e-%u-%u\","
		    "\"TransactionType\":20,\"YourRef\":\"%u\"}",
		    i > 0 ? "," : "", number, i, 1000 + i % 20, 100 + i, 24700000 + i, 24700000 + i,
		    100 + i, number, i, 24700000 + i);
	return len + (size_t)snprintf(to + len, size - len, "]}");
}

/* Answers one whole request. */
static void answer(int fd, const char *request)
{
	static char body[1 << 20], head[512];
	static unsigned number;
	size_t len, head_len;

	number++;
	if (strncmp(request, "POST ", 5) == 0)
		len = (size_t)snprintf(body, sizeof(body),
				       "{\"access_token\":\"access-%u\",\"token_type\":\"bearer\","
				       "\"expires_in\":\"600\",\"refresh_token\":\"refresh-%u\"}",
				       number, number);
	else
		len = write_rows(body, sizeof(body), number);
	head_len = (size_t)snprintf(head, sizeof(head),
				    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
				    "X-RateLimit-Minutely-Limit: 60\r\n"
				    "X-RateLimit-Minutely-Remaining: 59\r\n"
				    "Content-Length: %zu\r\n\r\n",
				    len);
	memmove(body + head_len, body, len);
	memcpy(body, head, head_len);
	for (size_t at = 0; at < head_len + len;) {
		ssize_t put = write(fd, body + at, head_len + len - at);
		if (put <= 0)
			return;
		at += (size_t)put;
	}
}

/* Length of the first whole request; 0: not there yet. */
static size_t whole(connection *c)
{
	char *end, *length;
	size_t body = 0;

	c->data[c->len] = '\0';
	end = strstr(c->data, "\r\n\r\n");
	if (end == NULL)
		return 0;
	length = strcasestr(c->data, "\r\nContent-Length:");
	if (length != NULL && length < end)
		body = strtoul(length + 17, NULL, 10);
	body += (size_t)(end + 4 - c->data);
	return body <= c->len ? body : 0;
}

static void respond(int listener)
{
	static struct pollfd fds[CONNECTIONS + 1];
	static connection connections[CONNECTIONS + 1];
	nfds_t count = 1;

	fds[0] = (struct pollfd){listener, POLLIN, 0};
	for (;;) {
		if (poll(fds, count, -1) < 0)
			continue;
		if ((fds[0].revents & POLLIN) != 0 && count <= CONNECTIONS) {
			fds[count] = (struct pollfd){accept(listener, NULL, NULL), POLLIN, 0};
			connections[count].len = 0;
			count += fds[count].fd >= 0;
		}
		for (nfds_t i = count - 1; i > 0; i--) {
			connection *c = &connections[i];
			size_t used;
			if (fds[i].revents == 0)
				continue;
			ssize_t got = read(fds[i].fd, c->data + c->len, sizeof(c->data) - 1 - c->len);
			c->len += got > 0 ? (size_t)got : 0;
			while (got > 0 && (used = whole(c)) > 0) {
				answer(fds[i].fd, c->data);
				memmove(c->data, c->data + used, c->len - used);
				c->len -= used;
			}
			if (got <= 0) {
				close(fds[i].fd);
				count--;
				fds[i] = fds[count];
				connections[i] = connections[count];
			}
		}
	}
}

static unsigned start_responder(pid_t *pid)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (listener < 0 || bind(listener, (struct sockaddr *)&address, len) != 0 ||
	    listen(listener, CONNECTIONS) != 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &len) != 0)
		exit(2);
	*pid = fork();
	if (*pid == 0)
		respond(listener);
	close(listener);
	return ntohs(address.sin_port);
}

/* ---- the measure ---- */

static atomic_llong heap; /* bytes that the library has */

static void *resize(void *ptr, size_t size, void *user)
{
	size_t *block = ptr != NULL ? (size_t *)ptr - 2 : NULL, before = block != NULL ? *block : 0;

	(void)user;
	atomic_fetch_add(&heap, (long long)size - (long long)before);
	if (size == 0) {
		free(block);
		return NULL;
	}
	size_t *made = realloc(block, size + 2 * sizeof(size_t));
	if (made == NULL)
		return NULL;
	*made = size;
	return made + 2;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int64_t *late;
static size_t late_count, late_room;
static unsigned failed, problems;
static char first_problem[512];

static void on_event(const harmony_schedule_event *event, void *user)
{
	(void)user;
	pthread_mutex_lock(&lock);
	if (event->type == HARMONY_SCHEDULE_RUN_BEGUN && late_count < late_room)
		late[late_count++] = event->late;
	failed += event->type == HARMONY_SCHEDULE_RUN_ENDED && event->status != HARMONY_OK;
	if (event->type == HARMONY_SCHEDULE_PROBLEM_BEGUN && problems++ == 0)
		(void)snprintf(first_problem, sizeof(first_problem), "%s: %s", event->integration,
			       event->message);
	pthread_mutex_unlock(&lock);
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu(void)
{
	struct rusage used;
	getrusage(RUSAGE_SELF, &used);
	return (double)used.ru_utime.tv_sec + (double)used.ru_stime.tv_sec +
	       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static double resident_kib(void)
{
	long pages = 0, resident = 0;
	FILE *in = fopen("/proc/self/statm", "re");
	if (in != NULL && fscanf(in, "%ld %ld", &pages, &resident) != 2)
		resident = 0;
	if (in != NULL)
		fclose(in);
	return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1024;
}

/* Lateness of the polls from number `from` on. */
static void tell_late(const char *what, size_t from, double used, double took)
{
	pthread_mutex_lock(&lock);
	size_t n = late_count - from;
	int64_t *sorted = malloc((n + 1) * sizeof(*sorted));
	memcpy(sorted, late + from, n * sizeof(*sorted));
	pthread_mutex_unlock(&lock);
	qsort(sorted, n, sizeof(*sorted), by_size);
	if (n > 0)
		printf("%-10s %6zu polls, %5.2f/s, late p50 %lld p99 %lld max %lld ms, CPU %.2f ms a "
		       "poll (%.1f %% of a core), resident %.0f KiB\n",
		       what, n, (double)n / took, (long long)sorted[n / 2],
		       (long long)sorted[n * 99 / 100], (long long)sorted[n - 1],
		       1000 * used / (double)n, 100 * used / took, resident_kib());
	fflush(stdout);
	free(sorted);
}

/* ---- the service ---- */

static char folder[] = "bench-schedule-XXXXXX";
static harmony_context *context;

static harmony_status open_store(harmony_store **out, void *user, harmony_error *error)
{
	harmony_store_options options = HARMONY_STORE_OPTIONS_INIT;
	char path[96];

	(void)user;
	(void)snprintf(path, sizeof(path), "%s/harmony.db", folder);
	options.path = path;
	return harmony_store_open(out, context, &options, error);
}

static void must(harmony_status status, const harmony_error *error)
{
	if (status == HARMONY_OK)
		return;
	fprintf(stderr, "bench-schedule: %s\n", error->message);
	exit(1);
}

static harmony_settings *settings_of(unsigned number, unsigned port, unsigned interval, bool watch)
{
	harmony_settings *list;
	harmony_error error = HARMONY_ERROR_INIT;
	char texts[6][64];

	must(harmony_settings_new(&list, context, &error), &error);
	(void)snprintf(texts[0], 64, "http://127.0.0.1:%u", port);
	(void)snprintf(texts[1], 64, "%u", 100000 + number);
	(void)snprintf(texts[2], 64, "%us", interval);
	(void)snprintf(texts[3], 64, "%u/dbopen.csv", number);
	(void)snprintf(texts[4], 64, "%u/fmuta6.csv", number);
	const char *const pairs[][2] = {{"connector", "exact-online"},
					{"url", texts[0]},
					{"administration", texts[1]},
					{"interval", texts[2]},
					{"import_path", texts[3]},
					{"client_id", "bench"},
					{"client_secret", "secret"},
					{"redirect_uri", "http://127.0.0.1/"},
					{"token_age", "0"},
					{"export_path", texts[4]}};
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]) - !watch; i++)
		must(harmony_settings_set(list, pairs[i][0], pairs[i][1], &error), &error);
	return list;
}

/* The clock stands still while all is made ready, and goes from there. */
static int64_t wall_base, started;

static int64_t monotonic(void *user)
{
	struct timespec t;
	(void)user;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t wall(void *user)
{
	return wall_base + (started != 0 ? monotonic(user) - started : 0);
}

/* Every integration has a login of its own, got as a person would get it, and was polled
   half an interval ago: the polls that follow are spread as in a service that goes on. */
static void make_ready(unsigned count, unsigned port, unsigned interval, bool watch)
{
	harmony_sync_options options = HARMONY_SYNC_OPTIONS_INIT;
	harmony_error error = HARMONY_ERROR_INIT;
	char path[96], name[16];

	must(open_store(&options.store, NULL, &error), &error);
	options.folder = folder;
	wall_base -= (int64_t)interval * 500;
	for (unsigned i = 0; i < count; i++) {
		harmony_sync *sync;
		harmony_settings *list = settings_of(i, port, interval, watch);
		(void)snprintf(path, sizeof(path), "%s/%u", folder, i);
		(void)mkdir(path, 0700);
		(void)snprintf(name, sizeof(name), "i%u", i);
		must(harmony_sync_new(&sync, context, &options, &error), &error);
		must(harmony_sync_add(sync, name, list, NULL, &error), &error);
		must(harmony_sync_login_token(sync, name, "first", &error), &error);
		must(harmony_sync_import(NULL, sync, name, NULL, &error), &error);
		harmony_sync_free(sync);
		harmony_settings_free(list);
	}
	harmony_store_close(options.store);
	wall_base += (int64_t)interval * 500;
	started = monotonic(NULL);
}

static void fill(harmony_schedule *schedule, unsigned count, unsigned port, unsigned interval,
		 bool watch)
{
	harmony_error error = HARMONY_ERROR_INIT;
	char name[16];

	harmony_schedule_begin(schedule);
	for (unsigned i = 0; i < count; i++) {
		harmony_settings *list = settings_of(i, port, interval, watch);
		(void)snprintf(name, sizeof(name), "i%u", i);
		must(harmony_schedule_add(schedule, name, list, NULL, &error), &error);
		harmony_settings_free(list);
	}
	must(harmony_schedule_apply(schedule, &error), &error);
}

static unsigned number(int argc, char **argv, int n, unsigned fallback)
{
	return argc > n ? (unsigned)strtoul(argv[n], NULL, 10) : fallback;
}

int main(int argc, char **argv)
{
	unsigned count = number(argc, argv, 1, 170), interval = number(argc, argv, 2, 60);
	double minutes = argc > 3 ? strtod(argv[3], NULL) : 3;
	harmony_schedule_options options = HARMONY_SCHEDULE_OPTIONS_INIT;
	harmony_context_options made = HARMONY_CONTEXT_OPTIONS_INIT;
	const harmony_allocator allocator = {sizeof(allocator), resize, NULL};
	const harmony_clock clock = {sizeof(clock), wall, monotonic, NULL};
	harmony_schedule *schedule;
	harmony_error error = HARMONY_ERROR_INIT;
	pid_t pid = 0;
	unsigned scan = number(argc, argv, 5, 2000), port;
	char command[96];

	options.workers = number(argc, argv, 4, 8);
	rows = number(argc, argv, 6, rows);
	signal(SIGPIPE, SIG_IGN);
	port = start_responder(&pid);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	made.allocator = &allocator;
	made.clock = &clock;
	wall_base = (int64_t)time(NULL) * 1000;
	late_room = 1000000;
	late = malloc(late_room * sizeof(*late));
	if (late == NULL || mkdtemp(folder) == NULL)
		return 2;
	must(harmony_context_new(&context, &made, &error), &error);
	double from = seconds();
	make_ready(count, port, interval, scan > 0);
	printf("%u integrations, interval %u s, %u workers, scan %u ms, 2 x %u rows a poll; made "
	       "ready in %.0f s\n",
	       count, interval, options.workers, scan, rows, seconds() - from);
	options.open_store = open_store;
	options.folder = folder;
	options.event = on_event;
	options.scan = scan > 0 ? scan : 2000;
	must(harmony_schedule_new(&schedule, context, &options, &error), &error);
	double resident = resident_kib();
	long long before = atomic_load(&heap);
	fill(schedule, count, port, interval, scan > 0);
	printf("an idle integration: %.1f KiB of the library's memory, %.1f KiB resident\n",
	       (double)(atomic_load(&heap) - before) / 1024 / count, (resident_kib() - resident) / count);
	must(harmony_schedule_start(schedule, &error), &error);
	double begun = seconds(), used = cpu(), step = seconds(), step_used = used;
	size_t step_from = 0;
	for (double left = minutes * 60; left > 1; left = minutes * 60 - (seconds() - begun)) {
		struct timespec nap = {left < 60 ? (time_t)left : 60, 0};
		char what[32];
		nanosleep(&nap, NULL);
		size_t now_from = late_count;
		(void)snprintf(what, sizeof(what), "%5.1f min", (seconds() - begun) / 60);
		tell_late(what, step_from, cpu() - step_used, seconds() - step);
		step_from = now_from;
		step = seconds();
		step_used = cpu();
	}
	tell_late("all", 0, cpu() - used, seconds() - begun);
	must(harmony_schedule_stop(schedule, 10000, &error), &error);
	printf("idle again: %.1f KiB of the library's memory, %.1f KiB resident an integration\n",
	       (double)(atomic_load(&heap) - before) / 1024 / count, (resident_kib() - resident) / count);
	printf("%u runs failed, %u problems%s%s\n", failed, problems, problems ? ", first " : "",
	       first_problem);
	harmony_schedule_free(schedule);
	harmony_context_free(context);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command) != 0 || failed > 0;
}
