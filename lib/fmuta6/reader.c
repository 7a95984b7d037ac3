/* SPDX-License-Identifier: MIT */
#include "fmuta6/fmuta6.h"

/* The reader: looks at a window of the file to tell what it is, then takes it row by
   row. The window makes the result independent of how the input is cut. */

harmony_status harmony_fmuta6_new(harmony_fmuta6 **out, harmony_context *context,
                                  const harmony_fmuta6_options *options, const char *file,
                                  harmony_record_fn record, harmony_diagnostic_fn diagnostic,
                                  void *user, harmony_error *error)
{
	harmony_fmuta6_options own = HARMONY_FMUTA6_OPTIONS_INIT;
	harmony_fmuta6 *r;

	*out = NULL;
	if (!record || (options && harmony__options_copy(&own, sizeof(own), options)))
		return harmony_error_set(error, HARMONY_INVALID, NULL,
		                         "a reader needs a record callback, and options made by "
		                         "HARMONY_FMUTA6_OPTIONS_INIT");
	r = harmony__zalloc(context, sizeof(*r));
	if (!r)
		return harmony__nomem(error);
	r->context = context;
	r->options = own;
	r->record_fn = record;
	r->diagnostic_fn = diagnostic;
	r->user = user;
	r->encoding = own.encoding;
	r->row_index = r->type_index = r->company_index = -1;
	r->summary.struct_size = sizeof(r->summary);
	harmony__buf_init(&r->window, context, HARMONY_DETECT_WINDOW);
	harmony__buf_init(&r->decoded, context, 4 * HARMONY_MAX_TEXT);
	harmony__arena_init(&r->texts, context, HARMONY_MAX_ROW * 2);
	harmony__sniff_init(&r->sniff, context, own.pivot);
	r->file = harmony__strdup(context, file ? file : "");
	if (!r->file || harmony_record_new(&r->record, context, HARMONY_MEMORIAL, NULL) ||
	    harmony_record_new(&r->spare, context, HARMONY_MEMORIAL, NULL)) {
		harmony_fmuta6_free(r);
		return harmony__nomem(error);
	}
	*out = r;
	return HARMONY_OK;
}

void harmony_fmuta6_free(harmony_fmuta6 *r)
{
	if (!r)
		return;
	harmony_csv_free(r->csv);
	harmony__buf_free(&r->window);
	harmony__buf_free(&r->decoded);
	harmony__sniff_free(&r->sniff);
	harmony__arena_free(&r->texts);
	harmony_record_free(r->record);
	harmony_record_free(r->spare);
	harmony__free(r->context, r->seen.slots);
	harmony__free(r->context, r->failures);
	harmony__free(r->context, r->lines_at);
	harmony__free(r->context, r->file);
	harmony__free(r->context, r);
}

void harmony_fmuta6_get_summary(harmony_fmuta6_summary *out, const harmony_fmuta6 *r)
{
	size_t size = out->struct_size;

	if (size < sizeof(size) || size > sizeof(r->summary))
		size = sizeof(r->summary);
	memcpy(out, &r->summary, size);
	out->struct_size = size;
}

void harmony__fmuta6_emit(harmony_fmuta6 *r)
{
	r->entry.open = false;
	if (r->dead)
		return;
	if (r->failure_count)
		r->summary.rejected++;
	else
		r->summary.records++;
	harmony__die(r, r->record_fn(r->record, r->failures, r->failure_count, r->user));
}

/* ---- what the file is --------------------------------------------------------------------- */

/* Titles in the usual order say no more than the order; `*company` tells whether all stand
   one further. */
static bool in_order(const uint8_t *named, int *company)
{
	int shift = -1;

	for (int i = 0; i < (int)HARMONY_MAX_COLUMNS; i++) {
		if (!named[i])
			continue;
		if (shift < 0)
			shift = i + 1 - named[i];
		if (shift != i + 1 - named[i] || shift > 1)
			return false;
	}
	*company = shift > 0;
	return shift >= 0;
}

/* A line's value goes nowhere when it is what the header has already. */
static void note_repeats(harmony_fmuta6 *r, unsigned index)
{
	unsigned place = r->columns[index]->place;
	bool other = place & (HARMONY__UP | HARMONY__DIFFERS) &&
	             (place & HARMONY__DIFFERS || !(place & HARMONY__ON_LINE));

	if (index >= HARMONY__REPEATS)
		return;
	r->settled |= (uint64_t)(r->columns[index]->as == HARMONY__AS_ROW ||
	                         r->columns[index]->as == HARMONY__AS_TYPE)
	              << index;
	r->repeats[0] |= (uint64_t)other << index;
	r->repeats[1] |= (uint64_t)(other || place & HARMONY__INVOICE) << index;
}

static void place_columns(harmony_fmuta6 *r, bool by_name, int company)
{
	const harmony__layout *layout = r->layout;

	for (unsigned i = 0; i < HARMONY_MAX_COLUMNS; i++) {
		unsigned column = by_name                      ? r->sniff.named[i]
		                  : i >= (unsigned)company ? i - (unsigned)company + 1
		                                           : 0;
		if (column == 0 || column > layout->count)
			continue;
		r->columns[i] = &layout->columns[column - 1];
		r->column_count = i + 1;
		note_repeats(r, i);
		if (r->columns[i]->as == HARMONY__AS_ROW)
			r->row_index = (int)i;
		if (r->columns[i]->as == HARMONY__AS_TYPE)
			r->type_index = (int)i;
	}
	r->company_index = company ? 0 : -1;
}

/* True once the rows told what the file is. */
static bool settle_layout(harmony_fmuta6 *r)
{
	const harmony__sniff *s = &r->sniff;
	int company, titles_company = 0;
	int kind = harmony__sniff_kind(s, &company);
	bool by_name;

	if (!kind)
		return false;
	r->layout = &harmony__layouts[kind];
	by_name = s->title && s->title_kind == kind && !in_order(s->named, &titles_company);
	if (!s->votes[kind][0] && !s->votes[kind][1])
		company = titles_company;
	place_columns(r, by_name, by_name ? 0 : company);
	r->summary.file_kind = kind;
	r->summary.company_column = !by_name && company;
	r->summary.columns = s->width - (unsigned)(s->width && r->summary.company_column);
	r->summary.title_row = s->title && (kind == HARMONY_FILE_ENTRIES || s->title_kind == kind);
	r->summary.quoted = s->quoted;
	if (s->points || s->commas)
		r->summary.decimal = s->points >= s->commas ? '.' : ',';
	if (r->options.decimal)
		r->summary.decimal = r->options.decimal;
	if (s->davi || s->lost)
		r->seven = s->davi >= s->lost ? HARMONY_DATES_DDMMYYY : HARMONY_DATES_DMMYYYY;
	return true;
}

static harmony_status not_ours(harmony_fmuta6 *r)
{
	return harmony_error_set(r->error, HARMONY_FORMAT, NULL,
	                         "%s holds neither entries (fmuta6.csv, 13 to 41 columns that begin "
	                         "with line number and journal type) nor relations (debitr.csv with "
	                         "53 columns, credit.csv with 51); give a file that does, or tell "
	                         "fmuta6.delimiter",
	                         r->file[0] ? r->file : "the input");
}

/* Splits the window, up to its last whole row, to see what it holds. */
static harmony_status rehearse(harmony_fmuta6 *r, bool complete, harmony_csv_options *options)
{
	harmony_csv *csv;
	size_t len = r->window.len;
	harmony_status status = harmony_csv_new(&csv, r->context, options, harmony__sniff_row,
	                                        &r->sniff, r->error);

	if (status)
		return status;
	while (!complete && len > 0 && r->window.data[len - 1] != '\n' &&
	       r->window.data[len - 1] != '\r')
		len--;
	status = harmony_csv_feed(csv, r->window.data, len, r->error);
	if (!status)
		status = harmony_csv_finish(csv, r->error);
	if (!options->delimiter)
		options->delimiter = harmony_csv_delimiter(csv);
	harmony_csv_free(csv);
	return status;
}

harmony_status harmony__fmuta6_decide(harmony_fmuta6 *r, bool complete, harmony_csv_options *options)
{
	const harmony__sniff *s = &r->sniff;
	harmony_status status;

	options->delimiter = r->options.delimiter;
	r->decided = true;
	if (r->window.len > 0) {
		status = rehearse(r, complete, options);
		if (status)
			return status;
	}
	r->summary.delimiter = options->delimiter;
	r->summary.byte_order_mark =
		r->window.len >= 3 && memcmp(r->window.data, "\xEF\xBB\xBF", 3) == 0;
	if (!r->encoding && r->summary.byte_order_mark)
		r->encoding = HARMONY_ENCODING_UTF_8;
	if (!r->encoding && s->high.len > 0)
		r->encoding = harmony__guess_encoding(s->high.data, s->high.len);
	harmony__buf_free(&r->sniff.high);
	if (!settle_layout(r) && (complete ? s->rows + s->damaged > 0 : s->rows > 1))
		return not_ours(r);
	r->title_pending = r->summary.title_row;
	return HARMONY_OK;
}

/* ---- rows -------------------------------------------------------------------------------------- */

/* A first row longer than the window: what it is shows only now. */
static harmony_status settle_late(harmony_fmuta6 *r)
{
	harmony__sniff *s = &r->sniff;
	harmony_status status;

	if (r->row->flags & HARMONY_CSV_DAMAGED) {
		harmony__spot spot = harmony__spot_file(r->row->line);
		harmony__report(r, &spot, HARMONY_FAILURE, HARMONY_CODE_DAMAGED_ROW,
		                "the row cannot be split into fields: %s",
		                r->row->reason ? r->row->reason : "it is damaged");
		s->damaged++;
		return r->dead;
	}
	status = harmony__sniff_row(r->row, s);
	if (status)
		return status;
	if (!settle_layout(r))
		return s->rows > 1 ? not_ours(r) : HARMONY_OK;
	r->title_pending = r->summary.title_row && s->rows == 1;
	return HARMONY_OK;
}

static void tell_title(harmony_fmuta6 *r)
{
	harmony__spot spot = harmony__spot_here(r, -1);

	r->title_pending = false;
	if (r->sniff.title_kind != r->layout->file_kind)
		harmony__report(r, &spot, HARMONY_WARNING, HARMONY_CODE_INVALID_VALUE,
		                "taken for a title row with names that are not known, so columns go by "
		                "their order");
}

harmony_status harmony__fmuta6_row(const harmony_csv_row *row, void *user)
{
	harmony_fmuta6 *r = user;

	r->row = row;
	r->summary.rows++;
	if (HARMONY__UNLIKELY(!r->layout)) {
		harmony_status status = settle_late(r);
		if (status || !r->layout)
			return status;
	}
	if (HARMONY__UNLIKELY(r->title_pending))
		tell_title(r);
	else if (HARMONY__LIKELY(r->layout->file_kind == HARMONY_FILE_ENTRIES))
		harmony__entry_row(r);
	else
		harmony__party_row(r);
	return r->dead;
}

/* ---- the end -------------------------------------------------------------------------------------- */

/* Credit notes alone are rare: several of them and nothing else are a sign of another sign. */
static void hint_sign(harmony_fmuta6 *r)
{
	enum { SEVERAL = 3 };
	harmony__spot spot = harmony__spot_file(0);

	if (r->sales < SEVERAL || r->negative_sales < r->sales)
		return;
	harmony__report(r, &spot, HARMONY_NOTE, HARMONY_CODE_INVALID_VALUE,
	                "all %llu sales entries are negative, as credit notes are; if they are "
	                "ordinary invoices, set fmuta6.sales_sign to %s",
	                (unsigned long long)r->sales,
	                r->options.sales_sign == HARMONY_SALES_NATURAL ? "debit-credit" : "natural");
}

harmony_status harmony__fmuta6_end(harmony_fmuta6 *r)
{
	harmony__entry_end(r);
	if (!r->dead)
		hint_sign(r);
	if (!r->dead && !r->layout && r->summary.rows > 0)
		r->dead = not_ours(r);
	r->finished = true;
	return r->dead;
}

/* ---- push ------------------------------------------------------------------------------------------ */

static harmony_status start(harmony_fmuta6 *r, bool complete)
{
	harmony_csv_options options = HARMONY_CSV_OPTIONS_INIT;
	harmony_status status = harmony__fmuta6_decide(r, complete, &options);

	if (!status)
		status = harmony_csv_new(&r->csv, r->context, &options, harmony__fmuta6_row, r,
		                         r->error);
	if (!status && r->window.len > 0)
		status = harmony_csv_feed(r->csv, r->window.data, r->window.len, r->error);
	harmony__buf_free(&r->window);
	return status;
}

static harmony_status take(harmony_fmuta6 *r, const char *data, size_t len)
{
	harmony_status status;

	if (!r->decided) {
		size_t part = HARMONY_DETECT_WINDOW - r->window.len;
		part = part < len ? part : len;
		status = harmony__buf_add(&r->window, data, part);
		if (status || r->window.len < HARMONY_DETECT_WINDOW)
			return status;
		status = start(r, false);
		if (status)
			return status;
		data += part;
		len -= part;
	}
	return len > 0 ? harmony_csv_feed(r->csv, data, len, r->error) : HARMONY_OK;
}

static harmony_status leave(harmony_fmuta6 *r, harmony_status status, harmony_error *error)
{
	r->error = NULL;
	harmony__die(r, status);
	if (r->dead == HARMONY_NOMEM)
		return harmony__nomem(error);
	return r->dead ? harmony_error_set(error, r->dead, NULL, "%s",
	                                   harmony_status_text(r->dead))
	               : HARMONY_OK;
}

harmony_status harmony_fmuta6_feed(harmony_fmuta6 *r, const void *data, size_t len,
                                   harmony_error *error)
{
	if (r->dead || r->finished)
		return harmony_error_set(error, HARMONY_STATE, NULL,
		                         "this reader has ended; free it and make another");
	r->error = error;
	return leave(r, take(r, data, len), error);
}

harmony_status harmony_fmuta6_finish(harmony_fmuta6 *r, harmony_error *error)
{
	harmony_status status = HARMONY_OK;

	if (r->dead || r->finished)
		return harmony_error_set(error, HARMONY_STATE, NULL,
		                         "this reader has ended; free it and make another");
	r->error = error;
	if (!r->decided)
		status = start(r, true);
	if (!status)
		status = harmony_csv_finish(r->csv, error);
	if (!status)
		status = harmony__fmuta6_end(r);
	return leave(r, status, error);
}
