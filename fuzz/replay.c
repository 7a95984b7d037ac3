/* SPDX-License-Identifier: MIT */
/* The main of a harness without libFuzzer: runs every file that is named, and every file of
   every folder that is named. Without arguments it reads standard input, in a loop where
   AFL's compiler offers one. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long inputs;

static int run(FILE *file)
{
	uint8_t *data = NULL, *exact;
	size_t size = 0, got;

	do {
		uint8_t *more = realloc(data, size + 65536);

		if (!more)
			break;
		data = more;
		got = fread(data + size, 1, 65536, file);
		size += got;
	} while (got > 0);
	/* Exactly as large as the input, so that a memory checker sees a read behind it. */
	exact = malloc(size ? size : 1);
	if (!data || !exact || ferror(file))
		return 1;
	memcpy(exact, data, size);
	free(data);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	inputs++;
	return 0;
}

static int run_path(const char *path);

static int run_folder(DIR *folder, const char *path)
{
	struct dirent *entry;
	int failed = 0;

	while (!failed && (entry = readdir(folder))) {
		char name[4096];

		if (entry->d_name[0] == '.')
			continue;
		failed = snprintf(name, sizeof(name), "%s/%s", path, entry->d_name) >=
		                 (int)sizeof(name) ||
		         run_path(name);
	}
	closedir(folder);
	return failed;
}

static int run_path(const char *path)
{
	DIR *folder = opendir(path);
	FILE *file;
	int failed;

	if (folder)
		return run_folder(folder, path);
	file = fopen(path, "rb");
	failed = file ? run(file) : 1;
	if (file)
		fclose(file);
	if (failed)
		fprintf(stderr, "cannot read %s\n", path);
	return failed;
}

#ifdef __AFL_LOOP
__AFL_FUZZ_INIT();

static int run_engine(void)
{
	unsigned char *data;

	__AFL_INIT();
	data = __AFL_FUZZ_TESTCASE_BUF;
	while (__AFL_LOOP(10000))
		LLVMFuzzerTestOneInput(data, (size_t)__AFL_FUZZ_TESTCASE_LEN);
	return 0;
}
#else
static int run_engine(void)
{
	return run(stdin);
}
#endif

int main(int argc, char **argv)
{
	int failed = 0;

	if (argc < 2)
		return run_engine();
	for (int i = 1; i < argc && !failed; i++)
		failed = run_path(argv[i]);
	printf("%lu inputs\n", inputs);
	return failed || inputs == 0;
}
