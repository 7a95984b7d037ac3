/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "service.h"

/* A command of the user's for every problem that begins or ends: mail, chat, a ticket. It
   gets the text on standard input and the parts of it in its environment; nothing of what
   a file or a package said is ever part of a command line. It never holds the service up. */

#define WORDS     32
#define TEXT_ROOM 32768 /* less than a pipe holds, so that writing never waits */
#define LINES_ROOM 28000 /* of it, for the failed lines */

/* A problem on its way to the command. */
struct alert_letter {
	struct alert_letter *next;
	char *text;
	char *variables[10]; /* HARMONY_ALERT_... = ... */
	char subject[160];
};

static void free_letter(struct alert_letter *letter)
{
	if (!letter)
		return;
	for (size_t i = 0; i < sizeof(letter->variables) / sizeof(letter->variables[0]); i++)
		free(letter->variables[i]);
	free(letter->text);
	free(letter);
}

/* ---- the letter ---- */

/* As many whole lines as there is room for, and how many there are besides. */
static void failed_lines(FILE *to, const struct alert *alert)
{
	size_t told = 0, len = 0;
	for (const char *at = alert->details; (at = strchr(at, '\n')); at++) {
		if ((size_t)(at + 1 - alert->details) > LINES_ROOM)
			break;
		len = (size_t)(at + 1 - alert->details);
		told++;
	}
	fprintf(to, "\n%.*s", (int)len, alert->details);
	if (alert->failed > told)
		fprintf(to, "... and %llu more\n", (unsigned long long)(alert->failed - told));
}

static char *body(const struct alert *alert, const char *subject)
{
	char since[TIME_SIZE], until[TIME_SIZE];
	char *text = NULL;
	size_t size;
	FILE *memory = open_memstream(&text, &size);
	if (!memory)
		return NULL;
	fprintf(memory, "%s\n\n%s\n\nSince: %s\n", subject, alert->message,
		local_time(since, alert->since));
	if (alert->ended)
		fprintf(memory, "Until: %s\n", local_time(until, alert->until));
	if (alert->run)
		fprintf(memory, "Run: %lld (harmony show %lld)\n", (long long)alert->run,
			(long long)alert->run);
	if (*alert->details)
		failed_lines(memory, alert);
	if (fclose(memory) != 0) {
		free(text);
		return NULL;
	}
	if (size > TEXT_ROOM)
		text[TEXT_ROOM] = '\0';
	return text;
}

static char *variable(const char *name, const char *value)
{
	char *text = NULL;
	return asprintf(&text, "HARMONY_ALERT_%s=%.4096s", name, value) < 0 ? NULL : text;
}

static struct alert_letter *write_letter(const struct alert *alert)
{
	char since[TIME_SIZE], until[TIME_SIZE], run[24] = "";
	struct alert_letter *letter = calloc(1, sizeof(*letter));
	if (!letter)
		return NULL;
	snprintf(letter->subject, sizeof(letter->subject), "harmony: %s%s%s%s", alert->integration,
		 *alert->integration ? ": " : "", alert->problem, alert->ended ? " is over" : "");
	if (alert->run)
		snprintf(run, sizeof(run), "%lld", (long long)alert->run);
	const char *const parts[][2] = {
	    {"EVENT", alert->ended ? "ended" : "begun"},
	    {"PROBLEM", alert->problem},
	    {"INTEGRATION", alert->integration},
	    {"CODE", alert->code},
	    {"MESSAGE", alert->message},
	    {"SUBJECT", letter->subject},
	    {"RUN", run},
	    {"SINCE", rfc3339(since, alert->since)},
	    {"UNTIL", alert->ended ? rfc3339(until, alert->until) : ""}};
	bool good = (letter->text = body(alert, letter->subject)) != NULL;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		good &= (letter->variables[i] = variable(parts[i][0], parts[i][1])) != NULL;
	if (good)
		return letter;
	free_letter(letter);
	return NULL;
}

/* ---- the command ---- */

/* What a command may need; never the whole environment, which may hold client secrets. */
static size_t environment(char **out, const struct alert_letter *letter)
{
	static const char *const names[] = {"PATH", "HOME", "USER",   "LOGNAME", "SHELL",
					    "LANG", "TZ",   "TMPDIR", "LC_ALL"};
	size_t count = 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);
		if (value && asprintf(&out[count], "%s=%s", names[i], value) >= 0)
			count++;
	}
	for (size_t i = 0; letter->variables[i]; i++) {
		out[count] = strdup(letter->variables[i]);
		count += out[count] != NULL;
	}
	out[count] = NULL;
	return count;
}

/* Words between white space; "..." and '...' keep it. Cuts `text` up. */
static bool words_of(char **words, char *text)
{
	size_t count = 0;
	char *to = text;
	for (char *at = text; *at;) {
		at += strspn(at, " \t");
		if (!*at)
			break;
		if (count + 1 == WORDS)
			return false;
		words[count++] = to;
		char quote = '\0';
		for (; *at && (quote || !strchr(" \t", *at)); at++) {
			if (*at == quote)
				quote = '\0';
			else if (!quote && (*at == '"' || *at == '\''))
				quote = *at;
			else
				*to++ = *at;
		}
		if (quote)
			return false;
		at += *at != '\0';
		*to++ = '\0';
	}
	words[count] = NULL;
	return count > 0;
}

/* In a process group of its own, with the signals that the loop keeps to itself. */
static int spawn(pid_t *pid, char *const *argv, char *const *variables, int in, int out)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, usual;
	sigemptyset(&none);
	sigfillset(&usual);
	sigdelset(&usual, SIGKILL);
	sigdelset(&usual, SIGSTOP);
	int problem = posix_spawn_file_actions_init(&actions);
	if (problem)
		return problem;
	problem = posix_spawnattr_init(&attributes);
	if (problem) {
		posix_spawn_file_actions_destroy(&actions);
		return problem;
	}
	problem = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	if (!problem)
		problem = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (!problem)
		problem = posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &usual);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
						  POSIX_SPAWN_SETPGROUP);
	if (!problem)
		problem = posix_spawnp(pid, argv[0], &actions, &attributes, argv, variables);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return problem;
}

static void close_pair(const int pair[2])
{
	for (int i = 0; i < 2; i++)
		if (pair[i] >= 0)
			close(pair[i]);
}

/* As all paths of the configuration: relative to its file. A bare name is looked for in PATH.
   NULL: no memory. */
static char *program_path(const struct alerts *alerts, const char *word)
{
	char *path = NULL;
	if (*word == '/' || !strchr(word, '/'))
		return strdup(word);
	return asprintf(&path, "%s/%s", alerts->folder, word) < 0 ? NULL : path;
}

/* Runs the command for one letter. An errno, or 0. */
static int run(const struct alerts *alerts, struct alert_child *child,
	       const struct alert_letter *letter)
{
	char *variables[24], *words[WORDS], *copy = strdup(alerts->command);
	char shell[] = "/bin/sh", option[] = "-c", *program = NULL;
	int in[2] = {-1, -1}, out[2] = {-1, -1};
	size_t count = environment(variables, letter), len = strlen(letter->text);
	int problem = copy ? 0 : ENOMEM;
	if (!problem && alerts->shell) {
		words[0] = shell;
		words[1] = option;
		words[2] = copy;
		words[3] = NULL;
	} else if (!problem && !words_of(words, copy)) {
		problem = EINVAL;
	}
	if (!problem && (program = program_path(alerts, words[0])) == NULL)
		problem = ENOMEM;
	else if (!problem)
		words[0] = program;
	if (!problem && (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC | O_NONBLOCK) != 0))
		problem = errno;
	/* The pipe holds all of it: this never waits. */
	if (!problem && write(in[1], letter->text, len) != (ssize_t)len)
		problem = EIO;
	if (!problem)
		problem = spawn(&child->pid, words, variables, in[0], out[1]);
	if (!problem) {
		child->fd = out[0];
		out[0] = -1;
	}
	close_pair(in);
	close_pair(out);
	for (size_t i = 0; i < count; i++)
		free(variables[i]);
	free(program);
	free(copy);
	return problem;
}

static void begin(struct alerts *alerts, struct alert_child *child, int64_t now)
{
	struct alert_letter *letter = alerts->first;
	alerts->first = letter->next;
	if (!alerts->first)
		alerts->last = &alerts->first;
	alerts->waiting--;
	*child = (struct alert_child){.fd = -1, .deadline = now + alerts->timeout};
	snprintf(child->subject, sizeof(child->subject), "%s", letter->subject);
	int problem = alerts->command ? run(alerts, child, letter) : ECANCELED;
	if (problem) {
		child->pid = 0;
		alerts->failed++;
		log_say(HARMONY_LOG_ERROR, "alert_failed",
			"the alert_command for \"%s\" could not be run: %s", letter->subject,
			strerror(problem));
	}
	free_letter(letter);
}

/* ---- those at work ---- */

/* Keeps the first of what it prints, and lets the rest go. */
static void hear(struct alert_child *child)
{
	char buffer[1024];
	ssize_t got;
	while (child->fd >= 0 && (got = read(child->fd, buffer, sizeof(buffer))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return;
		if (got < 0)
			break;
		size_t room = sizeof(child->text) - 1 - child->len;
		size_t take = (size_t)got < room ? (size_t)got : room;
		memcpy(child->text + child->len, buffer, take);
		child->len += take;
	}
	if (child->fd >= 0)
		close(child->fd);
	child->fd = -1;
}

static void tell(struct alerts *alerts, const struct alert_child *child, int status)
{
	struct log_line line;
	bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	alerts->sent += good;
	alerts->failed += !good;
	log_begin(&line, good ? HARMONY_LOG_INFO : HARMONY_LOG_ERROR,
		  good ? "alert_sent" : "alert_failed");
	log_text(&line, "subject", child->subject);
	log_text(&line, "output", child->text);
	if (good)
		log_end(&line, "the alert_command has taken it");
	else if (WIFSIGNALED(status))
		log_end(&line, "the alert_command ended by signal %d%s", WTERMSIG(status),
			WTERMSIG(status) == SIGKILL ? "; it may take alert_timeout" : "");
	else
		log_end(&line, "the alert_command ended with status %d", WEXITSTATUS(status));
}

static void reap(struct alerts *alerts, struct alert_child *child, int64_t now)
{
	int status;
	if (now > child->deadline)
		(void)kill(-child->pid, SIGKILL);
	pid_t ended = waitpid(child->pid, &status, WNOHANG);
	if (ended != child->pid)
		return;
	hear(child);
	if (child->fd >= 0) /* a grandchild holds it */
		close(child->fd);
	tell(alerts, child, status);
	*child = (struct alert_child){.fd = -1};
}

void alerts_tend(struct alerts *alerts, int64_t now)
{
	pthread_mutex_lock(&alerts->lock);
	for (size_t i = 0; i < ALERT_CHILDREN; i++) {
		struct alert_child *child = &alerts->children[i];
		if (child->pid > 0) {
			hear(child);
			reap(alerts, child, now);
		}
		while (child->pid == 0 && alerts->first)
			begin(alerts, child, now);
	}
	pthread_mutex_unlock(&alerts->lock);
}

size_t alerts_poll(const struct alerts *alerts, struct pollfd *fds)
{
	size_t count = 0;
	for (size_t i = 0; i < ALERT_CHILDREN; i++)
		if (alerts->children[i].pid > 0 && alerts->children[i].fd >= 0)
			fds[count++] = (struct pollfd){alerts->children[i].fd, POLLIN, 0};
	return count;
}

int64_t alerts_due(const struct alerts *alerts)
{
	int64_t due = INT64_MAX;
	for (size_t i = 0; i < ALERT_CHILDREN; i++)
		if (alerts->children[i].pid > 0 && alerts->children[i].deadline < due)
			due = alerts->children[i].deadline;
	return due == INT64_MAX ? due : due + 1;
}

bool alerts_idle(struct alerts *alerts)
{
	for (size_t i = 0; i < ALERT_CHILDREN; i++)
		if (alerts->children[i].pid > 0)
			return false;
	pthread_mutex_lock(&alerts->lock);
	bool idle = !alerts->first;
	pthread_mutex_unlock(&alerts->lock);
	return idle;
}

void alerts_count(struct alerts *alerts, uint64_t *sent, uint64_t *failed)
{
	pthread_mutex_lock(&alerts->lock);
	*sent = alerts->sent;
	*failed = alerts->failed;
	pthread_mutex_unlock(&alerts->lock);
}

/* ---- the handle ---- */

void alerts_init(struct alerts *alerts, int wake)
{
	*alerts = (struct alerts){.wake = wake};
	pthread_mutex_init(&alerts->lock, NULL);
	alerts->last = &alerts->first;
	for (size_t i = 0; i < ALERT_CHILDREN; i++)
		alerts->children[i].fd = -1;
}

bool alerts_set(struct alerts *alerts, const char *command, const char *folder, bool shell,
		int64_t timeout)
{
	char *copy = command ? strdup(command) : NULL, *where = strdup(folder);
	if ((command && !copy) || !where) {
		free(copy);
		free(where);
		return false;
	}
	pthread_mutex_lock(&alerts->lock);
	free(alerts->command);
	free(alerts->folder);
	alerts->command = copy;
	alerts->folder = where;
	alerts->shell = shell;
	alerts->timeout = timeout;
	pthread_mutex_unlock(&alerts->lock);
	return true;
}

void alerts_send(struct alerts *alerts, const struct alert *alert)
{
	const uint64_t one = 1;
	pthread_mutex_lock(&alerts->lock);
	struct alert_letter *letter =
	    alerts->command && alerts->waiting < ALERT_QUEUE ? write_letter(alert) : NULL;
	if (letter) {
		*alerts->last = letter;
		alerts->last = &letter->next;
		alerts->waiting++;
	} else if (alerts->command) {
		alerts->failed++;
		log_say(HARMONY_LOG_ERROR, "alert_failed",
			"an alert about %s was not sent: %zu wait for the alert_command already",
			alert->problem, alerts->waiting);
	}
	pthread_mutex_unlock(&alerts->lock);
	(void)!write(alerts->wake, &one, sizeof(one));
}

void alerts_free(struct alerts *alerts)
{
	for (size_t i = 0; i < ALERT_CHILDREN; i++) {
		struct alert_child *child = &alerts->children[i];
		if (child->pid > 0) {
			(void)kill(-child->pid, SIGKILL);
			(void)waitpid(child->pid, NULL, 0);
		}
		if (child->fd >= 0)
			close(child->fd);
	}
	while (alerts->first) {
		struct alert_letter *letter = alerts->first;
		alerts->first = letter->next;
		free_letter(letter);
	}
	free(alerts->command);
	free(alerts->folder);
	pthread_mutex_destroy(&alerts->lock);
}
