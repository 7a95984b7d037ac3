/* SPDX-License-Identifier: MIT */
#include <harmony/harmony.h>
#include <stdio.h>
static harmony_status tell(const harmony_diagnostic *what, void *to)
{ return fprintf(to, "line %d: %s\n", (int)what->line, what->message) < 0 ? HARMONY_USER : HARMONY_OK; }
int main(void)
{
	char number[HARMONY_KEY_SIZE], total[32];
	const harmony_record *record = NULL;
	harmony_context *context = NULL;
	harmony_fmuta6_pull *pull = NULL;
	if (!harmony_context_new(&context, NULL, NULL) &&
	    !harmony_fmuta6_pull_open(&pull, context, NULL, "-", tell, stderr, NULL)) /* or a path */
		while (!harmony_fmuta6_pull_next(&record, pull, NULL) && record) {
			harmony_record_identifier(number, record);               /* 70/24700001 */
			harmony_record_get_path(total, sizeof total, record, "total"); /* 142.80 */
			printf("%s %s\n", number, total);
		}
	harmony_fmuta6_pull_free(pull);
	harmony_context_free(context);
}
