/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"

uint32_t harmony__os_user(void)
{
	return (uint32_t)geteuid();
}

void harmony__os_sleep(int64_t milliseconds)
{
	if (milliseconds <= 0)
		return;
	struct timespec time = {.tv_sec = (time_t)(milliseconds / 1000),
				.tv_nsec = (long)(milliseconds % 1000) * 1000000};
	(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
}

void harmony__os_boot(char boot[HARMONY__BOOT_SIZE])
{
	ssize_t len = -1;
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		len = read(fd, boot, HARMONY__BOOT_SIZE - 1);
		(void)close(fd);
	}
	boot[len > 0 ? len : 0] = '\0';
	boot[strcspn(boot, "\n")] = '\0';
}

int harmony__os_socket(int family, int type, int protocol)
{
	return socket(family, type | SOCK_CLOEXEC, protocol);
}

void harmony__os_hide(const void *buffer, size_t len)
{
#ifdef MADV_DONTDUMP
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t from = (uintptr_t)buffer & ~(page - 1);
	uintptr_t to = ((uintptr_t)buffer + len + page - 1) & ~(page - 1);
	(void)madvise((void *)from, to - from, MADV_DONTDUMP); /* NOLINT: whole pages by intent */
#else
	(void)buffer, (void)len;
#endif
}

harmony_status harmony__file_private(const char *path, const char *what, harmony_error *error)
{
	harmony__file_info info;
	harmony_status status = harmony__file_stat(&info, path, error);

	if (status != HARMONY_OK)
		return status;
	if (!info.regular)
		return harmony_error_set(error, HARMONY_CONFIG, NULL, "%s %s is not a regular file",
					 what, path);
	if (info.owner != harmony__os_user())
		return harmony_error_set(
		    error, HARMONY_CONFIG, NULL,
		    "%s %s belongs to another user; run as that user, or give it to "
		    "this one: chown \"$(id -u)\" '%s'",
		    what, path, path);
	if ((info.mode & 077) != 0)
		return harmony_error_set(
		    error, HARMONY_CONFIG, NULL,
		    "%s %s holds secrets and others may read or write it (mode %03o); "
		    "close it: chmod 600 '%s'",
		    what, path, info.mode & 0777, path);
	return HARMONY_OK;
}

#define SCRUBBED 65536u

#if defined(__GNUC__)
__attribute__((noinline))
#endif
void harmony__os_scrub(void)
{
	char below[SCRUBBED];
	harmony__os_wipe(below, sizeof(below));
}

harmony_status harmony__folder_each(const char *path,
				    harmony_status (*name)(const char *name, void *user),
				    void *user, harmony_error *error)
{
	harmony_status status = HARMONY_OK;
	char reason[128];
	struct dirent *entry;
	DIR *folder = opendir(path);

	if (folder == NULL)
		return harmony_error_set(
		    error, errno == ENOENT ? HARMONY_NOTFOUND : HARMONY_IO, NULL,
		    "cannot read the folder %s: %s; see to it that it exists and "
		    "may be read",
		    path, harmony__os_reason(reason, sizeof(reason)));
	while (status == HARMONY_OK && (errno = 0, entry = readdir(folder)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			status = name(entry->d_name, user);
	if (status == HARMONY_OK && errno != 0)
		status = harmony_error_set(error, HARMONY_IO, NULL, "cannot read the folder %s: %s",
					   path, harmony__os_reason(reason, sizeof(reason)));
	(void)closedir(folder);
	return status;
}

struct harmony__guard {
	harmony_context *context;
	int fd;
};

static int flock_retry(int fd, int how)
{
	int result;
	do
		result = flock(fd, how);
	while (result != 0 && errno == EINTR);
	return result;
}

harmony_status harmony__guard_enter(harmony__guard **out, bool *alone, harmony_context *context,
				    const char *path, harmony_error *error)
{
	char reason[128];
	harmony__guard *guard = harmony__zalloc(context, sizeof(*guard));
	if (guard == NULL)
		return harmony__nomem(error);
	guard->context = context;
	guard->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	*alone = guard->fd >= 0 && flock_retry(guard->fd, LOCK_EX | LOCK_NB) == 0;
	/* Not alone: waits while the first one checks and migrates. */
	if (guard->fd < 0 || (!*alone && flock_retry(guard->fd, LOCK_SH) != 0)) {
		harmony_status status =
		    harmony_error_set(error, HARMONY_IO, NULL,
				      "cannot open or lock %s: %s; the folder must be writable and "
				      "know locks",
				      path, harmony__os_reason(reason, sizeof(reason)));
		harmony__guard_leave(guard);
		return status;
	}
	*out = guard;
	return HARMONY_OK;
}

void harmony__guard_share(harmony__guard *guard)
{
	(void)flock_retry(guard->fd, LOCK_SH);
}

bool harmony__guard_last(harmony__guard *guard)
{
	return flock_retry(guard->fd, LOCK_EX | LOCK_NB) == 0;
}

void harmony__guard_leave(harmony__guard *guard)
{
	if (guard == NULL)
		return;
	if (guard->fd >= 0)
		(void)close(guard->fd);
	harmony__free(guard->context, guard);
}
