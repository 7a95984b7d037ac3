/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "service.h"

/* A file beside the store, which the service locks while it lives: one service for a store,
   and `status` can tell whether it is there. The lock ends with the process, however that
   ends. */

static char *path_of(const char *store)
{
	char *path = NULL;
	return asprintf(&path, "%s.service", store) < 0 ? NULL : path;
}

harmony_status beacon_light(struct beacon *beacon, const char *store, int64_t now,
			    harmony_error *error)
{
	char text[96];
	*beacon = (struct beacon){.fd = -1, .path = path_of(store)};
	if (!beacon->path)
		return harmony_error_set(error, HARMONY_NOMEM, NULL, "no memory for a path");
	beacon->fd = open(beacon->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (beacon->fd < 0)
		return harmony_error_set(error, HARMONY_CONFIG, NULL,
					 "cannot make %s, the mark of the service: %s",
					 beacon->path, strerror(errno));
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	bool locked = fcntl(beacon->fd, F_OFD_SETLK, &lock) == 0;
	if (!locked && (errno == EAGAIN || errno == EACCES))
		return harmony_error_set(
		    error, HARMONY_BUSY, NULL,
		    "another service is at work on %s; harmony status tells which", store);
	if (!locked)
		return harmony_error_set(error, HARMONY_CONFIG, NULL,
					 "cannot lock %s, the mark of the service: %s; keep the "
					 "store on a local disk",
					 beacon->path, strerror(errno));
	int len = snprintf(text, sizeof(text), "%ld %lld\n", (long)getpid(), (long long)now);
	/* Only told to people: a full disk must not keep the service from starting. */
	if (ftruncate(beacon->fd, 0) != 0 || write(beacon->fd, text, (size_t)len) != len)
		log_say(HARMONY_LOG_WARNING, "service", "cannot write %s: %s", beacon->path,
			strerror(errno));
	return HARMONY_OK;
}

void beacon_end(struct beacon *beacon)
{
	if (beacon->fd >= 0)
		close(beacon->fd); /* the file stays: removing it would race with a next service */
	free(beacon->path);
	*beacon = (struct beacon){.fd = -1};
}

struct beacon_state beacon_look(const char *store)
{
	struct beacon_state state = {0};
	char text[96] = "";
	char *path = path_of(store);
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
	free(path);
	if (fd < 0)
		return state;
	struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET}; /* asks, takes nothing */
	state.alive = fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
	if (state.alive && read(fd, text, sizeof(text) - 1) > 0) {
		long pid;
		long long started;
		if (sscanf(text, "%ld %lld", &pid, &started) == 2) {
			state.pid = pid;
			state.started = started;
		}
	}
	close(fd);
	return state;
}
