/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "connectors/minox/minox.h"

/* What Minox holds under a batch's id. A PUT replaces whatever is there, also what a person
   corrected since, so nothing is put over a batch that is there: an equal one is booked
   already, another one is told. */

/* ---- what was meant and what is there --------------------------------------------------- */

typedef struct comparing {
	const minox *m;
	const harmony__json *lines; /* of Minox */
	bool *used;                 /* one a line of Minox */
	bool tells_vat;             /* some line of Minox tells a VAT amount */
	bool told;                  /* each VAT amount that was meant was told */
	harmony_verdict *verdict;
} comparing;

static const char *text_at(const harmony__json *line, const char *object, const char *member)
{
	return harmony__json_text(harmony__json_get(line, object, member), "");
}

static int64_t amount_of(const harmony__json *line)
{
	int64_t debit = 0, credit = 0;

	(void)harmony__json_amount(&debit, harmony__json_get(line, "debit"));
	(void)harmony__json_amount(&credit, harmony__json_get(line, "credit"));
	return debit - credit;
}

static int64_t vat_of(const harmony__json *line, bool *told)
{
	int64_t amount = 0;

	*told =
	    harmony__json_amount(&amount, harmony__json_get(line, "vat", "amount")) == HARMONY_OK;
	return amount;
}

/* An invoice number that is not told is not compared. */
static bool same_number(const harmony__json *meant, const harmony__json *booked)
{
	int64_t want = 0, is = 0;

	return harmony__json_whole(&want, harmony__json_get(meant, "invoice_number")) !=
		   HARMONY_OK ||
	       harmony__json_whole(&is, harmony__json_get(booked, "invoice_number")) !=
		   HARMONY_OK ||
	       want == is;
}

static bool same_place(const harmony__json *meant, const harmony__json *booked)
{
	return amount_of(meant) == amount_of(booked) && same_number(meant, booked) &&
	       strcmp(text_at(meant, "account", "id"), text_at(booked, "account", "id")) == 0;
}

/* Where VAT is left to the ledger accounts' codes, none was meant. Of a list that tells no
   VAT amount at all it is not known; a line beside others that tell theirs has none. */
static bool same_vat(comparing *c, const harmony__json *meant, const harmony__json *booked)
{
	const char *code = text_at(booked, "vat", "id");
	bool said;
	int64_t want = vat_of(meant, &said), is = vat_of(booked, &said);

	if (c->m->vat_lines == MINOX_VAT_NONE)
		return true;
	if (want && *code && strcmp(code, text_at(meant, "vat", "id")) != 0)
		return false;
	if (want && !c->tells_vat) {
		c->told = false;
		return true;
	}
	return want == is;
}

/* Ticks off the line of Minox that this one is. */
static const harmony__json *take_off(comparing *c, const harmony__json *meant, bool *exact)
{
	const harmony__json *near = NULL;
	size_t at = 0;

	*exact = false;
	for (const harmony__json *line = c->lines->first; line; line = line->next, at++) {
		if (c->used[at] || !same_place(meant, line))
			continue;
		if (same_vat(c, meant, line)) {
			c->used[at] = *exact = true;
			return line;
		}
		near = line;
	}
	return near;
}

static void tell(const comparing *c, const harmony__json *meant, const harmony__json *near)
{
	char amount[HARMONY_DECIMAL_SIZE], want[HARMONY_DECIMAL_SIZE], is[HARMONY_DECIMAL_SIZE];
	const char *number = harmony__json_text(harmony__json_get(meant, "invoice_number"), "");
	bool said;

	harmony_decimal_format(amount, amount_of(meant), HARMONY_SCALE_AMOUNT, '.');
	harmony_decimal_format(want, vat_of(meant, &said), HARMONY_SCALE_AMOUNT, '.');
	harmony_decimal_format(is, vat_of(near, &said), HARMONY_SCALE_AMOUNT, '.');
	if (near)
		harmony_verdict_set(
		    c->verdict, HARMONY_OUTCOME_DIFFERS, "booked_differs", "lines",
		    "Minox has the line of %s on account %s with %s of VAT under code '%s', where "
		    "%s under '%s' is meant; nothing is written over it, correct the entry there",
		    amount, text_at(meant, "account", "id"), is, text_at(near, "vat", "id"), want,
		    text_at(meant, "vat", "id"));
	else
		harmony_verdict_set(
		    c->verdict, HARMONY_OUTCOME_DIFFERS, "booked_differs", "lines",
		    "Minox has this entry without the line of %s on account %s%s%s that is meant; "
		    "nothing is written over it, correct the entry there",
		    amount, text_at(meant, "account", "id"),
		    *number ? " under invoice number " : "", number);
}

/* Lines that Minox made itself are more than was meant, and no difference. */
harmony_status minox_compare(minox *m, const harmony__buf *body, const harmony__json *lines,
			     bool *told, harmony_verdict *verdict, harmony_error *error)
{
	comparing c = {.m = m, .lines = lines, .told = true, .verdict = verdict};
	const harmony__json *meant = NULL, *near;
	harmony__arena arena;
	harmony_status status;
	bool exact = true, said;

	c.used = harmony__zalloc(m->frame.context, lines->count + 1);
	if (!c.used)
		return harmony__nomem(error);
	for (const harmony__json *at = lines->first; at; at = at->next) {
		(void)vat_of(at, &said);
		c.tells_vat = c.tells_vat || said;
	}
	harmony__arena_init(&arena, m->frame.context, HARMONY__TREE_LIMIT);
	status = harmony__json_parse(&meant, &arena, body->data, body->len, error);
	if (status == HARMONY_OK)
		harmony_verdict_set(verdict, HARMONY_OUTCOME_BOOKED, NULL, NULL, "%s", "");
	for (const harmony__json *at = status == HARMONY_OK ? meant->first : NULL; at && exact;
	     at = at->next) {
		near = take_off(&c, at, &exact);
		if (!exact)
			tell(&c, at, near);
	}
	*told = c.told;
	harmony__arena_free(&arena);
	harmony__free(m->frame.context, c.used);
	return status;
}

/* ---- asking for one ------------------------------------------------------------------------ */

const harmony__json *minox_lines(const harmony__json *root)
{
	const harmony__json *list = minox_list(root);

	return list && harmony__json_get(list->first, "account") ? list : NULL;
}

/* The total and the accounts say much, and not all: once a run that is told. */
static void warn_of_vat(minox *m, const char *uuid)
{
	if (!m->warned)
		harmony__log(m->frame.context, HARMONY_LOG_WARNING,
			     "Minox tells no VAT amounts of what it booked (batch %s): lines, "
			     "accounts and totals are as meant, its VAT is not known; look at "
			     "the VAT of one such entry in Minox",
			     uuid);
	m->warned = true;
}

harmony_status minox_look(minox *m, const char *uuid, const harmony__buf *body,
			  harmony_verdict *verdict, harmony_error *error)
{
	char path[64];
	const harmony__json *root = NULL;
	harmony__arena arena;
	bool told = true;
	harmony_status status;

	harmony__arena_init(&arena, m->frame.context, HARMONY__TREE_LIMIT);
	snprintf(path, sizeof(path), MINOX_BATCH_PATH, uuid);
	status = minox_get(m, path, &arena, &root, error);
	if (status == HARMONY_OK && !minox_lines(root)) {
		harmony_verdict_set(verdict, HARMONY_OUTCOME_ABSENT, NULL, NULL, "%s", "");
	} else if (status == HARMONY_OK) {
		if (body->len > 0)
			status = minox_compare(m, body, minox_lines(root), &told, verdict, error);
		else /* what cannot be made any more cannot be compared */
			harmony_verdict_set(verdict, HARMONY_OUTCOME_BOOKED, NULL, NULL, "%s", "");
	}
	if (status == HARMONY_OK && minox_lines(root))
		harmony__copy_text(verdict->remote_id, sizeof(verdict->remote_id), uuid,
				   strlen(uuid));
	if (status == HARMONY_OK && !told)
		warn_of_vat(m, uuid);
	harmony__arena_free(&arena);
	return status;
}

/* ---- which ones are there ------------------------------------------------------------------- */

harmony_status minox_note_batch(minox *m, const char *uuid, int64_t year, bool doubted,
				harmony_error *error)
{
	minox_year *in = minox_year_of(m, year);
	minox_batch *b = harmony__table_put(&m->batches, uuid);

	if (!b)
		return harmony__nomem(error);
	if (!doubted && !b->year && in)
		in->seen++;
	b->thing.doubted = doubted;
	b->year = doubted ? 0 : year;
	return HARMONY_OK;
}

typedef struct listing {
	minox *m;
	unsigned most; /* pages */
} listing;

static harmony_status take_line(const harmony__json *row, void *user)
{
	listing *l = user;
	const char *uuid = harmony__json_text(harmony__json_get(row, "batch_id"), "");
	minox_batch *b;

	if (l->m->frame.page > l->most)
		return HARMONY_LIMIT;
	if (!*uuid) /* written by hand */
		return HARMONY_OK;
	b = harmony__table_put(&l->m->batches, uuid);
	if (!b)
		return HARMONY_NOMEM;
	b->listed = true;
	return HARMONY_OK;
}

/* A person may have moved an entry over the turn of a year: the years beside are read, too. */
static harmony_status read_years(minox *m, int64_t year, unsigned most, harmony_error *error)
{
	listing l = {m, most};
	harmony_status status = HARMONY_OK;

	for (int64_t at = year - 1; at <= year + 1 && status == HARMONY_OK; at++) {
		char path[64];
		if (!minox_year_of(m, at))
			continue;
		snprintf(path, sizeof(path), MINOX_YEAR_PATH, (int)at);
		status = minox_rows(m, path, NULL, take_line, &l, error);
	}
	return status;
}

/* Whether the list names the batches that are known to be there. */
static bool believable(const minox *m, int64_t year)
{
	for (const minox_batch *b = NULL; (b = harmony__table_next(&m->batches, b)) != NULL;)
		if (b->year == year && !b->listed)
			return false;
	return true;
}

/* Asking for a batch takes a request a record, the list of a year's lines some pages, however
   many records there are. So the first ones are asked for, then the list is read, but never
   more pages of it than were asked for, twice: a long list is left for later. */
static harmony_status list_year(minox *m, minox_year *in, harmony_error *error)
{
	harmony_error mine = HARMONY_ERROR_INIT;
	harmony_status status;

	if (in->listed || !m->list_batches || in->asked < in->next_list || in->seen == 0)
		return HARMONY_OK;
	m->frame.tries = 1; /* a list that is too much for Minox is not asked for again */
	status = read_years(m, in->number, 2 * in->next_list, &mine);
	m->frame.tries = 0;
	in->next_list *= 8;
	switch (status) {
	case HARMONY_LIMIT:
		return HARMONY_OK;
	case HARMONY_NOMEM:
		return harmony__nomem(error);
	case HARMONY_AUTH:
	case HARMONY_RATE:
	case HARMONY_CANCELLED:
		harmony__error_give(error, &mine);
		return status;
	default:
		break;
	}
	in->listed = status == HARMONY_OK && believable(m, in->number);
	m->list_batches = in->listed;
	if (!in->listed)
		harmony__log(m->frame.context, HARMONY_LOG_INFO,
			     "Minox's list of the lines of %d cannot be used%s%s; each batch is "
			     "asked for by itself",
			     (int)in->number, mine.message[0] ? ": " : "", mine.message);
	return HARMONY_OK;
}

harmony_status minox_look_before(minox *m, const char *uuid, int64_t year, const harmony__buf *body,
				 harmony_verdict *verdict, harmony_error *error)
{
	minox_year *in = minox_year_of(m, year);
	const minox_batch *b = harmony__table_look(&m->batches, uuid);
	harmony_status status = in ? list_year(m, in, error) : HARMONY_OK;

	if (status != HARMONY_OK)
		return status;
	if (!b)
		b = harmony__table_look(&m->batches, uuid);
	if (!b && in && in->listed)
		return HARMONY_OK;
	if (in)
		in->asked++;
	status = minox_look(m, uuid, body, verdict, error);
	if (status != HARMONY_OK)
		return status;
	if (verdict->outcome == HARMONY_OUTCOME_ABSENT)
		*verdict = (harmony_verdict)HARMONY_VERDICT_INIT;
	else
		status = minox_note_batch(m, uuid, year, false, error);
	return status;
}
