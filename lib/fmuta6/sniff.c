/* SPDX-License-Identifier: MIT */
#include "fmuta6/fmuta6.h"

/* What the first rows tell of a file: its kind, a leading company column, a title row,
   the decimal sign, the reading of 7-digit dates, the code page. */

void harmony__sniff_init(harmony__sniff *sniff, harmony_context *context, int pivot)
{
	memset(sniff, 0, sizeof(*sniff));
	sniff->pivot = pivot;
	harmony__buf_init(&sniff->high, context, 2 * HARMONY_DETECT_WINDOW);
}

void harmony__sniff_free(harmony__sniff *sniff)
{
	harmony__buf_free(&sniff->high);
}

/* ---- the kind of file ------------------------------------------------------------------ */

static bool is_letters(const harmony_csv_field *field)
{
	if (field->len == 0 || field->len > 3)
		return false;
	for (size_t i = 0; i < field->len; i++)
		if ((unsigned char)((field->text[i] & ~0x20) - 'A') >= 26)
			return false;
	return true;
}

static bool is_entry(const harmony_csv_row *row, size_t from)
{
	const harmony_csv_field *f = row->fields + from;
	uint64_t number;

	if (row->count < HARMONY__MIN_COLUMNS + from ||
	    !harmony__whole(&number, f[0].text, f[0].len) ||
	    !harmony__journal_letter(f[1].text, f[1].len))
		return false;
	/* As wide as relations: one may be called "B", but lives at no bare number. */
	return row->count < 51 || harmony__whole(&number, f[2].text, f[2].len);
}

/* A relation's country is column 7: where its letters stand tells a company column from a
   delimiter too many at the end. */
static int is_shifted(const harmony_csv_row *row)
{
	return !(is_letters(&row->fields[6]) && !is_letters(&row->fields[7]));
}

static bool has_digit(const harmony_csv_field *field)
{
	for (size_t i = 0; i < field->len; i++)
		if (field->text[i] >= '0' && field->text[i] <= '9')
			return true;
	return false;
}

/* Editions that end at the VAT number are one column shorter, so that a company column
   gives them the usual width: postcode, town and country must all stand one further. */
static int is_surely_shifted(const harmony_csv_row *row)
{
	const harmony_csv_field *f = row->fields;
	uint64_t number;

	return harmony__whole(&number, f[0].text, f[0].len) && is_letters(&f[7]) && f[6].len > 3 &&
	       !has_digit(&f[6]) && has_digit(&f[5]) && !has_digit(&f[4]);
}

/* The kind that a row looks like; 0: none. Content goes before width. */
static int kind_of_row(const harmony_csv_row *row, int *company)
{
	*company = 0;
	if (is_entry(row, 0))
		return HARMONY_FILE_ENTRIES;
	if (is_entry(row, 1)) {
		*company = 1;
		return HARMONY_FILE_ENTRIES;
	}
	if (row->count == 52 || row->count == 54)
		*company = is_shifted(row);
	else if (row->count == 51 || row->count == 53)
		*company = is_surely_shifted(row);
	if (row->count == 53 || row->count == 54)
		return HARMONY_FILE_CUSTOMERS;
	if (row->count == 51 || row->count == 52)
		return HARMONY_FILE_SUPPLIERS;
	return HARMONY_FILE_UNKNOWN;
}

int harmony__sniff_kind(const harmony__sniff *sniff, int *company)
{
	int best = HARMONY_FILE_UNKNOWN;
	unsigned most = 0;

	*company = 0;
	for (int kind = HARMONY_FILE_ENTRIES; kind <= HARMONY_FILE_SUPPLIERS; kind++) {
		unsigned votes = sniff->votes[kind][0] + sniff->votes[kind][1];
		if (votes > most) {
			most = votes;
			best = kind;
			*company = sniff->votes[kind][1] > sniff->votes[kind][0];
		}
	}
	return best ? best : sniff->title_kind;
}

/* ---- the title row ------------------------------------------------------------------------ */

static unsigned names_of(uint8_t named[HARMONY_MAX_COLUMNS], const harmony_csv_row *row, int kind)
{
	bool taken[HARMONY_MAX_COLUMNS] = {false};
	unsigned known = 0;

	for (size_t i = 0; i < row->count && i < HARMONY_MAX_COLUMNS; i++) {
		unsigned column = harmony__layout_find(&harmony__layouts[kind], row->fields[i].text,
		                                       row->fields[i].len);
		named[i] = taken[column] ? 0 : (uint8_t)column;
		taken[column] = column != 0;
		known += named[i] != 0;
	}
	return known;
}

static bool looks_like_title(const harmony_csv_row *row)
{
	const harmony_csv_field *f = row->fields;
	uint64_t number;
	int company;

	return row->count >= HARMONY__MIN_COLUMNS && f[0].len > 0 &&
	       !harmony__whole(&number, f[0].text, f[0].len) && !kind_of_row(row, &company) &&
	       !harmony__journal_letter(f[1].text, f[1].len) &&
	       !harmony__journal_letter(f[2].text, f[2].len);
}

static void sniff_title(harmony__sniff *sniff, const harmony_csv_row *row)
{
	uint8_t named[HARMONY_MAX_COLUMNS] = {0};
	unsigned most = 2; /* fewer names than three prove nothing */

	for (int kind = HARMONY_FILE_ENTRIES; kind <= HARMONY_FILE_SUPPLIERS; kind++) {
		unsigned known = names_of(named, row, kind);
		if (known > most) {
			most = known;
			sniff->title = 1;
			sniff->title_kind = kind;
			memcpy(sniff->named, named, sizeof(named));
		}
	}
	if (!sniff->title)
		sniff->title = looks_like_title(row);
}

/* ---- amounts and dates ------------------------------------------------------------------------ */

/* Three decimals prove nothing: they may be thousands. */
static void sniff_amount(harmony__sniff *sniff, const harmony_csv_field *field)
{
	size_t decimals = 0;
	char sign = 0;

	for (size_t i = 0; i < field->len; i++) {
		char c = field->text[i];
		if (c == '.' || c == ',') {
			if (sign)
				return;
			sign = c;
		} else if (c >= '0' && c <= '9') {
			decimals += sign != 0;
		}
	}
	if (decimals == 3 || decimals == 0)
		return;
	sniff->points += sign == '.';
	sniff->commas += sign == ',';
}

static void sniff_date(harmony__sniff *sniff, const harmony_csv_field *field)
{
	harmony_date date;
	int used = HARMONY_DATES_AUTO;

	if (field->len == 0 || harmony__dialect_date(&date, field->text, field->len,
	                                             HARMONY_DATES_AUTO, &used, sniff->pivot))
		return;
	sniff->davi += used == HARMONY_DATES_DDMMYYY;
	sniff->lost += used == HARMONY_DATES_DMMYYYY || used == HARMONY_DATES_DDMMYYYY;
}

static void sniff_values(harmony__sniff *sniff, const harmony_csv_row *row, int kind, int company)
{
	const harmony__layout *layout = &harmony__layouts[kind];

	for (size_t i = (size_t)company; i < row->count && i - (size_t)company < layout->count; i++) {
		int as = layout->columns[i - (size_t)company].as;
		if (as == HARMONY__AS_AMOUNT)
			sniff_amount(sniff, &row->fields[i]);
		else if (as == HARMONY__AS_DATE)
			sniff_date(sniff, &row->fields[i]);
		sniff->quoted |= (row->fields[i].flags & HARMONY_CSV_QUOTED) != 0;
	}
}

harmony_status harmony__sniff_row(const harmony_csv_row *row, void *user)
{
	harmony__sniff *sniff = user;
	int company, kind;
	const char *text;
	size_t len;

	if (row->flags & HARMONY_CSV_DAMAGED) {
		sniff->damaged++;
		return HARMONY_OK;
	}
	if (sniff->rows++ == 0) {
		sniff->width = (unsigned)row->count;
		if (sniff->damaged == 0)
			sniff_title(sniff, row);
	}
	if (row->flags & HARMONY_CSV_HIGH && harmony__csv_row_span(row, &text, &len) &&
	    sniff->high.len + len <= sniff->high.max)
		sniff->status = harmony__buf_add(&sniff->high, text, len - 1);
	if (sniff->title && sniff->rows == 1)
		return sniff->status;
	kind = kind_of_row(row, &company);
	if (kind) {
		sniff->votes[kind][company]++;
		sniff_values(sniff, row, kind, company);
	}
	return sniff->status;
}
