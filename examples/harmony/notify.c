/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "service.h"

/* The protocol of sd_notify(3): datagrams to a socket that the environment names. Small
   enough to be written out, so that the program links nothing for it. */

/* How often WATCHDOG_USEC wants a sign of life, if it means this process. */
static int64_t watchdog_ms(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	int64_t number = 0, owner = 0;
	if (!usec || !parse_number(&number, usec) || number < 2000)
		return 0;
	if (pid && *pid && (!parse_number(&owner, pid) || owner != getpid()))
		return 0;
	return number / 2000;
}

void notify_open(struct notify *notify)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;
	*notify = (struct notify){
	    .fd = -1, .watchdog = watchdog_ms(), .address = {.sun_family = AF_UNIX}};
	if (len < 2 || len >= sizeof(notify->address.sun_path) || (*path != '/' && *path != '@'))
		return;
	memcpy(notify->address.sun_path, path, len);
	if (*path == '@')
		notify->address.sun_path[0] = '\0'; /* of the abstract name space */
	notify->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

void notify_close(struct notify *notify)
{
	if (notify->fd >= 0)
		close(notify->fd);
	notify->fd = -1;
}

void notify_send(const struct notify *notify, const char *format, ...)
{
	char text[512];
	va_list args;
	if (notify->fd < 0)
		return;
	va_start(args, format);
	int len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len <= 0)
		return;
	if ((size_t)len >= sizeof(text))
		len = sizeof(text) - 1;
	(void)sendto(notify->fd, text, (size_t)len, MSG_NOSIGNAL,
		     (const struct sockaddr *)(const void *)&notify->address, notify->len);
}

void notify_reloading(const struct notify *notify)
{
	notify_send(notify, "RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=reading the configuration",
		    (long long)now_monotonic() * 1000);
}
