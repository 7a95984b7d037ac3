/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "parties.h"

/* check: a summary of each file, and every diagnostic. Memory does not grow with the
   input, save by the number of journals. */

#define MAX_JOURNALS 1000 /* of one file; what is beyond goes under one heading */

struct journal {
	char code[32];
	char currency[8];
	harmony_kind kind;
	uint64_t entries;
	int64_t
	    total; /* invoices: with VAT; memorials: debit; bank: what came in, less what went */
	bool overflow;
};

struct checking {
	struct program *p;
	struct journal *journals;
	struct parties *parties;
	size_t count;
	uint64_t kinds[HARMONY_KIND_LAST_ + 1];
	uint64_t records, rejected;
};

/* ---- totals ---- */

static const char *text_of(const harmony_record *record, harmony_field field)
{
	const char *text;
	return harmony_record_get_text(&text, record, HARMONY_HEADER, field) == HARMONY_OK ? text
											   : "";
}

static void sum(struct journal *journal, int64_t amount)
{
	if (__builtin_add_overflow(journal->total, amount, &journal->total))
		journal->overflow = true;
}

static void add_entry(struct journal *journal, const harmony_record *record)
{
	int64_t amount, vat;
	journal->entries++;
	if (HARMONY_BIT(journal->kind) & HARMONY_INVOICES) {
		if (harmony_record_get_number(&amount, record, HARMONY_HEADER,
					      HARMONY_FIELD_TOTAL) == HARMONY_OK)
			sum(journal, amount);
		return;
	}
	for (size_t row = 1; row <= harmony_record_lines(record); row++) {
		if (harmony_record_get_number(&amount, record, row, HARMONY_FIELD_AMOUNT) ==
			HARMONY_OK &&
		    (journal->kind == HARMONY_BANK_ENTRY || amount > 0))
			sum(journal, amount);
		if (journal->kind == HARMONY_BANK_ENTRY &&
		    harmony_record_get_number(&vat, record, row, HARMONY_FIELD_VAT_AMOUNT) ==
			HARMONY_OK)
			sum(journal, vat);
	}
}

static struct journal *find_journal(struct checking *c, const harmony_record *record)
{
	const char *code = text_of(record, HARMONY_FIELD_JOURNAL);
	const char *currency = text_of(record, HARMONY_FIELD_CURRENCY);
	harmony_kind kind = harmony_record_kind(record);
	for (size_t i = c->count; i-- > 0;) {
		struct journal *journal = &c->journals[i];
		if (journal->kind == kind &&
		    strncmp(journal->code, code, sizeof(journal->code) - 1) == 0 &&
		    strncmp(journal->currency, currency, sizeof(journal->currency) - 1) == 0)
			return journal;
	}
	if (c->count == MAX_JOURNALS)
		return &c->journals[MAX_JOURNALS - 1];
	struct journal *journal = &c->journals[c->count++];
	*journal = (struct journal){.kind = kind};
	bool last = c->count == MAX_JOURNALS;
	snprintf(journal->code, sizeof(journal->code), "%s", last ? "(others)" : code);
	snprintf(journal->currency, sizeof(journal->currency), "%s", last ? "" : currency);
	return journal;
}

/* ---- hooks ---- */

static harmony_status on_record(const harmony_record *record, const harmony_diagnostic *failures,
				size_t count, void *user)
{
	struct checking *c = user;
	harmony_kind kind = harmony_record_kind(record);
	if (count > 0)
		return HARMONY_OK; /* on_diagnostic heard why */
	c->kinds[kind]++;
	if (HARMONY_BIT(kind) & (HARMONY_PARTIES | HARMONY_ENTRIES))
		parties_see(c->parties, record);
	if (HARMONY_BIT(kind) & HARMONY_ENTRIES)
		add_entry(find_journal(c, record), record);
	return HARMONY_OK;
}

static harmony_status on_diagnostic(const harmony_diagnostic *d, void *user)
{
	struct checking *c = user;
	struct json *json = &c->p->json;
	say_diagnostic(c->p, d, true);
	if (!c->p->as_json)
		return HARMONY_OK;
	json_object(json, NULL);
	json_text(json, "severity", severity_word(d->severity));
	json_text(json, "code", harmony_code_word(d->code));
	if (d->line)
		json_number(json, "line", (int64_t)d->line);
	if (d->column)
		json_number(json, "column", d->column);
	json_some(json, "name", d->name);
	json_some(json, "raw", d->raw);
	json_text(json, "message", d->message ? d->message : "");
	json_end(json);
	return c->p->out.broken ? HARMONY_USER : HARMONY_OK;
}

/* ---- words ---- */

const char *delimiter_word(char delimiter, char buffer[2])
{
	buffer[0] = delimiter;
	buffer[1] = '\0';
	return delimiter == ','    ? "comma"
	       : delimiter == ';'  ? "semicolon"
	       : delimiter == '\t' ? "tab"
				   : buffer;
}

static const char *decimal_word(char decimal)
{
	return decimal == '.' ? "point" : decimal == ',' ? "comma" : "";
}

static const char *encoding_word(const harmony_fmuta6_summary *s)
{
	static const char *const words[] = {"ascii", "utf-8", "cp850", "windows-1252"};
	if (s->encoding == HARMONY_ENCODING_AUTO && s->byte_order_mark)
		return words[HARMONY_ENCODING_UTF_8];
	return s->encoding >= 0 && s->encoding < 4 ? words[s->encoding] : "";
}

static const char *dates_word(int dates)
{
	static const char *const words[] = {"",           "DDMMYYYY", "DD-MM-YYYY",
					    "DD/MM/YYYY", "DDMMYY",   "DD-MM-YY",
					    "DDMMYYY",    "DMMYYYY",  "YYYY-MM-DD"};
	return dates >= 0 && dates < 9 ? words[dates] : "";
}

static const char *kind_of_file(const struct read_result *result, bool readable)
{
	static const char *const words[] = {"unknown", "entries", "customers", "suppliers"};
	int kind = result->summary.file_kind;
	if (result->bytes == 0)
		return readable ? "empty" : words[0];
	if (result->format == FORMAT_JSONL)
		return "records";
	if (result->format == FORMAT_DBOPEN)
		return "outstanding items";
	return kind >= 0 && kind < 4 ? words[kind] : words[0];
}

static const char *format_word(int format)
{
	static const char *const words[] = {"auto", "fmuta6", "dbopen", "jsonl"};
	return words[format];
}

static int by_code(const void *a, const void *b)
{
	const struct journal *left = a, *right = b;
	int order = strcmp(left->code, right->code);
	order = order ? order : left->kind - right->kind;
	return order ? order : strcmp(left->currency, right->currency);
}

/* ---- the summary as JSON ---- */

static void dialect_json(struct json *json, const struct read_result *result)
{
	const harmony_fmuta6_summary *s = &result->summary;
	char buffer[2];
	json_object(json, "dialect");
	json_text(json, "encoding", encoding_word(s));
	json_some(json, "delimiter", delimiter_word(s->delimiter, buffer));
	json_some(json, "decimal", decimal_word(s->decimal));
	json_some(json, "dates", dates_word(s->dates));
	json_flag(json, "quoted", s->quoted);
	json_flag(json, "byte_order_mark", s->byte_order_mark);
	json_flag(json, "title_row", s->title_row);
	json_flag(json, "company_column", s->company_column);
	json_number(json, "columns", s->columns);
	json_end(json);
}

static void journals_json(struct json *json, const struct checking *c)
{
	json_array(json, "journals");
	for (size_t i = 0; i < c->count; i++) {
		const struct journal *journal = &c->journals[i];
		json_object(json, NULL);
		json_text(json, "journal", journal->code);
		json_text(json, "kind", harmony_kind_word(journal->kind));
		json_some(json, "currency", journal->currency);
		json_number(json, "entries", (int64_t)journal->entries);
		if (journal->overflow)
			json_null(json, "total");
		else
			json_amount(json, "total", journal->total);
		json_end(json);
	}
	json_end(json);
}

static void kinds_json(struct json *json, const struct checking *c)
{
	json_object(json, "kinds");
	for (harmony_kind kind = 1; kind <= HARMONY_KIND_LAST_; kind++)
		if (c->kinds[kind])
			json_number(json, harmony_kind_word(kind), (int64_t)c->kinds[kind]);
	json_end(json);
}

static uint64_t entries(const struct checking *c)
{
	uint64_t count = 0;
	for (harmony_kind kind = 1; kind <= HARMONY_KIND_LAST_; kind++)
		if (HARMONY_BIT(kind) & HARMONY_ENTRIES)
			count += c->kinds[kind];
	return count;
}

static void file_json(const struct checking *c, const struct read_result *result,
		      const harmony_error *error)
{
	struct json *json = &c->p->json;
	json_unwind(json, 3); /* the array of diagnostics */
	json_text(json, "kind", kind_of_file(result, error->status == HARMONY_OK));
	json_text(json, "format", format_word(result->format));
	if (result->format == FORMAT_FMUTA6 && result->bytes > 0)
		dialect_json(json, result);
	if (result->format == FORMAT_FMUTA6)
		json_number(json, "rows", (int64_t)result->summary.rows);
	json_number(json, "records", (int64_t)result->records);
	json_number(json, "entries", (int64_t)entries(c));
	json_number(json, "rejected", (int64_t)result->rejected);
	if (result->format == FORMAT_FMUTA6)
		json_number(json, "dropped", (int64_t)result->summary.dropped);
	json_number(json, "notes", (int64_t)result->notes);
	json_number(json, "warnings", (int64_t)result->warnings);
	json_number(json, "errors", (int64_t)result->failures);
	kinds_json(json, c);
	journals_json(json, c);
	if (error->status != HARMONY_OK)
		json_error(json, "error", error);
	json_end(json);
}

/* ---- the summary for people ---- */

static void dialect_text(struct out *out, const harmony_fmuta6_summary *s)
{
	char buffer[2];
	out_format(out, "  dialect   %s%s, %s between fields, texts %s", encoding_word(s),
		   s->byte_order_mark ? " with byte order mark" : "",
		   delimiter_word(s->delimiter, buffer), s->quoted ? "quoted" : "bare");
	if (s->decimal)
		out_format(out, ", decimal %s", decimal_word(s->decimal));
	if (*dates_word(s->dates))
		out_format(out, ", dates %s", dates_word(s->dates));
	out_format(out, ", %u columns%s%s\n", s->columns,
		   s->company_column ? " after a company number" : "",
		   s->title_row ? ", title row" : "");
}

static void journals_text(const struct checking *c)
{
	static const char *const titles[] = {"  journal", "kind", "entries", "total", ""};
	struct table table;
	if (c->count == 0)
		return;
	table_begin(&table, "llrrl", titles);
	for (size_t i = 0; i < c->count; i++) {
		const struct journal *journal = &c->journals[i];
		char code[48], amount[HARMONY_DECIMAL_SIZE], note[64];
		snprintf(code, sizeof(code), "  %s", journal->code);
		snprintf(note, sizeof(note), "%s%s", journal->currency,
			 journal->kind == HARMONY_MEMORIAL ? " debit" : "");
		table_cell(&table, code);
		table_cell(&table, harmony_kind_word(journal->kind));
		table_count(&table, journal->entries);
		table_cell(&table, journal->overflow ? "too large" : money(amount, journal->total));
		table_cell(&table, note + (*note == ' '));
	}
	table_end(c->p, &table);
}

static void records_text(struct out *out, const struct checking *c,
			 const struct read_result *result)
{
	static const struct {
		const char *one, *many;
	} words[HARMONY_KIND_LAST_ + 1] = {
	    [HARMONY_CUSTOMER] = {"customer", "customers"},
	    [HARMONY_SUPPLIER] = {"supplier", "suppliers"},
	    [HARMONY_SALES_INVOICE] = {"sales invoice", "sales invoices"},
	    [HARMONY_PURCHASE_INVOICE] = {"purchase invoice", "purchase invoices"},
	    [HARMONY_MEMORIAL] = {"memorial entry", "memorial entries"},
	    [HARMONY_BANK_ENTRY] = {"bank entry", "bank entries"},
	    [HARMONY_OUTSTANDING_ITEM] = {"outstanding item", "outstanding items"},
	};
	char buffer[TIME_SIZE];
	const char *before = "  records   ";
	for (harmony_kind kind = 1; kind <= HARMONY_KIND_LAST_; kind++)
		if (c->kinds[kind]) {
			out_format(
			    out, "%s%s", before,
			    plural(buffer, c->kinds[kind], words[kind].one, words[kind].many));
			before = ", ";
		}
	if (result->records == 0)
		out_format(out, "%snone", before);
	out_text(out, "\n");
	out_format(out, "  findings  %llu rejected, %s", (unsigned long long)result->rejected,
		   plural(buffer, result->failures, "error", "errors"));
	out_format(out, ", %s", plural(buffer, result->warnings, "warning", "warnings"));
	out_format(out, ", %s\n", plural(buffer, result->notes, "note", "notes"));
}

/* Bytes, but no row: there is no dialect to tell. */
static bool nothing_read(const struct read_result *result)
{
	return result->format == FORMAT_FMUTA6 && result->summary.rows == 0 &&
	       result->failures == 0;
}

static void file_text(const struct checking *c, const char *path, const struct read_result *result)
{
	struct out *out = &c->p->out;
	if (c->p->quiet)
		return;
	if (result->bytes == 0 || nothing_read(result)) {
		out_format(out, "%s: empty, %s\n", path,
			   result->bytes == 0 ? "nothing in it" : "without any record");
		return;
	}
	out_format(out, "%s: %s%s\n", path, kind_of_file(result, true),
		   result->records + result->rejected == 0 ? ", without any record" : "");
	if (result->format == FORMAT_FMUTA6)
		dialect_text(out, &result->summary);
	records_text(out, c, result);
	journals_text(c);
}

/* ---- the command ---- */

static int check_file(struct checking *c, const char *path, const struct read_options *options)
{
	const struct read_hooks hooks = {on_record, on_diagnostic, c};
	harmony_error error = HARMONY_ERROR_INIT;
	struct read_result result;
	struct program *p = c->p;
	c->count = 0;
	memset(c->kinds, 0, sizeof(c->kinds));
	if (p->as_json) {
		json_object(&p->json, NULL);
		json_text(&p->json, "file", path);
		json_array(&p->json, "diagnostics");
	}
	harmony_status status = read_file(p, &result, path, options, &hooks, &error);
	qsort(c->journals, c->count, sizeof(*c->journals), by_code);
	c->records += result.records;
	c->rejected += result.rejected;
	if (status != HARMONY_OK && status != HARMONY_USER)
		fail_with(p, &error);
	if (p->as_json)
		file_json(c, &result, &error);
	else if (status == HARMONY_OK)
		file_text(c, path, &result);
	out_flush(&p->out); /* before the next file's diagnostics */
	return status == HARMONY_USER ? EXIT_DONE : exit_of_input(status);
}

static int check_all(struct checking *c, const struct arguments *a,
		     const struct read_options *options)
{
	struct program *p = c->p;
	int worst = EXIT_DONE;
	if (p->as_json)
		json_array(&p->json, "files");
	for (int i = 0; i < a->count && !p->out.broken; i++) {
		int code = check_file(c, a->operands[i], options);
		worst = worst ? worst : code;
	}
	if (p->as_json)
		json_end(&p->json);
	parties_report(p, c->parties);
	if (p->as_json) {
		json_number(&p->json, "records", (int64_t)c->records);
		json_number(&p->json, "rejected", (int64_t)c->rejected);
	}
	return worst ? worst : c->rejected ? EXIT_REJECTED : EXIT_DONE;
}

int check_run(struct program *p, const struct arguments *a)
{
	struct checking c = {.p = p};
	struct read_options options;
	int code = read_options_set(p, &options, a);
	if (code)
		return code;
	c.journals = calloc(MAX_JOURNALS, sizeof(*c.journals));
	c.parties = calloc(1, sizeof(*c.parties));
	if (c.journals && c.parties)
		code = check_all(&c, a, &options);
	else
		code = fail(p, HARMONY_NOMEM, "no memory for the totals");
	if (c.parties)
		parties_free(c.parties);
	free(c.parties);
	free(c.journals);
	return code;
}
