/* SPDX-License-Identifier: MIT */
#include <harmony/harmony.h>

/* Runs something of each room at the bottom, so that they are really linked. */
int main(void)
{
	harmony_context *context = NULL;
	harmony_dbopen_writer *writer = NULL;
	int same = harmony_version() == HARMONY_VERSION_NUMBER;
	harmony_status status = harmony_context_new(&context, NULL, NULL);
	if (status == HARMONY_OK)
		status = harmony_dbopen_writer_new(&writer, context, NULL, NULL);
	harmony_dbopen_writer_free(writer);
	harmony_context_free(context);
	return same && status == HARMONY_OK ? 0 : 1;
}
