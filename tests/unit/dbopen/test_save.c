/* SPDX-License-Identifier: MIT */
/* dbopen.csv is a complete old or a complete new snapshot, whoever looks and whoever
   dies, and on a full disk the old one. */
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static harmony_context *context;
static char folder[] = "dbopen-XXXXXX";
static char path[64];

static int set_up(void **state)
{
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/dbopen.csv", folder);
	return harmony_context_new(&context, NULL, NULL);
}

/* Removes what is in the folder; returns how many files there were. */
static size_t sweep_folder(void)
{
	size_t count = 0;
	char name[512];
	DIR *dir = opendir(folder);
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir)); ) {
		if (entry->d_name[0] == '.' && (!entry->d_name[1] || entry->d_name[1] == '.'))
			continue;
		snprintf(name, sizeof name, "%s/%s", folder, entry->d_name);
		unlink(name);
		count++;
	}
	closedir(dir);
	return count;
}

static int tear_down(void **state)
{
	sweep_folder();
	rmdir(folder);
	harmony_context_free(context);
	return 0;
}

/* Version `n` of the snapshot: `n % 7 * 300 + 1` rows that all carry `n`. */
static harmony_dbopen_writer *version(unsigned n)
{
	harmony_dbopen_writer *writer = NULL;
	assert_int_equal(harmony_dbopen_writer_new(&writer, context, NULL, NULL), HARMONY_OK);
	for (unsigned i = 0; i <= n % 7 * 300; i++) {
		char invoice[16], description[32];
		snprintf(invoice, sizeof invoice, "%06u", i);
		snprintf(description, sizeof description, "version %06u", n);
		const item one = {.side = "sales",
		                  .party = "1",
		                  .invoice = invoice,
		                  .outstanding = "1.00",
		                  .description = description};
		assert_int_equal(add(writer, context, &one, NULL), HARMONY_OK);
	}
	return writer;
}

/* 1 when `text` is a whole version: all rows carry one number, as many as it has. */
static int is_whole(const char *text, size_t len)
{
	const char *first = strstr(text, "version ");
	if (!first)
		return 0;
	unsigned n = (unsigned)strtoul(first + 8, NULL, 10), rows = 0;
	char mark[32];
	snprintf(mark, sizeof mark, "version %06u", n);
	for (const char *at = text; at < text + len; rows++) {
		const char *end = strstr(at, "\r\n");
		const char *found = strstr(at, mark);
		if (!end || !found || found > end)
			return 0;
		at = end + 2;
	}
	return rows == n % 7 * 300 + 1;
}

static int file_is_whole(void)
{
	bytes file = bytes_of_file(path);
	int whole = is_whole(file.data, file.len);
	bytes_free(&file);
	return whole;
}

static void save(unsigned n)
{
	harmony_error error = HARMONY_ERROR_INIT;
	harmony_dbopen_writer *writer = version(n);
	if (harmony_dbopen_writer_save(writer, path, NULL, &error) != HARMONY_OK)
		fail_msg("%s", error.message);
	harmony_dbopen_writer_free(writer);
}

static void an_equal_file_is_left_alone(void **state)
{
	int changed = -1;
	struct stat before, after;
	harmony_dbopen_writer *writer = version(1);
	assert_int_equal(harmony_dbopen_writer_save(writer, path, &changed, NULL), HARMONY_OK);
	assert_int_equal(changed, 1);
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(harmony_dbopen_writer_save(writer, path, &changed, NULL), HARMONY_OK);
	assert_int_equal(changed, 0);
	assert_int_equal(stat(path, &after), 0);
	assert_true(before.st_ino == after.st_ino);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	assert_true(file_is_whole());
	/* one byte of difference is a difference */
	int fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "x", 1, 0), 1);
	close(fd);
	assert_int_equal(harmony_dbopen_writer_save(writer, path, &changed, NULL), HARMONY_OK);
	assert_int_equal(changed, 1);
	assert_true(file_is_whole());
	harmony_dbopen_writer_free(writer);
	assert_int_equal(sweep_folder(), 1);
}

static void an_empty_snapshot_empties_the_file(void **state)
{
	int changed = 0;
	struct stat info;
	save(1);
	harmony_dbopen_writer *writer = NULL;
	assert_int_equal(harmony_dbopen_writer_new(&writer, context, NULL, NULL), HARMONY_OK);
	assert_int_equal(harmony_dbopen_writer_save(writer, path, &changed, NULL), HARMONY_OK);
	assert_int_equal(changed, 1);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_size, 0);
	assert_int_equal(harmony_dbopen_writer_save(writer, path, &changed, NULL), HARMONY_OK);
	assert_int_equal(changed, 0);
	harmony_dbopen_writer_free(writer);
	sweep_folder();
}

static void the_mode_is_kept(void **state)
{
	struct stat info;
	save(1);
	assert_int_equal(chmod(path, 0640), 0);
	save(2);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0640);
	sweep_folder();
}

static void errors_name_the_path(void **state)
{
	harmony_error error = HARMONY_ERROR_INIT;
	harmony_dbopen_writer *writer = version(1);
	int changed = -1;
	char missing[128];
	snprintf(missing, sizeof missing, "%s/none/dbopen.csv", folder);
	harmony_status status = harmony_dbopen_writer_save(writer, missing, &changed, &error);
	assert_true(status == HARMONY_IO || status == HARMONY_NOTFOUND);
	assert_non_null(strstr(error.message, missing));
	assert_int_equal(changed, 0);
	harmony_error_clear(&error);
	assert_int_not_equal(harmony_dbopen_writer_save(writer, folder, &changed, &error), HARMONY_OK);
	assert_non_null(strstr(error.message, folder));
	harmony_dbopen_writer_free(writer);
	assert_int_equal(sweep_folder(), 0);
}

/* A child that reads until it is told to stop; its exit status says whether every
   reading was whole. */
static pid_t start_reader(int stop)
{
	pid_t child = fork();
	if (child != 0)
		return child;
	unsigned count = 0;
	char byte;
	while (read(stop, &byte, 1) < 0 && errno == EAGAIN) {
		if (!file_is_whole())
			_exit(1);
		count++;
	}
	_exit(count > 0 ? 0 : 2);
}

static void no_reader_sees_a_part(void **state)
{
	int stop[2], status = 0;
	save(0);
	assert_int_equal(pipe(stop), 0);
	fcntl(stop[0], F_SETFL, O_NONBLOCK);
	pid_t child = start_reader(stop[0]);
	assert_true(child > 0);
	for (unsigned n = 1; n <= 500; n++)
		save(n);
	assert_int_equal(write(stop[1], "x", 1), 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	close(stop[0]);
	close(stop[1]);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(sweep_folder(), 1);
}

/* Savers die at any moment; what they leave is whole, and does not hinder the next. */
static void no_death_leaves_a_part(void **state)
{
	save(0);
	for (unsigned round = 0; round < 50; round++) {
		int ready[2], status = 0;
		char byte;
		assert_int_equal(pipe(ready), 0);
		pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			assert_int_equal(write(ready[1], "x", 1), 1);
			for (unsigned n = round; ; n++)
				save(n);
		}
		assert_int_equal(read(ready[0], &byte, 1), 1);
		for (unsigned i = 0; i < round * 3; i++) /* the moment differs a round */
			assert_true(file_is_whole());
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		close(ready[0]);
		close(ready[1]);
		assert_true(file_is_whole());
	}
	save(3);
	assert_true(file_is_whole());
	sweep_folder();
}

static void a_full_disk_keeps_the_old_file(void **state)
{
	int status = 0;
	save(1);
	bytes before = bytes_of_file(path);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct rlimit limit = {4096, 4096};
		harmony_error error = HARMONY_ERROR_INIT;
		harmony_dbopen_writer *writer = version(6);
		int changed = -1;
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		if (harmony_dbopen_writer_save(writer, path, &changed, &error) != HARMONY_IO)
			_exit(1);
		if (!strstr(error.message, path) || changed != 0)
			_exit(2);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	bytes after = bytes_of_file(path);
	assert_string_equal(after.data, before.data);
	bytes_free(&before);
	bytes_free(&after);
	assert_int_equal(sweep_folder(), 1); /* no temporary */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_equal_file_is_left_alone),
	    cmocka_unit_test(an_empty_snapshot_empties_the_file),
	    cmocka_unit_test(the_mode_is_kept),
	    cmocka_unit_test(errors_name_the_path),
	    cmocka_unit_test(no_reader_sees_a_part),
	    cmocka_unit_test(no_death_leaves_a_part),
	    cmocka_unit_test(a_full_disk_keeps_the_old_file),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
