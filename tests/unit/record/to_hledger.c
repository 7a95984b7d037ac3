/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include <harmony/harmony.h>

/* JSON lines on standard input → hledger's journal on standard output; what is wrong goes
   to standard error. For hledger.py. */

static harmony_status put(const void *data, size_t len, void *user)
{
	return fwrite(data, 1, len, user) == len ? HARMONY_OK : HARMONY_USER;
}

static harmony_status write_one(const harmony_record *record, const harmony_diagnostic *failures,
                                size_t count, void *user)
{
	for (size_t i = 0; i < count; i++)
		fprintf(stderr, "%s\n", failures[i].message);
	return count ? HARMONY_USER : harmony_record_write_hledger(record, put, stdout, user);
}

int main(void)
{
	char buffer[4096];
	size_t len;
	harmony_context *context;
	harmony_jsonl *reader;
	harmony_error error = HARMONY_ERROR_INIT;
	harmony_status status = harmony_context_new(&context, NULL, &error);

	if (status)
		return 1;
	status = harmony_jsonl_new(&reader, context, "-", write_one, NULL, &error, &error);
	while (!status && (len = fread(buffer, 1, sizeof(buffer), stdin)) > 0)
		status = harmony_jsonl_feed(reader, buffer, len, &error);
	if (!status)
		status = harmony_jsonl_finish(reader, &error);
	if (status)
		fprintf(stderr, "%s\n", error.message);
	harmony_jsonl_free(reader);
	harmony_context_free(context);
	return status != HARMONY_OK;
}
