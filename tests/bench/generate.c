/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generate.h"

static unsigned dice(generator *g, unsigned sides)
{
	g->seed = g->seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((g->seed >> 33) % sides);
}

typedef struct row {
	unsigned number;
	char type;
	const char *journal;
	const char *text;
	char date[9], due[9];
	char entry[12], account[8], debtor[8], creditor[8], invoice[12];
	long long amount, vat;
	const char *vat_code;
	bool vatted;
} row;

static char *put_text(char *to, const char *text)
{
	*to++ = '"';
	for (; *text; text++) {
		if (*text == '"')
			*to++ = '"';
		*to++ = *text;
	}
	*to++ = '"';
	*to++ = ',';
	return to;
}

static char *put_bare(char *to, const char *text)
{
	while (*text)
		*to++ = *text++;
	*to++ = ',';
	return to;
}

static char *put_amount(char *to, long long cents)
{
	char digits[24];
	size_t n = 0;
	unsigned long long left = (unsigned long long)(cents < 0 ? -cents : cents);

	if (cents < 0)
		*to++ = '-';
	for (; left > 0 || n < 3; left /= 10)
		digits[n++] = (char)('0' + left % 10);
	while (n > 0) {
		*to++ = digits[--n];
		if (n == 2)
			*to++ = '.';
	}
	*to++ = ',';
	return to;
}

static char *put_row(char *to, const row *r)
{
	char number[8], type[2] = {r->type, '\0'};
	bool head = r->number == 0, invoice = r->type == 'V' || r->type == 'I';

	snprintf(number, sizeof(number), "%u", r->number);
	to = put_bare(to, number);
	to = put_text(to, type);
	to = put_text(to, r->journal);
	to = put_text(to, "");   /* period */
	to = put_text(to, "24");
	to = put_text(to, r->entry);
	to = put_text(to, r->text);
	to = put_bare(to, r->date);
	to = put_text(to, head ? "" : r->account);
	to = put_text(to, r->debtor);
	to = put_text(to, r->creditor);
	to = put_text(to, head ? "" : r->invoice);
	to = put_amount(to, r->amount);
	to = put_text(to, head ? "N" : "");
	to = put_text(to, "EUR");
	to = put_bare(to, "");
	to = put_text(to, "");
	to = put_bare(to, "");
	to = put_bare(to, head && invoice ? r->due : "");
	to = put_bare(to, "");
	to = put_text(to, head || !r->vatted ? "" : r->vat_code);
	to = head || !r->vatted ? put_bare(to, "") : put_amount(to, r->vat);
	to = put_text(to, "");
	to = put_text(to, head && invoice ? r->entry : "");
	to = put_text(to, head && invoice ? "B" : "");
	to = put_bare(to, "");
	to = put_text(to, !head && invoice ? "KP10" : "");
	to = put_text(to, "");
	to = put_bare(to, "");
	to = put_text(to, "");
	to = put_text(to, "");
	to = put_text(to, "N");
	to = put_text(to, "");
	for (int i = 34; i < 38; i++)
		to = put_bare(to, "");
	to = put_text(to, "");
	to = put_text(to, "");
	to = put_text(to, "");
	to[-1] = '\r';
	*to++ = '\n';
	return to;
}

static void set_amounts(generator *g, row *lines, unsigned count, bool vatted)
{
	static const struct {
		const char *code;
		long long percent;
	} rates[] = {{"2", 21}, {"2", 21}, {"1", 9}, {"0", 0}};

	for (unsigned i = 1; i <= count; i++) {
		unsigned rate = dice(g, 4);
		row *r = &lines[i];
		r->amount = 100 + dice(g, dice(g, 4) ? 30000 : 900000);
		r->vatted = vatted;
		r->vat_code = rates[rate].code;
		r->vat = vatted ? (r->amount * rates[rate].percent + 50) / 100 : 0;
		snprintf(r->account, sizeof(r->account), "%u", 4000 + dice(g, 500) * 10);
	}
}

/* A memorial balances, the other headers carry what their lines make. */
static void settle(row *lines, unsigned count, char type, int sign)
{
	long long sum = 0;

	for (unsigned i = 1; i <= count; i++) {
		lines[i].amount *= type == 'M' && i % 2 == 0 ? -1 : sign;
		lines[i].vat *= sign;
		if (type == 'M' && i == count)
			lines[i].amount = -sum;
		sum += lines[i].amount + (type == 'M' ? 0 : lines[i].vat);
	}
	lines[0].amount = type == 'M' ? 0 : sum;
}

size_t generate_entry(generator *g, char *to, size_t size)
{
	static const struct {
		char type;
		const char *journal, *text;
	} kinds[] = {{'V', "70", "Factuur"}, {'V', "70", "Verkoop kaas"}, {'V', "71", "Omzet week"},
	             {'I', "60", "Inkoop"}, {'I', "60", "Grondstof"}, {'B', "20", "Bank ING"},
	             {'B', "21", "Bank Rabo"}, {'K', "10", "Kas"}, {'G', "30", "Giro"},
	             {'M', "90", "Memoriaal"}};
	static const char *const tails[] = {"", " 12 \"breed\"", ", tweede"};
	unsigned kind = dice(g, 10), count = 2 + dice(g, 6), tail = dice(g, 50);
	char type = kinds[kind].type, text[64], *start = to;
	bool invoice = type == 'V' || type == 'I';
	row lines[8] = {{0}};

	g->entry++;
	snprintf(text, sizeof(text), "%s %u%s", kinds[kind].text, dice(g, 100000),
	         tail < 2 ? tails[tail + 1] : tails[0]);
	for (unsigned i = 0; i <= count; i++) {
		row *r = &lines[i];
		r->number = i;
		r->type = type;
		r->journal = kinds[kind].journal;
		r->text = text;
	}
	set_amounts(g, lines, count, invoice);
	settle(lines, count, type, invoice && dice(g, 12) == 0 ? -1 : 1);
	snprintf(lines[0].entry, sizeof(lines[0].entry), "24%06llu", g->entry);
	snprintf(lines[0].date, sizeof(lines[0].date), "%02u%02u2024", 1 + dice(g, 28), 1 + dice(g, 12));
	snprintf(lines[0].due, sizeof(lines[0].due), "%02u012025", 1 + dice(g, 28));
	for (unsigned i = 0; i <= count; i++) {
		row *r = &lines[i];
		memcpy(r->date, lines[0].date, sizeof(r->date));
		memcpy(r->due, lines[0].due, sizeof(r->due));
		memcpy(r->entry, lines[0].entry, sizeof(r->entry));
		if (type == 'V')
			snprintf(r->debtor, sizeof(r->debtor), "%u", 1001 + (unsigned)(g->entry % 300));
		if (type == 'I')
			snprintf(r->creditor, sizeof(r->creditor), "%u", 2001 + (unsigned)(g->entry % 90));
		if (invoice)
			memcpy(r->invoice, lines[0].entry, sizeof(r->invoice));
		to = put_row(to, r);
	}
	return (size_t)(to - start);
}

#ifdef GENERATE_MAIN
int main(int argc, char **argv)
{
	unsigned long long left = argc > 1 ? strtoull(argv[1], NULL, 10) * 1000000 : 0;
	FILE *out = argc > 2 ? fopen(argv[2], "wb") : NULL;
	generator g = {20240115, 0};
	static char entry[1 << 16];

	if (left == 0 || !out) {
		fprintf(stderr, "usage: generate MEGABYTES FILE\n");
		return 2;
	}
	while (left > 0) {
		size_t len = generate_entry(&g, entry, sizeof(entry));
		if (fwrite(entry, 1, len, out) != len)
			break;
		left = left > len ? left - len : 0;
	}
	if (ferror(out) || fclose(out) != 0) {
		perror(argv[2]);
		return 1;
	}
	return 0;
}
#endif
