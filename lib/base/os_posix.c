/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"

#define MAX_PATH 4096u
#define READ_CHUNK (64u * 1024u)

/* ---- clock, random, memory -------------------------------------------------------- */

static int64_t clock_ms(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t harmony__os_wall(void)
{
	return clock_ms(CLOCK_REALTIME);
}

int64_t harmony__os_monotonic(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

harmony_status harmony__os_random(void *buffer, size_t len)
{
	char *at = buffer;

	while (len > 0) {
		ssize_t got = getrandom(at, len, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return HARMONY_IO;
		at += got;
		len -= (size_t)got;
	}
	return HARMONY_OK;
}

void harmony__os_wipe(void *buffer, size_t len)
{
	explicit_bzero(buffer, len);
}

/* ---- reading ------------------------------------------------------------------------ */

struct harmony__file {
	harmony_context *context;
	int fd;
	bool borrowed; /* standard input is not ours to close */
	uint64_t size;
};

/* The system's reason as an error that names the path. */
static harmony_status fail(harmony_error *error, const char *verb, const char *path)
{
	int number = errno;
	char reason[128];

	return harmony_error_set(error, number == ENOENT ? HARMONY_NOTFOUND : HARMONY_IO, NULL,
	                         "%s cannot be %s: %s", path, verb,
	                         strerror_r(number, reason, sizeof(reason)));
}

static int open_retry(const char *path, int flags, mode_t mode)
{
	int fd;

	do
		fd = open(path, flags | O_CLOEXEC, mode);
	while (fd < 0 && errno == EINTR);
	return fd;
}

/* O_NONBLOCK only until it is known what was opened: a device could hang the open. */
static harmony_status check_input(int fd, const char *path, uint64_t *size, harmony_error *error)
{
	struct stat info;

	if (fstat(fd, &info) != 0)
		return fail(error, "looked at", path);
	if (!S_ISREG(info.st_mode) && !S_ISFIFO(info.st_mode))
		return harmony_error_set(error, HARMONY_IO, NULL,
		                         "%s is a %s; name a file", path,
		                         S_ISDIR(info.st_mode) ? "folder" : "device or socket");
	*size = S_ISREG(info.st_mode) ? (uint64_t)info.st_size : 0;
	return HARMONY_OK;
}

harmony_status harmony__file_open(harmony__file **out, harmony_context *context, const char *path,
                                  harmony_error *error)
{
	bool input = strcmp(path, "-") == 0;
	harmony__file *file = harmony__zalloc(context, sizeof(*file));
	harmony_status status = HARMONY_OK;

	*out = NULL;
	if (!file)
		return harmony__nomem(error);
	file->context = context;
	file->borrowed = input;
	file->fd = input ? STDIN_FILENO : open_retry(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (file->fd < 0)
		status = fail(error, "read", path);
	else if (!input)
		status = check_input(file->fd, path, &file->size, error);
	if (status == HARMONY_OK && !input)
		fcntl(file->fd, F_SETFL, fcntl(file->fd, F_GETFL) & ~O_NONBLOCK);
	if (status != HARMONY_OK)
		harmony__file_close(file);
	else
		*out = file;
	return status;
}

size_t harmony__file_read(void *buffer, size_t size, void *file)
{
	ssize_t got;

	do
		got = read(((harmony__file *)file)->fd, buffer, size);
	while (got < 0 && errno == EINTR);
	return got < 0 ? (size_t)-1 : (size_t)got;
}

uint64_t harmony__file_size(const harmony__file *file)
{
	return file->size;
}

void harmony__file_close(harmony__file *file)
{
	if (!file)
		return;
	if (!file->borrowed && file->fd >= 0)
		close(file->fd);
	harmony__free(file->context, file);
}

harmony_status harmony__file_stat(harmony__file_info *out, const char *path, harmony_error *error)
{
	struct stat info;

	if (stat(path, &info) != 0)
		return errno == ENOENT ? HARMONY_NOTFOUND : fail(error, "looked at", path);
	*out = (harmony__file_info){
		.size = (uint64_t)info.st_size,
		.device = info.st_dev,
		.inode = info.st_ino,
		.modified_ns = (int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec,
		.mode = info.st_mode & 07777,
		.owner = info.st_uid,
		.regular = S_ISREG(info.st_mode)};
	return HARMONY_OK;
}

harmony_status harmony__file_load(harmony__buf *out, const char *path, harmony_error *error)
{
	harmony__file *file;
	char *chunk;
	harmony_status status = harmony__file_open(&file, out->context, path, error);

	if (status != HARMONY_OK)
		return status;
	chunk = harmony__alloc(out->context, READ_CHUNK);
	if (!chunk)
		status = harmony__nomem(error);
	while (status == HARMONY_OK) {
		size_t got = harmony__file_read(chunk, READ_CHUNK, file);
		if (got == (size_t)-1)
			status = fail(error, "read", path);
		else if (got == 0)
			break;
		else if (harmony__buf_add(out, chunk, got) != HARMONY_OK)
			status = harmony__buf_check(out, path, error);
	}
	harmony__free(out->context, chunk);
	harmony__file_close(file);
	return status;
}

/* ---- writing ------------------------------------------------------------------------- */

/* The folder of a path, "." without one. */
static void folder_of(char *folder, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 1;

	if (slash == path)
		len = 1;
	harmony__copy_text(folder, MAX_PATH, slash ? path : ".", len);
}

static harmony_status sync_folder(const char *path, harmony_error *error)
{
	char folder[MAX_PATH];
	int fd;
	harmony_status status = HARMONY_OK;

	folder_of(folder, path);
	fd = open_retry(folder, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return fail(error, "opened", folder);
	/* Some network file systems cannot sync a folder and say EINVAL. */
	if (fsync(fd) != 0 && errno != EINVAL)
		status = fail(error, "made durable", folder);
	close(fd);
	return status;
}

static bool write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t put = write(fd, data, len);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		data += put;
		len -= (size_t)put;
	}
	return true;
}

/* A new file beside `path`, with a name that nobody has. */
static harmony_status open_temporary(int *fd, char *name, const char *path, unsigned mode,
                                     harmony_error *error)
{
	uint8_t bytes[6];
	char hex[13];

	if (harmony__os_random(bytes, sizeof(bytes)) != HARMONY_OK)
		return fail(error, "written (no random bytes)", path);
	harmony__hex(hex, bytes, sizeof(bytes));
	if (snprintf(name, MAX_PATH, "%s.%s.tmp", path, hex) >= (int)MAX_PATH)
		return harmony_error_set(error, HARMONY_LIMIT, NULL, "%s: the path is too long", path);
	*fd = open_retry(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
	return *fd < 0 ? fail(error, "written beside", path) : HARMONY_OK;
}

/* fsync is not tried again when it fails: the pages may be gone, and a second call would
   say that all is well. */
static harmony_status fill_temporary(int fd, const char *path, const void *data, size_t len,
                                     harmony_error *error)
{
	harmony_status status = HARMONY_OK;

	if (!write_all(fd, data, len) || fsync(fd) != 0)
		status = fail(error, "written; the old file stays", path);
	if (close(fd) != 0 && status == HARMONY_OK)
		status = fail(error, "written; the old file stays", path);
	return status;
}

harmony_status harmony__file_replace(const char *path, const void *data, size_t len, unsigned mode,
                                     harmony_context *context, harmony_error *error)
{
	char name[MAX_PATH];
	int fd = -1;
	harmony_status status = open_temporary(&fd, name, path, mode, error);

	if (status != HARMONY_OK)
		return status == HARMONY_NOTFOUND ? HARMONY_IO : status;
	status = fill_temporary(fd, path, data, len, error);
	if (status == HARMONY_OK && rename(name, path) != 0)
		status = fail(error, "replaced; the old file stays", path);
	if (status != HARMONY_OK) {
		unlink(name);
		return status;
	}
	return sync_folder(path, error);
}

harmony_status harmony__file_create(const char *path, unsigned mode, harmony_context *context,
                                    harmony_error *error)
{
	char name[MAX_PATH];
	int fd = -1;
	harmony_status status = open_temporary(&fd, name, path, mode, error);

	if (status != HARMONY_OK)
		return status;
	status = fill_temporary(fd, path, "", 0, error);
	if (status == HARMONY_OK && link(name, path) != 0)
		status = errno == EEXIST ? HARMONY_EXISTS : fail(error, "made", path);
	unlink(name);
	return status == HARMONY_OK ? sync_folder(path, error) : status;
}

static harmony_status copy_over(const char *from, const char *to, harmony_context *context,
                                harmony_error *error)
{
	harmony__buf data;
	harmony_status status;

	harmony__buf_init(&data, context, HARMONY_MAX_INTAKE);
	status = harmony__file_load(&data, from, error);
	if (status == HARMONY_OK)
		status = harmony__file_replace(to, data.data ? data.data : "", data.len, 0640, context,
		                               error);
	harmony__buf_free(&data);
	if (status == HARMONY_OK && unlink(from) != 0)
		status = fail(error, "removed after it was copied", from);
	return status;
}

harmony_status harmony__file_move(const char *from, const char *to, harmony_context *context,
                                  harmony_error *error)
{
	harmony_status status = HARMONY_OK;

	if (rename(from, to) != 0)
		status = errno == EXDEV ? copy_over(from, to, context, error) : fail(error, "moved", from);
	if (status == HARMONY_OK)
		status = sync_folder(to, error);
	if (status == HARMONY_OK)
		status = sync_folder(from, error);
	return status;
}

harmony_status harmony__folder_make(const char *path, harmony_error *error)
{
	char part[MAX_PATH];

	if (strlen(path) >= MAX_PATH)
		return harmony_error_set(error, HARMONY_LIMIT, NULL, "%s: the path is too long", path);
	for (const char *slash = path; slash; ) {
		slash = strchr(slash + 1, '/');
		harmony__copy_text(part, sizeof(part), path, slash ? (size_t)(slash - path) : strlen(path));
		if (mkdir(part, 0777) != 0 && errno != EEXIST)
			return fail(error, "made", part);
	}
	return HARMONY_OK;
}

/* ---- locks ------------------------------------------------------------------------------ */

struct harmony__lock {
	harmony_context *context;
	int fd;
};

/* The kernel drops a flock with the last descriptor of its open file: a dead owner holds
   none. O_CLOEXEC keeps it from children. */
harmony_status harmony__lock_take(harmony__lock **out, harmony_context *context, const char *path,
                                  int64_t timeout, harmony_error *error)
{
	const struct timespec pause = {0, 5000000};
	int64_t end = harmony__os_monotonic() + timeout;
	harmony__lock *lock = harmony__alloc(context, sizeof(*lock));

	*out = NULL;
	if (!lock)
		return harmony__nomem(error);
	lock->context = context;
	lock->fd = open_retry(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
	if (lock->fd < 0) {
		harmony_status status = fail(error, "locked", path);
		harmony__free(context, lock);
		return status;
	}
	while (flock(lock->fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EINTR && errno != EWOULDBLOCK) {
			harmony_status status = fail(error, "locked", path);
			harmony__lock_release(lock);
			return status;
		}
		if (harmony__os_monotonic() >= end) {
			harmony__lock_release(lock);
			return harmony_error_set(error, HARMONY_BUSY, NULL,
			                         "%s is locked by another process; wait until it is done",
			                         path);
		}
		nanosleep(&pause, NULL);
	}
	*out = lock;
	return HARMONY_OK;
}

void harmony__lock_release(harmony__lock *lock)
{
	if (!lock)
		return;
	close(lock->fd);
	harmony__free(lock->context, lock);
}
