/* SPDX-License-Identifier: MIT */
/* The system, as POSIX gives it: the only file of the library that knows descriptors. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"

#ifndef PATH_MAX
#define PATH_MAX 4096
#endif

/* Suspended time counts where the system can tell: a token ages while a laptop sleeps. */
#ifdef CLOCK_BOOTTIME
#define STEADY_CLOCK CLOCK_BOOTTIME
#else
#define STEADY_CLOCK CLOCK_MONOTONIC
#endif

/* ---- clock, random, reasons ------------------------------------------------ */

static int64_t read_clock(clockid_t id)
{
	struct timespec now = {0, 0};

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t harmony__os_wall(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t harmony__os_monotonic(void)
{
	return read_clock(STEADY_CLOCK);
}

harmony_status harmony__os_random(void *buffer, size_t len)
{
	char *at = buffer;

	while (len > 0) {
		size_t part = len < 256 ? len : 256; /* the most that getentropy gives */

		if (getentropy(at, part) != 0)
			return HARMONY_IO;
		at += part;
		len -= part;
	}
	return HARMONY_OK;
}

void harmony__os_wipe(void *buffer, size_t len)
{
	static void *(*const volatile fill)(void *, int, size_t) = memset;

	if (len)
		fill(buffer, 0, len);
}

/* strerror_r comes in two shapes. */
static const char *reason_text(const char *text, const char *buffer)
{
	return text;
}

static const char *reason_status(int status, const char *buffer)
{
	return status == 0 ? buffer : "unknown reason";
}

#define REASON(code, buffer, size)                                                                 \
	_Generic(strerror_r(code, buffer, size), char *: reason_text, default: reason_status)(     \
		strerror_r(code, buffer, size), buffer)

const char *harmony__os_reason(char *buffer, size_t size)
{
	return REASON(errno, buffer, size);
}

/* Sets `error` to "cannot DO 'PATH': reason". `advice` may be "". */
static harmony_status refuse(harmony_error *error, const char *what, const char *path,
                             const char *advice)
{
	char buffer[128];

	harmony__error_place(error, path, 0, 0, NULL);
	return harmony_error_set(error, HARMONY_IO, NULL, "cannot %s '%s': %s%s", what, path,
	                         harmony__os_reason(buffer, sizeof(buffer)), advice);
}

#define LET_READ  "; let the user that harmony runs as read it"
#define LET_WRITE "; let the user that harmony runs as write in the folders of both"

/* The same of a file that ought to be there; `advice` when it may not be touched. */
static harmony_status refuse_old(harmony_error *error, const char *what, const char *path,
                                 const char *advice)
{
	if (errno != ENOENT && errno != ENOTDIR)
		return refuse(error, what, path, errno == EACCES || errno == EPERM ? advice : "");
	return harmony_error_set(error, HARMONY_NOTFOUND, NULL,
	                         "cannot %s '%s': there is no such file; check the path", what, path);
}

/* ---- descriptors ------------------------------------------------------------- */

static int open_again(const char *path, int flags, mode_t mode)
{
	int fd;

	do
		fd = open(path, flags | O_CLOEXEC | O_NOCTTY, mode);
	while (fd < 0 && errno == EINTR);
	return fd;
}

static ssize_t read_again(int fd, void *buffer, size_t size)
{
	for (;;) {
		ssize_t got = read(fd, buffer, size < SSIZE_MAX ? size : SSIZE_MAX);
		struct pollfd wait = {fd, POLLIN, 0};

		if (got >= 0)
			return got;
		/* An inherited standard input may be non-blocking. */
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			poll(&wait, 1, -1);
		else if (errno != EINTR)
			return -1;
	}
}

static bool write_all(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len > 0) {
		ssize_t put = write(fd, at, len < SSIZE_MAX ? len : SSIZE_MAX);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0) {
			if (put == 0)
				errno = EIO;
			return false;
		}
		at += put;
		len -= (size_t)put;
	}
	return true;
}

/* Closes on the way out of a failure, whose errno stays. */
static void close_quietly(int fd)
{
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
}

/* ---- reading -------------------------------------------------------------------- */

struct harmony__file {
	harmony_context *context;
	int fd;
	bool standard_input;
	uint64_t size;
};

/* A regular file or a pipe; what else there is hangs, or is no file. */
static harmony_status check_readable(const struct stat *info, const char *path, harmony_error *error)
{
	const char *what = S_ISDIR(info->st_mode)    ? "a folder"
	                   : S_ISSOCK(info->st_mode) ? "a socket"
	                                             : "a device";

	if (S_ISREG(info->st_mode) || S_ISFIFO(info->st_mode))
		return HARMONY_OK;
	return harmony_error_set(error, HARMONY_IO, NULL,
	                         "'%s' is %s, not a file; name the file itself", path, what);
}

static harmony_status open_path(harmony__file *file, const char *path, harmony_error *error)
{
	struct stat info;
	harmony_status status;

	/* Looked at before it is opened, since opening a device may act on it, and after it,
	   since it may be another by then. */
	if (stat(path, &info) != 0)
		return refuse_old(error, "open", path, LET_READ);
	status = check_readable(&info, path, error);
	if (status)
		return status;
	file->fd = open_again(path, O_RDONLY, 0);
	if (file->fd < 0 || fstat(file->fd, &info) != 0)
		return refuse_old(error, "open", path, LET_READ);
	status = check_readable(&info, path, error);
	file->size = S_ISREG(info.st_mode) ? (uint64_t)info.st_size : 0;
	return status;
}

static void open_standard_input(harmony__file *file)
{
	struct stat info;

	file->fd = STDIN_FILENO;
	file->standard_input = true;
	if (fstat(file->fd, &info) == 0 && S_ISREG(info.st_mode))
		file->size = (uint64_t)info.st_size;
}

harmony_status harmony__file_open(harmony__file **out, harmony_context *context, const char *path,
                                  harmony_error *error)
{
	harmony__file *file = harmony__zalloc(context, sizeof(*file));
	harmony_status status = HARMONY_OK;

	*out = NULL;
	if (!file)
		return harmony__nomem(error);
	file->context = context;
	file->fd = -1;
	if (strcmp(path, "-") == 0)
		open_standard_input(file);
	else
		status = open_path(file, path, error);
	if (status)
		harmony__file_close(file);
	else
		*out = file;
	return status;
}

size_t harmony__file_read(void *buffer, size_t size, void *user)
{
	harmony__file *file = user;
	ssize_t got = read_again(file->fd, buffer, size);

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
	if (!file->standard_input)
		close_quietly(file->fd);
	harmony__free(file->context, file);
}

harmony_status harmony__file_stat(harmony__file_info *out, const char *path, harmony_error *error)
{
	struct stat info;

	if (stat(path, &info) != 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			return HARMONY_NOTFOUND;
		return refuse(error, "look at", path, "");
	}
	*out = (harmony__file_info){
		.size = (uint64_t)info.st_size,
		.device = (uint64_t)info.st_dev,
		.inode = (uint64_t)info.st_ino,
		.modified_ns = (int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec,
		.mode = info.st_mode & 07777,
		.owner = info.st_uid,
		.regular = S_ISREG(info.st_mode),
	};
	return HARMONY_OK;
}

harmony_status harmony__file_load(harmony__buf *out, const char *path, harmony_error *error)
{
	harmony__file *file;
	harmony_status status = harmony__file_open(&file, out->context, path, error);
	char chunk[16384];

	while (status == HARMONY_OK) {
		size_t got = harmony__file_read(chunk, sizeof(chunk), file);

		if (got == 0)
			break;
		if (got == (size_t)-1)
			status = refuse(error, "read", path, "");
		else if (harmony__buf_add(out, chunk, got))
			status = harmony__buf_check(out, path, error);
	}
	harmony__file_close(file);
	return status;
}

bool harmony__file_has_end(const char *path)
{
	struct stat info;
	uint8_t first[2] = {0, 0}, last = 0;
	int fd = open_again(path, O_RDONLY | O_NONBLOCK, 0);
	bool has = false;

	if (fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0) {
		if (pread(fd, first, sizeof(first), 0) == (ssize_t)sizeof(first))
			has = first[0] == 0x1f && first[1] == 0x8b;
		if (!has && pread(fd, &last, 1, info.st_size - 1) == 1)
			has = last == '\n' || last == '\r' || last == 0x1a;
	}
	close_quietly(fd);
	return has;
}

/* ---- writing -------------------------------------------------------------------- */

#define KEPT "; the old file was kept"

/* A new file beside the one that it will replace. */
typedef struct temporary {
	harmony_context *context;
	int fd;
	int held;   /* keeps its lock when fd is closed; -1: none */
	char *path; /* its own */
	char target[PATH_MAX];
} temporary;

static size_t folder_length(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) + 1 : 0;
}

/* Makes the renaming inside the folder of `path` durable. */
static bool sync_folder(const char *path)
{
	char folder[PATH_MAX];
	size_t len = folder_length(path);
	int fd;
	bool done;

	if (len + 1 >= sizeof(folder)) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(folder, path, len);
	memcpy(folder + len, ".", 2);
	fd = open_again(folder, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return false;
	/* Some file systems have no such thing, and say so. */
	done = fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP;
	close_quietly(fd);
	return done;
}

/* Where `path` leads when it is a link, which then stays one. */
static harmony_status resolve(temporary *file, const char *path, harmony_error *error)
{
	struct stat info;
	size_t len = strlen(path);

	if (lstat(path, &info) == 0 && S_ISLNK(info.st_mode))
		return realpath(path, file->target) ? HARMONY_OK : refuse(error, "follow", path, "");
	if (len >= sizeof(file->target)) {
		errno = ENAMETOOLONG;
		return refuse(error, "write", path, "");
	}
	memcpy(file->target, path, len + 1);
	return HARMONY_OK;
}

/* Its path becomes "FOLDER/.harmony-ID.tmp": hidden, and free of the length of the target's
   name. */
static harmony_status name_beside(temporary *file, const uint8_t id[8], harmony_error *error)
{
	static const char prefix[] = ".harmony-", suffix[] = ".tmp";
	size_t folder = folder_length(file->target);
	char *path = harmony__realloc(file->context, file->path,
	                              folder + sizeof(prefix) + 16 + sizeof(suffix));

	if (!path)
		return harmony__nomem(error);
	file->path = path;
	memcpy(path, file->target, folder);
	memcpy(path + folder, prefix, sizeof(prefix) - 1);
	harmony__hex(path + folder + sizeof(prefix) - 1, id, 8);
	memcpy(path + folder + sizeof(prefix) - 1 + 16, suffix, sizeof(suffix));
	return HARMONY_OK;
}

/* Locks it as ours. It is not when somebody took it for abandoned meanwhile; where there
   are no locks nobody does that, and it is taken away again. */
static bool claim(int fd, const char *path)
{
	struct stat info;

	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fstat(fd, &info) == 0 && info.st_nlink > 0;
	if (errno != EWOULDBLOCK)
		unlink(path);
	return false;
}

/* Removes what a writer left that was killed: it is there, and nobody holds its lock. */
static void remove_abandoned(const char *path)
{
	struct stat held, named;
	int fd = open_again(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK, 0);

	if (fd < 0)
		return;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &held) == 0 &&
	    lstat(path, &named) == 0 && held.st_ino == named.st_ino &&
	    held.st_dev == named.st_dev)
		unlink(path);
	close_quietly(fd);
}

static int open_new(const char *path)
{
	return open_again(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
}

/* Opens the temporary of a name that goes with the target, so that the next writer clears
   away what a killed one left; of a random one while another writer has that. */
static harmony_status create(temporary *file, const char *path, harmony_error *error)
{
	uint64_t hash = harmony__hash64(file->target, strlen(file->target), 0);
	uint8_t id[8];
	harmony_status status;

	for (unsigned i = 0; i < 8; i++)
		id[i] = (uint8_t)(hash >> 8 * i);
	file->held = -1;
	status = name_beside(file, id, error);
	if (status)
		return status;
	remove_abandoned(file->path);
	file->fd = open_new(file->path);
	if (file->fd < 0 && errno != EEXIST)
		return refuse(error, "write", path, "; its folder must exist and be writable");
	if (file->fd >= 0 && claim(file->fd, file->path)) {
		file->held = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
		return file->held >= 0 ? HARMONY_OK : refuse(error, "write", path, "");
	}
	close_quietly(file->fd);
	file->fd = -1;
	if (harmony__os_random(id, sizeof(id)))
		return refuse(error, "draw a name for a file beside", path, "");
	status = name_beside(file, id, error);
	if (status)
		return status;
	file->fd = open_new(file->path);
	return file->fd >= 0 ? HARMONY_OK : refuse(error, "write", path, "");
}

/* Gives it the mode and, as far as allowed, the owner of the file that it will replace. */
static harmony_status take_over(temporary *file, const char *path, unsigned mode,
                                harmony_error *error)
{
	struct stat old;

	if (stat(file->target, &old) == 0) {
		if (!S_ISREG(old.st_mode))
			return harmony_error_set(error, HARMONY_IO, NULL,
			                         "'%s' is not a regular file and is not replaced; name "
			                         "another one",
			                         path);
		mode = old.st_mode & 0777;
		if ((old.st_uid != geteuid() || old.st_gid != getegid()) &&
		    fchown(file->fd, old.st_uid, old.st_gid) != 0)
			errno = 0; /* only the system's administrator may always do this */
	}
	return fchmod(file->fd, mode) == 0 ? HARMONY_OK
	                                   : refuse(error, "set the mode of", path, "");
}

static harmony_status begin(temporary *file, const char *path, unsigned mode,
                            harmony_context *context, harmony_error *error)
{
	harmony_status status;

	file->context = context;
	file->fd = file->held = -1;
	file->path = NULL;
	status = resolve(file, path, error);
	if (status == HARMONY_OK)
		status = create(file, path, error);
	if (status == HARMONY_OK)
		status = take_over(file, path, mode, error);
	return status;
}

/* Puts it in place when `status` is fine so far, and otherwise takes it away. A failed
   fsync is never tried again: the second one would claim that lost pages are safe. */
static harmony_status end(temporary *file, const char *path, harmony_status status,
                          harmony_error *error)
{
	int fd = file->fd;
	bool replaced = false;

	if (status == HARMONY_OK && fsync(fd) != 0)
		status = refuse(error, "write", path, KEPT);
	if (fd >= 0 && close(fd) != 0 && errno != EINTR && status == HARMONY_OK)
		status = refuse(error, "write", path, KEPT);
	if (status == HARMONY_OK) {
		replaced = rename(file->path, file->target) == 0;
		if (!replaced)
			status = refuse(error, "replace", path, KEPT);
		else if (!sync_folder(file->target))
			status = refuse(error, "make durable the folder of", path, "");
	}
	if (fd >= 0 && !replaced)
		unlink(file->path);
	close_quietly(file->held);
	harmony__free(file->context, file->path);
	return status;
}

harmony_status harmony__file_replace(const char *path, const void *data, size_t len, unsigned mode,
                                     harmony_context *context, harmony_error *error)
{
	temporary file;
	harmony_status status = begin(&file, path, mode, context, error);

	if (status == HARMONY_OK && !write_all(file.fd, data, len))
		status = refuse(error, "write", path, KEPT);
	return end(&file, path, status, error);
}

harmony_status harmony__file_create(const char *path, unsigned mode, harmony_context *context,
                                    harmony_error *error)
{
	temporary file = {.context = context, .fd = -1, .held = -1};
	harmony_status status = HARMONY_OK;

	if (strlen(path) >= sizeof(file.target)) {
		errno = ENAMETOOLONG;
		return refuse(error, "make", path, "");
	}
	memcpy(file.target, path, strlen(path) + 1);
	status = create(&file, path, error);
	if (status == HARMONY_OK && (fchmod(file.fd, mode) != 0 || fsync(file.fd) != 0))
		status = refuse(error, "make", path, "");
	close_quietly(file.fd);
	if (status == HARMONY_OK && link(file.path, path) != 0)
		status = errno == EEXIST ? HARMONY_EXISTS : refuse(error, "make", path, "");
	if (file.fd >= 0)
		unlink(file.path);
	close_quietly(file.held);
	if (status == HARMONY_OK && !sync_folder(path))
		status = refuse(error, "make durable the folder of", path, "");
	harmony__free(context, file.path);
	return status;
}

/* Copies `from` into the temporary of `to`. */
static harmony_status copy_into(temporary *file, harmony__file *from, const char *from_path,
                                const char *to, harmony_error *error)
{
	char chunk[16384];

	for (;;) {
		size_t got = harmony__file_read(chunk, sizeof(chunk), from);

		if (got == 0)
			return HARMONY_OK;
		if (got == (size_t)-1)
			return refuse(error, "read", from_path, "");
		if (!write_all(file->fd, chunk, got))
			return refuse(error, "write", to, "");
	}
}

static harmony_status move_across(const char *from, const char *to, harmony_context *context,
                                  harmony_error *error)
{
	harmony__file_info info;
	harmony__file *source;
	temporary file;
	harmony_status status = harmony__file_open(&source, context, from, error);

	if (status)
		return status;
	status = harmony__file_stat(&info, from, error);
	if (status == HARMONY_OK) {
		status = begin(&file, to, info.mode & 0777, context, error);
		if (status == HARMONY_OK)
			status = copy_into(&file, source, from, to, error);
		status = end(&file, to, status, error);
	}
	harmony__file_close(source);
	if (status == HARMONY_OK && unlink(from) != 0)
		status = refuse(error, "remove after copying", from, "");
	return status;
}

harmony_status harmony__file_move(const char *from, const char *to, harmony_context *context,
                                  harmony_error *error)
{
	if (rename(from, to) != 0) {
		harmony_status status = errno == EXDEV ? move_across(from, to, context, error)
		                                       : refuse_old(error, "move", from, LET_WRITE);

		if (status)
			return status;
	} else if (!sync_folder(to)) {
		return refuse(error, "make durable the folder of", to, "");
	}
	if (!sync_folder(from))
		return refuse(error, "make durable the folder of", from, "");
	return HARMONY_OK;
}

harmony_status harmony__file_put_back(const char *from, const char *to, harmony_error *error)
{
	/* A hard link fails where the name is taken, on every system; rename does not. */
	if (link(from, to) != 0)
		return errno == EEXIST ? HARMONY_EXISTS : refuse_old(error, "put back", from, LET_WRITE);
	if (unlink(from) != 0)
		return refuse(error, "remove after putting back", from, "");
	return sync_folder(to) ? HARMONY_OK
			       : refuse(error, "make durable the folder of", to, "");
}

harmony_status harmony__file_remove(const char *path, harmony_error *error)
{
	return unlink(path) == 0 || errno == ENOENT ? HARMONY_OK : refuse(error, "remove", path, "");
}

/* mkdir, where a folder that is there already is fine. */
static bool have_folder(const char *path)
{
	struct stat info;

	if (mkdir(path, 0777) == 0)
		return true;
	/* A parent that exists may be on a read-only file system, or not ours. */
	if (stat(path, &info) != 0)
		return false;
	if (S_ISDIR(info.st_mode))
		return true;
	errno = ENOTDIR;
	return false;
}

harmony_status harmony__folder_make(const char *path, harmony_error *error)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(part)) {
		errno = len ? ENAMETOOLONG : EINVAL;
		return refuse(error, "make folder", path, "");
	}
	memcpy(part, path, len + 1);
	for (size_t i = 1; i < len; i++) {
		if (part[i] != '/')
			continue;
		part[i] = '\0';
		if (!have_folder(part))
			return refuse(error, "make folder", part, "");
		part[i] = '/';
	}
	return have_folder(part) ? HARMONY_OK : refuse(error, "make folder", part, "");
}

/* ---- locking ---------------------------------------------------------------------- */

struct harmony__lock {
	harmony_context *context;
	int fd;
};

/* The locked file is still the one that has the name, and not one removed meanwhile. */
static bool still_there(int fd, const char *path)
{
	struct stat ours, theirs;

	return fstat(fd, &ours) == 0 && stat(path, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
	       ours.st_ino == theirs.st_ino;
}

/* One try: HARMONY_OK with `*fd`, HARMONY_BUSY, or an error. flock and not fcntl, whose
   locks are lost when any descriptor of the file is closed anywhere in the process. */
static harmony_status try_lock(int *fd, const char *path, harmony_error *error)
{
	*fd = open_again(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
	if (*fd < 0)
		return refuse(error, "open lock", path, "; its folder must exist and be writable");
	if (flock(*fd, LOCK_EX | LOCK_NB) == 0) {
		if (still_there(*fd, path))
			return HARMONY_OK;
		errno = EWOULDBLOCK;
	}
	close_quietly(*fd);
	if (errno == EWOULDBLOCK || errno == EINTR)
		return HARMONY_BUSY;
	return refuse(error, "lock", path, "");
}

/* Sleeps a while before the next try; false when the time is over. */
static bool wait_turn(int64_t deadline, int64_t *pause)
{
	int64_t left = deadline - harmony__os_monotonic();
	struct timespec sleep;

	if (left <= 0)
		return false;
	if (*pause > left)
		*pause = left;
	sleep = (struct timespec){0, (long)*pause * 1000000};
	nanosleep(&sleep, NULL);
	*pause = *pause < 50 ? *pause * 2 : 100;
	return true;
}

harmony_status harmony__lock_take(harmony__lock **out, harmony_context *context, const char *path,
                                  int64_t timeout, harmony_error *error)
{
	harmony__lock *lock = harmony__alloc(context, sizeof(*lock));
	int64_t deadline = harmony__os_monotonic() + timeout, pause = 1;
	harmony_status status;

	*out = NULL;
	if (!lock)
		return harmony__nomem(error);
	lock->context = context;
	do
		status = try_lock(&lock->fd, path, error);
	while (status == HARMONY_BUSY && wait_turn(deadline, &pause));
	if (status == HARMONY_OK) {
		*out = lock;
		return HARMONY_OK;
	}
	harmony__free(context, lock);
	if (status == HARMONY_BUSY)
		harmony_error_set(error, status, NULL,
		                  "'%s' is locked by another process; wait until that one ends", path);
	return status;
}

void harmony__lock_release(harmony__lock *lock)
{
	if (!lock)
		return;
	close_quietly(lock->fd); /* which unlocks; the file stays, since others may wait on it */
	harmony__free(lock->context, lock);
}
