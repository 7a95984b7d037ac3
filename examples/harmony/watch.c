/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "service.h"

/* Folders change: a hint to look at once. On a network share nothing is told, a folder may
   vanish, and the system gives only so many watches; then the scan finds it. */

#define RETRY_MS 10000
#define WANTED                                                                                     \
	(IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF |    \
	 IN_ONLYDIR)

void watch_open(struct watch *watch)
{
	*watch = (struct watch){.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
	if (watch->fd < 0)
		log_say(HARMONY_LOG_INFO, "watch",
			"no inotify (%s): new files are found by scanning alone", strerror(errno));
}

void watch_clear(struct watch *watch)
{
	for (size_t i = 0; i < watch->count; i++) {
		if (watch->folders[i].descriptor >= 0)
			(void)inotify_rm_watch(watch->fd, watch->folders[i].descriptor);
		free(watch->folders[i].path);
	}
	watch->count = 0;
	watch->told = false;
}

void watch_close(struct watch *watch)
{
	watch_clear(watch);
	free(watch->folders);
	if (watch->fd >= 0)
		close(watch->fd);
	*watch = (struct watch){.fd = -1};
}

static void try_folder(struct watch *watch, struct watch_folder *folder)
{
	if (watch->fd < 0 || folder->descriptor >= 0)
		return;
	folder->descriptor = inotify_add_watch(watch->fd, folder->path, WANTED);
	/* A folder that is not there is a problem of the export, which is told elsewhere. */
	if (folder->descriptor < 0 && (errno == ENOSPC || errno == ENOMEM) && !watch->told) {
		log_say(HARMONY_LOG_INFO, "watch",
			"cannot watch %s and others (%s): new files in them are found by scanning; "
			"fs.inotify.max_user_watches says how many can be watched",
			folder->path, strerror(errno));
		watch->told = true;
	}
}

bool watch_add(struct watch *watch, const char *path)
{
	for (size_t i = watch->count; i > 0; i--) /* neighbours are likely */
		if (strcmp(watch->folders[i - 1].path, path) == 0)
			return true;
	if (watch->count == watch->room) {
		size_t room = watch->room ? 2 * watch->room : 16;
		void *longer = realloc(watch->folders, room * sizeof(*watch->folders));
		if (!longer)
			return false;
		watch->folders = longer;
		watch->room = room;
	}
	char *copy = strdup(path);
	if (!copy)
		return false;
	watch->folders[watch->count] = (struct watch_folder){copy, -1};
	try_folder(watch, &watch->folders[watch->count++]);
	return true;
}

bool watch_retry(struct watch *watch)
{
	bool anew = false;
	for (size_t i = 0; i < watch->count; i++) {
		bool before = watch->folders[i].descriptor >= 0;
		try_folder(watch, &watch->folders[i]);
		anew |= !before && watch->folders[i].descriptor >= 0;
	}
	watch->retry = now_monotonic() + RETRY_MS;
	return anew;
}

static struct watch_folder *find(struct watch *watch, int descriptor)
{
	for (size_t i = 0; i < watch->count; i++)
		if (watch->folders[i].descriptor == descriptor)
			return &watch->folders[i];
	return NULL;
}

/* One event. The kernel gives the same number to paths of one folder. */
static void take(struct watch *watch, const struct inotify_event *event,
		 void (*fn)(const char *folder, void *user), void *user)
{
	struct watch_folder *folder = event->wd >= 0 ? find(watch, event->wd) : NULL;
	if (event->mask & IN_Q_OVERFLOW)
		fn(NULL, user);
	else if (folder)
		fn(folder->path, user);
	if (folder && (event->mask & (IN_IGNORED | IN_UNMOUNT)))
		folder->descriptor = -1;
	else if (folder && (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF)))
		(void)inotify_rm_watch(watch->fd, event->wd); /* IN_IGNORED follows */
}

void watch_read(struct watch *watch, void (*fn)(const char *folder, void *user), void *user)
{
	_Alignas(struct inotify_event) char buffer[8192];
	ssize_t len;
	while ((len = read(watch->fd, buffer, sizeof(buffer))) > 0)
		for (const char *at = buffer; at < buffer + len;) {
			const struct inotify_event *event = (const void *)at;
			take(watch, event, fn, user);
			at += sizeof(*event) + event->len;
		}
}
