/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "session.h"

/* login: consent in a browser. test: proof that an export would succeed. */

#define SECRET_SIZE   8192
#define CATCH_MINUTES 5
#define STATE_SIZE    33

/* ---- the loopback port (RFC 8252 section 7.3) ---- */

/* The port of http://127.0.0.1:PORT/... or localhost; 0 when the address is another. */
static int loopback_port(const char *address)
{
	static const char *const hosts[] = {"http://127.0.0.1:", "http://localhost:"};
	for (size_t i = 0; address && i < 2; i++) {
		size_t len = strlen(hosts[i]);
		if (strncasecmp(address, hosts[i], len) == 0) {
			long port = strtol(address + len, NULL, 10);
			return port > 0 && port < 65536 ? (int)port : 0;
		}
	}
	return 0;
}

static int listen_on(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 4) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Takes "GET /path?code=..." apart; 1 when there is an answer in it. */
static int read_request(int fd, char *target, size_t size)
{
	struct pollfd wait = {fd, POLLIN, 0};
	char request[SECRET_SIZE];
	size_t len = 0;
	while (len + 1 < sizeof(request) && poll(&wait, 1, 5000) == 1) {
		ssize_t got = recv(fd, request + len, sizeof(request) - 1 - len, 0);
		if (got <= 0)
			break;
		len += (size_t)got;
		request[len] = '\0';
		if (strstr(request, "\r\n"))
			break;
	}
	request[len] = '\0';
	char *end = strncmp(request, "GET ", 4) == 0 ? strpbrk(request + 4, " \r\n") : NULL;
	if (!end)
		return 0;
	*end = '\0';
	int found = strstr(request + 4, "code=") || strstr(request + 4, "error=");
	if (found)
		snprintf(target, size, "%s", request + 4);
	explicit_bzero(request, sizeof(request));
	return found;
}

static void respond(int fd, bool found)
{
	char page[512];
	const char *text = found ? "harmony has the answer. This window can be closed."
				 : "harmony waits for the login.";
	int len = snprintf(page, sizeof(page),
			   "HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\n"
			   "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
			   found ? "200 OK" : "404 Not Found", strlen(text), text);
	send(fd, page, (size_t)len, MSG_NOSIGNAL);
}

/* Waits for the browser to come back; `target` receives path and query. */
static int catch_answer(struct program *p, int listener, char *target, size_t size)
{
	struct pollfd wait = {listener, POLLIN, 0};
	for (int second = 0; second < CATCH_MINUTES * 60 && !interrupted(); second++) {
		if (poll(&wait, 1, 1000) != 1)
			continue;
		int fd = accept(listener, NULL, NULL);
		if (fd < 0)
			continue;
		int found = read_request(fd, target, size);
		respond(fd, found);
		close(fd);
		if (found)
			return EXIT_DONE;
	}
	if (interrupted())
		return fail(p, HARMONY_CANCELLED,
			    "stopped before anybody came back from the login");
	return fail(p, HARMONY_AUTH, "nobody came back from the login within %d minutes; try again",
		    CATCH_MINUTES);
}

/* ---- the answer ---- */

static int make_state(struct program *p, char state[STATE_SIZE])
{
	unsigned char bytes[(STATE_SIZE - 1) / 2];
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return fail(p, HARMONY_IO, "the system gives no random bytes: %s", strerror(errno));
	for (size_t i = 0; i < sizeof(bytes); i++)
		sprintf(state + 2 * i, "%02x", bytes[i]);
	return EXIT_DONE;
}

/* An address that came back must carry our state; a bare code carries none. */
static bool state_matches(const char *answer, const char *state)
{
	const char *found = strstr(answer, "state=");
	unsigned char difference = 0;
	if (!found)
		return !strchr(answer, '?');
	found += strlen("state=");
	for (size_t i = 0; i < STATE_SIZE - 1; i++) {
		difference |= (unsigned char)found[i] ^ (unsigned char)state[i];
		if (!found[i])
			return false;
	}
	return difference == 0;
}

/* A line of standard input, without its end. */
static int read_line(struct program *p, char *buffer, const char *what)
{
	if (!fgets(buffer, SECRET_SIZE, stdin))
		return fail(p, HARMONY_INVALID, "no %s on standard input", what);
	size_t len = strcspn(buffer, "\r\n");
	if (len + 1 >= SECRET_SIZE)
		return fail(p, HARMONY_INVALID, "the %s is longer than %d bytes", what,
			    SECRET_SIZE - 2);
	buffer[len] = '\0';
	if (len == 0)
		return fail(p, HARMONY_INVALID, "no %s on standard input", what);
	return EXIT_DONE;
}

static int take_code(struct session *session, const char *name, const char *code)
{
	return exit_of(harmony_sync_login_code(session->sync, name, code, &session->p->error));
}

static void show_address(const char *url, bool catching)
{
	fprintf(stderr, "Open this address in a browser and log in:\n\n  %s\n\n%s", url,
		catching ? "Waiting for the browser to come back ...\n"
			 : "Paste the code, or the whole address that you came back to: ");
	fflush(stderr);
}

static int consent(struct session *session, const struct config_section *section)
{
	struct program *p = session->p;
	const struct config_entry *redirect = config_get(section, "redirect_uri");
	char url[4096], state[STATE_SIZE], answer[SECRET_SIZE];
	int code = make_state(p, state);
	if (code == EXIT_DONE)
		code = exit_of(harmony_sync_login_url(url, sizeof(url), session->sync,
						      section->name, state, &p->error));
	if (code)
		return code;
	int port = loopback_port(redirect ? redirect->value : NULL);
	int listener = port ? listen_on(port) : -1;
	if (p->as_json)
		json_text(&p->json, "url", url);
	if (listener < 0 && !isatty(STDIN_FILENO)) {
		if (!p->as_json)
			out_format(&p->out, "%s\n", url);
		return fail(
		    p, HARMONY_AUTH,
		    "open the address, log in, and hand on what comes back: harmony login %s "
		    "--code CODE",
		    section->name);
	}
	show_address(url, listener >= 0);
	if (listener >= 0) {
		code = catch_answer(p, listener, answer, sizeof(answer));
		close(listener);
	} else {
		code = read_line(p, answer, "code");
	}
	if (code == EXIT_DONE && !state_matches(answer, state))
		code = fail(
		    p, HARMONY_AUTH,
		    "what came back belongs to another login; begin anew with harmony login %s",
		    section->name);
	if (code == EXIT_DONE)
		code = take_code(session, section->name, answer);
	explicit_bzero(answer, sizeof(answer));
	return code;
}

static int take_token(struct session *session, const char *name)
{
	char token[SECRET_SIZE];
	int code = read_line(session->p, token, "refresh token");
	if (code == EXIT_DONE)
		code = exit_of(
		    harmony_sync_login_token(session->sync, name, token, &session->p->error));
	explicit_bzero(token, sizeof(token));
	return code;
}

int login_run(struct program *p, const struct arguments *a)
{
	struct session session;
	if (a->code && a->refresh_token_stdin)
		return fail(p, HARMONY_INVALID,
			    "--code and --refresh-token-stdin exclude each other");
	int code = session_open_for(&session, p, a->operands[0]);
	const struct config_section *section = code ? NULL : session_find(&session, a->operands[0]);
	if (section && p->as_json)
		json_text(&p->json, "integration", section->name);
	if (section && a->code)
		code = take_code(&session, section->name, a->code);
	else if (section && a->refresh_token_stdin)
		code = take_token(&session, section->name);
	else if (section)
		code = consent(&session, section);
	if (section && p->as_json)
		json_text(&p->json, "login", code == EXIT_DONE ? "done" : "needed");
	else if (section && code == EXIT_DONE && !p->quiet)
		out_format(&p->out, "%s is logged in; harmony test %s proves it\n", section->name,
			   section->name);
	session_close(&session);
	return code;
}

/* ---- test ---- */

struct testing {
	struct program *p;
	struct table table;
	uint64_t failures;
};

static harmony_status on_finding(int severity, const char *subject, const char *message, void *user)
{
	struct testing *t = user;
	t->failures += severity == HARMONY_FAILURE;
	if (t->p->as_json) {
		json_object(&t->p->json, NULL);
		json_text(&t->p->json, "severity", severity_word(severity));
		json_text(&t->p->json, "subject", subject);
		json_text(&t->p->json, "message", message);
		json_end(&t->p->json);
		return HARMONY_OK;
	}
	if (t->p->quiet && severity != HARMONY_FAILURE)
		return HARMONY_OK;
	table_cell(&t->table, severity == HARMONY_NOTE ? "ok" : severity_word(severity));
	table_cell(&t->table, subject);
	table_cell(&t->table, message);
	return HARMONY_OK;
}

static int test(struct session *session, const struct arguments *a)
{
	struct program *p = session->p;
	struct testing t = {.p = p};
	const char *const *paths = (const char *const *)(a->operands + 1);
	if (p->as_json) {
		json_text(&p->json, "integration", a->operands[0]);
		json_array(&p->json, "findings");
	}
	table_begin(&t.table, "lll", NULL);
	harmony_status status = harmony_sync_test(session->sync, a->operands[0], paths,
						  (size_t)a->count - 1, on_finding, &t, &p->error);
	progress_end();
	if (status == HARMONY_REJECTED && t.failures > 0)
		harmony_error_clear(&p->error); /* the findings say it all */
	if (p->as_json)
		json_end(&p->json);
	table_end(p, &t.table);
	if (p->as_json)
		json_number(&p->json, "failures", (int64_t)t.failures);
	else if (status == HARMONY_OK && !p->quiet)
		out_format(&p->out, "%s: an export would find what it needs\n", a->operands[0]);
	return exit_of_input(status);
}

int test_run(struct program *p, const struct arguments *a)
{
	struct session session;
	int code = session_open_for(&session, p, a->operands[0]);
	if (code == EXIT_DONE)
		code = test(&session, a);
	session_close(&session);
	return code;
}
