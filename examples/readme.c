/* SPDX-License-Identifier: MIT */
#include <harmony/harmony.h>
#include <stdio.h>
static size_t take(void *to, size_t size, void *file) { return fread(to, 1, size, file); }
int main(void)
{
	char number[HARMONY_KEY_SIZE], total[32];
	const harmony_record *record = NULL;
	harmony_context *context = NULL;
	harmony_fmuta6_pull *pull = NULL;
	if (!harmony_context_new(&context, NULL, NULL) &&
	    !harmony_fmuta6_pull_new(&pull, context, NULL, "fmuta6.csv", take, NULL, stdin, NULL))
		while (!harmony_fmuta6_pull_next(&record, pull, NULL) && record) {
			harmony_record_identifier(number, record);               /* 70/24700001 */
			harmony_record_get_path(total, sizeof total, record, "total"); /* 142.80 */
			printf("%s %s\n", number, total);
		}
	harmony_fmuta6_pull_free(pull);
	harmony_context_free(context);
}
