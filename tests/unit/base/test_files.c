/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "tests/support/sweep.h"

static sweep blocks;
static harmony_context *context;
static char folder[64];
static char built[256];

static int start(void **state)
{
	context = sweep_context(&blocks);
	strcpy(folder, "harmony-files-XXXXXX");
	assert_non_null(mkdtemp(folder));
	return 0;
}

static void empty_folder(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char name[512];

	while ((entry = readdir(dir))) {
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (entry->d_name[0] == '.' && strchr("./", entry->d_name[1] ? entry->d_name[1] : '.'))
			continue;
		if (unlink(name) != 0) {
			empty_folder(name);
			rmdir(name);
		}
	}
	closedir(dir);
}

static int stop(void **state)
{
	empty_folder(folder);
	rmdir(folder);
	harmony_context_free(context);
	assert_int_equal(blocks.live, 0);
	return 0;
}

static const char *in(const char *name)
{
	snprintf(built, sizeof(built), "%s/%s", folder, name);
	return built;
}

/* How many names there are in the folder, hidden ones too. */
static int names(void)
{
	DIR *dir = opendir(folder);
	int count = -2;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static void put(const char *name, const char *text)
{
	harmony_error error = HARMONY_ERROR_INIT;

	if (harmony__file_replace(in(name), text, strlen(text), 0640, context, &error))
		fail_msg("%s", error.message);
}

static void holds(const char *name, const char *text)
{
	harmony__buf buf;
	harmony_error error = HARMONY_ERROR_INIT;

	harmony__buf_init(&buf, context, 1 << 20);
	if (harmony__file_load(&buf, in(name), &error))
		fail_msg("%s", error.message);
	assert_string_equal(buf.data ? buf.data : "", text);
	harmony__buf_free(&buf);
}

static void test_replace(void **state)
{
	harmony__file_info info;
	mode_t mask = umask(077);

	put("a.csv", "one");
	umask(mask);
	holds("a.csv", "one");
	assert_int_equal(harmony__file_stat(&info, in("a.csv"), NULL), HARMONY_OK);
	assert_int_equal(info.mode, 0640); /* as in chmod */
	assert_true(info.regular && info.size == 3);
	assert_int_equal(chmod(in("a.csv"), 0604), 0);
	put("a.csv", "two");
	holds("a.csv", "two");
	assert_int_equal(harmony__file_stat(&info, in("a.csv"), NULL), HARMONY_OK);
	assert_int_equal(info.mode, 0604); /* kept */
	put("a.csv", "");
	holds("a.csv", "");
	assert_int_equal(names(), 1);
	unlink(in("a.csv"));
}

static void test_replace_link(void **state)
{
	struct stat info;

	put("real.csv", "one");
	assert_int_equal(symlink("real.csv", in("link.csv")), 0);
	put("link.csv", "two");
	assert_int_equal(lstat(in("link.csv"), &info), 0);
	assert_true(S_ISLNK(info.st_mode));
	holds("real.csv", "two");
	assert_int_equal(names(), 2);
	unlink(in("link.csv"));
	unlink(in("real.csv"));
}

static void test_long_name(void **state)
{
	char name[NAME_MAX + 1 > 160 ? 161 : NAME_MAX + 1];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	put(name, "x");
	holds(name, "x");
	unlink(in(name));
}

static void refuses_replace(const char *name)
{
	harmony_error error = HARMONY_ERROR_INIT;
	int before = names();

	assert_int_equal(harmony__file_replace(in(name), "new", 3, 0600, context, &error), HARMONY_IO);
	assert_non_null(strstr(error.message, name));
	assert_int_equal(names(), before);
}

static void test_replace_refused(void **state)
{
	assert_int_equal(mkdir(in("folder"), 0700), 0);
	assert_int_equal(mkfifo(in("pipe"), 0600), 0);
	refuses_replace("folder");
	refuses_replace("pipe");
	refuses_replace("absent/file");
	rmdir(in("folder"));
	unlink(in("pipe"));
}

/* Runs in a child, where the limits and the identity may be spoilt. */
static int in_child(int (*what)(void))
{
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		_exit(what());
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

static int replace_beyond_limit(void)
{
	struct rlimit limit = {1000, 1000};
	static char large[5000];
	harmony_error error = HARMONY_ERROR_INIT;

	memset(large, 'x', sizeof(large));
	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 2;
	if (harmony__file_replace(in("full.csv"), large, sizeof(large), 0600, context, &error) !=
	    HARMONY_IO)
		return 3;
	return strstr(error.message, "full.csv") ? 0 : 4;
}

static void test_disk_full(void **state)
{
	put("full.csv", "old");
	assert_int_equal(in_child(replace_beyond_limit), 0);
	holds("full.csv", "old");
	assert_int_equal(names(), 1);
	unlink(in("full.csv"));
}

/* Killed by the signal of a file that grows too large, in the middle of its writing. */
static int replace_until_killed(void)
{
	struct rlimit limit = {1000, 1000}, no_core = {0, 0};
	static char large[5000];

	if (setrlimit(RLIMIT_FSIZE, &limit) != 0 || setrlimit(RLIMIT_CORE, &no_core) != 0)
		return 2;
	signal(SIGXFSZ, SIG_DFL);
	harmony__file_replace(in("killed.csv"), large, sizeof(large), 0600, context, NULL);
	return 3;
}

static void test_killed(void **state)
{
	put("killed.csv", "old");
	for (int i = 0; i < 3; i++)
		assert_int_equal(in_child(replace_until_killed), 99);
	holds("killed.csv", "old");
	assert_int_equal(names(), 2); /* not one for each */
	assert_int_equal(harmony__file_replace(in("killed.csv"), "new", 3, 0600, context, NULL),
	                 HARMONY_OK);
	holds("killed.csv", "new");
	assert_int_equal(names(), 1);
	unlink(in("killed.csv"));
}

/* Many at once: each finds the others' files, and none takes away or puts in place what
   another one is writing. */
static int replace_often(void)
{
	static char text[9000];
	char pid = (char)('a' + getpid() % 26);

	memset(text, pid, sizeof(text));
	for (int i = 0; i < 100; i++)
		if (harmony__file_replace(in("shared.csv"), text, sizeof(text), 0600, context, NULL))
			return 2;
	return 0;
}

static void test_many_writers(void **state)
{
	pid_t children[4];
	harmony__buf all;

	for (int i = 0; i < 4; i++) {
		children[i] = fork();
		if (children[i] == 0)
			_exit(replace_often());
		assert_true(children[i] > 0);
	}
	harmony__buf_init(&all, context, 100000);
	for (int left = 4; left > 0;) {
		int status = 0;
		pid_t child = waitpid(-1, &status, WNOHANG);
		if (child > 0) {
			assert_int_equal(status, 0);
			left--;
		}
		harmony__buf_clear(&all);
		if (harmony__file_load(&all, in("shared.csv"), NULL) != HARMONY_OK)
			continue; /* not there yet */
		assert_int_equal(all.len, 9000);
		for (size_t i = 1; i < all.len; i++)
			assert_int_equal(all.data[i], all.data[0]);
	}
	harmony__buf_free(&all);
	assert_int_equal(names(), 1);
	unlink(in("shared.csv"));
}

static int replace_in_locked_folder(void)
{
	if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
		return 2;
	return harmony__file_replace(in("kept.csv"), "new", 3, 0600, context, NULL) == HARMONY_IO ? 0
	                                                                                          : 3;
}

static void test_read_only_folder(void **state)
{
	put("kept.csv", "old");
	assert_int_equal(chmod(folder, 0555), 0);
	assert_int_equal(in_child(replace_in_locked_folder), 0);
	assert_int_equal(chmod(folder, 0700), 0);
	holds("kept.csv", "old");
	assert_int_equal(names(), 1);
	unlink(in("kept.csv"));
}

static void test_create(void **state)
{
	harmony__file_info info;

	assert_int_equal(harmony__file_create(in("new"), 0600, context, NULL), HARMONY_OK);
	assert_int_equal(harmony__file_stat(&info, in("new"), NULL), HARMONY_OK);
	assert_true(info.mode == 0600 && info.size == 0);
	assert_int_equal(harmony__file_create(in("new"), 0600, context, NULL), HARMONY_EXISTS);
	assert_int_equal(harmony__file_create(in("no/new"), 0600, context, NULL), HARMONY_IO);
	assert_int_equal(names(), 1);
	unlink(in("new"));
}

static void test_refused_input(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *const paths[] = {folder, "/dev/zero", address.sun_path};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(address.sun_path, in("socket"));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	for (size_t i = 0; i < HARMONY__COUNT(paths); i++) {
		harmony__file *file;
		harmony_error error = HARMONY_ERROR_INIT;

		assert_int_equal(harmony__file_open(&file, context, paths[i], &error), HARMONY_IO);
		assert_null(file);
		assert_non_null(strstr(error.message, paths[i]));
		assert_non_null(strstr(error.message, i == 0 ? "folder" : i == 1 ? "device" : "socket"));
	}
	close(fd);
	unlink(in("socket"));
}

static void test_absent(void **state)
{
	harmony__file *file;
	harmony__file_info info;
	harmony_error error = HARMONY_ERROR_INIT;

	assert_int_equal(harmony__file_stat(&info, in("absent"), &error), HARMONY_NOTFOUND);
	assert_int_equal(error.status, HARMONY_OK); /* which may be no error */
	assert_int_equal(harmony__file_open(&file, context, in("absent"), &error), HARMONY_NOTFOUND);
	assert_non_null(strstr(error.message, "absent"));
}

/* The writer comes later, and writes in parts: the reader waits for it. */
static void test_pipe(void **state)
{
	harmony__buf buf;
	pid_t child;
	char path[256];

	strcpy(path, in("pipe"));
	assert_int_equal(mkfifo(path, 0600), 0);
	child = fork();
	if (child == 0) {
		int fd = open(path, O_WRONLY);
		bool good = write(fd, "one ", 4) == 4 && write(fd, "two", 3) == 3;

		_exit(good ? 0 : 1);
	}
	harmony__buf_init(&buf, context, 100);
	assert_int_equal(harmony__file_load(&buf, path, NULL), HARMONY_OK);
	assert_string_equal(buf.data, "one two");
	harmony__buf_free(&buf);
	assert_int_equal(waitpid(child, NULL, 0), child);
	unlink(path);
}

static void test_load_bounded(void **state)
{
	harmony__buf buf;
	harmony_error error = HARMONY_ERROR_INIT;

	put("large", "0123456789");
	harmony__buf_init(&buf, context, 9);
	assert_int_equal(harmony__file_load(&buf, in("large"), &error), HARMONY_LIMIT);
	assert_non_null(strstr(error.message, "large"));
	harmony__buf_free(&buf);
	unlink(in("large"));
}

static void test_move(void **state)
{
	char from[256];

	put("from", "content");
	strcpy(from, in("from"));
	assert_int_equal(harmony__file_move(from, in("to"), context, NULL), HARMONY_OK);
	holds("to", "content");
	assert_int_equal(harmony__file_move(from, in("to"), context, NULL), HARMONY_NOTFOUND);
	holds("to", "content");
	assert_int_equal(names(), 1);
	unlink(in("to"));
}

/* Across file systems, where the machine has a second one. */
static void test_move_across(void **state)
{
	char from[] = "/dev/shm/harmony-move-XXXXXX";
	struct stat here, there;
	int fd = mkstemp(from);

	if (fd < 0)
		skip();
	assert_int_equal(write(fd, "content", 7), 7);
	assert_int_equal(fchmod(fd, 0640), 0);
	close(fd);
	assert_true(stat(folder, &here) == 0 && stat(from, &there) == 0);
	if (here.st_dev == there.st_dev) {
		unlink(from);
		skip();
	}
	assert_int_equal(harmony__file_move(from, in("to"), context, NULL), HARMONY_OK);
	holds("to", "content");
	assert_int_not_equal(access(from, F_OK), 0);
	assert_int_equal(names(), 1);
	unlink(in("to"));
}

static void test_folder(void **state)
{
	harmony_error error = HARMONY_ERROR_INIT;
	harmony__file_info info;

	assert_int_equal(harmony__folder_make(in("x/y//z/"), NULL), HARMONY_OK);
	assert_int_equal(harmony__folder_make(in("x/y/z"), NULL), HARMONY_OK);
	assert_int_equal(harmony__file_stat(&info, in("x/y/z"), NULL), HARMONY_OK);
	assert_false(info.regular);
	put("x/file", "");
	assert_int_equal(harmony__folder_make(in("x/file"), &error), HARMONY_IO);
	assert_int_equal(harmony__folder_make(in("x/file/below"), NULL), HARMONY_IO);
	assert_non_null(strstr(error.message, "x/file"));
	empty_folder(folder);
}

/* A lock excludes a second taker, in this process and in another, and dies with its holder. */
static int take_and_die(void)
{
	harmony__lock *lock;

	return harmony__lock_take(&lock, context, in("lock"), 0, NULL); /* not released */
}

static void test_lock(void **state)
{
	harmony__lock *lock, *second;
	harmony_error error = HARMONY_ERROR_INIT;
	int64_t before;

	assert_int_equal(in_child(take_and_die), HARMONY_OK);
	assert_int_equal(harmony__lock_take(&lock, context, in("lock"), 0, NULL), HARMONY_OK);
	assert_int_equal(in_child(take_and_die), HARMONY_BUSY);
	before = harmony__os_monotonic();
	assert_int_equal(harmony__lock_take(&second, context, in("lock"), 30, &error), HARMONY_BUSY);
	assert_true(harmony__os_monotonic() - before >= 30);
	assert_null(second);
	assert_non_null(strstr(error.message, "lock"));
	harmony__lock_release(lock);
	assert_int_equal(in_child(take_and_die), HARMONY_OK);
	harmony__lock_release(NULL);
	unlink(in("lock"));
}

/* Someone who tidies up removes the file: the next taker makes another, and both that one
   and the one after it must not both have it. */
static void test_lock_removed(void **state)
{
	harmony__lock *first, *second, *third;

	assert_int_equal(harmony__lock_take(&first, context, in("lock"), 0, NULL), HARMONY_OK);
	unlink(in("lock"));
	assert_int_equal(harmony__lock_take(&second, context, in("lock"), 0, NULL), HARMONY_OK);
	harmony__lock_release(first);
	assert_int_equal(harmony__lock_take(&third, context, in("lock"), 0, NULL), HARMONY_BUSY);
	harmony__lock_release(second);
	assert_int_equal(symlink("elsewhere", in("planted")), 0);
	assert_int_equal(harmony__lock_take(&first, context, in("planted"), 0, NULL), HARMONY_IO);
	assert_int_not_equal(access(in("elsewhere"), F_OK), 0);
	empty_folder(folder);
}

static void test_random(void **state)
{
	uint8_t a[1000] = {0}, b[1000] = {0};
	size_t zeros = 0;

	assert_int_equal(harmony__os_random(a, sizeof(a)), HARMONY_OK);
	assert_int_equal(harmony__os_random(b, sizeof(b)), HARMONY_OK);
	assert_memory_not_equal(a, b, sizeof(a));
	for (size_t i = 0; i < sizeof(a); i++)
		zeros += a[i] == 0;
	assert_true(zeros < 100);
	harmony__os_wipe(a, sizeof(a));
	for (size_t i = 0; i < sizeof(a); i++)
		assert_int_equal(a[i], 0);
}

static harmony_status all_of_it(harmony_context *with, harmony_error *error, void *user)
{
	char path[256];
	harmony__lock *lock = NULL;
	harmony__buf buf;
	harmony_status status;

	strcpy(path, in("swept"));
	harmony__buf_init(&buf, with, 1 << 20);
	status = harmony__lock_take(&lock, with, in("lock"), 0, error);
	if (status == HARMONY_OK)
		status = harmony__file_replace(path, "text", 4, 0600, with, error);
	if (status == HARMONY_OK)
		status = harmony__file_load(&buf, path, error);
	if (status == HARMONY_OK)
		status = harmony__file_move(path, in("moved"), with, error);
	harmony__buf_free(&buf);
	harmony__lock_release(lock);
	return status;
}

static void test_sweep(void **state)
{
	assert_true(sweep_run(all_of_it, NULL) >= 4);
	empty_folder(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replace),        cmocka_unit_test(test_replace_link),
		cmocka_unit_test(test_long_name),      cmocka_unit_test(test_replace_refused),
		cmocka_unit_test(test_disk_full),      cmocka_unit_test(test_killed),
		cmocka_unit_test(test_many_writers),   cmocka_unit_test(test_read_only_folder),
		cmocka_unit_test(test_create),         cmocka_unit_test(test_refused_input),
		cmocka_unit_test(test_absent),         cmocka_unit_test(test_pipe),
		cmocka_unit_test(test_load_bounded),   cmocka_unit_test(test_move),
		cmocka_unit_test(test_move_across),    cmocka_unit_test(test_folder),
		cmocka_unit_test(test_lock),           cmocka_unit_test(test_lock_removed),
		cmocka_unit_test(test_random),         cmocka_unit_test(test_sweep),
	};

	return cmocka_run_group_tests_name("files", tests, start, stop);
}
