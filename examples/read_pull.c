/* SPDX-License-Identifier: MIT */
/* Reads fmuta6.csv with a loop of one's own: ask for the next good record, and get at
   its fields one by one. Here: the turnover of the sales journals, a ledger account.

       read_pull < fmuta6.csv */
#include <stdio.h>
#include <string.h>

#include <harmony/harmony.h>

#define MAX_ACCOUNTS 100

typedef struct account {
	char code[21];
	int64_t amount; /* in 1/100, as every amount */
} account;

static size_t take(void *buffer, size_t size, void *file)
{
	size_t len = fread(buffer, 1, size, file);
	return len == 0 && ferror((FILE *)file) ? (size_t)-1 : len;
}

/* What the loop does not see: a record with failures is skipped, and only told here. */
static harmony_status tell(const harmony_diagnostic *diagnostic, void *file)
{
	if (diagnostic->severity == HARMONY_FAILURE)
		fprintf(stderr, "read_pull: line %llu: %s\n", (unsigned long long)diagnostic->line,
		        diagnostic->message);
	return HARMONY_OK;
}

/* Adds to the account of that code; a table that is full keeps what it has. */
static void add(account *accounts, const char *code, int64_t amount)
{
	for (size_t i = 0; i < MAX_ACCOUNTS; i++) {
		if (accounts[i].code[0] == '\0')
			snprintf(accounts[i].code, sizeof accounts[i].code, "%s", code);
		if (strcmp(accounts[i].code, code) == 0) {
			accounts[i].amount += amount;
			return;
		}
	}
}

static void add_lines(account *accounts, const harmony_record *record)
{
	for (size_t row = 1; row <= harmony_record_lines(record); row++) {
		const char *code;
		int64_t amount;
		if (harmony_record_get_text(&code, record, row, HARMONY_FIELD_ACCOUNT) == HARMONY_OK &&
		    harmony_record_get_number(&amount, record, row, HARMONY_FIELD_AMOUNT) == HARMONY_OK)
			add(accounts, code, amount);
	}
}

int main(void)
{
	account accounts[MAX_ACCOUNTS] = {{"", 0}};
	harmony_context *context = NULL;
	harmony_fmuta6_pull *pull = NULL;
	const harmony_record *record = NULL;
	harmony_error error = HARMONY_ERROR_INIT;
	char amount[HARMONY_DECIMAL_SIZE];
	harmony_status status = harmony_context_new(&context, NULL, &error);
	if (status == HARMONY_OK)
		status = harmony_fmuta6_pull_new(&pull, context, NULL, "fmuta6.csv", take, tell, stdin,
		                                 &error);
	while (status == HARMONY_OK) {
		status = harmony_fmuta6_pull_next(&record, pull, &error);
		if (status != HARMONY_OK || !record)
			break;
		if (harmony_record_kind(record) == HARMONY_SALES_INVOICE)
			add_lines(accounts, record);
	}
	if (status != HARMONY_OK)
		fprintf(stderr, "read_pull: %s\n", error.message);
	for (size_t i = 0; i < MAX_ACCOUNTS && accounts[i].code[0]; i++) {
		harmony_decimal_format(amount, accounts[i].amount, HARMONY_SCALE_AMOUNT, '.');
		printf("%-10s %12s\n", accounts[i].code, amount);
	}
	harmony_fmuta6_pull_free(pull);
	harmony_context_free(context);
	return status == HARMONY_OK ? 0 : 3;
}
