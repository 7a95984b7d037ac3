/* SPDX-License-Identifier: MIT */
#include "connectors/twinfield/twinfield.h"

/* Outstanding items are lines on relations that are available for matching, or proposed for
   payment. Rows are ledger lines: payments and memorials are among them, and sales and
   purchase daybooks alone are invoices. */

/* One line that is open, by its place: "VRK/202600001/1". */
typedef struct open_line {
	harmony__thing thing;
	harmony__item item;
	struct open_line *after;
} open_line;

typedef struct gathering {
	twinfield *t;
	int side;
	harmony__table lines;
	open_line *first, **last;
} gathering;

const char *const *twinfield_side_codes(const twinfield *t, int side)
{
	static const char *const codes[2][3][3] = {
	    {{"130_3", "100", NULL}, {"130_3", NULL}, {"100", NULL}},
	    {{"230_2", "200", NULL}, {"230_2", NULL}, {"200", NULL}}};

	return codes[side == HARMONY_SIDE_PURCHASE][t->browse];
}

/* ---- rows ---------------------------------------------------------------------------- */

/* yyyymmdd */
static bool date_of(harmony_date *out, const char *text)
{
	char dashed[11] = "0000-00-00";

	if (strlen(text) != 8)
		return false;
	memcpy(dashed, text, 4);
	memcpy(dashed + 5, text + 4, 2);
	memcpy(dashed + 8, text + 6, 2);
	return harmony_date_parse(out, dashed, 10) == HARMONY_OK;
}

static bool is_invoice_book(const gathering *g, const char *code)
{
	const twinfield_thing *book =
	    harmony__table_look(&g->t->frame.tables[TWINFIELD_JOURNALS], code);

	return book && (HARMONY_BIT(book->books) & HARMONY_INVOICES) != 0;
}

static bool is_open(const char *status)
{
	return strcmp(status, "matched") != 0 && strcmp(status, "notmatchable") != 0;
}

static const char *keep(gathering *g, const char *text)
{
	return harmony__arena_text(&g->lines.arena, text, strlen(text));
}

/* An invoice without a number of its own goes by that of its transaction; money that belongs to
   no invoice goes without. */
static bool fill(gathering *g, harmony__item *item, const twinfield_row *row, bool invoice)
{
	const char *number = row->cells[TWINFIELD_INVOICE];

	item->sales = g->side == HARMONY_SIDE_SALES;
	item->party = keep(g, row->cells[TWINFIELD_DIM2]);
	item->number = keep(g, *number || !invoice ? number : row->number);
	item->currency = keep(g, row->cells[TWINFIELD_CURRENCY]);
	item->date = item->due = (harmony_date){0, 0, 0};
	(void)date_of(&item->date, row->cells[TWINFIELD_DATE]);
	(void)date_of(&item->due, row->cells[TWINFIELD_DUE]);
	return item->party && item->number && item->currency;
}

static harmony_status take_row(const twinfield_row *row, void *user)
{
	gathering *g = user;
	bool invoice = is_invoice_book(g, row->code);
	int sign = g->side == HARMONY_SIDE_SALES ? 1 : -1; /* suppliers' invoices are credits */
	int64_t amount, open;
	open_line *line;
	harmony__buf key;

	if (!is_open(row->cells[TWINFIELD_STATUS]) || (!invoice && !g->t->all_daybooks))
		return HARMONY_OK;
	if (!twinfield_amount(&open, row->cells[TWINFIELD_OPEN]) ||
	    !twinfield_amount(&amount, row->cells[TWINFIELD_VALUE]))
		return HARMONY_FORMAT;
	if (open == 0)
		return HARMONY_OK;
	harmony__buf_init(&key, g->t->frame.context, 1024);
	harmony__buf_printf(&key, "%s/%s/%s", row->code, row->number, row->line);
	line = key.status == HARMONY_OK ? harmony__table_put(&g->lines, key.data) : NULL;
	harmony__buf_free(&key);
	if (!line || !fill(g, &line->item, row, invoice))
		return HARMONY_NOMEM;
	line->item.amount = sign * amount;
	line->item.outstanding = sign * open;
	if (!line->after && g->last != &line->after) {
		*g->last = line;
		g->last = &line->after;
	}
	return HARMONY_OK;
}

/* ---- asking -------------------------------------------------------------------------- */

/* By their state, where that can be asked; what is in no state then goes by its state here. */
static harmony_status ask_all(gathering *g, const twinfield_definition *d, harmony_error *error)
{
	static const char *const states[] = {"available", "proposed"};
	twinfield_query query = {.code = d->code, .row = take_row, .user = g};
	harmony_status status = HARMONY_OK;

	for (size_t i = 0; d->columns[TWINFIELD_STATUS] == TWINFIELD_EQUAL &&
			   status == HARMONY_OK && i < HARMONY__COUNT(states);
	     i++) {
		harmony_error mine = HARMONY_ERROR_INIT;
		query.equal[TWINFIELD_STATUS] = states[i];
		status = twinfield_browse(g->t, &query, &mine);
		if (status != HARMONY_OK && status != HARMONY_REJECTED)
			harmony__error_give(error, &mine);
	}
	if (d->columns[TWINFIELD_STATUS] == TWINFIELD_EQUAL && status != HARMONY_REJECTED)
		return status;
	harmony__log(g->t->frame.context, HARMONY_LOG_INFO,
		     "Twinfield does not let %s be asked by state; all of it is read", d->code);
	query.equal[TWINFIELD_STATUS] = NULL;
	return twinfield_browse(g->t, &query, error);
}

static harmony_status choose(const twinfield_definition **out, twinfield *t, int side,
			     harmony_error *error)
{
	static const uint8_t needed[] = {TWINFIELD_CODE,  TWINFIELD_NUMBER, TWINFIELD_DIM2,
					 TWINFIELD_VALUE, TWINFIELD_OPEN,   TWINFIELD_INVOICE};
	harmony_status status = twinfield_choose(out, t, twinfield_side_codes(t, side), needed,
						 HARMONY__COUNT(needed), error);

	if (status == HARMONY_OK && !*out)
		status = harmony_error_set(
		    error, HARMONY_CONFIG, NULL,
		    "this office of Twinfield has no browse code that lists open items of %s "
		    "(130_3 and 230_2, or 100 and 200); give the user the right to them, and see "
		    "`browse`",
		    side == HARMONY_SIDE_SALES ? "customers" : "suppliers");
	return status;
}

/* ---- handing on ---------------------------------------------------------------------- */

static harmony_status hand_on(const gathering *g, harmony_item_fn item, void *user,
			      harmony_error *error)
{
	harmony_record *record;
	harmony_status status =
	    harmony_record_new(&record, g->t->frame.context, HARMONY_OUTSTANDING_ITEM, error);

	for (const open_line *at = g->first; at && status == HARMONY_OK; at = at->after)
		status = harmony__hand_on(&at->item, record, item, user, error);
	harmony_record_free(record);
	return status;
}

static harmony_status one_side(twinfield *t, int side, harmony_item_fn item, void *user,
			       harmony_error *error)
{
	gathering g = {.t = t, .side = side};
	const twinfield_definition *d;
	const void *none;
	harmony_status status = choose(&d, t, side, error);

	g.last = &g.first;
	harmony__table_init(&g.lines, t->frame.context, sizeof(open_line));
	if (status == HARMONY_OK)
		status = harmony__find_thing(&none, &t->frame, TWINFIELD_JOURNALS, "", error);
	if (status == HARMONY_OK)
		status = ask_all(&g, d, error);
	if (status == HARMONY_OK)
		status = hand_on(&g, item, user, error);
	harmony__table_free(&g.lines);
	return status;
}

harmony_status twinfield_outstanding(void *instance, int sides, harmony_item_fn item, void *user,
				     harmony_error *error)
{
	twinfield *t = instance;
	harmony_status status = *t->office ? HARMONY_OK : twinfield_ready(&t->frame, error);

	if (status == HARMONY_OK && sides & HARMONY_SIDE_SALES)
		status = one_side(t, HARMONY_SIDE_SALES, item, user, error);
	if (status == HARMONY_OK && sides & HARMONY_SIDE_PURCHASE)
		status = one_side(t, HARMONY_SIDE_PURCHASE, item, user, error);
	return status;
}
