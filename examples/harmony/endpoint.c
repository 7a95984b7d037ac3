/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "service.h"

/* The metrics over HTTP, on the loopback interface alone: one GET a connection, a few
   connections at a time, each with a time limit, none of them ever waited for. */

#define CLIENT_MS 5000

union address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

/* ---- the address ---- */

static bool split(const char *text, char host[64], const char **port)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;
	if (!colon || len == 0 || len >= 64)
		return false;
	if (*text == '[' && colon[-1] == ']') {
		text++;
		len -= 2;
	}
	memcpy(host, text, len);
	host[len] = '\0';
	*port = colon + 1;
	return true;
}

static const char *resolve(union address *address, socklen_t *len, const char *text)
{
	char host[64];
	const char *port;
	int64_t number;
	*address = (union address){0};
	if (!split(text, host, &port) || !parse_number(&number, port) || number < 1 ||
	    number > 65535)
		return "an address and a port, like 127.0.0.1:9464";
	if (inet_pton(AF_INET, host, &address->four.sin_addr) == 1) {
		address->four.sin_family = AF_INET;
		address->four.sin_port = htons((uint16_t)number);
		*len = sizeof(address->four);
		return ntohl(address->four.sin_addr.s_addr) >> 24 == 127
			   ? NULL
			   : "a loopback address: it has no login, and is for this machine alone";
	}
	if (inet_pton(AF_INET6, host, &address->six.sin6_addr) == 1) {
		address->six.sin6_family = AF_INET6;
		address->six.sin6_port = htons((uint16_t)number);
		*len = sizeof(address->six);
		return IN6_IS_ADDR_LOOPBACK(&address->six.sin6_addr)
			   ? NULL
			   : "a loopback address: it has no login, and is for this machine alone";
	}
	return "a numeric loopback address and a port, like 127.0.0.1:9464 or [::1]:9464";
}

const char *endpoint_problem(const char *address)
{
	union address ignored;
	socklen_t len;
	return resolve(&ignored, &len, address);
}

/* ---- listening ---- */

void endpoint_init(struct endpoint *endpoint)
{
	*endpoint = (struct endpoint){.fd = -1};
	for (size_t i = 0; i < ENDPOINT_CLIENTS; i++)
		endpoint->clients[i].fd = -1;
}

static void drop(struct endpoint_client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	free(client->answer);
	*client = (struct endpoint_client){.fd = -1};
}

void endpoint_close(struct endpoint *endpoint)
{
	for (size_t i = 0; i < ENDPOINT_CLIENTS; i++)
		drop(&endpoint->clients[i]);
	if (endpoint->fd >= 0)
		close(endpoint->fd);
	endpoint->fd = -1;
	endpoint->address[0] = '\0';
}

bool endpoint_listen(struct endpoint *endpoint, const char *address, harmony_error *error)
{
	union address where;
	socklen_t len;
	int on = 1;
	if (address && strcmp(address, endpoint->address) == 0)
		return true;
	endpoint_close(endpoint);
	if (!address)
		return true;
	const char *want = resolve(&where, &len, address);
	int fd =
	    want ? -1 : socket(where.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
			bind(fd, &where.any, len) != 0 || listen(fd, ENDPOINT_CLIENTS) != 0)) {
		int problem = errno;
		close(fd);
		errno = problem;
		fd = -1;
	}
	if (fd < 0) {
		harmony_error_set(error, HARMONY_CONFIG, NULL,
				  "cannot listen at metrics_listen = %s: %s", address,
				  want ? want : strerror(errno));
		return false;
	}
	endpoint->fd = fd;
	snprintf(endpoint->address, sizeof(endpoint->address), "%s", address);
	return true;
}

/* ---- one client ---- */

static bool whole(const struct endpoint_client *client)
{
	return memmem(client->request, client->got, "\r\n\r\n", 4) != NULL ||
	       memmem(client->request, client->got, "\n\n", 2) != NULL;
}

static void answer(struct endpoint_client *client, const char *status, const char *type,
		   const char *body, size_t size, bool head)
{
	FILE *memory = open_memstream(&client->answer, &client->size);
	if (!memory) {
		drop(client);
		return;
	}
	fprintf(memory,
		"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n"
		"X-Content-Type-Options: nosniff\r\n\r\n",
		status, type, size);
	if (!head)
		fwrite(body, 1, size, memory);
	if (fclose(memory) != 0)
		drop(client);
}

static void say_no(struct endpoint_client *client, const char *status)
{
	char body[64];
	int len = snprintf(body, sizeof(body), "%s\n", status);
	answer(client, status, "text/plain", body, (size_t)len, false);
}

static void reply(struct endpoint_client *client, char *(*metrics)(size_t *size, void *user),
		  void *user)
{
	size_t line = strcspn(client->request, "\r\n"), size = 0;
	char method[8] = "", path[64] = "", version[16] = "";
	client->request[line] = '\0';
	if (sscanf(client->request, "%7s %63s %15s", method, path, version) != 3 ||
	    strncmp(version, "HTTP/1.", 7) != 0) {
		say_no(client, "400 Bad Request");
		return;
	}
	bool head = strcmp(method, "HEAD") == 0;
	if (!head && strcmp(method, "GET") != 0) {
		say_no(client, "405 Method Not Allowed");
		return;
	}
	path[strcspn(path, "?")] = '\0';
	if (strcmp(path, "/metrics") != 0) {
		say_no(client, "404 Not Found");
		return;
	}
	char *text = metrics(&size, user);
	if (text)
		answer(client, "200 OK", "text/plain; version=0.0.4; charset=utf-8", text, size,
		       head);
	else
		say_no(client, "503 Service Unavailable");
	free(text);
}

static void hear(struct endpoint_client *client, char *(*metrics)(size_t *size, void *user),
		 void *user)
{
	ssize_t got = recv(client->fd, client->request + client->got,
			   sizeof(client->request) - 1 - client->got, 0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		drop(client);
		return;
	}
	client->got += (size_t)got;
	client->request[client->got] = '\0';
	if (whole(client))
		reply(client, metrics, user);
	else if (client->got == sizeof(client->request) - 1)
		say_no(client, "431 Request Header Fields Too Large");
}

static void tell(struct endpoint_client *client)
{
	ssize_t sent = send(client->fd, client->answer + client->sent, client->size - client->sent,
			    MSG_NOSIGNAL);
	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	client->sent += sent > 0 ? (size_t)sent : 0;
	if (sent <= 0 || client->sent == client->size)
		drop(client);
}

/* ---- the loop's side ---- */

size_t endpoint_poll(const struct endpoint *endpoint, struct pollfd *fds)
{
	size_t count = 0, busy = 0;
	for (size_t i = 0; i < ENDPOINT_CLIENTS; i++) {
		const struct endpoint_client *client = &endpoint->clients[i];
		busy += client->fd >= 0;
		if (client->fd >= 0)
			fds[count++] =
			    (struct pollfd){client->fd, client->answer ? POLLOUT : POLLIN, 0};
	}
	if (endpoint->fd >= 0 && busy < ENDPOINT_CLIENTS)
		fds[count++] = (struct pollfd){endpoint->fd, POLLIN, 0};
	return count;
}

static void welcome(struct endpoint *endpoint, int64_t now)
{
	for (size_t i = 0; i < ENDPOINT_CLIENTS && endpoint->fd >= 0; i++) {
		struct endpoint_client *client = &endpoint->clients[i];
		if (client->fd >= 0)
			continue;
		client->fd = accept4(endpoint->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (client->fd < 0)
			return;
		client->deadline = now + CLIENT_MS;
	}
}

/* Every socket is non-blocking, so that all may be tried: there are few. */
void endpoint_serve(struct endpoint *endpoint, int64_t now,
		    char *(*metrics)(size_t *size, void *user), void *user)
{
	welcome(endpoint, now);
	for (size_t i = 0; i < ENDPOINT_CLIENTS; i++) {
		struct endpoint_client *client = &endpoint->clients[i];
		if (client->fd >= 0 && !client->answer)
			hear(client, metrics, user);
		if (client->fd >= 0 && client->answer)
			tell(client);
		if (client->fd >= 0 && now > client->deadline)
			drop(client);
	}
}
