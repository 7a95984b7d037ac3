/* SPDX-License-Identifier: MIT */
/* One folder a quirk: what it reads as, at every cut. `--regenerate FOLDER` writes what the
   reader gives now; read the difference before it is kept. */
#include "support.h"

#include <dirent.h>

static const char *root;
static bool regenerate;

static void set_options(harmony_fmuta6_options *options, const char *folder)
{
	char path[512], *settings, *line, *rest;
	size_t len;
	harmony_error error = HARMONY_ERROR_INIT;
	snprintf(path, sizeof path, "%s/options", folder);
	settings = load(path, &len);
	for (line = settings ? strtok_r(settings, "\n", &rest) : NULL; line;
	     line = strtok_r(NULL, "\n", &rest)) {
		char *value = strchr(line, '=');
		assert_non_null(value);
		*value++ = '\0';
		if (harmony_fmuta6_options_set(options, line, value, &error))
			fail_msg("%s: %s", folder, error.message);
	}
	free(settings);
}

/* The folder's input.csv, or the sample that its file `input` names. */
static char *input_of(const char *folder, size_t *len)
{
	char path[512], *data, *name;
	size_t name_len;
	snprintf(path, sizeof path, "%s/input.csv", folder);
	data = load(path, len);
	if (data)
		return data;
	snprintf(path, sizeof path, "%s/input", folder);
	name = load(path, &name_len);
	assert_non_null(name);
	name[strcspn(name, "\n")] = '\0';
	snprintf(path, sizeof path, "%s/../%s", root, name);
	free(name);
	data = load(path, len);
	assert_non_null(data);
	return data;
}

static void expect(const char *folder, const char *name, const output *got)
{
	char path[512], *wanted;
	size_t len;
	snprintf(path, sizeof path, "%s/%s", folder, name);
	if (regenerate) {
		FILE *file = fopen(path, "wb");
		assert_non_null(file);
		assert_int_equal(fwrite(text_of(got), 1, got->len, file), got->len);
		fclose(file);
		return;
	}
	wanted = load(path, &len);
	if (!wanted)
		fail_msg("%s is missing; run with --regenerate and read it", path);
	assert_string_equal(text_of(got), wanted);
	free(wanted);
}

static void same(const char *folder, size_t first, size_t chunk, const reading *a, reading *b)
{
	if (strcmp(text_of(&a->records), text_of(&b->records)) ||
	    strcmp(text_of(&a->findings), text_of(&b->findings))) {
		print_error("%s: cut at %zu, then by %zu\n", folder, first, chunk);
		assert_string_equal(text_of(&b->records), text_of(&a->records));
		assert_string_equal(text_of(&b->findings), text_of(&a->findings));
	}
	reading_free(b);
}

static void check_folder(harmony_context *context, const char *folder)
{
	static const size_t chunks[] = {1, 2, 3, 7};
	harmony_fmuta6_options options = HARMONY_FMUTA6_OPTIONS_INIT;
	size_t len = 0;
	char *data = input_of(folder, &len);
	reading whole, other;
	set_options(&options, folder);
	whole = read_bytes(context, &options, data, len, 0, len + 1);
	expect(folder, "expect.jsonl", &whole.records);
	expect(folder, "expect.diag", &whole.findings);
	for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
		other = read_bytes(context, &options, data, len, 0, chunks[i]);
		same(folder, 0, chunks[i], &whole, &other);
	}
	for (size_t cut = 1; cut < len; cut++) {
		other = read_bytes(context, &options, data, len, cut, len);
		same(folder, cut, len, &whole, &other);
	}
	for (size_t end = 0; end < len; end++) {
		other = read_bytes(context, &options, data, end, 0, len + 1);
		assert_true(other.status == HARMONY_OK || other.status == HARMONY_FORMAT);
		reading_free(&other);
	}
	reading_free(&whole);
	free(data);
}

static void goldens_read_as_expected(void **state)
{
	harmony_context *context = NULL;
	struct dirent **names = NULL;
	int count = scandir(root, &names, NULL, alphasort), checked = 0;
	assert_true(count > 0);
	assert_int_equal(harmony_context_new(&context, NULL, NULL), HARMONY_OK);
	for (int i = 0; i < count; i++) {
		char folder[400];
		snprintf(folder, sizeof folder, "%s/%s", root, names[i]->d_name);
		if (names[i]->d_name[0] != '.') {
			check_folder(context, folder);
			checked++;
		}
		free(names[i]);
	}
	free(names);
	harmony_context_free(context);
	assert_true(checked > 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(goldens_read_as_expected)};
	regenerate = argc > 2 && strcmp(argv[1], "--regenerate") == 0;
	root = argc > 1 ? argv[argc - 1] : ".";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
