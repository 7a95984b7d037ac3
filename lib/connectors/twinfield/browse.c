/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "connectors/twinfield/twinfield.h"

/* What Twinfield lets be browsed differs by office: the definition of a code is read first, and
   only columns that it has are asked for, since an unknown one fails the whole. The office is a
   filter where it can be asked; where it cannot, as in most of the newer codes, each row tells
   its office. */

#define MAX_QUERY 16384u
#define CELL      160 /* bytes of a cell that are looked at; fields of Twinfield are shorter */

static const char *const fields[TWINFIELD_COLUMNS] = {
    [TWINFIELD_OFFICE] = "fin.trs.head.office",
    [TWINFIELD_YEARPERIOD] = "fin.trs.head.yearperiod",
    [TWINFIELD_CODE] = "fin.trs.head.code",
    [TWINFIELD_NUMBER] = "fin.trs.head.number",
    [TWINFIELD_DATE] = "fin.trs.head.date",
    [TWINFIELD_CURRENCY] = "fin.trs.head.curcode",
    [TWINFIELD_DIM1] = "fin.trs.line.dim1",
    [TWINFIELD_DIM2] = "fin.trs.line.dim2",
    [TWINFIELD_VALUE] = "fin.trs.line.valuesigned",
    [TWINFIELD_OPEN] = "fin.trs.line.openvaluesigned",
    [TWINFIELD_INVOICE] = "fin.trs.line.invnumber",
    [TWINFIELD_DUE] = "fin.trs.line.datedue",
    [TWINFIELD_STATUS] = "fin.trs.line.matchstatus",
    [TWINFIELD_FREETEXT1] = "fin.trs.line.freetext1",
    [TWINFIELD_FREETEXT2] = "fin.trs.line.freetext2",
    [TWINFIELD_FREETEXT3] = "fin.trs.line.freetext3"};

static int column_of(const char *field)
{
	for (int i = 0; i < TWINFIELD_COLUMNS; i++)
		if (strcmp(fields[i], field) == 0)
			return i;
	return -1;
}

/* ---- definitions --------------------------------------------------------------------- */

static uint8_t use_of(const harmony__xml *column)
{
	const char *how = harmony__xml_text(harmony__xml_child(column, "operator"));
	const char *ask = harmony__xml_text(harmony__xml_child(column, "ask"));

	if (strcmp(ask, "true") != 0)
		return TWINFIELD_SHOWN;
	return strcmp(how, "equal") == 0     ? TWINFIELD_EQUAL
	       : strcmp(how, "between") == 0 ? TWINFIELD_BETWEEN
					     : TWINFIELD_SHOWN;
}

static void take_definition(twinfield_definition *d, const harmony__xml *root)
{
	const harmony__xml *columns = harmony__xml_child(root, "columns");

	d->asked = true;
	if (twinfield_refused(root) || !columns)
		return;
	d->there = true;
	for (const harmony__xml *at = harmony__xml_child(columns, "column"); at;
	     at = harmony__xml_sibling(at)) {
		int which = column_of(harmony__xml_text(harmony__xml_child(at, "field")));
		if (which >= 0)
			d->columns[which] = use_of(at);
	}
}

static twinfield_definition *slot_of(twinfield *t, const char *code)
{
	size_t i = 0;

	while (i + 1 < TWINFIELD_DEFINITIONS && t->definitions[i].code &&
	       strcmp(t->definitions[i].code, code) != 0)
		i++;
	return &t->definitions[i];
}

harmony_status twinfield_define(const twinfield_definition **out, twinfield *t, const char *code,
				harmony_error *error)
{
	const char *const pairs[] = {"type", "browse", "office", t->office, "code", code, NULL};
	twinfield_definition *slot = slot_of(t, code);
	harmony__arena arena;
	harmony__buf inner;
	const harmony__xml *root;
	harmony_error mine = HARMONY_ERROR_INIT;
	harmony_status status = HARMONY_OK;

	harmony__arena_init(&arena, t->frame.context, HARMONY__TREE_LIMIT);
	harmony__buf_init(&inner, t->frame.context, MAX_QUERY);
	if (!slot->asked || strcmp(slot->code, code) != 0) {
		*slot = (twinfield_definition){.code = code};
		status = twinfield_ask(&inner, "read", pairs);
		if (status == HARMONY_OK)
			status = twinfield_tree(t, "what can be browsed", &inner, &arena, &root,
						&mine);
		else
			harmony_error_set(&mine, status, NULL, "a question cannot be written");
		if (status == HARMONY_OK)
			take_definition(slot, root);
		else if (status == HARMONY_REJECTED) /* it has no such code, in other words */
			status = HARMONY_OK;
	}
	if (status != HARMONY_OK)
		harmony__error_give(error, &mine);
	harmony__buf_free(&inner);
	harmony__arena_free(&arena);
	*out = status == HARMONY_OK && slot->there ? slot : NULL;
	return status;
}

static bool asks_office(const twinfield_definition *d)
{
	return d->columns[TWINFIELD_OFFICE] == TWINFIELD_EQUAL;
}

static bool has_all(const twinfield_definition *d, const uint8_t *columns, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (d->columns[columns[i]] == TWINFIELD_ABSENT)
			return false;
	return true;
}

harmony_status twinfield_choose(const twinfield_definition **out, twinfield *t,
				const char *const *codes, const uint8_t *columns, size_t count,
				harmony_error *error)
{
	harmony_status status = HARMONY_OK;
	const twinfield_definition *found = NULL;

	*out = NULL;
	for (; *codes && !(*out && asks_office(*out)) && status == HARMONY_OK; codes++) {
		status = twinfield_define(&found, t, *codes, error);
		if (found && has_all(found, columns, count) && (!*out || asks_office(found)))
			*out = found;
	}
	if (status != HARMONY_OK)
		*out = NULL;
	return status;
}

/* ---- the question -------------------------------------------------------------------- */

/* Years and periods as one number, both ends included; 0, 0: all of them. */
typedef struct span {
	int from, to;
} span;

static void write_period(char text[16], int at)
{
	snprintf(text, 16, "%04d/%02d", at / 100, at % 100);
}

static void write_column(harmony__xml_writer *w, const twinfield_definition *d, int column,
			 const twinfield_query *query, span part)
{
	static const char *const operators[] = {"none", "none", "equal", "between"};
	const char *from = query->equal[column], *to = "";
	char low[16], high[16];

	if (column == TWINFIELD_YEARPERIOD && part.to && d->columns[column] == TWINFIELD_BETWEEN) {
		write_period(low, part.from);
		write_period(high, part.to);
		from = low;
		to = high;
	} else if (from && d->columns[column] == TWINFIELD_BETWEEN) {
		to = from;
	}
	harmony__xml_open(w, "column");
	harmony__xml_put(w, "field", fields[column]);
	harmony__xml_put(w, "label", fields[column]);
	harmony__xml_put(w, "visible", "true");
	if (from && d->columns[column] >= TWINFIELD_EQUAL) {
		harmony__xml_put(w, "ask", "true");
		harmony__xml_put(w, "operator", operators[d->columns[column]]);
		harmony__xml_put(w, "from", from);
		harmony__xml_put(w, "to", to);
	}
	harmony__xml_close(w);
}

static harmony_status write_query(harmony__buf *inner, const twinfield *t,
				  const twinfield_definition *d, const twinfield_query *query,
				  span part, bool optimize)
{
	twinfield_query own = *query;
	harmony__xml_writer w;

	own.equal[TWINFIELD_OFFICE] = t->office;
	harmony__xml_begin(&w, inner);
	harmony__xml_open(&w, "columns");
	harmony__xml_put_attribute(&w, "code", query->code);
	harmony__xml_put_attribute(&w, "optimize", optimize ? "true" : "false");
	for (int i = 0; i < TWINFIELD_COLUMNS; i++)
		if (d->columns[i] != TWINFIELD_ABSENT)
			write_column(&w, d, i, &own, part);
	harmony__xml_close(&w);
	return harmony__xml_end(&w);
}

/* ---- the answer ---------------------------------------------------------------------- */

enum { IN_NOTHING, IN_HEAD, IN_ROW, IN_KEY };
enum { KEY_OFFICE = TWINFIELD_COLUMNS, KEY_CODE, KEY_NUMBER, KEY_LINE, CELLS, NO_CELL = -1 };

typedef struct reading {
	const twinfield_query *query;
	const char *office; /* that rows must be of; NULL: it was asked for */
	int place;
	int heads[TWINFIELD_COLUMNS * 2]; /* column of each head, by its place */
	size_t head_count, at;           /* at: cells of this row so far */
	bool named;                      /* cells of this row say which field they are */
	int cell;                        /* that text goes to */
	char cells[CELLS][CELL];
	size_t len[CELLS];
	uint64_t rows, elsewhere, total;
	bool total_known, refused, uneven;
	char words[256], other[32]; /* other: an office that is not ours */
} reading;

static const char *attribute(const harmony__xml_event *event, const char *name)
{
	for (size_t i = 0; event->attributes[i]; i += 2)
		if (strcmp(event->attributes[i], name) == 0)
			return event->attributes[i + 1];
	return NULL;
}

static void read_root(reading *r, const harmony__xml_event *event)
{
	const char *result = attribute(event, "result"), *total = attribute(event, "total");
	const char *words = attribute(event, "msg");
	harmony__cursor cursor =
	    harmony__cursor_over(total ? total : "", total ? strlen(total) : 0);

	r->refused = result && strcmp(result, "0") == 0;
	harmony__copy_text(r->words, sizeof(r->words), words ? words : "",
			   words ? strlen(words) : 0);
	r->total_known = harmony__cursor_digits(&cursor, 12, &r->total) > 0;
}

static void begin_row(reading *r)
{
	r->at = 0;
	r->named = false;
	for (int i = 0; i < CELLS; i++) {
		r->cells[i][0] = '\0';
		r->len[i] = 0;
	}
}

/* A cell goes by its field; one that has lost it, by its place. */
static void begin_cell(reading *r, const harmony__xml_event *event)
{
	const char *field = attribute(event, "field");

	if (field) {
		r->named = true;
		r->cell = column_of(field);
	} else {
		r->cell = r->at < r->head_count ? r->heads[r->at] : NO_CELL;
	}
	r->at++;
}

static void begin_element(reading *r, const harmony__xml_event *event)
{
	static const char *const keys[] = {"office", "code", "number", "line"};

	r->cell = NO_CELL;
	switch (event->depth) {
	case 0:
		read_root(r, event);
		break;
	case 1:
		r->place = strcmp(event->name, "th") == 0   ? IN_HEAD
			   : strcmp(event->name, "tr") == 0 ? IN_ROW
							    : IN_NOTHING;
		begin_row(r);
		break;
	case 2:
		if (r->place == IN_ROW && strcmp(event->name, "td") == 0)
			begin_cell(r, event);
		else if (r->place == IN_ROW && strcmp(event->name, "key") == 0)
			r->place = IN_KEY;
		else if (r->place == IN_HEAD)
			r->cell = 0; /* its text is a field's name */
		break;
	default:
		for (int i = 0; r->place == IN_KEY && i < (int)HARMONY__COUNT(keys); i++)
			if (strcmp(event->name, keys[i]) == 0)
				r->cell = KEY_OFFICE + i;
	}
}

static void add_text(reading *r, const harmony__xml_event *event)
{
	size_t room;

	if (r->cell == NO_CELL)
		return;
	room = CELL - 1 - r->len[r->cell];
	if (room > event->len)
		room = event->len;
	memcpy(r->cells[r->cell] + r->len[r->cell], event->text, room);
	r->len[r->cell] += room;
	r->cells[r->cell][r->len[r->cell]] = '\0';
}

/* Cells without names are only told apart when none is left out, and each is in its place. */
static bool fits_heads(const reading *r)
{
	const char *key = r->cells[KEY_CODE];

	return r->at == r->head_count && (!*key || strcmp(key, r->cells[TWINFIELD_CODE]) == 0);
}

static bool is_elsewhere(reading *r)
{
	const char *office = r->cells[r->len[KEY_OFFICE] ? KEY_OFFICE : TWINFIELD_OFFICE];

	if (!r->office || !*office || harmony__equal_nocase(office, r->office))
		return false;
	harmony__copy_text(r->other, sizeof(r->other), office, strlen(office));
	r->elsewhere++;
	return true;
}

static harmony_status end_row(reading *r)
{
	twinfield_row row = {r->cells[KEY_CODE], r->cells[KEY_NUMBER], r->cells[KEY_LINE], {NULL}};

	r->rows++;
	r->uneven = r->uneven || (!r->named && !fits_heads(r));
	if (r->uneven)
		return HARMONY_OK;
	if (is_elsewhere(r))
		return HARMONY_OK;
	for (int i = 0; i < TWINFIELD_COLUMNS; i++)
		row.cells[i] = r->cells[i];
	if (!*row.code)
		row.code = row.cells[TWINFIELD_CODE];
	if (!*row.number)
		row.number = row.cells[TWINFIELD_NUMBER];
	return r->query->row(&row, r->query->user);
}

static harmony_status end_element(reading *r, const harmony__xml_event *event)
{
	r->cell = NO_CELL;
	if (event->depth == 2 && r->place == IN_KEY)
		r->place = IN_ROW;
	if (event->depth == 2 && r->place == IN_HEAD) {
		if (r->head_count < HARMONY__COUNT(r->heads))
			r->heads[r->head_count++] = column_of(r->cells[0]);
		begin_row(r);
	}
	return event->depth == 1 && r->place == IN_ROW ? end_row(r) : HARMONY_OK;
}

static harmony_status on_event(const harmony__xml_event *event, void *user)
{
	reading *r = user;

	switch (event->type) {
	case HARMONY__XML_START:
		begin_element(r, event);
		return HARMONY_OK;
	case HARMONY__XML_TEXT:
		add_text(r, event);
		return HARMONY_OK;
	default:
		return end_element(r, event);
	}
}

static void read_again(void *user)
{
	reading *r = user;

	*r = (reading){.query = r->query, .office = r->office, .cell = NO_CELL};
}

/* ---- one part ------------------------------------------------------------------------ */

static harmony_status ask_part(twinfield *t, const twinfield_definition *d,
			       const twinfield_query *query, span part, bool optimize,
			       int tries, reading *r, harmony_error *error)
{
	twinfield_call call = {.what = "a browse of transactions",
			       .credits = 1,
			       .tries = tries,
			       .event = on_event,
			       .again = read_again,
			       .user = r};
	harmony__buf inner;
	harmony_status status;

	*r = (reading){.query = query,
		       .office = asks_office(d) ? NULL : t->office,
		       .cell = NO_CELL};
	harmony__buf_init(&inner, t->frame.context, MAX_QUERY);
	status = write_query(&inner, t, d, query, part, optimize);
	call.inner = &inner;
	if (status == HARMONY_OK)
		status = twinfield_read(t, &call, error);
	else
		harmony_error_set(error, status, NULL, "a question to Twinfield cannot be written");
	harmony__buf_free(&inner);
	return status == HARMONY_NOMEM ? harmony__nomem(error) : status;
}

/* A session of another office's, as some have met it: nothing of it can be trusted. */
static harmony_status elsewhere(const twinfield *t, const char *code, const char *other,
				harmony_error *error)
{
	return harmony_error_set(error, HARMONY_CONFIG, NULL,
				 "Twinfield browses office '%s' under %s, and not '%s', which "
				 "cannot be asked for there; take a user of that office alone, or "
				 "see `browse`",
				 other, code, t->office);
}

/* Rows by their place first, which takes half the bytes; with names when that does not do. */
static harmony_status browse_part(twinfield *t, const twinfield_definition *d,
				  const twinfield_query *query, span part, int tries,
				  harmony_error *error)
{
	reading r;
	harmony_status status = ask_part(t, d, query, part, true, tries, &r, error);

	if (status == HARMONY_OK && (r.uneven || r.refused))
		status = ask_part(t, d, query, part, false, tries, &r, error);
	if (status != HARMONY_OK)
		return status;
	if (r.refused) {
		harmony__error_vendor(error, r.words);
		return harmony_error_set(error, HARMONY_REJECTED, "vendor",
					 "Twinfield refused to browse %s", query->code);
	}
	if (r.uneven)
		return harmony_error_set(error, HARMONY_FORMAT, NULL,
					 "Twinfield's rows for %s do not fit their heads; report "
					 "this",
					 query->code);
	if (r.elsewhere > 0 && r.elsewhere == r.rows)
		return elsewhere(t, query->code, r.other, error);
	if (r.total_known && r.rows < r.total)
		return harmony_error_set(error, HARMONY_RETRY, "network",
					 "Twinfield has %" PRIu64 " rows for %s and gave %" PRIu64
					 "; it is tried again",
					 r.total, query->code, r.rows);
	return HARMONY_OK;
}

/* ---- all parts ----------------------------------------------------------------------- */

#define FIRST_PERIOD 199000
#define LAST_PERIOD  209955
#define PERIODS      56 /* 0, for opening balances, to 55, for the year's end */

static int year_now(const twinfield *t)
{
	int32_t days = (int32_t)(harmony__wall(t->frame.context) / 86400000);

	return harmony_date_from_days(days).year;
}

/* The first year of the later part: this year and the last one stand alone, since most of it
   is there. */
static int cut_years(int from, int to, int year)
{
	if (from < year && to >= year)
		return year;
	if (from == year)
		return year + 1;
	return to == year - 1 ? to : (from + to + 1) / 2;
}

/* Where a part is cut: between years, then between periods, months first. */
static bool cut(span part, int year, int *at)
{
	int from = part.from / 100, to = part.to / 100;
	int low = part.from % 100, high = part.to % 100;

	if (part.from >= part.to)
		return false;
	if (from < to)
		*at = cut_years(from, to, year) * 100;
	else
		*at = from * 100 + (low <= 12 && high > 12 ? 13 : (low + high + 1) / 2);
	return true;
}

/* The end of a part that ends before `at`. */
static int before(int at)
{
	return at % 100 ? at - 1 : at - 100 + PERIODS - 1;
}

static bool too_much(harmony_status status)
{
	return status == HARMONY_RETRY || status == HARMONY_LIMIT;
}

/* Depth is bounded: each step halves years or periods. */
static harmony_status browse_span(twinfield *t, const twinfield_definition *d,
				  const twinfield_query *query, span part, harmony_error *error)
{
	harmony_error mine = HARMONY_ERROR_INIT;
	int at = 0;
	bool can = cut(part, year_now(t), &at);
	harmony_status status = browse_part(t, d, query, part, can ? 1 : 0, &mine);

	if (too_much(status) && can) {
		const span low = {part.from, before(at)}, high = {at, part.to};
		status = browse_span(t, d, query, low, error);
		return status == HARMONY_OK ? browse_span(t, d, query, high, error) : status;
	}
	if (status != HARMONY_OK)
		harmony__error_give(error, &mine);
	return status;
}

/* As a whole, without a period unless one is wanted; once more when that failed, since most
   failures are of the line. A part that has nothing in it tells then whether it is that, before
   all the others are tried. */
harmony_status twinfield_browse(twinfield *t, const twinfield_query *query, harmony_error *error)
{
	static const span all = {FIRST_PERIOD, LAST_PERIOD}, nothing = {LAST_PERIOD, LAST_PERIOD};
	const span asked = {query->from, query->to};
	const twinfield_definition *d;
	harmony_error mine = HARMONY_ERROR_INIT;
	harmony_status status = twinfield_define(&d, t, query->code, error);
	bool can;

	if (status != HARMONY_OK)
		return status;
	if (!d)
		return harmony_error_set(error, HARMONY_CONFIG, NULL,
					 "this office of Twinfield has no browse code %s",
					 query->code);
	can = d->columns[TWINFIELD_YEARPERIOD] == TWINFIELD_BETWEEN;
	status = browse_part(t, d, query, asked, can ? 2 : 0, &mine);
	if (status == HARMONY_REJECTED && can && !asked.to) {
		harmony_error_clear(&mine);
		status = browse_part(t, d, query, all, 2, &mine);
	}
	if (too_much(status) && can) {
		status = browse_part(t, d, query, nothing, 1, error);
		return status == HARMONY_OK
			   ? browse_span(t, d, query, asked.to ? asked : all, error)
			   : status;
	}
	if (status != HARMONY_OK)
		harmony__error_give(error, &mine);
	return status;
}
