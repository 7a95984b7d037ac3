/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "service.h"

/* serve: the schedule of the library does the work on threads of its own. This is the loop
   around it: signals, the service manager, folders that change, numbers, alerts. */

#define PATIENCE_MS 8000   /* of the jobs at SIGTERM; the whole ends within 10 s */
#define ALERTS_MS   1500   /* of the alerts, after that */
#define TICK_MS     5000   /* between two looks at what needs no hurry */
#define METRICS_MS  15000  /* between two metrics_files */
#define STUCK_MS    900000 /* no worker looked for work: longer than any request may take */
#define FDS         (3 + ENDPOINT_CLIENTS + 1 + ALERT_CHILDREN)

/* An integration that cannot be served as it is configured. */
struct left_out {
	char name[HARMONY_NAME_SIZE];
	int64_t since;
	bool still; /* in the configuration that is being read */
};

struct service {
	struct program *p;
	struct config config;
	char *store_path, *key_path;
	harmony_context *context;
	harmony_schedule *schedule;
	struct notify notify;
	struct watch watch;
	struct endpoint endpoint;
	struct alerts alerts;
	struct beacon beacon;
	struct metrics metrics;
	struct left_out *left_out;
	size_t left_out_count;
	int signals, wake;
	int64_t started;             /* UTC ms */
	int64_t ping, tick, numbers; /* when next; monotonic ms */
	bool metrics_failing, stuck, stopping;
	int64_t metrics_since;
};

int64_t now_monotonic(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t now_wall(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- problems ---- */

static void tell_problem(struct service *s, const struct alert *alert, const char *connector,
			 int level)
{
	struct log_line line;
	log_begin(&line, alert->ended ? HARMONY_LOG_INFO : level,
		  alert->ended ? "problem_ended" : "problem_begun");
	log_text(&line, "problem", alert->problem);
	log_text(&line, "integration", alert->integration);
	log_text(&line, "connector", connector);
	log_text(&line, "code", alert->code);
	log_number(&line, "run", alert->run);
	char since[TIME_SIZE];
	log_text(&line, "since", alert->ended ? rfc3339(since, alert->since) : "");
	log_end(&line, "%s", alert->message);
	for (const char *at = alert->details; *at;) {
		size_t len = strcspn(at, "\n");
		log_begin(&line, HARMONY_LOG_WARNING, "record");
		log_text(&line, "integration", alert->integration);
		log_number(&line, "run", alert->run);
		log_end(&line, "%.*s", (int)(len < 2000 ? len : 2000), at);
		at += len + (at[len] == '\n');
	}
	alerts_send(&s->alerts, alert);
}

/* A problem of the program's own. */
static void own_problem(struct service *s, bool ended, const char *problem, const char *integration,
			int64_t since, const char *code, const char *message)
{
	struct alert alert = {.ended = ended,
			      .problem = problem,
			      .integration = integration,
			      .code = code,
			      .message = message,
			      .since = since,
			      .until = ended ? now_wall() : 0,
			      .details = ""};
	tell_problem(s, &alert, "", HARMONY_LOG_ERROR);
}

/* ---- events of the schedule, on its threads ---- */

static void run_members(struct log_line *line, const harmony_run *run)
{
	const struct {
		const char *key;
		uint64_t value;
	} counts[] = {{"records", run->records.total},
		      {"booked", run->records.booked},
		      {"skipped", run->records.skipped},
		      {"rejected", run->records.rejected},
		      {"waiting", run->records.waiting},
		      {"in_doubt", run->records.in_doubt},
		      {"sales", run->sales},
		      {"purchase", run->purchase},
		      {"milliseconds", run->finished > run->started
					   ? (uint64_t)(run->finished - run->started)
					   : 0}};
	log_number(line, "run", run->id);
	log_text(line, "state", harmony_run_state_word(run->state));
	log_text(line, "code", run->code);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		log_number(line, counts[i].key, (int64_t)counts[i].value);
	log_text(line, "file", run->file);
}

static void on_run(const harmony_schedule_event *event)
{
	struct log_line line;
	char counts[160];
	const harmony_run *run = event->run;
	bool ended = event->type == HARMONY_SCHEDULE_RUN_ENDED && run;
	/* One that only made way for others did not fail. */
	bool good =
	    ended && (run->state == HARMONY_RUN_SUCCEEDED || strcmp(run->code, "yielded") == 0);
	log_begin(&line,
		  !ended ? HARMONY_LOG_DEBUG
		  : good ? HARMONY_LOG_INFO
			 : HARMONY_LOG_WARNING,
		  ended ? "run_ended" : "run_begun");
	log_text(&line, "integration", event->integration);
	log_text(&line, "connector", event->connector);
	log_text(&line, "direction", harmony_direction_word(event->direction));
	if (ended)
		run_members(&line, run);
	log_end(&line, "%s",
		!ended            ? "at work"
		: run->message[0] ? run->message
				  : run_counts(counts, run));
}

static void on_problem(struct service *s, const harmony_schedule_event *event)
{
	char message[1024];
	bool ended = event->type == HARMONY_SCHEDULE_PROBLEM_ENDED;
	bool mild = event->problem == HARMONY_PROBLEM_RECORDS ||
		    event->problem == HARMONY_PROBLEM_DOUBT ||
		    event->problem == HARMONY_PROBLEM_ALLOWANCE;
	/* What the library says at an end is what the problem means. */
	snprintf(message, sizeof(message), "%s%s", ended ? "over: " : "",
		 *event->message && !ended ? event->message : harmony_problem_text(event->problem));
	struct alert alert = {.ended = ended,
			      .problem = harmony_problem_word(event->problem),
			      .integration = event->integration,
			      .code = event->code,
			      .message = message,
			      .since = event->since,
			      .run = event->run ? event->run->id : 0,
			      .details = event->lines ? event->lines : "",
			      .failed = event->run ? event->run->records.rejected +
							 event->run->records.in_doubt
						   : 0};
	alert.until = alert.ended ? event->at : 0;
	tell_problem(s, &alert, event->connector, mild ? HARMONY_LOG_WARNING : HARMONY_LOG_ERROR);
}

static void on_event(const harmony_schedule_event *event, void *user)
{
	struct log_line line;
	switch (event->type) {
	case HARMONY_SCHEDULE_RUN_BEGUN:
	case HARMONY_SCHEDULE_RUN_ENDED:
		on_run(event);
		break;
	case HARMONY_SCHEDULE_FILE_ASIDE:
		log_begin(&line, HARMONY_LOG_WARNING, "file_aside");
		log_text(&line, "integration", event->integration);
		log_text(&line, "path", event->path);
		log_text(&line, "code", event->code);
		log_end(&line, "%s", event->message);
		break;
	case HARMONY_SCHEDULE_PROBLEM_BEGUN:
	case HARMONY_SCHEDULE_PROBLEM_ENDED:
		on_problem(user, event);
		break;
	default:
		break;
	}
}

static harmony_status on_open_store(harmony_store **out, void *user, harmony_error *error)
{
	const struct service *s = user;
	harmony_store_options options = HARMONY_STORE_OPTIONS_INIT;
	options.path = s->store_path;
	options.key_file = s->key_path;
	return harmony_store_open(out, s->context, &options, error);
}

/* ---- the configuration ---- */

static const char *general(const struct config *config, const char *key)
{
	const struct config_entry *entry = config_get(&config->general, key);
	const harmony_key *known = harmony_key_find(config_general_keys(), key);
	return entry ? entry->value : known ? known->fallback : NULL;
}

/* Checked already: digits and one of smhd. */
static int64_t duration(const char *text)
{
	int64_t unit = 1000;
	char *end;
	long long number = strtoll(text, &end, 10);
	unit *= *end == 'm' ? 60 : *end == 'h' ? 3600 : *end == 'd' ? 86400 : 1;
	return number * unit;
}

static char *general_path(const struct config *config, const char *key)
{
	const char *value = general(config, key);
	return value ? config_path(config, value) : NULL;
}

/* Whether this integration can be served; one that cannot is told once, and left out. */
static bool usable(struct service *s, const struct config *config,
		   const struct config_section *section)
{
	harmony_error error = HARMONY_ERROR_INIT;
	if (config_check_use(config, section, &error) == EXIT_DONE)
		return true;
	for (size_t i = 0; i < s->left_out_count; i++)
		if (strcmp(s->left_out[i].name, section->name) == 0) {
			s->left_out[i].still = true;
			return false;
		}
	void *longer = realloc(s->left_out, (s->left_out_count + 1) * sizeof(*s->left_out));
	if (!longer)
		return false;
	s->left_out = longer;
	struct left_out *it = &s->left_out[s->left_out_count++];
	*it = (struct left_out){.since = now_wall(), .still = true};
	snprintf(it->name, sizeof(it->name), "%s", section->name);
	char message[1400];
	snprintf(message, sizeof(message), "%s%s%s; the integration is left out until a reload",
		 error.file, *error.file ? ": " : "", error.message);
	own_problem(s, false, "configuration", it->name, it->since, error.code, message);
	return false;
}

static void forget_left_out(struct service *s)
{
	size_t kept = 0;
	for (size_t i = 0; i < s->left_out_count; i++) {
		struct left_out *it = &s->left_out[i];
		if (it->still)
			s->left_out[kept++] = *it;
		else
			own_problem(s, true, "configuration", it->name, it->since, "",
				    "the integration is served again, or is gone");
	}
	s->left_out_count = kept;
}

/* Hands the integrations to the schedule: all of them, or it stays as it is. */
static harmony_status plan(struct service *s, const struct config *config)
{
	harmony_status status = HARMONY_OK;
	for (size_t i = 0; i < s->left_out_count; i++)
		s->left_out[i].still = false;
	harmony_schedule_begin(s->schedule);
	for (size_t i = 0; i < config->count && status == HARMONY_OK; i++) {
		const struct config_section *section = &config->integrations[i];
		harmony_settings *settings = NULL;
		if (!usable(s, config, section))
			continue;
		status = session_settings(&settings, s->p, section);
		if (status == HARMONY_OK)
			status = harmony_schedule_add(s->schedule, section->name, settings, NULL,
						      &s->p->error);
		harmony_settings_free(settings);
		session_locate(config, section, &s->p->error);
	}
	if (status == HARMONY_OK)
		status = harmony_schedule_apply(s->schedule, &s->p->error);
	if (status == HARMONY_OK)
		forget_left_out(s);
	return status;
}

/* The folder where an integration's export arrives, which export_path may name itself; the
   caller frees it. */
static char *export_folder(const struct config *config, const struct config_section *section)
{
	const struct config_entry *entry = config_get(section, "export_path");
	char *path = entry ? config_path(config, entry->value) : NULL;
	char *slash = path ? strrchr(path, '/') : NULL;
	struct stat info;
	if (slash && (stat(path, &info) != 0 || !S_ISDIR(info.st_mode)))
		slash[slash == path] = '\0';
	return path;
}

static void watch_folders(struct service *s)
{
	watch_clear(&s->watch);
	for (size_t i = 0; i < s->config.count; i++) {
		char *folder = export_folder(&s->config, &s->config.integrations[i]);
		if (folder && !watch_add(&s->watch, folder))
			log_say(HARMONY_LOG_WARNING, "watch", "no memory to watch %s", folder);
		free(folder);
	}
	(void)watch_retry(&s->watch); /* the schedule looks at all of them anyhow */
}

/* What is not of the schedule. */
static harmony_status apply_general(struct service *s, const struct config *config)
{
	const char *command = general(config, "alert_command");
	bool shell = strcmp(general(config, "alert_shell"), "yes") == 0;
	if (!alerts_set(&s->alerts, command, config->folder, shell,
			duration(general(config, "alert_timeout"))))
		return harmony_error_set(&s->p->error, HARMONY_NOMEM, NULL, "no memory");
	log_format(strcmp(general(config, "log_format"), "json") == 0 ? LOG_JSON : LOG_TEXT);
	return endpoint_listen(&s->endpoint, general(config, "metrics_listen"), &s->p->error)
		   ? HARMONY_OK
		   : HARMONY_CONFIG;
}

/* Keys that only a start takes in. */
static void warn_of_restart(const struct config *before, const struct config *after)
{
	static const char *const keys[] = {"store", "key_file", "workers", "scan"};
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *a = general(before, keys[i]), *b = general(after, keys[i]);
		if (strcmp(a ? a : "", b ? b : "") != 0)
			log_say(HARMONY_LOG_WARNING, "reload",
				"%s has changed; that takes effect at the next start", keys[i]);
	}
}

static void reload(struct service *s)
{
	struct config config;
	notify_reloading(&s->notify);
	int code = config_load(&config, s->p);
	if (code == EXIT_DONE && apply_general(s, &config) == HARMONY_OK &&
	    plan(s, &config) == HARMONY_OK) {
		warn_of_restart(&s->config, &config);
		config_free(&s->config);
		s->config = config;
		watch_folders(s);
		log_say(HARMONY_LOG_INFO, "reloaded", "%zu integrations of %s", s->config.count,
			s->config.path);
	} else {
		const harmony_error *error = &s->p->error;
		struct log_line line;
		log_begin(&line, HARMONY_LOG_ERROR, "reload_failed");
		log_text(&line, "file", error->file);
		log_number(&line, "line", (int64_t)error->line);
		log_text(&line, "code", error->code);
		log_end(&line, "%s; the configuration before stays in force", error->message);
		config_free(&config);
		harmony_error_clear(&s->p->error);
		(void)apply_general(s, &s->config);
	}
	harmony_error_clear(&s->p->error);
	s->tick = 0;
	notify_send(&s->notify, "READY=1");
}

/* ---- what is due in the loop ---- */

static char *numbers_now(size_t *size, void *user)
{
	struct service *s = user;
	alerts_count(&s->alerts, &s->metrics.alerts_sent, &s->metrics.alerts_failed);
	bool good = metrics_take(&s->metrics, s->schedule);
	for (size_t i = 0; i < s->left_out_count; i++)
		good = good && metrics_left_out(&s->metrics, s->left_out[i].name);
	return good ? metrics_text(&s->metrics, size) : NULL;
}

static void write_numbers(struct service *s)
{
	harmony_error error = HARMONY_ERROR_INIT;
	char *path = general_path(&s->config, "metrics_file");
	size_t size = 0;
	char *text = path ? numbers_now(&size, s) : NULL;
	if (path && !text)
		harmony_error_set(&error, HARMONY_NOMEM, NULL, "no memory for metrics_file");
	else if (path)
		metrics_write(path, text, size, &error);
	bool failing = error.status != HARMONY_OK;
	if (failing && !s->metrics_failing)
		s->metrics_since = now_wall();
	if (failing != s->metrics_failing)
		own_problem(s, !failing, "metrics", "", s->metrics_since, error.code,
			    failing ? error.message : "metrics_file is written again");
	s->metrics_failing = failing;
	free(text);
	free(path);
}

static harmony_status count_problems(const harmony_schedule_state *state, void *user)
{
	*(uint64_t *)user += state->problems != 0;
	return HARMONY_OK;
}

static void look_around(struct service *s)
{
	harmony_schedule_totals t = HARMONY_SCHEDULE_TOTALS_INIT;
	uint64_t troubled = s->left_out_count;
	if (harmony_schedule_snapshot(&t, s->schedule, count_problems, &troubled) != HARMONY_OK)
		return;
	bool stuck = t.alive > STUCK_MS && (t.due > 0 || t.busy == t.workers);
	if (stuck && !s->stuck)
		log_say(
		    HARMONY_LOG_ERROR, "stuck",
		    "no worker has looked for work for %lld s; the watchdog is not fed any more",
		    (long long)(t.alive / 1000));
	s->stuck = stuck;
	notify_send(&s->notify,
		    "STATUS=%llu integrations, %llu with a problem; %u of %u workers busy; "
		    "%llu exports and %llu imports so far",
		    (unsigned long long)t.integrations, (unsigned long long)troubled, t.busy,
		    t.workers, (unsigned long long)t.exports, (unsigned long long)t.imports);
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Does what is due, and returns how many ms nothing will be. */
static int due(struct service *s)
{
	int64_t now = now_monotonic();
	if (now >= s->tick) {
		look_around(s);
		s->tick = now + TICK_MS;
	}
	if (s->notify.watchdog > 0 && now >= s->ping) {
		if (!s->stuck)
			notify_send(&s->notify, "WATCHDOG=1");
		s->ping = now + s->notify.watchdog;
	}
	if (now >= s->numbers) {
		write_numbers(s);
		s->numbers = now + METRICS_MS;
	}
	if (now >= s->watch.retry && watch_retry(&s->watch))
		(void)harmony_schedule_hint(s->schedule, NULL);
	alerts_tend(&s->alerts, now);
	int64_t next =
	    least(least(s->tick, s->numbers), least(s->watch.retry, alerts_due(&s->alerts)));
	if (s->notify.watchdog > 0)
		next = least(next, s->ping);
	now = now_monotonic();
	return next > now ? (int)(next - now) : 0;
}

static void on_folder(const char *folder, void *user)
{
	const struct service *s = user;
	if (!folder) {
		harmony_schedule_hint(s->schedule, NULL);
		return;
	}
	for (size_t i = 0; i < s->config.count; i++) {
		char *of = export_folder(&s->config, &s->config.integrations[i]);
		if (of && strcmp(of, folder) == 0)
			harmony_schedule_hint(s->schedule, s->config.integrations[i].name);
		free(of);
	}
}

static void on_signals(struct service *s)
{
	struct signalfd_siginfo info;
	while (read(s->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			reload(s);
		else if (info.ssi_signo != SIGCHLD)
			s->stopping = true;
	}
}

static void loop(struct service *s)
{
	while (!s->stopping) {
		struct pollfd fds[FDS] = {
		    {s->signals, POLLIN, 0}, {s->wake, POLLIN, 0}, {s->watch.fd, POLLIN, 0}};
		size_t count = 3;
		uint64_t news;
		int wait = due(s);
		count += endpoint_poll(&s->endpoint, fds + count);
		if (count > 3 + (s->endpoint.fd >= 0))
			wait = wait < 1000 ? wait : 1000; /* a client may be over its time */
		count += alerts_poll(&s->alerts, fds + count);
		if (poll(fds, count, wait) < 0 && errno != EINTR) {
			log_say(HARMONY_LOG_ERROR, "service", "poll: %s", strerror(errno));
			return;
		}
		if (fds[0].revents)
			on_signals(s);
		if (fds[1].revents)
			(void)!read(s->wake, &news, sizeof(news));
		if (fds[2].revents)
			watch_read(&s->watch, on_folder, s);
		endpoint_serve(&s->endpoint, now_monotonic(), numbers_now, s);
	}
}

/* ---- begin and end ---- */

static harmony_status catch_signals(struct service *s)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};
	sigset_t set;
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaddset(&set, numbers[i]);
	/* Before any thread is made: all of them inherit it. */
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->signals >= 0 && s->wake >= 0)
		return HARMONY_OK;
	return harmony_error_set(&s->p->error, HARMONY_RETRY, NULL,
				 "the system gives no descriptor for signals: %s", strerror(errno));
}

/* The library's lines are lines of the log from now on. */
static harmony_status own_context(struct service *s)
{
	struct program *p = s->p;
	harmony_context_options options = HARMONY_CONTEXT_OPTIONS_INIT;
	int level = p->verbose ? HARMONY_LOG_DEBUG
		    : p->quiet ? HARMONY_LOG_WARNING
			       : HARMONY_LOG_INFO;
	options.log = log_library;
	options.log_level = level;
	harmony_status status = harmony_context_new(&s->context, &options, &p->error);
	if (status == HARMONY_OK) {
		harmony_context_free(p->context);
		p->context = s->context;
		log_open(strcmp(general(&s->config, "log_format"), "json") == 0 ? LOG_JSON
										: LOG_TEXT,
			 level);
	}
	return status;
}

/* One service a store, and a store that can be opened: a worker would find out too late. */
static harmony_status take_store(struct service *s)
{
	harmony_store *store = NULL;
	s->store_path = general_path(&s->config, "store");
	s->key_path = general_path(&s->config, "key_file");
	if (!s->store_path || (general(&s->config, "key_file") && !s->key_path))
		return harmony_error_set(&s->p->error, HARMONY_NOMEM, NULL, "no memory for a path");
	harmony_status status = on_open_store(&store, s, &s->p->error);
	harmony_store_close(store);
	return status == HARMONY_OK
		   ? beacon_light(&s->beacon, s->store_path, s->started, &s->p->error)
		   : status;
}

static harmony_status make_schedule(struct service *s)
{
	harmony_schedule_options options = HARMONY_SCHEDULE_OPTIONS_INIT;
	options.open_store = on_open_store;
	options.folder = s->config.folder;
	options.who = session_user();
	options.workers = (unsigned)strtoul(general(&s->config, "workers"), NULL, 10);
	options.scan = duration(general(&s->config, "scan"));
	options.event = on_event;
	options.user = s;
	return harmony_schedule_new(&s->schedule, s->context, &options, &s->p->error);
}

static int begin(struct service *s)
{
	struct program *p = s->p;
	harmony_status status;
	s->started = s->metrics.started = now_wall();
	s->signals = s->wake = -1;
	s->beacon.fd = s->watch.fd = -1;
	notify_open(&s->notify);
	endpoint_init(&s->endpoint);
	int code = config_load(&s->config, p);
	if (code)
		return code;
	if ((status = own_context(s)) != HARMONY_OK || (status = catch_signals(s)) != HARMONY_OK)
		return exit_of(status);
	alerts_init(&s->alerts, s->wake);
	if ((status = apply_general(s, &s->config)) != HARMONY_OK ||
	    (status = take_store(s)) != HARMONY_OK || (status = make_schedule(s)) != HARMONY_OK ||
	    (status = plan(s, &s->config)) != HARMONY_OK)
		return exit_of(status);
	watch_open(&s->watch);
	watch_folders(s);
	return exit_of(harmony_schedule_start(s->schedule, &p->error));
}

/* Waits for the alerts that are on their way. */
static void last_alerts(struct service *s)
{
	int64_t until = now_monotonic() + ALERTS_MS;
	for (;;) {
		struct pollfd fds[1 + ALERT_CHILDREN] = {{s->signals, POLLIN, 0}};
		int64_t now = now_monotonic();
		alerts_tend(&s->alerts, now);
		if (alerts_idle(&s->alerts) || now >= until)
			return;
		size_t count = 1 + alerts_poll(&s->alerts, fds + 1);
		(void)poll(fds, count, (int)(until - now));
		if (fds[0].revents)
			on_signals(s);
	}
}

static int stop(struct service *s)
{
	harmony_error error = HARMONY_ERROR_INIT;
	int64_t began = now_monotonic();
	sigset_t set;
	log_say(HARMONY_LOG_INFO, "stopping", "what is at work ends first");
	notify_send(&s->notify, "STOPPING=1\nSTATUS=ending what is at work");
	/* A second one ends the program at once, which loses nothing either. */
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	endpoint_close(&s->endpoint);
	if (harmony_schedule_stop(s->schedule, PATIENCE_MS, &error) != HARMONY_OK) {
		log_say(HARMONY_LOG_WARNING, "stopped",
			"%s; it goes on at the next start, and nothing is lost", error.message);
		_exit(EXIT_TEMPORARY); /* a thread is still at work: nothing may be freed */
	}
	last_alerts(s);
	log_say(HARMONY_LOG_INFO, "stopped", "after %lld ms", (long long)(now_monotonic() - began));
	return EXIT_DONE;
}

static void last_words(struct service *s)
{
	harmony_schedule_totals t = HARMONY_SCHEDULE_TOTALS_INIT;
	if (!s->p->as_json || harmony_schedule_snapshot(&t, s->schedule, NULL, NULL) != HARMONY_OK)
		return;
	json_text(&s->p->json, "configuration", s->config.path);
	json_time(&s->p->json, "started", s->started);
	json_time(&s->p->json, "ended", now_wall());
	json_number(&s->p->json, "integrations", (int64_t)t.integrations);
	json_number(&s->p->json, "exports", (int64_t)t.exports);
	json_number(&s->p->json, "imports", (int64_t)t.imports);
}

static void tidy(struct service *s)
{
	harmony_schedule_free(s->schedule);
	endpoint_close(&s->endpoint);
	watch_close(&s->watch);
	notify_close(&s->notify);
	if (s->alerts.last)
		alerts_free(&s->alerts);
	beacon_end(&s->beacon);
	metrics_free(&s->metrics);
	if (s->signals >= 0)
		close(s->signals);
	if (s->wake >= 0)
		close(s->wake);
	config_free(&s->config);
	free(s->left_out);
	free(s->store_path);
	free(s->key_path);
}

/* A heap for each thread keeps what that thread once needed, so that a service grows for
   hours while what it uses stays the same. The workers wait for packages and disks, and
   hardly for each other. */
static void keep_one_heap(void)
{
#ifdef M_ARENA_MAX
	(void)mallopt(M_ARENA_MAX, 1);
#endif
}

int serve_run(struct program *p, const struct arguments *a)
{
	static struct service service; /* large, and the threads look at it */
	struct service *s = &service;
	s->p = p;
	keep_one_heap();
	int code = begin(s);
	if (code == EXIT_DONE) {
		log_say(HARMONY_LOG_INFO, "ready", "%zu integrations of %s", s->config.count,
			s->config.path);
		notify_send(&s->notify, "READY=1\nSTATUS=at work");
		loop(s);
		code = stop(s);
		last_words(s);
	}
	tidy(s);
	return code;
}
