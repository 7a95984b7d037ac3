/* SPDX-License-Identifier: MIT */
#include "fmuta6/fmuta6.h"

/* Rows → entries: a header row (regelnummer 0) and the lines up to the next one. Values
   fill in for each other both ways, as each column's `place` says. */

void harmony__no_room(harmony_fmuta6 *r)
{
	harmony__spot spot = harmony__spot_here(r, -1);

	if (!r->record->arena.over && r->record->line_count < HARMONY_MAX_ENTRY_LINES) {
		harmony__die(r, HARMONY_NOMEM);
		return;
	}
	if (r->entry.skip)
		return;
	r->entry.skip = true;
	harmony__report(r, &spot, HARMONY_FAILURE, HARMONY_CODE_TOO_LONG,
	                "the entry is larger than the %u lines and %u bytes that one may have; "
	                "split it in the ERP",
	                HARMONY_MAX_ENTRY_LINES, HARMONY_MAX_ENTRY);
}

/* ---- where a value goes ------------------------------------------------------------------- */

static bool same_value(harmony__value a, const harmony__value *b, int type)
{
	if (type == HARMONY_TYPE_TEXT)
		return a.t.len == b->t.len && harmony__same_bytes(a.t.text, b->t.text, a.t.len);
	if (type == HARMONY_TYPE_DATE)
		return a.date.year == b->date.year && a.date.month == b->date.month &&
		       a.date.day == b->date.day;
	return a.number == b->number;
}

static void contradiction(harmony_fmuta6 *r, const harmony__column *column, int index)
{
	harmony__spot spot = harmony__spot_here(r, index);
	char form[HARMONY_DECIMAL_SIZE];
	size_t len;
	const char *text =
		harmony__value_text(form, sizeof(form), &r->record->value[column->field],
	                            harmony__fields[column->field].type, &len);
	bool strict = column->place & HARMONY__STRICT;

	harmony__report(r, &spot, strict ? HARMONY_FAILURE : HARMONY_WARNING,
	                HARMONY_CODE_INVALID_VALUE,
	                "the line has %.*s, the header %.*s; %s",
	                (int)harmony__utf8_cut(spot.raw, spot.raw_len, 60), spot.raw,
	                (int)harmony__utf8_cut(text, len, 60), text,
	                strict ? "give the entry one journal"
	                       : "the header's is taken, so correct the one that is wrong");
}

/* Values are handed on in registers: a copy through memory, in one wide load, waits for the
   two narrow stores before it. */
static void put_header(harmony_fmuta6 *r, harmony_field field, harmony__value value)
{
	r->record->value[field] = value;
	harmony__mark(r->record, field);
}

static void put_line(harmony__line *line, harmony_field field, harmony__value value)
{
	line->value[field] = value;
	harmony__line_mark(line, field);
}

static bool is_invoice(const harmony_fmuta6 *r)
{
	return HARMONY_INVOICES & HARMONY_BIT(r->record->kind);
}

static void place_on_header(harmony_fmuta6 *r, const harmony__column *column, int index,
                            harmony__value value)
{
	harmony__spot spot;

	if (column->place & HARMONY__ON_HEADER) {
		if (column->field == HARMONY_FIELD_AMOUNT && is_invoice(r)) {
			r->entry.has_header_amount = true;
			r->entry.header_amount = value.number;
		} else {
			put_header(r, column->field, value);
		}
	} else if (column->place & HARMONY__DOWN) {
		r->entry.down[column->field] = value;
		r->entry.down_present |= UINT64_C(1) << column->field;
	} else if (harmony__fields[column->field].type == HARMONY_TYPE_TEXT || value.number) {
		spot = harmony__spot_here(r, index);
		harmony__report(r, &spot, HARMONY_WARNING, HARMONY_CODE_INVALID_VALUE,
		                "a header row has no %s, so this is left out; write it on the lines",
		                harmony__fields[column->field].english);
	}
}

static void place_on_line(harmony_fmuta6 *r, harmony__line *line, const harmony__column *column,
                          int index, harmony__value value)
{
	unsigned place = column->place;
	harmony_field field = column->field;

	if (place & HARMONY__INVOICE && is_invoice(r))
		place |= HARMONY__UP | HARMONY__DIFFERS;
	if (place & HARMONY__UP && !harmony__has(r->record, field)) {
		put_header(r, field, value);
		if (place & HARMONY__ON_LINE && !(place & HARMONY__DIFFERS))
			put_line(line, field, value);
	} else if (!(place & HARMONY__ON_LINE) || place & HARMONY__DIFFERS) {
		if (same_value(value, &r->record->value[field], harmony__fields[field].type))
			return;
		if (place & HARMONY__ON_LINE)
			put_line(line, field, value);
		else
			contradiction(r, column, index);
	} else {
		put_line(line, field, value);
	}
}

/* ---- relations ---------------------------------------------------------------------------------- */

/* An invoice takes its relation from its own side's column. */
static bool wrong_side(harmony_fmuta6 *r, const harmony__column *column, int index,
                       harmony__value value)
{
	int own = r->record->kind == HARMONY_SALES_INVOICE ? HARMONY__AS_DEBTOR
	                                                    : HARMONY__AS_CREDITOR;
	harmony__entry *e = &r->entry;

	if (!is_invoice(r) || column->as == own)
		return false;
	if (!e->wrong_party) {
		e->wrong_party = true;
		e->wrong_index = index;
		e->wrong_line = r->row->line;
		harmony__copy_text(e->wrong_code, sizeof(e->wrong_code), value.t.text,
		                   value.t.len);
	}
	return true;
}

static void place_party(harmony_fmuta6 *r, harmony__line *line, const harmony__column *column,
                        int index, harmony__value value)
{
	harmony__value side = {.number = 0};
	harmony__spot spot;

	if (wrong_side(r, column, index, value))
		return;
	if (!is_invoice(r)) {
		if (line ? harmony__line_has(line, HARMONY_FIELD_PARTY)
		         : harmony__has(r->record, HARMONY_FIELD_PARTY)) {
			spot = harmony__spot_here(r, index);
			harmony__report(r, &spot, HARMONY_FAILURE, HARMONY_CODE_INVALID_VALUE,
			                "both debnr and crdnr are filled; leave the one that this row "
			                "is about");
			return;
		}
		side.t.text = column->as == HARMONY__AS_DEBTOR ? "sales" : "purchase";
		side.t.len = strlen(side.t.text);
		if (line)
			put_line(line, HARMONY_FIELD_SIDE, side);
		else
			put_header(r, HARMONY_FIELD_SIDE, side);
	}
	if (line)
		place_on_line(r, line, column, index, value);
	else
		place_on_header(r, column, index, value);
}

/* ---- a row's fields ------------------------------------------------------------------------------- */

static void extra_field(harmony_fmuta6 *r, int index)
{
	harmony__spot spot;

	if (r->extra_told || index == r->company_index)
		return;
	r->extra_told = true;
	spot = harmony__spot_here(r, index);
	harmony__report(r, &spot, HARMONY_WARNING, HARMONY_CODE_INVALID_VALUE,
	                "no column of this format, so it is left out, here and in every other row");
}

/* Most fields of a line say again what the header row says, byte for byte: those need not
   be read a second time. What is wrong with it was told of the header row, and is mended there. */
static void keep_header_row(harmony_fmuta6 *r)
{
	const harmony_csv_field *fields = r->row->fields;

	if (!r->copy || r->row->flags & (HARMONY_CSV_NUL | HARMONY_CSV_DAMAGED))
		return;
	r->head_count = r->row->count < HARMONY__REPEATS ? (unsigned)r->row->count : HARMONY__REPEATS;
	for (unsigned i = 0; i < r->head_count; i++) {
		r->head[i].text = r->copy + (fields[i].text - r->base);
		r->head[i].len = fields[i].len;
	}
}

/* Those of a line's filled fields that repeat the header row. */
static uint64_t repeated(const harmony_fmuta6 *r, uint64_t filled)
{
	const harmony_csv_field *fields = r->row->fields;
	uint64_t found = 0, left = filled & r->repeats[is_invoice(r)];

	if (r->row->flags & (HARMONY_CSV_NUL | HARMONY_CSV_DAMAGED) || !r->copy)
		return 0;
	if (r->head_count < 64)
		left &= (UINT64_C(1) << r->head_count) - 1;
	for (; left; left &= left - 1) {
		unsigned i = (unsigned)harmony__low_bit(left);
		if (fields[i].len == r->head[i].len &&
		    harmony__same_bytes(fields[i].text, r->head[i].text, fields[i].len))
			found |= UINT64_C(1) << i;
	}
	return found;
}

static void read_field(harmony_fmuta6 *r, harmony__line *line, int index)
{
	const harmony__column *column = r->columns[index];
	harmony__value value;

	if (HARMONY__UNLIKELY(!column))
		extra_field(r, index);
	else if (!(column->as <= HARMONY__AS_LAST_TEXT &&
	           harmony__quick_text(r, &value, &r->row->fields[index])) &&
	         !harmony__read_value(r, &value, column, index))
		return;
	else if (column->field == HARMONY_FIELD_PARTY)
		place_party(r, line, column, index, value);
	else if (line)
		place_on_line(r, line, column, index, value);
	else
		place_on_header(r, column, index, value);
}

static void read_fields(harmony_fmuta6 *r, harmony__line *line)
{
	uint64_t filled = harmony__csv_filled(r->row) & ~r->settled;

	if (line)
		filled &= ~repeated(r, filled);
	for (; filled; filled &= filled - 1)
		read_field(r, line, harmony__low_bit(filled));
	for (size_t i = 64; i < r->row->count && i < HARMONY_MAX_COLUMNS; i++)
		if (r->row->fields[i].len > 0)
			read_field(r, line, (int)i);
}

static void check_shape(harmony_fmuta6 *r)
{
	harmony__spot spot;
	size_t count = r->row->count - (r->company_index >= 0 && r->row->count > 0);

	if (HARMONY__LIKELY(!(r->row->flags & HARMONY_CSV_DAMAGED) && count >= HARMONY__MIN_COLUMNS))
		return;
	spot = harmony__spot_here(r, -1);
	if (r->row->flags & HARMONY_CSV_DAMAGED)
		harmony__report(r, &spot, HARMONY_FAILURE, HARMONY_CODE_DAMAGED_ROW,
		                "the row cannot be split into fields: %s; correct it and offer the "
		                "entry again",
		                r->row->reason ? r->row->reason : "it is damaged");
	else if (!r->summary.title_row)
		harmony__report(r, &spot, HARMONY_FAILURE, HARMONY_CODE_DAMAGED_ROW,
		                "the row has %zu columns where an entry needs at least %u; was it cut?",
		                count, HARMONY__MIN_COLUMNS);
}

/* Rows of two administrations in one file would be booked in one. */
static void check_company(harmony_fmuta6 *r)
{
	const harmony_csv_field *field;
	harmony__spot spot;
	char company[sizeof(r->company)];

	if (r->company_index < 0 || (size_t)r->company_index >= r->row->count || r->company_told)
		return;
	field = &r->row->fields[r->company_index];
	harmony__copy_text(company, sizeof(company), field->text, field->len);
	if (!r->company[0]) {
		memcpy(r->company, company, sizeof(company));
	} else if (strcmp(company, r->company) != 0) {
		r->company_told = true;
		spot = harmony__spot_here(r, r->company_index);
		harmony__report(r, &spot, HARMONY_WARNING, HARMONY_CODE_INVALID_VALUE,
		                "the file holds entries of company %s and of others; all are taken as "
		                "one administration's, so export each to a file of its own",
		                r->company);
	}
}

/* ---- the life of an entry ------------------------------------------------------------------------- */

static harmony_kind kind_of(char type)
{
	return type == 'V'   ? HARMONY_SALES_INVOICE
	       : type == 'I' ? HARMONY_PURCHASE_INVOICE
	       : type == 'M' ? HARMONY_MEMORIAL
	                     : HARMONY_BANK_ENTRY;
}

static char type_of_row(const harmony_fmuta6 *r)
{
	const harmony_csv_field *field;
	const char *text;
	size_t len;

	if (r->type_index < 0 || (size_t)r->type_index >= r->row->count)
		return '\0';
	field = &r->row->fields[r->type_index];
	text = field->text;
	len = field->len;
	while (len > 1 && text[len - 1] == ' ')
		len--;
	return harmony__journal_letter(text, len);
}

static void missing_header(harmony_fmuta6 *r, bool first)
{
	harmony__spot spot = harmony__spot_here(r, r->row_index);
	bool fails = !first || r->options.strict || r->damage;

	harmony__report(r, &spot, fails ? HARMONY_FAILURE : HARMONY_WARNING,
	                HARMONY_CODE_MISSING_HEADER,
	                first ? "the entry has no header row (line number 0), so its lines stand for "
	                        "it; let the ERP write one"
	                      : "a line without its entry's header row (line number 0); the rows "
	                        "before it may be lost, so export again");
}

static void wrong_type(harmony_fmuta6 *r)
{
	harmony__spot spot = harmony__spot_here(r, r->type_index);

	harmony__report(r, &spot, HARMONY_FAILURE, HARMONY_CODE_INVALID_VALUE,
	                "not a journal type; write I, V, K, B, G or M");
}

static void begin(harmony_fmuta6 *r, uint64_t number)
{
	static const char letters[] = "K\0B\0G";
	harmony_record *last = r->record;
	char type = type_of_row(r);
	harmony__value value;

	r->record = r->spare;
	r->spare = last;
	memset(&r->entry, 0, offsetof(harmony__entry, down));
	harmony__forget_failures(r);
	harmony_record_reset(r->record, kind_of(type ? type : 'M'));
	r->record->file = r->file;
	r->record->source_line = r->row->line;
	r->head_count = 0;
	r->entry.open = true;
	r->entry.type = type ? type : '?';
	r->at = HARMONY_HEADER;
	if (!type)
		wrong_type(r);
	if (r->record->kind == HARMONY_BANK_ENTRY) {
		value.t.text = strchr(letters + (type == 'B' ? 2 : type == 'G' ? 4 : 0), type);
		value.t.len = 1;
		put_header(r, HARMONY_FIELD_JOURNAL_TYPE, value);
	}
	if (number != 0) {
		missing_header(r, number == 1);
		r->entry.last_number = number - 1;
	}
	r->damage = false;
}

static void line_sums(harmony_fmuta6 *r, const harmony__line *line)
{
	harmony__entry *e = &r->entry;
	int64_t vat;

	if (harmony__line_has(line, HARMONY_FIELD_AMOUNT) &&
	    !harmony__add(&e->amounts, line->value[HARMONY_FIELD_AMOUNT].number))
		e->overflow = true;
	if (!harmony__line_has(line, HARMONY_FIELD_VAT_AMOUNT))
		return;
	vat = line->value[HARMONY_FIELD_VAT_AMOUNT].number;
	e->any_vat |= vat != 0;
	if (!harmony__add(&e->vat, vat))
		e->overflow = true;
}

static void check_line(harmony_fmuta6 *r, bool numbered, uint64_t number)
{
	harmony__spot spot;
	char type = type_of_row(r);

	if (HARMONY__LIKELY(numbered && type == r->entry.type && number == r->entry.last_number + 1))
		return;
	spot = harmony__spot_here(r, r->row_index);
	if (!numbered)
		harmony__report(r, &spot, HARMONY_FAILURE, HARMONY_CODE_INVALID_NUMBER,
		                "not a line number; write 0 for the header row and 1, 2, 3 for lines");
	else if (number != r->entry.last_number + 1)
		harmony__report(r, &spot, HARMONY_WARNING, HARMONY_CODE_INVALID_NUMBER,
		                "line number %llu where %llu is expected; see whether a row is lost",
		                (unsigned long long)number,
		                (unsigned long long)(r->entry.last_number + 1));
	if (type != r->entry.type && r->entry.type != '?') {
		spot = harmony__spot_here(r, r->type_index);
		harmony__report(r, &spot, HARMONY_FAILURE, HARMONY_CODE_INVALID_VALUE,
		                "the line's journal type is not the %c of its header; give the entry "
		                "one journal",
		                r->entry.type);
	}
}

static void take_line(harmony_fmuta6 *r, bool numbered, uint64_t number)
{
	harmony__line *line;
	void *at = r->lines_at;
	harmony_status status = harmony_record_add_line(r->record, NULL, NULL);

	if (status == HARMONY_LIMIT)
		r->record->arena.over = true;
	if (!status)
		status = harmony__grow(r->context, &at, &r->lines_capacity, r->record->line_count,
		                       sizeof(*r->lines_at));
	if (status) {
		harmony__no_room(r);
		return;
	}
	r->lines_at = at;
	r->lines_at[r->record->line_count - 1] = r->row->line;
	line = &r->record->lines[r->record->line_count - 1];
	r->at = r->record->line_count;
	check_line(r, numbered, number);
	if (numbered) {
		line->value[HARMONY_FIELD_NUMBER].number = (int64_t)number;
		harmony__line_mark(line, HARMONY_FIELD_NUMBER);
		r->entry.last_number = number;
	}
	check_shape(r);
	if (harmony__begin_row(r, r->row))
		read_fields(r, line);
	line_sums(r, line);
}

static bool line_number(const harmony_fmuta6 *r, uint64_t *out)
{
	const harmony_csv_field *field;

	if (r->row_index < 0 || (size_t)r->row_index >= r->row->count)
		return false;
	field = &r->row->fields[r->row_index];
	return harmony__whole(out, field->text, field->len) && *out <= HARMONY_MAX_ENTRY_LINES;
}

/* A damaged row of which not even the number can be read: it was part of the entry that
   is open, or of the next. */
static void take_wreck(harmony_fmuta6 *r)
{
	r->damage = true;
	r->at = r->entry.open ? r->record->line_count : HARMONY_HEADER;
	check_shape(r);
}

void harmony__entry_row(harmony_fmuta6 *r)
{
	uint64_t number = 0;
	bool numbered = line_number(r, &number);

	if (!numbered && (r->row->flags & HARMONY_CSV_DAMAGED || !r->entry.open)) {
		take_wreck(r);
		return;
	}
	if (numbered && (number == 0 || !r->entry.open ||
	                 (number == 1 && r->entry.last_number > 0))) {
		harmony__entry_end(r);
		begin(r, number);
	}
	if (r->entry.skip)
		return;
	check_company(r);
	if (!numbered || number > 0) {
		take_line(r, numbered, number);
		return;
	}
	check_shape(r);
	if (harmony__begin_row(r, r->row)) {
		read_fields(r, NULL);
		keep_header_row(r);
	}
}

void harmony__entry_end(harmony_fmuta6 *r)
{
	harmony__spot spot;

	if (!r->entry.open || r->dead)
		return;
	if (r->record->line_count == 0 && r->failure_count == 0) {
		spot = harmony__spot_of(r, HARMONY_HEADER, -1, NULL);
		harmony__report(r, &spot, HARMONY_NOTE, HARMONY_CODE_EMPTY_ENTRY,
		                "a header row without lines; there is nothing to book, so it is left "
		                "out");
		r->summary.dropped++;
		r->entry.open = false;
		return;
	}
	harmony__canonical(r);
	harmony__check_record(r);
	harmony__fmuta6_emit(r);
}
